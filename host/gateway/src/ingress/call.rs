//! A request under way.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use sigmapol_router::{Outcome, RouterError};
use tracing::{error, info};

use super::{Asked, flow::Flow, work::Work};
use crate::{
    caller::Caller, error::ApiError, failure, ids::RequestId, report::x_router, state::State,
};

/// A request under way.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) state: State,
    pub(crate) id: RequestId,
    has_policy: bool,
    ignored: Vec<String>,
    untranslated: Option<(&'static str, Vec<String>)>,
    caller: Caller,
    began: Instant,
    began_ms: u64,
}

impl Call {
    /// Starts what is asked for.
    pub(crate) async fn begin(
        state: State,
        id: RequestId,
        asked: Asked,
    ) -> Result<(Self, Work), ApiError> {
        let Asked { contract, has_policy, flow, ignored, untranslated, caller, .. } = asked;
        let began_ms = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let began_ms = u64::try_from(began_ms.as_millis()).unwrap_or(u64::MAX);
        let began = Instant::now();
        let call = Self { state, id, has_policy, ignored, untranslated, caller, began, began_ms };
        let router = call.state.router();
        let work = match flow {
            Some(flow) => {
                let flow = Flow::admit(router, flow, &contract).await;
                Work::Flow(Box::new(flow.map_err(|error| failure::of_flow(&error))?))
            }
            None => {
                let run = router.begin(contract).await;
                Work::Run(Box::new(run.map_err(|error| call.failed(&error))?))
            }
        };
        Ok((call, work))
    }

    /// The outcome of a run that has an answer, and what is told of it: `x_router`.
    pub(crate) async fn answer(&self, work: Work) -> Result<(Outcome, Value), ApiError> {
        self.ended(work.answer().await)
    }

    /// As [`answer`](Self::answer), of a run that was driven.
    pub(super) fn ended(
        &self,
        outcome: Result<Outcome, RouterError>,
    ) -> Result<(Outcome, Value), ApiError> {
        let outcome = outcome.map_err(|error| self.failed(&error))?;
        self.log(&outcome);
        let ignored = self.ignored_by(&outcome);
        let report = x_router(&outcome, &ignored);
        self.keep(&outcome, &report);
        if outcome.ok {
            return Ok((outcome, report));
        }
        let has_envelope = self.state.has_envelope();
        Err(failure::of_outcome(&outcome, &ignored, self.has_policy, has_envelope))
    }

    /// What was left out of what the provider got that answered.
    fn ignored_by(&self, outcome: &Outcome) -> Vec<String> {
        let mut ignored = self.ignored.clone();
        if let Some((dialect, more)) = &self.untranslated {
            let chosen =
                outcome.chosen.as_ref().and_then(|chosen| chosen.get("provider_id")?.as_str());
            let providers = self.state.router().config().value().get("providers");
            let kind = providers.zip(chosen).and_then(|(all, id)| all.get(id)?.get("api_kind"));
            if kind.and_then(Value::as_str) != Some(dialect) {
                ignored.extend(more.iter().cloned());
            }
        }
        ignored
    }

    fn failed(&self, why: &RouterError) -> ApiError {
        error!(request = self.id.as_str(), code = why.code(), error = %why, "run failed");
        failure::of_router(why, self.has_policy)
    }

    /// Keeps what operators may see of a run.
    fn keep(&self, outcome: &Outcome, report: &Value) {
        let of = |key: &str| report.get(key).cloned().unwrap_or_default();
        let usage = outcome.answer.as_ref().and_then(|answer| answer.get("usage"));
        let tokens =
            |key: &str| usage.and_then(|usage| usage.get(key)).cloned().unwrap_or_default();
        self.state.calls().add(json!({
            "id": self.id.as_str(),
            "caller": self.caller.name(),
            "at_ms": self.began_ms,
            "took_ms": u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX),
            "ok": outcome.ok,
            "error": outcome.error,
            "provider": of("provider"),
            "model_family": of("model_family"),
            "served_model_id": of("served_model_id"),
            "policy_id": of("policy_id"),
            "attempts": attempts(outcome),
            "tokens_in": tokens("input_tokens"),
            "tokens_out": tokens("output_tokens"),
            "cost_usd": of("cost_usd"),
        }));
    }

    /// One line of a run: who was called and what came of it, and nothing that was said.
    fn log(&self, outcome: &Outcome) {
        let of = |value: Option<&Value>, key: &str| {
            value.and_then(|value| value.get(key)?.as_str()).unwrap_or_default().to_owned()
        };
        let path = outcome.trace.get("decision_path").and_then(Value::as_array);
        info!(
            request = self.id.as_str(),
            caller = self.caller.name(),
            provider = of(outcome.chosen.as_ref(), "provider_id"),
            model = of(outcome.chosen.as_ref(), "served_model_id"),
            policy = of(Some(&outcome.trace), "policy_identity"),
            hops = path.map_or(0, Vec::len),
            error = outcome.error.as_deref().unwrap_or_default(),
            "run ended"
        );
    }
}

/// How many calls were made.
fn attempts(outcome: &Outcome) -> usize {
    let list = |trace: &'_ Value, key: &str| {
        trace.get(key).and_then(Value::as_array).cloned().unwrap_or_default()
    };
    let attempted = |event: &&Value| event.get("event").is_some_and(|event| event == "attempted");
    let of = |trace: &Value| list(trace, "decision_path").iter().filter(attempted).count();
    of(&outcome.trace) + list(&outcome.trace, "flow_nodes").iter().map(of).sum::<usize>()
}
