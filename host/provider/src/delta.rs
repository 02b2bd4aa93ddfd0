//! A piece of an answer, as it comes.

use serde_json::Value;

use crate::Answer;

/// A piece of an answer, as it comes. All of them together are the [`Answer`].
///
/// Calls have the index that they have in [`Answer::tool_calls`]. Each begins once, with
/// [`Call`](Self::Call), before anything else of it; pieces of several may come by turns.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Delta<'a> {
    /// A piece of the text.
    Text(&'a str),
    /// A piece of what is shown of the reasoning.
    Reasoning(&'a str),
    /// What proves the reasoning since the proof before, if there was one. It is opaque and whole.
    Signature(&'a str),
    /// What stands in place of reasoning that is not shown. It is opaque and whole.
    Redacted(&'a str),
    /// A call of a tool begins. Its name is whole, and its id; an empty one is none.
    Call {
        /// Which call.
        index: usize,
        /// The provider's id of it.
        id: &'a str,
        /// The function's name.
        name: &'a str,
    },
    /// What has to come back with a call: its `extra_content`, whole.
    Extra {
        /// Which call.
        index: usize,
        /// An object, as in [`Answer::tool_calls`].
        content: &'a Value,
    },
    /// A piece of the text of a call's arguments.
    Arguments {
        /// Which call.
        index: usize,
        /// The piece.
        text: &'a str,
    },
}

/// Takes pieces of an answer as they come.
pub type OnDelta<'a> = &'a mut (dyn FnMut(Delta<'_>) + Send);

impl Delta<'_> {
    /// Whether it says nothing.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        match self {
            Self::Text(text) | Self::Reasoning(text) | Self::Arguments { text, .. } => {
                text.is_empty()
            }
            _ => false,
        }
    }
}

impl Answer {
    /// Tells of the answer as if it came now, for who has it in one piece.
    pub fn tell(&self, on_delta: OnDelta<'_>) {
        let text = |value: &'_ Value, key: &str| {
            value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        if !self.reasoning.is_empty() {
            on_delta(Delta::Reasoning(&self.reasoning));
        }
        for block in &self.thinking_blocks {
            match block.get("data").and_then(Value::as_str) {
                Some(data) => on_delta(Delta::Redacted(data)),
                None => on_delta(Delta::Signature(&text(block, "signature"))),
            }
        }
        if !self.text.is_empty() {
            on_delta(Delta::Text(&self.text));
        }
        for (index, call) in self.tool_calls.iter().enumerate() {
            on_delta(Delta::Call { index, id: &text(call, "id"), name: &text(call, "name") });
            if let Some(content) = call.get("extra_content") {
                on_delta(Delta::Extra { index, content });
            }
            on_delta(Delta::Arguments { index, text: &text(call, "arguments") });
        }
    }
}
