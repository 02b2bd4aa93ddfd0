//! A router configuration that is in order.

use alloc::vec::Vec;

use super::defaults::Defaults;
use crate::json::{Member, Members, Object, Value, to_static};
use crate::vocabulary::Vocabulary;

/// A configuration that is in order.
#[derive(Debug)]
pub struct Config<'a> {
    pub vocabulary: Vocabulary,
    /// The vocabulary as a ctx carries it.
    pub vocabulary_text: Value<'a>,
    /// Sorted by id, as written.
    pub providers: Vec<Member<'a>>,
    /// Sorted by family, as written.
    pub models: Vec<Member<'a>>,
    /// Sorted by name, inheritance applied.
    pub profiles: Vec<Member<'a>>,
    pub retry_policies: Vec<Member<'a>>,
    /// The definitions of `custom` symbols.
    pub customs: Vec<Member<'a>>,
    pub envelope: Option<Value<'a>>,
    pub defaults: Defaults,
    /// One candidate for each model at each static provider.
    pub candidates: Vec<Value<'a>>,
}

impl<'a> Config<'a> {
    /// The same configuration, for longer than its text.
    pub fn to_static(&self) -> Config<'static> {
        Config {
            vocabulary: self.vocabulary.clone(),
            vocabulary_text: self.vocabulary_text.to_static(),
            providers: to_static(&self.providers),
            models: to_static(&self.models),
            profiles: to_static(&self.profiles),
            retry_policies: to_static(&self.retry_policies),
            customs: to_static(&self.customs),
            envelope: self.envelope.as_ref().map(Value::to_static),
            defaults: self.defaults,
            candidates: self.candidates.iter().map(Value::to_static).collect(),
        }
    }

    /// Counts and names, for people.
    pub fn info(&self) -> Value<'a> {
        let names = |entries: &Members<'a>| {
            Value::Array(entries.iter().map(|(name, _)| Value::String(name.clone())).collect())
        };
        Object::new()
            .number("candidates", self.candidates.len() as f64)
            .flag("initialized", true)
            .with("models_loaded", names(&self.models))
            .with("profile_names", names(&self.profiles))
            .with("providers_loaded", names(&self.providers))
            .text("version", "0.0.1")
            .build()
    }
}
