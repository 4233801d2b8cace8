//! The clock.

use wasm2mcu_host::Clock;

use crate::world::{STEP, World};

/// The clock of a [`World`]: who looks at it passes a microsecond.
#[derive(Clone, Copy, Debug)]
pub struct VirtualClock<'w>(pub(crate) &'w World<'w>);

impl Clock for VirtualClock<'_> {
    fn now(&mut self) -> u64 {
        self.0.advance(self.0.time().saturating_add(STEP));
        self.0.time()
    }

    fn resolution(&mut self) -> u64 {
        STEP
    }

    fn idle(&mut self, until: u64) {
        // No longer than nothing comes from outside, so that no change is missed.
        let next = self.0.next_stimulus().unwrap_or(u64::MAX);
        self.0.advance(until.min(next));
    }
}
