//! Decisions and steps that are recorded behind what they tell of.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests panic")]

use std::{path::Path, sync::Arc};

use serde_json::json;
use sigmapol_audit::{
    Behind, FLUSH_TIME, GAP, Gap, Losses, Recorder, Recording,
    replay::{EngineKind, Engines, Summary, replay},
};
use sigmapol_core::{Engine, Native};
use sigmapol_ledger::{self as ledger, Ledger, Options};

const POLICY: &str = r#"["policy",["top"],["neg",["field","price_in"]],["argmax"],["id"],["always",{"action":"abort"}]]"#;

fn replayed(folder: &Path) -> Summary {
    replay(folder, &Engines::new(EngineKind::Native, None), 2, &|_, _| ()).unwrap()
}

/// Each record can be made again: the texts that many share are there, once.
#[test]
fn what_is_recorded_behind_is_replayed() {
    let folder = tempfile::tempdir().unwrap();
    let behind = Arc::new(Behind::open(folder.path(), |_| ()).unwrap());
    let engine = EngineKind::Native.engine();
    let recording = Recording { engine, fuel_limit: 0, cost_limit: None, bodies: true };
    let recorder = Recorder::behind(Native, Arc::clone(&behind), recording);
    for seed in 0..50 {
        let ctx = json!({"seed": seed, "request": {"messages": []}, "candidates": [
            {"provider_id": "a", "model_family": "m", "price_in": 5},
            {"provider_id": "b", "model_family": "m", "price_in": 1}]});
        let decision = recorder.decide(POLICY, &ctx.to_string()).unwrap().value;
        assert_eq!(decision.ordered[0].candidate, 1);
    }
    let config = json!({
        "providers": {"p": {"discovery": "static", "api_kind": "ollama", "base_url": "http://[::1]:1"}},
        "models": {"m": {"served_by": [{"provider": "p"}], "capabilities": {}}},
        "profiles": {"default": {}}});
    for now_ms in 0..50 {
        let event = json!({"kind": "start", "now_ms": now_ms, "config": config,
            "contract": {"seed": now_ms}});
        recorder.step(None, &event.to_string()).unwrap();
    }
    assert_eq!(behind.close(FLUSH_TIME), Losses::default());
    drop((recorder, behind));
    let summary = replayed(folder.path());
    assert_eq!((summary.same, summary.records(), summary.missing), (100, 100, 0));
    let report = ledger::verify(folder.path(), None).unwrap();
    // the policy as it was given and as it is encoded, fifty events; contexts are short
    assert!(report.texts >= 52 && report.texts < 110, "{report:?}");
}

#[test]
fn what_is_missing_is_added_up() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(folder.path(), Options::default()).unwrap();
    for records in [3, 4] {
        ledger.append(GAP, &Gap { records }).unwrap();
    }
    ledger.close().unwrap();
    assert_eq!(replayed(folder.path()), Summary { missing: 7, ..Summary::default() });
}
