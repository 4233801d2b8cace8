//! The table of functions: names and signatures of the ABI, and what they do.
//!
//! The rows are compared with the description of the ABI by a test. On a device, each row is an `extern "C"` function;
//! elsewhere it is called by words.

use wasm2mcu_abi::hardware::{Error, WASI, status};
use wasm2mcu_abi::trap::TrapCode;
use wasm2mcu_abi::types::ValueType;
use wasm2mcu_loader::{Import, ImportFault, ImportItem, Values};

use crate::calls::{
    adc, clocks, events, gpio, i2c, keyvalue, logging, pwm, random, sensor, spi, uart,
};
use crate::fault::Fault;
use crate::hardware::Hardware;
use crate::host::Host;
use crate::memory::Memory;
use crate::wasi;

/// Gives `$use` every row.
macro_rules! with_functions {
    ($use:ident) => {
        $use! {
            "wasi:gpio/digital" {
                "configure" gpio::configure(u32 pin, u32 direction, u32 pull) i32;
                "read" gpio::read(u32 pin) i32;
                "write" gpio::write(u32 pin, u32 level) i32;
                "toggle" gpio::toggle(u32 pin) i32;
                "wait-for-edge" gpio::wait_for_edge(u32 pin, u32 edge, u64 timeout) i32;
            }
            "wasi:i2c/i2c" {
                "read" i2c::read(u32 bus, u32 address, u32 buffer, u32 buffer_length) i32;
                "write" i2c::write(u32 bus, u32 address, u32 data, u32 data_length) i32;
                "write-read" i2c::write_read(
                    u32 bus, u32 address, u32 data, u32 data_length, u32 buffer, u32 buffer_length
                ) i32;
                "transaction" i2c::transaction(u32 bus, u32 address, u32 segments, u32 count) i32;
            }
            "wasi:spi/spi" {
                "configure" spi::configure(u32 device, u32 mode, u32 hertz) i32;
                "read" spi::read(u32 device, u32 buffer, u32 buffer_length) i32;
                "write" spi::write(u32 device, u32 data, u32 data_length) i32;
                "transfer" spi::transfer(
                    u32 device, u32 data, u32 data_length, u32 buffer, u32 buffer_length
                ) i32;
                "transaction" spi::transaction(u32 device, u32 segments, u32 count) i32;
            }
            "wasm2mcu:uart/uart" {
                "configure" uart::configure(u32 port, u32 baud) i32;
                "read" uart::read(u32 port, u32 buffer, u32 buffer_length) i32;
                "write" uart::write(u32 port, u32 data, u32 data_length) i32;
                "available" uart::available(u32 port) i32;
            }
            "wasm2mcu:adc/adc" {
                "read" adc::read(u32 channel) i32;
                "read-microvolts" adc::read_microvolts(u32 channel, u32 result) i32;
                "resolution" adc::resolution(u32 channel) i32;
            }
            "wasm2mcu:pwm/pwm" {
                "max-duty" pwm::max_duty(u32 channel) i32;
                "set-duty" pwm::set_duty(u32 channel, u32 duty) i32;
                "set-frequency" pwm::set_frequency(u32 channel, u32 hertz) i32;
            }
            "wasm2mcu:sensor/sensor" {
                "read" sensor::read(u32 sensor, u32 result) i32;
                "describe" sensor::describe(u32 sensor, u32 result) i32;
            }
            "wasi:clocks/monotonic-clock" {
                "now" clocks::now() u64;
                "resolution" clocks::resolution() u64;
                "wait-for" clocks::wait_for(u64 duration) ();
                "wait-until" clocks::wait_until(u64 when) ();
            }
            "wasm2mcu:events/events" {
                "subscribe-pin" events::subscribe_pin(u32 pin, u32 edge) i32;
                "subscribe-timer" events::subscribe_timer(u64 first, u64 period) i32;
                "subscribe-uart" events::subscribe_uart(u32 port) i32;
                "subscribe-sensor" events::subscribe_sensor(u32 sensor) i32;
                "unsubscribe" events::unsubscribe(u32 subscription) i32;
                "poll" events::poll(u64 timeout, u32 result) i32;
            }
            "wasi:keyvalue/store" {
                "get" keyvalue::get(u32 key, u32 key_length, u32 buffer, u32 buffer_length) i32;
                "length" keyvalue::length(u32 key, u32 key_length) i32;
                "set" keyvalue::set(u32 key, u32 key_length, u32 value, u32 value_length) i32;
                "delete" keyvalue::delete(u32 key, u32 key_length) i32;
                "exists" keyvalue::exists(u32 key, u32 key_length) i32;
            }
            "wasi:logging/logging" {
                "log" logging::log(
                    u32 level, u32 context, u32 context_length, u32 message, u32 message_length
                ) ();
            }
            "wasi:random/random" {
                "get-random-bytes" random::get_random_bytes(u32 buffer, u32 buffer_length) ();
                "get-random-u64" random::get_random_u64() u64;
            }
            "wasi_snapshot_preview1" {
                "args_get" wasi::args_get(u32 pointers, u32 strings) i32;
                "args_sizes_get" wasi::args_sizes_get(u32 count, u32 bytes) i32;
                "environ_get" wasi::environ_get(u32 pointers, u32 strings) i32;
                "environ_sizes_get" wasi::environ_sizes_get(u32 count, u32 bytes) i32;
                "clock_res_get" wasi::clock_res_get(u32 clock, u32 result) i32;
                "clock_time_get" wasi::clock_time_get(u32 clock, u64 precision, u32 result) i32;
                "fd_close" wasi::fd_close(u32 descriptor) i32;
                "fd_fdstat_get" wasi::fd_fdstat_get(u32 descriptor, u32 result) i32;
                "fd_prestat_get" wasi::fd_prestat_get(u32 descriptor, u32 result) i32;
                "fd_prestat_dir_name" wasi::fd_prestat_dir_name(
                    u32 descriptor, u32 path, u32 path_length
                ) i32;
                "fd_read" wasi::fd_read(u32 descriptor, u32 ranges, u32 count, u32 result) i32;
                "fd_write" wasi::fd_write(u32 descriptor, u32 ranges, u32 count, u32 result) i32;
                "poll_oneoff" wasi::poll_oneoff(
                    u32 subscriptions, u32 events, u32 count, u32 result
                ) i32;
                "proc_exit" wasi::proc_exit(u32 status) ();
                "random_get" wasi::random_get(u32 buffer, u32 buffer_length) i32;
                "sched_yield" wasi::sched_yield() i32;
            }
        }
    };
}
#[cfg(any(target_arch = "arm", target_arch = "riscv32"))]
pub(crate) use with_functions;

/// What a WASI function that is not there returns.
pub(crate) const NOT_SUPPORTED: u32 = wasi::errno::NOSYS;

/// The words of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words {
    words: [u32; 2],
    count: usize,
}

impl Words {
    /// Low word first; none for a function without a result.
    pub fn as_slice(&self) -> &[u32] {
        self.words.get(..self.count).unwrap_or_default()
    }
}

/// A function of the ABI, called by words: the host, the caller's memory, the words of the arguments.
pub type Function<H, M> = fn(&mut Host<'_, H>, &mut M, &[u32]) -> Result<Words, TrapCode>;

/// The function that an image imports, for a host that is not the processor itself.
///
/// # Errors
///
/// As the loader's, when it links the same import on a device.
pub fn function<H: Hardware, M: Memory + ?Sized>(
    import: &Import<'_>,
) -> Result<Function<H, M>, ImportFault> {
    macro_rules! find {
        ($($module:literal { $($name:literal $group:ident::$call:ident($($type:ident $param:ident),*) $result:ty;)* })*) => {
            $($(
                if import.module == *$module && import.name == *$name {
                    signature(import, <($($type,)*) as Values>::TYPES, <$result as Values>::TYPES)?;
                    return Ok(|host, memory, words| {
                        let mut words = words.iter();
                        let words = &mut words;
                        $(let $param = <$type as Parameter>::load(words);)*
                        let result: Result<$result, Fault> = $group::$call(host, memory $(, $param)*);
                        let _ = words;
                        <$result as Returned>::of(result).map(Returned::words)
                    });
                }
            )*)*
        };
    }
    with_functions!(find);
    not_supported(import)?;
    Ok(|_, _, _| Ok(NOT_SUPPORTED.cast_signed().words()))
}

/// That an import has this signature.
pub(crate) fn signature(
    import: &Import<'_>,
    params: &[ValueType],
    results: &[ValueType],
) -> Result<(), ImportFault> {
    match import.item {
        ImportItem::Function(ty) if ty.is(params, results) => Ok(()),
        ImportItem::Function(_) => Err(ImportFault::Signature),
        _ => Err(ImportFault::Kind),
    }
}

/// That an import is of WASI and can return that it is not supported.
///
/// The platform's convention has the caller take its arguments back, so one function serves every signature.
pub(crate) fn not_supported(import: &Import<'_>) -> Result<(), ImportFault> {
    match import.item {
        _ if import.module != *WASI => Err(ImportFault::Missing),
        ImportItem::Function(ty) => match ty.result_bytes() {
            [one] if *one == ValueType::I32 as u8 => Ok(()),
            _ => Err(ImportFault::Missing),
        },
        _ => Err(ImportFault::Kind),
    }
}

/// A parameter, from the words of a call; missing ones are 0.
trait Parameter {
    fn load(words: &mut core::slice::Iter<'_, u32>) -> Self;
}

impl Parameter for u32 {
    fn load(words: &mut core::slice::Iter<'_, u32>) -> Self {
        words.next().copied().unwrap_or(0)
    }
}

impl Parameter for u64 {
    fn load(words: &mut core::slice::Iter<'_, u32>) -> Self {
        let low = u32::load(words);
        u64::from(low) | u64::from(u32::load(words)) << 32
    }
}

/// What a function returns to the module.
pub(crate) trait Returned: Default {
    /// The value, with an error as the ABI has it.
    fn of(result: Result<Self, Fault>) -> Result<Self, TrapCode>;
    /// As words.
    fn words(self) -> Words;
}

impl Returned for i32 {
    fn of(result: Result<Self, Fault>) -> Result<Self, TrapCode> {
        match result {
            Ok(value) => Ok(value),
            Err(Fault::Error(error)) => Ok(status(error)),
            Err(Fault::Trap(trap)) => Err(trap),
        }
    }

    fn words(self) -> Words {
        Words {
            words: [self.cast_unsigned(), 0],
            count: 1,
        }
    }
}

impl Returned for u64 {
    fn of(result: Result<Self, Fault>) -> Result<Self, TrapCode> {
        result.map_err(trap)
    }

    fn words(self) -> Words {
        Words {
            words: [self as u32, (self >> 32) as u32],
            count: 2,
        }
    }
}

impl Returned for () {
    fn of(result: Result<Self, Fault>) -> Result<Self, TrapCode> {
        result.map_err(trap)
    }

    fn words(self) -> Words {
        Words {
            words: [0; 2],
            count: 0,
        }
    }
}

/// A function that cannot return an error traps.
fn trap(fault: Fault) -> TrapCode {
    match fault {
        Fault::Trap(trap) => trap,
        Fault::Error(_) => TrapCode::Host,
    }
}

/// The result of a call that says no more than that it was done.
pub(crate) fn done(result: Result<(), Error>) -> Result<i32, Fault> {
    result.map(|()| 0).map_err(Fault::Error)
}

/// A count or a small value as a result that is not negative.
pub(crate) fn value(value: impl TryInto<i32>) -> Result<i32, Fault> {
    value.try_into().map_err(|_| Fault::Error(Error::Io))
}

#[cfg(test)]
mod tests {
    use wasm2mcu_abi::hardware::{FUNCTIONS, WASI};
    use wasm2mcu_loader::Values;

    #[test]
    fn rows_are_those_of_the_description() {
        let mut described = FUNCTIONS.iter();
        macro_rules! compare {
            ($($module:literal { $($name:literal $group:ident::$call:ident($($type:ident $param:ident),*) $result:ty;)* })*) => {
                $($(
                    if $module != WASI {
                        let function = described.next().expect("as many as are described");
                        assert_eq!((function.module, function.name), ($module, $name));
                        assert!(function.params.iter().eq(<($($type,)*) as Values>::TYPES.iter().copied()), "{}", $name);
                        assert!(function.results.iter().eq(<$result as Values>::TYPES.iter().copied()), "{}", $name);
                    }
                )*)*
            };
        }
        with_functions!(compare);
        assert_eq!(described.next(), None);
    }
}
