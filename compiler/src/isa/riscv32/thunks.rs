//! The code between the module and the host: entry thunks, import thunks, trap exits.
//!
//! ```text
//!   host ──C ABI──▶ entry thunk ──internal──▶ function ──internal──▶ import thunk ──C ABI──▶ host
//!     ▲                                          │ jal trap_K
//!     └───────── trap code in a0 ◀── trap exit ◀─┘
//! ```
//!
//! The entry thunk is the only code that writes the pinned registers. It leaves its stack pointer
//! in the context; the trap exit goes back there and returns in its place.
//!
//! C ABI: RISC-V ABIs Specification, "Integer Calling Convention" and "Hardware Floating-point Calling
//! Convention", ILP32 and ILP32F. No floating-point register is saved: generated code uses none of
//! those that the host may rely on.

use regalloc2::{Block, PRegSet};
use wasm2mcu_abi::context::Context;
use wasm2mcu_abi::trap::TrapCode;
use wasm2mcu_abi::types::ValueType;

use super::Riscv32;
use super::emit::Emitter;
use super::frame::FrameLayout;
use super::inst::{AluOp, Amode, Call, Callee, Cond, Inst, LoadOp, StoreOp, Test};
#[cfg(test)]
use super::regs::Name;
use super::regs::{C_ARGUMENTS, C_FLOAT_ARGUMENTS, CONTEXT, MEMORY_BASE, RA, RegSet, SP, ZERO, x};
use crate::link::Piece;
use crate::mach::buffer::Symbol;
use crate::mach::emit::Emitter as _;
use crate::mach::places::{self, Place};
use crate::mach::reg::Reg;
use crate::mach::stubs::TrapStubs;
use crate::mach::{Border, BorderNeeds, Thunk};
use crate::wasm::module::Signature;

/// What an entry thunk saves for the host: `ra` and all callee-saved registers.
const SAVED: RegSet = RegSet::of(&[1, 8, 9, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27]);
/// Bytes that it saves them in.
const SAVED_BYTES: u32 = (4 * SAVED.len()).next_multiple_of(16);
/// Where in them it keeps the stack pointer of the entry before.
const ENTRY_BEFORE: u32 = 4 * SAVED.len();
const _: () = assert!(ENTRY_BEFORE < SAVED_BYTES);
/// Bytes that an import thunk saves `ra` in.
const IMPORT_BYTES: u32 = 16;

/// Code that is written instruction by instruction, in numbered blocks.
struct Writer {
    emitter: Emitter,
}

impl Writer {
    fn new(blocks: usize) -> Writer {
        Writer {
            emitter: Emitter::new(blocks, FrameLayout::default(), TrapStubs::PerFunction),
        }
    }

    fn put(&mut self, inst: Inst) {
        self.emitter.emit(&inst, None);
    }

    fn load(&mut self, rd: Reg, base: Reg, offset: u32) {
        self.put(Inst::Load {
            op: LoadOp::word(rd.class()),
            rd,
            mem: base_offset(base, offset),
        });
    }

    fn store(&mut self, rs: Reg, base: Reg, offset: u32) {
        self.put(Inst::Store {
            op: StoreOp::word(rs.class()),
            rs,
            mem: base_offset(base, offset),
        });
    }

    fn mv(&mut self, rd: Reg, rs: Reg) {
        self.put(Inst::Mv { rd, rs });
    }

    fn li(&mut self, rd: Reg, value: u32) {
        self.put(Inst::Li { rd, value });
    }

    fn call(&mut self, address: Reg) {
        self.put(Inst::Call(Box::new(Call {
            callee: Callee::Indirect(address),
            uses: Vec::new(),
            defs: Vec::new(),
            clobbers: PRegSet::empty(),
        })));
    }

    fn move_sp(&mut self, bytes: i32) {
        if bytes != 0 {
            self.put(Inst::AddSp { bytes });
        }
    }

    /// Takes the host's registers back from the stack, and returns with what is in `a0`.
    fn leave_to_host(&mut self) {
        self.load(T0, SP, ENTRY_BEFORE);
        self.store(T0, CONTEXT, Context::ENTRY_SP);
        for (rd, offset) in saved_places() {
            self.load(rd, SP, offset);
        }
        self.move_sp(SAVED_BYTES as i32);
        self.put(Inst::JumpReg { rs: RA });
    }

    /// Goes to block 1 if the test holds, else to block 0, which follows.
    fn leave_if(&mut self, test: Test) {
        let (go_on, leave) = (Block::new(0), Block::new(1));
        let branch = Inst::CondBr {
            test,
            taken: leave,
            not_taken: go_on,
        };
        self.emitter.emit(&branch, Some(go_on));
        self.emitter.bind(go_on, true);
    }

    fn leave_block(&mut self) {
        self.emitter.bind(Block::new(1), false);
    }

    fn finish(self, stack_bytes: u32) -> Thunk<Riscv32> {
        Thunk {
            code: self.emitter.finish().expect("a thunk has short branches"),
            stack_bytes,
        }
    }
}

fn base_offset(base: Reg, offset: u32) -> Amode {
    Amode::Base {
        base,
        offset: offset as i32,
    }
}

/// Where the entry thunk saves the host's registers, from its stack pointer on.
fn saved_places() -> impl Iterator<Item = (Reg, u32)> {
    SAVED.numbers().map(x).zip((0..).step_by(4))
}

/// The register of argument `number` in the C ABI, and of the words of an internal call.
const fn a(number: u8) -> Reg {
    x(10 + number)
}

/// Registers that neither carry arguments nor are saved by those who use them.
const T0: Reg = x(5);
const T1: Reg = x(6);
/// Registers that host functions and functions of the module leave alone.
const S0: Reg = x(8);

/// The trap exit, the traps and the entry thunks, each on its own.
pub(super) fn border(isa: &Riscv32, needs: &BorderNeeds<'_>) -> Vec<Border<Riscv32>> {
    let one = |piece, thunk: Thunk<Riscv32>| Border {
        code: thunk.code,
        pieces: vec![(piece, 0)],
    };
    let exit = one(Piece::Symbol(Symbol::TrapExit), trap_exit());
    let traps = needs.traps.iter();
    let traps = traps.map(|&code| one(Piece::Symbol(Symbol::Trap(code)), trap(code)));
    let entries = needs.entries.iter().map(|&(number, signature)| {
        let thunk = entry(isa, signature, needs.tail_area);
        one(Piece::Entry(number), thunk)
    });
    std::iter::once(exit).chain(traps).chain(entries).collect()
}

/// `a0` = trap code, `ra` = behind the call in the trap stub.
fn trap_exit() -> Thunk<Riscv32> {
    let mut code = Writer::new(0);
    code.store(RA, CONTEXT, Context::TRAP_SITE);
    code.load(SP, CONTEXT, Context::ENTRY_SP);
    code.leave_to_host();
    code.finish(0)
}

/// Called by trap stubs.
fn trap(trap: TrapCode) -> Thunk<Riscv32> {
    let mut code = Writer::new(0);
    match trap {
        // What the host stored.
        TrapCode::Host => {
            code.load(a(0), CONTEXT, Context::HOST_TRAP);
            code.store(ZERO, CONTEXT, Context::HOST_TRAP);
        }
        _ => code.li(a(0), trap as u32),
    }
    code.put(Inst::JumpTo {
        symbol: Symbol::TrapExit,
    });
    code.finish(0)
}

/// `extern "C" fn(context, args, code, stack) -> u32` for functions of a signature.
pub(super) fn entry(isa: &Riscv32, signature: &Signature, tail_area: u32) -> Thunk<Riscv32> {
    let (context, args, callee, need) = (a(0), a(1), a(2), a(3));
    let (params, param_bytes) = places::of_values(isa, &signature.params);
    let (results, result_bytes) = places::of_values(isa, &signature.results);
    let stack_area = param_bytes
        .max(result_bytes)
        .max(tail_area)
        .next_multiple_of(16);

    let mut code = Writer::new(2);
    // Nothing is stored before it is known that the stack suffices.
    code.load(T0, context, Context::STACK_LIMIT);
    code.put(Inst::Alu {
        op: AluOp::Add,
        rd: T0,
        rs1: T0,
        rs2: need,
    });
    code.leave_if(Test {
        cond: Cond::Ltu,
        rs1: SP,
        rs2: T0,
    });
    code.move_sp(-(SAVED_BYTES as i32));
    for (rs, offset) in saved_places() {
        code.store(rs, SP, offset);
    }
    code.load(T0, context, Context::ENTRY_SP);
    code.store(T0, SP, ENTRY_BEFORE);
    code.mv(CONTEXT, context);
    code.store(SP, CONTEXT, Context::ENTRY_SP);
    code.load(MEMORY_BASE, CONTEXT, Context::MEMORY_BASE);
    code.mv(S0, args);
    code.mv(T1, callee);
    code.move_sp(-(stack_area as i32));
    for (index, place) in params.iter().enumerate() {
        let offset = 4 * index as u32;
        match *place {
            Place::Register(at) => code.load(Reg::of_preg(at), S0, offset),
            Place::Stack(to) => {
                code.load(T0, S0, offset);
                code.store(T0, SP, to);
            }
        }
    }
    code.call(T1);
    for (index, place) in results.iter().enumerate() {
        let offset = 4 * index as u32;
        match *place {
            Place::Register(at) => code.store(Reg::of_preg(at), S0, offset),
            Place::Stack(from) => {
                code.load(T0, SP, from);
                code.store(T0, S0, offset);
            }
        }
    }
    code.move_sp(stack_area as i32);
    code.li(a(0), 0);
    code.leave_to_host();

    code.leave_block();
    code.store(ZERO, context, Context::TRAP_SITE);
    code.li(a(0), TrapCode::StackExhausted as u32);
    code.put(Inst::JumpReg { rs: RA });
    code.finish(SAVED_BYTES + stack_area)
}

/// Internal call to the host function whose address is in the context at `slot`.
pub(super) fn import(isa: &Riscv32, signature: &Signature, slot: u32) -> Thunk<Riscv32> {
    let (internal, _) = places::of_values(isa, &signature.params);
    let (external, stack_area) = c_arguments(&signature.params, isa.has_fpu());
    let stack_area = stack_area.next_multiple_of(16);
    let frame = IMPORT_BYTES + stack_area;

    let mut code = Writer::new(2);
    code.move_sp(-(frame as i32));
    code.store(RA, SP, frame - 4);
    // Every word of integer registers moves up by a place or more: the last one first. Floats in
    // registers stay where they are.
    for (from, to) in internal.iter().zip(&external).rev() {
        match (*from, *to) {
            (Place::Register(from), Place::Register(to)) if from == to => {}
            (Place::Register(from), Place::Register(to)) => {
                code.mv(Reg::of_preg(to), Reg::of_preg(from));
            }
            (Place::Stack(from), Place::Register(to)) => {
                code.load(Reg::of_preg(to), SP, frame + from);
            }
            (Place::Stack(from), Place::Stack(to)) => {
                code.load(T0, SP, frame + from);
                code.store(T0, SP, to);
            }
            (Place::Register(from), Place::Stack(to)) => code.store(Reg::of_preg(from), SP, to),
        }
    }
    code.mv(a(0), CONTEXT);
    code.load(T0, CONTEXT, slot);
    code.call(T0);
    code.load(T0, CONTEXT, Context::HOST_TRAP);
    code.load(RA, SP, frame - 4);
    code.move_sp(frame as i32);
    code.leave_if(Test::is_nonzero(T0));
    code.put(Inst::JumpReg { rs: RA });

    code.leave_block();
    code.mv(a(0), T0);
    code.store(ZERO, CONTEXT, Context::HOST_TRAP);
    code.put(Inst::JumpTo {
        symbol: Symbol::TrapExit,
    });
    code.finish(frame)
}

/// Whether the words of arguments and results stand at the same places on either side, if the context is
/// the first argument of an internal call.
pub(super) fn agrees_with_host(isa: &Riscv32, signature: &Signature) -> bool {
    let params = [&[ValueType::I32], &signature.params[..]].concat();
    let (internal, _) = places::of_values(isa, &params);
    let (external, _) = c_arguments(&signature.params, isa.has_fpu());
    if internal[1..] != external[..] {
        return false;
    }
    // The words of a result stand in the same registers on either side.
    true
}

/// Where the C ABI wants the words of parameters that follow the context, and the bytes of the
/// stack area; `hard` is the one with floating-point registers.
///
/// A double word takes the next two integer registers, even or odd, or the last one and the stack;
/// on the stack alone it begins at a multiple of 8. Once on the stack, always on the stack.
fn c_arguments(params: &[ValueType], hard: bool) -> (Vec<Place>, u32) {
    let mut registers = C_ARGUMENTS[1..].iter();
    let mut floats = C_FLOAT_ARGUMENTS.iter();
    let mut places = Vec::new();
    let mut next_byte = 0_u32;
    for ty in params {
        if hard
            && *ty == ValueType::F32
            && let Some(&register) = floats.next()
        {
            places.push(Place::Register(register));
            continue;
        }
        let words = ty.words();
        if registers.len() == 0 && words == 2 {
            next_byte = next_byte.next_multiple_of(8);
        }
        for _ in 0..words {
            places.push(match registers.next() {
                Some(&register) => Place::Register(register),
                None => {
                    next_byte += 4;
                    Place::Stack(next_byte - 4)
                }
            });
        }
    }
    (places, next_byte)
}

#[cfg(test)]
mod tests {
    use wasm2mcu_abi::types::ValueType::{F32, F64, I32, I64};

    use super::*;

    fn text(params: &[ValueType], hard: bool) -> String {
        let (places, bytes) = c_arguments(params, hard);
        let names: Vec<String> = places
            .iter()
            .map(|place| match place {
                Place::Register(at) => Name(Reg::of_preg(*at)).to_string(),
                Place::Stack(offset) => format!("+{offset}"),
            })
            .collect();
        format!("{} of {bytes}", names.join(" "))
    }

    #[test]
    fn arguments_stand_where_the_c_abi_wants_them() {
        for hard in [false, true] {
            let text = |params: &[ValueType]| text(params, hard);
            assert_eq!(text(&[I32, I64]), "a1 a2 a3 of 0");
            assert_eq!(text(&[I64, F64, I64, I64]), "a1 a2 a3 a4 a5 a6 a7 +0 of 4");
            assert_eq!(
                text(&[I64, I64, I64, F64, I64]),
                "a1 a2 a3 a4 a5 a6 a7 +0 +8 +12 of 16"
            );
            assert_eq!(
                text(&[I64, I64, I64, I32, I32, F64]),
                "a1 a2 a3 a4 a5 a6 a7 +0 +8 +12 of 16"
            );
        }
    }

    #[test]
    fn floats_have_registers_of_their_own_where_the_abi_says_so() {
        let params = [F32, I32, F32, F64];
        assert_eq!(text(&params, false), "a1 a2 a3 a4 a5 of 0");
        assert_eq!(text(&params, true), "fa0 a1 fa1 a2 a3 of 0");
        let many = [&[F32; 9][..], &[I32]].concat();
        assert_eq!(
            text(&many, true),
            "fa0 fa1 fa2 fa3 fa4 fa5 fa6 fa7 a1 a2 of 0"
        );
    }
}
