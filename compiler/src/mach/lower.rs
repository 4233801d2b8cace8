//! Instruction selection: CLIF to machine IR, back to front and driven by use.
//!
//! The driver walks blocks and instructions from last to first. An instruction is lowered when it
//! has an effect or when something behind it asked for its value; whatever a consumer has folded
//! into itself, and whatever nobody wants, disappears; so does a machine instruction of which no
//! result is read, such as one that makes the other half of a value. Constants are not kept in a
//! register across instructions, unless they are told to be: each consumer that cannot encode one gets
//! its own.
//!
//! ```text
//!   CLIF inst ──Isa::rules (ISLE)───────▶ emit() emit() …  in forward order
//!       ▲                                     │ reversed, appended
//!       └── last to first ◀───────────────────┘ whole list reversed at the end ──▶ VCode
//! ```
//!
//! A value of 64 bits is two virtual registers, low word first. A rule hands back the registers
//! that hold its result; these become the value's registers by renaming, without a move, unless the
//! value lives in registers of another class.

use std::mem;

use cranelift_codegen::entity::SecondaryMap;
use cranelift_codegen::ir::{
    self, BlockArg, ExternalName, GlobalValueData, InstructionData, Opcode, UserExternalName, Value,
};
use regalloc2::{Block, OperandConstraint, OperandKind, OperandPos, RegClass, VReg};
use rustc_hash::FxHashSet;

use super::blocks::{BlockOrder, Source};
use super::buffer::Symbol;
use super::context::Context;
use super::frame::FrameRef;
use super::reg::{Collector, OperandVisitor, Reg};
use super::vcode::{VBlock, VCode};
use super::{Isa, Kept, MachineInst, Prepared};
use crate::clif::{destinations, each_value};
use crate::wasm::contract;

/// The registers that hold a value: one word or two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValueRegs {
    /// The only or the low word.
    pub lo: Reg,
    /// The high word of a 64-bit value.
    pub hi: Option<Reg>,
}

impl ValueRegs {
    /// A value of one word.
    pub fn one(lo: Reg) -> ValueRegs {
        ValueRegs { lo, hi: None }
    }

    /// A value of two words.
    pub fn two(lo: Reg, hi: Reg) -> ValueRegs {
        ValueRegs { lo, hi: Some(hi) }
    }

    /// Its words, low first.
    pub fn words(self) -> impl Iterator<Item = Reg> {
        std::iter::once(self.lo).chain(self.hi)
    }
}

/// Which register instructions read the address of memory 0 in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemoryBase {
    /// In the pinned one.
    Pinned,
    /// In one of the function's own, into which it is copied at the entry: short forms of loads and
    /// stores may not know the pinned one.
    ///
    /// ```text
    ///                               mov r4, r11
    ///   ldr.w r0, [r11, r1]   ─▶    ldr r0, [r4, r1]
    ///   str.w r0, [r11, r2]         str r0, [r4, r2]
    /// ```
    Copied,
}

/// CLIF that the instruction set has no rule for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoRule {
    /// The instruction as text.
    pub clif: String,
    /// Its wasm offset.
    pub location: ir::SourceLoc,
}

/// The state of lowering one function.
#[derive(Debug)]
pub struct Lower<'f, I: Isa> {
    /// The target.
    pub isa: &'f I,
    /// The function that is being lowered.
    pub func: &'f ir::Function,
    /// The constants that have a register from where they are defined.
    kept: &'f Kept,
    /// Where the address of memory 0 is read.
    base: MemoryBase,
    /// The copy of it, once something reads one.
    base_copy: Option<Reg>,
    /// What the function calls; see [`VCode::calls`].
    pub calls: Vec<Symbol>,
    /// What it calls indirectly; see [`VCode::indirect_calls`].
    pub indirect_calls: Vec<ir::Signature>,
    /// What it calls by tail calls; see [`VCode::tail_calls`].
    pub tail_calls: Vec<Symbol>,
    /// What it calls indirectly so; see [`VCode::indirect_tail_calls`].
    pub indirect_tail_calls: Vec<ir::Signature>,
    /// What that takes; see [`VCode::tail_bytes`].
    pub tail_bytes: u32,
    /// Bytes that calls need at the bottom of the frame.
    pub outgoing_bytes: u32,
    /// The CLIF block at hand.
    block: Option<ir::Block>,
    uses: SecondaryMap<Value, u32>,
    regs: SecondaryMap<Value, Option<ValueRegs>>,
    /// For each virtual register, the one that it is another name of.
    renamed: Vec<Option<Reg>>,
    /// For each virtual register, whether something behind reads it.
    read: Vec<bool>,
    /// Machine instructions of the CLIF instruction at hand, forward.
    emitted: Vec<I::Inst>,
}

/// Lowers `func`, which is `prepared`, to machine IR, with the address of memory 0 where `base` says.
///
/// # Errors
///
/// [`NoRule`] when the instruction set has no rule for some instruction.
pub fn lower<'f, I: Isa>(
    isa: &'f I,
    func: &'f ir::Function,
    prepared: &'f Prepared,
    base: MemoryBase,
) -> Result<VCode<I>, NoRule> {
    let order = BlockOrder::new(func, &prepared.blocks);
    let mut lower = Lower::new(isa, func, &prepared.kept, base);
    let many = func.dfg.num_insts();
    let mut insts = Vec::with_capacity(many);
    let mut locations = Vec::with_capacity(many);
    let mut blocks: Vec<VBlock> = Vec::with_capacity(order.blocks.len());

    for (index, block) in order.blocks.iter().enumerate().rev() {
        let end = insts.len() as u32;
        let mut vblock = VBlock {
            succs: distinct(&block.targets),
            ..VBlock::default()
        };
        let mut flush = |lower: &mut Lower<'f, I>, location| {
            while let Some(mut inst) = lower.emitted.pop() {
                if lower.is_read(&mut inst) {
                    insts.push(inst);
                    locations.push(location);
                }
            }
        };
        match block.source {
            Source::Edge {
                branch,
                destination,
            } => {
                let call = &destinations(func, branch)[destination];
                vblock.cold = func.layout.is_cold(call.block(&func.dfg.value_lists));
                vblock.args = vec![lower.edge_args(branch, destination)];
                lower.emit(I::jump(block.targets[0]));
                flush(&mut lower, func.srcloc(branch));
            }
            Source::Clif(clif_block) => {
                lower.block = Some(clif_block);
                vblock.cold = func.layout.is_cold(clif_block);
                let last = func.layout.last_inst(clif_block).expect("filled block");
                for inst in func.layout.block_insts(clif_block).rev() {
                    if inst == last && !block.targets.is_empty() {
                        vblock.args = vblock
                            .succs
                            .iter()
                            .map(|succ| match order.blocks[succ.index()].source {
                                Source::Edge { .. } => Vec::new(),
                                Source::Clif(_) => {
                                    let edge = block.targets.iter().position(|t| t == succ);
                                    lower.edge_args(last, edge.expect("a target"))
                                }
                            })
                            .collect();
                        lower
                            .with(|mut context| context.branch(inst, &block.targets))
                            .ok_or_else(|| lower.no_rule(inst))?;
                    } else if has_effect(func, inst) || lower.is_wanted(inst) {
                        let results = lower
                            .with(|mut context| context.inst(inst))
                            .ok_or_else(|| lower.no_rule(inst))?;
                        lower.bind(inst, &results);
                    }
                    flush(&mut lower, func.srcloc(inst));
                }
                if index == 0 {
                    let params = func.dfg.block_params(clif_block);
                    lower.with(|mut context| context.params(params));
                    if let Some(copy) = lower.base_copy {
                        lower.emit(I::copy(copy, I::MEMORY_BASE));
                    }
                    flush(&mut lower, ir::SourceLoc::default());
                } else {
                    for &param in func.dfg.block_params(clif_block) {
                        let regs = lower.regs_of(param);
                        vblock.params.extend(regs.words().map(Reg::to_vreg));
                    }
                }
            }
        }
        vblock.range = (end, insts.len() as u32);
        blocks.push(vblock);
    }

    // All of it was written back to front.
    let total = insts.len() as u32;
    insts.reverse();
    locations.reverse();
    blocks.reverse();
    for block in &mut blocks {
        block.range = (total - block.range.1, total - block.range.0);
    }
    Ok(lower.finish(insts, locations, blocks))
}

impl<'f, I: Isa> Lower<'f, I> {
    fn new(isa: &'f I, func: &'f ir::Function, kept: &'f Kept, base: MemoryBase) -> Self {
        let mut uses = SecondaryMap::new();
        uses.resize(func.dfg.num_values());
        for block in func.layout.blocks() {
            for inst in func.layout.block_insts(block) {
                let count = |value| uses[func.dfg.resolve_aliases(value)] += 1;
                each_value(func, inst, count);
            }
        }
        let mut regs = SecondaryMap::new();
        regs.resize(func.dfg.num_values());
        Lower {
            isa,
            func,
            kept,
            base,
            base_copy: None,
            calls: Vec::new(),
            indirect_calls: Vec::new(),
            tail_calls: Vec::new(),
            indirect_tail_calls: Vec::new(),
            tail_bytes: 0,
            outgoing_bytes: 0,
            block: None,
            uses,
            regs,
            renamed: Vec::new(),
            read: Vec::new(),
            emitted: Vec::new(),
        }
    }

    /// Does something with the function as selection rules see it.
    fn with<T>(&mut self, work: impl FnOnce(Context<'_, 'f, I>) -> T) -> T {
        work(Context { lower: self })
    }

    /// Appends a machine instruction behind those already emitted for this CLIF instruction.
    pub fn emit(&mut self, inst: I::Inst) {
        self.emitted.push(inst);
    }

    /// A fresh virtual register.
    pub fn new_reg(&mut self, class: RegClass) -> Reg {
        let index = self.renamed.len() + Reg::FIRST_VIRTUAL;
        self.renamed.push(None);
        self.read.push(false);
        Reg::virt(VReg::new(index, class))
    }

    /// Fresh virtual registers for a value of this type.
    pub fn new_regs(&mut self, ty: ir::Type) -> ValueRegs {
        let class = self.isa.class_of(ty);
        let lo = self.new_reg(class);
        let hi = (ty.bits() > 32).then(|| self.new_reg(class));
        ValueRegs { lo, hi }
    }

    /// The instruction that defines a value, unless it is a block parameter.
    pub fn def_inst(&self, value: Value) -> Option<ir::Inst> {
        let value = self.func.dfg.resolve_aliases(value);
        self.func.dfg.value_def(value).inst()
    }

    /// The instruction that defines a value which nothing but the consumer at hand uses, if it
    /// stands in the same block: folding must not move work into a loop.
    pub fn single_use_inst(&self, value: Value) -> Option<ir::Inst> {
        let value = self.func.dfg.resolve_aliases(value);
        let inst = self.func.dfg.value_def(value).inst()?;
        let here = self.func.layout.inst_block(inst) == self.block;
        (here && self.uses[value] == 1).then_some(inst)
    }

    /// Whether a value is a constant that stays in a register from where it is defined.
    pub fn is_kept(&self, value: Value) -> bool {
        self.kept.contains(self.func.dfg.resolve_aliases(value))
    }

    /// The bits of a constant, zero-extended from its type.
    pub fn constant(&self, value: Value) -> Option<u64> {
        let inst = self.def_inst(value)?;
        match self.func.dfg.insts[inst] {
            InstructionData::UnaryImm {
                opcode: Opcode::Iconst,
                imm,
            } => {
                let bits = self.func.dfg.value_type(value).bits();
                let mask = u64::MAX >> (64 - bits.min(64));
                Some(imm.bits() as u64 & mask)
            }
            InstructionData::UnaryIeee32 { imm, .. } => Some(imm.bits().into()),
            InstructionData::UnaryIeee64 { imm, .. } => Some(imm.bits()),
            _ => None,
        }
    }

    /// The words of a value that are the same whatever the program does, low first; a narrow value
    /// has the low one.
    pub fn constant_words(&self, value: Value) -> (Option<u32>, Option<u32>) {
        if let Some(bits) = self.constant(value) {
            return (Some(bits as u32), Some((bits >> 32) as u32));
        }
        let Some(inst) = self.def_inst(value) else {
            return (None, None);
        };
        if self.func.dfg.value_type(value) != ir::types::I64 {
            return (None, None);
        }
        match self.func.dfg.insts[inst] {
            InstructionData::Unary {
                opcode: Opcode::Uextend,
                ..
            } => (None, Some(0)),
            InstructionData::Binary { opcode, args } => {
                let constant = self.constant(args[1]);
                let by_words = constant.is_some_and(|by| by % 64 >= 32);
                match opcode {
                    Opcode::Ishl if by_words => (Some(0), None),
                    Opcode::Ushr if by_words => (None, Some(0)),
                    Opcode::Band => {
                        let mask = constant.unwrap_or(u64::MAX);
                        let zero = |word: u64| (word as u32 == 0).then_some(0);
                        (zero(mask), zero(mask >> 32))
                    }
                    _ => (None, None),
                }
            }
            _ => (None, None),
        }
    }

    /// The pinned register whose value a `symbol_value` is.
    fn pinned(&self, value: Value) -> Option<Reg> {
        let inst = self.def_inst(value)?;
        let InstructionData::UnaryGlobalValue {
            opcode: Opcode::SymbolValue,
            global_value,
        } = self.func.dfg.insts[inst]
        else {
            return None;
        };
        let name = self.global_name(global_value)?;
        match contract::Symbol::from_u32(name.index) {
            _ if name.namespace != contract::SYMBOLS => None,
            Some(contract::Symbol::Context) => Some(I::CONTEXT),
            Some(contract::Symbol::MemoryBase) => Some(I::MEMORY_BASE),
            None => None,
        }
    }

    /// The register to read a pinned one in.
    fn copied(&mut self, pinned: Reg) -> Reg {
        if pinned != I::MEMORY_BASE || self.base == MemoryBase::Pinned {
            return pinned;
        }
        if let Some(copy) = self.base_copy {
            return copy;
        }
        let copy = self.new_reg(RegClass::Int);
        self.base_copy = Some(copy);
        copy
    }

    fn global_name(&self, global: ir::GlobalValue) -> Option<&UserExternalName> {
        match self.func.global_values[global] {
            GlobalValueData::Symbol {
                name: ExternalName::User(name),
                ..
            } => Some(&self.func.params.user_named_funcs()[name]),
            _ => None,
        }
    }

    /// The place of a byte of a stack slot; slots stand in order, each at a multiple of 4.
    pub fn slot(&self, slot: ir::StackSlot, offset: i32) -> FrameRef {
        let before = self.func.sized_stack_slots.iter();
        let before = before.take_while(|(other, _)| *other != slot);
        let begin: u32 = before.map(|(_, slot)| slot.size.next_multiple_of(4)).sum();
        FrameRef::Slot(begin + offset as u32)
    }

    /// The data in the text whose address a global value is.
    pub fn data(&self, global: ir::GlobalValue) -> Option<Symbol> {
        let name = self.global_name(global)?;
        match name.namespace {
            contract::DATA => Some(Symbol::Data(name.index)),
            contract::ELEMENTS => Some(Symbol::Elements(name.index)),
            contract::TYPES => Some(Symbol::Type(name.index)),
            contract::TABLES => Some(Symbol::Table(name.index)),
            _ => None,
        }
    }

    /// What a function reference means.
    pub fn callee(&self, func: ir::FuncRef) -> Option<Symbol> {
        match self.func.dfg.ext_funcs[func].name {
            ExternalName::User(name) => {
                let name = &self.func.params.user_named_funcs()[name];
                match name.namespace {
                    contract::FUNCTIONS => Some(Symbol::Function(name.index)),
                    contract::BUILTINS => Some(Symbol::Builtin(name.index)),
                    contract::BRIDGES => Some(Symbol::Bridge(name.index)),
                    contract::THUNKS => Some(Symbol::Thunk(name.index)),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// Registers that hold `value` at this point; constants are made on the spot.
    pub fn use_value(&mut self, value: Value) -> ValueRegs {
        let value = self.func.dfg.resolve_aliases(value);
        if self.kept.contains(value) {
            return self.regs_of(value);
        }
        if let Some(bits) = self.constant(value) {
            let ty = self.func.dfg.value_type(value);
            if self.isa.class_of(ty) == RegClass::Float {
                return ValueRegs::one(I::float_constant(self, bits as u32));
            }
            let lo = I::constant(self, bits as u32);
            return if ty.bits() > 32 {
                let hi = I::constant(self, (bits >> 32) as u32);
                ValueRegs::two(lo, hi)
            } else {
                ValueRegs::one(lo)
            };
        }
        if let Some(pinned) = self.pinned(value) {
            return ValueRegs::one(self.copied(pinned));
        }
        self.regs_of(value)
    }

    /// The virtual registers of a value that is neither constant nor pinned.
    pub fn regs_of(&mut self, value: Value) -> ValueRegs {
        let value = self.func.dfg.resolve_aliases(value);
        if let Some(regs) = self.regs[value] {
            return regs;
        }
        let regs = self.new_regs(self.func.dfg.value_type(value));
        self.regs[value] = Some(regs);
        regs
    }

    /// Registers of a value if something asked for it.
    pub fn wanted_regs(&self, value: Value) -> Option<ValueRegs> {
        self.regs[value]
    }

    fn is_wanted(&self, inst: ir::Inst) -> bool {
        let results = self.func.dfg.inst_results(inst);
        results.iter().any(|&result| self.regs[result].is_some())
    }

    /// Makes the registers of a rule's results those of the instruction's values.
    fn bind(&mut self, inst: ir::Inst, results: &[ValueRegs]) {
        for (&value, produced) in self.func.dfg.inst_results(inst).iter().zip(results) {
            let Some(wanted) = self.regs[value] else {
                continue;
            };
            for (name, reg) in wanted.words().zip(produced.words()) {
                if reg.real().is_some() || reg.class() != name.class() {
                    self.emitted.push(I::copy(name, reg));
                } else if name != reg {
                    let slot = slot(name);
                    self.renamed[slot] = Some(reg);
                    if self.read[slot] {
                        self.mark_read(reg);
                    }
                }
            }
        }
    }

    /// Whether an instruction must stay: it does more than write results, or one of them is read.
    /// Half of a value may be read where the other half is not. If it stays, its inputs are read.
    fn is_read(&mut self, inst: &mut I::Inst) -> bool {
        let stays = !inst.only_writes_results() || {
            let mut results = Results {
                read: &self.read,
                any: false,
            };
            inst.visit_operands(&mut results);
            results.any
        };
        if stays {
            inst.visit_operands(&mut Inputs {
                read: &mut self.read,
            });
        }
        stays
    }

    /// Whether something behind the instruction at hand reads a register.
    pub fn is_read_later(&self, reg: Reg) -> bool {
        reg.real().is_some() || self.read[slot(reg)]
    }

    fn mark_read(&mut self, reg: Reg) {
        if reg.real().is_none() {
            self.read[slot(reg)] = true;
        }
    }

    fn resolve(&self, mut reg: Reg) -> Reg {
        while reg.real().is_none() {
            match self.renamed[slot(reg)] {
                Some(next) => reg = next,
                None => break,
            }
        }
        reg
    }

    /// Virtual registers with the arguments of one destination of a branch.
    fn edge_args(&mut self, branch: ir::Inst, destination: usize) -> Vec<VReg> {
        let func = self.func;
        let call = &destinations(func, branch)[destination];
        let values = call.args(&func.dfg.value_lists).map(|arg| match arg {
            BlockArg::Value(value) => value,
            _ => unreachable!("only try_call passes other arguments, and nobody emits it"),
        });
        let mut words = Vec::new();
        for value in values {
            for reg in self.use_value(value).words() {
                let word = self.virtual_copy(reg);
                self.mark_read(word);
                words.push(word.to_vreg());
            }
        }
        words
    }

    /// The words of some values, in virtual registers: those in physical ones are copied.
    pub fn virtual_words(&mut self, values: impl IntoIterator<Item = Value>) -> Vec<Reg> {
        let mut words = Vec::new();
        for value in values {
            for reg in self.use_value(value).words() {
                words.push(self.virtual_copy(reg));
            }
        }
        words
    }

    /// `reg` itself, or a copy in a register of another class.
    pub fn in_class(&mut self, reg: Reg, class: RegClass) -> Reg {
        if reg.class() == class {
            return reg;
        }
        let copy = self.new_reg(class);
        self.emit(I::copy(copy, reg));
        copy
    }

    /// `reg` itself, or a copy when it is a physical register.
    pub fn virtual_copy(&mut self, reg: Reg) -> Reg {
        let Some(physical) = reg.real() else {
            return reg;
        };
        let copy = self.new_reg(physical.class());
        self.emit(I::copy(copy, reg));
        copy
    }

    fn no_rule(&self, inst: ir::Inst) -> NoRule {
        NoRule {
            clif: self.func.dfg.display_inst(inst).to_string(),
            location: self.func.srcloc(inst),
        }
    }

    fn finish(
        self,
        mut insts: Vec<I::Inst>,
        mut locations: Vec<ir::SourceLoc>,
        mut blocks: Vec<VBlock>,
    ) -> VCode<I> {
        let mut renaming = Renaming {
            lower: &self,
            renamed: Collector {
                operands: Vec::with_capacity(3 * insts.len()),
            },
        };
        let mut operand_ranges = Vec::with_capacity(insts.len());
        let mut clobbers = Vec::with_capacity(insts.len());
        for inst in &mut insts {
            let from = renaming.renamed.operands.len() as u32;
            inst.visit_operands(&mut renaming);
            operand_ranges.push((from, renaming.renamed.operands.len() as u32));
            clobbers.push(inst.clobbers());
        }
        for block in &mut blocks {
            for arg in block.args.iter_mut().flatten() {
                *arg = self.resolve(Reg::virt(*arg)).to_vreg();
            }
        }
        for index in 0..blocks.len() {
            let succs = mem::take(&mut blocks[index].succs);
            for succ in &succs {
                blocks[succ.index()].preds.push(Block::new(index));
            }
            blocks[index].succs = succs;
        }
        let mut operands = renaming.renamed.operands;
        // All functions of a module are kept until they are emitted.
        operands.shrink_to_fit();
        insts.shrink_to_fit();
        locations.shrink_to_fit();
        VCode {
            insts,
            locations,
            blocks,
            outgoing_bytes: self.outgoing_bytes,
            calls: self.calls,
            indirect_calls: self.indirect_calls,
            tail_calls: self.tail_calls,
            indirect_tail_calls: self.indirect_tail_calls,
            tail_bytes: self.tail_bytes,
            operands,
            operand_ranges,
            clobbers,
            slot_bytes: slot_bytes(self.func),
            num_vregs: self.renamed.len() + Reg::FIRST_VIRTUAL,
        }
    }
}

/// The targets of a branch, each once. Tables may be long.
fn distinct(targets: &[Block]) -> Vec<Block> {
    match *targets {
        [] => Vec::new(),
        [target] => vec![target],
        [one, other] if one == other => vec![one],
        [one, other] => vec![one, other],
        _ => {
            let mut seen = FxHashSet::default();
            let targets = targets.iter().copied();
            targets.filter(|&target| seen.insert(target)).collect()
        }
    }
}

/// The position of a virtual register in the lists of what is known about them.
fn slot(reg: Reg) -> usize {
    reg.to_vreg().vreg() - Reg::FIRST_VIRTUAL
}

/// Finds out whether a result of an instruction is read.
struct Results<'r> {
    read: &'r [bool],
    any: bool,
}

impl OperandVisitor for Results<'_> {
    fn operand(&mut self, reg: &mut Reg, _: OperandConstraint, kind: OperandKind, _: OperandPos) {
        if kind == OperandKind::Def {
            self.any |= reg.real().is_some() || self.read[slot(*reg)];
        }
    }
}

/// Notes what an instruction reads.
struct Inputs<'r> {
    read: &'r mut [bool],
}

impl OperandVisitor for Inputs<'_> {
    fn operand(&mut self, reg: &mut Reg, _: OperandConstraint, kind: OperandKind, _: OperandPos) {
        if kind == OperandKind::Use && reg.real().is_none() {
            self.read[slot(*reg)] = true;
        }
    }
}

/// Replaces registers that are only another name of one, and collects what they are then.
struct Renaming<'l, 'f, I: Isa> {
    lower: &'l Lower<'f, I>,
    renamed: Collector,
}

impl<I: Isa> OperandVisitor for Renaming<'_, '_, I> {
    fn operand(
        &mut self,
        reg: &mut Reg,
        constraint: OperandConstraint,
        kind: OperandKind,
        pos: OperandPos,
    ) {
        *reg = self.lower.resolve(*reg);
        self.renamed.operand(reg, constraint, kind, pos);
    }
}

/// Bytes of the area of stack slots.
fn slot_bytes(func: &ir::Function) -> u32 {
    let slots = func.sized_stack_slots.values();
    slots.map(|slot| slot.size.next_multiple_of(4)).sum()
}

/// A constant of at most 32 bits.
pub(crate) fn word_constant(func: &ir::Function, value: Value) -> Option<u32> {
    let inst = func.dfg.value_def(value).inst()?;
    match func.dfg.insts[inst] {
        InstructionData::UnaryImm {
            opcode: Opcode::Iconst,
            imm,
        } if func.dfg.value_type(value).bits() <= 32 => Some(imm.bits() as u32),
        _ => None,
    }
}

/// Whether an instruction must be executed even when nobody wants its result.
pub(super) fn has_effect(func: &ir::Function, inst: ir::Inst) -> bool {
    let data = &func.dfg.insts[inst];
    match data {
        // Most are of these kinds.
        InstructionData::UnaryImm { .. } | InstructionData::IntCompare { .. } => return false,
        InstructionData::Store { .. }
        | InstructionData::CondTrap { .. }
        | InstructionData::Call { .. }
        | InstructionData::Jump { .. }
        | InstructionData::Brif { .. } => return true,
        _ => {}
    }
    let opcode = data.opcode();
    if opcode.can_load() && !opcode.can_store() && !opcode.is_call() {
        let flags = func.dfg.insts[inst].memflags();
        return !flags.is_some_and(|flags| func.dfg.mem_flags[flags].notrap());
    }
    opcode.is_call()
        || opcode.is_terminator()
        || opcode.can_store()
        || opcode.can_trap()
        || opcode.other_side_effects()
}
