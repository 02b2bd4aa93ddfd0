//! A host with wasmtime alone. Of sigmapol it uses two things: the component
//! (`golden/sigmapol.wasm`) and its contract (`wit/policy.wit`).
//!
//! `cargo run -p sigmapol-embed-examples --bin plain_wasmtime`; another limit of fuel may follow.

use std::{env, fs, path::Path};

use serde_json::Value;
use wasmtime::{
    Config, Engine, Result, Store, StoreLimitsBuilder,
    component::{Component, Linker},
    format_err,
};

mod contract {
    #![allow(missing_docs, dead_code, reason = "generated from the contract, and used in part")]
    wasmtime::component::bindgen!({ path: "../../../wit", world: "sigmapol" });
}

/// In wasmtime's units. This decision takes 2.3 million.
const FUEL: u64 = 50_000_000;

/// This decision takes 384 KiB; the component asks for more as its inputs grow, up to 256 MiB.
const MEMORY_BYTES: usize = 16 << 20;

fn main() -> Result<()> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../.."));
    let read = |name: &str| fs::read_to_string(root.join("examples").join(name));
    let policy = read("support.json")?;
    let ctx = joined(&read("catalog.json")?, &read("request.json")?)?;
    let fuel = env::args().nth(1).map_or(Ok(FUEL), |fuel| fuel.parse())?;

    // once a process: compiling takes a second or so
    let engine = Engine::new(Config::new().consume_fuel(true))?;
    let component = Component::from_file(&engine, root.join("golden/sigmapol.wasm"))?;
    let linker = Linker::new(&engine); // the component imports nothing

    // once a call: a store is an instance with limits of its own
    let limits = StoreLimitsBuilder::new().memory_size(MEMORY_BYTES).build();
    let mut store = Store::new(&engine, limits);
    store.limiter(|limits| limits);
    store.set_fuel(fuel)?;
    let instance = contract::Sigmapol::instantiate(&mut store, &component, &linker)?;
    // the outer error is a limit or a trap, the inner one a refusal of the policy or the ctx
    let decision = instance
        .sigmapol_policy_engine()
        .call_decide(&mut store, &policy, &ctx)?
        .map_err(|refusal| format_err!("refused {:?}: {}", refusal.code, refusal.message))?;

    let winner = decision.ordered.first().ok_or_else(|| format_err!("no candidate is left"))?;
    let ctx: Value = serde_json::from_str(&ctx)?;
    for name in ["provider_id", "model_family"] {
        let value = ctx.pointer(&format!("/candidates/{}/{name}", winner.candidate));
        println!("{name:<13} {}", value.and_then(Value::as_str).unwrap_or_default());
    }
    println!("identity      {}", decision.identity);
    Ok(())
}

/// The members of two objects in one. Numbers keep their text: the engine reads them its own way.
fn joined(first: &str, second: &str) -> Result<String> {
    let first = first.trim_end().strip_suffix('}');
    let second = second.trim_start().strip_prefix('{');
    let (first, second) = first.zip(second).ok_or_else(|| format_err!("expected two objects"))?;
    Ok(format!("{first},{second}"))
}
