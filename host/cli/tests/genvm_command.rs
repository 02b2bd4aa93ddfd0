//! What `sigmapol sandbox` and `sigmapol genvm` print, by calling them as functions.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests panic")]

use std::{ffi::OsString, fs, path::PathBuf};

use clap::Parser as _;
use serde_json::Value;
use sigmapol::artifact;
use sigmapol_cli as cli;
use sigmapol_cli::{Cli, Failure};
use tempfile::TempDir;

const POLICY: &str =
    r#"["policy",["top"],["zero"],["argmax"],["id"],["always",{"action":"next_candidate"}]]"#;

struct Files(TempDir);

impl Files {
    fn new() -> Self {
        let files = Self(tempfile::tempdir().unwrap());
        files.write("policy.json", POLICY);
        files.write("ctx.json", r#"{"candidates":[{"provider_id":"p","model_family":"m"}]}"#);
        files.write("bad.json", r#"["policy"]"#);
        files.write("message", [0]);
        let floats = "(module $m (memory (export \"memory\") 1) (func (drop (f64.const 1))))";
        files.write("floats.wasm", wat::parse_str(floats).unwrap());
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).unwrap();
    }

    /// Runs a command line; words that are names of files here, or end in `.zip`, stand for paths.
    fn run(&self, line: &str) -> (String, Result<(), Failure>) {
        let words = line.split_whitespace().map(|word| match self.path(word) {
            path if path.exists() || word.ends_with(".zip") => path.into_os_string(),
            _ => word.into(),
        });
        let words = [OsString::from("sigmapol")].into_iter().chain(words);
        let cli = Cli::try_parse_from(words).unwrap_or_else(|error| panic!("{error}"));
        let mut out = Vec::new();
        let result = cli::run(&cli, &mut out);
        (String::from_utf8(out).unwrap(), result)
    }

    fn json(&self, line: &str) -> Value {
        let (text, result) = self.run(&format!("{line} --json"));
        result.unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// The line on standard error, and the exit code.
    fn fails(&self, line: &str) -> (String, u8) {
        let failure = self.run(line).1.unwrap_err();
        (failure.to_string(), failure.exit_code())
    }
}

#[test]
fn a_decision_in_every_way_and_in_a_package() {
    let files = Files::new();
    let direct = files.json("sandbox --profile genvm policy.json --ctx ctx.json");
    assert_eq!((&direct["outcome"], &direct["agree"]), (&"return".into(), &true.into()));
    let runs = direct["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 8);
    assert_eq!(runs.iter().filter(|run| run["counted"].is_object()).count(), 4);
    assert_eq!(runs[0]["memory"]["blake3"].as_str().unwrap().len(), 64);

    let (packed, result) = files.run("genvm pack -o a.zip");
    result.unwrap();
    assert!(packed.contains(&sigmapol_core::digest(artifact::CORE_MODULE)), "{packed}");
    files.run("genvm pack -o b.zip").1.unwrap();
    assert_eq!(fs::read(files.path("a.zip")).unwrap(), fs::read(files.path("b.zip")).unwrap());
    let package = files.json("genvm run a.zip policy.json --ctx ctx.json");
    assert_eq!(package["runs"].as_array().unwrap().len(), 4);
    assert_eq!(package["runs"][0]["result"], runs[0]["result"]);

    let (table, result) =
        files.run("sandbox --profile genvm policy.json --ctx ctx.json --width 200");
    result.unwrap();
    let result = runs[0]["result"].as_str().unwrap();
    assert!(table.contains(&format!("result   {result}\n")), "{table}");
    assert!(table.contains("one result and one memory in 8 runs of wasmtime"), "{table}");
}

#[test]
fn failures() {
    let files = Files::new();
    files.run("genvm pack -o a.zip").1.unwrap();
    for (line, text, code) in [
        ("sandbox --profile genvm bad.json --ctx ctx.json", "user error arity: ", 1),
        ("sandbox --profile genvm", "expected a policy", 2),
        (
            "sandbox --profile genvm policy.json --ctx ctx.json --module floats.wasm",
            "vm error invalid_contract wasm validating # float operators: f64.const 1",
            4,
        ),
        (
            "sandbox --profile genvm --check --module floats.wasm",
            "invalid_contract wasm validating # float operators: f64.const 1",
            1,
        ),
        (
            "genvm pack -o c.zip --module floats.wasm",
            "vm error invalid_contract wasm validating # ",
            4,
        ),
        (
            "genvm run policy.json policy.json --ctx ctx.json",
            "vm error invalid_contract runner malformed # ",
            4,
        ),
        ("genvm run a.zip --message message", "user error message: expected entry_data", 1),
        ("genvm run a.zip bad.json --ctx ctx.json", "user error arity: ", 1),
    ] {
        let (line, exit) = (files.fails(line), line);
        assert!(line.0.starts_with(text), "{exit}: {}", line.0);
        assert_eq!(line.1, code, "{exit}");
    }
    assert!(!files.path("c.zip").exists());
}

#[test]
fn what_the_rules_find() {
    let files = Files::new();
    let check = files.json("sandbox --profile genvm --check");
    assert_eq!(check["sha256"], sigmapol_core::digest(artifact::CORE_MODULE));
    let checks = check["checks"].as_array().unwrap();
    assert!(checks.iter().all(|check| check["error"].is_null()), "{checks:#?}");
    // of a component, its core module
    files.write("component.wasm", artifact::COMPONENT);
    let component = files.json("sandbox --profile genvm --check --module component.wasm");
    assert_eq!(component, check);
    // as the option was called before
    assert_eq!(files.json("sandbox --profile genvm --check --core component.wasm"), check);
    let (table, result) = files.run("sandbox --profile genvm --check --module floats.wasm");
    assert!(result.is_err() && table.contains("f64.const 1"), "{table}");
}
