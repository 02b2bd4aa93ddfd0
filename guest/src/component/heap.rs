//! The allocator of the component: blocks one after another, all taken back at once.
//!
//! A call allocates while it works, and when the next one begins nothing of it is in use any more.
//! So nothing is gained by looking for holes, or by counting blocks: memory is taken from the top,
//! and every call starts at the bottom. What a call needs, in memory and in fuel, does not depend
//! on the calls before it.
//!
//! A call that leaves something behind, a catalog or a policy, raises the bottom: all that it took
//! stays, and calls start above it. A call that makes room for what stays raises it at once: what it
//! takes later does not stay.
#![expect(unsafe_code, reason = "an allocator")]

use core::alloc::{GlobalAlloc, Layout};
use core::arch::wasm32::{memory_grow, memory_size};
use core::cell::Cell;
use core::ptr::{copy_nonoverlapping, null_mut, with_exposed_provenance_mut};

const PAGE_BYTES: usize = 1 << 16;

#[global_allocator]
pub static HEAP: Heap = Heap::new();

pub struct Heap {
    /// Where the next block may start; 0 before the first.
    top: Cell<usize>,
    /// Where memory ends, as far as the heap knows.
    end: Cell<usize>,
    /// Where what stays ends; 0 before the first block.
    bottom: Cell<usize>,
    /// A call has begun to run: the next arguments are those of another.
    running: Cell<bool>,
    /// The call leaves something behind.
    keeping: Cell<bool>,
}

// SAFETY: the module has no threads: it is valid without the feature.
unsafe impl Sync for Heap {}

unsafe extern "C" {
    /// Where the linker ends what it has placed in memory.
    static __heap_base: u8;
}

impl Heap {
    const fn new() -> Self {
        Self {
            top: Cell::new(0),
            end: Cell::new(0),
            bottom: Cell::new(0),
            running: Cell::new(false),
            keeping: Cell::new(false),
        }
    }

    /// A call has its arguments and begins to run.
    pub fn run(&self) {
        self.running.set(true);
    }

    /// What this call leaves behind stays. A call that does not say so must neither leave, nor
    /// free, nor grow anything that stays.
    pub fn keep(&self) {
        self.keeping.set(true);
    }

    /// A call without arguments that does nothing but begin, and end.
    pub fn settle(&self) {
        self.begin();
        self.run();
    }

    /// Arguments are about to be put in memory. With the first of a call, nothing of the call before
    /// is in use any more but what it leaves behind: its result has been read.
    pub fn begin(&self) {
        if !self.running.replace(false) {
            return;
        }
        if self.keeping.replace(false) {
            self.raise();
        } else {
            self.top.set(self.bottom.get());
        }
    }

    /// Calls start here from now on: what was taken up to now stays, and no more.
    pub fn raise(&self) {
        self.bottom.set(self.top.get());
        // what a decision takes for itself is less than what reading the catalog took: grown now,
        // the first decision needs the fuel of any other
        let room = (self.top.get() - Self::base()) / 2 + (PAGE_BYTES << 2);
        self.reach(self.top.get().saturating_add(room));
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
        self.top.set(end);
        with_exposed_provenance_mut(start)
    }

    fn base() -> usize {
        (&raw const __heap_base).expose_provenance()
    }
}

// SAFETY: blocks lie between `top` as it was and `top` as it becomes, so they do not overlap; `top`
// goes down only over a block that is freed, or when none is in use but those below `bottom`.
unsafe impl GlobalAlloc for Heap {
    #[inline(always)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // the first sum does not wrap: memory ends before the addresses do; before the first block
        // `end` is 0
        let start = (self.top.get() + (layout.align() - 1)) & !(layout.align() - 1);
        let end = start.wrapping_add(layout.size());
        if end > self.end.get() || end < start {
            return self.alloc_further(layout);
        }
        self.top.set(end);
        with_exposed_provenance_mut(start)
    }

    #[inline(never)]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if block.addr() + layout.size() == self.top.get() {
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
