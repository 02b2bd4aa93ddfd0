//! What a run was planned with, and does not change: kept as text, and looked at after a failure.

use alloc::string::String;

use super::state::Members;
use crate::compile::Slots;
use crate::json::{ObjectText, Value, push, read};
use crate::number::finite;
use crate::policy::Policy;
use crate::refusal::Refusal;
use crate::router::{Defaults, asked};
use crate::vocabulary::Vocabulary;

/// The plan of a run.
#[derive(Debug)]
pub struct Planned<'a> {
    /// In the order in which they are tried; an array.
    pub candidates: Value<'a>,
    pub contract: Value<'a>,
    pub customs: Value<'a>,
    pub defaults: Defaults,
    /// The policy as admitted.
    pub policy: Value<'a>,
    /// What the policy may look at of the runtime state, as it was when the run began.
    pub state: Value<'a>,
    pub vocabulary: Value<'a>,
}

/// A plan as text, each part JSON.
pub struct PlanText<'p> {
    pub candidates: &'p str,
    pub contract: &'p str,
    pub customs: &'p str,
    pub defaults: &'p str,
    pub policy: &'p str,
    pub state: &'p str,
    pub vocabulary: &'p str,
}

impl PlanText<'_> {
    const fn parts(&self) -> [&str; 15] {
        [
            "{\"candidates\":",
            self.candidates,
            ",\"contract\":",
            self.contract,
            ",\"customs\":",
            self.customs,
            ",\"defaults\":",
            self.defaults,
            ",\"policy\":",
            self.policy,
            ",\"state\":",
            self.state,
            ",\"vocabulary\":",
            self.vocabulary,
            "}",
        ]
    }

    #[inline(never)]
    pub fn bytes(&self) -> usize {
        self.parts().iter().map(|part| part.len()).sum()
    }

    #[inline(never)]
    pub fn write(&self, out: &mut String) {
        push(out, &self.parts());
    }
}

impl<'a> Planned<'a> {
    /// Reads a plan.
    #[inline(never)]
    pub fn read(text: &'a str) -> Result<Self, Refusal> {
        let mut parts = Members::new("plan", read("run.plan", text)?)?;
        let planned = Self {
            candidates: parts.need("candidates")?,
            contract: parts.need("contract")?,
            customs: parts.need("customs")?,
            defaults: Defaults::read(Some(&parts.need("defaults")?)),
            policy: parts.need("policy")?,
            state: parts.need("state")?,
            vocabulary: parts.need("vocabulary")?,
        };
        parts.end()?;
        Ok(planned)
    }

    #[inline(never)]
    pub fn to_text(&self) -> String {
        let parts = [
            &self.candidates,
            &self.contract,
            &self.customs,
            &self.defaults.to_value(),
            &self.policy,
            &self.state,
            &self.vocabulary,
        ];
        let [candidates, contract, customs, defaults, policy, state, vocabulary] =
            &parts.map(Value::to_json);
        let text = PlanText { candidates, contract, customs, defaults, policy, state, vocabulary };
        let mut out = String::with_capacity(text.bytes());
        text.write(&mut out);
        out
    }

    pub fn candidates(&self) -> &[Value<'a>] {
        self.candidates.as_array().unwrap_or(&[])
    }

    /// Everything but the candidates that the policy may look at.
    pub fn ctx(&self, started_at_ms: f64) -> Value<'a> {
        asked(&self.contract, started_at_ms).with("state", self.state.clone()).build()
    }

    /// The policy, ready, and the vocabulary that it is in.
    #[inline(never)]
    pub fn compile(&self) -> Result<(Slots, Vocabulary), Refusal> {
        let vocabulary = Vocabulary::read(&self.vocabulary)?;
        let customs = self.customs.as_object().unwrap_or(&[]);
        let policy = Policy::new(&self.policy, &vocabulary, customs)?;
        Ok((policy.slots, vocabulary))
    }
}

/// What is known for the trace when a run begins; `ranked` and `rejected` are arrays.
pub struct TraceText<'t> {
    pub fingerprint: &'t str,
    pub identity: &'t str,
    pub ranked: &'t str,
    pub rejected: &'t str,
    pub started_at_ms: f64,
}

impl TraceText<'_> {
    /// How many there are at most.
    pub fn bytes(&self) -> usize {
        self.ranked.len() + self.rejected.len() + 256
    }

    #[inline(never)]
    pub fn write(&self, out: &mut String) {
        let mut before = ObjectText::new(256);
        before.text("policy_fingerprint", Some(self.fingerprint));
        before.text("policy_identity", Some(self.identity));
        let before = before.into_unfinished();
        let [ranked, rejected] = [self.ranked, self.rejected];
        push(
            out,
            &[&before, ",\"ranked\":", ranked, ",\"rejected\":", rejected, ",\"started_at_ms\":"],
        );
        Value::Number(finite(self.started_at_ms)).write(out);
        out.push('}');
    }
}
