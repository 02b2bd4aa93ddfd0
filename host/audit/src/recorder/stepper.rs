//! Steps over a router that an engine read before.

use std::sync::Arc;

use sigmapol_core::{Error, Metered, Stepper, Turn};

use super::{Receipts, is_for_others, not_recorded};
use crate::over::OverRouter;

/// What takes the steps, and what their records say of the router.
pub(super) struct RecordedStepper {
    stepper: Box<dyn Stepper>,
    over: OverRouter,
    router: Arc<str>,
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
        // its state is that of the text: nobody can tell it another one
        let over = OverRouter { router: digest, state: None };
        Ok(Self { stepper, over, router: router.into(), receipts: Arc::clone(receipts) })
    }
}

impl Stepper for RecordedStepper {
    fn step(&self, run: Option<&str>, event: &str) -> Result<Metered<Turn>, Error> {
        let result = self.stepper.step(run, event);
        if is_for_others(&result) {
            return result;
        }
        let over = Some(self.over.clone());
        let draft = self.receipts.sink.draft();
        if self.receipts.recording.bodies {
            draft.keep_known(&self.over.router, &self.router);
        }
        self.receipts.turn(draft, over, run, event, &result).map_err(not_recorded)?;
        result
    }
}
