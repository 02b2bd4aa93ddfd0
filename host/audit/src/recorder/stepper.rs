//! Steps over a router that an engine read before.

use std::sync::{Arc, Mutex};

use sigmapol_core::{Error, Metered, Stepper, Turn};
use sigmapol_ledger::LedgerError;

use super::{Receipts, is_for_others, lock, not_recorded};
use crate::{facts::has_state, over::OverRouter};

/// What takes the steps, and what their records say of the router.
pub(super) struct RecordedStepper {
    stepper: Box<dyn Stepper>,
    over: OverRouter,
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
        let router = receipts.keep_said(router).map_err(not_recorded)?;
        // its state is that of the text, as long as a step is under no other
        let over = OverRouter { router, state: None };
        Ok(Self { stepper, over, told: Mutex::default(), receipts: Arc::clone(receipts) })
    }

    /// The digest of a state, which is recorded once as long as it stays.
    fn state(&self, state: &Arc<str>) -> Result<String, LedgerError> {
        if let Some((known, digest)) = &*lock(&self.told)
            && Arc::ptr_eq(known, state)
        {
            return Ok(digest.clone());
        }
        let digest = self.receipts.keep_said(state)?;
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
        self.receipts.turn(over, run, event, &result).map_err(not_recorded)?;
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
            let over = OverRouter { state: Some(self.state(state)?), ..self.over.clone() };
            self.receipts.turn(Some(over), run, event, &result)
        };
        record().map_err(not_recorded)?;
        result
    }
}
