//! A request under way.

use serde_json::Value;
use sigmapol_router::{Outcome, RouterError, Run};
use tracing::{error, info};

use super::Asked;
use crate::{error::ApiError, failure, ids::RequestId, report::x_router, state::State};

/// A request under way.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) state: State,
    pub(crate) id: RequestId,
    has_policy: bool,
    ignored: Vec<String>,
}

impl Call {
    /// Starts the run of what is asked for.
    pub(crate) async fn begin(
        state: State,
        id: RequestId,
        asked: Asked,
    ) -> Result<(Self, Run), ApiError> {
        let Asked { contract, has_policy, ignored, .. } = asked;
        let call = Self { state, id, has_policy, ignored };
        let run = call.state.router().begin(contract).await;
        let run = run.map_err(|error| call.failed(&error))?;
        Ok((call, run))
    }

    /// The outcome of a run that has an answer, and what is told of it: `x_router`.
    pub(crate) async fn answer(&self, run: Run) -> Result<(Outcome, Value), ApiError> {
        self.ended(run.answer().await)
    }

    /// As [`answer`](Self::answer), of a run that was driven.
    pub(super) fn ended(
        &self,
        outcome: Result<Outcome, RouterError>,
    ) -> Result<(Outcome, Value), ApiError> {
        let outcome = outcome.map_err(|error| self.failed(&error))?;
        self.log(&outcome);
        if outcome.ok {
            let report = x_router(&outcome, &self.ignored);
            return Ok((outcome, report));
        }
        let has_envelope = self.state.has_envelope();
        Err(failure::of_outcome(&outcome, &self.ignored, self.has_policy, has_envelope))
    }

    fn failed(&self, why: &RouterError) -> ApiError {
        error!(request = self.id.as_str(), code = why.code(), error = %why, "run failed");
        failure::of_router(why, self.has_policy)
    }

    /// One line of a run: who was called and what came of it, and nothing that was said.
    fn log(&self, outcome: &Outcome) {
        let of = |value: Option<&Value>, key: &str| {
            value.and_then(|value| value.get(key)?.as_str()).unwrap_or_default().to_owned()
        };
        let path = outcome.trace.get("decision_path").and_then(Value::as_array);
        info!(
            request = self.id.as_str(),
            provider = of(outcome.chosen.as_ref(), "provider_id"),
            model = of(outcome.chosen.as_ref(), "served_model_id"),
            policy = of(Some(&outcome.trace), "policy_identity"),
            hops = path.map_or(0, Vec::len),
            error = outcome.error.as_deref().unwrap_or_default(),
            "run ended"
        );
    }
}
