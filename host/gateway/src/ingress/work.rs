//! What a request has the router do: a run, or a flow of them.

use sigmapol_provider::Delta;
use sigmapol_router::{Outcome, RouterError, Run};

use super::flow::Flow;

/// What a request has the router do.
#[derive(Debug)]
pub(crate) enum Work {
    Run(Box<Run>),
    Flow(Box<Flow>),
}

impl Work {
    /// To its end.
    pub(super) async fn answer(self) -> Result<Outcome, RouterError> {
        match self {
            Self::Run(run) => run.answer().await,
            Self::Flow(flow) => flow.answer().await,
        }
    }

    /// To its end, telling of a run as it goes on. A flow has nothing to tell before.
    pub(super) async fn stream_with(
        self,
        on_call: &mut (dyn FnMut(&str) + Send),
        on_delta: &mut (dyn FnMut(Delta<'_>) + Send),
    ) -> Result<Outcome, RouterError> {
        match self {
            Self::Run(run) => run.stream_with(on_call, on_delta).await,
            Self::Flow(flow) => flow.answer().await,
        }
    }

    pub(super) const fn is_flow(&self) -> bool {
        matches!(self, Self::Flow(_))
    }
}
