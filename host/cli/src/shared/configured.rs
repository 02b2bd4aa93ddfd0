//! The configuration of a command that goes on: looked at before it is in force, and read again.

use std::{
    collections::HashSet,
    io::{self, Write as _},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use serde_json::json;
use sigmapol_core::Native;
use sigmapol_prove::Level;
use sigmapol_router::{Config, Router};

use crate::{
    Failure,
    shared::{checked, findings::Found, provider, text::safe_json},
};

/// A file, and what was said of it.
#[derive(Debug)]
pub(crate) struct Configured {
    file: PathBuf,
    reference: bool,
    /// The warnings of the configuration that was looked at last.
    said: Mutex<HashSet<String>>,
}

impl Configured {
    pub(crate) fn new(file: PathBuf, reference: bool) -> Self {
        Self { file, reference, said: Mutex::default() }
    }

    /// Looks at a configuration as `check` does: errors are a failure, and a warning is logged unless
    /// it was one the last time, too.
    pub(crate) fn check(&self, config: &Config) -> Result<(), Failure> {
        let file = self.file.display().to_string();
        let found = checked::of_config(&file, config, self.reference, Arc::new(Native))?;
        let text = |found: &Found| {
            format!("{}: {} {}", found.place(), found.finding.code, found.finding.text())
        };
        let errors: Vec<_> = found.iter().filter(|found| found.level() == Level::Error).collect();
        if let Some((first, more)) = errors.split_first() {
            let more = match more.len() {
                0 => String::new(),
                count => format!(", and {count} more"),
            };
            return Err(Failure::Verdict(format!("{}{more}", text(first))));
        }
        let warns = |found: &&Found| {
            found.level() == Level::Warning && found.finding.code != checked::NO_KEY
        };
        let warnings: HashSet<String> = found.iter().filter(warns).map(text).collect();
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let mut fresh: Vec<_> = warnings.difference(&said).collect();
        fresh.sort();
        for finding in fresh {
            let record =
                json!({"level": "warn", "event": "finding", "fields": {"finding": finding}});
            // with no stderr there is nobody left to tell
            let _ = writeln!(io::stderr(), "{}", safe_json(&record.to_string()));
        }
        *said = warnings;
        Ok(())
    }

    /// The file as it is now, as a router that can take the place of another one.
    pub(crate) fn load(&self, current: &Router) -> Result<Router, Failure> {
        let config = Config::read(&self.file)?;
        let provider = provider::open(config.value())?;
        let next = current.reconfigured(config, Some(provider))?;
        self.check(next.config())?;
        Ok(next)
    }
}
