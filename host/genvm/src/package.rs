//! The package: the engine and what is started of it, as GenVM loads them.

use serde_json::json;

use super::{
    profile::{self, Invalid},
    zip::{self, Entry},
};

/// What is started: text and code are in `shim/`.
pub static SHIM: &[u8] = include_bytes!("shim/shim.wasm");

const RUNNER: &str = "runner.json";
const CORE: &str = "sigmapol.core.wasm";
const START: &str = "shim.wasm";

/// What a machine offers to every module.
const MACHINE: [&str; 2] = ["wasi_snapshot_preview1", "genlayer_sdk"];

/// The modules of a package, in order; the last one is started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Package {
    pub(super) linked: Vec<Module>,
    pub(super) started: Module,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Module {
    /// From its name section: what others import from.
    pub(super) name: String,
    pub(super) wasm: Vec<u8>,
}

/// Makes the package of an engine. The bytes depend on the engine and this program alone.
///
/// # Errors
///
/// When the module breaks a rule, or is too large.
pub fn pack(core: &[u8]) -> Result<Vec<u8>, Invalid> {
    profile::verdict(&profile::engine(core))?;
    let runner = json!({ "Seq": [{ "LinkWasm": CORE }, { "StartWasm": START }] });
    let entry = |name: &str, bytes: &[u8]| Entry { name: name.to_owned(), bytes: bytes.to_vec() };
    let runner = format!("{runner:#}\n");
    let entries = [entry(RUNNER, runner.as_bytes()), entry(CORE, core), entry(START, SHIM)];
    zip::write(&entries).map_err(malformed)
}

impl Package {
    /// Reads a package and checks its modules.
    pub(super) fn read(archive: &[u8]) -> Result<Self, Invalid> {
        let entries = zip::read(archive).map_err(malformed)?;
        let file = |name: &str| {
            let entry = entries.iter().find(|entry| entry.name == name);
            entry.map(|entry| entry.bytes.as_slice()).ok_or_else(|| malformed(format!("no {name}")))
        };
        let runner: serde_json::Value = serde_json::from_slice(file(RUNNER)?).map_err(malformed)?;
        let steps = runner.get("Seq").and_then(|steps| steps.as_array());
        let steps = steps.ok_or_else(|| malformed("runner.json: expected `Seq`"))?;
        let mut linked: Vec<Module> = Vec::new();
        for step in steps {
            let path = |action: &str| step.get(action).and_then(|path| path.as_str());
            let (path, starts) = match (path("LinkWasm"), path("StartWasm")) {
                (Some(path), None) => (path, false),
                (None, Some(path)) => (path, true),
                _ => return Err(malformed("runner.json: expected `LinkWasm` or `StartWasm`")),
            };
            let wasm = file(path)?;
            let from: Vec<_> = MACHINE
                .into_iter()
                .chain(linked.iter().map(|module| module.name.as_str()))
                .collect();
            profile::verdict(&profile::linked(wasm, &from))?;
            let name = defloat::inspect(wasm).ok().and_then(|report| report.module_name);
            let module = Module { name: name.unwrap_or_default(), wasm: wasm.to_vec() };
            if starts {
                return Ok(Self { linked, started: module });
            }
            linked.push(module);
        }
        Err(malformed("runner.json: expected a `StartWasm`"))
    }
}

fn malformed(error: impl std::fmt::Display) -> Invalid {
    Invalid::of("invalid_contract runner malformed", error)
}
