//! A gateway over examples/router.json, whose providers are a mock.

use std::{
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use sigmapol_core::Native;
use sigmapol_gateway::{Access, Server, Settings, State};
use sigmapol_mock::{MockProvider, Received};
use sigmapol_provider::Http;
use sigmapol_router::{Config, Router};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::oneshot,
    task::JoinHandle,
};

use crate::client::{Reply, request, send};

/// A gateway that listens.
pub(crate) struct Gateway {
    pub(crate) address: SocketAddr,
    pub(crate) mock: MockProvider,
    pub(crate) router: Router,
    /// The text of the configuration, as a reload finds it.
    pub(crate) file: Arc<Mutex<String>>,
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
}

/// The configuration of the cases, with the providers at these addresses.
pub(crate) fn config(mock: &MockProvider) -> Value {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/router.json");
    let mut config: Value =
        serde_json::from_str(&std::fs::read_to_string(example).unwrap()).unwrap();
    for (name, provider) in config["providers"].as_object_mut().unwrap() {
        provider["base_url"] = mock.url(name).into();
    }
    config["policy_envelope"] = json!(["not", ["is", "disabled"]]);
    config
}

fn read(file: &Mutex<String>) -> Result<(Config, Arc<Http>), String> {
    let config = Config::from_json(&file.lock().unwrap()).map_err(|error| error.to_string())?;
    let provider = Http::new(config.value()).map_err(|error| error.to_string())?;
    Ok((config, Arc::new(provider)))
}

impl Gateway {
    /// With a script of the mock; an empty one answers `ok` to everything.
    pub(crate) async fn with(script: &Value) -> Self {
        Self::with_config(script, |_| {}).await
    }

    /// As [`with`](Self::with), with changes of the configuration.
    pub(crate) async fn with_config(script: &Value, change: impl Fn(&mut Value)) -> Self {
        Self::with_settings(script, change, Settings::default()).await
    }

    /// As [`with_config`](Self::with_config), with settings of the operator.
    pub(crate) async fn with_settings(
        script: &Value,
        change: impl Fn(&mut Value),
        settings: Settings,
    ) -> Self {
        Self::with_all(script, change, settings, Access::default(), |server| server).await
    }

    /// As [`with`](Self::with), for those who have a key.
    pub(crate) async fn with_access(script: &Value, access: Access) -> Self {
        Self::with_all(script, |_| {}, Settings::default(), access, |server| server).await
    }

    /// As [`with`](Self::with), by a server with something of its own.
    pub(crate) async fn with_server(script: &Value, own: impl FnOnce(Server) -> Server) -> Self {
        Self::with_all(script, |_| {}, Settings::default(), Access::default(), own).await
    }

    async fn with_all(
        script: &Value,
        change: impl Fn(&mut Value),
        settings: Settings,
        access: Access,
        own: impl FnOnce(Server) -> Server,
    ) -> Self {
        let script = if script.is_null() { String::new() } else { script.to_string() };
        let mock = MockProvider::start(&script, 0).await.unwrap();
        let mut config = config(&mock);
        change(&mut config);
        let file = Arc::new(Mutex::new(config.to_string()));
        let (config, provider) = read(&file).unwrap();
        let router = Router::builder(config).engine(Arc::new(Native)).provider(provider);
        let router = router.steps_apart(true).build().unwrap();
        let server = Server::bind_with("127.0.0.1:0".parse().unwrap(), access).await.unwrap();
        let server = own(server);
        let address = server.address();
        let (stop, stopped) = oneshot::channel();
        let again = Arc::clone(&file);
        let state = State::new(router.clone(), settings).reloaded_by(move |router| {
            let (config, provider) = read(&again)?;
            router.reconfigured(config, Some(provider)).map_err(|error| error.to_string())
        });
        let server = tokio::spawn(server.serve(state, async { drop(stopped.await) }));
        Self { address, mock, router, file, stop, server }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        send(self.address, request("GET", path, "", "").as_bytes()).await
    }

    pub(crate) async fn post(&self, path: &str, body: &str) -> Reply {
        let json = "content-type: application/json\r\n";
        send(self.address, request("POST", path, json, body).as_bytes()).await
    }

    /// A request with the key or token of somebody; without a body it is a GET.
    pub(crate) async fn ask(&self, key: &str, path: &str, body: Option<&Value>) -> Reply {
        let header = format!("authorization: Bearer {key}\r\n");
        self.ask_with(&header, path, body).await
    }

    /// As [`ask`](Self::ask), with these headers.
    pub(crate) async fn ask_with(&self, headers: &str, path: &str, body: Option<&Value>) -> Reply {
        let method = if body.is_some() { "POST" } else { "GET" };
        let body = body.map(Value::to_string).unwrap_or_default();
        send(self.address, request(method, path, headers, &body).as_bytes()).await
    }

    /// The same, with more headers.
    pub(crate) async fn post_with(&self, path: &str, headers: &str, body: &str) -> Reply {
        let headers = format!("content-type: application/json\r\n{headers}");
        send(self.address, request("POST", path, &headers, body).as_bytes()).await
    }

    /// A request for a message, with more members; one that is `null` is left out.
    pub(crate) async fn message(&self, more: Value) -> Reply {
        self.post("/v1/messages", &message(more).to_string()).await
    }

    /// CHAT of the cases, with more members.
    pub(crate) async fn chat(&self, more: Value) -> Reply {
        self.post("/v1/chat/completions", &chat(more).to_string()).await
    }

    /// Changes the configuration, and has it read again.
    pub(crate) async fn reload(&self, change: impl FnOnce(&mut Value)) -> Reply {
        let mut config = serde_json::from_str(&self.file.lock().unwrap()).unwrap();
        change(&mut config);
        *self.file.lock().unwrap() = config.to_string();
        self.post("/x/config/reload", "").await
    }

    /// A request for a response.
    pub(crate) async fn respond(&self, body: Value) -> Reply {
        self.post("/v1/responses", &body.to_string()).await
    }

    /// The head of a response, and how long it took to come; the client leaves then.
    pub(crate) async fn head_of(&self, path: &str, body: &str) -> (Duration, String) {
        let mut socket = TcpStream::connect(self.address).await.unwrap();
        let began = Instant::now();
        socket.write_all(request("POST", path, "", body).as_bytes()).await.unwrap();
        let mut head = [0; 512];
        let read = socket.read(&mut head).await.unwrap();
        (began.elapsed(), String::from_utf8_lossy(&head[..read]).into_owned())
    }

    /// What the providers got.
    pub(crate) fn calls(&self) -> Vec<Received> {
        self.mock.requests()
    }

    /// Asks the server to stop.
    pub(crate) fn stop(self) -> (MockProvider, JoinHandle<()>) {
        self.stop.send(()).unwrap();
        (self.mock, self.server)
    }
}

/// The body of CHAT; a member that is `null` here is left out.
pub(crate) fn chat(more: Value) -> Value {
    with(json!({"model": "", "messages": [{"role": "user", "content": "hi"}]}), more)
}

/// The body of a request for a message; a member that is `null` here is left out.
pub(crate) fn message(more: Value) -> Value {
    let turns = json!([{"role": "user", "content": "hi"}]);
    with(json!({"model": "claude-x", "max_tokens": 64, "messages": turns}), more)
}

fn with(mut body: Value, more: Value) -> Value {
    let members = body.as_object_mut().unwrap();
    for (name, value) in more.as_object().unwrap() {
        match value {
            Value::Null => drop(members.remove(name)),
            value => drop(members.insert(name.clone(), value.clone())),
        }
    }
    body
}
