//! Answers and the events of a stream.
//!
//! <https://platform.claude.com/docs/en/build-with-claude/streaming>

use serde_json::value::RawValue;

use crate::{
    CallError,
    collect::{Counts, Extent, Partial, Piece},
    error::malformed,
    json::Object,
};

/// Adds an answer in one piece.
pub(super) fn whole(body: &Object<'_>, partial: &mut Partial) -> Result<(), CallError> {
    if body.get("content").is_none_or(|content| !content.get().starts_with('[')) {
        return Err(malformed("expected content, an array"));
    }
    start(body, partial);
    for block in body.objects("content") {
        add_block(&block, None, partial)?;
    }
    partial.end(body.word("stop_reason"))
}

/// Adds an event of a stream.
pub(super) fn event(event: &Object<'_>, partial: &mut Partial) -> Result<(), CallError> {
    let index = event.count("index").or(Some(0));
    match event.text("type").as_deref() {
        Some("message_start") => start(&event.object("message"), partial),
        Some("content_block_start") => add_block(&event.object("content_block"), index, partial)?,
        Some("content_block_delta") => add_delta(&event.object("delta"), index, partial)?,
        Some("message_delta") => {
            if let Some(reason) = event.object("delta").word("stop_reason") {
                partial.end(Some(reason))?;
            }
            if let Some(usage) = event.get("usage").and_then(Object::of) {
                partial.counts.update(counts(&usage));
            }
        }
        Some("message_stop") => {
            partial.finished = true;
            partial.over = true;
        }
        Some("content_block_stop") => partial.end_thinking(),
        // pings, and what comes to be
        _ => {}
    }
    Ok(())
}

fn start(message: &Object<'_>, partial: &mut Partial) {
    partial.model = message.word("model").or(partial.model.take());
    if let Some(usage) = message.get("usage").and_then(Object::of) {
        partial.counts.update(counts(&usage));
    }
}

fn add_block(
    block: &Object<'_>,
    index: Option<u64>,
    partial: &mut Partial,
) -> Result<(), CallError> {
    match block.text("type").as_deref() {
        Some("text") => partial.add_text(&block.text("text").unwrap_or_default()),
        Some("thinking") => {
            let (text, signature) = (block.text("thinking"), block.text("signature"));
            partial.begin_thinking(&text.unwrap_or_default(), &signature.unwrap_or_default());
        }
        Some("redacted_thinking") => {
            partial.add_redacted(&block.text("data").unwrap_or_default());
        }
        Some("tool_use") => partial.add_call(Piece {
            index,
            id: block.text("id").as_deref(),
            name: &block.text("name").unwrap_or_default(),
            begins: true,
            extent: Extent::Head,
            // whole where there is no stream, and in streams of some other servers
            otherwise: block.get("input").map(RawValue::get),
            ..Piece::default()
        })?,
        // what this host did not ask for
        _ => {}
    }
    Ok(())
}

fn add_delta(
    delta: &Object<'_>,
    index: Option<u64>,
    partial: &mut Partial,
) -> Result<(), CallError> {
    match delta.text("type").as_deref() {
        Some("text_delta") => partial.add_text(&delta.text("text").unwrap_or_default()),
        Some("thinking_delta") => {
            partial.add_thinking(&delta.text("thinking").unwrap_or_default(), "")?;
        }
        // hidden thinking shows in nothing else
        Some("signature_delta") => {
            partial.add_thinking("", &delta.text("signature").unwrap_or_default())?;
        }
        Some("input_json_delta") => {
            let arguments = delta.text("partial_json").unwrap_or_default();
            partial.add_call(Piece { index, arguments: &arguments, ..Piece::default() })?;
        }
        _ => {}
    }
    Ok(())
}

/// <https://platform.claude.com/docs/en/build-with-claude/prompt-caching#tracking-cache-performance>:
/// the input is what was neither read from the cache nor written to it.
fn counts(usage: &Object<'_>) -> Counts {
    Counts {
        input: usage.count("input_tokens"),
        output: usage.count("output_tokens"),
        cache_read: usage.count("cache_read_input_tokens"),
        cache_write: usage.count("cache_creation_input_tokens"),
        cache_is_beside: true,
        ..Counts::default()
    }
}
