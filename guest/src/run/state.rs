//! A run between two events: opaque to hosts, versioned, refused when it is not whole.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::ending::chosen;
use super::plan::Planned;
use super::text::{Head, OpenText, Part, Parts, done};
use crate::call_scoped::CallScoped;
use crate::json::{Member, Value};
use crate::refusal::{Refusal, RefusalCode};

/// A part of a run that is carried as text.
pub type Text<'t> = Cow<'t, str>;

/// A run.
#[derive(Debug)]
pub struct Run<'a> {
    /// Retries of the candidate at the cursor.
    pub attempts: f64,
    /// When the call under way was sent.
    pub called_at_ms: f64,
    /// Whether the policy is the caller's own.
    pub caller: bool,
    /// Calls so far.
    pub calls: f64,
    /// How many candidates there are.
    pub count: f64,
    pub cursor: usize,
    /// What happened, for the trace.
    pub decision_path: Vec<Value<'a>>,
    pub last_error: Option<String>,
    pub started_at_ms: f64,
    /// The candidate at the cursor, which is tried; none behind the last one.
    pub tried: Option<Tried<'a>>,
    /// A [`Planned`].
    pub plan: Text<'a>,
    /// The trace as it was when the run began.
    pub trace: Text<'a>,
    /// How the run ended.
    pub done: Option<Text<'a>>,
}

/// The candidate that is tried.
#[derive(Clone, Debug)]
pub struct Tried<'a> {
    pub provider_id: Text<'a>,
    pub model_family: Text<'a>,
    /// All of it.
    pub text: Text<'a>,
    /// What is told of it where it answers.
    pub chosen: Text<'a>,
}

impl<'a> Tried<'a> {
    /// Takes what is needed of a candidate.
    #[inline(never)]
    pub fn new(candidate: &Value<'a>) -> Self {
        let text = |key: &str| match candidate.get(key) {
            Some(Value::String(text)) => text.clone(),
            _ => Cow::Borrowed(""),
        };
        Self {
            provider_id: text("provider_id"),
            model_family: text("model_family"),
            text: Cow::Owned(candidate.to_json()),
            chosen: Cow::Owned(chosen(candidate).to_json()),
        }
    }
}

impl<'a> Run<'a> {
    /// Reads a state back.
    #[inline(never)]
    pub fn read(text: &'a str) -> Result<Self, Refusal> {
        let (candidate, chosen, head, plan, trace) = match Parts::read(text)? {
            Parts::Open { candidate, chosen, head, plan, trace } => {
                (candidate, chosen, head, plan, trace)
            }
            Parts::Done(result) => return Ok(Self::ended(result)),
        };
        let mut parts = Members::new("head", head)?;
        let run = Self {
            attempts: parts.number("attempts")?,
            called_at_ms: parts.number("called_at_ms")?,
            caller: parts.need("caller")? == Value::Bool(true),
            calls: parts.number("calls")?,
            count: parts.number("count")?,
            cursor: parts.number("cursor")? as usize,
            decision_path: match parts.need("decision_path")? {
                Value::Array(path) => path,
                _ => return Err(malformed("head.decision_path: expected an array")),
            },
            last_error: parts.text("last_error").map(|kind| kind.to_string()),
            started_at_ms: parts.number("started_at_ms")?,
            tried: match (parts.text("model_family"), parts.text("provider_id")) {
                (Some(model_family), Some(provider_id)) => Some(Tried {
                    provider_id,
                    model_family,
                    text: candidate.into(),
                    chosen: chosen.into(),
                }),
                _ => None,
            },
            plan: plan.into(),
            trace: trace.into(),
            done: None,
        };
        parts.end()?;
        Ok(run)
    }

    /// One of which nothing but its result is left.
    fn ended(result: &'a str) -> Self {
        Self {
            attempts: 0.0,
            called_at_ms: 0.0,
            caller: false,
            calls: 0.0,
            count: 0.0,
            cursor: 0,
            decision_path: Vec::new(),
            last_error: None,
            started_at_ms: 0.0,
            tried: None,
            plan: Cow::Borrowed(""),
            trace: Cow::Borrowed(""),
            done: Some(result.into()),
        }
    }

    /// The text that [`Self::read`] reads.
    #[inline(never)]
    pub fn to_text(&self) -> String {
        if let Some(result) = &self.done {
            return done(result);
        }
        let tried = self.tried.as_ref();
        let text = OpenText {
            candidate: tried.map_or("", |tried| &tried.text),
            chosen: tried.map_or("", |tried| &tried.chosen),
            head: Head {
                attempts: self.attempts,
                called_at_ms: self.called_at_ms,
                caller: self.caller,
                calls: self.calls,
                count: self.count,
                cursor: self.cursor as f64,
                decision_path: &self.decision_path,
                last_error: self.last_error.as_deref(),
                model_family: tried.map(|tried| &*tried.model_family),
                provider_id: tried.map(|tried| &*tried.provider_id),
                started_at_ms: self.started_at_ms,
            },
            plan: Part::Text(&self.plan),
            trace: Part::Text(&self.trace),
        };
        text.to_text()
    }

    /// What the run was planned with.
    pub fn planned(&self) -> Result<Planned<'a>, Refusal> {
        match &self.plan {
            Cow::Borrowed(text) => Planned::read(text),
            Cow::Owned(_) => Err(malformed("plan: expected that of a turn before")),
        }
    }

    /// The candidate that is tried.
    #[inline(never)]
    pub fn tried(&self) -> Result<&Tried<'a>, Refusal> {
        self.tried.as_ref().ok_or_else(untried)
    }
}

/// The members of a part that are not read yet.
pub(super) struct Members<'a> {
    part: &'static str,
    rest: CallScoped<Vec<Member<'a>>>,
}

impl<'a> Members<'a> {
    #[inline(never)]
    pub(super) fn new(part: &'static str, value: Value<'a>) -> Result<Self, Refusal> {
        match value {
            Value::Object(members) => Ok(Self { part, rest: CallScoped::new(members) }),
            _ => Err(malformed(&format!("{part}: expected an object"))),
        }
    }

    #[inline(never)]
    fn take(&mut self, key: &str) -> Option<Value<'a>> {
        // they come in the order in which they are taken
        let at = self.rest.iter().position(|(name, _)| name == key)?;
        Some(self.rest.remove(at).1)
    }

    #[inline(never)]
    pub(super) fn need(&mut self, key: &str) -> Result<Value<'a>, Refusal> {
        self.take(key).ok_or_else(|| malformed(&format!("{}.{key}: expected a value", self.part)))
    }

    #[inline(never)]
    fn number(&mut self, key: &str) -> Result<f64, Refusal> {
        let number = self.need(key)?.as_number();
        number.ok_or_else(|| malformed(&format!("{}.{key}: expected a number", self.part)))
    }

    #[inline(never)]
    fn text(&mut self, key: &str) -> Option<Text<'a>> {
        match self.take(key) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        }
    }

    /// Everything was read.
    #[inline(never)]
    pub(super) fn end(&self) -> Result<(), Refusal> {
        match self.rest.first() {
            Some((key, _)) => Err(malformed(&format!("{}: unknown key '{key}'", self.part))),
            None => Ok(()),
        }
    }
}

#[inline(never)]
pub(super) fn malformed(expected: &str) -> Refusal {
    Refusal::new(RefusalCode::Run, format!("run: {expected}"))
}

#[cold]
pub(super) fn untried() -> Refusal {
    malformed("head.provider_id: expected a value")
}
