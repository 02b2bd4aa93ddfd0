//! Steps beside the executor.

use std::{sync::Arc, thread::available_parallelism};

use tokio::{sync::Semaphore, task::spawn_blocking};

use super::RouterError;

/// Steps at a time, on a machine with fewer processors: a ledger writes so many with one sync. It is
/// well below the instances that a sandbox has for them.
const AT_LEAST: usize = 16;

/// And at most, of as many processors.
const AT_MOST: usize = 64;

/// Threads for work that blocks, a few at a time: more would wait for one another, and each asks the
/// sandbox for an instance of its own. A clone has the same places.
#[derive(Clone, Debug)]
pub(super) struct Apart(Arc<Semaphore>);

impl Apart {
    pub(super) fn new() -> Self {
        let processors = available_parallelism().map_or(1, Into::into);
        Self(Arc::new(Semaphore::new(processors.clamp(AT_LEAST, AT_MOST))))
    }

    /// What the work comes to. Once it has begun it is done, whoever waits for it.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, RouterError> + Send + 'static,
    ) -> Result<T, RouterError> {
        let failed = |what: String| RouterError::Failed(format!("a step: {what}"));
        let place = Arc::clone(&self.0).acquire_owned().await;
        let place = place.map_err(|error| failed(error.to_string()))?;
        let work = move || {
            let _place = place;
            work()
        };
        spawn_blocking(work).await.map_err(|error| failed(error.to_string()))?
    }
}
