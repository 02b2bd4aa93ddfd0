//! Verbs over policies: cases G18 and G85.

use serde_json::{Value, json};
use sigmapol_core::{Engine as _, Native, digest};

use crate::{
    client::{Reply, request, send},
    fixture::Gateway,
};

const INVALID: &str = "invalid_request_error";

/// The cheapest of a price that is known.
fn cheapest() -> Value {
    json!(["policy",
        ["and", ["meets_req"], ["cmp", "price_out", "le", 100]],
        ["neg", ["field", "price_out"]], ["argmax"], ["id"],
        ["always", {"action": "next_candidate"}]])
}

async fn post(gateway: &Gateway, path: &str, body: Value) -> Reply {
    gateway.post(path, &body.to_string()).await
}

/// Status, code, param and message of an error of a client.
fn error(reply: &Reply) -> (u16, String, Option<String>, String) {
    let (status, kind, param, code, message) = reply.error();
    assert_eq!(kind, INVALID);
    (status, code, param, message)
}

#[tokio::test]
async fn a_policy_has_names() {
    let gateway = Gateway::with(&Value::Null).await;
    let normal = post(&gateway, "/x/policy/normalize", json!({"policy_ir": cheapest()})).await;
    assert_eq!(normal.status, 200);
    let normal = normal.json();
    assert_eq!(normal["policy_ir"], cheapest());
    assert_eq!(normal["version"], "sigma-pol/v2");
    assert_eq!(normal["policy_id"], digest(normal["canonical"].as_str().unwrap()));
    let admitted = Native.admit(&cheapest().to_string(), "{}").unwrap().value;
    assert_eq!(normal["canonical"], admitted.canonical);
    assert_eq!((normal["nodes"].as_u64(), normal["depth"].as_u64()), (Some(9), Some(3)));

    // the policy of a request runs under the envelope: another term, with the names of that
    let mut composed = cheapest();
    composed[1] = json!(["and", ["not", ["is", "disabled"]], composed[1]]);
    let composed = post(&gateway, "/x/policy/normalize", json!({"policy_ir": composed})).await;
    let answer = gateway.chat(json!({"policy_ir": cheapest()})).await.json();
    assert_eq!(answer["x_router"]["policy_fingerprint"], composed.json()["fingerprint"]);
    assert_eq!(answer["x_router"]["policy_id"], composed.json()["policy_id"]);
    assert_eq!(gateway.calls().len(), 1);
}

#[tokio::test]
async fn a_policy_that_is_none() {
    let gateway = Gateway::with(&Value::Null).await;
    let param = || Some("policy_ir".to_owned());
    for (policy, message) in [
        (json!(["policy", ["nope"]]), "$.policy: expected 5 arguments, got 1"),
        (json!([1]), "$: expected an operation, got a number"),
        (json!(["top"]), "$: expected a policy, [\"policy\", …]"),
    ] {
        let reply = post(&gateway, "/x/policy/normalize", json!({"policy_ir": policy})).await;
        let (status, code, of, said) = error(&reply);
        assert_eq!((status, &*code, of), (400, "invalid_policy", param()), "{policy}");
        assert!(said.starts_with("policy_ir rejected at admission: $"), "{said}");
        if policy == json!(["top"]) {
            assert_eq!(said, format!("policy_ir rejected at admission: {message}"));
        }
    }
    for (body, code, param, message) in [
        ("{}", "missing_parameter", Some("policy_ir"), "policy_ir: expected it"),
        ("", "missing_parameter", Some("policy_ir"), "policy_ir: expected it"),
        ("[]", "invalid_body", None, "expected a JSON object"),
        (r#"{"policy": 1}"#, "unknown_parameter", Some("policy"), "policy: not known here"),
        (
            r#"{"policy_ir": 1, "policy_ir": 2}"#,
            "invalid_body",
            Some("policy_ir"),
            "policy_ir: expected once",
        ),
    ] {
        let reply = gateway.post("/x/policy/normalize", body).await;
        let expected = (400, code.to_owned(), param.map(str::to_owned), message.to_owned());
        assert_eq!(error(&reply), expected, "{body}");
    }
}

#[tokio::test]
async fn a_policy_is_built_of_parts() {
    let gateway = Gateway::with(&Value::Null).await;
    let parts = json!({"filter": ["requirements", {"provider_in": ["beta", "gamma"]}],
        "scorer": ["neg", ["field", "price_out"]], "selector": "argmax"});
    let built = post(&gateway, "/x/policy/build", parts).await;
    assert_eq!(built.status, 200, "{}", built.body);
    // docs/runs.md, section 3
    let policy = json!(["policy",
        ["and", ["meets_req"], ["or", ["provider_eq", "beta"], ["provider_eq", "gamma"]]],
        ["gate", ["not", ["is", "breaker_open"]], ["neg", ["field", "price_out"]]],
        ["argmax"], ["id"], ["always", {"action": "next_candidate"}]]);
    assert_eq!(built.json()["policy_ir"], policy);
    let normal = post(&gateway, "/x/policy/normalize", json!({"policy_ir": policy})).await;
    assert_eq!(built.json()["policy_id"], normal.json()["policy_id"]);

    // a retry policy is one of the configuration
    let built = post(&gateway, "/x/policy/build", json!({"retry_policy": "patient"})).await.json();
    assert_eq!(built["policy_ir"][5][1][2], "rate_limit");
    for (parts, message) in [
        (json!({"filters": []}), "parts: unknown key 'filters', the nearest known one is 'filter'"),
        (json!({"filter": ["private"]}), "elaborate: unknown filter atom 'private'"),
        (
            json!({"filter": {"provider_is": ["a"]}}),
            "parts.filter: unknown key 'provider_is', the nearest known one is 'provider_in'",
        ),
        (
            json!({"selector": "best"}),
            "parts.selector: unknown name 'best', the nearest known one is 'chain'",
        ),
        (
            json!({"retry_policy": "patience"}),
            "parts.retry_policy: unknown name 'patience', the nearest known one is 'patient'",
        ),
    ] {
        let reply = post(&gateway, "/x/policy/build", parts.clone()).await;
        let expected = (400, "invalid_policy_spec".to_owned(), None, message.to_owned());
        assert_eq!(error(&reply), expected, "{parts}");
    }
    // parts in order, and yet no policy
    let reply = post(&gateway, "/x/policy/build", json!({"scorer": ["nope"]})).await;
    let (status, code, _, said) = error(&reply);
    assert_eq!((status, &*code), (400, "invalid_policy_spec"));
    assert!(said.contains("unknown op 'nope'"), "{said}");
}

#[tokio::test]
async fn templates() {
    let gateway = Gateway::with(&Value::Null).await;
    let list = gateway.get("/x/policy/templates").await.json();
    let names: Vec<_> =
        list["templates"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
    assert_eq!(names, ["agent", "cheapest-family", "fastest", "private", "smart-value", "default"]);
    let made = post(
        &gateway,
        "/x/policy/templates/cheapest-family",
        json!({"family": "small", "max_price_in": 1}),
    );
    let made = made.await;
    assert_eq!(made.status, 200, "{}", made.body);
    let made = made.json();
    assert_eq!(
        made["intent"],
        "the cheapest offer of small, 80 % of the price being that of input; at most 1 USD a \
         million tokens in and 25 out; open breakers last"
    );
    let answer = gateway.chat(json!({"policy_ir": made["policy_ir"]})).await.json();
    assert_eq!(answer["x_router"]["provider"], "gamma");

    // the profile of this gateway, as it runs
    let default = gateway.post("/x/policy/templates/default", "").await.json();
    let answer = gateway.chat(json!({})).await.json();
    assert_eq!(default["policy_id"], answer["x_router"]["policy_id"]);
    assert_eq!(default["fingerprint"], answer["x_router"]["policy_fingerprint"]);

    for (name, options, message) in [
        ("cheapest-family", json!({}), "$.family: expected it: the family of models"),
        (
            "cheapest-family",
            json!({"family": "small", "colour": 1}),
            "$: unknown option 'colour': expected one of family, input_share, max_price_in, \
             max_price_out, min_success_rate, providers",
        ),
        ("default", json!({"family": "small"}), "$: expected no options"),
    ] {
        let reply = post(&gateway, &format!("/x/policy/templates/{name}"), options).await;
        let expected = (400, "invalid_policy_template".to_owned(), None, message.to_owned());
        assert_eq!(error(&reply), expected);
    }
    let reply = post(&gateway, "/x/policy/templates/best", json!({})).await;
    let message = "there is no such template: GET /x/policy/templates lists them";
    assert_eq!(error(&reply), (404, "not_found".to_owned(), None, message.to_owned()));
}

#[tokio::test]
async fn a_ranking_calls_nobody() {
    let gateway = Gateway::with(&Value::Null).await;
    let names = |list: &Value| -> Vec<String> {
        let name = |entry: &Value| {
            format!("{}/{}", entry["provider_id"], entry["model_family"]).replace('"', "")
        };
        list.as_array().unwrap().iter().map(name).collect()
    };
    let ranked = post(&gateway, "/x/rank", json!({"policy_ir": cheapest()})).await;
    assert_eq!(ranked.status, 200, "{}", ranked.body);
    let ranked = ranked.json();
    // the prices of examples/router.json: 0, 1, 10 and 15
    assert_eq!(
        names(&ranked["ranked"]),
        ["gamma/small", "alpha/small", "alpha/large", "beta/large"]
    );
    assert_eq!(ranked["rejected"], json!([]));
    // how a provider is reached is nothing of a caller's
    assert!(!ranked.to_string().contains("127.0.0.1"), "{ranked}");
    let private = gateway.get("/x/rank?profile=private").await.json();
    assert_eq!(names(&private["ranked"]), ["gamma/small", "beta/large"]);
    let rejected = |model: &str| json!({"provider": "alpha", "model": model, "reason": "or"});
    assert_eq!(private["rejected"], json!([rejected("large"), rejected("small")]));
    let default = gateway.get("/x/rank").await.json();
    assert_eq!(names(&default["ranked"])[0], "alpha/small");
    let tools = json!({"messages": [{"role": "user", "content": "hi"}], "profile": "private",
        "requirements": {"model_family": "small"}});
    assert_eq!(names(&post(&gateway, "/x/rank", tools).await.json()["ranked"]), ["gamma/small"]);

    // what a chat may say in model
    for (model, expected) in [
        ("profile:private", &["gamma/small", "beta/large"][..]),
        ("pin:gamma/small", &["gamma/small"]),
        ("gpt-5.5", &["alpha/small", "alpha/large", "gamma/small"]),
    ] {
        let ranked = post(&gateway, "/x/rank", json!({"model": model})).await.json();
        assert_eq!(names(&ranked["ranked"]), expected, "{model}");
    }

    let unknown = (400, "unknown_profile".to_owned(), Some("model".to_owned()));
    for reply in [
        gateway.get("/x/rank?profile=nope").await,
        post(&gateway, "/x/rank", json!({"profile": "nope"})).await,
        post(&gateway, "/x/rank", json!({"model": "profile:nope"})).await,
    ] {
        let (status, code, param, _) = error(&reply);
        assert_eq!((status, code, param), unknown);
    }
    for (path, param) in [("/x/rank?family=small", "family"), ("/x/rank?profile=a&x=1", "x")] {
        let expected = format!("{param}: not known here");
        let (status, code, of, said) = error(&gateway.get(path).await);
        assert_eq!((status, &*code, &*said), (400, "unknown_parameter", &*expected));
        assert_eq!(of.as_deref(), Some(param));
    }
    let (status, code, _, said) =
        error(&post(&gateway, "/x/rank", json!({"policy_ir": ["policy"]})).await);
    assert_eq!((status, &*code), (400, "invalid_policy"));
    assert!(said.starts_with("policy_ir rejected at admission: $"), "{said}");
    assert_eq!(gateway.calls().len(), 0);
}

#[tokio::test]
async fn fields_are_those_of_the_core_and_declared_ones() {
    let gateway = Gateway::with_config(&Value::Null, |config| {
        config["fields"] = json!({"eu": {"sort": "Bool", "default": false, "group": "law"}});
    })
    .await;
    let fields = gateway.get("/x/fields").await.json()["fields"].clone();
    assert_eq!(fields.as_array().unwrap().len(), 12);
    assert_eq!(
        fields[0],
        json!({"name": "price_in", "sort": "Num", "group": "price",
            "source": "the candidate, else what was observed", "default": null})
    );
    assert_eq!(
        fields[11],
        json!({"name": "eu", "sort": "Bool", "group": "law",
            "source": "fields of the model, else the default", "default": false})
    );
}

#[tokio::test]
async fn a_flow_has_names() {
    let gateway = Gateway::with(&Value::Null).await;
    let flow = json!(["flow", {"in": {"kind": "input"},
        "say": {"kind": "llm", "inputs": ["in"], "system": "Answer.", "policy": cheapest()},
        "out": {"kind": "output", "inputs": ["say"]}}]);
    let normal = post(&gateway, "/x/flow/normalize", json!({"flow_ir": flow})).await;
    assert_eq!(normal.status, 200, "{}", normal.body);
    let normal = normal.json();
    assert_eq!(normal["flow_ir"], flow);
    assert_eq!(normal["flow_id"], digest(normal["canonical"].as_str().unwrap()));
    let reply = post(&gateway, "/x/flow/normalize", json!({"flow_ir": ["flow", {}]})).await;
    let (status, code, param, said) = error(&reply);
    assert_eq!((status, &*code), (400, "invalid_flow"));
    assert_eq!(param.as_deref(), Some("flow_ir"));
    assert!(said.starts_with("flow_ir rejected at admission: "), "{said}");
}

#[tokio::test]
async fn the_skill_speaks_of_this_gateway_and_what_it_shows_holds() {
    let gateway = Gateway::with_config(&Value::Null, |config| {
        config["models"]["a|b`c"] =
            json!({"capabilities": {}, "served_by": [{"provider": "alpha"}]});
    })
    .await;
    let skill = gateway.get("/skill").await;
    assert_eq!(skill.header("content-type"), Some("text/markdown; charset=utf-8"));
    for line in [
        "Profiles: `default`, `private`.",
        "Families of models, for `family_eq`: `a b c`, `large`, `small`.",
        "Providers, for `provider_eq`: `alpha`, `beta`, `gamma`.",
        "| `tok_s` | Num | 0.0 | the candidate |",
        "| `price_in` | Num | infinite | the candidate, else what was observed |",
    ] {
        assert!(skill.body.lines().any(|own| own == line), "{line}: {}", skill.body);
    }
    // the policy that it shows is admitted, and finds somebody
    let policy = skill.body.split("```json\n").nth(2).unwrap().split("```").next().unwrap();
    let ranked = gateway.post("/x/rank", &format!("{{\"policy_ir\": {policy}}}")).await;
    assert_eq!(ranked.status, 200, "{}", ranked.body);
    assert_eq!(ranked.json()["ranked"][0]["provider_id"], "gamma");
    // and so is each word
    let words = skill.body.split("## Words").nth(1).unwrap().split("Bound both").next().unwrap();
    let operations: Vec<_> = words
        .split("[\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .filter(|word| word.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
        .collect();
    assert!(operations.len() > 30, "{operations:?}");
    for operation in operations {
        if operation == "seed" {
            continue;
        }
        let refused = Native.admit(&json!([operation]).to_string(), "{}");
        let unknown = refused.is_err_and(|error| error.to_string().contains("unknown op"));
        assert!(!unknown, "{operation}");
    }
}

#[tokio::test]
async fn operators_see_breakers_and_calls() {
    let script = json!({"beta": [{"status": 500}], "*": [{}]});
    let gateway = Gateway::with_config(&script, |config| {
        config["defaults"]["circuit_breaker_threshold"] = json!(1);
        config["profiles"]["default"] = json!({"filter": {"family_in": ["large"]},
            "scorer": ["field", "price_out"]});
    })
    .await;
    gateway.router.disable("gamma").unwrap();
    for _ in 0..2 {
        let reply = gateway.chat(json!({})).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
    }
    let runtime = gateway.get("/x/runtime").await;
    assert_eq!(runtime.status, 200, "{}", runtime.body);
    let runtime = runtime.json();
    assert_eq!(runtime["versions"]["policy"], "sigma-pol/v2");
    assert_eq!(runtime["config_sha256"], digest(gateway.router.config().text()));
    let providers = &runtime["providers"];
    assert_eq!(providers["alpha"]["breaker"]["open"], json!(false));
    assert_eq!(providers["beta"]["breaker"]["open"], json!(true));
    let left = providers["beta"]["breaker"]["ms_until_recovery"].as_u64().unwrap();
    assert!((1..=30_000).contains(&left), "{left}");
    assert_eq!(providers["gamma"]["disabled"]["kind"], "operator");

    let calls = gateway.get("/x/calls").await.json();
    let shown: Vec<_> = calls["calls"]
        .as_array()
        .unwrap()
        .iter()
        .map(|call| (call["n"].clone(), call["provider"].clone(), call["attempts"].clone()))
        .collect();
    assert_eq!(shown, [(json!(2), json!("alpha"), json!(1)), (json!(1), json!("alpha"), json!(2))]);
    let call = &calls["calls"][0];
    assert_eq!((call["ok"].clone(), call["error"].clone()), (json!(true), Value::Null));
    assert_eq!((call["tokens_in"].clone(), call["tokens_out"].clone()), (json!(10), json!(1)));
    // 10 tokens at 2 USD a million and one at 10
    assert_eq!(call["cost_usd"], json!(0.00003));
    assert_eq!(calls["before"], Value::Null);
    let first = gateway.get("/x/calls?limit=1").await.json();
    assert_eq!((first["calls"][0]["n"].clone(), first["before"].clone()), (json!(2), json!(2)));
    let second = gateway.get("/x/calls?limit=1&before=2").await.json();
    assert_eq!(
        (second["calls"][0]["n"].clone(), second["before"].clone()),
        (json!(1), Value::Null)
    );
    for query in ["limit=x", "page=2", "limit=-1"] {
        let (status, code, ..) = error(&gateway.get(&format!("/x/calls?{query}")).await);
        assert_eq!((status, &*code), (400, "invalid_query"), "{query}");
    }
}

#[tokio::test]
async fn the_document_has_the_routes_and_no_other() {
    let gateway = Gateway::with(&Value::Null).await;
    let document = gateway.get("/openapi.json").await.json();
    assert_eq!(document["openapi"], "3.1.0");
    let mut ids = Vec::new();
    for (pattern, item) in document["paths"].as_object().unwrap() {
        let path: String = pattern
            .split('/')
            .map(|part| if part.starts_with('{') { "x" } else { part })
            .collect::<Vec<_>>()
            .join("/");
        let documented = item.as_object().unwrap();
        for method in ["GET", "POST", "PUT", "DELETE"] {
            let reply = match method {
                "GET" => gateway.get(&path).await,
                "POST" => gateway.post(&path, "{}").await,
                other => send(gateway.address, request(other, &path, "", "").as_bytes()).await,
            };
            let served = documented.contains_key(&method.to_ascii_lowercase());
            // who is not the admin does not learn what there is
            if !reply.body.contains("admin_required") {
                assert_eq!(reply.status != 405, served, "{method} {path}: {}", reply.body);
            }
            assert!(!reply.body.contains("there is nothing at this path"), "{method} {path}");
        }
        for (method, operation) in documented {
            ids.push(operation["operationId"].as_str().unwrap().to_owned());
            let named = pattern.split('/').filter(|part| part.starts_with('{')).count();
            let parameters = operation["parameters"]
                .as_array()
                .map_or(0, |all| all.iter().filter(|parameter| parameter["in"] == "path").count());
            assert_eq!(parameters, named, "{method} {pattern}");
            assert_eq!(operation.get("requestBody").is_some(), method == "post", "{pattern}");
        }
    }
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), count);
    // some that nobody should miss
    for path in ["/v1/chat/completions", "/x/rank", "/x/keys", "/metrics", "/v1/models/{id}"] {
        assert!(document["paths"].get(path).is_some(), "{path}");
    }
}
