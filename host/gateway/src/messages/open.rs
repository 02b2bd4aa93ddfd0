//! The blocks of a streamed message: one is open at a time, whatever comes by turns.

use std::collections::VecDeque;

use serde::de::IgnoredAny;
use serde_json::{Value, json};
use sigmapol_provider::{Delta, UNSIGNED};

use super::answer::Envelope;

/// The blocks of a message, as far as they have come.
#[derive(Debug)]
pub(super) struct Blocks {
    envelope: Envelope,
    /// Blocks that were begun.
    begun: usize,
    open: Open,
    /// What is of blocks that begin when the open one has ended.
    waiting: VecDeque<Piece>,
}

#[derive(Debug)]
enum Open {
    Nothing,
    Text,
    Thinking,
    /// Of this call, and the arguments so far.
    Call(usize, String),
}

/// A piece of an answer, kept.
#[derive(Clone, Debug)]
enum Piece {
    Text(String),
    Thinking(String),
    Signature(String),
    Redacted(String),
    Call(usize, Value),
    Arguments(usize, String),
}

impl Blocks {
    pub(super) fn new(envelope: Envelope) -> Self {
        Self { envelope, begun: 0, open: Open::Nothing, waiting: VecDeque::new() }
    }

    /// The events of a piece.
    pub(super) fn take(&mut self, delta: Delta<'_>) -> String {
        let piece = match delta {
            Delta::Text(text) => Piece::Text(text.to_owned()),
            Delta::Reasoning(_) if !self.envelope.thinks => return String::new(),
            Delta::Reasoning(text) => Piece::Thinking(text.to_owned()),
            Delta::Signature(proof) => Piece::Signature(proof.to_owned()),
            Delta::Redacted(data) => Piece::Redacted(data.to_owned()),
            Delta::Call { index, id, name } => {
                let id = self.envelope.call_id(id, index);
                let call = json!({"type": "tool_use", "id": id, "name": name, "input": {}});
                Piece::Call(index, call)
            }
            Delta::Arguments { index, text } => Piece::Arguments(index, text.to_owned()),
            // the shape has no place for it
            _ => return String::new(),
        };
        let mut events = self.place(piece);
        // the call that the others wait for may be whole now
        while !self.waiting.is_empty() && self.may_close() {
            for piece in std::mem::take(&mut self.waiting) {
                events += &self.place(piece);
            }
        }
        events
    }

    /// The events after the last piece.
    pub(super) fn end(&mut self) -> String {
        let mut events = self.close();
        while !self.waiting.is_empty() {
            for piece in std::mem::take(&mut self.waiting) {
                events += &self.place(piece);
            }
            events += &self.close();
        }
        events
    }

    /// Whether another block may begin: calls of tools end when their arguments are whole.
    fn may_close(&self) -> bool {
        match &self.open {
            Open::Call(_, arguments) => serde_json::from_str::<IgnoredAny>(arguments).is_ok(),
            _ => true,
        }
    }

    fn place(&mut self, piece: Piece) -> String {
        match (&mut self.open, &piece) {
            (Open::Text, Piece::Text(text)) => {
                return self.delta(json!({"type": "text_delta", "text": text}));
            }
            (Open::Thinking, Piece::Thinking(text)) => {
                return self.delta(json!({"type": "thinking_delta", "thinking": text}));
            }
            (Open::Thinking, Piece::Signature(proof)) => return self.sign(proof),
            (Open::Call(open, arguments), Piece::Arguments(index, text)) if open == index => {
                arguments.push_str(text);
                return self.delta(json!({"type": "input_json_delta", "partial_json": text}));
            }
            _ => {}
        }
        if !self.waiting.is_empty() || !self.may_close() {
            self.waiting.push_back(piece);
            return String::new();
        }
        match piece {
            Piece::Text(text) => {
                let block = json!({"type": "text", "text": ""});
                let begun = self.begin(Open::Text, &block);
                begun + &self.delta(json!({"type": "text_delta", "text": text}))
            }
            Piece::Thinking(text) => {
                let begun = self.begin_thinking();
                begun + &self.delta(json!({"type": "thinking_delta", "thinking": text}))
            }
            // of thinking that is not shown
            Piece::Signature(proof) => self.begin_thinking() + &self.sign(&proof),
            Piece::Redacted(data) => {
                let block = json!({"type": "redacted_thinking", "data": data});
                self.begin(Open::Nothing, &block) + &self.stop()
            }
            Piece::Call(index, call) => self.begin(Open::Call(index, String::new()), &call),
            // of a call that is whole
            Piece::Arguments(..) => String::new(),
        }
    }

    fn begin_thinking(&mut self) -> String {
        self.begin(Open::Thinking, &json!({"type": "thinking", "thinking": "", "signature": ""}))
    }

    fn begin(&mut self, open: Open, block: &Value) -> String {
        let closed = self.close();
        self.open = open;
        self.begun += 1;
        let index = self.begun - 1;
        closed
            + &event(&json!({"type": "content_block_start", "index": index,
            "content_block": block}))
    }

    /// Ends the block that is open.
    fn close(&mut self) -> String {
        match std::mem::replace(&mut self.open, Open::Nothing) {
            Open::Nothing => String::new(),
            // it goes back to nobody who looks at its proof
            Open::Thinking => self.sign(UNSIGNED),
            Open::Text | Open::Call(..) => self.stop(),
        }
    }

    /// Ends a block of thinking.
    fn sign(&mut self, proof: &str) -> String {
        self.open = Open::Nothing;
        self.delta(json!({"type": "signature_delta", "signature": proof})) + &self.stop()
    }

    fn delta(&self, delta: Value) -> String {
        event(&json!({"type": "content_block_delta", "index": self.last(), "delta": delta}))
    }

    fn stop(&self) -> String {
        event(&json!({"type": "content_block_stop", "index": self.last()}))
    }

    const fn last(&self) -> usize {
        self.begun.saturating_sub(1)
    }
}

/// One event, which says its type twice. JSON has no line ends of its own.
pub(super) fn event(event: &Value) -> String {
    let name = event.get("type").and_then(Value::as_str).unwrap_or_default();
    format!("event: {name}\ndata: {event}\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is told of an event, in short: its index and what it brings.
    fn short(events: &str) -> Vec<String> {
        let data = events.split_terminator("\n\n").map(|block| {
            let (name, data) = block.split_once("\ndata: ").unwrap();
            let event: Value = serde_json::from_str(data).unwrap();
            assert_eq!(name.strip_prefix("event: "), event["type"].as_str());
            event
        });
        let word = |event: Value| {
            let index = &event["index"];
            match event["type"].as_str().unwrap() {
                "content_block_start" => {
                    let block = &event["content_block"];
                    let more = block.get("id").or(block.get("data")).and_then(Value::as_str);
                    let kind = block["type"].as_str().unwrap();
                    format!("{index} {kind} {}", more.unwrap_or_default()).trim().to_owned()
                }
                "content_block_delta" => {
                    let delta = event["delta"].as_object().unwrap();
                    let (_, text) = delta.iter().find(|(name, _)| *name != "type").unwrap();
                    format!("{index} + {}", text.as_str().unwrap())
                }
                _ => format!("{index} ."),
            }
        };
        data.map(word).collect()
    }

    fn told(thinks: bool, deltas: &[Delta<'_>]) -> Vec<String> {
        let id = "r".to_owned();
        let mut blocks = Blocks::new(Envelope { id, tokens: 1, thinks, stops: Vec::new() });
        let mut events: String = deltas.iter().map(|delta| blocks.take(*delta)).collect();
        events += &blocks.end();
        short(&events)
    }

    fn call(index: usize, id: &str) -> Delta<'_> {
        Delta::Call { index, id, name: "f" }
    }

    fn arguments(index: usize, text: &str) -> Delta<'_> {
        Delta::Arguments { index, text }
    }

    #[test]
    fn one_after_the_other() {
        let deltas = [
            Delta::Reasoning("Hm"),
            Delta::Reasoning("."),
            Delta::Signature("s"),
            Delta::Redacted("x"),
            Delta::Text("a"),
            Delta::Text("b"),
            call(0, "c"),
            arguments(0, "{\"x\""),
            arguments(0, ":1}"),
            call(1, ""),
            arguments(1, "{}"),
        ];
        let all = [
            "0 thinking",
            "0 + Hm",
            "0 + .",
            "0 + s",
            "0 .",
            "1 redacted_thinking x",
            "1 .",
            "2 text",
            "2 + a",
            "2 + b",
            "2 .",
            "3 tool_use c",
            "3 + {\"x\"",
            "3 + :1}",
            "3 .",
            "4 tool_use toolu_1_r",
            "4 + {}",
            "4 .",
        ];
        assert_eq!(told(true, &deltas), all);
    }

    #[test]
    fn thinking_that_nobody_signed() {
        let deltas = [Delta::Reasoning("Hm."), Delta::Text("a")];
        let all = ["0 thinking", "0 + Hm.", "0 + sigmapol", "0 .", "1 text", "1 + a", "1 ."];
        assert_eq!(told(true, &deltas), all);
        // nor shown to clients that did not ask for it; what is signed has to come back
        assert_eq!(told(false, &deltas), ["0 text", "0 + a", "0 ."]);
        let signed = [Delta::Signature("s"), Delta::Text("a")];
        let all = ["0 thinking", "0 + s", "0 .", "1 text", "1 + a", "1 ."];
        assert_eq!(told(false, &signed), all);
    }

    /// Pieces of several calls may come by turns; a client takes one after the other.
    #[test]
    fn calls_by_turns() {
        let deltas = [
            call(0, "a"),
            arguments(0, "{\"x\""),
            call(1, "b"),
            arguments(1, "{\"y\""),
            arguments(0, ":1}"),
            call(2, "c"),
            arguments(1, ":2}"),
            arguments(2, "{}"),
            Delta::Text("t"),
        ];
        let all = [
            "0 tool_use a",
            "0 + {\"x\"",
            "0 + :1}",
            "0 .",
            "1 tool_use b",
            "1 + {\"y\"",
            "1 + :2}",
            "1 .",
            "2 tool_use c",
            "2 + {}",
            "2 .",
            "3 text",
            "3 + t",
            "3 .",
        ];
        assert_eq!(told(false, &deltas), all);
        // arguments that are never whole
        let deltas =
            [call(0, "a"), arguments(0, "{"), call(1, "b"), call(2, "c"), arguments(1, "{")];
        let all =
            ["0 tool_use a", "0 + {", "0 .", "1 tool_use b", "1 + {", "1 .", "2 tool_use c", "2 ."];
        assert_eq!(told(false, &deltas), all);
    }
}
