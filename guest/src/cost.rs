//! The cost of a decision: work units computed from sizes alone, equal in every engine.

use crate::json::{Members, lookup};
use crate::signature::Op;
use crate::term::{Argument, Term};

/// The sizes a cost is computed from.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// Bytes of the canonical encoding of the policy that runs.
    pub encoding: u64,
    /// [`crate::json::Value::weight`] of the ctx.
    pub weight: u64,
    /// [`work`] of the policy over the candidates.
    pub work: u64,
    /// Number of `ctx.failures`.
    pub failures: u64,
}

/// `E·(1 + F) + W + N·(n + 1) + Σ selectors + Σ customs`; see the specification.
pub const fn of(sizes: Sizes) -> u64 {
    sizes.encoding * (1 + sizes.failures) + sizes.weight + sizes.work
}

/// What a term and all below it add, over `n` candidates: `N·(n + 1) + Σ selectors + Σ customs`.
pub fn work(term: &Term, customs: &Members, n: u64) -> u64 {
    let own = match (term.op, term.arguments.as_slice()) {
        (Op::Argmax, _) => n * bits(n),
        (Op::Sample, _) => n * bits(n) + n * (n + 1) / 2,
        (Op::Chain, [Argument::Param(links)]) => {
            n * (bits(n) + bits(links.as_array().map_or(0, <[_]>::len) as u64))
        }
        (Op::Custom, [Argument::Param(symbol)]) => {
            let definition = symbol.as_str().and_then(|symbol| lookup(customs, symbol));
            definition.map_or(0, |definition| definition.weight())
        }
        _ => 0,
    };
    let below: u64 = term.subterms().map(|term| work(term, customs, n)).sum();
    n + 1 + own + below
}

/// The number of binary digits: how often `value` can be halved before nothing is left.
const fn bits(value: u64) -> u64 {
    64 - value.leading_zeros() as u64
}
