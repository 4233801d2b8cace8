//! Subscriptions of an instance, and what happened.

use wasm2mcu_abi::hardware::Error;
use wasm2mcu_abi::hardware::events::{Event, Kind};
use wasm2mcu_abi::hardware::gpio::Edge;

/// Subscriptions at a time.
const SUBSCRIPTIONS: usize = 8;
/// Events that wait.
pub(crate) const QUEUE: usize = 16;

/// When a timer comes that has come for the last time.
const NEVER: u64 = u64::MAX;

/// What events are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Changes of a pin's level.
    Pin {
        /// The pin.
        pin: u32,
        /// Which changes.
        edge: Edge,
    },
    /// A timer.
    Timer {
        /// When it comes next, on the monotonic clock.
        next: u64,
        /// Nanoseconds from one time to the next; 0 = it comes once.
        period: u64,
    },
    /// Bytes at a serial port.
    Uart {
        /// The port.
        port: u32,
    },
    /// New readings.
    Sensor {
        /// The sensor.
        sensor: u32,
    },
}

#[derive(Clone, Copy, Debug)]
struct Subscription {
    number: u16,
    source: Source,
    /// What was last seen: a pin's level, bytes at a port.
    seen: u32,
}

/// Subscriptions and the queue of one instance.
///
/// A [`Hardware`](crate::Hardware) looks at the [`sources`](Events::sources) and says what it sees; what a module did not
/// subscribe to is passed over. Timers need nothing from it.
#[derive(Debug, Default)]
pub struct Events {
    subscriptions: [Option<Subscription>; SUBSCRIPTIONS],
    /// The number of the last subscription.
    last: u16,
    queue: [Option<Event>; QUEUE],
    /// Where the oldest event stands.
    first: usize,
    waiting: usize,
    lost: u32,
    /// A pin that the module waits for: what change, the level that was last seen, whether it came.
    watch: Option<Watch>,
}

#[derive(Clone, Copy, Debug)]
struct Watch {
    pin: u32,
    edge: Edge,
    level: bool,
    came: bool,
}

fn matches(edge: Edge, level: bool) -> bool {
    match edge {
        Edge::Rising => level,
        Edge::Falling => !level,
        Edge::Both => true,
    }
}

impl Events {
    /// What to look at, in no order.
    pub fn sources(&self) -> impl Iterator<Item = Source> + '_ {
        let watched = self.watch.iter().map(|watch| Source::Pin {
            pin: watch.pin,
            edge: watch.edge,
        });
        let subscribed = self.subscriptions.iter().flatten();
        subscribed
            .map(|subscription| subscription.source)
            .chain(watched)
    }

    /// The level of a pin is this. A change is an event; a level that was said before is none.
    pub fn pin(&mut self, pin: u32, level: bool, now: u64) {
        if let Some(watch) = &mut self.watch
            && watch.pin == pin
            && watch.level != level
        {
            watch.level = level;
            watch.came |= matches(watch.edge, level);
        }
        for index in 0..SUBSCRIPTIONS {
            let Some(Some(subscription)) = self.subscriptions.get_mut(index) else {
                continue;
            };
            let Source::Pin { pin: of, edge } = subscription.source else {
                continue;
            };
            if of != pin || subscription.seen == u32::from(level) {
                continue;
            }
            subscription.seen = u32::from(level);
            let number = subscription.number;
            if matches(edge, level) {
                self.push(number, Kind::Pin, u32::from(level), now);
            }
        }
    }

    /// So many bytes can be read from a serial port. More than were said before are an event.
    pub fn uart(&mut self, port: u32, available: u32, now: u64) {
        for index in 0..SUBSCRIPTIONS {
            let Some(Some(subscription)) = self.subscriptions.get_mut(index) else {
                continue;
            };
            if subscription.source != (Source::Uart { port }) {
                continue;
            }
            let more = available > subscription.seen;
            subscription.seen = available;
            let number = subscription.number;
            if more {
                self.push(number, Kind::Uart, available, now);
            }
        }
    }

    /// The module has read so many bytes from a serial port: as many that come in their place are new.
    pub(crate) fn uart_taken(&mut self, port: u32, bytes: u32) {
        for subscription in self.subscriptions.iter_mut().flatten() {
            if subscription.source == (Source::Uart { port }) {
                subscription.seen = subscription.seen.saturating_sub(bytes);
            }
        }
    }

    /// A sensor has a new reading.
    pub fn sensor(&mut self, sensor: u32, now: u64) {
        for index in 0..SUBSCRIPTIONS {
            if let Some(Some(subscription)) = self.subscriptions.get(index)
                && subscription.source == (Source::Sensor { sensor })
            {
                self.push(subscription.number, Kind::Sensor, sensor, now);
            }
        }
    }

    /// Whether an event waits to be taken.
    pub const fn is_waiting(&self) -> bool {
        self.waiting > 0
    }

    /// Takes the oldest event.
    pub(crate) fn take(&mut self) -> Option<Event> {
        let mut event = self.queue.get_mut(self.first)?.take()?;
        self.first = (self.first + 1) % QUEUE;
        self.waiting -= 1;
        event.lost = core::mem::take(&mut self.lost);
        Some(event)
    }

    /// `seen` is what is known already: the level of a pin, the bytes at a port.
    pub(crate) fn subscribe(&mut self, source: Source, seen: u32) -> Result<u16, Error> {
        let free = self.subscriptions.iter().position(Option::is_none);
        let index = free.ok_or(Error::NoSpace)?;
        // Numbers come again after 65535 others; those in use are passed over.
        let number = loop {
            self.last = self.last.checked_add(1).unwrap_or(1);
            let mut used = self.subscriptions.iter().flatten();
            if used.all(|subscription| subscription.number != self.last) {
                break self.last;
            }
        };
        if let Some(slot) = self.subscriptions.get_mut(index) {
            *slot = Some(Subscription {
                number,
                source,
                seen,
            });
        }
        Ok(number)
    }

    pub(crate) fn unsubscribe(&mut self, number: u32) -> Result<(), Error> {
        let of = |slot: &&mut Option<Subscription>| {
            slot.is_some_and(|subscription| u32::from(subscription.number) == number)
        };
        let slot = self.subscriptions.iter_mut().find(of);
        *slot.ok_or(Error::NotFound)? = None;
        // Its events go, the others close up.
        let (first, waiting) = (self.first, self.waiting);
        let old = core::mem::take(&mut self.queue);
        (self.first, self.waiting) = (0, 0);
        for offset in 0..waiting {
            if let Some(Some(event)) = old.get((first + offset) % QUEUE)
                && event.subscription != number
                && let Some(slot) = self.queue.get_mut(self.waiting)
            {
                *slot = Some(*event);
                self.waiting += 1;
            }
        }
        Ok(())
    }

    /// Timers whose time has come become events.
    pub(crate) fn elapse(&mut self, now: u64) {
        for index in 0..SUBSCRIPTIONS {
            let Some(slot) = self.subscriptions.get_mut(index) else {
                continue;
            };
            let Some(subscription) = slot else { continue };
            let Source::Timer { next, period } = &mut subscription.source else {
                continue;
            };
            if *next > now || *next == NEVER {
                continue;
            }
            let (number, when) = (subscription.number, *next);
            // What has passed since the time that was due, at least that one.
            let passed = match now.saturating_sub(*next).checked_div(*period) {
                Some(more) => more.saturating_add(1),
                None => 1,
            };
            match *period {
                0 => *next = NEVER,
                period => *next = next.saturating_add(period.saturating_mul(passed)),
            }
            let periods = u32::try_from(passed).unwrap_or(u32::MAX);
            self.push_timer(number, periods, when);
        }
    }

    /// When a timer comes next that makes an event then: one whose event waits counts on there, and where the queue is
    /// full there are no new ones.
    pub(crate) fn next_timer(&self) -> Option<u64> {
        if self.waiting == QUEUE {
            return None;
        }
        let timers = self.subscriptions.iter().flatten();
        let timers = timers.filter_map(|subscription| match subscription.source {
            Source::Timer { next, .. } if !self.waits(subscription.number) => Some(next),
            _ => None,
        });
        timers.min()
    }

    /// Whether an event of this subscription waits.
    fn waits(&self, number: u16) -> bool {
        let mut waiting = self.queue.iter().flatten();
        waiting.any(|event| event.subscription == u32::from(number))
    }

    /// Begins to watch a pin.
    pub(crate) const fn watch(&mut self, pin: u32, edge: Edge, level: bool) {
        self.watch = Some(Watch {
            pin,
            edge,
            level,
            came: false,
        });
    }

    /// Whether what is watched came.
    pub(crate) fn came(&self) -> bool {
        self.watch.is_some_and(|watch| watch.came)
    }

    /// Ends watching; whether it came.
    pub(crate) fn unwatch(&mut self) -> bool {
        self.watch.take().is_some_and(|watch| watch.came)
    }

    /// A timer whose event still waits counts on there.
    fn push_timer(&mut self, number: u16, periods: u32, now: u64) {
        let waiting = self.queue.iter_mut().flatten();
        let mut same = waiting.filter(|event| event.subscription == u32::from(number));
        match same.next() {
            Some(event) => event.value = event.value.saturating_add(periods),
            None => self.push(number, Kind::Timer, periods, now),
        }
    }

    fn push(&mut self, number: u16, kind: Kind, value: u32, now: u64) {
        let event = Event {
            subscription: u32::from(number),
            kind,
            value,
            lost: 0,
            timestamp: now,
        };
        let place = (self.first + self.waiting) % QUEUE;
        match self.queue.get_mut(place) {
            Some(slot) if self.waiting < QUEUE => {
                *slot = Some(event);
                self.waiting += 1;
            }
            _ => self.lost = self.lost.saturating_add(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Events, QUEUE, SUBSCRIPTIONS, Source};
    use wasm2mcu_abi::hardware::Error;
    use wasm2mcu_abi::hardware::events::Kind;
    use wasm2mcu_abi::hardware::gpio::Edge;

    fn pin(pin: u32, edge: Edge) -> Source {
        Source::Pin { pin, edge }
    }

    #[test]
    fn edges_are_told_from_levels() {
        let mut events = Events::default();
        let rising = events.subscribe(pin(5, Edge::Rising), 0).expect("room");
        let both = events.subscribe(pin(5, Edge::Both), 0).expect("room");
        events.pin(5, false, 1);
        assert!(!events.is_waiting());
        events.pin(6, true, 1);
        events.pin(5, true, 2);
        events.pin(5, true, 3);
        events.pin(5, false, 4);
        let taken: [_; 3] = core::array::from_fn(|_| {
            let event = events.take().expect("an event");
            (event.subscription, event.kind, event.value, event.timestamp)
        });
        assert_eq!(
            taken,
            [
                (rising.into(), Kind::Pin, 1, 2),
                (both.into(), Kind::Pin, 1, 2),
                (both.into(), Kind::Pin, 0, 4),
            ]
        );
        assert_eq!(events.take(), None);
    }

    #[test]
    fn timers_count_what_was_missed() {
        let mut events = Events::default();
        let source = Source::Timer {
            next: 100,
            period: 10,
        };
        events.subscribe(source, 0).expect("room");
        events.elapse(99);
        assert!(!events.is_waiting());
        assert_eq!(events.next_timer(), Some(100));
        events.elapse(125);
        assert_eq!(events.next_timer(), None, "nobody is woken to count on");
        events.elapse(130);
        assert_eq!(events.take().map(|event| event.value), Some(4));
        assert_eq!(events.next_timer(), Some(140));
        assert_eq!(events.take(), None);
        let once = Source::Timer {
            next: 140,
            period: 0,
        };
        events.subscribe(once, 0).expect("room");
        events.elapse(u64::MAX - 1);
        assert_eq!(events.take().map(|event| event.timestamp), Some(140));
        assert_eq!(events.take().map(|event| event.timestamp), Some(140));
        // Not even at the end of time.
        events.unsubscribe(1).expect("it is there");
        events.elapse(u64::MAX);
        assert_eq!(events.take(), None);
    }

    #[test]
    fn bytes_that_come_in_place_of_others_are_new() {
        let mut events = Events::default();
        events.subscribe(Source::Uart { port: 1 }, 0).expect("room");
        events.uart(1, 5, 0);
        assert_eq!(events.take().map(|event| event.value), Some(5));
        events.uart(1, 5, 1);
        assert_eq!(events.take(), None);
        events.uart_taken(1, 4);
        events.uart(1, 3, 2);
        assert_eq!(events.take().map(|event| event.value), Some(3));
    }

    #[test]
    fn a_full_queue_counts_what_it_drops() {
        let mut events = Events::default();
        events
            .subscribe(Source::Sensor { sensor: 1 }, 0)
            .expect("room");
        for now in 0..QUEUE as u64 + 3 {
            events.sensor(1, now);
        }
        let first = events.take().expect("an event");
        assert_eq!((first.timestamp, first.lost), (0, 3));
        events.sensor(1, 99);
        let mut last = first;
        while let Some(event) = events.take() {
            assert_eq!(event.lost, 0);
            last = event;
        }
        assert_eq!(last.timestamp, 99);
    }

    #[test]
    fn a_subscription_that_ends_takes_its_events_along() {
        let mut events = Events::default();
        let first = events.subscribe(Source::Uart { port: 0 }, 0).expect("room");
        let second = events.subscribe(Source::Uart { port: 1 }, 0).expect("room");
        for _ in 0..3 {
            events.uart(0, 1, 0);
            events.uart(1, 1, 0);
            events.uart(0, 0, 0);
            events.uart(1, 0, 0);
        }
        assert_eq!(events.unsubscribe(first.into()), Ok(()));
        assert_eq!(events.unsubscribe(first.into()), Err(Error::NotFound));
        for _ in 0..3 {
            assert_eq!(
                events.take().map(|event| event.subscription),
                Some(second.into())
            );
        }
        assert_eq!(events.take(), None);
    }

    #[test]
    fn subscriptions_are_bounded_and_numbers_are_not_given_twice() {
        let mut events = Events::default();
        let kept = events.subscribe(pin(0, Edge::Both), 0).expect("room");
        for _ in 0..70_000 {
            let number = events.subscribe(pin(1, Edge::Both), 0).expect("room");
            assert!(number != kept && number > 0);
            events.unsubscribe(number.into()).expect("it is there");
        }
        for _ in 1..SUBSCRIPTIONS {
            events.subscribe(pin(1, Edge::Both), 0).expect("room");
        }
        assert_eq!(events.subscribe(pin(1, Edge::Both), 0), Err(Error::NoSpace));
    }
}
