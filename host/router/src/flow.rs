//! Flows: a graph of calls, each a run of its own under the policy of its node.

use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};
use sigmapol_core::{
    Effect, Engine,
    json::{Object, quote},
};

use super::{
    Config, Outcome, Router, RouterError, outcome::result, router::event, supplies::admission,
};

/// How a flow ended.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FlowOutcome {
    /// Whether there is an output.
    pub ok: bool,
    /// The text that reached the output.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// Why there is none: the node, and the error of its run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The nodes that were called, in order; the last one is that which failed.
    pub nodes: Vec<NodeOutcome>,
}

/// The call of a node.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NodeOutcome {
    /// The node.
    pub node: String,
    /// The fingerprint of its policy as the flow has it, without the envelope.
    pub policy_fingerprint: String,
    /// How its run ended.
    pub outcome: Outcome,
}

/// What the engine asks for.
#[derive(Deserialize)]
struct Call<'a> {
    node: String,
    system: String,
    prompt: String,
    #[serde(borrow)]
    policy: &'a RawValue,
    policy_fingerprint: String,
}

/// Names a flow: `{identity, fingerprint, canonical}`. The policies of its nodes may speak of the
/// fields of the configuration, if there is one.
///
/// # Errors
///
/// [`RouterError::Engine`] or [`RouterError::Failed`] for what is no flow.
pub fn check_flow(
    engine: &dyn Engine,
    flow: &str,
    config: Option<&Config>,
    reference: bool,
) -> Result<Value, RouterError> {
    let vocabulary = config.map_or_else(|| "{}".to_owned(), vocabulary);
    let admission = quote(admission(reference));
    let members = [("flow", flow), ("vocabulary", &vocabulary), ("admission", &admission)];
    check_json(flow)?;
    let turn = engine.step(None, &event("flow", &members, None, 0.0))?.value;
    match turn.effect {
        Effect::Done(done) => result(&done),
        _ => Err(RouterError::Failed("flow: the engine asks for a call".to_owned())),
    }
}

impl Router {
    /// Runs a flow, one node after the other in the engine's order.
    ///
    /// # Errors
    ///
    /// As for [`check_flow`] and [`Run::answer`](super::Run::answer). A node that
    /// nobody answers is a [`FlowOutcome`] that is not ok.
    pub async fn run_flow(&self, flow: &str, input: &str) -> Result<FlowOutcome, RouterError> {
        check_json(flow)?;
        let vocabulary = vocabulary(self.config());
        let input = quote(input);
        let members = [("flow", flow), ("vocabulary", &*vocabulary), ("input", &*input)];
        let mut turn = self.step_apart(None, "flow", &members)?;
        let mut nodes = Vec::new();
        loop {
            let request = match &turn.effect {
                Effect::Call(request) => request,
                Effect::Done(done) => {
                    let output =
                        result(done)?.get("output").and_then(Value::as_str).map(str::to_owned);
                    return Ok(FlowOutcome { ok: true, output, error: None, nodes });
                }
                Effect::Wait(_) => {
                    return Err(RouterError::Failed("flow: the engine asks for a wait".to_owned()));
                }
            };
            let call: Call<'_> = serde_json::from_str(request)
                .map_err(|error| RouterError::Failed(format!("flow: {error}")))?;
            let outcome = self.start(&contract(&call))?.answer().await?;
            let failed = outcome.error.as_ref().filter(|_| !outcome.ok);
            let failed = failed.map(|error| format!("node '{}': {error}", call.node));
            let text = quote(outcome.text());
            nodes.push(NodeOutcome {
                node: call.node,
                policy_fingerprint: call.policy_fingerprint,
                outcome,
            });
            if failed.is_some() {
                return Ok(FlowOutcome { ok: false, output: None, error: failed, nodes });
            }
            turn = self.step_apart(Some(&turn.run), "answer", &[("text", &text)])?;
        }
    }
}

fn check_json(flow: &str) -> Result<(), RouterError> {
    serde_json::from_str::<&RawValue>(flow)
        .map(drop)
        .map_err(|error| RouterError::Input(format!("flow: expected JSON: {error}")))
}

/// What policies may speak of under a configuration.
fn vocabulary(config: &Config) -> String {
    let config = config.value();
    let fields = config.get("fields").and_then(Value::as_object);
    let fields = fields.into_iter().flatten().fold(Object::new(), |fields, (name, declared)| {
        // the notes that a configuration may carry for people are no part of a vocabulary
        let kept = ["default", "sort"].into_iter().fold(Object::new(), |kept, key| {
            let value = declared.get(key).map(Value::to_string);
            kept.with_some(key, value.as_deref())
        });
        fields.with(name, &kept.finish())
    });
    let tiers = config.get("tier_order").map(Value::to_string);
    Object::new()
        .with("fields", &fields.finish())
        .with_some("tier_order", tiers.as_deref())
        .finish()
}

fn contract(call: &Call<'_>) -> String {
    let message = |role: &str, content: &str| {
        Object::new().with("role", &quote(role)).with("content", &quote(content)).finish()
    };
    let messages =
        format!("[{},{}]", message("system", &call.system), message("user", &call.prompt));
    Object::new().with("policy_ir", call.policy.get()).with("messages", &messages).finish()
}
