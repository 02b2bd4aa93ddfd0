//! What is decided over catalogs, ranked and stepped over routers, and bounded, recorded and made again
//! by the stateless verbs.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests panic")]

mod other_policy;
mod steps;

use std::{
    path::Path,
    sync::{Arc, LazyLock, Mutex},
    thread,
};

use serde_json::{Value, json};
use sigmapol::{Policy, Sandbox};
use sigmapol_audit::{
    DecisionReceipt, RankReceipt, Recorder, Recording,
    replay::{EngineKind, Engines, Verdict, counterfactual, replay},
};
use sigmapol_core::{Bounded, CostBound, Engine, Error};
use sigmapol_ledger::{self as ledger, Ledger, Options};

static SANDBOX: LazyLock<Sandbox> = LazyLock::new(|| Sandbox::new().unwrap());

const POLICY: &str = r#"["policy",["and",["not",["is","disabled"]],["not",["is","breaker_open"]]],
    ["neg",["normalize",["field","price_in"]]],["argmax"],["set_param","temperature",0],
    ["always",{"action":"next_candidate"}]]"#;

const KINDS: [EngineKind; 3] = [EngineKind::Component, EngineKind::Core, EngineKind::Native];

fn recording(bodies: bool) -> Recording {
    let engine = EngineKind::Component.engine();
    Recording { engine, fuel_limit: sigmapol::limits::FUEL, cost_limit: None, bodies }
}

fn open(folder: &Path) -> Arc<Ledger> {
    Arc::new(Ledger::open(folder, Options::default()).unwrap())
}

fn again(folder: &Path, kind: EngineKind) -> Vec<Verdict> {
    let verdicts = Mutex::new(Vec::new());
    let each = |number, verdict: &Verdict| verdicts.lock().unwrap().push((number, verdict.clone()));
    replay(folder, &Engines::new(kind, None), 2, &each).unwrap();
    let mut verdicts = verdicts.into_inner().unwrap();
    verdicts.sort_by_key(|(number, _)| *number);
    verdicts.into_iter().map(|(_, verdict)| verdict).collect()
}

fn catalog() -> Value {
    let candidate = |index: usize| {
        json!({
            "provider_id": format!("p{}", index % 7), "model_family": format!("m{index}"),
            "price_in": index * 7919 % 100, "price_out": 1,
        })
    };
    json!({ "candidates": (0..40).map(candidate).collect::<Vec<_>>() })
}

/// The bodies of the records of a kind.
fn bodies<T: serde::de::DeserializeOwned>(folder: &Path, kind: &str) -> Vec<T> {
    let records = ledger::read(folder).unwrap().map(Result::unwrap);
    let own = records.filter(|record| record.kind == kind);
    own.map(|record| serde_json::from_str(record.body.get()).unwrap()).collect()
}

#[test]
fn decisions_over_a_catalog() {
    for with_bodies in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let catalog_of_sandbox = SANDBOX.catalog(catalog().to_string()).unwrap();
        let recorder =
            Recorder::new(catalog_of_sandbox, open(folder.path()), recording(with_bodies));
        let policy = Policy::new(POLICY);
        let narrow = Policy::with_options(POLICY, r#"{"envelope":["cmp","price_in","ge",50]}"#);
        let mut chosen = Vec::new();
        for round in 0..30_u32 {
            let ctx = json!({ "seed": round, "request": { "prompt": format!("hello {round}") } });
            let ctx = if round == 3 { json!({}) } else { ctx };
            let by = if round % 3 == 0 { &narrow } else { &policy };
            let choice = recorder.decide(by, &ctx.to_string()).unwrap().value;
            chosen.push(choice.ordered[0]);
            let changes = json!([
                { "candidate": chosen[chosen.len() - 1], "set": { "price_in": 1000 + round } },
                { "provider": format!("p{}", round % 7), "disabled": round % 2 == 0,
                    "breaker_open": round % 5 == 0, "credits": round },
            ]);
            recorder.patch(&changes.to_string()).unwrap();
            if round == 20 {
                recorder.replace(catalog().to_string()).unwrap();
            }
        }
        // the changes did something: the same candidate is not chosen again and again
        chosen.sort_unstable();
        chosen.dedup();
        assert!(chosen.len() > 20, "{chosen:?}");
        for kind in KINDS {
            assert_eq!(again(folder.path(), kind), vec![Verdict::Same { fuel: false }; 30]);
        }
        let receipts: Vec<DecisionReceipt> = bodies(folder.path(), "decision");
        let first = receipts[0].over.as_ref().unwrap();
        assert_eq!(first.catalog, sigmapol_core::digest(catalog().to_string().as_bytes()));
        assert_eq!((&first.changes, receipts[0].chosen.is_some()), (&None, true));
        // the policy, its encoding, one text for both catalogs, which are equal; one for each change
        let texts = ledger::verify(folder.path(), None).unwrap().texts;
        let links: std::collections::HashSet<_> =
            receipts.iter().filter_map(|receipt| receipt.over.as_ref()?.changes.clone()).collect();
        let count = u64::try_from(links.len()).unwrap();
        assert_eq!(count, 29 - 1);
        assert_eq!(texts, count + 3);
    }
}

#[test]
fn what_is_refused_over_a_catalog() {
    let folder = tempfile::tempdir().unwrap();
    let catalog = SANDBOX.catalog(catalog().to_string()).unwrap();
    let recorder = Recorder::new(catalog, open(folder.path()), recording(true));
    let code =
        |policy: &str, ctx: &str| recorder.decide(&Policy::new(policy), ctx).unwrap_err().code();
    assert_eq!(code(POLICY, r#"{"seed":0.5}"#), "refused seed");
    assert_eq!(code(r#"["top"]"#, r#"{"seed":1}"#), "refused not-a-policy");
    assert_eq!(code(POLICY, r#"{"unknown":1}"#), "refused ctx");
    for kind in KINDS {
        assert_eq!(again(folder.path(), kind), vec![Verdict::Same { fuel: false }; 3]);
    }
}

#[test]
fn many_threads_and_changes_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let catalog = SANDBOX.catalog(catalog().to_string()).unwrap();
    let recorder = Recorder::new(catalog, open(folder.path()), recording(false));
    let policy = Policy::new(POLICY);
    thread::scope(|scope| {
        for thread in 0..3 {
            let (recorder, policy) = (&recorder, &policy);
            scope.spawn(move || {
                for round in 0..20 {
                    let ctx = json!({ "seed": round }).to_string();
                    recorder.decide(policy, &ctx).unwrap();
                    let changes =
                        json!([{ "candidate": 13 * thread, "set": { "price_in": round } }]);
                    recorder.patch(&changes.to_string()).unwrap();
                }
            });
        }
    });
    let verdicts = again(folder.path(), EngineKind::Native);
    assert_eq!(verdicts, vec![Verdict::Same { fuel: false }; 60]);
}

/// A record whose chain is whole and that says what was not decided.
#[test]
fn a_lie_about_the_catalog_is_found() {
    let honest = tempfile::tempdir().unwrap();
    let catalog_of_sandbox = SANDBOX.catalog(catalog().to_string()).unwrap();
    let recorder = Recorder::new(catalog_of_sandbox, open(honest.path()), recording(true));
    let policy = Policy::new(POLICY);
    recorder.decide(&policy, r#"{"seed":1}"#).unwrap();
    recorder.patch(r#"[{"candidate":0,"set":{"price_in":500}}]"#).unwrap();
    recorder.decide(&policy, r#"{"seed":2}"#).unwrap();
    drop(recorder);
    let receipts: Vec<Value> = bodies(honest.path(), "decision");
    let (before, after) = (&receipts[0], &receipts[1]);
    let mut lies = Vec::new();
    let mut without = after.clone();
    without["over"].as_object_mut().unwrap().remove("changes");
    lies.push(without);
    let mut more = before.clone();
    more["over"]["changes"] = after["over"]["changes"].clone();
    lies.push(more);
    let mut digest = before.clone();
    digest["ctx"]["sha256"] = after["ctx"]["sha256"].clone();
    lies.push(digest);
    let mut other = before.clone();
    other["chosen"]["model"] = json!("m39");
    lies.push(other);
    for lie in lies {
        let forged = tempfile::tempdir().unwrap();
        let ledger = open(forged.path());
        let records = ledger::read(honest.path()).unwrap();
        let texts = records.texts().digests().collect::<Vec<_>>();
        // texts are read once all records are
        let mut records = records;
        records.by_ref().for_each(|record| drop(record.unwrap()));
        let _ = texts;
        for digest in records.texts().digests() {
            ledger.text(&records.texts().get(digest).unwrap().unwrap()).unwrap();
        }
        ledger.append("decision", &lie).unwrap();
        drop(ledger);
        for kind in KINDS {
            let [Verdict::Diverged(_)] = &again(forged.path(), kind)[..] else {
                panic!("{lie} is the same in {kind:?}")
            };
        }
    }
}

#[test]
fn another_policy_over_the_same_catalog() {
    let folder = tempfile::tempdir().unwrap();
    let catalog = SANDBOX.catalog(catalog().to_string()).unwrap();
    let recorder = Recorder::new(catalog, open(folder.path()), recording(false));
    recorder.decide(&Policy::new(POLICY), "{}").unwrap();
    recorder.patch(r#"[{"candidate":0,"set":{"price_in":500}}]"#).unwrap();
    let prepared = recorder.decide(&Policy::new(POLICY), "{}").unwrap().value;
    assert_eq!(recorder.decide(POLICY, "{}").unwrap().value, prepared);
    let [first, second]: [DecisionReceipt; 2] =
        bodies(folder.path(), "decision").split_off(1).try_into().unwrap();
    assert_eq!(DecisionReceipt { fuel: None, ..first }, DecisionReceipt { fuel: None, ..second });
    let dearest =
        POLICY.replace(r#"["neg",["normalize",["field","price_in"]]]"#, r#"["field","price_in"]"#);
    let engines = Engines::new(EngineKind::Component, None);
    let sums = counterfactual(folder.path(), &dearest, &engines, 1, &|_| ()).unwrap();
    assert_eq!((sums.decisions, sums.changed, sums.left_out.total()), (3, 3, 0));
    // the change is seen: the dearest was 99 and is 500
    assert_eq!(sums.price_after[0], 1099.0);
}

fn router() -> Value {
    let provider = |number: usize| {
        let url = format!("https://p{number}.example");
        (
            format!("p{number}"),
            json!({ "discovery": "static", "base_url": url, "api_kind": "ollama" }),
        )
    };
    let model = |number: usize| {
        let fields = json!({ "price_in": number * 7919 % 100, "price_out": 2 });
        let served_by = json!([{ "provider": format!("p{}", number % 5) }]);
        (
            format!("m{number}"),
            json!({ "capabilities": {}, "fields": fields, "served_by": served_by }),
        )
    };
    json!({ "config": {
        "providers": (0..5).map(provider).collect::<serde_json::Map<_, _>>(),
        "models": (0..30).map(model).collect::<serde_json::Map<_, _>>(),
        "profiles": { "default": { "scorer": ["neg", ["normalize", ["field", "price_in"]]] } },
    } })
}

fn state(closed: &str, price: u32) -> Value {
    let breaker = json!({ "open": true, "opened_at_ms": 1000, "consecutive_failures": 3 });
    json!({
        "initialized": true, "circuit_breakers": { (closed): breaker },
        "ema_metrics": { "p1|m1": { "price_in": price, "price_out": 1 } },
        "disabled_providers": {}, "discovery_cache": {},
    })
}

#[test]
fn rankings_over_a_router() {
    let folder = tempfile::tempdir().unwrap();
    let ranker = SANDBOX.ranker(router().to_string()).unwrap();
    let recorder = Recorder::new(ranker, open(folder.path()), recording(true));
    let ask = |now_ms: u32, more: Value| {
        let mut contract = json!({ "prompt": "hi", "seed": 1 });
        contract.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "contract": contract, "now_ms": now_ms }).to_string()
    };
    let mut firsts = Vec::new();
    for round in 0..12_u32 {
        let choice = recorder.rank(&ask(2000 + round, json!({}))).unwrap().value;
        firsts.push(choice.ordered[0]);
        recorder.restate(&state(&format!("p{}", round % 5), round).to_string()).unwrap();
    }
    firsts.dedup();
    assert!(firsts.len() > 1, "{firsts:?}");
    recorder.rank(&ask(3000, json!({ "profile": "none" }))).unwrap_err();
    recorder.rank(&ask(3000, json!({ "pin": { "provider": "p9", "model": "m9" } }))).ok();
    // what only a step can do is not recorded
    let extra = json!({ "extra_candidates": [{ "provider_id": "x", "model_family": "y" }] });
    assert_eq!(recorder.rank(&ask(3000, extra)).unwrap_err().code(), "refused unsupported");
    let receipts: Vec<RankReceipt> = bodies(folder.path(), "rank");
    assert_eq!(receipts.len(), 14);
    assert!(receipts.iter().all(|receipt| receipt.router == receipts[0].router));
    for kind in KINDS {
        assert_eq!(again(folder.path(), kind), vec![Verdict::Same { fuel: false }; 14]);
    }
}

#[test]
fn rankings_without_bodies_are_digests() {
    let folder = tempfile::tempdir().unwrap();
    let ranker = SANDBOX.ranker(router().to_string()).unwrap();
    let recorder = Recorder::new(ranker, open(folder.path()), recording(false));
    recorder.rank(r#"{"contract":{"prompt":"a secret"},"now_ms":1}"#).unwrap();
    assert_eq!(again(folder.path(), EngineKind::Component), [Verdict::NotRecorded]);
    let text = std::fs::read_to_string(folder.path().join("000001.jsonl")).unwrap();
    assert!(!text.contains("secret"));
}

#[test]
fn a_lie_about_a_ranking_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let ranker = SANDBOX.ranker(router().to_string()).unwrap();
    let recorder = Recorder::new(ranker, open(folder.path()), recording(true));
    recorder.rank(r#"{"contract":{"prompt":"hi"},"now_ms":1}"#).unwrap();
    drop(recorder);
    let honest: Vec<Value> = bodies(folder.path(), "rank");
    let ledger = open(folder.path());
    let mut score = honest[0].clone();
    score["outcome"]["ranking"]["ordered"][0][2] = json!("3ff0000000000001");
    let mut cost = honest[0].clone();
    cost["outcome"]["ranking"]["cost"] = json!("1");
    let mut chosen = honest[0].clone();
    chosen["chosen"]["model"] = json!("m29");
    let mut refused = honest[0].clone();
    refused["outcome"] = json!({ "refused": "config" });
    for lie in [score, cost, chosen, refused] {
        ledger.append("rank", &lie).unwrap();
    }
    drop(ledger);
    for kind in KINDS {
        let verdicts = again(folder.path(), kind);
        assert_eq!(verdicts[0], Verdict::Same { fuel: false });
        let diverged = |verdict: &Verdict| matches!(verdict, Verdict::Diverged(_));
        assert_eq!(verdicts.iter().filter(|verdict| diverged(verdict)).count(), 4, "{verdicts:?}");
    }
}

/// At its limit, and one past it, with texts whose escapes are gone from the record.
#[test]
fn what_a_limit_of_cost_stopped() {
    let ctx = json!({
        "candidates": catalog()["candidates"],
        "request": { "prompt": "\u{1}\u{2}\"quoted\"\n" },
    });
    let ctx = ctx.to_string();
    let canonical = SANDBOX.admit(POLICY, "{}").unwrap().value.canonical;
    let bound = CostBound::of(&canonical).written_in(u64::try_from(POLICY.len()).unwrap());
    let bound = bound.at_most(40, u64::try_from(ctx.len()).unwrap(), 0);
    for bodies in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let ledger = open(folder.path());
        for (limit, stopped) in [(bound, false), (bound - 1, true)] {
            let recording = Recording { cost_limit: Some(limit), ..recording(bodies) };
            let bounded = Bounded::new(SANDBOX.clone(), limit);
            let result =
                Recorder::new(bounded, Arc::clone(&ledger), recording).decide(POLICY, &ctx);
            let code = result.map_err(|error: Error| error.code()).map(drop);
            assert_eq!(code, if stopped { Err("exhausted cost".to_owned()) } else { Ok(()) });
        }
        drop(ledger);
        for kind in KINDS {
            let fuel = bodies && kind == EngineKind::Component;
            assert_eq!(again(folder.path(), kind), vec![Verdict::Same { fuel }; 2]);
        }
    }
}

/// Texts longer than a format string can pad, by bytes and not by characters.
#[test]
fn a_limit_of_cost_over_a_long_ctx() {
    let folder = tempfile::tempdir().unwrap();
    let ctx =
        json!({ "candidates": catalog()["candidates"], "request": { "p": "é\"".repeat(40_000) } });
    let recording = Recording { cost_limit: Some(u64::MAX), ..recording(false) };
    let bounded = Bounded::new(SANDBOX.clone(), u64::MAX);
    let recorder = Recorder::new(bounded, open(folder.path()), recording);
    recorder.decide(POLICY, &ctx.to_string()).unwrap();
    drop(recorder);
    assert_eq!(again(folder.path(), EngineKind::Native), [Verdict::Same { fuel: false }]);
}

/// A refusal over a catalog may have another code; it may say nothing else.
#[test]
fn a_refusal_that_says_more() {
    let folder = tempfile::tempdir().unwrap();
    let catalog = SANDBOX.catalog(catalog().to_string()).unwrap();
    let recorder = Recorder::new(catalog, open(folder.path()), recording(true));
    recorder.decide(&Policy::new(POLICY), r#"{"seed":0.5}"#).unwrap_err();
    drop(recorder);
    let honest: Vec<Value> = bodies(folder.path(), "decision");
    let ledger = open(folder.path());
    for outcome in [json!({ "refused": "banana" }), json!({ "refused": "ctx", "decision": {} })] {
        let mut lie = honest[0].clone();
        lie["result"] = json!(sigmapol_core::digest(outcome.to_string()));
        lie["outcome"] = outcome;
        ledger.append("decision", &lie).unwrap();
    }
    let mut limit = honest[0].clone();
    limit["cost_limit"] = json!("banana");
    ledger.append("decision", &limit).unwrap();
    drop(ledger);
    let verdicts = again(folder.path(), EngineKind::Native);
    assert_eq!(verdicts[0], Verdict::Same { fuel: false });
    let diverged = |verdict: &&Verdict| matches!(verdict, Verdict::Diverged(_));
    assert_eq!(verdicts.iter().filter(diverged).count(), 3, "{verdicts:?}");
}
