//! The bounds of everything that is read or written, each with its reason.

/// Bytes of a line, its line feed included: what reads a ledger holds one line in memory. A record
/// may carry a request of 16 MiB four times.
pub(crate) const LINE_BYTES: usize = 64 << 20;

/// What a line has beside its body, at most: a time, a kind of 64 bytes, a number of 20 digits, two
/// seals of 64, and the names of the members, together less than 400 bytes.
pub(crate) const ENVELOPE_BYTES: usize = 512;

/// Levels of a body. Every JSON reader takes as many, and a reader that calls itself needs little
/// stack for them.
pub(crate) const LEVELS: u32 = 100;

/// Bytes of a kind: a short word.
pub(crate) const KIND_BYTES: usize = 64;

/// The largest magnitude up to which a double holds every integer, and so canonical JSON. No offset
/// and no number of a record is larger: it is 8 PiB.
pub(crate) const EXACT: u64 = 1 << 53;

/// Bytes of texts that may wait for a record that refers to them; then they are written alone.
pub(crate) const WAITING_BYTES: usize = 1 << 20;

/// Bytes that are read at once.
pub(crate) const READ_BYTES: usize = 256 << 10;

/// Bytes of a piece of a segment that one thread verifies: large beside what starting it costs,
/// small beside a segment, so that all cores have work.
pub(crate) const PIECE_BYTES: u64 = 4 << 20;

/// The last segment there can be: their names have six digits, so that they are read in the order
/// of their names everywhere. Of 64 MiB each they are 61 TiB; a writer that comes here goes on in
/// the last one.
pub(crate) const SEGMENTS: u64 = 999_999;

/// Bytes of a checkpoint: two million texts. A ledger that has more has no checkpoint, and opening
/// reads all of it.
pub(crate) const CHECKPOINT_BYTES: u64 = 256 << 20;

/// Copies in the quarantine that no record tells of yet. A recovery leaves one if it is
/// interrupted; so many interruptions in a row are no accident.
pub(crate) const PENDING: usize = 1_000;

/// Characters of the name of another format, which an error repeats to the user.
pub(crate) const FORMAT_CHARS: usize = 64;
