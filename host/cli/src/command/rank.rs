//! `sigmapol rank`

use std::io::Write;

use comfy_table::Cell;
use serde_json::{Value, json};
use sigmapol_prove::{in_words, lint};
use sigmapol_router::{Resolved, Router};

use crate::{
    Failure, Global, print_json,
    shared::{
        contract::{Contract, ContractArgs},
        findings::{self, Found},
        profiles, provider,
        router::{RouterArgs, State},
        table::{number, render, right, rounded},
        text::safe,
    },
};

/// Show who would be tried, in which order, and who would not and why; nobody is called
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    contract: ContractArgs,
    #[command(flatten)]
    router: RouterArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args, global: &Global, out: &mut impl Write) -> Result<(), Failure> {
    let contract = args.contract.read(&args.router)?;
    let config = args.router.config()?;
    let provider = provider::known(config.value());
    let mut builder = args.router.builder(config, State::Read, global)?;
    if let Some(provider) = provider {
        builder = builder.provider(provider);
    }
    let router = builder.build()?;
    let mut ranking =
        router.rank(&contract.text).map_err(|error| contract.explain(error, router.config()))?;
    let resolved = router.resolve(&contract.text)?;
    let found = known(args, &contract, &router, &resolved);
    let notes = findings::notes(&resolved);
    if args.json {
        if let Some(members) = ranking.as_object_mut() {
            let some = [("findings", json!(found)), ("notes", json!(notes))].into_iter();
            let some =
                some.filter(|(_, list)| list.as_array().is_some_and(|list| !list.is_empty()));
            members.extend(some.map(|(key, list)| (key.to_owned(), list)));
        }
        return print_json(&ranking, out);
    }
    findings::tell(&found);
    findings::tell_notes(&notes);
    let list = |key| ranking.get(key).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let (ordered, rejected) = (list("ordered"), list("rejected"));
    order(ordered, global, out)?;
    if !rejected.is_empty() {
        let vocabulary = router.config().value();
        rejections(rejected, &resolved, vocabulary, global, out)?;
        let rejected = rejected.iter().filter(|entry| entry.get("pin").is_none()).count();
        if rejected > 0 {
            writeln!(out, "{rejected} of {} candidates", ordered.len() + rejected)?;
        }
    }
    Ok(())
}

/// Findings in the policy that ranked: that of the file, or that of the profile.
fn known(args: &Args, contract: &Contract, router: &Router, resolved: &Resolved) -> Vec<Found> {
    let facts = findings::of_router(router.config(), resolved);
    if let Some(file) = &contract.policy {
        return findings::in_file(file, &facts);
    }
    if let Some(policy) = contract.member("policy_ir") {
        let found = lint(&policy.to_string(), &facts).into_iter();
        return found.map(|finding| Found::new("policy_ir", None, finding)).collect();
    }
    let profile = contract.member("profile");
    let profile = profile.as_ref().and_then(Value::as_str).unwrap_or("default");
    let file = args.router.file();
    profiles::in_profile(&file, router.config(), profile, &resolved.policy, &facts)
}

fn order(ordered: &[Value], global: &Global, out: &mut impl Write) -> Result<(), Failure> {
    if ordered.is_empty() {
        return Ok(writeln!(out, "no candidate is left")?);
    }
    let mut table = global.table(["#", "provider", "model", "score", "in $/M", "out $/M", "tier"]);
    for (index, candidate) in ordered.iter().enumerate() {
        let price = |key: &str| {
            let price = candidate.get(key).and_then(Value::as_f64);
            right(price.map_or_else(|| "-".to_owned(), number))
        };
        let score = match candidate.get("score") {
            Some(Value::String(infinite)) => safe(infinite),
            score => score.and_then(Value::as_f64).map_or_else(|| "-".to_owned(), rounded),
        };
        table.add_row([
            right(index + 1),
            text(candidate, "provider_id"),
            text(candidate, "model_family"),
            right(score),
            price("price_in"),
            price("price_out"),
            text(candidate, "tier"),
        ]);
    }
    Ok(writeln!(out, "{}", render(table))?)
}

fn rejections(
    rejected: &[Value],
    resolved: &Resolved,
    vocabulary: &Value,
    global: &Global,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let policy: Value = serde_json::from_str(&resolved.policy).unwrap_or_default();
    let filter = policy.get(1).unwrap_or(&Value::Null);
    let mut candidates = resolved.rejected.iter().filter_map(|at| resolved.candidates.get(*at));
    let mut table = global.table(["rejected", "model", "reason"]);
    for candidate in rejected {
        // a pin that nobody fits has no candidate of its own
        let named = candidate.get("pin").unwrap_or(candidate);
        let reason = candidate.get("reason").and_then(Value::as_str).unwrap_or("-");
        // both are in the order of the candidates
        let whole = candidate.get("pin").is_none().then(|| candidates.next()).flatten();
        let why = whole.map_or_else(
            || reason.to_owned(),
            |whole| in_words(reason, &[filter], whole, &Value::Null, vocabulary),
        );
        table.add_row([text(named, "provider"), text(named, "model"), Cell::new(safe(&why))]);
    }
    writeln!(out)?;
    Ok(writeln!(out, "{}", render(table))?)
}

fn text(value: &Value, key: &str) -> Cell {
    Cell::new(safe(value.get(key).and_then(Value::as_str).unwrap_or("-")))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::shared::fixture::{Folder, global};

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    fn rank(line: &str) -> String {
        let folder = Folder::new();
        folder.write("pin.json", r#"{"pin": {"provider": "alpha", "model": "medium"}}"#);
        let words = folder.words(&format!("rank --config @router.json {line}"));
        let mut out = Vec::new();
        run(&Line::try_parse_from(words).unwrap().args, &global(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn who_would_be_tried() {
        insta::assert_snapshot!("rank", rank(""));
        let ranking: Value = serde_json::from_str(&rank("--json")).unwrap();
        assert_eq!(ranking["ordered"][0]["served_model_id"], "small-2");
    }

    #[test]
    fn nobody() {
        insta::assert_snapshot!("rank_nobody", rank("--requirements @pin.json"));
    }
}
