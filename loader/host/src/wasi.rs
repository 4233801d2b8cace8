//! `wasi_snapshot_preview1`: the subset with which ordinary programs run.
//!
//! Layouts and numbers are those of the WASI preview 1 witx files (`typenames.witx`).

pub(crate) mod errno;
mod poll;

pub(crate) use poll::poll_oneoff;

use wasm2mcu_abi::hardware::Error;
use wasm2mcu_abi::trap::TrapCode;

use crate::fault::Fault;
use crate::hardware::{Hardware, Stream};
use crate::host::Host;
use crate::memory::{self, Memory, Range};

const STDIN: u32 = 0;
const STDOUT: u32 = 1;
const STDERR: u32 = 2;

const REALTIME: u32 = 0;
const MONOTONIC: u32 = 1;

/// Bytes of an `fdstat`: file type u8, flags u16, rights u64, inherited rights u64.
const FDSTAT_BYTES: usize = 24;
const CHARACTER_DEVICE: u8 = 2;
const RIGHT_READ: u64 = 1 << 1;
const RIGHT_WRITE: u64 = 1 << 6;

/// A function's result: 0 or an error number, both not negative.
fn errno(number: u32) -> Result<i32, Fault> {
    Ok(number.cast_signed())
}

/// The memory's answer to a range, or a trap: a wild address is the program's fault, not an error to go on with.
fn store<M: Memory + ?Sized>(memory: &mut M, address: u32, bytes: &[u8]) -> Result<(), Fault> {
    Ok(memory::store(memory, address, bytes)?)
}

/// As many bytes as an array has, from the module's memory.
fn load<const N: usize, M: Memory + ?Sized>(
    memory: &mut M,
    address: u32,
) -> Result<[u8; N], Fault> {
    let place = Range::new(address, N as u32);
    let read = memory.read([place, Range::EMPTY], |[bytes, _]| {
        bytes.first_chunk().copied()
    })?;
    read.ok_or(Fault::Trap(TrapCode::MemoryOutOfBounds))
}

fn word(bytes: [u8; 8], index: usize) -> u32 {
    let words = bytes.as_chunks::<4>().0;
    words.get(index).map_or(0, |word| u32::from_le_bytes(*word))
}

/// Writes strings with their terminators, and where each one stands.
fn strings<M: Memory + ?Sized>(
    memory: &mut M,
    strings: &[&str],
    mut pointers: u32,
    mut text: u32,
) -> Result<i32, Fault> {
    let beyond = Fault::Trap(TrapCode::MemoryOutOfBounds);
    for string in strings {
        store(memory, pointers, &text.to_le_bytes())?;
        store(memory, text, string.as_bytes())?;
        let end = text.checked_add(string.len() as u32).ok_or(beyond)?;
        store(memory, end, &[0])?;
        text = end.checked_add(1).ok_or(beyond)?;
        pointers = pointers.checked_add(4).ok_or(beyond)?;
    }
    errno(errno::SUCCESS)
}

/// Writes how many strings there are, and their bytes with terminators.
fn sizes<M: Memory + ?Sized>(
    memory: &mut M,
    strings: &[&str],
    count: u32,
    bytes: u32,
) -> Result<i32, Fault> {
    let total: usize = strings.iter().map(|string| string.len() + 1).sum();
    store(memory, count, &(strings.len() as u32).to_le_bytes())?;
    store(memory, bytes, &(total as u32).to_le_bytes())?;
    errno(errno::SUCCESS)
}

pub(crate) fn args_get<H: Hardware, M: Memory + ?Sized>(
    host: &mut Host<'_, H>,
    memory: &mut M,
    pointers: u32,
    text: u32,
) -> Result<i32, Fault> {
    strings(memory, host.hardware.arguments(), pointers, text)
}

pub(crate) fn args_sizes_get<H: Hardware, M: Memory + ?Sized>(
    host: &mut Host<'_, H>,
    memory: &mut M,
    count: u32,
    bytes: u32,
) -> Result<i32, Fault> {
    sizes(memory, host.hardware.arguments(), count, bytes)
}

pub(crate) fn environ_get<H: Hardware, M: Memory + ?Sized>(
    host: &mut Host<'_, H>,
    memory: &mut M,
    pointers: u32,
    text: u32,
) -> Result<i32, Fault> {
    strings(memory, host.hardware.environment(), pointers, text)
}

pub(crate) fn environ_sizes_get<H: Hardware, M: Memory + ?Sized>(
    host: &mut Host<'_, H>,
    memory: &mut M,
    count: u32,
    bytes: u32,
) -> Result<i32, Fault> {
    sizes(memory, host.hardware.environment(), count, bytes)
}

/// Nanoseconds of a clock. Where the host does not know the date, 1970 is when the monotonic clock began.
fn time<H: Hardware>(host: &mut Host<'_, H>, clock: u32) -> Option<u64> {
    match clock {
        REALTIME => {
            let known = host.hardware.realtime();
            Some(known.unwrap_or_else(|| host.hardware.now()))
        }
        MONOTONIC => Some(host.hardware.now()),
        _ => None,
    }
}

pub(crate) fn clock_time_get<H: Hardware, M: Memory + ?Sized>(
    host: &mut Host<'_, H>,
    memory: &mut M,
    clock: u32,
    _precision: u64,
    result: u32,
) -> Result<i32, Fault> {
    let Some(time) = time(host, clock) else {
        return errno(errno::INVAL);
    };
    store(memory, result, &time.to_le_bytes())?;
    errno(errno::SUCCESS)
}

pub(crate) fn clock_res_get<H: Hardware, M: Memory + ?Sized>(
    host: &mut Host<'_, H>,
    memory: &mut M,
    clock: u32,
    result: u32,
) -> Result<i32, Fault> {
    if !matches!(clock, REALTIME | MONOTONIC) {
        return errno(errno::INVAL);
    }
    let resolution = host.hardware.resolution().max(1);
    store(memory, result, &resolution.to_le_bytes())?;
    errno(errno::SUCCESS)
}

pub(crate) fn fd_close<H: Hardware, M: Memory + ?Sized>(
    _: &mut Host<'_, H>,
    _: &mut M,
    descriptor: u32,
) -> Result<i32, Fault> {
    errno(match descriptor {
        STDIN..=STDERR => errno::SUCCESS,
        _ => errno::BADF,
    })
}

pub(crate) fn fd_fdstat_get<H: Hardware, M: Memory + ?Sized>(
    _: &mut Host<'_, H>,
    memory: &mut M,
    descriptor: u32,
    result: u32,
) -> Result<i32, Fault> {
    let rights = match descriptor {
        STDIN => RIGHT_READ,
        STDOUT | STDERR => RIGHT_WRITE,
        _ => return errno(errno::BADF),
    };
    let mut stat = [0; FDSTAT_BYTES];
    stat[0] = CHARACTER_DEVICE;
    stat[8..16].copy_from_slice(&rights.to_le_bytes());
    store(memory, result, &stat)?;
    errno(errno::SUCCESS)
}

pub(crate) fn fd_prestat_get<H: Hardware, M: Memory + ?Sized>(
    _: &mut Host<'_, H>,
    _: &mut M,
    _descriptor: u32,
    _result: u32,
) -> Result<i32, Fault> {
    // What tells a program that there are no directories.
    errno(errno::BADF)
}

pub(crate) fn fd_prestat_dir_name<H: Hardware, M: Memory + ?Sized>(
    _: &mut Host<'_, H>,
    _: &mut M,
    _descriptor: u32,
    _path: u32,
    _path_length: u32,
) -> Result<i32, Fault> {
    errno(errno::BADF)
}

/// Goes through the ranges of a scattered read or write until one is not used up; the bytes that were.
fn scatter<M: Memory + ?Sized>(
    memory: &mut M,
    ranges: u32,
    count: u32,
    result: u32,
    mut use_one: impl FnMut(&mut M, Range) -> Result<usize, Fault>,
) -> Result<u32, Fault> {
    // The array as a whole and the place of the result first, so that nothing is done if they are not there.
    memory.exchange(Range::EMPTY, Range::new(result, 4), |_, _| ())?;
    let bytes = count.saturating_mul(8);
    memory.read([Range::new(ranges, bytes), Range::EMPTY], |_| ())?;
    let mut total = 0_u32;
    for index in 0..count {
        let entry = load::<8, M>(memory, ranges + 8 * index)?;
        let range = Range::new(word(entry, 0), word(entry, 1));
        let used = use_one(memory, range)? as u32;
        total = total
            .checked_add(used)
            .ok_or(Fault::Error(Error::InvalidArgument))?;
        if used < range.length {
            break;
        }
    }
    Ok(total)
}

/// The result of a scattered read or write.
fn scattered<M: Memory + ?Sized>(
    memory: &mut M,
    total: Result<u32, Fault>,
    result: u32,
) -> Result<i32, Fault> {
    match total {
        Ok(total) => {
            store(memory, result, &total.to_le_bytes())?;
            errno(errno::SUCCESS)
        }
        Err(Fault::Error(error)) => errno(errno::of(error)),
        Err(trap) => Err(trap),
    }
}

pub(crate) fn fd_write<H: Hardware, M: Memory + ?Sized>(
    host: &mut Host<'_, H>,
    memory: &mut M,
    descriptor: u32,
    ranges: u32,
    count: u32,
    result: u32,
) -> Result<i32, Fault> {
    let stream = match descriptor {
        STDOUT => Stream::Output,
        STDERR => Stream::Error,
        _ => return errno(errno::BADF),
    };
    let total = scatter(memory, ranges, count, result, |memory, range| {
        let written = memory.read([range, Range::EMPTY], |[bytes, _]| {
            let taken = host.hardware.stream_write(stream, bytes)?;
            Ok::<_, Error>(taken.min(bytes.len()))
        })?;
        Ok(written?)
    });
    scattered(memory, total, result)
}

pub(crate) fn fd_read<H: Hardware, M: Memory + ?Sized>(
    host: &mut Host<'_, H>,
    memory: &mut M,
    descriptor: u32,
    ranges: u32,
    count: u32,
    result: u32,
) -> Result<i32, Fault> {
    if descriptor != STDIN {
        return errno(errno::BADF);
    }
    let total = scatter(memory, ranges, count, result, |memory, range| {
        let read = memory.exchange(Range::EMPTY, range, |_, buffer| {
            let read = host.hardware.stream_read(buffer)?;
            Ok::<_, Error>(read.min(buffer.len()))
        })?;
        Ok(read?)
    });
    scattered(memory, total, result)
}

pub(crate) fn proc_exit<H: Hardware, M: Memory + ?Sized>(
    host: &mut Host<'_, H>,
    _: &mut M,
    status: u32,
) -> Result<(), Fault> {
    host.exit(status);
    Err(Fault::Trap(TrapCode::Host))
}

pub(crate) fn random_get<H: Hardware, M: Memory + ?Sized>(
    host: &mut Host<'_, H>,
    memory: &mut M,
    buffer: u32,
    buffer_length: u32,
) -> Result<i32, Fault> {
    let buffer = Range::new(buffer, buffer_length);
    let filled = memory.exchange(Range::EMPTY, buffer, |_, buffer| {
        host.hardware.random(buffer)
    })?;
    errno(filled.map_or_else(errno::of, |()| errno::SUCCESS))
}

pub(crate) fn sched_yield<H: Hardware, M: Memory + ?Sized>(
    _: &mut Host<'_, H>,
    _: &mut M,
) -> Result<i32, Fault> {
    errno(errno::SUCCESS)
}
