//! Verbs over policies: what a policy is and what it would do, without a call.

mod body;
mod calls;
mod fields;
mod flow;
mod policy;
mod rank;
mod runtime;
mod skill;
mod templates;

pub(crate) use calls::calls;
pub(crate) use fields::fields;
pub(crate) use flow::normalize_flow;
pub(crate) use policy::{build, normalize};
pub(crate) use rank::{rank, rank_of_profile};
pub(crate) use runtime::runtime;
pub(crate) use skill::skill;
pub(crate) use templates::{list as templates, make as template};

use axum::http::StatusCode;
use sigmapol_core::Error;
use sigmapol_router::{Router, RouterError};

use crate::{error::ApiError, failure, state::State};

/// The signature that policies are terms of.
const VERSION: &str = "sigma-pol/v2";

/// Work of the engine, on a thread that no connection waits for.
async fn apart<T: Send + 'static>(
    state: &State,
    work: impl FnOnce(&Router) -> Result<T, RouterError> + Send + 'static,
) -> Result<Result<T, RouterError>, ApiError> {
    let state = state.clone();
    let done = tokio::task::spawn_blocking(move || work(state.router())).await;
    done.map_err(|_| ApiError::internal())
}

/// What the engine says to a text of a client: `code` where it is the text that is wrong, and what is
/// not is said as in a chat.
fn refused(code: &str, param: &str, error: &RouterError) -> ApiError {
    let what = match error {
        RouterError::Engine(Error::Refused(refusal)) => &*refusal.message,
        RouterError::Input(what) | RouterError::Failed(what) => what,
        other => return failure::of_router(other, true),
    };
    let invalid = ApiError::new(StatusCode::BAD_REQUEST, crate::error::INVALID_REQUEST, code, what);
    ApiError { param: Some(param.to_owned()), ..invalid }
}
