//! `sigmapol serve` as a process whose configuration changes.
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
    io::Read as _,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use serde_json::{Value, json};

use serving::{Listening, ends, hi, json_of, serve, sigmapol, whole, within, world};

const DONE: &str = "sigmapol_config_reloads_total{result=\"done\"}";
const REFUSED: &str = "sigmapol_config_reloads_total{result=\"refused\"}";

/// The file with a change; it takes the name in one step.
fn change(file: &Path, change: impl FnOnce(&mut Value)) {
    let mut config = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    change(&mut config);
    replace(file, &config.to_string());
}

fn replace(file: &Path, text: &str) {
    let next = file.with_extension("next");
    fs::write(&next, text).unwrap();
    fs::rename(next, file).unwrap();
}

/// The price of alpha's small model, by the configuration that is in force.
fn price(gateway: &Listening) -> Value {
    let mut body = hi();
    body["model"] = json!("pin:alpha/small");
    let reply = whole(gateway.post(&body));
    json_of(&reply)["x_router"]["price_out"].clone()
}

fn set_price(config: &mut Value, price: f64) {
    config["models"]["small"]["served_by"][0]["fields"]["price_out"] = json!(price);
}

#[test]
fn a_signal_a_request_and_a_change_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let (_mock, file) = world(folder.path(), &json!({"*": [{}]}));
    let gateway = Listening::start(&mut serve(&file));
    assert_eq!(price(&gateway), json!(1));
    // by the change alone, once it has stayed for a while
    change(&file, |config| set_price(config, 2.5));
    within("the file is not read", || gateway.metric(DONE) == 1);
    assert_eq!(price(&gateway), json!(2.5));
    change(&file, |config| set_price(config, 3.5));
    gateway.signal("HUP");
    within("the signal is not heard", || price(&gateway) == json!(3.5));
    change(&file, |config| set_price(config, 4.5));
    let reply = whole(gateway.send("POST", "/x/config/reload", ""));
    assert!(reply.starts_with("HTTP/1.1 200 OK\r\n"), "{reply}");
    assert_eq!(price(&gateway), json!(4.5));

    // what is wrong is refused, told, and nothing else
    replace(&file, "{\"providers\": ");
    let reply = whole(gateway.send("POST", "/x/config/reload", ""));
    assert!(reply.starts_with("HTTP/1.1 400 "), "{reply}");
    let error = json_of(&reply)["error"].clone();
    assert_eq!(error["code"], "config");
    let message =
        format!("{}: expected JSON: EOF while parsing a value at line 1 column 14", file.display());
    assert_eq!(error["message"], json!(message));
    assert_eq!(price(&gateway), json!(4.5));
    assert!(gateway.metric(REFUSED) >= 1);
    gateway.signal("TERM");
    let ended = gateway.end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let records = ended.records();
    let refused: Vec<_> =
        records.iter().filter(|record| record["message"] == "configuration refused").collect();
    assert_eq!((&refused[0]["cause"], &refused[0]["error"]), (&json!("request"), &json!(message)));
    for cause in ["file", "signal", "request"] {
        let read = records
            .iter()
            .any(|record| record["message"] == "configuration read" && record["cause"] == cause);
        assert!(read, "{cause} {ended:?}");
    }
}

/// Errors of `check` refuse, at the start and later; a warning is logged when it is new.
#[test]
fn what_check_finds() {
    let folder = tempfile::tempdir().unwrap();
    let (_mock, file) = world(folder.path(), &json!({"*": [{}]}));
    let good = fs::read_to_string(&file).unwrap();
    // a policy that cannot tell offers without a price apart
    let warned = |config: &mut Value| {
        config["profiles"]["default"]["policy_ir"][1] = json!(["meets_req"]);
    };
    let wrong = |config: &mut Value| {
        let next = json!({"action": "next_candidate"});
        config["profiles"]["default"]["policy_ir"][5] = json!(["override",
            ["override", ["always", next], "unknown", {"action": "abort"}], "timeout", next]);
    };
    change(&file, wrong);
    let ended = ends(&mut serve(&file));
    let checked = sigmapol().arg("check").arg(&file).output().unwrap();
    assert_eq!((ended.code, checked.status.code()), (Some(1), Some(1)), "{ended:?}");
    let checked = String::from_utf8(checked.stdout).unwrap();
    assert!(checked.contains("L052"), "{checked}");
    let said = &ended.log[0];
    assert!(said.starts_with(&format!("sigmapol: {}:1:", file.display())), "{said}");
    assert!(said.contains(": L052 "), "{said}");

    replace(&file, &good);
    change(&file, warned);
    let gateway = Listening::start(&mut serve(&file));
    for _ in 0..2 {
        let reply = whole(gateway.send("POST", "/x/config/reload", ""));
        assert!(reply.starts_with("HTTP/1.1 200 OK\r\n"), "{reply}");
    }
    change(&file, wrong);
    let reply = whole(gateway.send("POST", "/x/config/reload", ""));
    assert!(json_of(&reply)["error"]["message"].as_str().unwrap().contains(": L052 "), "{reply}");
    gateway.signal("TERM");
    let ended = gateway.end();
    let warnings = ended.records();
    let warnings: Vec<_> = warnings.iter().filter(|record| record["event"] == "finding").collect();
    assert_eq!(warnings.len(), 1, "{ended:?}");
    let finding = warnings[0]["fields"]["finding"].as_str().unwrap();
    assert!(finding.contains(": L020 "), "{finding}");
}

/// A signal to stop while the configuration is read again and again: what is open ends whole.
#[test]
fn it_stops_during_reloads() {
    let folder = tempfile::tempdir().unwrap();
    let script = json!({"*": [{"text": "one two three four", "chunks": 4, "chunk_delay_ms": 100}]});
    let (_mock, file) = world(folder.path(), &script);
    let state = folder.path().join("state.json");
    let ledger = folder.path().join("ledger");
    let mut command = serve(&file);
    command.arg("--state").arg(&state).arg("--record").arg(&ledger);
    let gateway = Listening::start(&mut command);
    let over = AtomicBool::new(false);
    let rest = thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                gateway.signal("HUP");
            }
        });
        within("nothing is read", || gateway.metric(DONE) > 1);
        let mut body = hi();
        body["stream"] = json!(true);
        let mut stream = gateway.post(&body);
        let mut first = [0; 15];
        stream.read_exact(&mut first).unwrap();
        assert_eq!(&first, b"HTTP/1.1 200 OK");
        gateway.signal("TERM");
        let rest = whole(stream);
        over.store(true, Ordering::Relaxed);
        rest
    });
    assert!(rest.ends_with("data: [DONE]\n\n\r\n0\r\n\r\n"), "{rest}");
    let ended = gateway.end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(state.exists());
    let verified = sigmapol().args(["ledger", "verify"]).arg(&ledger).output().unwrap();
    assert_eq!(verified.status.code(), Some(0), "{verified:?}");
}
