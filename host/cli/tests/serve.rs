//! `sigmapol serve` as a process: it listens, answers, logs, records, and stops when it is asked to.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what is wrong by panicking"
)]

mod serving;

use std::{io::Read as _, net::TcpStream};

use serde_json::{Value, json};

use serving::{Listening, ends, serve, sigmapol, whole, within, world};

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
    let ended = gateway.end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    // two lines a request: how the run ended, and the request
    let (log, lines) = (ended.log.join("\n"), ended.records());
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
    let log = gateway.end().log;
    assert!(log.len() == 2 && log[0].contains("unknown op"), "{log:?}");
    let log = log.join("\n");
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
    assert_eq!(gateway.end().code, Some(0));
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
        let ended = ends(command.args(["serve", "--config"]).arg(&config).args(arguments));
        assert_eq!(ended.code, Some(2));
        ended.log.join("\n") + "\n"
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
