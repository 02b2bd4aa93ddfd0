//! A folder of `--components` from somebody else: whatever stands in it, a replay ends, says what is
//! wrong with each record, believes nothing, and goes on with the next.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests panic")]

#[path = "components/made.rs"]
mod made;

use std::{
    path::Path,
    sync::{Arc, LazyLock, Mutex},
};

use made::{around, core, core_with, deciding, other_core, put};
use sigmapol::{Sandbox, artifact};
use sigmapol_audit::{
    EngineIdentity, Recorder, Recording,
    replay::{EngineKind, Engines, Verdict, replay},
};
use sigmapol_core::Engine as _;
use sigmapol_ledger::{Ledger, Options};

static SANDBOX: LazyLock<Sandbox> = LazyLock::new(|| Sandbox::new().unwrap());

const POLICY: &str =
    r#"["policy",["top"],["zero"],["argmax"],["id"],["always",{"action":"abort"}]]"#;
const CTX: &str =
    r#"{"candidates":[{"provider_id":"p","model_family":"m"}],"request":{"a":1},"seed":7}"#;

/// What a decision may take where nothing else is said: some hundred times what this one does.
const FUEL: u64 = 10_000_000;

/// Records one honest decision as that of a component, and one as that of the embedded component.
fn record(folder: &Path, component: &str, fuel: u64) {
    record_with(folder, component, fuel, None);
}

fn record_with(folder: &Path, component: &str, fuel: u64, cost_limit: Option<u64>) {
    let ledger = Arc::new(Ledger::open(folder, Options::default()).unwrap());
    let embedded = EngineKind::Component.engine();
    let other = EngineIdentity {
        component: component.to_owned(),
        core: component.to_owned(),
        ..embedded.clone()
    };
    for engine in [other, embedded] {
        let recording = Recording { engine, fuel_limit: fuel, cost_limit, bodies: true };
        let recorder = Recorder::new(SANDBOX.clone(), Arc::clone(&ledger), recording);
        recorder.decide(POLICY, CTX).unwrap();
    }
}

/// What a replay says of a record of this component. The decision of the embedded one beside it is
/// the same, whatever the other did.
fn verdict_in(kind: EngineKind, wasm: &[u8], fuel: u64) -> String {
    let (ledger, components) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    record(ledger.path(), &put(components.path(), wasm), fuel);
    let engines = Engines::new(kind, Some(components.path().to_owned()));
    let verdicts = Mutex::new(Vec::new());
    let each = |number, verdict: &Verdict| {
        verdicts.lock().unwrap().push((number, verdict.to_string()));
    };
    replay(ledger.path(), &engines, 1, &each).unwrap();
    let mut verdicts = verdicts.into_inner().unwrap();
    verdicts.sort();
    let [(_, other), (_, embedded)] = verdicts.try_into().unwrap();
    assert!(embedded.starts_with("same"), "{embedded}");
    other
}

fn verdict(wasm: &[u8]) -> String {
    verdict_in(EngineKind::Component, wasm, FUEL)
}

/// As [`verdict`], of a component around a core module, and of the core module by itself.
fn both(core: &[u8]) -> [String; 2] {
    [verdict(&around(core)), verdict_in(EngineKind::Core, core, FUEL)]
}

fn diverged(core: &[u8], now: &str) {
    let expected = format!("diverged: outcome: recorded decision, now {now}");
    assert_eq!(both(core), [expected.as_str(); 2]);
}

/// A body of `decide` that answers with a decision; `stores` put what is wrong with it into place.
/// The members of a decision begin at 1032, in the order and at the offsets of the canonical ABI.
fn answering(stores: &str) -> Vec<u8> {
    core(&format!("{stores} (i32.const 1024)"), "")
}

fn cannot_be_used(wasm: &[u8], why: &str) {
    let found = verdict(wasm);
    let digest = sigmapol_core::digest(wasm);
    let expected = format!("component mismatch: {digest} cannot be used: {why}");
    assert!(found.starts_with(&expected), "{found}");
}

#[test]
fn calls_without_an_end() {
    let fuel = "stopped exhausted fuel";
    diverged(&core("(loop (br 0)) (unreachable)", ""), fuel);
    diverged(&core("(call $again)", "(func $again (result i32) (loop (result i32) (br 0)))"), fuel);
    diverged(&core("(call $answer)", "(start $s) (func $s (loop (br 0)))"), fuel);
    diverged(&core_with("(call $answer)", "(loop (br 0))", ""), fuel);
}

/// Memory that is not given is not asked for again, or it is until there is no more fuel.
#[test]
fn memory_without_an_end() {
    let grow = "(memory.grow (i32.const 1))";
    let until = format!("(loop (br_if 0 (i32.ne {grow} (i32.const -1)))) (unreachable)");
    diverged(&core(&until, ""), "stopped exhausted memory");
    diverged(
        &core(&format!("(loop (drop {grow}) (br 0)) (unreachable)"), ""),
        "stopped exhausted fuel",
    );
    // more than there is, from the start
    let large = [("(memory (export \"memory\") 5)", "(memory (export \"memory\") 65536)")];
    cannot_be_used(&around(&other_core(&large)), "module memory does not fit");
}

#[test]
fn traps() {
    diverged(&core("(unreachable)", ""), "stopped trap unreachable");
    diverged(&core("(i32.load (i32.const -1))", ""), "stopped trap memory_out_of_bounds");
    let deep = "(func $deep (call $deep))";
    diverged(&core("(call $deep) (call $answer)", deep), "stopped trap stack_overflow");
}

/// What comes out is within the memory and within the bound on results, or nothing comes out.
#[test]
fn results_that_are_none() {
    let store = |at: u32, value: i64| format!("(i32.store (i32.const {at}) (i32.const {value}))");
    let abi = "stopped trap canonical_abi";
    // no such case
    diverged(&answering("(i32.store8 (i32.const 1024) (i32.const 7))"), abi);
    // a pointer that leads out of the memory
    diverged(&core("(i32.const -8)", ""), abi);
    // an identity of a GiB, more than the memory has
    diverged(&answering(&store(1036, 1 << 30)), abi);
    // lists of as many entries as can be said
    diverged(&answering(&store(1044, -1)), abi);
    diverged(&answering(&store(1052, -1)), abi);
    // an identity of 200 MiB, which the memory has
    let large = format!("(drop (memory.grow (i32.const 4000))) {}", store(1036, 200 << 20));
    diverged(&answering(&large), "stopped exhausted result");
    // an identity that is not UTF-8
    let bytes = format!("(i32.store8 (i32.const 0) (i32.const 255)) {}", store(1036, 1));
    diverged(&answering(&bytes), abi);
}

#[test]
fn results_that_are_wrong() {
    let store = |at: u32, value: i64| format!("(i32.store (i32.const {at}) (i32.const {value}))");
    let recorded = "diverged: decision.";
    // nothing but zeros: a decision without a cost
    for found in both(&answering("")) {
        assert!(found.starts_with(recorded), "{found}");
    }
    // a candidate that is not there, with a score that is no number, and a request that is no JSON
    let list = [
        store(2048, -1),
        "(i64.store (i32.const 2056) (i64.const -1))".to_owned(),
        store(1040, 2048),
        store(1044, 1),
        store(1056, 1),
        store(1060, 2048),
        store(1064, 0),
    ];
    for found in both(&answering(&list.concat())) {
        assert!(found.starts_with(recorded), "{found}");
    }
}

/// A million candidates of a ctx that has one are not written out to be compared.
#[test]
fn results_that_are_longer_than_the_question() {
    let store = |at: u32, value: i64| format!("(i32.store (i32.const {at}) (i32.const {value}))");
    // lists of a million entries of 16 bytes, all zero
    for length in [1044, 1052, 1072] {
        let pages = "(drop (memory.grow (i32.const 1000)))";
        let list = format!("{pages} {} {}", store(length - 4, 1 << 20), store(length, 1 << 20));
        diverged(&answering(&list), "stopped exhausted result");
    }
}

/// The bound on a cost is of what admission says.
#[test]
fn an_admission_that_lies() {
    let lie = r##"(func $lie (param i32 i32 i32 i32) (result i32)
        (drop (memory.grow (i32.const 600)))
        (memory.fill (i32.const 2048) (i32.const 40) (i32.const 30000000))
        (i32.store8 (i32.const 1028) (i32.const 5))
        (i32.store (i32.const 1040) (i32.const 2048))
        (i32.store (i32.const 1044) (i32.const 30000000))
        (i32.const 1024))
        (func $four"##;
    let core =
        other_core(&[("(func $four", lie), ("#admit\" (func $four)", "#admit\" (func $lie)")]);
    let (ledger, components) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let component = put(components.path(), &around(&core));
    record_with(ledger.path(), &component, u64::MAX, Some(1_000_000));
    let engines = Engines::new(EngineKind::Component, Some(components.path().to_owned()));
    let verdicts = Mutex::new(Vec::new());
    let each = |_, verdict: &Verdict| verdicts.lock().unwrap().push(verdict.to_string());
    replay(ledger.path(), &engines, 1, &each).unwrap();
    let verdicts = verdicts.into_inner().unwrap();
    assert_eq!(verdicts[0], "diverged: outcome: recorded decision, now stopped exhausted cost");
    assert!(verdicts[1].starts_with("same"), "{verdicts:?}");
}

#[test]
fn no_such_component() {
    let text = |wat: &str| wat::parse_str(wat).unwrap();
    cannot_be_used(b"", "expected WebAssembly: ");
    cannot_be_used(b"#!/bin/sh\n", "expected WebAssembly: ");
    cannot_be_used(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0", "expected WebAssembly: ");
    cannot_be_used(&artifact::COMPONENT[..400_000], "expected WebAssembly: ");
    cannot_be_used(artifact::CORE_MODULE, "failed to parse WebAssembly module");
    cannot_be_used(&text("(component)"), "no exported instance");
    cannot_be_used(
        &text(r#"(component (import "clock" (func)))"#),
        "component imports function `clock`",
    );
    let other = r#"(component
        (core module $m (func (export "f")))
        (core instance $i (instantiate $m))
        (func $f (canon lift (core func $i "f")))
        (instance $e (export "admit" (func $f)) (export "hash" (func $f))
            (export "decide" (func $f)) (export "step" (func $f)))
        (export "sigmapol:policy/engine@0.1.0" (instance $e)))"#;
    cannot_be_used(&text(other), "failed to convert function to given type");
    cannot_be_used(&around(&text("(module)")), "failed to parse WebAssembly module");
    let floats = around(&core("(call $answer)", "(func (drop (f64.const 0)))"));
    cannot_be_used(&floats, "failed to compile");
    // as a core module
    let text = "component mismatch: ";
    for wasm in [artifact::COMPONENT, b"\0asm\x01\0\0\0", b"text"] {
        let found = verdict_in(EngineKind::Core, wasm, FUEL);
        assert!(found.starts_with(text) && found.contains(" cannot be used: "), "{found}");
    }
}

#[test]
fn code_that_would_take_long_to_compile() {
    let body = |body: &str| around(&core("(call $answer)", &format!("(func {body})")));
    let million = body(&"(drop (i32.const 0))".repeat(500_000));
    cannot_be_used(&million, "function 1: expected at most 65536 bytes of code, got 1500002");
    let deep = body(&format!("{}{}", "(block ".repeat(20_000), ")".repeat(20_000)));
    cannot_be_used(&deep, "function 1: expected at most 4096 blocks, got 20001");
    let locals = body(&format!("(local{})", " i32".repeat(1000)));
    cannot_be_used(&locals, "function 1: expected at most 512 locals, got 1000");
    let many = around(&core("(call $answer)", &"(func)".repeat(5000)));
    cannot_be_used(&many, "expected at most 4096 functions, got 4097");
    let block = "(block)".repeat(4000);
    let values = format!("(func (local{}) {block})", " i32".repeat(500)).repeat(3);
    cannot_be_used(
        &around(&core("(call $answer)", &values)),
        "expected at most 4194304 values in blocks",
    );
    let large = format!(r#"(data "{}")"#, "x".repeat(4 << 20));
    cannot_be_used(
        &around(&core("(call $answer)", &large)),
        "expected at most 4194304 bytes, got ",
    );
}

/// A record may say that its call had no limit.
#[test]
fn fuel_without_an_end() {
    let (ledger, components) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let wasm = deciding("(loop (br 0)) (unreachable)");
    record(ledger.path(), &put(components.path(), &wasm), u64::MAX);
    let folder = Some(components.path().to_owned());
    let engines = Engines::new(EngineKind::Component, folder).with_fuel(10_000);
    let verdicts = Mutex::new(Vec::new());
    let each = |_, verdict: &Verdict| verdicts.lock().unwrap().push(verdict.to_string());
    let summary = replay(ledger.path(), &engines, 1, &each).unwrap();
    assert_eq!((summary.out_of_fuel, summary.records()), (2, 2));
    let expected = format!("out of fuel: it had {}, and 10000 are not enough", u64::MAX);
    assert_eq!(verdicts.into_inner().unwrap(), [expected.as_str(); 2]);
}

/// A file counts under its digest alone.
#[test]
fn another_file_under_the_name() {
    let (ledger, components) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let digest = "0".repeat(64);
    std::fs::write(components.path().join(format!("{digest}.wasm")), artifact::COMPONENT).unwrap();
    record(ledger.path(), &digest, FUEL);
    let engines = Engines::new(EngineKind::Component, Some(components.path().to_owned()));
    let summary = replay(ledger.path(), &engines, 1, &|_, _| ()).unwrap();
    assert_eq!((summary.component_mismatch, summary.same), (1, 1));
}
