//! A ctx in parts, so that what many decisions share is kept once.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sigmapol_core::{
    INPUT_BYTES, digest,
    json::{Members, Object},
};

use crate::blank::blank;

/// Members up to so many bytes stand in the record itself.
const INLINE_BYTES: usize = 128;

/// The members that may say more than is needed to decide: what is asked, and what is sent.
pub(crate) const SAID: [&str; 2] = ["body", "request"];

/// A ctx as a record has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CtxParts {
    /// SHA-256 of the text that was decided on.
    pub sha256: String,
    /// How many bytes that text had, where the limit of a cost depends on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<String>,
    /// Whether strings of the request are blanked, here and in the digests below.
    pub blanked: bool,
    /// Short members, as JSON text.
    pub inline: BTreeMap<String, String>,
    /// The digests of the other members' texts. None at all for a ctx that is not an object.
    pub texts: BTreeMap<String, String>,
}

/// A ctx that was taken apart.
#[derive(Debug)]
pub(super) struct Parted {
    /// The ctx, its members in byte order: what is decided on.
    pub(super) text: String,
    /// Each member as it is recorded.
    members: Vec<(String, String)>,
    blanked: bool,
}

impl Parted {
    /// Takes a ctx apart; one that is not an object with each key once stays whole, and nothing of
    /// it is recorded but its digest.
    pub(super) fn new(ctx: &str, bodies: bool) -> Self {
        let mut members = match serde_json::from_str::<Members<'_>>(ctx) {
            Ok(Members(members)) => members,
            Err(_) => Vec::new(),
        };
        members.sort_by(|(a, _), (b, _)| a.cmp(b));
        let twice = members.windows(2).any(|pair| matches!(pair, [(a, _), (b, _)] if a == b));
        if members.is_empty() || twice {
            return Self { text: ctx.to_owned(), members: Vec::new(), blanked: false };
        }
        let text = object(members.iter().map(|(key, value)| (key.as_str(), value.get())));
        let recorded = |(key, value): (String, &RawValue)| {
            let said = !bodies && SAID.contains(&key.as_str());
            let value = if said { blank(value.get()) } else { value.get().to_owned() };
            (key, value)
        };
        Self { text, members: members.into_iter().map(recorded).collect(), blanked: !bodies }
    }

    /// The text of a member.
    pub(super) fn member(&self, name: &str) -> Option<&str> {
        self.members.iter().find(|(key, _)| key == name).map(|(_, text)| text.as_str())
    }

    /// The parts of the record, each long text by the digest that `keep` gives it.
    pub(super) fn keep<E>(
        &self,
        mut keep: impl FnMut(&str) -> Result<String, E>,
    ) -> Result<CtxParts, E> {
        let mut parts = CtxParts {
            sha256: digest(self.text.as_bytes()),
            blanked: self.blanked,
            ..CtxParts::default()
        };
        for (key, text) in &self.members {
            if text.len() <= INLINE_BYTES {
                parts.inline.insert(key.clone(), text.clone());
            } else {
                parts.texts.insert(key.clone(), keep(text)?);
            }
        }
        Ok(parts)
    }
}

impl CtxParts {
    /// The text to decide on again, or the digest of a text that `find` has not; nothing where
    /// the record has a digest alone.
    pub(crate) fn text<T: AsRef<str>>(
        &self,
        mut find: impl FnMut(&str) -> Option<T>,
    ) -> Result<Option<String>, String> {
        let mut members: BTreeMap<&str, String> = BTreeMap::new();
        let mut length = 0_usize;
        for (key, text) in &self.inline {
            members.insert(key, text.clone());
        }
        for (key, digest) in &self.texts {
            let text = find(digest).ok_or_else(|| digest.clone())?;
            // one text that many keys name is as many copies, and no ctx is larger than an input
            length = length.saturating_add(text.as_ref().len());
            if length > INPUT_BYTES || members.contains_key(key.as_str()) {
                return Err(digest.clone());
            }
            members.insert(key, text.as_ref().to_owned());
        }
        // each member is one value, and nothing beside it: no recorder writes another
        let is_value = |text: &String| serde_json::from_str::<&RawValue>(text).is_ok();
        if !members.values().all(is_value) {
            return Ok(Some(String::new()));
        }
        let found = !members.is_empty();
        Ok(found.then(|| object(members.iter().map(|(key, text)| (*key, text.as_str())))))
    }
}

fn object<'a>(members: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    members.fold(Object::new(), |object, (key, value)| object.with(key, value)).finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CTX: &str = r#"{"seed": 7, "request": {"prompt":"hello"}, "candidates": [ ]}"#;

    fn kept(ctx: &str, bodies: bool) -> (Parted, CtxParts, Vec<String>) {
        let parted = Parted::new(ctx, bodies);
        let mut texts = Vec::new();
        let keep = |text: &str| -> Result<String, ()> {
            texts.push(text.to_owned());
            Ok(digest(text.as_bytes()))
        };
        let parts = parted.keep(keep).unwrap();
        (parted, parts, texts)
    }

    #[test]
    fn members_are_put_in_order() {
        let (parted, parts, texts) = kept(CTX, true);
        let ordered = r#"{"candidates":[ ],"request":{"prompt":"hello"},"seed":7}"#;
        assert_eq!(parted.text, ordered);
        assert_eq!(parts.sha256, digest(ordered.as_bytes()));
        assert_eq!(parts.text(|_| None::<&str>).unwrap().unwrap(), ordered);
        assert!(!parts.blanked && texts.is_empty());
    }

    #[test]
    fn what_was_said_is_not_recorded() {
        let (parted, parts, _) = kept(CTX, false);
        assert!(parted.text.contains("hello"));
        assert_eq!(parts.sha256, digest(parted.text.as_bytes()));
        assert!(parts.blanked);
        let again = parts.text(|_| None::<&str>).unwrap().unwrap();
        assert_eq!(again, r#"{"candidates":[ ],"request":{"prompt":"xxxxx"},"seed":7}"#);
    }

    #[test]
    fn long_members_are_kept_by_digest() {
        let long = format!(r#"[{}]"#, "1,".repeat(INLINE_BYTES) + "1");
        let (_, parts, texts) = kept(&format!(r#"{{"candidates":{long},"seed":1}}"#), false);
        assert_eq!(texts, std::slice::from_ref(&long));
        assert_eq!(parts.texts["candidates"], digest(long.as_bytes()));
        assert_eq!(parts.inline["seed"], "1");
        let find = |wanted: &str| (wanted == digest(long.as_bytes())).then_some(&long);
        assert_eq!(
            parts.text(find).unwrap().unwrap(),
            format!(r#"{{"candidates":{long},"seed":1}}"#)
        );
        let missing = parts.text(|_| None::<&str>).unwrap_err();
        assert_eq!(missing, digest(long.as_bytes()));
    }

    #[test]
    fn what_is_no_object_has_a_digest_alone() {
        for ctx in ["[1]", "secret", r#"{"a":1,"a":2}"#, "{}"] {
            let (parted, parts, _) = kept(ctx, true);
            assert_eq!(parted.text, ctx);
            assert_eq!(parts.sha256, digest(ctx.as_bytes()));
            assert_eq!(parts.text(|_| None::<&str>), Ok(None));
        }
    }
}
