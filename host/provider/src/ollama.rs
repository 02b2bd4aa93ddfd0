//! `ollama`: POST {base_url}/api/chat

use serde_json::{Map, Value, json};

use super::{
    Answer, CallError,
    dialect::{
        Dialect, Framing, Partial, attach_images, call_value, malformed, set, string, usage,
    },
    message::{Image, Message, Part, Role},
    request::{Format, Request, bad},
};

#[derive(Debug)]
pub(super) struct Ollama;

impl Dialect for Ollama {
    fn path(&self, _: &str, _: bool) -> String {
        "/api/chat".to_owned()
    }

    fn body(&self, request: &Request, stream: bool) -> Result<Value, CallError> {
        let mut messages = request.messages()?;
        attach_images(&mut messages, request)?;
        let messages: Vec<_> = messages.iter().map(message).collect::<Result<_, _>>()?;
        request.tools()?; // the shape is the same, and has to be right
        let options = options(request);
        let format = request.format()?.map(|format| match format {
            Format::Json => "json".into(),
            Format::Schema(schema) => schema,
        });
        let mut body = Map::new();
        set(
            &mut body,
            [
                ("model", Some(request.model.as_str().into())),
                ("messages", Some(messages.into())),
                ("tools", (!request.tools.is_empty()).then(|| request.tools.clone().into())),
                ("format", format),
                ("think", request.reasoning_effort.as_deref().map(Value::from)),
                ("options", (!options.is_empty()).then(|| options.into())),
                ("stream", Some(Value::Bool(stream))),
            ],
        );
        Ok(Value::Object(body))
    }

    fn answer(&self, body: &Value) -> Result<Answer, CallError> {
        if body.get("message").is_none_or(|message| !message.is_object()) {
            return Err(malformed("expected message, an object"));
        }
        let mut partial = Partial::default();
        self.event(body, &mut partial)?;
        partial.finish()
    }

    fn framing(&self) -> Framing {
        Framing::Lines
    }

    /// An event has the shape of an answer, with a piece of the text.
    fn event(&self, event: &Value, partial: &mut Partial) -> Result<(), CallError> {
        let answer = &mut partial.answer;
        answer.model = string(event, "/model").or(answer.model.take());
        answer.text.push_str(&string(event, "/message/content").unwrap_or_default());
        let calls = event.pointer("/message/tool_calls").and_then(Value::as_array);
        for call in calls.into_iter().flatten() {
            let name = string(call, "/function/name")
                .ok_or_else(|| malformed("expected the name of a called function"))?;
            let arguments =
                call.pointer("/function/arguments").cloned().unwrap_or_else(|| json!({}));
            answer.tool_calls.push(call_value(string(call, "/id"), &name, arguments));
        }
        if event.get("done") == Some(&Value::Bool(true)) {
            answer.finish_reason = string(event, "/done_reason");
            answer.usage = usage(event, "prompt_eval_count", &["eval_count"]);
            partial.finished = true;
        }
        Ok(())
    }
}

fn options(request: &Request) -> Map<String, Value> {
    let number = |number: &Option<_>| number.clone().map(Value::Number);
    let mut options = Map::new();
    set(
        &mut options,
        [
            ("temperature", number(&request.temperature)),
            ("top_p", number(&request.top_p)),
            ("top_k", number(&request.top_k)),
            ("seed", number(&request.seed)),
            ("num_predict", number(&request.max_tokens)),
            ("frequency_penalty", number(&request.frequency_penalty)),
            ("presence_penalty", number(&request.presence_penalty)),
        ],
    );
    options
}

fn message(message: &Message) -> Result<Value, CallError> {
    let (role, tool) = match &message.role {
        Role::System => ("system", None),
        Role::User => ("user", None),
        Role::Assistant => ("assistant", None),
        Role::Tool { name, .. } => ("tool", Some(name.as_str().into())),
    };
    let mut images = Vec::new();
    for part in &message.parts {
        match part {
            Part::Text(_) => {}
            Part::Image(Image::Data { base64, .. }) => images.push(Value::from(base64.as_str())),
            Part::Image(Image::Url(_)) => {
                return Err(bad("request: ollama has no images by address, only data: URLs"));
            }
        }
    }
    let calls: Vec<_> = message
        .calls
        .iter()
        .map(|call| json!({"function": {"name": call.name, "arguments": call.arguments}}))
        .collect();
    let mut value = Map::new();
    set(
        &mut value,
        [
            ("role", Some(role.into())),
            ("content", Some(message.text().into())),
            ("images", (!images.is_empty()).then(|| images.into())),
            ("tool_calls", (!calls.is_empty()).then(|| calls.into())),
            ("tool_name", tool),
        ],
    );
    Ok(Value::Object(value))
}
