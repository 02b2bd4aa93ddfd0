//! How one record follows on another.

use crate::{digest::Digest, entry::Entry, fault::Fault, line::Line};

/// The number and the seal that the record after this one carries.
pub(crate) fn next(head: Option<Entry>) -> (u64, Digest) {
    // a line may claim any number; that it cannot be the one before is seen elsewhere
    head.map_or((0, Digest::ZERO), |head| (head.number.wrapping_add(1), head.seal))
}

/// Whether a line follows on this head; gives the new head.
pub(crate) fn follow(head: Option<Entry>, line: &Line<'_>) -> Result<Entry, Fault> {
    follow_link(head, line.number, line.prev)?;
    Ok(Entry { number: line.number, seal: line.seal })
}

/// Whether a record of this number, after this seal, follows on this head.
pub(crate) fn follow_link(head: Option<Entry>, number: u64, prev: Digest) -> Result<(), Fault> {
    let expected = next(head);
    if number != expected.0 {
        return Err(Fault::Damage(format!("expected the number {}, got {number}", expected.0)));
    }
    if prev != expected.1 {
        return Err(Fault::Damage(format!("expected the prev {}, got {prev}", expected.1)));
    }
    Ok(())
}
