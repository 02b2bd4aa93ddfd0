//! What the command prints, by calling it as a function.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests")]

use std::{fs, path::PathBuf};

use clap::Parser as _;
use sigmapol_cli as cli;
use sigmapol_cli::{Cli, Failure};
use tempfile::TempDir;

const POLICY: &str = r#"["policy",
  ["and", ["meets_req"], ["not", ["is", "disabled"]], ["cmp", "price_in", "le", 10]],
  ["neg", ["normalize", ["field", "price_in"]]],
  ["argmax"],
  ["seq", ["set_param", "temperature", 0], ["inject_seed", "seed"]],
  ["override", ["always", {"action": "next_candidate"}], "rate_limit",
    {"action": "retry_same", "attempts": 2, "backoff_ms": 250}]]"#;

const CATALOG: &str = r#"{"candidates": [
  {"provider_id": "acme", "model_family": "large", "price_in": 5, "price_out": 15},
  {"provider_id": "acme", "model_family": "huge", "price_in": 50, "price_out": 150},
  {"provider_id": "bolt", "model_family": "small", "price_in": 0.25},
  {"provider_id": "dark", "model_family": "small", "price_in": 0.1}]}"#;

const REQUEST: &str = r#"{"request": {"max_tokens": 100}, "seed": 7,
  "state": {"disabled": {"dark": {"kind": "auth_error", "at_ms": 1}}, "ema": {"bolt|small": {"price_out": 1}}}}"#;

/// A folder with a policy and its ctx in two files.
struct Files(TempDir);

impl Files {
    fn new() -> Self {
        let files = Self(tempfile::tempdir().unwrap());
        files.write("policy.json", POLICY);
        files.write("catalog.json", CATALOG);
        files.write("request.json", REQUEST);
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path(name), text).unwrap();
    }

    /// Runs a command line; words that are names of files here stand for their paths.
    fn run(&self, line: &str) -> Result<String, Failure> {
        let words = line.split_whitespace().map(|word| {
            let path = self.path(word);
            if path.exists() { path.into_os_string() } else { word.into() }
        });
        let cli =
            Cli::try_parse_from([std::ffi::OsString::from("sigmapol")].into_iter().chain(words))
                .unwrap_or_else(|error| panic!("{error}"));
        let mut out = Vec::new();
        cli::run(&cli, &mut out)?;
        Ok(String::from_utf8(out).unwrap())
    }

    /// The one line and the exit code of a failure, without the path of this folder.
    fn fail(&self, line: &str) -> (String, u8) {
        let failure = self.run(line).expect_err(line);
        let folder = format!("{}/", self.0.path().display());
        (failure.to_string().replace(&folder, ""), failure.exit_code())
    }
}

#[test]
fn decide_prints_the_ranking() {
    let files = Files::new();
    let line = "decide policy.json --ctx catalog.json --ctx request.json --width 80";
    let printed = files.run(line).unwrap();
    insta::assert_snapshot!("decide", printed);
    for engine in ["core", "native"] {
        assert_eq!(files.run(&format!("{line} --{engine}")).unwrap(), printed);
        assert_eq!(files.run(&format!("{line} --engine {engine}")).unwrap(), printed);
    }
}

#[test]
fn decide_explains() {
    let files = Files::new();
    let line = "decide policy.json --ctx catalog.json --ctx request.json --width 80 --explain";
    let printed = files.run(&format!("{line} --native")).unwrap();
    let (stable, measured) = printed.split_once("\ntime ").unwrap();
    assert!(measured.contains(" ms\n"), "{measured}");
    insta::assert_snapshot!("explain", stable);
    let printed = files.run(line).unwrap();
    for word in ["engine    component", "\nfuel      ", "\nmemory    "] {
        assert!(printed.contains(word), "{printed}");
    }
}

#[test]
fn decide_as_json() {
    let files = Files::new();
    let line = "decide policy.json --ctx catalog.json --ctx request.json --json";
    let mut documents = ["component", "core", "native"].map(|engine| {
        let printed = files.run(&format!("{line} --engine {engine}")).unwrap();
        serde_json::from_str::<serde_json::Value>(&printed).unwrap()
    });
    for (document, engine) in documents.iter_mut().zip(["component", "core", "native"]) {
        let spent = document.as_object_mut().unwrap().remove("spent").unwrap();
        assert_eq!(spent["engine"], engine);
        assert_eq!(spent["fuel"].as_u64().unwrap() > 0, engine != "native");
    }
    assert_eq!(documents[0], documents[1]);
    assert_eq!(documents[0], documents[2]);
    insta::assert_snapshot!("json", serde_json::to_string_pretty(&documents[0]).unwrap());
}

#[test]
fn seed_replaces_that_of_the_ctx() {
    let files = Files::new();
    let line = "decide policy.json --ctx catalog.json --ctx request.json --native --json --seed -3";
    let decision: serde_json::Value = serde_json::from_str(&files.run(line).unwrap()).unwrap();
    assert_eq!(decision["request"]["seed"], -3);
}

#[test]
fn nobody_is_left() {
    let files = Files::new();
    files.write(
        "none.json",
        r#"["policy",["bot"],["zero"],["argmax"],["id"],["always",{"action":"abort"}]]"#,
    );
    let printed = files.run("decide none.json --ctx catalog.json --native --width 80").unwrap();
    assert!(printed.starts_with("no candidate is left\n"), "{printed}");
    assert!(printed.contains("\n4 of 4 candidates\n"), "{printed}");
}

#[test]
fn admit_and_hash() {
    let files = Files::new();
    files.write(
        "term.json",
        r#"["and", ["top"], ["is", "no_log"], ["cmp", "price_in", "lt", 0.5]]"#,
    );
    for engine in ["component", "core", "native"] {
        let printed = files.run(&format!("admit term.json --width 80 --engine {engine}")).unwrap();
        insta::allow_duplicates! { insta::assert_snapshot!("admit", printed); }
        let hash = files.run(&format!("hash term.json --engine {engine}")).unwrap();
        assert_eq!(hash.len(), 65);
        assert!(printed.contains(hash.trim()));
        let json = files.run(&format!("hash term.json --json --engine {engine}")).unwrap();
        assert_eq!(json, format!("{{\n  \"identity\": \"{}\"\n}}\n", hash.trim()));
    }
    let json = files.run("admit term.json --json").unwrap();
    let admitted: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(admitted["sort"], "Pred");
    assert_eq!((&admitted["nodes"], &admitted["depth"]), (&4.into(), &2.into()));
}

#[test]
fn a_vocabulary_from_a_file() {
    let files = Files::new();
    files.write("term.json", r#"["is", "fast"]"#);
    files.write("vocabulary.json", r#"{"fields":{"fast":{"sort":"Bool","default":false}}}"#);
    assert_eq!(
        files.fail("hash term.json"),
        ("refused parameter: $.is[1]: undeclared field 'fast' (term.json:1:8)".to_owned(), 1)
    );
    assert!(files.run("hash term.json --vocabulary vocabulary.json").is_ok());
}

#[test]
fn failures_are_one_line_with_a_code() {
    let files = Files::new();
    files.write("broken.json", "[\"top\"");
    files.write("more.json", r#"{"seed":8}"#);
    for (line, message, code) in [
        (
            "admit missing.json",
            "cannot read missing.json: No such file or directory (os error 2)",
            2,
        ),
        ("decide - --ctx -", "`-` is given more than once", 2),
        (
            "decide policy.json --ctx request.json --ctx more.json",
            r#"more.json: key "seed" is in request.json already"#,
            2,
        ),
        (
            "decide policy.json --ctx catalog.json --fuel 0",
            "exhausted fuel: the call needs more fuel than its limit",
            3,
        ),
        (
            "decide policy.json --ctx catalog.json --core --memory-mb 0",
            "exhausted memory: the call needs more memory than its limit",
            3,
        ),
        (
            "decide policy.json --ctx catalog.json --native --fuel 5",
            "--fuel, --memory-mb and --deadline-ms bound a sandbox, and the native engine has none",
            2,
        ),
        (
            "decide policy.json --ctx catalog.json --cost 1",
            "exhausted cost: the decision may cost more than its limit",
            3,
        ),
        (
            "inspect catalog.json --engine native",
            "--engine native: this command asks none of the engines",
            2,
        ),
        ("inspect catalog.json", "catalog.json: not a WebAssembly file", 2),
    ] {
        let got = files.fail(line);
        assert_eq!(got, (message.to_owned(), code), "{line}");
    }
    for engine in ["component", "core", "native"] {
        let (message, code) = files.fail(&format!("admit broken.json --engine {engine}"));
        assert!(message.starts_with("refused json-syntax: term: "), "{message}");
        assert_eq!(code, 1);
    }
}

#[test]
fn inspect_the_embedded_component() {
    let files = Files::new();
    let printed = files.run("inspect --width 100").unwrap();
    assert!(printed.contains("closed and integer-only"), "{printed}");
    assert!(printed.contains("sigmapol:policy/engine@0.1.0: instance"), "{printed}");
    let report: serde_json::Value =
        serde_json::from_str(&files.run("inspect --json").unwrap()).unwrap();
    assert_eq!(report["sha256"], sigmapol_core::digest(sigmapol::artifact::COMPONENT));
    assert_eq!(report["closed_and_integer_only"], true);
    assert_eq!(report["imports"], serde_json::json!([]));
}

#[test]
fn inspect_says_what_is_wrong() {
    let files = Files::new();
    // a module without anything, hence without a memory
    files.write("empty.wasm", b"\0asm\x01\0\0\0");
    assert_eq!(
        files.fail("inspect empty.wasm"),
        ("empty.wasm: 0 memories, expected 1".to_owned(), 1)
    );
}

#[test]
fn limits_out_of_range_are_usage() {
    for line in [
        "decide p --ctx c --memory-mb 257",
        "decide p --ctx c --native --core",
        "decide p --ctx c --core --engine native",
        "decide p",
        "conformance",
        "hash p --engine browser",
        "hash p --cost 1",
        "admit p --cost 1",
    ] {
        let words = ["sigmapol"].into_iter().chain(line.split_whitespace());
        let error = Cli::try_parse_from(words).expect_err(line);
        assert_eq!(error.exit_code(), 2, "{line}");
    }
}

#[test]
fn a_vocabulary_may_come_with_a_ctx() {
    let files = Files::new();
    let fields = r#"{"fields": {"bench": {"sort": "Num", "default": 0}}}"#;
    files.write("term.json", r#"["field", "bench"]"#);
    files.write("vocabulary.json", fields);
    files.write("with-ctx.json", format!(r#"{{"candidates": [], "vocabulary": {fields}}}"#));
    let alone = files.run("hash term.json --vocabulary vocabulary.json --engine native").unwrap();
    let in_ctx = files.run("hash term.json --vocabulary with-ctx.json --engine native").unwrap();
    assert_eq!(alone, in_ctx);
}

#[test]
fn what_is_recorded_is_replayed() {
    let files = Files::new();
    fs::create_dir(files.path("log")).unwrap();
    // what is said is blanked, and its fuel is that of another text
    files.write("request.json", REQUEST.replacen('{', r#"{"body": {"prompt": "hello"}, "#, 1));
    let decide = "decide policy.json --ctx catalog.json --ctx request.json --ledger log";
    let printed = files.run(decide).unwrap();
    assert_eq!(printed, files.run(decide.strip_suffix(" --ledger log").unwrap()).unwrap());
    files.run(&format!("{decide} --record-bodies")).unwrap();
    let lines =
        |text: &str| text.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>();
    let rule = |text: String| {
        lines(&text).into_iter().filter(|line| !line.contains('─')).collect::<Vec<_>>()
    };
    assert_eq!(
        rule(files.run("replay log").unwrap()),
        ["records   verdict", "      2   same      fuel not compared for 1"]
    );
    for engine in ["core", "native"] {
        assert_eq!(
            rule(files.run(&format!("replay log --engine {engine} --threads 1")).unwrap()),
            ["records   verdict", "      2   same      fuel not compared"]
        );
    }
    let each = lines(&files.run("replay log --each --threads 1").unwrap());
    let each: Vec<_> = each.iter().filter_map(|line| line.strip_prefix("record ")).collect();
    assert!(
        each[0].ends_with(": same, fuel not compared") && each[1].ends_with(": same"),
        "{each:?}"
    );
    let json: serde_json::Value =
        serde_json::from_str(&files.run("replay log --json").unwrap()).unwrap();
    assert_eq!(
        json,
        serde_json::json!({ "records": 2, "same": 2, "same_fuel": 1, "diverged": 0,
            "component_mismatch": 0, "out_of_fuel": 0, "not_recorded": 0, "missing": 0, "first": [] })
    );
    // the dearest that is let through, instead of the cheapest
    files.write(
        "other.json",
        POLICY.replace(
            r#"["neg", ["normalize", ["field", "price_in"]]]"#,
            r#"["field", "price_in"]"#,
        ),
    );
    assert_eq!(
        rule(files.run("replay log --policy other.json").unwrap()),
        [
            "decisions",
            "        2   decided again",
            "        2   pick changes",
            "        2   with prices     in 0.25 → 5, out 1 → 15 $/M on average",
            "",
            "candidates lost 0, gained 0",
            "",
            "changes   from         to",
            "      2   bolt small   acme large",
        ]
    );
}

/// In a sandbox the router is read once, and a step over it says so. What came of the step is the
/// same in every engine.
#[test]
fn the_steps_of_a_router_are_replayed() {
    let files = Files::new();
    let router = include_str!("../../../examples/router.json");
    files.write("router.json", router);
    let mut results = Vec::new();
    for engine in ["component", "core", "native"] {
        let log = format!("log-{engine}");
        fs::create_dir(files.path(&log)).unwrap();
        let rank = "rank --config router.json --engine";
        let plain = files.run(&format!("{rank} {engine}")).unwrap();
        let recorded = format!("{rank} {engine} --ledger {log} --record-bodies");
        assert_eq!(files.run(&recorded).unwrap(), plain);
        let steps: Vec<serde_json::Value> = sigmapol_ledger::read(files.path(&log))
            .unwrap()
            .map(Result::unwrap)
            .filter(|record| record.kind == "step")
            .map(|record| serde_json::from_str(record.body.get()).unwrap())
            .collect();
        let kinds: Vec<_> = steps.iter().map(|step| step["kind"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["init", "rank"]);
        let over = steps.iter().map(|step| step["over"].is_object()).collect::<Vec<_>>();
        assert_eq!(over, [false, engine == "component"]);
        results.push(steps.iter().map(|step| step["result"].clone()).collect::<Vec<_>>());
        for replayed_in in ["component", "core", "native"] {
            let line = format!("replay {log} --engine {replayed_in} --json");
            let json: serde_json::Value = serde_json::from_str(&files.run(&line).unwrap()).unwrap();
            assert_eq!((&json["records"], &json["same"]), (&2.into(), &2.into()), "{line}: {json}");
        }
    }
    assert_eq!(results[0], results[1]);
    assert_eq!(results[0], results[2]);
}

#[test]
fn what_another_policy_could_not_decide() {
    let files = Files::new();
    fs::create_dir(files.path("log")).unwrap();
    files.run("decide policy.json --ctx catalog.json --ledger log").unwrap();
    files.fail("decide request.json --ctx catalog.json --ledger log");
    let (line, code) = files.fail("replay log --policy request.json");
    assert!(line.starts_with("refused term-shape: "), "{line}");
    assert_eq!(code, 1);
    let printed = files.run("replay log --policy policy.json --width 100").unwrap();
    let undecided = "1   undecided       left out: refused or stopped when they were recorded";
    assert!(printed.contains(undecided), "{printed}");
    let json = files.run("replay log --policy policy.json --json").unwrap();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["left_out"], &json["left_out_why"]["undecided"]), (&1.into(), &1.into()));
}

/// Whatever a catalog says, a terminal gets text: of tables, of the request, of JSON.
#[test]
fn nothing_from_outside_commands_a_terminal() {
    let files = Files::new();
    let hostile = r"\u001b]0;title\u0007\u009b2J\u202etxt";
    files.write("hostile.json", CATALOG.replace("small", hostile));
    let request = format!(r#"{{"request": {{"user": "{hostile}"}}}}"#);
    files.write("asks.json", request);
    let line = "decide policy.json --ctx hostile.json --ctx asks.json --native";
    for more in ["", " --explain", " --json --explain"] {
        let printed = files.run(&format!("{line}{more}")).unwrap();
        let commands = |character: &char| {
            *character != '\n' && (character.is_control() || *character == '\u{202e}')
        };
        assert_eq!(printed.chars().find(commands), None, "{printed}");
    }
    let printed = files.run(&format!("{line} --explain")).unwrap();
    assert!(printed.contains(r"\u{1b}]0;title\u{7}\u{9b}2J\u{202e}txt"), "{printed}");
    let json = files.run(&format!("{line} --json")).unwrap();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["ordered"][0]["model"], "\u{1b}]0;title\u{7}\u{9b}2J\u{202e}txt");
}

#[test]
fn a_replay_that_shows_nothing_fails() {
    let files = Files::new();
    fs::create_dir(files.path("log")).unwrap();
    files.run("decide policy.json --ctx catalog.json --ledger log").unwrap();
    let segment = files.path("log").join("000001.jsonl");
    let text = fs::read_to_string(&segment).unwrap();
    fs::write(&segment, text.replace("acme", "acne")).unwrap();
    let (line, code) = files.fail("replay log");
    assert!(line.starts_with("damaged: segment 1, line "), "{line}");
    assert_eq!(code, 65);
    assert_eq!(
        files.fail("replay log --engine prepared"),
        ("--engine prepared: expected component, core or native".to_owned(), 2)
    );
    assert_eq!(
        files.fail("decide policy.json --ctx catalog.json --ledger log --engine prepared"),
        ("--engine prepared: expected component, core or native with --ledger".to_owned(), 2)
    );
}
