//! What an operator may set.

use std::time::Duration;

/// The cap of an answer whose request names none, in tokens: some providers take theirs as low as
/// 16, and some have none.
pub const MAX_TOKENS: u32 = 4096;

/// For a run, whatever it tries: as long as an adapter lets a stream go on.
pub const DEADLINE: Duration = Duration::from_secs(3600);

/// For a provider to give a whole answer: what clients of OpenAI wait. The engine's own 30 s are for
/// the first word of a stream, and too short for a long answer in one piece.
pub const ANSWER_TIME: Duration = Duration::from_secs(600);

/// What an operator may set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// The cap of an answer whose request names none, in tokens; `None`: providers get none.
    pub max_tokens: Option<u32>,
    /// The longest that a run may take; a request may ask for less.
    pub deadline: Duration,
    /// The longest that one call of it may take whose answer is not streamed, where the request says
    /// nothing of it.
    pub answer_time: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self { max_tokens: Some(MAX_TOKENS), deadline: DEADLINE, answer_time: ANSWER_TIME }
    }
}
