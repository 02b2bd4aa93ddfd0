//! Checking pieces, on all cores.

use std::{
    io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom},
    sync::{Mutex, PoisonError},
    thread,
};

use crate::{
    folder::{Folder, segment_name},
    limits::{LINE_BYTES, READ_BYTES},
    line,
    lines::{Ending, read_line},
    verify::{
        found::{Found, Stop},
        pieces::{Piece, Pieces},
    },
};

/// Checks pieces, as many at once as there are cores; stops after a piece with an error, but not
/// before the pieces in front of it are checked. Gives the segment of each, and what was found.
pub(crate) fn check_all(
    folder: &Folder,
    last_segment: u64,
    piece_bytes: u64,
    anchored: Option<u64>,
) -> Vec<(u64, Found)> {
    let pieces = Mutex::new(Pieces::new(folder, last_segment, piece_bytes));
    let pieces = || pieces.lock().unwrap_or_else(PoisonError::into_inner);
    let work = || {
        let mut found = Vec::new();
        while let Some(piece) = { pieces().next() } {
            let (index, segment) = (piece.index, piece.segment);
            let one = check(folder, piece, anchored);
            if one.error.is_some() {
                pieces().end();
            }
            found.push((index, segment, one));
        }
        found
    };
    let cores = thread::available_parallelism().map_or(1, usize::from);
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
    // a piece is taken before the pieces in front of it are done, and none of those is left out
    found.sort_by_key(|(index, ..)| *index);
    found.into_iter().map(|(_, segment, found)| (segment, found)).collect()
}

fn check(folder: &Folder, piece: Piece, anchored: Option<u64>) -> Found {
    let mut found = Found::default();
    let Piece { segment, is_last, range, .. } = piece;
    let checked = match range {
        Ok(range) => check_lines(folder, segment, is_last, range, anchored, &mut found),
        Err(stop) => Ok(Some(stop)),
    };
    found.error = checked.unwrap_or_else(|error| {
        let error = folder.io(&segment_name(segment))(error);
        Some(Stop::Error(error))
    });
    found
}

fn check_lines(
    folder: &Folder,
    segment: u64,
    is_last: bool,
    (from, to): (u64, u64),
    anchored: Option<u64>,
    found: &mut Found,
) -> io::Result<Option<Stop>> {
    let mut reader = BufReader::with_capacity(READ_BYTES, folder.read_segment(segment)?);
    let mut offset = from;
    if offset > 0 {
        // the line that began before; if none did, its line feed is all that is left of it
        reader.seek(SeekFrom::Start(offset - 1))?;
        let most = LINE_BYTES as u64;
        let skipped = reader.by_ref().take(most + 1).skip_until(b'\n')? as u64;
        if skipped > most {
            // the piece that it begins in says so, too
            return Ok(Some(Stop::Fault(Ending::TooLong.fault())));
        }
        offset = (offset - 1).saturating_add(skipped);
    }
    let mut buffer = Vec::new();
    while offset < to || to == 0 {
        let ending = read_line(&mut reader, &mut buffer)?;
        match ending {
            Ending::Whole => {}
            Ending::Torn(bytes) if is_last => return Ok(Some(Stop::Torn { offset, bytes })),
            Ending::None if is_last => return Ok(Some(Stop::Torn { offset, bytes: 0 })),
            _ => return Ok(Some(Stop::Fault(ending.fault()))),
        }
        let line = match line::check(&buffer, segment, offset == 0) {
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
