//! Answers: an event of a stream has the shape of an answer, with a piece of the text.

use serde_json::value::RawValue;

use crate::{
    CallError,
    collect::{Counts, Extent, Partial, Piece, sum},
    error::{filtered, malformed},
    json::{Object, Writer},
};

/// Ends that are failures, whatever came before.
/// <https://ai.google.dev/api/generate-content#FinishReason>
const FAILURES: [&str; 6] = [
    "MALFORMED_FUNCTION_CALL",
    "MALFORMED_RESPONSE",
    "MISSING_THOUGHT_SIGNATURE",
    "NO_IMAGE",
    "TOO_MANY_TOOL_CALLS",
    "UNEXPECTED_TOOL_CALL",
];

/// Adds an answer in one piece.
pub(super) fn whole(body: &Object<'_>, partial: &mut Partial) -> Result<(), CallError> {
    event(body, partial)?;
    match body.objects("candidates").first() {
        Some(_) => Ok(()),
        None => Err(malformed("expected candidates[0]")),
    }
}

/// Adds an event of a stream.
pub(super) fn event(event: &Object<'_>, partial: &mut Partial) -> Result<(), CallError> {
    if let Some(reason) = event.object("promptFeedback").word("blockReason") {
        return Err(filtered(format!("blockReason {reason}")));
    }
    partial.model = event.word("modelVersion").or(partial.model.take());
    if let Some(usage) = event.get("usageMetadata").and_then(Object::of) {
        partial.counts.update(counts(&usage));
    }
    let Some(candidate) = event.objects("candidates").into_iter().next() else { return Ok(()) };
    for part in candidate.object("content").objects("parts") {
        add_part(&part, partial)?;
    }
    let Some(reason) = candidate.word("finishReason") else { return Ok(()) };
    if FAILURES.contains(&reason.as_str()) {
        let message = candidate.word("finishMessage").map(|message| format!(": {message}"));
        return Err(malformed(format!("finish reason {reason}{}", message.unwrap_or_default())));
    }
    partial.end(Some(reason))
}

fn add_part(part: &Object<'_>, partial: &mut Partial) -> Result<(), CallError> {
    if let Some(call) = part.get("functionCall").and_then(Object::of) {
        // as Google's own endpoint for OpenAI's dialect has it:
        // https://ai.google.dev/gemini-api/docs/thought-signatures#openai
        let signature = part.get("thoughtSignature").or_else(|| part.get("thought_signature"));
        let extra = signature
            .map(|text| Writer::default().with("google.thought_signature", text.get()).to_string());
        return partial.add_call(Piece {
            id: call.text("id").as_deref(),
            name: &call.text("name").unwrap_or_default(),
            begins: true,
            extent: Extent::Whole,
            otherwise: call.get("args").map(RawValue::get),
            extra_content: extra.as_deref(),
            ..Piece::default()
        });
    }
    let text = part.text("text").unwrap_or_default();
    if part.is_true("thought") {
        partial.add_reasoning(&text);
    } else {
        partial.add_text(&text);
    }
    Ok(())
}

/// <https://ai.google.dev/api/generate-content#UsageMetadata>: what is of the cache is part of the
/// prompt; thoughts are counted apart, and are output all the same.
fn counts(usage: &Object<'_>) -> Counts {
    Counts {
        input: sum(usage, &["promptTokenCount", "toolUsePromptTokenCount"]),
        output: sum(usage, &["candidatesTokenCount", "thoughtsTokenCount"]),
        cache_read: usage.count("cachedContentTokenCount"),
        reasoning: usage.count("thoughtsTokenCount"),
        ..Counts::default()
    }
}
