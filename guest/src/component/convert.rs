//! From the engine's own types to the generated ones.

use alloc::vec::Vec;

use super::bindings::exports::sigmapol::policy::{engine as wit, prepared};

impl From<crate::Choice> for prepared::Choice {
    fn from(choice: crate::Choice) -> Self {
        let crate::Choice {
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

impl From<crate::Sort> for wit::Sort {
    fn from(sort: crate::Sort) -> Self {
        use crate::Sort as S;
        match sort {
            S::Pred => Self::Pred,
            S::Scorer => Self::Scorer,
            S::Selector => Self::Selector,
            S::Xform => Self::Xform,
            S::FailPlan => Self::FailPlan,
            S::Policy => Self::Policy,
        }
    }
}

/// A match of every code with the one of the same name.
macro_rules! convert_codes {
    ($($(#[$doc:meta])+ $code:ident $name:literal;)+) => {
        impl From<crate::RefusalCode> for wit::RefusalCode {
            fn from(code: crate::RefusalCode) -> Self {
                match code {
                    $(crate::RefusalCode::$code => Self::$code,)+
                }
            }
        }
    };
}

crate::for_each_refusal_code!(convert_codes);

impl From<crate::Refusal> for wit::Refusal {
    fn from(refusal: crate::Refusal) -> Self {
        Self { code: refusal.code.into(), message: refusal.message }
    }
}

impl From<crate::Admission> for wit::Admission {
    fn from(admission: crate::Admission) -> Self {
        let crate::Admission { sort, identity, canonical, fingerprint, nodes, depth } = admission;
        Self { sort: sort.into(), identity, canonical, fingerprint, nodes, depth }
    }
}

impl From<crate::Ranked> for wit::Ranked {
    fn from(ranked: crate::Ranked) -> Self {
        Self { candidate: ranked.candidate, score: ranked.score }
    }
}

impl From<crate::Rejected> for wit::Rejected {
    fn from(rejected: crate::Rejected) -> Self {
        Self { candidate: rejected.candidate, reason: rejected.reason }
    }
}

impl From<crate::Reaction> for wit::Reaction {
    fn from(reaction: crate::Reaction) -> Self {
        Self { action: reaction.action, backoff_ms: reaction.backoff_ms }
    }
}

impl From<crate::Decision> for wit::Decision {
    fn from(decision: crate::Decision) -> Self {
        let crate::Decision { identity, ordered, rejected, request, reactions, cost } = decision;
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

impl From<crate::Effect> for wit::Effect {
    fn from(effect: crate::Effect) -> Self {
        match effect {
            crate::Effect::Call(request) => Self::Call(request),
            crate::Effect::Wait(time_ms) => Self::Wait(time_ms),
            crate::Effect::Done(outcome) => Self::Done(outcome),
        }
    }
}

impl From<crate::Turn> for wit::Turn {
    fn from(turn: crate::Turn) -> Self {
        let crate::Turn { run, state, effect, logs, cost } = turn;
        Self { run, state, effect: effect.into(), logs, cost }
    }
}

fn convert<T, U: From<T>>(items: Vec<T>) -> Vec<U> {
    items.into_iter().map(U::from).collect()
}
