//! Many runs at once.

use std::sync::Arc;

use futures_util::future::join_all;
use serde_json::json;
use sigmapol_core::Native;
use sigmapol_provider::{Answer, Calling, ErrorKind, OnDelta, Provider};
use sigmapol_router::{Config, Router};
use tokio::sync::Barrier;

use crate::{World, block_on, config, failure};

const RUNS: usize = 500;

/// Answers nobody before everybody has called.
struct Together(Barrier);

impl Provider for Together {
    fn call<'a>(&'a self, _: &'a str, _: Option<OnDelta<'a>>) -> Calling<'a> {
        Box::pin(async {
            self.0.wait().await;
            Ok(Answer { text: "hello".to_owned(), ..Answer::default() })
        })
    }
}

#[test]
fn five_hundred_runs_in_flight_on_one_thread() {
    let config = Config::from_json(&config().to_string()).unwrap();
    let router = Router::builder(config)
        .engine(Arc::new(Native))
        .provider(Arc::new(Together(Barrier::new(RUNS))))
        .build()
        .unwrap();
    let answered = block_on(async {
        let runs = (0..RUNS).map(|number| {
            let contract = json!({"prompt": number.to_string()}).to_string();
            // spawned: the future of a run may go to another thread
            tokio::spawn(router.start(&contract).unwrap().answer())
        });
        join_all(runs).await
    });
    let answered = answered.into_iter().filter(|run| run.as_ref().unwrap().as_ref().unwrap().ok);
    assert_eq!(answered.count(), RUNS);
}

#[test]
fn no_failure_of_many_threads_is_lost() {
    const THREADS: usize = 8;
    const FAILURES: usize = 40;
    let mut config = config();
    config["defaults"] = json!({"circuit_breaker_threshold": 1_000_000});
    let world = World::of(&config, &[], |builder| builder);
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for _ in 0..FAILURES {
                    let mut run = world.router.start("{}").unwrap();
                    run.respond(Err(failure(ErrorKind::ServerError, Some(500)))).unwrap();
                }
            });
        }
    });
    let breaker = &world.status("a")["breaker"];
    assert_eq!(breaker["consecutive_failures"], json!(THREADS * FAILURES));
    assert_eq!(breaker["open"], false);
}
