//! Answers: a delta of a stream has the shape of a message.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::{
    CallError,
    collect::{Counts, Partial, Piece, nano_usd, sum},
    error::malformed,
    json::{Object, items, string},
};

/// Adds an answer in one piece.
pub(super) fn whole(body: &Object<'_>, partial: &mut Partial) -> Result<(), CallError> {
    let choice = body.objects("choices").into_iter().next().unwrap_or_default();
    let message = choice.get("message").and_then(Object::of);
    let message = message.ok_or_else(|| malformed("expected choices[0].message"))?;
    common(body, partial);
    add(&message, partial)?;
    end(&choice, partial)
}

/// Adds an event of a stream.
pub(super) fn event(event: &Object<'_>, partial: &mut Partial) -> Result<(), CallError> {
    common(event, partial);
    // the event with the usage has no choice
    for choice in event.objects("choices") {
        if choice.count("index").is_none_or(|index| index == 0) {
            add(&choice.object("delta"), partial)?;
            end(&choice, partial)?;
        }
    }
    Ok(())
}

fn common(body: &Object<'_>, partial: &mut Partial) {
    partial.model = body.word("model").or(partial.model.take());
    if let Some(usage) = body.get("usage").and_then(Object::of) {
        partial.counts.update(counts(&usage));
    }
}

fn end(choice: &Object<'_>, partial: &mut Partial) -> Result<(), CallError> {
    partial.add_logprobs(&choice.object("logprobs").items("content"));
    match choice.word("finish_reason") {
        Some(reason) => partial.end(Some(reason)),
        None => Ok(()),
    }
}

fn add(message: &Object<'_>, partial: &mut Partial) -> Result<(), CallError> {
    // vLLM and DeepSeek say reasoning_content, OpenRouter and Groq reasoning
    let reasoning = ["reasoning_content", "reasoning"].iter().find_map(|key| message.word(key));
    if let Some(reasoning) = reasoning {
        partial.add_reasoning(&reasoning);
    } else if !message.items("reasoning_details").is_empty() {
        partial.add_reasoning("");
    }
    if let Some(content) = message.get("content") {
        add_content(content, partial)?;
    }
    partial.add_refusal(&message.text("refusal").unwrap_or_default());
    partial.add_annotations(&message.items("annotations"));
    for (position, call) in message.objects("tool_calls").into_iter().enumerate() {
        let function = call.object("function");
        let name = function.text("name").unwrap_or_default();
        let index = call.count("index");
        partial.add_call(Piece {
            index,
            id: call.text("id").as_deref(),
            name: &name,
            arguments: &arguments(&function),
            begins: index.is_none() && position > 0 && !name.is_empty(),
            extra_content: call.get("extra_content").map(RawValue::get),
            ..Piece::default()
        })?;
    }
    // the older form of the same
    if let Some(call) = message.get("function_call").and_then(Object::of) {
        let name = call.text("name").unwrap_or_default();
        partial.add_call(Piece {
            name: &name,
            arguments: &arguments(&call),
            ..Piece::default()
        })?;
    }
    Ok(())
}

/// Some servers give the object itself and not its text.
fn arguments<'a>(function: &Object<'a>) -> Cow<'a, str> {
    match function.get("arguments") {
        None => Cow::Borrowed(""),
        Some(value) => string(value).unwrap_or(Cow::Borrowed(value.get())),
    }
}

/// Some servers give parts, of which the texts are the answer.
fn add_content(content: &RawValue, partial: &mut Partial) -> Result<(), CallError> {
    if let Some(text) = string(content) {
        partial.add_text(&text);
        return Ok(());
    }
    let parts = items(content).ok_or_else(|| malformed("content: expected a string"))?;
    for part in parts.into_iter().filter_map(Object::of) {
        // Mistral: https://docs.mistral.ai/capabilities/reasoning
        for thought in part.objects("thinking") {
            partial.add_reasoning(&thought.text("text").unwrap_or_default());
        }
        partial.add_text(&part.text("text").unwrap_or_default());
        partial.add_refusal(&part.text("refusal").unwrap_or_default());
    }
    Ok(())
}

/// OpenAI: <https://platform.openai.com/docs/api-reference/chat/object#chat/object-usage>.
/// Cost and what was written to a cache: <https://openrouter.ai/docs/use-cases/usage-accounting>.
/// DeepSeek counts its cache beside: <https://api-docs.deepseek.com/guides/kv_cache>.
fn counts(usage: &Object<'_>) -> Counts {
    let input = usage.object("prompt_tokens_details");
    let read = input.count("cached_tokens").or_else(|| usage.count("prompt_cache_hit_tokens"));
    Counts {
        input: sum(usage, &["prompt_tokens"]),
        output: sum(usage, &["completion_tokens"]),
        cache_read: read,
        cache_write: input.count("cache_write_tokens"),
        reasoning: usage.object("completion_tokens_details").count("reasoning_tokens"),
        cost_nano_usd: nano_usd(usage, "cost"),
        ..Counts::default()
    }
}
