//! What is admitted of a flow before anything is called.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, value::RawValue};
use sigmapol_core::{Error, Refusal, RefusalCode, constrain, json::Members};

use crate::{Router, RouterError};

/// The nodes whose policies mean something.
const CALLING: [&str; 2] = ["decision", "llm"];

/// Of a node, its policies.
#[derive(Deserialize)]
struct Node<'f> {
    kind: String,
    #[serde(borrow)]
    policy: Option<&'f RawValue>,
    #[serde(borrow)]
    routing: Option<Routing<'f>>,
}

#[derive(Deserialize)]
struct Routing<'f> {
    #[serde(borrow)]
    policy: &'f RawValue,
    #[serde(borrow)]
    choices: Members<'f>,
}

#[derive(Deserialize)]
struct Choice<'f> {
    #[serde(borrow)]
    policy: &'f RawValue,
}

impl Router {
    /// Checks that a flow could run: the flow itself, and each policy under the configuration's
    /// `policy_envelope`, under which its node would run. Names it as
    /// [`admit_flow`](Self::admit_flow) does; nothing is called.
    ///
    /// # Errors
    ///
    /// As for [`check_flow`](super::check_flow).
    pub async fn admit_flow_to_run(&self, flow: String) -> Result<Value, RouterError> {
        let router = self.clone();
        self.apart(move || router.admit_under_envelope(&flow)).await
    }

    fn admit_under_envelope(&self, flow: &str) -> Result<Value, RouterError> {
        let named = self.name_flow(flow)?;
        let Some(envelope) = self.config().value().get("policy_envelope") else {
            return Ok(named);
        };
        let envelope = envelope.to_string();
        let mut seen = BTreeSet::new();
        for (node, policy) in policies(flow)? {
            if !seen.insert(policy) {
                continue;
            }
            let policy = constrain(policy, &envelope).map_err(Error::Refused)?;
            match self.name_policy(&policy) {
                Err(RouterError::Engine(Error::Refused(refusal))) => {
                    let message =
                        format!("node '{node}' policy under the envelope: {}", refusal.message);
                    return Err(Error::Refused(Refusal { code: RefusalCode::Flow, message }).into());
                }
                admitted => drop(admitted?),
            }
        }
        Ok(named)
    }
}

/// The policies of a flow that is in order, each with its node.
fn policies(flow: &str) -> Result<Vec<(String, &str)>, RouterError> {
    let parts: Vec<&RawValue> = serde_json::from_str(flow).map_err(unexpected)?;
    let nodes = parts.get(1).map_or("{}", |nodes| nodes.get());
    let nodes: Members<'_> = serde_json::from_str(nodes).map_err(unexpected)?;
    let mut policies = Vec::new();
    for (id, node) in nodes.0 {
        let node: Node<'_> = serde_json::from_str(node.get()).map_err(unexpected)?;
        if !CALLING.contains(&node.kind.as_str()) {
            continue;
        }
        policies.extend(node.policy.map(|policy| (id.clone(), policy.get())));
        let Some(routing) = node.routing else { continue };
        policies.push((id.clone(), routing.policy.get()));
        for (_, choice) in routing.choices.0 {
            let choice: Choice<'_> = serde_json::from_str(choice.get()).map_err(unexpected)?;
            policies.push((id.clone(), choice.policy.get()));
        }
    }
    Ok(policies)
}

fn unexpected(error: impl std::fmt::Display) -> RouterError {
    RouterError::Failed(format!("flow: {error}"))
}
