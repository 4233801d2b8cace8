//! RISC-V with 32-bit registers: RV32IMC, with F, Zba, Zbb and Zbs where there are any.
//!
//! ```text
//!   CLIF ──lower.isle──▶ inst + operands ──regalloc2──▶ emit ──▶ encode (bits of an instruction)
//!                             │ display                   └────▶ branch (what depends on distances)
//! ```
//!
//! * [`regs`]: which register plays which role
//! * `constants`: which constants instructions hold
//! * [`imm`]: immediates that are encodable once they exist
//! * [`inst`]: the machine instructions that selection produces
//! * `isle`: selection; the rules are in `lower.isle`, `wide.isle`, `float.isle` and `bits.isle`
//! * [`frame`]: the stack frame
//! * [`emit`]: from machine instructions to the code of a function
//! * [`branch`]: branches and jump tables, short and long
//! * [`disasm`]: from bytes to text
//! * [`reloc`]: references between functions
//! * `thunks`: between the module and the host

pub mod branch;
mod constants;
pub mod disasm;
mod display;
pub mod emit;
mod encode;
#[cfg(test)]
mod encode_tests;
pub mod frame;
pub mod imm;
pub mod inst;
mod isle;
mod operands;
pub mod regs;
pub mod reloc;
mod thunks;

use cranelift_codegen::ir;
use regalloc2::{Block, MachineEnv, PReg, PRegSet, RegClass};
use wasm2mcu_abi::image::{Architecture, Features};

use crate::mach::blocks::BranchTable;
use crate::mach::buffer::Symbol;
use crate::mach::call::Call;
use crate::mach::choices::Registers;
use crate::mach::context::Context;
use crate::mach::frame::FrameRef;
use crate::mach::isle::Results;
use crate::mach::lower::Lower;
use crate::mach::reg::{FixedReg, OperandVisitor, Reg};
use crate::mach::{AddressModes, Border, BorderNeeds, FrameNeeds, Isa, MachineInst, Thunk};
use crate::wasm::module::Signature;
use emit::Emitter;
use frame::FrameLayout;
use inst::{Amode, Inst, LoadOp, StoreOp};
use regs::{ARGUMENTS, CALLEE_SAVED, FLOAT_ARGUMENTS, RegSet};

/// The instruction set, as some core has it.
#[derive(Debug)]
pub struct Riscv32 {
    env: MachineEnv,
    /// What there is beyond RV32IMC.
    features: Features,
}

impl Riscv32 {
    /// The instruction set of a core with these features. Where there are floating-point registers,
    /// host functions use them.
    pub fn new(features: Features) -> Riscv32 {
        Riscv32 {
            env: regs::machine_env(),
            features,
        }
    }

    /// Whether the core itself does loads and stores at any address.
    fn misaligned(&self) -> bool {
        self.features.contains(Features::RISCV_MISALIGNED)
    }

    /// Something if the core has this.
    fn has(&self, feature: Features) -> Option<()> {
        self.features.contains(feature).then_some(())
    }

    /// Whether f32 is in floating-point registers.
    fn has_fpu(&self) -> bool {
        self.features.contains(Features::RISCV_F)
    }
}

impl Isa for Riscv32 {
    const ARCHITECTURE: Architecture = Architecture::RiscV32;
    const ARGUMENTS: &'static [PReg] = &ARGUMENTS;
    const FLOAT_ARGUMENTS: &'static [PReg] = &FLOAT_ARGUMENTS;
    const CONTEXT: Reg = regs::CONTEXT;
    const MEMORY_BASE: Reg = regs::MEMORY_BASE;
    const LOOP_REGISTERS: u32 = 16;
    const LOOP_REGISTERS_ACROSS_CALLS: u32 = 8;
    const LOOP_FLOAT_CONSTANTS: usize = 32;
    type Inst = Inst;
    type Frame = FrameLayout;
    type Emitter = Emitter;

    fn address_modes(&self) -> Option<AddressModes> {
        // Where the core cannot do an access at any address, rules tell from the form of the address
        // how it is aligned.
        self.misaligned().then_some(AddressModes {
            min_offset: -2048,
            // The second word of a double word is in reach as well.
            max_offset: 2047 - 4,
            indexed: false,
            max_shift: match self.has(Features::RISCV_ZBA) {
                Some(()) => 3,
                None => 0,
            },
        })
    }

    fn machine_env(&self, _: Registers) -> &MachineEnv {
        &self.env
    }

    fn class_of(&self, ty: ir::Type) -> RegClass {
        if ty == ir::types::F32 && self.has_fpu() {
            RegClass::Float
        } else {
            RegClass::Int
        }
    }

    fn rules(context: &mut Context<'_, '_, Self>, inst: ir::Inst) -> Option<Results> {
        isle::constructor_lower(context, inst)
    }

    fn branch_if(
        context: &mut Context<'_, '_, Self>,
        test: ir::Value,
        taken: Block,
        not_taken: Block,
    ) -> Inst {
        Inst::CondBr {
            test: isle::constructor_test_of(context, test),
            taken,
            not_taken,
        }
    }

    fn branch_table(table: BranchTable) -> Inst {
        Inst::BrTable(Box::new(table))
    }

    fn caller_saved() -> PRegSet {
        regs::caller_saved()
    }

    fn call(call: Call) -> Inst {
        Inst::Call(Box::new(call))
    }

    fn tail_call(call: Call) -> Inst {
        Inst::TailCall(Box::new(call))
    }

    fn args(defs: Vec<FixedReg>) -> Inst {
        Inst::Args { defs }
    }

    fn ret(uses: Vec<FixedReg>) -> Inst {
        Inst::Ret { uses }
    }

    fn load_word(to: Reg, place: FrameRef) -> Inst {
        Inst::Load {
            op: LoadOp::word(to.class()),
            rd: to,
            mem: Amode::Frame(place),
        }
    }

    fn store_word(from: Reg, place: FrameRef) -> Inst {
        Inst::Store {
            op: StoreOp::word(from.class()),
            rs: from,
            mem: Amode::Frame(place),
        }
    }

    fn jump(target: Block) -> Inst {
        Inst::Jump { target }
    }

    fn copy(rd: Reg, rs: Reg) -> Inst {
        Inst::Mv { rd, rs }
    }

    fn address(rd: Reg, symbol: Symbol) -> Inst {
        Inst::Address { rd, symbol }
    }

    fn frame_address(rd: Reg, place: FrameRef) -> Inst {
        Inst::FrameAddr { rd, place }
    }

    fn constant_cost(func: &ir::Function, inst: ir::Inst, operand: usize, word: u32) -> u32 {
        constants::cost(func, inst, operand, word)
    }

    fn constant(lower: &mut Lower<'_, Self>, word: u32) -> Reg {
        if word == 0 {
            return regs::ZERO;
        }
        let rd = lower.new_reg(RegClass::Int);
        lower.emit(Inst::Li { rd, value: word });
        rd
    }

    fn frame(&self, needs: &FrameNeeds) -> FrameLayout {
        let saved = |number: &u8| {
            needs.written.contains(regs::preg(*number))
                && (CALLEE_SAVED.contains(*number) || *number == 1)
        };
        let saved: Vec<u8> = (0..32).filter(saved).collect();
        FrameLayout::new(
            RegSet::of(&saved),
            needs.outgoing_bytes,
            needs.spills,
            needs.slot_bytes,
        )
    }

    fn frame_bytes(frame: &FrameLayout) -> u32 {
        frame.bytes()
    }

    fn border(&self, needs: &BorderNeeds<'_>) -> Vec<Border<Self>> {
        thunks::border(self, needs)
    }

    fn entry_stack(&self, signature: &Signature, tail_area: u32) -> u32 {
        thunks::entry(self, signature, tail_area).stack_bytes
    }

    fn import_thunk(&self, signature: &Signature, slot: u32) -> Thunk<Self> {
        thunks::import(self, signature, slot)
    }

    fn agrees_with_host(&self, signature: &Signature) -> bool {
        thunks::agrees_with_host(self, signature)
    }
}

impl MachineInst for Inst {
    fn visit_operands(&mut self, visitor: &mut impl OperandVisitor) {
        Inst::visit_operands(self, visitor);
    }

    fn clobbers(&self) -> PRegSet {
        Inst::clobbers(self)
    }

    fn only_writes_results(&self) -> bool {
        matches!(
            self,
            Inst::Alu { .. }
                | Inst::AluImm { .. }
                | Inst::Shift { .. }
                | Inst::Mv { .. }
                | Inst::Li { .. }
                | Inst::Select { .. }
        )
    }

    fn ends_function(&self) -> bool {
        self.is_ret()
    }

    fn is_return(&self) -> bool {
        matches!(self, Inst::Ret { .. })
    }

    fn is_branch(&self) -> bool {
        Inst::is_branch(self)
    }

    fn is_table(&self) -> bool {
        matches!(self, Inst::BrTable(_))
    }

    fn branch_first(&mut self, first: impl Fn(Block) -> bool) {
        if let Inst::CondBr {
            test,
            taken,
            not_taken,
            ..
        } = self
            && !first(*taken)
        {
            *test = test.invert();
            std::mem::swap(taken, not_taken);
        }
    }

    fn jump_target(&self) -> Option<Block> {
        match *self {
            Inst::Jump { target } => Some(target),
            _ => None,
        }
    }
}
