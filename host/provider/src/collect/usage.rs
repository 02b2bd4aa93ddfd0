//! Counts of tokens, which may come in parts.

use crate::{Usage, json::Object};

/// Counts, as far as they have come.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) input: Option<u64>,
    pub(crate) output: Option<u64>,
    pub(crate) cache_read: Option<u64>,
    pub(crate) cache_write: Option<u64>,
    pub(crate) reasoning: Option<u64>,
    pub(crate) cost_nano_usd: Option<u64>,
    /// The tokens of the cache are beside those of the input, and not among them.
    pub(crate) cache_is_beside: bool,
}

impl Counts {
    /// Takes later counts. They are of the whole answer and not of an event; some servers send
    /// zeros before, and some after.
    pub(crate) fn update(&mut self, later: Self) {
        let newer = |old: &mut Option<u64>, new: Option<u64>| {
            if new.is_some_and(|new| new > 0) || old.is_none() {
                *old = new.or(*old);
            }
        };
        newer(&mut self.input, later.input);
        newer(&mut self.output, later.output);
        newer(&mut self.cache_read, later.cache_read);
        newer(&mut self.cache_write, later.cache_write);
        newer(&mut self.reasoning, later.reasoning);
        newer(&mut self.cost_nano_usd, later.cost_nano_usd);
        self.cache_is_beside |= later.cache_is_beside;
    }

    /// The counts of an answer; nothing without those of the input.
    pub(crate) fn usage(self) -> Option<Usage> {
        let beside = [self.cache_read, self.cache_write].map(Option::unwrap_or_default);
        let beside = beside.into_iter().filter(|_| self.cache_is_beside);
        Some(Usage {
            input_tokens: beside.fold(self.input?, u64::saturating_add),
            output_tokens: self.output.unwrap_or_default(),
            cache_read_tokens: self.cache_read,
            cache_write_tokens: self.cache_write,
            reasoning_tokens: self.reasoning,
            cost_nano_usd: self.cost_nano_usd,
        })
    }
}

/// The sum of the members that are there, if there is one of them.
pub(crate) fn sum(object: &Object<'_>, keys: &[&str]) -> Option<u64> {
    let counts = keys.iter().filter_map(|key| object.count(key));
    counts.fold(None, |sum, count| Some(sum.unwrap_or(0_u64).saturating_add(count)))
}

/// US dollars in billionths. A cost that is no amount is none.
pub(crate) fn nano_usd(object: &Object<'_>, key: &str) -> Option<u64> {
    let usd: f64 = serde_json::from_str(object.get(key)?.get()).ok()?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
    (usd >= 0.0).then(|| (usd * 1e9).round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::value;

    #[test]
    fn sums_do_not_overflow() {
        let text =
            r#"{"a": 18446744073709551615, "b": 1, "c": "1", "d": -1, "e": 1e300, "f": 2.0}"#;
        let object = Object::of(value(text).unwrap()).unwrap();
        assert_eq!(sum(&object, &["a", "b"]), Some(u64::MAX));
        assert_eq!(sum(&object, &["e", "b"]), Some(u64::MAX));
        assert_eq!(sum(&object, &["b", "f"]), Some(3));
        assert_eq!(sum(&object, &["c", "d"]), None);
    }

    #[test]
    fn costs() {
        let object = Object::of(value(r#"{"a": 0.00014, "b": -1, "c": "1", "d": 1e300}"#).unwrap());
        let object = object.unwrap();
        assert_eq!(nano_usd(&object, "a"), Some(140_000));
        assert_eq!(nano_usd(&object, "b"), None);
        assert_eq!(nano_usd(&object, "c"), None);
        assert_eq!(nano_usd(&object, "d"), Some(u64::MAX));
    }

    #[test]
    fn later_counts_go_before_earlier_ones() {
        let counts = |input, output| Counts { input, output, ..Counts::default() };
        let mut all = Counts::default();
        all.update(counts(Some(0), Some(0)));
        all.update(counts(Some(123), None));
        all.update(counts(Some(0), Some(45)));
        let usage = all.usage().unwrap();
        assert_eq!((usage.input_tokens, usage.output_tokens), (123, 45));
        assert_eq!(counts(None, Some(1)).usage(), None);
    }
}
