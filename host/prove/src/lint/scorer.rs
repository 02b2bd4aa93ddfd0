//! Scorers.

use serde_json::Value;

use crate::candidate::{UNBOUNDED, knows, listed as who};

use super::{
    Lint,
    filter::{bounds, passes},
    listed,
    term::Term,
};

/// A field that may be +∞ where it is read, and whether the score grows with it.
struct Reading {
    field: &'static str,
    grows: bool,
}

impl Lint<'_> {
    /// Without a filter the term is a part of a policy, and its filter may bound anything.
    pub(super) fn scorer(&mut self, term: &Term<'_>, filter: Option<&Value>) {
        match term.op {
            "normalize" => {
                if let (Some(filter), Some(inner)) = (filter, term.term(1)) {
                    self.normalized(term, &inner, filter);
                }
            }
            "scale" if term.number(1) == Some(0.0) => {
                self.warn("L023", &term.path, "scale by 0 is zero, whatever it is of");
            }
            "clamp" => {
                if let (Some(low), Some(high)) = (term.number(1), term.number(2))
                    && low > high
                {
                    let message = format!(
                        "clamp from {low} to {high}: what is below {low} becomes {low}, and anything else {high}"
                    );
                    self.warn("L025", &term.path, message);
                }
            }
            "gate" => {
                if let Some(predicate) = term.term(1) {
                    self.predicate(&predicate);
                }
                if let Some(scorer) = term.term(2) {
                    self.scorer(&scorer, filter);
                }
                return;
            }
            _ => {}
        }
        for term in term.terms() {
            self.scorer(&term, filter);
        }
    }

    fn normalized(&mut self, term: &Term<'_>, inner: &Term<'_>, filter: &Value) {
        let mut guards = vec![filter];
        guards.extend(&self.facts.envelope);
        let mut readings = Vec::new();
        read(inner, true, &mut guards, &mut readings);
        let fields: Vec<_> = UNBOUNDED
            .into_iter()
            .filter(|field| readings.iter().any(|reading| reading.field == *field))
            .collect();
        if fields.is_empty() {
            return;
        }
        // -∞ leaves the greatest at 1 and makes all others 0
        let others = match readings.iter().all(|reading| reading.grows) {
            true => "all others",
            false => "all others but the best",
        };
        let (them, it) = match fields.len() {
            1 => (listed(&fields), "it"),
            _ => (listed(&fields), "one of them"),
        };
        let mut message = format!(
            "normalize reads {them}, which the filter does not bound: one candidate without {it} gives {others} the same score"
        );
        let candidates = self.facts.candidates.iter().flatten().enumerate();
        let mut lacking = candidates.filter(|(_, candidate)| {
            fields.iter().any(|field| !knows(candidate, field, &self.facts.ema))
                && passes(filter, candidate) != Some(false)
        });
        if let Some((at, first)) = lacking.next() {
            let more = lacking.count();
            let has = if more == 0 { "has" } else { "have" };
            message.push_str(&format!("; {} {has} none", who(at, first, more)));
        }
        self.warn("L020", &term.path, message);
    }
}

/// The fields that a scorer reads and passes on, however large they are, where nothing bounds them.
fn read<'t>(
    term: &Term<'t>,
    grows: bool,
    guards: &mut Vec<&'t Value>,
    readings: &mut Vec<Reading>,
) {
    match term.op {
        "field" => {
            let field = UNBOUNDED.into_iter().find(|field| *field == term.word(1));
            if let Some(field) = field
                && !guards.iter().any(|guard| bounds(guard, field, true))
            {
                readings.push(Reading { field, grows });
            }
        }
        "add" => term.terms().for_each(|term| read(&term, grows, guards, readings)),
        "neg" => {
            if let Some(inner) = term.term(1) {
                read(&inner, !grows, guards, readings);
            }
        }
        "scale" => {
            let factor = term.number(1).unwrap_or_default();
            if let Some(inner) = term.term(2).filter(|_| factor != 0.0) {
                read(&inner, grows == (factor > 0.0), guards, readings);
            }
        }
        "gate" => {
            if let Some(inner) = term.term(2) {
                guards.push(term.argument(1));
                read(&inner, grows, guards, readings);
                guards.pop();
            }
        }
        // `normalize` and `clamp` give numbers between bounds, `zero` and `lit` read nothing
        _ => {}
    }
}
