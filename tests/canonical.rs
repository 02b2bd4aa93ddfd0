//! The way back from the canonical encoding, and terms that are equal by the laws.
//!
//! Written from section 5 of the specification alone. What it reads it reads exactly: one space, no
//! other escape, nothing at the end.

use std::fmt;

use crate::generate::{Draw, operation};

/// A term, or a parameter as JSON.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// An operation and its arguments.
    Term(String, Vec<Node>),
    /// A parameter.
    Plain(String),
}

/// Reads an encoding; an error is what is left where it ends.
pub fn read(canonical: &str) -> Result<Node, String> {
    let text = canonical.strip_prefix("sigma-pol/v2:").ok_or("another version")?;
    let mut reader = Reader(text);
    let node = reader.term().ok_or_else(|| reader.0.to_owned())?;
    if reader.0.is_empty() { Ok(node) } else { Err(reader.0.to_owned()) }
}

struct Reader<'t>(&'t str);

impl Reader<'_> {
    fn eats(&mut self, text: &str) -> Option<()> {
        self.0 = self.0.strip_prefix(text)?;
        Some(())
    }

    fn take_while(&mut self, belongs: impl Fn(char) -> bool) -> Option<&str> {
        let (taken, rest) = self.0.split_at(self.0.find(|c| !belongs(c)).unwrap_or(self.0.len()));
        self.0 = rest;
        (!taken.is_empty()).then_some(taken)
    }

    fn term(&mut self) -> Option<Node> {
        self.eats("(")?;
        let op = self.take_while(|c| c.is_ascii_lowercase() || c == '_')?.to_owned();
        let mut arguments = Vec::new();
        while self.eats(")").is_none() {
            self.eats(" ")?;
            arguments.push(match self.0.starts_with('(') {
                true => self.term()?,
                false => Node::Plain(self.plain()?),
            });
        }
        Some(Node::Term(op, arguments))
    }

    fn plain(&mut self) -> Option<String> {
        match self.0.chars().next()? {
            '"' => self.string(),
            '[' => {
                self.eats("[")?;
                Some(format!("[{}]", self.list("]", Self::plain)?))
            }
            '{' => {
                self.eats("{")?;
                Some(format!("{{{}}}", self.list("}", Self::member)?))
            }
            't' | 'f' => {
                let word = self.take_while(|c| c.is_ascii_lowercase())?;
                (word == "true" || word == "false").then(|| word.to_owned())
            }
            _ => {
                let number = self.take_while(|c| c.is_ascii_digit() || "+-.e".contains(c))?;
                Some(number.to_owned())
            }
        }
    }

    fn member(&mut self) -> Option<String> {
        let key = self.string()?;
        self.eats(":")?;
        Some(format!("{key}:{}", self.plain()?))
    }

    fn list(&mut self, end: &str, item: fn(&mut Self) -> Option<String>) -> Option<String> {
        let mut items = Vec::new();
        while self.eats(end).is_none() {
            if !items.is_empty() {
                self.eats(",")?;
            }
            items.push(item(self)?);
        }
        Some(items.join(","))
    }

    fn string(&mut self) -> Option<String> {
        self.eats("\"")?;
        let mut text = String::new();
        while self.eats("\"").is_none() {
            if self.eats("\\").is_some() {
                let escape = self.0.chars().next()?;
                let meant = [('\\', '\\'), ('"', '"'), ('n', '\n'), ('r', '\r'), ('t', '\t')];
                text.push(meant.iter().find(|(written, _)| *written == escape)?.1);
                self.0 = &self.0[1..];
            } else {
                text += self.take_while(|c| !matches!(c, '"' | '\\' | '\n' | '\r' | '\t'))?;
            }
        }
        Some(serde_json::to_string(&text).unwrap())
    }
}

/// The term as the engine takes it.
impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(json) => f.write_str(json),
            Self::Term(op, arguments) => {
                write!(f, "[\"{op}\"")?;
                arguments.iter().try_for_each(|argument| write!(f, ",{argument}"))?;
                f.write_str("]")
            }
        }
    }
}

fn node(op: &str, arguments: impl Into<Vec<Node>>) -> Node {
    Node::Term(op.to_owned(), arguments.into())
}

/// A term that the laws of section 2 make equal to this one.
pub fn disguise(term: &Node, draw: &mut Draw<'_>) -> Node {
    let Node::Term(op, arguments) = term else { return term.clone() };
    let mut arguments: Vec<Node> = arguments.iter().map(|kid| disguise(kid, draw)).collect();
    let (commutes, unit) = match op.as_str() {
        "and" => (true, Some("top")),
        "or" => (true, Some("bot")),
        "add" => (true, Some("zero")),
        "seq" => (false, Some("id")),
        _ => (false, None),
    };
    if commutes {
        let by = draw.below(arguments.len());
        arguments.rotate_left(by);
    }
    if let Some(unit) = unit {
        if draw.one_in(3) {
            arguments.insert(draw.below(arguments.len() + 1), node(unit, []));
        }
        if draw.one_in(3) {
            let rest = arguments.split_off(draw.below(arguments.len()));
            arguments.push(node(op, rest));
        }
    }
    if op == "override" && draw.one_in(3) {
        // an action beneath that nobody sees
        let action = Node::Plain(r#"{"action":"abort"}"#.to_owned());
        let hidden = node("override", [arguments[0].clone(), arguments[1].clone(), action]);
        arguments[0] = hidden;
    }
    let same = node(op, arguments);
    if !draw.one_in(4) {
        return same;
    }
    match operation(op).map(|operation| operation.sort.as_str()) {
        Some("Pred") => match draw.below(3) {
            0 => node("not", [node("not", [same])]),
            1 => node("and", [node("top", []), same]),
            _ => node("or", [same, node("bot", [])]),
        },
        Some("Scorer") => match draw.below(4) {
            0 => node("scale", [Node::Plain("1".to_owned()), same]),
            1 => node("gate", [node("top", []), same]),
            2 if op == "normalize" => node("normalize", [same]),
            2 if op == "zero" => node("gate", [node("bot", []), node("field", [quoted("tok_s")])]),
            _ => node("add", [same, node("zero", [])]),
        },
        Some("Xform") => node("seq", [node("id", []), same]),
        Some("FailPlan") if op == "always" => {
            let Node::Term(_, arguments) = &same else { return same };
            let again = arguments[0].clone();
            node("override", [same, quoted("no such kind"), again])
        }
        _ => same,
    }
}

fn quoted(name: &str) -> Node {
    Node::Plain(format!("\"{name}\""))
}
