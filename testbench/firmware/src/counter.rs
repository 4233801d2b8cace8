//! Cycles of module code: from the call of an entry thunk to its return, host functions left out.
//!
//! ```text
//!   begin ─ start ─ thunk ─ module ─ pause ─ host function ─ resume ─ module ─ stop ─ end
//!                   └──── counted ────┘                      └─ counted ─┘
//! ```
//!
//! A host function may have another module called: the outer call's part is put away meanwhile. All
//! arithmetic wraps around as the core's counter does, so that only the cycles of the module itself
//! must fit it, not those that the PC takes to serve a host function.

use core::cell::Cell;

use crate::guard::{FAULTED, guarded};
use crate::machine::counter::{self, Count};

/// What is known of the innermost call.
struct Counter {
    present: Cell<bool>,
    /// What the counter showed when module code was entered, plus what it counted outside.
    origin: Cell<Count>,
    last: Cell<Option<Count>>,
}

// SAFETY: there is one thread, and exception handlers do not use it.
unsafe impl Sync for Counter {}

static COUNTER: Counter = Counter {
    present: Cell::new(false),
    origin: Cell::new(0),
    last: Cell::new(None),
};

/// # Safety
///
/// None: it takes no data.
unsafe extern "C" fn turn_on(_: *mut ()) -> u32 {
    counter::turn_on().into()
}

/// Turns the core's counter on, if there is one. A core without may fault.
pub(crate) fn open() {
    // SAFETY: `turn_on` owns nothing.
    let on = unsafe { guarded(turn_on, core::ptr::null_mut()) };
    COUNTER.present.set(on != 0 && on != FAULTED);
}

fn now() -> Count {
    match COUNTER.present.get() {
        true => counter::now(),
        false => 0,
    }
}

/// The call of another module that is put away.
pub(crate) struct Outer(Count);

/// A call begins; give what this returns to [`end`].
pub(crate) fn begin() -> Outer {
    COUNTER.last.set(None);
    Outer(COUNTER.origin.get())
}

/// The call has ended, or faulted.
pub(crate) fn end(outer: Outer) {
    COUNTER.origin.set(outer.0);
}

/// Module code comes next.
pub(crate) fn start() {
    COUNTER.origin.set(now());
}

/// Module code has returned.
pub(crate) fn stop() {
    let cycles = now().wrapping_sub(COUNTER.origin.get());
    COUNTER.last.set(COUNTER.present.get().then_some(cycles));
}

/// A host function was called, at the moment that this returns.
pub(crate) fn pause() -> Count {
    now()
}

/// The host function returns.
pub(crate) fn resume(paused: Count) {
    let outside = now().wrapping_sub(paused);
    COUNTER
        .origin
        .set(COUNTER.origin.get().wrapping_add(outside));
}

/// Bits of the core's counter and the cycles of the last call, low word first; zeros if the core has
/// no counter or the call faulted.
pub(crate) fn last() -> [u32; 3] {
    match COUNTER.last.get() {
        Some(cycles) => {
            // A count of 32 bits has no other half.
            let high = cycles.checked_shr(32).unwrap_or(0);
            [Count::BITS, cycles as u32, high as u32]
        }
        None => [0; 3],
    }
}
