//! The examples decide what the engine decides as native code.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

use std::{fs, path::Path, process::Command};

use serde_json::Value;
use sigmapol_core::{
    Engine as _, Native,
    json::{Members, Object},
};

const PLAIN: &str = env!("CARGO_BIN_EXE_plain_wasmtime");
const LIBRARY: &str = env!("CARGO_BIN_EXE_library");

fn example(name: &str) -> String {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    fs::read_to_string(examples.join(name)).unwrap()
}

/// What the examples should print: the ctx is put together as `sigmapol decide` does it.
fn expected() -> String {
    let [catalog, request] = ["catalog.json", "request.json"].map(example);
    let [catalog, request]: [Members<'_>; 2] =
        [&catalog, &request].map(|text| serde_json::from_str(text).unwrap());
    let ctx = Object::new().with_all(&catalog).with_all(&request).finish();
    let decision = Native.decide(&example("support.json"), &ctx).unwrap().value;
    let winner: usize = decision.ordered[0].candidate.try_into().unwrap();
    let ctx: Value = serde_json::from_str(&ctx).unwrap();
    let candidate = &ctx["candidates"][winner];
    let name = |key: &str| candidate[key].as_str().unwrap();
    format!(
        "provider_id   {}\nmodel_family  {}\nidentity      {}\n",
        name("provider_id"),
        name("model_family"),
        decision.identity
    )
}

#[test]
fn both_decide_as_the_engine_does() {
    let expected = expected();
    // the cheapest output of those that pass the filter, as the table of the README has it
    let winner = "provider_id   mistral\nmodel_family  mistral-small-3.2\n";
    assert!(expected.starts_with(winner), "{expected}");
    for example in [PLAIN, LIBRARY] {
        let output = Command::new(example).output().unwrap();
        assert!(output.status.success(), "{example}: {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(String::from_utf8(output.stdout).unwrap(), expected, "{example}");
    }
}

#[test]
fn the_fuel_of_the_plain_host_is_a_limit() {
    let output = Command::new(PLAIN).arg("1000").output().unwrap();
    assert!(!output.status.success() && output.stdout.is_empty());
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.contains("all fuel consumed by WebAssembly"), "{message}");
}
