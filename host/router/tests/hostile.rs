//! Configurations, states and contracts that somebody made to do harm: each is taken or refused, and
//! takes no more memory than it is worth.
//!
//! `make attack` tries more cases; see `tests/attack/mod.rs`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what is wrong by panicking")]

#[path = "../../../tests/attack/mod.rs"]
mod attack;

#[path = "../../../tests/attack/routing.rs"]
mod routing;

use std::{fmt::Write as _, fs, time::Duration};

use attack::{
    Campaign,
    allocation::{Counting, measure},
    routers::{CONTRACTS, JSON, STATE, TOML, YAML},
};
use routing::{Parse, builder, refused, snapshot};
use sigmapol_core::Effect;
use sigmapol_router::{Config, Router, RouterError};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn build(config: Config) -> Result<Router, RouterError> {
    builder(config).build()
}

fn configurations(name: &'static str, parse: Parse, shapes: &[&str]) {
    let mut most = 0;
    let tally = Campaign::new(name, 1_500).run(|random| {
        let bytes = if random.one_in(8) { random.bytes(400) } else { random.almost(shapes) };
        let text = String::from_utf8_lossy(&bytes);
        let (what, peak) = routing::configuration(parse, &text);
        most = most.max(peak / text.len().max(64));
        what
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
        let what = match builder(config.clone()).state_file(&path, Duration::MAX).build() {
            Err(error) => refused(&error),
            Ok(router) => {
                routing::works(&router);
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

#[test]
fn contracts() {
    let config = Config::from_json(JSON).unwrap();
    let tally = Campaign::new("contracts", 1_500).run(|random| {
        let bytes = if random.one_in(8) { random.bytes(400) } else { random.almost(CONTRACTS) };
        routing::contract(&config, &String::from_utf8_lossy(&bytes), random)
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
