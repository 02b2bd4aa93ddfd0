//! The canonical encoding of a flow.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use super::graph::{Flow, Kind, Node};
use crate::encode::write_string;
use crate::order::by_text;

impl<'a> Flow<'a> {
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
}

impl Node<'_> {
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
    write_string(text, &mut out);
    out
}
