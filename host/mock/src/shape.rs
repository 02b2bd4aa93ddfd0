//! Answers in the shapes of the dialects.

use serde_json::{Value, json};

/// What every answer says that its request took.
const INPUT_TOKENS: u64 = 10;

/// A request's dialect, as its path says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Shape {
    Anthropic,
    Google { stream: bool },
    Ollama,
    OpenAi,
}

impl Shape {
    /// The route and the dialect of a path without its query.
    pub(super) fn of(path: &str) -> Option<(String, Self)> {
        let fixed = [
            ("/api/chat", Self::Ollama),
            ("/chat/completions", Self::OpenAi),
            ("/messages", Self::Anthropic),
        ];
        let google = [
            (":generateContent", Self::Google { stream: false }),
            (":streamGenerateContent", Self::Google { stream: true }),
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
            Self::Google { .. } => "google",
            Self::Ollama => "ollama",
            Self::OpenAi => "openai_compatible",
        }
    }

    /// Whether the request asks for a stream.
    pub(super) fn streams(self, body: &Value) -> bool {
        let asked = body.get("stream").and_then(Value::as_bool);
        match self {
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
    pub(super) fn answer(self, model: &str, text: &str) -> Value {
        let output = words(text);
        match self {
            Self::Anthropic => json!({"id": "mock", "type": "message", "role": "assistant",
                "model": model, "content": [{"type": "text", "text": text}],
                "stop_reason": "end_turn",
                "usage": {"input_tokens": INPUT_TOKENS, "output_tokens": output}}),
            Self::Google { .. } => google(model, text, Some("STOP"), output),
            Self::Ollama => ollama(model, text, Some(output)),
            Self::OpenAi => json!({"id": "mock", "object": "chat.completion", "model": model,
                "choices": [{"index": 0, "finish_reason": "stop",
                    "message": {"role": "assistant", "content": text}}],
                "usage": openai_usage(output)}),
        }
    }

    /// The pieces of a stream: the texts, and what comes before and after them.
    pub(super) fn stream(self, model: &str, texts: &[String]) -> Stream {
        let output = words(&texts.concat());
        let openai = |delta: Value, reason: Option<&str>| {
            json!({"id": "mock", "object": "chat.completion.chunk", "model": model,
                "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]})
        };
        let anthropic = |event: Value| {
            let name = event.get("type").and_then(Value::as_str).unwrap_or_default();
            format!("event: {name}\ndata: {event}\n\n")
        };
        let sse = |event: Value| format!("data: {event}\n\n");
        let texts = texts.iter();
        match self {
            Self::Anthropic => Stream {
                before: anthropic(json!({"type": "message_start", "message": {"id": "mock",
                        "role": "assistant", "model": model, "content": [],
                        "usage": {"input_tokens": INPUT_TOKENS, "output_tokens": 1}}}))
                    + &anthropic(json!({"type": "content_block_start", "index": 0,
                        "content_block": {"type": "text", "text": ""}})),
                texts: texts
                    .map(|text| {
                        anthropic(json!({"type": "content_block_delta", "index": 0,
                            "delta": {"type": "text_delta", "text": text}}))
                    })
                    .collect(),
                after: anthropic(json!({"type": "content_block_stop", "index": 0}))
                    + &anthropic(json!({"type": "message_delta",
                        "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": output}}))
                    + &anthropic(json!({"type": "message_stop"})),
            },
            Self::Google { .. } => Stream {
                before: String::new(),
                texts: texts.map(|text| sse(google(model, text, None, 0))).collect(),
                after: sse(google(model, "", Some("STOP"), output)),
            },
            Self::Ollama => Stream {
                before: String::new(),
                texts: texts.map(|text| format!("{}\n", ollama(model, text, None))).collect(),
                after: format!("{}\n", ollama(model, "", Some(output))),
            },
            Self::OpenAi => Stream {
                before: sse(openai(json!({"role": "assistant", "content": ""}), None)),
                texts: texts.map(|text| sse(openai(json!({"content": text}), None))).collect(),
                after: sse(openai(json!({}), Some("stop")))
                    + &sse(json!({"id": "mock", "object": "chat.completion.chunk", "model": model,
                        "choices": [], "usage": openai_usage(output)}))
                    + "data: [DONE]\n\n",
            },
        }
    }

    /// The body of an error.
    pub(super) fn error(self, status: u16, message: &str) -> Value {
        match self {
            Self::Anthropic => {
                json!({"type": "error", "error": {"type": "api_error", "message": message}})
            }
            Self::Google { .. } => {
                json!({"error": {"code": status, "message": message, "status": "UNKNOWN"}})
            }
            Self::Ollama => json!({"error": message}),
            Self::OpenAi => {
                json!({"error": {"message": message, "type": "error", "code": null}})
            }
        }
    }
}

/// A streamed answer.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) before: String,
    pub(super) texts: Vec<String>,
    pub(super) after: String,
}

/// A mock has no tokenizer: words do.
fn words(text: &str) -> u64 {
    u64::try_from(text.split_whitespace().count()).unwrap_or(u64::MAX)
}

fn openai_usage(output: u64) -> Value {
    json!({"prompt_tokens": INPUT_TOKENS, "completion_tokens": output,
        "total_tokens": INPUT_TOKENS + output})
}

fn google(model: &str, text: &str, reason: Option<&str>, output: u64) -> Value {
    json!({"modelVersion": model,
        "candidates": [{"content": {"role": "model", "parts": [{"text": text}]},
            "finishReason": reason}],
        "usageMetadata": {"promptTokenCount": INPUT_TOKENS, "candidatesTokenCount": output}})
}

fn ollama(model: &str, text: &str, output: Option<u64>) -> Value {
    let message = json!({"role": "assistant", "content": text});
    match output {
        None => json!({"model": model, "message": message, "done": false}),
        Some(output) => json!({"model": model, "message": message, "done": true,
            "done_reason": "stop", "prompt_eval_count": INPUT_TOKENS, "eval_count": output}),
    }
}
