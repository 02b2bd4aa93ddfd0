//! Writing what waits, by one for all who wait, and a checkpoint now and then.

use std::sync::{MutexGuard, PoisonError};

use crate::{
    checkpoint,
    error::LedgerError,
    writer::{Checkpoint, Ledger, State},
};

impl Ledger {
    /// Comes back when what is queued now is on disk, by this or by another hand.
    pub(super) fn commit<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
    ) -> Result<(), LedgerError> {
        let wanted = state.queue.reached.head.map(|head| head.number);
        let mut bytes = 0;
        while state.durable.head.map(|head| head.number) < wanted {
            if let Some(error) = &state.failed {
                return Err(error.clone());
            }
            if state.writing {
                state = self.written.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            state.writing = true;
            let reached = state.queue.reached;
            let batches = state.queue.take();
            drop(state);
            let result =
                self.segment.lock().unwrap_or_else(PoisonError::into_inner).write(&batches);
            state = self.state();
            state.writing = false;
            match result {
                Ok(()) => {
                    state.durable = reached;
                    bytes += batches.iter().map(|batch| batch.bytes.len() as u64).sum::<u64>();
                }
                Err(error) => state.failed = Some(error),
            }
            self.written.notify_all();
        }
        drop(state);
        if bytes > 0 {
            self.checkpoint(bytes, false);
        }
        Ok(())
    }

    /// Writes a checkpoint where one is due: so often that little is read after a crash, so seldom
    /// that a large one does not cost more than the records.
    pub(super) fn checkpoint(&self, bytes: u64, last: bool) {
        // whoever writes one already does it for both
        let Ok(mut checkpoint) = self.checkpoint.try_lock() else { return };
        checkpoint.since += bytes;
        let due = self.options.checkpoint_bytes.max(checkpoint.bytes.saturating_mul(4));
        if !last && checkpoint.since < due {
            return;
        }
        let state = self.state();
        let reached = state.durable;
        let number = reached.head.map(|head| head.number);
        if number == checkpoint.number {
            return;
        }
        let texts = state.queue.texts.before(reached.position);
        drop(state);
        // without one the next opening takes longer, and that is all
        if let Some(bytes) = checkpoint::write(&self.folder, reached, &texts) {
            *checkpoint = Checkpoint { number, bytes, since: 0 };
        }
    }
}
