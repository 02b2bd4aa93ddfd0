//! An item of the output of a response.

use serde_json::{Map, Value, json};

/// An item, as far as it has come.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) id: String,
    pub(super) content: Content,
    /// All of it has come.
    pub(super) done: bool,
}

/// What an item says.
#[derive(Clone, Debug)]
pub(super) enum Content {
    Message { text: String, annotations: Vec<Value>, logprobs: Vec<Value> },
    Reasoning { text: String },
    Call(Call),
}

/// A call of a function.
#[derive(Clone, Debug, Default)]
pub(super) struct Call {
    pub(super) call_id: String,
    pub(super) namespace: Option<String>,
    pub(super) name: String,
    pub(super) arguments: String,
    /// What has to come back with it.
    pub(super) extra_content: Option<Value>,
}

impl Content {
    /// A message without words.
    pub(super) const fn message() -> Self {
        Self::Message { text: String::new(), annotations: Vec::new(), logprobs: Vec::new() }
    }

    /// How ids of such items begin, as OpenAI's do.
    pub(super) const fn prefix(&self) -> &'static str {
        match self {
            Self::Message { .. } => "msg",
            Self::Reasoning { .. } => "rs",
            Self::Call(_) => "fc",
        }
    }
}

impl Item {
    /// The item in the shape of OpenAI's, with this status.
    pub(super) fn value(&self, status: &str) -> Value {
        match &self.content {
            Content::Message { .. } => json!({"id": self.id, "type": "message",
                "status": status, "role": "assistant", "content": [self.part()]}),
            Content::Reasoning { .. } => {
                json!({"id": self.id, "type": "reasoning", "summary": [self.part()]})
            }
            Content::Call(call) => {
                let mut item = Map::new();
                item.insert("id".to_owned(), json!(self.id));
                item.insert("type".to_owned(), json!("function_call"));
                item.insert("status".to_owned(), json!(status));
                item.insert("call_id".to_owned(), json!(call.call_id));
                if let Some(namespace) = &call.namespace {
                    item.insert("namespace".to_owned(), json!(namespace));
                }
                item.insert("name".to_owned(), json!(call.name));
                item.insert("arguments".to_owned(), json!(call.arguments));
                if let Some(extra) = &call.extra_content {
                    item.insert("extra_content".to_owned(), extra.clone());
                }
                Value::Object(item)
            }
        }
    }

    /// The item as it is when it begins: without what it will say.
    pub(super) fn begun(&self) -> Value {
        let mut value = self.value("in_progress");
        for key in ["content", "summary"] {
            if let Some(parts) = value.get_mut(key) {
                *parts = json!([]);
            }
        }
        value
    }

    /// The one part of a message, or of a summary of reasoning.
    pub(super) fn part(&self) -> Value {
        match &self.content {
            Content::Message { text, annotations, logprobs } => {
                let mut part = json!({"type": "output_text", "text": text,
                    "annotations": annotations});
                if let Some(part) = part.as_object_mut().filter(|_| !logprobs.is_empty()) {
                    part.insert("logprobs".to_owned(), json!(logprobs));
                }
                part
            }
            Content::Reasoning { text } => json!({"type": "summary_text", "text": text}),
            Content::Call(_) => Value::Null,
        }
    }
}

/// A source in the shape of a chat's, in that of a response.
pub(super) fn annotation(of_chat: &Value) -> Value {
    let kind = of_chat.get("type").cloned().unwrap_or_default();
    let inner = kind.as_str().and_then(|kind| of_chat.get(kind)).and_then(Value::as_object);
    let Some(inner) = inner else { return of_chat.clone() };
    let mut flat = Map::from_iter([("type".to_owned(), kind.clone())]);
    flat.extend(inner.clone());
    Value::Object(flat)
}
