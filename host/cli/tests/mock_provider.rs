//! `sigmapol mock-provider` as a process.
use std::io::{BufRead as _, BufReader};

use serde_json::json;
use sigmapol_provider::{Http, Provider as _};

#[tokio::test]
async fn the_command_says_where_it_is_and_what_it_answers() {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_sigmapol"));
    let folder = tempfile::tempdir().unwrap();
    let captured = folder.path().join("captured.jsonl");
    let command = command.arg("mock-provider").arg("--capture").arg(&captured);
    let command = command.stdout(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let first = lines.next().unwrap().unwrap();
    let url = first.strip_prefix("listening on ").unwrap();
    let provider = json!({"api_kind": "anthropic", "base_url": format!("{url}/beta/v1")});
    let http = Http::new(&json!({"providers": {"p": provider}})).unwrap();
    let request = json!({"provider_id": "p", "model_family": "f", "served_model_id": "model-1",
        "messages": [{"role": "user", "content": "Hello"}]});
    let answer = http.call(&request.to_string(), None).await;
    assert_eq!(answer.map(|answer| answer.text), Ok("ok".to_owned()));
    assert_eq!(lines.next().unwrap().unwrap(), "beta anthropic → 200");
    // what was said, and no header of it
    let line = std::fs::read_to_string(&captured).unwrap();
    let captured: serde_json::Value = serde_json::from_str(&line).unwrap();
    let body = r#"{"model":"model-1","max_tokens":4096,"messages":[{"role":"user","content":[{"type":"text","text":"Hello"}]}]}"#;
    let expected = json!({"route": "beta", "dialect": "anthropic", "path": "/beta/v1/messages",
        "body": body});
    assert_eq!((captured, line.ends_with('\n')), (expected, true));
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn what_is_there_is_not_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("precious");
    std::fs::write(&path, "precious").unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_sigmapol"));
    let output = command.arg("mock-provider").arg("--capture").arg(&path).output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.starts_with("sigmapol: capture: ") && message.contains("File exists"));
    assert_eq!(
        (output.status.code(), std::fs::read_to_string(&path).unwrap()),
        (Some(2), "precious".to_owned())
    );
}
