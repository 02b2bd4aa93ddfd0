//! `sigmapol serve` as a process: it listens, answers, logs, records, and stops when it is asked to.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what is wrong by panicking"
)]

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Output, Stdio},
    time::{Duration, Instant},
};

use assert_cmd::cargo::cargo_bin;
use serde_json::{Value, json};

/// How long a test waits for a process: long enough for any machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A command that listens, and where.
struct Listening {
    child: Option<Child>,
    /// A command whose output nobody reads would end.
    _stdout: ChildStdout,
    address: String,
}

impl Listening {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        let mut stdout = child.stdout.take().unwrap();
        BufReader::new(&mut stdout).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on http://").map(str::to_owned);
        let Some(address) = address else {
            panic!("{line:?} {:?}", child.wait_with_output());
        };
        Self { child: Some(child), _stdout: stdout, address }
    }

    fn post(&self, body: &Value) -> TcpStream {
        let body = body.to_string();
        let mut socket = TcpStream::connect(&self.address).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let head = "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nconnection: close\r\n";
        write!(socket, "{head}content-length: {}\r\n\r\n{body}", body.len()).unwrap();
        socket
    }

    fn signal(&self, name: &str) {
        let pid = self.child.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }

    fn end(mut self) -> Output {
        let child = self.child.as_mut().unwrap();
        within("it does not end", || child.try_wait().unwrap().is_some());
        self.child.take().unwrap().wait_with_output().unwrap()
    }
}

/// Looks again until something holds.
fn within(otherwise: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < PATIENCE, "{otherwise}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill(); // it may have ended
            let _ = child.wait();
        }
    }
}

fn sigmapol() -> Command {
    Command::new(cargo_bin!("sigmapol"))
}

fn whole(mut socket: TcpStream) -> String {
    let mut text = String::new();
    socket.read_to_string(&mut text).unwrap();
    text
}

/// The example's configuration, with a mock that answers by this script.
fn world(folder: &Path, script: &Value) -> (Listening, PathBuf) {
    let file = folder.join("mock.json");
    fs::write(&file, script.to_string()).unwrap();
    let mock = Listening::start(sigmapol().args(["mock-provider", "--script"]).arg(file));
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/router.json");
    let config = fs::read_to_string(example).unwrap().replace("127.0.0.1:4010", &mock.address);
    let path = folder.join("router.json");
    fs::write(&path, config).unwrap();
    (mock, path)
}

fn serve(config: &Path) -> Command {
    let mut command = sigmapol();
    command.args(["serve", "--listen", "127.0.0.1:0", "--config"]).arg(config);
    command
}

#[test]
fn it_answers_records_and_stops() {
    let folder = tempfile::tempdir().unwrap();
    let script = json!({"alpha": [{"text": "one two three four", "chunks": 4,
        "chunk_delay_ms": 100}]});
    let (mock, config) = world(folder.path(), &script);
    let ledger = folder.path().join("ledger");
    let state = folder.path().join("state.json");
    let mut command = serve(&config);
    command.arg("--record").arg(&ledger).arg("--state").arg(&state);
    let gateway = Listening::start(&mut command);
    let hi = json!([{"role": "user", "content": "a secret"}]);
    let reply = whole(gateway.post(&json!({"messages": hi})));
    assert!(reply.starts_with("HTTP/1.1 200 OK\r\n"), "{reply}");
    assert!(reply.contains("\"content\":\"one two three four\""), "{reply}");
    // a stream that is open when the signal comes ends whole
    let mut stream = gateway.post(&json!({"messages": hi, "stream": true}));
    let mut first = [0; 15];
    stream.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 200 OK");
    gateway.signal("TERM");
    let rest = whole(stream);
    assert!(rest.ends_with("data: [DONE]\n\n\r\n0\r\n\r\n"), "{rest}");
    let output = gateway.end();
    let log = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{log}");
    // two lines a request: how the run ended, and the request
    let lines: Vec<Value> =
        log.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let said: Vec<_> = lines.iter().map(|line| line["message"].as_str().unwrap()).collect();
    assert_eq!(said, ["run ended", "request", "run ended", "request"]);
    assert_eq!(lines[0]["request"], lines[1]["request"]);
    assert_eq!(lines[0]["provider"], "alpha");
    let request = (&lines[1]["route"], &lines[1]["status"]);
    assert_eq!(request, (&json!("/v1/chat/completions"), &json!(200)));
    assert!(!log.contains("secret"), "{log}");
    // what was decided is on disk, and can be decided again
    assert!(state.exists());
    let replay = sigmapol().args(["replay", "--json"]).arg(&ledger).output().unwrap();
    let replay: Value = serde_json::from_slice(&replay.stdout).unwrap();
    assert_eq!((&replay["diverged"], &replay["component_mismatch"]), (&json!(0), &json!(0)));
    drop(mock);
}

/// A log is read on a terminal, and quotes what a client sent.
#[test]
fn a_log_gives_a_terminal_no_orders() {
    let folder = tempfile::tempdir().unwrap();
    let (_mock, config) = world(folder.path(), &json!({"*": [{}]}));
    let gateway = Listening::start(&mut serve(&config));
    let messages = json!([{"role": "user", "content": "hi"}]);
    let policy = json!(["policy", ["\u{9b}31m\u{202e}\n"], ["zero"], ["argmax"], ["id"],
        ["always", {"action": "abort"}]]);
    let reply = whole(gateway.post(&json!({"messages": messages, "policy_ir": policy})));
    assert!(reply.starts_with("HTTP/1.1 400 "), "{reply}");
    gateway.signal("TERM");
    let log = String::from_utf8(gateway.end().stderr).unwrap();
    assert!(log.lines().count() == 2 && log.contains("unknown op"), "{log}");
    assert!(!log.contains(['\u{9b}', '\u{202e}', '\u{1b}']), "{log}");
}

#[test]
fn a_second_signal_breaks_off() {
    let folder = tempfile::tempdir().unwrap();
    let script = json!({"*": [{"text": "one two", "chunks": 2, "chunk_delay_ms": 600_000}]});
    let (mock, config) = world(folder.path(), &script);
    let gateway = Listening::start(&mut serve(&config));
    let messages = json!([{"role": "user", "content": "hi"}]);
    let mut stream = gateway.post(&json!({"messages": messages, "stream": true}));
    let mut first = [0; 15];
    stream.read_exact(&mut first).unwrap();
    gateway.signal("INT");
    // it has taken the first one when it takes no connection any more
    within("it takes connections", || TcpStream::connect(&gateway.address).is_err());
    gateway.signal("INT");
    assert_eq!(gateway.end().status.code(), Some(0));
    let mut rest = String::new();
    let _ = stream.read_to_string(&mut rest); // an end, or a reset
    assert!(!rest.contains("[DONE]"), "{rest}");
    drop(mock);
}

#[test]
fn what_it_does_not_begin_with() {
    let folder = tempfile::tempdir().unwrap();
    let (mock, config) = world(folder.path(), &json!({"*": [{}]}));
    let fails = |arguments: &[&str]| {
        let mut command = sigmapol();
        let output = command.args(["serve", "--config"]).arg(&config).args(arguments).output();
        let output = output.unwrap();
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    assert_eq!(
        fails(&["--listen", "0.0.0.0:0"]),
        "sigmapol: --listen: 0.0.0.0: expected keys and an admin token, or a loopback address such as \
         127.0.0.1: whoever reached it could spend money\n"
    );
    let taken = fails(&["--listen", &mock.address]);
    assert!(taken.starts_with(&format!("sigmapol: --listen: {}: ", mock.address)), "{taken}");
    assert_eq!(
        fails(&["--deadline-ms", "0"]),
        "sigmapol: invalid value '0' for '--deadline-ms <MILLISECONDS>': 0 is not in 1..=3600000\n"
    );
    drop(mock);
}
