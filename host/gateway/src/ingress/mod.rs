//! What every way into the gateway shares: a request becomes a contract, a contract a run, and a run
//! an answer or a stream. Each way only translates.

use axum::extract::{Path, rejection::PathRejection};

use crate::error::ApiError;

mod asked;
mod call;
mod flow;
mod once;
mod piece;
mod queue;
mod sort;
mod stream;
mod work;

pub(crate) use asked::{Asked, check_messages, is_of_the_gateway, members, read};
pub(crate) use call::Call;
pub(crate) use sort::Sort;
pub(crate) use stream::{Answering, Frames, stream};

/// The profile that a path names, if it names one.
pub(crate) type OfPath = Result<Option<Path<String>>, PathRejection>;

/// What a path says of the profile.
pub(crate) fn profile(path: OfPath) -> Result<Option<String>, ApiError> {
    let path = path.map_err(|_| ApiError::invalid("invalid_path", "expected UTF-8 in the path"))?;
    Ok(path.map(|Path(name)| name))
}
