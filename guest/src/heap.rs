//! The allocator of the component: blocks one after another, all taken back at once.
//!
//! A call allocates while it works and has freed everything when the host has read its result. So
//! nothing is gained by looking for holes: memory is taken from the top, and when the last block is
//! freed the next call starts at the bottom again. What a call needs, in memory and in fuel, does
//! not depend on the calls before it.
//!
//! A call that leaves something behind, a catalog or a policy, raises the bottom: the blocks that
//! are in use when the next call begins stay, and calls start above them.
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
    /// Where memory ends, as far as the heap knows.
    end: Cell<usize>,
    /// Blocks that stay, and where they end; 0 before the first.
    kept: Cell<usize>,
    bottom: Cell<usize>,
    /// The call leaves something behind.
    settling: Cell<bool>,
}

// SAFETY: the module has no threads: it is valid without the feature.
unsafe impl Sync for Heap {}

unsafe extern "C" {
    /// Where the linker ends what it has placed in memory.
    static __heap_base: u8;
}

impl Heap {
    pub const fn new() -> Self {
        Self {
            live: Cell::new(0),
            top: Cell::new(0),
            end: Cell::new(0),
            kept: Cell::new(0),
            bottom: Cell::new(0),
            settling: Cell::new(false),
        }
    }

    /// What this call leaves behind stays. A call that does not say so must neither leave, nor
    /// free, nor grow anything that stays.
    pub fn settle(&self) {
        self.settling.set(true);
    }

    /// A call begins: its arguments are about to be put in memory, and nothing of the call before
    /// is in use any more but what it leaves behind.
    pub fn begin(&self) {
        if self.settling.replace(false) {
            self.kept.set(self.live.get());
            self.bottom.set(self.top.get());
            // what a decision takes for itself is less than what reading the catalog took: grown
            // now, the first decision needs the fuel of any other
            let room = (self.top.get() - Self::base()) / 2 + (PAGE_BYTES << 2);
            self.reach(self.top.get().saturating_add(room));
        }
    }

    /// Makes memory usable up to `end`.
    #[cold]
    #[inline(never)]
    fn reach(&self, end: usize) -> bool {
        let pages = end.div_ceil(PAGE_BYTES);
        let have = memory_size::<0>();
        let grown = pages <= have || memory_grow::<0>(pages - have) != usize::MAX;
        if grown {
            self.end.set(memory_size::<0>().saturating_mul(PAGE_BYTES));
        }
        grown
    }

    /// A block beyond what is known of memory, the first one too; null if there is no room.
    #[cold]
    #[inline(never)]
    fn alloc_further(&self, layout: Layout) -> *mut u8 {
        if self.bottom.get() == 0 {
            self.bottom.set(Self::base());
        }
        let top = self.top.get().max(Self::base());
        let Some(start) = top.checked_next_multiple_of(layout.align()) else { return null_mut() };
        let Some(end) = start.checked_add(layout.size()) else { return null_mut() };
        if !self.reach(end) {
            return null_mut();
        }
        self.take(start, end)
    }

    fn take(&self, start: usize, end: usize) -> *mut u8 {
        self.top.set(end);
        self.live.set(self.live.get() + 1);
        with_exposed_provenance_mut(start)
    }

    fn base() -> usize {
        (&raw const __heap_base).expose_provenance()
    }
}

// SAFETY: blocks lie between `top` as it was and `top` as it becomes, so they do not overlap; `top`
// goes down only over a block that is freed, or when none is in use but those below `bottom`. Calls
// are not inlined: there are a thousand of them.
unsafe impl GlobalAlloc for Heap {
    #[inline(never)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // neither sum wraps: memory ends before the addresses do, and a size is less than half of
        // them; before the first block `end` is 0
        let start = (self.top.get() + (layout.align() - 1)) & !(layout.align() - 1);
        let end = start.wrapping_add(layout.size());
        if end > self.end.get() || end < start {
            return self.alloc_further(layout);
        }
        self.take(start, end)
    }

    #[inline(never)]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let live = self.live.get() - 1;
        self.live.set(live);
        if live == self.kept.get() {
            self.top.set(self.bottom.get());
        } else if block.addr() + layout.size() == self.top.get() {
            self.top.set(block.addr());
        }
    }

    #[inline(never)]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if block.addr() + layout.size() == self.top.get() {
            let Some(end) = block.addr().checked_add(size) else { return null_mut() };
            if end > self.end.get() && !self.reach(end) {
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
