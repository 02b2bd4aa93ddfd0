//! The check of one record: its texts, the engine, and what came out different.

use std::fmt::Display;

use serde_json::Value;
use sigmapol_core::{
    Admission, Decision, Engine, Error, RefusalCode,
    json::{Members, Object},
};

use super::{Malformed, Record, differences::differences};

/// An expected value and the one that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What was compared, such as `encoding` or `ordered[0].score`.
    pub what: String,
    /// The value in the vector.
    pub expected: String,
    /// The value of the engine.
    pub got: String,
}

pub(super) struct Check<'r, 'a> {
    pub(super) record: &'r Record<'a>,
    vocabulary: &'r str,
    pub(super) engine: &'r dyn Engine,
    differences: Vec<Difference>,
}

impl<'r, 'a> Check<'r, 'a> {
    pub(super) const fn new(
        record: &'r Record<'a>,
        vocabulary: &'r str,
        engine: &'r dyn Engine,
    ) -> Self {
        Self { record, vocabulary, engine, differences: Vec::new() }
    }

    pub(super) fn finish(self) -> Vec<Difference> {
        self.differences
    }

    /// Records a difference unless `same`.
    pub(super) fn same(
        &mut self,
        what: impl Display,
        same: bool,
        expected: impl Display,
        got: impl Display,
    ) {
        if !same {
            self.differences.push(Difference {
                what: what.to_string(),
                expected: expected.to_string(),
                got: got.to_string(),
            });
        }
    }

    pub(super) fn equal<T: PartialEq + Display>(
        &mut self,
        what: impl Display,
        expected: T,
        got: T,
    ) {
        self.same(what, expected == got, &expected, &got);
    }

    /// The sort and the names of `term`, as far as `expect` has them.
    pub(super) fn names(&mut self, expect: &Members<'a>) -> Result<(), Malformed> {
        type Name = (&'static str, fn(Admission) -> String);
        const NAMES: [Name; 4] = [
            ("sort", |admission| admission.sort.name().to_owned()),
            ("encoding", |admission| admission.canonical),
            ("fingerprint", |admission| admission.fingerprint),
            ("sha256", |admission| admission.identity),
        ];
        let expected = NAMES.iter().filter_map(|(name, got)| Some((name, got, expect.get(name)?)));
        let expected: Vec<_> = expected.collect();
        if expected.is_empty() {
            return Ok(());
        }
        match self.engine.admit(self.record.need("term")?, self.vocabulary) {
            Ok(admitted) => {
                for (name, got, text) in expected {
                    let text: String = self.record.parse(name, text)?;
                    self.equal(name, text, got(admitted.value.clone()));
                }
            }
            Err(error) => self.no_value("an admission", &error),
        }
        Ok(())
    }

    /// Runs a policy over candidates, in the vocabulary of the record, with more of the ctx.
    pub(super) fn decide(
        &mut self,
        policy: &str,
        candidates: &str,
        more: impl FnOnce(Object) -> Object,
    ) -> Result<Decision, Error> {
        let ctx = Object::new().with("candidates", candidates).with("vocabulary", self.vocabulary);
        self.engine.decide(policy, &more(ctx).finish()).map(|outcome| outcome.value)
    }

    /// The vector expects a message.
    pub(super) fn refused<T>(&mut self, message: &str, answer: &Result<T, Error>) {
        match answer {
            Ok(_) => self.same("outcome", false, message, "a value"),
            Err(Error::Refused(refusal)) => {
                let same = refusal.message == message || self.is_overflow(refusal.code);
                self.same("message", same, message, &refusal.message);
            }
            Err(error) => self.same("outcome", false, message, error),
        }
    }

    /// The vector expects a value, and there is none.
    pub(super) fn no_value(&mut self, what: &str, error: &Error) {
        self.same("outcome", self.is_overflow_of(error), what, error);
    }

    /// The vector expects a value, at a path of its `expect`. Whether it came.
    pub(super) fn value(
        &mut self,
        path: &str,
        expected: &Value,
        answer: Result<Value, Error>,
    ) -> bool {
        match answer {
            Ok(got) => {
                let found = differences(path, expected, &got);
                let none = found.is_empty();
                self.differences.extend(found);
                none
            }
            Err(error) => {
                let accepted = self.is_overflow_of(&error);
                let what = if path.is_empty() { "outcome" } else { path };
                self.same(what, accepted, expected, error);
                false
            }
        }
    }

    /// The reference reads 1e400 as infinity; refusing it as JSON is as good.
    fn is_overflow(&self, code: RefusalCode) -> bool {
        code == RefusalCode::JsonNumber
            && self.record.undefined().iter().any(|flag| flag == "num_overflow")
    }

    fn is_overflow_of(&self, error: &Error) -> bool {
        matches!(error, Error::Refused(refusal) if self.is_overflow(refusal.code))
    }

    /// The vocabulary of the record.
    pub(super) const fn vocabulary(&self) -> &'r str {
        self.vocabulary
    }
}
