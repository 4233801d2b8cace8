//! From a seed to a module with calls, and what a board grants it.

use std::time::Duration;

use arbitrary::{Result, Unstructured};
use wasm2mcu_testbench::oracle::Call;
use wasm2mcu_testbench::{Board, Limits};

use crate::differential::{Surface, Verdict, check};
use crate::loops;
use crate::program;
use crate::smith::{self, Numbers};

/// Calls of one module.
const CALLS: usize = 12;
/// Instructions of one call on the board.
const INSTRUCTIONS: u64 = 20_000_000;
const MEMORY_BYTES: u32 = 8 * 0x1_0000;

/// Choices that arguments come from: their own, so that a smaller program keeps its calls.
pub(crate) const ARGUMENTS: usize = 32;

/// Who makes the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Generator {
    /// [`program`].
    Program,
    /// [`loops`].
    Loops,
    /// [`smith`], i32 only.
    Smith,
    /// [`smith`], with i64.
    SmithWide,
    /// [`smith`], with floats too.
    SmithFloat,
    /// [`smith`], with references, bulk memory and tail calls besides.
    SmithNewer,
}

/// A module and what to call.
pub(crate) struct Case {
    pub(crate) wasm: Vec<u8>,
    pub(crate) calls: Vec<Call>,
}

/// The limits for random modules.
pub(crate) fn prepare(board: &dyn Board) {
    board.set_limits(Limits {
        memory_bytes: MEMORY_BYTES,
        instructions: Some(INSTRUCTIONS),
        time: Duration::from_secs(60),
        interrupt: None,
    });
}

/// Makes a case and compares it; `None` if the choices are too few for any.
pub(crate) fn verdict(
    board: &dyn Board,
    generator: Generator,
    choices: &[u8],
) -> Option<(Case, Verdict)> {
    let case = case(generator, choices)?;
    let verdict = case.verdict(board);
    Some((case, verdict))
}

impl Case {
    /// Compares it.
    pub(crate) fn verdict(&self, board: &dyn Board) -> Verdict {
        let calls = std::slice::from_ref(&self.calls);
        check(board, &self.wasm, Surface::any_hosts, calls)
    }
}

/// The choices of a seed: SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
pub(crate) fn choices(seed: u64) -> Vec<u8> {
    let mut state = seed;
    let mut next = move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let word = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ word >> 31
    };
    // Small programs as often as large ones.
    let words = 1usize << (4 + next() % 7);
    (0..words).flat_map(|_| next().to_le_bytes()).collect()
}

/// The case that these choices stand for.
fn case(generator: Generator, choices: &[u8]) -> Option<Case> {
    let (arguments, choices) = choices.split_at_checked(ARGUMENTS)?;
    let mut choices = Unstructured::new(choices);
    let wasm = match generator {
        Generator::Program => program::generate(&mut choices),
        Generator::Loops => loops::generate(&mut choices),
        Generator::Smith => smith::generate(&mut choices, Numbers::Words, false),
        Generator::SmithWide => smith::generate(&mut choices, Numbers::Integers, false),
        Generator::SmithFloat => smith::generate(&mut choices, Numbers::All, false),
        Generator::SmithNewer => smith::generate(&mut choices, Numbers::All, true),
    };
    called(wasm.ok()?, arguments)
}

/// A module with the calls that these choices stand for.
pub(crate) fn called(wasm: Vec<u8>, arguments: &[u8]) -> Option<Case> {
    let surface = Surface::of(&wasm).unwrap_or_default();
    let calls = calls(&surface, &mut Unstructured::new(arguments)).ok()?;
    Some(Case { wasm, calls })
}

/// Every exported function in turn.
fn calls(surface: &Surface, choices: &mut Unstructured<'_>) -> Result<Vec<Call>> {
    let functions = surface.functions.iter().cycle();
    let count = CALLS.min(3 * surface.functions.len());
    functions
        .take(count)
        .map(|(export, params)| {
            let arguments: Result<Vec<u32>> = (0..*params).map(|_| argument(choices)).collect();
            Ok(Call::new(export, &arguments?))
        })
        .collect()
}

fn argument(u: &mut Unstructured<'_>) -> Result<u32> {
    const EDGES: [u32; 12] = [
        0,
        1,
        2,
        u32::MAX,
        0x8000_0000,
        0x7fff_ffff,
        0xffff,
        0x1_0000,
        0xfffc,
        0xfffd,
        0x80,
        0xffff_fff0,
    ];
    if u.ratio(2, 3)? {
        Ok(*u.choose(&EDGES)?)
    } else {
        u.arbitrary()
    }
}
