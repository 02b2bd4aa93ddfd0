//! What came of each request, and what the ledger says of it.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    path::Path,
    sync::{Mutex, MutexGuard},
    time::Duration,
};

use anyhow::{Context as _, bail};
use serde_json::Value;
use sigmapol_ledger as ledger;

use crate::client::Reply;

/// Failures that are shown.
const SHOWN: usize = 5;

/// How a request ended.
pub enum Ended {
    /// 200, with its last byte, under this id.
    Acknowledged(String),
    /// A stream that a provider cut after its first words: it ends with that error.
    Interrupted,
    /// The gateway was killed meanwhile.
    Killed,
    Failed(String),
}

impl Ended {
    pub fn of(reply: &Reply, streamed: bool) -> Self {
        let cut = reply.body.contains("\"code\":\"stream_interrupted\"");
        let whole = match streamed {
            true => reply.body.ends_with("data: [DONE]\n\n"),
            false => reply.body.contains("\"content\":\"one two three\""),
        };
        match &reply.decision {
            Some(_) if reply.status == 200 && streamed && whole && cut => Self::Interrupted,
            Some(id) if reply.status == 200 && whole => Self::Acknowledged(id.clone()),
            _ => {
                let body: String = reply.body.chars().take(600).collect();
                Self::Failed(format!("{} {body}", reply.status))
            }
        }
    }
}

#[derive(Default)]
pub struct Books(Mutex<Counts>);

#[derive(Default)]
struct Counts {
    acknowledged: HashSet<u64>,
    ids: HashSet<String>,
    /// Ids that came twice.
    doubles: u64,
    interrupted: u64,
    killed: u64,
    failed: BTreeMap<u64, String>,
    reloads: u64,
    reload_failures: Vec<String>,
}

impl Books {
    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap()
    }

    pub fn ended(&self, number: u64, ended: Ended) {
        let mut counts = self.counts();
        match ended {
            Ended::Acknowledged(id) => {
                counts.acknowledged.insert(number);
                counts.doubles += u64::from(!counts.ids.insert(id));
            }
            Ended::Interrupted => counts.interrupted += 1,
            Ended::Killed => counts.killed += 1,
            Ended::Failed(why) => drop(counts.failed.insert(number, why)),
        }
    }

    pub fn reloaded(&self) {
        self.counts().reloads += 1;
    }

    pub fn refused_reload(&self, why: &str) {
        self.counts().reload_failures.push(why.to_owned());
    }

    pub fn summary(&self, took: Duration, restarts: u64) -> String {
        let counts = self.counts();
        let acknowledged = counts.acknowledged.len();
        let seconds = took.as_secs_f64();
        let all = acknowledged as u64 + counts.interrupted + counts.killed;
        let all = all + counts.failed.len() as u64;
        format!(
            "{all} requests in {seconds:.0} s: {acknowledged} acknowledged, {} cut by a provider, {} \
             by {restarts} kills, {} failed; {} reloads by request, {} of them not as expected",
            counts.interrupted,
            counts.killed,
            counts.failed.len(),
            counts.reloads,
            counts.reload_failures.len(),
        )
    }

    /// No request failed but for a kill, no id came twice, every reload was what it should be.
    pub fn check_failures(&self) -> anyhow::Result<()> {
        let counts = self.counts();
        for (number, why) in counts.failed.iter().take(SHOWN) {
            eprintln!("request {number}: {why}");
        }
        for why in counts.reload_failures.iter().take(SHOWN) {
            eprintln!("reload: {why}");
        }
        let (failed, doubles) = (counts.failed.len(), counts.doubles);
        if failed > 0 || doubles > 0 || !counts.reload_failures.is_empty() {
            bail!("{failed} requests failed, {doubles} ids came twice");
        }
        Ok(())
    }

    /// How many acknowledged requests have no whole run in the ledger: a start with their seed, and
    /// what follows it, run by run, to the end.
    pub fn missing(&self, folder: &Path) -> anyhow::Result<usize> {
        // runs that go on, by the digest of what the next step starts from
        let mut runs: HashMap<String, u64> = HashMap::new();
        let mut finished = HashSet::new();
        let mut records = ledger::read(folder)?;
        while let Some(record) = records.next() {
            let record = record?;
            if record.kind != "step" {
                continue;
            }
            let step: Value = serde_json::from_str(record.body.get())?;
            let number = match step.get("run").and_then(Value::as_str) {
                Some(run) => runs.remove(run),
                None if step["kind"] == "start" => {
                    let digest = step["event"].as_str().context("a step without an event")?;
                    let digest = digest.parse().map_err(anyhow::Error::msg)?;
                    let event = records.texts().get(digest)?.context("an event is not there")?;
                    let event: Value = serde_json::from_str(&event)?;
                    event["contract"]["seed"].as_u64()
                }
                None => None,
            };
            let (Some(number), Some(turn)) = (number, step["outcome"].get("turn")) else {
                continue;
            };
            if turn["effect"][0] == "done" {
                finished.insert(number);
            } else if let Some(run) = turn["run"].as_str() {
                runs.insert(run.to_owned(), number);
            }
        }
        Ok(self.counts().acknowledged.difference(&finished).count())
    }
}
