//! What the commands of the router share: its options, and how its errors become failures.

use std::{
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use sigmapol::Limits;
use sigmapol_core::Engine;
use sigmapol_router::{Builder, Config, Router, RouterError};

use crate::{
    Failure, Global,
    shared::{
        input,
        record::{Mode, RecordArgs, Records},
        stop::Signals,
        text::safe_json,
    },
};

/// How much of the runtime state a killed command may lose.
const SAVE_INTERVAL: Duration = Duration::from_secs(1);

/// A router, and what it knows.
#[derive(Debug, clap::Args)]
pub(crate) struct RouterArgs {
    /// The configuration: JSON, TOML or YAML, by its extension; JSON or YAML from standard input
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The runtime state: breakers, disabled providers, observed prices
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
    /// How long to wait where another command holds the state
    #[arg(long, value_name = "SECONDS", default_value_t = 30, requires = "state")]
    state_wait: u16,
    /// What marketplaces offer, `{discovery_id: {ok, offers, …}}`
    #[arg(long, value_name = "FILE")]
    offers: Option<PathBuf>,
    /// Factors of prices, `{"provider": number}` or `{"provider|source": number}`
    #[arg(long, value_name = "FILE")]
    multipliers: Option<PathBuf>,
    /// Prices and credits to start from when there is no state, `{models?, providers?}`
    #[arg(long, value_name = "FILE")]
    metrics: Option<PathBuf>,
    /// Admit policies of the reference profile, instead of the strict one
    #[arg(long)]
    pub(crate) reference: bool,
    #[command(flatten)]
    record: RecordArgs,
}

/// What a command does with the file of the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Holds and updates it; a file that is not there is a new one.
    Held,
    /// Only looks at it, whoever holds it.
    Read,
}

impl RouterArgs {
    /// The engine that the command line names, and the ledger that it records in.
    fn engine(
        &self,
        mode: Mode,
        global: &Global,
    ) -> Result<(Arc<dyn Engine>, Option<Records>), Failure> {
        let limits = Limits::default();
        let engine = global.engine.open(limits)?;
        let (engine, records) =
            self.record.record_as(mode, engine, global.engine, &limits, None)?;
        Ok((engine.into(), records))
    }

    /// Whether decisions are recorded.
    pub(crate) const fn is_recorded(&self) -> bool {
        self.record.is_asked()
    }

    /// The file of the configuration, as the command line has it.
    pub(crate) fn file(&self) -> String {
        self.config.display().to_string()
    }

    /// The path of the configuration.
    pub(crate) fn path(&self) -> &Path {
        &self.config
    }

    /// The path, where the same can be read there again.
    pub(crate) fn can_be_read_again(&self) -> Option<&Path> {
        Some(self.path()).filter(|path| !input::is_descriptor(path))
    }

    /// The paths that may be `-`.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &Path> {
        let others = [&self.offers, &self.multipliers, &self.metrics].into_iter().flatten();
        [&self.config].into_iter().chain(others).map(PathBuf::as_path)
    }

    pub(crate) fn config(&self) -> Result<Config, Failure> {
        if input::is_descriptor(&self.config) {
            return Ok(Config::from_text(&input::text("config", &self.config)?)?);
        }
        Ok(Config::read(&self.config)?)
    }

    /// A router that is complete but for its provider.
    pub(crate) fn builder(
        &self,
        config: Config,
        state: State,
        global: &Global,
    ) -> Result<Builder, Failure> {
        Ok(self.recorded_builder(config, state, Mode::Required, global)?.0)
    }

    /// As [`builder`](Self::builder), with decisions recorded in a mode, and the ledger.
    pub(crate) fn recorded_builder(
        &self,
        config: Config,
        state: State,
        mode: Mode,
        global: &Global,
    ) -> Result<(Builder, Option<Records>), Failure> {
        let (engine, records) = self.engine(mode, global)?;
        let mut builder =
            Router::builder(config).engine(engine).reference(self.reference).on_log(|record| {
                // with no stderr there is nobody left to tell
                let _ = writeln!(io::stderr(), "{}", safe_json(record));
            });
        let read = |what: &str, path: &Option<PathBuf>| {
            path.as_deref().map(|path| input::text(what, path)).transpose()
        };
        if let Some(text) = read("offers", &self.offers)? {
            builder = builder.offers(text);
        }
        if let Some(text) = read("multipliers", &self.multipliers)? {
            builder = builder.multipliers(text);
        }
        if let Some(text) = read("metrics", &self.metrics)? {
            builder = builder.metrics(text);
        }
        let builder = match (&self.state, state) {
            (None, _) => builder,
            (Some(path), State::Held) => builder
                .state_file(path, SAVE_INTERVAL)
                .state_patience(Duration::from_secs(self.state_wait.into())),
            (Some(path), State::Read) => builder.state_from(path),
        };
        Ok((builder, records))
    }
}

/// Writes the state after an answer was printed: that it cannot be written is not what the answer is.
pub(crate) fn save_after(router: &Router, ended: Result<(), Failure>) -> Result<(), Failure> {
    let saved = router.save();
    ended?;
    saved.map_err(|error| Failure::Unsaved(format!("the state is not saved: {error}")))
}

/// Runs a future on this thread, until a signal asks to stop. What was learned up to then is saved as
/// at any other end: from here on no signal ends the process by itself.
pub(crate) fn block_on<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::Usage(format!("cannot wait: {error}")))?;
    runtime.block_on(async {
        let mut signals = Signals::new()?;
        tokio::select! {
            biased;
            result = future => result,
            stopped = signals.next() => Err(Failure::Stopped(stopped)),
        }
    })
}

impl From<RouterError> for Failure {
    fn from(error: RouterError) -> Self {
        match error {
            RouterError::Engine(error) => error.into(),
            RouterError::Failed(text) | RouterError::Effect(text) => Self::Verdict(text),
            RouterError::Config(text)
            | RouterError::Snapshot(text)
            | RouterError::Provider(text)
            | RouterError::Input(text) => Self::Usage(text),
            error => Self::Usage(error.to_string()),
        }
    }
}
