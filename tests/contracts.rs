//! What a prepared router ranks is what `step` ranks, for every ranking of the vectors of runs.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what is wrong by panicking"
)]

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use flate2::read::MultiGzDecoder;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use sigmapol::Sandbox;
use sigmapol_conformance::{Schemas, records, replay};
use sigmapol_core::{
    Admission, Choice, Decision, Effect, Engine, Error, Metered, Native, PreparedRouter, Refusal,
    Turn,
};
use sigmapol_tests::{project, shared};

static SANDBOX: LazyLock<Sandbox> = LazyLock::new(|| Sandbox::new().unwrap());

/// Native code, that ranks everything a second time over a prepared router.
#[derive(Default)]
struct Twice {
    /// Over the component, too.
    component: bool,
    ranked: AtomicUsize,
    errors: AtomicUsize,
    pins: AtomicUsize,
}

/// The members of an event, as they stand there: numbers are part of what is tested.
type Members<'a> = BTreeMap<&'a str, &'a RawValue>;

fn text(members: &Members, keys: &[&str]) -> String {
    let kept: Members = members
        .iter()
        .filter(|(key, _)| keys.contains(key))
        .map(|(key, value)| (*key, *value))
        .collect();
    serde_json::to_string(&kept).unwrap()
}

const STATE: &str = r#"{"circuit_breakers":{"p1":{"open":true,"opened_at_ms":1e15}},
    "disabled_providers":{"p1":"auth_error","elsewhere":{"at_ms":0,"kind":"auth_error"}},
    "ema_metrics":{"p1|m1":{"price_in":3,"price_out":1},"__credits|p1":{"free_credits_remaining_usd":1}}}"#;

impl Twice {
    /// Ranks for an event `start` or `rank`, in every way there is.
    fn check(&self, event: &str, identity: Option<&Value>) {
        let mut members: Members = serde_json::from_str(event).unwrap();
        let config: Value = serde_json::from_str(members["config"].get()).unwrap();
        let contract: Value = serde_json::from_str(members["contract"].get()).unwrap();
        let providers = config["providers"].as_object();
        let offers = providers.is_some_and(|providers| {
            providers.values().any(|provider| provider["discovery"] == "marketplace")
        });
        let extra = contract["extra_candidates"].as_array().is_some_and(|extra| !extra.is_empty());
        if offers || extra {
            let unsupported = |refusal: Refusal| assert_eq!(refusal.code.name(), "unsupported");
            let router = text(&members, &["admission", "config", "multipliers", "state"]);
            match PreparedRouter::load(&router) {
                Ok(router) => {
                    unsupported(router.rank(&text(&members, &["contract", "now_ms"])).unwrap_err());
                }
                Err(refusal) => unsupported(refusal),
            }
            return;
        }
        let kind = serde_json::value::to_raw_value("rank").unwrap();
        members.insert("kind", &kind);
        members.remove("offers");
        let expected = Native.step(None, &serde_json::to_string(&members).unwrap()).unwrap().value;

        let ask = text(&members, &["contract", "now_ms"]);
        let with_state = text(&members, &["admission", "config", "multipliers", "state"]);
        let without = text(&members, &["admission", "config", "multipliers"]);
        let state = members.get("state").map(|state| state.get());
        let loaded = |text: &str| {
            let router = PreparedRouter::load(text)?;
            Ok((router.candidates().to_owned(), router.rank(&ask)?))
        };
        self.same(&expected, loaded(&with_state), identity);
        let restated = || {
            let mut router = PreparedRouter::load(&without)?;
            if let Some(state) = state {
                router.restate(STATE)?;
                router.restate("{").unwrap_err();
                router.restate(state)?;
            }
            Ok((router.candidates().to_owned(), router.rank(&ask)?))
        };
        self.same(&expected, restated(), identity);
        if self.component {
            let component = || {
                let contracts = SANDBOX.ranker(without.as_str())?;
                if let Some(state) = state {
                    contracts.restate(STATE)?;
                    contracts.restate(state)?;
                }
                let first = contracts.rank(&ask)?;
                // what another ranking left in memory costs nothing
                let other =
                    format!(r#"{{"contract":{{"prompt":[{}7]}},"now_ms":1}}"#, "-1,".repeat(2000));
                drop(contracts.rank(&other));
                assert_eq!(contracts.rank(&ask)?.spent.fuel, first.spent.fuel);
                Ok((contracts.candidates().to_string(), first.value))
            };
            let component = component().map_err(|error: Error| match error {
                Error::Refused(refusal) => refusal,
                other => panic!("{other}"),
            });
            self.same(&expected, component, identity);
        }
    }

    fn same(
        &self,
        expected: &Turn,
        got: Result<(String, Choice), Refusal>,
        identity: Option<&Value>,
    ) {
        let Effect::Done(text_of_done) = &expected.effect else { panic!("{expected:?}") };
        let done: Value = serde_json::from_str(text_of_done).unwrap();
        if let Some(error) = done.get("error") {
            self.errors.fetch_add(1, Ordering::Relaxed);
            let refusal = got.unwrap_err();
            assert_eq!(&json!(refusal.message), error);
            assert!(["config", "event"].contains(&refusal.code.name()), "{refusal}");
            return;
        }
        let (candidates, choice) = got.unwrap();
        let candidates: Vec<Value> = serde_json::from_str(&candidates).unwrap();
        // scores are compared as bits, but for the sign of a zero, which JSON does not have
        let ordered = choice.ordered.iter().zip(&choice.scores).map(|(at, bits)| {
            (candidates[*at as usize].clone(), (f64::from_bits(*bits) + 0.0).to_bits())
        });
        let whole: Members = serde_json::from_str(text_of_done).unwrap();
        let shown: Vec<Members> = serde_json::from_str(whole["ordered"].get()).unwrap();
        let shown = shown.iter().map(|entry| {
            let score = entry["score"].get().trim_matches('"').parse::<f64>().unwrap();
            let kept = ["base_url", "model_family", "provider_id", "served_model_id", "tier"];
            let kept = kept.iter().filter_map(|key| entry.get_key_value(key));
            let value = |text: &RawValue| serde_json::from_str::<Value>(text.get()).unwrap();
            let kept = kept.map(|(key, text)| ((*key).to_owned(), value(text)));
            (Value::Object(kept.collect()), score.to_bits())
        });
        assert_eq!(ordered.collect::<Vec<_>>(), shown.collect::<Vec<_>>());
        let mut rejected: Vec<Value> = Vec::new();
        for (row, why) in choice.rejected.iter().zip(&choice.why) {
            let candidate = &candidates[*row as usize];
            rejected.push(json!({
                "provider": candidate["provider_id"], "model": candidate["model_family"],
                "reason": choice.reasons[*why as usize],
            }));
        }
        let mut wanted = done["rejected"].as_array().unwrap().clone();
        if wanted.first().is_some_and(|entry| entry["reason"] == "pin_not_found") {
            self.pins.fetch_add(1, Ordering::Relaxed);
            assert_eq!(choice.reasons.last().unwrap(), "pin_not_found");
            wanted.remove(0);
        } else {
            assert!(!choice.reasons.iter().any(|reason| reason == "pin_not_found"));
        }
        assert_eq!(rejected, wanted);
        assert_eq!((choice.request, choice.reactions.len()), (None, 0));
        assert_eq!(choice.cost, expected.cost);
        if let Some(identity) = identity {
            assert_eq!(&json!(choice.identity), identity);
        }
        self.ranked.fetch_add(1, Ordering::Relaxed);
    }
}

impl Engine for Twice {
    fn admit(&self, term: &str, vocabulary: &str) -> Result<Metered<Admission>, Error> {
        Native.admit(term, vocabulary)
    }

    fn hash(&self, term: &str, vocabulary: &str) -> Result<Metered<String>, Error> {
        Native.hash(term, vocabulary)
    }

    fn decide(&self, policy: &str, ctx: &str) -> Result<Metered<Decision>, Error> {
        Native.decide(policy, ctx)
    }

    fn step(&self, run: Option<&str>, event: &str) -> Result<Metered<Turn>, Error> {
        let turn = Native.step(run, event);
        let members: Members = serde_json::from_str(event).unwrap();
        let kind = members["kind"].get();
        if let (Ok(turn), r#""rank""# | r#""start""#) = (&turn, kind) {
            let run: Value = serde_json::from_str(&turn.value.run).unwrap();
            let trace = run.get("done").unwrap_or(&run).get("trace");
            self.check(event, trace.and_then(|trace| trace.get("policy_identity")));
        }
        turn
    }
}

fn replayed(path: &Path, component: bool) -> Twice {
    let mut text = String::new();
    let file = fs::File::open(path).unwrap();
    if path.extension().is_some_and(|extension| extension == "gz") {
        MultiGzDecoder::new(file).read_to_string(&mut text).unwrap();
    } else {
        (&file).read_to_string(&mut text).unwrap();
    }
    let twice = Twice { component, ..Twice::default() };
    let tally = replay(&records(&text).unwrap(), &Schemas::default(), &twice, &|| ()).unwrap();
    assert_eq!(tally.failed, 0, "{:#?}", tally.differing);
    twice
}

/// Rankings that were compared, errors, and pins that no candidate is, are at least so many.
fn reaches(twice: &Twice, least: [usize; 3]) {
    let counts = [&twice.ranked, &twice.errors, &twice.pins];
    let counts = counts.map(|count| count.load(Ordering::Relaxed));
    assert!(counts.iter().zip(least).all(|(count, least)| *count >= least), "{counts:?}");
}

#[test]
fn golden() {
    reaches(&replayed(&project("golden/steps.jsonl"), true), [207, 15, 6]);
}

#[test]
fn reference() {
    if let Some(path) = shared("corpus/steps.jsonl.gz") {
        reaches(&replayed(&path, false), [4922, 398, 206]);
    }
}
