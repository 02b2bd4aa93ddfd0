//! From a file to records, and which family each belongs to.

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use sigmapol_core::json::Members;

use super::Malformed;

/// What a record tests, told by its shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Family {
    /// Admission and naming of a term of any sort.
    Terms,
    /// A policy over candidates.
    Decide,
    /// A transform of a request.
    Xform,
    /// A fail plan over failures.
    FailPlan,
    /// A predicate over single candidates.
    Pred,
    /// A verb and the refusal of its arguments, code and message.
    Refusals,
    /// A configuration, a script of events, and the output of each.
    Steps,
    /// A configuration and whether it is in order.
    Config,
    /// A declarative profile and the term it lowers to.
    Elaborate,
    /// A graph of calls: its name and its run.
    Flows,
}

impl Family {
    /// The name of the family, as vector files are called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Terms => "terms",
            Self::Decide => "decide",
            Self::Xform => "xform",
            Self::FailPlan => "failplan",
            Self::Pred => "pred",
            Self::Refusals => "refusals",
            Self::Steps => "steps",
            Self::Config => "config",
            Self::Elaborate => "elaborate",
            Self::Flows => "flows",
        }
    }

    /// The shape of a record is the set of its members; the more telling come first.
    fn of(members: &Members<'_>) -> Option<Self> {
        let has = |name| members.get(name).is_some();
        match members.get("kind") {
            Some(r#""pred""#) => return Some(Self::Pred),
            Some(r#""failplan""#) => return Some(Self::FailPlan),
            _ => {}
        }
        if has("verb") {
            Some(Self::Refusals)
        } else if has("script") {
            Some(Self::Steps)
        } else if has("flow") {
            Some(Self::Flows)
        } else if has("profile") {
            Some(Self::Elaborate)
        } else if has("config") {
            Some(Self::Config)
        } else if has("kinds") {
            Some(Self::FailPlan)
        } else if has("candidates") {
            Some(Self::Decide)
        } else if has("candidate") {
            Some(Self::Xform)
        } else if has("term") {
            Some(Self::Terms)
        } else {
            None
        }
    }
}

/// A vector.
#[derive(Debug)]
pub struct Record<'a> {
    id: String,
    family: Family,
    undefined: Vec<String>,
    members: Members<'a>,
}

impl<'a> Record<'a> {
    fn read(place: &str, text: &'a str) -> Result<Self, Malformed> {
        let members: Members<'a> = serde_json::from_str(text)
            .map_err(|error| Malformed::new(place, format!("expected a record: {error}")))?;
        let family = Family::of(&members)
            .ok_or_else(|| Malformed::new(place, "the shape of no known family"))?;
        let id = members
            .get("id")
            .or_else(|| members.get("name"))
            .and_then(|id| serde_json::from_str(id).ok())
            .ok_or_else(|| Malformed::new(place, "expected an `id` or a `name`, a string"))?;
        let mut record = Self { id, family, undefined: Vec::new(), members };
        record.undefined = record.read_optional("undef")?.unwrap_or_default();
        Ok(record)
    }

    /// The `id`, or in a specification document the `name`.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What it tests.
    pub const fn family(&self) -> Family {
        self.family
    }

    /// Why the reference has no answer of its own; empty when it has one.
    pub fn undefined(&self) -> &[String] {
        &self.undefined
    }

    /// A member, as it stands in the file.
    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        self.members.get(name)
    }

    /// A member that the family needs.
    pub(super) fn need(&self, name: &str) -> Result<&'a str, Malformed> {
        self.get(name).ok_or_else(|| self.expected(&format!("expected a member `{name}`")))
    }

    /// The members of a member.
    pub(super) fn object(&self, name: &str) -> Result<Members<'a>, Malformed> {
        self.parse(name, self.need(name)?)
    }

    /// A member that need not be there, as a value.
    pub(super) fn read_optional<T: DeserializeOwned>(
        &self,
        name: &str,
    ) -> Result<Option<T>, Malformed> {
        self.get(name).map(|text| self.parse(name, text)).transpose()
    }

    /// JSON from somewhere in the record; an empty object is an empty array where an array is
    /// meant, and the other way round.
    pub(super) fn parse<T: Deserialize<'a>>(
        &self,
        name: &str,
        text: &'a str,
    ) -> Result<T, Malformed> {
        let error = match serde_json::from_str(text) {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        let other = match text {
            "{}" => "[]",
            "[]" => "{}",
            _ => text,
        };
        serde_json::from_str(other).map_err(|_| self.expected(&format!("`{name}`: {error}")))
    }

    pub(super) fn expected(&self, what: &str) -> Malformed {
        Malformed::new(self.id.as_str(), what)
    }
}

/// The records of a file: JSON Lines, or one document `{"version", "vectors": […]}`.
///
/// # Errors
///
/// The first record that is not JSON or of no known family, by its place.
pub fn records(text: &str) -> Result<Vec<Record<'_>>, Malformed> {
    #[derive(Deserialize)]
    struct Document<'a> {
        #[serde(borrow)]
        vectors: Vec<&'a RawValue>,
    }

    if let Ok(document) = serde_json::from_str::<Document<'_>>(text) {
        let vectors = document.vectors.iter().enumerate();
        return vectors
            .map(|(index, vector)| Record::read(&format!("vectors[{index}]"), vector.get()))
            .collect();
    }
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines.map(|(index, line)| Record::read(&format!("line {}", index + 1), line)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_by_shape() {
        let text = r#"{"id":"a","term":["top"],"expect":{}}

{"id":"b","term":[],"candidates":[],"ctx":{},"expect":{},"undef":["nan"]}
{"id":"c","term":[],"candidate":{},"request":{},"ctx":{},"expect":{}}
{"id":"d","term":[],"kinds":[],"expect":{}}
{"id":"e","verb":"hash","args":["","{}"],"expect":{}}
{"id":"f","config":{},"script":[],"expect":{}}
{"id":"g","config":{},"expect":{}}
{"id":"h","profile":{},"contract":{},"expect":{}}
{"id":"i","flow":[],"input":"x","expect":{}}"#;
        let records = records(text).unwrap();
        assert_eq!(
            records.iter().map(|record| (record.id(), record.family())).collect::<Vec<_>>(),
            [
                ("a", Family::Terms),
                ("b", Family::Decide),
                ("c", Family::Xform),
                ("d", Family::FailPlan),
                ("e", Family::Refusals),
                ("f", Family::Steps),
                ("g", Family::Config),
                ("h", Family::Elaborate),
                ("i", Family::Flows),
            ]
        );
        assert_eq!(records[1].undefined(), ["nan"]);
    }

    #[test]
    fn a_document() {
        let text = r#"{"version":"sigma-pol/v2", "vectors":[
            {"kind":"pred","name":"p","term":["top"],"cases":[]},
            {"kind":"encoding","name":"e","term":["top"]}]}"#;
        let records = records(text).unwrap();
        assert_eq!(
            records.iter().map(|record| (record.id(), record.family())).collect::<Vec<_>>(),
            [("p", Family::Pred), ("e", Family::Terms)]
        );
    }

    #[test]
    fn what_cannot_be_replayed() {
        for (text, message) in [
            ("{\"id\":\"a\",\"term\":[]}\n{\"id\":\"b\"}", "line 2: the shape of no known family"),
            ("{\"term\":[]}", "line 1: expected an `id` or a `name`, a string"),
            (
                "\n[]",
                "line 2: expected a record: invalid type: sequence, expected an object at line 1 column 0",
            ),
        ] {
            assert_eq!(records(text).unwrap_err().to_string(), message);
        }
    }
}
