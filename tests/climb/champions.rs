//! The file that the best are in.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::value::RawValue;

use super::Climber;

/// A file for each seed, so that searches can run side by side.
pub struct Champions(PathBuf);

impl Champions {
    /// In the target folder that this program is in.
    pub fn of_target(seed: u64) -> Result<Self> {
        let program = std::env::current_exe()?;
        let target = program.ancestors().nth(2).context("expected to be in a target folder")?;
        let folder = target.join("climb");
        fs::create_dir_all(&folder)?;
        Ok(Self(folder.join(format!("{seed}.jsonl"))))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The policies and the contexts of every file there is.
    pub fn known(&self) -> Result<Vec<(String, String)>> {
        let mut files = Vec::new();
        for entry in fs::read_dir(self.0.parent().context("expected a folder")?)? {
            files.push(entry?.path());
        }
        files.retain(|file| file.extension().is_some_and(|end| end == "jsonl"));
        files.sort();
        let mut known = Vec::new();
        for file in files {
            for line in fs::read_to_string(&file)?.lines() {
                let record: HashMap<&str, &RawValue> =
                    serde_json::from_str(line).with_context(|| file.display().to_string())?;
                if let (Some(policy), Some(ctx)) = (record.get("policy"), record.get("ctx")) {
                    known.push((policy.get().to_owned(), ctx.get().to_owned()));
                }
            }
        }
        Ok(known)
    }

    /// Puts these in the place of what the file has: all of them, or none when this is stopped.
    pub fn save<'a>(&self, best: impl Iterator<Item = &'a Climber>) -> Result<()> {
        let mut text = String::new();
        for Climber { policy, ctx, fuel, most } in best {
            let (policy, ctx) = (policy.to_text(), ctx.to_text());
            writeln!(text, r#"{{"fuel":{fuel},"most":{most},"policy":{policy},"ctx":{ctx}}}"#)?;
        }
        let new = self.0.with_extension("new");
        fs::write(&new, text)?;
        Ok(fs::rename(&new, &self.0)?)
    }
}
