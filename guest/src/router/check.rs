//! Reading a router configuration: once, checked whole; the first error wins.

use alloc::format;
use alloc::string::String;

use super::config::Config;
use super::defaults::Defaults;
use super::static_candidates::static_candidates;
use super::terms::admit_sort;
use super::{inherit, strict};
use crate::call_scoped::CallScoped;
use crate::json::{Members, Object, Value, lookup};
use crate::refusal::Refusal;
use crate::signature::Sort;
use crate::vocabulary::{Profile, Vocabulary};

const API_KINDS: [&str; 6] =
    ["openai_compatible", "openai_codex", "anthropic", "google", "bedrock", "ollama"];
const TIERS: [&str; 3] = ["partner", "marketplace", "fallback"];

impl<'a> Config<'a> {
    /// Reads a configuration; the first error wins.
    pub fn read(config: &'a Value<'a>, profile: Profile) -> Result<Self, Refusal> {
        Self::check(config, profile).map_err(Refusal::config)
    }

    fn check(config: &'a Value<'a>, profile: Profile) -> Result<Self, String> {
        let members = config.as_object().ok_or("config must be a table")?;
        if profile == Profile::Strict {
            strict::shape(config)?;
        }
        let table = |key: &str| {
            let value = lookup(members, key).and_then(Value::as_object);
            value.ok_or_else(|| format!("config.{key} required"))
        };
        let (providers, models, profiles) =
            (table("providers")?, table("models")?, table("profiles")?);
        check_providers(providers)?;
        check_models(models, providers)?;
        check_profiles(profiles)?;
        let profiles = inherit::resolve(profiles, profile)?;
        let vocabulary_text = vocabulary(config, profile);
        let vocabulary = Vocabulary::read(&vocabulary_text).map_err(|refusal| refusal.message)?;
        let envelope = lookup(members, "policy_envelope").cloned();
        if let Some(envelope) = &envelope {
            admit_sort("config.policy_envelope", envelope, Sort::Pred, &vocabulary)?;
        }
        let optional =
            |key: &str| lookup(members, key).and_then(Value::as_object).unwrap_or(&[]).to_vec();
        let config = CallScoped::new(Self {
            vocabulary,
            vocabulary_text,
            providers: providers.to_vec(),
            models: models.to_vec(),
            profiles,
            retry_policies: optional("retry_policies"),
            customs: optional("customs"),
            envelope,
            defaults: Defaults::read(lookup(members, "defaults")),
            candidates: static_candidates(models, providers),
        });
        if profile == Profile::Strict {
            strict::terms(&config)?;
        }
        Ok(CallScoped::into_inner(config))
    }
}

/// The fields of a configuration may carry notes for people, which are not part of the vocabulary.
fn vocabulary<'a>(config: &'a Value<'a>, profile: Profile) -> Value<'a> {
    let mut fields = Object::new();
    for (name, declaration) in config.get("fields").and_then(Value::as_object).unwrap_or(&[]) {
        fields = fields.with(name, Object::new().copy(declaration, &["default", "sort"]).build());
    }
    let profile = match profile {
        Profile::Strict => "strict",
        Profile::Reference => "reference",
    };
    Object::new()
        .with("fields", fields.build())
        .text("profile", profile)
        .copy(config, &["tier_order"])
        .build()
}

fn check_providers(providers: &Members) -> Result<(), String> {
    for (id, provider) in providers {
        let about = format!("providers.{id}");
        if provider.as_object().is_none() {
            return Err(format!("{about} is not a table"));
        }
        let text = |key: &str| provider.get(key).and_then(Value::as_str);
        let one_of = |key: &str, known: &[&str]| {
            if text(key).is_some_and(|value| known.contains(&value)) {
                Ok(())
            } else {
                Err(format!("{about}.{key} must be one of: {}", known.join(", ")))
            }
        };
        one_of("discovery", &["static", "marketplace"])?;
        let discovery = text("discovery").unwrap_or_default();
        let needed = if discovery == "static" { "base_url" } else { "discovery_id" };
        if text(needed).is_none_or(str::is_empty) {
            return Err(format!("{about}.{needed} required for discovery={discovery}"));
        }
        one_of("api_kind", &API_KINDS)?;
        if provider.get("tier").is_some() {
            one_of("tier", &TIERS)?;
        }
    }
    Ok(())
}

fn check_models(models: &Members, providers: &Members) -> Result<(), String> {
    for (family, model) in models {
        let about = format!("models.{family}");
        if model.as_object().is_none() {
            return Err(format!("{about} is not a table"));
        }
        let served_by = model.get("served_by").and_then(Value::as_array).unwrap_or(&[]);
        if served_by.is_empty() {
            return Err(format!("{about}.served_by must be a non-empty list"));
        }
        for (index, entry) in (1..).zip(served_by) {
            let provider = entry.get("provider").and_then(Value::as_str);
            if provider.and_then(|provider| lookup(providers, provider)).is_none() {
                return Err(format!("{about}.served_by[{index}].provider does not resolve"));
            }
        }
        if model.get("capabilities").and_then(Value::as_object).is_none() {
            return Err(format!("{about}.capabilities required"));
        }
    }
    Ok(())
}

fn check_profiles(profiles: &Members) -> Result<(), String> {
    for (name, profile) in profiles {
        if profile.as_object().is_none() {
            return Err(format!("profiles.{name} is not a table"));
        }
        if let Some(parent) = profile.get("extends").and_then(Value::as_str)
            && lookup(profiles, parent).is_none()
        {
            return Err(format!("profiles.{name}.extends references unknown profile: {parent}"));
        }
        if profile.get("weights").is_some() {
            return Err(format!(
                "profiles.{name}.weights was removed in sigma-pol/v2; \
                 use profiles.{name}.scorer (a Scorer term over real fields)"
            ));
        }
    }
    Ok(())
}
