//! What holds of configurations, states and contracts, whatever they say.

use std::sync::Arc;

use sigmapol_core::{
    Effect, Native, digest,
    json::{Members, quote},
};
use sigmapol_provider::{Answer, CallError, ErrorKind};
use sigmapol_router::{Builder, Config, ManualClock, Router, RouterError, Run};

use crate::attack::{Random, allocation::measure};

const START_MS: f64 = 1_700_000_000_000.0;

/// Bytes that are held for a configuration of none, and for each byte of one. Aliases of YAML make
/// copies, and the reader's own bound on these is above what any other text takes.
const HELD: usize = 1 << 20;
const HELD_A_BYTE: usize = 1 << 10;

/// Calls and waits of one run. No policy of the shapes asks for more.
const TURNS: usize = 200;

pub type Parse = fn(&str) -> Result<Config, RouterError>;

pub fn builder(config: Config) -> Builder {
    Router::builder(config).engine(Arc::new(Native)).clock(Arc::new(ManualClock::at(START_MS)))
}

/// What holds of every refusal.
pub fn refused(error: &RouterError) -> &'static str {
    assert!(!error.to_string().is_empty() && !error.code().is_empty());
    match error {
        RouterError::Config(_) => "not read",
        RouterError::Engine(_) | RouterError::Failed(_) | RouterError::Input(_) => "refused",
        RouterError::Snapshot(_) => "no snapshots",
        other => panic!("{other}"),
    }
}

/// What comes of a configuration, and the most bytes that were held to read it.
pub fn configuration(parse: Parse, text: &str) -> (&'static str, usize) {
    let (parsed, allocated) = measure(|| parse(text));
    let peak = allocated.peak;
    assert!(peak <= HELD + HELD_A_BYTE * text.len(), "{peak} bytes held for {}", text.len());
    let what = match parsed.and_then(|config| builder(config).build()) {
        Err(error) => refused(&error),
        Ok(router) => {
            // what was read is what a router works with
            let ranked = router.rank(r#"{"prompt":"x"}"#);
            ranked.map_or_else(|error| refused(&error), |_| "configurations")
        }
    };
    (what, peak)
}

/// A snapshot of a state, in order but for what the state says.
pub fn snapshot(state: &str) -> String {
    format!(
        "{{\"version\":1,\"saved_at_ms\":1700000000000,\"sha256\":{},\"state\":{state}}}",
        quote(&digest(state.as_bytes()))
    )
}

/// A router works with the state that it began with.
pub fn works(router: &Router) {
    router.status().unwrap();
    router.rank(r#"{"prompt":"x"}"#).unwrap();
    router.disable("alpha").unwrap();
    router.enable("alpha").unwrap();
}

/// What comes of a contract.
pub fn contract(config: &Config, contract: &str, random: &mut Random) -> &'static str {
    let router = builder(config.clone()).build().unwrap();
    let driven = router.start(contract).and_then(|run| drive(run, random));
    driven.unwrap_or_else(|error| refused(&error))
}

/// Walks a run to its end.
fn drive(mut run: Run, random: &mut Random) -> Result<&'static str, RouterError> {
    for _ in 0..TURNS {
        match run.effect() {
            Effect::Done(_) => {
                let outcome = run.outcome()?;
                return Ok(if outcome.ok { "answers" } else { "failures" });
            }
            Effect::Wait(until_ms) => {
                assert!(until_ms.is_finite());
                run.resume()?;
            }
            Effect::Call(request) => {
                let sent: Members<'_> = serde_json::from_str(request).unwrap();
                assert!(sent.get("provider_id").is_some(), "{request}");
                run.respond(response(random))?;
            }
        }
    }
    panic!("no end within {TURNS} turns");
}

fn response(random: &mut Random) -> Result<Answer, CallError> {
    if random.one_in(4) {
        return Ok(Answer { text: "ok".to_owned(), ..Answer::default() });
    }
    Err(CallError {
        kind: *random.one(&ErrorKind::ALL),
        http_status: Some(500),
        message: String::from_utf8_lossy(&random.bytes(40)).into_owned(),
        retry_after_ms: random.one_in(3).then(|| random.next() >> random.below(64)),
    })
}
