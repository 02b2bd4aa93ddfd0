//! Steps over a router that was read before: each is the step of [`crate::step()`] for the event with
//! the members of the router put into it, cost included. Nothing is remembered in between.

use super::router::PreparedRouter;
use crate::call_scoped::CallScoped;
use crate::event::Event;
use crate::json::read;
use crate::refusal::Refusal;
use crate::router::Runtime;
use crate::run::{Run, is_answer};
use crate::state_weight::member;
use crate::step::Step;
use crate::turn::Turn;

impl PreparedRouter {
    /// One event, of any kind. A state of its own takes the place of the router's.
    pub fn step(&self, run: Option<&str>, event: &str) -> Result<Turn, Refusal> {
        let value = CallScoped::new(read("event", event)?);
        let weight = self.additions.weigh(&value, event.len())?;
        let told = value.get("state").is_none();
        let profile = self.config.vocabulary.profile;
        let added = self.additions.has("admission").then_some(profile);
        let multipliers = self.additions.multipliers.as_deref();
        if told
            && let Ok(event) = Event::new(&value)
            && let event = event.put_to(added, multipliers)
            && event.profile == profile
            && let Some(turn) = self.unchanging(run, &event, weight + self.told_weight())
        {
            return Ok(turn);
        }
        let own = CallScoped::new(if told { self.additions.state()? } else { None });
        let state = own.as_ref().and_then(|own| own.get("state"));
        let weight = weight + member("state", state);
        let runtime = Runtime::read(state.or_else(|| value.get("state")), "event.state")?;
        let event = Event::new(&value)?.put_to(added, multipliers);
        if event.profile != profile && event.is_configured() {
            return Err(Refusal::unsupported("event.admission: expected that of the router"));
        }
        Step::new(Some(&self.config), runtime, weight).take(&event, run)
    }

    /// A step that leaves the state as it was told: nothing of it is read. Nothing for any other.
    fn unchanging(&self, run: Option<&str>, event: &Event, weight: u64) -> Option<Turn> {
        match (event.text("kind").ok()?, run) {
            ("start", None) => self.start(event, weight),
            ("respond", Some(run)) => self.answer(run, event, weight),
            _ => None,
        }
    }

    /// An answer of a provider whose breaker counts nothing.
    #[inline(never)]
    fn answer(&self, text: &str, event: &Event, weight: u64) -> Option<Turn> {
        let state = self.told()?;
        let mut run = CallScoped::new(Run::read(text).ok()?);
        let (now_ms, response) = (event.now_ms().ok()?, event.response().ok()?);
        let number = self.catalog.providers.names.find(&run.tried.as_ref()?.provider_id);
        if run.done.is_some()
            || !is_answer(response)
            || !self.windows.answer_changes_nothing(number)
        {
            return None;
        }
        let effect = run.answered(response, now_ms).ok()?;
        let cost = weight + text.len() as u64;
        Some(Turn { run: run.to_text(), state: state.into(), effect, logs: [].into(), cost })
    }
}
