//! `poll_oneoff`: waiting for clocks.

use super::{MONOTONIC, REALTIME, errno, load, store, time};
use crate::fault::Fault;
use crate::hardware::Hardware;
use crate::host::Host;
use crate::memory::{Memory, Range};

/// Bytes of a subscription: user data u64, tag u8 at 8; of a clock: its number u32 at 16, timeout u64 at 24,
/// flags u16 at 40.
const SUBSCRIPTION_BYTES: usize = 48;
/// Bytes of an event: user data u64, error u16 at 8, type u8 at 10.
const EVENT_BYTES: usize = 32;
/// The tag of a clock; the others are of descriptors.
const CLOCK: u8 = 0;
/// The timeout is a value of the clock.
const ABSOLUTE: u16 = 1;

/// One subscription: what its event says at once, or when it comes on the monotonic clock.
enum Wanted {
    Refused(u32),
    At(u64),
}

struct Subscription {
    user_data: [u8; 8],
    tag: u8,
    wanted: Wanted,
}

fn part<const N: usize>(bytes: &[u8; SUBSCRIPTION_BYTES], offset: usize) -> [u8; N] {
    let behind = bytes.get(offset..).unwrap_or_default();
    behind.first_chunk().copied().unwrap_or([0; N])
}

/// Relative timeouts count from `begin`, the monotonic clock at the call.
fn read<H: Hardware, M: Memory + ?Sized>(
    host: &mut Host<'_, H>,
    memory: &mut M,
    address: u32,
    begin: u64,
) -> Result<Subscription, Fault> {
    let bytes: [u8; SUBSCRIPTION_BYTES] = load(memory, address)?;
    let [tag] = part(&bytes, 8);
    let clock = u32::from_le_bytes(part(&bytes, 16));
    let timeout = u64::from_le_bytes(part(&bytes, 24));
    let absolute = u16::from_le_bytes(part(&bytes, 40)) & ABSOLUTE != 0;
    let wanted = match (tag, clock) {
        (CLOCK, MONOTONIC) if absolute => Wanted::At(timeout),
        (CLOCK, REALTIME) if absolute => {
            let now = time(host, REALTIME).unwrap_or_default();
            Wanted::At(begin.saturating_add(timeout.saturating_sub(now)))
        }
        (CLOCK, MONOTONIC | REALTIME) => Wanted::At(begin.saturating_add(timeout)),
        (CLOCK, _) => Wanted::Refused(errno::INVAL),
        _ => Wanted::Refused(errno::NOTSUP),
    };
    Ok(Subscription {
        user_data: part(&bytes, 0),
        tag,
        wanted,
    })
}

pub(crate) fn poll_oneoff<H: Hardware, M: Memory + ?Sized>(
    host: &mut Host<'_, H>,
    memory: &mut M,
    subscriptions: u32,
    events: u32,
    count: u32,
    result: u32,
) -> Result<i32, Fault> {
    if count == 0 {
        return super::errno(errno::INVAL);
    }
    // Everything has to be in memory before anything is waited for.
    let asked = Range::new(
        subscriptions,
        count.saturating_mul(SUBSCRIPTION_BYTES as u32),
    );
    memory.read([asked, Range::EMPTY], |_| ())?;
    let told = Range::new(events, count.saturating_mul(EVENT_BYTES as u32));
    memory.exchange(Range::EMPTY, told, |_, _| ())?;
    store(memory, result, &[0; 4])?;

    let begin = host.hardware.now();
    let at = |index: u32| subscriptions + index * SUBSCRIPTION_BYTES as u32;
    let mut until = u64::MAX;
    for index in 0..count {
        until = until.min(match read(host, memory, at(index), begin)?.wanted {
            Wanted::Refused(_) => 0,
            Wanted::At(when) => when,
        });
    }
    host.wait(until, |_| false);

    let now = host.hardware.now();
    let mut written = 0_u32;
    for index in 0..count {
        let subscription = read(host, memory, at(index), begin)?;
        let error = match subscription.wanted {
            Wanted::Refused(error) => error,
            Wanted::At(when) if when <= now => errno::SUCCESS,
            Wanted::At(_) => continue,
        };
        let mut event = [0; EVENT_BYTES];
        event[0..8].copy_from_slice(&subscription.user_data);
        event[8..10].copy_from_slice(&(error as u16).to_le_bytes());
        event[10] = subscription.tag;
        store(memory, events + written * EVENT_BYTES as u32, &event)?;
        written += 1;
    }
    store(memory, result, &written.to_le_bytes())?;
    super::errno(errno::SUCCESS)
}
