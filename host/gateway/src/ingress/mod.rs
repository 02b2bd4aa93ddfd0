//! What every way into the gateway shares: a request becomes a contract, a contract a run, and a run
//! an answer or a stream. Each way only translates.

mod asked;
mod call;
mod once;
mod piece;
mod queue;
mod stream;

pub(crate) use asked::{Asked, check_messages, check_once, is_of_the_gateway, members, read};
pub(crate) use call::Call;
pub(crate) use stream::{Answering, Frames, stream};
