//! `google`: POST {base_url}/models/{model}:generateContent

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::{
    Answer, CallError, Usage,
    auth::Credential,
    dialect::{
        Dialect, Partial, attach_images, bearer, call_value, filtered, malformed, push_turn, set,
        string, usage,
    },
    message::{Image, Message, Part, Role, Tool},
    request::{Format, Request},
};

/// Reasons to stop that are refusals, if there is no text.
const REFUSALS: [&str; 3] = ["BLOCKLIST", "PROHIBITED_CONTENT", "SAFETY"];

#[derive(Debug)]
pub(super) struct Google;

impl Dialect for Google {
    fn path(&self, model: &str, stream: bool) -> String {
        let method = if stream { "streamGenerateContent?alt=sse" } else { "generateContent" };
        format!("/models/{}:{method}", escape(model))
    }

    fn headers(&self, credential: Option<&Credential>) -> Vec<(&'static str, String)> {
        let header = credential.map(|credential| match credential {
            Credential::Key(key) => ("x-goog-api-key", key.expose().to_owned()),
            Credential::Token(_) => bearer(credential),
        });
        header.into_iter().collect()
    }

    fn body(&self, request: &Request, _: bool) -> Result<Value, CallError> {
        request.refuse("google", &["reasoning_effort"])?;
        let mut messages = request.messages()?;
        attach_images(&mut messages, request)?;
        let (system, contents) = contents(&messages);
        let functions: Vec<_> = request.tools()?.into_iter().map(function).collect();
        let generation = generation(request)?;
        let mut body = Map::new();
        set(
            &mut body,
            [
                ("contents", Some(contents.into())),
                ("systemInstruction", (!system.is_empty()).then(|| json!({"parts": system}))),
                ("generationConfig", (!generation.is_empty()).then(|| generation.into())),
                (
                    "tools",
                    (!functions.is_empty()).then(|| json!([{"functionDeclarations": functions}])),
                ),
            ],
        );
        Ok(Value::Object(body))
    }

    fn answer(&self, body: &Value) -> Result<Answer, CallError> {
        let mut partial = Partial::default();
        self.event(body, &mut partial)?;
        if body.pointer("/candidates/0").is_none_or(|candidate| !candidate.is_object()) {
            return Err(malformed("expected candidates[0]"));
        }
        partial.finish()
    }

    /// An event has the shape of an answer, with a piece of the text.
    fn event(&self, event: &Value, partial: &mut Partial) -> Result<(), CallError> {
        if let Some(reason) = string(event, "/promptFeedback/blockReason") {
            return Err(filtered(format!("blockReason {reason}")));
        }
        let answer = &mut partial.answer;
        answer.model = string(event, "/modelVersion").or(answer.model.take());
        answer.usage = event.get("usageMetadata").and_then(tokens).or(answer.usage);
        let candidate = event.pointer("/candidates/0").unwrap_or(&Value::Null);
        let parts = candidate.pointer("/content/parts").and_then(Value::as_array);
        for part in parts.into_iter().flatten() {
            if let Some(call) = part.get("functionCall") {
                let name = string(call, "/name")
                    .ok_or_else(|| malformed("expected the name of a called function"))?;
                let arguments = call.get("args").cloned().unwrap_or_else(|| json!({}));
                answer.tool_calls.push(call_value(string(call, "/id"), &name, arguments));
            } else if part.get("thought") != Some(&Value::Bool(true)) {
                answer.text.push_str(&string(part, "/text").unwrap_or_default());
            }
        }
        if let Some(reason) = string(candidate, "/finishReason") {
            if answer.text.is_empty() && REFUSALS.contains(&reason.as_str()) {
                return Err(filtered(format!("finishReason {reason}")));
            }
            answer.finish_reason = Some(reason);
            partial.finished = true;
        }
        Ok(())
    }
}

/// The name of a model is one segment of the path, whatever is in it.
fn escape(model: &str) -> String {
    let mut escaped = String::new();
    for byte in model.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            let _ = write!(escaped, "%{byte:02X}"); // a string takes everything
        }
    }
    escaped
}

fn generation(request: &Request) -> Result<Map<String, Value>, CallError> {
    let number = |number: &Option<_>| number.clone().map(Value::Number);
    let format = request.format()?;
    let schema = match &format {
        Some(Format::Schema(schema)) => Some(schema.clone()),
        _ => None,
    };
    let mut generation = Map::new();
    set(
        &mut generation,
        [
            ("temperature", number(&request.temperature)),
            ("topP", number(&request.top_p)),
            ("topK", number(&request.top_k)),
            ("maxOutputTokens", number(&request.max_tokens)),
            ("seed", number(&request.seed)),
            ("presencePenalty", number(&request.presence_penalty)),
            ("frequencyPenalty", number(&request.frequency_penalty)),
            ("responseMimeType", format.map(|_| "application/json".into())),
            ("responseSchema", schema),
        ],
    );
    Ok(generation)
}

fn function(tool: Tool) -> Value {
    let mut function = Map::new();
    set(
        &mut function,
        [
            ("name", Some(tool.name.into())),
            ("description", tool.description.map(Value::from)),
            ("parameters", tool.parameters),
        ],
    );
    Value::Object(function)
}

/// The parts of the system, and the turns of user and model.
fn contents(messages: &[Message]) -> (Vec<Value>, Vec<Value>) {
    let mut system = Vec::new();
    let mut turns = Vec::new();
    for message in messages {
        let parts = message.parts.iter().map(part);
        match &message.role {
            Role::System => system.extend(parts),
            Role::User => push_turn(&mut turns, "user", "parts", parts.collect()),
            Role::Assistant => {
                let calls = message.calls.iter().map(
                    |call| json!({"functionCall": {"name": call.name, "args": call.arguments}}),
                );
                push_turn(&mut turns, "model", "parts", parts.chain(calls).collect());
            }
            Role::Tool { name, .. } => {
                let text = message.text();
                let response = match serde_json::from_str(&text) {
                    Ok(value @ Value::Object(_)) => value,
                    _ => json!({"result": text}), // the dialect wants an object
                };
                let result = json!({"functionResponse": {"name": name, "response": response}});
                push_turn(&mut turns, "user", "parts", vec![result]);
            }
        }
    }
    (system, turns)
}

fn part(part: &Part) -> Value {
    match part {
        Part::Text(text) => json!({"text": text}),
        Part::Image(Image::Url(url)) => json!({"fileData": {"fileUri": url}}),
        Part::Image(Image::Data { mime, base64 }) => {
            json!({"inlineData": {"mimeType": mime, "data": base64}})
        }
    }
}

/// Thoughts are counted apart, and are output all the same.
fn tokens(value: &Value) -> Option<Usage> {
    usage(value, "promptTokenCount", &["candidatesTokenCount", "thoughtsTokenCount"])
}
