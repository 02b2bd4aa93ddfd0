//! Runs against the vectors recorded from the reference, where they lie beside the project.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what is wrong by panicking"
)]

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use flate2::read::MultiGzDecoder;
use serde_json::{Map, Value, json};
use sigmapol_engine::{Effect, admit, step};

/// The records of a family, at least so many; none when the folder is missing.
fn records(family: &str, least: usize) -> Vec<Value> {
    let path = format!("../../shared/corpus/{family}.jsonl.gz");
    let Ok(file) = File::open(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)) else {
        println!("left out: shared/corpus/{family}.jsonl.gz is not beside the project");
        return Vec::new();
    };
    let mut text = String::new();
    MultiGzDecoder::new(file).read_to_string(&mut text).unwrap();
    // a number that overflows is refused by this reader as it is by the engine
    let records: Vec<Value> =
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    assert!(records.len() >= least, "{family}: only {} records", records.len());
    records
}

/// Equal as JSON: numbers as doubles, scores also as text, an empty object for an empty array.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.as_f64() == right.as_f64(),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(l, r)| same(l, r))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(key, value)| {
                    right.get(key).is_some_and(|other| match key.as_str() {
                        "score" => score(value) == score(other),
                        _ => same(value, other),
                    })
                })
        }
        (Value::Array(array), Value::Object(object))
        | (Value::Object(object), Value::Array(array)) => array.is_empty() && object.is_empty(),
        _ => left == right,
    }
}

fn score(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}

/// Answers of events that belong to no run, thrown errors told apart as the vectors do.
fn done(text: &str) -> Value {
    let mut value: Value = serde_json::from_str(text).unwrap();
    match value.get("thrown") {
        Some(_) => json!({ "throws": value["error"] }),
        None => {
            if let Some(trace) = value.get_mut("trace").and_then(Value::as_object_mut) {
                trace.remove("policy_identity"); // ours alone
            }
            value
        }
    }
}

fn ask(event: &Value) -> Value {
    match step(None, &event.to_string()) {
        Ok(turn) => match turn.effect {
            Effect::Done(text) => done(&text),
            other => panic!("{other:?}"),
        },
        Err(refusal) => json!({ "error": refusal.message, "code": refusal.code.name() }),
    }
}

fn message(value: &Value) -> Option<&Value> {
    value.get("error").or_else(|| value.get("throws")).or_else(|| value["result"].get("error"))
}

#[test]
fn config() {
    for record in records("config", 202) {
        let event = json!({ "kind": "init", "admission": "reference", "config": record["config"] });
        let got = ask(&event);
        if got.get("error").is_some() {
            assert_eq!(message(&record["expect"]), message(&got));
            continue;
        }
        assert!(same(&record["expect"], &got), "{record}\n{got}");
    }
}

#[test]
fn elaborate() {
    for record in records("elaborate", 400) {
        let mut event = record.clone();
        event["kind"] = json!("elaborate");
        for other in ["id", "expect"] {
            event.as_object_mut().unwrap().remove(other);
        }
        let lowered = ask(&event);
        let expect = &record["expect"];
        let got = match lowered.get("term") {
            None => json!({ "throws": lowered["error"] }), // refused
            Some(term) => match admit(&term.to_string(), r#"{"profile":"reference"}"#) {
                Err(refusal) => json!({ "error": refusal.message }),
                Ok(admission) => json!({
                    "encoding": admission.canonical,
                    "fingerprint": admission.fingerprint,
                    "sha256": admission.identity,
                    "sort": admission.sort.name(),
                }),
            },
        };
        assert_eq!(*expect, got, "{record}");
    }
}

/// A host in small: what a script sets, and the state and runs that come out.
struct Host {
    config: Value,
    state: Value,
    now_ms: Value,
    offers: Map<String, Value>,
    multipliers: Map<String, Value>,
    runs: BTreeMap<String, String>,
}

impl Host {
    fn event(&self, kind: &str, more: &[(&str, &Value)]) -> String {
        let mut event = json!({
            "kind": kind, "admission": "reference", "config": self.config, "state": self.state,
            "offers": self.offers, "multipliers": self.multipliers,
        });
        if !self.now_ms.is_null() {
            event["now_ms"] = self.now_ms.clone();
        }
        for (key, value) in more {
            if !value.is_null() {
                event[key] = (*value).clone();
            }
        }
        event.to_string()
    }

    /// An event, with its run if it belongs to one.
    fn step(&mut self, run: Option<&str>, event: &str) -> Value {
        let known = run.and_then(|name| self.runs.get(name)).cloned();
        let turn = step(known.as_deref(), event).unwrap_or_else(|error| panic!("{error}\n{event}"));
        self.state = serde_json::from_str(&turn.state).unwrap();
        if let Some(name) = run {
            self.runs.insert(name.to_owned(), turn.run);
        }
        let mut out = match (turn.effect, run) {
            (Effect::Call(request), _) => {
                json!({ "status": "call", "request": serde_json::from_str::<Value>(&request).unwrap() })
            }
            (Effect::Wait(until), _) => json!({ "status": "wait", "until_ms": until }),
            (Effect::Done(text), None) => done(&text),
            (Effect::Done(text), Some(_)) => match done(&text) {
                thrown if thrown.get("throws").is_some() => thrown,
                result => json!({ "status": "done", "result": result }),
            },
        };
        if !turn.logs.is_empty() {
            let logs = turn.logs.iter().map(|log| serde_json::from_str::<Value>(log).unwrap());
            out["logs"] = logs.collect();
        }
        out
    }

    fn run(&mut self, op: &Value) -> Value {
        if let Some(now) = op.get("now") {
            self.now_ms = now.clone();
        }
        let text = |key: &str| op[key].as_str().unwrap().to_owned();
        match op["op"].as_str().unwrap() {
            "set_offers" => {
                self.offers.insert(text("discovery_id"), op["result"].clone());
                json!({})
            }
            "set_multiplier" => {
                self.multipliers.insert(text("key"), op["value"].clone());
                json!({})
            }
            "dump" => self.state.clone(),
            "invalidate" => {
                let event = self.event("forget", &[("discovery_id", &op["discovery_id"])]);
                self.step(None, &event);
                json!({})
            }
            "update_metrics" => {
                let more = ["provider", "model", "delta"].map(|key| (key, &op[key]));
                let event = self.event("observe", &more);
                self.step(None, &event);
                json!({})
            }
            "restore" => {
                let event = self.event("restore", &[("snapshot", &op["snapshot"])]);
                self.step(None, &event)
            }
            kind @ ("status" | "rank") => {
                let event = self.event(kind, &[("contract", &op["contract"])]);
                self.step(None, &event)
            }
            "start" => {
                self.runs.remove(&text("run"));
                let event = self.event("start", &[("contract", &op["contract"])]);
                self.step(Some(&text("run")), &event)
            }
            kind => {
                let event = self.event(kind, &[("response", &op["response"])]);
                self.step(Some(&text("run")), &event)
            }
        }
    }
}

#[test]
fn scripts() {
    for record in records("steps", 898) {
        let mut host = Host {
            config: record["config"].clone(),
            state: Value::Null,
            now_ms: Value::Null,
            offers: Map::new(),
            multipliers: Map::new(),
            runs: BTreeMap::new(),
        };
        let metrics = record.get("metrics").cloned().unwrap_or_default();
        let event = json!({
            "kind": "init", "admission": "reference", "config": record["config"],
            "metrics": metrics.as_object().cloned().unwrap_or_default(),
        });
        let id = &record["id"];
        let init = &record["expect"]["init"];
        if message(init).is_some() {
            assert_eq!(message(init), message(&ask(&event)), "{id}");
            continue;
        }
        let got = host.step(None, &event.to_string());
        assert!(same(&record["expect"]["init"], &got), "{id}: {got}");
        let ops = record["script"].as_array().unwrap();
        let expected = record["expect"]["steps"].as_array().cloned().unwrap_or_default();
        for (index, (op, expected)) in ops.iter().zip(&expected).enumerate() {
            let got = host.run(op);
            if let Some(throws) = expected.get("throws") {
                assert_eq!(Some(throws), message(&got), "{id}, step {index}");
                continue;
            }
            assert!(same(expected, &got), "{id}, step {index}\n{op}\n{expected}\n{got}");
        }
    }
}

#[test]
fn flows() {
    for record in records("flows", 504) {
        let expect = &record["expect"];
        let event = |kind: &str| json!({ "kind": kind, "admission": "reference" });
        let mut admission = event("flow");
        admission["flow"] = record["flow"].clone();
        let named = ask(&admission);
        if let Some(error) = expect.get("error") {
            assert_eq!(*error, named["error"], "{record}");
            continue;
        }
        for (ours, theirs) in
            [("canonical", "encoding"), ("fingerprint", "fingerprint"), ("identity", "sha256")]
        {
            assert_eq!(expect[theirs], named[ours], "{record}");
        }
        let Some(input) = record.get("input") else { continue };
        let mut start = admission;
        start["input"] = input.clone();
        let mut turn = step(None, &start.to_string()).unwrap();
        let mut calls = Vec::new();
        let output = loop {
            match turn.effect {
                Effect::Done(text) => break serde_json::from_str::<Value>(&text).unwrap(),
                Effect::Wait(_) => panic!("a flow does not wait"),
                Effect::Call(text) => {
                    let mut call: Value = serde_json::from_str(&text).unwrap();
                    call.as_object_mut().unwrap().remove("policy");
                    calls.push(call);
                    let mut answer = event("answer");
                    answer["text"] = json!(format!("R{}", calls.len()));
                    turn = step(Some(&turn.run), &answer.to_string()).unwrap();
                }
            }
        };
        assert_eq!(expect["run"]["output"], output["output"], "{record}");
        assert_eq!(expect["run"]["calls"], Value::Array(calls), "{record}");
    }
}
