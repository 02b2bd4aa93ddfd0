//! `sigmapol admit`

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use serde_json::json;
use sigmapol_core::{CostBound, json::Members};
use sigmapol_prove::Facts;

use crate::{
    Failure, Global, print_json,
    shared::{
        engine::LimitArgs,
        findings, input,
        policy::PolicyFile,
        table::{grouped, render},
        text::safe,
    },
};

/// The core vocabulary, in the strict profile.
const CORE_VOCABULARY: &str = "{}";

/// Check a term of any sort and name it
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) term: TermArgs,
    /// Also print what a decision over so many candidates may cost at most
    #[arg(long, value_name = "N")]
    candidates: Option<u64>,
    /// The bytes of the ctx of that decision; by default none
    #[arg(long, value_name = "N", requires = "candidates", default_value_t = 0)]
    ctx_bytes: u64,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A term, and what it may speak of.
#[derive(Debug, clap::Args)]
pub(crate) struct TermArgs {
    /// The term: a policy, or a part of one
    #[arg(value_name = "POLICY")]
    policy: PathBuf,
    /// The vocabulary, `{profile?, fields?, tier_order?}`, or a ctx that has one; by default the
    /// core vocabulary in the strict profile
    #[arg(long, value_name = "FILE")]
    vocabulary: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

impl TermArgs {
    /// The term, and the text of the vocabulary.
    pub(crate) fn read(&self) -> Result<(PolicyFile, String), Failure> {
        let vocabulary = self.vocabulary.as_deref();
        input::check_stdin([Some(self.policy.as_path()), vocabulary].into_iter().flatten())?;
        let read = |path: &Path| input::text("vocabulary", path).map(of_ctx);
        let vocabulary = vocabulary.map_or_else(|| Ok(CORE_VOCABULARY.to_owned()), read)?;
        Ok((PolicyFile::read("term", &self.policy)?, vocabulary))
    }
}

/// What a vocabulary says to those who look for findings.
pub(crate) fn facts(vocabulary: &str) -> Facts {
    let mut facts = Facts::default();
    facts.vocabulary(&serde_json::from_str(vocabulary).unwrap_or_default());
    findings::of_host(facts)
}

/// The vocabulary of a ctx; any other text is one itself, for the engine to judge.
fn of_ctx(text: String) -> String {
    let members = serde_json::from_str::<Members<'_>>(&text).ok();
    let vocabulary = members.and_then(|members| members.get("vocabulary").map(str::to_owned));
    vocabulary.unwrap_or(text)
}

fn length(text: &str) -> u64 {
    u64::try_from(text.len()).unwrap_or(u64::MAX)
}

pub(crate) fn run(args: &Args, global: &Global, out: &mut impl Write) -> Result<(), Failure> {
    let (term, vocabulary) = args.term.read()?;
    let engine = args.term.limits.open(global.engine)?;
    let facts = facts(&vocabulary);
    let admitted = engine.admit(&term.text, &vocabulary);
    let admitted = admitted.map_err(|error| term.explain(error.into(), &facts, false))?.value;
    let found = findings::in_file(&term, &facts);
    let bound = CostBound::of(&admitted.canonical).written_in(length(&term.text));
    let cost = args.candidates.map(|candidates| bound.at_most(candidates, args.ctx_bytes, 0));
    if args.json {
        let mut value = json!({
            "sort": admitted.sort.name(),
            "identity": admitted.identity,
            "fingerprint": admitted.fingerprint,
            "nodes": admitted.nodes,
            "depth": admitted.depth,
            "canonical": admitted.canonical,
        });
        if let (Some(members), Some(cost)) = (value.as_object_mut(), cost) {
            members.insert("cost_at_most".to_owned(), cost.into());
        }
        if let Some(members) = value.as_object_mut().filter(|_| !found.is_empty()) {
            members.insert("findings".to_owned(), json!(found));
        }
        return print_json(&value, out);
    }
    findings::tell(&found);
    let mut table = global.plain_table();
    table
        .add_row(["sort", admitted.sort.name()])
        .add_row(["identity", &admitted.identity])
        .add_row(["fingerprint", &admitted.fingerprint])
        .add_row(["nodes", &admitted.nodes.to_string()])
        .add_row(["depth", &admitted.depth.to_string()])
        .add_row(["canonical", &safe(&admitted.canonical)]);
    if let Some(cost) = cost {
        table.add_row(["cost at most", &grouped(cost)]);
    }
    Ok(writeln!(out, "{}", render(table))?)
}
