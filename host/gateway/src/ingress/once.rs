//! Members that are there twice. Readers differ in which of the two they take, so that a provider could
//! be asked something else than what a policy, a log or a reviewer saw.

use std::{borrow::Cow, collections::HashSet};

use sigmapol_core::json::end_of_string;

/// Keys that are compared one by one; an object with more is looked up in a table.
const FEW: usize = 16;

/// Where one is in a text.
enum Level<'t> {
    Object { keys: Keys<'t>, key: &'t str },
    Array(usize),
}

/// The keys of an object.
enum Keys<'t> {
    Few(Vec<Cow<'t, str>>),
    Many(HashSet<Cow<'t, str>>),
}

impl<'t> Keys<'t> {
    /// `false` if the key was there.
    fn insert(&mut self, key: Cow<'t, str>) -> bool {
        match self {
            Self::Few(keys) if keys.contains(&key) => false,
            Self::Few(keys) if keys.len() < FEW => {
                keys.push(key);
                true
            }
            Self::Few(keys) => {
                *self = Self::Many(std::mem::take(keys).into_iter().collect());
                self.insert(key)
            }
            Self::Many(keys) => keys.insert(key),
        }
    }
}

/// The path of the first member, at any depth, that its object has before: `[0].content`. The text is
/// JSON; it is read once, and its depth is no matter.
pub(super) fn repeated(text: &str) -> Option<String> {
    let mut levels: Vec<Level<'_>> = Vec::new();
    let mut expects_key = false;
    let mut at = 0;
    while let Some(byte) = text.as_bytes().get(at) {
        match byte {
            b'{' => levels.push(Level::Object { keys: Keys::Few(Vec::new()), key: "" }),
            b'[' => levels.push(Level::Array(0)),
            b'}' | b']' => drop(levels.pop()),
            b',' => {
                if let Some(Level::Array(index)) = levels.last_mut() {
                    *index += 1;
                }
            }
            b'"' => {
                let rest = text.get(at..).unwrap_or_default();
                let end = end_of_string(rest);
                let quoted = rest.get(..end).unwrap_or_default();
                at += end;
                if let (true, Some(Level::Object { keys, key })) = (expects_key, levels.last_mut())
                {
                    *key = quoted;
                    if !keys.insert(decoded(quoted)) {
                        return Some(path(&levels));
                    }
                }
                expects_key = false;
                continue;
            }
            _ => {}
        }
        if matches!(byte, b'{' | b',') {
            expects_key = matches!(levels.last(), Some(Level::Object { .. }));
        }
        at += 1;
    }
    None
}

/// What a key says. One that no reader here can decode is compared as it is written.
fn decoded(quoted: &str) -> Cow<'_, str> {
    match quoted.contains('\\').then(|| serde_json::from_str::<String>(quoted)) {
        Some(Ok(text)) => Cow::Owned(text),
        _ => Cow::Borrowed(quoted.trim_matches('"')),
    }
}

fn path(levels: &[Level<'_>]) -> String {
    let step = |level: &Level<'_>| match level {
        Level::Array(index) => format!("[{index}]"),
        Level::Object { key, .. } => {
            format!(".{}", decoded(key).chars().take(64).collect::<String>())
        }
    };
    let shown = levels.len().min(16);
    levels.iter().take(shown).map(step).collect::<String>()
        + if levels.len() > shown { "…" } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_twice() {
        for (text, expected) in [
            (r#"[{"role":"user","content":"a"},{"role":"user","content":"b"}]"#, None),
            (r#"[{"content":"a","content":"b"}]"#, Some("[0].content")),
            (r#"[{},{"a":[1,{"b":{"c":1,"d":[{"c":2}],"c":3}}]}]"#, Some("[1].a[1].b.c")),
            (r#"{"a":{"a":{"a":1}},"b":{"a":1}}"#, None),
            (r#"{ "a" : "x,\"a\":{" , "b" : ["a","a"] }"#, None),
            (r#"{"content":1,"cont\u0065nt":2}"#, Some(".content")),
            (r#"{"\\":1,"\u005c":2}"#, Some(".\\")),
            (r#"{"\ud800":1,"\ud801":2}"#, None),
            (r#"{"":1,"":2}"#, Some(".")),
            (r#"{"a":1,"A":2,"a ":3}"#, None),
            ("[]", None),
            ("\"{\"", None),
            ("7", None),
        ] {
            assert_eq!(repeated(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn many_keys_and_many_levels() {
        let keys: Vec<_> = (0..100_000).map(|key| format!("\"{key}\":0")).collect();
        let object = |more: &str| format!("{{{}{more}}}", keys.join(","));
        assert_eq!(repeated(&object("")), None);
        assert_eq!(repeated(&object(",\"500\":1")).as_deref(), Some(".500"));
        let deep = "[".repeat(1_000_000) + &"]".repeat(1_000_000);
        assert_eq!(repeated(&deep), None);
        let deep = "{\"a\":".repeat(100_000) + "{\"b\":1,\"b\":2}" + &"}".repeat(100_000);
        assert_eq!(repeated(&deep), Some(".a".repeat(16) + "…"));
        let long = format!("{{\"{0}\":1,\"{0}\":2}}", "x".repeat(1000));
        assert_eq!(repeated(&long), Some(format!(".{}", "x".repeat(64))));
    }
}
