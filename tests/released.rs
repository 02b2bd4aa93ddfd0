//! Ledgers of components that were released, each replayed in its own component.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests panic")]

use std::{
    fs,
    path::{Path, PathBuf},
};

use sigmapol_audit::replay::{EngineKind, Engines, Verdict, replay};
use sigmapol_ledger as ledger;

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../golden").join(name)
}

fn ledgers() -> Vec<PathBuf> {
    let mut ledgers: Vec<PathBuf> =
        fs::read_dir(golden("ledgers")).unwrap().map(|entry| entry.unwrap().path()).collect();
    ledgers.sort();
    assert!(!ledgers.is_empty());
    ledgers
}

#[test]
fn every_ledger_is_replayed_in_its_own_component() {
    for folder in ledgers() {
        assert!(ledger::verify(&folder, None).unwrap().records > 100);
        for runs in [EngineKind::Component, EngineKind::Core] {
            let engines = Engines::new(runs, Some(golden("components")));
            let each = |number, verdict: &Verdict| {
                assert!(matches!(verdict, Verdict::Same { .. }), "record {number}: {verdict:?}");
            };
            let summary = replay(&folder, &engines, 2, &each).unwrap();
            assert!(summary.same > 100, "{summary:?}");
            assert_eq!(summary.records(), summary.same);
        }
    }
}

#[test]
fn without_its_component_nothing_is_shown() {
    let folder = ledgers().remove(0);
    let engines = Engines::new(EngineKind::Component, None);
    let summary = replay(&folder, &engines, 2, &|_, _| ()).unwrap();
    assert_eq!((summary.same, summary.diverged), (0, 0));
    assert_eq!(summary.records(), summary.component_mismatch);
}
