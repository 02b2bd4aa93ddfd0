//! Blocks of thinking that have to come back with the next turn, as the provider signed them.

use serde_json::{Value, json};

/// Blocks, as far as they have come.
#[derive(Debug, Default)]
pub(crate) struct Thinking(Vec<Block>);

#[derive(Debug, Default)]
struct Block {
    text: String,
    signature: String,
    /// What stands in place of a text that is not shown.
    data: Option<String>,
}

impl Thinking {
    /// A block begins.
    pub(crate) fn begin(&mut self, text: &str, signature: &str) {
        self.0.push(Block { text: text.to_owned(), signature: signature.to_owned(), data: None });
    }

    /// A block that is not shown.
    pub(crate) fn hidden(&mut self, data: &str) {
        self.0.push(Block { data: Some(data.to_owned()), ..Block::default() });
    }

    /// The last block goes on.
    pub(crate) fn add(&mut self, text: &str, signature: &str) {
        if let Some(block) = self.0.last_mut() {
            block.text.push_str(text);
            block.signature.push_str(signature);
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
