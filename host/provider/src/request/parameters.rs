//! What becomes of each parameter of a chat request, in each dialect: one table.
//!
//! `docs/providers.md` shows it, and a test holds it against what the dialects send.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::Request;
use crate::{CallError, error::unsupported, json::Writer};

/// A dialect, as a column of the table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Api {
    OpenAi,
    Anthropic,
    Google,
    Ollama,
}

/// What a dialect makes of a parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fate {
    /// Sent as it is.
    Same,
    /// Sent as it is, under this path.
    As(&'static str),
    /// The dialect's code says it in other words, which are these.
    Said(&'static str),
    /// The dialect cannot say it: `unsupported`.
    Refused,
    /// It is only advice, and left out.
    Dropped,
}

/// One row.
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    /// By [`Api`].
    pub(crate) fates: [Fate; 4],
    /// A whole number: one that a policy has made fractional is rounded.
    whole: bool,
    /// JSON texts that ask for nothing: they are left out and not refused.
    nothing: &'static [&'static str],
    /// Where the row is documented, besides [`REFERENCES`].
    pub(crate) source: &'static str,
}

use Fate::{As, Dropped, Refused, Said, Same};

impl Api {
    /// All columns.
    pub(crate) const ALL: [Self; 4] = [Self::OpenAi, Self::Anthropic, Self::Google, Self::Ollama];

    /// The `api_kind`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::OpenAi => "openai_compatible",
            Self::Anthropic => "anthropic",
            Self::Google => "google",
            Self::Ollama => "ollama",
        }
    }

    const fn column(self) -> usize {
        match self {
            Self::OpenAi => 0,
            Self::Anthropic => 1,
            Self::Google => 2,
            Self::Ollama => 3,
        }
    }
}

/// What each column is documented by, for the rows that name nothing else.
pub(crate) const REFERENCES: [&str; 4] = [
    "https://platform.openai.com/docs/api-reference/chat/create",
    "https://platform.claude.com/docs/en/api/messages/create",
    "https://ai.google.dev/api/generate-content",
    "https://docs.ollama.com/api/chat",
];

const EFFORT: &str = "https://platform.claude.com/docs/en/build-with-claude/effort, \
                      https://ai.google.dev/gemini-api/docs/openai";
const STRUCTURED: &str = "https://platform.claude.com/docs/en/build-with-claude/structured-outputs, \
                          https://ai.google.dev/gemini-api/docs/structured-output";
const TOOLS: &str = "https://platform.claude.com/docs/en/agents-and-tools/tool-use/overview, \
                     https://ai.google.dev/gemini-api/docs/function-calling";
const CACHING: &str = "https://platform.claude.com/docs/en/build-with-claude/prompt-caching";
const OPTIONS: &str = "https://docs.ollama.com/modelfile";

const fn row(name: &'static str, fates: [Fate; 4]) -> Parameter {
    Parameter { name, fates, whole: false, nothing: &[], source: "" }
}

impl Parameter {
    const fn whole(self) -> Self {
        Self { whole: true, ..self }
    }

    const fn nothing(self, nothing: &'static [&'static str]) -> Self {
        Self { nothing, ..self }
    }

    const fn source(self, source: &'static str) -> Self {
        Self { source, ..self }
    }

    pub(crate) const fn fate(&self, api: Api) -> Fate {
        let [openai, anthropic, google, ollama] = self.fates;
        match api {
            Api::OpenAi => openai,
            Api::Anthropic => anthropic,
            Api::Google => google,
            Api::Ollama => ollama,
        }
    }
}

/// The table, in byte order of names.
#[rustfmt::skip]
pub(crate) const PARAMETERS: &[Parameter] = &[
    // answers of this host are texts
    row("audio", [Refused; 4]),
    row("cache_control", [Same, Same, Dropped, Dropped]).source(CACHING),
    row("frequency_penalty", [Same, Refused, As("generationConfig.frequencyPenalty"), As("options.frequency_penalty")]).nothing(&["0"]).source(OPTIONS),
    row("function_call", [Same, Refused, Refused, Refused]),
    row("functions", [Same, Refused, Refused, Refused]),
    row("logit_bias", [Same, Refused, Refused, Refused]).nothing(&["{}"]),
    row("logprobs", [Same, Refused, Refused, Same]).nothing(&["false"]),
    row("max_completion_tokens", [Same, Said("`max_tokens`"), Said("`generationConfig.maxOutputTokens`"), Said("`options.num_predict`")]).whole(),
    row("max_tokens", [Said("same; `max_completion_tokens` at api.openai.com"), Said("same; 4096 if absent"), Said("`generationConfig.maxOutputTokens`"), Said("`options.num_predict`")]).whole(),
    row("metadata", [Same, Dropped, Dropped, Dropped]),
    row("modalities", [Said("same, if text alone"), Refused, Refused, Refused]).nothing(&[r#"["text"]"#]),
    // an answer has one choice; more would be paid for and lost
    row("n", [Said("same, if 1"), Refused, Refused, Refused]).whole().nothing(&["1"]),
    row("parallel_tool_calls", [Same, Said("`tool_choice.disable_parallel_tool_use`"), Refused, Refused]).nothing(&["true"]).source(TOOLS),
    row("prediction", [Same, Dropped, Dropped, Dropped]),
    row("presence_penalty", [Same, Refused, As("generationConfig.presencePenalty"), As("options.presence_penalty")]).nothing(&["0"]).source(OPTIONS),
    row("prompt_cache_key", [Same, Dropped, Dropped, Dropped]),
    row("prompt_cache_retention", [Same, Dropped, Dropped, Dropped]),
    row("reasoning_effort", [Same, Said("`output_config.effort`; `none`: `thinking` disabled"), Said("`generationConfig.thinkingConfig`"), Said("`think`")]).source(EFFORT),
    row("response_format", [Same, Said("`output_config.format`; refused: `json_object`"), Said("`generationConfig.responseMimeType`, `responseJsonSchema`"), Said("`format`")]).source(STRUCTURED),
    row("safety_identifier", [Same, Said("`metadata.user_id`"), Dropped, Dropped]),
    // OpenAI itself promises no more than its best effort
    row("seed", [Same, Dropped, As("generationConfig.seed"), As("options.seed")]).whole(),
    row("service_tier", [Same, Said("`auto`: same; `default`: `standard_only`; others dropped"), Dropped, Dropped]),
    row("stop", [Same, Said("`stop_sequences`"), Said("`generationConfig.stopSequences`"), Said("`options.stop`")]),
    row("store", [Same, Dropped, Dropped, Dropped]),
    row("temperature", [Same, Said("same, up to 1"), As("generationConfig.temperature"), As("options.temperature")]),
    row("thinking", [Same, Same, Refused, Refused]).source("https://platform.claude.com/docs/en/build-with-claude/extended-thinking"),
    row("tool_choice", [Same, Said("same, in its shape"), Said("`toolConfig.functionCallingConfig`"), Said("`auto`: dropped; `none`: no tools; others refused")]).source(TOOLS),
    row("tools", [Same, Said("same, with `input_schema`"), Said("`tools[0].functionDeclarations`"), Said("same, functions alone")]).source(TOOLS),
    row("top_k", [Same, Same, As("generationConfig.topK"), As("options.top_k")]).whole(),
    row("top_logprobs", [Same, Refused, Refused, Same]).whole().nothing(&["0"]),
    row("top_p", [Same, Same, As("generationConfig.topP"), As("options.top_p")]),
    row("user", [Same, Said("`metadata.user_id`"), Dropped, Dropped]),
    row("verbosity", [Same, Dropped, Dropped, Dropped]),
    row("web_search_options", [Same, Refused, Refused, Refused]),
];

/// Puts what the table says into a body, and gives back what the dialect has to say itself.
///
/// OpenAI's dialect takes parameters that nobody here knows: its servers have their own. A
/// parameter that is `null` is sent there, too; elsewhere it is absent.
pub(crate) fn place<'r>(
    api: Api,
    request: &'r Request<'_>,
    body: &mut Writer,
) -> Result<Vec<(&'r str, Cow<'r, str>)>, CallError> {
    request.check_translation(api.name())?;
    place_some(api, request.parameters.iter(), body)
}

/// The same for some of the parameters.
pub(crate) fn place_some<'r>(
    api: Api,
    parameters: impl Iterator<Item = &'r (Cow<'r, str>, &'r RawValue)>,
    body: &mut Writer,
) -> Result<Vec<(&'r str, Cow<'r, str>)>, CallError> {
    let mut left = Vec::new();
    for (name, value) in parameters {
        let name = name.as_ref();
        let row = PARAMETERS.iter().find(|row| row.name == name);
        if value.get() == "null" {
            if api == Api::OpenAi && row.is_none_or(|row| row.fate(api) != Refused) {
                left.push((name, Cow::Borrowed(value.get())));
            }
            continue;
        }
        let text = match row {
            Some(row) if row.whole => whole(value),
            _ => Cow::Borrowed(value.get()),
        };
        let unknown = if api == Api::OpenAi { Same } else { Refused };
        match row.map_or(unknown, |row| row.fate(api)) {
            Dropped => {}
            Same if api == Api::OpenAi => left.push((name, text)),
            Same => body.set(name, text),
            As(path) => body.set(path, text),
            Said(_) => left.push((name, text)),
            Refused if row.is_some_and(|row| asks_nothing(row, value)) => {}
            Refused => return Err(refused(api.name(), name)),
        }
    }
    Ok(left)
}

/// The dialect has no word for the parameter.
pub(crate) fn refused(dialect: &str, name: &str) -> CallError {
    unsupported(format!("request.{name}: {dialect} has no {name}"))
}

fn asks_nothing(row: &Parameter, value: &RawValue) -> bool {
    row.nothing.iter().any(|nothing| same(nothing, value.get()))
}

/// Whether two short texts are the same JSON.
fn same(one: &str, other: &str) -> bool {
    let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
    let (one, other) = (read(one), read(other));
    match (&one, &other) {
        (Some(one), Some(other)) if one.is_number() => one.as_f64() == other.as_f64(),
        _ => one.is_some() && one == other,
    }
}

/// The text of a whole number. `1000.0` is one, and servers refuse it; a policy that scales a
/// number makes fractions. Whatever is not a number stays, and the provider says what it is.
fn whole(value: &RawValue) -> Cow<'_, str> {
    /// Up to here every whole number has a double of its own.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let text = value.get();
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Cow::Borrowed(text);
    }
    match serde_json::from_str::<f64>(text) {
        Ok(number) if number.abs() <= EXACT => {
            #[expect(clippy::cast_possible_truncation, reason = "within the range of both")]
            let number = number.round() as i64;
            Cow::Owned(number.to_string())
        }
        _ => Cow::Borrowed(text),
    }
}

/// The table as the documentation has it.
pub(crate) fn markdown() -> String {
    let cell = |fate: Fate| match fate {
        Same => "same".to_owned(),
        As(path) => format!("`{path}`"),
        Said(words) => words.to_owned(),
        Refused => "refused".to_owned(),
        Dropped => "dropped".to_owned(),
    };
    let names = Api::ALL.map(|api| format!("`{}`", api.name())).join(" | ");
    let mut text = format!("| parameter | {names} |\n|---|---|---|---|---|\n");
    for row in PARAMETERS {
        let cells = Api::ALL.map(|api| cell(row.fate(api))).join(" | ");
        text.push_str(&format!("| `{}` | {cells} |\n", row.name));
    }
    text
}

/// The sources of the table: of its columns, and of rows that have one of their own.
pub(crate) fn sources() -> String {
    let mut text = String::new();
    for api in Api::ALL {
        let reference = REFERENCES.get(api.column()).copied().unwrap_or_default();
        text.push_str(&format!("- `{}`: {reference}\n", api.name()));
    }
    for row in PARAMETERS.iter().filter(|row| !row.source.is_empty()) {
        text.push_str(&format!("- `{}`: {}\n", row.name, row.source));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers() {
        for (text, expected) in [
            ("1000", "1000"),
            ("1000.0", "1000"),
            ("1e3", "1000"),
            ("1003.7", "1004"),
            ("-0.0", "0"),
            ("9223372036854775807", "9223372036854775807"),
            ("123456789012345678901234567890", "123456789012345678901234567890"),
            ("1e300", "1e300"),
            ("\"5\"", "\"5\""),
        ] {
            assert_eq!(whole(crate::json::value(text).unwrap()), expected);
        }
    }

    #[test]
    fn rows_are_in_order() {
        assert!(PARAMETERS.is_sorted_by(|one, other| one.name < other.name));
    }
}
