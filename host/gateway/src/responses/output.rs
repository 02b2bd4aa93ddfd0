//! The output of a response, put together from what a provider says, and the events that tell of it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sigmapol_provider::Delta;

use super::{
    item::{Call, Content, Item, annotation},
    tools::Names,
};

/// The first, and only, part of a message or of a summary.
const FIRST: u64 = 0;

/// An event, without its number.
pub(super) type Event = (&'static str, Value);

/// The items of a response, as far as they have come.
#[derive(Debug)]
pub(super) struct Output {
    /// The id of the request, which those of items are made of.
    id: String,
    names: Names,
    items: Vec<Item>,
    /// The item that text or reasoning goes to.
    open: Option<usize>,
    /// Items of calls, by the numbers of the calls.
    calls: BTreeMap<usize, usize>,
    events: Vec<Event>,
}

impl Output {
    pub(super) fn new(id: &str, names: Names) -> Self {
        Self {
            id: id.to_owned(),
            names,
            items: Vec::new(),
            open: None,
            calls: BTreeMap::new(),
            events: Vec::new(),
        }
    }

    /// Takes an answer that is there whole, in the shape of [`Answer`](sigmapol_provider::Answer).
    pub(super) fn whole(&mut self, answer: &Value) {
        let of = |value: &'_ Value, key: &str| {
            value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let (reasoning, text) = (of(answer, "reasoning"), of(answer, "text"));
        if !reasoning.is_empty() {
            self.reasoning(&reasoning);
        }
        if !text.is_empty() {
            self.text(&text);
        }
        let calls = answer.get("tool_calls").and_then(Value::as_array).into_iter().flatten();
        for (index, call) in calls.enumerate() {
            self.call(index, &of(call, "id"), &of(call, "name"));
            self.arguments(index, &of(call, "arguments"));
        }
        self.end(answer);
    }

    /// Adds a piece of an answer. What proves reasoning to its provider has no place in a response.
    pub(super) fn delta(&mut self, delta: Delta<'_>) {
        match delta {
            Delta::Text(text) => self.text(text),
            Delta::Reasoning(text) => self.reasoning(text),
            Delta::Call { index, id, name } => self.call(index, id, name),
            Delta::Arguments { index, text } => self.arguments(index, text),
            _ => {}
        }
    }

    /// Adds a piece of the text.
    fn text(&mut self, piece: &str) {
        let is_message = |item: &Item| matches!(item.content, Content::Message { .. });
        let at = self.opened(is_message, Content::message);
        let Some(Item { id, content: Content::Message { text, .. }, .. }) = self.items.get_mut(at)
        else {
            return;
        };
        text.push_str(piece);
        if !piece.is_empty() {
            let event = json!({"item_id": id, "output_index": at, "content_index": FIRST,
                "delta": piece, "logprobs": []});
            self.events.push(("response.output_text.delta", event));
        }
    }

    /// Adds a piece of the reasoning.
    fn reasoning(&mut self, piece: &str) {
        let is_reasoning = |item: &Item| matches!(item.content, Content::Reasoning { .. });
        let at = self.opened(is_reasoning, || Content::Reasoning { text: String::new() });
        let Some(Item { id, content: Content::Reasoning { text }, .. }) = self.items.get_mut(at)
        else {
            return;
        };
        text.push_str(piece);
        let event = json!({"item_id": id, "output_index": at, "summary_index": FIRST,
            "delta": piece});
        self.events.push(("response.reasoning_summary_text.delta", event));
    }

    /// Begins a call of a function; one without an id gets one, for clients answer by it.
    fn call(&mut self, index: usize, call_id: &str, name: &str) {
        self.close();
        let call_id = match call_id {
            "" => format!("call_{index}_{}", self.id),
            own => own.to_owned(),
        };
        let (namespace, name) = self.names.split(name);
        let call = Call {
            call_id,
            namespace: namespace.map(str::to_owned),
            name: name.to_owned(),
            ..Call::default()
        };
        let at = self.begin(Content::Call(call));
        self.calls.insert(index, at);
    }

    /// Adds a piece of the arguments of a call.
    fn arguments(&mut self, index: usize, piece: &str) {
        let Some(at) = self.calls.get(&index).copied() else { return };
        let Some(Item { id, content: Content::Call(call), .. }) = self.items.get_mut(at) else {
            return;
        };
        call.arguments.push_str(piece);
        if !piece.is_empty() {
            let event = json!({"item_id": id, "output_index": at, "delta": piece});
            self.events.push(("response.function_call_arguments.delta", event));
        }
    }

    /// All has come: an answer, in the shape of [`Answer`](sigmapol_provider::Answer). What comes with
    /// its end goes to where it belongs.
    pub(super) fn end(&mut self, answer: &Value) {
        let list = |value: Option<&Value>| {
            value.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default().to_vec()
        };
        for (index, call) in list(answer.get("tool_calls")).iter().enumerate() {
            let at = self.calls.get(&index).copied();
            if let Some(Item { content: Content::Call(own), .. }) =
                at.and_then(|at| self.items.get_mut(at))
            {
                own.extra_content = call.get("extra_content").cloned();
            }
        }
        if self.items.iter().all(|item| matches!(item.content, Content::Reasoning { .. })) {
            self.text("");
        }
        let messages = self.items.iter_mut().rev();
        let last = messages.map(|item| &mut item.content).find_map(|content| match content {
            Content::Message { annotations, logprobs, .. } => Some((annotations, logprobs)),
            _ => None,
        });
        if let Some((annotations, logprobs)) = last {
            *annotations = list(answer.get("annotations")).iter().map(annotation).collect();
            *logprobs = list(answer.get("logprobs").and_then(|all| all.get("content")));
        }
        self.close();
        for at in 0..self.items.len() {
            self.done(at);
        }
    }

    /// The items, those that are not whole as such. `cut`: the last one is not, although it is over.
    pub(super) fn items(&self, cut: bool) -> Vec<Value> {
        let last = self.items.len().saturating_sub(1);
        let status = |(at, item): (usize, &Item)| match item.done && !(cut && at == last) {
            true => item.value("completed"),
            false => item.value("incomplete"),
        };
        self.items.iter().enumerate().map(status).collect()
    }

    /// The events since the last time.
    pub(super) fn events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    /// The item of this kind that is open, or another one.
    fn opened(&mut self, is: impl Fn(&Item) -> bool, content: impl Fn() -> Content) -> usize {
        if let Some(at) = self.open.filter(|at| self.items.get(*at).is_some_and(&is)) {
            return at;
        }
        self.close();
        let at = self.begin(content());
        self.open = Some(at);
        let Some(item) = self.items.get(at) else { return at };
        let (id, part) = (item.id.clone(), item.part());
        match item.content {
            Content::Message { .. } => self.events.push((
                "response.content_part.added",
                json!({"item_id": id, "output_index": at, "content_index": FIRST, "part": part}),
            )),
            _ => self.events.push((
                "response.reasoning_summary_part.added",
                json!({"item_id": id, "output_index": at, "summary_index": FIRST, "part": part}),
            )),
        }
        at
    }

    fn begin(&mut self, content: Content) -> usize {
        let at = self.items.len();
        let id = format!("{}_{}_{at}", content.prefix(), self.id);
        let item = Item { id, content, done: false };
        let event = json!({"output_index": at, "item": item.begun()});
        self.events.push(("response.output_item.added", event));
        self.items.push(item);
        at
    }

    /// Nothing more comes for what is open.
    fn close(&mut self) {
        if let Some(at) = self.open.take() {
            self.done(at);
        }
    }

    fn done(&mut self, at: usize) {
        let Some(item) = self.items.get_mut(at).filter(|item| !item.done) else { return };
        item.done = true;
        let (id, part) = (&item.id, item.part());
        match &item.content {
            Content::Message { text, logprobs, .. } => {
                self.events.push((
                    "response.output_text.done",
                    json!({"item_id": id, "output_index": at, "content_index": FIRST,
                        "text": text, "logprobs": logprobs}),
                ));
                self.events.push((
                    "response.content_part.done",
                    json!({"item_id": id, "output_index": at, "content_index": FIRST,
                        "part": part}),
                ));
            }
            Content::Reasoning { text } => {
                self.events.push((
                    "response.reasoning_summary_text.done",
                    json!({"item_id": id, "output_index": at, "summary_index": FIRST,
                        "text": text}),
                ));
                self.events.push((
                    "response.reasoning_summary_part.done",
                    json!({"item_id": id, "output_index": at, "summary_index": FIRST,
                        "part": part}),
                ));
            }
            Content::Call(call) => self.events.push((
                "response.function_call_arguments.done",
                json!({"item_id": id, "output_index": at, "name": call.name,
                    "arguments": call.arguments}),
            )),
        }
        let event = json!({"output_index": at, "item": item.value("completed")});
        self.events.push(("response.output_item.done", event));
    }
}
