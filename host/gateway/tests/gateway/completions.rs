//! Answers in one piece: their shape, who gives them, and what is told of the decision.

use serde_json::{Value, json};
use sigmapol_core::{Engine as _, Native};

use crate::{client::Reply, fixture::Gateway};

/// Of the answer, who gave it.
fn served(reply: &Reply) -> (u16, String, String) {
    let report = reply.json()["x_router"].clone();
    let text = |key: &str| report[key].as_str().unwrap_or_default().to_owned();
    (reply.status, text("provider"), text("model_family"))
}

fn by(provider: &str, model: &str) -> (u16, String, String) {
    (200, provider.to_owned(), model.to_owned())
}

#[tokio::test]
async fn an_answer_is_a_chat_completion() {
    let gateway = Gateway::with(&Value::Null).await;
    let reply = gateway.chat(json!({})).await;
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("application/json")));
    let mut answer = reply.json();
    let id = format!("chatcmpl-{}", reply.header("x-request-id").unwrap());
    let created = answer["created"].as_u64().unwrap();
    assert!(created > 1_700_000_000);
    assert!(answer.as_object_mut().unwrap().remove("x_router").is_some());
    assert_eq!(
        answer,
        json!({"id": id, "object": "chat.completion", "created": created, "model": "small-2",
            "choices": [{"index": 0, "message": {"role": "assistant", "content": "ok"},
                "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 10, "completion_tokens": 1, "total_tokens": 11}})
    );
}

#[tokio::test]
async fn an_answer_tells_who_gave_it_and_why() {
    let mut policy = Value::Null;
    let gateway = Gateway::with_config(&Value::Null, |_| {}).await;
    let config = crate::fixture::config(&gateway.mock);
    policy.clone_from(&config["profiles"]["default"]["policy_ir"]);
    let reply = gateway.chat(json!({})).await;
    let report = reply.json()["x_router"].clone();
    let policy_id = Native.hash(&policy.to_string(), "{}").unwrap().value;
    // 10 tokens at 0.25 and 1 at 1, per million
    let cost = 3.5e-6;
    for (key, value) in [
        ("provider", json!("alpha")),
        ("model_family", json!("small")),
        ("served_model_id", json!("small-2")),
        ("served_by", json!("alpha")),
        ("price_in", json!(0.25)),
        ("price_out", json!(1)),
        ("cost_usd", json!(cost)),
        ("cost_basis", json!("computed")),
        ("tokens_cached", json!(0)),
        ("policy_id", json!(policy_id)),
    ] {
        assert_eq!(report[key], value, "{key}");
    }
    assert_eq!(report.as_object().unwrap().len(), 12, "{report}");
    assert!(report["policy_fingerprint"].as_str().unwrap().contains('-'));
    let trace = &report["decision_trace"];
    assert_eq!(trace["ranked_total"], 3);
    assert_eq!(trace["ranked"][0]["provider_id"], "alpha");
    assert_eq!(trace["decision_path"][0]["event"], "attempted");
    let beta = json!({"provider": "beta", "model": "large", "reason": "cmp:price_out:le"});
    assert_eq!(trace["rejected"], json!([beta]));
    for (name, value) in [
        ("x-sigmapol-provider", "alpha"),
        ("x-sigmapol-model", "small-2"),
        ("x-sigmapol-policy", policy_id.as_str()),
        ("x-sigmapol-cost-usd", "0.0000035"),
    ] {
        assert_eq!(reply.header(name), Some(value), "{name}");
    }
}

#[tokio::test]
async fn a_long_ranking_is_cut_to_ten() {
    let gateway = Gateway::with_config(&Value::Null, |config| {
        for number in 0..20 {
            config["models"][format!("m{number}")] = json!({"capabilities": {},
                "served_by": [{"provider": "alpha", "fields": {"price_in": 1, "price_out": 1}}]});
        }
    })
    .await;
    let trace = gateway.chat(json!({})).await.json()["x_router"]["decision_trace"].clone();
    assert_eq!(trace["ranked"].as_array().unwrap().len(), 10);
    assert_eq!(trace["ranked_total"], 23);
}

#[tokio::test]
async fn the_model_names_who_decides() {
    let gateway = Gateway::with(&Value::Null).await;
    for (model, expected) in [
        (json!(""), by("alpha", "small")),
        (Value::Null, by("alpha", "small")),
        (json!("gpt-5.5"), by("alpha", "small")),
        (json!("profile:"), by("alpha", "small")),
        (json!("profile:default"), by("alpha", "small")),
        // the cheapest of beta and gamma
        (json!("profile:private"), by("gamma", "small")),
        (json!("family:small"), by("alpha", "small")),
        (json!("family:large"), by("alpha", "large")),
        (json!("pin:gamma/small"), by("gamma", "small")),
        (json!("pin:alpha/large"), by("alpha", "large")),
    ] {
        let reply = gateway.chat(json!({"model": model})).await;
        assert_eq!(served(&reply), expected, "{model}");
    }
    let before = gateway.calls().len();
    let error = gateway.chat(json!({"model": "profile:nope"})).await.error();
    let message = "there is no profile 'nope': GET /v1/models lists them";
    assert_eq!((error.0, error.3.as_str(), error.4.as_str()), (400, "unknown_profile", message));
    assert_eq!(gateway.calls().len(), before);
}

#[tokio::test]
async fn a_path_that_names_a_profile_wins() {
    let gateway = Gateway::with(&Value::Null).await;
    let body = crate::fixture::chat(json!({"model": "pin:alpha/small"})).to_string();
    let reply = gateway.post("/private/v1/chat/completions", &body).await;
    assert_eq!(served(&reply), by("gamma", "small"));
    let error = gateway.post("/nope/v1/chat/completions", &body).await.error();
    assert_eq!((error.0, error.3.as_str()), (400, "unknown_profile"));
}

#[tokio::test]
async fn a_family_or_a_pin_that_nobody_serves() {
    let gateway = Gateway::with(&Value::Null).await;
    for (model, reasons) in [
        ("family:none", &["model_family", "cmp:price_out:le", "model_family", "model_family"][..]),
        ("pin:alpha/none", &["pin_not_found"]),
        // the price is over what the policy lets through: a pin does not pass it by
        ("pin:beta/large", &["cmp:price_out:le"]),
    ] {
        let reply = gateway.chat(json!({"model": model})).await;
        let (status, kind, _, code, message) = reply.error_of_run();
        assert_eq!((status, kind.as_str(), code.as_str()), (503, "router_error", "no_candidates"));
        assert_eq!(message, "no model can be asked: no_candidates");
        let rejected = reply.json()["x_router"]["decision_trace"]["rejected"].clone();
        let told: Vec<_> =
            rejected.as_array().unwrap().iter().map(|r| r["reason"].clone()).collect();
        assert_eq!(told, reasons, "{model}");
    }
    assert!(gateway.calls().is_empty());
}

/// A policy that takes the cheapest.
fn cheapest() -> Value {
    json!(["policy", ["top"], ["neg", ["field", "price_in"]], ["argmax"], ["id"],
        ["always", {"action": "next_candidate"}]])
}

#[tokio::test]
async fn a_policy_of_the_request_runs_under_the_envelope() {
    let gateway = Gateway::with(&Value::Null).await;
    let reply = gateway.chat(json!({"model": "policy:auto", "policy_ir": cheapest()})).await;
    assert_eq!(served(&reply), by("gamma", "small"));
    // the envelope is put before the filter
    let mut composed = cheapest();
    composed[1] = json!(["and", ["not", ["is", "disabled"]], ["top"]]);
    let identity = Native.hash(&composed.to_string(), "{}").unwrap().value;
    assert_eq!(reply.json()["x_router"]["policy_id"], json!(identity));
    assert_eq!(reply.header("x-sigmapol-policy"), Some(identity.as_str()));
    // and keeps out what it keeps out
    let gateway = Gateway::with_config(&Value::Null, |config| {
        config["policy_envelope"] = json!(["not", ["provider_eq", "gamma"]]);
    })
    .await;
    let reply = gateway.chat(json!({"policy_ir": cheapest()})).await;
    assert_eq!(served(&reply), by("alpha", "small"));
    let pinned = json!({"model": "pin:gamma/small", "policy_ir": cheapest()});
    assert_eq!(gateway.chat(pinned).await.status, 503);
}

#[tokio::test]
async fn a_policy_is_no_name_and_a_wrong_one_is_refused() {
    let with = |slot: usize, term: Value| {
        let mut policy = cheapest();
        policy[slot] = term;
        json!({"policy_ir": policy})
    };
    let many = vec![json!(["top"]); 5000];
    let many: Vec<_> = std::iter::once(json!("and")).chain(many).collect();
    let rejected = "policy_ir rejected at admission: ";
    for envelope in [true, false] {
        let gateway = Gateway::with_config(&Value::Null, |config| {
            if !envelope {
                config.as_object_mut().unwrap().remove("policy_envelope");
            }
        })
        .await;
        // the envelope takes five nodes of those that a term may have
        let place = if envelope { 4092 } else { 4095 };
        for (more, message) in [
            (with(1, json!(["nope"])), "$.policy[1]: unknown op 'nope'".to_owned()),
            (
                with(1, json!(["cmp", "price_in", "xx", 1])),
                "$.policy[1].cmp[2]: expected a relation (lt|le|eq|ne|ge|gt)".to_owned(),
            ),
            (
                with(2, json!(["field", "prise_in"])),
                "$.policy[2].field[1]: undeclared field 'prise_in'".to_owned(),
            ),
            (
                json!({"policy_ir": ["policy", ["top"]]}),
                "$: policy takes 5 argument(s), got 1".to_owned(),
            ),
            (
                with(1, json!(many)),
                format!("$.policy[1].and[{place}]: term exceeds max size 4096 nodes"),
            ),
        ] {
            let (status, kind, param, code, told) = gateway.chat(more.clone()).await.error();
            assert_eq!((status, kind.as_str()), (400, "invalid_request_error"));
            assert_eq!((param.as_deref(), code.as_str()), (Some("policy_ir"), "invalid_policy"));
            assert_eq!(told, format!("{rejected}{message}"), "{envelope}");
        }
        let told = gateway.chat(json!({"policy_ir": [1]})).await.error().4;
        assert!(told.starts_with(&format!("{rejected}$")), "{told}");
        let error = gateway.chat(json!({"model": "policy:auto"})).await.error();
        assert_eq!((error.0, error.3.as_str()), (400, "policy_in_model_field"));
        let null = with(1, Value::Null);
        let error = gateway.chat(null).await.error();
        assert_eq!((error.0, error.3.as_str()), (400, "invalid_body"));
        assert_eq!(error.4, "expected no null: leave the key or element out");
        assert!(gateway.calls().is_empty());
    }
}

#[tokio::test]
async fn calls_of_tools_come_out_in_every_dialect() {
    let call = json!({"name": "f", "arguments": {"x": 1.5}});
    let script = json!({"*": [{"text": "", "tool_calls": [call]}]});
    let gateway = Gateway::with_config(&script, |config| {
        // beta is dear, and is to be asked, too
        config["profiles"]["default"]["policy_ir"] = json!(["policy", ["meets_req"], ["zero"],
            ["argmax"], ["id"], ["always", {"action": "next_candidate"}]]);
        config["models"]["dumb"] =
            json!({"capabilities": {}, "served_by": [{"provider": "alpha"}]});
    })
    .await;
    let tools = json!([{"type": "function", "function": {"name": "f", "parameters": {}}}]);
    for pin in ["pin:alpha/small", "pin:beta/large", "pin:gamma/small"] {
        let reply = gateway.chat(json!({"model": pin, "tools": tools})).await;
        let choice = reply.json()["choices"][0].clone();
        assert_eq!(choice["finish_reason"], "tool_calls", "{pin}");
        assert_eq!(choice["message"]["content"], Value::Null);
        let called = &choice["message"]["tool_calls"][0];
        assert_eq!(called["type"], "function");
        assert_eq!(called["function"], json!({"name": "f", "arguments": "{\"x\":1.5}"}));
        // a provider that gives none is no matter
        assert!(!called["id"].as_str().unwrap().is_empty());
    }
    let reply = gateway.chat(json!({"model": "family:dumb", "tools": tools})).await;
    let rejected = reply.json()["x_router"]["decision_trace"]["rejected"].clone();
    let dumb = json!({"provider": "alpha", "model": "dumb", "reason": "missing_capability:tools"});
    assert!(rejected.as_array().unwrap().contains(&dumb), "{rejected}");
}

#[tokio::test]
async fn a_failure_is_followed_by_another_candidate() {
    let script = json!({"alpha": [{"status": 500, "message": "out of order"}], "gamma": [{}]});
    let gateway = Gateway::with(&script).await;
    let reply = gateway.chat(json!({"model": "family:small"})).await;
    assert_eq!(served(&reply), by("gamma", "small"));
    let path = reply.json()["x_router"]["decision_trace"]["decision_path"].clone();
    let path = path.as_array().unwrap();
    assert_eq!(path.len(), 2);
    let first = (&path[0]["provider_id"], &path[0]["error_kind"], &path[0]["http_status"]);
    assert_eq!(first, (&json!("alpha"), &json!("server_error"), &json!(500)));
    assert_eq!((&path[1]["provider_id"], &path[1]["error_kind"]), (&json!("gamma"), &Value::Null));
}
