//! Steps over a router that an engine read before.

use std::sync::{Arc, Mutex};

use sigmapol_core::{Error, Metered, Stepper, Turn};
use sigmapol_ledger::LedgerError;

use super::{Receipts, is_for_others, lock, not_recorded};
use crate::{facts::has_state, over::OverRouter, sink::Draft};

/// What takes the steps, and what their records say of the router.
pub(super) struct RecordedStepper {
    stepper: Box<dyn Stepper>,
    over: OverRouter,
    router: Arc<str>,
    /// The state that was told last, and its digest.
    told: Mutex<Option<(Arc<str>, String)>>,
    receipts: Arc<Receipts>,
}

impl RecordedStepper {
    /// Records the router, once for all steps.
    pub(super) fn new(
        stepper: Box<dyn Stepper>,
        router: &str,
        receipts: &Arc<Receipts>,
    ) -> Result<Self, Error> {
        let draft = receipts.sink.draft(); // a text that is written behind goes with each record
        let digest = receipts.keep_said(&draft, router).map_err(not_recorded)?;
        // its state is that of the text, as long as a step is under no other
        let over = OverRouter { router: digest, state: None };
        let (router, told) = (router.into(), Mutex::default());
        Ok(Self { stepper, over, router, told, receipts: Arc::clone(receipts) })
    }

    /// A record of a step, with the text of the router.
    fn draft(&self) -> Draft<'_> {
        let draft = self.receipts.sink.draft();
        if self.receipts.recording.bodies {
            draft.keep_known(&self.over.router, &self.router);
        }
        draft
    }

    /// The digest of a state, which is recorded once as long as it stays.
    fn state(&self, draft: &Draft<'_>, state: &Arc<str>) -> Result<String, LedgerError> {
        if let Some((known, digest)) = &*lock(&self.told)
            && Arc::ptr_eq(known, state)
        {
            if self.receipts.recording.bodies {
                draft.keep_known(digest, state);
            }
            return Ok(digest.clone());
        }
        let digest = self.receipts.keep_said(draft, state)?;
        *lock(&self.told) = Some((Arc::clone(state), digest.clone()));
        Ok(digest)
    }
}

impl Stepper for RecordedStepper {
    fn step(&self, run: Option<&str>, event: &str) -> Result<Metered<Turn>, Error> {
        let result = self.stepper.step(run, event);
        if is_for_others(&result) {
            return result;
        }
        let over = Some(self.over.clone());
        self.receipts.turn(self.draft(), over, run, event, &result).map_err(not_recorded)?;
        result
    }

    fn step_under(
        &self,
        state: &Arc<str>,
        run: Option<&str>,
        event: &str,
    ) -> Result<Metered<Turn>, Error> {
        // an event that has a state of its own is under that
        if has_state(event) {
            return self.step(run, event);
        }
        let result = self.stepper.step_under(state, run, event);
        if is_for_others(&result) {
            return result;
        }
        let record = || {
            let draft = self.draft();
            let state = self.state(&draft, state)?;
            let over = OverRouter { state: Some(state), ..self.over.clone() };
            self.receipts.turn(draft, Some(over), run, event, &result)
        };
        record().map_err(not_recorded)?;
        result
    }
}
