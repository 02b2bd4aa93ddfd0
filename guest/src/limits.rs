//! Every bound of the engine, each with its reason.

/// Nesting of a term. Part of the language: a deeper term is not `sigma-pol/v2`.
pub const TERM_DEPTH: u32 = 64;

/// Term positions of a term. Part of the language: a larger term is not `sigma-pol/v2`.
pub const TERM_NODES: u32 = 4096;

/// Nested arrays and objects of any JSON input: twice what a term needs, so that parameters and
/// requests have room, and small enough that the recursion fits the guest's stack.
pub const JSON_NESTING: usize = 128;

/// Bytes of one input text: some 40,000 candidates, and little enough that the value it holds fits
/// the guest's memory once. A winner's request is a second copy of the body.
pub const INPUT_BYTES: usize = 16 << 20;

/// Entries of `ctx.failures`: every failure kind at every attempt, with room to spare. Each entry
/// repeats an action of the policy in the result, so the product must stay small.
pub const FAILURES: usize = 256;

/// Profiles from one to the last that it extends: each is laid over a copy of the one before, one
/// frame deeper.
pub const INHERITANCE: usize = 64;

/// Largest magnitude of a seed: beyond it a double no longer names one integer.
pub const SEED: f64 = 9_007_199_254_740_991.0;

/// `strict` profile: bytes of a string parameter. Of a longer name a reason has the beginning.
pub const STRING_BYTES: usize = 256;

/// `strict` profile: entries of a recipe, of one of its steps, of a chain and of an action.
pub const ENTRIES: usize = 64;

/// `strict` profile: retries of one candidate.
pub const ATTEMPTS: f64 = 10.0;

/// `strict` profile: a single wait, in milliseconds.
pub const BACKOFF_MS: f64 = 60_000.0;

/// `strict` profile: entries of a backoff array.
pub const BACKOFF_ENTRIES: usize = 16;

/// Bytes of a message: its position, what was expected with every key that is known, and of a key
/// or a name that it repeats enough to find it by.
pub const MESSAGE_BYTES: usize = 2_048;
