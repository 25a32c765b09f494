//! What a thread holds of the heap, counted: for tests and fuzz targets, which hold it against what was set aside. A program
//! that wants it declares `#[global_allocator] static COUNTING: Counting = Counting;`.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The system's allocator, with a tally.
#[derive(Debug)]
pub struct Counting;

thread_local! {
    /// What this thread took less what it gave back, and the most that this was.
    static HELD: Cell<(i64, i64)> = const { Cell::new((0, 0)) };
}

/// What the work gives, and the most bytes that it held at any time beyond those that were held before.
pub fn most_held<T>(work: impl FnOnce() -> T) -> (T, u64) {
    let (before, _) = HELD.get();
    HELD.set((before, before));
    let done = work();
    (done, u64::try_from(HELD.get().1 - before).unwrap_or(0))
}

fn note(taken: usize, given: usize) {
    // A thread that ends may free when its tally is gone.
    let _ = HELD.try_with(|held| {
        let now = held.get().0 + taken as i64 - given as i64;
        held.set((now, held.get().1.max(now)));
    });
}

#[expect(unsafe_code, reason = "an allocator has no other face")]
// SAFETY: all is done by the system's allocator; the tally allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(layout.size(), 0);
        // SAFETY: what the caller promises is what the system's allocator asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note(layout.size(), 0);
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note(size, layout.size());
        // SAFETY: as above.
        unsafe { System.realloc(place, layout, size) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        note(0, layout.size());
        // SAFETY: as above.
        unsafe { System.dealloc(place, layout) }
    }
}
