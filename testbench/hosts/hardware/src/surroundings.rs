//! What modules find, the same in firmware and in the tests' process: what comes from outside, what the host grants, arguments.

use wasm2mcu_devices::{Input, Stimulus};

const MS: u64 = 1_000_000;

/// Changes of pin 6, one each millisecond: more than a queue holds.
const CHANGES: usize = 24;
/// Everything before and behind them.
const OTHERS: [Stimulus<'static>; 8] = [
    after(
        0,
        Input::Temperature {
            millicelsius: 20_000,
        },
    ),
    after(5, bytes(0, b"hello")),
    after(5, bytes(1, b"ok")),
    after(10, level(4, true)),
    after(20, level(4, false)),
    after(30, bytes(0, b"more\n")),
    after(90, level(24, true)),
    after(
        100,
        Input::Temperature {
            millicelsius: 30_000,
        },
    ),
];
/// Those that come before pin 6 changes.
const BEFORE: usize = 6;
/// When it changes first, in milliseconds.
const FIRST: u64 = 40;

/// What comes from outside.
pub(crate) const SCRIPT: [Stimulus<'static>; OTHERS.len() + CHANGES] = {
    let mut script = [OTHERS[0]; OTHERS.len() + CHANGES];
    let mut index = 0;
    while index < script.len() {
        script[index] = if index < BEFORE {
            OTHERS[index]
        } else if index < BEFORE + CHANGES {
            let change = (index - BEFORE) as u64;
            after(FIRST + change, level(6, change.is_multiple_of(2)))
        } else {
            OTHERS[index - CHANGES]
        };
        index += 1;
    }
    script
};

const fn after(ms: u64, input: Input<'static>) -> Stimulus<'static> {
    Stimulus { at: ms * MS, input }
}

const fn level(pin: u32, high: bool) -> Input<'static> {
    Input::Level { pin, high }
}

const fn bytes(port: u32, bytes: &'static [u8]) -> Input<'static> {
    Input::Bytes { port, bytes }
}

/// What the host grants, as lines of a manifest: not pin 13, not the whole of bus 1, not so large a store.
pub(crate) const POLICY: [&str; 29] = [
    "gpio 1 input output",
    "gpio 2 input",
    "gpio 3 output",
    "gpio 4 input",
    "gpio 5 output",
    "gpio 6 input",
    "gpio 24 input output",
    "gpio 28 input output",
    "gpio 30 input output",
    "gpio 40 input output",
    "i2c 0 any",
    "i2c 1 0x48",
    "i2c 1 0x49",
    "i2c 7 0x48",
    "spi 0",
    "spi 1",
    "spi 9",
    "uart 0",
    "uart 1",
    "uart 9",
    "adc 0",
    "adc 9",
    "pwm 0",
    "pwm 3",
    "pwm 9",
    "sensor 0",
    "sensor 1",
    "sensor 9",
    "keyvalue 64",
];

/// Arguments of WASI programs.
pub(crate) const ARGUMENTS: [&str; 3] = ["program", "one", "two"];
/// Their environment.
pub(crate) const ENVIRONMENT: [&str; 2] = ["LEVEL=2", "EMPTY="];
/// Their input.
pub(crate) const INPUT: &[u8] = b"a line of input\n";
