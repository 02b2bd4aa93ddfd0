//! Hostile input for the component: each gives a refusal or an exhausted limit with a code; no
//! panic, no trap, no hang, and memory within its bound. A text over the input limit is refused by
//! the host before the component sees it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what is wrong by panicking"
)]

use std::sync::LazyLock;
use std::time::Duration;

use sigmapol::{Limits, Sandbox};
use sigmapol_core::Engine as _;

const POLICY: &str =
    r#"["policy",["top"],["zero"],["argmax"],["id"],["always",{"action":"next_candidate"}]]"#;

static SANDBOX: LazyLock<Sandbox> = LazyLock::new(|| Sandbox::new().unwrap());

fn sandbox() -> &'static Sandbox {
    &SANDBOX
}

fn code<T: std::fmt::Debug>(answer: Result<T, sigmapol_core::Error>) -> String {
    answer.unwrap_err().code()
}

#[test]
fn truncated_json() {
    let sandbox = sandbox();
    for end in 0..POLICY.len() {
        assert_eq!(code(sandbox.admit(&POLICY[..end], "{}")), "refused json-syntax", "{end} bytes");
        assert_eq!(code(sandbox.decide(&POLICY[..end], "{}")), "refused json-syntax");
    }
}

#[test]
fn brackets() {
    let sandbox = sandbox();
    let brackets = "[".repeat(10 << 20);
    assert_eq!(code(sandbox.admit(&brackets, "{}")), "refused json-nesting");
    assert_eq!(code(sandbox.decide(POLICY, &brackets)), "refused json-nesting");
    let objects = r#"{"a":"#.repeat(2 << 20);
    assert_eq!(code(sandbox.admit(&objects, "{}")), "refused json-nesting");
}

#[test]
fn many_nodes() {
    let term = format!(r#"["and"{}]"#, r#",["top"]"#.repeat(100_000));
    assert_eq!(code(sandbox().admit(&term, "{}")), "refused term-nodes");
}

#[test]
fn deep_terms() {
    let sandbox = sandbox();
    let term =
        |depth: usize| r#"["neg","#.repeat(depth - 1) + r#"["zero"]"# + &"]".repeat(depth - 1);
    assert!(sandbox.admit(&term(64), "{}").is_ok());
    assert_eq!(code(sandbox.admit(&term(65), "{}")), "refused term-depth");
}

/// The deepest input that is read goes through every recursion there is, on the guest's stack.
#[test]
fn deep_values() {
    let sandbox = sandbox();
    let nested = |depth: usize| r#"{"a":"#.repeat(depth) + "1" + &"}".repeat(depth);
    let candidates = r#"[{"provider_id":"p","model_family":"m"}]"#;
    let ctx = |depth| format!(r#"{{"candidates":{candidates},"request":{}}}"#, nested(depth));
    let decision = sandbox.decide(POLICY, &ctx(127)).unwrap().value;
    assert_eq!(decision.request, Some(nested(127)));
    assert_eq!(code(sandbox.decide(POLICY, &ctx(128))), "refused json-nesting");
    let reference = r#"{"profile":"reference"}"#;
    let term = |depth| format!(r#"["filter_text",{}]"#, nested(depth));
    let canonical = sandbox.admit(&term(127), reference).unwrap().value.canonical;
    assert_eq!(canonical, format!("sigma-pol/v2:(filter_text {})", nested(127)));
}

#[test]
fn numbers_and_strings() {
    let sandbox = sandbox();
    assert_eq!(code(sandbox.admit(r#"["lit",1e999]"#, "{}")), "refused json-number");
    assert_eq!(code(sandbox.admit(r#"["lit",-1e999]"#, "{}")), "refused json-number");
    for text in [r#""\ud800""#, r#""\udc00\ud800""#, r#""\ud800x""#] {
        let term = format!(r#"["family_eq",{text}]"#);
        assert_eq!(code(sandbox.admit(&term, "{}")), "refused json-syntax");
    }
    let digits = "9".repeat(8 << 20);
    assert_eq!(code(sandbox.admit(&format!(r#"["lit",{digits}]"#), "{}")), "refused json-number");
    let fraction = format!(r#"["lit",0.{digits}]"#);
    assert_eq!(
        sandbox.admit(&fraction, "{}").unwrap().value.canonical,
        "sigma-pol/v2:(lit 1)",
        "8 million nines round to one"
    );
}

#[test]
fn large_inputs() {
    let sandbox = sandbox();
    let ctx = format!(r#"{{"candidates":[],"request":{{"text":"{}"}}}}"#, "x".repeat(50 << 20));
    let refused = sandbox.decide(POLICY, &ctx).unwrap_err();
    assert_eq!(refused.code(), "refused input-size");
    // the host refuses before it copies, in the words of the engine
    assert_eq!(refused, sigmapol_core::Native.decide(POLICY, &ctx).unwrap_err());
    // as large as it may be, one value or eight million of them
    let ctx = |fill: String| format!(r#"{{"candidates":[],"request":{{"fill":{fill}}}}}"#);
    let text = ctx(format!("\"{}\"", "x".repeat((16 << 20) - 100)));
    assert!(sandbox.decide(POLICY, &text).is_ok());
    // 8 Mi values of 16 bytes and the text, 144 MiB: read once and never copied
    let numbers = ctx(format!("[{}1]", "1,".repeat((8 << 20) - 100)));
    let limits = Limits { fuel: u64::MAX, ..Limits::default() };
    let outcome = sandbox.with_limits(limits).unwrap().decide(POLICY, &numbers).unwrap();
    let peak = outcome.spent.memory_bytes;
    assert!((144 << 20..150 << 20).contains(&peak), "{peak} bytes");
}

#[test]
fn memory_is_bounded() {
    let numbers = format!(r#"{{"candidates":[],"request":{{"a":[{}1]}}}}"#, "1,".repeat(1 << 20));
    let limits = Limits { memory_bytes: 8 << 20, ..Limits::default() };
    assert_eq!(
        code(sandbox().with_limits(limits).unwrap().decide(POLICY, &numbers)),
        "exhausted memory"
    );
}

#[test]
fn nan_has_a_place() {
    // inf - inf for the first candidate
    let policy = r#"["policy",["top"],
        ["add",["field","price_out"],["scale",-1,["field","price_in"]]],
        ["argmax"],["id"],["always",{"action":"next_candidate"}]]"#;
    let ctx = r#"{"candidates":[{"provider_id":"a","model_family":"m"},
        {"provider_id":"b","model_family":"m","price_in":1,"price_out":-1e308}]}"#;
    let ordered = sandbox().decide(policy, ctx).unwrap().value.ordered;
    let order: Vec<_> = ordered.iter().map(|entry| (entry.candidate, entry.score)).collect();
    assert_eq!(order, [(1, -1e308), (0, f64::NEG_INFINITY)]);
}

#[test]
fn fuel_runs_out() {
    for fuel in [0, 1, 1000] {
        let limits = Limits { fuel, ..Limits::default() };
        let sandbox = sandbox().with_limits(limits).unwrap();
        assert_eq!(code(sandbox.decide(POLICY, r#"{"candidates":[]}"#)), "exhausted fuel");
    }
}

/// A policy of 4,000 tests over 16,000 candidates that pass them all.
fn slow() -> (String, String) {
    let tests: Vec<_> = (0..4_000).map(|n| format!(r#"["cmp","price_in","ge",-{n}]"#)).collect();
    let policy = POLICY.replace(r#"["top"]"#, &format!(r#"["and",{}]"#, tests.join(",")));
    let candidates = vec![r#"{"provider_id":"p","model_family":"m"}"#; 16_000].join(",");
    (policy, format!(r#"{{"candidates":[{candidates}]}}"#))
}

#[test]
fn long_work_runs_out_of_fuel() {
    let (policy, ctx) = slow();
    let limits = Limits { fuel: 1_000_000_000, ..Limits::default() };
    let sandbox = sandbox().with_limits(limits).unwrap();
    assert_eq!(code(sandbox.decide(&policy, &ctx)), "exhausted fuel");
}

#[test]
fn a_deadline_ends_what_fuel_would_not() {
    let (policy, ctx) = slow();
    let deadline = Some(Duration::from_millis(10));
    let limits = Limits { fuel: u64::MAX, deadline, ..Limits::default() };
    let sandbox = sandbox().with_limits(limits).unwrap();
    assert_eq!(code(sandbox.decide(&policy, &ctx)), "exhausted deadline");
}

#[test]
fn a_large_result_is_bounded() {
    let text = "x".repeat(1 << 20);
    let ctx = format!(
        r#"{{"candidates":[{{"provider_id":"p","model_family":"m"}}],"request":{{"t":"{text}"}}}}"#
    );
    let limits = Limits { result_bytes: 1 << 16, ..Limits::default() };
    assert_eq!(
        code(sandbox().with_limits(limits).unwrap().decide(POLICY, &ctx)),
        "exhausted result"
    );
}

/// The reaction to each failure repeats an action of the policy: a product that the limits on both
/// keep small.
#[test]
fn failures_do_not_multiply() {
    let failures = vec![r#"{"kind":"timeout"}"#; 257].join(",");
    let ctx = format!(r#"{{"candidates":[],"failures":[{failures}]}}"#);
    assert_eq!(code(sandbox().decide(POLICY, &ctx)), "refused ctx");
}

/// Bytes that a mutation makes of good input: whatever happens has a code.
#[test]
fn mutated_input_never_traps() {
    let sandbox = sandbox();
    let ctx = r#"{"candidates":[{"provider_id":"p","model_family":"m","price_in":1.5}],"seed":7}"#;
    let mut state = 1_u64;
    let mut next = |bound: usize| {
        state = state * 48_271 % 2_147_483_647; // a Lehmer generator: seeded, so repeatable
        state as usize % bound
    };
    let mut refused = 0;
    for _ in 0..4_000 {
        let mut texts = [POLICY.as_bytes().to_vec(), ctx.as_bytes().to_vec()];
        let text = &mut texts[next(2)];
        for _ in 0..=next(3) {
            let at = next(text.len());
            match next(3) {
                0 => text[at] = b" \"\\[]{},:0-9eE.tfnux"[next(20)],
                1 => drop(text.remove(at)),
                _ => text.insert(at, b"[]{}\",:1"[next(8)]),
            }
        }
        let [policy, ctx] = texts.map(|bytes| String::from_utf8(bytes).unwrap());
        match sandbox.decide(&policy, &ctx) {
            Ok(_) => {}
            Err(error) => {
                assert!(error.code().starts_with("refused "), "{policy}\n{ctx}\n{error}");
                refused += 1;
            }
        }
    }
    assert!(refused > 1_000, "only {refused} of the mutations were bad");
}
