//! A message as a stream of server-sent events.
//!
//! <https://platform.claude.com/docs/en/build-with-claude/streaming>

use serde_json::{Value, json};
use sigmapol_provider::Delta;
use sigmapol_router::Outcome;

use super::{
    answer::Envelope,
    open::{Blocks, event},
    shape,
};
use crate::{
    error::ApiError,
    ingress::{Answering, Frames},
};

/// The events of a message.
#[derive(Debug)]
pub(super) struct Events {
    envelope: Envelope,
    blocks: Blocks,
}

impl Events {
    pub(super) fn new(envelope: Envelope) -> Self {
        Self { blocks: Blocks::new(envelope.clone()), envelope }
    }
}

impl Frames for Events {
    /// The tokens of the request are an estimate, for nobody knows more yet.
    fn start(&mut self, by: &Answering) -> String {
        let message = json!({"id": self.envelope.message_id(), "type": "message",
            "role": "assistant", "model": by.served_model_id, "content": [],
            "stop_reason": null, "stop_sequence": null,
            "usage": {"input_tokens": self.envelope.tokens, "output_tokens": 0}});
        event(&json!({"type": "message_start", "message": message}))
    }

    fn delta(&mut self, delta: Delta<'_>) -> String {
        self.blocks.take(delta)
    }

    fn end(&mut self, outcome: &Outcome, report: Value) -> String {
        let answer = outcome.answer.as_ref().unwrap_or(&Value::Null);
        let (reason, sequence) = self.envelope.stop(answer);
        let delta = json!({"stop_reason": reason, "stop_sequence": sequence});
        let usage = self.envelope.usage(answer, outcome.text());
        let last = json!({"type": "message_delta", "delta": delta, "usage": usage,
            "x_router": report});
        self.blocks.end() + &event(&last) + &event(&json!({"type": "message_stop"}))
    }

    /// A client that has a part of an answer learns that it is not all.
    fn broken(&mut self, error: ApiError) -> String {
        event(&shape::of(&error, &self.envelope.id).1)
    }

    fn idle(&self) -> Option<String> {
        Some(event(&json!({"type": "ping"})))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::IDLE_TIME;

    #[test]
    fn a_client_hears_that_it_goes_on() {
        let envelope = Envelope { id: String::new(), tokens: 1, thinks: false, stops: Vec::new() };
        let ping = "event: ping\ndata: {\"type\":\"ping\"}\n\n";
        assert_eq!(Events::new(envelope).idle().as_deref(), Some(ping));
        assert!(IDLE_TIME.as_secs() <= 15);
    }
}
