//! Calls over TLS and HTTP/2, to servers whose certificates are made here.
//!
//! The client trusts whom the system trusts, and says so nowhere else. So each test runs in a process of
//! its own, in which the system trusts one authority more: the test's.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod tls {
    mod authority;
    mod certificates;
    mod http2;
    mod server;
}

use std::{env, future::Future, path::PathBuf, process::Command};

use serde_json::{Value, json};
use sigmapol_provider::{Answer, CallError, Delta, Http, Provider as _};

/// Where the system looks for the authorities that it trusts.
const TRUSTED: &str = "SSL_CERT_FILE";

/// Marks the process that a test runs in.
const CHILD: &str = "SIGMAPOL_TLS_CHILD";

/// Runs a test by its full name, in a process that trusts the authority that it writes to the file.
fn in_child<T: Future<Output = ()>>(name: &str, test: impl FnOnce(PathBuf) -> T) {
    if env::var_os(CHILD).is_some() {
        let file = PathBuf::from(env::var_os(TRUSTED).unwrap());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        return runtime.block_on(test(file));
    }
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(CHILD, "1")
        .env(TRUSTED, folder.path().join("trusted.pem"))
        .env_remove("SSL_CERT_DIR")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("1 passed"), "{text}{errors}");
}

/// A call that is streamed, with more members of the request; and the pieces of the text.
async fn call(url: &str, members: Value) -> (Result<Answer, CallError>, Vec<String>) {
    let config = json!({"providers": {"p": {"api_kind": "openai_compatible", "base_url": url}}});
    call_with(&Http::new(&config).unwrap(), members).await
}

async fn call_with(http: &Http, members: Value) -> (Result<Answer, CallError>, Vec<String>) {
    let mut request = json!({"provider_id": "p", "served_model_id": "m", "timeout_ms": 20_000,
        "messages": [{"role": "user", "content": "x"}]});
    for (key, value) in members.as_object().unwrap() {
        request.as_object_mut().unwrap().insert(key.clone(), value.clone());
    }
    let mut pieces = Vec::new();
    let mut on_delta = |delta: Delta<'_>| {
        if let Delta::Text(text) = delta {
            pieces.push(text.to_owned());
        }
    };
    let result = http.call(&request.to_string(), Some(&mut on_delta)).await;
    (result, pieces)
}
