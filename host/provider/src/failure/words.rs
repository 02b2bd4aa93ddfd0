//! What providers say of failures: one table of statuses and words.
//!
//! Rows are tried from the top. A row is of the dialects, statuses and words that it names; words
//! are compared in lower case with the message, the code, the type and the reasons of an error.

use std::ops::RangeInclusive;

use crate::{
    ErrorKind::{
        self, AuthError, BadRequest, BadResponse, ContentFilter, ContextOverflow, ModelUnavailable,
        PaymentRequired, RateLimit, ServerError, Timeout,
    },
    request::parameters::Api,
};

/// One row.
pub(crate) struct Row {
    /// All dialects, without one.
    pub(crate) api: Option<Api>,
    pub(crate) statuses: RangeInclusive<u16>,
    /// One of these; any answer, without one.
    pub(crate) words: &'static [&'static str],
    pub(crate) kind: ErrorKind,
    /// Where it is documented, or seen.
    pub(crate) source: &'static str,
}

const fn any(
    statuses: RangeInclusive<u16>,
    words: &'static [&'static str],
    kind: ErrorKind,
    source: &'static str,
) -> Row {
    Row { api: None, statuses, words, kind, source }
}

const fn of(
    api: Api,
    statuses: RangeInclusive<u16>,
    words: &'static [&'static str],
    kind: ErrorKind,
    source: &'static str,
) -> Row {
    Row { api: Some(api), statuses, words, kind, source }
}

const ANTHROPIC: &str = "https://platform.claude.com/docs/en/api/errors";
const GOOGLE: &str = "https://ai.google.dev/gemini-api/docs/troubleshooting";
const OPENAI: &str = "https://platform.openai.com/docs/guides/error-codes";
const OPENROUTER: &str = "https://openrouter.ai/docs/api/reference/errors-and-debugging";
const HTTP: &str = "https://www.rfc-editor.org/rfc/rfc9110#section-15";

/// The table.
#[rustfmt::skip]
pub(crate) const ROWS: &[Row] = &[
    // a key that is wrong
    of(Api::Google, 400..=403, &["api_key_invalid", "api key not valid", "api key expired", "api key not found"], AuthError, GOOGLE),
    any(400..=400, &["invalid_api_key", "incorrect api key", "invalid api key"], AuthError, "https://docs.x.ai/developers/debugging"),
    any(400..=400, &["api key not valid", "api key is invalid"], AuthError, "https://github.com/continuedev/continue/issues/10530"),

    // credit that is spent
    of(Api::Anthropic, 400..=429, &["credit balance is too low"], PaymentRequired, "https://github.com/anthropics/claude-code/issues/867"),
    of(Api::Anthropic, 400..=429, &["specified api usage limits"], PaymentRequired, ANTHROPIC),
    of(Api::Google, 400..=400, &["enable billing"], PaymentRequired, GOOGLE),
    any(400..=429, &["insufficient_quota", "billing_hard_limit_reached", "billing_not_active"], PaymentRequired, OPENAI),
    any(400..=429, &["insufficient credits", "insufficient balance", "insufficient_balance"], PaymentRequired, "https://api-docs.deepseek.com/quick_start/error_codes"),
    any(402..=402, &[], PaymentRequired, OPENROUTER),

    // too much in a short time, said as too much at once
    any(413..=413, &["tokens per min", "(tpm)", "rate_limit_exceeded"], RateLimit, "https://github.com/continuedev/continue/issues/10218"),
    any(429..=429, &[], RateLimit, OPENAI),

    // refused for what it says
    any(400..=499, &["content_filter", "content management policy", "responsibleaipolicyviolation"], ContentFilter, "https://learn.microsoft.com/en-us/azure/ai-foundry/openai/concepts/content-filter"),
    any(400..=499, &["content_policy", "violating our usage policy", "rejected as a result of our safety system"], ContentFilter, OPENAI),
    of(Api::Anthropic, 400..=499, &["content filtering policy"], ContentFilter, "https://github.com/anthropics/claude-code/issues/58367"),
    any(403..=403, &["moderation", "input was flagged"], ContentFilter, OPENROUTER),
    any(400..=403, &["content violates usage guidelines"], ContentFilter, "https://docs.x.ai/developers/debugging"),
    any(400..=499, &["data_inspection_failed", "content exists risk"], ContentFilter, "https://www.alibabacloud.com/help/en/model-studio/error-code"),

    // more tokens than the model takes; some servers say it with a 500
    any(400..=500, &["context_length_exceeded", "maximum context length", "exceeds the context window"], ContextOverflow, OPENAI),
    any(400..=500, &["longer than the maximum model length", "too long to fit into the model"], ContextOverflow, "https://github.com/OpenBMB/MiniCPM-V/issues/1048"),
    any(400..=500, &["exceed_context_size_error", "exceeds the available context size"], ContextOverflow, "https://github.com/ggml-org/llama.cpp/pull/15780"),
    any(400..=500, &["exceed context window of"], ContextOverflow, "https://github.com/abetlen/llama-cpp-python/issues/416"),
    any(400..=500, &["exceeds the context length", "exceeds context length", "exceed context length"], ContextOverflow, "https://github.com/nano-step/nano-brain/issues/208"),
    any(400..=500, &["when context the overflows", "greater than the context length", "context length of only"], ContextOverflow, "https://github.com/lmstudio-ai/lmstudio-bug-tracker/issues/237"),
    any(400..=500, &["tokens + `max_new_tokens` must be", "`inputs` must have less than"], ContextOverflow, "https://github.com/huggingface/text-generation-inference/issues/628"),
    any(400..=500, &["longer than the model's context length"], ContextOverflow, "https://github.com/sgl-project/sglang/issues/8096"),
    any(400..=500, &["maximum prompt length"], ContextOverflow, "https://github.com/cline/cline/issues/3120"),
    any(400..=500, &["please reduce the length of the messages"], ContextOverflow, "https://github.com/vllm-project/vllm/issues/20409"),
    any(400..=500, &["input is too long"], ContextOverflow, "https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html"),
    of(Api::Anthropic, 400..=499, &["prompt is too long", "exceed context limit"], ContextOverflow, "https://platform.claude.com/docs/en/build-with-claude/context-windows"),
    any(400..=499, &["prompt is too long", "prompt too long"], ContextOverflow, "https://docs.litellm.ai/docs/exception_mapping"),
    of(Api::Google, 400..=400, &["exceeds the maximum number of tokens"], ContextOverflow, "https://github.com/google-gemini/gemini-cli/issues/4231"),
    any(400..=400, &["exceeds the maximum number of tokens"], ContextOverflow, "https://ai.google.dev/gemini-api/docs/openai"),
    any(413..=413, &[], ContextOverflow, ANTHROPIC),

    // a model that is not there
    any(400..=403, &["model_not_found", "model_decommissioned", "is not a valid model id"], ModelUnavailable, "https://console.groq.com/docs/errors"),
    any(404..=404, &[], ModelUnavailable, OPENAI),

    // what the status alone says
    any(401..=401, &[], AuthError, HTTP),
    any(403..=403, &[], AuthError, HTTP),
    any(408..=408, &[], Timeout, HTTP),
    any(504..=504, &[], Timeout, HTTP),
    any(524..=524, &[], Timeout, "https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-5xx-errors/error-524/"),
    any(300..=399, &[], BadResponse, HTTP),
    any(400..=499, &[], BadRequest, HTTP),
    any(500..=599, &[], ServerError, HTTP),
];

/// The status that an error stands for whose status is out already, in the body of a 200.
pub(crate) const TYPES: &[(&str, u16, &str)] = &[
    ("authentication_error", 401, ANTHROPIC),
    ("billing_error", 402, ANTHROPIC),
    ("invalid_request_error", 400, ANTHROPIC),
    ("not_found_error", 404, ANTHROPIC),
    ("permission_error", 403, ANTHROPIC),
    ("rate_limit_error", 429, ANTHROPIC),
    ("rate_limit_exceeded", 429, OPENAI),
    ("request_too_large", 413, ANTHROPIC),
    ("timeout_error", 504, ANTHROPIC),
    ("overloaded_error", 529, ANTHROPIC),
    ("insufficient_quota", 429, OPENAI),
    ("context_length_exceeded", 400, OPENAI),
    ("exceed_context_size_error", 400, "https://github.com/ggml-org/llama.cpp/pull/15780"),
    ("BadRequestError", 400, "https://docs.vllm.ai/en/latest/serving/openai_compatible_server/"),
    ("validation", 422, "https://github.com/huggingface/text-generation-inference"),
    ("INVALID_ARGUMENT", 400, GOOGLE),
    ("FAILED_PRECONDITION", 400, GOOGLE),
    ("PERMISSION_DENIED", 403, GOOGLE),
    ("NOT_FOUND", 404, GOOGLE),
    ("RESOURCE_EXHAUSTED", 429, GOOGLE),
    ("DEADLINE_EXCEEDED", 504, GOOGLE),
];

/// The kind of a failure. The evidence, in lower case, is what the provider says besides.
pub(crate) fn kind(api: Api, status: u16, evidence: &str) -> ErrorKind {
    let fits = |row: &&Row| {
        row.api.is_none_or(|own| own == api)
            && row.statuses.contains(&status)
            && (row.words.is_empty() || row.words.iter().any(|word| evidence.contains(word)))
    };
    ROWS.iter().find(fits).map_or(ErrorKind::Unknown, |row| row.kind)
}

/// The table as the documentation has it.
pub(crate) fn markdown() -> String {
    let mut text =
        "| dialect | status | words | kind | source |\n|---|---|---|---|---|\n".to_owned();
    for row in ROWS {
        let api = row.api.map_or_else(|| "any".to_owned(), |api| format!("`{}`", api.name()));
        let (first, last) = (row.statuses.start(), row.statuses.end());
        let statuses = if first == last { first.to_string() } else { format!("{first}–{last}") };
        let words = row.words.iter().map(|word| format!("“{word}”")).collect::<Vec<_>>().join(", ");
        let kind = row.kind.name();
        let source = row.source;
        text.push_str(&format!("| {api} | {statuses} | {words} | `{kind}` | <{source}> |\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_in_lower_case_and_reachable() {
        for (index, row) in ROWS.iter().enumerate() {
            let api = row.api.unwrap_or(Api::OpenAi);
            for word in row.words {
                assert_eq!(*word, word.to_lowercase());
                let kind = kind(api, *row.statuses.start(), word);
                assert_eq!(kind, row.kind, "row {index}: {word}");
            }
            if row.words.is_empty() {
                assert_eq!(kind(api, *row.statuses.end(), ""), row.kind, "row {index}");
            }
            assert!(row.source.starts_with("https://"));
        }
    }
}
