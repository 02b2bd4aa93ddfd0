//! Configurations, states and contracts that somebody made to do harm: each is taken or refused, and
//! takes no more memory than it is worth.
//!
//! `make attack` tries more cases; see `tests/attack/mod.rs`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what is wrong by panicking")]

#[path = "../../../tests/attack/mod.rs"]
mod attack;

use std::{fmt::Write as _, fs, sync::Arc, time::Duration};

use attack::{
    Campaign, Random,
    allocation::{Allocated, Counting, measure},
    routers::{CONTRACTS, JSON, STATE, TOML, YAML},
};
use sigmapol_core::{
    Effect, Native, digest,
    json::{Members, quote},
};
use sigmapol_provider::{Answer, CallError, ErrorKind};
use sigmapol_router::{Config, ManualClock, Router, RouterError, Run};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const START_MS: f64 = 1_700_000_000_000.0;

/// Bytes that are held for a configuration of none, and for each byte of one. Aliases of YAML make
/// copies, so that it has another bound: that of its reader.
const HELD: usize = 1 << 20;
const HELD_A_BYTE: usize = 1 << 10;

/// Calls and waits of one run. No policy of the shapes asks for more.
const TURNS: usize = 200;

type Parse = fn(&str) -> Result<Config, RouterError>;

fn build(config: Config) -> Result<Router, RouterError> {
    let clock = Arc::new(ManualClock::at(START_MS));
    Router::builder(config).engine(Arc::new(Native)).clock(clock).build()
}

/// What holds of every refusal.
fn refused(error: &RouterError) -> &'static str {
    let text = error.to_string();
    assert!(!text.is_empty() && !error.code().is_empty());
    match error {
        RouterError::Config(_) => "not read",
        RouterError::Engine(_) | RouterError::Failed(_) | RouterError::Input(_) => "refused",
        RouterError::Snapshot(_) => "no snapshots",
        other => panic!("{other}"),
    }
}

fn configurations(name: &'static str, parse: Parse, shapes: &[&str]) {
    let mut most = 0;
    let tally = Campaign::new(name, 1_500).run(|random| {
        let bytes = if random.one_in(8) { random.bytes(400) } else { random.almost(shapes) };
        let text = String::from_utf8_lossy(&bytes);
        let (parsed, allocated) = measure(|| parse(&text));
        let Allocated { peak, .. } = allocated;
        assert!(peak <= HELD + HELD_A_BYTE * text.len(), "{peak} for {}: {text}", text.len());
        most = most.max(peak / text.len().max(64));
        match parsed.and_then(build) {
            Err(error) => refused(&error),
            Ok(router) => {
                // what was read is what a router works with
                let ranked = router.rank(r#"{"prompt":"x"}"#);
                ranked.map_or_else(|error| refused(&error), |_| "configurations")
            }
        }
    });
    assert!(!tally.is_whole || tally.of("configurations") > tally.cases / 50, "{tally:?}");
    tally.say(format!("; at most {most} bytes held a byte"));
}

#[test]
fn configurations_in_json() {
    configurations("configurations in JSON", Config::from_json, &[JSON]);
}

#[test]
fn configurations_in_toml() {
    configurations("configurations in TOML", Config::from_toml, &[TOML]);
}

#[test]
fn configurations_in_yaml() {
    let plain = YAML
        .replace("%YAML 1.2\n---\n", "")
        .replace("yes", "true")
        .replace("    <<: *a\n    tier: !!str partner\n", "    <<: *a\n");
    configurations("configurations in YAML", Config::from_yaml, &[YAML, &plain, JSON]);
}

/// Short texts that stand for long ones, and deep ones: an answer, and no end of the process.
#[test]
fn bombs() {
    let mut aliases = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned();
    for level in 1..12 {
        let alias = format!("*a{}", level - 1);
        let list = [alias.as_str(); 9].join(",");
        writeln!(aliases, "a{level}: &a{level} [{list}]").unwrap();
    }
    let deep = 100_000;
    let texts: [(&str, Parse, String); 12] = [
        ("aliases", Config::from_yaml, aliases),
        ("itself", Config::from_yaml, "a: &a [*a]\n".to_owned()),
        ("lists", Config::from_yaml, "[".repeat(deep)),
        ("dashes", Config::from_yaml, "- ".repeat(deep)),
        ("maps", Config::from_yaml, "{a: ".repeat(deep)),
        ("tags", Config::from_yaml, "!!map ".repeat(deep)),
        ("lists", Config::from_json, "[".repeat(deep)),
        ("objects", Config::from_json, "{\"a\":".repeat(deep)),
        ("dots", Config::from_toml, format!("{}a = 1", "a.".repeat(deep))),
        ("table", Config::from_toml, format!("[{}a]\nb = 1", "a.".repeat(deep))),
        ("arrays", Config::from_toml, format!("a = {}", "[".repeat(deep))),
        ("inline", Config::from_toml, format!("a = {}", "{a = ".repeat(deep))),
    ];
    for (what, parse, text) in texts {
        let (parsed, allocated) = measure(|| parse(&text));
        assert!(parsed.and_then(build).is_err(), "{what}");
        assert!(allocated.peak <= 64 << 20, "{what}: {allocated:?}");
    }
}

/// A credential that somebody wrote where none belongs is not repeated.
#[test]
fn planted_keys() {
    const KEY: &str = "sk-0123456789abcdef";
    let texts: [(Parse, String); 5] = [
        (
            Config::from_json,
            JSON.replacen("\"tier\"", &format!("\"api_key\": \"{KEY}\", \"tier\""), 1),
        ),
        (Config::from_toml, TOML.replacen("no_log", &format!("api_key = \"{KEY}\"\nno_log"), 1)),
        (Config::from_toml, format!("{TOML}\napi_key = \"{KEY}\" x")),
        (Config::from_yaml, format!("api_key: {KEY}\n")),
        (Config::from_yaml, format!("api_key: \"{KEY}\n")),
    ];
    for (parse, text) in texts {
        let error = parse(&text).and_then(build).unwrap_err().to_string();
        assert!(!error.contains(KEY), "{error}");
    }
}

/// A snapshot of a state, in order but for what the state says.
fn snapshot(state: &str) -> String {
    format!(
        "{{\"version\":1,\"saved_at_ms\":1700000000000,\"sha256\":{},\"state\":{state}}}",
        quote(&digest(state.as_bytes()))
    )
}

#[test]
fn state_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let config = Config::from_json(JSON).unwrap();
    let whole = snapshot(STATE);
    let tally = Campaign::new("state files", 150).run(|random| {
        let bytes = match random.below(4) {
            0 => random.bytes(400),
            1 => random.almost(&[&whole]),
            _ => snapshot(&String::from_utf8_lossy(&random.almost(&[STATE]))).into_bytes(),
        };
        fs::write(&path, &bytes).unwrap();
        let builder = Router::builder(config.clone())
            .engine(Arc::new(Native))
            .clock(Arc::new(ManualClock::at(START_MS)))
            .state_file(&path, Duration::MAX);
        let what = match builder.build() {
            Err(error) => refused(&error),
            Ok(router) => {
                router.status().unwrap();
                router.rank(r#"{"prompt":"x"}"#).unwrap();
                router.disable("alpha").unwrap();
                router.save().unwrap();
                let kept = fs::read_dir(folder.path()).unwrap().any(|entry| {
                    entry.unwrap().file_name().to_string_lossy().contains(".damaged-")
                });
                if kept { "set aside" } else { "states" }
            }
        };
        // what is not a state is not lost
        for entry in fs::read_dir(folder.path()).unwrap() {
            let entry = entry.unwrap();
            if entry.file_name().to_string_lossy().contains(".damaged-") {
                assert_eq!(fs::read(entry.path()).unwrap(), bytes);
                fs::remove_file(entry.path()).unwrap();
            }
        }
        what
    });
    for what in ["set aside", "states"] {
        assert!(!tally.is_whole || tally.of(what) > tally.cases / 50, "{tally:?}");
    }
    tally.say("");
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
                let result = if random.one_in(4) {
                    Ok(Answer { text: "ok".to_owned(), ..Answer::default() })
                } else {
                    let kind = *random.one(&ErrorKind::ALL);
                    let message = String::from_utf8_lossy(&random.bytes(40)).into_owned();
                    let retry_after_ms =
                        random.one_in(3).then(|| random.next() >> random.below(64));
                    Err(CallError { kind, http_status: Some(500), message, retry_after_ms })
                };
                run.respond(result)?;
            }
        }
    }
    panic!("no end within {TURNS} turns");
}

#[test]
fn contracts() {
    let config = Config::from_json(JSON).unwrap();
    let tally = Campaign::new("contracts", 1_500).run(|random| {
        let bytes = if random.one_in(8) { random.bytes(400) } else { random.almost(CONTRACTS) };
        let contract = String::from_utf8_lossy(&bytes);
        let router = build(config.clone()).unwrap();
        let driven = router.start(&contract).and_then(|run| drive(run, random));
        driven.unwrap_or_else(|error| refused(&error))
    });
    for what in ["answers", "failures", "refused"] {
        assert!(!tally.is_whole || tally.of(what) > tally.cases / 50, "{tally:?}");
    }
    tally.say("");
}

#[test]
fn shapes_are_in_order() {
    for contract in CONTRACTS {
        let router = build(Config::from_json(JSON).unwrap()).unwrap();
        let run = router.start(contract).unwrap();
        assert!(matches!(run.effect(), Effect::Call(_)), "{contract}: {:?}", run.effect());
    }
}
