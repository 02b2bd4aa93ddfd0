//! The end of a ledger: finding it, and mending a line that was cut short.
//!
//! The bytes of such a line are moved to the quarantine in steps that can stop anywhere: they are
//! copied to a file whose name ends in `.pending`, cut off the segment, told by a `recovered`
//! record, and only then does the name of the copy end in `.torn`.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

use serde::Serialize;

use super::{
    Digest, LedgerError, Position, Texts, checkpoint,
    entry::Entry,
    folder::{self, Folder},
    line::{self, RECOVERED},
    walk::{Reached, Walk},
};

const PENDING: &str = "pending";
const DONE: &str = "torn";

/// What an opening had to mend.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Recovery {
    /// The last line was a whole record but for its end, and was given one.
    pub completed: bool,
    /// What was cut off and kept in the quarantine; each is told by a `recovered` record.
    pub quarantined: Vec<Quarantined>,
}

impl Recovery {
    /// Whether there was nothing to mend.
    pub const fn is_whole(&self) -> bool {
        !self.completed && self.quarantined.is_empty()
    }
}

/// Bytes that were cut off the end of a segment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Quarantined {
    /// How many.
    pub bytes: u64,
    /// Where they began.
    pub offset: u64,
    /// The segment.
    pub segment: u64,
    /// Their digest.
    pub sha256: Digest,
    /// The file that has them now.
    #[serde(skip)]
    pub file: PathBuf,
}

/// The end of a ledger.
pub(super) struct Tail {
    pub(super) reached: Reached,
    pub(super) texts: Texts,
    /// The bodies of the `recovered` records that the ledger ends with.
    recovered: Vec<String>,
    torn: Option<Torn>,
}

/// A last line without an end.
enum Torn {
    /// A record, whole and in its place.
    Whole,
    /// So many bytes of no use; none, if a segment was made and not written.
    Bytes(u64),
}

impl Tail {
    /// Finds the end, from the checkpoint if there is one to go by; nothing is written.
    pub(super) fn find(folder: &Folder) -> Result<Self, LedgerError> {
        let (reached, texts) = checkpoint::read(folder)
            .unwrap_or_else(|| (Reached::NOTHING, Texts::new(folder.clone())));
        let mut walk = Walk::new(folder.clone(), reached, texts)?;
        let mut recovered = Vec::new();
        let torn = loop {
            match walk.next() {
                Ok(None) => break None,
                Ok(Some((line, _))) if line.kind == RECOVERED => {
                    recovered.push(line.body.to_owned())
                }
                Ok(Some(_)) => recovered.clear(),
                Err(LedgerError::Torn { bytes, .. }) => break Some(Torn::of(&walk, bytes)),
                Err(error) => return Err(error),
            }
        };
        Ok(Self { reached: walk.reached, texts: walk.texts, recovered, torn })
    }

    /// Mends the last line. What remains is to record what is pending.
    pub(super) fn mend(&mut self, folder: &Folder) -> Result<Recovery, LedgerError> {
        let Position { segment, offset } = self.reached.position;
        let path = folder.segment(segment);
        let open = || OpenOptions::new().read(true).append(true).open(&path);
        let mut recovery = Recovery::default();
        match self.torn.take() {
            None => {}
            Some(Torn::Whole) => {
                let end = open().and_then(|mut file| {
                    file.write_all(b"\n")?;
                    file.sync_data()
                });
                end.map_err(LedgerError::io(&path))?;
                recovery.completed = true;
                // it is read as every other line is
                let mut walk = Walk::new(folder.clone(), self.reached, self.texts.clone())?;
                if let Some((line, _)) = walk.next()? {
                    match line.kind {
                        RECOVERED => self.recovered.push(line.body.to_owned()),
                        _ => self.recovered.clear(),
                    }
                }
                (self.reached, self.texts) = (walk.reached, walk.texts);
            }
            Some(Torn::Bytes(0)) => {}
            Some(Torn::Bytes(_)) => {
                let mut file = open().map_err(LedgerError::io(&path))?;
                let mut bytes = Vec::new();
                file.seek(SeekFrom::Start(offset))
                    .and_then(|_| file.read_to_end(&mut bytes))
                    .map_err(LedgerError::io(&path))?;
                keep(folder, segment, offset, &bytes)?;
                file.set_len(offset)
                    .and_then(|()| file.sync_all())
                    .map_err(LedgerError::io(&path))?;
            }
        }
        recovery.quarantined = pending(folder)?;
        Ok(recovery)
    }

    /// The bytes of a line that was cut short and is no record.
    pub(super) const fn torn_bytes(&self) -> u64 {
        match self.torn {
            Some(Torn::Bytes(bytes)) => bytes,
            _ => 0,
        }
    }

    /// Whether a record at the end of the ledger tells of this already.
    pub(super) fn tells(&self, quarantined: &Quarantined) -> bool {
        serde_json::to_string(quarantined).is_ok_and(|body| self.recovered.contains(&body))
    }
}

impl Torn {
    fn of(walk: &Walk, bytes: u64) -> Self {
        let Reached { position, lines, head, .. } = walk.reached;
        if walk.buffer.len() as u64 != bytes {
            return Self::Bytes(bytes); // longer than a line may be
        }
        line::check(&walk.buffer, position.segment, lines == 0)
            .and_then(|line| Entry::follow(head, &line))
            .map_or(Self::Bytes(bytes), |_| Self::Whole)
    }
}

/// Copies bytes to the quarantine, for good.
fn keep(folder: &Folder, segment: u64, offset: u64, bytes: &[u8]) -> Result<(), LedgerError> {
    let quarantine = folder.quarantine();
    fs::create_dir_all(&quarantine).map_err(LedgerError::io(&quarantine))?;
    let sha256 = Digest::of(bytes);
    // the digest: other bytes of the same place may be there from before
    let path = quarantine.join(format!("{segment:06}-{offset}-{sha256}.{PENDING}"));
    let write = || -> io::Result<()> {
        let mut file = File::create(&path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(LedgerError::io(&path))?;
    folder::sync(&quarantine)?;
    folder::sync(folder.path())
}

/// What the quarantine has and no record may tell of yet, in the order of the names.
fn pending(folder: &Folder) -> Result<Vec<Quarantined>, LedgerError> {
    let quarantine = folder.quarantine();
    let mut names = match folder::names(&quarantine) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        names => names.map_err(LedgerError::io(&quarantine))?,
    };
    names.sort();
    let mut found = Vec::new();
    for name in names {
        let file = quarantine.join(name);
        let parts = file.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| {
            let (segment, rest) = stem.split_once('-')?;
            let (offset, sha256) = rest.split_once('-')?;
            Some((segment.parse().ok()?, offset.parse().ok()?, sha256.parse().ok()?))
        });
        if let (Some((segment, offset, sha256)), Some(PENDING)) = (parts, extension(&file)) {
            let bytes = fs::metadata(&file).map_err(LedgerError::io(&file))?.len();
            found.push(Quarantined { bytes, offset, segment, sha256, file });
        }
    }
    Ok(found)
}

fn extension(file: &Path) -> Option<&str> {
    file.extension()?.to_str()
}

/// A record tells of it now.
pub(super) fn done(folder: &Folder, quarantined: &mut Quarantined) -> Result<(), LedgerError> {
    let name = quarantined.file.with_extension(DONE);
    fs::rename(&quarantined.file, &name).map_err(LedgerError::io(&quarantined.file))?;
    quarantined.file = name;
    folder::sync(&folder.quarantine())
}
