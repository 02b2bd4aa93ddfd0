//! Generated from `wit/policy.wit`, and the way from there to the engine's own types.

use generated::exports::sigmapol::policy::{engine as wit, prepared};
use sigmapol_engine as plain;

mod generated {
    #![allow(missing_docs, clippy::all, clippy::restriction, reason = "generated code")]
    wasmtime::component::bindgen!({
        path: "wit",
        world: "sigmapol",
        ownership: Borrowing { duplicate_if_necessary: true },
    });
}

/// The interface, bound to an instance.
pub(super) use wit::{Guest as Engine, GuestIndices as EngineIndices};

/// The interface for what is read once, bound to an instance.
pub(super) use prepared::{Guest as Prepared, GuestIndices as PreparedIndices};

/// What a verb returns: its value or a refusal, unless the instance stopped.
pub(super) type Result<T> = wasmtime::Result<std::result::Result<T, wit::Refusal>>;

impl From<wit::Sort> for plain::Sort {
    fn from(sort: wit::Sort) -> Self {
        match sort {
            wit::Sort::Pred => Self::Pred,
            wit::Sort::Scorer => Self::Scorer,
            wit::Sort::Selector => Self::Selector,
            wit::Sort::Xform => Self::Xform,
            wit::Sort::FailPlan => Self::FailPlan,
            wit::Sort::Policy => Self::Policy,
        }
    }
}

/// A match of every code with the one of the same name.
macro_rules! convert_codes {
    ($($(#[$doc:meta])+ $code:ident $name:literal;)+) => {
        impl From<wit::RefusalCode> for plain::RefusalCode {
            fn from(code: wit::RefusalCode) -> Self {
                match code {
                    $(wit::RefusalCode::$code => Self::$code,)+
                }
            }
        }
    };
}

plain::for_each_refusal_code!(convert_codes);

impl From<wit::Refusal> for plain::Refusal {
    fn from(refusal: wit::Refusal) -> Self {
        Self { code: refusal.code.into(), message: refusal.message }
    }
}

impl From<wit::Admission> for plain::Admission {
    fn from(admission: wit::Admission) -> Self {
        let wit::Admission { sort, identity, canonical, fingerprint, nodes, depth } = admission;
        Self { sort: sort.into(), identity, canonical, fingerprint, nodes, depth }
    }
}

impl From<wit::Ranked> for plain::Ranked {
    fn from(ranked: wit::Ranked) -> Self {
        Self { candidate: ranked.candidate, score: ranked.score }
    }
}

impl From<wit::Rejected> for plain::Rejected {
    fn from(rejected: wit::Rejected) -> Self {
        Self { candidate: rejected.candidate, reason: rejected.reason }
    }
}

impl From<wit::Reaction> for plain::Reaction {
    fn from(reaction: wit::Reaction) -> Self {
        Self { action: reaction.action, backoff_ms: reaction.backoff_ms }
    }
}

impl From<wit::Decision> for plain::Decision {
    fn from(decision: wit::Decision) -> Self {
        let wit::Decision { identity, ordered, rejected, request, reactions, cost } = decision;
        Self {
            identity,
            ordered: convert(ordered),
            rejected: convert(rejected),
            request,
            reactions: convert(reactions),
            cost,
        }
    }
}

impl From<prepared::Choice> for plain::Choice {
    fn from(choice: prepared::Choice) -> Self {
        let prepared::Choice {
            identity,
            ordered,
            scores,
            rejected,
            why,
            reasons,
            request,
            reactions,
            cost,
        } = choice;
        let reactions = convert(reactions);
        Self { identity, ordered, scores, rejected, why, reasons, request, reactions, cost }
    }
}

impl From<wit::Effect> for plain::Effect {
    fn from(effect: wit::Effect) -> Self {
        match effect {
            wit::Effect::Call(request) => Self::Call(request),
            wit::Effect::Wait(time_ms) => Self::Wait(time_ms),
            wit::Effect::Done(outcome) => Self::Done(outcome),
        }
    }
}

impl From<wit::Turn> for plain::Turn {
    fn from(turn: wit::Turn) -> Self {
        let wit::Turn { run, state, effect, logs, cost } = turn;
        Self { run, state, effect: effect.into(), logs, cost }
    }
}

fn convert<T, U: From<T>>(items: Vec<T>) -> Vec<U> {
    items.into_iter().map(U::from).collect()
}
