//! Steps over a router that was read before.

use serde_json::{Value, json};
use sigmapol_audit::{Recorder, StepReceipt, replay::Verdict};
use sigmapol_core::{Effect, Engine as _, Error, Metered, Stepper, Turn, digest};

use super::{KINDS, SANDBOX, again, bodies, open, recording, router, state};

const SAME: Verdict = Verdict::Same { fuel: false };

fn start(more: &Value) -> String {
    let mut event = json!({
        "kind": "start", "contract": { "prompt": "hi", "seed": 1 }, "now_ms": 2000,
    });
    event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    event.to_string()
}

fn respond(turn: &Turn, ok: bool) -> String {
    let state: Value = serde_json::from_str(&turn.state).unwrap();
    let response = json!({ "ok": ok });
    json!({ "kind": "respond", "response": response, "now_ms": 2100, "state": state }).to_string()
}

/// A failure, an answer, and what a host asks in between.
fn conversation(mut step: impl FnMut(Option<&str>, &str) -> Result<Metered<Turn>, Error>) -> usize {
    let mut turn = step(None, &start(&json!({}))).unwrap().value;
    for ok in [false, true] {
        turn = step(Some(&turn.run), &respond(&turn, ok)).unwrap().value;
    }
    assert!(matches!(turn.effect, Effect::Done(_)));
    let ranked = start(&json!({})).replace("start", "rank");
    for event in [ranked.as_str(), r#"{"kind":"status","now_ms":1}"#, r#"{"kind":"init"}"#] {
        step(None, event).unwrap();
    }
    // what is refused is recorded, too
    for (run, event, code) in [
        (None, r#"{"kind":"status"}"#, "refused event"),
        (None, r#"{"kind":"status","config":{}}"#, "refused json-duplicate-key"),
        (None, "[1]", "refused event"),
        (None, "{", "refused json-syntax"),
        (Some("{}"), r#"{"kind":"resume","now_ms":1}"#, "refused run"),
    ] {
        assert_eq!(step(run, event).unwrap_err().code(), code);
    }
    11
}

#[test]
fn over_a_ranker() {
    let folder = tempfile::tempdir().unwrap();
    let ranker = SANDBOX.ranker(router().to_string()).unwrap();
    let recorder = Recorder::new(ranker, open(folder.path()), recording(true));
    let mut count = conversation(|run, event| recorder.step(run, event));
    let (told, brought) = (state("p1", 7).to_string(), state("p2", 90));
    recorder.restate(&told).unwrap();
    count += conversation(|run, event| recorder.step(run, event));
    recorder.step(None, &start(&json!({ "state": brought }))).unwrap();
    // what only a stateless step can do leaves no record
    let refused = recorder.step(None, &start(&json!({ "admission": "reference" }))).unwrap_err();
    assert_eq!(refused.code(), "refused unsupported");
    // rankings and steps name one router
    recorder.rank(r#"{"contract":{},"now_ms":1}"#).unwrap();
    for kind in KINDS {
        assert_eq!(again(folder.path(), kind), vec![SAME; count + 2]);
    }
    let receipts: Vec<StepReceipt> = bodies(folder.path(), "step");
    let over: Vec<_> = receipts.iter().map(|receipt| receipt.over.as_ref().unwrap()).collect();
    let text = router().to_string();
    assert!(over.iter().all(|over| over.router == digest(text.as_bytes())));
    let stated = |at: usize| over[at].state.as_deref();
    // the start after `restate`, the answer that brought a state of its own, and the last start
    assert_eq!(stated(0), None);
    assert_eq!(stated(11).unwrap(), digest(told.as_bytes()));
    assert_eq!((stated(12), stated(22)), (None, None));
    // the event is as small as it was
    assert_eq!(receipts[0].event, digest(start(&json!({})).as_bytes()));
}

/// As a router records: an engine that is recorded reads the router.
#[test]
fn over_what_an_engine_read() {
    for with_bodies in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let recorder = Recorder::new(SANDBOX.clone(), open(folder.path()), recording(with_bodies));
        let stepper = recorder.stepper(&router().to_string()).unwrap();
        let other = json!({ "config": router()["config"], "state": state("p0", 3) }).to_string();
        let stated = recorder.stepper(&other).unwrap();
        let mut count = conversation(|run, event| stepper.step(run, event));
        count += conversation(|run, event| stated.step(run, event));
        // the same engine takes steps that bring everything, too
        let whole = json!({ "kind": "status", "now_ms": 1, "config": router()["config"] });
        recorder.step(None, &whole.to_string()).unwrap();
        let verdicts = again(folder.path(), KINDS[0]);
        if with_bodies {
            let last = Verdict::Same { fuel: true };
            assert_eq!(verdicts, [vec![SAME; count], vec![last]].concat());
            assert!(again(folder.path(), KINDS[2]).iter().all(|verdict| *verdict == SAME));
        } else {
            assert_eq!(verdicts, vec![Verdict::NotRecorded; count + 1]);
            let text = std::fs::read_to_string(folder.path().join("000001.jsonl")).unwrap();
            assert!(!text.contains("https://p1.example") && !text.contains("\"hi\""));
        }
        // two routers, however many steps
        let receipts: Vec<StepReceipt> = bodies(folder.path(), "step");
        let routers = receipts.iter().filter_map(|receipt| Some(&receipt.over.as_ref()?.router));
        assert_eq!(routers.collect::<std::collections::BTreeSet<_>>().len(), 2);
    }
}

/// The outcome of a step is one digest, whether the router was read before or came with the event.
#[test]
fn one_outcome_for_both_ways() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = Recorder::new(SANDBOX.clone(), open(folder.path()), recording(true));
    let text = router().to_string();
    let stepper: Box<dyn Stepper> = recorder.stepper(&text).unwrap();
    let whole = sigmapol_core::RouterText::new(&text).unwrap();
    conversation(|run, event| {
        recorder.step(run, &whole.put_into(event, None)).ok();
        stepper.step(run, event)
    });
    let receipts: Vec<StepReceipt> = bodies(folder.path(), "step");
    for pair in receipts.chunks(2) {
        assert_eq!(pair[0].result, pair[1].result);
        assert_eq!((pair[0].over.is_some(), pair[1].over.is_some()), (false, true));
    }
}

/// Records whose chain is whole and that say what was not done.
#[test]
fn a_lie_about_a_step_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let ranker = SANDBOX.ranker(router().to_string()).unwrap();
    let recorder = Recorder::new(ranker, open(folder.path()), recording(true));
    recorder.restate(&state("p1", 0).to_string()).unwrap();
    let start_told = recorder.step(None, &start(&json!({}))).unwrap().value;
    recorder.restate(&state("p0", 77).to_string()).unwrap();
    recorder.step(None, &start(&json!({ "contract": { "prompt": "another" } }))).unwrap();
    let brought = start(&json!({ "state": state("p2", 5) }));
    recorder.step(None, &brought).unwrap();
    recorder.step(Some(&start_told.run), &respond(&start_told, true)).unwrap();
    let mut another = router();
    another["config"]["profiles"]["default"]["scorer"] = json!(["field", "price_in"]);
    recorder.replace(another.to_string()).unwrap();
    recorder.step(None, &start(&json!({}))).unwrap();
    drop(recorder);
    let honest: Vec<Value> = bodies(folder.path(), "step");
    assert_eq!(honest.len(), 5);
    let changed = |at: usize, pointer: &str, value: &Value| {
        let mut lie = honest[at].clone();
        *lie.pointer_mut(pointer).unwrap() = value.clone();
        lie
    };
    let mut lies = vec![
        // another router, another state, none at all, and one where the event has its own
        changed(0, "/over/router", &honest[4]["over"]["router"]),
        changed(0, "/over/state", &honest[1]["over"]["state"]),
        changed(0, "/over", &json!({ "router": honest[0]["over"]["router"] })),
        changed(
            2,
            "/over",
            &json!({ "router": honest[2]["over"]["router"], "state": honest[0]["over"]["state"] }),
        ),
        // another event, another run, another outcome
        changed(0, "/event", &honest[1]["event"]),
        changed(3, "/event", &honest[0]["event"]),
        changed(0, "/kind", &json!("rank")),
        changed(0, "/chosen/model", &json!("m29")),
        changed(0, "/outcome/turn/cost", &json!("1")),
        changed(0, "/outcome/turn/state", &honest[1]["outcome"]["turn"]["state"]),
        changed(0, "/outcome", &json!({ "refused": "event" })),
        changed(0, "/result", &honest[1]["result"]),
    ];
    // the small event alone is not what was done
    let mut without = honest[0].clone();
    without.as_object_mut().unwrap().remove("over");
    lies.push(without);
    let mut run = honest[3].clone();
    run.as_object_mut().unwrap().remove("run");
    lies.push(run);
    let ledger = open(folder.path());
    for lie in &lies {
        ledger.append("step", lie).unwrap();
    }
    drop(ledger);
    for kind in KINDS {
        let verdicts = again(folder.path(), kind);
        assert_eq!(verdicts[..5], vec![SAME; 5]);
        for (lie, verdict) in lies.iter().zip(&verdicts[5..]) {
            assert!(matches!(verdict, Verdict::Diverged(_)), "{kind:?}: {verdict:?}: {lie}");
        }
    }
}
