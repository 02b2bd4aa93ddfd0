//! The allocator of the component: blocks one after another, all taken back at once.
//!
//! A call allocates while it works and has freed everything when the host has read its result. So
//! nothing is gained by looking for holes: memory is taken from the top, and when the last block is
//! freed the next call starts at the bottom again. What a call needs, in memory and in fuel, does
//! not depend on the calls before it.
#![expect(unsafe_code, reason = "an allocator")]

use core::alloc::{GlobalAlloc, Layout};
use core::arch::wasm32::{memory_grow, memory_size};
use core::cell::Cell;
use core::ptr::{copy_nonoverlapping, null_mut, with_exposed_provenance_mut};

const PAGE_BYTES: usize = 1 << 16;

pub struct Heap {
    /// Blocks in use.
    live: Cell<usize>,
    /// Where the next block may start; 0 before the first.
    top: Cell<usize>,
}

// SAFETY: the module has no threads: it is valid without the feature.
unsafe impl Sync for Heap {}

unsafe extern "C" {
    /// Where the linker ends what it has placed in memory.
    static __heap_base: u8;
}

impl Heap {
    pub const fn new() -> Self {
        Self { live: Cell::new(0), top: Cell::new(0) }
    }

    /// Makes memory usable up to `end`.
    fn reach(end: usize) -> bool {
        let pages = end.div_ceil(PAGE_BYTES);
        let have = memory_size::<0>();
        pages <= have || memory_grow::<0>(pages - have) != usize::MAX
    }

    fn bottom() -> usize {
        (&raw const __heap_base).expose_provenance()
    }
}

// SAFETY: blocks lie between `top` as it was and `top` as it becomes, so they do not overlap; `top`
// goes down only over a block that is freed, or when none is in use. Calls are not inlined: there
// are a thousand of them.
unsafe impl GlobalAlloc for Heap {
    #[inline(never)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let top = if self.live.get() == 0 { Self::bottom() } else { self.top.get() };
        let Some(start) = top.checked_next_multiple_of(layout.align()) else { return null_mut() };
        let Some(end) = start.checked_add(layout.size()) else { return null_mut() };
        if !Self::reach(end) {
            return null_mut();
        }
        self.top.set(end);
        self.live.set(self.live.get() + 1);
        with_exposed_provenance_mut(start)
    }

    #[inline(never)]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        self.live.set(self.live.get() - 1);
        if block.addr() + layout.size() == self.top.get() {
            self.top.set(block.addr());
        }
    }

    #[inline(never)]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if block.addr() + layout.size() == self.top.get() {
            let Some(end) = block.addr().checked_add(size) else { return null_mut() };
            if !Self::reach(end) {
                return null_mut();
            }
            self.top.set(end);
            return block;
        }
        if size <= layout.size() {
            return block;
        }
        // SAFETY: the alignment is that of a valid layout; the allocator refuses sizes that do not fit.
        let moved = unsafe { self.alloc(Layout::from_size_align_unchecked(size, layout.align())) };
        if !moved.is_null() {
            // SAFETY: the new block is larger and does not overlap the old one.
            unsafe {
                copy_nonoverlapping(block, moved, layout.size());
                self.dealloc(block, layout);
            }
        }
        moved
    }
}
