//! The deepest and the largest input that the engine takes.

use std::collections::BTreeMap;

use anyhow::Result;
use serde_json::{Map, Value, json};

/// Nesting of a term, its own policy included.
pub const DEPTH: usize = 64;

/// The slots of a policy, each with a term that fits.
pub fn policy(slots: &[(&str, String)]) -> String {
    let default = [
        ("pred", r#"["top"]"#),
        ("scorer", r#"["zero"]"#),
        ("selector", r#"["ordered"]"#),
        ("xform", r#"["id"]"#),
        ("plan", r#"["always",{"action":"next_candidate"}]"#),
    ];
    let slots: BTreeMap<&str, &String> = slots.iter().map(|(slot, term)| (*slot, term)).collect();
    let terms = default.map(|(slot, term)| slots.get(slot).map_or(term, |term| term.as_str()));
    format!(r#"["policy",{}]"#, terms.join(","))
}

pub fn nest(open: &str, inner: &str, close: &str, depth: usize) -> String {
    open.repeat(depth) + inner + &close.repeat(depth)
}

/// Every operation that takes a term of its own sort, as deep as it goes.
pub fn deep_policies() -> Vec<(&'static str, String)> {
    let test = r#"["cmp","price_in","ge",0]"#;
    // 1 for the policy and 1 for what is innermost
    let deep = |open: &str, inner: &str, close: &str| nest(open, inner, close, DEPTH - 2);
    // `not`, `neg` and their like go away in pairs: others between them keep them
    let alternating = |first: &str, second: &str, inner: &str, close: &str| {
        nest(&format!("{first}{second}"), inner, &close.repeat(2), (DEPTH - 2) / 2)
    };
    [
        (
            "and, or",
            "pred",
            alternating(r#"["and",["is","breaker_open"],"#, r#"["or",["has_cap","x"],"#, test, "]"),
        ),
        ("not, and", "pred", alternating(r#"["not","#, r#"["and",["has_cap","x"],"#, test, "]")),
        ("not", "pred", deep(r#"["not","#, test, "]")),
        ("neg", "scorer", deep(r#"["neg","#, r#"["field","price_in"]"#, "]")),
        ("add", "scorer", deep(r#"["add",["lit",1],"#, r#"["field","price_in"]"#, "]")),
        (
            "add, neg",
            "scorer",
            alternating(
                r#"["neg","#,
                r#"["add",["field","price_out"],"#,
                r#"["field","price_in"]"#,
                "]",
            ),
        ),
        ("scale", "scorer", deep(r#"["scale",0.5,"#, r#"["field","price_in"]"#, "]")),
        (
            "gate",
            "scorer",
            deep(r#"["gate",["cmp","price_in","ge",0],"#, r#"["field","price_in"]"#, "]"),
        ),
        ("normalize", "scorer", deep(r#"["normalize","#, r#"["field","price_in"]"#, "]")),
        ("clamp", "scorer", deep(r#"["clamp",0,100,"#, r#"["field","price_in"]"#, "]")),
        ("top_k", "selector", deep(r#"["top_k",3,"#, r#"["sample",1]"#, "]")),
        (
            "prefer",
            "selector",
            deep(r#"["prefer",["cmp","price_in","ge",0],"#, r#"["argmax"]"#, "]"),
        ),
        (
            "seq",
            "xform",
            deep(
                r#"["seq",["set_param","temperature",0],"#,
                r#"["jitter","temperature",0.1]"#,
                "]",
            ),
        ),
        (
            "when",
            "xform",
            deep(r#"["when",["cmp","price_in","ge",0],"#, r#"["set_param","temperature",0]"#, "]"),
        ),
        (
            "override",
            "plan",
            nest(
                r#"["override","#,
                r#"["always",{"action":"next_candidate"}]"#,
                r#","timeout",{"action":"retry_same","attempts":2}]"#,
                DEPTH - 2,
            ),
        ),
    ]
    .into_iter()
    .map(|(what, slot, term)| (what, policy(&[(slot, term)])))
    .collect()
}

/// A policy whose transformation has another in it, as deep as it goes.
pub fn deep_seq(inner: &str) -> String {
    let open = r#"["when",["cmp","price_in","ge",0],"#;
    policy(&[("xform", nest(open, inner, "]", DEPTH - 2))])
}

/// A custom that is such a transformation.
pub fn customs() -> Result<Value> {
    let open = r#"["when",["cmp","price_in","ge",0],"#;
    let term = nest(open, r#"["set_param","temperature",0]"#, "]", DEPTH - 1);
    let term: Value = serde_json::from_str(&term)?;
    Ok(json!({ "customs": { "c": term } }))
}

/// The largest terms: the slots that are not widened have 4 nodes, the policy is one.
pub fn wide_policies() -> Vec<(&'static str, String)> {
    let wide = |open: &str, element: &dyn Fn(usize) -> String| {
        let elements: Vec<_> = (0..4_096 - 6).map(element).collect();
        format!("[{open},{}]", elements.join(","))
    };
    [
        ("and", "pred", wide(r#""and""#, &|at| format!(r#"["cmp","price_in","ge",-{at}]"#))),
        ("add", "scorer", wide(r#""add""#, &|at| format!(r#"["lit",{at}]"#))),
        ("seq", "xform", wide(r#""seq""#, &|at| format!(r#"["set_param","temperature",{at}]"#))),
    ]
    .into_iter()
    .map(|(what, slot, term)| (what, policy(&[(slot, term)])))
    .collect()
}

/// A ctx with two candidates, failures, and more.
pub fn ctx(more: &Value) -> String {
    let mut ctx = json!({
        "candidates": [
            { "provider_id": "p", "model_family": "m", "price_in": 1, "price_out": 2 },
            { "provider_id": "q", "model_family": "n", "price_in": 2.5, "price_out": 0.1 },
        ],
        "body": { "messages": [{ "role": "user", "content": "hello" }] },
        "failures": [{ "kind": "timeout", "attempt": 1 }],
        "seed": 7,
    });
    if let (Some(ctx), Some(more)) = (ctx.as_object_mut(), more.as_object()) {
        ctx.extend(more.clone());
    }
    ctx.to_string()
}

/// JSON as deep as it is read, in each place that takes any.
pub fn deep_json() -> Result<Vec<(&'static str, String, String)>> {
    let nested = |depth| nest(r#"{"a":"#, "1", "}", depth);
    let lists = |depth| nest("[", "0.1", "]", depth);
    let put = |key: &str, text: &str| -> Result<String> {
        let value: Value = serde_json::from_str(text)?;
        Ok(ctx(&json!({ key: value, "vocabulary": { "profile": "reference" } })))
    };
    let plain = policy(&[]);
    let recipe = policy(&[("xform", format!(r#"["filter_text",{}]"#, nested(126)))]);
    let candidates = format!(r#"[{{"provider_id":"p","model_family":"m","x":{}}}]"#, nested(125));
    let reference = json!({ "vocabulary": { "profile": "reference" } });
    Ok(vec![
        ("objects in the request", plain.clone(), put("request", &nested(127))?),
        (
            "arrays in the request",
            plain.clone(),
            put("request", &format!(r#"{{"a":{}}}"#, lists(126)))?,
        ),
        ("in a candidate", plain.clone(), put("candidates", &candidates)?),
        ("in a recipe", recipe, ctx(&reference)),
    ])
}

/// A call by a profile, one of so many that each extend the next.
pub fn extending(profiles: usize) -> Value {
    let profile = |at: usize| match at + 1 {
        next if next == profiles => json!({}),
        next => json!({ "extends": format!("p{next}") }),
    };
    let profiles = (0..profiles).map(|at| (format!("p{at}"), profile(at)));
    call("p0", &Value::Object(profiles.collect()))
}

/// A call by a profile that has a policy of its own.
pub fn by_policy(policy: &Value) -> Value {
    call("deep", &json!({ "deep": { "policy_ir": policy } }))
}

fn call(profile: &str, profiles: &Value) -> Value {
    json!({
        "kind": "start", "now_ms": 1,
        "contract": { "prompt": "x", "seed": 7, "profile": profile },
        "config": {
            "providers": { "p": {
                "discovery": "static", "api_kind": "ollama", "base_url": "http://p.example",
            } },
            "models": { "m": { "capabilities": {}, "served_by": [{ "provider": "p" }] } },
            "profiles": profiles,
        },
    })
}

/// An event as deep as JSON is read.
pub fn deep_event() -> Result<String> {
    let value: Value = serde_json::from_str(&nest(r#"{"a":"#, "1", "}", 126))?;
    Ok(json!({
        "kind": "start", "admission": { "profile": "reference" }, "now_ms": 1,
        "config": {}, "contract": { "x": value },
    })
    .to_string())
}

/// A flow in which every node takes the one before, the first of them by a deep policy.
pub fn long_flow() -> Result<String> {
    let deep = deep_policies().swap_remove(0).1;
    let mut nodes = Map::new();
    nodes.insert("n0".to_owned(), json!({ "kind": "input" }));
    for at in 1..255 {
        let policy = if at == 1 { deep.clone() } else { policy(&[]) };
        let policy: Value = serde_json::from_str(&policy)?;
        let inputs = [format!("n{}", at - 1)];
        let node = json!({ "kind": "llm", "system": "s", "inputs": inputs, "policy": policy });
        nodes.insert(format!("n{at}"), node);
    }
    nodes.insert("out".to_owned(), json!({ "kind": "output", "inputs": ["n254"] }));
    Ok(json!({ "kind": "flow", "flow": ["flow", nodes], "input": "x" }).to_string())
}
