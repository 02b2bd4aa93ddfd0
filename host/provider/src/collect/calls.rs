//! Calls of tools, put together from pieces that servers number in different ways.

use serde_json::{Value, json};

use super::is_blank;
use crate::{
    CallError, Delta,
    error::malformed,
    failure::Scrub,
    json::Nesting,
    limits::{EXTRA_BYTES, TOOL_CALLS},
};

/// A piece of a call.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Piece<'a> {
    /// The number that the server gives the call.
    pub(crate) index: Option<u64>,
    pub(crate) id: Option<&'a str>,
    pub(crate) name: &'a str,
    /// A piece of the arguments' text.
    pub(crate) arguments: &'a str,
    /// It begins a call, whatever the names say.
    pub(crate) begins: bool,
    pub(crate) extent: Extent,
    /// Arguments to use if no piece of them comes.
    pub(crate) otherwise: Option<&'a str>,
    /// What has to come back with the call.
    pub(crate) extra_content: Option<&'a str>,
}

/// How much of a call a piece is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Whatever of it; the name may go on, too.
    #[default]
    Part,
    /// Its id and name, whole.
    Head,
    /// All of it.
    Whole,
}

/// Calls of tools, in the order in which they began.
#[derive(Debug, Default)]
pub(crate) struct Calls(Vec<Call>);

#[derive(Debug, Default)]
struct Call {
    index: Option<u64>,
    id: Option<String>,
    name: String,
    arguments: String,
    nesting: Nesting,
    otherwise: String,
    extra_content: Option<Value>,
    extent: Extent,
    /// It has been passed on that it began: its id and name stay.
    told: bool,
    extra_told: bool,
    /// Bytes of the arguments that have been passed on.
    passed: usize,
}

impl Calls {
    /// Adds a piece, and says of which call it is.
    pub(crate) fn add(&mut self, piece: Piece<'_>) -> Result<usize, CallError> {
        if piece.extra_content.is_some_and(|extra| extra.len() > EXTRA_BYTES) {
            return Err(malformed(format!("extra_content is longer than {EXTRA_BYTES} bytes")));
        }
        let at = match self.place(&piece) {
            Some(at) => at,
            None if self.0.len() == TOOL_CALLS => {
                return Err(malformed(format!("more than {TOOL_CALLS} calls of tools")));
            }
            None => {
                let (index, extent) = (piece.index, piece.extent);
                self.0.push(Call { index, extent, ..Call::default() });
                self.0.len() - 1
            }
        };
        if let Some(call) = self.0.get_mut(at) {
            call.add(&piece)?;
        }
        Ok(at)
    }

    /// The call that a piece goes on with, if it does not begin one.
    fn place(&self, piece: &Piece<'_>) -> Option<usize> {
        let id = piece.id.filter(|id| !id.is_empty());
        let at = match (piece.index, id) {
            (Some(_), _) => self.0.iter().rposition(|call| call.index == piece.index)?,
            (None, Some(id)) => {
                let same = |call: &Call| call.id.as_deref() == Some(id);
                match self.0.iter().rposition(same) {
                    Some(at) => return Some(at),
                    None => self.0.len().checked_sub(1).filter(|_| !piece.begins)?,
                }
            }
            (None, None) => self.0.len().checked_sub(1)?,
        };
        let call = self.0.get(at)?;
        (!piece.begins && call.goes_on_with(id, piece)).then_some(at)
    }

    /// Bytes of all text that is kept.
    pub(crate) fn bytes(&self) -> usize {
        let bytes = |call: &Call| call.arguments.len() + call.otherwise.len() + call.name.len();
        self.0.iter().map(bytes).sum()
    }

    /// How many there are.
    pub(crate) const fn len(&self) -> usize {
        self.0.len()
    }

    /// Nothing follows: each call has its name and its arguments.
    pub(crate) fn settle(&mut self) -> Result<(), CallError> {
        self.0.iter_mut().try_for_each(Call::settle)
    }

    /// Whether it can be passed on that a call began.
    pub(crate) fn is_ready(&self, at: usize) -> bool {
        self.0.get(at).is_some_and(Call::is_ready)
    }

    /// Passes on what is new of a call that is ready, as far as it will not change.
    pub(crate) fn pass(&mut self, at: usize, scrub: &Scrub, on_delta: &mut dyn FnMut(Delta<'_>)) {
        if let Some(call) = self.0.get_mut(at) {
            call.pass(at, scrub, on_delta);
        }
    }

    /// The calls, as an answer has them.
    pub(crate) fn finish(self) -> Vec<Value> {
        self.0.into_iter().map(Call::finish).collect()
    }
}

impl Call {
    /// Two calls may have one number, and names may be repeated with each piece of the arguments.
    fn goes_on_with(&self, id: Option<&str>, piece: &Piece<'_>) -> bool {
        if let (Some(own), Some(id)) = (self.id.as_deref(), id) {
            return own == id;
        }
        if piece.name.is_empty() {
            return true;
        }
        // arguments that are complete do not go on: another call begins
        let complete = self.nesting.is_complete() && !piece.arguments.trim().is_empty();
        let other = !self.name.is_empty() && !piece.name.starts_with(&self.name);
        !complete && (!other || self.arguments.is_empty())
    }

    fn add(&mut self, piece: &Piece<'_>) -> Result<(), CallError> {
        if self.told && !piece.name.is_empty() && piece.name != self.name {
            return Err(malformed("the name of a called function changes"));
        }
        if let Some(id) = piece.id.filter(|id| !id.is_empty()) {
            self.id = Some(id.to_owned());
        }
        if piece.name.starts_with(&self.name) {
            piece.name.clone_into(&mut self.name); // the first one, repeated, or longer
        } else {
            self.name.push_str(piece.name);
        }
        if let Some(otherwise) = piece.otherwise {
            otherwise.clone_into(&mut self.otherwise);
        }
        if let Some(extra) = piece.extra_content {
            let extra = serde_json::from_str(extra).ok();
            if self.extra_told && extra != self.extra_content {
                return Err(malformed("the extra_content of a call changes"));
            }
            self.extra_content = extra;
        }
        // some servers end with the whole call once more
        if !self.nesting.is_complete() || piece.arguments != self.arguments {
            self.arguments.push_str(piece.arguments);
            piece.arguments.bytes().for_each(|byte| self.nesting.take(byte));
        }
        if self.extent == Extent::Whole && !self.name.is_empty() {
            self.settle()?;
        }
        Ok(())
    }

    /// The arguments stay the provider's text. A call without any has the empty object.
    fn settle(&mut self) -> Result<(), CallError> {
        if self.name.is_empty() {
            return Err(malformed("expected the name of a called function"));
        }
        let otherwise = std::mem::take(&mut self.otherwise);
        if is_blank(&self.arguments) {
            self.arguments = if is_blank(&otherwise) { "{}".to_owned() } else { otherwise };
        }
        self.extent = Extent::Whole;
        Ok(())
    }

    /// Its id and name will not change. A name may go on until there are arguments, and an id may come
    /// after it; white space alone may turn out to be no arguments.
    fn is_ready(&self) -> bool {
        let is_known = match self.extent {
            Extent::Whole => true,
            Extent::Head => self.id.is_some(),
            Extent::Part => self.id.is_some() && !is_blank(&self.arguments),
        };
        self.told || (is_known && !self.name.is_empty())
    }

    fn pass(&mut self, index: usize, scrub: &Scrub, on_delta: &mut dyn FnMut(Delta<'_>)) {
        if !std::mem::replace(&mut self.told, true) {
            let id = scrub.text(self.id.as_deref().unwrap_or_default());
            on_delta(Delta::Call { index, id: &id, name: &scrub.text(&self.name) });
        }
        if let Some(extra) = self.extra_content.as_ref().filter(|_| !self.extra_told) {
            let mut content = extra.clone();
            scrub.value(&mut content);
            on_delta(Delta::Extra { index, content: &content });
            self.extra_told = true;
        }
        if self.passed == 0 && is_blank(&self.arguments) {
            return;
        }
        let text = self.arguments.get(self.passed..).unwrap_or_default();
        if !text.is_empty() {
            on_delta(Delta::Arguments { index, text });
            self.passed = self.arguments.len();
        }
    }

    fn finish(self) -> Value {
        let mut call = json!({"name": self.name, "arguments": self.arguments});
        if let Some(members) = call.as_object_mut() {
            members.extend(self.id.map(|id| ("id".to_owned(), Value::String(id))));
            members.extend(self.extra_content.map(|extra| ("extra_content".to_owned(), extra)));
        }
        call
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Index, id, name, arguments.
    type Given<'a> = (Option<u64>, &'a str, &'a str, &'a str);

    fn told(pieces: &[Given<'_>]) -> Vec<String> {
        let mut calls = Calls::default();
        for (index, id, name, arguments) in pieces {
            let id = Some(*id);
            let piece = Piece { index: *index, id, name, arguments, ..Piece::default() };
            calls.add(piece).unwrap();
        }
        let text = |call: Value| {
            let part = |key: &str| call[key].as_str().unwrap_or("-").to_owned();
            format!("{} {} {}", part("id"), part("name"), part("arguments"))
        };
        calls.settle().unwrap();
        calls.finish().into_iter().map(text).collect()
    }

    #[test]
    fn in_pieces() {
        let zero = Some(0);
        let pieces = [(zero, "a", "f", r#"{"x""#), (Some(1), "b", "g", ""), (zero, "", "", ":1}")];
        assert_eq!(told(&pieces), [r#"a f {"x":1}"#, "b g {}"]);
    }

    #[test]
    fn one_number_for_two_calls() {
        let zero = Some(0);
        let two = ["a f {}", "b g {}"];
        assert_eq!(told(&[(zero, "a", "f", ""), (zero, "b", "g", "")]), two);
        assert_eq!(told(&[(zero, "a", "f", "{}"), (zero, "b", "g", "{}")]), two);
        let three = [r#"- f {"x":1}"#, r#"- f {"x":2}"#, "- g {}"];
        let pieces = [
            (zero, "", "f", r#"{"x""#),
            (zero, "", "", ":1}"),
            (zero, "", "f", r#"{"x":2}"#),
            (zero, "", "g", "{}"),
        ];
        assert_eq!(told(&pieces), three);
        assert_eq!(told(&pieces.map(|(_, id, name, text)| (None, id, name, text))), three);
    }

    #[test]
    fn names_in_every_piece() {
        for index in [Some(0), None] {
            let pieces = [
                (index, "a", "f", r#"{"x""#),
                (index, "a", "f", ":1"),
                (index, "a", "f", "}"),
                (index, "a", "f", ""),
            ];
            assert_eq!(told(&pieces), [r#"a f {"x":1}"#]);
        }
        let pieces = [(Some(0), "", "f", "{"), (Some(0), "", "f", "}"), (Some(0), "", "f", " ")];
        assert_eq!(told(&pieces), ["- f {} "]);
        assert_eq!(
            told(&[(Some(0), "", "get_", ""), (Some(0), "", "time", "{}")]),
            ["- get_time {}"]
        );
    }

    #[test]
    fn without_numbers() {
        assert_eq!(
            told(&[(None, "a", "f", "{}"), (None, "b", "f", "{}"), (None, "a", "", " ")]),
            ["a f {} ", "b f {}"]
        );
        assert_eq!(told(&[(None, "", "f", "["), (None, "", "", "1]")]), ["- f [1]"]);
    }

    #[test]
    fn arguments_that_are_no_json_are_kept() {
        let text = r#"{"a":1.10,"a":9223372036854775807,"b":"#;
        assert_eq!(told(&[(None, "a", "f", text)]), [format!("a f {text}")]);
    }

    #[test]
    fn not_without_end() {
        let mut calls = Calls::default();
        let piece = Piece { name: "f", begins: true, ..Piece::default() };
        for _ in 0..TOOL_CALLS {
            calls.add(piece).unwrap();
        }
        let error = calls.add(piece).unwrap_err();
        assert_eq!(error.to_string(), "bad_response: more than 256 calls of tools");
        let error = Calls(vec![Call::default()]).settle().unwrap_err();
        assert_eq!(error.to_string(), "bad_response: expected the name of a called function");
    }
}
