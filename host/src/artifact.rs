//! The engine as WebAssembly, embedded in this crate.

use sha2::{Digest, Sha256};

/// The component: what [`Sandbox`](crate::Sandbox) runs.
pub static COMPONENT: &[u8] =
    include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../golden/sigmapol.wasm"));

/// The core module inside the component: what [`CoreSandbox`](crate::CoreSandbox) runs, and what
/// travels to machines that know no components.
pub static CORE_MODULE: &[u8] =
    include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../golden/sigmapol.core.wasm"));

/// SHA-256, 64 lower-case hexadecimal digits.
pub fn digest(bytes: &[u8]) -> String {
    use std::fmt::Write as _;

    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}"); // writing to a string does not fail
        text
    })
}

/// The version of wasmtime, which fuel depends on.
pub fn wasmtime_version() -> &'static str {
    wasmtime::ModuleVersionStrategy::WasmtimeVersion.as_str()
}
