//! Looking up one line by its place.

use std::io::{self, BufReader, Read as _, Seek as _, SeekFrom};

use crate::{
    error::LedgerError,
    folder::{Folder, segment_name},
    limits::EXACT,
    lines::{Ending, read_line},
    position::Position,
};

/// The line that begins there, without its line feed; none if no whole line does.
pub(crate) fn read_at(folder: &Folder, at: Position) -> Result<Option<Vec<u8>>, LedgerError> {
    // a checkpoint may name any place; a system refuses to look beyond some of them
    if at.offset > EXACT {
        return Ok(None);
    }
    let read = || -> io::Result<Option<Vec<u8>>> {
        let mut reader = BufReader::new(folder.read_segment(at.segment)?);
        // the line feed of the line before is read too
        reader.seek(SeekFrom::Start(at.offset.saturating_sub(1)))?;
        let mut before = [b'\n'];
        if at.offset > 0 && reader.read(&mut before)? == 0 {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        let ending = read_line(&mut reader, &mut bytes)?;
        Ok((before == *b"\n" && ending == Ending::Whole).then_some(bytes))
    };
    match read() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        result => result.map_err(folder.io(&segment_name(at.segment))),
    }
}
