//! Admission: from JSON to a term, or to the first thing that is wrong with it.
//!
//! Total and without side effects. Depth first, left to right; the first error wins.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::json::Value;
use crate::limits::{TERM_DEPTH, TERM_NODES};
use crate::refusal::{Refusal, RefusalCode};
use crate::signature::{self, Arguments, Operation, Param, Slot, Sort};
use crate::term::{Argument, Term};
use crate::vocabulary::{Profile, Vocabulary};
use crate::{parameter, strict};

/// A term with what admission learnt of it.
#[derive(Debug)]
pub struct Admitted<'t> {
    pub term: Term<'t>,
    pub sort: Sort,
    /// Term positions.
    pub nodes: u32,
    /// Nesting; 1 for a term without subterms.
    pub depth: u32,
}

/// Checks a term of any sort.
pub fn admit<'t>(value: &'t Value, vocabulary: &Vocabulary) -> Result<Admitted<'t>, Refusal> {
    let mut walk = Walk { vocabulary, nodes: 0, depth: 0 };
    let (term, sort) = walk.term(value, &Path::Root, 1)?;
    Ok(Admitted { term, sort, nodes: walk.nodes, depth: walk.depth })
}

/// Where in the term; rendered only when something is wrong.
enum Path<'a> {
    Root,
    Argument { of: &'a Path<'a>, op: &'static str, index: usize },
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Path::Root => f.write_str("$"),
            Path::Argument { of, op, index } => write!(f, "{of}.{op}[{index}]"),
        }
    }
}

impl Path<'_> {
    fn refuse(&self, code: RefusalCode, message: impl fmt::Display) -> Refusal {
        Refusal::new(code, format!("{self}: {message}"))
    }
}

struct Walk<'v> {
    vocabulary: &'v Vocabulary,
    nodes: u32,
    depth: u32,
}

impl Walk<'_> {
    fn term<'t>(
        &mut self,
        value: &'t Value,
        path: &Path,
        depth: u32,
    ) -> Result<(Term<'t>, Sort), Refusal> {
        if depth > TERM_DEPTH {
            let message = format!("term exceeds max depth {TERM_DEPTH}");
            return Err(path.refuse(RefusalCode::TermDepth, message));
        }
        self.depth = self.depth.max(depth);
        self.nodes += 1;
        if self.nodes > TERM_NODES {
            let message = format!("term exceeds max size {TERM_NODES} nodes");
            return Err(path.refuse(RefusalCode::TermNodes, message));
        }
        let (name, arguments) = match value {
            Value::Array(items) => match items.split_first() {
                Some((Value::String(name), arguments)) => (name, arguments),
                _ => return Err(not_a_term(path)),
            },
            _ => return Err(not_a_term(path)),
        };
        let operation = signature::find(name).ok_or_else(|| {
            path.refuse(RefusalCode::UnknownOp, format_args!("unknown op '{name}'"))
        })?;
        let arguments = self.arguments(operation, arguments, path, depth)?;
        Ok((Term { op: operation.op, arguments }, operation.sort))
    }

    fn arguments<'t>(
        &mut self,
        operation: &'static Operation,
        values: &'t [Value],
        path: &Path,
        depth: u32,
    ) -> Result<Vec<Argument<'t>>, Refusal> {
        let op = operation.name;
        match operation.arguments {
            Arguments::Variadic(..) if values.is_empty() => {
                let message = format!("{op} needs at least one argument");
                return Err(path.refuse(RefusalCode::Arity, message));
            }
            Arguments::Fixed(slots) if slots.len() != values.len() => {
                let (expected, got) = (slots.len(), values.len());
                let message = format!("{op} takes {expected} argument(s), got {got}");
                return Err(path.refuse(RefusalCode::Arity, message));
            }
            _ => {}
        }
        let slots: &mut dyn Iterator<Item = Slot> = match operation.arguments {
            Arguments::Variadic(sort, _) => &mut core::iter::repeat(Slot::Term(sort)),
            Arguments::Fixed(slots) => &mut slots.iter().copied(),
        };
        let mut arguments = Vec::with_capacity(values.len());
        for (index, (value, slot)) in (1..).zip(values.iter().zip(slots)) {
            let path = Path::Argument { of: path, op, index };
            arguments.push(match slot {
                Slot::Term(sort) => Argument::Term(self.subterm(value, sort, &path, depth)?),
                Slot::Param(param) => Argument::Param(self.parameter(value, param, &path)?),
            });
        }
        Ok(arguments)
    }

    fn subterm<'t>(
        &mut self,
        value: &'t Value,
        expected: Sort,
        path: &Path,
        depth: u32,
    ) -> Result<Term<'t>, Refusal> {
        let (term, sort) = self.term(value, path, depth + 1)?;
        if sort == expected {
            return Ok(term);
        }
        let message = format!("expected {}, got {}", expected.name(), sort.name());
        Err(path.refuse(RefusalCode::SortMismatch, message))
    }

    fn parameter<'t>(
        &self,
        value: &'t Value,
        param: Param,
        path: &Path,
    ) -> Result<&'t Value<'t>, Refusal> {
        let refuse = |code| move |message: String| path.refuse(code, message);
        parameter::check(param, value, self.vocabulary).map_err(refuse(RefusalCode::Parameter))?;
        if self.vocabulary.profile == Profile::Strict {
            strict::check(param, value).map_err(refuse(RefusalCode::Strict))?;
        }
        Ok(value)
    }
}

fn not_a_term(path: &Path) -> Refusal {
    path.refuse(RefusalCode::TermShape, "a term is { op, ... } with a string op")
}
