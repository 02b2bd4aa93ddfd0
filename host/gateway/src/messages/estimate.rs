//! How many tokens a request has, about: nobody is asked.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use sigmapol_core::json::Members;

use super::text::given;

/// Bytes of JSON that are a token: English has some four characters in one, code and JSON fewer, and
/// other scripts have one or two characters in some three bytes. Too many is better than too few:
/// agents shorten a conversation in time.
const BYTES: u64 = 3;

/// Tokens of an image, as Anthropic counts the largest that it does not scale down.
/// <https://platform.claude.com/docs/en/build-with-claude/vision>
const IMAGE: u64 = 1600;

/// Characters in base64 that are a token of a document: a page has some 2,000 tokens and 50 kB.
const DOCUMENT_CHARACTERS: u64 = 32;

/// What a message has besides its content.
const MESSAGE: u64 = 4;

/// The members that a model reads.
const READ: [&str; 3] = ["messages", "system", "tools"];

/// An estimate of the tokens of a body; at least 1.
pub(super) fn tokens(body: &Members<'_>) -> u64 {
    let of = |name: &str| given(body, name).map_or(0, |text| Weight::of(text).tokens());
    READ.iter().map(|name| of(name)).sum::<u64>().saturating_add(MESSAGE)
}

/// An estimate of the tokens of a text.
pub(super) fn of_text(text: &str) -> u64 {
    Weight { bytes: text.len() as u64, tokens: 0 }.tokens()
}

/// What a value weighs: bytes that are read as text, and tokens of what is not.
#[derive(Clone, Copy, Debug, Default)]
struct Weight {
    bytes: u64,
    tokens: u64,
}

impl Weight {
    /// What is nested too deep to be looked at is text.
    fn of(text: &str) -> Self {
        let whole = Self { bytes: text.len() as u64, tokens: 0 };
        serde_json::from_str(text).unwrap_or(whole)
    }

    fn add(&mut self, other: Self) {
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.tokens = self.tokens.saturating_add(other.tokens);
    }

    const fn tokens(self) -> u64 {
        self.bytes.div_ceil(BYTES).saturating_add(self.tokens)
    }
}

impl<'de> Deserialize<'de> for Weight {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Visit)
    }
}

struct Visit;

impl Visit {
    const WORD: Weight = Weight { bytes: 4, tokens: 0 };
}

impl<'de> Visitor<'de> for Visit {
    type Value = Weight;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Weight, E> {
        Ok(Self::WORD)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Weight, E> {
        Ok(Self::WORD)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Weight, E> {
        Ok(Self::WORD)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Weight, E> {
        Ok(Self::WORD)
    }

    fn visit_unit<E>(self) -> Result<Weight, E> {
        Ok(Self::WORD)
    }

    fn visit_str<E>(self, text: &str) -> Result<Weight, E> {
        Ok(Weight { bytes: text.len() as u64, tokens: 0 })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Weight, A::Error> {
        let mut sum = Weight::default();
        while let Some(weight) = list.next_element::<Weight>()? {
            sum.add(weight);
        }
        Ok(sum)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Weight, A::Error> {
        let (mut sum, mut data, mut mime) = (Weight::default(), None, String::new());
        while let Some(key) = map.next_key::<String>()? {
            sum.bytes = sum.bytes.saturating_add(key.len() as u64);
            match key.as_str() {
                // what a model is not shown
                "cache_control" | "signature" => drop(map.next_value::<IgnoredAny>()?),
                "media_type" => mime = map.next_value::<Word>()?.0,
                "data" => data = Some(map.next_value::<Weight>()?),
                _ => sum.add(map.next_value::<Weight>()?),
            }
        }
        if let Some(data) = data {
            sum.add(match mime.as_str() {
                "" | "text/plain" => data,
                mime if mime.starts_with("image/") => Weight { bytes: 0, tokens: IMAGE },
                _ => Weight { bytes: 0, tokens: data.bytes.div_ceil(DOCUMENT_CHARACTERS) },
            });
        }
        Ok(sum)
    }
}

/// A string, or nothing in place of another value.
struct Word(String);

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        Ok(Self(value.as_str().unwrap_or_default().to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(body: &str) -> u64 {
        tokens(&serde_json::from_str(body).unwrap())
    }

    #[test]
    fn grows_with_what_is_said() {
        let short = count(r#"{"messages":[{"role":"user","content":"hi"}]}"#);
        let system = count(r#"{"messages":[{"role":"user","content":"hi"}],"system":"Be brief."}"#);
        let tools = count(
            r#"{"messages":[{"role":"user","content":"hi"}],"system":"Be brief.",
            "tools":[{"name":"f","input_schema":{"type":"object"}}],"model":"m","max_tokens":9}"#,
        );
        assert!(0 < short && short < system && system < tools, "{short} {system} {tools}");
        // a thousand words of English are some 1,300 tokens
        let words = "word ".repeat(1000);
        let thousand = count(&format!(r#"{{"messages":[{{"role":"user","content":"{words}"}}]}}"#));
        assert!((1300..2600).contains(&thousand), "{thousand}");
        assert_eq!(count("{}"), MESSAGE);
    }

    #[test]
    fn bytes_of_images_are_not_read() {
        let of = |kind: &str, mime: &str| {
            let data = "A".repeat(320_000);
            let source = format!(r#"{{"type":"base64","data":"{data}","media_type":"{mime}"}}"#);
            count(&format!(
                r#"{{"messages":[{{"content":[{{"type":"{kind}","source":{source}}}]}}]}}"#
            ))
        };
        assert!((IMAGE..IMAGE + 50).contains(&of("image", "image/png")));
        assert!((10_000..10_050).contains(&of("document", "application/pdf")));
        assert!(of("document", "text/plain") > 100_000);
    }

    #[test]
    fn what_is_nested_deep_is_text() {
        let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
        assert_eq!(count(&format!(r#"{{"messages":{deep}}}"#)), 20_001_u64.div_ceil(3) + MESSAGE);
    }
}
