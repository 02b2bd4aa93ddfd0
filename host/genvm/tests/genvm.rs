//! The rules of GenVM: each limit, at it and one past it; each rule for modules, broken once.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what is wrong by panicking"
)]

use std::time::Duration;

use sigmapol::Cache;
use sigmapol_genvm::{
    Counted, Execution, Harness, LoadError, Request, Rules, Setting, VmResult, agreed, profile,
};

const DECIDE: Request<'_> = Request::Decide { policy: "", ctx: "" };

/// A module with the exports of the engine. Its memory is zero, and so is what it decides.
fn module(more: &str, memory: &str, decide: &str) -> String {
    let engine = "sigmapol:policy/engine@0.1.0#";
    let two = "(param i32 i32 i32 i32) (result i32)";
    format!(
        r#"(module $m {more} (memory (export "memory") {memory})
        (func (export "cabi_realloc") {two} (i32.const 0))
        (func (export "{engine}admit") {two} (unreachable))
        (func (export "{engine}hash") {two} (unreachable))
        (func (export "{engine}step") (param i32 i32 i32 i32 i32) (result i32) (unreachable))
        (func (export "cabi_post_{engine}decide") (param i32))
        (func (export "{engine}decide") {two} {decide} (i32.const 0)))"#
    )
}

fn load(text: &str, rules: Rules) -> Result<Harness, LoadError> {
    Harness::load(&wat::parse_str(text).unwrap(), &Setting::ALL, rules, &Cache::disabled())
}

fn runs(text: &str, rules: Rules) -> Vec<Execution> {
    load(text, rules).unwrap().run(DECIDE).unwrap()
}

/// What all runs end with.
fn ends(text: &str, rules: Rules) -> String {
    let runs = runs(text, rules);
    let run = agreed(&runs).unwrap_or_else(|| panic!("{runs:#?}"));
    run.outcome.to_string()
}

/// What the runs with counters have counted.
fn counted(runs: &[Execution]) -> Counted {
    let mut counted: Vec<_> = runs.iter().filter_map(|run| run.counted).collect();
    counted.dedup();
    assert_eq!(counted.len(), 1, "{counted:?}");
    counted[0]
}

#[test]
fn frames() {
    let ends_at = |frames: u32| {
        // `decide` is the first of them
        let recursion = "(func $f (param i32) (if (local.get 0)
            (then (call $f (i32.sub (local.get 0) (i32.const 1))))))";
        let call = format!("(call $f (i32.const {}))", frames - 2);
        let runs = runs(&module(recursion, "1", &call), Rules::default());
        assert_eq!(counted(&runs).frames, frames);
        agreed(&runs).unwrap().outcome.to_string()
    };
    assert_eq!(ends_at(1_024), "return");
    assert_eq!(ends_at(1_025), "vm error wasm_trap stack_overflow");
}

#[test]
fn slots() {
    let ends_at = |slots: u32| {
        // `decide` has 4 parameters and an operand, `$f` has 40,000 locals, `$g` the rest
        let locals = |count: usize| format!("(local{})", " i64".repeat(count));
        let rest = usize::try_from(slots).unwrap() - 5 - 40_000;
        let functions =
            format!("(func $f {} (call $g)) (func $g {})", locals(40_000), locals(rest));
        let runs = runs(&module(&functions, "1", "(call $f)"), Rules::default());
        assert_eq!(counted(&runs), Counted { frames: 3, slots });
        agreed(&runs).unwrap().outcome.to_string()
    };
    assert_eq!(ends_at(65_535), "return");
    assert_eq!(ends_at(65_536), "vm error wasm_trap stack_overflow");
}

/// The native stack has room for the most frames with the most slots, all of them in use.
#[test]
fn frames_and_slots_at_once() {
    let sixty: String = (1..=60).map(|local| format!(" (local.get {local})")).collect();
    let recursion = format!(
        "(func $f (param i32) (local{}) {} {} (if (local.get 0)
            (then (call $f (i32.sub (local.get 0) (i32.const 1))))) {sixty} {})",
        " i64".repeat(60),
        (1..=60)
            .map(|local| format!("(local.set {local} (i64.load (i32.const {local})))"))
            .collect::<String>(),
        "",
        "drop ".repeat(60),
    );
    // 1 parameter, 60 locals, 60 operands: 541 frames of them
    let runs = runs(&module(&recursion, "1", "(call $f (i32.const 540))"), Rules::default());
    assert_eq!(counted(&runs), Counted { frames: 542, slots: 541 * 121 + 5 });
    assert_eq!(agreed(&runs).unwrap().outcome.to_string(), "return");
}

#[test]
fn one_frame_that_is_too_large() {
    let frame = |slots: usize| {
        let operands = slots - 50_000;
        format!(
            "(func (local{}) {} {})",
            " i64".repeat(50_000),
            "(i32.const 0)".repeat(operands),
            "drop ".repeat(operands)
        )
    };
    assert!(load(&module(&frame(65_535), "1", ""), Rules::default()).is_ok());
    let refused = refusal(&module(&frame(65_536), "1", ""));
    assert_eq!(
        refused,
        "invalid_contract wasm validating # largest frame: 65536 value slots, function 0"
    );
}

#[test]
fn memory() {
    let rules = Rules { memory_bytes: 3 << 16, ..Rules::default() };
    assert_eq!(ends(&module("", "3", ""), rules), "return");
    assert_eq!(ends(&module("", "4", ""), rules), "vm error out_of memory wasm_memory");
    let grow = |pages: u32, grown: i32| {
        let check = format!(
            "(if (i32.ne (memory.grow (i32.const {pages})) (i32.const {grown})) (then (unreachable)))"
        );
        ends(&module("", "2 10", &check), rules)
    };
    assert_eq!(grow(1, 2), "return");
    assert_eq!(grow(2, -1), "return");
    // what the machine has in all, and a page more
    let pages = Rules::default().memory_bytes >> 16;
    let past = module("", &(pages + 1).to_string(), "");
    assert_eq!(ends(&past, Rules::default()), "vm error out_of memory wasm_memory");
    let wasm = wat::parse_str(module("", &pages.to_string(), "")).unwrap();
    let one = &Setting::ALL[..1];
    let harness = Harness::load(&wasm, one, Rules::default(), &Cache::disabled()).unwrap();
    assert_eq!(agreed(&harness.run(DECIDE).unwrap()).unwrap().outcome.to_string(), "return");
    // elements of tables count for 64 bytes each
    let table =
        |elements: u32| ends(&module(&format!("(table {elements} funcref)"), "2", ""), rules);
    assert_eq!(table(1 << 10), "return");
    assert_eq!(table((1 << 10) + 1), "vm error out_of memory wasm_table");
}

#[test]
fn traps() {
    let table = "(type $none (func)) (table 3 funcref) (elem (i32.const 0) $other) (func $other (param i32))";
    for (body, name) in [
        ("(unreachable)", "wasm_trap unreachable"),
        ("(drop (i32.load (i32.const 65533)))", "wasm_trap memory_out_of_bounds"),
        ("(drop (i32.div_s (i32.const 1) (i32.const 0)))", "wasm_trap integer_divide_by_zero"),
        ("(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))", "wasm_trap integer_overflow"),
        ("(call_indirect (type $none) (i32.const 3))", "wasm_trap table_out_of_bounds"),
        ("(call_indirect (type $none) (i32.const 1))", "wasm_trap indirect_call_to_null"),
        ("(call_indirect (type $none) (i32.const 0))", "wasm_trap bad_signature"),
        ("(return (i32.const 65529))", "wasm_trap fault"), // a result that is not all in memory
    ] {
        let runs = runs(&module(table, "1", body), Rules::default());
        let run = agreed(&runs).unwrap_or_else(|| panic!("{runs:#?}"));
        assert_eq!(run.outcome, VmResult::VmError(name.to_owned()), "{body}");
        assert_eq!(run.memory.as_ref().unwrap().bytes, 1 << 16);
    }
    let rules = Rules { deadline: Duration::from_millis(20), ..Rules::default() };
    let forever = runs(&module("", "1", "(loop (br 0))"), rules);
    assert_eq!(agreed(&forever).unwrap().outcome, VmResult::VmError("timeout".to_owned()));
}

#[test]
fn memory_is_told_apart() {
    let store = |value: u32| {
        let store = format!("(i32.store (i32.const 60000) (i32.const {value}))");
        let runs = runs(&module("", "1", &store), Rules::default());
        agreed(&runs).unwrap().memory.clone().unwrap().blake3
    };
    assert_eq!(store(0), ZERO_PAGE);
    assert_eq!(store(7), store(7));
    assert_ne!(store(7), store(8));
}

/// BLAKE3 of 65,536 zero bytes, computed by another implementation.
const ZERO_PAGE: &str = "3bdeaf8f8e98780b318106aafdc3ca257f73df123d97b69112b26044c91a7d56";

fn refusal(text: &str) -> String {
    refusal_of(&wat::parse_str(text).unwrap())
}

fn refusal_of(wasm: &[u8]) -> String {
    match Harness::load(wasm, &[], Rules::default(), &Cache::disabled()) {
        Err(LoadError::Invalid(invalid)) => invalid.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn modules_that_break_a_rule() {
    let validating = "invalid_contract wasm validating # ";
    for (more, found) in [
        (
            "(func (drop (f64.add (f64.const 1) (f64.const 2))))",
            "float operators: f64.add 1, f64.const 2",
        ),
        ("(func (drop (i32.trunc_sat_f32_s (f32.const 1))))", "first generation: "),
        ("(func (drop (f32.load (i32.const 0))))", "float operators: f32.load 1"),
        ("(global f32 (f32.const 0))", "float operators: f32.const 1"),
        ("(func (drop (i64x2.splat (i64.const 0))))", "first generation: SIMD"),
        ("(memory 1)", "first generation: multi"),
        ("(func (drop (i32.atomic.load (i32.const 0))))", "first generation: threads"),
        ("(tag) (func (throw 0))", "first generation: exceptions"),
        ("(type (struct (field i32)))", "first generation: "),
        ("(table 1 externref)", "first generation: "),
        ("(global i32 (i32.add (i32.const 1) (i32.const 2)))", "first generation: "),
        ("(func (return_call 0))", "tail calls, which are not counted: some"),
    ] {
        let refused = refusal(&module(more, "1", ""));
        let found = format!("{validating}{found}");
        assert!(refused.starts_with(&found), "{refused}");
    }
    let import = |import: &str| refusal(&module(import, "1", ""));
    assert_eq!(
        import(r#"(import "env" "log" (func))"#),
        "invalid_contract wasm linking # imports: env.log: func"
    );
    assert_eq!(
        refusal(&module("(start $s) (func $s)", "1", "")),
        "invalid_contract wasm linking # start function: one"
    );
    assert_eq!(
        refusal(&module("", "1", "").replace("$m", "")),
        "invalid_contract wasm linking # module name: none"
    );
    assert_eq!(
        refusal(&module("", "1", "").replace(r#""memory""#, r#""mem""#)),
        "invalid_contract wasm entrypoint # memory: 1 pages and more, not exported as `memory`"
    );
    assert_eq!(
        refusal(&module("", "1", "").replace("cabi_realloc", "realloc")),
        "invalid_contract wasm entrypoint # verbs: 7 exports, cabi_realloc: func missing"
    );
    assert!(refusal(&module("", "i64 1", "")).starts_with(validating));
    assert_eq!(
        refusal_of(sigmapol::artifact::COMPONENT),
        format!("{validating}first generation: not a core module")
    );
    assert!(refusal_of(b"# a text").starts_with(validating));
}

#[test]
fn what_is_allowed() {
    let more = "(type $none (func)) (func (param f64) (result f64) (local.get 0))
        (func (memory.fill (i32.const 0) (i32.const 0) (i32.const 0)))
        (func (drop (i32.extend8_s (i32.const 1))))
        (func (result i32 i64) (i32.const 1) (i64.const 1))
        (table 1 funcref) (elem (i32.const 0) 0)";
    assert!(load(&module(more, "1", ""), Rules::default()).is_ok());
}

#[test]
fn the_engine_keeps_the_rules() {
    let checks = profile::engine(sigmapol::artifact::CORE_MODULE);
    assert_eq!(profile::verdict(&checks), Ok(()), "{checks:#?}");
    assert_eq!(checks.len(), 12);
}
