//! Material that may lie beside the project, in `../shared`. Test crates that cannot depend on
//! `sigmapol-tests` include this file.

use std::{
    env,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

/// With the value `required`, material that is missing is a failure.
const REQUIRED: &str = "SIGMAPOL_SHARED";

/// A file of the material, or nothing and a line on standard error that says what was left out.
/// `root` is the folder of the project.
///
/// # Panics
///
/// When it is missing and `SIGMAPOL_SHARED=required` is set.
pub fn shared(root: &Path, path: &str) -> Option<PathBuf> {
    found(root, path, env::var_os(REQUIRED).is_some_and(|value| value == "required"))
}

fn found(root: &Path, path: &str, required: bool) -> Option<PathBuf> {
    let file = root.join("../shared").join(path);
    if file.exists() {
        return Some(file);
    }
    let missing = format!("shared/{path} is not beside the project");
    assert!(!required, "{missing}");
    // not by `eprintln`, which is shown of tests that fail alone; and in one piece
    let _ = io::stderr().write_all(format!("left out: {missing}\n").as_bytes());
    None
}

#[test]
fn material_that_is_missing_is_left_out() {
    assert_eq!(found(Path::new("nowhere"), "example", false), None);
}

#[test]
#[should_panic = "shared/example is not beside the project"]
fn material_that_is_required_is_not_left_out() {
    found(Path::new("nowhere"), "example", true);
}
