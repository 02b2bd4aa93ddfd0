//! The time windows in which breakers are open and providers disabled, to be looked at at any time.
//!
//! The tables have their full size from the beginning and are written in place: an instance that
//! is told a thousand states does not grow.

use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

use crate::names::{NONE, Names};
use crate::overlay::Overlay;
use crate::refusal::Refusal;
use crate::router::{Defaults, Runtime, Window};

/// How many disabled providers a state may have that no candidate is at: those of an earlier
/// configuration, or of callers. They change the cost, and nothing else.
const ELSEWHERE: usize = 256;

/// What a state says of providers, and for how long.
#[derive(Debug)]
pub struct ProviderWindows {
    /// One a provider of the catalog.
    providers: Vec<Provider>,
    /// Disabled providers that no candidate is at.
    elsewhere: Vec<Disabled>,
    /// A breaker is open of a provider that no candidate is at.
    opened_elsewhere: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Provider {
    breaker: Option<Window>,
    disabled: Option<Disabled>,
    /// An answer changes its breaker.
    counts: bool,
}

#[derive(Clone, Copy, Debug)]
struct Disabled {
    /// None: from whenever it is looked at.
    window: Option<Window>,
    /// Of the entry, as a member of the ctx, while it is there.
    weight: u64,
}

impl Disabled {
    fn holds(&self, now_ms: f64) -> bool {
        self.window.is_none_or(|window| window.rest(now_ms) > 0.0)
    }
}

impl ProviderWindows {
    pub fn new(providers: usize) -> Self {
        Self {
            providers: vec![Provider::default(); providers],
            elsewhere: Vec::with_capacity(ELSEWHERE),
            opened_elsewhere: false,
        }
    }

    /// Whether there is room for what a state says.
    pub fn check(runtime: &Runtime, providers: &Names) -> Result<(), Refusal> {
        let disabled = runtime.disabled().iter();
        let count = disabled.filter(|(name, _)| providers.find(name) == NONE).count();
        if count <= ELSEWHERE {
            return Ok(());
        }
        let expected = format!("at most {ELSEWHERE} that no candidate is at, got {count}");
        let message = format!("state.disabled_providers: expected {expected}");
        Err(Refusal::unsupported(message))
    }

    /// Forgets everything, and takes over what a state says. It was checked.
    pub fn restate(&mut self, runtime: &Runtime, providers: &Names, defaults: &Defaults) {
        self.providers.fill(Provider::default());
        self.elsewhere.clear();
        self.opened_elsewhere = false;
        for (name, window) in runtime.open_breakers(defaults) {
            match self.providers.get_mut(providers.find(name) as usize) {
                Some(provider) => provider.breaker = Some(window),
                None => self.opened_elsewhere = true,
            }
        }
        for name in runtime.counting_breakers() {
            if let Some(provider) = self.providers.get_mut(providers.find(name) as usize) {
                provider.counts = true;
            }
        }
        for (name, window, weight) in runtime.disabled_windows(defaults) {
            let disabled = Disabled { window, weight: name.len() as u64 + weight };
            match self.providers.get_mut(providers.find(name) as usize) {
                Some(provider) => provider.disabled = Some(disabled),
                None if self.elsewhere.len() < ELSEWHERE => self.elsewhere.push(disabled),
                None => {}
            }
        }
    }

    /// Whether a start at a time leaves the state as it is: no window is over, none begins.
    pub fn are_settled(&self, now_ms: f64) -> bool {
        let holds = |window: Option<Window>| window.is_some_and(|window| window.rest(now_ms) > 0.0);
        let disabled = |disabled: &Disabled| holds(disabled.window);
        let settled = |provider: &Provider| {
            (provider.breaker.is_none() || holds(provider.breaker))
                && provider.disabled.as_ref().is_none_or(disabled)
        };
        !self.opened_elsewhere
            && self.providers.iter().all(settled)
            && self.elsewhere.iter().all(disabled)
    }

    /// Whether a provider is disabled at a time.
    pub fn is_disabled(&self, number: u32, now_ms: f64) -> bool {
        let provider = self.providers.get(number as usize);
        provider.and_then(|provider| provider.disabled).is_some_and(|known| known.holds(now_ms))
    }

    /// Whether an answer of a provider leaves the state as it is; `false` where it is not known.
    pub fn answer_changes_nothing(&self, number: u32) -> bool {
        self.providers.get(number as usize).is_some_and(|provider| !provider.counts)
    }

    /// What holds at a time, laid over the catalog; the weight of the disabled providers is what
    /// comes back.
    pub fn lay_over(&self, overlay: &mut Overlay, now_ms: f64) -> u64 {
        let mut weight = 0;
        for (number, provider) in (0..).zip(&self.providers) {
            let open = provider.breaker.is_some_and(|window| window.rest(now_ms) > 0.0);
            overlay.set_breaker(number, open);
            let disabled = provider.disabled.filter(|disabled| disabled.holds(now_ms));
            overlay.set_disabled(number, disabled.is_some());
            weight += disabled.map_or(0, |disabled| disabled.weight);
        }
        let elsewhere = self.elsewhere.iter().filter(|disabled| disabled.holds(now_ms));
        weight + elsewhere.map(|disabled| disabled.weight).sum::<u64>()
    }
}
