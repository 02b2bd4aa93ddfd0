//! What the tests that cross rooms share: the engines, and where data is.

mod fuel_table;
mod genvm_depth;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

pub use fuel_table::fuel_table;
pub use genvm_depth::{Counting, depth_table};
use sigmapol::{CoreSandbox, Native, Sandbox, Verbs};

/// The three engines, with the names that failures show.
///
/// # Panics
///
/// When a sandbox cannot be made.
#[expect(clippy::expect_used, reason = "a test cannot go on without")]
pub fn engines() -> [(&'static str, &'static dyn Verbs); 3] {
    static COMPONENT: LazyLock<Sandbox> =
        LazyLock::new(|| Sandbox::new().expect("the embedded component loads"));
    static CORE: LazyLock<CoreSandbox> =
        LazyLock::new(|| CoreSandbox::new().expect("the embedded core module loads"));
    [("component", &*COMPONENT), ("core", &*CORE), ("native", &Native)]
}

/// A file of the project, by its path from the root.
pub fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// A text of the project.
///
/// # Panics
///
/// When there is none.
#[expect(clippy::expect_used, reason = "a test cannot go on without")]
pub fn text(path: &str) -> String {
    fs::read_to_string(project(path)).expect(path)
}

/// A file of the material that may lie beside the project; says so when it is missing.
pub fn shared(path: &str) -> Option<PathBuf> {
    let file = project("../shared").join(path);
    if file.exists() {
        return Some(file);
    }
    println!("left out: shared/{path} is not beside the project");
    None
}
