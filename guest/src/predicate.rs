//! Pred: a test of one candidate, with the reason when it fails.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use crate::bits::Bits;
use crate::catalog::Labels;
use crate::names::NONE;
use crate::order::ascending;
use crate::request::{NEEDS, Privacy};
use crate::scene::{Flags, Nums, Scene};
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
            Self::Is(field) => ["is:", field].concat(),
            Self::Cmp(field, rel) => ["cmp:", field, ":", rel.name()].concat(),
            Self::MissingCapability(name) => ["missing_capability:", name].concat(),
        }
    }
}

/// The tier of a candidate that names none.
const DEFAULT_TIER: &str = "fallback";

/// A predicate bound to a scene: names are numbers, bounds are integers, requirements are the
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
    pub fn bind<'a>(&'a self, scene: Scene<'a>) -> Test<'a> {
        let catalog = scene.catalog;
        let bind_all = |preds: &'a [Self]| preds.iter().map(|pred| pred.bind(scene)).collect();
        match self {
            Self::Top => Test::All(Vec::new()),
            Self::Bot => Test::Fails(Reason::Named("bot")),
            Self::And(preds) => Test::All(bind_all(preds)),
            Self::Or(preds) => Test::Any(bind_all(preds)),
            Self::Not(pred) => Test::Not(Box::new(pred.bind(scene))),
            Self::Is(name, field) => Test::Flags(scene.flags(*field), Reason::Is(name)),
            Self::Cmp(name, field, rel, bound) => {
                compare(scene.nums(*field), *rel, *bound, Reason::Cmp(name, *rel))
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
                let passes = |name: &str| scene.vocabulary.rank(name) >= *least;
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
                let passes = |name: &str| scene.request.scope.as_deref() == Some(name);
                Test::In(
                    &catalog.scopes.rows,
                    catalog.scopes.each(passes, false),
                    true,
                    Reason::Named("scope"),
                )
            }
            Self::MeetsReq => Test::All(requirements(scene)),
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
fn requirements<'a>(scene: Scene<'a>) -> Vec<Test<'a>> {
    let (catalog, request) = (scene.catalog, scene.request);
    let mut tests = Vec::new();
    for (asked, (need, capability)) in request.needs.iter().zip(NEEDS) {
        if *asked {
            tests.push(Test::Bits(catalog.capable(capability), Reason::MissingCapability(need)));
        }
    }
    let least =
        |values: Nums<'a>, least: f64, name| compare(values, Rel::Ge, least, Reason::Named(name));
    if let Some(tokens) = request.min_context {
        tests.push(least(scene.nums(NumField::CONTEXT), tokens, "min_context"));
    }
    if let Some(family) = &request.model_family {
        tests.push(is(&catalog.families, family, Reason::Named("model_family")));
    }
    if let Some(tier) = &request.tier {
        // without a tier a candidate meets no tier: the default is not used here
        tests.push(is(&catalog.tiers, tier, Reason::Named("tier")));
    }
    let tee = Test::Flags(scene.flags(BoolField::HAS_TEE), Reason::Named("tee_required"));
    match request.privacy {
        Privacy::Any => {}
        Privacy::TeeRequired => tests.push(tee),
        Privacy::NoLog => {
            let no_log = Test::Flags(scene.flags(BoolField::NO_LOG), Reason::Named("no_log"));
            let either = Test::Any(Vec::from([no_log, tee]));
            tests.push(Test::Named(Box::new(either), "no_log"));
        }
    }
    if let Some(quality) = request.min_quality {
        tests.push(least(Nums::Own(&catalog.quality), quality, "min_quality"));
    }
    if let Some(speed) = request.min_tok_s {
        tests.push(least(scene.nums(NumField::TOK_S), speed, "min_tok_s"));
    }
    tests
}

impl<'a> Test<'a> {
    /// Whether a row passes.
    pub fn holds(&self, row: usize) -> bool {
        self.check(row).is_ok()
    }

    /// The reason is that of the first test that failed.
    pub fn check(&self, row: usize) -> Result<(), Reason<'a>> {
        let (holds, reason) = match self {
            Self::Fails(reason) => (false, *reason),
            Self::Bits(bits, reason) => (bits.get(row), *reason),
            Self::Flags(flags, reason) => (flags.at(row), *reason),
            Self::Range(values, [low, high], reason) => {
                ((low..=high).contains(&&ascending(values.at(row))), *reason)
            }
            Self::Except(values, bound, reason) => (ascending(values.at(row)) != *bound, *reason),
            Self::Is(rows, number, reason) => (rows.get(row) == Some(number), *reason),
            Self::In(rows, passes, none, reason) => {
                let number = rows.get(row).copied().unwrap_or(NONE);
                (passes.get(number as usize).copied().unwrap_or(*none), *reason)
            }
            Self::All(tests) => return tests.iter().try_for_each(|test| test.check(row)),
            Self::Any(tests) => (tests.iter().any(|test| test.holds(row)), Reason::Named("or")),
            Self::Not(test) => (!test.holds(row), Reason::Named("not")),
            Self::Named(test, name) => (test.holds(row), Reason::Named(name)),
        };
        if holds { Ok(()) } else { Err(reason) }
    }

    /// Keeps the rows that pass, test by test; `fail` hears of each other row, once.
    pub fn sieve(&self, rows: &mut Vec<u32>, fail: &mut impl FnMut(u32, Reason<'a>)) {
        // a loop for each of the frequent tests, with nothing to decide inside of it
        match self {
            Self::All(tests) => {
                for test in tests {
                    test.sieve(rows, fail);
                }
            }
            Self::Bits(bits, reason) => retain(rows, |row| bits.get(row), *reason, fail),
            Self::Range(Nums::Own(column), [low, high], reason) => {
                let holds = |row| {
                    let value = column.get(row).map_or(0, |value| ascending(*value));
                    *low <= value && value <= *high
                };
                retain(rows, holds, *reason, fail);
            }
            Self::Not(test) => {
                let reason = Reason::Named("not");
                match &**test {
                    Self::Flags(Flags::OfProvider(flags, providers), _) => {
                        let holds = |row| {
                            let provider = providers.get(row).copied().unwrap_or(NONE);
                            !flags.get(provider as usize).copied().unwrap_or(false)
                        };
                        retain(rows, holds, reason, fail);
                    }
                    test => retain(rows, |row| !test.holds(row), reason, fail),
                }
            }
            _ => rows.retain(|row| match self.check(*row as usize) {
                Ok(()) => true,
                Err(reason) => {
                    fail(*row, reason);
                    false
                }
            }),
        }
    }
}

fn retain<'a>(
    rows: &mut Vec<u32>,
    holds: impl Fn(usize) -> bool,
    reason: Reason<'a>,
    fail: &mut impl FnMut(u32, Reason<'a>),
) {
    rows.retain(|row| {
        let holds = holds(*row as usize);
        if !holds {
            fail(*row, reason);
        }
        holds
    });
}
