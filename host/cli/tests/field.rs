//! Inputs from the field, where their folder is: each case against a server that answers as its
//! providers do.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says what is wrong by panicking")]

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use assert_cmd::cargo::cargo_bin;

/// A copy of the cases that names a port of this test, and the server for it.
struct Field {
    folder: tempfile::TempDir,
    server: Child,
    port: u16,
}

impl Drop for Field {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

impl Field {
    /// Nothing where the cases or Python are not here.
    fn new() -> Option<Self> {
        let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/cases");
        let python = Command::new("python3").arg("--version").output();
        if !cases.is_dir() || !python.is_ok_and(|output| output.status.success()) {
            eprintln!("left out: ../shared/cases or python3 is not here");
            assert!(std::env::var("SIGMAPOL_SHARED").as_deref() != Ok("required"));
            return None;
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        copy(&cases, folder.path(), port);
        let server = Command::new("python3")
            .args(["serve.py", &port.to_string()])
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(began.elapsed() < Duration::from_secs(20), "the server does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(Self { folder, server, port })
    }

    /// What a command prints, both streams together, and its exit code.
    fn run(&self, case: &str, line: &str) -> (String, Option<i32>) {
        let output = Command::new(cargo_bin!("sigmapol"))
            .args(line.split_whitespace())
            .current_dir(self.folder.path().join(case))
            .env("NO_PROXY", "127.0.0.1,localhost")
            .env("KEY_A", "k")
            .env("KEY_G", "k")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = [output.stdout, output.stderr].concat();
        (String::from_utf8_lossy(&text).into_owned(), output.status.code())
    }

    /// The body of the last request that the server got for a case.
    fn last(&self, case: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        write!(stream, "GET /seen/{case} HTTP/1.1\r\n\r\n").unwrap();
        let mut reader = BufReader::new(stream);
        let mut length = 0;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let seen: serde_json::Value = serde_json::from_slice(&body).unwrap();
        seen.as_array().unwrap().last().unwrap()["body"].as_str().unwrap().to_owned()
    }
}

fn copy(from: &Path, to: &Path, port: u16) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target: PathBuf = to.join(entry.file_name());
        if entry.path().is_dir() {
            fs::create_dir(&target).unwrap();
            copy(&entry.path(), &target, port);
        } else {
            let bytes = fs::read(entry.path()).unwrap();
            let text = String::from_utf8(bytes.clone());
            let bytes =
                text.map_or(bytes, |text| text.replace(":18080", &format!(":{port}")).into_bytes());
            fs::write(&target, bytes).unwrap();
        }
    }
}

/// Case, command, and what has to be printed.
const CASES: [(&str, &str, &str); 26] = [
    ("02-retry-after", "run --config config.json --prompt hi --trace", "2000"),
    ("03-gemini-retryinfo", "run --config config.json --prompt hi --trace", "2000"),
    ("04-gemini-bad-key", "run --config config-workaround.json --prompt hi", "B"),
    ("06-html", "run --config config.json --prompt hi", "C"),
    ("07-sse-forms", "run --config config-b.json --prompt hi --stream", "x\u{2028}y"),
    ("07-sse-forms", "run --config config-c.json --prompt hi --stream", "bom"),
    ("09-empty-answer", "run --config config-a.json --prompt hi", "Z"),
    ("09-empty-answer", "run --config config-h.json --prompt hi", "Z"),
    ("10-content-null", "run --config config.json --contract contract.json", "ok"),
    ("10-content-null", "run --config config.json --contract contract-schema.json", "ok"),
    ("12-tool-image", "run --config config-an.json --contract contract-system.json", "unsupported"),
    ("14-seed-anthropic", "run --config config-next.json --prompt hi --seed 7", "B"),
    ("15-json-schema-need", "run --config config.json --contract contract-schema.json", "{}"),
    ("16-base-url", "run --config config-q.json --prompt hi", "q"),
    ("16-base-url", "run --config config-n.json --prompt hi", "begins with http:// or https://"),
    (
        "21-anthropic-usage",
        "run --config config-n.json --prompt hi --json",
        "\"input_tokens\": 9510",
    ),
    ("35-config-syntax", "rank --config bom.json", "fallback"),
    ("35-config-syntax", "rank --config float-id.yaml", "expected a string, got 4.1"),
    ("37-max-tokens", "run --config config-jitter.json --contract contract.json", "A"),
    ("46-thought-signature", "run --config config.json --prompt hi --json", "thought_signature"),
    ("47-empty-schema", "run --config config-a.json --contract contract.json", "A"),
    ("50-vision-need", "run --config config.json --contract contract-parts.json", "VISION MODEL"),
    ("53-retry-after-long", "run --config config.json --contract contract.json", "B"),
    ("60-sse-bom-panic", "run --config config-split.json --prompt hi --stream", "hi"),
    ("60-sse-bom-panic", "run --config config-min.json --prompt hi --stream", "Z"),
    ("63-error-position", "rank --config config-dup.json", "config-dup.json: line 6 column 2:"),
];

#[test]
fn cases() {
    let Some(field) = Field::new() else { return };
    for (case, line, expected) in CASES {
        let (printed, code) = field.run(case, line);
        assert!(printed.contains(expected), "{case}: {line}: {printed}");
        assert_ne!(code, Some(101), "{case}: {line}: {printed}");
    }
}

/// What a policy or a client made a fraction goes out as an integer.
#[test]
fn integers() {
    let Some(field) = Field::new() else { return };
    for config in ["config-clamp.json", "config-jitter.json", "config-id.json"] {
        field.run("37-max-tokens", &format!("run --config {config} --contract contract.json"));
        let sent: serde_json::Value = serde_json::from_str(&field.last("37-max-tokens")).unwrap();
        assert!(sent["max_tokens"].is_u64(), "{config}: {sent}");
    }
}

/// Failures that are not the provider's shut nobody out, and what lies ahead lasts its own length.
#[test]
fn states() {
    let Some(field) = Field::new() else { return };
    let state = "--config config.json --state state.json";
    for (case, line, then, expected) in [
        (
            "64-timeout-breaker",
            format!("run --contract contract.json {state}"),
            format!("run --prompt hi {state}"),
            "A",
        ),
        (
            "40-breaker-scope",
            format!("run --prompt hi --requirements pin.json {state}"),
            format!("rank {state}"),
            "good",
        ),
    ] {
        for _ in 0..3 {
            field.run(case, &line);
        }
        let (printed, _) = field.run(case, &then);
        let tried = printed.split("rejected").next().unwrap_or_default();
        assert!(tried.contains(expected), "{case}: {printed}");
        // at most the model that is not there is left out, and no provider
        assert_eq!(printed.matches("model_closed").count(), usize::from(case.starts_with("40")));
        assert!(!printed.contains(" not"), "{case}: {printed}");
    }
    // a model that is not there is closed, and its provider is not
    let (printed, _) = field.run("40-breaker-scope", &format!("status {state}"));
    assert!(printed.contains("model bad open") && printed.contains("yes"), "{printed}");
    let (printed, _) =
        field.run("51-clock-future", "status --config config.json --state state-future.json");
    assert!(printed.contains("30 s") || printed.contains("29 s"), "{printed}");
}

/// Both commands are answered: one waits for the other's state.
#[test]
fn two_processes() {
    let Some(field) = Field::new() else { return };
    let line = "run --config config.json --prompt hi --state state.json";
    std::thread::scope(|scope| {
        let both = [(); 2].map(|()| scope.spawn(|| field.run("42-two-processes", line)));
        for one in both {
            assert_eq!(one.join().unwrap(), ("A\n".to_owned(), Some(0)));
        }
    });
}

/// Without a seed of the caller's.
#[test]
fn sample_spreads() {
    let Some(field) = Field::new() else { return };
    let answers: std::collections::HashSet<String> = (0..12)
        .map(|_| field.run("33-sample-no-seed", "run --config config.json --prompt hi").0)
        .collect();
    assert!(answers.len() > 1, "{answers:?}");
}
