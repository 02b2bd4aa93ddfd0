//! What a step hands back to the host.

use alloc::string::String;
use alloc::vec::Vec;

/// What a run wants from its host.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Send this request (JSON) to the provider it names.
    Call(String),
    /// Resume at this time, in milliseconds of the clock the events carry.
    Wait(f64),
    /// The run is over: an answer or an error (JSON), with the whole trace.
    Done(String),
}

/// The outcome of one event.
#[derive(Clone, Debug, PartialEq)]
pub struct Turn {
    /// The state of the run, opaque and versioned.
    pub run: String,
    /// The runtime state after the event (JSON).
    pub state: String,
    /// What to do next.
    pub effect: Effect,
    /// Log records (JSON), in order.
    pub logs: Vec<String>,
    /// Work units, computed from sizes alone.
    pub cost: u64,
}
