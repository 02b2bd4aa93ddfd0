//! What the runs of a router say of its candidates, written once: the text of a run is put together of
//! it.

use alloc::string::String;
use alloc::vec::Vec;

use crate::json::{Members, Value, push, write_string};
use crate::ranking::Ranking;
use crate::router::PRICED;
use crate::score::score_value;

/// Bytes of the prices of a candidate, as two groups of members. Five numbers with their keys have
/// room; what an odd state has in their place may not.
const PRICE_BYTES: usize = 160;

/// The texts of a candidate.
#[derive(Debug)]
pub struct RowText {
    /// Its members before the prices, between the two groups of them, and behind: each with a comma.
    parts: [String; 3],
    /// Written in place, so that a router does not grow with its states.
    prices: [String; 2],
    /// What is said of it in a trace, up to the score and behind it.
    ranked: [String; 2],
    /// Up to the reason.
    rejected: String,
    /// What is told of it where it answers: before the prices, between the two groups, and behind.
    chosen: [String; 3],
}

impl RowText {
    /// Of a candidate without its prices; nothing where its members do not stand around the groups.
    #[inline(never)]
    pub fn new(candidate: &Members) -> Option<Self> {
        let [price_in, _, price_out, raw_in, raw_out] = PRICED;
        let mut parts = [const { String::new() }; 3];
        for (key, value) in candidate {
            let part = match &**key {
                key if key < price_in => 0,
                key if key > price_out && key < raw_in => 1,
                key if key > raw_out => 2,
                _ => return None,
            };
            write_member(key, value, parts.get_mut(part)?);
        }
        let text = |key: &str| {
            let value = candidate.iter().find(|(name, _)| name == key);
            value.map(|(_, value)| value.to_json())
        };
        let (family, provider) = (text("model_family")?, text("provider_id")?);
        let mut tail = String::new();
        if let Some(tier) = text("tier") {
            push(&mut tail, &[",\"tier\":", &tier]);
        }
        push(&mut tail, &["}"]);
        let mut served = String::new();
        if let Some(named) = text("served_model_id") {
            push(&mut served, &[",\"served_model_id\":", &named]);
        }
        const FAMILY: &str = "\"model_family\":";
        const PROVIDER: &str = "\"provider_id\":";
        Some(Self {
            parts,
            prices: [(); 2].map(|()| String::with_capacity(PRICE_BYTES)),
            ranked: [
                joined(&["{", FAMILY, &family, ",", PROVIDER, &provider, ",\"score\":"]),
                tail,
            ],
            rejected: joined(&[
                "{\"model\":",
                &family,
                ",\"provider\":",
                &provider,
                ",\"reason\":",
            ]),
            chosen: [
                joined(&[FAMILY, &family, ","]),
                joined(&[PROVIDER, &provider, ","]),
                joined(&["\"served_by\":", &provider, &served]),
            ],
        })
    }

    /// Takes other prices, those of [`PRICED`] that there are; whether there is room for them.
    #[inline(never)]
    pub fn put_prices(&mut self, prices: &[Option<Value>; 5]) -> bool {
        let mut room = true;
        let (first, second) = prices.split_at(3);
        let mut keys = PRICED.into_iter();
        for (slot, group) in self.prices.iter_mut().zip([first, second]) {
            let mut text = String::with_capacity(PRICE_BYTES);
            for (key, value) in keys.by_ref().zip(group).take(group.len()) {
                if let Some(value) = value {
                    write_member(key, value, &mut text);
                }
            }
            slot.clear();
            if text.len() <= slot.capacity() {
                slot.push_str(&text);
            } else {
                room = false;
            }
        }
        room
    }

    /// Appends the candidate.
    pub fn write(&self, out: &mut String) {
        self.write_around(&self.parts, out);
        out.pop(); // the last comma: it has a name at least
        out.push('}');
    }

    /// Appends what is told of it where it answers.
    pub fn write_chosen(&self, out: &mut String) {
        self.write_around(&self.chosen, out);
        out.push('}');
    }

    #[inline(never)]
    fn write_around(&self, parts: &[String; 3], out: &mut String) {
        let [before, between, after] = parts;
        let [first, second] = &self.prices;
        push(out, &["{", before, first, between, second, after]);
    }
}

#[inline(never)]
fn joined(texts: &[&str]) -> String {
    let mut text = String::new();
    push(&mut text, texts);
    text
}

#[inline(never)]
fn write_member(key: &str, value: &Value, out: &mut String) {
    write_string(key, out);
    out.push(':');
    value.write(out);
    out.push(',');
}

/// A ranking as text: the candidates in order, and the arrays of the trace.
pub struct RankingText {
    pub candidates: String,
    pub ranked: String,
    pub rejected: String,
}

impl RankingText {
    #[inline(never)]
    pub fn new(ranking: &Ranking, rows: &[RowText]) -> Self {
        let [mut candidates, mut ranked] =
            [512, 128].map(|each| String::with_capacity(each * ranking.ordered.len() + 2));
        let mut rejected = String::with_capacity(128 * ranking.rejected.len() + 2);
        let mut outs = [&mut candidates, &mut ranked, &mut rejected];
        outs.iter_mut().for_each(|out| out.push('['));
        let [candidates_out, ranked_out, rejected_out] = outs;
        // many have the same score, and numbers take long to write
        let (mut last, mut score) = (None, String::new());
        for scored in &ranking.ordered {
            let Some(row) = rows.get(scored.row as usize) else { continue };
            if last != Some(scored.score.to_bits()) {
                last = Some(scored.score.to_bits());
                score.clear();
                score_value(scored.score).write(&mut score);
            }
            row.write(candidates_out);
            let [before, after] = &row.ranked;
            push(ranked_out, &[before, &score, after, ","]);
            push(candidates_out, &[","]);
        }
        let mut reasons = Vec::with_capacity(ranking.reasons.len());
        for reason in &ranking.reasons {
            reasons.push(Value::text(reason.text()).to_json());
        }
        for (row, reason) in &ranking.rejected {
            let (Some(row), Some(reason)) =
                (rows.get(*row as usize), reasons.get(*reason as usize))
            else {
                continue;
            };
            push(rejected_out, &[&row.rejected, reason, "},"]);
        }
        for out in [&mut candidates, &mut ranked, &mut rejected] {
            if out.ends_with(',') {
                out.pop();
            }
            out.push(']');
        }
        Self { candidates, ranked, rejected }
    }
}
