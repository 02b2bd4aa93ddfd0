//! The names of a case: fields, tiers, and who there is.

use super::Draw;

/// What a policy may name, and the vocabulary that says so.
#[derive(Clone, Debug)]
pub struct Words {
    /// The vocabulary, as a ctx and `admit` take it.
    pub vocabulary: String,
    /// Whether the profile is `strict`.
    pub strict: bool,
    /// Numeric fields, declared ones last.
    pub nums: Vec<&'static str>,
    /// Boolean fields, declared ones last.
    pub bools: Vec<&'static str>,
    /// How many fields of each sort are part of the language.
    pub core: (usize, usize),
    /// Tiers, worst to best.
    pub tiers: Vec<&'static str>,
}

const NUMS: [&str; 7] =
    ["price_in", "price_out", "latency_ms", "tok_s", "success_rate", "credits", "context"];
const BOOLS: [&str; 4] = ["has_tee", "no_log", "breaker_open", "disabled"];
const DECLARED: [&str; 6] = ["bench", "quality", "tier2", "é", "a b", "price"];
const TIERS: [&str; 6] = ["fallback", "marketplace", "partner", "gold", "silver", "🥇"];

/// Who serves. Names with the mark that joins a provider and a family are told apart, or not.
pub const PROVIDERS: [&str; 7] = ["p1", "p2", "p3", "openai", "a|b", "é", "p\"\\q"];
/// What is served.
pub const FAMILIES: [&str; 6] = ["m1", "m2", "large", "b|c", "c", "😀"];
/// What a candidate may be able to do.
pub const CAPABILITIES: [&str; 6] = [
    "supports_json_mode",
    "supports_seed",
    "supports_tools",
    "supports_vision",
    "context",
    "speaks é",
];
/// Where a candidate may be used.
pub const SCOPES: [&str; 3] = ["eu", "us", ""];
/// Failures: the kinds that a host knows, and two that are unknown to everybody.
pub const KINDS: [&str; KNOWN_KINDS + 2] = [
    "unknown",
    "rate_limit",
    "timeout",
    "server_error",
    "auth_error",
    "bad_request",
    "bad_response",
    "content_filter",
    "context_overflow",
    "model_unavailable",
    "payment_required",
    "network_error",
    "stream_interrupted",
    "unsupported",
    "é\n",
    "",
];
/// How many of [`KINDS`] a host knows; they come first.
pub const KNOWN_KINDS: usize = 14;
/// Symbols of customs.
pub const SYMBOLS: [&str; 3] = ["s1", "s2", "no such symbol"];

impl Words {
    /// A vocabulary, most often the one that everybody has.
    pub fn new(draw: &mut Draw<'_>) -> Self {
        let mut words = Self::core(draw.one_in(3));
        let mut members = Vec::new();
        if !words.strict || draw.one_in(4) {
            let profile = if words.strict { "strict" } else { "reference" };
            members.push(("profile", draw.string(profile)));
        }
        if draw.one_in(2) {
            members.push(("fields", words.declare(draw)));
        }
        if draw.one_in(4) {
            words.tiers = (0..draw.below(5)).map(|_| draw.pick(&TIERS)).collect();
            let tiers: Vec<_> = words.tiers.iter().map(|tier| draw.string(tier)).collect();
            members.push(("tier_order", draw.array(&tiers)));
        }
        if draw.wrong(30) {
            let key = draw.pick(&["profile", "fields", "tier_order", "tiers"]);
            members.retain(|(known, _)| *known != key);
            members.push((key, draw.anything(2)));
        }
        words.vocabulary = draw.object(members);
        words
    }

    /// The names of the language alone.
    pub fn core(reference: bool) -> Self {
        Self {
            vocabulary: "{}".to_owned(),
            strict: !reference,
            nums: NUMS.into(),
            bools: BOOLS.into(),
            core: (NUMS.len(), BOOLS.len()),
            tiers: TIERS.iter().take(3).copied().collect(),
        }
    }

    fn declare(&mut self, draw: &mut Draw<'_>) -> String {
        let mut members = Vec::new();
        for name in draw.some(&DECLARED, 2) {
            let (sort, default) = match draw.one_in(3) {
                true => {
                    self.bools.push(name);
                    ("Bool", draw.pick(&["false", "true"]).to_owned())
                }
                false => {
                    self.nums.push(name);
                    ("Num", draw.number())
                }
            };
            let sort = if draw.wrong(30) { "Text" } else { sort };
            let sort = draw.string(sort);
            let field = draw.object(vec![("sort", sort), ("default", default)]);
            members.push((name, field));
        }
        if draw.wrong(30) {
            members.push(("price_in", r#"{"sort":"Num","default":1}"#.to_owned()));
        }
        draw.object(members)
    }

    /// Declared fields that are numbers.
    pub fn declared_nums(&self) -> &[&'static str] {
        &self.nums[self.core.0..]
    }

    /// Declared fields that are flags.
    pub fn declared_bools(&self) -> &[&'static str] {
        &self.bools[self.core.1..]
    }
}
