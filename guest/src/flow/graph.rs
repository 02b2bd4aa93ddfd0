//! The graph of a flow: its nodes, and what makes it one that runs.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

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
    Output,
}

impl Kind {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Llm => "llm",
            Self::Output => "output",
        }
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
    /// Of an `llm` node: the policy as written, and the encoding of its normal form.
    pub policy: Option<(&'a Value<'a>, String)>,
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
            return Err(format!("output node '{}' must be a sink", node.id));
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
            let encoding = encode(&normalize(admitted.term));
            checked.policy = policy.map(|policy| (policy, encoding));
        }
        for name in names {
            let at = nodes.binary_search_by(|(known, _)| (**known).cmp(name));
            let unknown = |_| format!("node '{id}' references unknown input '{name}'");
            checked.inputs.push(at.map_err(unknown)?);
        }
        Ok(checked)
    }
}
