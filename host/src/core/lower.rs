//! Arguments on their way into the guest.

use wasmtime::{Extern, Instance, Memory, Store, TypedFunc, format_err};

use crate::sandbox::Meter;

/// The memory of an instance, and its allocator.
pub(super) struct Guest<'s> {
    store: &'s mut Store<Meter>,
    memory: Memory,
    /// `(old pointer, old length, alignment, new length) -> pointer`; traps when there is none
    realloc: TypedFunc<(u32, u32, u32, u32), u32>,
}

impl<'s> Guest<'s> {
    pub(super) fn new(store: &'s mut Store<Meter>, instance: &Instance) -> wasmtime::Result<Self> {
        let memory = instance
            .get_export(&mut *store, "memory")
            .and_then(Extern::into_memory)
            .ok_or_else(|| format_err!("no memory is exported"))?;
        let realloc = instance.get_typed_func(&mut *store, "cabi_realloc")?;
        Ok(Self { store, memory, realloc })
    }

    pub(super) const fn memory(&self) -> Memory {
        self.memory
    }

    /// Two strings, flat: pointer, length, pointer, length.
    pub(super) fn strings(
        &mut self,
        first: &str,
        second: &str,
    ) -> wasmtime::Result<(u32, u32, u32, u32)> {
        let (first, first_len) = self.string(first)?;
        let (second, second_len) = self.string(second)?;
        Ok((first, first_len, second, second_len))
    }

    /// A string, flat: pointer and length in bytes.
    pub(super) fn string(&mut self, text: &str) -> wasmtime::Result<(u32, u32)> {
        let len = u32::try_from(text.len())?;
        let pointer = self.realloc.call(&mut *self.store, (0, 0, 1, len))?;
        self.memory.write(&mut *self.store, usize::try_from(pointer)?, text.as_bytes())?;
        Ok((pointer, len))
    }

    /// An optional string, flat: case, pointer and length, which are 0 when there is none.
    pub(super) fn option(&mut self, text: Option<&str>) -> wasmtime::Result<(u32, u32, u32)> {
        match text {
            None => Ok((0, 0, 0)),
            Some(text) => self.string(text).map(|(pointer, len)| (1, pointer, len)),
        }
    }
}
