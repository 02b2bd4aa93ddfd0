//! The configuration read again while requests come (G87).

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use serde_json::{Value, json};
use sigmapol_core::Native;
use sigmapol_gateway::{Settings, State, app};
use sigmapol_router::{Config, Router};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{sleep, timeout},
};

use crate::{
    client::{read, request},
    fixture::{Gateway, chat, config},
};

/// The output price of alpha's small model.
fn price(config: &mut Value, price: &Value) {
    config["models"]["small"]["served_by"][0]["fields"]["price_out"] = price.clone();
}

async fn metric(gateway: &Gateway, name: &str) -> u64 {
    let metrics = gateway.get("/metrics").await.body;
    let line = metrics.lines().find_map(|line| line.strip_prefix(name)).expect(&metrics);
    line.trim().parse().unwrap()
}

#[tokio::test]
async fn a_price_that_changed_counts_and_breakers_stay() {
    let gateway = Gateway::with(&json!({"gamma": [{"status": 500}], "*": [{}]})).await;
    for _ in 0..3 {
        gateway.chat(json!({"model": "pin:gamma/small"})).await;
    }
    let before = gateway.router.status().unwrap();
    assert_eq!(before["providers"]["gamma"]["breaker"]["open"], true);
    let report = gateway.chat(json!({"model": "pin:alpha/small"})).await.json()["x_router"].clone();
    assert_ne!(report["price_out"], 7.5);
    let reply = gateway.reload(|config| price(config, &json!(7.5))).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let digest = Config::from_json(&gateway.file.lock().unwrap()).unwrap().digest();
    assert_eq!(reply.json()["sha256"], json!(digest));
    assert_eq!(reply.json()["reloads"], json!({"done": 1, "refused": 0}));
    let report = gateway.chat(json!({"model": "pin:alpha/small"})).await.json()["x_router"].clone();
    assert_eq!(report["price_out"], 7.5, "{report}");
    let after = gateway.router.status().unwrap();
    assert_eq!(after["providers"]["gamma"]["breaker"]["open"], true);
    // what a client may name is that of the new one, at once
    let reply = gateway
        .reload(|config| config["profiles"]["fresh"] = config["profiles"]["default"].clone())
        .await;
    assert_eq!(reply.status, 200);
    assert_eq!(gateway.chat(json!({"model": "profile:fresh"})).await.status, 200);
    assert!(gateway.get("/v1/models").await.body.contains("profile:fresh"));
    assert_eq!(metric(&gateway, "sigmapol_config_reloads_total{result=\"done\"}").await, 2);
}

#[tokio::test]
async fn a_broken_file_changes_nothing() {
    let gateway = Gateway::with(&Value::Null).await;
    let models = gateway.get("/v1/models").await.body;
    let last = "sigmapol_config_last_good_timestamp_seconds";
    let read_at = metric(&gateway, last).await;
    let reply = gateway
        .reload(|config| {
            price(config, &json!("dear"));
            config["profiles"]["fresh"] = config["profiles"]["default"].clone();
        })
        .await;
    let (status, kind, _, code, message) = reply.error();
    assert_eq!((status, kind.as_str(), code.as_str()), (400, "invalid_request_error", "config"));
    assert_eq!(
        message,
        "refused config: models.small.served_by[1].fields.price_out: expected a finite number"
    );
    *gateway.file.lock().unwrap() = "{".to_owned();
    let (status, _, _, code, message) = gateway.post("/x/config/reload", "").await.error();
    assert_eq!((status, code.as_str()), (400, "config"));
    assert_eq!(message, "expected JSON: EOF while parsing an object at line 1 column 1");
    assert_eq!(gateway.get("/v1/models").await.body, models);
    assert_eq!(gateway.chat(json!({})).await.status, 200);
    assert_eq!(metric(&gateway, "sigmapol_config_reloads_total{result=\"refused\"}").await, 2);
    assert_eq!(metric(&gateway, "sigmapol_config_reloads_total{result=\"done\"}").await, 0);
    assert_eq!(metric(&gateway, last).await, read_at);
}

#[tokio::test]
async fn no_request_fails_because_of_a_reload() {
    let script = json!({"*": [{"text": "one two", "chunks": 2, "chunk_delay_ms": 20}]});
    let gateway = Gateway::with(&script).await;
    let left = AtomicUsize::new(50);
    let chats = async {
        let one = async |number: usize| {
            // spread over the reloads
            sleep(Duration::from_millis(10 * number as u64)).await;
            let stream = number.is_multiple_of(2);
            let reply = gateway.chat(json!({"stream": stream})).await;
            assert_eq!((reply.status, reply.whole), (200, true), "{}", reply.body);
            if stream {
                assert!(reply.body.ends_with("data: [DONE]\n\n"), "{}", reply.body);
            }
            left.fetch_sub(1, Ordering::Relaxed);
        };
        futures_util::future::join_all((0..50).map(one)).await;
    };
    let reloads = async {
        let mut count = 0;
        while left.load(Ordering::Relaxed) > 0 || count < 6 {
            count += 1;
            let reply = gateway.reload(|config| price(config, &json!(count))).await;
            assert_eq!(reply.status, 200, "{}", reply.body);
        }
    };
    tokio::join!(chats, reloads);
    assert_eq!(gateway.calls().len(), 50);
}

/// A stream that was open goes on with the provider that the new configuration has no more.
#[tokio::test]
async fn a_stream_ends_on_the_configuration_that_it_began_with() {
    let script = json!({"alpha": [{"text": "one two three", "chunks": 3, "chunk_delay_ms": 200}]});
    let gateway = Gateway::with(&script).await;
    let mut stream = TcpStream::connect(gateway.address).await.unwrap();
    let body = chat(json!({"stream": true})).to_string();
    let text = request("POST", "/v1/chat/completions", "", &body);
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut first = [0; 1];
    stream.read_exact(&mut first).await.unwrap();
    let without_alpha = |config: &mut Value| {
        config["providers"].as_object_mut().unwrap().remove("alpha");
        for (_, model) in config["models"].as_object_mut().unwrap() {
            let served_by = model["served_by"].as_array_mut().unwrap();
            served_by.retain(|offer| offer["provider"] != "alpha");
        }
        config["models"]
            .as_object_mut()
            .unwrap()
            .retain(|_, model| model["served_by"] != json!([]));
    };
    assert_eq!(gateway.reload(without_alpha).await.status, 200);
    let reply = gateway.chat(json!({})).await;
    assert_ne!(reply.json()["x_router"]["provider"], "alpha", "{}", reply.body);
    // the first byte is gone
    let rest = timeout(Duration::from_secs(10), read(&mut stream)).await.unwrap();
    assert!(rest.whole && rest.body.contains("\"provider\":\"alpha\""), "{}", rest.body);
    assert!(rest.body.ends_with("data: [DONE]\n\n"), "{}", rest.body);
}

#[tokio::test]
async fn a_provider_that_an_operator_disables_is_not_called() {
    let gateway = Gateway::with(&Value::Null).await;
    let operate =
        async |name: &str, body: &str| gateway.post(&format!("/x/providers/{name}"), body).await;
    assert_eq!(gateway.chat(json!({})).await.json()["x_router"]["provider"], "alpha");
    let reply = operate("alpha", r#"{"disabled": true}"#).await;
    assert_eq!(
        (reply.status, reply.json()),
        (200, json!({"provider": "alpha", "disabled": true, "changed": true}))
    );
    let calls = gateway.calls().len();
    let of_alpha = || gateway.calls()[calls..].iter().filter(|call| call.route == "alpha").count();
    for round in 0..4 {
        let reply = gateway.chat(json!({"stream": round % 2 == 0})).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        // a reload does not bring it back
        assert_eq!(gateway.reload(|config| price(config, &json!(round))).await.status, 200);
    }
    let reply = gateway.chat(json!({"model": "pin:alpha/small"})).await;
    assert_eq!((reply.status, reply.error_of_run().3.as_str()), (503, "no_candidates"));
    assert_eq!(of_alpha(), 0);
    assert_eq!(operate("alpha", r#"{"disabled": false}"#).await.status, 200);
    assert_eq!(gateway.chat(json!({"model": "pin:alpha/small"})).await.status, 200);
    assert_eq!(of_alpha(), 1);

    let (status, _, _, code, message) = operate("nobody", r#"{"disabled": true}"#).await.error();
    assert_eq!((status, code.as_str()), (404, "unknown_provider"));
    assert_eq!(message, r#"provider: expected one of the configuration, got "nobody""#);
    for (body, expected) in [
        ("{}", "missing field `disabled` at line 1 column 2"),
        (r#"{"disabled": 1}"#, "invalid type: integer `1`, expected a boolean at line 1 column 14"),
        (
            r#"{"disabled": true, "for": 1}"#,
            "unknown field `for`, expected `disabled` at line 1 column 24",
        ),
    ] {
        let (status, _, _, code, message) = operate("alpha", body).await.error();
        assert_eq!((status, code.as_str()), (400, "invalid_body"));
        assert_eq!(message, format!("expected {{\"disabled\": true|false}}: {expected}"));
    }
}

/// Who serves the routes in a program of theirs has not said who operates it.
#[tokio::test]
async fn nobody_operates_routes_that_others_serve() {
    let mock = sigmapol_mock::MockProvider::start("", 0).await.unwrap();
    let config = Config::from_json(&config(&mock).to_string()).unwrap();
    let router = Router::builder(config).engine(std::sync::Arc::new(Native)).build().unwrap();
    let routes = app(State::new(router, Settings::default()));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        loop {
            let (socket, _) = listener.accept().await.unwrap();
            let routes = hyper_util::service::TowerToHyperService::new(routes.clone());
            let socket = hyper_util::rt::TokioIo::new(socket);
            let serving =
                hyper::server::conn::http1::Builder::new().serve_connection(socket, routes);
            let _ = serving.await; // the client has closed
        }
    });
    for path in ["/x/config/reload", "/x/providers/alpha"] {
        let text = request("POST", path, "", r#"{"disabled": true}"#);
        let (status, _, _, code, _) = crate::client::send(address, text.as_bytes()).await.error();
        assert_eq!((status, code.as_str()), (404, "not_found"), "{path}");
    }
    server.abort();
}
