//! `sigmapol decide`

use std::{collections::BTreeMap, io::Write, path::PathBuf};

use comfy_table::Cell;
use serde::Serialize;
use serde_json::value::RawValue;
use sigmapol_audit::digest_of;
use sigmapol_core::{Bounded, Decision, Metered};
use sigmapol_prove::{Facts, Note};

use crate::{
    Failure, Global, print_json,
    shared::{
        context::{self, Part, View},
        engine::{Kind, LimitArgs},
        explain, findings, input,
        policy::PolicyFile,
        record::RecordArgs,
        table::{grouped, json_number, number, render, right, rounded},
        text::safe,
    },
};

/// Run a policy over the candidates of a ctx
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The policy
    policy: PathBuf,
    /// The ctx; given several times, the members of the files are put together
    #[arg(long, value_name = "FILE", required = true)]
    ctx: Vec<PathBuf>,
    /// The seed of the ctx
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    seed: Option<i64>,
    #[command(flatten)]
    limits: LimitArgs,
    /// What the decision may cost, in the units of `decision.cost`; checked before it is made
    #[arg(long, value_name = "N")]
    cost: Option<u64>,
    #[command(flatten)]
    record: RecordArgs,
    /// The same as `--engine native`: without a sandbox, so without limits of fuel, memory and time
    #[arg(long, conflicts_with_all = ["core", "engine"])]
    native: bool,
    /// The same as `--engine core`
    #[arg(long, conflicts_with = "engine")]
    core: bool,
    /// Also show each rejection, the request of the winner, and what the fail plan does
    #[arg(long)]
    explain: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Args {
    const fn engine(&self, global: &Global) -> Kind {
        match (self.native, self.core) {
            (true, _) => Kind::Native,
            (_, true) => Kind::Core,
            _ => global.engine,
        }
    }

    fn ctx(&self) -> Result<String, Failure> {
        let read = |path: &PathBuf| -> Result<Part, Failure> {
            Ok((path.display().to_string(), input::text("ctx", path)?))
        };
        let parts: Vec<Part> = self.ctx.iter().map(read).collect::<Result<_, _>>()?;
        context::merge(&parts, self.seed, self.explain)
    }
}

pub(crate) fn run(args: &Args, global: &Global, out: &mut impl Write) -> Result<(), Failure> {
    input::check_stdin(args.ctx.iter().chain([&args.policy]).map(PathBuf::as_path))?;
    let policy = PolicyFile::read("policy", &args.policy)?;
    let ctx = args.ctx()?;
    let engine = args.engine(global);
    let mut verbs = args.limits.open(engine)?;
    if let Some(cost) = args.cost {
        verbs = Box::new(Bounded::new(verbs, cost));
    }
    let verbs = args.record.record(verbs, engine, &args.limits.limits(), args.cost)?;
    let outcome = verbs.decide(&policy.text, &ctx).map_err(|error| {
        let facts = Facts::of_ctx(&ctx);
        policy.explain(error.into(), &facts, facts.envelope.is_some())
    })?;
    let view = View::read(&ctx);
    let notes = view.notes(&policy.text, &outcome.value);
    if args.json {
        return print_json(&Json::new(&outcome, &view, notes, engine), out);
    }
    findings::tell_notes(&notes);
    ranking(&outcome.value, &view, global, out)?;
    rejections(&outcome.value, &view, global, out)?;
    if args.explain {
        explain::print(&policy.text, &outcome, &view, engine, global, out)?;
    }
    writeln!(out)?;
    writeln!(out, "identity  {}", outcome.value.identity)?;
    writeln!(out, "result    {}", digest_of(&outcome.value))?;
    Ok(writeln!(out, "cost      {}", grouped(outcome.value.cost))?)
}

fn ranking(
    decision: &Decision,
    view: &View,
    global: &Global,
    out: &mut impl Write,
) -> Result<(), Failure> {
    if decision.ordered.is_empty() {
        return Ok(writeln!(out, "no candidate is left")?);
    }
    let mut table = global.table(["#", "provider", "model", "score", "in $/M", "out $/M"]);
    for (index, ranked) in decision.ordered.iter().enumerate() {
        let Some(candidate) = view.candidate(ranked.candidate) else { continue };
        let price = |price: Option<f64>| right(price.map_or_else(|| "-".to_owned(), number));
        table.add_row([
            right(index + 1),
            Cell::new(safe(candidate.provider)),
            Cell::new(safe(candidate.model)),
            right(rounded(ranked.score)),
            price(candidate.price_in),
            price(candidate.price_out),
        ]);
    }
    Ok(writeln!(out, "{}", render(table))?)
}

fn rejections(
    decision: &Decision,
    view: &View,
    global: &Global,
    out: &mut impl Write,
) -> Result<(), Failure> {
    if decision.rejected.is_empty() {
        return Ok(());
    }
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for rejected in &decision.rejected {
        *counts.entry(&rejected.reason).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let mut table = global.table(["rejected", "reason"]);
    for (reason, count) in counts {
        table.add_row([right(count), Cell::new(safe(reason))]);
    }
    writeln!(out)?;
    writeln!(out, "{}", render(table))?;
    let (rejected, all) = (decision.rejected.len(), view.count());
    Ok(writeln!(out, "{rejected} of {all} candidates")?)
}

/// The JSON form of a decision. Scores that JSON has no number for are `"inf"` and `"-inf"`.
#[derive(Serialize)]
struct Json<'a> {
    identity: &'a str,
    ordered: Vec<Ranked<'a>>,
    rejected: Vec<Rejected<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reactions: Vec<Reaction<'a>>,
    cost: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<Note>,
    /// The digest of the decision.
    result: String,
    spent: Spent,
}

#[derive(Serialize)]
struct Ranked<'a> {
    candidate: u32,
    provider: Option<&'a str>,
    model: Option<&'a str>,
    score: serde_json::Value,
}

#[derive(Serialize)]
struct Rejected<'a> {
    candidate: u32,
    provider: Option<&'a str>,
    model: Option<&'a str>,
    reason: &'a str,
}

#[derive(Serialize)]
struct Reaction<'a> {
    kind: &'a str,
    attempt: f64,
    action: Option<&'a RawValue>,
    backoff_ms: serde_json::Value,
}

/// Measured, not decided: differs from run to run.
#[derive(Serialize)]
struct Spent {
    engine: &'static str,
    fuel: u64,
    memory_bytes: usize,
    elapsed_us: u128,
}

impl<'a> Json<'a> {
    fn new(outcome: &'a Metered<Decision>, view: &'a View, notes: Vec<Note>, engine: Kind) -> Self {
        let Metered { value: decision, spent } = outcome;
        let provider = |index| view.candidate(index).map(|known| known.provider);
        let model = |index| view.candidate(index).map(|known| known.model);
        Self {
            identity: &decision.identity,
            ordered: decision
                .ordered
                .iter()
                .map(|&sigmapol_core::Ranked { candidate, score }| Ranked {
                    candidate,
                    provider: provider(candidate),
                    model: model(candidate),
                    score: json_number(score),
                })
                .collect(),
            rejected: decision
                .rejected
                .iter()
                .map(|sigmapol_core::Rejected { candidate, reason }| Rejected {
                    candidate: *candidate,
                    provider: provider(*candidate),
                    model: model(*candidate),
                    reason,
                })
                .collect(),
            request: decision.request.as_deref().and_then(|text| serde_json::from_str(text).ok()),
            reactions: decision
                .reactions
                .iter()
                .zip(view.failures())
                .map(|(reaction, failed)| Reaction {
                    kind: failed.kind,
                    attempt: failed.attempt,
                    action: serde_json::from_str(&reaction.action).ok(),
                    backoff_ms: json_number(reaction.backoff_ms),
                })
                .collect(),
            cost: decision.cost,
            notes,
            result: digest_of(decision),
            spent: Spent {
                engine: engine.name(),
                fuel: spent.fuel,
                memory_bytes: spent.memory_bytes,
                elapsed_us: spent.elapsed.as_micros(),
            },
        }
    }
}
