//! What has to hold for every input, one property a file.
//!
//! A property takes bytes, makes input of them and says whether the input was in order (`true`) or
//! refused; where it does not hold it says why, with the input in full. Tests give it bytes from
//! seeds, fuzzers their own.

mod admit_bytes;
mod defloat_agrees;
mod encode_fixed_point;
mod engines_agree;
mod flow_bound;
mod normal_form;
mod step_bound;

use std::sync::LazyLock;

use sigmapol::{CoreSandbox, PreparedEngine, Sandbox};
use sigmapol_conformance::Agreement;
use sigmapol_core::{Engine, Error, Metered, Native};

/// Whether the input was in order, or where the property does not hold.
pub type Verdict = Result<bool, String>;

/// Something that holds for every input.
#[derive(Clone, Copy, Debug)]
pub struct Property {
    /// The name, also of the fuzzer.
    pub name: &'static str,
    /// Makes input of bytes and looks at it.
    pub check: fn(&[u8]) -> Verdict,
}

/// Every property.
pub const ALL: [Property; 7] = [
    Property { name: "admit_bytes", check: admit_bytes::check },
    Property { name: "encode_fixed_point", check: encode_fixed_point::check },
    Property { name: "normal_form", check: normal_form::check },
    Property { name: "engines_agree", check: engines_agree::check },
    Property { name: "step_bound", check: step_bound::check },
    Property { name: "flow_bound", check: flow_bound::check },
    Property { name: "defloat_agrees", check: defloat_agrees::check },
];

pub use engines_agree::decision;

/// Holds a property against bytes.
///
/// # Panics
///
/// Where it does not hold.
pub fn hold(name: &str, bytes: &[u8]) {
    let property = ALL.iter().find(|property| property.name == name).unwrap();
    if let Err(broken) = (property.check)(bytes) {
        panic!("{name} does not hold: {broken}");
    }
}

/// Native code and the component, that have to say the same.
static COMPONENT: LazyLock<Agreement> = LazyLock::new(|| with_native(Sandbox::new().unwrap()));
/// Native code and the bare core module.
static CORE: LazyLock<Agreement> = LazyLock::new(|| with_native(CoreSandbox::new().unwrap()));
/// Native code, and decisions over a catalog and steps over a router in the component.
static PREPARED: LazyLock<Agreement> =
    LazyLock::new(|| with_native(PreparedEngine::new(Sandbox::new().unwrap())));

fn with_native(other: impl Engine + 'static) -> Agreement {
    Agreement { first: Box::new(Native), second: Box::new(other) }
}

/// The value, or nothing where it was refused. Anything else breaks a property: a trap, a limit,
/// engines that differ.
fn accepted<T>(answer: Result<Metered<T>, Error>) -> Result<Option<T>, String> {
    match answer {
        Ok(outcome) => Ok(Some(outcome.value)),
        Err(Error::Refused(_)) => Ok(None),
        Err(other) => Err(other.to_string()),
    }
}

/// Says what is wrong unless it holds.
fn require(holds: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what()) }
}
