//! Differential fuzzing: random modules on the emulated board against the interpreter.
//!
//! ```text
//!   cargo run --release -p wasm2mcu-testbench --example fuzz -- [--board NAME]
//!       [--seconds N] [--seed N] [--count N]
//! ```
//!
//! Runs until stopped, or for N seconds, or for N seeds from the given one on. A finding is
//! reduced and written to `fuzz-SEED-GENERATOR.wasm` beside the text of what went wrong; the run
//! goes on and fails at its end.

mod case;
mod differential;
mod program;
mod reduce;
mod smith;

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime};
use std::{env, fs};

use wasm2mcu_testbench::{Board, open};

use crate::case::{Generator, choices, prepare, verdict};
use crate::differential::Verdict;
use crate::reduce::reduce;

const GENERATORS: [Generator; 4] = [
    Generator::Program,
    Generator::Smith,
    Generator::SmithWide,
    Generator::SmithFloat,
];

/// What the command line says.
struct Options {
    seconds: Option<u64>,
    count: Option<u64>,
    seed: u64,
    board: String,
}

impl Options {
    fn parse() -> Result<Self, String> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let mut options = Self {
            seconds: None,
            count: None,
            seed: now.map_or(1, |now| now.as_secs()) << 24,
            board: "m33".to_owned(),
        };
        let mut words = env::args().skip(1);
        while let Some(name) = words.next() {
            let value = words.next().ok_or(format!("{name} takes a value"))?;
            let number = || {
                let number = value.parse();
                number.map_err(|_| format!("{name} takes a number, not {value}"))
            };
            match name.as_str() {
                "--seconds" => options.seconds = Some(number()?),
                "--count" => options.count = Some(number()?),
                "--seed" => options.seed = number()?,
                "--board" => options.board = value,
                _ => {
                    let known = "--board, --seconds, --seed and --count";
                    return Err(format!("{name}: there are {known}"));
                }
            }
        }
        Ok(options)
    }
}

fn main() -> ExitCode {
    let options = match Options::parse() {
        Ok(options) => options,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    let board = match open(&options.board) {
        Ok(board) => board,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    prepare(&*board);
    let begin = Instant::now();
    let limit = options.seconds.map(Duration::from_secs);
    let mut counts = BTreeMap::new();
    let mut findings = 0;
    for number in 0.. {
        if limit.is_some_and(|limit| begin.elapsed() > limit)
            || options.count.is_some_and(|count| number >= count)
        {
            break;
        }
        let seed = options.seed + number;
        for generator in GENERATORS {
            let kind = match verdict(&*board, generator, &choices(seed)) {
                None => "too small".to_owned(),
                Some((_, Verdict::Agreed(ends))) => {
                    let ends = ends.iter().flatten();
                    let mut count = |what: &str, number: usize| {
                        let key = (format!("{generator:?}"), what.to_owned());
                        *counts.entry(key).or_insert(0) += number;
                    };
                    count(
                        "  calls that returned",
                        ends.clone().filter(|end| end.is_ok()).count(),
                    );
                    count(
                        "  calls that trapped",
                        ends.filter(|end| end.is_err()).count(),
                    );
                    "agreed".to_owned()
                }
                Some((_, Verdict::Refused(text))) => {
                    format!("refused: {}", text.split(" at ").next().unwrap_or(&text))
                }
                Some((_, Verdict::Undecided(why))) => format!("undecided: {why}"),
                Some((_, Verdict::Finding(text))) => {
                    findings += 1;
                    report(&*board, generator, seed, &text);
                    "finding".to_owned()
                }
            };
            *counts.entry((format!("{generator:?}"), kind)).or_insert(0) += 1;
        }
    }
    for ((generator, kind), count) in counts {
        println!("{count:>8} {generator:<9} {kind}");
    }
    if findings == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Reduces a finding and writes it down.
fn report(board: &dyn Board, generator: Generator, seed: u64, text: &str) {
    println!("seed {seed} {generator:?}: {text}");
    let finding = |choices: &[u8]| match verdict(board, generator, choices)? {
        (case, Verdict::Finding(text)) => Some((case, text)),
        _ => None,
    };
    let small = reduce(&choices(seed), |choices| finding(choices).is_some());
    let Some((case, text)) = finding(&small) else {
        return;
    };
    let name = format!("fuzz-{seed}-{generator:?}.wasm");
    println!("  reduced: {text}\n  written: {name}");
    if let Err(error) = fs::write(&name, &case.wasm) {
        println!("  not written: {error}");
    }
}
