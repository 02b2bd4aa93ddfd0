//! How the host asks for memory to put its arguments in; the C library that would bring it is not
//! linked in whole.
#![expect(unsafe_code, reason = "C ABI")]

use super::heap::HEAP;

/// The allocator of the canonical ABI.
///
/// # Safety
///
/// Called by the canonical ABI alone, which passes what an earlier call returned, or null and 0.
#[unsafe(no_mangle)]
unsafe extern "C" fn cabi_realloc(
    old: *mut u8,
    old_len: usize,
    align: usize,
    new_len: usize,
) -> *mut u8 {
    use alloc::alloc::{Layout, alloc, realloc};
    HEAP.begin();
    if new_len == 0 {
        return core::ptr::without_provenance_mut(align);
    }
    // SAFETY: by the canonical ABI `align` is a power of two, and `old` is a block of this
    // allocator with this length and alignment whenever `old_len` is not 0.
    let block = unsafe {
        if old_len == 0 {
            alloc(Layout::from_size_align_unchecked(new_len, align))
        } else {
            realloc(old, Layout::from_size_align_unchecked(old_len, align), new_len)
        }
    };
    if block.is_null() {
        core::arch::wasm32::unreachable()
    }
    block
}
