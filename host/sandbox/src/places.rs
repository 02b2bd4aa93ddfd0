//! Places for instances that stay after a call: those of catalogs and routers.
//!
//! They hold a slot of the pool as long as they live, also while nobody asks them. So they have half
//! of the slots and no more: calls that bring everything always find one.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use crate::{Error, Exhausted, config::SLOTS};

/// Instances that may stay at a time.
pub(super) const PLACES: usize = SLOTS as usize / 2;

/// How many are taken; a clone is the same.
#[derive(Clone, Default)]
pub(super) struct Places(Arc<AtomicUsize>);

/// One of them, given back when it is dropped.
pub(super) struct Place(Places);

impl Places {
    pub(super) fn take(&self) -> Result<Place, Error> {
        let more = |taken| (taken < PLACES).then_some(taken + 1);
        match self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more) {
            Ok(_) => Ok(Place(self.clone())),
            Err(_) => Err(Error::Exhausted(Exhausted::Instances)),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}
