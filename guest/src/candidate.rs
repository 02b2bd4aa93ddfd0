//! Candidates, typed at the boundary, and the fields that policies observe.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::context::refuse;
use crate::json::{Members, Value, lookup};
use crate::refusal::Refusal;
use crate::state::State;
use crate::vocabulary::{BoolField, Field, NumField, Profile, Vocabulary};

/// A candidate: one model at one provider.
#[derive(Debug)]
pub struct Candidate<'a> {
    pub provider_id: &'a str,
    pub model_family: &'a str,
    pub tier: Option<&'a str>,
    pub scope: Option<&'a str>,
    pub peer_id: Option<&'a str>,
    pub capabilities: &'a Members,
    pub quality_hint: Option<f64>,
}

impl Candidate<'_> {
    /// Who answers in the end: the peer of an offer, else the provider.
    pub fn served_by(&self) -> &str {
        self.peer_id.unwrap_or(self.provider_id)
    }

    pub fn has_capability(&self, name: &str) -> bool {
        lookup(self.capabilities, name).is_some_and(Value::is_truthy)
    }
}

/// The candidates of a decision with every field observed: own value, else state, else default.
#[derive(Debug)]
pub struct Population<'a> {
    pub candidates: Vec<Candidate<'a>>,
    /// Row by row, one value a declared numeric field.
    nums: Vec<f64>,
    nums_per_row: usize,
    bools: Vec<bool>,
    bools_per_row: usize,
}

impl<'a> Population<'a> {
    /// Reads `ctx.candidates` and `ctx.state`.
    pub fn read(ctx: &'a Value, vocabulary: &Vocabulary) -> Result<Self, Refusal> {
        let records = ctx.get("candidates").and_then(Value::as_array);
        let records = records.ok_or_else(|| refuse("ctx.candidates: expected an array"))?;
        let strict = vocabulary.profile == Profile::Strict;
        let state = State::read(ctx, strict)?;
        let extensions: Vec<(&str, Field)> = vocabulary.extensions().collect();
        let mut population = Self {
            candidates: Vec::with_capacity(records.len()),
            nums: Vec::with_capacity(records.len() * vocabulary.nums.len()),
            nums_per_row: vocabulary.nums.len(),
            bools: Vec::with_capacity(records.len() * vocabulary.bools.len()),
            bools_per_row: vocabulary.bools.len(),
        };
        for (index, record) in records.iter().enumerate() {
            population.nums.extend(vocabulary.nums.iter().map(|field| field.default));
            population.bools.extend(vocabulary.bools.iter().map(|field| field.default));
            population
                .ingest(record, &state, &extensions, strict)
                .map_err(|message| refuse(format!("ctx.candidates[{index}]{message}")))?;
        }
        Ok(population)
    }

    pub fn len(&self) -> usize {
        self.candidates.len()
    }

    pub fn num(&self, row: usize, field: NumField) -> f64 {
        self.nums.get(row * self.nums_per_row + field.0).copied().unwrap_or_default()
    }

    pub fn bool(&self, row: usize, field: BoolField) -> bool {
        self.bools.get(row * self.bools_per_row + field.0).copied().unwrap_or_default()
    }

    fn set_num(&mut self, field: NumField, value: f64) {
        let start = self.nums.len() - self.nums_per_row;
        if let Some(slot) = self.nums.get_mut(start + field.0) {
            *slot = value;
        }
    }

    fn set_bool(&mut self, field: BoolField, value: bool) {
        let start = self.bools.len() - self.bools_per_row;
        if let Some(slot) = self.bools.get_mut(start + field.0) {
            *slot = value;
        }
    }

    /// Reads one record into the last row. An error is the rest of a position and what was expected.
    fn ingest(
        &mut self,
        record: &'a Value,
        state: &State<'a>,
        extensions: &[(&str, Field)],
        strict: bool,
    ) -> Result<(), String> {
        let record = record.as_object().ok_or(": expected an object")?;
        let mut candidate = Candidate {
            provider_id: required(record, "provider_id")?,
            model_family: required(record, "model_family")?,
            tier: None,
            scope: None,
            peer_id: None,
            capabilities: &[],
            quality_hint: None,
        };
        if let Some(prices) = state.ema(candidate.provider_id, candidate.model_family) {
            for (key, field) in
                [("price_in", NumField::PRICE_IN), ("price_out", NumField::PRICE_OUT)]
            {
                if let Some(price) = prices.get(key).and_then(Value::as_number) {
                    self.set_num(field, price);
                }
            }
        }
        if let Some(credits) = state.credits(candidate.provider_id) {
            self.set_num(NumField::CREDITS, credits);
        }
        self.set_bool(BoolField::BREAKER_OPEN, state.breaker_open(candidate.provider_id));
        self.set_bool(BoolField::DISABLED, state.disabled(candidate.provider_id));

        for (key, value) in record {
            let extension = extensions.iter().find(|(name, _)| name == key);
            if let Some((_, field)) = extension {
                match field {
                    Field::Num(field) => self.set_num(*field, number(key, value)?),
                    Field::Bool(field) => self.set_bool(*field, boolean(key, value)?),
                }
            }
            match key.as_str() {
                "provider_id" | "model_family" => {}
                "tier" => candidate.tier = Some(text(key, value)?),
                "scope" => candidate.scope = Some(text(key, value)?),
                "quality_hint" => candidate.quality_hint = Some(number(key, value)?),
                "price_in" => self.set_num(NumField::PRICE_IN, number(key, value)?),
                "price_out" => self.set_num(NumField::PRICE_OUT, number(key, value)?),
                "latency_ms" => self.set_num(NumField::LATENCY_MS, number(key, value)?),
                "tok_s" => self.set_num(NumField::TOK_S, number(key, value)?),
                "success_rate" => self.set_num(NumField::SUCCESS_RATE, number(key, value)?),
                "has_tee" => self.set_bool(BoolField::HAS_TEE, boolean(key, value)?),
                "no_log" => self.set_bool(BoolField::NO_LOG, boolean(key, value)?),
                "capabilities" => {
                    let expected = || format!(".{key}: expected an object");
                    candidate.capabilities = value.as_object().ok_or_else(expected)?;
                    if let Some(context) = lookup(candidate.capabilities, "context") {
                        self.set_num(NumField::CONTEXT, number("capabilities.context", context)?);
                    }
                }
                "offer" => {
                    value.as_object().ok_or_else(|| format!(".{key}: expected an object"))?;
                    if let Some(peer) = value.get("peer_id").filter(|peer| peer.is_truthy()) {
                        candidate.peer_id = Some(text("offer.peer_id", peer)?);
                    }
                }
                _ if extension.is_some() || CARRIED.contains(&key.as_str()) => {}
                _ if strict => {
                    return Err(format!(
                        ": unknown key '{key}', expected a candidate key or a field declared in \
                         vocabulary.fields"
                    ));
                }
                _ => {}
            }
        }
        self.candidates.push(candidate);
        Ok(())
    }
}

/// Candidate keys that no predicate or scorer looks at: they travel to the outgoing request and
/// the trace.
const CARRIED: [&str; 12] = [
    "api_kind",
    "auth",
    "auth_env",
    "aws_region",
    "base_url",
    "discovery",
    "price_multiplier",
    "raw_price_in",
    "raw_price_out",
    "served_by",
    "served_model_id",
    "source",
];

fn required<'a>(record: &'a Members, key: &str) -> Result<&'a str, String> {
    let value = lookup(record, key).and_then(Value::as_str);
    value.ok_or_else(|| format!(".{key}: expected a string"))
}

fn text<'a>(key: &str, value: &'a Value) -> Result<&'a str, String> {
    value.as_str().ok_or_else(|| format!(".{key}: expected a string"))
}

fn number(key: &str, value: &Value) -> Result<f64, String> {
    value.as_number().ok_or_else(|| format!(".{key}: expected a finite number"))
}

fn boolean(key: &str, value: &Value) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| format!(".{key}: expected a boolean"))
}
