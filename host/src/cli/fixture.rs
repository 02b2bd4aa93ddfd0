//! What the tests of the router's commands share.

use std::{fs, path::PathBuf, sync::Arc};

use serde_json::Value;
use tempfile::TempDir;

use super::{Global, engine::Kind};
use crate::provider::{Answer, CallError, Calling, ErrorKind, OnText, Provider};

const CONFIG: &str = include_str!("../../../examples/router.json");

/// A folder with the example configuration, `router.json`.
pub(super) struct Folder(TempDir);

impl Folder {
    pub(super) fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.write("router.json", CONFIG);
        folder
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(super) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// The words of a command line; `@name` is the path of a file here.
    pub(super) fn words(&self, line: &str) -> Vec<String> {
        let word = |word: &str| match word.strip_prefix('@') {
            Some(name) => self.path(name).display().to_string(),
            None => word.to_owned(),
        };
        line.split_whitespace().map(word).collect()
    }

    /// A message without the path of this folder.
    pub(super) fn hide(&self, text: &str) -> String {
        text.replace(&format!("{}/", self.0.path().display()), "")
    }
}

/// Runs natively, tables of a fixed width.
pub(super) const fn global() -> Global {
    Global { engine: Kind::Native, width: Some(100) }
}

/// Answers with the name of the provider and the last message, in two pieces, unless it is one of
/// those that fail.
pub(super) struct Echo {
    pub(super) failing: &'static [&'static str],
}

impl Echo {
    pub(super) fn but(failing: &'static [&'static str]) -> Arc<dyn Provider> {
        Arc::new(Self { failing })
    }
}

impl Provider for Echo {
    fn call<'a>(&'a self, request: &'a str, on_text: Option<OnText<'a>>) -> Calling<'a> {
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
            if let Some(on_text) = on_text {
                pieces.iter().for_each(|piece| on_text(piece));
            }
            Ok(Answer { text: pieces.concat(), ..Answer::default() })
        })
    }
}
