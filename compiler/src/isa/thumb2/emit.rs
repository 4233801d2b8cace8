//! From allocated machine instructions to the code of a function.
//!
//! Single instructions are encoded in `encode`, what depends on distances in
//! [`branch`]; the sequences are put together here.

use std::collections::{BTreeMap, BTreeSet};

use regalloc2::{Allocation, Block, RegClass};
use wasm2mcu_abi::context::Context;
use wasm2mcu_abi::trap::TrapCode;

use super::branch::{self, Branch};
use super::encode::{self, Access, Opcode, hw};
use super::flags::{Answer, Flags};
use super::frame::FrameLayout;
use super::imm::{AddImm, Constant, ModifiedImm, Shift};
use super::inst::{
    AlignedAmode, AluOp, Amode, Callee, CarryOp, Compare, CompareOp, Cond, FrameRef, Inst, LoadOp,
    SelectValue,
};
use super::regs::{CONTEXT, PC, SCRATCH, SP};
use super::reloc::{AddressOf, RelocKind};
use super::vfp;
use crate::mach;
use crate::mach::buffer::{BranchOutOfRange, Code, CodeBuffer, Label, Symbol};
use crate::mach::emit::{Emitter as _, Reach};
use crate::mach::reg::Reg;
use crate::mach::stubs::{Stub, Stubs, TrapStubs};

/// Emits one function, instruction by instruction.
///
/// Instructions hold physical registers only. Blocks come in any order; every one is bound or an
/// alias before the end.
#[derive(Debug)]
pub struct Emitter {
    buffer: CodeBuffer<Branch, RelocKind>,
    frame: FrameLayout,
    stubs: Stubs,
    source: u32,
    /// The flags hold the carry of the instruction before.
    carry: bool,
    /// What else they hold.
    flags: Flags,
    /// The last opcode and the byte at which it begins.
    last: (Opcode, usize),
    /// Bytes count more than instructions.
    small: bool,
    /// Which addresses of data are near, by their number in the code.
    near: Vec<bool>,
    /// Addresses of data so far.
    addresses: usize,
    /// The epilogue that the other returns jump to, where code is to be small.
    epilogue: Option<Label>,
    /// Words of data behind the code, by value.
    literals: BTreeMap<u32, Label>,
    /// How many bytes such words would save, by value.
    wanted: BTreeMap<u32, u32>,
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
            source: 0,
            carry: false,
            flags: Flags::Unknown,
            last: (Opcode::Narrow(0), 0),
            small: false,
            near: Vec::new(),
            addresses: 0,
            epilogue: None,
            literals: BTreeMap::new(),
            wanted: BTreeMap::new(),
        }
    }

    /// Calls span every text that there can be.
    fn set_reach(&mut self, reach: Reach) {
        if let Reach::Short(near) = reach {
            self.near = near;
        }
    }

    fn prefer_size(&mut self) {
        self.small = true;
        self.stubs.among_code(STUB_SPAN);
    }

    fn wanted_literals(&self) -> BTreeSet<u32> {
        let worth = |&(_, &saved): &(&u32, &u32)| saved > LITERAL_BYTES;
        let values = self.wanted.iter().filter(worth);
        values.map(|(&value, _)| value).collect()
    }

    fn use_literals(&mut self, values: &BTreeSet<u32>) {
        let buffer = &mut self.buffer;
        self.literals = values
            .iter()
            .map(|&value| (value, buffer.label()))
            .collect();
    }

    fn source_location(&mut self, source: u32) {
        self.source = source;
        self.buffer.source_location(source);
    }

    fn bind(&mut self, block: Block, from_above: bool) {
        if !from_above {
            self.flags = Flags::Unknown;
        }
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
        let frame = self.frame;
        for inst in frame.prologue() {
            self.emit(&inst, None);
        }
    }

    fn emit_move(&mut self, from: Allocation, to: Allocation) {
        let spill = |slot: Allocation| {
            let slot = slot.as_stack().expect("a register or a spill slot");
            FrameRef::Spill(slot.index() as u32)
        };
        let inst = match (from.as_reg(), to.as_reg()) {
            (Some(from), Some(to)) => Inst::Mov {
                rd: Reg::of_preg(to),
                rm: Reg::of_preg(from),
            },
            (Some(from), None) => Inst::store_word(Reg::of_preg(from), spill(to)),
            (None, Some(to)) => Inst::load_word(Reg::of_preg(to), spill(from)),
            (None, None) => panic!("the allocator moves from memory to memory"),
        };
        // It leaves the carry as it is, so the chain goes on.
        let carry = self.carry;
        self.emit(&inst, None);
        self.carry = carry;
    }

    fn emit(&mut self, inst: &Inst, next: Option<Block>) {
        let carry = std::mem::replace(&mut self.carry, matches!(inst, Inst::Carry { .. }));
        match *inst {
            Inst::AluRRR {
                op,
                rd,
                rn,
                rm,
                shift,
            } => self.put(encode::alu_register(op, rd, rn, rm, shift)),
            Inst::AluRRI { op, rd, rn, imm } => match op {
                AluOp::Add => self.add_immediate(rd, rn, imm.value() as i32),
                AluOp::Sub => self.add_immediate(rd, rn, imm.value().wrapping_neg() as i32),
                _ => self.put(encode::alu_immediate(op, rd, rn, imm)),
            },
            Inst::AddImm { rd, rn, imm } => self.add_immediate(rd, rn, imm.value()),
            Inst::Carry { op, rd, rn, rhs } => {
                let takes = matches!(op, CarryOp::Adcs | CarryOp::Sbcs);
                assert!(carry || !takes, "{inst} takes a carry that nothing left");
                self.put(encode::carry(op, rd, rn, rhs));
            }
            Inst::Mov { rd, rm } => self.put(encode::mov(rd, rm)),
            Inst::Mvn { rd, rm, shift } => self.put(encode::mvn(rd, rm, shift)),
            Inst::MovImm { rd, value } => self.constant(rd, value),
            Inst::FrameAddr { rd, place } => self.frame_address(rd, place),
            Inst::CodeAddr { rd, symbol } => self.code_address(rd, symbol),
            Inst::ShiftImm { rd, rm, shift } => self.put(encode::shift_immediate(rd, rm, shift)),
            Inst::ShiftReg { kind, rd, rn, rm } => {
                self.put(encode::shift_register(kind, rd, rn, rm));
            }
            Inst::Extend { op, rd, rm } => self.put(encode::extend(op, rd, rm)),
            Inst::ExtendAdd { op, rd, rn, rm } => self.put(encode::extend_add(op, rd, rn, rm)),
            Inst::Extract { op, rd, rn, bits } => {
                self.put(encode::extract(op, rd, rn, bits.lsb(), bits.width()));
            }
            Inst::Insert { rd, base, rn, bits } => {
                assert_eq!(rd, base, "BFI changes a register in place");
                self.put(encode::insert(rd, rn, bits.lsb(), bits.msb()));
            }
            Inst::Clear { rd, base, bits } => {
                assert_eq!(rd, base, "BFC changes a register in place");
                self.put(encode::clear(rd, bits.lsb(), bits.msb()));
            }
            Inst::Unary { op, rd, rm } => self.put(encode::unary(op, rd, rm)),
            Inst::Mul { rd, rn, rm } => self.put(encode::mul(rd, rn, rm)),
            Inst::MulAcc { op, rd, rn, rm, ra } => self.put(encode::mul_acc(op, rd, rn, rm, ra)),
            Inst::MulLong {
                sign,
                rd_lo,
                rd_hi,
                rn,
                rm,
            } => self.put(encode::mul_long(sign, false, rd_lo, rd_hi, rn, rm)),
            Inst::MulAccLong {
                sign,
                rd_lo,
                rd_hi,
                ra_lo,
                ra_hi,
                rn,
                rm,
            } => {
                assert_eq!((rd_lo, rd_hi), (ra_lo, ra_hi), "UMLAL adds in place");
                self.put(encode::mul_long(sign, true, rd_lo, rd_hi, rn, rm));
            }
            Inst::Div { sign, rd, rn, rm } => self.put(encode::div(sign, rd, rn, rm)),
            Inst::Load { op, rt, mem } => self.access(&Access::load(op), rt, mem),
            Inst::Store { op, rt, mem } => self.access(&Access::store(op), rt, mem),
            Inst::Float { op, rd, rn, rm } => self.put(vfp::float(op, rd, rn, rm)),
            Inst::FloatUnary { op, rd, rm } => self.put(vfp::float_unary(op, rd, rm)),
            Inst::FloatImm { rd, imm } => self.put(vfp::immediate(rd, imm)),
            Inst::FloatConst { rd, bits } => self.constant(rd, bits),
            Inst::FloatLoad { rt, mem } => {
                let (base, offset) = self.aligned(mem);
                self.put(vfp::load(rt, base, offset));
            }
            Inst::FloatStore { rt, mem } => {
                let (base, offset) = self.aligned(mem);
                self.put(vfp::store(rt, base, offset));
            }
            Inst::FloatSelect {
                rd,
                cond,
                cmp,
                if_true,
                if_false,
            } => {
                self.compare(&cmp, cond.into());
                self.put(vfp::select(cond, rd, if_true, if_false));
            }
            Inst::Select {
                rd,
                cond,
                cmp,
                if_true,
                if_false,
            } => {
                let cond = self.test(cond, &cmp);
                self.select(rd, cond, if_true, if_false);
            }
            Inst::TrapIf { cond, cmp, code } => {
                let target = self.stub(code);
                self.buffer.trap_site(code, self.source);
                self.branch_if(cond, &cmp, target);
            }
            Inst::Trap { code } => {
                self.stubs.call_here(&mut self.buffer, code, self.source);
                self.call(Symbol::Trap(code));
            }
            Inst::Call(ref call) => match call.callee {
                Callee::Direct(symbol) => self.call(symbol),
                Callee::Indirect(rm) => self.put(encode::blx(rm)),
            },
            Inst::TailCall(ref call) => self.tail_call(call.callee),
            Inst::Args { .. } => {}
            Inst::Ret { .. } => self.ret(),
            Inst::Jump { target } => self.jump(target),
            Inst::CondBr {
                cond,
                cmp,
                taken,
                not_taken,
            } => {
                let next = next.map(|block| self.buffer.resolve(Label::of_block(block)));
                if Some(self.buffer.resolve(Label::of_block(taken))) == next {
                    self.branch_if(cond.invert(), &cmp, Label::of_block(not_taken));
                } else {
                    self.branch_if(cond, &cmp, Label::of_block(taken));
                    self.jump(not_taken);
                }
            }
            Inst::BrTable(ref table) => {
                self.branch_table(table.index, &table.targets, table.default);
            }
            Inst::BranchTo { rm } => self.put(encode::bx(rm)),
            Inst::JumpTo { symbol } => {
                self.buffer.relocation(RelocKind::Jump, symbol);
                // B with the addend −4.
                self.put(Opcode::Wide(0xf7ff_bffe));
            }
            Inst::Push { regs } => self.put(encode::push(regs)),
            Inst::Pop { regs } => self.put(encode::pop(regs)),
            Inst::LoadWords { rn, regs } => self.put(encode::load_words(rn, regs)),
            Inst::StoreWords { rn, regs } => self.put(encode::store_words(rn, regs)),
            Inst::AddSp { bytes } => self.move_sp(AluOp::Add, bytes),
            Inst::SubSp { bytes } => self.move_sp(AluOp::Sub, bytes),
        }
        if self.leaves_for_good(inst, next) {
            self.stubs_among_code();
        }
        // What tests has noted itself what is known then.
        if !matches!(inst, Inst::TrapIf { .. } | Inst::CondBr { .. }) {
            let (opcode, at) = self.last;
            self.flags = self.flags.after(inst, opcode, at);
        }
    }

    fn finish(mut self) -> Result<Code<RelocKind>, BranchOutOfRange> {
        for stub in self.stubs.take() {
            self.put_stub(stub);
        }
        if !self.literals.is_empty() {
            self.buffer.align4(NOP);
        }
        for (&value, &label) in &self.literals {
            self.buffer.bind(label);
            self.buffer.put_relaxable(Branch::Word { value });
        }
        self.buffer.finish()
    }
}

/// Bytes of a constant behind the code.
const LITERAL_BYTES: u32 = 4;
/// NOP, as it stands in the text.
const NOP: [u8; 2] = [0x00, 0xbf];

/// How far a check and its stub may be from each other by the least length of the code, so that a
/// 16-bit branch reaches: −252 … +258, without what other branches may grow by.
const STUB_SPAN: u32 = 236;

impl Emitter {
    /// Whether control goes elsewhere than to what comes next.
    fn leaves_for_good(&self, inst: &Inst, next: Option<Block>) -> bool {
        match *inst {
            Inst::Jump { target } => {
                let resolved = |block| self.buffer.resolve(Label::of_block(block));
                Some(resolved(target)) != next.map(resolved)
            }
            Inst::Ret { .. } | Inst::TailCall(_) | Inst::Trap { .. } => true,
            _ => false,
        }
    }

    /// Traps unless `need` bytes are left above the limit. Nothing is stored before.
    fn check_stack(&mut self, need: u32) {
        let limit = Amode::Base {
            base: CONTEXT,
            offset: Context::STACK_LIMIT as i32,
        };
        self.access(&Access::load(LoadOp::Ldr), SCRATCH, limit);
        self.add_in_parts(SCRATCH, need);
        let target = self.stub(TrapCode::StackExhausted);
        self.branch_if(Cond::Lo, &Compare::cmp(SP, SCRATCH), target);
    }

    /// Returns, if need be by the epilogue that is there already.
    fn ret(&mut self) {
        let shared = self.small && !self.frame.returns_shortly();
        if let Some(target) = self.epilogue.filter(|_| shared) {
            self.buffer.put_relaxable(Branch::Always { target });
            return;
        }
        let label = self.buffer.label();
        self.buffer.bind(label);
        self.epilogue = Some(label);
        let frame = self.frame;
        for inst in frame.epilogue() {
            self.emit(&inst, None);
        }
    }

    /// Puts a stub here, unless it stands elsewhere already.
    fn put_stub(&mut self, stub: Stub) {
        if !self.buffer.is_bound(stub.label) {
            self.buffer.bind(stub.label);
            self.buffer.source_location(stub.source);
            self.call(Symbol::Trap(stub.code));
        }
    }

    /// Puts those stubs here, where control never comes from before, that are worth it.
    fn stubs_among_code(&mut self) {
        for stub in self.stubs.take_due(&self.buffer) {
            self.put_stub(stub);
        }
    }

    fn put(&mut self, opcode: Opcode) {
        self.last = (opcode, self.buffer.position());
        match opcode {
            Opcode::Narrow(bits) => self.buffer.put(&bits.to_le_bytes()),
            Opcode::Wide(bits) => {
                self.buffer.put(&((bits >> 16) as u16).to_le_bytes());
                self.buffer.put(&(bits as u16).to_le_bytes());
            }
        }
    }

    fn add_immediate(&mut self, rd: Reg, rn: Reg, value: i32) {
        let imm = AddImm::new(value).expect("a modified immediate or its negative");
        let (sub, magnitude) = imm.instruction();
        self.put(encode::add_immediate(sub, rd, rn, magnitude));
    }

    fn constant(&mut self, rd: Reg, value: u32) {
        // A float is loaded in one instruction, which is fast as well.
        if self.small || rd.class() == RegClass::Float {
            let saved = branch::saved_by_load(rd, value);
            *self.wanted.entry(value).or_default() += saved;
            if let Some(&at) = self.literals.get(&value).filter(|_| saved > 0) {
                return self
                    .buffer
                    .put_relaxable(Branch::Constant { rd, value, at });
            }
        }
        encode::constant(rd, value).for_each(|opcode| self.put(opcode));
    }

    fn frame_address(&mut self, rd: Reg, place: FrameRef) {
        let offset = self.frame.offset(place);
        match AddImm::new(offset as i32) {
            Some(imm) => self.add_immediate(rd, SP, imm.value()),
            None => {
                self.constant(rd, offset);
                let sum = encode::alu_register(AluOp::Add, rd, SP, rd, Shift::NONE);
                self.put(sum);
            }
        }
    }

    fn code_address(&mut self, rd: Reg, symbol: Symbol) {
        let mut what = AddressOf::Code;
        if symbol.is_data() {
            what = AddressOf::Data;
            let number = self.addresses;
            self.addresses += 1;
            if self.near.get(number) == Some(&true) {
                self.buffer.relocation(RelocKind::ShortDistance, symbol);
                self.put(encode::adr(rd));
                return;
            }
        }
        // The addends −12 and −8 lead from each instruction to the pc of the ADD.
        self.buffer.relocation(RelocKind::DistanceLow(what), symbol);
        self.put(encode::movw(rd, -12_i16 as u16));
        self.buffer
            .relocation(RelocKind::DistanceHigh(what), symbol);
        self.put(encode::movt(rd, -8_i16 as u16));
        let sum = encode::alu_register(AluOp::Add, rd, rd, PC, Shift::NONE);
        self.put(sum);
    }

    fn access(&mut self, access: &Access, rt: Reg, mem: Amode) {
        let mem = match mem {
            Amode::Frame(place) => Amode::Base {
                base: SP,
                offset: self.frame.offset(place) as i32,
            },
            other => other,
        };
        let (first, mem) = mem.in_reach();
        if let Some(first) = first {
            debug_assert_ne!(rt, SCRATCH, "the scratch register is taken by the address");
            self.address(&first);
        }
        match mem {
            Amode::Base { base, offset } => self.put(access.offset(rt, base, offset)),
            Amode::Index { base, index, scale } => {
                self.put(access.indexed(rt, base, index, scale.amount()));
            }
            Amode::Frame(_) => unreachable!("resolved above"),
        }
    }

    /// Base and offset of a floating-point access, within its reach; sets no flags.
    fn aligned(&mut self, mem: AlignedAmode) -> (Reg, i32) {
        let (base, offset) = match mem {
            AlignedAmode::Base { base, offset } => (base, offset),
            AlignedAmode::Frame(place) => (SP, self.frame.offset(place) as i32),
        };
        let (first, base, offset) = AlignedAmode::in_reach(base, offset);
        first.iter().for_each(|inst| self.address(inst));
        (base, offset)
    }

    /// The part of an address that goes into `r12`; sets no flags.
    fn address(&mut self, inst: &Inst) {
        match *inst {
            Inst::AddImm { rd, rn, imm } => self.add_immediate(rd, rn, imm.value()),
            Inst::MovImm { rd, value } => self.constant(rd, value),
            Inst::AluRRR {
                op,
                rd,
                rn,
                rm,
                shift,
            } => self.put(encode::alu_register(op, rd, rn, rm, shift)),
            _ => unreachable!("an address is a sum or a constant"),
        }
    }

    fn compare(&mut self, cmp: &Compare, cond: Cond) {
        match *cmp {
            Compare::Word { op, rn, rhs } => self.put(encode::compare(op, rn, rhs)),
            Compare::WideOrder {
                rn_lo,
                rn_hi,
                rhs_lo,
                rhs_hi,
            } => {
                debug_assert!(matches!(cond, Cond::Lo | Cond::Hs | Cond::Lt | Cond::Ge));
                self.put(encode::compare(CompareOp::Cmp, rn_lo, rhs_lo));
                self.put(encode::carry(CarryOp::Sbcs, SCRATCH, rn_hi, rhs_hi));
            }
            Compare::WideEqual {
                rn_lo,
                rn_hi,
                rhs_lo,
                rhs_hi,
            } => {
                debug_assert!(matches!(cond, Cond::Eq | Cond::Ne));
                self.put(encode::compare(CompareOp::Cmp, rn_lo, rhs_lo));
                self.put(encode::it(Cond::Eq as u32, false));
                self.put(encode::compare(CompareOp::Cmp, rn_hi, rhs_hi));
            }
            Compare::WideZero { rn, rm } => {
                debug_assert!(matches!(cond, Cond::Eq | Cond::Ne));
                self.put(encode::orrs(SCRATCH, rn, rm));
            }
            Compare::Float { rn, rm } => {
                self.put(vfp::compare(rn, rm));
                self.put(vfp::flags());
            }
            Compare::FloatZero { rn } => {
                self.put(vfp::compare_zero(rn));
                self.put(vfp::flags());
            }
        }
    }

    fn select(&mut self, rd: Reg, cond: Cond, if_true: SelectValue, if_false: SelectValue) {
        let there = SelectValue::Reg(rd);
        let (cond, first, second) = match (if_true == there, if_false == there) {
            (true, true) => return,
            (true, false) => (cond.invert(), if_false, None),
            (false, true) => (cond, if_true, None),
            (false, false) => (cond, if_true, Some(if_false)),
        };
        self.put(encode::it(cond as u32, second.is_some()));
        self.put_value(rd, first);
        if let Some(second) = second {
            self.put_value(rd, second);
        }
    }

    /// One instruction that sets no flags under IT.
    fn put_value(&mut self, rd: Reg, value: SelectValue) {
        let opcode = match value {
            SelectValue::Reg(rm) => encode::mov(rd, rm),
            SelectValue::Imm(imm) => match Constant::new(imm.value(), false) {
                Constant::Mov(imm) => encode::mov_immediate(rd, imm),
                Constant::Mvn(imm) => encode::mvn_immediate(rd, imm),
                Constant::Movw(value) => encode::movw(rd, value),
                _ => unreachable!("one instruction loads it"),
            },
        };
        self.put(opcode);
    }

    /// Sets the flags for a test, unless they answer it already; returns the condition on them.
    fn test(&mut self, cond: Cond, cmp: &Compare) -> Cond {
        let Some(Answer { cond, set_at }) = self.flags.answer(cond, cmp) else {
            self.compare(cmp, cond);
            self.flags = Flags::behind(cmp);
            return cond;
        };
        if let Some(at) = set_at {
            *self.buffer.byte_mut(at) |= 1 << 4;
            self.flags = match self.flags {
                Flags::OfResultAt(of, _) => Flags::OfResult(of),
                other => other,
            };
        }
        cond
    }

    fn branch_if(&mut self, cond: Cond, cmp: &Compare, target: Label) {
        let known = self.flags.answer(cond, cmp).is_some();
        if !known && let (Cond::Eq | Cond::Ne, Some(rn)) = (cond, cmp.low_register_with_zero()) {
            let zero = cond == Cond::Eq;
            self.buffer
                .put_relaxable(Branch::IfZero { rn, zero, target });
            self.flags = Flags::Unknown;
            return;
        }
        let cond = self.test(cond, cmp);
        self.buffer.put_relaxable(Branch::If { cond, target });
    }

    fn jump(&mut self, target: Block) {
        let target = Label::of_block(target);
        self.buffer.put_relaxable(Branch::Always { target });
    }

    fn branch_table(&mut self, index: Reg, targets: &[Block], default: Block) {
        if targets.is_empty() {
            return self.jump(default);
        }
        let count = targets.len() as u32;
        let cmp = Compare::cmp_imm(index, count).unwrap_or_else(|| {
            self.constant(SCRATCH, count);
            Compare::cmp(index, SCRATCH)
        });
        self.branch_if(Cond::Hs, &cmp, Label::of_block(default));
        let targets = targets.iter().copied().map(Label::of_block).collect();
        let index = hw(index) as u8;
        self.buffer.put_relaxable(Branch::Table { index, targets });
    }

    fn call(&mut self, symbol: Symbol) {
        self.buffer.relocation(RelocKind::Call, symbol);
        // BL with the addend −4.
        self.put(Opcode::Wide(0xf7ff_fffe));
    }

    fn tail_call(&mut self, callee: Callee) {
        // The address may be in a register that is restored.
        if let Callee::Indirect(rm) = callee {
            self.put(encode::mov(SCRATCH, rm));
        }
        let frame = self.frame;
        self.add_in_parts(SP, frame.body_bytes());
        if let Some(restore) = frame.restore() {
            self.emit(&restore, None);
        }
        match callee {
            Callee::Direct(symbol) => self.emit(&Inst::JumpTo { symbol }, None),
            Callee::Indirect(_) => self.put(encode::bx(SCRATCH)),
        }
    }

    /// Adds any constant to a register, without another one.
    fn add_in_parts(&mut self, rd: Reg, value: u32) {
        // Eight bits at a time can always be added.
        let mut rest = value;
        while rest != 0 {
            let part = if rest < 4096 {
                rest
            } else {
                rest & 0xff << rest.trailing_zeros()
            };
            self.put(encode::add_immediate(false, rd, rd, part));
            rest -= part;
        }
    }

    /// Marks this place in the code.
    pub(super) fn place(&mut self) {
        self.buffer.place();
    }

    fn stub(&mut self, code: TrapCode) -> Label {
        self.stubs.label(&mut self.buffer, code, self.source)
    }

    fn move_sp(&mut self, op: AluOp, bytes: u32) {
        let sub = op == AluOp::Sub;
        if bytes < 4096 || ModifiedImm::new(bytes).is_some() {
            self.put(encode::add_immediate(sub, SP, SP, bytes));
        } else {
            self.constant(SCRATCH, bytes);
            self.put(encode::alu_register(op, SP, SP, SCRATCH, Shift::NONE));
        }
    }
}
