//! Native code, the component, the bare core module and prepared catalogs decide alike.

use sigmapol_core::{Decision, Engine as _, Error};

use super::{COMPONENT, CORE, PREPARED, Verdict, accepted, require};
use crate::generate::{Draw, Words, ctx, policy};

/// A policy and a ctx.
#[derive(Debug)]
pub struct Case {
    /// The policy.
    pub policy: String,
    /// The ctx.
    pub ctx: String,
}

/// The policy and the ctx of some bytes.
pub fn decision(bytes: &[u8]) -> Case {
    let mut draw = Draw::new(bytes);
    let words = Words::new(&mut draw);
    Case { policy: policy(&mut draw, &words), ctx: ctx(&mut draw, &words) }
}

impl Case {
    /// What native code and the component decide.
    ///
    /// # Errors
    ///
    /// A refusal that both have; anything else where they differ or the component fails.
    pub fn decide(&self) -> Result<Decision, Error> {
        Ok(COMPONENT.decide(&self.policy, &self.ctx)?.value)
    }
}

/// Asks all of them.
pub fn check(bytes: &[u8]) -> Verdict {
    let case = decision(bytes);
    agree(&case).map_err(|broken| format!("{broken}\n{}\n{}", case.policy, case.ctx))
}

fn agree(Case { policy, ctx }: &Case) -> Verdict {
    let decided = accepted(COMPONENT.decide(policy, ctx))?;
    accepted(CORE.decide(policy, ctx))?;
    match decided {
        Some(_) => accepted(PREPARED.decide(policy, ctx)).map(|_| true),
        // what is wrong has another position there, and of several things another may come first
        None => {
            let refused = accepted(PREPARED.second.decide(policy, ctx))?;
            require(refused.is_none(), || format!("refused, but over a catalog {refused:?}"))?;
            Ok(false)
        }
    }
}
