//! Which features of WebAssembly a file needs.

use wasmparser::{Validator, WasmFeatures as F};

use crate::Error;

/// What a file that is to run everywhere may use. The rest is off: floats are not the same in
/// every machine, and small virtual machines leave the other proposals out.
const ALLOWED: F = F::MUTABLE_GLOBAL
    .union(F::SIGN_EXTENSION)
    .union(F::MULTI_VALUE)
    .union(F::BULK_MEMORY)
    .union(F::COMPONENT_MODEL);

/// The names of the features without which `wasm` is not valid, sorted: each is found by validating
/// with everything else on.
pub(crate) fn used(wasm: &[u8]) -> Result<Vec<String>, Error> {
    validate(wasm, F::all())?;
    let needed = F::all().iter_names().filter(|(_, flag)| {
        // A part of a larger feature is reported under the larger one's name.
        let part = *flag == F::BULK_MEMORY_OPT || *flag == F::CALL_INDIRECT_OVERLONG;
        !part && validate(wasm, F::all().difference(*flag)).is_err()
    });
    let mut names: Vec<String> = needed.map(|(name, _)| text_name(name)).collect();
    names.sort_unstable();
    Ok(names)
}

/// True of a name that [`used`] may report in a file that is to run everywhere.
pub(crate) fn is_allowed(name: &str) -> bool {
    ALLOWED.iter_names().any(|(allowed, _)| text_name(allowed) == name)
}

/// Why a validator that has nothing but the allowed features refuses the file.
pub(crate) fn refusal(wasm: &[u8]) -> Option<String> {
    validate(wasm, ALLOWED).err().map(|error| error.to_string())
}

fn validate(wasm: &[u8], features: F) -> Result<(), wasmparser::Error> {
    Validator::new_with_features(features).validate_all(wasm).map(|_| ())
}

fn text_name(flag: &str) -> String {
    flag.to_ascii_lowercase().replace('_', "-")
}
