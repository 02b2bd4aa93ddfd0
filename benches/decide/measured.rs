//! What criterion has measured in this run.

use std::{env, fmt::Display, fs, path::PathBuf, time::SystemTime};

use serde_json::Value;
use sigmapol_tests::project;

/// The medians of a run that has begun.
pub struct Measured {
    folder: PathBuf,
    since: SystemTime,
}

impl Measured {
    /// The run begins: what was measured before does not count.
    pub fn begin() -> Self {
        let target =
            env::var_os("CARGO_TARGET_DIR").map_or_else(|| project("target"), PathBuf::from);
        Self { folder: target.join("criterion"), since: SystemTime::now() }
    }

    /// A median, in microseconds.
    ///
    /// # Panics
    ///
    /// When this run has not measured that.
    pub fn us(&self, group: &str, function: &str, input: impl Display) -> f64 {
        let name = format!("{group}/{function}/{input}");
        let file = self.folder.join(&name).join("new/estimates.json");
        let written = fs::metadata(&file).and_then(|file| file.modified()).ok();
        assert!(written >= Some(self.since), "not measured in this run: {name}");
        let estimates: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        estimates["median"]["point_estimate"].as_f64().unwrap() / 1e3
    }
}
