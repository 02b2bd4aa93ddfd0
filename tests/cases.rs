//! Runs to be walked: configurations, and what happens while they go on.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

const KINDS: [&str; 9] = [
    "auth_error",
    "bad_request",
    "content_filter",
    "payment_required",
    "rate_limit",
    "server_error",
    "timeout",
    "unknown",
    "no such kind",
];

/// How long a provider stays disabled: short, so that some come back during a run.
pub const DISABLED_MS: f64 = 400.0;

/// What happens between two effects, and what the provider said.
#[derive(Clone, Debug)]
pub struct Moment {
    pub passed_ms: f64,
    /// A provider that somebody else disables, and whether in the old form, a bare kind.
    pub disabled: Option<(usize, bool)>,
    pub response: Option<Value>,
}

#[derive(Clone, Debug)]
pub struct Case {
    pub admission: &'static str,
    pub config: Value,
    /// How many candidates each provider and model has.
    pub pairs: BTreeMap<(String, String), usize>,
    /// The most retries of one candidate.
    pub retries: usize,
    pub moments: Vec<Moment>,
}

impl Case {
    /// The most effects; `termination.rs` says why.
    pub fn effects(&self) -> usize {
        self.pairs.values().sum::<usize>() * (2 * self.retries + 1) + 1
    }
}

fn action(admission: &'static str) -> impl Strategy<Value = Value> {
    let names = ["retry_same", "next_candidate", "next_provider_same_model", "disable_provider"];
    // half of the actions retry, few end the run
    let name =
        prop_oneof![5 => Just("retry_same"), 5 => select(names.to_vec()), 1 => Just("abort")];
    // the reference takes any number, the strict profile an integer
    let attempts = match admission {
        "strict" => (0..=10_u32).prop_map(|count| json!(count)).boxed(),
        _ => (-2..=20_i32).prop_map(|halves| json!(f64::from(halves) / 2.0)).boxed(),
    };
    let wait = || (0..500_u32).prop_map(|wait| json!(wait));
    let backoff = prop_oneof![wait(), prop::collection::vec(wait(), 0..4).prop_map(Value::Array)];
    let then = select(vec!["abort", "next_candidate", "retry_same", "disable_provider"]);
    let opens = (0..100_000_u32).prop_map(|window| json!(window));
    let option = prop::option::of::<BoxedStrategy<Value>>;
    let options = (
        option(attempts),
        option(backoff.boxed()),
        option(then.prop_map(|name| json!(name)).boxed()),
        option(opens.boxed()),
    );
    (name, options).prop_map(|(name, (attempts, backoff, then, opens))| {
        let options = [
            ("action", Some(json!(name))),
            ("attempts", attempts),
            ("backoff_ms", backoff),
            ("then_action", then),
            ("open_breaker_ms", opens),
        ];
        let members = options.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
        Value::Object(members.collect())
    })
}

fn response() -> impl Strategy<Value = Option<Value>> {
    let failure = (prop::option::of(select(KINDS.to_vec())), prop::option::of(0..500_u32));
    let failure = failure.prop_map(|(kind, after)| {
        let mut response = json!({ "ok": false });
        if let Some(kind) = kind {
            response["error_kind"] = json!(kind);
        }
        if let Some(after) = after {
            response["retry_after_ms"] = json!(after);
        }
        Some(response)
    });
    prop_oneof![
        60 => failure,
        5 => Just(None),
        1 => Just(Some(json!({ "ok": true, "response": "yes" }))),
    ]
}

fn moment() -> impl Strategy<Value = Moment> {
    let disabled = prop::option::weighted(0.1, (0..6_usize, any::<bool>()));
    (0..200_u32, disabled, response()).prop_map(|(passed_ms, disabled, response)| Moment {
        passed_ms: f64::from(passed_ms),
        disabled,
        response,
    })
}

pub fn case() -> impl Strategy<Value = Case> {
    let admission = select(vec!["strict", "reference"]);
    admission.prop_flat_map(|admission| {
        let table = prop::collection::btree_map(select(KINDS.to_vec()), action(admission), 0..6);
        let pairs = prop::collection::vec((0..6_usize, 0..4_usize), 1..=8);
        let selector = select(vec!["argmax", "softmax_sample"]);
        let moments = prop::collection::vec(moment(), 1..40);
        (pairs, table, selector, moments).prop_map(move |(served, table, selector, moments)| {
            let (mut providers, mut models) = (Map::new(), BTreeMap::<String, Vec<Value>>::new());
            let mut pairs = BTreeMap::new();
            for (provider, model) in served {
                let (provider, model) = (format!("p{provider}"), format!("m{model}"));
                providers.entry(&provider).or_insert_with(|| {
                    json!({ "discovery": "static", "base_url": "http://p", "api_kind": "ollama" })
                });
                models.entry(model.clone()).or_default().push(json!({ "provider": provider }));
                *pairs.entry((provider, model)).or_default() += 1;
            }
            let models = models.into_iter().map(|(model, served_by)| {
                (model, json!({ "capabilities": {}, "served_by": served_by }))
            });
            let config = json!({
                "providers": providers,
                "models": models.collect::<Map<_, _>>(),
                "profiles": { "default": { "retry_policy": "table", "selector": selector } },
                "retry_policies": { "table": table },
                "defaults": { "disable_provider_ttl_ms": DISABLED_MS },
            });
            let retries = table.values().map(|action| match action.get("attempts") {
                Some(attempts) => attempts.as_f64().unwrap().max(0.0).floor() as usize,
                None => 1,
            });
            let retries = retries.max().unwrap_or(0);
            Case { admission, config, pairs, retries, moments }
        })
    })
}
