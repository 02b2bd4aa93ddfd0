//! `sigmapol replay`

use std::{
    io::{self, IsTerminal as _, Write},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    thread,
};

use comfy_table::Cell;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use sigmapol::limits::FUEL;
use sigmapol_audit::replay::{EngineKind, Engines, Summary, Verdict, replay};
use sigmapol_ledger as ledger;

use crate::{
    Failure, Global, print_json,
    shared::{
        counterfactual,
        engine::Kind,
        policy::PolicyFile,
        table::{grouped, render, right},
        text::one_line,
    },
};

/// Records shown of those that came out otherwise.
const SHOWN: usize = 10;

/// Make every decision of a ledger again, and compare
///
/// Each record is replayed in the component that made it: this one, or one of `--components`.
/// Nothing is called and nothing is written. Fuel is compared where the runtime is the same.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The folder of the ledger
    ledger: PathBuf,
    /// Older components, `<sha256>.wasm` each
    #[arg(long, value_name = "DIR")]
    components: Option<PathBuf>,
    /// Threads, by default one a core
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// What this policy would have decided instead
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// The most fuel of a call, whatever its record says that it had
    #[arg(long, value_name = "N", default_value_t = FUEL)]
    fuel: u64,
    /// Fail where a record is missing or there by digest alone, so that it cannot be made again
    #[arg(long, conflicts_with = "policy")]
    complete: bool,
    /// Print a line for every record, in the order in which they come out
    #[arg(long, conflicts_with_all = ["json", "policy"])]
    each: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(
    args: &Args,
    global: &Global,
    out: &mut (impl Write + Send),
) -> Result<(), Failure> {
    let runs = match global.engine {
        Kind::Component => EngineKind::Component,
        Kind::Core => EngineKind::Core,
        Kind::Native => EngineKind::Native,
        Kind::Prepared => {
            let message = "--engine prepared: expected component, core or native";
            return Err(Failure::Usage(message.to_owned()));
        }
    };
    let engines = Engines::new(runs, args.components.clone()).with_fuel(args.fuel);
    let threads = args
        .threads
        .unwrap_or_else(|| thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get));
    let progress = progress(&args.ledger)?;
    if let Some(policy) = &args.policy {
        let policy = PolicyFile::read("policy", policy)?.text;
        let result = counterfactual::run(&args.ledger, &policy, &engines, threads, &progress);
        progress.finish_and_clear();
        return counterfactual::print(&result?, args.json, global, out);
    }
    let others: Mutex<Vec<(u64, String)>> = Mutex::default();
    let lines = Mutex::new(Lines { out: &mut *out, failed: None });
    let each = |number: u64, verdict: &Verdict| {
        progress.set_position(progress.position().max(number));
        if args.each {
            lines.lock().unwrap_or_else(PoisonError::into_inner).print(number, verdict);
        }
        if let Some(what) = otherwise(verdict) {
            let mut others = others.lock().unwrap_or_else(PoisonError::into_inner);
            // the first ones, in whatever order they come
            let at = others.partition_point(|(known, _)| *known < number);
            others.insert(at, (number, what));
            others.truncate(SHOWN);
        }
    };
    let summary = replay(&args.ledger, &engines, threads, &each);
    progress.finish_and_clear();
    let summary = summary?;
    if let Some(error) = lines.into_inner().unwrap_or_else(PoisonError::into_inner).failed {
        return Err(error.into());
    }
    let others = others.into_inner().unwrap_or_else(PoisonError::into_inner);
    if args.json {
        print_json(&document(&summary, &others), out)?;
    } else {
        print(&summary, &others, global, out)?;
    }
    let wrong = summary.diverged + summary.component_mismatch + summary.out_of_fuel;
    let (wrong, all) = match args.complete {
        false => (wrong, summary.records()),
        // what is missing should be a record
        true => (
            wrong.saturating_add(summary.not_recorded).saturating_add(summary.missing),
            summary.records().saturating_add(summary.missing),
        ),
    };
    if wrong == 0 {
        return Ok(());
    }
    Err(Failure::Verdict(format!(
        "replay: {} of {} records are not shown to be the same",
        grouped(wrong),
        grouped(all)
    )))
}

/// A line a record, until one cannot be written.
struct Lines<'o, W> {
    out: &'o mut W,
    failed: Option<io::Error>,
}

impl<W: Write> Lines<'_, W> {
    fn print(&mut self, number: u64, verdict: &Verdict) {
        if self.failed.is_none() {
            self.failed =
                writeln!(self.out, "record {number}: {}", one_line(&verdict.to_string())).err();
        }
    }
}

fn otherwise(verdict: &Verdict) -> Option<String> {
    match verdict {
        Verdict::Same { .. } | Verdict::NotRecorded => None,
        other => Some(other.to_string()),
    }
}

fn print(
    summary: &Summary,
    others: &[(u64, String)],
    global: &Global,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let mut table = global.table(["records", "verdict", ""]);
    let other_fuel = summary.same - summary.same_fuel;
    let fuel = match (summary.same_fuel, other_fuel) {
        (_, 0) => "fuel too".to_owned(),
        (0, _) => "fuel not compared".to_owned(),
        (_, others) => format!("fuel not compared for {}", grouped(others)),
    };
    let rows = [
        (summary.same, "same", if summary.same > 0 { fuel.as_str() } else { "" }),
        (summary.diverged, "diverged", "another outcome"),
        (
            summary.component_mismatch,
            "component mismatch",
            "another component, not here or of no use",
        ),
        (summary.out_of_fuel, "out of fuel", "needs more than --fuel"),
        (summary.not_recorded, "not recorded", "by digest alone: nothing to replay"),
        (summary.missing, "missing", "lost when they should have been written"),
    ];
    for (count, verdict, what) in rows {
        if count > 0 || verdict == "same" {
            table.add_row([right(grouped(count)), Cell::new(verdict), Cell::new(what)]);
        }
    }
    writeln!(out, "{}", render(table))?;
    if !others.is_empty() {
        writeln!(out)?;
    }
    for (number, what) in others {
        writeln!(out, "record {number}: {}", one_line(what))?;
    }
    Ok(())
}

fn document(summary: &Summary, others: &[(u64, String)]) -> serde_json::Value {
    let others = others.iter().map(|(number, what)| json!({ "record": number, "what": what }));
    json!({
        "records": summary.records(),
        "same": summary.same,
        "same_fuel": summary.same_fuel,
        "diverged": summary.diverged,
        "component_mismatch": summary.component_mismatch,
        "out_of_fuel": summary.out_of_fuel,
        "not_recorded": summary.not_recorded,
        "missing": summary.missing,
        "first": others.collect::<Vec<_>>(),
    })
}

/// A bar over the numbers of records, on a terminal.
fn progress(folder: &Path) -> Result<ProgressBar, Failure> {
    if !io::stderr().is_terminal() {
        return Ok(ProgressBar::hidden());
    }
    let bar = ProgressBar::new(ledger::anchor(folder)?.number);
    if let Ok(style) = ProgressStyle::with_template("replaying {wide_bar} {pos}/{len} {per_sec}") {
        bar.set_style(style);
    }
    Ok(bar)
}
