//! A scripted provider on a local socket, for demos and tests without keys.
//!
//! For whoever tests a program that calls LLM providers: answers, streams, failures, delays and
//! broken connections come as a script says, in the shape of each provider's API.
//!
//! ```
//! use sigmapol_mock::MockProvider;
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! let script = r#"{"alpha": [{"status": 429, "message": "slow down"}, {"text": "hello"}]}"#;
//! let mock = MockProvider::start(script, 0).await?;
//! // the `base_url` of a provider: its first request is answered by 429, all later ones by "hello"
//! let base_url = mock.url("alpha");
//! assert!(base_url.starts_with("http://127.0.0.1:") && base_url.ends_with("/alpha"));
//! assert!(mock.requests().is_empty());
//! # Ok::<(), std::io::Error>(())
//! # })?;
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! It is no model: what it says is in the script. `docs/providers.md` lists what a step may say.

mod reply;
mod script;
mod serve;
mod shape;

use std::{
    collections::BTreeMap,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{net::TcpListener, task::JoinHandle};

use script::Script;
use serve::State;

/// A server that answers as a script says, in every dialect. It stops when it is dropped.
#[derive(Debug)]
pub struct MockProvider {
    address: SocketAddr,
    state: Arc<State>,
    server: JoinHandle<()>,
}

/// A request that the server received.
#[derive(Clone, Debug, PartialEq)]
pub struct Received {
    /// The first segment of the path.
    pub route: String,
    /// The `api_kind` whose path it is.
    pub dialect: &'static str,
    /// The path, with the query.
    pub path: String,
    /// By name in lower case, as received: credentials too.
    pub headers: BTreeMap<String, String>,
    /// JSON, or a string if it is not.
    pub body: serde_json::Value,
    /// The body, byte for byte, as far as it is UTF-8.
    pub text: String,
}

/// Is told of each request: what was received, unless nobody answers at its path, and in one line what
/// came of it.
pub type OnRequest = Box<dyn Fn(Option<&Received>, String) + Send + Sync>;

impl MockProvider {
    /// Listens on 127.0.0.1, on any free port if the port is 0, and runs on the caller's runtime.
    ///
    /// # Errors
    ///
    /// The port is taken, or the script is not one.
    pub async fn start(script: &str, port: u16) -> io::Result<Self> {
        Self::start_with(script, port, Box::new(|_, _| {})).await
    }

    /// As [`Self::start`], with someone to tell of the requests.
    ///
    /// # Errors
    ///
    /// As those of [`Self::start`].
    pub async fn start_with(script: &str, port: u16, on_request: OnRequest) -> io::Result<Self> {
        let script = Script::parse(script)
            .map_err(|message| io::Error::new(io::ErrorKind::InvalidInput, message))?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        let state = Arc::new(State::new(script, on_request));
        let server = tokio::spawn(serve::serve(listener, Arc::clone(&state)));
        Ok(Self { address, state, server })
    }

    /// The base URL of a route; without a name, that of the server.
    #[must_use]
    pub fn url(&self, route: &str) -> String {
        format!("http://{}/{route}", self.address).trim_end_matches('/').to_owned()
    }

    /// The requests so far; of more than ten thousand, the last ones.
    #[must_use]
    pub fn requests(&self) -> Vec<Received> {
        lock(&self.state.received).iter().cloned().collect()
    }
}

impl Drop for MockProvider {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Nothing that is kept here is left half done by a panic.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
