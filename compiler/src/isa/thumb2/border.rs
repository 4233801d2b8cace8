//! The code by which the host enters the module and by which the module leaves: entry thunks and
//! exits.
//!
//! ```text
//!   host ──C ABI──▶ entry thunk ──internal──▶ function
//!     ▲                ▲    ▲                    │ bl trap_K
//!     │            enter    leave                ▼
//!     └──────── tail ◀─────────── trap exit ◀── trap_K, host trap
//! ```
//!
//! The exits share what does not depend on the signature, and so do all entry thunks where bytes count for
//! more than instructions:
//!
//! ```text
//!   trap_1:    movs r0, #1; b trap_exit
//!   host_trap: the code that the host stored; back to the frame of the import thunk's caller
//!   trap_exit: sp of the entry; b tail
//!   thunk:     mov r12, pc; b enter           thunk with `enter` in place, where it is the only one
//!              ldm r1, {r0, r1}; blx r5; stm r4!, {r0, r1}
//!              b leave
//!   leave:     movs r0, #0
//!   tail:      the stack pointer of the entry before; pop {…, pc}
//!   enter:     check the stack, save, pin; mov pc, r12
//!   fail:      movs r0, #10; bx lr
//! ```
//!
//! Signatures with words in `r0`–`r3` alone have one thunk for each number of words that the host has
//! room for: it is the longer one of parameters and results, so both may be copied in full.
//!
//! `enter` is the only code that writes the pinned registers. It leaves its stack pointer in the
//! context; the trap exit goes back there and returns in its place. Both restore what stood there
//! before: another instance, which this one called, may enter it again.

use std::collections::BTreeMap;

use wasm2mcu_abi::context::Context;
use wasm2mcu_abi::trap::TrapCode;

use super::Thumb2;
use super::imm::Shift;
use super::inst::{AluOp, Compare, Cond, Inst};
use super::regs::{ARGUMENTS, CONTEXT, LR, MEMORY_BASE, PC, RegSet, SCRATCH, SP, r};
use super::thunks::{SAVED_BY_IMPORT, Writer};
use crate::link::Piece;
use crate::mach::buffer::Symbol;
use crate::mach::places::{self, Place};
use crate::mach::reg::Reg;
use crate::mach::{Border, BorderNeeds};
use crate::wasm::module::Signature;

/// What an entry saves: the address of the context, the stack pointer of the entry before, which it
/// has in `r3`, and for the host all callee-saved registers but `r9`, which nobody touches. `lr` comes
/// back as `pc`. There is an even number of them, which keeps the stack aligned.
const SAVED: RegSet = RegSet::of(&[0, 3, 4, 5, 6, 7, 8, 10, 11, 14]);
const RESTORED: RegSet = SAVED.without(0).without(3).without(14).with(15);

/// Entry thunks that share their ends: all within reach of a 16-bit jump, ±2 KB.
const MAX_SHARING: usize = 16;

/// Blocks of the code; the first two are those of [`Writer::leave_if`].
const TRAP_EXIT: usize = 2;
const TAIL: usize = 3;
const LEAVE: usize = 4;
const ENTER: usize = 5;
const BLOCKS: usize = 6;

/// Bytes of stack that the entry thunk of a signature takes.
pub(super) fn entry_stack(isa: &Thumb2, signature: &Signature, tail_area: u32) -> u32 {
    4 * SAVED.len() + Entry::of(isa, signature, tail_area).stack_area
}

/// The exits and all entry thunks.
pub(super) fn border(isa: &Thumb2, needs: &BorderNeeds<'_>) -> Vec<Border<Thumb2>> {
    let mut in_registers: BTreeMap<usize, Shared> = BTreeMap::new();
    let mut small = Vec::new();
    let mut large = Vec::new();
    for &(number, signature) in &needs.entries {
        let entry = Entry::of(isa, signature, needs.tail_area);
        if entry.stack_area > 0 {
            large.push(Shared::one(number, entry));
        } else if let Some(room) = entry.words_in_order() {
            let shared = in_registers.entry(room).or_default();
            shared.add(number, entry);
        } else {
            small.push(Shared::one(number, entry));
        }
    }
    small.splice(..0, in_registers.into_values());
    let mut chunks = small.chunks(if needs.small { MAX_SHARING } else { 1 });
    let mut first = Stretch::new();
    first.exits(needs);
    first.entries(chunks.next().unwrap_or_default());
    let mut borders = vec![first.finish()];
    for chunk in chunks.chain(large.chunks(1)) {
        let mut stretch = Stretch::new();
        stretch.entries(chunk);
        borders.push(stretch.finish());
    }
    borders
}

/// What an entry thunk does for its signature.
#[derive(Default)]
struct Entry {
    params: Vec<Place>,
    results: Vec<Place>,
    /// Bytes for stack arguments and results.
    stack_area: u32,
}

impl Entry {
    fn of(isa: &Thumb2, signature: &Signature, tail_area: u32) -> Entry {
        let (params, param_bytes) = places::of_values(isa, &signature.params);
        let (results, result_bytes) = places::of_values(isa, &signature.results);
        Entry {
            params,
            results,
            stack_area: param_bytes
                .max(result_bytes)
                .max(tail_area)
                .next_multiple_of(8),
        }
    }

    /// How many words the host has room for, if each word has the integer register of its number.
    fn words_in_order(&self) -> Option<usize> {
        let in_order = |places: &[Place]| {
            let registers = ARGUMENTS.iter().map(|&at| Place::Register(at));
            places.len() <= ARGUMENTS.len() && registers.zip(places).all(|(at, &place)| at == place)
        };
        let both = in_order(&self.params) && in_order(&self.results);
        both.then_some(self.params.len().max(self.results.len()))
    }
}

/// The entry thunk of several signatures, by their type numbers.
#[derive(Default)]
struct Shared {
    numbers: Vec<u32>,
    /// The longest parameters and the longest results.
    entry: Entry,
}

impl Shared {
    fn one(number: u32, entry: Entry) -> Shared {
        let numbers = vec![number];
        Shared { numbers, entry }
    }

    /// Adds a signature with its words in order and the same room.
    fn add(&mut self, number: u32, entry: Entry) {
        self.numbers.push(number);
        let longer = |one: &mut Vec<Place>, other: Vec<Place>| {
            if other.len() > one.len() {
                *one = other;
            }
        };
        longer(&mut self.entry.params, entry.params);
        longer(&mut self.entry.results, entry.results);
    }
}

/// The registers of the first `count` words.
fn first_registers(count: usize) -> RegSet {
    let numbers = ARGUMENTS.iter().take(count).map(|at| at.hw_enc() as u8);
    numbers.fold(RegSet::EMPTY, RegSet::with)
}

/// Pieces of code that lie within reach of each other.
struct Stretch {
    code: Writer,
    pieces: Vec<Piece>,
    /// Entry thunks that jump to `enter` and need the jump in its 16-bit form.
    sharing: bool,
}

impl Stretch {
    fn new() -> Stretch {
        Stretch {
            code: Writer::new(BLOCKS),
            pieces: Vec::new(),
            sharing: false,
        }
    }

    fn piece(&mut self, piece: Piece) {
        self.code.emitter.place();
        self.pieces.push(piece);
    }

    fn exits(&mut self, needs: &BorderNeeds<'_>) {
        for &trap in &needs.traps {
            self.piece(Piece::Symbol(Symbol::Trap(trap)));
            match trap {
                TrapCode::Host => {
                    self.code.load(r(0), CONTEXT, Context::HOST_TRAP);
                    self.forget_host_trap();
                }
                _ => self.code.constant(r(0), trap as u32),
            }
            self.code.jump(TRAP_EXIT);
        }
        if needs.imports {
            // `r2` = trap code, `sp` = frame of the import thunk.
            self.piece(Piece::Symbol(Symbol::HostTrap));
            self.code.mov(r(0), r(2));
            self.forget_host_trap();
            self.code.put(Inst::Pop {
                regs: SAVED_BY_IMPORT,
            });
        }
        // `r0` = trap code, `lr` = behind the call in the trap stub.
        self.code.bind(TRAP_EXIT);
        self.piece(Piece::Symbol(Symbol::TrapExit));
        self.code.store(LR, CONTEXT, Context::TRAP_SITE);
        self.code.load(r(1), CONTEXT, Context::ENTRY_SP);
        self.code.mov(SP, r(1));
        self.code.jump(TAIL);
    }

    /// Clears the trap code that the host stored.
    fn forget_host_trap(&mut self) {
        self.code.constant(r(1), 0);
        self.code.store(r(1), CONTEXT, Context::HOST_TRAP);
    }

    fn entries(&mut self, entries: &[Shared]) {
        self.sharing = entries.len() > 1;
        for shared in entries {
            for &number in &shared.numbers {
                self.piece(Piece::Entry(number));
            }
            self.thunk(&shared.entry);
        }
        if !entries.is_empty() {
            self.code.bind(LEAVE);
            self.code.constant(r(0), 0);
        }
        self.code.bind(TAIL);
        let (context, before) = (r(1), r(2));
        self.code.put(Inst::Pop {
            regs: RegSet::of(&[1, 2]),
        });
        self.code.store(before, context, Context::ENTRY_SP);
        self.code.put(Inst::Pop { regs: RESTORED });
        if self.sharing {
            self.code.bind(ENTER);
            self.enter_for_many();
        }
        if !entries.is_empty() {
            self.code.leave_block();
            if self.sharing {
                self.code.constant(r(1), 0);
                self.code.store(r(1), r(0), Context::TRAP_SITE);
            }
            let code = TrapCode::StackExhausted as u32;
            self.code.constant(r(0), code);
            self.code.put(Inst::BranchTo { rm: LR });
        }
    }

    /// `extern "C" fn(context, args, code, stack) -> u32` for functions of a signature.
    fn thunk(&mut self, entry: &Entry) {
        let in_order = entry.stack_area == 0 && entry.words_in_order().is_some();
        let mut callee = r(5);
        if self.sharing {
            // `pc` reads as the address behind the next instruction, which has two bytes.
            self.code.mov(SCRATCH, PC);
            self.code.jump(ENTER);
        } else {
            self.enter_for_one();
            if in_order && entry.params.len() <= 2 {
                callee = r(2);
            } else {
                self.code.mov(callee, r(2));
            }
        }
        if in_order {
            self.load_in_order(entry.params.len());
            self.code.call(callee);
            self.store_in_order(entry.results.len());
        } else {
            self.call_with_places(entry, callee);
        }
        self.code.jump(LEAVE);
    }

    /// Loads words from `r1` on, where the arguments are as well as at `r4`.
    fn load_in_order(&mut self, count: usize) {
        let rn = r(1);
        let regs = first_registers(count);
        match count {
            0 => {}
            1 => self.code.load(r(0), rn, 0),
            _ => self.code.put(Inst::LoadWords { rn, regs }),
        }
    }

    /// Stores words from `r4` on.
    fn store_in_order(&mut self, count: usize) {
        let rn = r(4);
        let regs = first_registers(count);
        match count {
            0 => {}
            1 => self.code.store(r(0), rn, 0),
            _ => self.code.put(Inst::StoreWords { rn, regs }),
        }
    }

    fn call_with_places(&mut self, entry: &Entry, callee: Reg) {
        let code = &mut self.code;
        code.reserve(entry.stack_area);
        // Words for the stack pass through r0, so they go first.
        for pass in [false, true] {
            for (index, place) in entry.params.iter().enumerate() {
                let word = 4 * index as u32;
                match *place {
                    Place::Stack(offset) if !pass => {
                        code.load(r(0), r(4), word);
                        code.store(r(0), SP, offset);
                    }
                    Place::Register(at) if pass => code.load(Reg::of_preg(at), r(4), word),
                    _ => {}
                }
            }
        }
        code.call(callee);
        // Words from the stack pass through r0, so they go last.
        for pass in [false, true] {
            for (index, place) in entry.results.iter().enumerate() {
                let word = 4 * index as u32;
                match *place {
                    Place::Register(at) if !pass => code.store(Reg::of_preg(at), r(4), word),
                    Place::Stack(offset) if pass => {
                        code.load(r(0), SP, offset);
                        code.store(r(0), r(4), word);
                    }
                    _ => {}
                }
            }
        }
        code.release(entry.stack_area);
    }

    /// Enters, with `r12` free; leaves the callee in `r2`.
    ///
    /// Who enters has set the word for the place of a trap to 0, so it need not be done where the
    /// stack is exhausted; and another instance, which has not, does not read it.
    fn enter_for_one(&mut self) {
        self.check_stack(SCRATCH);
        self.save();
    }

    /// Enters and goes on at `r12`, with the callee in `r5`.
    fn enter_for_many(&mut self) {
        // No register is free, but the word for the place of a trap.
        let callee = (r(0), Context::TRAP_SITE);
        self.code.store(r(2), callee.0, callee.1);
        self.check_stack(r(2));
        self.save();
        self.code.load(r(5), callee.0, callee.1);
        self.code.mov(PC, SCRATCH);
    }

    /// Fails unless the stack that `r3` asks for is left. Nothing is stored there before.
    fn check_stack(&mut self, free: Reg) {
        self.code.load(free, r(0), Context::STACK_LIMIT);
        self.code.put(Inst::AluRRR {
            op: AluOp::Add,
            rd: free,
            rn: free,
            rm: r(3),
            shift: Shift::NONE,
        });
        self.code.leave_if(Cond::Lo, Compare::cmp(SP, free));
    }

    /// Saves the host's registers and sets the pinned ones; copies the address of the arguments to
    /// `r4`.
    fn save(&mut self) {
        let (context, args) = (r(0), r(1));
        self.code.load(r(3), context, Context::ENTRY_SP);
        self.code.put(Inst::Push { regs: SAVED });
        self.code.mov(CONTEXT, context);
        self.code.store(SP, context, Context::ENTRY_SP);
        self.code.load(MEMORY_BASE, context, Context::MEMORY_BASE);
        self.code.mov(r(4), args);
    }

    fn finish(self) -> Border<Thumb2> {
        let code = self.code.finish(0).code;
        let pieces = self.pieces.into_iter().zip(code.places.iter().copied());
        let pieces: Vec<(Piece, u32)> = pieces.collect();
        for (piece, at) in &pieces {
            if self.sharing && matches!(piece, Piece::Entry(_)) {
                let jump = code.bytes[*at as usize + 3];
                assert_eq!(jump >> 3, 0b11100, "a thunk enters by a 16-bit jump");
            }
        }
        Border { code, pieces }
    }
}
