//! How decisions are recorded, for those who look after the gateway.

use std::{fmt::Write as _, sync::OnceLock};

use serde_json::{Value, json};

use crate::state::State;

/// What becomes of records at present.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    /// A decision takes effect when its record is on disk; otherwise records are written behind.
    pub required: bool,
    /// Records that wait to be written.
    pub waiting: u64,
    /// Records that are lost.
    pub lost: u64,
    /// Nothing can be written.
    pub failing: bool,
}

type Look = dyn Fn() -> Recording + Send + Sync;

/// Who says it, where decisions are recorded.
#[derive(Default)]
pub(crate) struct Records(OnceLock<Box<Look>>);

impl State {
    /// Shows in `/healthz`, `/readyz` and `/metrics` what becomes of records. The first who is given
    /// is asked.
    #[must_use]
    pub fn recorded_by(self, look: impl Fn() -> Recording + Send + Sync + 'static) -> Self {
        let _ = self.records().0.set(Box::new(look));
        self
    }
}

impl Records {
    fn look(&self) -> Option<Recording> {
        self.0.get().map(|look| look())
    }

    /// Whether no decision can take effect.
    pub(crate) fn stops_everything(&self) -> bool {
        self.look().is_some_and(|recording| recording.required && recording.failing)
    }

    /// `{mode, waiting, lost, failing}`
    pub(crate) fn status(&self) -> Option<Value> {
        let Recording { required, waiting, lost, failing } = self.look()?;
        let mode = if required { "required" } else { "behind" };
        Some(json!({ "mode": mode, "waiting": waiting, "lost": lost, "failing": failing }))
    }

    /// For `/metrics`.
    pub(crate) fn text(&self) -> String {
        let Some(Recording { waiting, lost, failing, .. }) = self.look() else {
            return String::new();
        };
        let mut text = String::new();
        for (name, kind, help, value) in [
            ("sigmapol_records_lost_total", "counter", "Records that were not written.", lost),
            ("sigmapol_records_waiting", "gauge", "Records that are not on disk yet.", waiting),
            (
                "sigmapol_records_failing",
                "gauge",
                "1 while no record can be written.",
                u64::from(failing),
            ),
        ] {
            // to write to a text does not fail
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}");
        }
        text
    }
}
