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
        closed + &event(&json!({"type": "content_block_start", "index": index,
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
