//! Building objects member by member.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::value::{Member, Members, Value, lookup, set};
use crate::number::finite;

/// An object under construction.
#[derive(Clone, Debug, Default)]
pub struct Object<'t>(Vec<Member<'t>>);

impl<'t> Object<'t> {
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    #[must_use]
    #[inline(never)] // as `copy`
    pub fn with(mut self, key: &str, value: Value<'t>) -> Self {
        set(&mut self.0, key, Some(value));
        self
    }

    #[must_use]
    #[inline(never)]
    pub fn maybe(mut self, key: &str, value: Option<Value<'t>>) -> Self {
        set(&mut self.0, key, value);
        self
    }

    #[must_use]
    pub fn text(self, key: &str, text: impl Into<Cow<'t, str>>) -> Self {
        self.with(key, Value::text(text))
    }

    /// A number that was computed: [`finite`], so that what is read back is what was meant.
    #[must_use]
    pub fn number(self, key: &str, number: f64) -> Self {
        self.with(key, Value::Number(finite(number)))
    }

    #[must_use]
    pub fn flag(self, key: &str, flag: bool) -> Self {
        self.with(key, Value::Bool(flag))
    }

    /// The members of `from` that have one of the keys.
    #[must_use]
    #[inline(never)] // there are many calls, none of them hot
    pub fn copy(mut self, from: &Value<'t>, keys: &[&str]) -> Self {
        // once: in the loop the compiler looks, before it knows the kind of the value, at bytes that
        // this kind does not have, and fuel would depend on what was in memory before
        let members = from.as_object().unwrap_or(&[]);
        for key in keys {
            if let Some(value) = lookup(members, key) {
                set(&mut self.0, key, Some(value.clone()));
            }
        }
        self
    }

    pub fn build(self) -> Value<'t> {
        Value::Object(self.0)
    }

    pub fn members(&self) -> &Members<'t> {
        &self.0
    }

    pub fn into_members(self) -> Vec<Member<'t>> {
        self.0
    }
}

impl<'t> From<Value<'t>> for Object<'t> {
    /// The members of an object; of another value there are none.
    fn from(value: Value<'t>) -> Self {
        match value {
            Value::Object(members) => Self(members),
            _ => Self::new(),
        }
    }
}

impl<'t> From<&Members<'t>> for Object<'t> {
    fn from(members: &Members<'t>) -> Self {
        Self(members.to_vec())
    }
}
