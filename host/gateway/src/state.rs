//! What all requests share.

use std::{
    collections::BTreeSet,
    fmt,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use axum::extract::FromRef;
use serde_json::Value;
use sigmapol_router::Router;

use crate::{
    calls::Calls, metrics::Metrics, recording::Records, reload::Reloads, settings::Settings,
};

/// What requests share, as one of them sees it: with the configuration that it began with. A clone is
/// the same.
#[derive(Clone)]
pub struct State {
    shared: Arc<Shared>,
    serving: Arc<Serving>,
}

/// What requests share, with whichever configuration is in force. A clone is the same.
#[derive(Clone)]
pub struct Live(Arc<Shared>);

struct Shared {
    /// The lock is held for a copy of a pointer.
    current: RwLock<Arc<Serving>>,
    started_s: u64,
    settings: Settings,
    metrics: Metrics,
    calls: Calls,
    reloads: Reloads,
    records: Records,
    draining: AtomicBool,
}

/// What a configuration comes down to; another one takes the place of all of it.
struct Serving {
    router: Router,
    names: Names,
    /// Policies of requests are under another.
    has_envelope: bool,
}

impl Serving {
    fn new(router: Router) -> Self {
        let names = Names::of(router.config().value());
        let has_envelope = router.config().value().get("policy_envelope").is_some();
        Self { router, names, has_envelope }
    }
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
        let started_s = now_s();
        let shared = Shared {
            current: RwLock::new(Arc::new(Serving::new(router))),
            started_s,
            settings,
            metrics: Metrics::default(),
            calls: Calls::default(),
            reloads: Reloads::since(started_s),
            records: Records::default(),
            draining: AtomicBool::new(false),
        };
        Live(Arc::new(shared)).state()
    }

    /// The same with whichever configuration is in force. What is kept for long should be this: a
    /// state keeps the router that it began with.
    pub fn live(&self) -> Live {
        Live(Arc::clone(&self.shared))
    }

    /// From now on the gateway says that it is not ready; it still answers.
    pub fn drain(&self) {
        self.shared.draining.store(true, Ordering::Release);
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.shared.draining.load(Ordering::Acquire)
    }

    pub(crate) fn names(&self) -> &Names {
        &self.serving.names
    }

    pub(crate) fn has_envelope(&self) -> bool {
        self.serving.has_envelope
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.shared.settings
    }

    /// Seconds since the Unix epoch.
    pub(crate) fn started_s(&self) -> u64 {
        self.shared.started_s
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.shared.metrics
    }

    pub(crate) fn reloads(&self) -> &Reloads {
        &self.shared.reloads
    }

    pub(crate) fn calls(&self) -> &Calls {
        &self.shared.calls
    }

    pub(crate) fn records(&self) -> &Records {
        &self.shared.records
    }

    pub(crate) fn router(&self) -> &Router {
        &self.serving.router
    }
}

impl Live {
    /// As a request that begins now sees it.
    pub fn state(&self) -> State {
        let current = self.0.current.read().unwrap_or_else(PoisonError::into_inner);
        State { shared: Arc::clone(&self.0), serving: Arc::clone(&current) }
    }

    /// The router that requests which begin now are answered by.
    pub fn router(&self) -> Router {
        self.state().serving.router.clone()
    }

    pub(crate) fn reloads(&self) -> &Reloads {
        &self.0.reloads
    }

    /// Puts a router in the place of the one that is in force.
    pub(crate) fn put(&self, router: Router) {
        let serving = Arc::new(Serving::new(router));
        *self.0.current.write().unwrap_or_else(PoisonError::into_inner) = serving;
    }
}

impl FromRef<Live> for State {
    fn from_ref(live: &Live) -> Self {
        live.state()
    }
}

/// Seconds since the Unix epoch.
pub(crate) fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State").finish_non_exhaustive()
    }
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Live").finish_non_exhaustive()
    }
}
