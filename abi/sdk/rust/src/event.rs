//! What happens without being asked for (`wasm2mcu:events/events`).
//!
//! A module subscribes; the host keeps what happens in a queue. It is taken out by [`poll`], or by a function that the host calls
//! while the module is not running, [`handler!`](crate::handler).

use core::time::Duration;

pub use wasm2mcu_abi::hardware::events::{Event, Kind};

use crate::clock::nanoseconds;
use crate::error::{done, value};
use crate::gpio::Edge;
use crate::memory::output;
use crate::{Error, ErrorCode, raw};

/// Events of one source, until it is ended or the instance is reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Subscription(u32);

impl Subscription {
    /// Events of a pin. Right: `input`.
    ///
    /// # Errors
    ///
    /// If the pin is not granted; [`NoSpace`](ErrorCode::NoSpace) if there are as many as the host keeps.
    pub fn pin(number: u32, edge: Edge) -> Result<Self, Error> {
        value(raw::event::subscribe_pin(number, edge as u32)).map(Subscription)
    }

    /// Events of a timer: the first after `first`, then every `period`; once if that is zero.
    ///
    /// # Errors
    ///
    /// [`NoSpace`](ErrorCode::NoSpace) if there are as many as the host keeps.
    pub fn timer(first: Duration, period: Duration) -> Result<Self, Error> {
        let (first, period) = (nanoseconds(first), nanoseconds(period));
        value(raw::event::subscribe_timer(first, period)).map(Subscription)
    }

    /// Events of a serial port, whenever bytes have come.
    ///
    /// # Errors
    ///
    /// As [`Subscription::pin`].
    pub fn uart(port: u32) -> Result<Self, Error> {
        value(raw::event::subscribe_uart(port)).map(Subscription)
    }

    /// Events of a sensor with new readings.
    ///
    /// # Errors
    ///
    /// As [`Subscription::pin`].
    pub fn sensor(number: u32) -> Result<Self, Error> {
        value(raw::event::subscribe_sensor(number)).map(Subscription)
    }

    /// Whether an event is of this subscription.
    pub fn has(self, event: &Event) -> bool {
        event.subscription == self.0
    }

    /// Ends it; its events that are in the queue go.
    ///
    /// # Errors
    ///
    /// [`NotFound`](ErrorCode::NotFound) if it has been ended.
    pub fn end(self) -> Result<(), Error> {
        done(raw::event::unsubscribe(self.0))
    }
}

/// The oldest event, for which it waits up to `timeout`; none if there is none then.
///
/// # Errors
///
/// What the host says.
pub fn poll(timeout: Duration) -> Result<Option<Event>, Error> {
    let mut bytes = [0; Event::BYTES];
    match done(raw::event::poll(nanoseconds(timeout), output(&mut bytes))) {
        // A kind that a later version has appended was not subscribed to.
        Ok(()) => Event::from_bytes(&bytes)
            .map(Some)
            .ok_or(Error(ErrorCode::Unsupported)),
        Err(Error(ErrorCode::Timeout)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Exports a function `fn(Event)` as the module's event handler.
///
/// ```ignore
/// fn on_event(event: Event) {}
/// handler!(on_event);
/// ```
///
/// The host does not say here how many events were lost: the field is 0.
#[macro_export]
macro_rules! handler {
    ($function:path) => {
        const _: () = {
            #[unsafe(export_name = "on_event")]
            extern "C" fn wasm2mcu_on_event(
                subscription: u32,
                kind: u32,
                value: u32,
                timestamp: u64,
            ) {
                if let ::core::option::Option::Some(kind) = $crate::event::Kind::from_u32(kind) {
                    $function($crate::event::Event {
                        subscription,
                        kind,
                        value,
                        lost: 0,
                        timestamp,
                    });
                }
            }
        };
    };
}
