//! An engine in another process, in whatever language: one line of JSON asks, one line answers.

use std::{
    io::{self, BufRead as _, BufReader, BufWriter, Write as _},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{Mutex, PoisonError},
};

use serde::Deserialize;
use serde_json::json;
use sigmapol_core::{
    Admission, Decision, Effect, Engine, Error, Metered, Ranked, Reaction, Refusal, RefusalCode,
    Rejected, Sort, Spent, Turn,
};

/// Runs the engine in another process, so that its answers can be compared with the vectors.
///
/// A question is `{"verb", "args"}`, the arguments being texts, or `null` for a run that there is
/// none of. An answer is `{"ok": value}`, `{"refused": {"code", "message"}}` or `{"failed": text}`.
/// Values have the members of the contract in `wit/policy.wit`, names in snake case; doubles are
/// their bits in 16 hexadecimal digits, costs are decimal text, and an effect is one member named
/// after its case.
#[derive(Debug)]
pub struct Process {
    child: Mutex<Child>,
    pipes: Mutex<(BufWriter<ChildStdin>, BufReader<ChildStdout>)>,
}

impl Process {
    /// Starts a program; words are separated by blanks, and there is no quoting.
    ///
    /// # Errors
    ///
    /// `load` when it cannot be started.
    pub fn start(command: &str) -> Result<Self, Error> {
        let mut words = command.split_whitespace();
        let program = words.next().unwrap_or_default();
        let failed = |error: io::Error| Error::Load(format!("{program}: {error}"));
        let mut child = Command::new(program)
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Error::Load(format!("{program}: expected pipes")));
        };
        let pipes = Mutex::new((BufWriter::new(input), BufReader::new(output)));
        Ok(Self { child: Mutex::new(child), pipes })
    }

    fn ask<T: for<'de> Deserialize<'de>>(
        &self,
        verb: &str,
        args: [Option<&str>; 2],
    ) -> Result<T, Error> {
        let line = self.exchange(&json!({ "verb": verb, "args": args }).to_string());
        let line = line.map_err(|error| Error::Load(format!("the process: {error}")))?;
        match serde_json::from_str(&line) {
            Ok(Answer::Ok(value)) => Ok(value),
            Ok(Answer::Refused { code, message }) => {
                let known = RefusalCode::ALL.iter().find(|known| known.name() == code);
                Err(match known {
                    Some(code) => Refusal { code: *code, message }.into(),
                    None => Error::Load(format!("the process: unknown code '{code}'")),
                })
            }
            Ok(Answer::Failed(text)) => Err(Error::Load(format!("the process: {text}"))),
            Err(error) => Err(Error::Load(format!("the process: {error} in its answer"))),
        }
    }

    fn exchange(&self, question: &str) -> io::Result<String> {
        let mut pipes = self.pipes.lock().unwrap_or_else(PoisonError::into_inner);
        let (input, output) = &mut *pipes;
        writeln!(input, "{question}")?;
        input.flush()?;
        let mut line = String::new();
        match output.read_line(&mut line)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(line),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let child = self.child.get_mut().unwrap_or_else(PoisonError::into_inner);
        // it may be gone already, and then there is nobody to wait for
        let _ = child.kill().and_then(|()| child.wait());
    }
}

impl Engine for Process {
    fn admit(&self, term: &str, vocabulary: &str) -> Result<Metered<Admission>, Error> {
        self.ask("admit", [Some(term), Some(vocabulary)])
            .map(|admitted: Admitted| plain(admitted.into()))
    }

    fn hash(&self, term: &str, vocabulary: &str) -> Result<Metered<String>, Error> {
        self.ask("hash", [Some(term), Some(vocabulary)]).map(plain)
    }

    fn decide(&self, policy: &str, ctx: &str) -> Result<Metered<Decision>, Error> {
        self.ask("decide", [Some(policy), Some(ctx)]).map(|decided: Decided| plain(decided.into()))
    }

    fn step(&self, run: Option<&str>, event: &str) -> Result<Metered<Turn>, Error> {
        self.ask("step", [run, Some(event)]).map(|stepped: Stepped| plain(stepped.into()))
    }
}

/// What is spent in another process is not known here.
fn plain<T>(value: T) -> Metered<T> {
    Metered { value, spent: Spent::default() }
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer<T> {
    Ok(T),
    Refused { code: String, message: String },
    Failed(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Admitted {
    sort: SortName,
    identity: String,
    canonical: String,
    fingerprint: String,
    nodes: u32,
    depth: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum SortName {
    Pred,
    Scorer,
    Selector,
    Xform,
    FailPlan,
    Policy,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Decided {
    identity: String,
    ordered: Vec<(u32, Bits)>,
    rejected: Vec<(u32, String)>,
    request: Option<String>,
    reactions: Vec<(String, Bits)>,
    cost: Cost,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stepped {
    run: String,
    state: String,
    effect: Wanted,
    logs: Vec<String>,
    cost: Cost,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Wanted {
    Call(String),
    Wait(Bits),
    Done(String),
}

/// The bits of a double: a score may be infinite, and JSON has no number for that.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Bits(f64);

impl TryFrom<String> for Bits {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let bits = u64::from_str_radix(&text, 16).ok().filter(|_| text.len() == 16);
        bits.map(|bits| Self(f64::from_bits(bits))).ok_or_else(|| format!("no bits: '{text}'"))
    }
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Cost(u64);

impl TryFrom<String> for Cost {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse().map(Self).map_err(|error| format!("cost: {error}"))
    }
}

impl From<Admitted> for Admission {
    fn from(from: Admitted) -> Self {
        let Admitted { sort, identity, canonical, fingerprint, nodes, depth } = from;
        let sort = match sort {
            SortName::Pred => Sort::Pred,
            SortName::Scorer => Sort::Scorer,
            SortName::Selector => Sort::Selector,
            SortName::Xform => Sort::Xform,
            SortName::FailPlan => Sort::FailPlan,
            SortName::Policy => Sort::Policy,
        };
        Self { sort, identity, canonical, fingerprint, nodes, depth }
    }
}

impl From<Decided> for Decision {
    fn from(from: Decided) -> Self {
        let Decided { identity, ordered, rejected, request, reactions, cost } = from;
        let ranked = |(candidate, Bits(score))| Ranked { candidate, score };
        let refused = |(candidate, reason)| Rejected { candidate, reason };
        let reaction = |(action, Bits(backoff_ms))| Reaction { action, backoff_ms };
        Self {
            identity,
            ordered: ordered.into_iter().map(ranked).collect(),
            rejected: rejected.into_iter().map(refused).collect(),
            request,
            reactions: reactions.into_iter().map(reaction).collect(),
            cost: cost.0,
        }
    }
}

impl From<Stepped> for Turn {
    fn from(from: Stepped) -> Self {
        let Stepped { run, state, effect, logs, cost } = from;
        let effect = match effect {
            Wanted::Call(request) => Effect::Call(request),
            Wanted::Wait(Bits(until_ms)) => Effect::Wait(until_ms),
            Wanted::Done(outcome) => Effect::Done(outcome),
        };
        Self { run, state, effect, logs, cost: cost.0 }
    }
}
