//! The normal form: equal up to the algebraic laws means equal text.
//!
//! Bottom up, idempotent, no arithmetic. Execution always runs on the normal form, so it *is* the
//! meaning of a term.

use alloc::vec;
use alloc::vec::Vec;

use crate::encode::{self, text};
use crate::json::Value;
use crate::order::{by, by_text};
use crate::signature::{Arguments, Laws, Op};
use crate::term::{Argument, Term};

/// The normal form of an admitted term.
pub fn normalize(term: Term<'_>) -> Term<'_> {
    let Term { op, arguments } = term;
    if op == Op::Override {
        return fail_plan(Term { op, arguments });
    }
    match op.operation().arguments {
        Arguments::Variadic(_, laws) => associative(op, laws, arguments),
        Arguments::Fixed(_) => {
            let arguments = arguments.into_iter().map(|argument| match argument {
                Argument::Term(term) => Argument::Term(normalize(term)),
                param @ Argument::Param(_) => param,
            });
            simplify(Term { op, arguments: arguments.collect() })
        }
    }
}

/// Splices nested operations, drops units, lets an absorber win, sorts where order is immaterial.
fn associative<'t>(op: Op, laws: Laws, arguments: Vec<Argument<'t>>) -> Term<'t> {
    let mut kids = Vec::with_capacity(arguments.len());
    if let Some(absorber) = splice(op, &laws, arguments, &mut kids) {
        return absorber;
    }
    if kids.is_empty() {
        return Term::constant(laws.unit);
    }
    if laws.commutative {
        kids = by(kids, encode::compare);
    }
    match <[Argument; 1]>::try_from(kids) {
        Ok([Argument::Term(kid)]) => kid,
        Ok(kids) => Term { op, arguments: kids.into() },
        Err(kids) => Term { op, arguments: kids },
    }
}

/// Adds the normal forms of arguments, those of nested operations of the same kind in their place;
/// gives an absorber if there is one. What is nested is not sorted on its own.
fn splice<'t>(
    op: Op,
    laws: &Laws,
    arguments: Vec<Argument<'t>>,
    kids: &mut Vec<Argument<'t>>,
) -> Option<Term<'t>> {
    for argument in arguments {
        let term = match argument {
            Argument::Term(term) => term,
            param @ Argument::Param(_) => {
                kids.push(param);
                continue;
            }
        };
        if term.op == op {
            if let Some(absorber) = splice(op, laws, term.arguments, kids) {
                return Some(absorber);
            }
            continue;
        }
        let kid = normalize(term);
        if Some(kid.op) == laws.absorber {
            return Some(kid);
        }
        if kid.op == op {
            kids.extend(kid.arguments);
        } else if kid.op != laws.unit {
            kids.push(Argument::Term(kid));
        }
    }
    None
}

/// The laws of operations with fixed arguments, on normalized arguments.
fn simplify(term: Term<'_>) -> Term<'_> {
    let Term { op, mut arguments } = term;
    let keep = match (op, arguments.as_slice()) {
        (Op::Not, [Argument::Term(kid)]) => match kid.op {
            Op::Top => return Term::constant(Op::Bot),
            Op::Bot => return Term::constant(Op::Top),
            Op::Not => {
                let inner = kid.subterms().next().cloned();
                return inner.unwrap_or(Term { op, arguments });
            }
            _ => None,
        },
        (Op::Scale, [Argument::Param(Value::Number(factor)), Argument::Term(kid)]) => {
            if *factor == 0.0 || kid.op == Op::Zero {
                return Term::constant(Op::Zero);
            }
            (*factor == 1.0).then_some(1)
        }
        (Op::Gate, [Argument::Term(pred), Argument::Term(kid)]) => {
            if pred.op == Op::Bot || kid.op == Op::Zero {
                return Term::constant(Op::Zero);
            }
            (pred.op == Op::Top).then_some(1)
        }
        (Op::Normalize, [Argument::Term(kid)]) => (kid.op == Op::Normalize).then_some(0),
        _ => None,
    };
    match keep.map(|at| arguments.swap_remove(at)) {
        Some(Argument::Term(kid)) => kid,
        Some(param) => Term { op, arguments: vec![param] },
        None => Term { op, arguments },
    }
}

/// The outermost action of each reason, in byte order of reasons, without those that only repeat
/// what `always` says.
fn fail_plan(term: Term<'_>) -> Term<'_> {
    let mut overrides: Vec<(Argument, Argument)> = Vec::new();
    let mut plan = term;
    let base = loop {
        match <[Argument; 3]>::try_from(plan.arguments) {
            Ok([Argument::Term(inner), reason, action]) => {
                if !overrides.iter().any(|(known, _)| *known == reason) {
                    overrides.push((reason, action));
                }
                plan = inner;
            }
            Ok(arguments) => break Term { op: plan.op, arguments: arguments.into() },
            Err(arguments) => break Term { op: plan.op, arguments },
        }
    };
    let default = base.arguments.first().map(text);
    overrides.retain(|(_, action)| Some(text(action)) != default);
    by_text(overrides, |(reason, _)| name(reason)).into_iter().fold(
        base,
        |plan, (reason, action)| Term {
            op: Op::Override,
            arguments: vec![Argument::Term(plan), reason, action],
        },
    )
}

/// A reason as a string.
fn name<'a>(argument: &'a Argument) -> &'a str {
    match argument {
        Argument::Param(value) => value.as_str().unwrap_or_default(),
        Argument::Term(_) => "",
    }
}
