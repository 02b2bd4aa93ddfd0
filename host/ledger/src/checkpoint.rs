//! The checkpoint: how far the ledger was read, so that the next opening begins there.
//!
//! It is a cache. What it says is compared with the ledger before it is used: with the record that
//! it names, the first one of that segment and of the ledger, and the names of the segments. Each
//! text that it names is read before the ledger relies on it. Where anything does not fit, the
//! whole ledger is read, and the damage is found there.

use std::io::{self, Read as _};

use serde::{Deserialize, Serialize};

use crate::{
    chain,
    digest::Digest,
    dir::access::Access,
    disk,
    entry::Entry,
    folder::{CHECKPOINT, CHECKPOINT_TEMPORARY, Folder},
    limits::{CHECKPOINT_BYTES, EXACT},
    line,
    position::{Position, Reached},
    record_at::read_at,
    texts::Texts,
};

const FORMAT: &str = "sigmapol-ledger-checkpoint/v1";

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Checkpoint {
    format: String,
    /// The last record that is covered, and where it begins.
    number: u64,
    seal: Digest,
    last: Position,
    /// Where the next one begins, and the lines of its segment before it.
    next: Position,
    lines: u64,
    texts: Vec<(Digest, u64, u64)>,
}

/// Writes a checkpoint; gives its size.
pub(crate) fn write(folder: &Folder, reached: Reached, texts: &Texts) -> Option<u64> {
    let head = reached.head?;
    let checkpoint = Checkpoint {
        format: FORMAT.to_owned(),
        number: head.number,
        seal: head.seal,
        last: reached.last,
        next: reached.position,
        lines: reached.lines,
        texts: texts.positions().map(|(digest, at)| (digest, at.segment, at.offset)).collect(),
    };
    let text = serde_json::to_string(&checkpoint).ok()?;
    let bytes = text.len() as u64;
    // nobody would read it; the old one is true as well
    if bytes <= CHECKPOINT_BYTES {
        replace(folder, text.as_bytes()).ok()?;
    }
    Some(bytes)
}

fn replace(folder: &Folder, bytes: &[u8]) -> io::Result<()> {
    match folder.dir.remove(CHECKPOINT_TEMPORARY) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let file = folder.disk.create(&folder.dir, CHECKPOINT_TEMPORARY)?;
    disk::write_all(&*folder.disk, &file, bytes)?;
    // not synced: if the power takes it, the ledger is read instead
    folder.disk.rename(&folder.dir, CHECKPOINT_TEMPORARY, CHECKPOINT)
}

/// The checkpoint, if there is one and the ledger bears it out.
pub(crate) fn read(folder: &Folder) -> Option<(Reached, Texts)> {
    let file = folder.dir.file(CHECKPOINT, Access::Read).ok()?;
    let mut text = Vec::new();
    // a file may grow after it was asked how large it is
    file.take(CHECKPOINT_BYTES + 1).read_to_end(&mut text).ok()?;
    if text.len() as u64 > CHECKPOINT_BYTES {
        return None;
    }
    let checkpoint: Checkpoint = serde_json::from_slice(&text).ok()?;
    drop(text);
    let Checkpoint { format, number, seal, last, next, lines, texts: named } = checkpoint;
    let bytes = read_at(folder, last).ok().flatten()?;
    let line = line::check(&bytes, last.segment, last.offset == 0).ok()?;
    let after = Position { offset: last.offset + bytes.len() as u64 + 1, ..last };
    let before = number.checked_sub(first_number(folder, last.segment)?)?;
    let true_to_it = format == FORMAT
        && (line.number, line.seal) == (number, seal)
        && number <= EXACT
        && after == next
        && before.checked_add(1) == Some(lines)
        && all_there(folder);
    if !true_to_it {
        return None;
    }
    let mut texts = Texts::new(folder.clone());
    for (digest, segment, offset) in named {
        let position = Position { segment, offset };
        // what is not in the chain is verified by nobody
        if segment > 0 && position.is_before(next) {
            texts.add_unproven(digest, position);
        }
    }
    Some((Reached { position: next, lines, head: Some(Entry { number, seal }), last }, texts))
}

/// The number of the first record of a segment, if it is one, and the ledger begins as it should.
fn first_number(folder: &Folder, segment: u64) -> Option<u64> {
    let number = |segment| {
        let bytes = read_at(folder, Position { segment, offset: 0 }).ok().flatten()?;
        let line = line::check(&bytes, segment, true).ok()?;
        (segment > 1 || chain::follow(None, &line).is_ok()).then_some(line.number)
    };
    let genesis = number(1)?;
    if segment == 1 { Some(genesis) } else { number(segment) }
}

/// Whether no segment is missing. If one is, reading from the first on says which.
fn all_there(folder: &Folder) -> bool {
    folder.segments().is_ok_and(|segments| segments.present == segments.last)
}
