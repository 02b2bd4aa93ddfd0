//! The engine under the rules of GenVM: one result and one memory, however it is compiled and however
//! often it runs; far from the limits on frames and slots.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what is wrong by panicking"
)]

use sigmapol::{Cache, artifact};
use sigmapol_genvm::{Counted, Harness, Request, Rules, SHIM, Setting, VmResult, agreed, rules};
use sigmapol_tests::{Counting, depth_table, extending, genvm_table, text};

/// Rewritten by `make golden`; `make genvm-matrix` holds another wasmtime against it.
#[test]
fn every_golden_decision_is_one_result_and_one_memory() {
    let (stored, now) = (text("tests/genvm.jsonl"), genvm_table().unwrap());
    let changed = stored.lines().zip(now.lines()).find(|(stored, now)| stored != now);
    assert_eq!(changed, None, "run `make golden` and look at the difference");
    assert_eq!(stored.lines().count(), now.lines().count());
}

#[test]
fn the_deepest_input_is_far_from_the_limits() {
    let table = depth_table().unwrap();
    assert!(text("docs/genvm.md").contains(&table), "run `make golden`: now it is\n{table}");
    let last = table.lines().last().unwrap().replace('*', "");
    let most: Vec<u32> = last.split('|').filter_map(|cell| cell.trim().parse().ok()).collect();
    assert!(most[0] < rules::FRAMES / 2 && most[1] < rules::SLOTS / 10, "{last}");
}

#[test]
fn frames_without_running() {
    let frames = defloat::frames(artifact::CORE_MODULE).unwrap();
    let said = format!(
        "Without recursion no chain of calls has more than {} frames and {} slots; {} functions are \
         recursive, in {} groups; the largest frame has {} slots.",
        frames.chain_frames,
        frames.chain_slots,
        frames.recursive,
        frames.groups,
        frames.largest.unwrap().1,
    );
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words(&text("docs/genvm.md")).contains(&said), "now it is: {said}");
    // what the shim opens below the engine, and for values in one another as deep as they may be
    let shim = defloat::frames(SHIM).unwrap();
    assert_eq!((shim.recursive, shim.chain_frames), (1, 8));
    assert!(shim.largest.unwrap().1 < 20);
}

/// A frame for each profile that is extended, up to as many as there may be.
#[test]
fn profiles_that_extend_one_another() {
    let engine = Counting::new().unwrap();
    let ends = |profiles: usize| {
        let event = extending(profiles).to_string();
        let outcome = engine.make(Request::Step { run: None, event: &event }).unwrap();
        (outcome.to_string(), engine.take().frames)
    };
    assert_eq!(ends(64), ("return".to_owned(), 72));
    assert_eq!(ends(65).0, "user error config: profile inheritance exceeds 64 profiles at: p64");
    assert_eq!(ends(5_000).0, "user error config: profile inheritance exceeds 64 profiles at: p64");
}

const POLICY: &str =
    r#"["policy",["top"],["zero"],["argmax"],["id"],["always",{"action":"next_candidate"}]]"#;

/// With too little memory the engine traps; what is left is the same all the same.
#[test]
fn a_run_that_traps_leaves_one_memory() {
    let rules = Rules { memory_bytes: 40 << 16, ..Rules::default() };
    let core = artifact::CORE_MODULE;
    let harness = Harness::load(core, &Setting::ALL, rules, &Cache::of_user()).unwrap();
    let ctx = format!(r#"{{"candidates":[],"request":{{"a":[{}1]}}}}"#, "1,".repeat(1 << 18));
    let runs = harness.run(Request::Decide { policy: POLICY, ctx: &ctx }).unwrap();
    let run = agreed(&runs).unwrap_or_else(|| panic!("{runs:#?}"));
    assert_eq!(run.outcome, VmResult::VmError("wasm_trap unreachable".to_owned()));
    assert!(run.memory.as_ref().unwrap().bytes <= 40 << 16);
    assert_eq!(harness.run(Request::Decide { policy: POLICY, ctx: &ctx }).unwrap(), runs);
}

/// With too few frames it stops at its counters, in the same place.
#[test]
fn a_run_with_too_few_frames_leaves_one_memory() {
    let rules = Rules { frames: 5, ..Rules::default() };
    let core = artifact::CORE_MODULE;
    let harness = Harness::load(core, &Setting::ALL, rules, &Cache::disabled()).unwrap();
    let ctx = r#"{"candidates":[{"provider_id":"p","model_family":"m"}]}"#;
    let runs = harness.run(Request::Decide { policy: POLICY, ctx }).unwrap();
    let run = agreed(&runs).unwrap_or_else(|| panic!("{runs:#?}"));
    assert_eq!(run.outcome, VmResult::VmError("wasm_trap stack_overflow".to_owned()));
    assert!(runs.iter().all(|run| run.counted.is_some_and(|Counted { frames, .. }| frames == 6)));
}
