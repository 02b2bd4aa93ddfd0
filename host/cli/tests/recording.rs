//! `sigmapol serve --record`: what is on disk, and when, and what a disk that is full makes of it.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what is wrong by panicking"
)]

mod serving;

use std::{path::Path, process::Command, thread};

use assert_cmd::cargo::cargo_bin;
use serde_json::{Value, json};

use serving::{Listening, ends, hi, json_of, serve, sigmapol, whole, within, world};

fn status_of(reply: &str) -> &str {
    reply.split(' ').nth(1).unwrap()
}

/// Each decision again.
fn replayed(ledger: &Path) -> Value {
    let output = sigmapol().args(["replay", "--json"]).arg(ledger).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The gateway, whose files may have so many blocks of 512 bytes, each of them.
fn on_a_small_disk(config: &Path, blocks: u32) -> Command {
    let mut command = Command::new("sh");
    command
        .args(["-c", "trap '' XFSZ; ulimit -f \"$0\"; exec \"$@\"", &blocks.to_string()])
        .arg(cargo_bin!("sigmapol"))
        .args(["serve", "--listen", "127.0.0.1:0", "--config"])
        .arg(config);
    command
}

/// What waits when the signal comes is written before the end.
#[test]
fn behind_is_on_disk_at_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let (_mock, config) = world(folder.path(), &json!({"*": [{}]}));
    let ledger = folder.path().join("ledger");
    let mut command = serve(&config);
    command.args(["--record-mode", "behind", "--record-bodies", "--record"]).arg(&ledger);
    let gateway = Listening::start(&mut command);
    let refused = ends(serve(&config).args(["--record-mode", "behind"]));
    assert_eq!(refused.log, ["sigmapol: --record-mode behind: expected --record"]);
    let before = json_of(&whole(gateway.send("GET", "/healthz", "")));
    assert_eq!(
        (&before["recording"]["mode"], &before["recording"]["lost"]),
        (&json!("behind"), &json!(0))
    );
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..5 {
                    let reply = whole(gateway.post(&hi()));
                    assert_eq!(status_of(&reply), "200", "{reply}");
                }
            });
        }
    });
    gateway.signal("TERM");
    let ended = gateway.end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let replay = replayed(&ledger);
    // a start and an answer each, beside the looks at the configuration
    assert!(replay["records"].as_u64().unwrap() >= 80, "{replay}");
    assert_eq!(
        (&replay["diverged"], &replay["not_recorded"], &replay["missing"]),
        (&json!(0), &json!(0), &json!(0))
    );
}

#[test]
fn required_on_a_full_disk_makes_no_decision() {
    let folder = tempfile::tempdir().unwrap();
    let (_mock, config) = world(folder.path(), &json!({"*": [{}]}));
    let ledger = folder.path().join("ledger");
    let gateway = Listening::start(on_a_small_disk(&config, 100).arg("--record").arg(&ledger));
    assert_eq!(status_of(&whole(gateway.send("GET", "/readyz", ""))), "200");
    let mut reply = String::new();
    within("the disk is never full", || {
        reply = whole(gateway.post(&hi()));
        status_of(&reply) != "200"
    });
    let error = json_of(&reply)["error"].clone();
    assert_eq!((status_of(&reply), &error["code"]), ("503", &json!("not_recorded")), "{reply}");
    let mut stream = hi();
    stream["stream"] = json!(true);
    assert_eq!(status_of(&whole(gateway.post(&stream))), "503");
    assert_eq!(status_of(&whole(gateway.send("GET", "/readyz", ""))), "503");
    assert_eq!(gateway.metric("sigmapol_records_failing"), 1);
    gateway.signal("TERM");
    let ended = gateway.end();
    assert_eq!(ended.code, Some(74), "{ended:?}");
    // what was acknowledged is there
    let recovered = sigmapol().args(["ledger", "recover"]).arg(&ledger).output().unwrap();
    assert_eq!(recovered.status.code(), Some(0), "{recovered:?}");
    assert_eq!(replayed(&ledger)["diverged"], 0);
}

#[test]
fn behind_on_a_full_disk_goes_on_and_counts() {
    let folder = tempfile::tempdir().unwrap();
    let (_mock, config) = world(folder.path(), &json!({"*": [{}]}));
    let ledger = folder.path().join("ledger");
    let mut command = on_a_small_disk(&config, 100);
    command.args(["--record-mode", "behind", "--record"]).arg(&ledger);
    let gateway = Listening::start(&mut command);
    within("nothing is lost", || {
        assert_eq!(status_of(&whole(gateway.post(&hi()))), "200");
        gateway.metric("sigmapol_records_lost_total") > 0
    });
    let health = whole(gateway.send("GET", "/healthz", ""));
    assert_eq!(status_of(&health), "200");
    assert!(json_of(&health)["recording"]["lost"].as_u64().unwrap() > 0, "{health}");
    assert_eq!(status_of(&whole(gateway.send("GET", "/readyz", ""))), "200");
    gateway.signal("TERM");
    let ended = gateway.end();
    // whether something waited at the end, too
    assert!(matches!(ended.code, Some(0 | 73)), "{ended:?}");
    let told = ended.log.iter().filter(|line| line.contains("\"records_lost\"")).count();
    assert!(told >= 1, "{ended:?}");
}
