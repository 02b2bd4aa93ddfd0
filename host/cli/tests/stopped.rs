//! `sigmapol run` that a signal stops: what it exits with, and what it leaves.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what is wrong by panicking"
)]

mod serving;

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use serde_json::json;

use serving::{Started, lines::PATIENCE, sigmapol, within};

/// One provider, here, and a policy that tries it again after as long as it asks for.
fn config(folder: &Path, provider: &TcpListener) -> PathBuf {
    let address = provider.local_addr().unwrap();
    let config = json!({
        "providers": {"a": {"discovery": "static", "api_kind": "openai_compatible",
            "auth": {"kind": "none"}, "base_url": format!("http://{address}")}},
        "models": {"m": {"capabilities": {}, "served_by": [{"provider": "a"}]}},
        "profiles": {"default": {"policy_ir": ["policy", ["top"], ["zero"], ["argmax"], ["id"],
            ["always", {"action": "retry_same", "attempts": 3, "backoff_ms": 60_000}]]}},
    });
    let path = folder.join("router.json");
    fs::write(&path, config.to_string()).unwrap();
    path
}

fn run(folder: &Path, config: &Path) -> Command {
    let mut command = sigmapol();
    command.args(["run", "--prompt", "hi", "--config"]).arg(config);
    command.arg("--state").arg(folder.join("state.json"));
    command.arg("--record").arg(folder.join("ledger"));
    command
}

/// The next call, with its head read.
fn called(provider: &TcpListener) -> TcpStream {
    provider.set_nonblocking(true).unwrap();
    let began = Instant::now();
    let mut socket = loop {
        match provider.accept() {
            Ok((socket, _)) => break socket,
            Err(_) => assert!(began.elapsed() < PATIENCE, "nobody calls"),
        }
        thread::sleep(Duration::from_millis(5));
    };
    socket.set_nonblocking(false).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut some = [0; 1 << 14];
    assert!(socket.read(&mut some).unwrap() > 0);
    socket
}

/// Nothing is half written: the state can be read, the ledger verifies, and nothing else is there.
fn all_is_whole(folder: &Path, config: &Path) {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "state.json") // where nothing was learned there is none
        .collect();
    names.sort();
    assert_eq!(names, ["ledger", "router.json", "state.json.lock"]);
    if folder.join("state.json").exists() {
        let mut status = sigmapol();
        status.arg("status").arg("--config").arg(config);
        let status = status.arg("--state").arg(folder.join("state.json")).output().unwrap();
        assert_eq!(status.status.code(), Some(0), "{status:?}");
    }
    let verified =
        sigmapol().args(["ledger", "verify"]).arg(folder.join("ledger")).output().unwrap();
    assert_eq!(verified.status.code(), Some(0), "{verified:?}");
}

#[test]
fn during_a_call_and_during_a_wait() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        for waits in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let provider = TcpListener::bind("127.0.0.1:0").unwrap();
            let config = config(folder.path(), &provider);
            let started = Started::new(&mut run(folder.path(), &config));
            let mut socket = called(&provider);
            if waits {
                // a failure, and a wait of a minute: the failure is on disk a second later
                socket
                    .write_all(b"HTTP/1.1 500 X\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
                    .unwrap();
                let state = folder.path().join("state.json");
                within("nothing is saved", || state.exists());
            }
            started.signal(signal);
            let ended = started.end();
            assert_eq!(ended.code, Some(code), "{ended:?}");
            assert_eq!(ended.log, [format!("sigmapol: stopped by SIG{signal}")]);
            all_is_whole(folder.path(), &config);
            let state = fs::read_to_string(folder.path().join("state.json")).unwrap_or_default();
            assert_eq!(state.contains("\"consecutive_failures\":1"), waits, "{state}");
        }
    }
}

/// A signal at any moment, also while the state is written: the answer is there, or the signal is told
/// of; what is on disk is whole.
#[test]
fn at_any_moment() {
    let folder = tempfile::tempdir().unwrap();
    let provider = TcpListener::bind("127.0.0.1:0").unwrap();
    let config = config(folder.path(), &provider);
    let body = r#"{"choices":[{"index":0,"message":{"role":"assistant","content":"ok"},"finish_reason":"stop"}]}"#;
    for round in 0..12 {
        let started = Started::new(&mut run(folder.path(), &config));
        let mut socket = called(&provider);
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n";
        write!(socket, "{head}content-length: {}\r\n\r\n{body}", body.len()).unwrap();
        // an answer is read, recorded and saved within some ten milliseconds
        thread::sleep(Duration::from_millis(3 * round));
        started.signal_if_there("TERM");
        let ended = started.end();
        assert!(matches!(ended.code, Some(0 | 143)), "{round}: {ended:?}");
        all_is_whole(folder.path(), &config);
    }
}
