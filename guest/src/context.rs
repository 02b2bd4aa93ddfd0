//! The ctx: everything a decision may know.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::catalog::{Catalog, Columns};
use crate::json::{Members, NOTHING, Value};
use crate::limits::{FAILURES, SEED};
use crate::number::is_integral;
use crate::reader::{ObjectReader, Place};
use crate::refusal::{Refusal, RefusalCode};
use crate::request::Request;
use crate::state::State;
use crate::vocabulary::{Profile, Vocabulary};

/// A kind of failure and the number of the attempt that failed, from 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    pub kind: String,
    pub attempt: f64,
}

/// A ctx, read and typed, but for its candidates.
#[derive(Debug)]
pub struct Context<'a> {
    pub state: State<'a>,
    pub request: Request,
    /// The outgoing request that the transform applies to.
    pub body: &'a Members<'a>,
    /// An integer.
    pub seed: Option<f64>,
    pub failures: Vec<Failure>,
}

const KEYS: [&str; 10] = [
    "body",
    "candidates",
    "customs",
    "envelope",
    "failures",
    "now_ms",
    "request",
    "seed",
    "state",
    "vocabulary",
];

/// The vocabulary of a ctx; the core one when it has none.
pub fn vocabulary(ctx: &Value) -> Result<Vocabulary, Refusal> {
    ObjectReader::new(ctx, "ctx")?.only(&KEYS)?;
    Vocabulary::read(ctx.get("vocabulary").unwrap_or(&NOTHING))
}

impl<'a> Context<'a> {
    /// Reads all but the vocabulary, the envelope and the customs, which belong to the policy.
    pub fn read(ctx: &'a Value<'a>, vocabulary: &Vocabulary) -> Result<Self, Refusal> {
        let [body, failed, now_ms, request, drawn, state] = ObjectReader::new(ctx, "ctx")?
            .pick(&["body", "failures", "now_ms", "request", "seed", "state"]);
        now_ms.number()?;
        let read = Request::read(request.value.unwrap_or(&NOTHING), vocabulary.profile)?;
        let body = match body.value.or(request.value) {
            Some(body) => ObjectReader::new(body, "ctx.body")?.members,
            None => &[],
        };
        Ok(Self {
            request: read,
            seed: seed(drawn)?,
            failures: failures(failed)?,
            state: State::read(state.value, "ctx.state", vocabulary.profile == Profile::Strict)?,
            body,
        })
    }
}

/// The candidates of a ctx.
pub fn catalog(ctx: &Value, vocabulary: &Vocabulary, columns: Columns) -> Result<Catalog, Refusal> {
    let missing = Value::Bool(false);
    let candidates = ctx.get("candidates").unwrap_or(&missing);
    Catalog::read(candidates, "ctx.candidates", vocabulary, columns)
}

fn seed(seed: Place) -> Result<Option<f64>, Refusal> {
    let Some(value) = seed.value else {
        return Ok(None);
    };
    match value.as_number() {
        Some(seed) if is_integral(seed) && (-SEED..=SEED).contains(&seed) => Ok(Some(seed)),
        _ => Err(Refusal::new(
            RefusalCode::Seed,
            "ctx.seed: expected an integer of magnitude at most 2^53 - 1",
        )),
    }
}

fn failures(failures: Place) -> Result<Vec<Failure>, Refusal> {
    let entries = failures.array()?;
    if entries.len() > FAILURES {
        return Err(Refusal::ctx(format!(
            "ctx.failures: {} entries, expected at most {FAILURES}",
            entries.len()
        )));
    }
    let mut failures = Vec::with_capacity(entries.len());
    for (index, entry) in entries.iter().enumerate() {
        let about = format!("ctx.failures[{index}]");
        let entry = ObjectReader::new(entry, &about)?;
        entry.only(&["attempt", "kind"])?;
        let Some(kind) = entry.text("kind")? else {
            return Err(Refusal::ctx(format!("{about}.kind: expected a string")));
        };
        let attempt = entry.number("attempt")?.unwrap_or(1.0);
        if attempt < 1.0 || !is_integral(attempt) {
            return Err(Refusal::ctx(format!(
                "{about}.attempt: expected an integer of at least 1"
            )));
        }
        failures.push(Failure { kind, attempt });
    }
    Ok(failures)
}
