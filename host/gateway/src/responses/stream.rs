//! A response as a stream of server-sent events.

use serde_json::{Map, Value, json};
use sigmapol_provider::Delta;
use sigmapol_router::Outcome;

use super::{
    object::{Ended, Envelope},
    output::{Event, Output},
};
use crate::{
    error::ApiError,
    ingress::{Answering, Frames},
};

/// Clients know this word for a conversation that is too long, and do not ask again.
const TOO_LONG: (&str, &str) = ("context_overflow", "context_length_exceeded");

/// A comment, which no client reads: that the connection lives.
const IDLE: &str = ": keep-alive\n\n";

/// The events of a response.
pub(super) struct Events {
    pub(super) envelope: Envelope,
    pub(super) output: Output,
    sequence: u64,
}

impl Events {
    pub(super) const fn new(envelope: Envelope, output: Output) -> Self {
        Self { envelope, output, sequence: 0 }
    }

    /// The text of events, each with its name and its number.
    fn text(&mut self, events: Vec<Event>) -> String {
        let mut text = String::new();
        for (name, members) in events {
            let mut data = Map::new();
            data.insert("type".to_owned(), json!(name));
            data.insert("sequence_number".to_owned(), json!(self.sequence));
            if let Value::Object(members) = members {
                data.extend(members);
            }
            self.sequence += 1;
            text.push_str("event: ");
            text.push_str(name);
            text.push_str("\ndata: ");
            text.push_str(&Value::Object(data).to_string());
            text.push_str("\n\n");
        }
        text
    }

    /// What the output has to tell, and this after it.
    fn rest(&mut self, last: Option<Event>) -> String {
        let mut events = self.output.events();
        events.extend(last);
        self.text(events)
    }
}

impl Frames for Events {
    fn start(&mut self, by: &Answering) -> String {
        self.envelope.model.clone_from(&by.served_model_id);
        let response = json!({"response": self.envelope.in_progress()});
        self.text(vec![("response.created", response.clone()), ("response.in_progress", response)])
    }

    fn delta(&mut self, delta: Delta<'_>) -> String {
        self.output.delta(delta);
        self.rest(None)
    }

    fn end(&mut self, outcome: &Outcome, report: Value) -> String {
        let answer = outcome.answer.as_ref().unwrap_or(&Value::Null);
        self.output.end(answer);
        let name = match Ended::of(answer) {
            Ended::Completed => "response.completed",
            Ended::Incomplete(_) => "response.incomplete",
        };
        let response = self.envelope.ended(&self.output, answer, report);
        self.rest(Some((name, json!({"response": response}))))
    }

    fn broken(&mut self, error: ApiError) -> String {
        let (ours, theirs) = TOO_LONG;
        let code = if error.code == ours { theirs } else { &error.code };
        let told = json!({"code": code, "message": error.message});
        let report = error.report.map(|report| *report);
        let response = self.envelope.failed(&self.output, told, report);
        self.rest(Some(("response.failed", json!({"response": response}))))
    }

    fn idle(&self) -> Option<String> {
        Some(IDLE.to_owned())
    }
}
