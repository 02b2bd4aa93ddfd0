//! `--ledger`: decisions and steps that are recorded.

use std::{
    io::{self, Write as _},
    path::PathBuf,
    sync::Arc,
};

use clap::ValueEnum;
use serde_json::json;
use sigmapol::Limits;
use sigmapol_audit::{Behind, FLUSH_TIME, Losses, Recorder, Recording, replay::EngineKind};
use sigmapol_core::Engine;
use sigmapol_gateway::Recording as Shown;
use sigmapol_ledger::{Ledger, Options};

use crate::{
    Failure,
    shared::{engine::Kind, text::safe_json},
};

/// Where decisions are recorded, and how much of them.
#[derive(Debug, clap::Args)]
pub(crate) struct RecordArgs {
    /// Record what is decided in this ledger
    #[arg(long, visible_alias = "record", value_name = "DIR")]
    ledger: Option<PathBuf>,
    /// Record also what is asked and answered
    #[arg(long, requires = "ledger")]
    record_bodies: bool,
}

/// When a record is on disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    /// Before what it tells of takes effect
    #[default]
    Required,
    /// Soon after; where there are too many, or the disk fails, some are lost and counted
    Behind,
}

/// The ledger of a command that goes on.
#[derive(Clone, Debug)]
pub(crate) enum Records {
    Required(Arc<Ledger>),
    Behind(Arc<Behind>),
}

impl Records {
    /// What becomes of records at present.
    pub(crate) fn look(&self) -> Shown {
        match self {
            Self::Required(ledger) => {
                Shown { required: true, waiting: 0, lost: 0, failing: ledger.failure().is_some() }
            }
            Self::Behind(behind) => {
                let Losses { waiting, lost, failing } = behind.losses();
                let (waiting, failing) = (waiting as u64, failing.is_some());
                Shown { required: false, waiting, lost, failing }
            }
        }
    }

    /// Waits until what was recorded is on disk. What was lost before was told of then.
    pub(crate) fn close(&self) -> Result<(), Failure> {
        match self {
            Self::Required(ledger) => Ok(ledger.sync()?),
            Self::Behind(behind) => {
                let before = behind.losses().lost;
                let Losses { lost, failing, .. } = behind.close(FLUSH_TIME);
                let why = failing.map_or_else(String::new, |why| format!(": {why}"));
                match lost.saturating_sub(before) {
                    0 => Ok(()),
                    lost => Err(Failure::Unsaved(format!("{lost} records are lost{why}"))),
                }
            }
        }
    }
}

impl RecordArgs {
    pub(crate) const fn is_asked(&self) -> bool {
        self.ledger.is_some()
    }

    /// The engine, recorded if that is asked for.
    pub(crate) fn record(
        &self,
        engine: Box<dyn Engine>,
        kind: Kind,
        limits: &Limits,
        cost_limit: Option<u64>,
    ) -> Result<Box<dyn Engine>, Failure> {
        Ok(self.record_as(Mode::Required, engine, kind, limits, cost_limit)?.0)
    }

    /// As [`record`](Self::record), in a mode, with the ledger.
    pub(crate) fn record_as(
        &self,
        mode: Mode,
        engine: Box<dyn Engine>,
        kind: Kind,
        limits: &Limits,
        cost_limit: Option<u64>,
    ) -> Result<(Box<dyn Engine>, Option<Records>), Failure> {
        let Some(folder) = &self.ledger else { return Ok((engine, None)) };
        let runs = match kind {
            Kind::Component => EngineKind::Component,
            Kind::Core => EngineKind::Core,
            Kind::Native => EngineKind::Native,
            Kind::Prepared => {
                let message = "--engine prepared: expected component, core or native with --ledger";
                return Err(Failure::Usage(message.to_owned()));
            }
        };
        let fuel_limit = if runs == EngineKind::Native { 0 } else { limits.fuel };
        let bodies = self.record_bodies;
        let recording = Recording { engine: runs.engine(), fuel_limit, cost_limit, bodies };
        Ok(match mode {
            Mode::Required => {
                let ledger = Arc::new(Ledger::open(folder, Options::default())?);
                let recorder = Recorder::new(engine, Arc::clone(&ledger), recording);
                (Box::new(recorder), Some(Records::Required(ledger)))
            }
            Mode::Behind => {
                let behind = Arc::new(Behind::open(folder, tell)?);
                let recorder = Recorder::behind(engine, Arc::clone(&behind), recording);
                (Box::new(recorder), Some(Records::Behind(behind)))
            }
        })
    }
}

/// A line of the log.
fn tell(losses: &Losses) {
    let Losses { waiting, lost, failing } = losses;
    let fields = json!({ "lost": lost, "waiting": waiting, "error": failing });
    let record = json!({ "level": "warn", "event": "records_lost", "fields": fields });
    // with no stderr there is nobody left to tell
    let _ = writeln!(io::stderr(), "{}", safe_json(&record.to_string()));
}
