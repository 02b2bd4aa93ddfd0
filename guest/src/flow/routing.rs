//! Routing: of the policies that an `llm` node declares, a model chooses the one that its call runs
//! under.

use alloc::string::String;
use alloc::vec::Vec;

use super::data::{self, push};
use super::encode::quoted;
use super::graph::policy_encoding;
use super::options::{is_text, whole};
use super::questions::{NAME_BYTES, TEXT_BYTES, number};
use crate::json::{Value, fields};
use crate::number::canonical;
use crate::vocabulary::Vocabulary;

/// A policy as written, and the encoding of its normal form.
pub type Policy<'a> = (&'a Value<'a>, String);

/// One of the policies to choose from.
#[derive(Debug)]
pub struct Choice<'a> {
    pub name: &'a str,
    pub description: &'a str,
    pub policy: Policy<'a>,
}

/// Who chooses, among what, and what counts when nobody does.
#[derive(Debug)]
pub struct Routing<'a> {
    pub instructions: &'a str,
    pub policy: Policy<'a>,
    /// In byte order of their names.
    pub choices: Vec<Choice<'a>>,
    fallback: &'a str,
    min_confidence: f64,
    pub timeout_ms: u32,
}

impl<'a> Routing<'a> {
    #[inline(never)]
    pub fn check(routing: &'a Value<'a>, vocabulary: &Vocabulary) -> Result<Self, &'static str> {
        const KNOWN: [&str; 6] =
            ["choices", "fallback", "instructions", "min_confidence", "policy", "timeout_ms"];
        let members = routing.as_object().ok_or("routing must be a record")?;
        if !members.iter().all(|(key, _)| KNOWN.contains(&&**key)) {
            return Err("unknown routing field");
        }
        let get = |key: &str| routing.get(key);
        let instructions = text(get("instructions"), TEXT_BYTES);
        let instructions = instructions.ok_or("routing instructions must be 1..2000 bytes")?;
        let policy = policy(get("policy"), vocabulary).ok_or("invalid decision policy")?;
        let declared = get("choices").and_then(Value::as_object).ok_or("routing needs choices")?;
        let choices = declared.iter().map(|(name, choice)| Choice::check(name, choice, vocabulary));
        let choices = choices.collect::<Result<Vec<_>, _>>()?;
        if !(2..=16).contains(&choices.len()) {
            return Err("routing needs 2..16 choices");
        }
        let fallback = get("fallback").and_then(Value::as_str);
        let fallback = fallback.filter(|name| choices.iter().any(|choice| choice.name == *name));
        let fallback = fallback.ok_or("invalid routing fallback")?;
        let confidence = get("min_confidence").and_then(Value::as_number);
        let confidence = confidence.filter(|number| (0.0..=1.0).contains(number));
        let min_confidence = confidence.ok_or("invalid routing confidence")?;
        let timeout_ms = whole(get("timeout_ms"), 100, 10_000).ok_or("invalid routing timeout")?;
        Ok(Self { instructions, policy, choices, fallback, min_confidence, timeout_ms })
    }

    /// How it stands in the encoding of its node. Numbers are written as in policies.
    #[inline(never)]
    pub fn encode(&self) -> String {
        let mut out = quoted(self.instructions);
        push(&mut out, &["|", &self.policy.1, "|", &quoted(self.fallback), "|"]);
        canonical(self.min_confidence, &mut out);
        out.push('|');
        canonical(f64::from(self.timeout_ms), &mut out);
        for choice in &self.choices {
            let (name, description) = (quoted(choice.name), quoted(choice.description));
            push(&mut out, &["|", &name, ":", &description, ":", &choice.policy.1]);
        }
        out
    }

    /// The choice of a model; the fallback, with a reason, where there is none that counts.
    #[inline(never)]
    pub fn choose(&self, said: Option<&str>) -> (Option<&Choice<'a>>, Option<&'static str>) {
        match said.ok_or("decision_failed").and_then(|text| self.read(text)) {
            Ok(choice) => (Some(choice), None),
            Err(reason) => {
                (self.choices.iter().find(|choice| choice.name == self.fallback), Some(reason))
            }
        }
    }

    /// `{"choice": name, "confidence": number}`.
    #[inline(never)]
    fn read(&self, text: &str) -> Result<&Choice<'a>, &'static str> {
        let text = data::admit(text).unwrap_or_default();
        let said = fields(&text).unwrap_or_default();
        let chosen = data::find(&said, "\"choice\"");
        let choice = self.choices.iter().find(|choice| chosen == Some(&*data::quoted(choice.name)));
        let choice = choice.ok_or("invalid_decision")?;
        match data::find(&said, "\"confidence\"").unwrap_or("null") {
            "null" => Err("uncertain"),
            confidence => match number(confidence, 1) {
                None => Err("invalid_decision"),
                Some(confidence) if confidence < self.min_confidence => Err("uncertain"),
                Some(_) => Ok(choice),
            },
        }
    }
}

impl<'a> Choice<'a> {
    #[inline(never)]
    fn check(
        name: &'a str,
        choice: &'a Value<'a>,
        vocabulary: &Vocabulary,
    ) -> Result<Self, &'static str> {
        let fits = (1..=NAME_BYTES).contains(&name.len());
        let description = text(choice.get("description"), TEXT_BYTES).filter(|_| fits);
        let policy = policy(choice.get("policy"), vocabulary);
        let (Some(description), Some(policy)) = (description, policy) else {
            return Err("invalid routing choice");
        };
        match choice.as_object() {
            Some(members) if members.len() == 2 => Ok(Self { name, description, policy }),
            _ => Err("unknown choice field"),
        }
    }
}

fn text<'a>(value: Option<&'a Value<'a>>, bytes: usize) -> Option<&'a str> {
    value.filter(|value| is_text(Some(value), bytes)).and_then(Value::as_str)
}

fn policy<'a>(value: Option<&'a Value<'a>>, vocabulary: &Vocabulary) -> Option<Policy<'a>> {
    Some((value?, policy_encoding(value?, vocabulary).ok()?))
}
