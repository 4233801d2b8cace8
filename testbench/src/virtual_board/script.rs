//! What comes from outside, as text.
//!
//! ```text
//! # When, what; behind a # nothing is read. Times never go back.
//! 0      temperature 21.5      °C; between two of them it changes evenly
//! 10ms   gpio 4 high           the level at a pin
//! 1.5s   uart 0 "on\r\n"       bytes to a port, with the escapes of Rust's strings
//! ```

use std::time::Duration;

use wasm2mcu_devices::{Input, Stimulus};

/// A script for the virtual board.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script(Vec<(u64, Action)>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Action {
    Level { pin: u32, high: bool },
    Bytes { port: u32, bytes: Vec<u8> },
    Temperature { millicelsius: i32 },
}

/// What is wrong with a script.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct BadScript {
    /// The line, from 1 on.
    pub line: usize,
    /// What is wrong with it.
    pub what: &'static str,
}

const TIME: &str = "it begins with a time, such as 10ms or 1.5s";
const BACK: &str = "its time is before that of the line above";
const ACTION: &str = "behind the time stands `gpio PIN high`, `gpio PIN low`, `uart PORT \"BYTES\"` or \
                      `temperature DEGREES`";
const BYTES: &str =
    "the bytes stand in quotes, with \\n, \\r, \\t, \\0, \\\\, \\\" and \\xHH as escapes";

impl Script {
    /// Reads a script.
    ///
    /// # Errors
    ///
    /// [`BadScript`], with the first line that is wrong.
    pub fn parse(text: &str) -> Result<Script, BadScript> {
        let mut actions: Vec<(u64, Action)> = Vec::new();
        for (line, text) in (1..).zip(text.lines()) {
            let bad = |what| BadScript { line, what };
            let text = text.trim();
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            let (time, action) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
            let time = duration(time).ok_or(bad(TIME))?;
            let nanoseconds = u64::try_from(time.as_nanos()).map_err(|_| bad(TIME))?;
            if actions.last().is_some_and(|(last, _)| *last > nanoseconds) {
                return Err(bad(BACK));
            }
            actions.push((nanoseconds, action_of(action.trim_start()).map_err(bad)?));
        }
        Ok(Script(actions))
    }

    /// For a [`World`](wasm2mcu_devices::World).
    pub fn stimuli(&self) -> Vec<Stimulus<'_>> {
        let actions = self.0.iter();
        let stimuli = actions.map(|(at, action)| Stimulus {
            at: *at,
            input: match action {
                &Action::Level { pin, high } => Input::Level { pin, high },
                &Action::Temperature { millicelsius } => Input::Temperature { millicelsius },
                Action::Bytes { port, bytes } => Input::Bytes { port: *port, bytes },
            },
        });
        stimuli.collect()
    }
}

fn action_of(text: &str) -> Result<Action, &'static str> {
    let (device, rest) = text.split_once(char::is_whitespace).ok_or(ACTION)?;
    let rest = rest.trim_start();
    if device == "uart" {
        let (port, bytes) = rest.split_once(char::is_whitespace).ok_or(ACTION)?;
        return Ok(Action::Bytes {
            port: port.parse().map_err(|_| ACTION)?,
            bytes: bytes_of(bytes.trim_start()).ok_or(BYTES)?,
        });
    }
    let rest = rest.split('#').next().unwrap_or_default();
    let words: Vec<&str> = rest.split_whitespace().collect();
    match (device, words.as_slice()) {
        ("gpio", [pin, level @ ("high" | "low")]) => Ok(Action::Level {
            pin: pin.parse().map_err(|_| ACTION)?,
            high: *level == "high",
        }),
        ("temperature", [degrees]) => {
            let degrees: f64 = degrees.parse().map_err(|_| ACTION)?;
            let millicelsius = (degrees * 1000.0).round();
            if !(-300_000.0..=10_000_000.0).contains(&millicelsius) {
                return Err(ACTION);
            }
            let millicelsius = millicelsius as i32;
            Ok(Action::Temperature { millicelsius })
        }
        _ => Err(ACTION),
    }
}

/// The bytes of a text in quotes, behind which nothing stands but a comment.
fn bytes_of(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut rest = text.strip_prefix('"')?.chars();
    loop {
        match rest.next()? {
            '"' => break,
            '\\' => bytes.push(match rest.next()? {
                'n' => b'\n',
                'r' => b'\r',
                't' => b'\t',
                '0' => 0,
                '\\' => b'\\',
                '"' => b'"',
                'x' => {
                    let digits = rest.as_str().get(..2)?;
                    if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                        return None;
                    }
                    rest = rest.as_str()[2..].chars();
                    u8::from_str_radix(digits, 16).ok()?
                }
                _ => return None,
            }),
            other => bytes.extend(other.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    let behind = rest.as_str().trim_start();
    (behind.is_empty() || behind.starts_with('#')).then_some(bytes)
}

/// A duration: a decimal number with `ns`, `us`, `ms` or `s` behind it; 0 needs none.
pub fn duration(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let units = [("ns", 1.0), ("us", 1e3), ("ms", 1e6), ("s", 1e9)];
    let (number, unit) = units.iter().find_map(|(name, nanoseconds)| {
        let number = text.strip_suffix(name)?;
        Some((number, nanoseconds))
    })?;
    let plain = |c: char| c.is_ascii_digit() || c == '.';
    if !number.starts_with(|c: char| c.is_ascii_digit()) || !number.chars().all(plain) {
        return None;
    }
    let nanoseconds = (number.parse::<f64>().ok()? * unit).round();
    (nanoseconds < u64::MAX as f64).then(|| Duration::from_nanos(nanoseconds as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_say_when_what_comes() {
        let script = "# all kinds\n0 temperature -1.5 # cold\n\n 10us gpio 4 high\n\
                      1.5s uart 0 \"a # \\\"\\x7f\\n\" # comment\n";
        let script = Script::parse(script).expect("it is one");
        let stimuli = script.stimuli();
        let inputs = [
            (
                0,
                Input::Temperature {
                    millicelsius: -1500,
                },
            ),
            (10_000, Input::Level { pin: 4, high: true }),
            (
                1_500_000_000,
                Input::Bytes {
                    port: 0,
                    bytes: b"a # \"\x7f\n",
                },
            ),
        ];
        let expected = inputs.map(|(at, input)| Stimulus { at, input });
        assert_eq!(stimuli, expected);
    }

    #[test]
    fn what_is_no_script_is_refused_with_its_line() {
        for (text, line, what) in [
            ("gpio 4 high", 1, TIME),
            ("1 gpio 4 high", 1, TIME),
            ("-1s gpio 4 high", 1, TIME),
            ("1s", 1, ACTION),
            ("\n1s gpio 4", 2, ACTION),
            ("1s gpio 4 high low", 1, ACTION),
            ("1s temperature warm", 1, ACTION),
            ("1s temperature nan", 1, ACTION),
            ("1s uart 0 hello", 1, BYTES),
            ("1s uart 0 \"hello", 1, BYTES),
            ("1s uart 0 \"\\xé\"", 1, BYTES),
            ("1s gpio 4 high\n1ms gpio 4 low", 2, BACK),
        ] {
            assert_eq!(Script::parse(text), Err(BadScript { line, what }), "{text}");
        }
    }
}
