//! Each code: a policy that has it, and one that nearly has it; the messages word for word.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

use serde_json::{Value, json};
use sigmapol_core::{Engine as _, Native};
use sigmapol_prove::{Facts, lint};

const FILTER: &str =
    r#"["and", ["meets_req"], ["cmp", "price_in", "le", 5], ["cmp", "price_out", "le", 20]]"#;
const SCORER: &str = r#"["neg", ["field", "price_in"]]"#;
const SELECTOR: &str = r#"["argmax"]"#;
const TRANSFORM: &str = r#"["id"]"#;
const PLAN: &str = r#"["always", {"action": "next_candidate"}]"#;

/// The policy with one slot replaced.
fn policy(slot: usize, term: &str) -> String {
    let mut slots = [FILTER, SCORER, SELECTOR, TRANSFORM, PLAN];
    slots[slot - 1] = term;
    format!("[\"policy\", {}]", slots.join(", "))
}

/// Candidates of two providers, and what else is known where everything is.
fn facts() -> Facts {
    let mut facts = Facts::of_ctx(
        &json!({"customs": {"shape": ["id"]}, "candidates": [
            {"provider_id": "acme", "model_family": "large", "price_in": 5, "tier": "partner",
             "api_kind": "openai_compatible", "capabilities": {"supports_tools": true, "audio": true}},
            {"provider_id": "bolt", "model_family": "small", "price_out": 2, "api_kind": "bedrock",
             "capabilities": {"audio": false}}]})
        .to_string(),
    );
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    facts.kinds = Some(set(&["bad_request", "rate_limit", "timeout", "unknown"]));
    facts.adapters = Some(set(&["bedrock", "openai_compatible"]));
    facts
}

/// The findings of one code, as `path message`.
fn found(code: &str, text: &str, facts: &Facts) -> Vec<String> {
    let reference = json!({"profile": "reference",
    "tier_order": facts.tier_order.clone().unwrap_or_else(|| {
        ["fallback", "marketplace", "partner"].map(str::to_owned).to_vec()
    })});
    let admitted = Native.admit(text, &reference.to_string());
    assert!(admitted.is_ok(), "{text}: {admitted:?}");
    let findings = lint(text, facts);
    let of_code = findings.iter().filter(|finding| finding.code == code);
    of_code
        .map(|finding| format!("{} {} {}", finding.at, finding.level.name(), finding.text()))
        .collect()
}

/// `slot term` has the code, at a path, with a message; `not` has it nowhere.
fn check(code: &str, slot: usize, term: &str, expected: &str, not: &str) {
    let facts = facts();
    assert_eq!(found(code, &policy(slot, term), &facts), [expected], "{code} {term}");
    assert_eq!(found(code, &policy(slot, not), &facts), [""; 0], "{code} {not}");
}

#[test]
fn a_clean_policy_has_no_finding() {
    let text = policy(1, FILTER);
    assert_eq!(lint(&text, &Facts::default()), []);
    let codes: Vec<_> = lint(&text, &facts()).into_iter().map(|finding| finding.code).collect();
    assert_eq!(codes, [""; 0]);
    for text in ["", "[", "{}", "3", "[\"no\"]"] {
        assert_eq!(lint(text, &Facts::default()), []);
    }
}

#[test]
fn predicates() {
    check(
        "L009",
        1,
        r#"["has_cap", "support_tools"]"#,
        "$[1] warning nobody has the capability 'support_tools', did you mean 'supports_tools'?",
        r#"["and", ["has_cap", "audio"], ["has_cap", "supports_vision"]]"#,
    );
    check(
        "L010",
        1,
        r#"["and", ["top"], ["not", ["provider_eq", "acne"]]]"#,
        "$[1][2][1] warning there is no provider 'acne', did you mean 'acme'?",
        r#"["provider_eq", "acme"]"#,
    );
    check(
        "L010",
        1,
        r#"["family_eq", "larger"]"#,
        "$[1] warning there is no model family 'larger', did you mean 'large'?",
        r#"["family_eq", "large"]"#,
    );
    check(
        "L010",
        1,
        r#"["served_by_eq", "0xabc"]"#,
        "$[1] warning there is no peer '0xabc'",
        r#"["served_by_eq", "bolt"]"#,
    );
    check(
        "L011",
        1,
        r#"["tier_eq", "marketplace"]"#,
        "$[1] warning no candidate is of tier 'marketplace'",
        r#"["or", ["tier_eq", "fallback"], ["min_tier", "partner"]]"#,
    );
    // of what is not known nothing is said, but for a word that is nearly one of the language's
    let unknown = Facts::default();
    for (predicate, count) in [
        (r#"["has_cap", "audio"]"#, 0),
        (r#"["has_cap", "support_tools"]"#, 1),
        (r#"["provider_eq", "acne"]"#, 0),
        (r#"["tier_eq", "marketplace"]"#, 0),
    ] {
        assert_eq!(lint(&policy(1, predicate), &unknown).len(), count, "{predicate}");
    }
    // wherever a predicate is
    for (slot, term, at) in [
        (2, r#"["gate", ["provider_eq", "x"], ["zero"]]"#, "$[2][1]"),
        (3, r#"["prefer", ["provider_eq", "x"], ["argmax"]]"#, "$[3][1]"),
        (4, r#"["when", ["provider_eq", "x"], ["id"]]"#, "$[4][1]"),
    ] {
        let expected = format!("{at} warning there is no provider 'x'");
        assert_eq!(found("L010", &policy(slot, term), &facts()), [expected]);
    }
}

#[test]
fn an_order_of_tiers_without_the_default() {
    let mut facts = facts();
    let term = policy(1, r#"["min_tier", "partner"]"#);
    assert_eq!(found("L017", &term, &facts), [""; 0]);
    facts.tier_order = Some(vec!["marketplace".to_owned(), "partner".to_owned()]);
    let message = "$[1] note tier_order does not name 'fallback', so who names no tier fails";
    assert_eq!(found("L017", &term, &facts), [message]);
    assert_eq!(found("L017", &policy(1, r#"["tier_eq", "partner"]"#), &facts), [""; 0]);
}

#[test]
fn normalize_over_a_price() {
    let normalized = r#"["neg", ["normalize", ["field", "price_out"]]]"#;
    let with = |filter: &str, scorer: &str| policy(1, filter).replace(SCORER, scorer);
    let message = "$[2][1] warning normalize reads price_out, which the filter does not bound: one \
                   candidate without it gives all others the same score";
    let unbounded = with(r#"["meets_req"]"#, normalized);
    assert_eq!(found("L020", &unbounded, &Facts::default()), [message]);
    let named = format!("{message}; candidate 0 (acme/large) has none");
    assert_eq!(found("L020", &unbounded, &facts()), [named]);
    // who is rejected in any case is not the one
    let rejecting = with(r#"["not", ["provider_eq", "acme"]]"#, normalized);
    assert_eq!(found("L020", &rejecting, &facts()), [message]);
    for (filter, scorer, count) in [
        (FILTER, normalized, 0),
        (r#"["cmp", "price_in", "le", 5]"#, normalized, 1),
        (r#"["top"]"#, r#"["normalize", ["clamp", 0, 9, ["field", "price_in"]]]"#, 0),
        (r#"["top"]"#, r#"["normalize", ["field", "tok_s"]]"#, 0),
        (
            r#"["top"]"#,
            r#"["normalize", ["gate", ["cmp", "price_in", "lt", 9], ["field", "price_in"]]]"#,
            0,
        ),
        (
            r#"["top"]"#,
            r#"["gate", ["cmp", "price_in", "lt", 9], ["normalize", ["field", "price_in"]]]"#,
            1,
        ),
        (r#"["top"]"#, r#"["normalize", ["scale", 0, ["field", "price_in"]]]"#, 0),
        (r#"["top"]"#, r#"["field", "price_in"]"#, 0),
    ] {
        let found = found("L020", &with(filter, scorer), &Facts::default());
        assert_eq!(found.len(), count, "{filter} {scorer}");
    }
    let both = r#"["normalize", ["add", ["field", "price_in"], ["neg", ["field", "latency_ms"]]]]"#;
    let message = "$[2] warning normalize reads price_in and latency_ms, which the filter does not bound: \
                   one candidate without one of them gives all others but the best the same score; \
                   candidate 0 (acme/large) and 1 more have none";
    assert_eq!(found("L020", &with(r#"["top"]"#, both), &facts()), [message]);
    let mut facts = Facts::default();
    facts.envelope = Some(json!(["cmp", "price_out", "lt", 9]));
    assert_eq!(found("L020", &unbounded, &facts), [""; 0]);
    // a part of a policy is under a filter that is not here
    assert_eq!(found("L020", normalized, &facts), [""; 0]);
}

#[test]
fn scorers() {
    check(
        "L023",
        2,
        r#"["add", ["scale", 0, ["field", "tok_s"]], ["lit", 1]]"#,
        "$[2][1] warning scale by 0 is zero, whatever it is of",
        r#"["scale", 0.5, ["field", "tok_s"]]"#,
    );
    check(
        "L025",
        2,
        r#"["neg", ["clamp", 1, 0.5, ["field", "success_rate"]]]"#,
        "$[2][1] warning clamp from 1 to 0.5: what is below 1 becomes 1, and anything else 0.5",
        r#"["clamp", 1, 1, ["field", "success_rate"]]"#,
    );
}

#[test]
fn selectors() {
    check(
        "L022",
        3,
        r#"["prefer", ["top"], ["top_k", 2, ["ordered"]]]"#,
        "$[2] warning the selector is ordered, which asks no scorer",
        r#"["prefer", ["top"], ["top_k", 2, ["sample", 1]]]"#,
    );
    let silent = policy(3, r#"["ordered"]"#).replace(SCORER, r#"["zero"]"#);
    assert_eq!(found("L022", &silent, &facts()), [""; 0]);
    check(
        "L030",
        3,
        r#"["top_k", 2, ["sample", 0.5]]"#,
        "$[3][2] warning sample without a seed: every decision draws alike",
        r#"["sample", 0]"#,
    );
    let mut seeded = facts();
    seeded.seed = Some(true);
    let sample = policy(3, r#"["sample", 0.5]"#);
    assert_eq!(found("L030", &sample, &seeded), [""; 0]);
    assert_eq!(found("L030", &sample, &Facts::default()), [""; 0]);
    check("L031", 3, r#"["sample", 0]"#, "$[3] warning sample 0 is argmax", r#"["sample", 0.1]"#);
    check(
        "L033",
        3,
        r#"["prefer", ["top"], ["top_k", 2, ["argmax"]]]"#,
        "$[3] note prefer outside of top_k only reorders what top_k leaves",
        r#"["top_k", 2, ["prefer", ["top"], ["argmax"]]]"#,
    );
    check(
        "L034",
        3,
        r#"["top_k", 3, ["prefer", ["top"], ["top_k", 2, ["argmax"]]]]"#,
        "$[3][2][2] note top_k within top_k",
        r#"["top_k", 2, ["argmax"]]"#,
    );
}

#[test]
fn a_sample_below_zero() {
    let sample = policy(3, r#"["sample", -1]"#);
    let message = "$[3] warning sample -1 is argmax: below 0 counts as 0";
    assert_eq!(found("L031", &sample, &facts()), [message]);
}

#[test]
fn chains() {
    let link = |provider: &str, model: &str| json!({"provider": provider, "model": model});
    let chain = |links: &[Value]| json!(["chain", links]).to_string();
    let (acme, bolt) = (link("acme", "large"), link("bolt", "small"));
    let good = chain(&[acme.clone(), bolt.clone()]);
    let twice = json!({"provider_id": "acme", "model_family": "large"});
    check(
        "L036",
        3,
        &chain(&[acme.clone(), bolt.clone(), twice]),
        "$[3][1][0] warning acme/large comes again, and the last place counts",
        &good,
    );
    check(
        "L037",
        3,
        &chain(&[acme.clone(), link("bolt", "smal")]),
        "$[3][1][1] warning no candidate is bolt/smal, did you mean 'bolt/small'?",
        &good,
    );
    for facts in [facts(), Facts::default()] {
        let rejecting = policy(1, r#"["not", ["provider_eq", "bolt"]]"#).replace(SELECTOR, &good);
        let message = "$[3][1][1] warning the filter rejects bolt/small";
        assert_eq!(found("L035", &rejecting, &facts), [message]);
        assert_eq!(found("L035", &policy(3, &good), &facts), [""; 0]);
    }
    // what a link can do is known from the candidates alone
    let able = policy(1, r#"["has_cap", "supports_tools"]"#).replace(SELECTOR, &good);
    assert_eq!(found("L035", &able, &facts()).len(), 1);
    assert_eq!(found("L035", &able, &Facts::default()), [""; 0]);
}

#[test]
fn transforms() {
    check(
        "L040",
        4,
        r#"["clamp_param", "top_p", 1, 0]"#,
        "$[4] warning clamp_param from 1 to 0: what is below 1 becomes 1, and anything else 0",
        r#"["clamp_param", "top_p", 0, 1]"#,
    );
    check(
        "L041",
        4,
        r#"["seq", ["id"], ["jitter", "max_tokens", 10]]"#,
        "$[4][2] warning max_tokens is an integer, and jitter makes it a fraction",
        r#"["jitter", "temperature", 0.1]"#,
    );
    check(
        "L042",
        4,
        r#"["seq", ["clamp_param", "temperature", 0, 1], ["jitter", "temperature", 0.1]]"#,
        "$[4][2] warning jitter leaves the range that temperature is clamped to at $[4][1]",
        r#"["seq", ["clamp_param", "temperature", 0, 1], ["jitter", "temperature", 0.1],
            ["clamp_param", "temperature", 0, 1]]"#,
    );
    check(
        "L043",
        4,
        r#"["seq", ["set_param", "temperature", 1], ["set_param", "top_p", 1], ["set_param", "temperature", 0.5]]"#,
        "$[4][1] warning temperature is overwritten at $[4][3]",
        r#"["seq", ["set_param", "temperature", 1], ["when", ["is", "no_log"], ["set_param", "temperature", 0.5]]]"#,
    );
    check(
        "L043",
        4,
        r#"["when", ["is", "no_log"], ["seq", ["jitter", "seed", 1], ["inject_seed", "seed"]]]"#,
        "$[4][2][1] warning seed is overwritten at $[4][2][2]",
        r#"["seq", ["inject_seed", "seed"], ["clamp_param", "seed", 0, 9]]"#,
    );
    check(
        "L048",
        4,
        r#"["filter_text", ["trim"]]"#,
        "$[4] note this host has no filters: with filter_text every call is a bad_request",
        r#"["id"]"#,
    );
    check(
        "L049",
        4,
        r#"["custom", "shapes"]"#,
        "$[4] error no custom is called 'shapes', did you mean 'shape'?",
        r#"["custom", "shape"]"#,
    );
    assert_eq!(found("L049", &policy(4, r#"["custom", "x"]"#), &Facts::default()), [""; 0]);
}

#[test]
fn values_of_parameters() {
    for (term, message) in [
        (
            r#"["set_param", "temperature", 7]"#,
            "temperature: providers take a number from 0 to 2, not 7",
        ),
        (
            r#"["set_param", "presence_penalty", "x"]"#,
            r#"presence_penalty: providers take a number from -2 to 2, not "x""#,
        ),
        (
            r#"["set_param", "max_tokens", 0.5]"#,
            "max_tokens: providers take an integer of at least 1, not 0.5",
        ),
        (
            r#"["set_param", "seed", 1e300]"#,
            "seed: providers take an integer of magnitude at most 9007199254740991, not 1e+300",
        ),
        (
            r#"["set_param", "reasoning_effort", 3]"#,
            "reasoning_effort: providers take a word, not 3",
        ),
        (r#"["inject_seed", "temperature"]"#, "the seed becomes the value of temperature"),
        (
            r#"["jitter", "reasoning_effort", 1]"#,
            "reasoning_effort is a word, and jitter puts a number in its place",
        ),
        (
            r#"["clamp_param", "reasoning_effort", 0, 1]"#,
            "reasoning_effort is a word, which clamp_param leaves as it is",
        ),
        (
            r#"["clamp_param", "max_tokens", 1, 100.5]"#,
            "max_tokens is an integer, and clamp_param gives it a fraction as a bound",
        ),
        (
            r#"["clamp_param", "temperature", 3, 5]"#,
            "temperature: providers take 0 to 2, and clamp_param leaves nothing of it",
        ),
    ] {
        check("L046", 4, term, &format!("$[4] warning {message}"), r#"["id"]"#);
    }
    let good = r#"["seq", ["set_param", "temperature", 2], ["set_param", "max_tokens", 100],
        ["set_param", "seed", -5], ["set_param", "reasoning_effort", "low"], ["set_param", "top_p", 0],
        ["inject_seed", "seed"], ["clamp_param", "max_tokens", 0, 100], ["clamp_param", "temperature", 0, 9]]"#;
    assert_eq!(found("L046", &policy(4, good), &facts()), [""; 0]);
}

#[test]
fn what_needs_a_seed() {
    check(
        "L047",
        4,
        r#"["inject_seed", "seed"]"#,
        "$[4] note needs a seed: without one seed is removed",
        r#"["set_param", "seed", 1]"#,
    );
    check(
        "L047",
        4,
        r#"["set_param", "seed", "from_ctx"]"#,
        "$[4] note needs a seed: without one seed is removed",
        r#"["set_param", "seed", 1]"#,
    );
    check(
        "L047",
        4,
        r#"["jitter", "temperature", 0.1]"#,
        "$[4] note needs a seed: without one jitter does nothing",
        r#"["id"]"#,
    );
    let mut seeded = facts();
    seeded.seed = Some(true);
    assert_eq!(found("L047", &policy(4, r#"["inject_seed", "seed"]"#), &seeded), [""; 0]);
}

/// `always`, and overrides from the innermost to the outermost.
fn plan(always: &Value, overrides: &[(&str, Value)]) -> String {
    let always = json!(["always", always]);
    let plan = overrides
        .iter()
        .fold(always, |plan, (kind, action)| json!(["override", plan, kind, action]));
    plan.to_string()
}

#[test]
fn fail_plans() {
    let next = json!({"action": "next_candidate"});
    let abort = json!({"action": "abort"});
    let one = |kind: &str, action: Value| plan(&next, &[(kind, action)]);
    let good = one("timeout", abort.clone());
    check(
        "L050",
        5,
        &one("time_out", abort.clone()),
        "$[5][2] warning no failure is of kind 'time_out', did you mean 'timeout'?",
        &good,
    );
    assert_eq!(found("L050", &policy(5, &one("x", abort.clone())), &Facts::default()), [""; 0]);
    check(
        "L051",
        5,
        &plan(&next, &[("timeout", next.clone()), ("timeout", abort.clone())]),
        "$[5][1] warning an outer override of 'timeout' hides this one",
        &plan(&next, &[("timeout", abort.clone()), ("rate_limit", abort.clone())]),
    );
    let retry = json!({"action": "retry_same", "attempts": 1, "backoff_ms": [5]});
    let again = json!({"action": "retry_same", "attempts": 1.0, "backoff_ms": [5.0]});
    check(
        "L052",
        5,
        &plan(&retry, &[("timeout", again.clone()), ("unknown", abort.clone())]),
        "$[5][1] error repeats what always does, and is dropped: 'timeout' gets what 'unknown' gets",
        &plan(&retry, &[("timeout", abort.clone()), ("unknown", abort.clone())]),
    );
    check(
        "L057",
        5,
        &plan(&retry, &[("timeout", again)]),
        "$[5] note repeats what always does, and is dropped",
        &good,
    );
    check(
        "L053",
        5,
        &one("unknown", abort.clone()),
        "$[5][1] note always is never used: 'unknown' is overridden",
        &good,
    );
    check(
        "L054",
        5,
        &one("timeout", json!({"action": "retry_same", "attempts": 0})),
        "$[5][3] warning retry_same with 0 attempts tries nothing again",
        &one("timeout", retry),
    );
    check(
        "L054",
        5,
        &one("timeout", json!({"action": "retry_same", "backoff_ms": [1, 2]})),
        "$[5][3] warning retry_same with 2 waits and 1 attempts: the last waits are never taken",
        &one("timeout", json!({"action": "retry_same", "attempts": 3, "backoff_ms": [1, 2]})),
    );
    check(
        "L054",
        5,
        &one("timeout", json!({"action": "abort", "attempts": 2})),
        "$[5][3].attempts note only retry_same reads attempts",
        &one("timeout", json!({"action": "abort", "open_breaker_ms": 5})),
    );
    check(
        "L055",
        5,
        &one("bad_request", json!({"action": "disable_provider"})),
        "$[5][3] warning disables a provider for bad_request, which is the fault of the request",
        &one("rate_limit", json!({"action": "disable_provider"})),
    );
    check(
        "L056",
        5,
        &one("bad_request", json!({"action": "retry_same"})),
        "$[5][3] warning tries again after bad_request, which is the fault of the request",
        &one("rate_limit", json!({"action": "retry_same"})),
    );
    check(
        "L058",
        5,
        &plan(&json!({"action": "abort", "mark_unavailable_ms": 1}), &[]),
        "$[5][1].mark_unavailable_ms note nothing reads mark_unavailable_ms",
        &good,
    );
}

/// What the published acceptance case P58 reports, and where; an override counts from the outermost.
#[test]
fn a_plan_with_five_faults() {
    let next = json!({"action": "next_candidate"});
    let abort = json!({"action": "abort"});
    let plan = plan(
        &next,
        &[
            ("time_out", abort.clone()),
            ("rate_limit", abort.clone()),
            ("timeout", next.clone()),
            (
                "bad_request",
                json!({"action": "retry_same", "attempts": 2, "backoff_ms": [1, 2, 3]}),
            ),
            ("rate_limit", json!({"action": "retry_same"})),
            ("unknown", abort),
        ],
    );
    let mut found: Vec<String> = lint(&policy(5, &plan), &facts())
        .into_iter()
        .filter(|finding| finding.level > sigmapol_prove::Level::Note)
        .map(|finding| format!("{} {}", finding.code, finding.at))
        .collect();
    found.sort();
    assert_eq!(
        found,
        [
            "L050 $[5][1][1][1][1][1][2]",
            "L051 $[5][1][1][1][1]",
            "L052 $[5][1][1][1]",
            "L054 $[5][1][1][3]",
            "L056 $[5][1][1][3]",
        ]
    );
}

#[test]
fn surroundings() {
    let mut facts = facts();
    assert_eq!(found("L059", &policy(1, FILTER), &facts), [""; 0]);
    facts.adapters.as_mut().unwrap().remove("bedrock");
    let message =
        "$ warning bolt: there is no adapter for bedrock, every call is model_unavailable";
    assert_eq!(found("L059", &policy(1, FILTER), &facts), [message]);
    facts.vocabulary(&json!({"fields": {"offer": {"sort": "Num", "default": 0},
        "quality_hint": {"sort": "Num", "default": 0}}}));
    let message =
        "$ error the declared field 'offer' is a key of candidates, which none can give then";
    assert_eq!(found("L090", &policy(1, FILTER), &facts), [message]);
    facts.vocabulary(&json!({"fields": {"model_family": {"sort": "Num", "default": 0}}}));
    let message =
        "$ error the declared field 'model_family' is a key of candidates: no candidate fits both";
    assert_eq!(found("L090", &policy(1, FILTER), &facts), [message]);
}

/// A hostile policy has a bounded number of findings.
#[test]
fn at_most_a_hundred() {
    let many = vec![r#"["scale", 0, ["zero"]]"#; 1000].join(",");
    assert_eq!(lint(&policy(2, &format!("[\"add\",{many}]")), &Facts::default()).len(), 100);
}
