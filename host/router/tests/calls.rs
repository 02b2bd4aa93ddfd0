//! Runs over real sockets: the router, the adapters and the mock together.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what is wrong by panicking"
)]

use std::sync::Arc;

use futures_util::future::join_all;
use serde_json::{Value, json};
use sigmapol_mock::MockProvider;
use sigmapol_provider::Http;
use sigmapol_router::{Config, ManualClock, Router};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::Barrier;

const START_MS: f64 = 1_700_000_000_000.0;

/// A provider a dialect, one model at each, in this order.
const PROVIDERS: [(&str, &str); 4] =
    [("p1", "openai_compatible"), ("p2", "anthropic"), ("p3", "google"), ("p4", "ollama")];

fn config(url: impl Fn(&str) -> String) -> Config {
    let provider = |(id, api_kind): (&str, &str)| {
        let provider = json!({
            "discovery": "static", "api_kind": api_kind, "auth": { "kind": "none" },
            "base_url": url(id),
        });
        (id.to_owned(), provider)
    };
    let served_by: Vec<Value> = PROVIDERS.iter().map(|(id, _)| json!({ "provider": id })).collect();
    let config = json!({
        "providers": Value::Object(PROVIDERS.into_iter().map(provider).collect()),
        "models": { "m": { "capabilities": {}, "served_by": served_by } },
        "profiles": { "default": { "scorer": ["lit", 1], "retry_policy": "cascade" } },
        "retry_policies": { "cascade": {
            "rate_limit": { "action": "next_candidate", "open_breaker_ms": 30000 },
            "server_error": { "action": "disable_provider" },
            "timeout": { "action": "next_candidate" },
        } },
    });
    Config::from_json(&config.to_string()).unwrap()
}

fn router(config: Config, clock: &Arc<ManualClock>) -> Router {
    let http = Http::new(config.value()).unwrap();
    Router::builder(config)
        .provider(Arc::new(http))
        .clock(Arc::clone(clock) as Arc<_>)
        .build()
        .unwrap()
}

/// The providers of a ranking, in order, and those rejected with their reason.
fn ranking(router: &Router) -> (Vec<Value>, Vec<(Value, Value)>) {
    let ranked = router.rank(r#"{"prompt":"x"}"#).unwrap();
    let ordered = ranked["ordered"].as_array().unwrap().iter();
    let rejected = ranked["rejected"].as_array().unwrap().iter();
    (
        ordered.map(|entry| entry["provider_id"].clone()).collect(),
        rejected.map(|entry| (entry["provider"].clone(), entry["reason"].clone())).collect(),
    )
}

#[tokio::test]
async fn through_every_failure_to_an_answer_and_back_to_health() {
    let script = json!({
        "p1": [{ "status": 429, "message": "slow down" }, { "text": "from p1" }],
        "p2": [{ "status": 500, "message": "broken" }],
        "p3": [{ "delay_ms": 600_000 }, { "text": "from p3" }],
        "p4": [{ "text": "from p4" }],
    });
    let mock = MockProvider::start(&script.to_string(), 0).await.unwrap();
    let clock = Arc::new(ManualClock::at(START_MS));
    let router = router(config(|id| mock.url(id)), &clock);

    let run = router.start(r#"{"prompt":"hello","timeout_ms":100}"#).unwrap();
    let outcome = run.answer().await.unwrap();
    assert!(outcome.ok);
    assert_eq!(outcome.text(), "from p4");
    let attempted = |provider: &str| {
        json!({
            "event": "attempted", "provider_id": provider, "model_family": "m", "attempt": 1,
            "latency_ms": 0,
        })
    };
    let failed = |provider: &str, kind: &str, status: Option<u16>, message: &str| {
        let mut event = attempted(provider);
        event["error_kind"] = json!(kind);
        event["error_message"] = json!(message);
        if let Some(status) = status {
            event["http_status"] = json!(status);
        }
        event
    };
    assert_eq!(
        outcome.trace["decision_path"],
        json!([
            failed("p1", "rate_limit", Some(429), "slow down"),
            failed("p2", "server_error", Some(500), "broken"),
            { "event": "provider_disabled", "provider_id": "p2", "reason": "server_error" },
            failed("p3", "timeout", None, "no answer within 100 ms"),
            attempted("p4"),
        ])
    );
    let dialects: Vec<_> = mock.requests().iter().map(|request| request.dialect).collect();
    assert_eq!(dialects, PROVIDERS.map(|(_, api_kind)| api_kind));

    // p1 is gated to the end while its breaker is open, p2 is out
    let disabled = (json!("p2"), json!("not"));
    assert_eq!(
        ranking(&router),
        (vec!["p3".into(), "p4".into(), "p1".into()], vec![disabled.clone()])
    );
    let outcome = router.start(r#"{"prompt":"hello"}"#).unwrap().answer().await.unwrap();
    assert_eq!(outcome.text(), "from p3");

    // the breaker closes by the clock
    clock.advance(29_999.0);
    assert_eq!(router.status().unwrap()["providers"]["p1"]["breaker"]["open"], json!(true));
    clock.advance(1.0);
    assert_eq!(router.status().unwrap()["providers"]["p1"]["breaker"]["open"], json!(false));
    assert_eq!(
        ranking(&router),
        (vec!["p1".into(), "p3".into(), "p4".into()], vec![disabled.clone()])
    );
    let outcome = router.start(r#"{"prompt":"hello"}"#).unwrap().answer().await.unwrap();
    assert_eq!(outcome.text(), "from p1");

    // and the time of the disabled one ends
    clock.advance(269_999.0);
    assert_eq!(ranking(&router).1, [disabled]);
    clock.advance(1.0);
    assert_eq!(
        ranking(&router),
        (vec!["p1".into(), "p2".into(), "p3".into(), "p4".into()], vec![])
    );
}

/// Answers only when all of them have asked.
async fn answer_together(listener: TcpListener, count: usize) {
    const BODY: &str = r#"{"choices":[{"message":{"content":"one of many"}}]}"#;
    let all = Arc::new(Barrier::new(count));
    loop {
        let (mut socket, _) = listener.accept().await.unwrap();
        let all = Arc::clone(&all);
        tokio::spawn(async move {
            let mut request = Vec::new();
            // the request is whole with the end of its JSON
            while !request.ends_with(b"}") {
                assert!(socket.read_buf(&mut request).await.unwrap() > 0);
            }
            all.wait().await;
            let length = BODY.len();
            let answer = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\
                 connection: close\r\n\r\n{BODY}"
            );
            socket.write_all(answer.as_bytes()).await.unwrap();
        });
    }
}

/// All of them on this thread: no answer comes before the last request has arrived.
#[tokio::test]
async fn five_hundred_at_once() {
    const RUNS: usize = 500;
    // more descriptors than the usual soft limit of 1024: both ends of every socket are here
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let maximum = getrlimit(Resource::Nofile).maximum;
        setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).unwrap();
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(answer_together(listener, RUNS));
    let config = config(|id| format!("{base_url}/{id}"));
    let router = router(config, &Arc::new(ManualClock::at(START_MS)));
    let runs = (0..RUNS).map(|_| async {
        let run = router.start(r#"{"prompt":"hello","timeout_ms":600000}"#).unwrap();
        run.answer().await.unwrap().text().to_owned()
    });
    assert_eq!(join_all(runs).await, vec!["one of many"; RUNS]);
}
