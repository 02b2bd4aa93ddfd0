//! What the tests of the router's commands share.

use std::{fs, path::PathBuf, sync::Arc};

use serde_json::Value;
use sigmapol_provider::{Answer, CallError, Calling, Delta, ErrorKind, OnDelta, Provider};
use tempfile::TempDir;

use crate::{Global, shared::engine::Kind};

const CONFIG: &str = include_str!("../../../../examples/router.json");

/// A folder with the example configuration, `router.json`.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.write("router.json", CONFIG);
        folder
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// The words of a command line; `@name` is the path of a file here.
    pub(crate) fn words(&self, line: &str) -> Vec<String> {
        let word = |word: &str| match word.strip_prefix('@') {
            Some(name) => self.path(name).display().to_string(),
            None => word.to_owned(),
        };
        line.split_whitespace().map(word).collect()
    }

    /// A message without the path of this folder.
    pub(crate) fn hide(&self, text: &str) -> String {
        text.replace(&format!("{}/", self.0.path().display()), "")
    }
}

/// Runs natively, tables of a fixed width.
pub(crate) const fn global() -> Global {
    Global { engine: Kind::Native, width: Some(100) }
}

/// Answers with the name of the provider and the last message, in two pieces, unless it is one of
/// those that fail.
pub(crate) struct Echo {
    pub(crate) failing: &'static [&'static str],
}

impl Echo {
    pub(crate) fn but(failing: &'static [&'static str]) -> Arc<dyn Provider> {
        Arc::new(Self { failing })
    }
}

impl Provider for Echo {
    fn call<'a>(&'a self, request: &'a str, on_delta: Option<OnDelta<'a>>) -> Calling<'a> {
        Box::pin(async move {
            let request: Value = serde_json::from_str(request).unwrap();
            let provider = request["provider_id"].as_str().unwrap();
            if self.failing.contains(&provider) {
                let message = "HTTP 503".to_owned();
                let kind = ErrorKind::ServerError;
                return Err(CallError {
                    kind,
                    http_status: Some(503),
                    message,
                    retry_after_ms: None,
                });
            }
            let messages = request["messages"].as_array().unwrap();
            let pieces = [provider, messages.last().unwrap()["content"].as_str().unwrap()];
            let pieces = [format!("{}: ", pieces[0]), pieces[1].to_owned()];
            if let Some(on_delta) = on_delta {
                pieces.iter().for_each(|piece| on_delta(Delta::Text(piece)));
            }
            Ok(Answer { text: pieces.concat(), ..Answer::default() })
        })
    }
}
