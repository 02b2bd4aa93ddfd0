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
    /// The state as a turn has it that changes nothing.
    is_canonical: bool,
    /// What policies see of it, as text; empty where there is no room.
    observed: String,
}

/// The members but for the state.
const MEMBERS: [&str; 3] = ["admission", "config", "multipliers"];
/// Bytes of what policies see of an empty state, and more.
const OBSERVED_BYTES: usize = 256;
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
            is_canonical: false,
            observed: String::new(),
        };
        if let Some(state) = router.get("state").map(Value::to_json) {
            additions.make_room(state.len());
            additions.state.push_str(&state);
        }
        additions
    }

    /// Whether the router has this member.
    pub fn has(&self, key: &str) -> bool {
        self.weights.iter().any(|(known, _)| *known == key)
    }

    /// What an event weighs with all that goes into it but the state. It must not have any of that
    /// itself, and be no larger than a text may be.
    #[inline(never)]
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
    #[inline(never)]
    pub fn state(&self) -> Result<Option<Value<'_>>, Refusal> {
        if self.state.is_empty() {
            return Ok(None);
        }
        read("event", &self.state).map(Some)
    }

    /// The state as text, if a turn that changes nothing has it so.
    pub fn canonical_state(&self) -> Option<&str> {
        let state = self.state.strip_prefix(BEFORE_STATE)?.strip_suffix(AFTER_STATE)?;
        (self.is_canonical && !self.observed.is_empty()).then_some(state)
    }

    /// What policies see of the state.
    pub fn observed(&self) -> &str {
        &self.observed
    }

    /// Another state, in the place of the one before; `canonical` is how a turn has it, `observed` what
    /// policies see of it.
    #[inline(never)]
    pub fn put_state(&mut self, state: &str, canonical: &str, observed: &str) {
        self.state.clear();
        for part in [BEFORE_STATE, state, AFTER_STATE] {
            self.state.push_str(part);
        }
        self.is_canonical = state == canonical;
        self.observed.clear();
        if observed.len() <= self.observed.capacity() {
            self.observed.push_str(observed);
        }
    }

    /// Makes room for a state of so many bytes. `true` if there was too little: then there is room
    /// for twice as many, so that a state that grows step by step moves only now and then.
    pub fn make_room(&mut self, bytes: usize) -> bool {
        let needed = BEFORE_STATE.len() + bytes + AFTER_STATE.len();
        let grows = needed > self.state.capacity();
        if grows {
            self.state.reserve_exact(2 * needed - self.state.len());
            // what policies see of a state is shorter, but for one that has hardly anything
            self.observed.reserve_exact(2 * needed + OBSERVED_BYTES - self.observed.len());
        }
        grows
    }
}
