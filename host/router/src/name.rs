//! What policies and flows are, without a run: for people who write them.

use serde_json::{Value, value::RawValue};
use sigmapol_core::{
    Admission, Sort,
    json::{Members, Object, quote},
    lower,
};

use super::{Router, RouterError, check_flow, supplies::admission};

impl Router {
    /// Checks a policy as one of a contract is checked, and names it. The envelope is not put over
    /// it.
    ///
    /// # Errors
    ///
    /// [`RouterError::Engine`] for what is no policy; [`RouterError::Input`] for another term.
    pub fn name_policy(&self, policy: &str) -> Result<Admission, RouterError> {
        let admission = self.engine().admit(policy, &self.vocabulary()?)?.value;
        match admission.sort {
            Sort::Policy => Ok(admission),
            _ => Err(RouterError::Input("$: expected a policy, [\"policy\", …]".to_owned())),
        }
    }

    /// What policies are admitted with.
    pub(super) fn vocabulary(&self) -> Result<String, RouterError> {
        let vocabulary = self.config().vocabulary();
        let own = Object::new().with_all(&read(&vocabulary)?);
        Ok(own.with("profile", &quote(admission(self.is_reference()))).finish())
    }

    /// Puts the parts of a policy together, as those of a profile are: `{filter?, scorer?, selector?,
    /// selector_opts?, chain?, mutate?, retry_policy?}`. The term is not admitted yet.
    ///
    /// # Errors
    ///
    /// [`RouterError::Engine`], with the code `config`, for a part that is none.
    pub fn lower(&self, parts: &str) -> Result<String, RouterError> {
        let tables = self.config().value().get("retry_policies").map(Value::to_string);
        let lowered = lower(parts, tables.as_deref().unwrap_or("{}"));
        Ok(lowered.map_err(sigmapol_core::Error::from)?)
    }

    /// The policy of a profile: its term, or what its parts are lowered to.
    ///
    /// # Errors
    ///
    /// As for [`rank`](Self::rank).
    pub fn policy_of(&self, profile: &str) -> Result<String, RouterError> {
        let contract = Object::new().with("profile", &quote(profile)).finish();
        Ok(self.resolve(&contract)?.policy)
    }

    /// Names a flow: `{identity, fingerprint, canonical}`. The envelope is not put over its nodes.
    ///
    /// # Errors
    ///
    /// As for [`check_flow`].
    pub fn name_flow(&self, flow: &str) -> Result<Value, RouterError> {
        check_flow(self.engine(), flow, Some(self.config()), self.is_reference())
    }
}

/// Of a text that this crate has written.
fn read(text: &str) -> Result<Members<'_>, RouterError> {
    serde_json::from_str::<&RawValue>(text)
        .and_then(|value| serde_json::from_str(value.get()))
        .map_err(|error| RouterError::Failed(format!("vocabulary: {error}")))
}
