//! `sigmapol keys`, and `sigmapol serve` with keys, an admin and a certificate, as processes.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what is wrong by panicking"
)]

mod listening;

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Output},
};

use listening::{Listening, PATIENCE, serve, sigmapol, within, world};
use serde_json::{Value, json};

const ADMIN: &str = "adm-0123456789abcdef";

fn keys(file: &Path, words: &str) -> Output {
    let mut command = sigmapol();
    command.arg("keys").args(words.split(' ')).arg("--keys").arg(file).output().unwrap()
}

/// What a command prints that does what it is asked.
fn done(file: &Path, words: &str) -> String {
    let output = keys(file, words);
    let (out, error) = (String::from_utf8(output.stdout).unwrap(), output.stderr);
    assert!(output.status.success(), "{words}: {}", String::from_utf8_lossy(&error));
    out.trim_end().to_owned()
}

/// The line of one that does not.
fn refused(file: &Path, words: &str) -> String {
    let output = keys(file, words);
    assert_eq!(output.status.code(), Some(2), "{words}");
    assert!(output.stdout.is_empty());
    let line = String::from_utf8(output.stderr).unwrap();
    line.strip_prefix("sigmapol: ").unwrap().trim_end().to_owned()
}

fn list(file: &Path) -> Value {
    serde_json::from_str(&done(file, "list --json")).unwrap()
}

fn ask(gateway: &Listening, key: &str, path: &str, body: &Value) -> (u16, String) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let method = if body.is_empty() { "GET" } else { "POST" };
    let mut socket = TcpStream::connect(&gateway.address).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(
        socket,
        "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-api-key: {key}\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut text = String::new();
    socket.read_to_string(&mut text).unwrap();
    (text.split(' ').nth(1).unwrap().parse().unwrap(), text)
}

#[test]
fn a_key_from_its_making_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys.json");
    let shown = file.display();
    assert_eq!(refused(&file, "list"), format!("{shown}: No such file or directory (os error 2)"));
    let key = done(&file, "add app");
    assert!(key.starts_with("sk-sp-") && key.len() == 70, "{key}");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o7777, 0o600);
    assert!(!fs::read_to_string(&file).unwrap().contains(&key[6..]));
    let made = done(
        &file,
        "add batch --routes profile:private,family:* --expires 2999-01-01T00:00:00Z --json",
    );
    let made: Value = serde_json::from_str(&made).unwrap();
    assert_eq!(made["expires"], "2999-01-01T00:00:00.000Z");
    let listed = list(&file);
    assert_eq!(listed["consumers"][1]["allowed_routes"], json!(["profile:private", "family:*"]));
    assert_eq!(listed["consumers"][1]["keys"][0]["sha256_prefix"], made["sha256_prefix"]);
    let table = done(&file, "list");
    assert!(table.contains("profile:private, family:*") && !table.contains(&key[6..]), "{table}");
    // no more than the first digits of a digest
    let digits = |word: &str| word.len() > 12 && word.bytes().all(|b| b.is_ascii_hexdigit());
    assert!(!table.split_whitespace().any(digits), "{table}");
    assert!(!listed.to_string().split('"').any(digits), "{listed}");

    let next = done(&file, "rotate app --grace 3600");
    assert_ne!(next, key);
    let keys = list(&file)["consumers"][0]["keys"].clone();
    assert!(keys[0]["expires"].is_string() && keys[1]["expires"].is_null(), "{keys}");
    let prefix = keys[1]["sha256_prefix"].as_str().unwrap();
    done(&file, &format!("revoke app {prefix} --keep"));
    assert!(list(&file)["consumers"][0]["keys"][1]["revoked"].is_string());
    done(&file, &format!("revoke app {prefix}"));
    assert_eq!(list(&file)["consumers"][0]["keys"].as_array().unwrap().len(), 1);
    let none = format!("consumer 'app' has no key {prefix}");
    assert_eq!(refused(&file, &format!("revoke app {prefix}")), none);
    done(&file, "set-status app inactive");
    assert_eq!(list(&file)["consumers"][0]["status"], "inactive");
    done(&file, "set-routes app policy");
    assert_eq!(list(&file)["consumers"][0]["allowed_routes"], json!(["policy"]));
    done(&file, "set-routes app --all");
    assert_eq!(list(&file)["consumers"][0]["allowed_routes"], Value::Null);

    for (words, expected) in [
        ("rotate none", "there is no consumer 'none'"),
        ("add a/b", "consumer: expected a name of 1 to 64 letters, digits and -._@"),
        ("set-status app on", "invalid value 'on' for '<STATUS>': expected active or inactive"),
        (
            "add app --expires soon",
            "invalid value 'soon' for '--expires <TIME>': expected a time such as 2026-11-27T14:25:48Z",
        ),
        (
            "add app --routes everything",
            "invalid value 'everything' for '--routes <ROUTE,…>': expected profile:NAME, \
             family:NAME, pin:PROVIDER/FAMILY or policy, of at most 256 bytes",
        ),
    ] {
        assert_eq!(refused(&file, words), expected);
    }
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    let open = "expected a file for its owner alone (chmod 600), got mode 0640";
    assert_eq!(refused(&file, "add app"), format!("{shown}: {open}"));
}

#[test]
fn a_gateway_sees_what_the_command_does() {
    let folder = tempfile::tempdir().unwrap();
    let (mock, config) = world(folder.path(), &json!({"*": [{"text": "ok"}]}));
    let file = folder.path().join("keys.json");
    let key = done(&file, "add app");
    let mut command = serve(&config);
    command.arg("--keys").arg(&file).env("SIGMAPOL_ADMIN_TOKEN", ADMIN);
    let gateway = Listening::start(&mut command);
    let chat = json!({"messages": [{"role": "user", "content": "a secret"}]});
    let path = "/v1/chat/completions";
    assert_eq!(ask(&gateway, &key, path, &chat).0, 200);
    assert_eq!(ask(&gateway, "sk-nobody", path, &chat).0, 401);
    assert_eq!(ask(&gateway, ADMIN, "/metrics", &Value::Null).0, 200);
    let next = done(&file, "rotate app");
    within("the key is taken still", || ask(&gateway, &key, path, &chat).0 == 403);
    assert_eq!(ask(&gateway, &next, path, &chat).0, 200);
    // and the command what the gateway does
    let (status, text) = ask(&gateway, ADMIN, "/x/keys", &json!({"consumer": "made"}));
    assert_eq!(status, 200, "{text}");
    let made = text.split("\"api_key\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert_eq!(list(&file)["consumers"][1]["consumer"], "made");
    gateway.signal("TERM");
    let log = String::from_utf8(gateway.end().stderr).unwrap();
    assert!(log.contains("\"caller\":\"app\""), "{log}");
    for secret in [&key[6..], &next[6..], &made[6..], "sk-nobody", ADMIN, "a secret"] {
        assert!(!log.contains(secret), "{log}");
    }
    drop(mock);
}

#[test]
fn beyond_this_machine() {
    let folder = tempfile::tempdir().unwrap();
    let (mock, config) = world(folder.path(), &json!({"*": [{}]}));
    let file = folder.path().join("keys.json");
    done(&file, "add app");
    let token = folder.path().join("token");
    fs::write(&token, format!("{ADMIN}\n")).unwrap();
    let start = || {
        let mut command = sigmapol();
        command.args(["serve", "--config"]).arg(&config);
        command.env_remove("SIGMAPOL_ADMIN_TOKEN");
        command
    };
    let fails = |command: &mut Command| {
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        let line = String::from_utf8(output.stderr).unwrap();
        line.strip_prefix("sigmapol: ")
            .unwrap()
            .trim_end()
            .replace(&format!("{}/", folder.path().display()), "")
    };
    let everywhere = ["--listen", "0.0.0.0:0"];
    let missing = |what: &str| {
        format!(
            "--listen: 0.0.0.0: expected {what}, or a loopback address such as 127.0.0.1: whoever \
             reached it could spend money"
        )
    };
    let here = ["--listen", "127.0.0.1:0"];
    assert_eq!(fails(start().args(everywhere)), missing("keys and an admin token"));
    assert_eq!(fails(start().args(everywhere).arg("--keys").arg(&file)), missing("an admin token"));
    let admin = ["--admin-token-file", token.to_str().unwrap()];
    assert_eq!(fails(start().args(everywhere).args(admin)), missing("keys"));
    let empty = "SIGMAPOL_ADMIN_TOKEN";
    let mut command = start();
    command.args(everywhere).arg("--keys").arg(&file);
    assert_eq!(fails(command.env(empty, "")), missing("an admin token"));
    let short = "expected 16 to 256 visible ASCII characters";
    assert_eq!(fails(start().args(here).env(empty, "adm")), format!("{empty}: {short}"));
    fs::write(folder.path().join("short"), "adm").unwrap();
    let name = folder.path().join("short");
    assert_eq!(
        fails(start().args(here).arg("--admin-token-file").arg(name)),
        format!("--admin-token-file: {short}")
    );
    assert_eq!(
        fails(start().args(here).args(["--keys", folder.path().join("none").to_str().unwrap()])),
        "--keys: none: No such file or directory (os error 2)"
    );
    let mut command = start();
    command.args(here).arg("--keys").arg(&file).args(["--allow-origin", "*"]);
    assert_eq!(fails(&mut command), "--allow-origin: *: expected scheme://host[:port]");
    assert_eq!(
        fails(start().args(["--tls-cert", "a.pem"])),
        "the following required arguments were not provided: --tls-key <FILE>"
    );
    assert_eq!(
        fails(start().args(here).args(["--tls-cert", "none.pem", "--tls-key", "none.pem"])),
        "--tls-cert, --tls-key: none.pem: No such file or directory (os error 2)"
    );

    let mut command = start();
    command.args(everywhere).args(admin).arg("--keys").arg(&file);
    let mut gateway = Listening::start(&mut command);
    let port = gateway.address.rsplit(':').next().unwrap().to_owned();
    gateway.address = format!("127.0.0.1:{port}");
    assert_eq!(ask(&gateway, "none", "/v1/models", &Value::Null).0, 401);
    gateway.signal("TERM");
    let log = String::from_utf8(gateway.end().stderr).unwrap();
    assert!(log.contains("without --tls-cert, keys and prompts can be read on the way"), "{log}");
    drop(mock);
}

#[test]
fn a_certificate_is_read_again_on_a_signal() {
    let folder = tempfile::tempdir().unwrap();
    let (mock, config) = world(folder.path(), &json!({"*": [{}]}));
    let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    let own = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    fs::write(&certificate, own.cert.pem()).unwrap();
    fs::write(&key, own.signing_key.serialize_pem()).unwrap();
    let mut command = serve(&config);
    command.arg("--tls-cert").arg(&certificate).arg("--tls-key").arg(&key);
    let mut gateway = Listening::start(&mut command);
    gateway.signal("HUP");
    gateway.await_log("the certificate is read again");
    fs::write(&key, "no key").unwrap();
    gateway.signal("HUP");
    gateway.await_log("expected a private key, as PEM");
    gateway.signal("TERM");
    assert_eq!(gateway.end().status.code(), Some(0));
    drop(mock);
}
