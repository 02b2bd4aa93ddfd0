//! Flows: a graph of calls, each a run of its own under the policy of its node.

mod admit;
mod call;
mod drive;
mod totals;

use serde::Serialize;
use serde_json::{Value, value::RawValue};
use sigmapol_core::{Effect, Engine, json::quote};

use super::{Config, Outcome, RouterError, outcome::result, router::event, supplies::admission};
pub use call::CallKind;
pub use drive::CALLS_AT_ONCE;
pub use totals::Totals;

/// What a flow runs over.
#[derive(Clone, Copy, Debug)]
pub struct FlowRequest<'a> {
    /// The flow, `["flow", {node: {kind, …}}]`.
    pub flow: &'a str,
    /// The input; without one, the last text of a user in the conversation.
    pub input: Option<&'a str>,
    /// Whether the input is JSON that nodes read as data, and not a text.
    pub is_data: bool,
    /// `{messages?, tools?, requirements?, temperature?, …}`: the conversation, which nodes see that do
    /// not say `context: "inputs"`, and what goes with the call of every node. `deadline_ms` is for
    /// the whole flow.
    pub contract: Option<&'a str>,
}

impl<'a> FlowRequest<'a> {
    /// A flow over a text.
    pub const fn text(flow: &'a str, input: &'a str) -> Self {
        Self { flow, input: Some(input), is_data: false, contract: None }
    }
}

/// Hears of the call of a node as it ends.
pub type OnNode<'a> = &'a mut (dyn FnMut(&NodeOutcome) + Send);

/// How a flow ended.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FlowOutcome {
    /// Whether there is an output.
    pub ok: bool,
    /// What reached the output: a text, or the text of JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// Whether the output is JSON.
    #[serde(rename = "data", skip_serializing_if = "std::ops::Not::not")]
    pub is_data: bool,
    /// Calls of tools of the node that the output takes, as in an
    /// [`Answer`](sigmapol_provider::Answer). Those of other nodes are part of what the nodes after
    /// them read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_calls: Option<Value>,
    /// Why there is no output: the first node, in the engine's order, that failed, and its error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The node that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
    /// The calls of nodes in the engine's order, up to the node that failed.
    pub nodes: Vec<NodeOutcome>,
    /// Nodes of which there is more to say: `{node, skipped?, fallback?, error?, choice?, reason?}`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Value>,
    /// What `nodes` took together.
    pub totals: Totals,
    /// What calls took that ended although a node before theirs had failed. Which those are depends
    /// on who was faster, and nothing else of an outcome does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dropped: Option<Totals>,
}

/// The call of a node.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NodeOutcome {
    /// The node.
    pub node: String,
    /// What the call was for.
    pub kind: CallKind,
    /// The fingerprint of its policy as the flow has it, without the envelope.
    pub policy_fingerprint: String,
    /// How its run ended.
    pub outcome: Outcome,
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
    let vocabulary = config.map_or_else(|| "{}".to_owned(), Config::vocabulary);
    let admission = quote(admission(reference));
    let members = [("flow", flow), ("vocabulary", &vocabulary), ("admission", &admission)];
    check_json(flow)?;
    let turn = engine.step(None, &event("flow", &members, None, 0.0))?.value;
    match turn.effect {
        Effect::Done(done) => result(&done),
        _ => Err(RouterError::Failed("flow: the engine asks for a call".to_owned())),
    }
}

fn check_json(flow: &str) -> Result<(), RouterError> {
    serde_json::from_str::<&RawValue>(flow)
        .map(drop)
        .map_err(|error| RouterError::Input(format!("flow: expected JSON: {error}")))
}
