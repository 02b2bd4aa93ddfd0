//! Rankings and steps over a prepared router.

use std::sync::Arc;

use serde_json::json;
use sigmapol::{Ranker, Version};
use sigmapol_core::{Choice, Error, Metered, Stepper, Turn};
use sigmapol_ledger::LedgerError;

use super::{Recorder, is_for_others, not_recorded};
use crate::{
    facts::{has_state, names, result_digest},
    over::OverRouter,
    ranking,
    receipt::{Chosen, RANK, RankReceipt, stopped},
};

/// What is known of a router: the digests of its text and of its state, and who its candidates are.
pub(super) struct Known {
    router: String,
    state: Option<String>,
    names: Arc<[Chosen]>,
}

impl Recorder<Ranker> {
    /// As [`Ranker::rank`], and recorded: what replay makes of it is the event `rank` of a step.
    /// Without bodies a record has digests alone, as a step has.
    ///
    /// # Errors
    ///
    /// As for [`Ranker::rank`], and [`Error::Wrapper`] where the ledger cannot be written.
    pub fn rank(&self, ask: &str) -> Result<Metered<Choice>, Error> {
        let router = self.engine.fixed();
        let (version, result) = router.rank_at(ask);
        if is_for_others(&result) {
            return result;
        }
        self.ranked(&version, &router.candidates(), ask, &result).map_err(not_recorded)?;
        result
    }

    /// As [`Ranker::step`], and recorded: what replay makes of it is the stateless step for the event
    /// with the members of the router put into it. Without bodies a record has digests alone.
    ///
    /// # Errors
    ///
    /// As for [`Ranker::step`], and [`Error::Wrapper`] where the ledger cannot be written.
    pub fn step(&self, run: Option<&str>, event: &str) -> Result<Metered<Turn>, Error> {
        let router = self.engine.fixed();
        let (version, result) = router.step_at(run, event);
        if is_for_others(&result) {
            return result;
        }
        let record = || {
            let make =
                |last: Option<(&Version, &Known)>| self.known(&version, last, &router.candidates());
            let known = self.receipts.router.of(&version, make)?;
            let state = known.state.clone().filter(|_| !has_state(event));
            let over = OverRouter { router: known.router.clone(), state };
            self.receipts.turn(self.receipts.sink.draft(), Some(over), run, event, &result)
        };
        record().map_err(not_recorded)?;
        result
    }

    fn ranked(
        &self,
        version: &Version,
        candidates: &str,
        ask: &str,
        result: &Result<Metered<Choice>, Error>,
    ) -> Result<(), LedgerError> {
        let receipts = &self.receipts;
        let known = receipts.router.of(version, |last| self.known(version, last, candidates))?;
        let names = &known.names;
        let draft = receipts.sink.draft();
        let outcome = match result {
            Ok(choice) => json!({ "ranking": ranking::of_choice(&choice.value, names) }),
            Err(error) => stopped(error),
        };
        let ranked = result.as_ref().ok();
        let first = ranked.and_then(|ranked| ranked.value.ordered.first());
        let first = first.and_then(|first| usize::try_from(*first).ok());
        let receipt = RankReceipt {
            engine: receipts.recording.engine.clone(),
            router: known.router.clone(),
            state: known.state.clone(),
            ask: receipts.keep_said(&draft, ask)?,
            texts: receipts.recording.bodies,
            chosen: first.and_then(|first| names.get(first).cloned()),
            result: result_digest(&outcome),
            fuel: Some(receipts.fuel(ranked.map(|ranked| ranked.spent))),
            outcome,
        };
        draft.append(RANK, &receipt)
    }

    fn known(
        &self,
        version: &Version,
        last: Option<(&Version, &Known)>,
        candidates: &str,
    ) -> Result<Known, LedgerError> {
        let draft = self.receipts.sink.draft();
        let keep = |text: &str| self.receipts.keep_said(&draft, text);
        let (router, names) = match last {
            Some((_, known)) => (known.router.clone(), Arc::clone(&known.names)),
            None => (keep(version.text())?, names(candidates).unwrap_or_default().into()),
        };
        Ok(Known { router, state: version.changes().last().map(keep).transpose()?, names })
    }

    /// As [`Ranker::restate`]; what is ranked later is recorded with the state.
    ///
    /// # Errors
    ///
    /// As for [`Ranker::restate`].
    pub fn restate(&self, state: &str) -> Result<(), Error> {
        self.engine.restate(state)
    }

    /// As [`Ranker::replace`]; the router is recorded with the first ranking or step over it.
    ///
    /// # Errors
    ///
    /// As for [`Ranker::replace`].
    pub fn replace(&self, router: impl Into<String>) -> Result<(), Error> {
        self.engine.replace(router)
    }
}

impl Stepper for Recorder<Ranker> {
    fn step(&self, run: Option<&str>, event: &str) -> Result<Metered<Turn>, Error> {
        Self::step(self, run, event)
    }
}
