//! A ledger that takes no record.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use serde_json::json;
use sigmapol_core::{Admission, Decision, Engine, Error, Metered, Native, Turn, WrapperError};
use sigmapol_gateway::{Recording, Server, Settings, State};
use sigmapol_mock::MockProvider;
use sigmapol_provider::Http;
use sigmapol_router::{Config, Router};

use crate::{
    client::{request, send},
    fixture::{chat, config},
};

/// An engine whose steps are recorded, until the disk is full.
struct Recorded(Arc<AtomicBool>);

impl Engine for Recorded {
    fn admit(&self, term: &str, vocabulary: &str) -> Result<Metered<Admission>, Error> {
        Native.admit(term, vocabulary)
    }

    fn hash(&self, term: &str, vocabulary: &str) -> Result<Metered<String>, Error> {
        Native.hash(term, vocabulary)
    }

    fn decide(&self, policy: &str, ctx: &str) -> Result<Metered<Decision>, Error> {
        Native.decide(policy, ctx)
    }

    fn step(&self, run: Option<&str>, event: &str) -> Result<Metered<Turn>, Error> {
        match self.0.load(Ordering::Relaxed) {
            true => Err(WrapperError::new("ledger io", io::Error::other("no space")).into()),
            false => Native.step(run, event),
        }
    }
}

#[tokio::test]
async fn without_a_record_nothing_is_sent() {
    let mock = MockProvider::start("", 0).await.unwrap();
    let full = Arc::new(AtomicBool::new(false));
    let config = Config::from_json(&config(&mock).to_string()).unwrap();
    let provider = Arc::new(Http::new(config.value()).unwrap());
    let router = Router::builder(config).engine(Arc::new(Recorded(Arc::clone(&full))));
    let router = router.provider(provider).steps_apart(true).build().unwrap();
    let look = Arc::clone(&full);
    let state = State::new(router, Settings::default()).recorded_by(move || Recording {
        required: true,
        waiting: 0,
        lost: 0,
        failing: look.load(Ordering::Relaxed),
    });
    let server = Server::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = server.address();
    let server = tokio::spawn(server.serve(state, std::future::pending()));
    let get = async |path: &str| send(address, request("GET", path, "", "").as_bytes()).await;
    let post = async |stream: bool| {
        let body = chat(json!({"stream": stream})).to_string();
        send(address, request("POST", "/v1/chat/completions", "", &body).as_bytes()).await
    };
    assert_eq!(post(false).await.status, 200);
    assert_eq!((get("/readyz").await.status, mock.requests().len()), (200, 1));
    full.store(true, Ordering::Relaxed);
    for stream in [false, true] {
        let (status, kind, param, code, message) = post(stream).await.error();
        assert_eq!((status, kind.as_str(), param), (503, "router_error", None));
        assert_eq!(code, "not_recorded");
        assert_eq!(message, "the decision cannot be recorded, and so it is not made");
    }
    assert_eq!(mock.requests().len(), 1);
    assert_eq!(get("/readyz").await.status, 503);
    let health = get("/healthz").await;
    assert_eq!(health.status, 200);
    assert_eq!(
        health.json()["recording"],
        json!({"mode": "required", "waiting": 0, "lost": 0, "failing": true})
    );
    assert!(get("/metrics").await.body.contains("\nsigmapol_records_failing 1\n"));
    // a disk that is mended: the next one is answered
    full.store(false, Ordering::Relaxed);
    assert_eq!((post(true).await.status, mock.requests().len()), (200, 2));
    server.abort();
}
