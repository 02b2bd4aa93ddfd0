//! From bytes to compiled code, by way of the cache.

use std::hash::{DefaultHasher, Hash, Hasher};

use wasmtime::{Engine, Module, ModuleVersionStrategy, component::Component};

use crate::{Cache, Error};

pub trait LoadError<T> {
    /// An error of wasmtime on the way to runnable code.
    fn or_load_error(self) -> Result<T, Error>;
}

impl<T> LoadError<T> for wasmtime::Result<T> {
    fn or_load_error(self) -> Result<T, Error> {
        self.map_err(|error| Error::Load(format!("{error:#}")))
    }
}

#[expect(unsafe_code, reason = "wasmtime cannot check machine code, only we can say who wrote it")]
pub fn component(engine: &Engine, wasm: &[u8], cache: &Cache) -> Result<Component, Error> {
    cached(
        cache,
        &name(engine, wasm, "component"),
        // SAFETY: the cache returns only what this user wrote there, whole and unchanged, and the
        // name binds it to this component and this very configuration of wasmtime.
        |code| unsafe { Component::deserialize(engine, code) },
        || Component::new(engine, wasm),
        Component::serialize,
    )
}

/// A core module, compiled or from the cache.
///
/// # Errors
///
/// [`Error::Load`] if it is none.
#[expect(unsafe_code, reason = "wasmtime cannot check machine code, only we can say who wrote it")]
pub fn module(engine: &Engine, wasm: &[u8], cache: &Cache) -> Result<Module, Error> {
    cached(
        cache,
        &name(engine, wasm, "module"),
        // SAFETY: as above
        |code| unsafe { Module::deserialize(engine, code) },
        || Module::new(engine, wasm),
        Module::serialize,
    )
}

fn cached<T>(
    cache: &Cache,
    name: &str,
    deserialize: impl Fn(&[u8]) -> wasmtime::Result<T>,
    compile: impl Fn() -> wasmtime::Result<T>,
    serialize: impl Fn(&T) -> wasmtime::Result<Vec<u8>>,
) -> Result<T, Error> {
    if let Some(code) = cache.read(name)
        && let Ok(loaded) = deserialize(&code)
    {
        return Ok(loaded);
    }
    let compiled = compile().or_load_error()?;
    if cache.is_enabled()
        && let Ok(code) = serialize(&compiled)
    {
        cache.write(name, &code);
    }
    Ok(compiled)
}

/// What the machine code depends on: the bytes, the version of wasmtime, and everything else that
/// wasmtime itself compares (target, processor features, settings).
fn name(engine: &Engine, wasm: &[u8], kind: &str) -> String {
    let mut hasher = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    format!(
        "{kind}-{}-wasmtime{}-{:016x}.cwasm",
        sigmapol_core::digest(wasm),
        ModuleVersionStrategy::WasmtimeVersion.as_str(),
        hasher.finish(),
    )
}
