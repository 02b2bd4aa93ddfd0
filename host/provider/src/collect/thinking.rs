//! Blocks of thinking that have to come back with the next turn, as the provider signed them.

use serde_json::{Value, json};

use crate::{CallError, Delta, error::malformed, failure::Scrub};

/// Blocks, as far as they have come.
#[derive(Debug, Default)]
pub(crate) struct Thinking(Vec<Block>);

#[derive(Debug, Default)]
struct Block {
    text: String,
    signature: String,
    /// What stands in place of a text that is not shown.
    data: Option<String>,
    /// It is whole, and may have been passed on.
    closed: bool,
}

impl Thinking {
    /// A block begins.
    pub(crate) fn begin(&mut self, text: &str, signature: &str) {
        let (text, signature) = (text.to_owned(), signature.to_owned());
        self.0.push(Block { text, signature, ..Block::default() });
    }

    /// A block that is not shown.
    pub(crate) fn hidden(&mut self, data: &str) {
        self.0.push(Block { data: Some(data.to_owned()), ..Block::default() });
    }

    /// The last block goes on.
    pub(crate) fn add(&mut self, text: &str, signature: &str) -> Result<(), CallError> {
        let Some(block) = self.0.last_mut() else { return Ok(()) };
        if block.closed && !(text.is_empty() && signature.is_empty()) {
            return Err(malformed("thinking goes on after its signature"));
        }
        block.text.push_str(text);
        block.signature.push_str(signature);
        Ok(())
    }

    /// The last block is over, if it has its signature; where it is, unless that was known.
    pub(crate) fn close(&mut self) -> Option<usize> {
        let at = self.0.len().checked_sub(1)?;
        let block = self.0.last_mut()?;
        let whole = block.data.is_some() || !block.signature.is_empty();
        (whole && !std::mem::replace(&mut block.closed, whole)).then_some(at)
    }

    /// Passes on what a block is known by.
    pub(crate) fn pass(&self, at: usize, scrub: &Scrub, on_delta: &mut dyn FnMut(Delta<'_>)) {
        let Some(block) = self.0.get(at) else { return };
        match &block.data {
            Some(data) => on_delta(Delta::Redacted(&scrub.text(data))),
            None => on_delta(Delta::Signature(&scrub.text(&block.signature))),
        }
    }

    /// Bytes of all text that is kept.
    pub(crate) fn bytes(&self) -> usize {
        let data = |block: &Block| block.data.as_ref().map_or(0, String::len);
        self.0.iter().map(|block| block.text.len() + block.signature.len() + data(block)).sum()
    }

    /// The blocks. One without a signature is not taken back by anybody.
    pub(crate) fn finish(self) -> Vec<Value> {
        let block = |block: Block| match block.data {
            Some(data) => Some(json!({"type": "redacted_thinking", "data": data})),
            None if block.signature.is_empty() => None,
            None => Some(json!({"type": "thinking", "thinking": block.text,
                "signature": block.signature})),
        };
        self.0.into_iter().filter_map(block).collect()
    }
}
