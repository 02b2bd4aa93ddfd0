//! The router configuration: read once, checked whole.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::inherit;
use super::record;
use crate::admit::admit;
use crate::json::{Members, Value, lookup};
use crate::signature::Sort;
use crate::vocabulary::{Profile, Vocabulary};

/// Why a configuration is refused. The reference returns some of these and throws others; both are
/// refusals here, and the difference is kept for its vectors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    Returned(String),
    Thrown(String),
}

/// A configuration that is in order.
#[derive(Debug)]
pub struct Config {
    pub vocabulary: Vocabulary,
    /// The vocabulary as a ctx carries it.
    pub vocabulary_text: Value,
    /// Sorted by id, as written.
    pub providers: Vec<(String, Value)>,
    /// Sorted by family, as written.
    pub models: Vec<(String, Value)>,
    /// Sorted by name, inheritance applied.
    pub profiles: Vec<(String, Value)>,
    pub retry_policies: Vec<(String, Value)>,
    pub envelope: Option<Value>,
    pub defaults: Defaults,
    /// One candidate for each model at each static provider.
    pub candidates: Vec<Value>,
}

/// Times in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Defaults {
    /// Consecutive failures that open a breaker.
    pub circuit_breaker_threshold: f64,
    /// How long an open breaker stays open.
    pub circuit_breaker_rate_limit_ms: f64,
    /// How long a disabled provider stays disabled.
    pub disable_provider_ttl_ms: f64,
    /// How long discovered offers are good for.
    pub discovery_cache_ttl_ms: f64,
}

const API_KINDS: [&str; 6] =
    ["openai_compatible", "openai_codex", "anthropic", "google", "bedrock", "ollama"];
const TIERS: [&str; 3] = ["partner", "marketplace", "fallback"];

impl Config {
    /// Reads a configuration; the first error wins.
    pub fn read(config: &Value, profile: Profile) -> Result<Self, Refused> {
        let returned = |message: &str| Refused::Returned(message.to_string());
        let members = config.as_object().ok_or_else(|| returned("config must be a table"))?;
        let table = |key: &str| {
            let value = lookup(members, key).and_then(Value::as_object);
            value.ok_or_else(|| Refused::Returned(format!("config.{key} required")))
        };
        let (providers, models, profiles) =
            (table("providers")?, table("models")?, table("profiles")?);
        check_providers(providers).map_err(Refused::Returned)?;
        check_models(models, providers).map_err(Refused::Returned)?;
        check_profiles(profiles).map_err(Refused::Returned)?;
        let profiles = inherit::resolve(profiles, profile).map_err(Refused::Thrown)?;
        let vocabulary_text = vocabulary(members, profile);
        let vocabulary = Vocabulary::read(&vocabulary_text)
            .map_err(|refusal| Refused::Thrown(refusal.message))?;
        let envelope = lookup(members, "policy_envelope").cloned();
        if let Some(envelope) = &envelope {
            let why = match admit(envelope, &vocabulary) {
                Ok(admitted) if admitted.sort == Sort::Pred => None,
                Ok(admitted) => Some(admitted.sort.name().to_string()),
                Err(refusal) => Some(refusal.message),
            };
            if let Some(why) = why {
                let message = format!("config.policy_envelope must be a Pred term: {why}");
                return Err(Refused::Returned(message));
            }
        }
        Ok(Self {
            vocabulary,
            vocabulary_text,
            providers: providers.to_vec(),
            models: models.to_vec(),
            profiles,
            retry_policies: lookup(members, "retry_policies")
                .and_then(Value::as_object)
                .unwrap_or(&[])
                .to_vec(),
            envelope,
            defaults: Defaults::read(lookup(members, "defaults")),
            candidates: static_candidates(models, providers),
        })
    }

    /// Counts and names, for people.
    pub fn info(&self) -> Value {
        let names = |entries: &Members| {
            Value::Array(entries.iter().map(|(name, _)| Value::String(name.clone())).collect())
        };
        record([
            ("candidates", Some(Value::Number(self.candidates.len() as f64))),
            ("initialized", Some(Value::Bool(true))),
            ("models_loaded", Some(names(&self.models))),
            ("profile_names", Some(names(&self.profiles))),
            ("providers_loaded", Some(names(&self.providers))),
            ("version", Some(Value::String("0.0.1".to_string()))),
        ])
    }
}

impl Defaults {
    /// Reads an object with the names of the fields; what is absent is the default.
    pub fn read(value: Option<&Value>) -> Self {
        let number = |key, default| {
            value.and_then(|value| value.get(key)).and_then(Value::as_number).unwrap_or(default)
        };
        Self {
            circuit_breaker_threshold: number("circuit_breaker_threshold", 3.0),
            circuit_breaker_rate_limit_ms: number("circuit_breaker_rate_limit_ms", 30_000.0),
            disable_provider_ttl_ms: number("disable_provider_ttl_ms", 300_000.0),
            discovery_cache_ttl_ms: number("discovery_cache_ttl_ms", 60_000.0),
        }
    }

    /// The object that [`Self::read`] reads.
    pub fn to_value(self) -> Value {
        let number = |number| Some(Value::Number(number));
        record([
            ("circuit_breaker_threshold", number(self.circuit_breaker_threshold)),
            ("circuit_breaker_rate_limit_ms", number(self.circuit_breaker_rate_limit_ms)),
            ("disable_provider_ttl_ms", number(self.disable_provider_ttl_ms)),
            ("discovery_cache_ttl_ms", number(self.discovery_cache_ttl_ms)),
        ])
    }
}

/// The fields of a configuration may carry notes for people, which are not part of the vocabulary.
fn vocabulary(config: &Members, profile: Profile) -> Value {
    let fields = lookup(config, "fields").and_then(Value::as_object).unwrap_or(&[]);
    let declared = fields.iter().map(|(name, declaration)| {
        let kept = ["default", "sort"].map(|key| (key, declaration.get(key).cloned()));
        (name.clone(), record(kept))
    });
    let profile = match profile {
        Profile::Strict => "strict",
        Profile::Reference => "reference",
    };
    record([
        ("fields", Some(Value::Object(declared.collect()))),
        ("profile", Some(Value::String(profile.to_string()))),
        ("tier_order", lookup(config, "tier_order").cloned()),
    ])
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

/// In byte order of families, then in the order of `served_by`.
fn static_candidates(models: &Members, providers: &Members) -> Vec<Value> {
    let mut candidates = Vec::new();
    for (family, model) in models {
        for entry in model.get("served_by").and_then(Value::as_array).unwrap_or(&[]) {
            let Some(id) = entry.get("provider").and_then(Value::as_str) else { continue };
            let Some(provider) = lookup(providers, id) else { continue };
            if provider.get("discovery").and_then(Value::as_str) != Some("static") {
                continue;
            }
            let own = |key: &str| provider.get(key).cloned();
            let text = |text: &str| Some(Value::String(text.to_string()));
            let flag = |key: &str| own(key).or(Some(Value::Bool(false)));
            candidates.push(record([
                ("provider_id", text(id)),
                ("model_family", text(family)),
                (
                    "served_model_id",
                    entry.get("provider_model_id").cloned().or_else(|| text(family)),
                ),
                ("capabilities", model.get("capabilities").cloned()),
                ("quality_hint", model.get("static_quality_hint").cloned()),
                ("tier", own("tier").or_else(|| text("fallback"))),
                ("has_tee", flag("has_tee")),
                ("no_log", flag("no_log")),
                ("base_url", own("base_url")),
                ("aws_region", own("aws_region")),
                ("auth_env", own("auth_env")),
                ("auth", own("auth")),
                ("api_kind", own("api_kind")),
                ("discovery", text("static")),
            ]));
        }
    }
    candidates
}
