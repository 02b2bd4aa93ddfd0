//! Reading the configuration again: all of it or nothing, and no request is lost.

use std::{
    fmt::Write as _,
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

use serde_json::{Value, json};
use sigmapol_router::Router;
use tokio::{sync::Mutex, task::spawn_blocking};
use tracing::{info, warn};

use crate::state::{Live, State, now_s};

/// Reads the configuration as it is now, and makes a router of it out of the one in force
/// ([`Router::reconfigured`]); or says what is wrong, with the place.
type Load = dyn Fn(&Router) -> Result<Router, String> + Send + Sync;

/// Why the configuration is still the one that it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReloadError {
    /// What there is now is not in order: what is wrong, with the place.
    #[error("{0}")]
    Refused(String),
    /// The gateway was not told where to read it.
    #[error("the configuration cannot be read again: expected a file")]
    Unreadable,
}

/// How often the configuration was read again, and how.
pub(crate) struct Reloads {
    load: OnceLock<Box<Load>>,
    /// One at a time: each is made of the one before.
    turn: Mutex<()>,
    done: AtomicU64,
    refused: AtomicU64,
    /// When the one in force was read, in seconds since the Unix epoch.
    last_good_s: AtomicU64,
}

impl Reloads {
    pub(crate) fn since(now_s: u64) -> Self {
        Self {
            load: OnceLock::new(),
            turn: Mutex::default(),
            done: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            last_good_s: AtomicU64::new(now_s),
        }
    }

    /// For `/metrics`.
    pub(crate) fn text(&self) -> String {
        let number = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let (done, refused) = (number(&self.done), number(&self.refused));
        let mut text = String::new();
        let (total, last) =
            ("sigmapol_config_reloads_total", "sigmapol_config_last_good_timestamp_seconds");
        // to write to a text does not fail
        let _ = write!(
            text,
            "# HELP {total} Readings of the configuration after the first.\n\
             # TYPE {total} counter\n\
             {total}{{result=\"done\"}} {done}\n\
             {total}{{result=\"refused\"}} {refused}\n\
             # HELP {last} When the configuration in force was read.\n\
             # TYPE {last} gauge\n\
             {last} {}\n",
            number(&self.last_good_s)
        );
        text
    }
}

impl State {
    /// Reads the configuration again in this way: where it can be read again, by
    /// [`Live::reload`] or `POST /x/config/reload`. It is called on a thread for work that blocks.
    /// The first way that is given counts.
    #[must_use]
    pub fn reloaded_by(
        self,
        load: impl Fn(&Router) -> Result<Router, String> + Send + Sync + 'static,
    ) -> Self {
        let _ = self.reloads().load.set(Box::new(load));
        self
    }

    /// The configuration in force: `{sha256, read_at_s, reloads: {done, refused}}`.
    pub(crate) fn configuration(&self) -> Value {
        let reloads = self.reloads();
        let number = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        json!({
            "sha256": self.router().config().digest(),
            "read_at_s": number(&reloads.last_good_s),
            "reloads": {"done": number(&reloads.done), "refused": number(&reloads.refused)},
        })
    }
}

impl Live {
    /// Reads the configuration again. Requests that begin after it are answered by the new one; those
    /// that are under way end with the one that they began with. `cause` is for the log.
    ///
    /// # Errors
    ///
    /// [`ReloadError`]; the configuration is the one that it was, and goes on.
    pub async fn reload(&self, cause: &str) -> Result<(), ReloadError> {
        let reloads = self.reloads();
        if reloads.load.get().is_none() {
            let error = ReloadError::Unreadable;
            warn!(cause, %error, "configuration refused");
            return Err(error);
        }
        let _turn = reloads.turn.lock().await;
        let live = self.clone();
        let loaded = spawn_blocking(move || live.load()).await;
        match loaded.unwrap_or_else(|error| Err(error.to_string())) {
            Ok(router) => {
                let config = router.config().digest();
                self.put(router);
                reloads.done.fetch_add(1, Ordering::Relaxed);
                reloads.last_good_s.store(now_s(), Ordering::Relaxed);
                info!(cause, config, "configuration read");
                Ok(())
            }
            Err(why) => {
                reloads.refused.fetch_add(1, Ordering::Relaxed);
                warn!(cause, error = why, "configuration refused");
                Err(ReloadError::Refused(why))
            }
        }
    }

    fn load(&self) -> Result<Router, String> {
        let load = self.reloads().load.get().ok_or_else(|| ReloadError::Unreadable.to_string())?;
        let current = self.router();
        let next = load(&current)?;
        next.take_over(&current).map_err(|error| error.to_string())?;
        Ok(next)
    }
}
