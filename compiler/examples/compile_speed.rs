//! How fast modules are compiled, on one core.
//!
//! ```text
//!   cargo run --release -p wasm2mcu --example compile_speed -- MODULE.wasm...
//! ```
//!
//! Prints for each instruction set and level the best of several rounds, in MB of module a second,
//! and which share of the time is validation and translation, the mid-end, and the rest: selection,
//! registers, code, image. A large module of real code is `dist/sql-wasm.wasm` of the npm package
//! `sql.js` (SQLite in C, 690 KB): `npm pack sql.js && tar xzf sql.js-*.tgz`.

use std::process::ExitCode;
use std::time::{Duration, Instant};
use std::{env, fs};

use wasm2mcu::{OptLevel, Options, Target, opt, wasm};

/// Rounds of each way.
const ROUNDS: usize = 5;

const TARGETS: [&str; 2] = ["thumbv8m.main-none-eabihf", "riscv32imac-unknown-none-elf"];

fn main() -> ExitCode {
    let paths: Vec<String> = env::args().skip(1).collect();
    if paths.is_empty() {
        eprintln!("error: give the path of a module");
        return ExitCode::FAILURE;
    }
    for path in paths {
        if let Err(error) = measure(&path) {
            eprintln!("error: {path}: {error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn measure(path: &str) -> Result<(), String> {
    let module = fs::read(path).map_err(|error| error.to_string())?;
    println!("{path}: {} bytes", module.len());
    for target in TARGETS {
        for level in [OptLevel::None, OptLevel::Size, OptLevel::Speed] {
            let target: Target = target.parse().expect("a target");
            let options = Options {
                target,
                level,
                verify: false,
                ..Options::default()
            };
            let mut best = [Duration::MAX; 3];
            for _ in 0..ROUNDS {
                let times = round(&module, &options).map_err(|error| error.to_string())?;
                if times[2] < best[2] {
                    best = times;
                }
            }
            let [translated, optimised, all] = best.map(|time| time.as_secs_f64());
            let share = |seconds: f64| 100.0 * seconds / all;
            println!(
                "{:28} {:6} {:5.2} MB/s  translation {:2.0} %, mid-end {:2.0} %, code {:2.0} %",
                target.name(),
                format!("{level:?}"),
                module.len() as f64 / 1e6 / all,
                share(translated),
                share(optimised),
                share(all - translated - optimised),
            );
        }
    }
    Ok(())
}

/// A clock that stands still while other programs have the core, on Linux; else one that does not.
fn clock(begin: Instant) -> Duration {
    let statistics = fs::read_to_string("/proc/thread-self/schedstat").ok();
    let on_core = statistics.and_then(|text| text.split(' ').next()?.parse().ok());
    on_core.map_or_else(|| begin.elapsed(), Duration::from_nanos)
}

/// The time of translation, of the mid-end, and of a whole compilation to an image.
fn round(module: &[u8], options: &Options) -> wasm2mcu::Result<[Duration; 3]> {
    let begin = Instant::now();
    let start = clock(begin);
    let mut translated = wasm::translate(module, wasm::Target::default())?;
    let after_translation = clock(begin);
    let mid_end = opt::Options {
        level: options.level,
        verify: false,
        ..opt::Options::default()
    };
    opt::run(&mut translated, mid_end)?;
    let after_mid_end = clock(begin);
    drop(translated);
    let again = clock(begin);
    wasm2mcu::compile(module, options)?.image()?;
    Ok([
        after_translation - start,
        after_mid_end - after_translation,
        clock(begin) - again,
    ])
}
