//! The router: calls to providers under a policy, and what is remembered between them.
//!
//! For programs that answer with LLMs and want the choice of the model in a file. The engine
//! decides and remembers nothing; what it needs it has read before, or goes in with the event. A [`Router`] holds what
//! has to outlast an event: the [`Config`], the runtime state that runs share (breakers, disabled
//! providers, observed prices, cached offers) and its file, the clock, and the provider.
//!
//! ```
//! # use std::sync::Arc;
//! # use sigmapol_provider::{Answer, Calling, OnDelta, Provider};
//! use sigmapol_router::{Config, Router};
//! # struct Echo;
//! # impl Provider for Echo {
//! #     fn call<'a>(&'a self, _: &'a str, _: Option<OnDelta<'a>>) -> Calling<'a> {
//! #         Box::pin(async { Ok(Answer { text: "hello".to_owned(), ..Answer::default() }) })
//! #     }
//! # }
//! # async fn example(provider: Arc<dyn Provider>) -> Result<(), sigmapol_router::RouterError> {
//! let config = Config::from_json(
//!     r#"{"providers": {"local": {"discovery": "static", "base_url": "http://127.0.0.1:11434",
//!                                 "api_kind": "ollama"}},
//!         "models": {"small": {"served_by": [{"provider": "local"}], "capabilities": {}}},
//!         "profiles": {"default": {"scorer": ["neg", ["field", "price_in"]]}}}"#,
//! )?;
//! let router = Router::builder(config).provider(provider).build()?;
//! let outcome = router.start(r#"{"prompt": "Say hello"}"#)?.answer().await?;
//! assert_eq!(outcome.text(), "hello");
//! # Ok(())
//! # }
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(example(Arc::new(Echo))).unwrap();
//! ```
//!
//! Steps run on the thread that calls, a millisecond or so each; calls and waits are futures, so
//! one thread carries as many runs as there are.

/// The example of the documentation compiles.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/router.md")]
pub struct Documentation;

mod apart;
mod blame;
mod builder;
mod candidate;
mod clock;
mod config;
mod credentials;
mod deadline;
pub mod document;
mod error;
mod flow;
mod held;
mod log;
mod models;
mod name;
mod of_gateway;
mod offers;
mod operate;
mod original;
mod outcome;
mod payload;
mod probe;
mod reload;
mod resolve;
mod router;
mod run;
mod saver;
mod sections;
mod settings;
mod settle;
mod snapshot;
mod state;
mod supplied;
mod supplies;
mod times;

pub use builder::Builder;
pub use clock::{Clock, ManualClock, Sleeping, SystemClock};
pub use config::Config;
pub use error::RouterError;
pub use flow::{
    CALLS_AT_ONCE, CallKind, FlowOutcome, FlowRequest, NodeOutcome, OnNode, Totals, check_flow,
};
pub use of_gateway::ROUTES;
pub use original::ORIGINAL;
pub use outcome::Outcome;
pub use payload::{takes_chat_member, takes_embeddings_member};
pub use resolve::Resolved;
pub use router::Router;
pub use run::Run;
