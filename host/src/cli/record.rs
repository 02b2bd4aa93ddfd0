//! `--ledger`: decisions and steps that are recorded.

use std::{path::PathBuf, sync::Arc};

use super::{Failure, engine::Kind};
use crate::{
    Limits, Verbs,
    ledger::{Ledger, Options},
    receipt::{Recorder, Recording},
    replay::Runs,
};

/// Where decisions are recorded, and how much of them.
#[derive(Debug, clap::Args)]
pub(super) struct RecordArgs {
    /// Record what is decided in this ledger
    #[arg(long, value_name = "DIR")]
    ledger: Option<PathBuf>,
    /// Record also what is asked and answered
    #[arg(long, requires = "ledger")]
    record_bodies: bool,
}

impl RecordArgs {
    /// The engine, recorded if that is asked for.
    pub(super) fn record(
        &self,
        verbs: Box<dyn Verbs>,
        kind: Kind,
        limits: &Limits,
    ) -> Result<Box<dyn Verbs>, Failure> {
        let Some(folder) = &self.ledger else { return Ok(verbs) };
        let runs = match kind {
            Kind::Component => Runs::Component,
            Kind::Core => Runs::Core,
            Kind::Native => Runs::Native,
            Kind::Prepared => {
                let message = "--engine prepared: expected component, core or native with --ledger";
                return Err(Failure::Usage(message.to_owned()));
            }
        };
        let fuel_limit = if runs == Runs::Native { 0 } else { limits.fuel };
        let recording = Recording { engine: runs.engine(), fuel_limit, bodies: self.record_bodies };
        let ledger = Arc::new(Ledger::open(folder, Options::default())?);
        Ok(Box::new(Recorder::new(verbs, ledger, recording)))
    }
}
