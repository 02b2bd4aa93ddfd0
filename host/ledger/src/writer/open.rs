//! Opening a ledger: the end is found and mended, and told of.

use std::{
    fs::File,
    path::Path,
    sync::{Arc, Condvar, Mutex},
};

use crate::{
    dir::access::Access,
    disk::{Disk, System},
    error::LedgerError,
    folder::{Folder, segment_name},
    format::RECOVERED,
    options::Options,
    position::Reached,
    quarantine,
    queue::Queue,
    recovery::Recovery,
    segment::Segment,
    tail::Tail,
    texts::Texts,
    writer::{Ledger, State},
};

impl Ledger {
    /// Opens a ledger for writing, or begins one if the folder is empty or not there. A last line
    /// that was cut short is mended; see [`Ledger::recovery`].
    ///
    /// Opening does not verify. It reads what follows the checkpoint, and looks at the first record
    /// of the ledger, that of the segment and the record that the checkpoint names, and at the names
    /// of the segments; where these do not fit, it reads everything. Other damage before the
    /// checkpoint is found by [`verify`](crate::verify()) alone.
    ///
    /// # Errors
    ///
    /// `busy` if another one writes it, `damaged` if a line is not what was written, before
    /// anything is changed; `not-a-ledger`, `version` or `io`.
    pub fn open(folder: impl AsRef<Path>, options: Options) -> Result<Self, LedgerError> {
        Self::open_on(folder.as_ref(), options, Arc::new(System))
    }

    /// Opens a ledger on a disk that may not be the system's.
    pub(crate) fn open_on(
        folder: &Path,
        options: Options,
        disk: Arc<dyn Disk>,
    ) -> Result<Self, LedgerError> {
        let folder = Folder::create_on(folder, disk)?;
        let lock = folder.lock()?;
        match folder.segments_or_none()? {
            Some(_) => Self::resume(folder, options, lock),
            None => {
                let texts = Texts::new(folder.clone());
                let segment = Segment::new(folder.clone(), 1, None);
                let recovery = Recovery::default();
                Self::start(folder, options, lock, Reached::NOTHING, texts, segment, recovery)
            }
        }
    }

    /// Opens a ledger that is there.
    pub(crate) fn open_existing(folder: Folder, options: Options) -> Result<Self, LedgerError> {
        folder.segments()?; // no lock in a folder that is none
        let lock = folder.lock()?;
        Self::resume(folder, options, lock)
    }

    fn resume(folder: Folder, options: Options, lock: File) -> Result<Self, LedgerError> {
        let mut tail = Tail::find(&folder)?;
        folder.remove_leftovers()?;
        let mut recovery = tail.mend(&folder)?;
        let number = tail.reached.position.segment;
        let name = segment_name(number);
        let file = folder.dir.file(&name, Access::Append).map_err(folder.io(&name))?;
        // of a process that was killed: its last records may not be on disk yet
        folder.disk.sync(&file).map_err(folder.io(&name))?;
        folder.sync()?;
        let segment = Segment::new(folder.clone(), number, Some(file));
        let untold: Vec<_> =
            recovery.quarantined.iter().filter(|one| !tail.tells(one)).cloned().collect();
        let found = std::mem::take(&mut recovery.quarantined);
        let Tail { reached, texts, .. } = tail;
        let mut ledger = Self::start(folder, options, lock, reached, texts, segment, recovery)?;
        let now = (ledger.options.clock)();
        let mut state = ledger.state();
        for quarantined in untold {
            if let Ok(body) = serde_json::to_string(&quarantined) {
                state.queue.push(now, RECOVERED, &body);
            }
        }
        ledger.commit(state)?;
        for mut quarantined in found {
            quarantine::done(&ledger.folder, &mut quarantined)?;
            ledger.recovery.quarantined.push(quarantined);
        }
        Ok(ledger)
    }

    fn start(
        folder: Folder,
        options: Options,
        lock: File,
        reached: Reached,
        texts: Texts,
        segment: Segment,
        recovery: Recovery,
    ) -> Result<Self, LedgerError> {
        let mut queue = Queue::new(options.segment_bytes, reached, texts);
        queue.begin((options.clock)());
        let state = State { queue, durable: reached, writing: false, failed: None };
        let ledger = Self {
            folder,
            options,
            recovery,
            state: Mutex::new(state),
            written: Condvar::new(),
            segment: Mutex::new(segment),
            checkpoint: Mutex::default(),
            _lock: lock,
        };
        ledger.commit(ledger.state())?;
        Ok(ledger)
    }
}
