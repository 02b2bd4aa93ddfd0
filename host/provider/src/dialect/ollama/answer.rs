//! Answers: an event of a stream has the shape of an answer, with a piece of the text.

use serde_json::value::RawValue;

use crate::{
    CallError,
    collect::{Counts, Extent, Partial, Piece, sum},
    error::malformed,
    json::Object,
};

/// Adds an answer in one piece.
pub(super) fn whole(body: &Object<'_>, partial: &mut Partial) -> Result<(), CallError> {
    if body.get("message").and_then(Object::of).is_none() {
        return Err(malformed("expected message, an object"));
    }
    event(body, partial)
}

/// Adds an event of a stream.
pub(super) fn event(event: &Object<'_>, partial: &mut Partial) -> Result<(), CallError> {
    partial.model = event.word("model").or(partial.model.take());
    let message = event.object("message");
    if let Some(thinking) = message.word("thinking") {
        partial.add_reasoning(&thinking);
    }
    partial.add_text(&message.text("content").unwrap_or_default());
    for call in message.objects("tool_calls") {
        let function = call.object("function");
        partial.add_call(Piece {
            id: call.text("id").as_deref(),
            name: &function.text("name").unwrap_or_default(),
            begins: true,
            extent: Extent::Whole,
            otherwise: function.get("arguments").map(RawValue::get),
            ..Piece::default()
        })?;
    }
    partial.add_logprobs(&event.items("logprobs"));
    if event.is_true("done") {
        partial.end(event.word("done_reason"))?;
        partial.counts.update(Counts {
            input: event.count("prompt_eval_count"),
            output: sum(event, &["eval_count"]),
            cache_read: event.count("prompt_eval_cached_count"),
            ..Counts::default()
        });
        partial.over = true;
    }
    Ok(())
}
