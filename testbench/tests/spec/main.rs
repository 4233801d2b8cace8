//! WebAssembly's test suite, in the form that ships: every module is compiled to an image, the
//! loader checks and places it, the core of a board executes it.
//!
//! ```text
//!   suite ─▶ files ─▶ script: directives and modules ─▶ build: an image or a refusal, per level
//!                                                          │
//!     table, not_run.txt ◀─ tally ◀─ verdict per directive ◀─ runner, on each board
//! ```
//!
//! * `cargo test -p wasm2mcu-testbench --test spec` shows a table by feature and board.
//! * `SPEC_FILES=i32,memory` runs the files whose names contain one of these, and shows them one by one.
//! * `BLESS=1` writes `not_run.txt`, the list of directives that are not run and why. The test
//!   fails where the list is wrong in either direction, so that it shrinks with what is supported.

mod build;
mod runner;
mod script;
mod suite;
mod tally;
mod values;

use std::env;
use std::fmt;
use std::io::{self, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use wasm2mcu::{OptLevel, Options, Target};
use wasm2mcu_testbench::{Board, Limits, open};

use build::Build;
use script::Script;
use suite::File;
use tally::{FileResult, Tally};

const BOARDS: [&str; 7] = [
    "m33",
    "rv32",
    "rv32f",
    "qemu-m33",
    "qemu-rv32",
    "qemu-rv32f",
    "qemu-rv32zb",
];

const LEVELS: [OptLevel; 3] = [OptLevel::None, OptLevel::Size, OptLevel::Speed];

/// Far more than any call of the suite takes.
const INSTRUCTIONS: u64 = 200_000_000;

/// Elements by which tables may grow: more than the suite asks for where it expects success.
const TABLE_ROOM: u32 = 1024;

/// One way in which every file is executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    board: &'static str,
    level: OptLevel,
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at level {:?}", self.board, self.level)
    }
}

/// Every level on every board.
fn runs() -> Vec<Run> {
    let boards = BOARDS.iter();
    boards
        .flat_map(|&board| LEVELS.map(|level| Run { board, level }))
        .collect()
}

fn opened(name: &str) -> Box<dyn Board> {
    let board = open(name).unwrap_or_else(|error| panic!("{error}"));
    board.set_limits(Limits {
        instructions: Some(INSTRUCTIONS),
        time: Duration::from_secs(60),
        ..board.limits()
    });
    board
}

/// What modules are compiled for that run on a board.
fn target(board: &dyn Board) -> Target {
    let info = board.info();
    let target: Target = info.target.parse().expect("boards have known targets");
    target.with_features(info.features)
}

/// Executes a file in every way of `runs`, whose boards are among `boards`.
fn execute(file: &File, runs: &[Run], boards: &[(&str, Box<dyn Board>)]) -> FileResult {
    let buffer = script::buffer(file);
    let script = Script::parse(file, &buffer);
    let mut verdicts: Vec<_> = runs.iter().map(|_| Vec::new()).collect();
    let mut targets: Vec<Target> = Vec::new();
    for (_, board) in boards {
        if !targets.contains(&target(&**board)) {
            targets.push(target(&**board));
        }
    }
    let ways = targets
        .iter()
        .flat_map(|&target| LEVELS.map(|level| (target, level)));
    for (on, level) in ways {
        let builds = Build::all(
            &script,
            &Options {
                target: on,
                level,
                table_room: TABLE_ROOM,
                ..Options::default()
            },
        );
        for (run, verdicts) in runs.iter().zip(&mut verdicts) {
            let board = boards.iter().find(|(name, _)| *name == run.board);
            let (_, board) = board.expect("an opened board");
            if run.level == level && target(&**board) == on {
                *verdicts = runner::run(&**board, &script, &builds);
            }
        }
    }
    FileResult {
        name: file.name.clone(),
        lines: script.lines(),
        verdicts,
    }
}

#[test]
fn every_directive_holds_or_is_listed() {
    let runs = runs();
    let files = suite::files(env::var("SPEC_FILES").ok().as_deref());
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::new());
    let work = || {
        let boards = BOARDS.map(|name| (name, opened(name)));
        while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            let result = execute(file, &runs, &boards);
            results.lock().expect("no worker panicked").push(result);
        }
    };
    thread::scope(|scope| {
        let workers = thread::available_parallelism().map_or(1, usize::from);
        for _ in 0..workers {
            scope.spawn(work);
        }
    });
    let mut results = results.into_inner().expect("no worker panicked");
    results.sort_by(|a, b| a.name.cmp(&b.name));

    let tally = Tally::new(&runs, results);
    // Past the capture of the test harness: the table is what the test is for.
    let by_file = env::var_os("SPEC_FILES").is_some();
    writeln!(io::stderr(), "{}", tally.table(by_file)).expect("standard error");
    let failures = tally.failures();
    let difference = tally.compare_with_list();
    assert!(
        failures.is_empty() && difference.is_empty(),
        "{failures}{difference}"
    );
}
