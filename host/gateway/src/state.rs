//! What all requests share.

use std::{
    collections::BTreeSet,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::Value;
use sigmapol_router::Router;

use crate::{calls::Calls, metrics::Metrics, settings::Settings};

/// What requests share: a router, and what is counted. A clone is the same.
#[derive(Clone)]
pub struct State(Arc<Inner>);

struct Inner {
    router: Router,
    names: Names,
    /// Policies of requests are under another.
    has_envelope: bool,
    started_s: u64,
    settings: Settings,
    metrics: Metrics,
    calls: Calls,
    draining: AtomicBool,
}

/// What a client may name.
#[derive(Debug)]
pub(crate) struct Names {
    pub(crate) profiles: BTreeSet<String>,
    /// Families of models that speak `chat`, or give embeddings.
    pub(crate) families: BTreeSet<String>,
    /// There are models that give embeddings.
    pub(crate) embeddings: bool,
}

impl Names {
    pub(crate) fn of(config: &Value) -> Self {
        let members = |key| config.get(key).and_then(Value::as_object).into_iter().flatten();
        let speaks = |model: &Value, known: &str| {
            let protocol = model.get("protocol").and_then(Value::as_str);
            protocol.unwrap_or("chat") == known
        };
        let served =
            |model: &Value| ["chat", "embeddings"].iter().any(|known| speaks(model, known));
        let families = members("models").filter(|(_, model)| served(model));
        Self {
            profiles: members("profiles").map(|(name, _)| name.clone()).collect(),
            families: families.map(|(name, _)| name.clone()).collect(),
            embeddings: members("models").any(|(_, model)| speaks(model, "embeddings")),
        }
    }
}

impl State {
    /// Serves the runs of this router. It should take its steps apart
    /// ([`Builder::steps_apart`](sigmapol_router::Builder::steps_apart)).
    pub fn new(router: Router, settings: Settings) -> Self {
        let names = Names::of(router.config().value());
        let has_envelope = router.config().value().get("policy_envelope").is_some();
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(Arc::new(Inner {
            router,
            names,
            has_envelope,
            started_s: since.as_secs(),
            settings,
            metrics: Metrics::default(),
            calls: Calls::default(),
            draining: AtomicBool::new(false),
        }))
    }

    /// From now on the gateway says that it is not ready; it still answers.
    pub fn drain(&self) {
        self.0.draining.store(true, Ordering::Release);
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.0.draining.load(Ordering::Acquire)
    }

    pub(crate) fn names(&self) -> &Names {
        &self.0.names
    }

    pub(crate) fn has_envelope(&self) -> bool {
        self.0.has_envelope
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// Seconds since the Unix epoch.
    pub(crate) fn started_s(&self) -> u64 {
        self.0.started_s
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    pub(crate) fn calls(&self) -> &Calls {
        &self.0.calls
    }

    pub(crate) fn router(&self) -> &Router {
        &self.0.router
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State").finish_non_exhaustive()
    }
}
