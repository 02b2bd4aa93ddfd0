//! `sigmapol replay --policy`: what another policy would have decided.

use std::{io::Write, path::Path};

use comfy_table::Cell;
use indicatif::ProgressBar;
use serde_json::json;
use sigmapol_audit::replay::{Change, Counterfactual, Engines, LeftOut, counterfactual};

use crate::{
    Failure, Global, print_json,
    shared::{
        table::{grouped, json_number, render, right, rounded},
        text::safe,
    },
};

/// Changes of picks that are shown.
const SHOWN: usize = 10;

pub(crate) fn run(
    folder: &Path,
    policy: &str,
    engines: &Engines,
    threads: usize,
    progress: &ProgressBar,
) -> Result<Counterfactual, Failure> {
    let each = |number: u64| progress.set_position(progress.position().max(number));
    Ok(counterfactual(folder, policy, engines, threads, &each)?)
}

pub(crate) fn print(
    result: &Counterfactual,
    as_json: bool,
    global: &Global,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let mut changes: Vec<(&Change, u64)> =
        result.changes.iter().map(|(change, count)| (change, *count)).collect();
    changes.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    if as_json {
        return print_json(&document(result, &changes), out);
    }
    let mut table = global.table(["decisions", "", ""]);
    let mean = |sums: [f64; 2]| {
        let count = result.priced as f64;
        sums.map(|sum| rounded(sum / count))
    };
    let row = |count: u64, what: &str, more: String| {
        [right(grouped(count)), Cell::new(what), Cell::new(more)]
    };
    table.add_row(row(result.decisions, "decided again", String::new()));
    table.add_row(row(result.changed, "pick changes", String::new()));
    if result.priced > 0 {
        let ([in_before, out_before], [in_after, out_after]) =
            (mean(result.price_before), mean(result.price_after));
        let more =
            format!("in {in_before} → {in_after}, out {out_before} → {out_after} $/M on average");
        table.add_row(row(result.priced, "with prices", more));
    }
    if result.refused > 0 {
        table.add_row(row(result.refused, "refused by this policy", String::new()));
    }
    for (count, what, why) in left_out(&result.left_out) {
        if count > 0 {
            table.add_row(row(count, what, format!("left out: {why}")));
        }
    }
    writeln!(out, "{}", render(table))?;
    let (lost, gained) = (grouped(result.lost), grouped(result.gained));
    writeln!(out, "\ncandidates lost {lost}, gained {gained}")?;
    if changes.is_empty() {
        return Ok(());
    }
    let mut table = global.table(["changes", "from", "to"]);
    for (change, count) in changes.iter().take(SHOWN) {
        let shown = |pick: &Option<String>| Cell::new(safe(pick.as_deref().unwrap_or("nobody")));
        table.add_row([right(grouped(*count)), shown(&change.from), shown(&change.to)]);
    }
    Ok(writeln!(out, "\n{}", render(table))?)
}

/// How many records of a kind were not decided again, and why.
const fn left_out(of: &LeftOut) -> [(u64, &'static str, &'static str); 4] {
    [
        (of.steps, "steps", "they rank nobody, or go on with a run"),
        (of.not_recorded, "not recorded", "by digest alone"),
        (of.component_mismatch, "component mismatch", "another component, and not here"),
        (of.undecided, "undecided", "refused or stopped when they were recorded"),
    ]
}

fn document(result: &Counterfactual, changes: &[(&Change, u64)]) -> serde_json::Value {
    let prices =
        |[input, output]: [f64; 2]| json!({ "in": json_number(input), "out": json_number(output) });
    let changes = changes
        .iter()
        .map(|(change, count)| json!({ "from": change.from, "to": change.to, "count": count }));
    json!({
        "decisions": result.decisions,
        "changed": result.changed,
        "lost": result.lost,
        "gained": result.gained,
        "refused": result.refused,
        "left_out": result.left_out.total(),
        "left_out_why": {
            "steps": result.left_out.steps,
            "not_recorded": result.left_out.not_recorded,
            "component_mismatch": result.left_out.component_mismatch,
            "undecided": result.left_out.undecided,
        },
        "priced": result.priced,
        "price_sums_before": prices(result.price_before),
        "price_sums_after": prices(result.price_after),
        "changes": changes.collect::<Vec<_>>(),
    })
}
