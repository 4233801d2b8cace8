//! Differential fuzzing: random modules on the emulated boards against the interpreter.
//!
//! ```text
//!   cargo run --release -p wasm2mcu-testbench --example fuzz -- [--board NAME]...
//!       [--generator NAME]... [--minutes N] [--seed N] [--count N] [--folder PATH]
//! ```
//!
//! Runs until stopped, or for N minutes, or for N seeds from the given one on. Each seed gives a
//! module to every generator, or to those that are named, all of them on one of the boards in turn,
//! at every level: without `--board`, on all that are emulated in this process. What differs is
//! reduced and written to the folder (`fuzz`) as `SEED-GENERATOR-BOARD.wat`, with the seed and what
//! went wrong on top; the run goes on and fails at its end.

mod case;
mod differential;
mod loops;
mod program;
mod reduce;
mod smith;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime};
use std::{env, fs};

use wasm2mcu_testbench::{Board, BoardError, open};

use crate::case::{ARGUMENTS, Generator, called, choices, prepare, verdict};
use crate::differential::{LEVELS, Verdict};
use crate::reduce::{reduce, shrink};

const GENERATORS: [Generator; 6] = [
    Generator::Program,
    Generator::Loops,
    Generator::Smith,
    Generator::SmithWide,
    Generator::SmithFloat,
    Generator::SmithNewer,
];

/// The boards that need nothing outside this process.
const BOARDS: [&str; 6] = ["m33", "rv32", "m33-nofpu", "rv32f", "m4f", "rv32-aligned"];

/// What the command line says.
struct Options {
    minutes: Option<u64>,
    count: Option<u64>,
    seed: u64,
    boards: Vec<String>,
    generators: Vec<Generator>,
    folder: PathBuf,
}

impl Options {
    fn parse() -> Result<Self, String> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let mut options = Self {
            minutes: None,
            count: None,
            seed: now.map_or(1, |now| now.as_secs()) << 24,
            boards: Vec::new(),
            generators: Vec::new(),
            folder: "fuzz".into(),
        };
        let mut words = env::args().skip(1);
        while let Some(name) = words.next() {
            let value = words.next().ok_or(format!("{name} takes a value"))?;
            let number = || {
                let number = value.parse();
                number.map_err(|_| format!("{name} takes a number, not {value}"))
            };
            match name.as_str() {
                "--minutes" => options.minutes = Some(number()?),
                "--count" => options.count = Some(number()?),
                "--seed" => options.seed = number()?,
                "--board" => options.boards.push(value),
                "--generator" => options.generators.push(generator(&value)?),
                "--folder" => options.folder = value.into(),
                _ => {
                    let known = "--board, --generator, --minutes, --seed, --count and --folder";
                    return Err(format!("{name}: there are {known}"));
                }
            }
        }
        if options.boards.is_empty() {
            options.boards = BOARDS.map(str::to_owned).into();
        }
        if options.generators.is_empty() {
            options.generators = GENERATORS.into();
        }
        Ok(options)
    }
}

fn generator(name: &str) -> Result<Generator, String> {
    let mut generators = GENERATORS.into_iter();
    generators
        .find(|generator| format!("{generator:?}") == name)
        .ok_or(format!("there is no generator {name}, but {GENERATORS:?}"))
}

fn main() -> ExitCode {
    match Options::parse().and_then(|options| run(&options)) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The number of findings.
fn run(options: &Options) -> Result<u64, String> {
    let boards = options.boards.iter().map(|name| open(name));
    let boards: Result<Vec<Box<dyn Board>>, BoardError> = boards.collect();
    let boards = boards.map_err(|error| error.to_string())?;
    boards.iter().for_each(|board| prepare(&**board));

    let begin = Instant::now();
    let limit = options
        .minutes
        .map(|minutes| Duration::from_secs(60 * minutes));
    let mut counts = Counts::default();
    let mut findings = 0;
    for (number, board) in (0..).zip(boards.iter().cycle()) {
        if limit.is_some_and(|limit| begin.elapsed() > limit)
            || options.count.is_some_and(|count| number >= count)
        {
            break;
        }
        let seed = options.seed + number;
        for &generator in &options.generators {
            let end = verdict(&**board, generator, &choices(seed));
            let end = end.map(|(_, verdict)| verdict);
            counts.add(board.info().name, generator, end.as_ref());
            if let Some(Verdict::Finding(text)) = end {
                findings += 1;
                report(&**board, generator, seed, &text, &options.folder);
            }
        }
        if number % 1000 == 999 {
            let minutes = begin.elapsed().as_secs() / 60;
            println!(
                "{} seeds, {minutes} minutes, {findings} findings",
                number + 1
            );
        }
    }
    counts.print();
    Ok(findings)
}

/// How modules and calls ended, by board and generator.
#[derive(Default)]
struct Counts(BTreeMap<(&'static str, String, String), usize>);

impl Counts {
    fn add(&mut self, board: &'static str, generator: Generator, end: Option<&Verdict>) {
        let generator = format!("{generator:?}");
        let mut count = |what: &str, number: usize| {
            let key = (board, generator.clone(), what.to_owned());
            *self.0.entry(key).or_insert(0) += number;
        };
        match end {
            None => count("too small", 1),
            Some(Verdict::Agreed(ends)) => {
                let (returned, trapped): (Vec<_>, Vec<_>) =
                    ends.iter().flatten().partition(|end| end.is_ok());
                count("  calls that returned", returned.len());
                count("  calls that trapped", trapped.len());
                count("agreed", 1);
            }
            Some(Verdict::Refused(text)) => {
                let what = text.split(" at ").next().unwrap_or(text);
                count(&format!("refused: {what}"), 1);
            }
            Some(Verdict::Undecided(why)) => count(&format!("undecided: {why}"), 1),
            Some(Verdict::Finding(_)) => count("finding", 1),
        }
    }

    fn print(&self) {
        for ((board, generator, what), count) in &self.0 {
            println!("{count:>9} {board:<13} {generator:<11} {what}");
        }
        let modules = self.0.iter().filter(|((.., what), _)| what == "agreed");
        let modules: usize = modules.map(|(_, count)| count).sum();
        println!("{modules} modules agree, each at {LEVELS:?}");
    }
}

/// Reduces a finding and writes it down.
fn report(board: &dyn Board, generator: Generator, seed: u64, text: &str, folder: &Path) {
    println!("seed {seed} {generator:?} on {}: {text}", board.info().name);
    let is_finding = |choices: &[u8]| {
        let end = verdict(board, generator, choices);
        matches!(end, Some((_, Verdict::Finding(_))))
    };
    let small = reduce(&choices(seed), is_finding);
    let Some((case, _)) = verdict(board, generator, &small) else {
        return;
    };
    let arguments = &small[..ARGUMENTS];
    let finding = |wasm: &[u8]| match called(wasm.to_vec(), arguments)?.verdict(board) {
        Verdict::Finding(text) => Some(text),
        _ => None,
    };
    let wasm = shrink(&case.wasm, |wasm| finding(wasm).is_some());
    let text = finding(&wasm).unwrap_or_else(|| text.to_owned());
    let wat = wasmprinter::print_bytes(&wasm).unwrap_or_else(|error| format!(";; {error}"));
    let name = format!("{seed}-{generator:?}-{}.wat", board.info().name);
    let path = folder.join(name);
    let content = format!(";; seed {seed}\n;; {}\n{wat}", text.replace('\n', "\n;; "));
    let written = fs::create_dir_all(folder).and_then(|()| fs::write(&path, content));
    match written {
        Ok(()) => println!("  reduced: {text}\n  written: {}", path.display()),
        Err(error) => println!("  not written: {}: {error}", path.display()),
    }
}
