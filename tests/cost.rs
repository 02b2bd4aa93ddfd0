//! What decisions cost: the formula, the bound before the decision, and the fuel that follows from it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what is wrong by panicking"
)]

use std::fs;
use std::io::Read as _;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::read::MultiGzDecoder;
use serde_json::Value;
use sigmapol::Sandbox;
use sigmapol_conformance::{Schemas, records, replay};
use sigmapol_core::{
    Admission, Bounded, CostBound, Decision, Engine, Error, Metered, Native, Turn,
};
use sigmapol_tests::{project, shared};

/// Fuel for each unit of the bound: what docs/sandbox.md publishes.
const FUEL_PER_COST: u64 = 1_000;

/// Compares each decision of a replay with what was known before.
struct Watched {
    sandbox: Sandbox,
    decisions: AtomicU64,
}

impl Engine for Watched {
    fn admit(&self, term: &str, vocabulary: &str) -> Result<Metered<Admission>, Error> {
        self.sandbox.admit(term, vocabulary)
    }

    fn hash(&self, term: &str, vocabulary: &str) -> Result<Metered<String>, Error> {
        self.sandbox.hash(term, vocabulary)
    }

    fn decide(&self, policy: &str, ctx: &str) -> Result<Metered<Decision>, Error> {
        let outcome = self.sandbox.decide(policy, ctx)?;
        let read: Value = serde_json::from_str(ctx).unwrap();
        let entries = |name: &str| read[name].as_array().map_or(0, |list| list.len() as u64);
        let policy = match read.get("envelope") {
            Some(envelope) => {
                let mut policy: Value = serde_json::from_str(policy).unwrap();
                policy[1] = serde_json::json!(["and", envelope, policy[1]]);
                policy.to_string()
            }
            None => policy.to_owned(),
        };
        let vocabulary = read.get("vocabulary").map_or_else(|| "{}".to_owned(), Value::to_string);
        let bound = CostBound::of(&Native.admit(&policy, &vocabulary)?.value.canonical);
        let (candidates, failures) = (entries("candidates"), entries("failures"));
        let cost = outcome.value.cost;
        if read.get("customs").is_none() {
            // with its own weight for the bytes of the ctx, the bound is the cost
            assert_eq!(bound.at_most(candidates, weight(&read), failures), cost, "{policy}");
        }
        let most = bound.at_most(candidates, ctx.len() as u64, failures);
        assert!(cost <= most, "{cost} of {most}: {policy}");
        let fuel = outcome.spent.fuel;
        assert!(fuel <= FUEL_PER_COST * most, "{fuel} of {most}: {policy}");
        self.decisions.fetch_add(1, Ordering::Relaxed);
        Ok(outcome)
    }

    fn step(&self, run: Option<&str>, event: &str) -> Result<Metered<Turn>, Error> {
        self.sandbox.step(run, event)
    }
}

/// One for each value, and the bytes of strings and keys.
fn weight(value: &Value) -> u64 {
    1 + match value {
        Value::String(text) => text.len() as u64,
        Value::Array(values) => values.iter().map(weight).sum(),
        Value::Object(members) => {
            members.iter().map(|(key, value)| key.len() as u64 + weight(value)).sum()
        }
        _ => 0,
    }
}

#[test]
fn known_before_and_paid_in_fuel() {
    let watched = Watched { sandbox: Sandbox::new().unwrap(), decisions: AtomicU64::new(0) };
    let golden = ["decide", "xform", "failplan"].map(|family| {
        let path = project(&format!("golden/{family}.jsonl"));
        (fs::read_to_string(&path).unwrap(), path)
    });
    let reference = ["decide", "xform", "failplan"].map(|family| {
        let path = shared(&format!("corpus/{family}.jsonl.gz"))?;
        let mut text = String::new();
        MultiGzDecoder::new(fs::File::open(&path).unwrap()).read_to_string(&mut text).unwrap();
        Some((text, path))
    });
    for (text, path) in golden.into_iter().chain(reference.into_iter().flatten()) {
        let schemas = fs::read_to_string(path.with_file_name("schemas.json")).unwrap();
        let schemas = Schemas::read(&schemas).unwrap();
        let tally = replay(&records(&text).unwrap(), &schemas, &watched, &|| ()).unwrap();
        assert_eq!(tally.differing, []);
    }
    assert!(watched.decisions.into_inner() > 80);
}

/// Sums of seven in one another, in descending order, each decided by a number that is short and
/// takes long to write.
fn few_numbers(levels: usize, first: usize) -> String {
    if levels == 0 {
        return format!(r#"["lit",{}e{}]"#, 1 + first % 9, 21 + first / 9);
    }
    let terms: Vec<_> = (0..7).rev().map(|at| few_numbers(levels - 1, first + at)).collect();
    format!(r#"["neg",["add",{}]]"#, terms.join(","))
}

/// What takes the most for its size, as far as we know.
#[test]
fn hostile_inputs_pay_too() {
    let sandbox = Sandbox::new().unwrap();
    let policy = |filter: &str, scorer: &str, selector: &str| {
        format!(r#"["policy",{filter},{scorer},{selector},["id"],["always",{{"action":"abort"}}]]"#)
    };
    let candidates = |count: usize, more: &str| {
        let one = |at: usize| format!(r#"{{"provider_id":"p{at}","model_family":"m"{more}}}"#);
        (0..count).map(one).collect::<Vec<_>>().join(",")
    };
    let nested = |op: &str, leaf: &str, depth: usize| {
        (0..depth).fold(leaf.to_owned(), |term, _| format!(r#"["{op}",{term},["is","no_log"]]"#))
    };
    let many =
        |op: &str, term: &str, count: usize| format!(r#"["{op}",{}]"#, vec![term; count].join(","));
    // 58 levels above it, each of them sorted
    let buried = |leaf: String| {
        (0..29).fold(leaf, |term, _| {
            format!(r#"["and",["or",{term},["is","no_log"]],["is","disabled"]]"#)
        })
    };
    let needs =
        format!(r#"{{"requirements":{{"needs":[{}]}}}}"#, vec![r#""tools""#; 2_000].join(","));
    let digits = "1".repeat(800) + "." + &"3".repeat(800) + "e-700";
    // begins as one and a half of the least double do
    let half_way = format!("7.4109846876186981626{}e-324", "3".repeat(750));
    let declared = |sort: &str, default: &str| {
        let one = |at| format!(r#""f{at}":{{"sort":"{sort}","default":{default}}}"#);
        (0..4_500).map(one).collect::<Vec<_>>().join(",")
    };
    // each candidate has a field that no other has
    let scattered = |count: usize, value: &str| {
        let one = |at| format!(r#"{{"provider_id":"p","model_family":"m","f{at}":{value}}}"#);
        (0..count).map(one).collect::<Vec<_>>().join(",")
    };
    // each another, in no order
    let literals: Vec<_> =
        (0..4_000).map(|at| format!(r#"["lit",0.{}1]"#, at * 7_919 % 4_001)).collect();
    let literals = format!(r#"["add",{}]"#, literals.join(","));
    let tiers: Vec<_> = (0..5_000).map(|at| format!(r#""t{at}""#)).collect();
    let tiered = |at: usize| format!(r#"{{"provider_id":"p","model_family":"m","tier":"u{at}"}}"#);
    let keys: Vec<_> = (0..5_000).map(|at| format!(r#""{at}":1"#)).collect();
    // names that begin alike, in no order; they are sorted, and each is looked up
    let alike = |count: usize, same: usize| {
        (0..count)
            .map(|at| format!("{}{}", "a".repeat(same), at * 7_919 % count))
            .collect::<Vec<_>>()
    };
    let members = |names: &[String]| {
        names.iter().map(|name| format!(r#""{name}":1"#)).collect::<Vec<_>>().join(",")
    };
    let capable = |names: &[String]| {
        let capabilities = members(names);
        format!(
            r#"{{"candidates":[{{"provider_id":"p","model_family":"m","capabilities":{{{capabilities}}}}}]}}"#
        )
    };
    let plain = policy(r#"["top"]"#, r#"["zero"]"#, r#"["argmax"]"#);
    for (name, policy, ctx) in [
        ("capabilities that begin alike", plain.clone(), capable(&alike(8_000, 40))),
        ("many capabilities", plain.clone(), capable(&alike(200_000, 0))),
        (
            "providers that begin alike",
            plain.clone(),
            format!(
                r#"{{"candidates":[{}]}}"#,
                alike(2_000, 400)
                    .iter()
                    .map(|name| format!(r#"{{"provider_id":"{name}","model_family":"m"}}"#))
                    .collect::<Vec<_>>()
                    .join(",")
            ),
        ),
        // each is the beginning of the next, so that each is as far down as it is long
        (
            "names in names",
            plain.clone(),
            capable(&(0..2_000).map(|at| "a".repeat(at)).collect::<Vec<_>>()),
        ),
        (
            "parameters of the request",
            policy(r#"["top"]"#, r#"["zero"]"#, r#"["argmax"]"#).replace(
                r#"["id"]"#,
                &format!(
                    r#"["seq",{}]"#,
                    (0..4_000)
                        .map(|at| format!(r#"["set_param","{}",1e21]"#, at * 7_919 % 4_000))
                        .collect::<Vec<_>>()
                        .join(",")
                ),
            ),
            format!(
                r#"{{"candidates":[{}],"vocabulary":{{"profile":"reference"}}}}"#,
                candidates(1, "")
            ),
        ),
        // of one kind there is a long recipe, and of the other one recipe after another
        (
            "filters of the request",
            policy(r#"["top"]"#, r#"["zero"]"#, r#"["argmax"]"#).replace(
                r#"["id"]"#,
                &format!(
                    r#"["seq",["filter_image",[{}]],{}]"#,
                    vec![r#"{"a":1}"#; 5_000].join(","),
                    vec![r#"["filter_text",[]]"#; 4_000].join(",")
                ),
            ),
            format!(
                r#"{{"candidates":[{}],"vocabulary":{{"profile":"reference"}}}}"#,
                candidates(1, "")
            ),
        ),
        (
            "few numbers in one another",
            policy(r#"["top"]"#, &few_numbers(3, 0), r#"["argmax"]"#),
            r#"{"candidates":[],"vocabulary":{"profile":"reference"}}"#.to_owned(),
        ),
        (
            "the same comparison over and over",
            policy(
                &many(
                    "or",
                    r#"["cmp","credits","ge",5e-324],["cmp","credits","ge",1e-310]"#,
                    2_000,
                ),
                r#"["zero"]"#,
                r#"["ordered"]"#,
            ),
            r#"{"candidates":[],"vocabulary":{"profile":"reference"}}"#.to_owned(),
        ),
        ("nothing", plain.clone(), r#"{"candidates":[]}"#.to_owned()),
        (
            "blanks in the policy",
            plain.clone() + &" ".repeat(1 << 20),
            r#"{"candidates":[]}"#.to_owned(),
        ),
        (
            "numbers to be sorted",
            policy(r#"["top"]"#, &literals, r#"["argmax"]"#),
            r#"{"candidates":[]}"#.to_owned(),
        ),
        (
            "a long name among short ones",
            policy(
                &format!(
                    r#"["and",["family_eq","a{}"],{}]"#,
                    r"\n".repeat(100_000),
                    (0..4_000)
                        .map(|at| format!(r#"["family_eq","b{at}"]"#))
                        .collect::<Vec<_>>()
                        .join(",")
                ),
                r#"["zero"]"#,
                r#"["argmax"]"#,
            ),
            r#"{"candidates":[],"vocabulary":{"profile":"reference"}}"#.to_owned(),
        ),
        (
            "nots",
            policy(
                &(0..30).fold(many("and", r#"["is","no_log"]"#, 4_000), |term, _| {
                    format!(r#"["not",["not",{term}]]"#)
                }),
                r#"["zero"]"#,
                r#"["argmax"]"#,
            ),
            r#"{"candidates":[]}"#.to_owned(),
        ),
        ("blanks", plain.clone(), format!(r#"{{"candidates":[]{}}}"#, " ".repeat(1 << 20))),
        (
            "digits",
            plain.clone(),
            format!(
                r#"{{"candidates":[],"request":{{"x":[{}]}}}}"#,
                vec![digits.as_str(); 50].join(",")
            ),
        ),
        (
            "close to half way between two doubles",
            plain.clone(),
            format!(
                r#"{{"candidates":[],"request":{{"x":[{}]}}}}"#,
                ["1.7976931348623156083e308", "7.4109846876186981626e-324"].repeat(500).join(",")
            ),
        ),
        (
            "as many digits as decide",
            plain.clone(),
            format!(
                r#"{{"candidates":[],"request":{{"x":[{}]}}}}"#,
                vec![half_way.as_str(); 50].join(",")
            ),
        ),
        (
            "short numbers of many digits",
            policy(r#"["top"]"#, r#"["zero"]"#, r#"["argmax"]"#).replace(
                r#"{"action":"abort"}"#,
                &format!(
                    r#"{{"action":"abort","backoff_ms":[{}]}}"#,
                    vec!["1e-310"; 2_000].join(",")
                ),
            ),
            r#"{"candidates":[],"vocabulary":{"profile":"reference"}}"#.to_owned(),
        ),
        (
            "declared fields",
            plain.clone(),
            format!(
                r#"{{"candidates":[{}],"vocabulary":{{"fields":{{{}}}}}}}"#,
                scattered(4_500, "1"),
                declared("Num", "0")
            ),
        ),
        (
            "declared flags",
            policy(&many("and", r#"["is","f4000"]"#, 100), r#"["zero"]"#, r#"["argmax"]"#),
            format!(
                r#"{{"candidates":[{}],"vocabulary":{{"fields":{{{}}}}}}}"#,
                scattered(4_500, "false"),
                declared("Bool", "true")
            ),
        ),
        (
            "fields looked up",
            policy(
                r#"["top"]"#,
                &format!(
                    r#"["add",{}]"#,
                    (0..4_000)
                        .map(|at| format!(r#"["field","f{at}"]"#))
                        .collect::<Vec<_>>()
                        .join(",")
                ),
                r#"["argmax"]"#,
            ),
            format!(
                r#"{{"candidates":[],"vocabulary":{{"fields":{{{}}}}}}}"#,
                declared("Num", "0")
            ),
        ),
        (
            "tiers",
            policy(r#"["min_tier","t1"]"#, r#"["zero"]"#, r#"["argmax"]"#),
            format!(
                r#"{{"candidates":[{}],"vocabulary":{{"tier_order":[{}]}}}}"#,
                (0..5_000).map(tiered).collect::<Vec<_>>().join(","),
                tiers.join(",")
            ),
        ),
        ("keys", plain.clone(), format!(r#"{{"candidates":[],"request":{{{}}}}}"#, keys.join(","))),
        (
            "numbers",
            plain.clone(),
            format!(
                r#"{{"candidates":[],"request":{{"x":[{}]}}}}"#,
                vec!["0.1"; 100_000].join(",")
            ),
        ),
        (
            "needs",
            policy(r#"["meets_req"]"#, r#"["zero"]"#, r#"["argmax"]"#),
            format!(
                r#"{{"request":{needs},"candidates":[{}]}}"#,
                candidates(500, r#","capabilities":{"supports_tools":true}"#)
            ),
        ),
        (
            "and of and",
            policy(&nested("and", r#"["is","has_tee"]"#, 60), r#"["zero"]"#, r#"["argmax"]"#),
            format!(r#"{{"candidates":[{}]}}"#, candidates(1, "")),
        ),
        (
            "or in and in or",
            policy(
                &(0..30).fold(r#"["is","has_tee"]"#.to_owned(), |term, _| {
                    format!(r#"["or",["and",{term},["is","no_log"]],["is","disabled"]]"#)
                }),
                r#"["zero"]"#,
                r#"["argmax"]"#,
            ),
            format!(r#"{{"candidates":[{}]}}"#, candidates(1, "")),
        ),
        (
            "wide at the bottom",
            policy(
                &buried(many("and", r#"["is","has_tee"]"#, 3_900)),
                r#"["zero"]"#,
                r#"["argmax"]"#,
            ),
            r#"{"candidates":[]}"#.to_owned(),
        ),
        (
            "escapes at the bottom",
            policy(
                &buried(many("and", &format!(r#"["family_eq","{}"]"#, "\\n".repeat(250)), 3_900)),
                r#"["zero"]"#,
                r#"["argmax"]"#,
            ),
            r#"{"candidates":[]}"#.to_owned(),
        ),
        (
            "numbers at the bottom",
            policy(
                &buried(many("and", r#"["cmp","price_in","le",5e-324]"#, 3_900)),
                r#"["zero"]"#,
                r#"["argmax"]"#,
            ),
            r#"{"candidates":[]}"#.to_owned(),
        ),
        (
            "wide and",
            policy(&many("and", r#"["is","has_tee"]"#, 4_000), r#"["zero"]"#, r#"["argmax"]"#),
            r#"{"candidates":[]}"#.to_owned(),
        ),
        (
            "wide and, all pass",
            policy(
                &many("and", r#"["cmp","price_in","le",5]"#, 4_000),
                r#"["zero"]"#,
                r#"["argmax"]"#,
            ),
            format!(r#"{{"candidates":[{}]}}"#, candidates(100, r#","price_in":1"#)),
        ),
        (
            "scores",
            policy(
                r#"["top"]"#,
                &many("add", r#"["normalize",["field","tok_s"]]"#, 2_000),
                r#"["argmax"]"#,
            ),
            format!(r#"{{"candidates":[{}]}}"#, candidates(500, r#","tok_s":0.1"#)),
        ),
        (
            "clamps",
            policy(
                r#"["top"]"#,
                &many("add", r#"["clamp",0.1,0.9,["scale",0.3,["field","tok_s"]]]"#, 1_300),
                r#"["argmax"]"#,
            ),
            format!(r#"{{"candidates":[{}]}}"#, candidates(500, r#","tok_s":0.7"#)),
        ),
        (
            "subnormal scores",
            policy(
                r#"["top"]"#,
                &many("add", r#"["scale",5e-324,["field","tok_s"]]"#, 2_000),
                r#"["argmax"]"#,
            ),
            format!(r#"{{"candidates":[{}]}}"#, candidates(500, r#","tok_s":1e-310"#)),
        ),
        (
            "sample",
            policy(r#"["top"]"#, r#"["zero"]"#, r#"["sample",0.5]"#),
            format!(r#"{{"candidates":[{}]}}"#, candidates(3_000, "")),
        ),
        (
            "sample, equal weights",
            policy(r#"["top"]"#, r#"["zero"]"#, r#"["sample",1e300]"#),
            format!(r#"{{"seed":7,"candidates":[{}]}}"#, candidates(3_000, "")),
        ),
        (
            "argmax",
            policy(r#"["top"]"#, r#"["field","tok_s"]"#, r#"["argmax"]"#),
            format!(r#"{{"candidates":[{}]}}"#, candidates(20_000, r#","tok_s":0.7"#)),
        ),
        (
            "failures",
            plain.clone(),
            format!(
                r#"{{"candidates":[],"failures":[{}]}}"#,
                vec![r#"{"kind":"x"}"#; 256].join(",")
            ),
        ),
        (
            "escapes",
            plain,
            format!(r#"{{"candidates":[],"request":{{"x":"{}"}}}}"#, r"\u00e9".repeat(100_000)),
        ),
    ] {
        let most = Bounded::new(Native, 0).bound(&policy, &ctx).unwrap().unwrap();
        let outcome = sandbox.decide(&policy, &ctx).unwrap();
        let fuel = outcome.spent.fuel;
        assert!(outcome.value.cost <= most, "{name}");
        assert!(fuel <= FUEL_PER_COST * most, "{name}: {fuel} of {most}");
    }
}

/// A limit is kept at the limit, and one below it nothing is decided.
#[test]
fn a_limit_refuses_before_anything_runs() {
    let policy = r#"["policy",["top"],["zero"],["chain",[{"provider":"a","model":"m"}]],["id"],["always",{"action":"abort"}]]"#;
    let ctx = |envelope: &str| {
        format!(
            r#"{{"candidates":[{{"provider_id":"a","model_family":"m"}}],"failures":[{{"kind":"x"}}]{envelope}}}"#
        )
    };
    for (ctx, canonical) in [
        (
            ctx(""),
            r#"sigma-pol/v2:(policy (top) (zero) (chain [{"model":"m","provider":"a"}]) (id) (always {"action":"abort"}))"#,
        ),
        (
            ctx(r#","envelope":["is","no_log"]"#),
            r#"sigma-pol/v2:(policy (is "no_log") (zero) (chain [{"model":"m","provider":"a"}]) (id) (always {"action":"abort"}))"#,
        ),
    ] {
        // E(1 + F) + bytes + N(n + 1) + n(b(n) + b(c)), with F = n = c = 1 and N = 6
        let most = canonical.len() as u64 * 2 + ctx.len() as u64 + 6 * 2 + 2;
        let decide = |cost| Bounded::new(Native, cost).decide(policy, &ctx);
        assert_eq!(decide(most).unwrap().value, Native.decide(policy, &ctx).unwrap().value);
        let refused = decide(most - 1).unwrap_err();
        assert_eq!(refused, Error::Exhausted(sigmapol_core::Exhausted::Cost));
        assert_eq!(
            refused.to_string(),
            "exhausted cost: the decision may cost more than its limit"
        );
    }
    // what the engine refuses is refused in its words, whatever the limit
    let bounded = Bounded::new(Native, 0);
    for (policy, ctx) in [
        ("[", "{}"),
        (policy, "["),
        (policy, r#"{"candidates":1}"#),
        (r#"["top"]"#, r#"{"candidates":[]}"#),
        ("[]", r#"{"candidates":[],"envelope":["top"]}"#),
    ] {
        let refused = Native.decide(policy, ctx).unwrap_err();
        assert!(matches!(refused, Error::Refused(_)));
        assert_eq!(bounded.decide(policy, ctx).unwrap_err(), refused);
    }
}
