//! An answer that is put together from its pieces.

mod calls;
mod thinking;
mod usage;

use serde_json::{Value, value::RawValue};

use crate::{
    Answer, CallError, Ending, ErrorKind,
    error::{filtered, malformed},
    limits::{ANNOTATIONS, ANSWER_BYTES},
};

pub(crate) use calls::{Calls, Piece};
pub(crate) use thinking::Thinking;
pub(crate) use usage::{Counts, nano_usd, sum};

/// An answer, as far as it has come.
#[derive(Debug, Default)]
pub(crate) struct Partial {
    pub(crate) text: String,
    pub(crate) reasoning: String,
    /// What the model says in place of an answer, in dialects that tell it apart.
    pub(crate) refusal: String,
    pub(crate) calls: Calls,
    pub(crate) thinking: Thinking,
    pub(crate) finish_reason: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) counts: Counts,
    /// Probabilities of tokens were asked for.
    pub(crate) keeps_logprobs: bool,
    logprobs: Vec<Value>,
    annotations: Vec<Value>,
    /// Bytes of both, as they came.
    beside: usize,
    /// The answer is complete. Counts of tokens may follow.
    pub(crate) finished: bool,
    /// The provider says that nothing follows.
    pub(crate) over: bool,
    /// How many pieces of the answer have come: text, reasoning, calls of tools.
    pieces: u64,
}

impl Partial {
    /// Adds a piece of the text.
    pub(crate) fn add_text(&mut self, text: &str) {
        if !text.is_empty() {
            self.text.push_str(text);
            self.pieces += 1;
        }
    }

    /// Adds a piece of the reasoning. It may be hidden: that it goes on is a piece, too.
    pub(crate) fn add_reasoning(&mut self, text: &str) {
        self.reasoning.push_str(text);
        self.pieces += 1;
    }

    /// Adds a piece of a refusal.
    pub(crate) fn add_refusal(&mut self, text: &str) {
        if !text.is_empty() {
            self.refusal.push_str(text);
            self.pieces += 1;
        }
    }

    /// Adds a piece of a call of a tool.
    pub(crate) fn add_call(&mut self, piece: Piece<'_>) -> Result<(), CallError> {
        self.pieces += 1;
        self.calls.add(piece)
    }

    /// Adds probabilities of tokens, if they were asked for.
    pub(crate) fn add_logprobs(&mut self, tokens: &[&RawValue]) {
        for token in tokens.iter().filter(|_| self.keeps_logprobs) {
            self.beside += token.get().len();
            self.logprobs.extend(serde_json::from_str::<Value>(token.get()).ok());
        }
    }

    /// Adds sources of the text.
    pub(crate) fn add_annotations(&mut self, annotations: &[&RawValue]) {
        for annotation in annotations.iter().take(ANNOTATIONS - self.annotations.len()) {
            self.beside += annotation.get().len();
            self.annotations.extend(serde_json::from_str::<Value>(annotation.get()).ok());
        }
    }

    /// How many pieces have come.
    pub(crate) const fn pieces(&self) -> u64 {
        self.pieces
    }

    /// Refuses an answer that is longer than any is.
    pub(crate) fn check_size(&self) -> Result<(), CallError> {
        let texts = [&self.text, &self.reasoning, &self.refusal].map(String::len);
        let bytes =
            texts.iter().sum::<usize>() + self.calls.bytes() + self.thinking.bytes() + self.beside;
        if bytes > ANSWER_BYTES {
            return Err(malformed(format!("the answer is longer than {ANSWER_BYTES} bytes")));
        }
        Ok(())
    }

    /// The whole answer. One without anything in it is a failure: nobody asked for nothing.
    pub(crate) fn finish(self) -> Result<Answer, CallError> {
        let logprobs =
            (!self.logprobs.is_empty()).then(|| serde_json::json!({ "content": self.logprobs }));
        let answer = Answer {
            text: self.text,
            tool_calls: self.calls.finish()?,
            reasoning: self.reasoning,
            finish_reason: self.finish_reason,
            model: self.model,
            usage: self.counts.usage(),
            logprobs,
            annotations: self.annotations,
            thinking_blocks: self.thinking.finish(),
        };
        if !answer.is_empty() {
            return Ok(answer);
        }
        if !self.refusal.is_empty() {
            return Err(filtered(self.refusal));
        }
        Err(empty(answer.finish_reason.as_deref()))
    }
}

fn empty(reason: Option<&str>) -> CallError {
    match reason {
        Some(reason) if Ending::of(reason) == Ending::Filtered => {
            filtered(format!("finish reason {reason}"))
        }
        // Anthropic: the input left no room for an answer
        Some(reason @ "model_context_window_exceeded") => {
            CallError::new(ErrorKind::ContextOverflow, format!("finish reason {reason}"))
        }
        Some(reason) => malformed(format!("the answer is empty: finish reason {reason}")),
        None => malformed("the answer is empty"),
    }
}
