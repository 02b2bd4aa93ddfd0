//! What an instance holds from one call to the next.
#![expect(unsafe_code, reason = "a static that is not `Sync` by itself")]

use alloc::format;
use alloc::string::String;
use core::cell::RefCell;

use super::bindings::exports::sigmapol::policy::engine as wit;
use super::heap::HEAP;
use crate::{Prepared, PreparedRouter, Refusal};

/// What this instance holds.
pub struct Holding(RefCell<Held>);

enum Held {
    Nothing,
    Catalog(Prepared),
    Router(PreparedRouter),
}

// SAFETY: the module has no threads: it is valid without the feature.
unsafe impl Sync for Holding {}

pub static HOLDING: Holding = Holding(RefCell::new(Held::Nothing));

impl Holding {
    pub fn load_catalog(&self, text: &str) -> Result<u32, wit::Refusal> {
        let load = || Prepared::load(text);
        self.load("catalog", load, Prepared::candidates, Held::Catalog)
    }

    pub fn load_router(&self, text: &str) -> Result<String, wit::Refusal> {
        let load = || PreparedRouter::load(text);
        self.load("router", load, |router| router.candidates().into(), Held::Router)
    }

    /// Puts something in that stays; once. What comes back is read from it before.
    fn load<H, T>(
        &self,
        what: &str,
        load: impl FnOnce() -> Result<H, Refusal>,
        tell: impl FnOnce(&H) -> T,
        hold: impl FnOnce(H) -> Held,
    ) -> Result<T, wit::Refusal> {
        let mut held = self.0.borrow_mut();
        if !matches!(*held, Held::Nothing) {
            return Err(unfit(what, "nothing to be loaded, an instance has one catalog or router"));
        }
        let loaded = load()?;
        let told = tell(&loaded);
        // nothing was held that would have to be taken apart
        core::mem::forget(core::mem::replace(&mut *held, hold(loaded)));
        HEAP.keep();
        Ok(told)
    }

    pub fn catalog<T>(
        &self,
        verb: impl FnOnce(&mut Prepared) -> Result<T, Refusal>,
    ) -> Result<T, wit::Refusal> {
        match &mut *self.0.borrow_mut() {
            Held::Catalog(catalog) => Ok(verb(catalog)?),
            _ => Err(unfit("catalog", "one to be loaded")),
        }
    }

    pub fn router<T>(
        &self,
        verb: impl FnOnce(&mut PreparedRouter) -> Result<T, Refusal>,
    ) -> Result<T, wit::Refusal> {
        match &mut *self.0.borrow_mut() {
            Held::Router(router) => Ok(verb(router)?),
            _ => Err(unfit("router", "one to be loaded")),
        }
    }
}

/// A verb that does not fit what the instance holds.
fn unfit(what: &str, expected: &str) -> wit::Refusal {
    Refusal::ctx(format!("{what}: expected {expected}")).into()
}
