//! The router configuration: read once, checked whole.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::{inherit, strict};
use crate::admit::admit;
use crate::json::{Member, Members, Object, Value, lookup, to_static};
use crate::refusal::{Refusal, RefusalCode};
use crate::signature::Sort;
use crate::vocabulary::{Profile, Vocabulary};

/// A configuration that is in order.
#[derive(Debug)]
pub struct Config<'a> {
    pub vocabulary: Vocabulary,
    /// The vocabulary as a ctx carries it.
    pub vocabulary_text: Value<'a>,
    /// Sorted by id, as written.
    pub providers: Vec<Member<'a>>,
    /// Sorted by family, as written.
    pub models: Vec<Member<'a>>,
    /// Sorted by name, inheritance applied.
    pub profiles: Vec<Member<'a>>,
    pub retry_policies: Vec<Member<'a>>,
    /// The definitions of `custom` symbols.
    pub customs: Vec<Member<'a>>,
    pub envelope: Option<Value<'a>>,
    pub defaults: Defaults,
    /// One candidate for each model at each static provider.
    pub candidates: Vec<Value<'a>>,
}

/// What holds where a configuration does not say otherwise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Defaults {
    /// Consecutive failures that open a breaker.
    pub circuit_breaker_threshold: f64,
    /// How long an open breaker stays open, in milliseconds.
    pub circuit_breaker_rate_limit_ms: f64,
    /// How long a disabled provider stays disabled, in milliseconds.
    pub disable_provider_ttl_ms: f64,
    /// How long discovered offers are good for, in milliseconds.
    pub discovery_cache_ttl_ms: f64,
    /// `strict` profile: the longest time that a caller's policy opens a breaker for, in
    /// milliseconds.
    pub caller_open_breaker_max_ms: f64,
    /// `strict` profile: calls of one run.
    pub max_attempts_per_execution: f64,
}

/// The members of [`Defaults`], by name.
pub const DEFAULTS: [(&str, f64); 6] = [
    ("circuit_breaker_threshold", 3.0),
    ("circuit_breaker_rate_limit_ms", 30_000.0),
    ("disable_provider_ttl_ms", 300_000.0),
    ("discovery_cache_ttl_ms", 60_000.0),
    ("caller_open_breaker_max_ms", 30_000.0),
    ("max_attempts_per_execution", 64.0),
];

const API_KINDS: [&str; 6] =
    ["openai_compatible", "openai_codex", "anthropic", "google", "bedrock", "ollama"];
const TIERS: [&str; 3] = ["partner", "marketplace", "fallback"];

impl<'a> Config<'a> {
    /// Reads a configuration; the first error wins.
    pub fn read(config: &'a Value<'a>, profile: Profile) -> Result<Self, Refusal> {
        Self::check(config, profile).map_err(|message| Refusal::new(RefusalCode::Config, message))
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
            sorted("config.policy_envelope", envelope, Sort::Pred, &vocabulary)?;
        }
        let optional =
            |key: &str| lookup(members, key).and_then(Value::as_object).unwrap_or(&[]).to_vec();
        let config = Self {
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
        };
        if profile == Profile::Strict {
            strict::terms(&config)?;
        }
        Ok(config)
    }

    /// What contracts are resolved by, for longer than its text; without providers, models and
    /// candidates.
    pub fn to_static(&self) -> Config<'static> {
        Config {
            vocabulary: self.vocabulary.clone(),
            vocabulary_text: self.vocabulary_text.to_static(),
            providers: Vec::new(),
            models: Vec::new(),
            profiles: to_static(&self.profiles),
            retry_policies: to_static(&self.retry_policies),
            customs: to_static(&self.customs),
            envelope: self.envelope.as_ref().map(Value::to_static),
            defaults: self.defaults,
            candidates: Vec::new(),
        }
    }

    /// Counts and names, for people.
    pub fn info(&self) -> Value<'a> {
        let names = |entries: &Members<'a>| {
            Value::Array(entries.iter().map(|(name, _)| Value::String(name.clone())).collect())
        };
        Object::new()
            .number("candidates", self.candidates.len() as f64)
            .flag("initialized", true)
            .with("models_loaded", names(&self.models))
            .with("profile_names", names(&self.profiles))
            .with("providers_loaded", names(&self.providers))
            .text("version", "0.0.1")
            .build()
    }
}

impl Defaults {
    /// Reads an object of [`DEFAULTS`]; what is absent is the default.
    pub fn read(value: Option<&Value>) -> Self {
        let [threshold, rate_limit, disable, discovery, caller, attempts] =
            DEFAULTS.map(|(name, default)| {
                let own = value.and_then(|value| value.get(name)).and_then(Value::as_number);
                own.unwrap_or(default)
            });
        Self {
            circuit_breaker_threshold: threshold,
            circuit_breaker_rate_limit_ms: rate_limit,
            disable_provider_ttl_ms: disable,
            discovery_cache_ttl_ms: discovery,
            caller_open_breaker_max_ms: caller,
            max_attempts_per_execution: attempts,
        }
    }

    /// The object that [`Self::read`] reads.
    pub fn to_value(self) -> Value<'static> {
        let values = [
            self.circuit_breaker_threshold,
            self.circuit_breaker_rate_limit_ms,
            self.disable_provider_ttl_ms,
            self.discovery_cache_ttl_ms,
            self.caller_open_breaker_max_ms,
            self.max_attempts_per_execution,
        ];
        let mut object = Object::new();
        for ((name, _), value) in DEFAULTS.into_iter().zip(values) {
            object = object.number(name, value);
        }
        object.build()
    }
}

/// Admits a term that has to be of a sort.
pub fn sorted(
    about: &str,
    term: &Value,
    sort: Sort,
    vocabulary: &Vocabulary,
) -> Result<(), String> {
    let why = match admit(term, vocabulary) {
        Ok(admitted) if admitted.sort == sort => return Ok(()),
        Ok(admitted) => admitted.sort.name().to_string(),
        Err(refusal) => refusal.message,
    };
    let article = if sort == Sort::Xform { "an" } else { "a" };
    Err(format!("{about} must be {article} {} term: {why}", sort.name()))
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

/// In byte order of families, then in the order of `served_by`.
fn static_candidates<'a>(models: &'a Members<'a>, providers: &'a Members<'a>) -> Vec<Value<'a>> {
    let mut candidates = Vec::new();
    for (family, model) in models {
        for entry in model.get("served_by").and_then(Value::as_array).unwrap_or(&[]) {
            let Some(id) = entry.get("provider").and_then(Value::as_str) else { continue };
            let Some(provider) = lookup(providers, id) else { continue };
            if provider.get("discovery").and_then(Value::as_str) != Some("static") {
                continue;
            }
            // what is observed of the model, then of the model at this provider
            let mut candidate = Object::new();
            for of in [model, entry] {
                for (name, value) in of.get("fields").and_then(Value::as_object).unwrap_or(&[]) {
                    candidate = candidate.with(name, value.clone());
                }
            }
            let served = entry.get("provider_model_id").cloned();
            let candidate = candidate
                .text("provider_id", id)
                .with("model_family", Value::String(family.clone()))
                .with("served_model_id", served.unwrap_or_else(|| Value::String(family.clone())))
                .copy(model, &["capabilities"])
                .maybe("quality_hint", model.get("static_quality_hint").cloned())
                .text("tier", "fallback")
                .flag("has_tee", false)
                .flag("no_log", false)
                .copy(
                    provider,
                    &[
                        "tier",
                        "has_tee",
                        "no_log",
                        "base_url",
                        "aws_region",
                        "auth_env",
                        "auth",
                        "api_kind",
                    ],
                )
                .text("discovery", "static");
            candidates.push(candidate.build());
        }
    }
    candidates
}
