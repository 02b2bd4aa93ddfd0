//! What embeddings are asked of.

use serde_json::value::RawValue;

use super::Request;
use crate::{
    CallError,
    error::{expected, unsupported},
    json,
};

const POSITION: &str = "request.input";
const EXPECTED: &str = "a string, or an array of strings or of tokens";

/// The inputs of a request for embeddings.
#[derive(Debug)]
pub(crate) enum Inputs<'a> {
    /// JSON strings.
    Texts(Vec<&'a RawValue>),
    /// Lists of tokens, so many.
    Tokens(usize),
}

impl<'a> Inputs<'a> {
    /// Reads `request.input`.
    pub(crate) fn read(request: &Request<'a>) -> Result<Self, CallError> {
        let wrong = || expected(POSITION, EXPECTED);
        let input = request.parameter("input").ok_or_else(wrong)?;
        let is = |value: &RawValue, first: fn(u8) -> bool| {
            value.get().as_bytes().first().is_some_and(|byte| first(*byte))
        };
        let text = |byte| byte == b'"';
        if is(input, text) {
            return Ok(Self::Texts(vec![input]));
        }
        let list = json::items(input).filter(|list| !list.is_empty()).ok_or_else(wrong)?;
        if list.iter().all(|item| is(item, text)) {
            Ok(Self::Texts(list))
        } else if list.iter().all(|item| is(item, |byte| byte.is_ascii_digit())) {
            Ok(Self::Tokens(1))
        } else if list.iter().all(|item| is(item, |byte| byte == b'[')) {
            Ok(Self::Tokens(list.len()))
        } else {
            Err(wrong())
        }
    }

    /// How many embeddings are asked for.
    pub(crate) const fn len(&self) -> usize {
        match self {
            Self::Texts(texts) => texts.len(),
            Self::Tokens(count) => *count,
        }
    }

    /// The texts, for a dialect that has no tokens.
    pub(crate) fn texts(&self, dialect: &str) -> Result<&[&'a RawValue], CallError> {
        match self {
            Self::Texts(texts) => Ok(texts),
            Self::Tokens(_) => Err(unsupported(format!("{POSITION}: {dialect} has no tokens"))),
        }
    }
}
