//! Decisions, recorded and made again.

use std::{
    fmt::Write as _,
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Instant,
};

use serde_json::{Value, json};
use sigmapol::{Sandbox, limits::FUEL};
use sigmapol_audit::{
    Recorder, Recording,
    replay::{EngineKind, Engines, replay},
};
use sigmapol_core::Engine as _;
use sigmapol_ledger as ledger;
use sigmapol_ledger::{Ledger, Options};

use crate::grouped;

/// Decisions that are recorded.
const DECISIONS: u64 = 100_000;

/// Threads that decide: as many records share a sync.
const DECIDING: usize = 64;

const CANDIDATES: u64 = 10;

const POLICY: &str = r#"["policy",
    ["and", ["meets_req"], ["not", ["is", "disabled"]], ["has_cap", "supports_tools"]],
    ["neg", ["normalize", ["field", "price_out"]]], ["sample", 0.5], ["id"],
    ["always", {"action": "next_candidate"}]]"#;

/// Records, verifies and replays.
pub fn section(folder: &Path) -> String {
    let candidates: Value = (0..CANDIDATES)
        .map(|index| {
            json!({
                "provider_id": format!("p{index}"), "model_family": format!("m{index}"),
                "capabilities": { "context": 8000, "supports_tools": true },
                "price_in": 1.5, "price_out": index + 1,
            })
        })
        .collect();
    let request = json!({ "requirements": { "needs": ["tools"] }, "prompt": "hello" });
    let recorded = timed(|| {
        let ledger = Arc::new(Ledger::open(folder, Options::default()).unwrap());
        let recording = Recording {
            engine: EngineKind::Component.engine(),
            fuel_limit: FUEL,
            cost_limit: None,
            bodies: true,
        };
        let recorder = Recorder::new(Sandbox::new().unwrap(), ledger, recording);
        let next = AtomicU64::new(0);
        thread::scope(|scope| {
            for _ in 0..DECIDING {
                scope.spawn(|| {
                    loop {
                        let seed = next.fetch_add(1, Ordering::Relaxed);
                        if seed >= DECISIONS {
                            return;
                        }
                        let ctx =
                            json!({ "seed": seed, "candidates": candidates, "request": request });
                        recorder.decide(POLICY, &ctx.to_string()).unwrap();
                    }
                });
            }
        });
    });
    let mut page = format!(
        "\n## Decisions\n\n{} decisions over {CANDIDATES} candidates, each with a seed of its own: recorded \
         by {DECIDING} threads, a\ndecision returned when its record is on disk; replayed by as many \
         threads as there are cores, in\neach engine, and all of them the same.\n\n\
         | | s | decisions per second |\n| --- | ---: | ---: |\n",
        grouped(DECISIONS as f64),
    );
    let mut row = |what: &str, seconds: f64| {
        let rate = grouped(DECISIONS as f64 / seconds);
        writeln!(page, "| {what} | {seconds:.2} | {rate} |").unwrap();
    };
    row("decided and recorded", recorded);
    row("chain verified", timed(|| assert!(ledger::verify(folder, None).is_ok())));
    let threads = thread::available_parallelism().unwrap().get();
    for runs in [EngineKind::Component, EngineKind::Core, EngineKind::Native] {
        let engines = Engines::new(runs, None);
        let seconds = timed(|| {
            let summary = replay(folder, &engines, threads, &|_, _| ()).unwrap();
            assert_eq!(summary.same, DECISIONS, "{summary:?}");
        });
        row(&format!("replayed: {}", runs.name()), seconds);
    }
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    if let Some(peak) = status.lines().find_map(|line| line.strip_prefix("VmHWM:")) {
        writeln!(
            page,
            "\nThe memory of the process at its largest, all of this page: {}.",
            peak.trim()
        )
        .unwrap();
    }
    page
}

fn timed(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64()
}
