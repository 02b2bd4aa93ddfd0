//! What the calls of a flow took together.

use serde::Serialize;
use serde_json::Value;

use super::{NodeOutcome, Outcome, drive::TIMEOUT};

/// Tokens and money of several runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// The runs that asked a provider.
    pub calls: u64,
    /// Tokens of the requests, as far as providers say.
    pub input_tokens: u64,
    /// Tokens of the answers, as far as providers say.
    pub output_tokens: u64,
    /// What the runs cost, in billionths of a US dollar: what the provider says, else its tokens at
    /// the prices of its candidate before multipliers. Nothing where that of one of them is not
    /// known; what a failed call cost is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_nano_usd: Option<u64>,
}

impl Totals {
    pub(super) fn of<'n>(nodes: impl Iterator<Item = &'n NodeOutcome>) -> Self {
        let mut totals = Self { cost_nano_usd: Some(0), ..Self::default() };
        for outcome in nodes.map(|node| &node.outcome).filter(|outcome| was_asked(outcome)) {
            let usage = outcome.answer.as_ref().and_then(|answer| answer.get("usage"));
            let tokens = |key| usage?.get(key)?.as_u64();
            totals.calls += 1;
            // a provider may say any number
            for (sum, key) in [
                (&mut totals.input_tokens, "input_tokens"),
                (&mut totals.output_tokens, "output_tokens"),
            ] {
                *sum = sum.saturating_add(tokens(key).unwrap_or_default());
            }
            let cost = tokens("cost_nano_usd")
                .or_else(|| priced(outcome, tokens("input_tokens")?, tokens("output_tokens")?));
            let sum = totals.cost_nano_usd.zip(cost);
            totals.cost_nano_usd = sum.and_then(|(sum, cost)| sum.checked_add(cost));
        }
        totals
    }
}

/// Whether a provider was asked at all: one that was passed over costs nothing. A call that was given
/// up is in no trace.
fn was_asked(outcome: &Outcome) -> bool {
    let path = outcome.trace.get("decision_path").and_then(Value::as_array);
    let attempted = |event: &Value| event.get("event").is_some_and(|event| event == "attempted");
    outcome.ok
        || outcome.error.as_deref() == Some(TIMEOUT)
        || path.is_some_and(|path| path.iter().any(attempted))
}

/// Tokens at the prices of who answered, which are in dollars per million.
#[expect(clippy::cast_precision_loss, reason = "far fewer than 2^53 tokens")]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked")]
fn priced(outcome: &Outcome, input: u64, output: u64) -> Option<u64> {
    let chosen = outcome.chosen.as_ref()?;
    let number = |key: &str| chosen.get(key).and_then(Value::as_f64);
    let factor = number("price_multiplier").filter(|factor| *factor > 0.0).unwrap_or(1.0);
    let price = |raw, own| number(raw).or_else(|| Some(number(own)? / factor));
    let nano = input as f64 * price("raw_price_in", "price_in")? * 1e3
        + output as f64 * price("raw_price_out", "price_out")? * 1e3;
    (0.0..9e18).contains(&nano).then(|| nano.round() as u64)
}
