//! A policy: from JSON, with the host's envelope around it, to something that runs.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::admit::{Admitted, admit};
use crate::compile::{Compiler, Slots};
use crate::encode::encode;
use crate::json::{Members, Value, read};
use crate::normal::normalize;
use crate::refusal::{Refusal, RefusalCode};
use crate::signature::{Op, Sort};
use crate::term::Term;
use crate::vocabulary::Vocabulary;

/// A policy that was admitted, and may run.
#[derive(Debug)]
pub struct Policy<'t> {
    pub slots: Slots,
    normal: Term<'t>,
}

impl<'t> Policy<'t> {
    /// Admits, normalises and compiles.
    #[inline(never)]
    pub fn new(
        value: &'t Value,
        vocabulary: &Vocabulary,
        customs: &Members,
    ) -> Result<Self, Refusal> {
        Self::compile(normal_form(value, vocabulary)?, vocabulary, customs)
    }

    /// The second half of [`Self::new`], for who has something to refuse in between.
    pub fn compile(
        normal: Term<'t>,
        vocabulary: &Vocabulary,
        customs: &Members,
    ) -> Result<Self, Refusal> {
        let slots = Compiler::new(vocabulary, customs).slots(&normal)?;
        Ok(Self { slots, normal })
    }

    pub const fn normal(&self) -> &Term<'t> {
        &self.normal
    }

    /// The canonical encoding of the normal form.
    #[inline(never)]
    pub fn encoding(&self) -> String {
        encode(&self.normal)
    }
}

/// Admits a term that has to be a policy.
pub fn admit_policy<'t>(
    value: &'t Value,
    vocabulary: &Vocabulary,
) -> Result<Admitted<'t>, Refusal> {
    let admitted = admit(value, vocabulary)
        .map_err(|refusal| Refusal::new(refusal.code, format!("ir: {}", refusal.message)))?;
    if admitted.sort == Sort::Policy {
        return Ok(admitted);
    }
    let message = format!("ir: expected a Policy term, got {}", admitted.sort.name());
    Err(Refusal::new(RefusalCode::NotAPolicy, message))
}

/// The normal form of a term that has to be a policy.
pub fn normal_form<'t>(value: &'t Value, vocabulary: &Vocabulary) -> Result<Term<'t>, Refusal> {
    Ok(normalize(admit_policy(value, vocabulary)?.term))
}

/// The policy with the host's envelope ∧-ed onto its filter: callers narrow, never widen.
pub fn under_envelope<'t>(policy: &Value<'t>, envelope: &Value<'t>) -> Result<Value<'t>, Refusal> {
    let refuse = || Refusal::new(RefusalCode::NotAPolicy, "ir.constrain: expected a policy term");
    let items = policy.as_array().ok_or_else(refuse)?;
    let (op, slots) = match items.split_first() {
        Some((Value::String(op), slots)) if *op == Op::Policy.operation().name => (op, slots),
        _ => return Err(refuse()),
    };
    let and = Value::text(Op::And.operation().name);
    let (filter, rest) = slots.split_at(slots.len().min(1));
    let mut filters = Vec::from([and, envelope.clone()]);
    filters.extend_from_slice(filter);
    let mut constrained = Vec::from([Value::String(op.clone()), Value::Array(filters)]);
    constrained.extend_from_slice(rest);
    Ok(Value::Array(constrained))
}

/// The policy that runs under an envelope, as [`crate::decide()`] makes it of `ctx.envelope`: the term
/// with the envelope ∧-ed onto its filter, as JSON. Neither is admitted here.
///
/// ```
/// let policy = r#"["policy", ["top"], ["zero"], ["argmax"], ["id"], ["always", {"action": "abort"}]]"#;
/// let constrained = sigmapol_engine::constrain(policy, r#"["is", "no_log"]"#)?;
/// assert!(constrained.starts_with(r#"["policy",["and",["is","no_log"],["top"]],["zero"],"#));
/// # Ok::<(), sigmapol_engine::Refusal>(())
/// ```
///
/// # Errors
///
/// A refusal of what is not JSON, or of a term that is not one of a policy.
pub fn constrain(policy: &str, envelope: &str) -> Result<String, Refusal> {
    let (policy, envelope) = (read("policy", policy)?, read("envelope", envelope)?);
    Ok(under_envelope(&policy, &envelope)?.to_json())
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn an_envelope_goes_around_a_policy_alone() {
        let policy = r#"["policy", ["bot"], 7]"#;
        for (policy, envelope, expected) in [
            (policy, r#"["top"]"#, Ok(r#"["policy",["and",["top"],["bot"]],7]"#)),
            // neither is admitted here: what is missing or wrong is for who runs it
            (r#"["policy"]"#, "1", Ok(r#"["policy",["and",1]]"#)),
            (r#"["top"]"#, "1", Err("not-a-policy: ir.constrain: expected a policy term")),
            ("{}", "1", Err("not-a-policy: ir.constrain: expected a policy term")),
            ("[", "1", Err("json-syntax: policy: line 1 column 2: expected a value, got the end")),
            (
                policy,
                "",
                Err("json-syntax: envelope: line 1 column 1: expected a value, got the end"),
            ),
        ] {
            let got = constrain(policy, envelope).map_err(|refusal| refusal.to_string());
            assert_eq!(got.as_deref().map_err(String::as_str), expected, "{policy} {envelope}");
        }
    }
}
