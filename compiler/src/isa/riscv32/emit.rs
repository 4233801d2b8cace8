//! From allocated machine instructions to the code of a function.
//!
//! Single instructions are encoded in `encode`, what depends on distances in
//! [`branch`](super::branch); the sequences are put together here.

use regalloc2::{Allocation, Block};
use wasm2mcu_abi::context::Context;
use wasm2mcu_abi::trap::TrapCode;

use super::branch::Branch;
use super::encode::{self, Opcode};
use super::frame::FrameLayout;
use super::imm::{Imm12, Parts};
use super::inst::{
    AluImmOp, AluOp, Amode, BranchTable, Callee, Cond, FrameRef, Inst, LoadOp, StoreOp, Test,
};
use super::regs::{CONTEXT, RA, SCRATCH, SP, T5, ZERO};
use super::reloc::RelocKind;
use crate::mach;
use crate::mach::buffer::{BranchOutOfRange, Code, CodeBuffer, Label, Symbol};
use crate::mach::emit::{Emitter as _, Reach};
use crate::mach::reg::Reg;
use crate::mach::stubs::{Stubs, TrapStubs};

/// Emits one function, instruction by instruction.
///
/// Instructions hold physical registers only. Blocks come in any order; every one is bound or an
/// alias before the end.
#[derive(Debug)]
pub struct Emitter {
    buffer: CodeBuffer<Branch, RelocKind>,
    frame: FrameLayout,
    stubs: Stubs,
    reach: Reach,
    /// Calls and jumps to other functions so far.
    references: usize,
    source: u32,
}

impl mach::emit::Emitter for Emitter {
    type Inst = Inst;
    type Frame = FrameLayout;
    type Relocation = RelocKind;

    fn new(blocks: usize, frame: FrameLayout, trap_stubs: TrapStubs) -> Emitter {
        Emitter {
            buffer: CodeBuffer::new(blocks),
            frame,
            stubs: Stubs::new(trap_stubs),
            reach: Reach::Near,
            references: 0,
            source: 0,
        }
    }

    fn set_reach(&mut self, reach: Reach) {
        self.reach = reach;
    }

    fn source_location(&mut self, source: u32) {
        self.source = source;
        self.buffer.source_location(source);
    }

    fn bind(&mut self, block: Block, _from_above: bool) {
        self.buffer.bind(Label::of_block(block));
    }

    fn alias(&mut self, block: Block, other: Block) -> bool {
        self.buffer
            .alias(Label::of_block(block), Label::of_block(other))
    }

    fn prologue(&mut self, need: Option<u32>) {
        if let Some(need) = need {
            self.check_stack(need);
        }
        self.emit_all(&self.frame.prologue());
    }

    fn emit_move(&mut self, from: Allocation, to: Allocation) {
        let spill = |slot: Allocation| {
            let slot = slot.as_stack().expect("a register or a spill slot");
            Amode::Frame(FrameRef::Spill(slot.index() as u32))
        };
        match (from.as_reg(), to.as_reg()) {
            (Some(from), Some(to)) => self.put(encode::mv(Reg::of_preg(to), Reg::of_preg(from))),
            (Some(from), None) => {
                self.store(StoreOp::word(from.class()), Reg::of_preg(from), spill(to));
            }
            (None, Some(to)) => {
                self.load(LoadOp::word(to.class()), Reg::of_preg(to), spill(from));
            }
            (None, None) => panic!("the allocator moves from memory to memory"),
        }
    }

    fn emit(&mut self, inst: &Inst, next: Option<Block>) {
        match *inst {
            Inst::Alu { op, rd, rs1, rs2 } => self.put(encode::alu(op, rd, rs1, rs2)),
            Inst::AluImm { op, rd, rs1, imm } => self.put(encode::alu_immediate(op, rd, rs1, imm)),
            Inst::Unary { op, rd, rs1 } => self.put(encode::unary(op, rd, rs1)),
            Inst::Shift {
                op,
                rd,
                rs1,
                amount,
            } => self.put(encode::shift(op, rd, rs1, amount.value())),
            Inst::Fpu { op, rd, rs1, rs2 } => self.put(encode::fpu(op, rd, rs1, rs2)),
            Inst::Fsqrt { rd, rs1 } => self.put(encode::fsqrt(rd, rs1)),
            Inst::FpuCompare { op, rd, rs1, rs2 } => {
                self.put(encode::fpu_compare(op, rd, rs1, rs2));
            }
            Inst::FpuToInt {
                sign,
                rounding,
                rd,
                rs1,
            } => self.put(encode::fpu_to_int(sign, rounding, rd, rs1)),
            Inst::IntToFpu { sign, rd, rs1 } => self.put(encode::int_to_fpu(sign, rd, rs1)),
            Inst::Mv { rd, rs } => self.put(encode::mv(rd, rs)),
            Inst::Li { rd, value } => self.constant(rd, value),
            Inst::FrameAddr { rd, place } => {
                let offset = self.frame.offset(place);
                match Imm12::new(offset as i32) {
                    Some(imm) => self.put(encode::alu_immediate(AluImmOp::Addi, rd, SP, imm)),
                    None => {
                        self.constant(rd, offset);
                        self.put(encode::alu(AluOp::Add, rd, rd, SP));
                    }
                }
            }
            Inst::Address { rd, symbol } => {
                self.buffer.relocation(RelocKind::DistanceHigh, symbol);
                self.put(encode::auipc(rd, 0));
                self.buffer.relocation(RelocKind::DistanceLow, symbol);
                self.put(encode::add_distance(rd));
            }
            Inst::Load { op, rd, mem } => self.load(op, rd, mem),
            Inst::Store { op, rs, mem } => self.store(op, rs, mem),
            Inst::Select {
                rd,
                test,
                if_true,
                if_false,
            } => {
                assert_eq!(rd, if_false, "a select changes a register in place");
                if if_true != rd {
                    let over = self.buffer.label();
                    self.branch_if(test.invert(), over);
                    self.put(encode::mv(rd, if_true));
                    self.buffer.bind(over);
                }
            }
            Inst::TrapIf { test, code } => {
                let target = self.stub(code);
                self.buffer.trap_site(code, self.source);
                self.branch_if(test, target);
            }
            Inst::Trap { code } => {
                self.stubs.call_here(&mut self.buffer, code, self.source);
                self.call(Symbol::Trap(code));
            }
            Inst::Call(ref call) => match call.callee {
                Callee::Direct(symbol) => self.call(symbol),
                Callee::Indirect(rs) => self.put(encode::call_register(rs)),
            },
            Inst::TailCall(ref call) => {
                // The address may be in a register that is restored; no argument is in this one.
                if let Callee::Indirect(rs) = call.callee {
                    self.put(encode::mv(T5, rs));
                }
                self.emit_all(&self.frame.teardown());
                match call.callee {
                    Callee::Direct(symbol) => self.refer(RelocKind::Jump, ZERO, SCRATCH, symbol),
                    Callee::Indirect(_) => self.put(encode::jump_register(T5)),
                }
            }
            Inst::Args { .. } => {}
            Inst::Ret { .. } => self.emit_all(&self.frame.epilogue()),
            Inst::Jump { target } => self.jump(target),
            Inst::CondBr {
                test,
                taken,
                not_taken,
            } => {
                let next = next.map(|block| self.buffer.resolve(Label::of_block(block)));
                if Some(self.buffer.resolve(Label::of_block(taken))) == next {
                    self.branch_if(test.invert(), Label::of_block(not_taken));
                } else {
                    self.branch_if(test, Label::of_block(taken));
                    self.jump(not_taken);
                }
            }
            Inst::BrTable(ref table) => self.branch_table(table),
            Inst::JumpReg { rs } => self.put(encode::jump_register(rs)),
            Inst::JumpTo { symbol } => self.refer(RelocKind::Jump, ZERO, SCRATCH, symbol),
            Inst::AddSp { bytes } => match Imm12::new(bytes) {
                Some(imm) => self.put(encode::alu_immediate(AluImmOp::Addi, SP, SP, imm)),
                None => {
                    self.constant(SCRATCH, bytes as u32);
                    self.put(encode::alu(AluOp::Add, SP, SP, SCRATCH));
                }
            },
        }
    }

    fn finish(mut self) -> Result<Code<RelocKind>, BranchOutOfRange> {
        for stub in self.stubs.take() {
            if !self.buffer.is_bound(stub.label) {
                self.buffer.bind(stub.label);
                self.source_location(stub.source);
                self.call(Symbol::Trap(stub.code));
            }
        }
        self.buffer.finish()
    }
}

impl Emitter {
    fn emit_all(&mut self, code: &[Inst]) {
        for inst in code {
            self.emit(inst, None);
        }
    }

    /// Traps unless `need` bytes are left above the limit. Nothing is stored before.
    fn check_stack(&mut self, need: u32) {
        let limit = Amode::Base {
            base: CONTEXT,
            offset: Context::STACK_LIMIT as i32,
        };
        self.load(LoadOp::Lw, SCRATCH, limit);
        match Imm12::new(need as i32) {
            Some(imm) => {
                self.put(encode::alu_immediate(AluImmOp::Addi, SCRATCH, SCRATCH, imm));
            }
            None => {
                // No argument is in it, and no value yet.
                self.constant(T5, need);
                self.put(encode::alu(AluOp::Add, SCRATCH, SCRATCH, T5));
            }
        }
        let target = self.stub(TrapCode::StackExhausted);
        let test = Test {
            cond: Cond::Ltu,
            rs1: SP,
            rs2: SCRATCH,
        };
        self.branch_if(test, target);
    }

    fn put(&mut self, opcode: Opcode) {
        match opcode {
            Opcode::Narrow(bits) => self.buffer.put(&bits.to_le_bytes()),
            Opcode::Wide(bits) => self.buffer.put(&bits.to_le_bytes()),
        }
    }

    fn constant(&mut self, rd: Reg, value: u32) {
        for opcode in encode::constant(rd, value) {
            self.put(opcode);
        }
    }

    /// Base and offset of an address; what is out of reach goes into `t6` before.
    fn in_reach(&mut self, mem: Amode) -> (Reg, Imm12) {
        let (base, offset) = match mem {
            Amode::Base { base, offset } => (base, offset),
            Amode::Frame(place) => (SP, self.frame.offset(place) as i32),
        };
        if let Some(offset) = Imm12::new(offset) {
            return (base, offset);
        }
        let Parts { high, low } = Parts::of(offset as u32);
        self.put(encode::lui(SCRATCH, high));
        self.put(encode::alu(AluOp::Add, SCRATCH, SCRATCH, base));
        (SCRATCH, low)
    }

    fn load(&mut self, op: LoadOp, rd: Reg, mem: Amode) {
        let (base, offset) = self.in_reach(mem);
        self.put(encode::load(op, rd, base, offset));
    }

    fn store(&mut self, op: StoreOp, rs: Reg, mem: Amode) {
        debug_assert_ne!(rs, SCRATCH, "the scratch register may hold the address");
        let (base, offset) = self.in_reach(mem);
        self.put(encode::store(op, rs, base, offset));
    }

    fn branch_if(&mut self, test: Test, target: Label) {
        self.buffer.put_relaxable(Branch::If { test, target });
    }

    fn jump(&mut self, target: Block) {
        let target = Label::of_block(target);
        self.buffer.put_relaxable(Branch::Always { target });
    }

    fn branch_table(&mut self, table: &BranchTable) {
        if table.targets.is_empty() {
            return self.jump(table.default);
        }
        self.constant(SCRATCH, table.targets.len() as u32);
        let beyond = Test {
            cond: Cond::Geu,
            rs1: table.index,
            rs2: SCRATCH,
        };
        self.branch_if(beyond, Label::of_block(table.default));
        let targets = table.targets.iter().copied().map(Label::of_block).collect();
        self.buffer.put_relaxable(Branch::Table {
            index: table.index,
            targets,
        });
    }

    fn call(&mut self, symbol: Symbol) {
        self.refer(RelocKind::Call, RA, RA, symbol);
    }

    /// Goes to a symbol with the return address in `link`; `by` may be destroyed.
    fn refer(&mut self, kind: RelocKind, link: Reg, by: Reg, symbol: Symbol) {
        let number = self.references;
        self.references += 1;
        match &self.reach {
            Reach::Short(short) if short.get(number) == Some(&true) => {
                let (kind, opcode) = match kind {
                    RelocKind::Call => (RelocKind::ShortCall, encode::short_call(0)),
                    _ => (RelocKind::ShortJump, encode::short_jump(0)),
                };
                self.buffer.relocation(kind, symbol);
                self.put(opcode);
            }
            Reach::Short(_) | Reach::Near => {
                self.buffer.relocation(kind, symbol);
                self.put(encode::jal(link, 0));
            }
            Reach::Far => {
                self.buffer.relocation(RelocKind::DistanceHigh, symbol);
                self.put(encode::auipc(by, 0));
                self.buffer.relocation(RelocKind::DistanceLow, symbol);
                self.put(encode::jalr(link, by, 0));
            }
        }
    }

    fn stub(&mut self, code: TrapCode) -> Label {
        self.stubs.label(&mut self.buffer, code, self.source)
    }
}
