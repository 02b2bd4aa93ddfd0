//! What a provider answered, in one shape for every dialect.

use serde::Serialize;
use serde_json::Value;

/// What a provider answered, in one shape for every dialect.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Answer {
    /// The text of the first choice.
    pub text: String,
    /// Calls of tools: `{id?, name, arguments, extra_content?}`. The arguments are a string, the
    /// JSON text that the provider sent, byte for byte; it may be no JSON, for models write it.
    /// `extra_content` has what has to come back with the call, such as
    /// `{"google": {"thought_signature": "…"}}`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<Value>,
    /// What the provider shows of the model's reasoning.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reasoning: String,
    /// Why the model stopped, in the provider's own word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finish_reason: Option<String>,
    /// The model that answered, by the provider's own name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Tokens, as the provider counts them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// Probabilities of tokens, where they were asked for: `{"content": […]}`, OpenAI's shape.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logprobs: Option<Value>,
    /// Sources that the text refers to, as the provider gives them; OpenAI's dialect alone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub annotations: Vec<Value>,
    /// Blocks of thinking with their signatures, as Anthropic wants them back in
    /// `thinking_blocks` of the assistant's message.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub thinking_blocks: Vec<Value>,
    /// Embeddings in the order of their inputs, each as the base64 of its numbers: 32-bit floats, the
    /// last byte first. A call for embeddings has nothing else.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub embeddings: Vec<String>,
}

/// Tokens of a call, and what it cost where the provider says so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// Tokens of the request, those of the cache among them.
    pub input_tokens: u64,
    /// Tokens of the answer, those of the reasoning among them.
    pub output_tokens: u64,
    /// Of the input: read from the provider's cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_read_tokens: Option<u64>,
    /// Of the input: written to the provider's cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_write_tokens: Option<u64>,
    /// Of the output: the model's reasoning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning_tokens: Option<u64>,
    /// What the provider says that the call cost, in billionths of a US dollar.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_nano_usd: Option<u64>,
}
