//! Time and waiting (`wasi:clocks/monotonic-clock`).

use core::ops::{Add, Sub};
use core::time::Duration;

use embedded_hal::delay::DelayNs;

use crate::raw;

/// A duration as the host takes it: of what does not fit, as much as does, five centuries.
pub(crate) fn nanoseconds(duration: Duration) -> u64 {
    let seconds = duration.as_secs().saturating_mul(1_000_000_000);
    seconds.saturating_add(duration.subsec_nanos().into())
}

/// A moment on the monotonic clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(u64);

impl Instant {
    /// Now.
    pub fn now() -> Self {
        Instant(raw::clock::now())
    }

    /// The moment that is so many nanoseconds behind the clock's beginning, as events and readings are stamped.
    pub const fn from_nanoseconds(nanoseconds: u64) -> Self {
        Instant(nanoseconds)
    }

    /// Nanoseconds since the clock's beginning.
    pub const fn nanoseconds(self) -> u64 {
        self.0
    }

    /// How long ago this was; zero if it is yet to come.
    pub fn elapsed(self) -> Duration {
        Instant::now() - self
    }
}

impl Add<Duration> for Instant {
    type Output = Instant;

    fn add(self, duration: Duration) -> Instant {
        Instant(self.0.saturating_add(nanoseconds(duration)))
    }
}

impl Sub for Instant {
    type Output = Duration;

    /// The time since `earlier`; zero if it was later.
    fn sub(self, earlier: Instant) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

/// The time between two values of the clock.
pub fn resolution() -> Duration {
    Duration::from_nanos(raw::clock::resolution())
}

/// Waits. The host may sleep, or run others meanwhile.
pub fn sleep(duration: Duration) {
    raw::clock::wait_for(nanoseconds(duration));
}

/// Waits for a moment, not at all if it has passed.
pub fn sleep_until(moment: Instant) {
    raw::clock::wait_until(moment.0);
}

/// Waits, for drivers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Delay;

impl DelayNs for Delay {
    fn delay_ns(&mut self, ns: u32) {
        raw::clock::wait_for(ns.into());
    }

    fn delay_us(&mut self, us: u32) {
        raw::clock::wait_for(u64::from(us) * 1_000);
    }

    fn delay_ms(&mut self, ms: u32) {
        raw::clock::wait_for(u64::from(ms) * 1_000_000);
    }
}
