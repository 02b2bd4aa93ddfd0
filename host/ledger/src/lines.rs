//! Cutting bytes into lines.

use std::io::{self, BufRead, Read as _};

use crate::{fault::Fault, limits::LINE_BYTES};

/// How a line ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Ending {
    /// With a line feed.
    Whole,
    /// With the file, after so many bytes.
    Torn(u64),
    /// It does not begin.
    None,
    /// After more bytes than a line may have, or never.
    TooLong,
}

impl Ending {
    /// What is wrong with an ending other than [`Ending::Whole`], where no line may be torn.
    pub(crate) fn fault(self) -> Fault {
        Fault::Damage(match self {
            Self::TooLong => format!("expected a line of at most {LINE_BYTES} bytes"),
            Self::None => "expected a record".to_owned(),
            Self::Torn(_) | Self::Whole => "expected the end of the line".to_owned(),
        })
    }
}

/// Reads a line into the buffer, which is emptied before, and takes the line feed off.
///
/// A line that is too long is not read to its end, which may never come: no write that was cut
/// short leaves one, so it is not asked whether it is torn.
pub(crate) fn read_line(reader: &mut impl BufRead, buffer: &mut Vec<u8>) -> io::Result<Ending> {
    buffer.clear();
    let most = LINE_BYTES as u64;
    let read = reader.by_ref().take(most).read_until(b'\n', buffer)? as u64;
    if buffer.pop_if(|last| *last == b'\n').is_some() {
        return Ok(Ending::Whole);
    }
    Ok(match read {
        0 => Ending::None,
        read if read < most => Ending::Torn(read),
        _ => Ending::TooLong,
    })
}
