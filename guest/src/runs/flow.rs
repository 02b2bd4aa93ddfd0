//! Σ_flow, `sigma-flow/v1`: a graph of calls, each under a policy of its own.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use crate::admit::admit;
use crate::encode;
use crate::json::{Members, Value, lookup};
use crate::normal::normalize;
use crate::order::by_text;
use crate::parameter::show;
use crate::signature::Sort;
use crate::vocabulary::Vocabulary;

/// Nodes of a flow.
const NODES: usize = 256;
/// Inputs of a node.
const IN_DEGREE: usize = 32;

/// What a node does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Input,
    Llm,
    Output,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Llm => "llm",
            Self::Output => "output",
        }
    }
}

/// A node, its inputs as indices into [`Flow::nodes`].
#[derive(Debug)]
struct Node<'a> {
    id: &'a str,
    kind: Kind,
    inputs: Vec<usize>,
    system: &'a str,
    template: Option<&'a str>,
    /// Of an `llm` node: the policy as written, and the encoding of its normal form.
    policy: Option<(&'a Value<'a>, String)>,
}

/// A flow that is in order; nodes in byte order of their ids.
#[derive(Debug)]
pub struct Flow<'a> {
    nodes: Vec<Node<'a>>,
}

/// A call that a flow is waiting for.
#[derive(Debug, PartialEq)]
pub struct Call<'a> {
    pub node: &'a str,
    pub system: &'a str,
    pub prompt: String,
    pub policy: &'a Value<'a>,
    pub policy_fingerprint: String,
}

/// How far a flow has come.
#[derive(Debug, PartialEq)]
pub enum Progress<'a> {
    Call(Call<'a>),
    Done(String),
}

impl<'a> Flow<'a> {
    /// Checks a flow; the first error wins, nodes in byte order of their ids.
    pub fn check(flow: &'a Value<'a>, vocabulary: &Vocabulary) -> Result<Self, String> {
        let shape = || "$: a flow is { \"flow\", <nodes map> }".to_string();
        let items = flow.as_array().ok_or_else(shape)?;
        let nodes = match items {
            [Value::String(op), nodes, ..] if op == "flow" => {
                nodes.as_object().ok_or_else(shape)?
            }
            _ => return Err(shape()),
        };
        if nodes.is_empty() {
            return Err("$: flow has no nodes".to_string());
        }
        if nodes.len() > NODES {
            return Err(format!("$: flow exceeds max size {NODES} nodes"));
        }
        let checked = nodes.iter().map(|(id, node)| Node::check(id, node, nodes, vocabulary));
        let flow = Self { nodes: checked.collect::<Result<_, _>>()? };
        flow.only(Kind::Input)?;
        let output = flow.only(Kind::Output)?;
        if let Some(node) = flow.nodes.get(output)
            && flow.nodes.iter().any(|node| node.inputs.contains(&output))
        {
            return Err(format!("output node '{}' must be a sink", node.id));
        }
        if flow.order().len() < flow.nodes.len() {
            return Err("$: flow has a cycle".to_string());
        }
        flow.connected(output)?;
        Ok(flow)
    }

    /// The text of the flow with its nodes numbered: labels do not matter, except that nodes which
    /// look alike are numbered in the order of their ids.
    pub fn encode(&self) -> String {
        let contents: Vec<String> = self.nodes.iter().map(Node::content).collect();
        let mut numbers: Vec<Option<usize>> = vec![None; self.nodes.len()];
        let mut encoded = Vec::new();
        while let Some((at, node, inputs)) = self.next(&contents, &numbers) {
            if let Some(slot) = numbers.get_mut(at) {
                *slot = Some(encoded.len());
            }
            encoded.push(node.encode(encoded.len(), &inputs));
        }
        format!("sigma-flow/v1:({})", encoded.join(" "))
    }

    /// Of the nodes whose inputs are all numbered, the one that comes next, and its inputs.
    fn next(
        &self,
        contents: &[String],
        numbers: &[Option<usize>],
    ) -> Option<(usize, &Node<'a>, String)> {
        let mut ready = Vec::new();
        for (at, (node, content)) in self.nodes.iter().zip(contents).enumerate() {
            let number = |input: &usize| numbers.get(*input).copied().flatten();
            let inputs: Option<Vec<String>> =
                node.inputs.iter().map(|input| Some(format!("n{}", number(input)?))).collect();
            if let (None, Some(inputs)) = (number(&at), inputs) {
                let inputs = inputs.join(",");
                ready.push((format!("{content}\u{1}{inputs}"), (at, node, inputs)));
            }
        }
        let first = by_text(ready, |(key, _): &(String, _)| key).into_iter().next();
        first.map(|(_, next)| next)
    }

    /// What to do next, given the input and the answers so far, by node.
    pub fn proceed(&self, input: &str, answers: &Members) -> Progress<'a> {
        let mut texts: Vec<String> = vec![String::new(); self.nodes.len()];
        let mut output = String::new();
        for at in self.order() {
            let Some(node) = self.nodes.get(at) else { continue };
            let inputs = node.inputs.iter();
            let inputs: Vec<&str> =
                inputs.filter_map(|input| texts.get(*input).map(String::as_str)).collect();
            let text = match (node.kind, lookup(answers, node.id).and_then(Value::as_str)) {
                (Kind::Input, _) => input.to_string(),
                (Kind::Output, _) => {
                    output = inputs.concat();
                    continue;
                }
                (Kind::Llm, Some(answer)) => answer.to_string(),
                (Kind::Llm, None) => {
                    let Some((policy, encoding)) = &node.policy else { continue };
                    return Progress::Call(Call {
                        node: node.id,
                        system: node.system,
                        prompt: prompt(node.template, &inputs),
                        policy,
                        policy_fingerprint: encode::fingerprint(encoding),
                    });
                }
            };
            if let Some(slot) = texts.get_mut(at) {
                *slot = text;
            }
        }
        Progress::Done(output)
    }

    /// First in, first out, starting and going on in byte order of ids; shorter than the flow when
    /// there is a cycle.
    fn order(&self) -> Vec<usize> {
        let mut missing: Vec<usize> = self.nodes.iter().map(|node| node.inputs.len()).collect();
        let ready = missing.iter().enumerate().filter(|(_, count)| **count == 0);
        let mut queue: Vec<usize> = ready.map(|(at, _)| at).collect();
        let mut done = 0;
        while let Some(from) = queue.get(done).copied() {
            done += 1;
            for (at, node) in self.nodes.iter().enumerate() {
                let uses = node.inputs.iter().filter(|input| **input == from).count();
                if let Some(count) = missing.get_mut(at).filter(|_| uses > 0) {
                    *count -= uses;
                    if *count == 0 {
                        queue.push(at);
                    }
                }
            }
        }
        queue
    }

    /// The node of a kind that there is one of.
    fn only(&self, kind: Kind) -> Result<usize, String> {
        let mut of_kind = self.nodes.iter().enumerate().filter(|(_, node)| node.kind == kind);
        match (of_kind.next(), of_kind.count()) {
            (Some((at, _)), 0) => Ok(at),
            (first, others) => Err(format!(
                "$: a flow needs exactly one {} node, found {}",
                kind.name(),
                others + usize::from(first.is_some())
            )),
        }
    }

    /// Whether every node lies between the input and the output.
    fn connected(&self, output: usize) -> Result<(), String> {
        let order = self.order();
        let (mut fed, mut used) = (vec![false; self.nodes.len()], vec![false; self.nodes.len()]);
        let flag = |flags: &[bool], at: usize| flags.get(at).copied().unwrap_or(false);
        for &at in &order {
            let Some(node) = self.nodes.get(at) else { continue };
            let reached =
                node.kind == Kind::Input || node.inputs.iter().any(|input| flag(&fed, *input));
            if let Some(slot) = fed.get_mut(at) {
                *slot = reached;
            }
        }
        for &at in order.iter().rev() {
            if at == output
                && let Some(slot) = used.get_mut(at)
            {
                *slot = true;
            }
            let inputs = self.nodes.get(at).filter(|_| flag(&used, at)).map(|node| &node.inputs);
            for input in inputs.into_iter().flatten() {
                if let Some(slot) = used.get_mut(*input) {
                    *slot = true;
                }
            }
        }
        let aside = (0..).zip(&self.nodes).find(|(at, _)| !flag(&fed, *at) || !flag(&used, *at));
        match aside {
            Some((_, node)) => Err(format!("node '{}' is not on a path input -> output", node.id)),
            None => Ok(()),
        }
    }
}

impl<'a> Node<'a> {
    fn check(
        id: &'a str,
        node: &'a Value<'a>,
        nodes: &'a Members<'a>,
        vocabulary: &Vocabulary,
    ) -> Result<Self, String> {
        let record = node.as_object().ok_or_else(|| format!("node '{id}' must be a record"))?;
        let kind = match lookup(record, "kind").and_then(Value::as_str) {
            Some("input") => Kind::Input,
            Some("llm") => Kind::Llm,
            Some("output") => Kind::Output,
            _ => {
                let kind = show(lookup(record, "kind"));
                return Err(format!("node '{id}': unknown kind '{kind}'"));
            }
        };
        let names: Vec<&str> = match lookup(record, "inputs") {
            None => Vec::new(),
            Some(inputs) => inputs
                .as_array()
                .and_then(|inputs| inputs.iter().map(Value::as_str).collect())
                .ok_or_else(|| format!("node '{id}': inputs must be an array of strings"))?,
        };
        let about = format!("{} node '{id}'", kind.name());
        match (kind, names.len()) {
            (Kind::Input, 1..) => return Err(format!("{about} takes no inputs")),
            (Kind::Output, 0 | 2..) => return Err(format!("{about} takes exactly one input")),
            (Kind::Llm, 0) => return Err(format!("{about} needs at least one input")),
            (Kind::Llm, count) if count > IN_DEGREE => {
                return Err(format!("{about} exceeds max in-degree {IN_DEGREE}"));
            }
            _ => {}
        }
        let mut checked =
            Self { id, kind, inputs: Vec::new(), system: "", template: None, policy: None };
        if kind == Kind::Llm {
            let system = lookup(record, "system").and_then(Value::as_str);
            checked.system =
                system.ok_or_else(|| format!("{about} needs a string system prompt"))?;
            checked.template = match lookup(record, "template") {
                None => None,
                Some(Value::String(template)) => Some(template),
                Some(_) => return Err(format!("{about} template must be a string")),
            };
            let missing = &Value::Bool(false);
            let policy = lookup(record, "policy");
            let admitted = admit(policy.unwrap_or(missing), vocabulary)
                .map_err(|refusal| format!("{about} policy: {}", refusal.message))?;
            if admitted.sort != Sort::Policy {
                let sort = admitted.sort.name();
                return Err(format!("{about} policy must be a Policy term, got {sort}"));
            }
            let encoding = encode::encode(&normalize(admitted.term));
            checked.policy = policy.map(|policy| (policy, encoding));
        }
        for name in names {
            let at = nodes.binary_search_by(|(known, _)| (**known).cmp(name));
            let unknown = |_| format!("node '{id}' references unknown input '{name}'");
            checked.inputs.push(at.map_err(unknown)?);
        }
        Ok(checked)
    }

    /// What the node is, apart from its place.
    fn content(&self) -> String {
        match &self.policy {
            None => self.kind.name().to_string(),
            Some((_, policy)) => {
                let template = self.template.unwrap_or_default();
                format!("llm\0{}\0{policy}\0{template}", self.system)
            }
        }
    }

    fn encode(&self, number: usize, inputs: &str) -> String {
        let kind = self.kind.name();
        let mut text = format!("({kind} n{number}");
        if let Some((_, policy)) = &self.policy {
            text += &format!(" system={} policy={policy}", quoted(self.system));
            if let Some(template) = self.template {
                text += &format!(" template={}", quoted(template));
            }
        }
        if self.kind != Kind::Input {
            text += &format!(" inputs=[{inputs}]");
        }
        text.push(')');
        text
    }
}

fn quoted(text: &str) -> String {
    let mut out = String::new();
    encode::write_string(text, &mut out);
    out
}

/// The template with `$1`, `$2`, … replaced in one pass; without one the inputs themselves.
fn prompt(template: Option<&str>, inputs: &[&str]) -> String {
    match (template, inputs) {
        (None, [input]) => (*input).to_string(),
        (None, inputs) => {
            let numbered = (1..).zip(inputs);
            let parts: Vec<String> =
                numbered.map(|(number, text)| format!("[input {number}]\n{text}")).collect();
            parts.join("\n\n")
        }
        (Some(template), inputs) => {
            let mut parts = template.split('$');
            let mut out = parts.next().unwrap_or_default().to_string();
            for part in parts {
                let rest = part.trim_start_matches(|digit: char| digit.is_ascii_digit());
                let digits = part.strip_suffix(rest).unwrap_or_default();
                let input = match digits.parse::<usize>() {
                    Ok(number) => number.checked_sub(1).and_then(|at| inputs.get(at)),
                    Err(_) => None,
                };
                let replaced: Cow<'_, str> = match (digits.is_empty(), input) {
                    (true, _) => "$".into(),
                    (false, input) => input.copied().unwrap_or_default().into(),
                };
                out += &replaced;
                out += rest;
            }
            out
        }
    }
}
