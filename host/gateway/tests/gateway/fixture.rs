//! A gateway over examples/router.json, whose providers are a mock.

use std::{
    net::SocketAddr,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use sigmapol_core::Native;
use sigmapol_gateway::{Server, Settings, State};
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
        let script = if script.is_null() { String::new() } else { script.to_string() };
        let mock = MockProvider::start(&script, 0).await.unwrap();
        let mut config = config(&mock);
        change(&mut config);
        let config = Config::from_json(&config.to_string()).unwrap();
        let provider = Arc::new(Http::new(config.value()).unwrap());
        let router = Router::builder(config).engine(Arc::new(Native)).provider(provider);
        let router = router.steps_apart(true).build().unwrap();
        let server = Server::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = server.address();
        let (stop, stopped) = oneshot::channel();
        let state = State::new(router.clone(), settings);
        let server = tokio::spawn(server.serve(state, async { drop(stopped.await) }));
        Self { address, mock, router, stop, server }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        send(self.address, request("GET", path, "", "").as_bytes()).await
    }

    pub(crate) async fn post(&self, path: &str, body: &str) -> Reply {
        let json = "content-type: application/json\r\n";
        send(self.address, request("POST", path, json, body).as_bytes()).await
    }

    /// CHAT of the cases, with more members.
    pub(crate) async fn chat(&self, more: Value) -> Reply {
        self.post("/v1/chat/completions", &chat(more).to_string()).await
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
    let mut body = json!({"model": "", "messages": [{"role": "user", "content": "hi"}]});
    let members = body.as_object_mut().unwrap();
    for (name, value) in more.as_object().unwrap() {
        match value {
            Value::Null => drop(members.remove(name)),
            value => drop(members.insert(name.clone(), value.clone())),
        }
    }
    body
}
