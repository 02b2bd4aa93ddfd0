//! `openai_compatible`: POST {base_url}/chat/completions

use serde_json::{Map, Value, json};

use super::{
    Answer, CallError,
    dialect::{
        Dialect, Partial, filtered, malformed, no_user_message, set, string, tool_call, usage,
    },
    request::{Request, expected},
};

#[derive(Debug)]
pub(super) struct OpenAi;

impl Dialect for OpenAi {
    fn path(&self, _: &str, _: bool) -> String {
        "/chat/completions".to_owned()
    }

    fn body(&self, request: &Request, stream: bool) -> Result<Value, CallError> {
        request.format()?;
        let mut body = Map::new();
        let number = |number: &Option<_>| number.clone().map(Value::Number);
        let text = |text: &str| Some(Value::String(text.to_owned()));
        set(
            &mut body,
            [
                ("model", text(&request.model)),
                ("messages", Some(Value::Array(messages(request)?))),
                ("tools", (!request.tools.is_empty()).then(|| request.tools.clone().into())),
                ("response_format", request.response_format.clone()),
                ("temperature", number(&request.temperature)),
                ("top_p", number(&request.top_p)),
                ("top_k", number(&request.top_k)),
                ("seed", number(&request.seed)),
                (max_tokens(request), number(&request.max_tokens)),
                ("frequency_penalty", number(&request.frequency_penalty)),
                ("presence_penalty", number(&request.presence_penalty)),
                ("reasoning_effort", request.reasoning_effort.as_deref().and_then(text)),
                ("stream", stream.then_some(Value::Bool(true))),
                ("stream_options", stream.then(|| json!({"include_usage": true}))),
            ],
        );
        Ok(Value::Object(body))
    }

    fn answer(&self, body: &Value) -> Result<Answer, CallError> {
        let choice = body.pointer("/choices/0").unwrap_or(&Value::Null);
        let message = choice.get("message").filter(|message| message.is_object());
        let message = message.ok_or_else(|| malformed("expected choices[0].message"))?;
        let text = content(message.get("content"))?;
        let mut tool_calls = Vec::new();
        for call in message.get("tool_calls").and_then(Value::as_array).into_iter().flatten() {
            let name = string(call, "/function/name");
            let name = name.ok_or_else(|| malformed("expected the name of a called function"))?;
            let arguments = string(call, "/function/arguments").unwrap_or_default();
            tool_calls.push(tool_call(string(call, "/id"), name, &arguments)?);
        }
        let answer = Answer {
            text,
            tool_calls,
            finish_reason: string(choice, "/finish_reason"),
            model: string(body, "/model"),
            usage: body.get("usage").and_then(tokens),
        };
        refused(&answer, &string(message, "/refusal").unwrap_or_default())?;
        Ok(answer)
    }

    fn event(&self, event: &Value, partial: &mut Partial) -> Result<(), CallError> {
        let answer = &mut partial.answer;
        answer.model = string(event, "/model").or(answer.model.take());
        answer.usage = event.get("usage").and_then(tokens).or(answer.usage);
        // the event with the usage has no choice
        let Some(choice) = event.pointer("/choices/0") else { return Ok(()) };
        let delta = choice.get("delta").unwrap_or(&Value::Null);
        answer.text.push_str(&content(delta.get("content"))?);
        partial.refusal.push_str(&string(delta, "/refusal").unwrap_or_default());
        if let Some(reason) = string(choice, "/finish_reason") {
            answer.finish_reason = Some(reason);
            refused(answer, &partial.refusal)?;
            partial.finished = true;
        }
        for call in delta.get("tool_calls").and_then(Value::as_array).into_iter().flatten() {
            let part = |pointer| call.pointer(pointer).and_then(Value::as_str);
            partial.call(
                call.get("index").and_then(Value::as_u64).unwrap_or(0),
                part("/id"),
                part("/function/name").unwrap_or_default(),
                part("/function/arguments").unwrap_or_default(),
            );
        }
        Ok(())
    }
}

/// OpenAI itself has given the parameter another name, and refuses the one that all others know.
fn max_tokens(request: &Request) -> &'static str {
    let openai = "https://api.openai.com/";
    if request.base_url.as_ref().is_some_and(|url| url.starts_with(openai)) {
        "max_completion_tokens"
    } else {
        "max_tokens"
    }
}

fn messages(request: &Request) -> Result<Vec<Value>, CallError> {
    let mut messages = request.messages.clone();
    if request.images.is_empty() {
        return Ok(messages);
    }
    let is_user = |message: &&mut Value| message.get("role").is_some_and(|role| role == "user");
    let last = messages.iter_mut().rfind(is_user).and_then(Value::as_object_mut);
    let last = last.ok_or_else(no_user_message)?;
    let mut parts = match last.remove("content") {
        Some(Value::Array(parts)) => parts,
        Some(Value::String(text)) => vec![json!({"type": "text", "text": text})],
        None | Some(Value::Null) => Vec::new(),
        Some(_) => {
            return Err(expected("request.messages: content", "a string or an array of parts"));
        }
    };
    let image = |image: &super::message::Image| json!({"type": "image_url", "image_url": {"url": image.url()}});
    parts.extend(request.images.iter().map(image));
    last.insert("content".to_owned(), Value::Array(parts));
    Ok(messages)
}

/// Some providers give parts, of which the text is the answer.
fn content(content: Option<&Value>) -> Result<String, CallError> {
    match content {
        None | Some(Value::Null) => Ok(String::new()),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Array(parts)) => Ok(parts.iter().filter_map(|p| string(p, "/text")).collect()),
        Some(_) => Err(malformed("content: expected a string")),
    }
}

fn tokens(value: &Value) -> Option<super::Usage> {
    usage(value, "prompt_tokens", &["completion_tokens"])
}

fn refused(answer: &Answer, refusal: &str) -> Result<(), CallError> {
    if !answer.text.is_empty() {
        return Ok(());
    }
    if !refusal.is_empty() {
        return Err(filtered(refusal));
    }
    match answer.finish_reason.as_deref() {
        Some("content_filter") => Err(filtered("finish_reason content_filter")),
        _ => Ok(()),
    }
}
