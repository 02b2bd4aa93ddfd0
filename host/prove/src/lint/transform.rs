//! Transforms.

use serde_json::Value;

use crate::{Finding, Level, Path, nearest};

use super::{Lint, term::Term};

/// What a request parameter may be.
#[derive(Clone, Copy)]
enum Range {
    Number(f64, f64),
    Integer(f64, f64),
    Word,
}

/// The largest integer that a double names alone.
const EXACT: f64 = 9_007_199_254_740_991.0;

/// As the chat APIs of providers have them.
fn range(parameter: &str) -> Option<Range> {
    Some(match parameter {
        "temperature" => Range::Number(0.0, 2.0),
        "top_p" => Range::Number(0.0, 1.0),
        "frequency_penalty" | "presence_penalty" => Range::Number(-2.0, 2.0),
        "top_k" | "max_tokens" | "timeout_ms" | "first_token_timeout_ms" => {
            Range::Integer(1.0, EXACT)
        }
        "seed" => Range::Integer(-EXACT, EXACT),
        "reasoning_effort" => Range::Word,
        _ => return None,
    })
}

/// A change of one parameter.
struct Write<'t> {
    op: &'t str,
    parameter: &'t str,
    at: Path,
    /// The `when`s around it, by their paths, outermost first.
    whens: Vec<Path>,
}

impl Lint<'_> {
    pub(super) fn transform(&mut self, term: &Term<'_>) {
        let mut writes = Vec::new();
        self.transformed(term, &mut Vec::new(), &mut writes);
        self.overwritten(&writes);
    }

    fn transformed<'t>(
        &mut self,
        term: &Term<'t>,
        whens: &mut Vec<Path>,
        writes: &mut Vec<Write<'t>>,
    ) {
        let parameter = term.word(1);
        let at = &term.path;
        match term.op {
            "seq" => term.terms().for_each(|term| self.transformed(&term, whens, writes)),
            "when" => {
                if let Some(predicate) = term.term(1) {
                    self.predicate(&predicate);
                }
                if let Some(inner) = term.term(2) {
                    whens.push(at.clone());
                    self.transformed(&inner, whens, writes);
                    whens.pop();
                }
            }
            "set_param" if term.argument(2).as_str() == Some("from_ctx") => {
                self.seeded(parameter, at);
            }
            "set_param" => self.value(parameter, term.argument(2), at),
            "inject_seed" => self.seeded(parameter, at),
            "clamp_param" => self.clamped(term),
            "jitter" => self.jittered(parameter, at),
            "filter_text" | "filter_image" => {
                let message = format!(
                    "this host has no filters: with {} every call is a bad_request",
                    term.op
                );
                self.note("L048", at, message);
            }
            "custom" => {
                if let Some(known) = &self.facts.customs
                    && !known.contains(parameter)
                {
                    let message = format!("no custom is called '{parameter}'");
                    let near = nearest(parameter, known.iter().map(String::as_str));
                    self.push(Finding::new("L049", Level::Error, at, message).with_nearest(near));
                }
            }
            _ => {}
        }
        if matches!(term.op, "set_param" | "inject_seed" | "clamp_param" | "jitter") {
            writes.push(Write { op: term.op, parameter, at: at.clone(), whens: whens.clone() });
        }
    }

    fn seeded(&mut self, parameter: &str, at: &Path) {
        if parameter != "seed" {
            self.warn("L046", at, format!("the seed becomes the value of {parameter}"));
        }
        if self.facts.seed != Some(true) {
            let message = format!("needs a seed: without one {parameter} is removed");
            self.note("L047", at, message);
        }
    }

    fn value(&mut self, parameter: &str, value: &Value, at: &Path) {
        let expected = match (range(parameter), value.as_f64()) {
            (Some(Range::Word), _) if !value.is_string() => "a word".to_owned(),
            (Some(Range::Number(low, high)), number)
                if !number.is_some_and(|number| (low..=high).contains(&number)) =>
            {
                format!("a number from {low} to {high}")
            }
            (Some(Range::Integer(low, high)), number)
                if !number.is_some_and(|n| (low..=high).contains(&n) && n.fract() == 0.0) =>
            {
                match low < 0.0 {
                    true => format!("an integer of magnitude at most {high}"),
                    false => format!("an integer of at least {low}"),
                }
            }
            _ => return,
        };
        self.warn("L046", at, format!("{parameter}: providers take {expected}, not {value}"));
    }

    fn clamped(&mut self, term: &Term<'_>) {
        let (parameter, at) = (term.word(1), &term.path);
        let (Some(low), Some(high)) = (term.number(2), term.number(3)) else { return };
        if low > high {
            let message = format!(
                "clamp_param from {low} to {high}: what is below {low} becomes {low}, and anything else {high}"
            );
            self.warn("L040", at, message);
            return;
        }
        let whole = low.fract() == 0.0 && high.fract() == 0.0;
        let outside = |from: f64, to: f64| high < from || low > to;
        let message = match range(parameter) {
            Some(Range::Word) => {
                format!("{parameter} is a word, which clamp_param leaves as it is")
            }
            Some(Range::Integer(..)) if !whole => {
                format!("{parameter} is an integer, and clamp_param gives it a fraction as a bound")
            }
            Some(Range::Integer(from, to) | Range::Number(from, to)) if outside(from, to) => {
                format!(
                    "{parameter}: providers take {from} to {to}, and clamp_param leaves nothing of it"
                )
            }
            _ => return,
        };
        self.warn("L046", at, message);
    }

    fn jittered(&mut self, parameter: &str, at: &Path) {
        match range(parameter) {
            Some(Range::Integer(..)) => {
                self.warn(
                    "L041",
                    at,
                    format!("{parameter} is an integer, and jitter makes it a fraction"),
                );
            }
            Some(Range::Word) => {
                self.warn(
                    "L046",
                    at,
                    format!("{parameter} is a word, and jitter puts a number in its place"),
                );
            }
            _ => {}
        }
        if self.facts.seed != Some(true) {
            self.note("L047", at, "needs a seed: without one jitter does nothing");
        }
    }

    /// A later write counts where it is made whenever the earlier one is.
    fn overwritten(&mut self, writes: &[Write<'_>]) {
        for (at, write) in writes.iter().enumerate() {
            let later = || {
                let later = writes.iter().skip(at + 1);
                later.filter(|later| {
                    later.parameter == write.parameter && write.whens.starts_with(&later.whens)
                })
            };
            let sets = |op: &str| matches!(op, "set_param" | "inject_seed");
            if let Some(by) = later().find(|later| sets(later.op)) {
                let message = format!("{} is overwritten at {}", write.parameter, by.at);
                self.warn("L043", &write.at, message);
                continue;
            }
            let clamped = || {
                let before = writes.iter().take(at);
                before.rev().find(|b| b.parameter == write.parameter && b.op == "clamp_param")
            };
            if write.op == "jitter"
                && !later().any(|later| later.op == "clamp_param")
                && let Some(clamp) = clamped()
            {
                let message = format!(
                    "jitter leaves the range that {} is clamped to at {}",
                    write.parameter, clamp.at
                );
                self.warn("L042", &write.at, message);
            }
        }
    }
}
