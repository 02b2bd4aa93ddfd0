//! Requests as SDKs and agents send them. They lie beside the project, in `../shared/clients`, one a
//! file: `{client, scenario, request: {path, body}}`. Test crates include this file beside
//! `shared.rs`, which is their module `shared`.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test says what is wrong by panicking"
)]
#![allow(dead_code, reason = "not every crate looks at headers")]

use std::{fs, path::Path};

use serde_json::Value;

use crate::shared::shared;

/// A request with a JSON object as its body.
#[derive(Debug)]
pub struct Captured {
    /// The name of its file.
    pub file: String,
    /// The path, with its query.
    pub target: String,
    /// `[[name, value]…]` or `{name: value}`; `null` where they were not kept.
    pub headers: Value,
    /// The body, as text. Those of the second capture are JSON in their files: members in their order,
    /// with the blanks of none.
    pub body: String,
}

/// Those to a path that is wanted, without its query, by the name of their file; none where they are
/// not beside the project. `crate_root` is that of the crate that includes this.
///
/// # Panics
///
/// Where they are there, and none of them is wanted.
pub fn captured(crate_root: &str, is_wanted: impl Fn(&str) -> bool) -> Vec<Captured> {
    let root = Path::new(crate_root).join("../..");
    let Some(folder) = shared(&root, "clients") else { return Vec::new() };
    let mut requests = Vec::new();
    let folders = [folder.join("second"), folder];
    for entry in folders.iter().flat_map(|folder| fs::read_dir(folder).unwrap()) {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let seen: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let request = seen.get("request").unwrap_or(&seen);
        let target = request["path"].as_str().unwrap_or_default();
        let body = match &request["body"] {
            Value::String(text) => text.clone(),
            body => body.to_string(),
        };
        if is_wanted(target.split('?').next().unwrap()) && body.starts_with('{') {
            let file = path.file_name().unwrap().to_string_lossy().into_owned();
            let (target, headers) = (target.to_owned(), request["headers"].clone());
            requests.push(Captured { file, target, headers, body });
        }
    }
    requests.sort_by(|one, other| one.file.cmp(&other.file));
    assert!(!requests.is_empty(), "no such request among those of clients");
    requests
}
