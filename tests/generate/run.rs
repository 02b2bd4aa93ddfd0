//! Runs: a configuration, a contract, and what providers say.

use super::words::{CAPABILITIES, KINDS, KNOWN_KINDS, PROVIDERS};
use super::{Draw, Terms, Words, parameter};

/// What a run is made of, as texts of JSON.
#[derive(Debug)]
pub struct Run {
    /// `strict` or `reference`.
    pub admission: &'static str,
    /// The configuration.
    pub config: String,
    /// The contract.
    pub contract: String,
    /// What the discovery `d` of the configuration replied.
    pub offers: String,
    /// Calls that the `strict` profile allows.
    pub most_calls: usize,
}

const MODELS: [&str; 4] = ["m1", "m2", "large", "é"];
/// The provider whose candidates are offers.
const MARKET: &str = "market";

const FILTERS: [&str; 5] = [
    r#"["requirements","not_disabled"]"#,
    r#""breaker_closed""#,
    r#"{"any_of":["breaker_closed","scope_matches"]}"#,
    r#"{"provider_not_in":["p2"]}"#,
    r#"{"none_of":["not_disabled"]}"#,
];

/// A run that is most often in order.
pub fn run(draw: &mut Draw<'_>) -> Run {
    let words = Words::core(draw.one_in(2));
    let admission = if words.strict { "strict" } else { "reference" };
    let providers = [&["p1", "p2"], draw.some(&PROVIDERS[2..], 3).as_slice()].concat();
    let market = draw.one_in(4);
    let most_calls = if draw.one_in(4) { 1 + draw.below(8) } else { 64 };
    let mut members = vec![
        ("providers", configured(draw, &providers, market)),
        ("models", models(draw, &words, &providers)),
        ("profiles", profiles(draw, &words)),
        ("retry_policies", retry_policies(draw, &words)),
        ("customs", r#"{"s1":["set_param","temperature",0],"s2":["id"]}"#.to_owned()),
    ];
    if draw.one_in(6) {
        members.push(("policy_envelope", Terms::new(draw, &words).of("Pred", draw, 2)));
    }
    let mut defaults = vec![("max_attempts_per_execution", most_calls.to_string())];
    let keys = ["circuit_breaker_threshold", "circuit_breaker_rate_limit_ms"];
    for key in draw.some(&keys, 2) {
        defaults.push((key, draw.below(2_000).to_string()));
    }
    // short, so that some come back during a run
    defaults.push(("disable_provider_ttl_ms", draw.below(1_000).to_string()));
    members.push(("defaults", draw.object(defaults)));
    if draw.wrong(20) {
        let key = draw.pick(&["providers", "models", "profiles", "retry_policies", "defaults"]);
        members.retain(|(known, _)| *known != key);
        members.push((key, draw.anything(2)));
    }
    let offers: Vec<_> = (0..draw.below(4)).map(|_| offer(draw)).collect();
    let offers = format!(r#"{{"d":{{"ok":true,"offers":{}}}}}"#, draw.array(&offers));
    let contract = contract(draw, &words, &providers);
    Run { admission, config: draw.object(members), contract, offers, most_calls }
}

fn configured(draw: &mut Draw<'_>, providers: &[&'static str], market: bool) -> String {
    let mut members = Vec::new();
    for id in providers {
        let mut provider = vec![
            ("discovery", draw.string("static")),
            ("base_url", draw.string("http://p")),
            ("api_kind", draw.string("ollama")),
        ];
        if draw.one_in(3) {
            provider.push(("has_tee", "true".to_owned()));
        }
        members.push((*id, draw.object(provider)));
    }
    if market {
        let provider = r#"{"discovery":"marketplace","discovery_id":"d","api_kind":"google"}"#;
        members.push((MARKET, provider.to_owned()));
    }
    draw.object(members)
}

fn models(draw: &mut Draw<'_>, words: &Words, providers: &[&str]) -> String {
    let mut members = Vec::new();
    for model in [&["m1"], draw.some(&MODELS[1..], 2).as_slice()].concat() {
        let served_by = (0..=draw.below(4)).map(|_| {
            let provider = draw.pick(providers);
            let mut entry = vec![("provider", draw.string(provider))];
            if draw.one_in(3) {
                let price = draw.number();
                entry.push(("fields", draw.object(vec![("price_in", price)])));
            }
            draw.object(entry)
        });
        let served_by: Vec<_> = served_by.collect();
        let capabilities = draw.some(&CAPABILITIES[..4], 2).into_iter();
        let capabilities = capabilities.map(|key| (key, "true".to_owned())).collect();
        let capabilities = draw.object(capabilities);
        let mut entry = vec![("capabilities", capabilities), ("served_by", draw.array(&served_by))];
        if draw.one_in(8) {
            let protocol = draw.pick(&["chat", "embeddings"]);
            entry.push(("protocol", draw.string(protocol)));
        }
        if draw.one_in(2) {
            let field = draw.pick(&words.nums[..5]);
            let value = draw.number();
            entry.push(("fields", draw.object(vec![(field, value)])));
        }
        members.push((model, draw.object(entry)));
    }
    draw.object(members)
}

/// A policy that leaves somebody to call, most often.
fn policy(draw: &mut Draw<'_>, words: &Words) -> String {
    let mut slots = vec!["\"policy\"".to_owned()];
    for (sort, plain) in [
        ("Pred", "[\"top\"]"),
        ("Scorer", "[\"neg\",[\"field\",\"price_in\"]]"),
        ("Selector", "[\"argmax\"]"),
        ("Xform", "[\"id\"]"),
        ("FailPlan", ""),
    ] {
        slots.push(match plain.is_empty() || draw.one_in(3) {
            true => Terms::new(draw, words).of(sort, draw, 2),
            false => plain.to_owned(),
        });
    }
    draw.array(&slots)
}

fn profiles(draw: &mut Draw<'_>, words: &Words) -> String {
    let mut default = vec![];
    if draw.one_in(2) {
        default.push(("policy_ir", policy(draw, words)));
    } else {
        default.push(("retry_policy", draw.string("table")));
        let filter = draw.pick(&FILTERS);
        default.push(("filter", filter.to_owned()));
        if draw.one_in(2) {
            default.push(("scorer", Terms::new(draw, words).of("Scorer", draw, 3)));
        }
        if draw.one_in(2) {
            let selector = draw.pick(&["argmax", "softmax_sample", "top_k"]);
            default.push(("selector", draw.string(selector)));
        }
    }
    let other = r#"{"extends":"default"}"#.to_owned();
    let default = draw.object(default);
    draw.object(vec![("default", default), ("other", other)])
}

fn retry_policies(draw: &mut Draw<'_>, words: &Words) -> String {
    let mut table = Vec::new();
    for kind in draw.some(&KINDS[..KNOWN_KINDS], 2) {
        table.push((kind, parameter::action(draw, words)));
    }
    let table = draw.object(table);
    draw.object(vec![("table", table)])
}

fn contract(draw: &mut Draw<'_>, words: &Words, providers: &[&str]) -> String {
    let mut members = vec![("prompt", draw.string("hi"))];
    for (key, value) in [("seed", draw.integer()), ("temperature", draw.number())] {
        if draw.one_in(2) {
            members.push((key, value));
        }
    }
    if draw.one_in(12) {
        members.push(("protocol", draw.string("embeddings")));
    }
    if draw.one_in(4) {
        members.push(("policy_ir", policy(draw, words)));
    } else if draw.one_in(4) {
        members.push(("profile", draw.string("other")));
    }
    if draw.one_in(6) {
        let pin = vec![("provider", draw.string("p1")), ("model", draw.string("m1"))];
        let pin = draw.object(pin);
        members.push(("requirements", draw.object(vec![("pin", pin)])));
    }
    if draw.one_in(4) {
        let extra = (0..draw.below(4)).map(|_| {
            let provider = draw.pick(providers);
            let model = draw.pick(&MODELS);
            let names =
                vec![("provider_id", draw.string(provider)), ("model_family", draw.string(model))];
            draw.object(names)
        });
        let extra: Vec<_> = extra.collect();
        members.push(("extra_candidates", draw.array(&extra)));
    }
    draw.object(members)
}

fn offer(draw: &mut Draw<'_>) -> String {
    let model = draw.pick(&MODELS);
    let mut members = vec![("model_family", draw.string(model)), ("service", draw.string(model))];
    for key in draw.some(&["price_in_usd_per_mtok", "expires_at_ms"], 2) {
        members.push((key, draw.number()));
    }
    draw.object(members)
}

/// What a provider says to a call, if anything.
pub fn response(draw: &mut Draw<'_>) -> Option<String> {
    match draw.below(16) {
        14 => return None,
        15 => return Some(r#"{"ok":true,"response":"yes"}"#.to_owned()),
        _ => {}
    }
    let mut members = vec![("ok", "false".to_owned())];
    if !draw.one_in(6) {
        let kind = draw.pick(&KINDS);
        members.push(("error_kind", draw.string(kind)));
    }
    if draw.one_in(4) {
        members.push(("retry_after_ms", draw.number()));
    }
    if draw.one_in(6) {
        members.push(("http_status", "429".to_owned()));
        members.push(("error_message", draw.string(&"slow é\n".repeat(30))));
    }
    Some(draw.object(members))
}
