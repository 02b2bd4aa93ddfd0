//! The runtime state that runs share: breakers, disabled providers, observed prices, credits and
//! discovered offers. It comes in and goes out as data.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;

use super::defaults::Defaults;
use crate::json::{Member, Members, Object, Value, lookup, set};
use crate::refusal::Refusal;

/// The state as it travels: an object with the sections below, and whatever else a host keeps in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Runtime<'a>(Vec<Member<'a>>);

const BREAKERS: &str = "circuit_breakers";
const METRICS: &str = "ema_metrics";
const DISABLED: &str = "disabled_providers";
const DISCOVERY: &str = "discovery_cache";
/// Providers that the host has no credential for: it says so itself, anew in every process.
const NO_CREDENTIAL: &str = "without_credential";
/// Keys of [`METRICS`] that hold credits: this, then the provider.
const CREDITS: &str = "__credits|";
/// The credits of such an entry, in USD.
const REMAINING: &str = "free_credits_remaining_usd";

/// A breaker at a moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Breaker {
    pub open: bool,
    pub consecutive_failures: f64,
    pub opened_at_ms: Option<f64>,
    pub ms_until_recovery: f64,
}

/// A time that something holds for, from when it began.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    since_ms: f64,
    length_ms: f64,
}

impl Window {
    /// How much of it is left; nothing or less once it is over.
    pub fn rest(self, now_ms: f64) -> f64 {
        self.length_ms - (now_ms - self.since_ms)
    }
}

impl<'a> Runtime<'a> {
    pub fn new() -> Self {
        let empty = |section| (Cow::Borrowed(section), Value::Object(Vec::new()));
        // in byte order
        Self(Vec::from([
            empty(BREAKERS),
            empty(DISABLED),
            empty(DISCOVERY),
            empty(METRICS),
            (Cow::Borrowed("initialized"), Value::Bool(true)),
        ]))
    }

    pub fn of(value: Value<'a>) -> Self {
        match value {
            Value::Object(members) => Self(members),
            _ => Self(Vec::new()),
        }
    }

    /// The state that a host gives, a new one where it gives none.
    #[inline(never)]
    pub fn read(state: Option<&Value<'a>>, position: &str) -> Result<Self, Refusal> {
        match state {
            Some(state @ Value::Object(_)) => Ok(Self::of(state.clone())),
            Some(state) if state.as_object().is_none() => {
                Err(Refusal::event(format!("{position}: expected an object")))
            }
            _ => Ok(Self::new()),
        }
    }

    pub fn into_value(self) -> Value<'a> {
        Value::Object(self.0)
    }

    /// Replaces the sections that a snapshot has. Disabled providers of the old form, a bare kind,
    /// are disabled from now.
    #[inline(never)]
    pub fn restore(&mut self, snapshot: &Members<'a>, now_ms: f64) {
        for (key, value) in snapshot.iter().filter(|(key, _)| key != "initialized") {
            set(&mut self.0, key, Some(value.clone()));
        }
        for (provider, entry) in self.section(DISABLED).to_vec() {
            if let Value::String(kind) = &entry {
                self.disable(&provider, kind, now_ms);
            }
        }
    }

    /// Seeds prices and credits from a metrics file: models by `family@provider` or
    /// `provider|family`.
    pub fn seed(&mut self, metrics: &Value<'a>) {
        let section = |key: &str| metrics.get(key).and_then(Value::as_object).unwrap_or(&[]);
        for (key, entry) in section("models") {
            let pair = match key.split_once('@') {
                Some((family, provider)) => Some((provider, family)),
                None => key.split_once('|'),
            };
            if let Some((provider, family)) = pair {
                let seeded = Object::new()
                    .maybe("price_in", entry.get("price_in_usd_per_mtok").cloned())
                    .maybe("price_out", entry.get("price_out_usd_per_mtok").cloned())
                    .copy(entry, &["last_quality_eval"]);
                self.set_in(METRICS, &format!("{provider}|{family}"), Some(seeded.build()));
            }
        }
        for (provider, entry) in section("providers") {
            if entry.get(REMAINING).is_some() {
                let entry = Object::new().copy(entry, &[REMAINING]).build();
                self.set_in(METRICS, &format!("{CREDITS}{provider}"), Some(entry));
            }
        }
    }

    /// Merges observed values into the entry of a pair, key by key.
    pub fn observe(&mut self, provider: &str, family: &str, delta: &Value<'a>) {
        let key = format!("{provider}|{family}");
        let mut entry =
            self.entry(METRICS, &key).and_then(Value::as_object).unwrap_or(&[]).to_vec();
        for (name, value) in delta.as_object().unwrap_or(&[]) {
            set(&mut entry, name, Some(value.clone()));
        }
        self.set_in(METRICS, &key, Some(Value::Object(entry)));
    }

    /// Observed prices: `provider|family` to an entry.
    pub fn prices(&self) -> impl Iterator<Item = (&str, &Value<'a>)> {
        let entries = self.section(METRICS).iter();
        let entries = entries.filter(|(key, _)| !key.starts_with(CREDITS));
        entries.map(|(key, entry)| (&**key, entry))
    }

    /// The observed prices of one pair.
    pub fn price(&self, provider: &str, family: &str) -> Option<&Value<'a>> {
        let key = format!("{provider}|{family}");
        self.entry(METRICS, &key).filter(|_| !key.starts_with(CREDITS))
    }

    /// Remaining free credits by provider, in USD.
    pub fn credits(&self) -> impl Iterator<Item = (&str, &Value<'a>)> {
        self.section(METRICS)
            .iter()
            .filter_map(|(key, entry)| Some((key.strip_prefix(CREDITS)?, entry.get(REMAINING)?)))
    }

    /// Closes the breakers whose time is over.
    #[inline(never)]
    pub fn close_expired(&mut self, now_ms: f64, defaults: &Defaults) {
        for (provider, entry) in self.section(BREAKERS).to_vec() {
            let breaker = view(&entry, now_ms, defaults);
            if !breaker.open && is_open(&entry) {
                let mut entry = entry.as_object().unwrap_or(&[]).to_vec();
                set(&mut entry, "open", Some(Value::Bool(false)));
                set(&mut entry, "consecutive_failures", Some(Value::Number(0.0)));
                self.set_in(BREAKERS, &provider, Some(Value::Object(entry)));
            }
        }
    }

    pub fn breakers(&self) -> &Members<'a> {
        self.section(BREAKERS)
    }

    /// The breakers that are open, each until its time is over.
    pub fn open_breakers(&self, defaults: &Defaults) -> impl Iterator<Item = (&str, Window)> {
        let open = self.breakers().iter().filter(|(_, entry)| is_open(entry));
        open.map(|(provider, entry)| (&**provider, breaker_window(entry, defaults)))
    }

    /// The breakers that an answer changes.
    pub fn counting_breakers(&self) -> impl Iterator<Item = &str> {
        let reset = |entry: &Value| {
            entry.get("open") == Some(&Value::Bool(false))
                && entry.get("consecutive_failures") == Some(&Value::Number(0.0))
        };
        let counting = self.breakers().iter().filter(move |(_, entry)| !reset(entry));
        counting.map(|(provider, _)| &**provider)
    }

    pub fn breaker(&self, provider: &str, now_ms: f64, defaults: &Defaults) -> Breaker {
        let closed = Value::Object(Vec::new());
        view(self.entry(BREAKERS, provider).unwrap_or(&closed), now_ms, defaults)
    }

    /// An answer closes the breaker, if there is one.
    pub fn succeeded(&mut self, provider: &str) {
        if let Some(entry) = self.entry(BREAKERS, provider) {
            let mut entry = entry.as_object().unwrap_or(&[]).to_vec();
            set(&mut entry, "open", Some(Value::Bool(false)));
            set(&mut entry, "consecutive_failures", Some(Value::Number(0.0)));
            self.set_in(BREAKERS, provider, Some(Value::Object(entry)));
        }
    }

    /// A failure counts; the action, or the threshold, opens the breaker. `window_ms` is how long
    /// this opening lasts, where it is not the default.
    #[inline(never)]
    pub fn failed(
        &mut self,
        provider: &str,
        opens: bool,
        window_ms: Option<f64>,
        now_ms: f64,
        defaults: &Defaults,
    ) {
        let mut entry =
            self.entry(BREAKERS, provider).and_then(Value::as_object).unwrap_or(&[]).to_vec();
        let count = lookup(&entry, "consecutive_failures").and_then(Value::as_number);
        let count = count.unwrap_or(0.0) + 1.0;
        set(&mut entry, "consecutive_failures", Some(Value::Number(count)));
        if opens || count >= defaults.circuit_breaker_threshold {
            set(&mut entry, "open", Some(Value::Bool(true)));
            set(&mut entry, "opened_at_ms", Some(Value::Number(now_ms)));
            set(&mut entry, "window_ms", window_ms.map(Value::Number));
        } else if lookup(&entry, "open").is_none() {
            set(&mut entry, "open", Some(Value::Bool(false)));
        }
        self.set_in(BREAKERS, provider, Some(Value::Object(entry)));
    }

    pub fn disable(&mut self, provider: &str, kind: &str, now_ms: f64) {
        self.set_in(DISABLED, provider, Some(disabled_entry(kind, now_ms)));
    }

    /// Looks at all disabled providers, as [`Self::check_disabled`] does at one.
    #[inline(never)]
    pub fn refresh_disabled(&mut self, now_ms: f64, defaults: &Defaults) {
        let providers: Vec<_> =
            self.disabled().iter().map(|(provider, _)| provider.clone()).collect();
        for provider in providers {
            self.check_disabled(&provider, now_ms, defaults);
        }
    }

    /// Looks at a provider: whether it is disabled. An entry whose time is over goes; one of the old
    /// form, a bare kind, gets the time of this first sight.
    #[inline(never)]
    pub fn check_disabled(&mut self, provider: &str, now_ms: f64, defaults: &Defaults) -> bool {
        let Some(entry) = self.entry(DISABLED, provider) else { return false };
        let seen = entry.as_str().map(|kind| disabled_entry(kind, now_ms));
        let live = disabled_for(seen.as_ref().unwrap_or(entry), now_ms, defaults).is_some();
        if !live {
            self.set_in(DISABLED, provider, None);
        } else if seen.is_some() {
            self.set_in(DISABLED, provider, seen);
        }
        live
    }

    /// Whether the host has no credential for a provider.
    pub fn has_no_credential(&self, provider: &str) -> bool {
        self.entry(NO_CREDENTIAL, provider).is_some()
    }

    pub fn disabled(&self) -> &Members<'a> {
        self.section(DISABLED)
    }

    /// The disabled providers, each with the time it is disabled for and what its entry weighs
    /// when [`Self::refresh_disabled`] has seen it. An entry of the old form begins when it is
    /// looked at: it has no time, and it is there as long as disabling takes any time at all.
    pub fn disabled_windows(
        &self,
        defaults: &Defaults,
    ) -> impl Iterator<Item = (&str, Option<Window>, u64)> {
        let takes_time = defaults.disable_provider_ttl_ms > 0.0;
        self.disabled().iter().filter_map(move |(provider, entry)| match entry {
            Value::String(_) if !takes_time => None,
            Value::String(kind) => Some((&**provider, None, disabled_entry(kind, 0.0).weight())),
            entry => Some((&**provider, Some(disabled_window(entry, defaults)), entry.weight())),
        })
    }

    /// The offers of a discovery that are still good.
    pub fn offers(
        &self,
        discovery: &str,
        now_ms: f64,
        defaults: &Defaults,
    ) -> Option<&[Value<'a>]> {
        let cached = self.entry(DISCOVERY, discovery)?;
        let fetched = cached.get("fetched_at_ms").and_then(Value::as_number)?;
        if now_ms - fetched >= defaults.discovery_cache_ttl_ms {
            return None;
        }
        cached.get("offers")?.as_array()
    }

    pub fn cache_offers(&mut self, discovery: &str, offers: &Value<'a>, fetched_at_ms: f64) {
        let entry =
            Object::new().with("offers", offers.clone()).number("fetched_at_ms", fetched_at_ms);
        self.set_in(DISCOVERY, discovery, Some(entry.build()));
    }

    pub fn forget_offers(&mut self, discovery: &str) {
        self.set_in(DISCOVERY, discovery, None);
    }

    fn section(&self, name: &str) -> &Members<'a> {
        lookup(&self.0, name).and_then(Value::as_object).unwrap_or(&[])
    }

    fn entry(&self, section: &str, key: &str) -> Option<&Value<'a>> {
        lookup(self.section(section), key)
    }

    #[inline(never)]
    fn set_in(&mut self, section: &'static str, key: &str, value: Option<Value<'a>>) {
        if self.section(section).is_empty() {
            set(&mut self.0, section, Some(Value::Object(Vec::new())));
        }
        let found = self.0.iter_mut().find(|(name, _)| name == section);
        if let Some((_, Value::Object(members))) = found {
            set(members, key, value);
        }
    }
}

fn breaker_window(entry: &Value, defaults: &Defaults) -> Window {
    let number = |key| entry.get(key).and_then(Value::as_number);
    Window {
        since_ms: number("opened_at_ms").unwrap_or(0.0),
        length_ms: number("window_ms").unwrap_or(defaults.circuit_breaker_rate_limit_ms),
    }
}

fn disabled_window(entry: &Value, defaults: &Defaults) -> Window {
    Window {
        since_ms: entry.get("at_ms").and_then(Value::as_number).unwrap_or(0.0),
        length_ms: defaults.disable_provider_ttl_ms,
    }
}

#[inline(never)]
fn disabled_entry(kind: &str, at_ms: f64) -> Value<'static> {
    Object::new().text("kind", kind.to_string()).number("at_ms", at_ms).build()
}

fn is_open(entry: &Value) -> bool {
    entry.get("open").and_then(Value::as_bool) == Some(true)
}

#[inline(never)]
fn view(entry: &Value, now_ms: f64, defaults: &Defaults) -> Breaker {
    let number = |key| entry.get(key).and_then(Value::as_number);
    let rest = breaker_window(entry, defaults).rest(now_ms);
    let open = is_open(entry) && rest > 0.0;
    Breaker {
        open,
        consecutive_failures: number("consecutive_failures").unwrap_or(0.0),
        opened_at_ms: number("opened_at_ms"),
        ms_until_recovery: if open { rest } else { 0.0 },
    }
}

/// How much longer a provider is disabled, in milliseconds.
pub fn disabled_for(entry: &Value, now_ms: f64, defaults: &Defaults) -> Option<f64> {
    let rest = disabled_window(entry, defaults).rest(now_ms);
    (rest > 0.0).then_some(rest)
}
