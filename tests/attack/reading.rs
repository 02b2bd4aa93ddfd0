//! What holds of a response, whatever its bytes are.

use sigmapol_provider::{Answer, CallError, testing};

use crate::attack::allocation::{Allocated, measure};

/// The key of the call: servers repeat it.
pub const KEY: &str = "sk-0123456789abcdef";

/// Bytes that are held for a response of none, and for each byte of one.
pub const HELD: usize = 64 << 10;
const HELD_A_BYTE: usize = 64;

/// The same in sum, with what was given back: it bounds the work.
pub const TAKEN: usize = 256 << 10;
const TAKEN_A_BYTE: usize = 128;

/// Reads bytes in pieces of these sizes, and holds what comes of it and what it takes against their
/// bounds.
pub fn read(
    dialect: &str,
    streamed: bool,
    bytes: &[u8],
    sizes: &[usize],
) -> (Result<Answer, CallError>, Allocated) {
    let (read, allocated) = measure(|| {
        testing::read_with(dialect, streamed, bytes, sizes, Some(KEY), &mut |_| {}).unwrap()
    });
    check(&read);
    let Allocated { peak, sum } = allocated;
    let length = bytes.len();
    assert!(peak <= HELD + HELD_A_BYTE * length, "{peak} bytes held for {length}");
    assert!(sum <= TAKEN + TAKEN_A_BYTE * length, "{sum} bytes taken for {length}");
    (read, allocated)
}

/// What holds of every result.
pub fn check(result: &Result<Answer, CallError>) {
    match result {
        Ok(answer) => {
            assert!(!answer.text.is_empty() || !answer.tool_calls.is_empty());
            let beside =
                format!("{:?} {:?} {:?}", answer.finish_reason, answer.model, answer.annotations);
            assert!(!beside.contains(KEY), "{beside}");
            for call in &answer.tool_calls {
                assert!(call["arguments"].is_string() && call["name"].is_string(), "{call}");
                assert!(!call["id"].to_string().contains(KEY), "{call}");
            }
        }
        Err(error) => {
            assert!(!error.message.is_empty() && error.message.chars().count() <= 1000, "{error}");
            assert!(!error.message.contains(KEY), "{error}");
            assert!(!error.message.contains(char::is_control), "{error}");
        }
    }
}
