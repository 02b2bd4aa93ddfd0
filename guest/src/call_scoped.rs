//! A value that is in use until the call ends.
//!
//! In the component it is not taken apart then: the next call takes all memory back at once.

#[cfg(target_family = "wasm")]
pub use core::mem::ManuallyDrop as CallScoped;

#[cfg(not(target_family = "wasm"))]
pub struct CallScoped<T>(T);

#[cfg(not(target_family = "wasm"))]
impl<T> CallScoped<T> {
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    pub fn into_inner(scoped: Self) -> T {
        scoped.0
    }
}

#[cfg(not(target_family = "wasm"))]
impl<T> core::ops::Deref for CallScoped<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

#[cfg(not(target_family = "wasm"))]
impl<T> core::ops::DerefMut for CallScoped<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}
