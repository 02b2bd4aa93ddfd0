//! The quarantine: what a recovery cut off, kept.
//!
//! The bytes are moved in steps that can stop anywhere: they are copied to a file whose name ends
//! in `.pending`, cut off the segment, told by a `recovered` record, and only then does the name of
//! the copy end in `.torn`.

use std::io::{self, Read as _};

use crate::{
    digest::Digest,
    dir::{Dir, access::Access},
    disk,
    error::LedgerError,
    folder::Folder,
    limits::{EXACT, LINE_BYTES, PENDING, SEGMENTS},
    recovery::Quarantined,
};

/// The folder.
const FOLDER: &str = "quarantine";

/// How the name of a copy ends that no record tells of yet.
const UNTOLD: &str = "pending";

/// How it ends after.
const TOLD: &str = "torn";

fn name(segment: u64, offset: u64, sha256: Digest, ending: &str) -> String {
    format!("{segment:06}-{offset}-{sha256}.{ending}")
}

fn path(name: &str) -> String {
    format!("{FOLDER}/{name}")
}

/// Opens the folder, if it is there.
fn open(folder: &Folder) -> Result<Option<Dir>, LedgerError> {
    match folder.dir.folder(FOLDER) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        dir => dir.map(Some).map_err(folder.io(FOLDER)),
    }
}

/// Copies bytes to the quarantine, for good.
pub(crate) fn keep(
    folder: &Folder,
    segment: u64,
    offset: u64,
    bytes: &[u8],
) -> Result<(), LedgerError> {
    folder.dir.make_folder(FOLDER).map_err(folder.io(FOLDER))?;
    let dir = folder.dir.folder(FOLDER).map_err(folder.io(FOLDER))?;
    // the digest: other bytes of the same place may be there from before
    let name = name(segment, offset, Digest::of(bytes), UNTOLD);
    let write = || -> io::Result<()> {
        // a copy that was interrupted; it is not written over, it may have another name as well
        match dir.remove(&name) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let file = folder.disk.create(&dir, &name)?;
        disk::write_all(&*folder.disk, &file, bytes)?;
        folder.disk.sync(&file)
    };
    write().map_err(folder.io(&path(&name)))?;
    folder.disk.sync_folder(&dir).map_err(folder.io(FOLDER))?;
    folder.sync()
}

/// What the quarantine has and no record may tell of yet, in the order of the names.
///
/// Only what [`keep`] would have written: a record tells of it for ever.
pub(crate) fn pending(folder: &Folder) -> Result<Vec<Quarantined>, LedgerError> {
    let Some(dir) = open(folder)? else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for name in dir.names().map_err(folder.io(FOLDER))? {
        let name = name.map_err(folder.io(FOLDER))?;
        let Some((segment, offset, sha256)) = parse(&name) else { continue };
        if found.len() == PENDING {
            let what = format!("expected at most {PENDING} files that end in .{UNTOLD}");
            return Err(LedgerError::not_a_ledger(&folder.path(FOLDER), &what));
        }
        found.push((name, segment, offset, sha256));
    }
    found.sort();
    let mut pending = Vec::new();
    for (name, segment, offset, sha256) in found {
        let bytes = read(&dir, &name).map_err(folder.io(&path(&name)))?;
        // half a copy: the bytes are in the segment still, or were never there
        if Digest::of(&bytes) == sha256 {
            let file = folder.path(FOLDER).join(name);
            let bytes = bytes.len() as u64;
            pending.push(Quarantined { bytes, offset, segment, sha256, file });
        }
    }
    Ok(pending)
}

/// The parts of a name that [`keep`] would give.
fn parse(file: &str) -> Option<(u64, u64, Digest)> {
    let (stem, ending) = file.rsplit_once('.')?;
    let (segment, rest) = stem.split_once('-')?;
    let (offset, sha256) = rest.split_once('-')?;
    let (segment, offset) = (segment.parse().ok()?, offset.parse().ok()?);
    let sha256 = sha256.parse().ok()?;
    let own = ending == UNTOLD
        && (1..=SEGMENTS).contains(&segment)
        // beyond, the record that tells of it would not be canonical
        && offset <= EXACT
        && file == name(segment, offset, sha256, UNTOLD);
    own.then_some((segment, offset, sha256))
}

/// At most as many bytes as a line has: of more, the digest is not that of a copy.
fn read(dir: &Dir, name: &str) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    dir.file(name, Access::Read)?.take(LINE_BYTES as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A record tells of it now.
pub(crate) fn done(folder: &Folder, quarantined: &mut Quarantined) -> Result<(), LedgerError> {
    let Quarantined { segment, offset, sha256, .. } = *quarantined;
    let name = |ending| name(segment, offset, sha256, ending);
    let dir = folder.dir.folder(FOLDER).map_err(folder.io(FOLDER))?;
    let renamed = folder.disk.rename(&dir, &name(UNTOLD), &name(TOLD));
    renamed.map_err(folder.io(&path(&name(UNTOLD))))?;
    quarantined.file = folder.path(FOLDER).join(name(TOLD));
    folder.disk.sync_folder(&dir).map_err(folder.io(FOLDER))
}
