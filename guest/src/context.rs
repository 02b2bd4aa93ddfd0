//! The ctx: everything a decision may know.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::catalog::Catalog;
use crate::json::{Members, NOTHING, Value, lookup};
use crate::limits::{FAILURES, SEED};
use crate::number::is_integral;
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
    Reader::new(ctx, "ctx")?.only(&KEYS)?;
    Vocabulary::read(ctx.get("vocabulary").unwrap_or(&NOTHING))
}

impl<'a> Context<'a> {
    /// Reads all but the vocabulary, the envelope and the customs, which belong to the policy.
    pub fn read(ctx: &'a Value<'a>, vocabulary: &Vocabulary) -> Result<Self, Refusal> {
        let [body, failed, now_ms, request, drawn, state] = Reader::new(ctx, "ctx")?
            .pick(&["body", "failures", "now_ms", "request", "seed", "state"]);
        now_ms.number()?;
        let read = Request::read(request.value.unwrap_or(&NOTHING), vocabulary.profile)?;
        let body = match body.value.or(request.value) {
            Some(body) => Reader::new(body, "ctx.body")?.members,
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
pub fn catalog(ctx: &Value, vocabulary: &Vocabulary) -> Result<Catalog, Refusal> {
    let missing = Value::Bool(false);
    Catalog::read(ctx.get("candidates").unwrap_or(&missing), "ctx.candidates", vocabulary)
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
        return Err(refuse(format!(
            "ctx.failures: {} entries, expected at most {FAILURES}",
            entries.len()
        )));
    }
    let mut failures = Vec::with_capacity(entries.len());
    for (index, entry) in entries.iter().enumerate() {
        let about = format!("ctx.failures[{index}]");
        let entry = Reader::new(entry, &about)?;
        entry.only(&["attempt", "kind"])?;
        let Some(kind) = entry.text("kind")? else {
            return Err(refuse(format!("{about}.kind: expected a string")));
        };
        let attempt = entry.number("attempt")?.unwrap_or(1.0);
        if attempt < 1.0 || !is_integral(attempt) {
            return Err(refuse(format!("{about}.attempt: expected an integer of at least 1")));
        }
        failures.push(Failure { kind, attempt });
    }
    Ok(failures)
}

/// A refusal of a ctx.
pub fn refuse(message: impl Into<String>) -> Refusal {
    Refusal::new(RefusalCode::Ctx, message)
}

/// Typed access to an object of the ctx, with its position for messages.
pub struct Reader<'a, 'p> {
    members: &'a Members<'a>,
    position: &'p str,
}

impl<'a, 'p> Reader<'a, 'p> {
    pub fn new(value: &'a Value<'a>, position: &'p str) -> Result<Self, Refusal> {
        let members = value.as_object();
        let members = members.ok_or_else(|| refuse(format!("{position}: expected an object")))?;
        Ok(Self { members, position })
    }

    /// Refuses keys that are not in `known`.
    pub fn only(&self, known: &[&str]) -> Result<(), Refusal> {
        match self.members.iter().find(|(key, _)| !known.contains(&&**key)) {
            Some((key, _)) => Err(refuse(format!(
                "{}: unknown key '{key}', expected one of {}",
                self.position,
                known.join(", ")
            ))),
            None => Ok(()),
        }
    }

    /// What stands under these keys, in one pass.
    pub fn pick<'k, const N: usize>(&self, keys: &[&'k str; N]) -> [Place<'a, 'k>; N]
    where
        'p: 'k,
    {
        let mut places = keys.map(|key| Place { value: None, position: self.position, key });
        for (key, value) in self.members {
            if let Some(place) = places.iter_mut().find(|place| place.key == key) {
                place.value = Some(value);
            }
        }
        places
    }

    fn at<'k>(&self, key: &'k str) -> Place<'a, 'k>
    where
        'p: 'k,
    {
        Place { value: lookup(self.members, key), position: self.position, key }
    }

    pub fn text(&self, key: &str) -> Result<Option<String>, Refusal> {
        self.at(key).text()
    }

    pub fn number(&self, key: &str) -> Result<Option<f64>, Refusal> {
        self.at(key).number()
    }

    pub fn object(&self, key: &str) -> Result<&'a Members<'a>, Refusal> {
        self.at(key).object()
    }
}

/// What stands under a key, if anything.
#[derive(Clone, Copy)]
pub struct Place<'a, 'k> {
    pub value: Option<&'a Value<'a>>,
    position: &'k str,
    key: &'k str,
}

impl<'a> Place<'a, '_> {
    pub fn text(&self) -> Result<Option<String>, Refusal> {
        self.typed("a string", |value| value.as_str().map(ToString::to_string))
    }

    pub fn number(&self) -> Result<Option<f64>, Refusal> {
        self.typed("a finite number", Value::as_number)
    }

    pub fn object(&self) -> Result<&'a Members<'a>, Refusal> {
        Ok(self.typed("an object", |value| value.as_object())?.unwrap_or(&[]))
    }

    pub fn array(&self) -> Result<&'a [Value<'a>], Refusal> {
        Ok(self.typed("an array", |value| value.as_array())?.unwrap_or(&[]))
    }

    pub fn texts(&self) -> Result<Vec<&'a str>, Refusal> {
        let texts = self.array()?.iter().map(Value::as_str).collect::<Option<Vec<_>>>();
        texts.ok_or_else(|| self.refuse("an array of strings"))
    }

    fn typed<T>(
        &self,
        expected: &str,
        read: impl Fn(&'a Value<'a>) -> Option<T>,
    ) -> Result<Option<T>, Refusal> {
        match self.value {
            None => Ok(None),
            Some(value) => read(value).map(Some).ok_or_else(|| self.refuse(expected)),
        }
    }

    fn refuse(&self, expected: &str) -> Refusal {
        refuse(format!("{}.{}: expected {expected}", self.position, self.key))
    }
}
