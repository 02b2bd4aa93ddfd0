//! How far a flow has come: the next call, or the output.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use super::graph::{Flow, Kind};
use crate::encode::fingerprint;
use crate::json::{Members, Value, lookup};

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
                        policy_fingerprint: fingerprint(encoding),
                    });
                }
            };
            if let Some(slot) = texts.get_mut(at) {
                *slot = text;
            }
        }
        Progress::Done(output)
    }
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
