//! What the tests that cross rooms share: the engines, and where data is.

#[path = "shared.rs"]
mod beside;
#[allow(
    clippy::panic,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test cannot go on without"
)]
pub mod canonical;
mod counting;
mod deep_inputs;
mod depth;
mod fuel_table;
#[allow(
    clippy::panic,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test cannot go on without"
)]
pub mod generate;
mod genvm_table;
#[allow(
    clippy::panic,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test says what is wrong by panicking"
)]
pub mod properties;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

pub use counting::Counting;
pub use deep_inputs::extending;
pub use depth::depth_table;
pub use fuel_table::fuel_table;
pub use genvm_table::{decisions, genvm_table};
use sigmapol::{CoreSandbox, Sandbox};
use sigmapol_core::{Engine, Native};

/// The three engines, with the names that failures show.
///
/// # Panics
///
/// When a sandbox cannot be made.
#[expect(clippy::expect_used, reason = "a test cannot go on without")]
pub fn engines() -> [(&'static str, &'static dyn Engine); 3] {
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

/// A file of the material that may lie beside the project, `../shared`; nothing, and a line that
/// says so, where it is missing.
///
/// # Panics
///
/// When it is missing and `SIGMAPOL_SHARED=required` is set.
pub fn shared(path: &str) -> Option<PathBuf> {
    beside::shared(&project(""), path)
}
