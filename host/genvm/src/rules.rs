//! The numbers of the virtual machine.

use std::time::Duration;

/// Frames of WebAssembly that may be open at once.
pub const FRAMES: u32 = 1024;

/// Value slots that all open frames may have together. (A function that needs more than that for
/// itself is no valid code: [`defloat::SLOTS`].)
pub const SLOTS: u32 = 65_535;

/// Native stack for them. Frames and slots run out first.
pub(super) const STACK_BYTES: usize = 6 << 20;

/// What memories and tables of a run may take together, in bytes: what a mode has, without what a
/// virtual machine takes for itself. The engine declares a maximum of 256 MiB and stays far below.
pub const MEMORY_BYTES: u64 = 4_294_967_295 - 134_217_728;

/// What an element of a table counts for, in bytes.
pub(super) const TABLE_ELEMENT_BYTES: u64 = 64;

/// After which time a manager ends a run. Code is not metered.
pub const DEADLINE: Duration = Duration::from_secs(20 * 60);

/// What a run may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Open frames; see [`FRAMES`].
    pub frames: u32,
    /// Value slots of all open frames; see [`SLOTS`].
    pub slots: u32,
    /// Memories and tables; see [`MEMORY_BYTES`].
    pub memory_bytes: u64,
    /// Wall-clock time; see [`DEADLINE`].
    pub deadline: Duration,
}

impl Default for Rules {
    fn default() -> Self {
        Self { frames: FRAMES, slots: SLOTS, memory_bytes: MEMORY_BYTES, deadline: DEADLINE }
    }
}
