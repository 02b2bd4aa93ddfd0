//! Admitted terms.

use alloc::vec::Vec;

use crate::json::Value;
use crate::signature::Op;

/// A term that the signature admits.
#[derive(Clone, Debug, PartialEq)]
pub struct Term<'t> {
    pub op: Op,
    pub arguments: Vec<Argument<'t>>,
}

/// What stands in an argument place.
#[derive(Clone, Debug, PartialEq)]
pub enum Argument<'t> {
    Term(Term<'t>),
    Param(&'t Value<'t>),
}

impl Term<'_> {
    /// An operation without arguments.
    pub const fn constant(op: Op) -> Self {
        Self { op, arguments: Vec::new() }
    }

    /// The subterms, left to right.
    pub fn subterms(&self) -> impl Iterator<Item = &Self> {
        self.arguments.iter().filter_map(|argument| match argument {
            Argument::Term(term) => Some(term),
            Argument::Param(_) => None,
        })
    }
}
