//! The routine that the compiler calls to compare bytes.
#![expect(unsafe_code, reason = "C ABI")]

use core::slice::from_raw_parts;

use crate::bytes::common_of_equal_length;

/// Takes the place of the one in the target's library, which looks at single bytes.
///
/// # Safety
///
/// That of C: there are so many bytes at both places.
#[unsafe(no_mangle)]
#[inline(never)] // there are hundreds of calls
unsafe extern "C" fn memcmp(left: *const u8, right: *const u8, length: usize) -> i32 {
    // SAFETY: the caller's; and no place that the compiler gives is null, even for no bytes.
    let (left, right) = unsafe { (from_raw_parts(left, length), from_raw_parts(right, length)) };
    let byte = |bytes: &[u8], at| bytes.get(at).map_or(0, |byte| i32::from(*byte));
    // in a search by halves most names differ here
    if byte(left, 0) != byte(right, 0) {
        return byte(left, 0) - byte(right, 0);
    }
    let same = common_of_equal_length(left, right);
    byte(left, same) - byte(right, same)
}
