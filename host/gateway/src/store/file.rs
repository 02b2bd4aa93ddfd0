//! Consumers in a file.
//!
//! It is read whole, and read again when it is another one or has changed. An edit takes the file's
//! lock, reads what is there, and replaces it whole; so the command and any number of gateways may
//! change one file.

use std::{
    collections::HashMap,
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};

use sigmapol::file::{Held, HoldError, bounded, open_secret};
use tokio::{sync::Mutex, task::spawn_blocking};
use tracing::{info, warn};

use super::{Asking, Consumer, Edit, Found, KeyDigest, Store, StoreError, format};
use crate::stamp::Stamp;

/// The longest file: ten thousand consumers with five keys each.
const FILE_BYTES: usize = 16 << 20;

/// How often it is looked whether the file has changed: a key that is taken back is refused so much
/// later, and to look is one question to the system.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How long an edit waits where another one holds the file. An edit takes some milliseconds.
const PATIENCE: Duration = Duration::from_secs(5);

/// Consumers in a file.
#[derive(Debug)]
pub struct FileStore {
    file: Arc<KeyFile>,
    /// When somebody looked last; held by whoever looks.
    looked: Arc<Mutex<Looked>>,
    every: Duration,
}

#[derive(Debug)]
struct Looked {
    at: Instant,
    /// What was wrong then. It is told once, and what was read before holds on.
    complaint: Option<String>,
}

#[derive(Debug)]
struct KeyFile {
    path: PathBuf,
    read: RwLock<Read>,
}

/// What was read.
#[derive(Clone, Debug)]
struct Read {
    /// `None`: there was no file.
    stamp: Option<Stamp>,
    consumers: Arc<Consumers>,
}

#[derive(Debug, Default)]
struct Consumers {
    all: Vec<Arc<Consumer>>,
    /// Of each digest the consumer, and which of its keys it is.
    by_digest: HashMap<KeyDigest, (usize, usize)>,
}

impl Consumers {
    fn new(all: Vec<Consumer>) -> Self {
        let mut all: Vec<_> = all.into_iter().map(Arc::new).collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        let mut by_digest = HashMap::new();
        for (consumer, own) in all.iter().enumerate() {
            for (key, kept) in own.keys.iter().enumerate() {
                by_digest.insert(kept.digest.clone(), (consumer, key));
            }
        }
        Self { all, by_digest }
    }

    fn find(&self, digest: &KeyDigest) -> Option<Found> {
        let (consumer, key) = self.by_digest.get(digest)?;
        let consumer = self.all.get(*consumer)?;
        Some(Found { key: consumer.keys.get(*key)?.clone(), consumer: Arc::clone(consumer) })
    }
}

impl FileStore {
    /// Reads a file, which has to be there.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`]: it is not there, is a link or no regular file, is too long, or others
    /// than its owner may look at it; or it is no file of keys, and then with the position.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let (stamp, consumers) = load(path).map_err(|what| unavailable(path, what))?;
        Ok(Self::with(path, Some(stamp), consumers))
    }

    /// As [`open`](Self::open); a file that is not there is made by the first edit.
    ///
    /// # Errors
    ///
    /// As those of [`open`](Self::open).
    pub fn open_or_new(path: &Path) -> Result<Self, StoreError> {
        match load(path) {
            Err(LoadError::Io(error)) if error.kind() == io::ErrorKind::NotFound => {
                Ok(Self::with(path, None, Vec::new()))
            }
            Err(what) => Err(unavailable(path, what)),
            Ok((stamp, consumers)) => Ok(Self::with(path, Some(stamp), consumers)),
        }
    }

    fn with(path: &Path, stamp: Option<Stamp>, consumers: Vec<Consumer>) -> Self {
        let read = RwLock::new(Read { stamp, consumers: Arc::new(Consumers::new(consumers)) });
        let looked = Looked { at: Instant::now(), complaint: None };
        Self {
            file: Arc::new(KeyFile { path: path.to_owned(), read }),
            looked: Arc::new(Mutex::new(looked)),
            every: LOOK_EVERY,
        }
    }

    /// Looks for changes so often; by default once a second.
    #[must_use]
    pub fn look_every(self, every: Duration) -> Self {
        Self { every, ..self }
    }

    /// Looks whether the file has changed, if nobody else does and it is time.
    async fn look(&self) {
        let Ok(mut looked) = Arc::clone(&self.looked).try_lock_owned() else { return };
        if looked.at.elapsed() < self.every {
            return;
        }
        let file = Arc::clone(&self.file);
        // the task keeps the lock, also where the one who asked has left: a disk that hangs holds one thread
        let looking = spawn_blocking(move || {
            let complaint = file.read_again().err();
            if let Some(what) = complaint.as_ref().filter(|_| complaint != looked.complaint) {
                warn!(error = what, "the file of keys cannot be read; what was read before holds");
            }
            *looked = Looked { at: Instant::now(), complaint };
        });
        let _ = looking.await; // it does not panic, and what was read before holds
    }
}

impl KeyFile {
    fn consumers(&self) -> Arc<Consumers> {
        let read = self.read.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&read.consumers)
    }

    fn set(&self, stamp: Stamp, consumers: Vec<Consumer>) {
        let read = Read { stamp: Some(stamp), consumers: Arc::new(Consumers::new(consumers)) };
        *self.read.write().unwrap_or_else(PoisonError::into_inner) = read;
    }

    fn read_again(&self) -> Result<(), String> {
        let before = self.read.read().unwrap_or_else(PoisonError::into_inner).stamp.clone();
        let wrong = |what: LoadError| unavailable(&self.path, what).to_string();
        let found = std::fs::symlink_metadata(&self.path).map_err(|error| wrong(error.into()))?;
        if before.as_ref() == Some(&Stamp::of(&found)) {
            return Ok(());
        }
        let (stamp, consumers) = load(&self.path).map_err(wrong)?;
        info!(consumers = consumers.len(), "the file of keys is read again");
        self.set(stamp, consumers);
        Ok(())
    }

    fn edit(&self, name: &str, edit: Edit) -> Result<Arc<Consumer>, StoreError> {
        let path = &self.path;
        let held = Held::take(path, PATIENCE).map_err(|error| {
            StoreError::Unavailable(match error {
                HoldError::Busy(lock) => {
                    format!("{}: somebody else holds it, by {}", path.display(), lock.display())
                }
                HoldError::Lock(at, error) => format!("{}: {error}", at.display()),
                HoldError::File(error) => format!("{}: {error}", path.display()),
            })
        })?;
        let mut consumers = match load(path) {
            Ok((_, consumers)) => consumers,
            Err(LoadError::Io(error)) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(what) => return Err(unavailable(path, what)),
        };
        let at = consumers.iter().position(|consumer| consumer.name == name);
        let before = at.and_then(|at| consumers.get(at));
        let consumer = edit.apply(name, before)?;
        match at.and_then(|at| consumers.get_mut(at)) {
            Some(place) => place.clone_from(&consumer),
            None => consumers.push(consumer.clone()),
        }
        let text = format::write(&consumers);
        // what is written can be read again: bounds, and no key twice
        format::read(&text).map_err(|wrong| StoreError::Invalid(wrong.to_string()))?;
        if text.len() > FILE_BYTES {
            return Err(unavailable(path, LoadError::Text("the file is full".to_owned())));
        }
        held.replace(text.as_bytes()).map_err(|error| unavailable(path, error.into()))?;
        let (stamp, consumers) = load(path).map_err(|what| unavailable(path, what))?;
        self.set(stamp, consumers);
        Ok(Arc::new(consumer))
    }
}

impl Store for FileStore {
    fn find(&self, digest: &KeyDigest) -> Asking<'_, Option<Found>> {
        let digest = digest.clone();
        Box::pin(async move {
            self.look().await;
            Ok(self.file.consumers().find(&digest))
        })
    }

    fn list(&self) -> Asking<'_, Vec<Arc<Consumer>>> {
        Box::pin(async move {
            self.look().await;
            Ok(self.file.consumers().all.clone())
        })
    }

    fn edit(&self, consumer: &str, edit: Edit) -> Asking<'_, Arc<Consumer>> {
        let (file, name) = (Arc::clone(&self.file), consumer.to_owned());
        Box::pin(async move {
            let edited = spawn_blocking(move || file.edit(&name, edit)).await;
            edited.unwrap_or_else(|error| Err(StoreError::Unavailable(error.to_string())))
        })
    }
}

enum LoadError {
    Io(io::Error),
    Text(String),
}

impl From<io::Error> for LoadError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

fn load(path: &Path) -> Result<(Stamp, Vec<Consumer>), LoadError> {
    let file: File = open_secret(path)?;
    // before it is read: a change that comes after is seen by the next one who looks
    let stamp = Stamp::of(&file.metadata()?);
    let bytes = bounded(file, FILE_BYTES)?;
    let text = String::from_utf8(bytes).map_err(|error| LoadError::Text(error.to_string()))?;
    let consumers = format::read(&text).map_err(|wrong| LoadError::Text(wrong.to_string()))?;
    Ok((stamp, consumers))
}

fn unavailable(path: &Path, what: LoadError) -> StoreError {
    let what = match what {
        LoadError::Io(error) => error.to_string(),
        LoadError::Text(what) => what,
    };
    StoreError::Unavailable(format!("{}: {what}", path.display()))
}
