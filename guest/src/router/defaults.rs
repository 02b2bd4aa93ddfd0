//! What holds where a configuration does not say otherwise.

use crate::json::{Object, Value};

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
