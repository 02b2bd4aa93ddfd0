//! What holds of a response, whatever its bytes are.

use serde_json::Value;
use sigmapol_provider::{Answer, CallError, Delta, testing};

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
    let mut told = Told::default();
    let mut on_delta = |delta: Delta<'_>| told.add(delta);
    let again = testing::read_with(dialect, streamed, bytes, sizes, Some(KEY), &mut on_delta);
    assert_eq!(again.unwrap(), read);
    if let Ok(answer) = &read {
        told.check(answer);
    }
    let Allocated { peak, sum } = allocated;
    let length = bytes.len();
    assert!(peak <= HELD + HELD_A_BYTE * length, "{peak} bytes held for {length}");
    assert!(sum <= TAKEN + TAKEN_A_BYTE * length, "{sum} bytes taken for {length}");
    (read, allocated)
}

/// Pieces of an answer, put together by somebody else.
#[derive(Default)]
struct Told {
    text: String,
    reasoning: String,
    proofs: Vec<String>,
    calls: Vec<(usize, String, String, String, Option<Value>)>,
}

impl Told {
    fn add(&mut self, delta: Delta<'_>) {
        assert!(!delta.is_empty());
        match delta {
            Delta::Text(text) => self.text.push_str(text),
            Delta::Reasoning(text) => self.reasoning.push_str(text),
            Delta::Signature(text) | Delta::Redacted(text) => self.proofs.push(text.to_owned()),
            Delta::Call { index, id, name } => {
                assert!(self.calls.iter().all(|call| call.0 != index), "{index} begins once");
                assert!(!name.is_empty() && !id.contains(KEY) && !name.contains(KEY));
                self.calls.push((index, id.to_owned(), name.to_owned(), String::new(), None));
            }
            Delta::Extra { index, content } => {
                let call = self.calls.iter_mut().find(|call| call.0 == index);
                assert_eq!(call.unwrap().4.replace(content.clone()), None);
            }
            Delta::Arguments { index, text } => {
                let call = self.calls.iter_mut().find(|call| call.0 == index);
                call.unwrap().3.push_str(text);
            }
            delta => assert!(delta.is_empty(), "{delta:?} is not looked at"),
        }
    }

    /// They are the answer, all of it and nothing else.
    fn check(mut self, answer: &Answer) {
        assert_eq!(
            (self.text.as_str(), self.reasoning.as_str()),
            (answer.text.as_str(), answer.reasoning.as_str())
        );
        let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
        let proof = |block: &Value| match block["type"].as_str() {
            Some("thinking") => text(block, "signature"),
            _ => text(block, "data"),
        };
        assert_eq!(self.proofs, answer.thinking_blocks.iter().map(proof).collect::<Vec<_>>());
        let call = |(index, call): (usize, &Value)| {
            let extra = call.get("extra_content").cloned();
            (index, text(call, "id"), text(call, "name"), text(call, "arguments"), extra)
        };
        self.calls.sort_by_key(|call| call.0);
        assert_eq!(self.calls, answer.tool_calls.iter().enumerate().map(call).collect::<Vec<_>>());
    }
}

/// What holds of every result.
pub fn check(result: &Result<Answer, CallError>) {
    match result {
        Ok(answer) => {
            assert!(!answer.text.trim().is_empty() || !answer.tool_calls.is_empty());
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
