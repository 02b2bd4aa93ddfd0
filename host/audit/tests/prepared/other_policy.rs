//! Another policy over what routers ranked and started.

use serde_json::{Value, json};
use sigmapol_audit::{
    Recorder,
    replay::{Change, Counterfactual, EngineKind, Engines, counterfactual},
};
use sigmapol_core::Engine as _;

use super::{KINDS, SANDBOX, again, open, recording, router, state};

/// Dearest first; it has no say over providers that are disabled.
const DEAREST: &str = r#"["policy",["cmp","price_in","ge",90],["field","price_in"],["argmax"],["id"],
    ["always",{"action":"next_candidate"}]]"#;

fn event(kind: &str, more: &Value) -> String {
    let mut event = json!({
        "kind": kind, "contract": { "prompt": "hi", "seed": 1 }, "now_ms": 2000,
    });
    event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    event.to_string()
}

fn other(folder: &std::path::Path, policy: &str, kind: EngineKind) -> Counterfactual {
    counterfactual(folder, policy, &Engines::new(kind, None), 2, &|_| ()).unwrap()
}

fn change(from: &str, to: &str) -> Change {
    Change { from: Some(from.to_owned()), to: Some(to.to_owned()) }
}

/// What is cheapest is m0 of p0, for nothing.
#[test]
fn starts_and_rankings_are_decided_again() {
    let folder = tempfile::tempdir().unwrap();
    let ranker = SANDBOX.ranker(router().to_string()).unwrap();
    let recorder = Recorder::new(ranker, open(folder.path()), recording(true));
    // a ranking, a ranking that is a step, a start: of the profile each
    recorder.rank(r#"{"contract":{"prompt":"hi","seed":1},"now_ms":2000}"#).unwrap();
    recorder.step(None, &event("rank", &json!({}))).unwrap();
    let turn = recorder.step(None, &event("start", &json!({}))).unwrap().value;
    // a start with a policy of its own
    let own = json!({ "contract": { "prompt": "hi", "policy_ir":
        serde_json::from_str::<Value>(DEAREST).unwrap() } });
    recorder.step(None, &event("start", &own)).unwrap();
    // what ranks nobody, what was refused, and what ended in an error at once
    let respond = json!({ "kind": "respond", "response": { "ok": true }, "now_ms": 2100,
        "state": serde_json::from_str::<Value>(&turn.state).unwrap() });
    recorder.step(Some(&turn.run), &respond.to_string()).unwrap();
    recorder.step(None, r#"{"kind":"status","now_ms":1}"#).unwrap();
    recorder.step(None, r#"{"kind":"start"}"#).unwrap_err();
    recorder.step(None, &event("start", &json!({ "contract": { "profile": "none" } }))).unwrap();
    recorder.rank(r#"{"contract":{"profile":"none"},"now_ms":1}"#).unwrap_err();
    drop(recorder);

    let prices: Vec<u32> = (0..30).map(|number| number * 7919 % 100).collect();
    let dear = prices.iter().filter(|price| **price >= 90).count() as u64;
    let (dearest, most) = prices.iter().enumerate().max_by_key(|(_, price)| **price).unwrap();
    let to = format!("p{} m{dearest}", dearest % 5);
    for kind in KINDS {
        let sums = other(folder.path(), DEAREST, kind);
        let left_out = sums.left_out;
        assert_eq!((sums.decisions, sums.changed, sums.refused), (4, 3, 0), "{sums:?}");
        assert_eq!((left_out.steps, left_out.undecided, left_out.total()), (2, 3, 5));
        assert_eq!((sums.lost, sums.gained), (3 * (30 - dear), 0));
        assert_eq!(sums.changes.into_iter().collect::<Vec<_>>(), [(change("p0 m0", &to), 3)]);
        let most = f64::from(*most);
        assert_eq!((sums.priced, sums.price_before), (4, [most, 4.0 * 2.0]));
        assert_eq!(sums.price_after, [4.0 * most, 4.0 * 2.0]);
    }
    // the profile's own: nothing changes but where the contract had another
    let cheapest = r#"["policy",["top"],["neg",["field","price_in"]],["argmax"],["id"],
        ["always",{"action":"next_candidate"}]]"#;
    let sums = other(folder.path(), cheapest, EngineKind::Native);
    assert_eq!((sums.decisions, sums.changed, sums.lost), (4, 1, 0));
    assert_eq!(sums.gained, 30 - dear);
}

/// The pick of a start is who is called: a policy may order a provider that is disabled.
#[test]
fn a_start_passes_over_who_is_disabled() {
    let folder = tempfile::tempdir().unwrap();
    let recorder = Recorder::new(SANDBOX.clone(), open(folder.path()), recording(true));
    let mut told = state("p9", 1);
    told["disabled_providers"] = json!({ "p1": { "kind": "auth_error", "at_ms": 1999 } });
    told["circuit_breakers"] = json!({});
    let mut more = router();
    more["state"] = told;
    recorder.step(None, &event("start", &more)).unwrap();
    drop(recorder);
    let prices = |number: &u32| number * 7919 % 100;
    // m21 is the dearest, of p1; the next one is of another provider
    let mut by_price: Vec<u32> = (0..30).collect();
    by_price.sort_by_key(|number| std::cmp::Reverse(prices(number)));
    assert_eq!(by_price[0] % 5, 1);
    let next = by_price.iter().find(|number| **number % 5 != 1).unwrap();
    let to = format!("p{} m{next}", next % 5);
    let sums = other(folder.path(), DEAREST, EngineKind::Component);
    assert_eq!(sums.changes.into_iter().collect::<Vec<_>>(), [(change("p0 m0", &to), 1)]);
}

#[test]
fn digests_cannot_be_ranked_again() {
    let folder = tempfile::tempdir().unwrap();
    let ranker = SANDBOX.ranker(router().to_string()).unwrap();
    let recorder = Recorder::new(ranker, open(folder.path()), recording(false));
    recorder.rank(r#"{"contract":{},"now_ms":1}"#).unwrap();
    recorder.step(None, &event("start", &json!({}))).unwrap();
    drop(recorder);
    let sums = other(folder.path(), DEAREST, EngineKind::Native);
    assert_eq!((sums.decisions, sums.left_out.not_recorded, sums.left_out.total()), (0, 2, 2));
}

/// What a prepared router refuses and an event takes.
#[test]
fn an_ask_that_says_more_is_refused_again() {
    let folder = tempfile::tempdir().unwrap();
    let ranker = SANDBOX.ranker(router().to_string()).unwrap();
    let recorder = Recorder::new(ranker, open(folder.path()), recording(true));
    for (ask, code) in [
        (r#"{"contract":{},"now_ms":1,"offers":{}}"#, "refused event"),
        (r#"{"contract":{},"now_ms":1,"kind":"rank"}"#, "refused event"),
        (r#"{"contract":{},"now_ms":1,"state":{}}"#, "refused event"),
        (r#"{"contract":{},"now_ms":1,"banana":{}}"#, "refused event"),
        (r#"{"contract":{},"now_ms":1,"offers":{},"offers":{}}"#, "refused json-duplicate-key"),
        (r#"{"contract":{},"now_ms":1,"offers":null}"#, "refused json-null"),
        ("[1]", "refused event"),
        ("{", "refused json-syntax"),
    ] {
        assert_eq!(recorder.rank(ask).unwrap_err().code(), code, "{ask}");
    }
    drop(recorder);
    for kind in KINDS {
        let same = sigmapol_audit::replay::Verdict::Same { fuel: false };
        assert_eq!(again(folder.path(), kind), vec![same; 8], "{kind:?}");
    }
}
