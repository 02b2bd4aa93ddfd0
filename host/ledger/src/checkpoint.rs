//! The checkpoint: how far the ledger was read, so that the next opening begins there.
//!
//! It is a cache. What it says is compared with the ledger before it is used, and each text that
//! it names is read before the ledger relies on it; without it the whole ledger is read.

use std::{fs, io::Write as _};

use serde::{Deserialize, Serialize};

use super::{
    Digest, Position, Texts,
    entry::Entry,
    folder::{Folder, TEMPORARY},
    line,
    texts::read_at,
    walk::Reached,
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
pub(super) fn write(folder: &Folder, reached: Reached, texts: &Texts) -> Option<u64> {
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
    let (prefix, suffix) = TEMPORARY;
    let mut file =
        tempfile::Builder::new().prefix(prefix).suffix(suffix).tempfile_in(folder.path()).ok()?;
    file.write_all(text.as_bytes()).ok()?;
    // not synced: if the power takes it, the ledger is read instead
    file.persist(folder.checkpoint()).ok()?;
    Some(text.len() as u64)
}

/// The checkpoint, if there is one and the ledger bears it out.
pub(super) fn read(folder: &Folder) -> Option<(Reached, Texts)> {
    let text = fs::read(folder.checkpoint()).ok()?;
    let checkpoint: Checkpoint = serde_json::from_slice(&text).ok()?;
    let Checkpoint { format, number, seal, last, next, lines, texts: named } = checkpoint;
    let head = Entry { number, seal };
    let bytes = read_at(folder, last).ok().flatten()?;
    let line = line::check(&bytes, last.segment, last.offset == 0).ok()?;
    let after = Position { offset: last.offset + bytes.len() as u64 + 1, ..last };
    let true_to_it = format == FORMAT
        && (line.number, line.seal) == (number, seal)
        && after == next
        && (1..=number + 1).contains(&lines);
    if !true_to_it {
        return None;
    }
    let mut texts = Texts::new(folder.clone());
    for (digest, segment, offset) in named {
        texts.add_unproven(digest, Position { segment, offset });
    }
    Some((Reached { position: next, lines, head: Some(head), last }, texts))
}
