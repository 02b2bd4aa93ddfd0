//! Wasmtime, set up as the virtual machine sets it up.

use std::{panic, thread};

use sigmapol_core::Error;
use wasmtime::{AsContextMut, Config, Engine, Extern, Instance, OptLevel, ResourceLimiter, Trap};

use super::{
    rules::{STACK_BYTES, TABLE_ELEMENT_BYTES},
    vm_result::VmResult,
};

/// The stack of a thread that runs WebAssembly: what that may take, and as much for the host.
const THREAD_STACK_BYTES: usize = 2 * STACK_BYTES;

/// How code is compiled. No result may depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Setting {
    /// Whether Cranelift optimises for speed, or not at all.
    pub optimised: bool,
    /// Whether floating-point operators would give canonical NaNs.
    pub canonical_nans: bool,
}

impl Setting {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self { optimised: false, canonical_nans: true }, // what the virtual machine has
        Self { optimised: false, canonical_nans: false },
        Self { optimised: true, canonical_nans: true },
        Self { optimised: true, canonical_nans: false },
    ];

    /// An engine with this setting.
    pub(super) fn engine(self) -> Result<Engine, Error> {
        let mut config = Config::new();
        config
            .cranelift_opt_level(if self.optimised { OptLevel::Speed } else { OptLevel::None })
            .cranelift_nan_canonicalization(self.canonical_nans)
            .max_wasm_stack(STACK_BYTES)
            .async_stack_size(STACK_BYTES) // of no use here, and not to be smaller
            .epoch_interruption(true)
            .wasm_backtrace_max_frames(None)
            .generate_address_map(false);
        Engine::new(&config).map_err(|error| Error::Load(format!("{error:#}")))
    }
}

/// Bounds memories and tables, by one budget.
#[derive(Debug)]
pub(super) struct Ceiling {
    left: u64,
    /// What was refused last, by the name of the error that it is at the start.
    refused: Option<&'static str>,
}

impl Ceiling {
    pub(super) const fn new(bytes: u64) -> Self {
        Self { left: bytes, refused: None }
    }

    pub(super) const fn has_refused(&self) -> bool {
        self.refused.is_some()
    }

    fn take(&mut self, bytes: u64, name: &'static str) -> bool {
        let Some(left) = self.left.checked_sub(bytes) else {
            self.refused = Some(name);
            return false;
        };
        self.left = left;
        true
    }
}

impl ResourceLimiter for Ceiling {
    fn memory_growing(
        &mut self,
        now: usize,
        wanted: usize,
        most: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let fits = most.is_none_or(|most| wanted <= most);
        Ok(fits && self.take(bytes(wanted.saturating_sub(now)), "out_of memory wasm_memory"))
    }

    fn table_growing(
        &mut self,
        now: usize,
        wanted: usize,
        most: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let fits = most.is_none_or(|most| wanted <= most);
        let size = bytes(wanted.saturating_sub(now)).saturating_mul(TABLE_ELEMENT_BYTES);
        Ok(fits && self.take(size, "out_of memory wasm_table"))
    }
}

/// The memory that a run left.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Left {
    /// BLAKE3 of the whole of it, 64 lower-case hexadecimal digits.
    pub blake3: String,
    /// How much there is.
    pub bytes: usize,
}

impl Left {
    /// In the memory that an instance exports.
    pub(super) fn by(instance: &Instance, mut store: impl AsContextMut) -> Option<Self> {
        let memory = instance.get_export(&mut store, "memory").and_then(Extern::into_memory)?;
        let data = memory.data(&store);
        Some(Self { blake3: blake3::hash(data).to_hex().to_string(), bytes: data.len() })
    }
}

/// What an error of a run is to the virtual machine.
pub(super) fn stopped(error: &wasmtime::Error) -> VmResult {
    match error.downcast_ref::<Trap>() {
        Some(trap) => VmResult::trap(*trap),
        // a result that breaks the canonical ABI
        None => VmResult::vm_error("wasm_trap fault"),
    }
}

/// What an error on the way to an instance is.
pub(super) fn not_started(error: &wasmtime::Error, ceiling: &Ceiling) -> VmResult {
    match ceiling.refused {
        Some(name) => VmResult::vm_error(name),
        None => stopped(error),
    }
}

/// Runs WebAssembly on a stack that is large enough, whoever calls.
pub(super) fn on_large_stack<T: Send>(run: impl FnOnce() -> T + Send) -> Result<T, Error> {
    thread::scope(|scope| {
        let thread = thread::Builder::new().stack_size(THREAD_STACK_BYTES).spawn_scoped(scope, run);
        let thread = thread.map_err(|error| Error::Load(format!("no thread: {error}")))?;
        Ok(thread.join().unwrap_or_else(|panicked| panic::resume_unwind(panicked)))
    })
}

fn bytes(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
