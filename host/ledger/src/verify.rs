//! Checking a whole ledger, on all cores.
//!
//! Segments are cut into pieces by bytes; a piece has the lines that begin in it. What can be said
//! of a line alone, and of a line after another one of its piece, is said by the thread that reads
//! the piece; how the pieces follow on each other is seen when all are read. The outcome is the
//! same as if one thread had read everything from the beginning.

use std::{
    fs::{self, File},
    io::{self, BufRead as _, BufReader, Seek as _, SeekFrom},
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use serde::Serialize;

use super::{
    LedgerError,
    entry::Entry,
    folder::Folder,
    line::{self, Fault, Line, TEXT},
    walk::{Ending, READ_BYTES, missing, read_line},
};

/// Bytes of a piece.
const PIECE_BYTES: u64 = 4 << 20;

/// What a whole ledger has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Records, those of the ledger itself too.
    pub records: u64,
    /// Records that are texts.
    pub texts: u64,
    /// Segments.
    pub segments: u64,
    /// Bytes of all segments.
    pub bytes: u64,
    /// The last record.
    pub head: Entry,
}

/// Checks every record of a ledger: its form, its seal, the digest of a text, the number, the seal
/// before. Given an anchor, that this record is still there.
///
/// It needs no lock and writes nothing. A ledger that is being written may seem torn for a moment,
/// in the middle of a write.
///
/// # Errors
///
/// `damaged` at the first line that is not what was written; `torn` if all is well but the end of
/// the last line, which recovery mends; `anchor` if the ledger is whole and the anchored record is
/// not in it; `not-a-ledger`, `version` or `io`.
pub fn verify(folder: impl AsRef<Path>, anchor: Option<Entry>) -> Result<Report, LedgerError> {
    verify_in_pieces(&Folder::new(folder.as_ref()), anchor, PIECE_BYTES)
}

pub(super) fn verify_in_pieces(
    folder: &Folder,
    anchor: Option<Entry>,
    piece_bytes: u64,
) -> Result<Report, LedgerError> {
    let segments = folder.last_segment()?;
    let pieces = pieces(folder, segments, piece_bytes)?;
    let anchored = anchor.map(|anchor| anchor.number);
    let mut sum = Sum::default();
    for (piece, found) in pieces.iter().zip(check_all(folder, &pieces, anchored)) {
        sum.add(piece, found)?;
    }
    let torn = || LedgerError::Torn { segment: 1, offset: 0, bytes: 0 };
    let head = sum.head.ok_or_else(torn)?;
    let report =
        Report { records: head.number + 1, texts: sum.texts, segments, bytes: sum.bytes, head };
    match anchor {
        Some(anchor) => compare(anchor, sum.anchored, head).map(|()| report),
        None => Ok(report),
    }
}

fn compare(anchor: Entry, found: Option<Entry>, head: Entry) -> Result<(), LedgerError> {
    let Entry { number, seal } = anchor;
    match found {
        Some(found) if found == anchor => Ok(()),
        Some(found) => Err(LedgerError::Anchor(format!(
            "expected the seal {seal} of the record {number}, got {}",
            found.seal
        ))),
        None => Err(LedgerError::Anchor(format!(
            "expected the record {number}, the last one is {}",
            head.number
        ))),
    }
}

/// The lines of a segment that begin in a range of it.
struct Piece {
    segment: u64,
    from: u64,
    /// None if the segment is not there.
    to: Option<u64>,
    /// Whether a line may be torn here.
    is_last: bool,
}

fn pieces(folder: &Folder, segments: u64, bytes: u64) -> Result<Vec<Piece>, LedgerError> {
    let mut pieces = Vec::new();
    for segment in 1..=segments {
        let path = folder.segment(segment);
        let is_last = segment == segments;
        let length = match fs::metadata(&path) {
            Ok(metadata) => metadata.len(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                pieces.push(Piece { segment, from: 0, to: None, is_last });
                continue;
            }
            Err(error) => return Err(LedgerError::io(&path)(error)),
        };
        let mut from = 0;
        // one for an empty segment too
        while from < length.max(1) {
            let to = length.min(from + bytes);
            pieces.push(Piece { segment, from, to: Some(to), is_last });
            from += bytes;
        }
    }
    Ok(pieces)
}

/// What was found in a piece.
#[derive(Default)]
struct Found {
    lines: u64,
    texts: u64,
    bytes: u64,
    /// The record that the first line says is before it.
    before: Option<Before>,
    head: Option<Entry>,
    anchored: Option<Entry>,
    /// What came after these lines, other than the end of the piece.
    error: Option<Stop>,
}

/// The link of a first line: its number and the seal before it.
struct Before {
    number: u64,
    prev: super::Digest,
}

enum Stop {
    Fault(Fault),
    Torn { offset: u64, bytes: u64 },
    Io(LedgerError),
}

/// Checks pieces, as many at once as there are cores; stops after a piece with an error, but not
/// before the pieces in front of it are checked.
fn check_all(folder: &Folder, pieces: &[Piece], anchored: Option<u64>) -> Vec<Found> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut found = Vec::new();
        while let index = next.fetch_add(1, Ordering::Relaxed)
            && let Some(piece) = pieces.get(index)
        {
            let one = check(folder, piece, anchored);
            if one.error.is_some() {
                next.store(pieces.len(), Ordering::Relaxed);
            }
            found.push((index, one));
        }
        found
    };
    let cores = thread::available_parallelism().map_or(1, usize::from).min(pieces.len());
    let mut found = thread::scope(|scope| {
        let others: Vec<_> = (1..cores).map(|_| scope.spawn(work)).collect();
        let mut found = work();
        for other in others {
            match other.join() {
                Ok(other) => found.extend(other),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        found
    });
    // an index is taken before the pieces in front of it are done, and none of those is left out
    found.sort_by_key(|(index, _)| *index);
    found.into_iter().map(|(_, found)| found).collect()
}

fn check(folder: &Folder, piece: &Piece, anchored: Option<u64>) -> Found {
    let mut found = Found::default();
    let Some(to) = piece.to else {
        found.error = Some(Stop::Fault(missing(piece.segment)));
        return found;
    };
    let path = folder.segment(piece.segment);
    match check_lines(&path, piece, to, anchored, &mut found) {
        Ok(stop) => found.error = stop,
        Err(error) => found.error = Some(Stop::Io(LedgerError::io(&path)(error))),
    }
    found
}

fn check_lines(
    path: &Path,
    piece: &Piece,
    to: u64,
    anchored: Option<u64>,
    found: &mut Found,
) -> io::Result<Option<Stop>> {
    let mut reader = BufReader::with_capacity(READ_BYTES, File::open(path)?);
    let mut offset = piece.from;
    if offset > 0 {
        // the line that began before; if none did, its line feed is all that is left of it
        reader.seek(SeekFrom::Start(offset - 1))?;
        offset += reader.skip_until(b'\n')? as u64 - 1;
    }
    let mut buffer = Vec::new();
    while offset < to || to == 0 {
        let ending = read_line(&mut reader, &mut buffer)?;
        match ending {
            Ending::Whole => {}
            Ending::Torn(bytes) if piece.is_last => return Ok(Some(Stop::Torn { offset, bytes })),
            Ending::None if piece.is_last => return Ok(Some(Stop::Torn { offset, bytes: 0 })),
            _ => return Ok(Some(Stop::Fault(ending.fault()))),
        }
        let line = match line::check(&buffer, piece.segment, offset == 0) {
            Ok(line) => line,
            Err(fault) => return Ok(Some(Stop::Fault(fault))),
        };
        if let Err(fault) = found.add(&line, anchored) {
            return Ok(Some(Stop::Fault(fault)));
        }
        let length = buffer.len() as u64 + 1;
        offset += length;
        found.bytes += length;
    }
    Ok(None)
}

impl Found {
    fn add(&mut self, line: &Line<'_>, anchored: Option<u64>) -> Result<(), Fault> {
        let head = match self.head {
            Some(_) => Entry::follow(self.head, line)?,
            None => {
                self.before = Some(Before { number: line.number, prev: line.prev });
                Entry { number: line.number, seal: line.seal }
            }
        };
        if anchored == Some(line.number) {
            self.anchored = Some(head);
        }
        self.head = Some(head);
        self.lines += 1;
        self.texts += u64::from(line.kind == TEXT);
        Ok(())
    }
}

/// The pieces so far, put together.
#[derive(Default)]
struct Sum {
    segment: u64,
    /// Lines of this segment.
    lines: u64,
    texts: u64,
    bytes: u64,
    head: Option<Entry>,
    anchored: Option<Entry>,
}

impl Sum {
    fn add(&mut self, piece: &Piece, found: Found) -> Result<(), LedgerError> {
        if self.segment != piece.segment {
            (self.segment, self.lines) = (piece.segment, 0);
        }
        if let Some(Before { number, prev }) = found.before {
            Entry::follow_link(self.head, number, prev)
                .map_err(|fault| fault.at(self.segment, self.lines + 1, self.head))?;
        }
        self.lines += found.lines;
        self.texts += found.texts;
        self.bytes += found.bytes;
        self.head = found.head.or(self.head);
        self.anchored = found.anchored.or(self.anchored);
        match found.error {
            None => Ok(()),
            Some(Stop::Fault(fault)) => Err(fault.at(self.segment, self.lines + 1, self.head)),
            Some(Stop::Torn { offset, bytes }) => {
                Err(LedgerError::Torn { segment: self.segment, offset, bytes })
            }
            Some(Stop::Io(error)) => Err(error),
        }
    }
}
