//! ZIP archives of entries that are stored and not compressed: the only ones that GenVM takes.
//!
//! What is written depends on the entries alone: no times, no attributes, in the order given. What
//! is read is what is written here, and what other tools write when they are told to store.

use std::fmt;

/// A file of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its path.
    pub name: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// Why bytes are no such archive, or entries make none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZipError(&'static str);

impl fmt::Display for ZipError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "zip: expected {}", self.0)
    }
}

impl std::error::Error for ZipError {}

const LOCAL: [u8; 4] = *b"PK\x03\x04";
const CENTRAL: [u8; 4] = *b"PK\x01\x02";
const END: [u8; 4] = *b"PK\x05\x06";

const CENTRAL_BYTES: usize = 46;
const END_BYTES: usize = 22;
const LOCAL_BYTES: usize = 30;

/// 2.0, the version that has nothing but this.
const VERSION: u16 = 20;

/// Names are UTF-8.
const UTF8: u16 = 1 << 11;

/// The first of January 1980: the earliest date that there is a form for.
const DATE: u16 = (1 << 5) | 1;

/// Writes an archive.
pub(super) fn write(entries: &[Entry]) -> Result<Vec<u8>, ZipError> {
    let mut out = Vec::new();
    let mut central = Vec::new();
    for Entry { name, bytes } in entries {
        let offset = size(out.len())?;
        let length = u16::try_from(name.len()).map_err(|_| ZipError("a name below 2^16 bytes"))?;
        let mut header = Vec::new();
        for word in [VERSION, UTF8, 0, 0, DATE] {
            header.extend(word.to_le_bytes());
        }
        header.extend(crc32(bytes).to_le_bytes());
        header.extend(size(bytes.len())?.to_le_bytes());
        header.extend(size(bytes.len())?.to_le_bytes());
        header.extend(length.to_le_bytes());
        header.extend([0; 2]); // no extra field
        out.extend(LOCAL.iter().chain(&header));
        out.extend(name.bytes());
        out.extend(bytes);
        central.extend(CENTRAL);
        central.extend(VERSION.to_le_bytes());
        central.extend(header);
        central.extend([0; 10]); // no comment, first disk, no attributes
        central.extend(offset.to_le_bytes());
        central.extend(name.bytes());
    }
    let count = u16::try_from(entries.len()).map_err(|_| ZipError("below 2^16 entries"))?;
    let start = size(out.len())?;
    let length = size(central.len())?;
    out.extend(central);
    out.extend(END);
    out.extend([0; 4]);
    out.extend([count.to_le_bytes(), count.to_le_bytes()].concat());
    out.extend([length.to_le_bytes(), start.to_le_bytes()].concat());
    out.extend([0; 2]); // no comment
    Ok(out)
}

fn size(length: usize) -> Result<u32, ZipError> {
    u32::try_from(length).map_err(|_| ZipError("less than 4 GiB"))
}

/// Reads an archive.
pub(super) fn read(archive: &[u8]) -> Result<Vec<Entry>, ZipError> {
    let end = archive.len().checked_sub(END_BYTES).and_then(|at| archive.get(at..));
    let end =
        end.filter(|end| end.starts_with(&END)).ok_or(ZipError("an end without a comment"))?;
    let mut at = word(end, 16)?;
    let mut entries = Vec::new();
    for _ in 0..half(end, 10)? {
        let header = archive.get(at..).filter(|header| header.starts_with(&CENTRAL));
        let header = header.ok_or(ZipError("an entry of the directory"))?;
        if half(header, 10)? != 0 || word(header, 20)? != word(header, 24)? {
            return Err(ZipError("entries that are stored and not compressed"));
        }
        let name = part(header, CENTRAL_BYTES, half(header, 28)?)?;
        let name = str::from_utf8(name).map_err(|_| ZipError("names in UTF-8"))?.to_owned();
        let local = archive.get(word(header, 42)?..).filter(|local| local.starts_with(&LOCAL));
        let local = local.ok_or(ZipError("an entry where the directory says"))?;
        let start = LOCAL_BYTES + half(local, 26)? + half(local, 28)?;
        let bytes = part(local, start, word(header, 24)?)?.to_vec();
        if word(header, 16)? != usize::try_from(crc32(&bytes)).unwrap_or(0) {
            return Err(ZipError("bytes that fit their checksum"));
        }
        entries.push(Entry { name, bytes });
        at += CENTRAL_BYTES + half(header, 28)? + half(header, 30)? + half(header, 32)?;
    }
    Ok(entries)
}

fn part(bytes: &[u8], at: usize, length: usize) -> Result<&[u8], ZipError> {
    let part = at.checked_add(length).and_then(|end| bytes.get(at..end));
    part.ok_or(ZipError("an archive that is not cut off"))
}

fn half(bytes: &[u8], at: usize) -> Result<usize, ZipError> {
    Ok(part(bytes, at, 2)?.iter().rev().fold(0, |value, byte| value << 8 | usize::from(*byte)))
}

fn word(bytes: &[u8], at: usize) -> Result<usize, ZipError> {
    Ok(part(bytes, at, 4)?.iter().rev().fold(0, |value, byte| value << 8 | usize::from(*byte)))
}

fn crc32(bytes: &[u8]) -> u32 {
    let bit = |crc: u32| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
    !bytes.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| bit(crc)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries() -> Vec<Entry> {
        [("a.json", b"{}".as_slice()), ("folder/b.wasm", b"\0asm"), ("empty", b"")]
            .map(|(name, bytes)| Entry { name: name.to_owned(), bytes: bytes.to_vec() })
            .into()
    }

    #[test]
    fn what_is_written_is_read() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        let archive = write(&entries()).unwrap();
        assert_eq!(read(&archive).unwrap(), entries());
        assert_eq!(write(&entries()).unwrap(), archive);
        assert_eq!(read(&write(&[]).unwrap()).unwrap(), []);
    }

    #[test]
    fn damage_is_found() {
        let archive = write(&entries()).unwrap();
        for end in 0..archive.len() {
            assert!(read(&archive[..end]).is_err(), "{end}");
        }
        let refused = |at: usize, byte: u8| {
            let mut archive = archive.clone();
            archive[at] = byte;
            read(&archive).unwrap_err().to_string()
        };
        let content = archive.windows(4).position(|bytes| bytes == b"\0asm").unwrap();
        assert_eq!(refused(content, 1), "zip: expected bytes that fit their checksum");
        let central = archive.windows(4).position(|bytes| *bytes == CENTRAL).unwrap();
        assert_eq!(
            refused(central + 10, 8),
            "zip: expected entries that are stored and not compressed"
        );
        assert_eq!(refused(0, 0), "zip: expected an entry where the directory says");
        assert_eq!(refused(central, 0), "zip: expected an entry of the directory");
    }
}
