//! The gateway: OpenAI's chat API and Anthropic's messages over HTTP, in front of a router.
//!
//! For people whose programs speak to OpenAI or Anthropic and should be answered by whichever provider a policy
//! chooses. The command `sigmapol serve` is this crate with a configuration; programs that serve HTTP
//! already take [`app`].
//!
//! ```no_run
//! use sigmapol_gateway::{Server, Settings, State};
//! use sigmapol_router::Router;
//!
//! async fn serve(router: Router) -> Result<(), Box<dyn std::error::Error>> {
//!     let server = Server::bind("127.0.0.1:8080".parse()?).await?;
//!     println!("listening on http://{}", server.address());
//!     let state = State::new(router, Settings::default());
//!     server.serve(state, async { drop(tokio::signal::ctrl_c().await) }).await;
//!     Ok(())
//! }
//! ```
//!
//! It decides nothing: who is called, and what happens when a call fails, the router asks the engine.
//! What a client says goes to the provider as it came.

/// The example of the documentation compiles.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/gateway.md")]
pub struct Documentation;

mod access;
mod app;
mod auth;
mod body;
mod caller;
mod calls;
mod chat;
mod cors;
mod embeddings;
mod endpoints;
mod error;
mod failure;
mod guard;
mod guarded;
mod health;
mod ids;
mod ingress;
mod keys;
pub mod limits;
mod members;
mod messages;
mod metrics;
mod models;
mod observe;
mod openapi;
mod operate;
mod recording;
mod reload;
mod reply;
mod report;
mod responses;
mod route;
mod serve;
mod settings;
mod stamp;
mod state;
mod store;
mod time;
mod verbs;
mod watch;

pub use access::{Access, AdminToken};
pub use app::{app, app_with};
pub use caller::Caller;
pub use keys::LONGEST_GRACE_S;
pub use limits::Bounds;
pub use recording::Recording;
pub use reload::ReloadError;
pub use serve::{ListenError, Server, Tls, TlsError};
pub use settings::{ANSWER_TIME, DEADLINE, MAX_TOKENS, Settings};
pub use state::{Live, State};
pub use store::{
    Allowed, AllowedRoute, ApiKey, Asking, Consumer, Edit, FileStore, Found, Key, KeyDigest,
    Status, Store, StoreError,
};
pub use time::{now, read_time, time_text};
pub use watch::Watch;
