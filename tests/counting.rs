//! The engine with counters in it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::Result;
use sigmapol::{Cache, artifact};
use sigmapol_core::{Admission, Decision, Engine, Error, Metered as Answer, Native, Turn};
use sigmapol_genvm::{Counted, Harness, Request, Rules, Setting, VmResult};

/// An engine that counts what its calls open.
pub struct Counting {
    harness: Harness,
    most: Mutex<Counted>,
}

impl Counting {
    /// The embedded module.
    ///
    /// # Errors
    ///
    /// When it does not load.
    pub fn new() -> Result<Self> {
        let [setting, ..] = Setting::ALL;
        let harness =
            Harness::load(artifact::CORE_MODULE, &[setting], Rules::default(), &Cache::of_user())?;
        Ok(Self { harness, most: Mutex::new(Counted { frames: 0, slots: 0 }) })
    }

    /// Makes a request, and gives how it ends.
    ///
    /// # Errors
    ///
    /// When it cannot be made.
    pub fn make(&self, request: Request<'_>) -> Result<VmResult, Error> {
        let runs = self.harness.run(request)?;
        let first = runs.into_iter().next().ok_or_else(|| Error::Load("no run".to_owned()))?;
        if let Some(counted) = first.counted {
            let mut most = self.most();
            most.frames = most.frames.max(counted.frames);
            most.slots = most.slots.max(counted.slots);
        }
        Ok(first.outcome)
    }

    /// The most since the last time.
    pub fn take(&self) -> Counted {
        std::mem::replace(&mut self.most(), Counted { frames: 0, slots: 0 })
    }

    fn most(&self) -> MutexGuard<'_, Counted> {
        self.most.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What it answers is what native code answers; other tests hold the two together.
impl Engine for Counting {
    fn admit(&self, term: &str, vocabulary: &str) -> Result<Answer<Admission>, Error> {
        self.make(Request::Admit { term, vocabulary })?;
        Native.admit(term, vocabulary)
    }

    fn hash(&self, term: &str, vocabulary: &str) -> Result<Answer<String>, Error> {
        Native.hash(term, vocabulary)
    }

    fn decide(&self, policy: &str, ctx: &str) -> Result<Answer<Decision>, Error> {
        self.make(Request::Decide { policy, ctx })?;
        Native.decide(policy, ctx)
    }

    fn step(&self, run: Option<&str>, event: &str) -> Result<Answer<Turn>, Error> {
        self.make(Request::Step { run, event })?;
        Native.step(run, event)
    }
}
