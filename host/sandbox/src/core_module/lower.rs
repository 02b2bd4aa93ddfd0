//! Arguments on their way into the guest.

use wasmtime::{Extern, Instance, Memory, Store, TypedFunc, format_err};

/// The memory of an instance, and its allocator.
pub struct Guest<'s, T: 'static> {
    store: &'s mut Store<T>,
    memory: Memory,
    /// `(old pointer, old length, alignment, new length) -> pointer`; traps when there is none
    realloc: TypedFunc<(u32, u32, u32, u32), u32>,
}

impl<'s, T> Guest<'s, T> {
    pub fn new(store: &'s mut Store<T>, instance: &Instance) -> wasmtime::Result<Self> {
        let memory = instance
            .get_export(&mut *store, "memory")
            .and_then(Extern::into_memory)
            .ok_or_else(|| format_err!("no memory is exported"))?;
        let realloc = instance.get_typed_func(&mut *store, "cabi_realloc")?;
        Ok(Self { store, memory, realloc })
    }

    pub const fn memory(&self) -> Memory {
        self.memory
    }

    /// Two strings, flat: pointer, length, pointer, length.
    pub fn strings(&mut self, first: &str, second: &str) -> wasmtime::Result<(u32, u32, u32, u32)> {
        let (first, first_len) = self.string(first)?;
        let (second, second_len) = self.string(second)?;
        Ok((first, first_len, second, second_len))
    }

    /// A string, flat: pointer and length in bytes.
    fn string(&mut self, text: &str) -> wasmtime::Result<(u32, u32)> {
        let len = u32::try_from(text.len())?;
        let pointer = self.realloc.call(&mut *self.store, (0, 0, 1, len))?;
        self.memory.write(&mut *self.store, usize::try_from(pointer)?, text.as_bytes())?;
        Ok((pointer, len))
    }

    /// The run, if any, and the event, flat.
    pub fn run_and_event(
        &mut self,
        run: Option<&str>,
        event: &str,
    ) -> wasmtime::Result<(u32, u32, u32, u32, u32)> {
        let (case, run, run_len) = self.option(run)?;
        let (event, event_len) = self.string(event)?;
        Ok((case, run, run_len, event, event_len))
    }

    /// An optional string, flat: case, pointer and length, which are 0 when there is none.
    fn option(&mut self, text: Option<&str>) -> wasmtime::Result<(u32, u32, u32)> {
        match text {
            None => Ok((0, 0, 0)),
            Some(text) => self.string(text).map(|(pointer, len)| (1, pointer, len)),
        }
    }
}
