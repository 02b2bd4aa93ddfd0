//! Typed access to objects of the ctx, and of what is read like one.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::json::{Members, Value, lookup};
use crate::refusal::Refusal;

/// An object, with its position for messages.
pub struct ObjectReader<'a, 'p> {
    pub members: &'a Members<'a>,
    position: &'p str,
}

impl<'a, 'p> ObjectReader<'a, 'p> {
    pub fn new(value: &'a Value<'a>, position: &'p str) -> Result<Self, Refusal> {
        let members = value.as_object();
        let members =
            members.ok_or_else(|| Refusal::ctx(format!("{position}: expected an object")))?;
        Ok(Self { members, position })
    }

    /// Refuses keys that are not in `known`.
    pub fn only(&self, known: &[&str]) -> Result<(), Refusal> {
        match self.members.iter().find(|(key, _)| !known.contains(&&**key)) {
            Some((key, _)) => Err(Refusal::ctx(format!(
                "{}: unknown key '{key}', expected one of {}",
                self.position,
                known.join(", ")
            ))),
            None => Ok(()),
        }
    }

    /// What stands under these keys, in one pass.
    pub fn pick<'k, const N: usize>(&self, keys: &[&'k str; N]) -> [Place<'a, 'k>; N]
    where
        'p: 'k,
    {
        let mut places = keys.map(|key| Place { value: None, position: self.position, key });
        for (key, value) in self.members {
            if let Some(place) = places.iter_mut().find(|place| place.key == key) {
                place.value = Some(value);
            }
        }
        places
    }

    fn at<'k>(&self, key: &'k str) -> Place<'a, 'k>
    where
        'p: 'k,
    {
        Place { value: lookup(self.members, key), position: self.position, key }
    }

    pub fn text(&self, key: &str) -> Result<Option<String>, Refusal> {
        self.at(key).text()
    }

    pub fn number(&self, key: &str) -> Result<Option<f64>, Refusal> {
        self.at(key).number()
    }

    pub fn object(&self, key: &str) -> Result<&'a Members<'a>, Refusal> {
        self.at(key).object()
    }
}

/// What stands under a key, if anything.
#[derive(Clone, Copy)]
pub struct Place<'a, 'k> {
    pub value: Option<&'a Value<'a>>,
    position: &'k str,
    key: &'k str,
}

impl<'a> Place<'a, '_> {
    pub fn text(&self) -> Result<Option<String>, Refusal> {
        self.typed("a string", |value| value.as_str().map(ToString::to_string))
    }

    pub fn number(&self) -> Result<Option<f64>, Refusal> {
        self.typed("a finite number", Value::as_number)
    }

    pub fn object(&self) -> Result<&'a Members<'a>, Refusal> {
        Ok(self.typed("an object", |value| value.as_object())?.unwrap_or(&[]))
    }

    pub fn array(&self) -> Result<&'a [Value<'a>], Refusal> {
        Ok(self.typed("an array", |value| value.as_array())?.unwrap_or(&[]))
    }

    pub fn texts(&self) -> Result<Vec<&'a str>, Refusal> {
        let texts = self.array()?.iter().map(Value::as_str).collect::<Option<Vec<_>>>();
        texts.ok_or_else(|| self.refuse("an array of strings"))
    }

    fn typed<T>(
        &self,
        expected: &str,
        read: impl Fn(&'a Value<'a>) -> Option<T>,
    ) -> Result<Option<T>, Refusal> {
        match self.value {
            None => Ok(None),
            Some(value) => read(value).map(Some).ok_or_else(|| self.refuse(expected)),
        }
    }

    fn refuse(&self, expected: &str) -> Refusal {
        Refusal::ctx(format!("{}.{}: expected {expected}", self.position, self.key))
    }
}
