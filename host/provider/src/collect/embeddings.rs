//! Embeddings, as far as they have come.

use std::collections::BTreeMap;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::value::RawValue;

use crate::{
    CallError,
    error::malformed,
    json::{items, string},
    limits::{DIMENSIONS, EMBEDDINGS_BYTES},
};

/// Bytes of a number.
const NUMBER: usize = size_of::<f32>();

/// Embeddings by the place of their input, each as base64 of its numbers.
#[derive(Debug, Default)]
pub(crate) struct Embeddings {
    vectors: BTreeMap<u64, String>,
    bytes: usize,
}

impl Embeddings {
    /// Adds the embedding of an input: an array of numbers, or the base64 of them.
    pub(super) fn add(&mut self, index: u64, vector: &RawValue) -> Result<(), CallError> {
        let wrong = |what: &str| malformed(format!("embedding {index}: expected {what}"));
        let bytes = match string(vector) {
            Some(text) => {
                let bytes = BASE64_STANDARD.decode(text.as_bytes());
                bytes.map_err(|_| wrong("base64"))?
            }
            None => {
                let list = items(vector).ok_or_else(|| wrong("numbers or base64"))?;
                let numbers = list.into_iter().take(DIMENSIONS + 1);
                let number = |text: &RawValue| serde_json::from_str::<f32>(text.get());
                let numbers = numbers.map(number).collect::<Result<Vec<_>, _>>();
                let numbers = numbers.map_err(|_| wrong("numbers"))?;
                numbers.into_iter().flat_map(f32::to_le_bytes).collect()
            }
        };
        let (numbers, rest) = bytes.as_chunks::<NUMBER>();
        if !rest.is_empty() || numbers.is_empty() || numbers.len() > DIMENSIONS {
            return Err(wrong(&format!("1 to {DIMENSIONS} numbers of {NUMBER} bytes")));
        }
        if !numbers.iter().all(|number| f32::from_le_bytes(*number).is_finite()) {
            return Err(wrong("finite numbers"));
        }
        let text = BASE64_STANDARD.encode(&bytes);
        self.bytes = self.bytes.saturating_add(text.len());
        if self.bytes > EMBEDDINGS_BYTES {
            let message = format!("the embeddings are longer than {EMBEDDINGS_BYTES} bytes");
            return Err(malformed(message));
        }
        match self.vectors.insert(index, text) {
            None => Ok(()),
            Some(_) => Err(malformed(format!("embedding {index}: expected once, got twice"))),
        }
    }

    /// Refuses what is not one embedding for each of so many inputs.
    pub(super) fn check(&self, inputs: usize) -> Result<(), CallError> {
        let places = (0..).take(inputs);
        if self.vectors.len() == inputs && places.eq(self.vectors.keys().copied()) {
            return Ok(());
        }
        let got = self.vectors.len();
        Err(malformed(format!("expected the embeddings of {inputs} inputs, got {got}")))
    }

    /// In the order of the inputs.
    pub(super) fn finish(self) -> Vec<String> {
        self.vectors.into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    fn one(text: &str) -> Result<Vec<String>, String> {
        let mut embeddings = Embeddings::default();
        embeddings.add(0, json::value(text).unwrap()).map_err(|error| error.to_string())?;
        Ok(embeddings.finish())
    }

    /// 0.5 is 0x3F000000 and -2 is 0xC0000000, the last byte first.
    #[test]
    fn numbers_and_base64_are_the_same() {
        let expected = Ok(vec!["AAAAPwAAAMA=".to_owned()]);
        assert_eq!(one("[0.5, -2]"), expected);
        assert_eq!(one(r#""AAAAPwAAAMA=""#), expected);
    }

    #[test]
    fn what_is_no_embedding() {
        let length = format!("embedding 0: expected 1 to {DIMENSIONS} numbers of 4 bytes");
        let many = format!("[{}0]", "0,".repeat(DIMENSIONS));
        for (text, message) in [
            ("1", "embedding 0: expected numbers or base64"),
            ("[[1]]", "embedding 0: expected numbers"),
            ("[null]", "embedding 0: expected numbers"),
            ("[]", &length),
            (&many, &length),
            (r#""AAAAPwA=""#, &length),
            (r#""?""#, "embedding 0: expected base64"),
            // infinity
            (r#""AACAfw==""#, "embedding 0: expected finite numbers"),
            // 32 bits do not hold it
            ("[1e300]", "embedding 0: expected numbers"),
        ] {
            assert_eq!(one(text), Err(format!("bad_response: {message}")));
        }
    }

    #[test]
    fn one_for_each_input() {
        let vector = json::value("[1]").unwrap();
        let mut embeddings = Embeddings::default();
        embeddings.add(1, vector).unwrap();
        let missing = embeddings.check(2).unwrap_err().message;
        assert_eq!(missing, "expected the embeddings of 2 inputs, got 1");
        assert!(embeddings.check(1).is_err());
        embeddings.add(0, vector).unwrap();
        assert_eq!(embeddings.check(2), Ok(()));
        let twice = embeddings.add(0, vector).unwrap_err().message;
        assert_eq!(twice, "embedding 0: expected once, got twice");
    }
}
