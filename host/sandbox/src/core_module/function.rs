//! A verb of an instance, whatever its store holds.

use sigmapol_engine::Refusal;
use wasmtime::{Instance, Store, TypedFunc, WasmParams};

use super::{
    export,
    lift::Reader,
    lower::Guest,
    values::{self, Aligned},
};

/// A verb, and what frees its result.
pub struct Function<P> {
    verb: TypedFunc<P, u32>,
    post: TypedFunc<u32, ()>,
}

impl<P: WasmParams> Function<P> {
    /// The verb of this name.
    ///
    /// # Errors
    ///
    /// A module that does not export it, or with another signature.
    pub fn find<T>(
        store: &mut Store<T>,
        instance: &Instance,
        verb: &str,
    ) -> wasmtime::Result<Self> {
        let name = export(verb);
        let verb = instance.get_typed_func(&mut *store, &name)?;
        let post = instance.get_typed_func(&mut *store, &format!("cabi_post_{name}"))?;
        Ok(Self { verb, post })
    }

    /// Copies the arguments in, calls, copies at most `budget` bytes of result out, frees it.
    pub fn call<T, V: Aligned>(
        &self,
        store: &mut Store<T>,
        instance: &Instance,
        budget: usize,
        lower: impl FnOnce(&mut Guest<'_, T>) -> wasmtime::Result<P>,
        lift: impl FnOnce(&mut Reader<'_>) -> wasmtime::Result<V>,
    ) -> wasmtime::Result<Result<V, Refusal>> {
        let mut guest = Guest::new(store, instance)?;
        let parameters = lower(&mut guest)?;
        let memory = guest.memory();
        let result = self.verb.call(&mut *store, parameters)?;
        let mut reader = Reader::new(memory.data(&*store), result, budget);
        let value = values::result(&mut reader, lift)?;
        self.post.call(store, result)?;
        Ok(value)
    }
}
