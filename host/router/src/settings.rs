//! What the router itself reads of the configuration's `defaults`.

use serde_json::Value;

/// A wait longer than this is not begun while another candidate is ready: most limits of a second
/// are over before, those of a day are not, and a person who waits is asked for no more.
const FALLBACK_WAIT_MS: f64 = 5_000.0;

/// What holds where the configuration does not say otherwise; the first two as in the engine.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    /// Failures in a row that close a model, as they open a breaker.
    pub(super) threshold: f64,
    /// How long it stays closed, in milliseconds.
    pub(super) closed_ms: f64,
    /// The longest wait while another candidate is ready, in milliseconds.
    pub(super) fallback_wait_ms: f64,
}

impl Settings {
    pub(super) fn read(config: &Value) -> Self {
        let of = |name: &str, default: f64| {
            let own = config.get("defaults").and_then(|defaults| defaults.get(name));
            own.and_then(Value::as_f64).unwrap_or(default)
        };
        Self {
            threshold: of("circuit_breaker_threshold", 3.0),
            closed_ms: of("circuit_breaker_rate_limit_ms", 30_000.0),
            fallback_wait_ms: of("fallback_wait_ms", FALLBACK_WAIT_MS),
        }
    }
}
