//! What is asked for: a contract, from a file or from the command line.

use std::path::{Path, PathBuf};

use serde_json::Value;
use sigmapol_core::json::{Members, Object, quote};
use sigmapol_prove::Facts;
use sigmapol_router::{Config, RouterError};

use crate::{
    Failure,
    shared::{input, policy::PolicyFile, router::RouterArgs},
};

/// The parts of a contract.
#[derive(Debug, clap::Args)]
pub(crate) struct ContractArgs {
    /// The policy, instead of that of a profile
    #[arg(value_name = "POLICY", conflicts_with = "profile")]
    policy: Option<PathBuf>,
    /// The profile, by default `default`
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// The prompt; `-` is standard input
    #[arg(long, value_name = "TEXT")]
    prompt: Option<String>,
    /// The whole contract, `{messages?, requirements?, tools?, …}`
    #[arg(long, value_name = "FILE")]
    contract: Option<PathBuf>,
    /// The requirements of the contract
    #[arg(long, value_name = "FILE")]
    requirements: Option<PathBuf>,
    /// The seed of the contract
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    seed: Option<i64>,
}

/// A contract, and the file that its policy came from.
#[derive(Debug)]
pub(crate) struct Contract {
    /// JSON.
    pub(crate) text: String,
    pub(crate) policy: Option<PolicyFile>,
}

impl Contract {
    /// A member of it.
    pub(crate) fn member(&self, key: &str) -> Option<Value> {
        let contract: Value = serde_json::from_str(&self.text).ok()?;
        contract.get(key).cloned()
    }

    /// What an event over the contract failed with, told of the file of its policy.
    pub(crate) fn explain(&self, error: RouterError, config: &Config) -> Failure {
        let failure = error.into();
        let Some(policy) = &self.policy else { return failure };
        let envelope = config.value().get("policy_envelope").is_some();
        policy.explain(failure, &Facts::of_config(config.value()), envelope)
    }
}

impl ContractArgs {
    /// A prompt or a contract is needed to make a call.
    pub(crate) fn check_complete(&self) -> Result<(), Failure> {
        if self.prompt.is_none() && self.contract.is_none() {
            let message = "one of --prompt <TEXT> and --contract <FILE> is required";
            return Err(Failure::Usage(message.to_owned()));
        }
        Ok(())
    }

    /// The contract as JSON. The seed of the command line replaces that of the file; anything else
    /// that is in both is an error.
    pub(crate) fn read(&self, router: &RouterArgs) -> Result<Contract, Failure> {
        let prompt = self.prompt.as_deref().map(Path::new).filter(|path| input::is_stdin(path));
        let files = [&self.policy, &self.contract, &self.requirements];
        let files = files.into_iter().flatten().map(PathBuf::as_path);
        input::check_stdin(files.chain(prompt).chain(router.paths()))?;
        let given = self.contract.as_deref().map(|path| input::text("contract", path));
        let given = given.transpose()?.unwrap_or_else(|| "{}".to_owned());
        let members: Members<'_> = serde_json::from_str(&given).map_err(|error| {
            Failure::Usage(format!("contract: expected a JSON object: {error}"))
        })?;
        let mut contract = Object::new();
        for (key, value) in &members.0 {
            if key != "seed" || self.seed.is_none() {
                contract = contract.with(key, value.get());
            }
        }
        let policy = self.policy.as_deref().map(|path| PolicyFile::read("policy", path));
        let policy = policy.transpose()?;
        for (key, value) in self.additions(policy.as_ref())? {
            if members.get(key).is_some() {
                let message = format!("contract: key {} is in the file already", quote(key));
                return Err(Failure::Usage(message));
            }
            contract = contract.with(key, &value);
        }
        let seed = self.seed.map(|seed| seed.to_string());
        Ok(Contract { text: contract.with_some("seed", seed.as_deref()).finish(), policy })
    }

    fn additions(
        &self,
        policy: Option<&PolicyFile>,
    ) -> Result<Vec<(&'static str, String)>, Failure> {
        let mut additions = Vec::new();
        let requirements = self.requirements.as_deref();
        let requirements =
            requirements.map(|path| input::text("requirements", path)).transpose()?;
        for (key, what, text) in [
            ("policy_ir", "policy", policy.map(|policy| policy.text.clone())),
            ("requirements", "requirements", requirements),
        ] {
            if let Some(text) = text {
                // what goes into a larger text has to be whole, or it would be read as something else
                serde_json::from_str::<&serde_json::value::RawValue>(&text)
                    .map_err(|error| Failure::Usage(format!("{what}: expected JSON: {error}")))?;
                additions.push((key, text));
            }
        }
        additions.extend(self.profile.as_deref().map(|profile| ("profile", quote(profile))));
        if let Some(prompt) = &self.prompt {
            let path = Path::new(prompt);
            let read = || input::text("prompt", path);
            let prompt = if input::is_stdin(path) { read()? } else { prompt.clone() };
            additions.push(("prompt", quote(&prompt)));
        }
        Ok(additions)
    }
}
