//! The canonical encoding of a flow.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::cmp::Ordering;

use super::data::push;
use super::graph::{Flow, Kind, Node};
use super::options;
use crate::encode::write_string;

impl Flow<'_> {
    /// The text of the flow with its nodes numbered: labels do not matter, except that nodes which
    /// look alike are numbered in the order of their ids.
    #[inline(never)]
    pub fn encode(&self) -> String {
        let contents: Vec<String> = self.nodes.iter().map(Node::content).collect();
        let mut numbers: Vec<Option<usize>> = vec![None; self.nodes.len()];
        let mut encoded = String::from("sigma-flow/v1:(");
        for number in 0..self.nodes.len() {
            let Some((node, slot, inputs)) = self.next(&contents, &mut numbers) else { break };
            *slot = Some(number);
            if number > 0 {
                encoded.push(' ');
            }
            node.encode(number, &inputs, &mut encoded);
        }
        encoded.push(')');
        encoded
    }

    /// Of the nodes whose inputs are all numbered, the one that comes next, the place of its number,
    /// and its inputs.
    fn next<'n>(
        &self,
        contents: &[String],
        numbers: &'n mut [Option<usize>],
    ) -> Option<(&Node<'_>, &'n mut Option<usize>, String)> {
        let mut first: Option<(&str, String, usize)> = None;
        for (at, (node, content)) in self.nodes.iter().zip(contents).enumerate() {
            let Some(inputs) = inputs_of(node, numbers) else { continue };
            let before = |(other, numbered, _): &(&str, String, usize)| {
                compare((content, &inputs), (other, numbered)).is_lt()
            };
            let unnumbered = numbers.get(at).is_some_and(Option::is_none);
            if unnumbered && first.as_ref().is_none_or(before) {
                first = Some((content, inputs, at));
            }
        }
        let (_, inputs, at) = first?;
        Some((self.nodes.get(at)?, numbers.get_mut(at)?, inputs))
    }
}

/// The order of nodes: by content, whose end is as a byte of 1, and then by inputs.
#[inline(never)]
fn compare(left: (&str, &str), right: (&str, &str)) -> Ordering {
    let common = left.0.len().min(right.0.len());
    let (start, end) = left.0.as_bytes().split_at_checked(common).unwrap_or_default();
    let (other, more) = right.0.as_bytes().split_at_checked(common).unwrap_or_default();
    let key = |end: &'_ [u8]| end.first().copied().unwrap_or(1);
    start.cmp(other).then_with(|| key(end).cmp(&key(more))).then_with(|| left.1.cmp(right.1))
}

/// The numbers of a node's inputs, where they all have one.
#[inline(never)]
fn inputs_of(node: &Node, numbers: &[Option<usize>]) -> Option<String> {
    let mut inputs = String::new();
    for input in &node.inputs {
        let number = numbers.get(*input).copied().flatten()?;
        let comma = if inputs.is_empty() { "" } else { "," };
        push(&mut inputs, &[comma, &format!("n{number}")]);
    }
    Some(inputs)
}

impl Node<'_> {
    /// What the node is, apart from its place.
    #[inline(never)]
    fn content(&self) -> String {
        let mut out = self.kind.name().to_string();
        let is_llm = self.kind == Kind::Llm;
        if is_llm {
            push(&mut out, &["\0", self.system]);
        }
        if let Some((_, policy)) = &self.policy {
            push(&mut out, &["\0", policy]);
        }
        if is_llm {
            push(&mut out, &["\0", self.template.unwrap_or_default()]);
        }
        if let Some(routing) = &self.routing {
            push(&mut out, &["\0", &routing.encode()]);
        }
        if let Some(options) = options::encode(self.record) {
            push(&mut out, &["\0", if is_llm { "data=" } else { "" }, &options]);
        }
        out
    }

    #[inline(never)]
    fn encode(&self, number: usize, inputs: &str, out: &mut String) {
        push(out, &["(", self.kind.name(), &format!(" n{number}")]);
        if self.kind == Kind::Llm {
            push(out, &[" system=", &quoted(self.system)]);
        }
        if let Some((_, policy)) = &self.policy {
            push(out, &[" policy=", policy]);
        }
        if let Some(template) = self.template {
            push(out, &[" template=", &quoted(template)]);
        }
        if let Some(routing) = &self.routing {
            push(out, &[" routing=", &routing.encode()]);
        }
        if let Some(options) = options::encode(self.record) {
            push(out, &[" data=", &options]);
        }
        if self.kind != Kind::Input {
            push(out, &[" inputs=[", inputs, "]"]);
        }
        out.push(')');
    }
}

/// A text as encodings have it.
#[inline(never)]
pub fn quoted(text: &str) -> String {
    let mut out = String::new();
    write_string(text, &mut out);
    out
}
