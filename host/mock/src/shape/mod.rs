//! Answers in the shapes of the dialects.

mod anthropic;
mod embeddings;
mod google;
mod ollama;
mod openai;

use serde_json::{Value, json};

/// What every answer says that its request took.
const INPUT_TOKENS: u64 = 10;

/// A request's dialect, as its path says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Shape {
    Anthropic,
    /// Of this dialect, embeddings.
    Embeddings(Embeddings),
    Google {
        stream: bool,
    },
    Ollama,
    OpenAi,
}

/// The dialects that have embeddings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Embeddings {
    Google,
    Ollama,
    OpenAi,
}

impl Shape {
    /// The route and the dialect of a path without its query.
    pub(super) fn of(path: &str) -> Option<(String, Self)> {
        let fixed = [
            ("/api/chat", Self::Ollama),
            ("/api/embed", Self::Embeddings(Embeddings::Ollama)),
            ("/chat/completions", Self::OpenAi),
            ("/embeddings", Self::Embeddings(Embeddings::OpenAi)),
            ("/messages", Self::Anthropic),
        ];
        let google = [
            (":generateContent", Self::Google { stream: false }),
            (":streamGenerateContent", Self::Google { stream: true }),
            (":batchEmbedContents", Self::Embeddings(Embeddings::Google)),
        ];
        let fixed =
            fixed.into_iter().find_map(|(end, shape)| Some((path.strip_suffix(end)?, shape)));
        let google = google.into_iter().find_map(|(end, shape)| {
            let (before, _) = path.strip_suffix(end)?.rsplit_once("/models/")?;
            Some((before, shape))
        });
        let (before, shape) = fixed.or(google)?;
        let route = before.trim_start_matches('/').split('/').next().unwrap_or_default();
        Some((route.to_owned(), shape))
    }

    /// The `api_kind` of the dialect.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Anthropic => "anthropic",
            Self::Google { .. } | Self::Embeddings(Embeddings::Google) => "google",
            Self::Ollama | Self::Embeddings(Embeddings::Ollama) => "ollama",
            Self::OpenAi | Self::Embeddings(Embeddings::OpenAi) => "openai_compatible",
        }
    }

    /// Whether the request asks for a stream.
    pub(super) fn streams(self, body: &Value) -> bool {
        let asked = body.get("stream").and_then(Value::as_bool);
        match self {
            Self::Embeddings(_) => false,
            Self::Google { stream } => stream,
            Self::Ollama => asked.unwrap_or(true),
            Self::Anthropic | Self::OpenAi => asked.unwrap_or(false),
        }
    }

    /// The content type of a stream.
    pub(super) const fn stream_type(self) -> &'static str {
        match self {
            Self::Ollama => "application/x-ndjson",
            _ => "text/event-stream",
        }
    }

    /// An answer in one piece.
    pub(super) fn answer(self, said: &Said<'_>) -> Value {
        match self {
            Self::Anthropic => anthropic::answer(said),
            Self::Embeddings(dialect) => embeddings::answer(dialect, said),
            Self::Google { .. } => google::answer(said),
            Self::Ollama => ollama::answer(said),
            Self::OpenAi => openai::answer(said),
        }
    }

    /// The pieces of a stream: the texts, and what comes before and after them.
    pub(super) fn stream(self, said: &Said<'_>, texts: &[String]) -> Stream {
        match self {
            Self::Anthropic => anthropic::stream(said, texts),
            Self::Google { .. } => google::stream(said, texts),
            Self::Ollama => ollama::stream(said, texts),
            Self::OpenAi | Self::Embeddings(_) => openai::stream(said, texts),
        }
    }

    /// One event of a stream, such as an error.
    pub(super) fn event(self, event: &Value) -> String {
        match self {
            Self::Anthropic => anthropic::event(event),
            Self::Google { .. } | Self::OpenAi | Self::Embeddings(_) => sse(event),
            Self::Ollama => format!("{event}\n"),
        }
    }

    /// The body of an error.
    pub(super) fn error(self, status: u16, message: &str) -> Value {
        match self {
            Self::Anthropic => {
                json!({"type": "error", "error": {"type": "api_error", "message": message}})
            }
            Self::Google { .. } | Self::Embeddings(Embeddings::Google) => {
                json!({"error": {"code": status, "message": message, "status": "UNKNOWN"}})
            }
            Self::Ollama | Self::Embeddings(Embeddings::Ollama) => json!({"error": message}),
            Self::OpenAi | Self::Embeddings(Embeddings::OpenAi) => {
                json!({"error": {"message": message, "type": "error", "code": null}})
            }
        }
    }
}

/// What an answer says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Said<'a> {
    pub(super) model: &'a str,
    pub(super) text: &'a str,
    pub(super) reasoning: &'a str,
    pub(super) calls: &'a [Call],
    /// In place of the dialect's own word.
    pub(super) finish_reason: Option<&'a str>,
    /// The request, and what embeddings are given in turn for its inputs.
    pub(super) request: &'a Value,
    pub(super) embeddings: &'a [Vec<f32>],
}

/// A call of a tool.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Call {
    pub(super) id: Option<String>,
    pub(super) name: String,
    /// JSON, or not: as text where the dialect has a text.
    pub(super) arguments: String,
    pub(super) thought_signature: Option<String>,
}

/// A streamed answer.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) before: String,
    pub(super) texts: Vec<String>,
    pub(super) after: String,
}

impl Said<'_> {
    /// A mock has no tokenizer: words do.
    fn output_tokens(&self) -> u64 {
        let words = self.text.split_whitespace().chain(self.reasoning.split_whitespace()).count();
        u64::try_from(words).unwrap_or(u64::MAX)
    }

    /// The scripted reason to stop, or the dialect's.
    fn reason<'a>(&'a self, end: &'a str, calls: &'a str) -> &'a str {
        let own = if self.calls.is_empty() { end } else { calls };
        self.finish_reason.unwrap_or(own)
    }
}

impl Call {
    /// The arguments as JSON, for a dialect that has no text.
    fn value(&self) -> Value {
        serde_json::from_str(&self.arguments).unwrap_or_else(|_| self.arguments.clone().into())
    }
}

/// A server-sent event.
fn sse(event: &Value) -> String {
    format!("data: {event}\n\n")
}

/// An object without the members that are `null`.
fn without_nulls(mut object: Value) -> Value {
    if let Some(members) = object.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    object
}
