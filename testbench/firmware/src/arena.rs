//! Memory for images and instances, taken from the front and given back all at once.

use core::cell::Cell;
use core::ptr;
use core::slice;

/// A range of memory that nothing else uses.
pub(crate) struct Arena {
    start: usize,
    next: Cell<usize>,
    end: usize,
}

impl Arena {
    /// The memory from `start` up to `end`.
    ///
    /// # Safety
    ///
    /// It is plain memory, and no other code or arena uses it.
    pub(crate) const unsafe fn new(start: usize, end: usize) -> Self {
        Self {
            start,
            next: Cell::new(start),
            end,
        }
    }

    /// Whether there is nothing to give.
    pub(crate) fn is_empty(&self) -> bool {
        self.start >= self.end
    }

    /// `bytes` bytes at a multiple of `align`, with whatever was in them; or how many are left.
    pub(crate) fn take(&self, bytes: usize, align: usize) -> Result<&'static mut [u8], usize> {
        let begin = self.next.get().next_multiple_of(align);
        let left = self.end.saturating_sub(begin);
        if bytes > left {
            return Err(left);
        }
        self.next.set(begin + bytes);
        let begin = ptr::with_exposed_provenance_mut(begin);
        // SAFETY: the range is the arena's by the promise of `new`, and was not given out before
        // or given back since. Any bytes are initialised memory to this core.
        Ok(unsafe { slice::from_raw_parts_mut(begin, bytes) })
    }

    /// Takes everything back.
    ///
    /// # Safety
    ///
    /// Nothing that was taken is used any more.
    pub(crate) unsafe fn reset(&self) {
        self.next.set(self.start);
    }
}
