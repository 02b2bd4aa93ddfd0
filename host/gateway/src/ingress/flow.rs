//! A flow in place of a run: its outcome has the shape of a run's, so that each way in translates both.

use serde_json::{Map, Value, json, value::RawValue};
use sigmapol_core::json::{Members, Object};
use sigmapol_provider::Delta;
use sigmapol_router::{FlowOutcome, FlowRequest, NodeOutcome, Outcome, Router, RouterError};

use super::{Answering, Frames};
use crate::report::cost;

/// Who answers, and by which model, where it is a flow.
const FLOW: &str = "flow";

/// A flow that is admitted.
#[derive(Debug)]
pub(crate) struct Flow {
    router: Router,
    /// The term.
    flow: String,
    /// `{identity, fingerprint, …}`
    named: Value,
    contract: String,
    /// The last message, where it is a text of the user; the conversation is what comes before it.
    input: Option<String>,
}

impl Flow {
    /// A flow over the conversation of a contract; nobody is called before it is admitted.
    pub(super) async fn admit(
        router: &Router,
        flow: String,
        contract: &str,
    ) -> Result<Self, RouterError> {
        let named = router.admit_flow_to_run(flow.clone()).await?;
        let (contract, input) = split(contract);
        Ok(Self { router: router.clone(), flow, named, contract, input })
    }

    /// To its end.
    pub(super) async fn answer(self) -> Result<Outcome, RouterError> {
        let request = FlowRequest {
            flow: &self.flow,
            input: self.input.as_deref(),
            is_data: false,
            contract: Some(&self.contract),
        };
        let ended = self.router.run_flow_with(&request, &mut |_| {}).await?;
        Ok(outcome(ended, &self.flow, &self.named))
    }
}

/// What a flow runs over: the conversation before the last message, and that message.
fn split(contract: &str) -> (String, Option<String>) {
    let whole = || (contract.to_owned(), None);
    let Ok(members) = serde_json::from_str::<Members<'_>>(contract) else { return whole() };
    let messages = members.get("messages").unwrap_or("[]");
    let Ok(mut messages) = serde_json::from_str::<Vec<&RawValue>>(messages) else { return whole() };
    let last = messages.pop().and_then(|message| serde_json::from_str(message.get()).ok());
    let Some(input) = last.as_ref().and_then(text_of_user) else { return whole() };
    let texts: Vec<_> = messages.iter().map(|message| message.get()).collect();
    let before = format!("[{}]", texts.join(","));
    let member = |object: Object, (name, value): &(String, &RawValue)| match name.as_str() {
        "messages" => object.with(name, &before),
        _ => object.with(name, value.get()),
    };
    (members.0.iter().fold(Object::new(), member).finish(), Some(input))
}

/// The text of a message of a user that has nothing else.
fn text_of_user(message: &Value) -> Option<String> {
    if message.get("role")? != "user" {
        return None;
    }
    match message.get("content")? {
        Value::String(text) => Some(text.clone()),
        Value::Array(parts) => {
            let texts: Option<Vec<_>> =
                parts.iter().map(|part| part.get("text")?.as_str()).collect();
            texts.map(|texts| texts.join("\n"))
        }
        _ => None,
    }
}

/// Whether an outcome is that of a flow.
pub(super) fn is_of_flow(outcome: &Outcome) -> bool {
    outcome.trace.get("flow_nodes").is_some()
}

/// Who answers, where it is a flow.
pub(super) fn answering() -> Answering {
    Answering { provider_id: FLOW.to_owned(), served_model_id: FLOW.to_owned() }
}

/// The answer of a flow, which nobody has told of before its end.
pub(super) fn tell(outcome: &Outcome, frames: &mut impl Frames) -> String {
    let answer = outcome.answer.as_ref().unwrap_or(&Value::Null);
    let text = |value: &Value, key: &str| {
        value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let mut told = String::new();
    if !outcome.text().is_empty() {
        told += &frames.delta(Delta::Text(outcome.text()));
    }
    let calls = answer.get("tool_calls").and_then(Value::as_array).into_iter().flatten();
    for (index, call) in calls.enumerate() {
        let (id, name, arguments) = (text(call, "id"), text(call, "name"), text(call, "arguments"));
        told += &frames.delta(Delta::Call { index, id: &id, name: &name });
        if let Some(content) = call.get("extra_content") {
            told += &frames.delta(Delta::Extra { index, content });
        }
        told += &frames.delta(Delta::Arguments { index, text: &arguments });
    }
    told
}

/// How a flow ended, as the outcome of a run: the answer is that of its output, counts are sums, and
/// the trace has each call.
fn outcome(ended: FlowOutcome, flow: &str, named: &Value) -> Outcome {
    let flow: Value = serde_json::from_str(flow).unwrap_or_default();
    let nodes: Vec<_> = ended.nodes.iter().map(|node| told(node, &flow)).collect();
    let of = |key: &str| named.get(key).cloned().unwrap_or_default();
    let mut trace = Map::from_iter([
        ("policy_identity".to_owned(), of("identity")),
        ("policy_fingerprint".to_owned(), of("fingerprint")),
        ("flow_nodes".to_owned(), Value::Array(nodes)),
    ]);
    for (name, value) in [
        ("flow_failed", json!(ended.failed)),
        ("flow_notes", json!(ended.notes)),
        ("flow_dropped", json!(ended.dropped)),
    ] {
        if !matches!(&value, Value::Null) && value != json!([]) {
            trace.insert(name.to_owned(), value);
        }
    }
    let usage = json!({"input_tokens": ended.totals.input_tokens,
        "output_tokens": ended.totals.output_tokens, "cost_nano_usd": ended.totals.cost_nano_usd});
    let last =
        ended.nodes.last().and_then(|node| node.outcome.answer.as_ref()?.get("finish_reason"));
    let answer = json!({"text": ended.output, "model": FLOW, "usage": usage,
        "finish_reason": last, "tool_calls": ended.tool_calls});
    let answer = answer.as_object().cloned().unwrap_or_default();
    let answer: Map<_, _> = answer.into_iter().filter(|(_, value)| !value.is_null()).collect();
    Outcome {
        ok: ended.ok,
        error: ended.error,
        answer: ended.ok.then_some(Value::Object(answer)),
        chosen: Some(json!({"provider_id": FLOW})),
        retry_after_ms: None,
        trace: Value::Object(trace),
    }
}

/// The call of a node, as a trace has it.
fn told(node: &NodeOutcome, flow: &Value) -> Value {
    let NodeOutcome { node, kind, policy_fingerprint, outcome, .. } = node;
    let chosen = |key: &str| outcome.chosen.as_ref().and_then(|chosen| chosen.get(key)).cloned();
    let usage =
        |key: &str| outcome.answer.as_ref().and_then(|answer| answer.get("usage")?.get(key));
    let trace = |key: &str| outcome.trace.get(key).cloned().unwrap_or_default();
    let inputs = flow.get(1).and_then(|nodes| nodes.get(node)?.get("inputs")).cloned();
    json!({
        "node": node,
        "kind": kind,
        "inputs": inputs,
        "provider": chosen("provider_id"),
        "model_family": chosen("model_family"),
        "served_by": chosen("served_by"),
        "served_model_id": chosen("served_model_id"),
        "policy_fingerprint": policy_fingerprint,
        "policy_id": trace("policy_identity"),
        "tokens_in": usage("input_tokens"),
        "tokens_out": usage("output_tokens"),
        "cost_usd": cost(outcome).0,
        "latency_ms": trace("total_latency_ms"),
        "error": outcome.error,
        "decision_path": trace("decision_path"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_message_is_the_input() {
        let before = r#"{"role":"system","content":"s"}"#;
        for (last, input) in [
            (r#"{"role":"user","content":"q"}"#, Some("q")),
            (
                r#"{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}"#,
                Some("a\nb"),
            ),
            (
                r#"{"role":"user","content":[{"type":"text","text":"a"},{"type":"image_url"}]}"#,
                None,
            ),
            (r#"{"role":"tool","tool_call_id":"c","content":"r"}"#, None),
            (r#"{"role":"assistant","content":"q"}"#, None),
        ] {
            let contract = format!(r#"{{"n":1.10,"messages":[{before},{last}],"top_p":1}}"#);
            let (rest, text) = split(&contract);
            assert_eq!(text.as_deref(), input, "{last}");
            let shorter = format!(r#"{{"n":1.10,"messages":[{before}],"top_p":1}}"#);
            assert_eq!(rest, if input.is_some() { shorter } else { contract });
        }
    }
}
