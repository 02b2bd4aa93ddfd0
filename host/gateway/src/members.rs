//! Objects whose format is our own: each member is known, is there once, and is of its sort.

use std::{collections::HashSet, fmt};

use serde::Deserialize;
use serde_json::value::RawValue;
use sigmapol_core::json::Members;

/// What is wrong, and where.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    /// A path, such as `$.consumers[0].name`.
    pub(crate) at: String,
    /// What was expected there.
    pub(crate) what: String,
}

impl Wrong {
    pub(crate) fn new(at: impl Into<String>, what: impl Into<String>) -> Self {
        Self { at: at.into(), what: what.into() }
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.what)
    }
}

/// An object, and where it is.
pub(crate) struct Known<'a> {
    at: String,
    members: Members<'a>,
}

impl<'a> Known<'a> {
    /// Reads an object with no other members than these.
    pub(crate) fn read(text: &'a str, at: &str, names: &[&str]) -> Result<Self, Wrong> {
        let value: &RawValue = serde_json::from_str(text)
            .map_err(|error| Wrong::new(at, format!("expected JSON: {error}")))?;
        let members: Members<'_> =
            serde_json::from_str(value.get()).map_err(|_| Wrong::new(at, "expected an object"))?;
        let mut seen = HashSet::new();
        for (name, _) in &members.0 {
            let at = format!("{at}.{name}");
            if !names.contains(&name.as_str()) {
                let names = names.join(", ");
                return Err(Wrong::new(at, format!("unknown key, expected one of {names}")));
            }
            if !seen.insert(name) {
                return Err(Wrong::new(at, "expected once"));
            }
        }
        Ok(Self { at: at.to_owned(), members })
    }

    /// Where a member is, or would be.
    pub(crate) fn at(&self, name: &str) -> String {
        format!("{}.{name}", self.at)
    }

    pub(crate) fn wrong(&self, name: &str, what: impl Into<String>) -> Wrong {
        Wrong::new(self.at(name), what)
    }

    /// The text of a member; `null` is none.
    pub(crate) fn raw(&self, name: &str) -> Option<&'a str> {
        self.members.get(name).filter(|text| *text != "null")
    }

    fn of<T: Deserialize<'a>>(&self, name: &str, sort: &str) -> Result<Option<T>, Wrong> {
        let read = self.raw(name).map(serde_json::from_str).transpose();
        read.map_err(|_| self.wrong(name, format!("expected {sort}")))
    }

    pub(crate) fn text(&self, name: &str) -> Result<Option<String>, Wrong> {
        self.of(name, "a string")
    }

    /// A text that has to be there.
    pub(crate) fn needed(&self, name: &str) -> Result<String, Wrong> {
        self.text(name)?.ok_or_else(|| self.wrong(name, "expected a string"))
    }

    pub(crate) fn flag(&self, name: &str) -> Result<bool, Wrong> {
        Ok(self.of(name, "true or false")?.unwrap_or_default())
    }

    pub(crate) fn count(&self, name: &str, most: u64) -> Result<Option<u64>, Wrong> {
        let sort = format!("an integer from 0 to {most}");
        let count: Option<u64> = self.of(name, &sort)?;
        match count {
            Some(count) if count > most => Err(self.wrong(name, format!("expected {sort}"))),
            count => Ok(count),
        }
    }

    pub(crate) fn texts(&self, name: &str) -> Result<Option<Vec<String>>, Wrong> {
        self.of(name, "an array of strings")
    }

    /// The elements of an array that has to be there.
    pub(crate) fn elements(&self, name: &str) -> Result<Vec<&'a RawValue>, Wrong> {
        let elements = self.of(name, "an array")?;
        elements.ok_or_else(|| self.wrong(name, "expected an array"))
    }
}
