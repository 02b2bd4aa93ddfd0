//! Rewrites the expectations of `golden/*.jsonl` with what the native engine answers now,
//! `golden/fuel.jsonl` with what each vector takes in the component, `tests/genvm.jsonl` with what
//! each decision leaves, and in `docs/genvm.md` the table of frames.
//!
//! A vector is an input, a note with the reason for its expectation, and the expectation. To add
//! one, add a line without `expect` and run this. The result is data to be reviewed: the note says
//! why an expectation is right, this only writes it down.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use indexmap::IndexMap;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};
use sigmapol_conformance as conformance;
use sigmapol_conformance::Schemas;
use sigmapol_core::Native;
use sigmapol_engine::{Decision, Refusal, admit, decide, hash, step};
use sigmapol_tests::project;

/// The members of a record, their texts untouched: how a number is written is part of the input.
type Record = IndexMap<String, Box<RawValue>>;

const FAMILIES: [&str; 9] =
    ["terms", "decide", "xform", "failplan", "steps", "config", "elaborate", "flows", "refusals"];

const RUNS: [&str; 4] = ["steps", "config", "elaborate", "flows"];

fn main() -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../golden");
    let schemas = fs::read_to_string(folder.join("schemas.json"))?;
    let named = Schemas::read(&schemas)?;
    let schemas: Value = serde_json::from_str(&schemas)?;
    for family in FAMILIES {
        let path = folder.join(family).with_extension("jsonl");
        let mut lines = String::new();
        for (number, line) in fs::read_to_string(&path)?.lines().enumerate() {
            let place = || format!("{family}.jsonl, line {}", number + 1);
            let mut record: Record = serde_json::from_str(line).with_context(place)?;
            record.shift_remove("expect");
            let expect = if RUNS.contains(&family) {
                of_run(line, &named).with_context(place)?
            } else {
                answer(family, &record, &schemas).with_context(place)?
            };
            record.insert("expect".into(), to_raw_value(&expect)?);
            lines += &serde_json::to_string(&record)?;
            lines.push('\n');
        }
        fs::write(&path, lines)?;
    }
    fs::write(folder.join("fuel.jsonl"), sigmapol_tests::fuel_table()?)?;
    fs::write(project("tests/genvm.jsonl"), sigmapol_tests::genvm_table()?)?;
    frames()
}

/// Puts the table of frames where the one before is.
fn frames() -> Result<()> {
    let path = project("docs/genvm.md");
    let text = fs::read_to_string(&path)?;
    let (before, rest) = text.split_once("| input |").context("no table in docs/genvm.md")?;
    let (_, after) = rest.split_once("\n\n").context("no end of the table")?;
    let table = sigmapol_tests::depth_table()?;
    Ok(fs::write(path, format!("{before}{table}\n{after}"))?)
}

/// The families that a replay has the answer of, in the form of the expectation.
fn of_run(line: &str, schemas: &Schemas) -> Result<Value> {
    let records = conformance::records(line)?;
    let record = records.first().context("no record")?;
    let mut answer = conformance::answer(record, schemas, &Native)?;
    text_scores(&mut answer);
    Ok(answer)
}

/// Every score as text, as in the other families.
fn text_scores(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(text_scores),
        Value::Object(members) => {
            for (key, value) in members {
                match value.as_f64().filter(|_| key == "score") {
                    Some(number) => *value = Value::from(score(number)),
                    None => text_scores(value),
                }
            }
        }
        _ => {}
    }
}

fn answer(family: &str, record: &Record, schemas: &Value) -> Result<Value> {
    let text = |key: &str| record.get(key).map(|raw| raw.get()).context(format!("no {key}"));
    let vocabulary = vocabulary(record, schemas)?.to_string();
    Ok(match family {
        "terms" => match admit(text("term")?, &vocabulary) {
            Ok(admission) => json!({
                "sort": admission.sort.name(),
                "encoding": admission.canonical,
                "fingerprint": admission.fingerprint,
                "sha256": admission.identity,
            }),
            Err(refusal) => json!({ "error": refusal.message }),
        },
        "decide" => {
            let more = format!(r#""candidates":{}"#, text("candidates")?);
            match decide(text("term")?, &ctx(text("ctx")?, &more, &vocabulary)) {
                Ok(decision) => ordered(&decision, text("term")?, &vocabulary)?,
                Err(refusal) => throws(&refusal),
            }
        }
        "xform" => {
            let policy = policy(text("term")?, r#"["always",{"action":"next_candidate"}]"#);
            let (candidate, body) = (text("candidate")?, text("request")?);
            let more = format!(r#""candidates":[{candidate}],"body":{body}"#);
            match decide(&policy, &ctx(text("ctx")?, &more, &vocabulary)) {
                Ok(decision) => {
                    let request = decision.request.context("no winner")?;
                    json!({ "request": serde_json::from_str::<Value>(&request)? })
                }
                Err(refusal) => throws(&refusal),
            }
        }
        "failplan" => fail_plan(text("term")?, text("kinds")?, &vocabulary)?,
        "refusals" => {
            let args: Vec<Option<String>> = serde_json::from_str(text("args")?)?;
            let args: Vec<Option<&str>> = args.iter().map(Option::as_deref).collect();
            let refusal = match (text("verb")?, args.as_slice()) {
                (r#""admit""#, [Some(term), Some(vocabulary)]) => admit(term, vocabulary).err(),
                (r#""hash""#, [Some(term), Some(vocabulary)]) => hash(term, vocabulary).err(),
                (r#""decide""#, [Some(policy), Some(ctx)]) => decide(policy, ctx).err(),
                (r#""step""#, [run, Some(event)]) => step(*run, event).err(),
                (verb, _) => bail!("no verb {verb} with that many arguments"),
            };
            let refusal = refusal.context("not refused")?;
            json!({ "code": refusal.code.name(), "message": refusal.message })
        }
        _ => bail!("no family {family}"),
    })
}

fn vocabulary(record: &Record, schemas: &Value) -> Result<Value> {
    let mut vocabulary = json!({ "profile": "reference" });
    if let Some(name) = record.get("schema") {
        let name: String = serde_json::from_str(name.get())?;
        let schema = schemas.get(&name).context(format!("no schema {name}"))?;
        for (key, name) in [("extensions", "fields"), ("tier_order", "tier_order")] {
            if let (Some(value), Some(object)) = (schema.get(key), vocabulary.as_object_mut()) {
                object.insert(name.into(), value.clone());
            }
        }
    }
    Ok(vocabulary)
}

/// The ctx of a record, an object, with more members.
fn ctx(ctx: &str, more: &str, vocabulary: &str) -> String {
    let rest = ctx.trim_start_matches('{');
    let comma = if rest.starts_with('}') { "" } else { "," };
    format!(r#"{{{more},"vocabulary":{vocabulary}{comma}{rest}"#)
}

fn policy(transform: &str, fail_plan: &str) -> String {
    format!(r#"["policy",["top"],["zero"],["ordered"],{transform},{fail_plan}]"#)
}

fn throws(refusal: &Refusal) -> Value {
    json!({ "throws": refusal.message })
}

fn ordered(decision: &Decision, term: &str, vocabulary: &str) -> Result<Value> {
    let ordered = decision.ordered.iter().map(|entry| json!([entry.candidate, score(entry.score)]));
    let rejected = decision.rejected.iter().map(|entry| json!([entry.candidate, entry.reason]));
    Ok(json!({
        "fingerprint": admit(term, vocabulary)?.fingerprint,
        "ordered": ordered.collect::<Vec<_>>(),
        "rejected": rejected.collect::<Vec<_>>(),
    }))
}

/// A score as text, since JSON has no infinity; zeros are equal.
fn score(score: f64) -> String {
    if score == 0.0 { "0".into() } else { score.to_string() }
}

fn fail_plan(term: &str, kinds: &str, vocabulary: &str) -> Result<Value> {
    let kinds: Vec<String> = serde_json::from_str(kinds)?;
    let mut classified = Vec::new();
    for kind in kinds {
        let failures: Vec<Value> =
            (1..=4).map(|attempt| json!({ "kind": kind, "attempt": attempt })).collect();
        let ctx = json!({ "candidates": [], "failures": failures }).to_string();
        let decision = decide(&policy(r#"["id"]"#, term), &ctx)?;
        let action = decision.reactions.first().context("no reaction")?.action.as_str();
        let backoff: Vec<f64> = decision.reactions.iter().map(|entry| entry.backoff_ms).collect();
        let action: Value = serde_json::from_str(action)?;
        classified.push(json!({ "kind": kind, "action": action, "backoff": backoff }));
    }
    let admission = admit(term, vocabulary)?;
    Ok(json!({
        "encoding": admission.canonical,
        "sha256": admission.identity,
        "classified": classified,
    }))
}
