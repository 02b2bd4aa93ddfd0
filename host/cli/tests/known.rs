//! What is told of a policy before it decides, by running the command: both streams, word for word.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "helpers of tests")]

use std::{fs, process::Command};

use assert_cmd::cargo::cargo_bin;
use serde_json::Value;
use tempfile::TempDir;

struct Files(TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn with(self, name: &str, text: &str) -> Self {
        fs::write(self.0.path().join(name), text).unwrap();
        self
    }

    /// Standard output, standard error and the exit code.
    fn run(&self, line: &str) -> (String, String, i32) {
        let output = Command::new(cargo_bin!("sigmapol"))
            .args(line.split_whitespace())
            .args(["--engine", "native"])
            .current_dir(self.0.path())
            .env_remove("SIGMAPOL_TEST_KEY")
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (text(output.stdout), text(output.stderr), output.status.code().unwrap())
    }

    fn json(&self, line: &str) -> Value {
        let (out, err, _) = self.run(&format!("{line} --json"));
        serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{err}"))
    }

    fn identity(&self, name: &str) -> String {
        let (out, err, code) = self.run(&format!("hash {name}"));
        assert_eq!((err.as_str(), code), ("", 0), "{name}");
        out
    }
}

const POLICY: &str = r#"["policy",
  ["cmp", "price_in", "le", 0.1],
  ["field", "tok_s"],
  ["argmax"],
  ["seq", ["set_param", "temperature", 1.10], ["set_param", "max_tokens", 9007199254740993],
    ["set_param", "top_p", 1e-7]],
  ["always", {"action": "next_candidate"}]]"#;

#[test]
fn a_policy_in_yaml_and_with_comments() {
    let yaml = "# the same
- policy
- [cmp, price_in, le, 0.1]
- [field, tok_s]
- - argmax
- [seq, [set_param, temperature, 1.10], [set_param, max_tokens, 9007199254740993], [set_param, top_p, 1e-7]]
- [always, {action: next_candidate}]
";
    let commented = POLICY.replace("[\"argmax\"]", "/* the \"best\" // */ [\"argmax\"] // é\n");
    let files = Files::new()
        .with("p.json", POLICY)
        .with("p.yaml", yaml)
        .with("P.YML", &format!("\u{feff}{yaml}"))
        .with("p.jsonc", &commented)
        .with("comments.json", &commented)
        .with(
            "ctx.json",
            r#"{"candidates": [{"provider_id": "p", "model_family": "m", "price_in": 0.1}]}"#,
        );
    let identity = files.identity("p.json");
    for other in ["p.yaml", "P.YML", "p.jsonc", "comments.json"] {
        assert_eq!(files.identity(other), identity, "{other}");
        let decided = files.json(&format!("decide {other} --ctx ctx.json"));
        assert_eq!(decided["identity"].as_str().unwrap(), identity.trim());
        assert_eq!(decided["ordered"][0]["model"], "m");
    }
}

/// Where the engine refuses a policy: its words, then the place in the file, the slot and the name
/// that was probably meant.
#[test]
fn where_a_policy_is_wrong() {
    let files = Files::new().with("ctx.json", r#"{"candidates": []}"#);
    let policy = |slot: usize, term: &str| {
        let mut slots = [
            "[\"top\"]",
            "[\"zero\"]",
            "[\"argmax\"]",
            "[\"id\"]",
            "[\"always\", {\"action\": \"abort\"}]",
        ];
        slots[slot - 1] = term;
        format!("[\"policy\",\n {}]", slots.join(",\n "))
    };
    for (slot, term, expected) in [
        (
            2,
            r#"["neg", ["field", "price_inn"]]"#,
            "refused parameter: ir: $.policy[2].neg[1].field[1]: undeclared field 'price_inn' \
             (p.json:3:20, rank, the second of five; did you mean 'price_in'?)",
        ),
        (
            3,
            r#"["argmx"]"#,
            "refused unknown-op: ir: $.policy[3]: unknown op 'argmx' \
             (p.json:4:2, select, the third of five; did you mean 'argmax'?)",
        ),
        (
            1,
            r#"["min_tier", "partners"]"#,
            "refused parameter: ir: $.policy[1].min_tier[1]: unknown tier 'partners' \
             (p.json:2:15, filter, the first of five; did you mean 'partner'?)",
        ),
        (
            4,
            r#""id""#,
            "refused term-shape: ir: $.policy[4]: a term is { op, ... } with a string op \
             (p.json:5:2, mutate, the fourth of five; in JSON a term is [\"op\", argument, …])",
        ),
        (
            5,
            r#"["always", {"action": "retry"}]"#,
            "refused parameter: ir: $.policy[5].always[1]: Action.action invalid: retry \
             (p.json:6:13, fallback, the fifth of five)",
        ),
    ] {
        let files = Files::new()
            .with("p.json", &policy(slot, term))
            .with("ctx.json", r#"{"candidates": []}"#);
        let (_, err, code) = files.run("decide p.json --ctx ctx.json");
        assert_eq!((err.trim_end(), code), (&*format!("sigmapol: {expected}"), 1));
    }
    let files = files
        .with(
            "p.yaml",
            "- policy\n- [top]\n- [field, cost]\n- [argmax]\n- [id]\n- [always, {action: abort}]\n",
        )
        .with("broken.yaml", "- policy\n- [top\n")
        .with("empty.yaml", "- policy\n-\n")
        .with("comma.json", "[\"top\", // one\n]")
        .with("term.json", "[\"and\", [\"is\", \"disabledd\"]]");
    for (line, expected) in [
        (
            "decide p.yaml --ctx ctx.json",
            "refused parameter: ir: $.policy[2].field[1]: undeclared field 'cost' \
             (p.yaml $[2][1], rank, the second of five)",
        ),
        ("hash broken.yaml", "broken.yaml: line 2 column 3: unclosed bracket '['"),
        ("hash empty.yaml", "empty.yaml: 1: expected a value, got null: leave the key out"),
        (
            "hash comma.json",
            "refused json-syntax: term: line 2 column 1: expected a value, got ']' (comma.json:2:1)",
        ),
        (
            "admit term.json",
            "refused parameter: $.and[1].is[1]: undeclared field 'disabledd' \
             (term.json:1:16; did you mean 'disabled'?)",
        ),
    ] {
        let (_, err, _) = files.run(line);
        assert_eq!(err.trim_end(), format!("sigmapol: {expected}"));
    }
}

const PRICED: &str = r#"["policy", ["top"], ["neg", ["normalize", ["field", "price_in"]]], ["top_k", 2, ["argmax"]],
    ["id"], ["always", {"action": "next_candidate"}]]"#;
const NOTE: &str = "note: candidate 1 (p/u) has no price_in, so normalize gives every other candidate the same score\n";

fn router(fields: &str) -> String {
    let model = |price: &str| {
        format!(r#"{{"capabilities": {{}}, "served_by": [{{"provider": "p"{price}}}]}}"#)
    };
    format!(
        r#"{{"providers": {{"p": {{"discovery": "static", "base_url": "http://127.0.0.1:9", "api_kind": "ollama",
                                 "auth": {{"kind": "none"}}}}}},
  "models": {{"a": {}, "u": {}, "v": {}}},
  "profiles": {{"default": {{"policy_ir": {PRICED}}}}}}}"#,
        model(r#", "fields": {"price_in": 60}"#),
        model(fields),
        model(r#", "fields": {"price_in": 1}"#),
    )
}

/// One candidate without a price makes a scorer worthless, and that is said wherever it ranks.
#[test]
fn a_candidate_without_a_price() {
    let candidate = |model: &str, price: &str| {
        format!(r#"{{"provider_id": "p", "model_family": "{model}"{price}}}"#)
    };
    let ctx = |of_u: &str| {
        let all = [
            candidate("a", r#", "price_in": 60"#),
            candidate("u", of_u),
            candidate("v", r#", "price_in": 1"#),
        ];
        format!(r#"{{"candidates": [{}]}}"#, all.join(", "))
    };
    let files = Files::new()
        .with("p.json", PRICED)
        .with("unpriced.json", &ctx(""))
        .with("priced.json", &ctx(r#", "price_in": 5"#))
        .with("unpriced-router.json", &router(""))
        .with("priced-router.json", &router(r#", "fields": {"price_in": 5}"#));
    for (line, code) in [
        ("decide p.json --ctx X.json", 0),
        ("rank p.json --config X-router.json", 0),
        ("rank --config X-router.json", 0),
        ("run --config X-router.json --prompt hi", 1),
    ] {
        let of = |which: &str| {
            let (out, err, code) = files.run(&line.replace('X', which));
            (
                out,
                err.split_inclusive('\n')
                    .filter(|line| line.starts_with("note: "))
                    .collect::<String>(),
                code,
            )
        };
        let (out, notes, exit) = of("unpriced");
        assert_eq!((notes.as_str(), exit), (NOTE, code), "{line}: {out}");
        assert_eq!(of("priced").1, "", "{line}");
        let json = files.json(&line.replace('X', "unpriced"));
        let note = &json["notes"][0];
        assert_eq!(
            (&note["code"], &note["field"], &note["candidate"]),
            (&"normalize-unknown".into(), &"price_in".into(), &1.into()),
            "{line}: {json}"
        );
        assert_eq!(format!("note: {}\n", note["message"].as_str().unwrap()), NOTE);
        assert!(files.json(&line.replace('X', "priced")).get("notes").is_none());
    }
}

/// Findings of a policy come with it: on standard error, and as a member of the JSON.
#[test]
fn findings_of_admit_and_rank() {
    let term = "[\"seq\",\n [\"clamp_param\", \"top_p\", 1, 0], [\"inject_seed\", \"seed\"]]";
    let files =
        Files::new().with("p.json", PRICED).with("t.json", term).with("r.json", &router(""));
    let crossed = "clamp_param from 1 to 0: what is below 1 becomes 1, and anything else 0";
    let (_, err, code) = files.run("admit t.json");
    assert_eq!((err, code), (format!("warning: t.json:2:2: L040 {crossed}\n"), 0));
    let found = &files.json("admit t.json")["findings"];
    assert_eq!(
        found[0],
        serde_json::json!({"file": "t.json", "line": 2, "column": 2, "code": "L040",
        "level": "warning", "at": "$[1]", "message": crossed})
    );
    assert_eq!((&found[1]["code"], &found[1]["level"]), (&"L047".into(), &"note".into()));
    let normalize = "L020 normalize reads price_in, which the filter does not bound: one candidate \
        without it gives all others the same score; candidate 1 (p/u) has none";
    let (_, err, _) = files.run("rank p.json --config r.json");
    assert_eq!(err, format!("warning: p.json:1:29: {normalize}\n{NOTE}"));
    let (_, err, _) = files.run("rank --config r.json");
    assert_eq!(err, format!("warning: r.json:4:69: {normalize}\n{NOTE}"));
    let found = &files.json("rank --config r.json")["findings"][0];
    assert_eq!(found["at"], "$.profiles.default.policy_ir[2][1]");
    // a policy without a finding has none
    let clean = files.with("clean.json", r#"["cmp", "price_in", "le", 5]"#);
    assert!(clean.json("admit clean.json").get("findings").is_none());
    assert_eq!(clean.run("admit clean.json").1, "");
}

/// What can be known of a configuration before a call, each with its place; errors fail, and warnings
/// where they are asked to.
#[test]
fn check_of_a_configuration() {
    let config = r#"{
  "providers": {
    "p": {"discovery": "static", "base_url": "https://p", "api_kind": "ollama", "auth": {"kind": "none"}},
    "bad.url": {"discovery": "static", "base_url": "127.0.0.1:9/v1", "api_kind": "ollama"},
    "keyed": {"discovery": "static", "base_url": "https://k", "api_kind": "ollama", "auth_env": "SIGMAPOL_TEST_KEY"},
    "cloud": {"discovery": "static", "base_url": "https://c", "api_kind": "bedrock", "auth": {"kind": "none"}}},
  "models": {
    "m": {"capabilities": {"support_tools": true}, "served_by": [{"provider": "p"}]}},
  "profiles": {
    "default": {
      "scorer": ["neg", ["normalize", ["field", "price_in"]]],
      "mutate": {"clamp": {"temperature": -1}},
      "retry_policy": "r"},
    "child": {"extends": "default", "selector": "softmax_sample", "selector_opts": {"temp": -1}},
    "whole": {"policy_ir": ["policy", ["provider_eq", "q"], ["zero"], ["argmax"],
      ["jitter", "max_tokens", 5],
      ["always", {"action": "abort"}]]}},
  "retry_policies": {
    "r": {"time_out": {"action": "abort"}}}}"#;
    let clean = r#"{"providers": {"p": {"discovery": "static", "base_url": "https://p", "api_kind": "ollama"}},
        "models": {"m": {"capabilities": {}, "served_by": [{"provider": "p"}]}},
        "profiles": {"default": {"scorer": ["neg", ["field", "price_in"]]}}}"#;
    let files = Files::new()
        .with("c.json", config)
        .with("clean.json", clean)
        .with("router.json", include_str!("../../../examples/router.json"));
    let (out, err, code) = files.run("check c.json");
    let lines: Vec<String> =
        out.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(
        lines,
        [
            "c.json:4:52 error C001 expected an address that begins with http:// or https://",
            "c.json:5:97 warning C002 the environment variable SIGMAPOL_TEST_KEY is not set, nobody is called there (no_credential)",
            "c.json:6:75 warning L059 cloud: there is no adapter for bedrock, every call is model_unavailable",
            "c.json:8:45 warning C003 nothing asks for the capability 'support_tools', did you mean 'supports_tools'?",
            "c.json:11:25 warning L020 normalize reads price_in, which the filter does not bound: one candidate without it gives all others the same score; candidate 0 (p/m) has none",
            "c.json:12:17 warning L040 clamp_param from 0 to -1: what is below 0 becomes 0, and anything else -1",
            "c.json:14:84 warning L031 sample -1 is argmax: below 0 counts as 0",
            "c.json:15:39 warning L010 there is no provider 'q'",
            "c.json:16:7 warning L041 max_tokens is an integer, and jitter makes it a fraction",
            "c.json:16:7 note L047 needs a seed: without one jitter does nothing",
            "c.json:19:23 warning L050 no failure is of kind 'time_out', did you mean 'timeout'?",
        ]
    );
    assert_eq!((err.as_str(), code), ("sigmapol: check: 1 errors, 9 warnings\n", 1));
    let json = files.json("check c.json");
    assert_eq!(
        (&json["errors"], &json["findings"][0]["at"]),
        (&1.into(), &"$.providers[\"bad.url\"].base_url".into())
    );
    for clean in ["clean.json", "router.json"] {
        assert_eq!(
            files.run(&format!("check {clean} --strict")),
            ("no findings\n".to_owned(), String::new(), 0)
        );
    }
    // warnings alone fail where they are asked to
    let files = files.with(
        "warned.json",
        &clean.replace(r#"["field", "price_in"]"#, r#"["scale", 0, ["zero"]]"#),
    );
    assert_eq!(files.run("check warned.json").2, 0);
    assert_eq!(files.run("check warned.json --strict").2, 1);
}

/// What ends `run` ends `check`, in the same words; other forms than JSON are told by paths.
#[test]
fn check_reads_as_run_does() {
    let yaml = "providers:\n  p: {discovery: static, base_url: \"https://p\", api_kind: ollama}\nmodels:\n  m:\n    capabilities: {}\n    served_by: [{provider: p, fields: {price_in: PRICE}}]\nprofiles:\n  default: {selector: softmax_sample, selector_opts: {temp: 0}}\n";
    let files = Files::new()
        .with("twice.json", "{\n \"models\": {},\n \"models\": {}}")
        .with("key.json", r#"{"providers": {}, "models": {}, "profiles": {}, "model": {}}"#)
        .with("below.yaml", &yaml.replace("PRICE", "-1"))
        .with("c.yaml", &yaml.replace("PRICE", "1"))
        .with("flow.json", r#"["flow", {"in": {"kind": "input", "label": "x"}, "a": {"kind": "llm", "inputs": ["in"], "system": "S",
  "policy": ["policy", ["provider_eq", "pp"], ["zero"], ["argmax"], ["id"], ["always", {"action": "abort"}]]},
  "out": {"kind": "output", "inputs": ["a"]}}]"#);
    for name in ["twice.json", "key.json", "below.yaml"] {
        let of_run = files.run(&format!("run --prompt hi --config {name}"));
        assert_eq!(files.run(&format!("check {name}")), of_run, "{name}");
        assert_ne!(of_run.2, 0);
    }
    let (_, err, _) = files.run("check below.yaml");
    assert_eq!(
        err,
        "sigmapol: below.yaml: models.m.served_by.0.fields.price_in: expected a price of at least 0, got -1: leave out what is not known\n"
    );
    let (out, _, code) = files.run("check c.yaml --flow flow.json");
    let lines: Vec<String> =
        out.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(
        (lines, code),
        (
            vec![
                "c.yaml $.profiles.default.selector_opts warning L031 sample 0 is argmax"
                    .to_owned(),
                "flow.json:2:24 warning L010 there is no provider 'pp'".to_owned(),
                "flow.json:1:44 warning C004 nothing reads label of a node".to_owned(),
            ],
            0
        )
    );
}
