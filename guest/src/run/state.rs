//! The state of a run between two events: opaque to hosts, versioned, refused when it is not whole.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::json::{Member, Object, Value, lookup};
use crate::refusal::{Refusal, RefusalCode};
use crate::router::Defaults;

/// The version of the state; another is refused.
pub const VERSION: f64 = 1.0;

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
    pub contract: Value<'a>,
    /// What the policy may look at, with the candidates in the order in which they are tried.
    pub ctx: Value<'a>,
    /// The candidate that is tried.
    pub cursor: usize,
    /// What happened, for the trace.
    pub decision_path: Vec<Value<'a>>,
    pub defaults: Defaults,
    /// How the run ended.
    pub done: Option<Value<'a>>,
    pub last_error: Option<String>,
    /// The policy as admitted.
    pub policy: Value<'a>,
    /// The trace, without the path.
    pub trace: Value<'a>,
}

impl<'a> Run<'a> {
    /// Reads a state back.
    pub fn read(value: Value<'a>) -> Result<Self, Refusal> {
        let Value::Object(members) = value else {
            return Err(malformed("expected an object"));
        };
        if lookup(&members, "version").and_then(Value::as_number) != Some(VERSION) {
            return Err(malformed(&format!("expected version {}", VERSION as u32)));
        }
        let mut parts = Parts(members);
        let run = Self {
            attempts: parts.number("attempts")?,
            called_at_ms: parts.number("called_at_ms")?,
            caller: parts.need("caller")? == Value::Bool(true),
            calls: parts.number("calls")?,
            contract: parts.need("contract")?,
            ctx: parts.need("ctx")?,
            cursor: parts.number("cursor")? as usize,
            decision_path: match parts.need("decision_path")? {
                Value::Array(path) => path,
                _ => return Err(malformed("decision_path: expected an array")),
            },
            defaults: Defaults::read(Some(&parts.need("defaults")?)),
            done: parts.take("done"),
            last_error: parts.take("last_error").and_then(|kind| Some(kind.as_str()?.to_string())),
            policy: parts.need("policy")?,
            trace: parts.need("trace")?,
        };
        match parts.0.iter().find(|(key, _)| key != "version") {
            Some((key, _)) => Err(malformed(&format!("unknown key '{key}'"))),
            None => Ok(run),
        }
    }

    pub fn into_value(self) -> Value<'a> {
        let Self {
            attempts,
            called_at_ms,
            caller,
            calls,
            contract,
            ctx,
            cursor,
            decision_path,
            defaults,
            done,
            last_error,
            policy,
            trace,
        } = self;
        Object::new()
            .number("attempts", attempts)
            .number("called_at_ms", called_at_ms)
            .flag("caller", caller)
            .number("calls", calls)
            .with("contract", contract)
            .with("ctx", ctx)
            .number("cursor", cursor as f64)
            .with("decision_path", Value::Array(decision_path))
            .with("defaults", defaults.to_value())
            .maybe("done", done)
            .maybe("last_error", last_error.map(Value::text))
            .with("policy", policy)
            .with("trace", trace)
            .number("version", VERSION)
            .build()
    }

    /// The candidates, in the order in which they are tried.
    pub fn candidates(&self) -> &[Value<'a>] {
        self.ctx.get("candidates").and_then(Value::as_array).unwrap_or(&[])
    }

    /// The candidate that is tried.
    pub fn candidate(&self) -> Result<&Value<'a>, Refusal> {
        let candidate = self.candidates().get(self.cursor);
        candidate.ok_or_else(|| malformed("cursor: expected the place of a candidate"))
    }
}

/// The members that are not read yet.
struct Parts<'a>(Vec<Member<'a>>);

impl<'a> Parts<'a> {
    fn take(&mut self, key: &str) -> Option<Value<'a>> {
        let at = self.0.iter().position(|(name, _)| name == key)?;
        Some(self.0.remove(at).1)
    }

    fn need(&mut self, key: &str) -> Result<Value<'a>, Refusal> {
        self.take(key).ok_or_else(|| malformed(&format!("{key}: expected a value")))
    }

    fn number(&mut self, key: &str) -> Result<f64, Refusal> {
        let number = self.need(key)?.as_number();
        number.ok_or_else(|| malformed(&format!("{key}: expected a number")))
    }
}

fn malformed(expected: &str) -> Refusal {
    Refusal::new(RefusalCode::Run, format!("run: {expected}"))
}
