//! The package of GenVM: what it answers is what the engine answers when it is asked by hand.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what is wrong by panicking"
)]

use std::sync::LazyLock;

use sigmapol::{Cache, artifact};
use sigmapol_core::RefusalCode;
use sigmapol_genvm::{
    Harness, LoadError, Request, Rules, Runner, SHIM, Setting, VmResult, agreed,
    calldata::{Value, encode},
    message::{self, envelope, message},
    pack,
};

const POLICY: &str =
    r#"["policy",["top"],["zero"],["argmax"],["id"],["always",{"action":"next_candidate"}]]"#;

const CTX: &str =
    r#"{"candidates":[{"provider_id":"p","model_family":"m"}],"failures":[{"kind":"timeout"}]}"#;

static HARNESS: LazyLock<Harness> = LazyLock::new(|| {
    let core = artifact::CORE_MODULE;
    Harness::load(core, &Setting::ALL[..1], Rules::default(), &Cache::of_user()).unwrap()
});

static RUNNER: LazyLock<Runner> = LazyLock::new(|| {
    let archive = pack(artifact::CORE_MODULE).unwrap();
    Runner::load(&archive, &Setting::ALL, Rules::default(), &Cache::of_user()).unwrap()
});

/// What a message gives, in every way and twice.
fn answer(message: &[u8]) -> VmResult {
    let runs = RUNNER.run(message).unwrap();
    assert_eq!(RUNNER.run(message).unwrap(), runs);
    let run = agreed(&runs).unwrap_or_else(|| panic!("{runs:#?}"));
    assert!(run.memory.is_some());
    run.outcome.clone()
}

/// What the engine gives for what is in a message.
fn direct(bytes: &[u8]) -> VmResult {
    match message::request(bytes) {
        Ok((policy, ctx)) => {
            let request = Request::Decide { policy: &policy, ctx: &ctx };
            agreed(&HARNESS.run(request).unwrap()).unwrap().outcome.clone()
        }
        Err(outcome) => outcome,
    }
}

/// With `SIGMAPOL_WRITE` set, assembles it.
#[test]
fn the_shim_is_its_text() {
    let wasm = wat::parse_str(include_str!("../src/shim/shim.wat")).unwrap();
    if std::env::var_os("SIGMAPOL_WRITE").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/shim/shim.wasm");
        std::fs::write(path, &wasm).unwrap();
    }
    assert!(SHIM == wasm, "shim.wasm is not what shim.wat says: set SIGMAPOL_WRITE and test again");
}

#[test]
fn decisions_and_refusals() {
    let candidates: Vec<_> = (0..5_000)
        .map(|at| {
            format!(r#"{{"provider_id":"p{at}","model_family":"m","price_in":{}.25}}"#, at % 7)
        })
        .collect();
    let many = format!(
        r#"{{"candidates":[{}],"failures":[{}]}}"#,
        candidates.join(","),
        vec![r#"{"kind":"timeout"}"#; 256].join(",")
    );
    let scored = POLICY.replace(
        r#"["top"],["zero"]"#,
        r#"["cmp","price_in","lt",4],["neg",["field","price_in"]]"#,
    );
    let unknown = r#"{"candidates":[{"provider_id":"p","model_family":"m","naïve":"ключ 🔑"}]}"#;
    let large = format!(r#"{{"candidates":[],"request":{{"t":"{}"}}}}"#, "é".repeat(1 << 20));
    for (policy, ctx, ends) in [
        (POLICY, CTX, "return"),
        (POLICY, r#"{"candidates":[]}"#, "return"),
        (&scored, &many, "return"),
        (POLICY, &large, "return"),
        (POLICY, unknown, "user error ctx: "),
        ("[", CTX, "user error json-syntax: "),
        ("", "", "user error json-syntax: "),
        (POLICY, &"[".repeat(1 << 17), "user error json-nesting: "),
    ] {
        let message = message(policy, ctx);
        let outcome = answer(&message);
        assert!(outcome.to_string().starts_with(ends), "{outcome}");
        assert_eq!(outcome.bytes(), direct(&message).bytes());
    }
}

/// Every length that the copy of a message comes to an end at, or goes over.
#[test]
fn messages_around_the_size_of_the_buffer() {
    for size in (65_300..65_540).chain(131_000..131_080).step_by(13) {
        let message = message(POLICY, &format!("{CTX}{}", " ".repeat(size)));
        assert_eq!(answer(&message), direct(&message), "{} bytes", message.len());
    }
}

#[test]
fn malformed_messages() {
    let text = |text: &str| Value::Text(text.to_owned());
    let map = |entries: &[(&str, Value)]| {
        Value::Map(entries.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect())
    };
    let bytes = |value: &Value| encode(value).unwrap();
    let good = bytes(&map(&[("ctx", text(CTX)), ("policy", text(POLICY))]));
    let mut entries = vec![
        Vec::new(),
        bytes(&Value::Null),
        bytes(&text("x")),
        bytes(&map(&[])),
        bytes(&map(&[("ctx", text(CTX))])),
        bytes(&map(&[("policy", text(POLICY))])),
        bytes(&map(&[("ctx", text(CTX)), ("policy", Value::Null)])),
        bytes(&map(&[("ctx", Value::Bytes(CTX.into())), ("policy", text(POLICY))])),
        bytes(&map(&[("ctx", text(CTX)), ("policy", text(POLICY)), ("x", Value::Null)])),
        bytes(&map(&[("ctx", text(CTX)), ("policz", text(POLICY))])),
        [good.as_slice(), &[0]].concat(),
    ];
    entries.extend((0..good.len()).step_by(7).map(|end| good[..end].to_vec()));
    // heads that are not the shortest, or far too long
    entries.push(b"\x16\x03ctx\x84\x00".to_vec());
    entries.push([b"\x16\x03ctx".as_slice(), &[0xfc; 30], &[1]].concat());
    for entry in entries {
        let message = envelope(&entry);
        let outcome = answer(&message);
        assert!(outcome.to_string().starts_with("user error message: "), "{outcome} {entry:?}");
        assert_eq!(outcome, direct(&message));
    }
    for message in [
        Vec::new(),
        bytes(&Value::Null),
        bytes(&map(&[])),
        bytes(&map(&[("entry_data", text("x"))])),
        bytes(&map(&[("entry_dat", Value::Bytes(good.clone()))])),
        bytes(&map(&[("a", Value::Array(vec![Value::Null]))])),
    ] {
        assert_eq!(answer(&message), direct(&message));
        assert!(answer(&message).to_string().starts_with("user error message: "));
    }
}

/// What stands in front of the entry is passed, whatever it is.
#[test]
fn values_in_front_of_the_entry() {
    let entry = Value::Bytes(
        encode(&Value::Map(
            [("ctx", CTX), ("policy", POLICY)]
                .map(|(key, text)| (key.to_owned(), Value::Text(text.to_owned())))
                .into(),
        ))
        .unwrap(),
    );
    let deep = (0..120).fold(Value::Null, |value, _| Value::Array(vec![value]));
    let nested = Value::Map([("k".to_owned(), Value::Array(vec![Value::Bool(true); 20]))].into());
    for value in [
        Value::Null,
        Value::Bool(true),
        Value::Address([0xff; 20]),
        Value::Int((-1).into()),
        Value::Int(1_u128.into()),
        Value::Int((u128::MAX).into()),
        Value::Int(-num_bigint::BigInt::from(7).pow(300)),
        Value::Bytes(vec![0x80; 300]),
        Value::Text("entry_data".to_owned()),
        deep,
        nested,
    ] {
        let members = [("entry_dat", value.clone()), ("entry_data", entry.clone()), ("z", value)];
        let message = Value::Map(members.map(|(key, value)| (key.to_owned(), value)).into());
        let outcome = answer(&encode(&message).unwrap());
        assert_eq!(outcome.to_string(), "return", "{message:?}");
    }
}

/// UTF-8 is what the standard library says it is.
#[test]
fn texts_that_are_no_utf8() {
    let mut checked = 0;
    let mut check = |bytes: &[u8]| {
        let head = u8::try_from(bytes.len() << 3 | 4).unwrap();
        let policy = [b"\x06policy\x14[]".as_slice()].concat();
        let entry = [b"\x16\x03ctx".as_slice(), &[head], bytes, &policy].concat();
        let refused = answer_once(&envelope(&entry)).to_string();
        let malformed = refused.starts_with("user error message: ");
        assert_eq!(malformed, str::from_utf8(bytes).is_err(), "{bytes:x?}: {refused}");
        checked += 1;
    };
    for first in [
        0x7f, 0x80, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1,
        0xf4, 0xf5, 0xf8, 0xff,
    ] {
        check(&[first]);
        for second in [0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0] {
            check(&[first, second]);
            check(&[first, second, 0x80]);
            check(&[first, second, 0x80, 0xbf]);
            check(&[b'a', first, second, 0xbf, 0x80, b'z']);
        }
    }
    assert!(checked > 500);
}

fn answer_once(message: &[u8]) -> VmResult {
    static RUNNER: LazyLock<Runner> = LazyLock::new(|| {
        let archive = pack(artifact::CORE_MODULE).unwrap();
        Runner::load(&archive, &Setting::ALL[..1], Rules::default(), &Cache::of_user()).unwrap()
    });
    RUNNER.run(message).unwrap().remove(0).outcome
}

/// An engine that refuses with the code that is the length of the policy.
fn refusing() -> Vec<u8> {
    let engine = "sigmapol:policy/engine@0.1.0#";
    let two = "(param i32 i32 i32 i32) (result i32)";
    let text = format!(
        r#"(module $sigmapol (memory (export "memory") 4)
        (global $top (mut i32) (i32.const 1024))
        (data (i32.const 900) "why")
        (func (export "cabi_realloc") {two}
            (global.get $top) (global.set $top (i32.add (global.get $top) (local.get 3))))
        (func (export "{engine}admit") {two} (unreachable))
        (func (export "{engine}hash") {two} (unreachable))
        (func (export "{engine}step") (param i32 i32 i32 i32 i32) (result i32) (unreachable))
        (func (export "cabi_post_{engine}decide") (param i32))
        (func (export "{engine}decide") {two}
            (i32.store8 (i32.const 16) (i32.const 1))
            (i32.store8 (i32.const 24) (local.get 1))
            (i32.store (i32.const 28) (i32.const 900))
            (i32.store (i32.const 32) (i32.const 3))
            (i32.const 16)))"#
    );
    wat::parse_str(text).unwrap()
}

#[test]
fn every_code_of_a_refusal() {
    let setting = &Setting::ALL[..1];
    let archive = pack(&refusing()).unwrap();
    let runner = Runner::load(&archive, setting, Rules::default(), &Cache::disabled()).unwrap();
    let outcome =
        |code: usize| runner.run(&message(&"p".repeat(code), "")).unwrap().remove(0).outcome;
    for (at, code) in RefusalCode::ALL.iter().enumerate() {
        assert_eq!(outcome(at).to_string(), format!("user error {}: why", code.name()));
    }
    let past = outcome(RefusalCode::ALL.len());
    assert_eq!(past.to_string(), "vm error wasm_trap unreachable");
}

#[test]
fn memory_runs_out() {
    let archive = pack(artifact::CORE_MODULE).unwrap();
    let load = |pages: u64| {
        let rules = Rules {
            memory_bytes: (pages << 16) + 4_096 + archive.len() as u64 + 64 * 400,
            ..Rules::default()
        };
        Runner::load(&archive, &Setting::ALL[..1], rules, &Cache::of_user()).unwrap()
    };
    let ends =
        |pages: u64| load(pages).run(&message(POLICY, CTX)).unwrap().remove(0).outcome.to_string();
    assert_eq!(ends(4), "vm error out_of memory wasm_memory");
    assert_eq!(ends(5), "vm error wasm_trap unreachable");
    assert_eq!(ends(12), "return");
}

#[test]
fn archives_that_are_no_package() {
    let refused =
        |archive: &[u8]| match Runner::load(archive, &[], Rules::default(), &Cache::disabled()) {
            Err(LoadError::Invalid(invalid)) => invalid.to_string(),
            other => panic!("{other:?}"),
        };
    assert_eq!(
        refused(b""),
        "invalid_contract runner malformed # zip: expected an end without a comment"
    );
    assert_eq!(pack(artifact::CORE_MODULE).unwrap(), pack(artifact::CORE_MODULE).unwrap());
    let floats = wat::parse_str("(module $m (func (drop (f32.const 1))))").unwrap();
    assert!(
        pack(&floats).unwrap_err().to_string().starts_with("invalid_contract wasm validating # ")
    );
}
