//! How much memory a piece of code takes: the same on every machine and in every run, unlike its
//! time. All that it asked for in sum bounds its work, too.
//!
//! Who measures has this as its allocator:
//!
//! ```ignore
//! #[global_allocator]
//! static ALLOCATOR: Counting = Counting;
//! ```

#![allow(
    unsafe_code,
    reason = "an allocator is unsafe; it hands everything on to that of the system"
)]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

/// The system's allocator, with counts for each thread.
#[derive(Debug)]
pub struct Counting;

/// Bytes that a piece of code asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Allocated {
    /// The most that it held at one time.
    pub peak: usize,
    /// In sum, with what it gave back.
    pub sum: usize,
}

thread_local! {
    static HELD: Cell<usize> = const { Cell::new(0) };
    static PEAK: Cell<usize> = const { Cell::new(0) };
    static SUM: Cell<usize> = const { Cell::new(0) };
}

fn took(bytes: usize) {
    // nothing is counted of a thread that is ending
    let _ = HELD.try_with(|held| {
        held.set(held.get().saturating_add(bytes));
        let _ = PEAK.try_with(|peak| peak.set(peak.get().max(held.get())));
    });
    let _ = SUM.try_with(|sum| sum.set(sum.get().saturating_add(bytes)));
}

fn gave(bytes: usize) {
    // what another thread took may be given back here
    let _ = HELD.try_with(|held| held.set(held.get().saturating_sub(bytes)));
}

// SAFETY: every call is the same call of the system's allocator
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        took(layout.size());
        // SAFETY: the caller's
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        gave(layout.size());
        // SAFETY: the caller's
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // both are there while one is copied to the other
        took(size);
        gave(layout.size());
        // SAFETY: the caller's
        unsafe { System.realloc(pointer, layout, size) }
    }
}

/// What a piece of code takes on this thread.
pub fn measure<T>(code: impl FnOnce() -> T) -> (T, Allocated) {
    let before = HELD.get();
    PEAK.set(before);
    SUM.set(0);
    let result = code();
    (result, Allocated { peak: PEAK.get().saturating_sub(before), sum: SUM.get() })
}
