//! What a module has to be before it runs. Each rule says what it found.

use defloat::Report;
use sigmapol::internal::{VERBS, export};
use wasmparser::{Encoding, Parser, Payload, Validator, WasmFeatures as F};

/// What the first generation compiles.
const FIRST: F = F::FLOATS
    .union(F::MUTABLE_GLOBAL)
    .union(F::SIGN_EXTENSION)
    .union(F::MULTI_VALUE)
    .union(F::BULK_MEMORY)
    .union(F::TAIL_CALL)
    .union(F::REFERENCE_TYPES);

/// What the current generation compiles.
const CURRENT: F = FIRST.union(F::SIMD).union(F::SATURATING_FLOAT_TO_INT);

const VALIDATING: &str = "invalid_contract wasm validating";
const LINKING: &str = "invalid_contract wasm linking";
const ENTRYPOINT: &str = "invalid_contract wasm entrypoint";

/// A rule, and what it found.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Check {
    /// What is looked at.
    pub rule: &'static str,
    /// What there is.
    pub found: String,
    /// The name of the error that a module gets for it; `None` when it is in order.
    pub error: Option<&'static str>,
}

/// Why a module does not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// The name of the error.
    pub name: &'static str,
    /// What was found, for people.
    pub detail: String,
}

impl std::fmt::Display for Invalid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} # {}", self.name, self.detail)
    }
}

impl std::error::Error for Invalid {}

impl Invalid {
    pub(super) fn of(name: &'static str, error: impl std::fmt::Display) -> Self {
        Self { name, detail: error.to_string() }
    }

    pub(super) fn validating(error: impl std::fmt::Display) -> Self {
        Self::of(VALIDATING, error)
    }

    pub(super) fn linking(error: impl std::fmt::Display) -> Self {
        Self::of(LINKING, error)
    }

    pub(super) fn entrypoint(error: impl std::fmt::Display) -> Self {
        Self::of(ENTRYPOINT, error)
    }
}

/// The rules for the engine as a module: it imports nothing and exports the verbs.
pub fn engine(wasm: &[u8]) -> Vec<Check> {
    let (mut checks, report) = code(wasm);
    let Some(report) = report else { return checks };
    checks.push(imports(&report, |_| false));
    let verbs = VERBS.map(|verb| format!("{}: func", export(verb)));
    let wanted = ["cabi_realloc: func".to_owned()].into_iter().chain(verbs);
    let missing: Vec<_> = wanted.filter(|name| !report.exports.contains(name)).collect();
    let found = format!("{} exports, {} missing", report.exports.len(), listed(&missing));
    checks.push(Check::of("verbs", found, missing.is_empty(), ENTRYPOINT));
    checks
}

/// The rules for a module of a package: it imports from the machine and from modules before it.
pub(super) fn linked(wasm: &[u8], from: &[&str]) -> Vec<Check> {
    let (mut checks, report) = code(wasm);
    if let Some(report) = report {
        let may = |import: &str| {
            from.iter()
                .any(|name| import.strip_prefix(name).is_some_and(|rest| rest.starts_with('.')))
        };
        checks.push(imports(&report, may));
    }
    checks
}

/// The first of the rules that is broken.
///
/// # Errors
///
/// When there is one.
pub fn verdict(checks: &[Check]) -> Result<(), Invalid> {
    let broken =
        |check: &Check| Some(Invalid::of(check.error?, format!("{}: {}", check.rule, check.found)));
    checks.iter().find_map(broken).map_or(Ok(()), Err)
}

impl Check {
    fn of(rule: &'static str, found: impl Into<String>, holds: bool, error: &'static str) -> Self {
        Self { rule, found: found.into(), error: (!holds).then_some(error) }
    }
}

/// The rules for all code, and the facts behind them where it is code at all.
fn code(wasm: &[u8]) -> (Vec<Check>, Option<Report>) {
    let mut checks =
        vec![valid("first generation", wasm, FIRST), valid("current generation", wasm, CURRENT)];
    let (Ok(report), Ok(frames)) = (defloat::inspect(wasm), defloat::frames(wasm)) else {
        return (checks, None);
    };
    let operators = report.float_operators.iter().map(|(name, count)| format!("{name} {count}"));
    let operators: Vec<_> = operators.collect();
    checks.push(Check::of("float operators", listed(&operators), operators.is_empty(), VALIDATING));
    let large = frames.violations();
    let found = frames.largest.map_or_else(
        || "no function".to_owned(),
        |(function, slots)| format!("{slots} value slots, function {function}"),
    );
    checks.push(Check::of("largest frame", found, large.is_empty(), VALIDATING));
    let found = if frames.tail_calls { "some" } else { "none" };
    checks.push(Check::of(
        "tail calls, which are not counted",
        found,
        !frames.tail_calls,
        VALIDATING,
    ));
    let found = format!("{} functions in {} groups", frames.recursive, frames.groups);
    checks.push(Check::of("recursion", found, true, VALIDATING));
    let found =
        format!("at most {} frames, {} value slots", frames.chain_frames, frames.chain_slots);
    checks.push(Check::of("calls without recursion", found, true, VALIDATING));
    checks.push(memory(&report));
    let start = starts(wasm);
    let found = if start { "one" } else { "none" };
    checks.push(Check::of("start function", found, !start, LINKING));
    let name = report.module_name.as_deref();
    checks.push(Check::of("module name", name.unwrap_or("none"), name.is_some(), LINKING));
    (checks, Some(report))
}

fn valid(rule: &'static str, wasm: &[u8], features: F) -> Check {
    let valid = match Parser::is_core_wasm(wasm) {
        true => Validator::new_with_features(features)
            .validate_all(wasm)
            .map(|_| ())
            .map_err(|error| error.to_string()),
        false => Err("not a core module".to_owned()),
    };
    let holds = valid.is_ok();
    Check::of(rule, valid.err().unwrap_or_else(|| "valid".to_owned()), holds, VALIDATING)
}

fn imports(report: &Report, may: impl Fn(&str) -> bool) -> Check {
    let wrong = report.imports.iter().filter(|import| !may(import)).count();
    Check::of("imports", listed(&report.imports), wrong == 0, LINKING)
}

/// A memory of its own or an imported one is exported as `memory`.
fn memory(report: &Report) -> Check {
    let exported = report.exports.iter().any(|export| export == "memory: memory");
    let sizes = report.memories.iter().map(|memory| match memory.max_pages {
        Some(max) => format!("{} to {max} pages", memory.min_pages),
        None => format!("{} pages and more", memory.min_pages),
    });
    let found = match sizes.collect::<Vec<_>>().join(", ") {
        none if none.is_empty() => "none of its own".to_owned(),
        sizes => sizes,
    };
    let name = if exported { "exported" } else { "not exported as `memory`" };
    Check::of("memory", format!("{found}, {name}"), exported, ENTRYPOINT)
}

fn starts(wasm: &[u8]) -> bool {
    let mut payloads = Parser::new(0).parse_all(wasm);
    let module =
        matches!(payloads.next(), Some(Ok(Payload::Version { encoding: Encoding::Module, .. })));
    module && payloads.any(|payload| matches!(payload, Ok(Payload::StartSection { .. })))
}

fn listed(names: &[String]) -> String {
    match names {
        [] => "none".to_owned(),
        _ => names.join(", "),
    }
}
