//! Why a model stopped, whatever the provider's word for it.

/// Why a model stopped, as far as that matters to whoever has the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ending {
    /// It was done; also for a word that nobody knows.
    Done,
    /// At the cap of tokens, or at the end of what the model takes.
    Length,
    /// It refused, or what it said was cut for what it is.
    Filtered,
}

impl Ending {
    /// By the provider's own word, as [`Answer::finish_reason`](crate::Answer::finish_reason) has it.
    pub fn of(word: &str) -> Self {
        if LENGTHS.contains(&word) {
            return Self::Length;
        }
        if REFUSALS.contains(&word) { Self::Filtered } else { Self::Done }
    }
}

/// OpenAI: <https://platform.openai.com/docs/api-reference/chat/object>. Anthropic:
/// <https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons>. Google:
/// <https://ai.google.dev/api/generate-content#FinishReason>.
const LENGTHS: [&str; 4] = ["MAX_TOKENS", "length", "max_tokens", "model_context_window_exceeded"];

/// Of the same sources.
const REFUSALS: [&str; 15] = [
    "BLOCKLIST",
    "CONTENT_FILTER",
    "IMAGE_PROHIBITED_CONTENT",
    "IMAGE_RECITATION",
    "IMAGE_SAFETY",
    "LANGUAGE",
    "MODEL_ARMOR",
    "PROHIBITED_CONTENT",
    "RECITATION",
    "SAFETY",
    "SPII",
    "content_filter",
    "guardrail_intervened",
    "refusal",
    "sensitive",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_providers() {
        for (word, ending) in [
            ("stop", Ending::Done),
            ("end_turn", Ending::Done),
            ("STOP", Ending::Done),
            ("tool_use", Ending::Done),
            ("eos", Ending::Done),
            ("length", Ending::Length),
            ("max_tokens", Ending::Length),
            ("MAX_TOKENS", Ending::Length),
            ("refusal", Ending::Filtered),
            ("content_filter", Ending::Filtered),
            ("SAFETY", Ending::Filtered),
        ] {
            assert_eq!(Ending::of(word), ending, "{word}");
        }
    }
}
