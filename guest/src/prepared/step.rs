//! Steps over a router that was read before: each is the step of [`crate::step()`] for the event with
//! the members of the router put into it, cost included. Nothing is remembered in between.

use super::router::PreparedRouter;
use crate::call_scoped::CallScoped;
use crate::event::Event;
use crate::json::read;
use crate::refusal::Refusal;
use crate::router::Runtime;
use crate::state_weight::member;
use crate::step::Step;
use crate::turn::Turn;

impl PreparedRouter {
    /// One event, of any kind. A state of its own takes the place of the router's.
    pub fn step(&self, run: Option<&str>, event: &str) -> Result<Turn, Refusal> {
        let value = CallScoped::new(read("event", event)?);
        let mut weight = self.additions.weigh(&value, event.len())?;
        let own = match value.get("state") {
            Some(_) => None,
            None => self.additions.state()?,
        };
        let own = CallScoped::new(own);
        let state = own.as_ref().and_then(|own| own.get("state"));
        weight += member("state", state);
        let run = run.map(|run| read("run", run)).transpose()?;
        let runtime = Runtime::read(state.or_else(|| value.get("state")), "event.state")?;
        let profile = self.config.vocabulary.profile;
        let added = self.additions.has("admission").then_some(profile);
        let event = Event::new(&value)?.put_to(added, self.additions.multipliers.as_deref());
        if event.profile != profile && event.is_configured() {
            return Err(Refusal::unsupported("event.admission: expected that of the router"));
        }
        Step::new(Some(&self.config), runtime, weight).take(&event, run)
    }
}
