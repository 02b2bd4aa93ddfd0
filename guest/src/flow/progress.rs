//! How far a flow has come: the next calls, or the end.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::data::{self, push};
use super::graph::{Flow, Kind, Node};
use super::routing::Choice;
use crate::encode::fingerprint;
use crate::json::{Members, Object, Value, lookup};

/// Options of a node that go with its call.
const CALLED: [&str; 5] = ["context", "max_tokens", "output_format", "questions", "timeout_ms"];

/// What hosts have said so far, by node: a text, or `{error}`.
#[derive(Clone, Copy)]
pub struct Said<'a> {
    /// To the calls of nodes.
    pub answers: &'a Members<'a>,
    /// Who a node's call should go to.
    pub routes: &'a Members<'a>,
}

/// What came of a call: a text, or why there is none.
type Outcome<'a> = Result<&'a str, &'a str>;

/// What a node hands on: data is JSON, anything else a text.
#[derive(Clone)]
struct Handed {
    text: String,
    data: bool,
}

/// A node under way.
enum Next<'a> {
    Call(Call<'a>),
    Handed(Handed),
    /// Its first input goes on.
    First,
}

/// A call that a flow is waiting for.
pub struct Call<'a> {
    pub node: &'a Node<'a>,
    /// Whether it asks for the choice of a policy, and not for the text of the node.
    pub routes: bool,
    /// How many nodes are before it in the order of nodes.
    place: u32,
    object: Object<'a>,
}

impl<'a> Call<'a> {
    pub fn build(&self) -> Value<'a> {
        self.object.clone().build()
    }

    /// As one of several: where they stand is part of them.
    pub fn build_placed(&self) -> Value<'a> {
        self.object.clone().number("place", f64::from(self.place)).build()
    }
}

/// How far a flow has come.
pub enum Progress<'a> {
    /// The calls that are open, in the order of the nodes: one at least. The flow may have failed
    /// already: then these are of nodes before the one that did.
    Calls(Vec<Call<'a>>, bool),
    Done(Value<'a>),
}

/// A run over an admitted flow.
pub struct Walk<'a> {
    pub flow: &'a Flow<'a>,
    pub input: &'a str,
    /// Whether the input is data.
    pub data: bool,
    pub said: Said<'a>,
}

impl<'a> Walk<'a> {
    /// What to do next: at most so many calls, or the end. A flow fails with the first node, in the
    /// order of nodes, that fails: those before it are called first, none after it.
    pub fn proceed(&self, at_once: usize) -> Progress<'a> {
        let nodes = &self.flow.nodes;
        let mut handed: Vec<Option<Handed>> = nodes.iter().map(|_| None).collect();
        let mut calls = Vec::new();
        let mut notes = Vec::new();
        let mut done = Object::new();
        for (place, at) in (0..).zip(self.flow.order()) {
            let Some(node) = nodes.get(at) else { continue };
            let mut inputs = Vec::with_capacity(node.inputs.len());
            inputs.extend(node.inputs.iter().filter_map(|input| handed.get(*input)?.as_ref()));
            if inputs.len() < node.inputs.len() {
                continue;
            }
            let mut note = Object::new();
            let mut next = self.node(node, &inputs, &mut note);
            if let Err(error) = &next {
                note = note.text("error", error.clone());
                if node.option("on_error").is_some() {
                    note = note.text("fallback", "input");
                    next = Ok(Next::First);
                }
            }
            if !note.members().is_empty() && !matches!(next, Ok(Next::Call(_))) {
                notes.push(note.text("node", node.id).build());
            }
            if let (Ok(Next::First), Some(first)) = (&next, inputs.first()) {
                next = Ok(Next::Handed((*first).clone()));
            }
            match next {
                Ok(Next::First) => {}
                Ok(Next::Call(call)) => {
                    calls.push(Call { place, ..call });
                    if calls.len() == at_once {
                        break;
                    }
                }
                Ok(Next::Handed(next)) => {
                    if node.kind == Kind::Output {
                        let data = next.data.then_some(Value::Bool(true));
                        done = Object::new().text("output", next.text.clone()).maybe("data", data);
                    }
                    if let Some(slot) = handed.get_mut(at) {
                        *slot = Some(next);
                    }
                }
                Err(error) => {
                    done = failure(node, &error, place);
                    break;
                }
            }
        }
        if !calls.is_empty() {
            return Progress::Calls(calls, !done.members().is_empty());
        }
        let notes = (!notes.is_empty()).then_some(Value::Array(notes));
        Progress::Done(done.maybe("notes", notes).build())
    }

    #[inline(never)]
    fn node(
        &self,
        node: &'a Node<'a>,
        inputs: &[&Handed],
        note: &mut Object<'a>,
    ) -> Result<Next<'a>, String> {
        let texts: Vec<&str> = inputs.iter().map(|input| &*input.text).collect();
        let skips = node.option("skip_empty").and_then(Value::as_bool) == Some(true);
        let empty = |first: &&Handed| first.data && data::is_empty(&first.text);
        if skips && inputs.first().is_some_and(empty) {
            *note = Object::new().flag("skipped", true);
            return Ok(Next::First);
        }
        let text = match node.kind {
            Kind::Input => {
                return Ok(Next::Handed(Handed { text: self.input.into(), data: self.data }));
            }
            Kind::Output => {
                return Ok(Next::First);
            }
            Kind::Data => {
                if let Some(text) = inputs.iter().find(|input| !input.data) {
                    let length = text.text.len();
                    return Err(format!("expected data, got a text of {length} bytes"));
                }
                data::run(node.record, &texts)?
            }
            Kind::Llm | Kind::Decision => {
                let mut policy = node.policy.as_ref();
                let mut call = Object::new().text("node", node.id).copy(node.record, &CALLED);
                if let Some(routing) = &node.routing {
                    let Some(said) = outcome(self.said.routes, node.id) else {
                        return Ok(Next::Call(self.route(node, &texts)));
                    };
                    let (choice, reason) = routing.choose(said.ok());
                    policy = choice.map(|choice| &choice.policy);
                    let name = choice.map(|choice| Value::text(choice.name));
                    *note = Object::new()
                        .maybe("choice", name.clone())
                        .maybe("reason", reason.map(Value::text));
                    call = call.maybe("choice", name);
                }
                match outcome(self.said.answers, node.id) {
                    Some(said) => said?.into(),
                    None => {
                        if node.kind == Kind::Decision {
                            call = call.text("kind", "decision").text("prompt", state(inputs));
                        } else {
                            call = call
                                .text("system", node.system)
                                .text("prompt", prompt(node.template, &texts));
                        }
                        return Ok(Next::Call(Call {
                            node,
                            routes: false,
                            place: 0,
                            object: under(call, policy),
                        }));
                    }
                }
            }
        };
        let data = node.kind != Kind::Llm || node.option("output_format").is_some();
        Ok(Next::Handed(Handed { text, data }))
    }

    /// The call that chooses a policy.
    #[inline(never)]
    fn route(&self, node: &'a Node<'a>, texts: &[&str]) -> Call<'a> {
        let mut call = Object::new().text("node", node.id).text("kind", "routing");
        if let Some(routing) = &node.routing {
            let described = |choices: Object<'a>, choice: &Choice<'a>| {
                choices.text(choice.name, choice.description)
            };
            let choices = routing.choices.iter().fold(Object::new(), described);
            call = call
                .text("instructions", routing.instructions)
                .with("choices", choices.build())
                .text("prompt", prompt(node.template, texts))
                .number("timeout_ms", f64::from(routing.timeout_ms));
            call = under(call, Some(&routing.policy));
        }
        Call { node, routes: true, place: 0, object: call }
    }
}

/// The end of a flow with a node that failed.
#[inline(never)]
fn failure<'a>(node: &'a Node<'a>, error: &str, place: u32) -> Object<'a> {
    Object::new()
        .text("error", data::text(&["node '", node.id, "': ", error]))
        .text("node", node.id)
        .number("place", f64::from(place))
}

/// A call with its policy.
#[inline(never)]
fn under<'a>(call: Object<'a>, policy: Option<&'a (&'a Value<'a>, String)>) -> Object<'a> {
    match policy {
        Some((policy, encoding)) => {
            call.with("policy", (*policy).clone()).text("policy_fingerprint", fingerprint(encoding))
        }
        None => call,
    }
}

/// What was said to a node.
#[inline(never)]
fn outcome<'a>(said: &'a Members<'a>, node: &str) -> Option<Outcome<'a>> {
    let said = lookup(said, node)?;
    Some(match said.as_str() {
        Some(text) => Ok(text),
        None => Err(said.get("error").and_then(Value::as_str).unwrap_or_default()),
    })
}

/// What a decision is about: the one input, or a list of them.
#[inline(never)]
fn state(inputs: &[&Handed]) -> String {
    let mut out = String::new();
    for input in inputs {
        let quoted = if input.data { String::new() } else { data::quoted(&input.text) };
        let text = if input.data { &*input.text } else { &quoted };
        let before = if out.is_empty() { "[" } else { "," };
        push(&mut out, &[before, text]);
    }
    if inputs.len() == 1 {
        return out.split_off(1);
    }
    out.push(']');
    out
}

/// The template with `$1`, `$2`, … replaced in one pass; without one the inputs themselves.
#[inline(never)]
fn prompt(template: Option<&str>, inputs: &[&str]) -> String {
    let mut out = String::new();
    let Some(mut rest) = template else {
        if let [input] = inputs {
            return (*input).into();
        }
        for (number, input) in (1_u32..).zip(inputs) {
            let parted = if number > 1 { "\n\n" } else { "" };
            push(&mut out, &[parted, "[input ", &format!("{number}"), "]\n", input]);
        }
        return out;
    };
    while let Some((before, after)) = rest.split_once('$') {
        rest = after.trim_start_matches(|digit: char| digit.is_ascii_digit());
        let number = after.strip_suffix(rest).unwrap_or_default();
        // what is too long for a number is that of no input
        let at = number.bytes().fold(0_u32, |number, digit| {
            number.saturating_mul(10).saturating_add(u32::from(digit - b'0'))
        });
        let input = inputs.get(at.wrapping_sub(1) as usize).copied().unwrap_or_default();
        push(&mut out, &[before, if number.is_empty() { "$" } else { input }]);
    }
    out.push_str(rest);
    out
}
