//! Pred: a test of one candidate, with the reason when it fails.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::candidate::{Candidate, Population};
use crate::request::{NEEDS, Privacy, Request};
use crate::signature::Rel;
use crate::vocabulary::{BoolField, NumField, Vocabulary};

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

/// Why a candidate failed; displayed as it stands in a decision.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reason<'p> {
    Named(&'static str),
    Is(&'p str),
    Cmp(&'p str, Rel),
    MissingCapability(&'p str),
}

impl fmt::Display for Reason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) => f.write_str(name),
            Self::Is(field) => write!(f, "is:{field}"),
            Self::Cmp(field, rel) => write!(f, "cmp:{field}:{}", rel.name()),
            Self::MissingCapability(name) => write!(f, "missing_capability:{name}"),
        }
    }
}

/// What predicates look at.
#[derive(Clone, Copy, Debug)]
pub struct World<'a> {
    pub population: &'a Population<'a>,
    pub request: &'a Request,
    pub vocabulary: &'a Vocabulary,
}

/// The tier of a candidate that names none.
const DEFAULT_TIER: &str = "fallback";

impl Pred {
    /// Whether the candidate in this row passes.
    pub fn holds(&self, world: World, row: usize) -> bool {
        self.check(world, row).is_ok()
    }

    /// Tests the candidate in this row; the reason is that of the first test that failed.
    pub fn check(&self, world: World, row: usize) -> Result<(), Reason<'_>> {
        let Some(candidate) = world.population.candidates.get(row) else {
            return Err(Reason::Named("bot"));
        };
        let named = |holds: bool, reason| {
            if holds { Ok(()) } else { Err(Reason::Named(reason)) }
        };
        match self {
            Self::Top => Ok(()),
            Self::Bot => Err(Reason::Named("bot")),
            Self::And(preds) => preds.iter().try_for_each(|pred| pred.check(world, row)),
            Self::Or(preds) => named(preds.iter().any(|pred| pred.holds(world, row)), "or"),
            Self::Not(pred) => named(!pred.holds(world, row), "not"),
            Self::Is(name, field) => {
                if world.population.bool(row, *field) {
                    Ok(())
                } else {
                    Err(Reason::Is(name))
                }
            }
            Self::Cmp(name, field, rel, bound) => {
                if rel.holds(world.population.num(row, *field), *bound) {
                    Ok(())
                } else {
                    Err(Reason::Cmp(name, *rel))
                }
            }
            Self::TierEq(tier) => named(candidate.tier.unwrap_or(DEFAULT_TIER) == tier, "tier"),
            Self::MinTier(least) => {
                let rank = world.vocabulary.rank(candidate.tier.unwrap_or(DEFAULT_TIER));
                named(rank >= *least, "min_tier")
            }
            Self::FamilyEq(family) => named(candidate.model_family == family, "model_family"),
            Self::ProviderEq(provider) => named(candidate.provider_id == provider, "provider_id"),
            Self::ServedByEq(peer) => named(candidate.served_by() == peer, "served_by"),
            Self::HasCap(name) => {
                if candidate.has_capability(name) {
                    Ok(())
                } else {
                    Err(Reason::MissingCapability(name))
                }
            }
            Self::ScopeMatches => {
                let scope = candidate.scope;
                named(scope.is_none() || scope == world.request.scope.as_deref(), "scope")
            }
            Self::MeetsReq => meets_req(world, row, candidate),
        }
    }
}

/// The requirements of the request, in the order the reference checks them.
fn meets_req(world: World, row: usize, candidate: &Candidate) -> Result<(), Reason<'static>> {
    let request = world.request;
    let num = |field| world.population.num(row, field);
    let bool = |field| world.population.bool(row, field);
    for (asked, (need, capability)) in request.needs.iter().zip(NEEDS) {
        if *asked && !candidate.has_capability(capability) {
            return Err(Reason::MissingCapability(need));
        }
    }
    let below = |least: Option<f64>, value: f64| least.is_some_and(|least| value < least);
    let differs = |wanted: &Option<String>, value: Option<&str>| {
        wanted.as_deref().is_some_and(|wanted| value != Some(wanted))
    };
    let failed = if below(request.min_context, num(NumField::CONTEXT)) {
        "min_context"
    } else if differs(&request.model_family, Some(candidate.model_family)) {
        "model_family"
    } else if differs(&request.tier, candidate.tier) {
        "tier" // without a tier a candidate meets no tier: the default is not used here
    } else if request.privacy == Privacy::TeeRequired && !bool(BoolField::HAS_TEE) {
        "tee_required"
    } else if request.privacy == Privacy::NoLog
        && !bool(BoolField::NO_LOG)
        && !bool(BoolField::HAS_TEE)
    {
        "no_log"
    } else if below(request.min_quality, candidate.quality_hint.unwrap_or_default()) {
        "min_quality"
    } else if below(request.min_tok_s, num(NumField::TOK_S)) {
        "min_tok_s"
    } else {
        return Ok(());
    };
    Err(Reason::Named(failed))
}
