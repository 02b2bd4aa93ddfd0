//! Decisions that are recorded, and made again from the record.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests panic")]

#[path = "replay/beside.rs"]
mod beside;

use std::{
    fs,
    path::Path,
    sync::{Arc, LazyLock, Mutex},
};

use serde_json::{Value, json};
use sigmapol::{Limits, Sandbox, limits::FUEL};
use sigmapol_audit::{
    DECISION, DecisionReceipt, Recorder, Recording, digest_of,
    replay::{Change, EngineKind, Engines, Summary, Verdict, counterfactual, replay},
};
use sigmapol_core::{Engine, Native};
use sigmapol_ledger as ledger;
use sigmapol_ledger::{Ledger, Options};

static SANDBOX: LazyLock<Sandbox> = LazyLock::new(|| Sandbox::new().unwrap());

const CHEAPEST: &str = r#"["policy",["not",["is","disabled"]],["neg",["normalize",["field","price_in"]]],["argmax"],
    ["set_param","temperature",0],["always",{"action":"next_candidate"}]]"#;
const DEAREST: &str = r#"["policy",["cmp","price_in","ge",2],["field","price_in"],["argmax"],["id"],["always",{"action":"abort"}]]"#;

/// Three candidates; `small` is cheapest unless its provider is disabled.
fn ctx(seed: u32, disabled: &str, prompt: &str) -> String {
    json!({
        "seed": seed,
        "candidates": [
            { "provider_id": "a", "model_family": "large", "price_in": 5, "price_out": 25 },
            { "provider_id": "b", "model_family": "small", "price_in": 1, "price_out": 4 },
            { "provider_id": "c", "model_family": "middle", "price_in": 2, "price_out": 8 },
        ],
        "state": { "disabled": { (disabled): true } },
        "request": { "messages": [{ "role": "user", "content": prompt }], "temperature": 1 },
    })
    .to_string()
}

/// Records what the component decides.
fn record(folder: &Path, bodies: bool, decide: impl FnOnce(&Recorder<Sandbox>)) {
    let ledger = Arc::new(Ledger::open(folder, Options::default()).unwrap());
    let recording = Recording {
        engine: EngineKind::Component.engine(),
        fuel_limit: FUEL,
        cost_limit: None,
        bodies,
    };
    decide(&Recorder::new(SANDBOX.clone(), ledger, recording));
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn again(folder: &Path, runs: EngineKind) -> (Summary, Vec<Verdict>) {
    let verdicts = Mutex::new(Vec::new());
    let engines = Engines::new(runs, None);
    let each = |_, verdict: &Verdict| verdicts.lock().unwrap().push(verdict.clone());
    let summary = replay(folder, &engines, 2, &each).unwrap();
    (summary, verdicts.into_inner().unwrap())
}

#[test]
fn decisions_are_the_same_in_every_engine() {
    for bodies in [false, true] {
        let folder = folder();
        record(folder.path(), bodies, |recorder| {
            for seed in 0..20 {
                let text = ctx(seed, if seed % 2 == 0 { "b" } else { "nobody" }, "hello");
                let decision = recorder.decide(CHEAPEST, &text).unwrap().value;
                assert_eq!(decision, Native.decide(CHEAPEST, &text).unwrap().value);
            }
            // refusals are recorded too
            assert!(recorder.decide("[]", "{}").is_err());
            assert!(recorder.decide(CHEAPEST, &ctx(1, "b", "")[1..]).is_err());
        });
        for runs in [EngineKind::Component, EngineKind::Core, EngineKind::Native] {
            let (summary, verdicts) = again(folder.path(), runs);
            assert_eq!((summary.same, summary.diverged), (20, 0), "{verdicts:?}");
            // a ctx that is no object has nothing but a digest
            assert_eq!((summary.component_mismatch, summary.not_recorded), (0, 2));
            let fuel = if bodies && runs == EngineKind::Component { 20 } else { 0 };
            assert_eq!(summary.same_fuel, fuel, "{runs:?}");
        }
    }
}

#[test]
fn what_was_said_is_recorded_on_demand() {
    for bodies in [false, true] {
        let folder = folder();
        record(folder.path(), bodies, |recorder| {
            recorder.decide(CHEAPEST, &ctx(1, "b", "the secret word")).unwrap();
            let event = json!({ "kind": "flow", "flow": "the secret word" }).to_string();
            assert!(recorder.step(None, &event).is_err());
        });
        let text = fs::read_to_string(folder.path().join("000001.jsonl")).unwrap();
        assert_eq!(text.contains("the secret word"), bodies);
    }
}

#[test]
fn a_record_says_what_was_decided() {
    let folder = folder();
    let text = ctx(7, "b", "hello");
    record(folder.path(), false, |recorder| drop(recorder.decide(CHEAPEST, &text).unwrap()));
    let record = ledger::read(folder.path()).unwrap().last().unwrap().unwrap();
    assert_eq!(record.kind, DECISION);
    let receipt: DecisionReceipt = serde_json::from_str(record.body.get()).unwrap();
    let decision = Native.decide(CHEAPEST, &text).unwrap().value;
    let chosen = receipt.chosen.unwrap();
    assert_eq!((chosen.provider.as_str(), chosen.model.as_str()), ("c", "middle"));
    assert_eq!(receipt.seed.as_deref(), Some("7"));
    assert_eq!(receipt.policy.canonical, Some(decision.identity.clone()));
    let one = format!("{:016x}", 1.0_f64.to_bits());
    assert_eq!(
        receipt.outcome["decision"]["ordered"],
        json!([[2, one], [0, format!("{:016x}", 0.0_f64.to_bits())]])
    );
    assert_eq!(receipt.outcome["decision"]["rejected"], json!([[1, "not"]]));
    assert_eq!(receipt.outcome["decision"]["cost"], json!(decision.cost.to_string()));
    let sent = sigmapol_core::digest(decision.request.unwrap().as_bytes());
    assert_eq!(receipt.request, Some(sent));
    assert_eq!(receipt.fuel.unwrap().limit, FUEL.to_string());
}

#[test]
fn the_digest_of_a_decision_is_what_its_record_has() {
    let folder = folder();
    let text = ctx(7, "b", "hello");
    record(folder.path(), true, |recorder| drop(recorder.decide(CHEAPEST, &text).unwrap()));
    let record = ledger::read(folder.path()).unwrap().last().unwrap().unwrap();
    let receipt: DecisionReceipt = serde_json::from_str(record.body.get()).unwrap();
    assert_eq!(receipt.result, digest_of(&Native.decide(CHEAPEST, &text).unwrap().value));
}

/// The empty value has one encoding, and goes out as that has it, whichever way it was written.
#[test]
fn one_identity_is_one_decision() {
    let ctx = r#"{"candidates":[{"provider_id":"p","model_family":"m"}],"failures":[{"kind":"timeout"}]}"#;
    let decide = |recipe: &str, waits: &str| {
        let policy = format!(
            r#"["policy",["top"],["zero"],["argmax"],["seq",["filter_text",{recipe}],["filter_image",{waits}]],
                ["override",["always",{{"action":"abort"}}],"timeout",{{"action":"retry_same","backoff_ms":{waits}}}]]"#
        );
        Native.decide(&policy, ctx).unwrap().value
    };
    let arrays = decide("[[]]", "[]");
    let request = r#"{"_filters":{"image":{"recipe":[]},"text":{"recipe":[[]]}}}"#;
    assert_eq!(arrays.request.as_deref(), Some(request));
    assert_eq!(arrays.reactions[0].action, r#"{"action":"retry_same","backoff_ms":[]}"#);
    let objects = decide("[{}]", "{}");
    assert_eq!(objects, arrays);
    assert_eq!(digest_of(&objects), digest_of(&arrays));
}

/// Under the default limit it would be decided.
#[test]
fn a_stop_is_replayed_under_its_own_limit() {
    let (folder, fuel) = (folder(), 1_000);
    let sandbox = SANDBOX.with_limits(Limits { fuel, ..Limits::default() }).unwrap();
    let ledger = Arc::new(Ledger::open(folder.path(), Options::default()).unwrap());
    let recording = Recording {
        engine: EngineKind::Component.engine(),
        fuel_limit: fuel,
        cost_limit: None,
        bodies: true,
    };
    let recorder = Recorder::new(sandbox, ledger, recording);
    recorder.decide(CHEAPEST, &ctx(7, "b", "hello")).unwrap_err();
    drop(recorder);
    let record = ledger::read(folder.path()).unwrap().last().unwrap().unwrap();
    let receipt: DecisionReceipt = serde_json::from_str(record.body.get()).unwrap();
    assert_eq!(receipt.outcome, json!({ "stopped": "exhausted fuel" }));
    let recorded = receipt.fuel.unwrap();
    assert_eq!((recorded.limit.as_str(), recorded.used), ("1000", None));
    let (summary, verdicts) = again(folder.path(), EngineKind::Component);
    assert_eq!((summary.same, summary.diverged), (1, 0), "{verdicts:?}");
}

#[test]
fn steps_are_replayed_where_they_are_recorded() {
    let flow = json!({ "kind": "flow", "input": "x", "flow": ["flow", {
        "in": { "kind": "input" }, "out": { "kind": "output", "inputs": ["in"] } }] });
    for bodies in [false, true] {
        let folder = folder();
        record(folder.path(), bodies, |recorder| {
            let turn = recorder.step(None, &flow.to_string()).unwrap().value;
            assert_eq!(turn, Native.step(None, &flow.to_string()).unwrap().value);
        });
        let (summary, _) = again(folder.path(), EngineKind::Component);
        let expected = if bodies { (1, 1, 0) } else { (0, 0, 1) };
        assert_eq!((summary.same, summary.same_fuel, summary.not_recorded), expected);
    }
}

/// A ledger with one decision that was changed before it was sealed.
fn forged(change: impl FnOnce(&mut Value)) -> tempfile::TempDir {
    let honest = folder();
    record(honest.path(), true, |recorder| {
        recorder.decide(CHEAPEST, &ctx(1, "b", "hello")).unwrap();
    });
    changed(honest.path(), change)
}

/// Another ledger, with one record that was changed before it was sealed.
fn changed(honest: &Path, change: impl FnOnce(&mut Value)) -> tempfile::TempDir {
    let forged = folder();
    let ledger = Ledger::open(forged.path(), Options::default()).unwrap();
    let mut change = Some(change);
    for record in ledger::read(honest).unwrap() {
        let record = record.unwrap();
        let mut body: Value = serde_json::from_str(record.body.get()).unwrap();
        match record.kind.as_str() {
            "genesis" => {}
            "text" => drop(ledger.text(body["text"].as_str().unwrap()).unwrap()),
            kind => {
                if let Some(change) = change.take() {
                    change(&mut body);
                }
                ledger.append(kind, &body).unwrap();
            }
        }
    }
    ledger.close().unwrap();
    forged
}

#[test]
fn a_sealed_lie_diverges() {
    let same = forged(|_| ());
    assert_eq!(again(same.path(), EngineKind::Component).1, [Verdict::Same { fuel: true }]);
    let zero = format!("{:016x}", 0.0_f64.to_bits());
    for (pointer, value, difference) in [
        (
            "/outcome/decision/ordered/0/0",
            json!(1),
            "decision.ordered[0][0]: recorded 1, now 2".to_owned(),
        ),
        (
            "/outcome/decision/ordered/0/1",
            json!(zero),
            format!("decision.ordered[0][1]: recorded {zero}, now 3ff0000000000000"),
        ),
        (
            "/outcome/decision/rejected/0/1",
            json!("is:disabled"),
            "decision.rejected[0][1]: recorded is:disabled, now not".to_owned(),
        ),
        (
            "/outcome/decision/identity",
            json!("00"),
            format!("decision.identity: recorded 00, now {}", identity(CHEAPEST)),
        ),
        ("/fuel/used", json!("1"), {
            let ctx: Value = serde_json::from_str(&ctx(1, "b", "hello")).unwrap();
            let fuel = SANDBOX.decide(CHEAPEST, &ctx.to_string()).unwrap().spent.fuel;
            format!("fuel.used: recorded 1, now {fuel}")
        }),
    ] {
        let folder = forged(|body| *body.pointer_mut(pointer).unwrap() = value);
        assert_eq!(again(folder.path(), EngineKind::Component).1, [Verdict::Diverged(difference)]);
    }
    // nor is fuel left out
    for pointer in ["/fuel", ""] {
        let key = if pointer.is_empty() { "fuel" } else { "used" };
        let folder = forged(|body| {
            let members = body.pointer_mut(pointer).unwrap().as_object_mut().unwrap();
            members.remove(key).unwrap();
        });
        let [Verdict::Diverged(what)] = &again(folder.path(), EngineKind::Component).1[..] else {
            panic!("{key}")
        };
        assert!(what.starts_with("fuel.used: recorded null, now "), "{what}");
    }
    // what is there for people, and for looking things up, is not believed either
    let wrong = "1".repeat(64);
    for pointer in ["/result", "/ctx/sha256", "/catalog", "/request", "/policy/canonical"] {
        let folder = forged(|body| *body.pointer_mut(pointer).unwrap() = json!(wrong));
        let [Verdict::Diverged(what)] = &again(folder.path(), EngineKind::Component).1[..] else {
            panic!("{pointer}")
        };
        let path = pointer[1..].replace('/', ".");
        assert!(what.starts_with(&format!("{path}: recorded {wrong}, now ")), "{what}");
    }
    // a ctx that nobody could have taken apart hides nothing
    let folder = forged(|body| {
        body["ctx"] =
            json!({ "sha256": wrong, "blanked": true, "texts": {}, "inline": { "seed": "{" } });
        body["outcome"] = json!({ "refused": "json-syntax" });
    });
    let ctx = Verdict::Diverged("ctx: expected members that are JSON".to_owned());
    assert_eq!(again(folder.path(), EngineKind::Component).1, [ctx]);
    let folder = forged(|body| body["seed"] = json!("2"));
    let seed = Verdict::Diverged("seed: recorded 2, now 1".to_owned());
    assert_eq!(again(folder.path(), EngineKind::Component).1, [seed]);
    let folder = forged(|body| body["chosen"]["model"] = json!("large"));
    let chosen = Verdict::Diverged("chosen.model: recorded large, now middle".to_owned());
    assert_eq!(again(folder.path(), EngineKind::Component).1, [chosen]);
    let elsewhere = "0".repeat(64);
    let folder = forged(|body| body["engine"]["component"] = json!(elsewhere));
    assert_eq!(
        again(folder.path(), EngineKind::Component).1,
        [Verdict::ComponentMismatch(elsewhere, "is not here".to_owned())]
    );
    // of another runtime: the same, but fuel says nothing
    let folder = forged(|body| body["engine"]["runtime"] = json!("wasmtime 1.0.0"));
    assert_eq!(again(folder.path(), EngineKind::Component).1, [Verdict::Same { fuel: false }]);
}

/// A step that is recorded with its texts, changed in one place and sealed again.
#[test]
fn a_sealed_lie_about_a_step_diverges() {
    let status = json!({ "kind": "status", "now_ms": 1, "config": { "providers": {}, "models": {}, "profiles": {} } });
    let first = folder();
    record(first.path(), true, |recorder| drop(recorder.step(None, &status.to_string()).unwrap()));
    let wrong = "1".repeat(64);
    for (pointer, value, difference) in [
        ("/result", json!(wrong), format!("result: recorded {wrong}, now ")),
        ("/kind", json!("start"), "kind: recorded start, now status".to_owned()),
        ("/outcome/turn/cost", json!("1"), "turn.cost: recorded 1, now ".to_owned()),
    ] {
        let folder = changed(first.path(), |body| *body.pointer_mut(pointer).unwrap() = value);
        let [Verdict::Diverged(what)] = &again(folder.path(), EngineKind::Component).1[..] else {
            panic!("{pointer}")
        };
        assert!(what.starts_with(&difference), "{what}");
    }
}

fn identity(policy: &str) -> String {
    Native.hash(policy, "{}").unwrap().value
}

#[test]
fn what_is_not_a_receipt_is_an_error() {
    let folder = forged(|body| body["more"] = json!(1));
    let engines = Engines::new(EngineKind::Component, None);
    let error = replay(folder.path(), &engines, 1, &|_, _| ()).unwrap_err().to_string();
    assert!(error.starts_with("record 4: expected a decision: unknown field `more`"), "{error}");
}

#[test]
fn another_policy_on_the_same_log() {
    let folder = folder();
    record(folder.path(), false, |recorder| {
        // b small, b small, c middle
        for (seed, disabled) in [(1, "nobody"), (2, "nobody"), (3, "b")] {
            recorder.decide(CHEAPEST, &ctx(seed, disabled, "hello")).unwrap();
        }
        assert!(recorder.decide("[]", &ctx(4, "b", "hello")).is_err());
        assert!(recorder.step(None, "{}").is_err());
    });
    let engines = Engines::new(EngineKind::Component, None);
    let other = counterfactual(folder.path(), DEAREST, &engines, 2, &|_| ()).unwrap();
    // always a large; b small is lost where it was not disabled
    assert_eq!((other.decisions, other.changed), (3, 3));
    let left_out = other.left_out;
    assert_eq!((left_out.undecided, left_out.not_recorded, left_out.total()), (1, 1, 2));
    assert_eq!((other.lost, other.gained, other.refused), (2, 0, 0));
    assert_eq!(other.price_before, [1.0 + 1.0 + 2.0, 4.0 + 4.0 + 8.0]);
    assert_eq!((other.priced, other.price_after), (3, [15.0, 75.0]));
    let change = |from: &str, to: &str| Change { from: Some(from.into()), to: Some(to.into()) };
    assert_eq!(
        other.changes.into_iter().collect::<Vec<_>>(),
        [(change("b small", "a large"), 2), (change("c middle", "a large"), 1)]
    );
    let same = counterfactual(folder.path(), CHEAPEST, &engines, 1, &|_| ()).unwrap();
    assert_eq!((same.decisions, same.changed, same.lost, same.gained), (3, 0, 0, 0));
}

#[test]
fn what_is_no_policy_is_refused() {
    let folder = folder();
    let fields = r#"{"fields":{"bench":{"sort":"Num","default":0}}}"#;
    let with_field =
        ctx(2, "nobody", "hello").replacen('{', &format!(r#"{{"vocabulary":{fields},"#), 1);
    record(folder.path(), false, |recorder| {
        for ctx in [&ctx(1, "nobody", "hello"), &with_field] {
            recorder.decide(CHEAPEST, ctx).unwrap();
        }
    });
    let engines = Engines::new(EngineKind::Component, None);
    let other = |policy: &str| counterfactual(folder.path(), policy, &engines, 1, &|_| ());
    for (policy, refusal) in [
        ("[", "refused json-syntax: "),
        (r#"["top"]"#, "refused not-a-policy: "),
        (r#"["polcy"]"#, "refused unknown-op: "),
        // no record has this field: the first one says so
        (&CHEAPEST.replace("price_in", "price"), "refused parameter: "),
    ] {
        let error = other(policy).unwrap_err().to_string();
        assert!(error.starts_with(refusal), "{policy}: {error}");
    }
    // one record has this one
    let result = other(&CHEAPEST.replace("price_in", "bench")).unwrap();
    assert_eq!((result.decisions, result.refused), (1, 1));
}

#[test]
fn damage_ends_a_replay() {
    let folder = folder();
    record(folder.path(), false, |recorder| {
        recorder.decide(CHEAPEST, &ctx(1, "b", "hello")).unwrap();
    });
    let path = folder.path().join("000001.jsonl");
    let text = fs::read_to_string(&path).unwrap().replace("\"seed\":\"1\"", "\"seed\":\"2\"");
    fs::write(&path, text).unwrap();
    let engines = Engines::new(EngineKind::Component, None);
    let error = replay(folder.path(), &engines, 1, &|_, _| ()).unwrap_err().to_string();
    assert!(error.starts_with("damaged: segment 1, line "), "{error}");
}
