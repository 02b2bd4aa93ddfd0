//! An answer that is put together from its pieces.

mod calls;
mod embeddings;
mod live;
mod thinking;
mod usage;

use serde_json::{Value, value::RawValue};

use crate::{
    Answer, CallError, Delta, Ending, ErrorKind,
    error::{filtered, malformed},
    failure::Scrub,
    limits::{ANNOTATIONS, ANSWER_BYTES},
};

use calls::Calls;
pub(crate) use calls::{Extent, Piece};
use embeddings::Embeddings;
use live::{Live, New};
use thinking::Thinking;
pub(crate) use usage::{Counts, nano_usd, sum};

/// An answer, as far as it has come.
#[derive(Debug, Default)]
pub(crate) struct Partial {
    text: String,
    reasoning: String,
    /// What the model says in place of an answer, in dialects that tell it apart.
    refusal: String,
    calls: Calls,
    thinking: Thinking,
    live: Live,
    finish_reason: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) counts: Counts,
    wanted: Wanted,
    embeddings: Embeddings,
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

/// What an answer has to have, or may.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Wanted {
    /// Probabilities of tokens.
    pub(crate) logprobs: bool,
    /// The embeddings of so many inputs, and nothing else.
    pub(crate) embeddings: Option<usize>,
}

impl Partial {
    /// An answer to come.
    pub(crate) fn new(wanted: Wanted) -> Self {
        Self { wanted, ..Self::default() }
    }

    /// Adds the embedding of an input: an array of numbers, or the base64 of them.
    pub(crate) fn add_embedding(&mut self, index: u64, vector: &RawValue) -> Result<(), CallError> {
        self.pieces += 1;
        self.embeddings.add(index, vector)
    }

    /// Adds a piece of the text.
    pub(crate) fn add_text(&mut self, text: &str) {
        if !text.is_empty() {
            self.end_thinking();
            self.text.push_str(text);
            self.live.note(New::Text(self.text.len()));
            self.pieces += 1;
        }
    }

    /// Adds a piece of the reasoning. It may be hidden: that it goes on is a piece, too.
    pub(crate) fn add_reasoning(&mut self, text: &str) {
        self.reasoning.push_str(text);
        if !text.is_empty() {
            self.live.note(New::Reasoning(self.reasoning.len()));
        }
        self.pieces += 1;
    }

    /// A block of thinking begins.
    pub(crate) fn begin_thinking(&mut self, text: &str, signature: &str) {
        self.end_thinking();
        self.thinking.begin(text, signature);
        self.add_reasoning(text);
    }

    /// A block of thinking that is not shown.
    pub(crate) fn add_redacted(&mut self, data: &str) {
        self.end_thinking();
        self.thinking.hidden(data);
        self.end_thinking();
        self.add_reasoning("");
    }

    /// The block of thinking goes on.
    pub(crate) fn add_thinking(&mut self, text: &str, signature: &str) -> Result<(), CallError> {
        self.add_reasoning(text);
        self.thinking.add(text, signature)
    }

    /// The block of thinking is over, if there is one.
    pub(crate) fn end_thinking(&mut self) {
        if let Some(at) = self.thinking.close() {
            self.live.note(New::Thinking(at));
        }
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
        self.end_thinking();
        let at = self.calls.add(piece)?;
        self.live.note(New::Call(at));
        Ok(())
    }

    /// The answer is complete, for a reason in the provider's word, if it says one. One word is none of
    /// an answer: <https://openrouter.ai/docs/api/reference/errors-and-debugging>.
    pub(crate) fn end(&mut self, reason: Option<String>) -> Result<(), CallError> {
        if let Some(reason) = reason.as_deref().filter(|own| own.eq_ignore_ascii_case("error")) {
            return Err(CallError::new(ErrorKind::ServerError, format!("finish reason {reason}")));
        }
        self.finish_reason = reason.or(self.finish_reason.take());
        self.finished = true;
        Ok(())
    }

    /// Adds probabilities of tokens, if they were asked for.
    pub(crate) fn add_logprobs(&mut self, tokens: &[&RawValue]) {
        for token in tokens.iter().filter(|_| self.wanted.logprobs) {
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

    /// Passes on what is new, as far as it will not change.
    pub(crate) fn pass(&mut self, scrub: &Scrub, on_delta: &mut dyn FnMut(Delta<'_>)) {
        let list = self.live.take();
        for new in &list {
            match *new {
                New::Text(end) => {
                    self.live.held = end;
                    let text = self.text.get(..end).unwrap_or_default();
                    if self.live.called || !is_blank(text) {
                        self.pass_text(on_delta);
                    }
                }
                New::Reasoning(end) => {
                    let text = self.reasoning.get(self.live.reasoning..end).unwrap_or_default();
                    on_delta(Delta::Reasoning(text));
                    self.live.reasoning = end;
                }
                New::Thinking(at) => self.thinking.pass(at, scrub, on_delta),
                New::Call(at) if self.calls.is_ready(at) => {
                    self.live.called = true;
                    self.pass_text(on_delta);
                    self.calls.pass(at, scrub, on_delta);
                }
                New::Call(_) => {}
            }
        }
        self.live.reuse(list);
    }

    fn pass_text(&mut self, on_delta: &mut dyn FnMut(Delta<'_>)) {
        let text = self.text.get(self.live.text..self.live.held).unwrap_or_default();
        if !text.is_empty() {
            on_delta(Delta::Text(text));
            self.live.text = self.live.held;
        }
    }

    /// Nothing follows: what has not been passed on may be. An answer without anything in it is a
    /// failure: nobody asked for nothing, or for white space.
    pub(crate) fn settle(&mut self) -> Result<(), CallError> {
        if let Some(inputs) = self.wanted.embeddings {
            return self.embeddings.check(inputs);
        }
        self.calls.settle()?;
        if is_blank(&self.text) && self.calls.len() == 0 {
            return Err(match self.refusal.as_str() {
                "" => empty(self.finish_reason.as_deref()),
                refusal => filtered(refusal),
            });
        }
        self.end_thinking();
        (0..self.calls.len()).for_each(|at| self.live.note(New::Call(at)));
        Ok(())
    }

    /// The whole answer, once it is settled.
    pub(crate) fn finish(self) -> Answer {
        let logprobs =
            (!self.logprobs.is_empty()).then(|| serde_json::json!({ "content": self.logprobs }));
        Answer {
            text: self.text,
            tool_calls: self.calls.finish(),
            reasoning: self.reasoning,
            finish_reason: self.finish_reason,
            model: self.model,
            usage: self.counts.usage(),
            logprobs,
            annotations: self.annotations,
            thinking_blocks: self.thinking.finish(),
            embeddings: self.embeddings.finish(),
        }
    }
}

fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
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
