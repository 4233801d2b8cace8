//! Thumb-2 for Armv8-M Mainline and Armv7-M.
//!
//! ```text
//!   CLIF ──lower.isle──▶ inst + operands ──regalloc2──▶ emit ──▶ encode (bits of an instruction)
//!                             │ display                   └────▶ branch (what depends on distances)
//! ```
//!
//! * [`regs`]: which register plays which role
//! * [`imm`]: immediates that are encodable once they exist
//! * [`inst`]: the machine instructions that selection produces
//! * `isle`: selection; the rules are in `lower.isle`, `wide.isle` and `float.isle`
//! * `constants`: which constants instructions hold
//! * [`frame`]: the stack frame
//! * [`emit`]: from machine instructions to the code of a function
//! * `flags`: comparisons that need not be made
//! * [`branch`]: branches and jump tables, short and long
//! * [`reloc`]: references between functions
//! * [`disasm`]: from the code back to text
//! * `thunks`: between the module and the host

#[cfg(test)]
mod allocation_tests;
#[cfg(test)]
mod assembler;
mod border;
pub mod branch;
#[cfg(test)]
mod branch_tests;
mod constants;
pub mod disasm;
mod display;
pub mod emit;
#[cfg(test)]
mod emit_tests;
mod encode;
#[cfg(test)]
mod encode_table;
#[cfg(test)]
mod encode_tests;
mod flags;
pub mod frame;
pub mod imm;
pub mod inst;
mod isle;
mod operands;
#[cfg(test)]
mod random;
pub mod regs;
pub mod reloc;
mod thunks;
mod vfp;

use cranelift_codegen::ir;
use regalloc2::{Block, MachineEnv, PReg, PRegSet, RegClass};
use wasm2mcu_abi::image::{Architecture, Features};

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
use imm::FloatImm;
use inst::{BranchTable, Inst};
use isle::Test;
use regs::{ARGUMENTS, CALLEE_SAVED, CALLER_SAVED, FLOAT_ARGUMENTS, RegSet};

/// The instruction set, as some core has it.
#[derive(Debug)]
pub struct Thumb2 {
    env: MachineEnv,
    cheap_env: MachineEnv,
    /// What there is beyond the base, and which float ABI host functions have.
    features: Features,
}

impl Thumb2 {
    /// The instruction set of a core with these features, whose host functions take floats in
    /// floating-point registers if [`Features::THUMB_HARD_FLOAT_ABI`] is among them.
    pub fn new(features: Features) -> Thumb2 {
        let fpu = features.contains(Features::THUMB_FPU);
        Thumb2 {
            env: regs::machine_env(fpu, Registers::All),
            cheap_env: regs::machine_env(fpu, Registers::Cheap),
            features,
        }
    }

    fn has_fpu(&self) -> bool {
        self.features.contains(Features::THUMB_FPU)
    }

    /// Whether the FPU is FPv5: with VSEL, VRINT, VMAXNM and VMINNM.
    fn has_fpv5(&self) -> bool {
        self.has_fpu() && self.features.contains(Features::THUMB_V8M)
    }

    /// Whether host functions take floats in floating-point registers.
    fn has_hard_float_abi(&self) -> bool {
        self.features.contains(Features::THUMB_HARD_FLOAT_ABI)
    }
}

impl Isa for Thumb2 {
    const ARCHITECTURE: Architecture = Architecture::Thumb;
    const ARGUMENTS: &'static [PReg] = &ARGUMENTS;
    const FLOAT_ARGUMENTS: &'static [PReg] = &FLOAT_ARGUMENTS;
    const CONTEXT: Reg = regs::CONTEXT;
    const MEMORY_BASE: Reg = regs::MEMORY_BASE;
    const LOOP_REGISTERS: u32 = 7;
    const LOOP_REGISTERS_ACROSS_CALLS: u32 = 5;
    // Beyond, a load of the constant itself is as good as one from the frame.
    const LOOP_FLOAT_CONSTANTS: usize = 8;
    type Inst = Inst;
    type Frame = FrameLayout;
    type Emitter = Emitter;

    fn address_modes(&self) -> Option<AddressModes> {
        // The offset of an access has twelve bits, which the second word of a double word needs as
        // well.
        Some(AddressModes {
            min_offset: 0,
            max_offset: 4095 - 4,
            indexed: true,
            max_shift: 3,
        })
    }

    fn machine_env(&self, registers: Registers) -> &MachineEnv {
        match registers {
            Registers::All => &self.env,
            Registers::Cheap => &self.cheap_env,
        }
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
        let Test { cond, cmp } = isle::constructor_test_of(context, test);
        Inst::CondBr {
            cond,
            cmp,
            taken,
            not_taken,
        }
    }

    fn branch_table(table: BranchTable) -> Inst {
        Inst::BrTable(Box::new(table))
    }

    fn caller_saved() -> PRegSet {
        let mut registers = CALLER_SAVED.pregs();
        registers.union_from(regs::floats());
        registers
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
        Inst::load_word(to, place)
    }

    fn store_word(from: Reg, place: FrameRef) -> Inst {
        Inst::store_word(from, place)
    }

    fn jump(target: Block) -> Inst {
        Inst::Jump { target }
    }

    fn copy(rd: Reg, rm: Reg) -> Inst {
        Inst::Mov { rd, rm }
    }

    fn address(rd: Reg, symbol: Symbol) -> Inst {
        Inst::CodeAddr { rd, symbol }
    }

    fn frame_address(rd: Reg, place: FrameRef) -> Inst {
        Inst::FrameAddr { rd, place }
    }

    fn constant_cost(func: &ir::Function, inst: ir::Inst, operand: usize, word: u32) -> u32 {
        constants::cost(func, inst, operand, word)
    }

    fn float_constant_cost(bits: u32) -> u32 {
        match FloatImm::new(bits) {
            Some(_) => 1,
            None => 3,
        }
    }

    fn constant(lower: &mut Lower<'_, Self>, word: u32) -> Reg {
        let rd = lower.new_reg(RegClass::Int);
        lower.emit(Inst::MovImm { rd, value: word });
        rd
    }

    fn float_constant(lower: &mut Lower<'_, Self>, bits: u32) -> Reg {
        let imm = FloatImm::new(bits);
        if imm.is_none() && bits < 256 {
            // MOV of a low register is short.
            let word = Thumb2::constant(lower, bits);
            return lower.in_class(word, RegClass::Float);
        }
        let rd = lower.new_reg(RegClass::Float);
        lower.emit(match imm {
            Some(imm) => Inst::FloatImm { rd, imm },
            None => Inst::FloatConst { rd, bits },
        });
        rd
    }

    fn frame(&self, needs: &FrameNeeds) -> FrameLayout {
        let saved = |number: &u8| {
            needs.written.contains(regs::preg(*number))
                && (CALLEE_SAVED.contains(*number) || *number == 14)
        };
        let saved: Vec<u8> = (0..16).filter(saved).collect();
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
        border::border(self, needs)
    }

    fn entry_stack(&self, signature: &Signature, tail_area: u32) -> u32 {
        border::entry_stack(self, signature, tail_area)
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
            Inst::AluRRR { .. }
                | Inst::AluRRI { .. }
                | Inst::AddImm { .. }
                | Inst::Mov { .. }
                | Inst::Mvn { .. }
                | Inst::MovImm { .. }
                | Inst::ShiftImm { .. }
                | Inst::ShiftReg { .. }
                | Inst::Extend { .. }
                | Inst::ExtendAdd { .. }
                | Inst::Extract { .. }
                | Inst::Insert { .. }
                | Inst::Clear { .. }
                | Inst::Unary { .. }
                | Inst::Mul { .. }
                | Inst::MulAcc { .. }
                | Inst::MulLong { .. }
                | Inst::MulAccLong { .. }
                | Inst::Select { .. }
                | Inst::Float { .. }
                | Inst::FloatUnary { .. }
                | Inst::FloatImm { .. }
                | Inst::FloatConst { .. }
                | Inst::FloatSelect { .. }
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
            cond,
            taken,
            not_taken,
            ..
        } = self
            && !first(*taken)
        {
            *cond = cond.invert();
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
