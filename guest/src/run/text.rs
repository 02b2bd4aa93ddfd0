//! The state of a run as text, between two events.
//!
//! `{"bytes":[…],"candidate":…,"chosen":…,"head":…,"plan":…,"trace":…,"version":2}`, or
//! `{"done":…,"version":2}` once it has ended. What every event needs is in the head. The other parts
//! are long, and few events look at them: they are carried as text, their lengths in front, so that an
//! answer costs as much after forty candidates as after one.

use alloc::format;
use alloc::string::String;

use super::plan::{PlanText, TraceText};
use super::state::malformed;
use crate::json::{ObjectText, Value, push, read, read_first, write_numbers};
use crate::limits::INPUT_BYTES;
use crate::refusal::Refusal;

const VERSION: u32 = 2;

const BYTES: &str = r#"{"bytes":"#;
const CANDIDATE: &str = r#","candidate":"#;
const CHOSEN: &str = r#","chosen":"#;
const HEAD: &str = r#","head":"#;
const PLAN: &str = r#","plan":"#;
const TRACE: &str = r#","trace":"#;
const DONE: &str = r#"{"done":"#;
const END: &str = r#","version":2}"#;

/// A state, taken apart.
pub enum Parts<'t> {
    /// The result.
    Done(&'t str),
    Open {
        candidate: &'t str,
        chosen: &'t str,
        head: Value<'t>,
        plan: &'t str,
        trace: &'t str,
    },
}

impl<'t> Parts<'t> {
    /// Takes a state apart that is as a turn gave it.
    #[inline(never)]
    pub fn read(text: &'t str) -> Result<Self, Refusal> {
        Self::find(text).ok_or_else(|| refusal(text))
    }

    fn find(text: &'t str) -> Option<Self> {
        let rest = text.strip_suffix(END).filter(|_| text.len() <= INPUT_BYTES)?;
        if let Some(done) = rest.strip_prefix(DONE) {
            return Some(Self::Done(done));
        }
        let (bytes, rest) = read_first("run", rest.strip_prefix(BYTES)?).ok()?;
        let [of_candidate, of_chosen, of_plan] = bytes.as_array()? else { return None };
        let (candidate, rest) = part(rest, CANDIDATE, of_candidate)?;
        let (chosen, rest) = part(rest, CHOSEN, of_chosen)?;
        let (head, rest) = read_first("run", rest.strip_prefix(HEAD)?).ok()?;
        let (plan, rest) = part(rest, PLAN, of_plan)?;
        let trace = rest.strip_prefix(TRACE)?;
        Some(Self::Open { candidate, chosen, head, plan, trace })
    }
}

/// A part of so many bytes, and what follows it.
#[inline(never)]
fn part<'t>(text: &'t str, before: &str, bytes: &Value) -> Option<(&'t str, &'t str)> {
    text.strip_prefix(before)?.split_at_checked(bytes.as_number()? as usize)
}

/// What is wrong with a text.
#[cold]
#[inline(never)]
fn refusal(text: &str) -> Refusal {
    let value = match read("run", text) {
        Ok(value) => value,
        Err(refusal) => return refusal,
    };
    if !matches!(value, Value::Object(_)) {
        return malformed("expected an object");
    }
    if value.get("version").and_then(Value::as_number) != Some(f64::from(VERSION)) {
        return malformed(&format!("expected version {VERSION}"));
    }
    malformed("expected the text that the last turn gave")
}

/// A state under way, as text. What is not known is empty: it is written as an empty object.
pub struct OpenText<'t> {
    pub candidate: &'t str,
    pub chosen: &'t str,
    pub head: Head<'t>,
    pub plan: Part<'t>,
    pub trace: Part<'t>,
}

/// A part that was written before, or is yet to be.
pub enum Part<'t> {
    Text(&'t str),
    Plan(PlanText<'t>),
    Trace(TraceText<'t>),
}

impl Part<'_> {
    fn bytes(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Plan(plan) => plan.bytes(),
            Self::Trace(trace) => trace.bytes(),
        }
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Text(text) => push(out, &[text]),
            Self::Plan(plan) => plan.write(out),
            Self::Trace(trace) => trace.write(out),
        }
    }
}

impl OpenText<'_> {
    #[inline(never)]
    pub fn to_text(&self) -> String {
        const NOTHING: &str = "{}";
        let [candidate, chosen] =
            [self.candidate, self.chosen].map(|text| if text.is_empty() { NOTHING } else { text });
        let plan = self.plan.bytes();
        let bytes = candidate.len() + chosen.len() + plan + self.trace.bytes();
        let mut text = String::with_capacity(bytes + 1024);
        push(&mut text, &[BYTES]);
        write_numbers(&[candidate.len(), chosen.len(), plan], &mut text);
        let head = self.head.to_text();
        push(&mut text, &[CANDIDATE, candidate, CHOSEN, chosen, HEAD, &head, PLAN]);
        self.plan.write(&mut text);
        push(&mut text, &[TRACE]);
        self.trace.write(&mut text);
        push(&mut text, &[END]);
        text
    }
}

/// The state of a run that has ended.
#[inline(never)]
pub fn done(result: &str) -> String {
    let mut text = String::with_capacity(result.len() + 32);
    push(&mut text, &[DONE, result, END]);
    text
}

/// The head of a state.
pub struct Head<'h> {
    pub attempts: f64,
    pub called_at_ms: f64,
    pub caller: bool,
    pub calls: f64,
    /// How many candidates there are.
    pub count: f64,
    pub cursor: f64,
    pub decision_path: &'h [Value<'h>],
    pub last_error: Option<&'h str>,
    /// Of the candidate; none behind the last one.
    pub model_family: Option<&'h str>,
    pub provider_id: Option<&'h str>,
    pub started_at_ms: f64,
}

impl Head<'_> {
    #[inline(never)]
    fn to_text(&self) -> String {
        let mut text = ObjectText::new(512);
        text.number("attempts", self.attempts);
        text.number("called_at_ms", self.called_at_ms);
        text.raw("caller", if self.caller { "true" } else { "false" });
        text.number("calls", self.calls);
        text.number("count", self.count);
        text.number("cursor", self.cursor);
        text.list("decision_path", self.decision_path);
        text.text("last_error", self.last_error);
        text.text("model_family", self.model_family);
        text.text("provider_id", self.provider_id);
        text.number("started_at_ms", self.started_at_ms);
        text.finish()
    }
}
