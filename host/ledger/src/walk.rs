//! Reading a ledger from one end to the other, each line checked on the way.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read as _, Seek as _, SeekFrom},
};

use serde::{Deserialize, Serialize};

use super::{
    LedgerError,
    entry::Entry,
    folder::Folder,
    line::{self, Fault, LINE_BYTES, Line, TEXT},
    texts::Texts,
};

/// Bytes that are read at once.
pub(super) const READ_BYTES: usize = 256 << 10;

/// Where a record begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Position {
    /// The segment, from 1.
    pub segment: u64,
    /// Bytes of the segment before the record.
    pub offset: u64,
}

/// How far a walk has come: everything before is checked, or was once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reached {
    /// Where the next record begins.
    pub(super) position: Position,
    /// Lines of the segment before it.
    pub(super) lines: u64,
    /// The last record.
    pub(super) head: Option<Entry>,
    /// Where that one begins.
    pub(super) last: Position,
}

impl Reached {
    pub(super) const NOTHING: Self = {
        let start = Position { segment: 1, offset: 0 };
        Self { position: start, lines: 0, head: None, last: start }
    };
}

/// A walk over the records.
#[derive(Debug)]
pub(super) struct Walk {
    folder: Folder,
    last_segment: u64,
    pub(super) reached: Reached,
    /// The texts met on the way, and those known before.
    pub(super) texts: Texts,
    reader: Option<BufReader<File>>,
    /// The line read last, without its line feed.
    pub(super) buffer: Vec<u8>,
}

impl Walk {
    /// A walk that goes on from there.
    pub(super) fn new(folder: Folder, reached: Reached, texts: Texts) -> Result<Self, LedgerError> {
        let last_segment = folder.last_segment()?;
        Ok(Self { folder, last_segment, reached, texts, reader: None, buffer: Vec::new() })
    }

    /// The next record, and where it begins. At the end of the last segment there is none.
    pub(super) fn next(&mut self) -> Result<Option<(Line<'_>, Position)>, LedgerError> {
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
        let head = Entry::follow(head, &line).map_err(fault)?;
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
        let path = self.folder.segment(segment);
        let reader = match &mut self.reader {
            Some(reader) => reader,
            None => {
                let mut file = match File::open(&path) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {
                        return Err(missing(segment).at(segment, lines + 1, head));
                    }
                    file => file.map_err(LedgerError::io(&path))?,
                };
                file.seek(SeekFrom::Start(offset)).map_err(LedgerError::io(&path))?;
                self.reader.insert(BufReader::with_capacity(READ_BYTES, file))
            }
        };
        read_line(reader, &mut self.buffer).map_err(LedgerError::io(&path))
    }
}

/// A segment that is not there, though one after it is.
pub(super) fn missing(segment: u64) -> Fault {
    Fault::Damage(format!("expected the file {segment:06}.jsonl"))
}

/// How a line ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Ending {
    /// With a line feed.
    Whole,
    /// With the file, after so many bytes.
    Torn(u64),
    /// It does not begin.
    None,
    /// After more bytes than a line may have.
    TooLong,
}

impl Ending {
    /// What is wrong with an ending other than [`Ending::Whole`], where no line may be torn.
    pub(super) fn fault(self) -> Fault {
        Fault::Damage(match self {
            Self::TooLong => format!("expected a line of at most {LINE_BYTES} bytes"),
            Self::None => "expected a record".to_owned(),
            Self::Torn(_) | Self::Whole => "expected the end of the line".to_owned(),
        })
    }
}

/// Reads a line into the buffer, which is emptied before, and takes the line feed off.
pub(super) fn read_line(reader: &mut impl BufRead, buffer: &mut Vec<u8>) -> io::Result<Ending> {
    buffer.clear();
    let most = LINE_BYTES as u64;
    let read = reader.by_ref().take(most).read_until(b'\n', buffer)? as u64;
    if buffer.pop_if(|last| *last == b'\n').is_some() {
        return Ok(Ending::Whole);
    }
    if read < most {
        return Ok(if read == 0 { Ending::None } else { Ending::Torn(read) });
    }
    // too long for a record; whether it ends makes the difference between damage and a torn line
    let mut read = read;
    loop {
        let bytes = reader.fill_buf()?;
        if bytes.contains(&b'\n') {
            return Ok(Ending::TooLong);
        }
        let length = bytes.len();
        if length == 0 {
            return Ok(Ending::Torn(read));
        }
        reader.consume(length);
        read += length as u64;
    }
}
