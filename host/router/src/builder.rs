//! Putting a router together.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use sigmapol::Sandbox;
use sigmapol_core::Engine;
use sigmapol_provider::Provider;

use super::{
    Clock, Config, Router, RouterError, SystemClock,
    apart::Apart,
    credentials,
    log::Log,
    offers,
    probe::Probe,
    router::{Inner, table},
    saver::Saver,
    settings::Settings,
    snapshot::{self, Found, SnapshotFile},
    state::Shared,
    supplied,
    supplies::{Supplies, router_text},
};

/// Where the state comes from, and whether it goes back there.
enum StateFile {
    Held { path: PathBuf, interval: Duration },
    Read(PathBuf),
}

/// What a router is made of; only the configuration is needed.
pub struct Builder {
    config: Config,
    engine: Option<Arc<dyn Engine>>,
    provider: Option<Arc<dyn Provider>>,
    clock: Arc<dyn Clock>,
    reference: bool,
    state: Option<StateFile>,
    patience: Duration,
    metrics: Option<String>,
    offers: Option<String>,
    multipliers: Option<String>,
    steps_apart: bool,
    log: Log,
}

impl Builder {
    pub(super) fn new(config: Config) -> Self {
        Self {
            config,
            engine: None,
            provider: None,
            clock: Arc::new(SystemClock),
            reference: false,
            state: None,
            patience: Duration::ZERO,
            metrics: None,
            offers: None,
            multipliers: None,
            steps_apart: false,
            log: Log::default(),
        }
    }

    /// What runs the engine; by default a new [`Sandbox`].
    #[must_use]
    pub fn engine(self, engine: Arc<dyn Engine>) -> Self {
        Self { engine: Some(engine), ..self }
    }

    /// Who is called. Without one, [`Run::answer`](super::Run::answer) is an error; all else works.
    /// Those of the configuration that it says it has no key for are not ranked.
    #[must_use]
    pub fn provider(self, provider: Arc<dyn Provider>) -> Self {
        Self { provider: Some(provider), ..self }
    }

    /// The time; by default [`SystemClock`].
    #[must_use]
    pub fn clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// Admits policies of the `reference` profile and keeps its corners, instead of `strict`.
    #[must_use]
    pub fn reference(self, reference: bool) -> Self {
        Self { reference, ..self }
    }

    /// Keeps the runtime state in this file, which no other router may hold at the same time.
    ///
    /// What a killed process loses is at most the changes of one interval; with an interval of
    /// zero every step comes back when its change is on disk. What is no snapshot is set aside
    /// under another name, and logged.
    #[must_use]
    pub fn state_file(self, path: impl Into<PathBuf>, interval: Duration) -> Self {
        Self { state: Some(StateFile::Held { path: path.into(), interval }), ..self }
    }

    /// Waits for so long where another router holds the file of the state; by default not at all.
    /// [`build`](Self::build) blocks its thread for as long.
    #[must_use]
    pub fn state_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Starts from the state in this file and leaves the file alone, whoever holds it.
    #[must_use]
    pub fn state_from(self, path: impl Into<PathBuf>) -> Self {
        Self { state: Some(StateFile::Read(path.into())), ..self }
    }

    /// Prices and credits to start from: `{models?, providers?}`. A stored state goes before them.
    #[must_use]
    pub fn metrics(self, json: impl Into<String>) -> Self {
        Self { metrics: Some(json.into()), ..self }
    }

    /// What marketplaces offer; see [`Router::set_offers`].
    #[must_use]
    pub fn offers(self, json: impl Into<String>) -> Self {
        Self { offers: Some(json.into()), ..self }
    }

    /// Factors of prices; see [`Router::set_multipliers`].
    #[must_use]
    pub fn multipliers(self, json: impl Into<String>) -> Self {
        Self { multipliers: Some(json.into()), ..self }
    }

    /// Takes the steps of runs that are begun ([`Router::begin`]) and driven on threads for work that
    /// blocks ([`tokio::task::spawn_blocking`]), a few at a time, and not on those of the executor:
    /// for servers, whose other connections go on meanwhile, and for engines that wait for a disk.
    #[must_use]
    pub fn steps_apart(self, apart: bool) -> Self {
        Self { steps_apart: apart, ..self }
    }

    /// Takes log records, one JSON object `{level, event, fields}` each.
    #[must_use]
    pub fn on_log(self, sink: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self { log: Log::to(sink), ..self }
    }

    /// Checks the configuration and takes up the stored state.
    ///
    /// # Errors
    ///
    /// The refusal `config` for a configuration that is not in order; [`RouterError::Snapshot`]
    /// for a state file that cannot be used; [`RouterError::Input`] for offers, multipliers or
    /// metrics that are no JSON objects, or that say nothing where they should.
    pub fn build(self) -> Result<Router, RouterError> {
        let texts = [
            ("metrics", &self.metrics),
            ("offers", &self.offers),
            ("multipliers", &self.multipliers),
        ];
        for (what, text) in texts {
            let Some(text) = text else { continue };
            table(what, text)?;
            supplied::check(what, text).map_err(RouterError::Input)?;
        }
        let engine = match &self.engine {
            Some(engine) => Arc::clone(engine),
            None => Arc::new(Sandbox::new()?),
        };
        let router = router_text(self.config.text(), self.reference, self.multipliers.as_deref());
        let probe = Probe::new(&engine, &router, &*self.clock)?;
        let fresh = probe.fresh(self.metrics.as_deref())?;
        let restore = |snapshot: &str| probe.restore(snapshot, &fresh);
        let missing = self.provider.as_deref().map(Provider::missing_credentials);
        let missing = missing.unwrap_or_default();
        credentials::tell(&missing, &self.log);
        let shared = |state: &str| Arc::new(Shared::new(&credentials::put(state, &missing)));
        let (state, saver) = match &self.state {
            None => (shared(&fresh), None),
            Some(StateFile::Read(path)) => {
                let state = self.read(path, restore)?;
                (shared(&state), None)
            }
            Some(StateFile::Held { path, interval }) => {
                let file = SnapshotFile::open(path, self.patience)?;
                let found = match file.read()? {
                    Found::State(snapshot) => restore(&snapshot)?.map(Some),
                    Found::Nothing => Ok(None),
                    Found::Damaged(why) => Err(why),
                };
                let stored = match found {
                    Ok(stored) => stored,
                    Err(why) => {
                        self.set_aside(&file, &why)?;
                        None
                    }
                };
                let saved = stored.is_some().then_some(0);
                let state = shared(stored.as_deref().unwrap_or(&fresh));
                let (of_all, clock) = (Arc::clone(&state), Arc::clone(&self.clock));
                let saver = Saver::new(file, saved, *interval, of_all, clock, self.log.clone())?;
                (state, Some(Arc::new(saver)))
            }
        };
        let given = self.offers.map(|given| offers::usable(given, &self.log));
        let supplies = Supplies::new(&engine, &router, given, self.multipliers)?;
        Ok(Router::of(Inner {
            engine,
            provider: self.provider,
            clock: self.clock,
            settings: Settings::read(self.config.value()),
            config: self.config,
            reference: self.reference,
            supplies: Mutex::new(Arc::new(supplies)),
            apart: self.steps_apart.then(Apart::new),
            log: self.log,
            state,
            saver,
        }))
    }

    fn read(
        &self,
        path: &Path,
        restore: impl Fn(&str) -> Result<Result<String, String>, RouterError>,
    ) -> Result<String, RouterError> {
        let found = match snapshot::read(path)? {
            Found::State(snapshot) => restore(&snapshot)?,
            Found::Nothing => Err("there is no such file".to_owned()),
            Found::Damaged(why) => Err(format!("damaged: {why}")),
        };
        found.map_err(|why| RouterError::Snapshot(format!("{}: {why}", path.display())))
    }

    fn set_aside(&self, file: &SnapshotFile, why: &str) -> Result<(), RouterError> {
        let path = file.path().display().to_string();
        let aside = file.set_aside()?.display().to_string();
        self.log.warn("snapshot_damaged", &[("file", &path), ("moved_to", &aside), ("error", why)]);
        Ok(())
    }
}
