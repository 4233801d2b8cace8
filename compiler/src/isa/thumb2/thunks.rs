//! Import thunks, by which the module calls the host: from the internal convention to the C ABI.
//!
//! ```text
//!   function ──internal──▶ import thunk ──C ABI──▶ host
//!                              └── the host asks for a trap ──▶ host_trap
//! ```
//!
//! C ABI: Procedure Call Standard for the Arm Architecture (AAPCS32), 6.4 "Parameter passing", 7.1
//! "VFP and SIMD vector register usage" for the variant that passes floats in their own registers.

use regalloc2::{Block, PReg, PRegSet, RegClass};
use wasm2mcu_abi::context::Context;
use wasm2mcu_abi::types::ValueType;

use super::Thumb2;
use super::emit::Emitter;
use super::frame::FrameLayout;
use super::inst::{AlignedAmode, Amode, Call, Callee, Compare, Cond, Inst, LoadOp, StoreOp};
use super::regs::{ARGUMENTS, CONTEXT, RegSet, SP, float_preg, preg, r};
use crate::mach::Thunk;
use crate::mach::buffer::Symbol;
use crate::mach::emit::Emitter as _;
use crate::mach::places::{self, Place};
use crate::mach::reg::Reg;
use crate::mach::stubs::TrapStubs;
use crate::wasm::module::Signature;

/// What an import thunk saves: a register to work with, and the way back.
pub(super) const SAVED_BY_IMPORT: RegSet = RegSet::of(&[4, 14]);

/// Code that is written instruction by instruction, in numbered blocks.
pub(super) struct Writer {
    pub(super) emitter: Emitter,
}

impl Writer {
    pub(super) fn new(blocks: usize) -> Writer {
        Writer {
            emitter: Emitter::new(blocks, FrameLayout::default(), TrapStubs::PerFunction),
        }
    }

    pub(super) fn put(&mut self, inst: Inst) {
        self.emitter.emit(&inst, None);
    }

    /// Loads a word at a multiple of 4 into a register of either class.
    pub(super) fn load(&mut self, rt: Reg, base: Reg, offset: u32) {
        let offset = offset as i32;
        self.put(match rt.class() {
            RegClass::Float => Inst::FloatLoad {
                rt,
                mem: AlignedAmode::Base { base, offset },
            },
            _ => Inst::Load {
                op: LoadOp::Ldr,
                rt,
                mem: Amode::Base { base, offset },
            },
        });
    }

    /// Stores a word at a multiple of 4 from a register of either class.
    pub(super) fn store(&mut self, rt: Reg, base: Reg, offset: u32) {
        let offset = offset as i32;
        self.put(match rt.class() {
            RegClass::Float => Inst::FloatStore {
                rt,
                mem: AlignedAmode::Base { base, offset },
            },
            _ => Inst::Store {
                op: StoreOp::Str,
                rt,
                mem: Amode::Base { base, offset },
            },
        });
    }

    pub(super) fn mov(&mut self, rd: Reg, rm: Reg) {
        self.put(Inst::Mov { rd, rm });
    }

    /// Moves words between registers, none of which is read after it was written.
    fn mov_all(&mut self, mut moves: Vec<(PReg, PReg)>) {
        while !moves.is_empty() {
            let (sources, _): (Vec<PReg>, Vec<PReg>) = moves.iter().copied().unzip();
            // Within a class the words keep their order, and between classes they go one way only.
            let free = moves
                .iter()
                .position(|(from, to)| from == to || !sources.contains(to));
            let (from, to) = moves.remove(free.expect("the moves form no circle"));
            if from != to {
                self.mov(Reg::of_preg(to), Reg::of_preg(from));
            }
        }
    }

    pub(super) fn constant(&mut self, rd: Reg, value: u32) {
        self.put(Inst::MovImm { rd, value });
    }

    pub(super) fn call(&mut self, address: Reg) {
        self.put(Inst::Call(Box::new(Call {
            callee: Callee::Indirect(address),
            uses: Vec::new(),
            defs: Vec::new(),
            clobbers: PRegSet::empty(),
        })));
    }

    /// Moves the stack pointer down, or up again.
    pub(super) fn reserve(&mut self, bytes: u32) {
        if bytes > 0 {
            self.put(Inst::SubSp { bytes });
        }
    }

    pub(super) fn release(&mut self, bytes: u32) {
        if bytes > 0 {
            self.put(Inst::AddSp { bytes });
        }
    }

    pub(super) fn bind(&mut self, block: usize) {
        self.emitter.bind(Block::new(block), false);
    }

    pub(super) fn jump(&mut self, target: usize) {
        let target = Block::new(target);
        self.put(Inst::Jump { target });
    }

    /// Goes to block 1 if `cond` holds, else to block 0, which follows.
    pub(super) fn leave_if(&mut self, cond: Cond, cmp: Compare) {
        let (go_on, leave) = (Block::new(0), Block::new(1));
        let branch = Inst::CondBr {
            cond,
            cmp,
            taken: leave,
            not_taken: go_on,
        };
        self.emitter.emit(&branch, Some(go_on));
        self.emitter.bind(go_on, true);
    }

    pub(super) fn leave_block(&mut self) {
        self.emitter.bind(Block::new(1), false);
    }

    pub(super) fn finish(self, stack_bytes: u32) -> Thunk<Thumb2> {
        Thunk {
            code: self.emitter.finish().expect("a thunk has short branches"),
            stack_bytes,
        }
    }
}

/// Internal call to the host function whose address is in the context at `slot`.
pub(super) fn import(isa: &Thumb2, signature: &Signature, slot: u32) -> Thunk<Thumb2> {
    let (internal, _) = places::of_values(isa, &signature.params);
    let (external, stack_area) = c_arguments(&signature.params, isa.has_hard_float_abi());
    let stack_area = stack_area.next_multiple_of(8);
    let saved_bytes = 4 * SAVED_BY_IMPORT.len();

    let mut code = Writer::new(2);
    code.put(Inst::Push {
        regs: SAVED_BY_IMPORT,
    });
    code.reserve(stack_area);
    for (from, to) in internal.iter().zip(&external) {
        let Place::Stack(to) = *to else { continue };
        let word = match *from {
            Place::Register(at) => Reg::of_preg(at),
            Place::Stack(offset) => {
                code.load(r(4), SP, stack_area + saved_bytes + offset);
                r(4)
            }
        };
        code.store(word, SP, to);
    }
    let words = || internal.iter().zip(&external);
    code.mov_all(
        words()
            .filter_map(|(from, to)| match (*from, *to) {
                (Place::Register(from), Place::Register(to)) => Some((from, to)),
                _ => None,
            })
            .collect(),
    );
    for (from, to) in words() {
        if let (Place::Stack(offset), Place::Register(to)) = (*from, *to) {
            let offset = stack_area + saved_bytes + offset;
            code.load(Reg::of_preg(to), SP, offset);
        }
    }
    code.mov(r(0), CONTEXT);
    code.load(r(4), CONTEXT, slot);
    code.call(r(4));
    code.release(stack_area);
    // One result at most, which is in registers on either side: no host function has more.
    let (internal, _) = places::of_values(isa, &signature.results);
    let external = c_results(&signature.results, isa.has_hard_float_abi());
    code.mov_all(
        external
            .zip(internal)
            .filter_map(|(from, to)| match to {
                Place::Register(to) => Some((from, to)),
                Place::Stack(_) => None,
            })
            .collect(),
    );
    code.load(r(2), CONTEXT, Context::HOST_TRAP);
    code.leave_if(Cond::Ne, Compare::zero(r(2)));
    code.put(Inst::Pop {
        regs: SAVED_BY_IMPORT.without(14).with(15),
    });

    code.leave_block();
    code.put(Inst::JumpTo {
        symbol: Symbol::HostTrap,
    });
    code.finish(saved_bytes + stack_area)
}

/// Whether the words of arguments and results stand at the same places on either side, if the context is
/// the first argument of an internal call.
pub(super) fn agrees_with_host(isa: &Thumb2, signature: &Signature) -> bool {
    let params = [&[ValueType::I32], &signature.params[..]].concat();
    let (internal, _) = places::of_values(isa, &params);
    let (external, _) = c_arguments(&signature.params, isa.has_hard_float_abi());
    if internal[1..] != external[..] {
        return false;
    }
    let external: Vec<Place> = c_results(&signature.results, isa.has_hard_float_abi())
        .map(Place::Register)
        .collect();
    let (internal, _) = places::of_values(isa, &signature.results);
    external.starts_with(&internal)
}

/// Where the C ABI wants the words of parameters that follow the context, and the bytes of the stack
/// area.
///
/// Double words begin at an even register or a multiple of 8. In the VFP variant (`hard`), floats
/// have registers of their own, `s0`–`s15`; a word fills the hole that a double word left.
fn c_arguments(params: &[ValueType], hard: bool) -> (Vec<Place>, u32) {
    let mut places = Vec::new();
    let mut next_register = 1;
    let mut free_floats: Vec<u8> = (0..16).collect();
    let mut next_byte: u32 = 0;
    for &ty in params {
        let words = ty.words() as usize;
        let registers = if hard && is_float(ty) {
            take_floats(&mut free_floats, words)
        } else {
            take_integers(&mut next_register, words)
        };
        match registers {
            Some(registers) => places.extend(registers.into_iter().map(Place::Register)),
            None => {
                next_byte = next_byte.next_multiple_of(4 * words as u32);
                for _ in 0..words {
                    places.push(Place::Stack(next_byte));
                    next_byte += 4;
                }
            }
        }
    }
    (places, next_byte)
}

fn is_float(ty: ValueType) -> bool {
    matches!(ty, ValueType::F32 | ValueType::F64)
}

/// Rules C.3 to C.5: once on the stack, always on the stack.
fn take_integers(next: &mut usize, words: usize) -> Option<Vec<PReg>> {
    let first = next.next_multiple_of(words);
    let registers = ARGUMENTS.get(first..first + words);
    *next = match registers {
        Some(_) => first + words,
        None => ARGUMENTS.len(),
    };
    registers.map(<[PReg]>::to_vec)
}

/// Rules C.1.vfp and C.2.vfp: the lowest free register or aligned pair; none for floats behind one
/// that found none.
fn take_floats(free: &mut Vec<u8>, words: usize) -> Option<Vec<PReg>> {
    let pair = |first: &u8| (*first..*first + words as u8).all(|n| free.contains(&n));
    let mut aligned = (0..16).step_by(words);
    let Some(first) = aligned.find(pair) else {
        free.clear();
        return None;
    };
    let taken = first..first + words as u8;
    free.retain(|n| !taken.contains(n));
    Some(taken.map(float_preg).collect())
}

/// Where the C ABI leaves the words of a result.
fn c_results(results: &[ValueType], hard: bool) -> impl Iterator<Item = PReg> {
    let float = hard && results.iter().any(|&ty| is_float(ty));
    (0..4).map(move |n| if float { float_preg(n) } else { preg(n) })
}
