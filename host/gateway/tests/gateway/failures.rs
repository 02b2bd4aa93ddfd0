//! Runs that nobody answers, and what clients are told of them.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sigmapol_gateway::Settings;
use tokio::{io::AsyncReadExt as _, net::TcpListener};

use crate::fixture::Gateway;

/// Every provider fails so, each time.
fn all(step: Value) -> Value {
    json!({"*": [step]})
}

/// No waits, and the next candidate whatever happens.
fn patient(config: &mut Value) {
    config["profiles"]["default"]["policy_ir"][5] = json!(["always", {"action": "next_candidate"}]);
}

#[tokio::test]
async fn each_kind_of_failure_has_a_status() {
    let overflow = json!({"status": 400, "message": "maximum context length is 8 tokens"});
    for (step, status, kind, code) in [
        (json!({"status": 500}), 502, "router_error", "exhausted: server_error"),
        (json!({"status": 429}), 429, "router_error", "exhausted: rate_limit"),
        (json!({"status": 401}), 401, "router_error", "exhausted: auth_error"),
        (json!({"status": 402}), 502, "router_error", "exhausted: payment_required"),
        (json!({"status": 404}), 502, "router_error", "exhausted: model_unavailable"),
        (json!({"status": 400}), 400, "invalid_request_error", "bad_request"),
        (overflow, 400, "invalid_request_error", "context_overflow"),
        (json!({"drop": "connect"}), 502, "router_error", "exhausted: network_error"),
        (json!({"body": "<html>"}), 502, "router_error", "exhausted: bad_response"),
        (
            json!({"status": 400, "message": "content_filter"}),
            502,
            "router_error",
            "exhausted: content_filter",
        ),
    ] {
        let gateway = Gateway::with_config(&all(step.clone()), patient).await;
        let reply = gateway.chat(json!({})).await;
        let error = reply.error_of_run();
        assert_eq!((error.0, error.1.as_str(), error.3.as_str()), (status, kind, code), "{step}");
        assert_eq!(error.2, None, "{step}");
        assert_eq!(reply.header("retry-after"), (status == 429).then_some("1"), "{step}");
        let path = reply.json()["x_router"]["decision_trace"]["decision_path"].clone();
        assert_eq!(path.as_array().unwrap().len(), 3, "{path}");
    }
}

#[tokio::test]
async fn an_abort_is_told_by_its_kind() {
    // the default profile aborts on a bad request
    let gateway = Gateway::with(&all(json!({"status": 400, "message": "no such thing"}))).await;
    let error = gateway.chat(json!({})).await.error_of_run();
    assert_eq!((error.0, error.3.as_str()), (400, "bad_request"));
    let message = "no model answered: bad_request; alpha/small=bad_request(400) \"no such thing\"";
    assert_eq!(error.4, message);
    assert_eq!(gateway.calls().len(), 1);
}

#[tokio::test]
async fn a_failure_of_some_is_no_word_to_wait_or_to_change_a_key() {
    for last in [429, 401] {
        let script = json!({"alpha": [{"status": 500}], "gamma": [{"status": last}]});
        let gateway = Gateway::with_config(&script, patient).await;
        let reply = gateway.chat(json!({"model": "family:small"})).await;
        assert_eq!((reply.status, reply.header("retry-after")), (502, None), "{last}");
    }
}

#[tokio::test]
async fn the_least_wait_that_a_provider_asks_for_is_passed_on() {
    for (alpha, gamma, told) in [("7", "3", "3"), ("7200", "3600", "60"), ("7", "0", "1")] {
        let step = |wait: &str| json!([{"status": 429, "headers": {"retry-after": wait}}]);
        let script = json!({"alpha": step(alpha), "gamma": step(gamma)});
        let gateway = Gateway::with_config(&script, patient).await;
        let reply = gateway.chat(json!({"model": "family:small"})).await;
        assert_eq!((reply.status, reply.header("retry-after")), (429, Some(told)));
    }
}

#[tokio::test]
async fn an_error_tells_of_each_attempt() {
    let long = "a  long message ".repeat(20);
    let script = json!({"alpha": [{"status": 500, "message": long}], "gamma": [{"status": 503}]});
    let gateway = Gateway::with_config(&script, patient).await;
    let reply = gateway.chat(json!({"model": "family:small"})).await;
    let cut: String = "a long message ".repeat(20).chars().take(80).collect();
    let message = format!(
        "no model answered: exhausted: server_error; alpha/small=server_error(500) \"{cut}\", \
         gamma/small=server_error(503) \"scripted failure\""
    );
    assert_eq!(reply.error_of_run().4, message);
    let report = reply.json()["x_router"].clone();
    assert_eq!((&report["provider"], &report["cost_usd"]), (&Value::Null, &Value::Null));
    assert_eq!(report["decision_trace"]["decision_path"].as_array().unwrap().len(), 2);
    assert_eq!(report["policy_id"].as_str().unwrap().len(), 64);
}

#[tokio::test]
async fn a_slow_provider_is_left_for_another() {
    let script = json!({"alpha": [{"delay_ms": 5000}], "gamma": [{}]});
    let gateway = Gateway::with(&script).await;
    let began = Instant::now();
    let reply = gateway.chat(json!({"model": "family:small", "timeout_ms": 200})).await;
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    let path = reply.json()["x_router"]["decision_trace"]["decision_path"].clone();
    assert_eq!((reply.status, &path[0]["error_kind"]), (200, &json!("timeout")));
    assert_eq!(reply.header("x-sigmapol-provider"), Some("gamma"));
}

/// No request makes it longer, and one may make it shorter.
#[tokio::test]
async fn the_operator_sets_how_long_a_run_may_take() {
    let mut settings = Settings::default();
    settings.deadline = Duration::from_millis(300);
    // each attempt takes less than the deadline, and all of them more
    let script = all(json!({"delay_ms": 130, "status": 500}));
    for (asked, at_least, at_most) in [
        (json!({}), 260, 3000),
        (json!({"deadline_ms": 60_000}), 260, 3000),
        (json!({"stream": true}), 260, 3000),
        (json!({"deadline_ms": 20}), 20, 3000),
    ] {
        let gateway = Gateway::with_settings(&script, patient, settings).await;
        let began = Instant::now();
        let reply = gateway.chat(asked.clone()).await;
        let took = began.elapsed();
        let error = reply.error_of_run();
        assert_eq!((error.0, error.3.as_str()), (504, "exhausted: timeout"), "{asked}");
        let [at_least, at_most] = [at_least, at_most].map(Duration::from_millis);
        assert!((at_least..at_most).contains(&took), "{asked} {took:?}");
        // the shortest ends during the first attempt, and no other does
        assert_eq!(gateway.calls().len() == 1, at_least.as_millis() == 20, "{asked}");
    }
}

/// A body that trickles has the time of its attempt, and no more.
#[tokio::test]
async fn a_body_that_trickles_is_left_for_another() {
    // white space that an answer may begin with, for a minute
    let trickle: Vec<_> = (0..6000).flat_map(|_| [json!(" "), json!(10)]).collect();
    let script = json!({"alpha": [{"raw": trickle}], "gamma": [{}]});
    let gateway = Gateway::with(&script).await;
    let began = Instant::now();
    let reply = gateway.chat(json!({"model": "family:small", "timeout_ms": 200})).await;
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    let path = reply.json()["x_router"]["decision_trace"]["decision_path"].clone();
    assert_eq!((reply.status, &path[0]["error_kind"]), (200, &json!("timeout")));
    assert_eq!(reply.header("x-sigmapol-provider"), Some("gamma"));
}

/// Three attempts of 400 ms have a second, and the third ends with it.
#[tokio::test]
async fn attempts_end_with_the_run() {
    let script = all(json!({"delay_ms": 400, "status": 500}));
    let gateway = Gateway::with_config(&script, patient).await;
    let began = Instant::now();
    let reply = gateway.chat(json!({"deadline_ms": 1000})).await;
    let took = began.elapsed();
    let error = reply.error_of_run();
    assert_eq!((error.0, error.1.as_str()), (504, "router_error"));
    assert_eq!((error.2, error.3.as_str()), (None, "exhausted: timeout"));
    assert!((Duration::from_secs(1)..Duration::from_secs(5)).contains(&took), "{took:?}");
    let path = reply.json()["x_router"]["decision_trace"]["decision_path"].clone();
    assert_eq!(path[0]["error_kind"], "server_error");
    assert_eq!(gateway.calls().len(), 3);
}

/// Nobody pays for an answer that nobody waits for.
#[tokio::test]
async fn a_call_that_is_given_up_is_closed() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let gateway = Gateway::with_config(&Value::Null, |config| {
        config["providers"]["alpha"]["base_url"] = format!("http://{address}").into();
    })
    .await;
    let upstream = async {
        let (mut socket, _) = listener.accept().await.unwrap();
        // the request, and then the end that the other side makes
        let mut bytes = Vec::new();
        let _ = socket.read_to_end(&mut bytes).await;
        bytes.len()
    };
    let asked = json!({"model": "pin:alpha/small", "deadline_ms": 300});
    let both = tokio::time::timeout(Duration::from_secs(20), async {
        tokio::join!(upstream, gateway.chat(asked))
    });
    let (bytes, reply) = both.await.expect("the connection ends");
    assert!(bytes > 0);
    assert_eq!(reply.error_of_run().3, "exhausted: timeout");
}

#[tokio::test]
async fn all_silent_is_a_timeout() {
    for limit in ["timeout_ms", "deadline_ms"] {
        let gateway = Gateway::with_config(&all(json!({"delay_ms": 5000})), patient).await;
        let began = Instant::now();
        let reply = gateway.chat(json!({limit: 100})).await;
        let error = reply.error_of_run();
        assert_eq!((error.0, error.3.as_str()), (504, "exhausted: timeout"), "{limit}");
        assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    }
}
