//! An engine in another process, in whatever language: one line of JSON asks, one line answers.

use std::{
    io::{self, BufRead as _, BufReader, BufWriter, Read as _, Write as _},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{
        Mutex, PoisonError,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread,
    time::Duration,
};

use serde::Deserialize;
use serde_json::json;
use sigmapol_core::{
    Admission, Decision, Effect, Engine, Error, Metered, Ranked, Reaction, Refusal, RefusalCode,
    Rejected, Sort, Spent, Turn,
};

/// The most bytes of an answer: as many as a sandbox copies out of an instance.
const ANSWER_BYTES: u64 = 64 << 20;

/// Runs the engine in another process, so that its answers can be compared with the vectors.
///
/// A question is `{"verb", "args"}`, the arguments being texts, or `null` for a run that there is
/// none of. An answer is `{"ok": value}`, `{"refused": {"code", "message"}}` or `{"failed": text}`.
/// Values have the members of the contract in `wit/policy.wit`, names in snake case; doubles are
/// their bits in 16 hexadecimal digits, costs are decimal text, and an effect is one member named
/// after its case.
///
/// An answer that does not come in time, or is longer than 64 MiB, is the last: the program is ended,
/// and so is one that is gone. From then on nothing is asked; [`Process::failure`] says why.
#[derive(Debug)]
pub struct Process {
    child: Mutex<Child>,
    talk: Mutex<Talk>,
    patience: Duration,
}

/// What goes to the thread that has the pipes, and comes from it. A program may neither read nor write,
/// so somebody else has to wait for it.
#[derive(Debug)]
struct Talk {
    questions: SyncSender<String>,
    answers: Receiver<io::Result<String>>,
    /// Why there are no more answers.
    failed: Option<String>,
}

impl Process {
    /// Starts a program; words are separated by blanks, and there is no quoting. It has so much time
    /// for each answer.
    ///
    /// # Errors
    ///
    /// `load` when it cannot be started.
    pub fn start(command: &str, patience: Duration) -> Result<Self, Error> {
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
        let (questions, asked) = sync_channel::<String>(1);
        let (answered, answers) = sync_channel(1);
        let mut pipes = (BufWriter::new(input), BufReader::new(output));
        // not joined: who has the other ends of the pipes may outlive the program
        thread::spawn(move || {
            while let Ok(question) = asked.recv() {
                if answered.send(exchange(&mut pipes, &question)).is_err() {
                    return;
                }
            }
        });
        let talk = Mutex::new(Talk { questions, answers, failed: None });
        Ok(Self { child: Mutex::new(child), talk, patience })
    }

    /// Why the program answers no more, if it does not: it is gone, or it was too slow. This is no
    /// answer, and so no difference to another engine's.
    pub fn failure(&self) -> Option<Error> {
        let talk = self.talk.lock().unwrap_or_else(PoisonError::into_inner);
        talk.failed.as_ref().map(|why| Error::Load(format!("the process: {why}")))
    }

    fn ask<T: for<'de> Deserialize<'de>>(
        &self,
        verb: &str,
        args: [Option<&str>; 2],
    ) -> Result<T, Error> {
        let line = self.exchange(json!({ "verb": verb, "args": args }).to_string());
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

    fn exchange(&self, question: String) -> Result<String, String> {
        let mut talk = self.talk.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(why) = &talk.failed {
            return Err(why.clone());
        }
        let gone = || "it is gone".to_owned();
        let answer = match talk.questions.send(question) {
            Err(_) => Err(gone()),
            Ok(()) => match talk.answers.recv_timeout(self.patience) {
                Ok(answer) => answer.map_err(|error| error.to_string()),
                Err(RecvTimeoutError::Timeout) => {
                    Err(format!("no answer within {} s", self.patience.as_secs()))
                }
                Err(RecvTimeoutError::Disconnected) => Err(gone()),
            },
        };
        if let Err(why) = &answer {
            talk.failed = Some(why.clone());
            self.end();
        }
        answer
    }

    fn end(&self) {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        // it may be gone already, and then there is nobody to wait for
        let _ = child.kill().and_then(|()| child.wait());
    }
}

/// Asks and waits, without an end.
fn exchange(
    (input, output): &mut (BufWriter<ChildStdin>, BufReader<ChildStdout>),
    question: &str,
) -> io::Result<String> {
    let gone = |error: io::Error| match error.kind() {
        io::ErrorKind::BrokenPipe => io::Error::other("it is gone"),
        _ => error,
    };
    writeln!(input, "{question}").and_then(|()| input.flush()).map_err(gone)?;
    let mut line = String::new();
    match output.take(ANSWER_BYTES + 1).read_line(&mut line)? {
        0 => Err(io::Error::other("it is gone")),
        _ if line.len() as u64 > ANSWER_BYTES => {
            Err(io::Error::other(format!("expected an answer of at most {ANSWER_BYTES} bytes")))
        }
        _ => Ok(line),
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
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
