//! The calls of a flow, side by side.

use futures_util::{StreamExt as _, stream::FuturesUnordered};
use serde::Deserialize;
use serde_json::Value;
use sigmapol_core::{Effect, Turn, json::quote};

use super::{
    FlowOutcome, FlowRequest, NodeOutcome, OnNode, Totals,
    call::{Call, CallKind, Conversation},
    check_json,
};
use crate::{Outcome, Router, RouterError};

/// Calls of one flow that are under way at once. Drafts of one question are seldom more than five;
/// every turn of the engine writes the prompts of all open calls; and more calls in one moment, often
/// to one provider, are what rate limits are for.
pub const CALLS_AT_ONCE: usize = 8;

/// Why a call was given up.
pub(super) const TIMEOUT: &str = "timeout";

/// What the engine asks for.
#[derive(Deserialize)]
struct Open {
    calls: Vec<Call>,
}

/// How the engine ends a flow.
#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Done {
    output: Option<String>,
    data: bool,
    error: Option<String>,
    node: Option<String>,
    place: Option<u64>,
    notes: Vec<Value>,
}

impl Router {
    /// Runs a flow over a text.
    ///
    /// # Errors
    ///
    /// As for [`run_flow_with`](Self::run_flow_with).
    pub async fn run_flow(&self, flow: &str, input: &str) -> Result<FlowOutcome, RouterError> {
        self.run_flow_with(&FlowRequest::text(flow, input), &mut |_| {}).await
    }

    /// Runs a flow: the nodes that are ready side by side, up to [`CALLS_AT_ONCE`]. `on_node` hears
    /// of each call as it ends. The outcome does not depend on which call ends first.
    ///
    /// # Errors
    ///
    /// As for [`check_flow`](super::check_flow) and [`Run::answer`]; [`RouterError::Input`] for a
    /// contract that is not in order. A node that nobody answers is a [`FlowOutcome`] that is not ok.
    pub async fn run_flow_with(
        &self,
        request: &FlowRequest<'_>,
        on_node: OnNode<'_>,
    ) -> Result<FlowOutcome, RouterError> {
        check_json(request.flow)?;
        let conversation = match request.contract {
            Some(contract) => Conversation::read(contract)?,
            None => Conversation::default(),
        };
        let deadline = conversation.deadline_ms()?.map(|ms| self.clock().now_ms() + ms);
        let given = request.input.map(str::to_owned).or_else(|| conversation.last_user_text());
        let input = quote(&given.unwrap_or_default());
        let (vocabulary, at_once) = (self.config().vocabulary(), CALLS_AT_ONCE.to_string());
        let mut members = vec![
            ("flow", request.flow.to_owned()),
            ("vocabulary", vocabulary),
            ("input", input),
            ("at_once", at_once),
        ];
        if request.is_data {
            members.push(("data", "true".to_owned()));
        }
        let last = last_node(request.flow);
        let mut turn = self.turn(None, "flow", members).await?;
        let mut nodes: Vec<(Call, NodeOutcome)> = Vec::new();
        let mut started: Vec<(String, CallKind)> = Vec::new();
        let mut running = FuturesUnordered::new();
        loop {
            let open = match &turn.effect {
                Effect::Call(open) => serde_json::from_str::<Open>(open).map_err(unexpected)?,
                Effect::Done(done) => {
                    let done = serde_json::from_str(done).map_err(unexpected)?;
                    return Ok(ended(done, nodes, last.as_deref()));
                }
                Effect::Wait(_) => return Err(unexpected("the engine asks for a wait")),
            };
            for call in open.calls {
                let name = (call.node.clone(), call.kind);
                if running.len() < CALLS_AT_ONCE && !started.contains(&name) {
                    started.push(name);
                    let left_ms = deadline.map(|end| end - self.clock().now_ms());
                    let contract = conversation.contract(&call, left_ms);
                    running.push(async move { (self.ask(&call, contract).await, call) });
                }
            }
            let Some((outcome, call)) = running.next().await else {
                return Err(unexpected("the engine asks for nothing new"));
            };
            let outcome = outcome?;
            turn = self.hear(turn, &call, &outcome, last.as_deref()).await?;
            let node = NodeOutcome {
                node: call.node.clone(),
                kind: call.kind,
                policy_fingerprint: call.policy_fingerprint.clone(),
                outcome,
            };
            on_node(&node);
            nodes.push((call, node));
        }
    }

    /// The run of a node, to its end or to that of its time.
    async fn ask(&self, call: &Call, contract: String) -> Result<Outcome, RouterError> {
        let mut run = self.begin(contract).await?;
        let Some(timeout_ms) = call.timeout_ms else { return run.finish().await };
        let until_ms = self.clock().now_ms() + timeout_ms;
        let in_time = tokio::select! {
            biased;
            outcome = run.finish() => Some(outcome),
            () = self.clock().sleep_until(until_ms) => None,
        };
        match in_time {
            Some(outcome) => outcome,
            None => {
                run.cancel(TIMEOUT)?;
                run.outcome()
            }
        }
    }

    /// Tells the engine what came of a call, which nobody waits for any more if a node before it has
    /// failed.
    async fn hear(
        &self,
        turn: Turn,
        call: &Call,
        outcome: &Outcome,
        last: Option<&str>,
    ) -> Result<Turn, RouterError> {
        let (key, said) = match said(call, outcome, last == Some(&call.node)) {
            Ok(text) => ("text", quote(&text)),
            Err(error) => ("error", quote(&error)),
        };
        let node = quote(&call.node);
        self.turn(Some(turn.run), "answer", vec![("node", node), (key, said)]).await
    }

    /// A step of a flow, which reads the whole of it: apart from the executor, as those of runs.
    async fn turn(
        &self,
        run: Option<String>,
        kind: &'static str,
        members: Vec<(&'static str, String)>,
    ) -> Result<Turn, RouterError> {
        let router = self.clone();
        self.apart(move || {
            let members: Vec<_> = members.iter().map(|(name, text)| (*name, &**text)).collect();
            router.step_apart(run.as_deref(), kind, &members)
        })
        .await
    }
}

/// What a call brought: its text, to other nodes also the calls of tools that it proposes.
fn said(call: &Call, outcome: &Outcome, is_last: bool) -> Result<String, String> {
    if !outcome.ok {
        return Err(outcome.error.clone().unwrap_or_else(|| "no answer".to_owned()));
    }
    let text = outcome.text().to_owned();
    let answer = outcome.answer.as_ref();
    let tools = answer.and_then(|answer| answer.get("tool_calls")).and_then(Value::as_array);
    let tools = tools.map(Vec::as_slice).unwrap_or_default();
    if call.kind != CallKind::Llm || call.output_format.is_some() {
        let reason = answer.and_then(|answer| answer.get("finish_reason")).and_then(Value::as_str);
        return match reason {
            _ if !tools.is_empty() => Err("expected JSON, got calls of tools".to_owned()),
            Some("length" | "max_tokens" | "MAX_TOKENS") => {
                Err("expected complete JSON, the answer was cut at its limit of tokens".to_owned())
            }
            _ => Ok(text),
        };
    }
    if tools.is_empty() || is_last {
        return Ok(text);
    }
    let member = |tool: &Value, key: &str| tool.get(key).and_then(Value::as_str).map(str::to_owned);
    let lines = tools.iter().map(|tool| {
        let (name, arguments) = (member(tool, "name"), member(tool, "arguments"));
        format!("\n- {}({})", name.unwrap_or_default(), arguments.unwrap_or_default())
    });
    let proposed = format!("[proposed tool calls]{}", lines.collect::<String>());
    Ok(if text.is_empty() { proposed } else { format!("{text}\n\n{proposed}") })
}

/// The outcome rests on the nodes before the end; what else was heard depends on who was faster, and
/// is kept apart.
fn ended(done: Done, mut nodes: Vec<(Call, NodeOutcome)>, last: Option<&str>) -> FlowOutcome {
    nodes.sort_by_key(|(call, _)| (call.place, call.kind != CallKind::Routing));
    let end = done.place.unwrap_or(u64::MAX);
    let kept = nodes.iter().filter(|(call, _)| call.place <= end).count();
    let dropped = nodes.split_off(kept);
    let tools =
        nodes.iter().find(|(call, _)| last == Some(&call.node) && call.kind == CallKind::Llm);
    let tools =
        tools.and_then(|(_, node)| node.outcome.answer.as_ref()?.get("tool_calls").cloned());
    let nodes: Vec<_> = nodes.into_iter().map(|(_, node)| node).collect();
    FlowOutcome {
        ok: done.error.is_none(),
        output: done.output,
        is_data: done.data,
        tool_calls: tools.filter(|_| done.error.is_none()),
        error: done.error,
        failed: done.node,
        totals: Totals::of(nodes.iter()),
        nodes,
        notes: done.notes,
        dropped: (!dropped.is_empty()).then(|| Totals::of(dropped.iter().map(|(_, node)| node))),
    }
}

/// The node that the output takes, whose calls of tools are those of the flow.
fn last_node(flow: &str) -> Option<String> {
    let flow: Value = serde_json::from_str(flow).ok()?;
    let output = flow.get(1)?.as_object()?.values().find(|node| node["kind"] == "output")?;
    Some(output.get("inputs")?.get(0)?.as_str()?.to_owned())
}

fn unexpected(error: impl std::fmt::Display) -> RouterError {
    RouterError::Failed(format!("flow: {error}"))
}
