//! `--ledger`: decisions and steps that are recorded.

use std::{path::PathBuf, sync::Arc};

use sigmapol::Limits;
use sigmapol_audit::{Recorder, Recording, replay::EngineKind};
use sigmapol_core::Engine;
use sigmapol_ledger::{Ledger, Options};

use crate::{Failure, shared::engine::Kind};

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

impl RecordArgs {
    /// The engine, recorded if that is asked for.
    pub(crate) fn record(
        &self,
        engine: Box<dyn Engine>,
        kind: Kind,
        limits: &Limits,
        cost_limit: Option<u64>,
    ) -> Result<Box<dyn Engine>, Failure> {
        let Some(folder) = &self.ledger else { return Ok(engine) };
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
        let ledger = Arc::new(Ledger::open(folder, Options::default())?);
        Ok(Box::new(Recorder::new(engine, ledger, recording)))
    }
}
