//! What one call may use. Every bound has a name and a reason.

use std::time::Duration;

/// Fuel of one call, in wasmtime's units (about one per WebAssembly instruction).
///
/// A decision over thirty candidates takes some 7 × 10^5 units, and one over the largest ctx that
/// is admitted at all, 16 MiB, some 4 × 10^9. What needs more is a policy of thousands of nodes
/// over very many candidates, or a defect. It is a safety net of a few seconds, not a receipt: for that there is
/// [`Decision::cost`](crate::Decision::cost).
pub const FUEL: u64 = 20_000_000_000;

/// Linear memory of one instance, in bytes: the maximum that the component itself declares.
///
/// The largest ctx takes some 150 MB of it, and a machine with many calls in flight still knows its
/// worst case.
pub const MEMORY_BYTES: usize = 256 << 20;

/// Bytes that are copied out of an instance as the result of one call.
///
/// A decision repeats the request once and an action for each failure; four times the largest
/// input is more than any honest result.
pub const RESULT_BYTES: usize = 64 << 20;

/// Bytes of one input text, the same bound as the engine's own, applied before any copy is made.
pub const INPUT_BYTES: usize = sigmapol_engine::limits::INPUT_BYTES;

/// Linear memories, tables and core instances of one call: the component has one of each.
pub(crate) const INSTANCES: usize = 1;

/// Elements of a table. The component's own table holds its indirectly called functions, some
/// hundred; a component that asks for more is not ours.
pub(crate) const TABLE_ELEMENTS: usize = 10_000;

/// What one call may use.
///
/// ```
/// use std::time::Duration;
/// use sigmapol::Limits;
///
/// let limits = Limits { fuel: 50_000_000, deadline: Some(Duration::from_millis(100)), ..Limits::default() };
/// assert_eq!(limits.memory_bytes, sigmapol::limits::MEMORY_BYTES);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Fuel, in wasmtime's units; see [`FUEL`].
    pub fuel: u64,
    /// Linear memory, in bytes, at most [`MEMORY_BYTES`]: more is not given to anyone.
    pub memory_bytes: usize,
    /// Result, in bytes; see [`RESULT_BYTES`].
    pub result_bytes: usize,
    /// Each input text, in bytes; see [`INPUT_BYTES`].
    pub input_bytes: usize,
    /// Wall-clock time of a call, to within a few milliseconds; `None` leaves it to the fuel.
    pub deadline: Option<Duration>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            fuel: FUEL,
            memory_bytes: MEMORY_BYTES,
            result_bytes: RESULT_BYTES,
            input_bytes: INPUT_BYTES,
            deadline: None,
        }
    }
}
