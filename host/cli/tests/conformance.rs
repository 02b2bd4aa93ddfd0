//! Replaying vectors: that agreement is counted, and above all that disagreement is.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

#[path = "../../../tests/shared.rs"]
mod shared;

use std::{fs, path::Path};

use clap::Parser as _;
use sigmapol::{CoreSandbox, Sandbox};
use sigmapol_cli as cli;
use sigmapol_cli::Cli;
use sigmapol_conformance::{Schemas, Tally, records, replay};
use sigmapol_core::{Engine, Native};

/// One vector of each family, as the engine answers them.
const VECTORS: &str = include_str!("vectors.jsonl");

fn tally(text: &str, verbs: &dyn Engine) -> Tally {
    replay(&records(text).unwrap(), &Schemas::default(), verbs, &|| {}).unwrap()
}

#[test]
fn every_family_passes() {
    let [component, core] =
        [Sandbox::new().map(boxed), CoreSandbox::new().map(boxed)].map(Result::unwrap);
    for verbs in [&*component, &*core, &Native] {
        let tally = tally(VECTORS, verbs);
        assert_eq!(tally.differing, []);
        assert_eq!((tally.passed, tally.failed), (VECTORS.lines().count(), 0));
    }
}

fn boxed(verbs: impl Engine + 'static) -> Box<dyn Engine> {
    Box::new(verbs)
}

/// Every expected value of every vector, changed one at a time, makes its vector fail.
#[test]
fn every_difference_is_found() {
    for line in VECTORS.lines() {
        let at = line.find("\"expect").unwrap();
        let (input, expect) = line.split_at(at);
        for (from, to) in [
            ("\"Pred\"", "\"Scorer\""),
            ("(top)", "(bot)"),
            ("-", "+"),
            ("expected", "expects"),
            ("[1,", "[2,"),
            ("0.5", "0.50000000000000011"),
            ("not", "top"),
            ("seed", "sead"),
            ("abort", "retry"),
            ("250", "251"),
            ("true", "false"),
            ("unknown-op", "arity"),
            ("unknown op", "unknown  op"),
        ] {
            if !expect.contains(from) {
                continue;
            }
            let changed = format!("{input}{}", expect.replace(from, to));
            let tally = tally(&changed, &Native);
            assert_eq!((tally.passed, tally.failed), (0, 1), "{changed}");
            assert!(!tally.differing[0].differences.is_empty());
        }
    }
}

#[test]
fn pinned_answers_are_counted_apart() {
    let vector = r#"{"id":"n","undef":["nan"],"term":["top"],"expect":{"sort":"Policy"}}"#;
    let differing = tally(vector, &Native);
    assert_eq!((differing.passed, differing.failed, differing.pinned_differ), (0, 0, 1));
    assert!(differing.differing[0].pinned);
    let overflow = r#"{"id":"o","undef":["num_overflow"],"term":["lit",1e400],"expect":{"error":"$.lit[1]: expected a finite number"}}"#;
    assert_eq!(tally(overflow, &Native).passed, 1);
    let overflow = overflow.replace("num_overflow", "nan");
    assert_eq!(tally(&overflow, &Native).pinned_differ, 1);
}

fn command(arguments: &[&str]) -> (String, Result<(), (String, u8)>) {
    let words = ["sigmapol", "conformance", "--width", "80"].iter().chain(arguments);
    let cli = Cli::try_parse_from(words).unwrap();
    let mut out = Vec::new();
    let result = cli::run(&cli, &mut out);
    let failure = result.map_err(|failure| (failure.to_string(), failure.exit_code()));
    (String::from_utf8(out).unwrap(), failure)
}

#[test]
fn the_last_line_counts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vectors.jsonl");
    fs::write(&path, VECTORS).unwrap();
    let path = path.to_str().unwrap();
    let (out, result) = command(&[path, "--engine", "native"]);
    assert_eq!(result, Ok(()));
    assert_eq!(out.lines().last(), Some("12 passed, 0 failed"));

    let wrong = VECTORS.replace("\"Pred\"", "\"Scorer\"");
    fs::write(path, wrong).unwrap();
    let (out, result) = command(&[path, "--engine", "native"]);
    assert_eq!(result, Err(("1 of 12 vectors failed".to_owned(), 1)));
    assert_eq!(out.lines().last(), Some("11 passed, 1 failed"));
    assert!(out.contains("t1: sort\n  expected Scorer\n  got      Pred\n"), "{out}");

    let (out, result) = command(&[path, "--engine", "native", "--json"]);
    assert_eq!(result.unwrap_err().1, 1);
    let document: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&document["passed"], &document["failed"]), (&11.into(), &1.into()));
    assert_eq!(document["files"][0]["differing"][0]["id"], "t1");
}

#[test]
fn gzip_and_schemas_beside_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vectors.jsonl.gz");
    let vector = r#"{"id":"s","schema":"fast","term":["is","fast"],"expect":{"encoding":"sigma-pol/v2:(is \"fast\")"}}"#;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, vector.as_bytes()).unwrap();
    fs::write(&path, encoder.finish().unwrap()).unwrap();
    let arguments = [path.to_str().unwrap(), "--engine", "native"];
    let (_, result) = command(&arguments);
    let (message, code) = result.unwrap_err();
    assert!(
        message.ends_with("s: schema `fast`, expected in schemas.json beside the file"),
        "{message}"
    );
    assert_eq!(code, 2);
    let schemas = r#"{"fast":{"extensions":{"fast":{"sort":"Bool","default":false}}}}"#;
    fs::write(folder.path().join("schemas.json"), schemas).unwrap();
    let (out, result) = command(&arguments);
    assert_eq!(result, Ok(()));
    assert_eq!(out.lines().last(), Some("1 passed, 0 failed"));
}

/// A script stops at the first step that differs, which is told by its path.
#[test]
fn places_in_a_script() {
    let line = VECTORS.lines().find(|line| line.starts_with(r#"{"id":"s1""#)).unwrap();
    let line = line.replace(r#""latency_ms":1,"#, r#""latency_ms":2,"#);
    let differing = tally(&line, &Native).differing;
    let found = differing[0].differences.iter();
    let found: Vec<_> =
        found.map(|at| (at.what.as_str(), at.expected.as_str(), at.got.as_str())).collect();
    assert_eq!(
        found,
        [
            ("steps[2].result.trace.decision_path[0].latency_ms", "2", "1"),
            ("steps[2].result.trace.decision_path[2].latency_ms", "2", "1"),
        ]
    );
    let line = line.replace(r#""status":"call"},{"#, r#""status":"wait"},{"#);
    let differing = tally(&line, &Native).differing;
    assert_eq!(differing[0].differences.len(), 1);
    assert_eq!(differing[0].differences[0].what, "steps[0].status");
}

/// Where a vector says that the reference throws, it says nothing else.
#[test]
fn what_is_thrown() {
    let line = VECTORS.lines().find(|line| line.starts_with(r#"{"id":"s2""#)).unwrap();
    let differing = tally(&line.replace("got 1\"}", "got 1\",\"logs\":[]}"), &Native).differing;
    assert_eq!(differing[0].differences[0].what, "steps[0].logs");
    let differing = tally(&line.replace("got Scorer", "got Pred"), &Native).differing;
    assert_eq!(differing[0].differences[0].what, "steps[1].throws");
}

/// A number that overflows is refused as JSON wherever it stands; what is left of the script is
/// not replayed.
#[test]
fn overflow_in_a_script() {
    let line = VECTORS.lines().find(|line| line.starts_with(r#"{"id":"s2""#)).unwrap();
    let line = line.replace(r#"["bot"]"#, "1e400");
    let failing = tally(&line, &Native);
    assert_eq!((failing.passed, failing.failed), (0, 1));
    let difference = &failing.differing[0].differences[0];
    assert_eq!(difference.what, "steps[0]");
    assert!(difference.got.starts_with("refused json-number: event"), "{}", difference.got);
    let flagged = line.replace(r#""id":"s2","#, r#""id":"s2","undef":["num_overflow"],"#);
    assert_eq!(tally(&flagged, &Native).passed, 1);
}

#[test]
fn what_is_not_a_script() {
    let schemas = Schemas::default();
    for (op, message) in [
        (r#"{"op":"stop"}"#, "s: unknown op `stop`"),
        ("{}", "s: expected `op` in an op"),
        (r#"{"op":"start","contract":{}}"#, "s: expected `run` in an op"),
    ] {
        let line = format!(
            r#"{{"id":"s","config":{{"providers":{{}},"models":{{}},"profiles":{{}}}},"script":[{op}],"expect":{{"init":{{"ok":true,"info":{{"candidates":0,"initialized":true,"models_loaded":[],"profile_names":[],"providers_loaded":[],"version":"0.0.1"}}}},"steps":[{{}}]}}}}"#
        );
        let error = replay(&records(&line).unwrap(), &schemas, &Native, &|| {}).unwrap_err();
        assert_eq!(error.to_string(), message);
    }
}

/// The recorded answers of the reference, where they are beside the project.
#[test]
fn the_recorded_corpus() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let files = [
        ("corpus/terms.jsonl.gz", 4975),
        ("corpus/decide.jsonl.gz", 5071),
        ("corpus/xform.jsonl.gz", 900),
        ("corpus/failplan.jsonl.gz", 400),
        ("corpus/steps.jsonl.gz", 900),
        ("corpus/config.jsonl.gz", 206),
        ("corpus/elaborate.jsonl.gz", 400),
        ("corpus/flows.jsonl.gz", 504),
        ("spec/sigma_pol_v2.json", 15),
    ];
    for (file, count) in files {
        let Some(path) = shared::shared(&root, file) else { continue };
        for engine in ["component", "core", "native"] {
            let (out, result) = command(&[path.to_str().unwrap(), "--engine", engine]);
            assert_eq!(result, Ok(()), "{out}");
            let expected = format!("{count} passed, 0 failed");
            assert_eq!(out.lines().last(), Some(expected.as_str()));
        }
    }
}

/// An engine in another process: a script that says the same to every line.
#[cfg(unix)]
fn exec(vector: &str, answer: &str) -> (String, Result<(), (String, u8)>) {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("vectors.jsonl"), vector).unwrap();
    fs::write(path("engine.sh"), format!("while read -r line; do echo '{answer}'; done")).unwrap();
    command(&[&path("vectors.jsonl"), "--exec", &format!("sh {}", path("engine.sh"))])
}

#[cfg(unix)]
#[test]
fn an_engine_in_another_process() {
    const VECTOR: &str = r#"{"id":"t","term":["top"],"expect":{"sort":"Pred"}}"#;
    let admission = Native.admit(r#"["top"]"#, "{}").unwrap().value;
    let answer = serde_json::json!({ "ok": {
        "sort": "pred", "identity": admission.identity, "canonical": "sigma-pol/v2:(top)",
        "fingerprint": admission.fingerprint, "nodes": 1, "depth": 1 } });
    let answer = answer.to_string();
    let (out, result) = exec(VECTOR, &answer);
    assert_eq!(result, Ok(()), "{out}");
    for (answer, got) in [
        // no vector has this number, the other engine does
        (answer.replace("\"nodes\":1", "\"nodes\":2"), "engines differ: Admission { sort: Pred,"),
        (answer.replace("pred", "nope"), "the process: unknown variant `nope`"),
        (
            r#"{"refused":{"code":"nope","message":""}}"#.to_owned(),
            "the process: unknown code 'nope'",
        ),
        (r#"{"failed":"out of order"}"#.to_owned(), "the process: out of order"),
    ] {
        let (out, result) = exec(VECTOR, &answer);
        assert_eq!(result, Err(("1 of 1 vectors failed".to_owned(), 1)));
        assert!(out.contains(got), "{out}");
    }
    let (_, result) = command(&[r"/dev/null", "--exec", "no-such-program-here x"]);
    let (message, code) = result.unwrap_err();
    assert!(message.starts_with("load: no-such-program-here: "), "{message}");
    assert_eq!(code, 4);
}

/// What an engine does that says nothing more is not a difference.
#[cfg(unix)]
#[test]
fn an_engine_that_hangs_or_dies() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let vectors = r#"{"id":"t","term":["top"],"expect":{"sort":"Pred"}}"#.to_owned() + "\n";
    fs::write(path("vectors.jsonl"), vectors.repeat(20)).unwrap();
    for (engine, why) in [
        ("exec sleep 30", "no answer within 1 s"),
        // it reads, and has a child that keeps the pipe
        ("sleep 30 & while read -r line; do :; done", "no answer within 1 s"),
        ("exit 3", "it is gone"),
        ("read -r line; kill -9 $$", "it is gone"),
        (r"read -r line; printf '\377\n'; exec sleep 30", "stream did not contain valid UTF-8"),
        ("exec cat /dev/zero", "expected an answer of at most 67108864 bytes"),
    ] {
        // who outlives the engine keeps none of the pipes of this test
        fs::write(path("engine.sh"), format!("exec 2>/dev/null; {engine}")).unwrap();
        let exec = format!("sh {}", path("engine.sh"));
        let seconds = if engine.contains("zero") { "600" } else { "1" };
        let arguments =
            [path("vectors.jsonl"), "--exec".to_owned(), exec, "--exec-seconds".to_owned()];
        let mut arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        arguments.push(seconds);
        let (out, result) = command(&arguments);
        assert_eq!((out.as_str(), result), ("", Err((format!("load: the process: {why}"), 4))));
    }
}

/// A file without vectors shows nothing.
#[test]
fn no_vectors() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("vectors.jsonl");
    let file = file.to_str().unwrap();
    for text in ["", "\n\n", r#"{"vectors":[]}"#] {
        fs::write(file, text).unwrap();
        let (out, result) = command(&[file]);
        let message = format!("{file}: expected at least one vector, got none");
        assert_eq!((out.as_str(), result), ("", Err((message, 2))), "{text}");
    }
    let (_, result) = command(&["/dev/null"]);
    assert_eq!(result.unwrap_err().0, "/dev/null: expected at least one vector, got none");
}
