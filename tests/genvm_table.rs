//! What each golden decision is to GenVM: the digest of its result, and BLAKE3 of the memory it leaves.

use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result};
use serde_json::json;
use sigmapol::{Cache, artifact};
use sigmapol_conformance::{Schemas, records, replay};
use sigmapol_core::{Admission, Decision, Engine, Error, Metered, Native, Turn, digest};
use sigmapol_genvm::message::message;
use sigmapol_genvm::{
    Execution, Harness, Left, Request, Rules, Runner, SHIM, Setting, agreed, pack,
};

use crate::text;

/// Remembers what is asked of it.
#[derive(Default)]
struct Recorder(Mutex<Vec<(String, String)>>);

impl Engine for Recorder {
    fn admit(&self, term: &str, vocabulary: &str) -> Result<Metered<Admission>, Error> {
        Native.admit(term, vocabulary)
    }

    fn hash(&self, term: &str, vocabulary: &str) -> Result<Metered<String>, Error> {
        Native.hash(term, vocabulary)
    }

    fn decide(&self, policy: &str, ctx: &str) -> Result<Metered<Decision>, Error> {
        let mut asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        asked.push((policy.to_owned(), ctx.to_owned()));
        Native.decide(policy, ctx)
    }

    fn step(&self, run: Option<&str>, event: &str) -> Result<Metered<Turn>, Error> {
        Native.step(run, event)
    }
}

/// What the golden vectors decide and refuse to decide: an id, a policy, a ctx.
///
/// # Errors
///
/// When they cannot be read.
pub fn decisions() -> Result<Vec<(String, String, String)>> {
    let schemas = Schemas::read(&text("golden/schemas.json"))?;
    let mut decisions = Vec::new();
    for family in ["decide", "refusals"] {
        let vectors = text(&format!("golden/{family}.jsonl"));
        for record in records(&vectors)? {
            let id = record.id().to_owned();
            let recorder = Recorder::default();
            replay(&[record], &schemas, &recorder, &|| ())?;
            let asked = recorder.0.into_inner().unwrap_or_else(PoisonError::into_inner);
            let asked = asked.into_iter().map(|(policy, ctx)| (id.clone(), policy, ctx));
            decisions.extend(asked);
        }
    }
    Ok(decisions)
}

/// One line for the modules, then one a decision: `{id, policy, ctx, result, memory,
/// package_memory}`. Every setting gives the same, and so does the package.
///
/// # Errors
///
/// When runs differ, or cannot be made.
pub fn genvm_table() -> Result<String> {
    let (core, cache) = (artifact::CORE_MODULE, Cache::of_user());
    let harness = Harness::load(core, &Setting::ALL, Rules::default(), &cache)?;
    let package = pack(core)?;
    let runner = Runner::load(&package, &Setting::ALL, Rules::default(), &cache)?;
    let mut table = String::new();
    writeln!(table, "{}", json!({ "core": digest(core), "shim": digest(SHIM) }))?;
    for (id, policy, ctx) in decisions()? {
        let (result, memory) = one(&harness.run(Request::Decide { policy: &policy, ctx: &ctx })?)
            .context(id.clone())?;
        let (packaged, package_memory) =
            one(&runner.run(&message(&policy, &ctx))?).context(id.clone())?;
        anyhow::ensure!(packaged == result, "{id}: the package answers otherwise");
        let line = json!({
            "id": id, "policy": policy, "ctx": ctx, "result": digest(&result),
            "memory": memory.blake3, "package_memory": package_memory.blake3,
        });
        writeln!(table, "{line}")?;
    }
    Ok(table)
}

/// The result and the memory of all runs.
fn one(runs: &[Execution]) -> Result<(Vec<u8>, Left)> {
    let run = agreed(runs).context("runs differ")?;
    Ok((run.outcome.bytes(), run.memory.clone().context("no memory")?))
}
