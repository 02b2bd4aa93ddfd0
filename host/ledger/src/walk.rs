//! Reading a ledger from one end to the other, each line checked on the way.

use std::{
    fs::File,
    io::{self, BufReader, Seek as _, SeekFrom},
};

use crate::{
    chain,
    error::LedgerError,
    fault::Fault,
    folder::{Folder, segment_name},
    format::TEXT,
    limits::READ_BYTES,
    line::{self, Line},
    lines::{Ending, read_line},
    position::{Position, Reached},
    texts::Texts,
};

/// A walk over the records.
#[derive(Debug)]
pub(crate) struct Walk {
    folder: Folder,
    last_segment: u64,
    pub(crate) reached: Reached,
    /// The texts met on the way, and those known before.
    pub(crate) texts: Texts,
    reader: Option<BufReader<File>>,
    /// The line read last, without its line feed.
    pub(crate) buffer: Vec<u8>,
}

impl Walk {
    /// A walk that goes on from there.
    pub(crate) fn new(folder: Folder, reached: Reached, texts: Texts) -> Result<Self, LedgerError> {
        let last_segment = folder.segments()?.last;
        Ok(Self { folder, last_segment, reached, texts, reader: None, buffer: Vec::new() })
    }

    /// The next record, and where it begins. At the end of the last segment there is none.
    pub(crate) fn next(&mut self) -> Result<Option<(Line<'_>, Position)>, LedgerError> {
        let ending = loop {
            let ending = self.read_line()?;
            let whole = self.reached.position.offset > 0;
            if ending == Ending::None && whole && self.reached.position.segment < self.last_segment
            {
                self.reader = None;
                self.reached.position.segment += 1;
                self.reached.position.offset = 0;
                self.reached.lines = 0;
                continue;
            }
            break ending;
        };
        let Reached { position, lines, head, .. } = self.reached;
        let is_last = position.segment == self.last_segment;
        let fault = |fault: Fault| fault.at(position.segment, lines + 1, head);
        match ending {
            // between the making of a file and the first write to it
            Ending::None if position.offset > 0 => return Ok(None),
            Ending::None | Ending::Torn(_) if is_last => {
                let bytes = if let Ending::Torn(bytes) = ending { bytes } else { 0 };
                let Position { segment, offset } = position;
                return Err(LedgerError::Torn { segment, offset, bytes });
            }
            Ending::Whole => {}
            _ => return Err(fault(ending.fault())),
        }
        let length = self.buffer.len() as u64 + 1;
        let line = line::check(&self.buffer, position.segment, lines == 0).map_err(fault)?;
        let head = chain::follow(head, &line).map_err(fault)?;
        if line.kind == TEXT {
            self.texts.add_line(&line, position);
        }
        let after = Position { offset: position.offset + length, ..position };
        self.reached =
            Reached { position: after, lines: lines + 1, head: Some(head), last: position };
        Ok(Some((line, position)))
    }

    fn read_line(&mut self) -> Result<Ending, LedgerError> {
        let Reached { position: Position { segment, offset }, lines, head, .. } = self.reached;
        let io = |error| self.folder.io(&segment_name(segment))(error);
        let reader = match &mut self.reader {
            Some(reader) => reader,
            None => {
                let mut file = match self.folder.read_segment(segment) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {
                        return Err(missing(segment).at(segment, lines + 1, head));
                    }
                    file => file.map_err(io)?,
                };
                file.seek(SeekFrom::Start(offset)).map_err(io)?;
                self.reader.insert(BufReader::with_capacity(READ_BYTES, file))
            }
        };
        read_line(reader, &mut self.buffer).map_err(io)
    }
}

/// A segment that is not there, though one after it is.
pub(crate) fn missing(segment: u64) -> Fault {
    Fault::Damage(format!("expected the file {}", segment_name(segment)))
}
