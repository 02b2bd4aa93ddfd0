//! What a router adds to the events that are put to it: the members that it was read with.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::event::router_members;
use crate::json::{Member, Value, read, to_static};
use crate::limits::INPUT_BYTES;
use crate::refusal::{Refusal, RefusalCode};
use crate::state_weight::member;

/// The members of a router, as far as an event takes them.
#[derive(Debug)]
pub struct Additions {
    /// What each of those that are there adds to the weight of an event; the state not among them.
    weights: Vec<(&'static str, u64)>,
    pub multipliers: Option<Vec<Member<'static>>>,
    /// Bytes of the text of the router.
    bytes: usize,
    /// `{"state": …}` as the router or the last one who restated it has it; empty for none.
    state: String,
}

/// The members but for the state.
const MEMBERS: [&str; 3] = ["admission", "config", "multipliers"];
const BEFORE_STATE: &str = r#"{"state":"#;
const AFTER_STATE: &str = "}";

impl Additions {
    /// Of a router, and the bytes of its text. It is in order.
    pub fn new(router: &Value, bytes: usize) -> Self {
        let weights = MEMBERS.into_iter().filter(|key| router.get(key).is_some());
        let multipliers = router.get("multipliers").and_then(Value::as_object);
        let mut additions = Self {
            weights: weights.map(|key| (key, member(key, router.get(key)))).collect(),
            multipliers: multipliers.map(to_static),
            bytes,
            state: String::new(),
        };
        if let Some(state) = router.get("state") {
            additions.put_state(&state.to_json());
        }
        additions
    }

    /// Whether the router has this member.
    pub fn has(&self, key: &str) -> bool {
        self.weights.iter().any(|(known, _)| *known == key)
    }

    /// What an event weighs with all that goes into it but the state. It must not have any of that
    /// itself, and be no larger than a text may be.
    pub fn weigh(&self, event: &Value, bytes: usize) -> Result<u64, Refusal> {
        let members = router_members(event.get("kind").and_then(Value::as_str).unwrap_or_default());
        let whole = match members.contains(&"config") {
            true => bytes + self.bytes + self.state.len(),
            false => bytes + self.state.len(),
        };
        if whole > INPUT_BYTES {
            let expected = format!("expected at most {INPUT_BYTES} bytes with its router");
            let message = format!("event: {expected}, got {whole}");
            return Err(Refusal::new(RefusalCode::InputSize, message));
        }
        let mut weight = event.weight();
        for (key, added) in self.weights.iter().filter(|(key, _)| members.contains(key)) {
            if event.get(key).is_some() {
                let message =
                    format!("event: expected each key once, got '{key}', which the router has");
                return Err(Refusal::new(RefusalCode::JsonDuplicateKey, message));
            }
            weight += added;
        }
        Ok(weight)
    }

    /// The state as part of an event, `{state}`; nothing where there is none.
    pub fn state(&self) -> Result<Option<Value<'_>>, Refusal> {
        if self.state.is_empty() {
            return Ok(None);
        }
        read("event", &self.state).map(Some)
    }

    /// Another state, in the place of the one before.
    pub fn put_state(&mut self, state: &str) {
        self.state.clear();
        for part in [BEFORE_STATE, state, AFTER_STATE] {
            self.state.push_str(part);
        }
    }

    /// Makes room for a state of so many bytes. `true` if there was too little: then there is room
    /// for twice as many, so that a state that grows step by step moves only now and then.
    pub fn make_room(&mut self, bytes: usize) -> bool {
        let needed = BEFORE_STATE.len() + bytes + AFTER_STATE.len();
        let grows = needed > self.state.capacity();
        if grows {
            self.state.reserve_exact(2 * needed - self.state.len());
        }
        grows
    }
}
