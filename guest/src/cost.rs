//! The cost of a decision: work units computed from sizes alone, equal in every engine.

use alloc::vec::Vec;
use core::num::Saturating;
use core::ops::{Add, Div, Mul};

use crate::encode::{TAG, after_string};
use crate::json::{Members, Value, lookup};
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

/// What a policy in normal form adds, over `n` candidates: `N·(n + 1) + Σ selectors + Σ customs`.
pub fn work(normal: &Term, customs: &Members, n: u64) -> u64 {
    let mut shape = Shape::default();
    let mut definitions = 0;
    shape.count(normal, &mut |symbol| {
        let definition = symbol.as_str().and_then(|symbol| lookup(customs, symbol));
        definitions += definition.map_or(0, Value::weight);
    });
    shape.work(n, |number| number) + definitions
}

/// What a policy in normal form consists of, as far as its cost depends on it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Shape {
    nodes: u64,
    /// The selectors of these kinds, and the customs.
    argmax: u64,
    sample: u64,
    custom: u64,
    /// The links of each chain.
    chains: Vec<u64>,
}

impl Shape {
    /// Adds a term and all below it; `custom` hears of the symbol of each custom.
    fn count(&mut self, term: &Term, custom: &mut impl FnMut(&Value)) {
        self.nodes += 1;
        match (term.op, term.arguments.as_slice()) {
            (Op::Argmax, _) => self.argmax += 1,
            (Op::Sample, _) => self.sample += 1,
            (Op::Custom, [Argument::Param(symbol)]) => {
                self.custom += 1;
                custom(symbol);
            }
            (Op::Chain, [Argument::Param(links)]) => {
                self.chains.push(links.as_array().map_or(0, <[_]>::len) as u64);
            }
            _ => {}
        }
        term.subterms().for_each(|term| self.count(term, custom));
    }

    /// Adds what a canonical encoding consists of.
    fn count_encoding(&mut self, mut rest: &str) {
        // the links of a chain are the records up to the end of its term
        let mut links = None;
        while let Some(at) = rest.find(['"', '(', ')', '{']) {
            let (_, found) = rest.split_at_checked(at).unwrap_or_default();
            rest = found.get(1..).unwrap_or_default();
            match (found.as_bytes().first(), &mut links) {
                (Some(b'"'), _) => rest = after_string(rest),
                (Some(b'('), _) => {
                    self.nodes += 1;
                    match operation(rest) {
                        Some("argmax") => self.argmax += 1,
                        Some("sample") => self.sample += 1,
                        Some("custom") => self.custom += 1,
                        Some("chain") => links = Some(0),
                        _ => {}
                    }
                }
                (Some(b')'), _) => self.chains.extend(links.take()),
                (_, Some(links)) => *links += 1,
                _ => {}
            }
        }
    }

    /// `N·(n + 1) + Σ selectors`, in numbers of a type that is wide enough.
    fn work<N>(&self, n: u64, number: impl Fn(u64) -> N) -> N
    where
        N: Copy + Add<Output = N> + Mul<Output = N> + Div<Output = N>,
    {
        let [one, two, count, digits] = [1, 2, n, bits(n)].map(&number);
        let work = number(self.nodes) * (count + one)
            + number(self.argmax + self.sample) * count * digits
            + number(self.sample) * (count * (count + one) / two);
        let chain = |links: &u64| count * (digits + number(bits(*links)));
        self.chains.iter().map(chain).fold(work, N::add)
    }
}

/// The number of binary digits: how often `value` can be halved before nothing is left.
const fn bits(value: u64) -> u64 {
    64 - value.leading_zeros() as u64
}

/// What a decision by a policy may cost at most, known before it is made.
///
/// ```
/// use sigmapol_engine::{CostBound, admit};
///
/// let policy = r#"["policy", ["top"], ["zero"], ["argmax"], ["id"], ["always", {"action": "abort"}]]"#;
/// let bound = CostBound::of(&admit(policy, "{}")?.canonical);
/// // 76 bytes, 6 nodes; over 3 candidates: 76 + 100 + 6 · (3 + 1) + 3 · 2
/// assert_eq!(bound.at_most(3, 100, 0), 206);
/// # Ok::<(), sigmapol_engine::Refusal>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CostBound {
    /// Bytes of the canonical encoding.
    encoding: u64,
    /// Bytes of the text beyond those: they are read once and leave nothing.
    beyond: u64,
    shape: Shape,
}

impl CostBound {
    /// Reads the sizes off the canonical encoding of the policy that runs: with an envelope, that
    /// is the one of [`constrain`](crate::constrain).
    pub fn of(canonical: &str) -> Self {
        let mut shape = Shape::default();
        shape.count_encoding(canonical.strip_prefix(TAG).unwrap_or(canonical));
        Self { encoding: canonical.len() as u64, beyond: 0, shape }
    }

    /// For a policy of so many bytes, which may have blanks and escapes that its encoding has not.
    /// They take time to read, and are not in the cost.
    #[must_use]
    pub fn written_in(self, bytes: u64) -> Self {
        Self { beyond: bytes.saturating_sub(self.encoding), ..self }
    }

    /// The cost of a decision over so many candidates, for a ctx of so many bytes with so many
    /// failures: `docs/specification.md`, section 15, with the bytes of the ctx for its weight,
    /// which is never more. At the largest number that fits, no more is counted.
    pub fn at_most(&self, candidates: u64, ctx_bytes: u64, failures: u64) -> u64 {
        let wide = |number| Saturating(u128::from(number));
        let one = wide(1);
        let sum = wide(self.encoding) * (one + wide(failures))
            + wide(self.beyond)
            + wide(ctx_bytes) * (one + wide(self.shape.custom))
            + self.shape.work(candidates, wide);
        u64::try_from(sum.0).unwrap_or(u64::MAX)
    }
}

/// The name that a text begins with, if it may be one that counts. No more is looked at: a text that
/// is no encoding may go on without an end of the word.
fn operation(text: &str) -> Option<&str> {
    const LONGEST: usize = "argmax".len();

    let end = text.bytes().take(LONGEST + 1).position(|byte| matches!(byte, b' ' | b')'));
    text.get(..end.unwrap_or(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An encoding comes from a component, which may be anybody's.
    #[test]
    fn of_what_is_no_encoding() {
        for text in ["(", "((", "(argmax", "(ar\u{e4}", "(\u{1f642}\u{1f642}", ")", "\"", "(chain{"]
        {
            CostBound::of(text);
        }
        // read once: each of them looks at the same few bytes
        let open = "(".repeat(1 << 20);
        assert_eq!(CostBound::of(&open).shape.nodes, 1 << 20);
    }
    use crate::json::read;
    use crate::policy::normal_form;
    use crate::vocabulary::Vocabulary;

    /// The shape that is read off an encoding is the one of the term.
    #[test]
    fn of_the_term_and_of_its_encoding() {
        let options = read("vocabulary", r#"{"profile":"reference"}"#).unwrap();
        let vocabulary = Vocabulary::read(&options).unwrap();
        for (filter, selector, transform) in [
            (r#"["top"]"#, r#"["argmax"]"#, r#"["id"]"#),
            (r#"["family_eq","a\"(b){\\\n\u0001"]"#, r#"["sample",1]"#, r#"["custom","(x)"]"#),
            (
                r#"["and",["is","no_log"],["not",["is","has_tee"]]]"#,
                r#"["top_k",2,["chain",[{"provider":"a\\","model":"{"},{"provider":"b","model":"m"}]]]"#,
                r#"["seq",["filter_text",[{"n":1}]],["custom","y"]]"#,
            ),
            (
                r#"["bot"]"#,
                r#"["prefer",["top"],["chain",[]]]"#,
                r#"["set_param","a","argmax (sample 1)"]"#,
            ),
        ] {
            let text = alloc::format!(
                r#"["policy",{filter},["zero"],{selector},{transform},["always",{{"action":"abort"}}]]"#
            );
            let value = read("policy", &text).unwrap();
            let normal = normal_form(&value, &vocabulary).unwrap();
            let mut shape = Shape::default();
            shape.count(&normal, &mut |_| ());
            let bound = CostBound::of(&crate::encode::encode(&normal));
            assert_eq!(bound.shape, shape, "{text}");
        }
    }

    #[test]
    fn no_size_is_too_large() {
        let bound = CostBound::of("sigma-pol/v2:(policy (sample 1) (sample 1))");
        assert_eq!(bound.at_most(u64::MAX, u64::MAX, u64::MAX), u64::MAX);
    }

    #[test]
    fn what_is_written_beyond_the_encoding_counts_once() {
        let bound = CostBound::of("sigma-pol/v2:(policy)");
        let most = bound.at_most(1, 2, 3);
        assert_eq!(bound.clone().written_in(21).at_most(1, 2, 3), most);
        assert_eq!(bound.clone().written_in(3).at_most(1, 2, 3), most);
        assert_eq!(bound.written_in(29).at_most(1, 2, 3), most + 8);
    }
}
