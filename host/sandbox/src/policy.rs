//! What a catalog decides by: a policy that is prepared, or the text of one.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// A policy for catalogs, with what its host puts around it.
///
/// It is admitted by each catalog that decides by it, in the vocabulary of that catalog. The text of
/// a policy will do where there is nothing around it; this one is found again without comparing
/// texts.
#[derive(Clone, Debug)]
pub struct Policy(Arc<Text>);

#[derive(Debug)]
struct Text {
    /// Tells policies apart, also those of equal text.
    number: u64,
    term: String,
    options: String,
}

impl Policy {
    /// A policy as it is.
    pub fn new(term: impl Into<String>) -> Self {
        Self::with_options(term, NO_OPTIONS)
    }

    /// A policy under a host's `{envelope?, customs?}` (JSON).
    pub fn with_options(term: impl Into<String>, options: impl Into<String>) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Self(Arc::new(Text { number, term: term.into(), options: options.into() }))
    }

    /// The term, as it was given.
    pub fn term(&self) -> &str {
        &self.0.term
    }

    /// The options, as they were given.
    pub fn options(&self) -> &str {
        &self.0.options
    }
}

/// Nothing is put around a policy.
const NO_OPTIONS: &str = "{}";

/// What [`Catalog::decide`](crate::Catalog::decide) takes: a [`Policy`], or the text of one.
#[derive(Clone, Copy, Debug)]
pub struct PolicyRef<'p>(Which<'p>);

#[derive(Clone, Copy, Debug)]
enum Which<'p> {
    Prepared(&'p Policy),
    Text(&'p str),
}

/// How a policy is found again.
#[derive(Clone, Copy)]
pub(crate) enum Given {
    Prepared { number: u64 },
    Text,
}

impl<'p> PolicyRef<'p> {
    /// The term, as it was given.
    pub fn term(self) -> &'p str {
        match self.0 {
            Which::Prepared(policy) => policy.term(),
            Which::Text(text) => text,
        }
    }

    /// The options, as they were given; `{}` of a text.
    pub fn options(self) -> &'p str {
        match self.0 {
            Which::Prepared(policy) => policy.options(),
            Which::Text(_) => NO_OPTIONS,
        }
    }

    pub(crate) fn given(self) -> Given {
        match self.0 {
            Which::Prepared(policy) => Given::Prepared { number: policy.0.number },
            Which::Text(_) => Given::Text,
        }
    }
}

impl<'p> From<&'p Policy> for PolicyRef<'p> {
    fn from(policy: &'p Policy) -> Self {
        Self(Which::Prepared(policy))
    }
}

impl<'p> From<&'p str> for PolicyRef<'p> {
    fn from(text: &'p str) -> Self {
        Self(Which::Text(text))
    }
}

impl<'p> From<&'p String> for PolicyRef<'p> {
    fn from(text: &'p String) -> Self {
        Self(Which::Text(text))
    }
}
