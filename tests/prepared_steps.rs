//! The steps of a prepared router are those of `step`, for every event of the vectors of runs: turn,
//! state, logs and cost, or the refusal.
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
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex};

use flate2::read::MultiGzDecoder;
use serde_json::value::RawValue;
use sigmapol::{Ranker, Sandbox};
use sigmapol_conformance::{Schemas, records, replay};
use sigmapol_core::{
    Admission, Decision, Engine, Error, Metered, Native, PreparedRouter, Refusal, RouterText, Turn,
    router_members,
};
use sigmapol_tests::{project, shared};

static SANDBOX: LazyLock<Sandbox> = LazyLock::new(|| Sandbox::new().unwrap());

/// The members of an event, as they stand there: numbers are part of what is tested.
type Members<'a> = BTreeMap<&'a str, &'a RawValue>;

fn text<'a>(members: &Members<'a>, belongs: impl Fn(&str) -> bool) -> String {
    let kept: Members<'a> =
        members.iter().filter(|(key, _)| belongs(key)).map(|(key, value)| (*key, *value)).collect();
    serde_json::to_string(&kept).unwrap()
}

/// A state that leaves something in each of its sections, and more than most others.
const STATE: &str = r#"{"circuit_breakers":{"p1":{"open":true,"opened_at_ms":1e15}},
    "disabled_providers":{"p1":"auth_error","elsewhere":{"at_ms":0,"kind":"auth_error"}},
    "ema_metrics":{"p1|m1":{"price_in":3,"price_out":1},"__credits|p1":{"free_credits_remaining_usd":1}},
    "own":["of a host"]}"#;

/// Native code, that takes every step a second time over a prepared router.
#[derive(Default)]
struct Twice {
    /// Over the component, too.
    component: bool,
    /// The router of the last event: what steps are taken over it is not to change it.
    kept: Mutex<Option<Kept>>,
    /// Steps that were the same.
    same: AtomicUsize,
    /// Those whose state was the router's own.
    stated: AtomicUsize,
    /// Those whose router has a marketplace.
    markets: AtomicUsize,
}

struct Kept {
    text: String,
    native: Result<PreparedRouter, Refusal>,
    component: Option<Ranker>,
}

impl Kept {
    fn new(text: String, component: bool) -> Self {
        let native = PreparedRouter::load(&text);
        let loaded = component && native.is_ok();
        let component = loaded.then(|| SANDBOX.ranker(text.as_str()).unwrap());
        Self { text, native, component }
    }
}

fn plain<T>(result: Result<Metered<T>, Error>) -> Result<T, Refusal> {
    match result {
        Ok(metered) => Ok(metered.value),
        Err(Error::Refused(refusal)) => Err(refusal),
        Err(other) => panic!("{other}"),
    }
}

impl Twice {
    fn check(&self, run: Option<&str>, event: &str, expected: &Result<Turn, Refusal>) {
        let members: Members = serde_json::from_str(event).unwrap();
        let kind: String = serde_json::from_str(members["kind"].get()).unwrap();
        let taken = router_members(&kind);
        let is_router = |key: &str| matches!(key, "admission" | "config" | "multipliers");
        let router = text(&members, is_router);
        // an event may bring what its kind does not take; then it counts, and no more
        let small = text(&members, |key| !taken.contains(&key));

        let mut kept = self.kept.lock().unwrap();
        if kept.as_ref().is_none_or(|kept| kept.text != router) {
            *kept = Some(Kept::new(router, self.component));
        }
        let kept = kept.as_ref().unwrap();
        let native = match &kept.native {
            Ok(native) => native,
            Err(refusal) => {
                match refusal.code.name() {
                    "unsupported" => self.markets.fetch_add(1, Ordering::Relaxed),
                    _ => 0,
                };
                return;
            }
        };
        let put_together = RouterText::new(&kept.text).unwrap().put_into(&small, None);
        assert_eq!(&plain(Native.step(run, &put_together)), expected, "{put_together}");
        assert_eq!(&native.step(run, &small), expected, "{event}");
        if let Some(component) = &kept.component {
            // memory that grows takes fuel, once
            drop(component.step(run, &small));
            let first = component.step(run, &small);
            let fuel = first.as_ref().ok().map(|turn| turn.spent.fuel);
            assert_eq!(&plain(first), expected, "{event}");
            // what another step left in memory costs nothing
            drop(component.step(None, r#"{"kind":"rank","contract":{"prompt":[1,2,3]}}"#));
            let again = component.step(run, &small);
            assert_eq!(again.ok().map(|turn| turn.spent.fuel), fuel);
        }
        self.same.fetch_add(1, Ordering::Relaxed);
        if let Some(state) = members.get("state") {
            let bare = text(&members, |key| !taken.contains(&key) && key != "state");
            self.check_stated(run, &members, state.get(), &bare, expected);
        }
    }

    /// The state is the router's own: as it was loaded, and as it was told last.
    fn check_stated(
        &self,
        run: Option<&str>,
        members: &Members<'_>,
        state: &str,
        bare: &str,
        expected: &Result<Turn, Refusal>,
    ) {
        let is_router = |key: &str| matches!(key, "admission" | "config" | "multipliers");
        let loaded = PreparedRouter::load(&text(members, |key| is_router(key) || key == "state"));
        // a state that no policy can look at is refused when it is loaded
        let Ok(loaded) = loaded else { return };
        assert_eq!(&loaded.step(run, bare), expected, "{bare}");
        let router = text(members, is_router);
        let mut restated = PreparedRouter::load(&router).unwrap();
        restated.restate(STATE).unwrap();
        restated.restate("{").unwrap_err();
        restated.restate(state).unwrap();
        assert_eq!(&restated.step(run, bare), expected, "{bare}");
        if self.component {
            let component = SANDBOX.ranker(router).unwrap();
            component.restate(STATE).unwrap();
            component.restate(state).unwrap();
            assert_eq!(&plain(component.step(run, bare)), expected, "{bare}");
        }
        self.stated.fetch_add(1, Ordering::Relaxed);
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
        let expected = match &turn {
            Ok(turn) => Ok(turn.value.clone()),
            Err(Error::Refused(refusal)) => Err(refusal.clone()),
            Err(other) => panic!("{other}"),
        };
        self.check(run, event, &expected);
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

/// Steps that were the same, those over a state of the router's own, and events over marketplaces
/// are at least so many.
fn reaches(twice: &Twice, least: [usize; 3]) {
    let counts = [&twice.same, &twice.stated, &twice.markets];
    let counts = counts.map(|count| count.load(Ordering::Relaxed));
    assert!(counts.iter().zip(least).all(|(count, least)| *count >= least), "{counts:?}");
}

#[test]
fn golden() {
    reaches(&replayed(&project("golden/steps.jsonl"), true), [248, 186, 19]);
}

#[test]
fn reference() {
    if let Some(path) = shared("corpus/steps.jsonl.gz") {
        reaches(&replayed(&path, false), [7606, 7010, 3935]);
    }
}
