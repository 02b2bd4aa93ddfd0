//! Pred: a test of one candidate, with the reason when it fails.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use crate::bits::{Bits, ROWS, ones};
use crate::catalog::Labels;
use crate::names::NONE;
use crate::observation::{Flags, Nums, Observation};
use crate::order::{around_zeros, ascending, in_order};
use crate::request::{NEEDS, Privacy};
use crate::shown;
use crate::signature::Rel;
use crate::vocabulary::{BoolField, NumField};

/// A compiled predicate. Fields carry their name for reasons.
#[derive(Clone, Debug)]
pub enum Pred {
    Top,
    Bot,
    MeetsReq,
    ScopeMatches,
    And(Vec<Pred>),
    Or(Vec<Pred>),
    Not(Box<Pred>),
    Is(String, BoolField),
    Cmp(String, NumField, Rel, f64),
    TierEq(String),
    MinTier(usize),
    FamilyEq(String),
    ProviderEq(String),
    ServedByEq(String),
    HasCap(String),
}

/// Why a candidate failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason<'p> {
    Named(&'static str),
    Is(&'p str),
    Cmp(&'p str, Rel),
    MissingCapability(&'p str),
}

impl Reason<'_> {
    /// As it stands in a decision.
    pub fn text(&self) -> String {
        match self {
            Self::Named(name) => [*name].concat(),
            Self::Is(field) => ["is:", &shown::name(field)].concat(),
            Self::Cmp(field, rel) => ["cmp:", &shown::name(field), ":", rel.name()].concat(),
            Self::MissingCapability(name) => ["missing_capability:", &shown::name(name)].concat(),
        }
    }
}

/// The tier of a candidate that names none.
const DEFAULT_TIER: &str = "fallback";

/// A predicate bound to a observation: names are numbers, bounds are integers, requirements are the
/// tests that they come to.
#[derive(Debug)]
pub enum Test<'a> {
    Fails(Reason<'a>),
    Bits(&'a Bits, Reason<'a>),
    Flags(Flags<'a>, Reason<'a>),
    /// In the range, ends included; doubles as [`ascending`] integers.
    Range(Nums<'a>, [i64; 2], Reason<'a>),
    Except(Nums<'a>, i64, Reason<'a>),
    Is(&'a [u32], u32, Reason<'a>),
    /// Whether each name passes, and whether none does.
    In(&'a [u32], Vec<bool>, bool, Reason<'a>),
    All(Vec<Test<'a>>),
    Any(Vec<Test<'a>>),
    Not(Box<Test<'a>>),
    /// Another test under a reason of its own.
    Named(Box<Test<'a>>, &'static str),
}

impl Pred {
    /// Binds the predicate to what there is to observe.
    pub fn bind<'a>(&'a self, observation: Observation<'a>) -> Test<'a> {
        let catalog = observation.catalog;
        let bind_all =
            |preds: &'a [Self]| preds.iter().map(|pred| pred.bind(observation)).collect();
        match self {
            Self::Top => Test::All(Vec::new()),
            Self::Bot => Test::Fails(Reason::Named("bot")),
            Self::And(preds) => Test::All(bind_all(preds)),
            Self::Or(preds) => Test::Any(bind_all(preds)),
            Self::Not(pred) => Test::Not(Box::new(pred.bind(observation))),
            Self::Is(name, field) => Test::Flags(observation.flags(*field), Reason::Is(name)),
            Self::Cmp(name, field, rel, bound) => {
                compare(observation.nums(*field), *rel, *bound, Reason::Cmp(name, *rel))
            }
            Self::TierEq(tier) => {
                let passes = |name: &str| name == tier;
                Test::In(
                    &catalog.tiers.rows,
                    catalog.tiers.each(passes, false),
                    passes(DEFAULT_TIER),
                    Reason::Named("tier"),
                )
            }
            Self::MinTier(least) => {
                let passes = |name: &str| observation.vocabulary.rank(name) >= *least;
                Test::In(
                    &catalog.tiers.rows,
                    catalog.tiers.each(passes, false),
                    passes(DEFAULT_TIER),
                    Reason::Named("min_tier"),
                )
            }
            Self::FamilyEq(name) => is(&catalog.families, name, Reason::Named("model_family")),
            Self::ProviderEq(name) => is(&catalog.providers, name, Reason::Named("provider_id")),
            Self::ServedByEq(name) => is(&catalog.served_by, name, Reason::Named("served_by")),
            Self::HasCap(name) => {
                Test::Bits(catalog.capable(name), Reason::MissingCapability(name))
            }
            Self::ScopeMatches => {
                let passes = |name: &str| observation.request.scope.as_deref() == Some(name);
                Test::In(
                    &catalog.scopes.rows,
                    catalog.scopes.each(passes, false),
                    true,
                    Reason::Named("scope"),
                )
            }
            Self::MeetsReq => Test::All(requirements(observation)),
        }
    }
}

fn is<'a>(labels: &'a Labels, name: &str, reason: Reason<'a>) -> Test<'a> {
    match labels.names.find(name) {
        NONE => Test::Fails(reason),
        number => Test::Is(&labels.rows, number, reason),
    }
}

/// IEEE comparison, as one of integers.
fn compare<'a>(values: Nums<'a>, rel: Rel, bound: f64, reason: Reason<'a>) -> Test<'a> {
    let bound = ascending(bound);
    // a bound is finite, so that neither end overflows
    let range = match rel {
        Rel::Ne => return Test::Except(values, bound, reason),
        Rel::Lt => [i64::MIN, bound - 1],
        Rel::Le => [i64::MIN, bound],
        Rel::Eq => [bound, bound],
        Rel::Ge => [bound, i64::MAX],
        Rel::Gt => [bound + 1, i64::MAX],
    };
    Test::Range(values, range, reason)
}

/// The requirements of the request that ask for something, in the order the reference checks them.
fn requirements<'a>(observation: Observation<'a>) -> Vec<Test<'a>> {
    let (catalog, request) = (observation.catalog, observation.request);
    let mut tests = Vec::new();
    for (asked, (need, capability)) in request.needs.iter().zip(NEEDS) {
        if *asked {
            tests.push(Test::Bits(catalog.capable(capability), Reason::MissingCapability(need)));
        }
    }
    let least =
        |values: Nums<'a>, least: f64, name| compare(values, Rel::Ge, least, Reason::Named(name));
    if let Some(tokens) = request.min_context {
        tests.push(least(observation.nums(NumField::CONTEXT), tokens, "min_context"));
    }
    if let Some(family) = &request.model_family {
        tests.push(is(&catalog.families, family, Reason::Named("model_family")));
    }
    if let Some(tier) = &request.tier {
        // without a tier a candidate meets no tier: the default is not used here
        tests.push(is(&catalog.tiers, tier, Reason::Named("tier")));
    }
    let tee = Test::Flags(observation.flags(BoolField::HAS_TEE), Reason::Named("tee_required"));
    match request.privacy {
        Privacy::Any => {}
        Privacy::TeeRequired => tests.push(tee),
        Privacy::NoLog => {
            let no_log = Test::Flags(observation.flags(BoolField::NO_LOG), Reason::Named("no_log"));
            let either = Test::Any(Vec::from([no_log, tee]));
            tests.push(Test::Named(Box::new(either), "no_log"));
        }
    }
    if let Some(quality) = request.min_quality {
        tests.push(least(Nums::Own(&catalog.quality), quality, "min_quality"));
    }
    if let Some(speed) = request.min_tok_s {
        tests.push(least(observation.nums(NumField::TOK_S), speed, "min_tok_s"));
    }
    tests
}

impl<'a> Test<'a> {
    /// Whether a row passes.
    pub fn holds(&self, row: usize) -> bool {
        match self {
            Self::Fails(_) => false,
            Self::Bits(bits, _) => bits.get(row),
            Self::Flags(flags, _) => flags.at(row),
            Self::Range(values, range, _) => within(*range, values.at(row)),
            Self::Except(values, bound, _) => ascending(values.at(row)) != *bound,
            Self::Is(rows, number, _) => rows.get(row) == Some(number),
            Self::In(rows, passes, none, _) => {
                let number = rows.get(row).copied().unwrap_or(NONE);
                passes.get(number as usize).copied().unwrap_or(*none)
            }
            Self::All(tests) => tests.iter().all(|test| test.holds(row)),
            Self::Any(tests) => tests.iter().any(|test| test.holds(row)),
            Self::Not(test) => !test.holds(row),
            Self::Named(test, _) => test.holds(row),
        }
    }

    /// Which of the 64 rows from `64 · at` on pass; anything for rows that are not there. A loop for
    /// each of the frequent tests, with nothing to decide inside of it.
    fn word(&self, at: usize) -> u64 {
        match self {
            Self::Fails(_) => 0,
            Self::Bits(bits, _) | Self::Flags(Flags::Own(bits), _) => bits.word(at),
            Self::Flags(Flags::OfProvider(flags, providers), _) => {
                let flag = |provider: &u32| flags.get(*provider as usize).copied().unwrap_or(false);
                // most of the time nothing is disabled, and nothing is down
                if flags.contains(&true) { mask(part(providers, at), flag) } else { 0 }
            }
            Self::Range(values, range, _) => {
                let [low, high] = around_zeros(*range);
                let width = high.wrapping_sub(low).cast_unsigned();
                numbers(*values, at, |value| {
                    in_order(value).wrapping_sub(low).cast_unsigned() <= width
                })
            }
            Self::Except(values, bound, _) => {
                numbers(*values, at, |value| ascending(value) != *bound)
            }
            Self::Is(rows, number, _) => mask(part(rows, at), |row| row == number),
            Self::In(rows, passes, none, _) => {
                mask(part(rows, at), |row| passes.get(*row as usize).copied().unwrap_or(*none))
            }
            Self::All(tests) => tests.iter().fold(u64::MAX, |word, test| word & test.word(at)),
            Self::Any(tests) => tests.iter().fold(0, |word, test| word | test.word(at)),
            Self::Not(test) => !test.word(at),
            Self::Named(test, _) => test.word(at),
        }
    }

    /// Keeps the rows that pass, test by test; `fail` hears of each other row once, with those that
    /// fail beside it in the same word: the word's number, its rows, the reason.
    pub fn sieve(&self, rows: &mut Bits, fail: &mut impl FnMut(usize, u64, Reason<'a>)) {
        let reason = match self {
            Self::All(tests) => {
                for test in tests {
                    test.sieve(rows, fail);
                }
                return;
            }
            Self::Fails(reason)
            | Self::Bits(_, reason)
            | Self::Flags(_, reason)
            | Self::Range(.., reason)
            | Self::Except(.., reason)
            | Self::Is(.., reason)
            | Self::In(.., reason) => *reason,
            Self::Any(_) => Reason::Named("or"),
            Self::Not(_) => Reason::Named("not"),
            Self::Named(_, name) => Reason::Named(name),
        };
        for (at, word) in rows.words() {
            // a few of them are sooner asked one by one
            let few = 2 * word.count_ones() < u64::BITS - word.leading_zeros();
            let fails = if few {
                ones(*word).fold(0, |fails, place| {
                    fails | u64::from(!self.holds(ROWS * at + place)) << place
                })
            } else {
                *word & !self.word(at)
            };
            if fails != 0 {
                *word &= !fails;
                fail(at, fails, reason);
            }
        }
    }
}

/// Whether a number is in a range of [`ascending`] integers, ends included.
fn within([low, high]: [i64; 2], value: f64) -> bool {
    let value = ascending(value);
    low <= value && value <= high
}

/// Which of the rows of a word have a number that passes.
fn numbers(values: Nums, at: usize, passes: impl Fn(f64) -> bool) -> u64 {
    match values {
        Nums::OfProvider(values, providers) => mask(part(providers, at), |provider| {
            passes(values.get(*provider as usize).copied().unwrap_or_default())
        }),
        Nums::Own(column) => {
            let part = part(column, at);
            // what is not there is 0
            let rest = u64::MAX.checked_shl(part.len() as u32).filter(|_| passes(0.0));
            mask(part, |value| passes(*value)) | rest.unwrap_or_default()
        }
    }
}

/// The rows of a word of a column.
fn part<T>(column: &[T], at: usize) -> &[T] {
    let rest = column.get(ROWS * at..).unwrap_or_default();
    rest.get(..ROWS).unwrap_or(rest)
}

/// A bit for each item, from the lowest.
fn mask<T>(items: &[T], holds: impl Fn(&T) -> bool) -> u64 {
    let bits = items.iter().zip(0_u32..);
    bits.fold(0, |word, (item, place)| word | u64::from(holds(item)) << place)
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    /// A reason is repeated for each candidate: what a name of 450,000 bytes comes to in it.
    #[test]
    fn reasons_are_short() {
        let name = "n".repeat(450_000);
        let shown = format!("{}… (450000 bytes)", "n".repeat(256));
        for (reason, expected) in [
            (Reason::Is(&name), format!("is:{shown}")),
            (Reason::Cmp(&name, Rel::Ge), format!("cmp:{shown}:ge")),
            (Reason::MissingCapability(&name), format!("missing_capability:{shown}")),
            (Reason::Cmp("price_in", Rel::Le), "cmp:price_in:le".into()),
        ] {
            assert_eq!(reason.text(), expected);
        }
    }
}
