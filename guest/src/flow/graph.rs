//! The graph of a flow: its nodes, and what makes it one that runs.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use super::data::text;
use super::options;
use super::routing::{Policy, Routing};
use crate::admit::admit;
use crate::encode::encode;
use crate::json::{Members, Value, lookup};
use crate::normal::normalize;
use crate::parameter::show;
use crate::signature::Sort;
use crate::vocabulary::Vocabulary;

/// Nodes of a flow.
const NODES: usize = 256;
/// Inputs of a node.
const IN_DEGREE: usize = 32;

/// What a node does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Input,
    Llm,
    Decision,
    Data,
    Output,
}

impl Kind {
    const ALL: [Self; 5] = [Self::Input, Self::Llm, Self::Decision, Self::Data, Self::Output];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Llm => "llm",
            Self::Decision => "decision",
            Self::Data => "data",
            Self::Output => "output",
        }
    }

    fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// A node, its inputs as indices into [`Flow::nodes`].
#[derive(Debug)]
pub struct Node<'a> {
    pub id: &'a str,
    pub kind: Kind,
    pub inputs: Vec<usize>,
    pub system: &'a str,
    pub template: Option<&'a str>,
    /// Of an `llm` or `decision` node.
    pub policy: Option<Policy<'a>>,
    pub routing: Option<Routing<'a>>,
    /// The node as written, whose options are in order.
    pub record: &'a Value<'a>,
}

/// A flow that is in order; nodes in byte order of their ids.
#[derive(Debug)]
pub struct Flow<'a> {
    pub nodes: Vec<Node<'a>>,
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
            return Err(text(&["output node '", node.id, "' must be a sink"]));
        }
        if flow.order().len() < flow.nodes.len() {
            return Err("$: flow has a cycle".to_string());
        }
        flow.connected(output)?;
        Ok(flow)
    }

    /// First in, first out, starting and going on in byte order of ids; shorter than the flow when
    /// there is a cycle.
    pub fn order(&self) -> Vec<usize> {
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
            Some((_, node)) => {
                Err(text(&["node '", node.id, "' is not on a path input -> output"]))
            }
            None => Ok(()),
        }
    }
}

impl<'a> Node<'a> {
    pub fn option(&self, key: &str) -> Option<&'a Value<'a>> {
        self.record.get(key)
    }

    fn check(
        id: &'a str,
        node: &'a Value<'a>,
        nodes: &'a Members<'a>,
        vocabulary: &Vocabulary,
    ) -> Result<Self, String> {
        let named = |error: &str| named(id, error);
        let record = node.as_object().ok_or_else(|| named(" must be a record"))?;
        let kind = lookup(record, "kind");
        let unknown = || named(&text(&[": unknown kind '", &show(kind), "'"]));
        let kind = kind.and_then(Value::as_str).and_then(Kind::find).ok_or_else(unknown)?;
        let names: Vec<&str> = match lookup(record, "inputs") {
            None => Vec::new(),
            Some(inputs) => inputs
                .as_array()
                .and_then(|inputs| inputs.iter().map(Value::as_str).collect())
                .ok_or_else(|| named(": inputs must be an array of strings"))?,
        };
        options::check(kind, record, names.len())
            .map_err(|(error, option)| text(&["node ", id, ": ", error, option]))?;
        let routing = match lookup(record, "routing") {
            None => None,
            Some(_) if kind != Kind::Llm => {
                return Err(named(": routing is only valid on llm nodes"));
            }
            Some(routing) => {
                let routing = Routing::check(routing, vocabulary);
                Some(routing.map_err(|error| named(&text(&[": ", error])))?)
            }
        };
        let about = |error: &str| about(kind, id, error);
        let wrong = match (kind, names.len()) {
            (Kind::Input, 1..) => " takes no inputs",
            (Kind::Output, 0 | 2..) => " takes exactly one input",
            (Kind::Llm | Kind::Decision, 0) => " needs at least one input",
            (_, count) if count > IN_DEGREE => " exceeds max in-degree 32",
            _ => "",
        };
        if !wrong.is_empty() {
            return Err(about(wrong));
        }
        let mut checked = Self {
            id,
            kind,
            inputs: Vec::new(),
            system: "",
            template: None,
            policy: None,
            routing,
            record: node,
        };
        if kind == Kind::Llm {
            let system = lookup(record, "system").and_then(Value::as_str);
            checked.system = system.ok_or_else(|| about(" needs a string system prompt"))?;
            checked.template = match lookup(record, "template") {
                None => None,
                Some(Value::String(template)) => Some(template),
                Some(_) => return Err(about(" template must be a string")),
            };
        }
        if matches!(kind, Kind::Llm | Kind::Decision) {
            let policy = lookup(record, "policy").unwrap_or(&Value::Bool(false));
            let encoding = policy_encoding(policy, vocabulary).map_err(|error| {
                // the older kind is named in messages, the newer one is not
                if kind == Kind::Llm { about(&error) } else { named(&error) }
            })?;
            checked.policy = Some((policy, encoding));
        }
        for name in names {
            let at = nodes.binary_search_by(|(known, _)| (**known).cmp(name));
            let unknown = |_| named(&text(&[" references unknown input '", name, "'"]));
            checked.inputs.push(at.map_err(unknown)?);
        }
        Ok(checked)
    }
}

/// What is wrong with a node, for people.
#[inline(never)]
fn named(id: &str, error: &str) -> String {
    text(&["node '", id, "'", error])
}

/// As [`named`], with the kind.
#[inline(never)]
fn about(kind: Kind, id: &str, error: &str) -> String {
    text(&[kind.name(), " node '", id, "'", error])
}

/// The encoding of the normal form of a policy; the error says what it is instead.
#[inline(never)]
pub fn policy_encoding(policy: &Value, vocabulary: &Vocabulary) -> Result<String, String> {
    let admitted =
        admit(policy, vocabulary).map_err(|refusal| text(&[" policy: ", &refusal.message]))?;
    match admitted.sort {
        Sort::Policy => Ok(encode(&normalize(admitted.term))),
        sort => Err(text(&[" policy must be a Policy term, got ", sort.name()])),
    }
}
