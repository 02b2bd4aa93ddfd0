//! Holds this version of wasmtime against what the golden decisions leave in memory.
//!
//! Reads `tests/genvm.jsonl`, makes each decision with the core module alone and with the package's
//! shim, in every setting, and prints a line a decision and setting. Exits 1 if one differs.

mod machine;
mod message;

use std::{fs, io, io::Write as _, path::Path, process::ExitCode};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use wasmtime::{
    Config, Engine, ModuleVersionStrategy, OptLevel, Result, ensure, error::Context as _,
};

use machine::Machine;

fn main() -> Result<ExitCode> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let core = fs::read(root.join("golden/sigmapol.core.wasm"))?;
    let shim = fs::read(root.join("host/genvm/src/shim/shim.wasm"))?;
    let table = fs::read_to_string(root.join("tests/genvm.jsonl"))?;
    let mut lines = table.lines().map(serde_json::from_str::<Value>);
    let modules = lines.next().context("expected a line for the modules")??;
    let same = json!({ "core": sha256(&core), "shim": sha256(&shim) });
    ensure!(modules == same, "tests/genvm.jsonl is of other modules: {modules}");
    let decisions: Vec<Value> = lines.collect::<Result<_, _>>()?;
    let mut out = io::stdout().lock();
    let (mut runs, mut differ) = (0, 0);
    for optimised in [false, true] {
        for canonical_nans in [true, false] {
            let machine = Machine::new(&engine(optimised, canonical_nans)?, &core, &shim)?;
            for decision in &decisions {
                let text =
                    |key: &str| decision.get(key).and_then(Value::as_str).context(key.to_owned());
                let memory = machine.decide(text("policy")?, text("ctx")?)?;
                let message = message::message(text("policy")?, text("ctx")?);
                let (result, package_memory) = machine.start(message)?;
                let got = [
                    ("result", sha256(&result)),
                    ("memory", memory),
                    ("package_memory", package_memory),
                ];
                let same = got.iter().all(|(key, value)| decision.get(key) == Some(&json!(value)));
                runs += 1;
                differ += usize::from(!same);
                let mut line = json!({
                    "id": text("id")?, "wasmtime": version(), "optimised": optimised,
                    "canonical_nans": canonical_nans, "same": same,
                });
                if let Some(members) = line.as_object_mut() {
                    members.extend(got.map(|(key, value)| (key.to_owned(), json!(value))));
                }
                writeln!(out, "{line}")?;
            }
        }
    }
    eprintln!("genvm-matrix: wasmtime {}: {runs} runs, {differ} differ", version());
    Ok(if differ == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn engine(optimised: bool, canonical_nans: bool) -> Result<Engine> {
    let mut config = Config::new();
    config
        .cranelift_opt_level(if optimised { OptLevel::Speed } else { OptLevel::None })
        .cranelift_nan_canonicalization(canonical_nans);
    Engine::new(&config)
}

fn version() -> &'static str {
    ModuleVersionStrategy::WasmtimeVersion.as_str()
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
