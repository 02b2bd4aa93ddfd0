//! The engine as WebAssembly, embedded in this crate.

/// The component: what [`Sandbox`](crate::Sandbox) runs.
pub static COMPONENT: &[u8] =
    include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/wasm/sigmapol.wasm"));

/// The core module inside the component: what [`CoreSandbox`](crate::CoreSandbox) runs, and what
/// travels to machines that know no components.
pub static CORE_MODULE: &[u8] =
    include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/wasm/sigmapol.core.wasm"));

/// The version of wasmtime, which fuel depends on.
pub fn wasmtime_version() -> &'static str {
    wasmtime::ModuleVersionStrategy::WasmtimeVersion.as_str()
}
