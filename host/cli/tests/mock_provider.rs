//! `sigmapol mock-provider` as a process.
use std::io::{BufRead as _, BufReader};

use serde_json::json;
use sigmapol_provider::{Http, Provider as _};

#[tokio::test]
async fn the_command_says_where_it_is_and_what_it_answers() {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_sigmapol"));
    let command = command.arg("mock-provider").stdout(std::process::Stdio::piped());
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
    child.kill().unwrap();
    child.wait().unwrap();
}
