//! The machine IR of one function: instructions in blocks, as the register allocator sees them.
//!
//! [`VCode`] is built by [`lower`](super::lower) back to front, then never changed: register
//! allocation and emission read it. It implements [`regalloc2::Function`].

use std::fmt;

use cranelift_codegen::ir;
use regalloc2::{Block, Inst, InstRange, Operand, PRegSet, RegClass, VReg};

use super::buffer::Symbol;
use super::reg::Reg;
use super::{Isa, MachineInst};

/// A machine block: a range of instructions, its parameters and where it leads.
#[derive(Debug, Default)]
pub struct VBlock {
    /// First instruction and the one behind the last.
    pub range: (u32, u32),
    /// Virtual registers that predecessors fill.
    pub params: Vec<VReg>,
    /// Successors, each once.
    pub succs: Vec<Block>,
    /// Predecessors, each once.
    pub preds: Vec<Block>,
    /// The arguments for each successor's parameters, parallel to `succs`.
    pub args: Vec<Vec<VReg>>,
    /// Whether it hardly ever runs.
    pub cold: bool,
}

/// Machine IR of one function, before registers are assigned.
#[derive(Debug)]
pub struct VCode<I: Isa> {
    /// Instructions of all blocks, in text order.
    pub insts: Vec<I::Inst>,
    /// The wasm offset that each instruction comes from.
    pub locations: Vec<ir::SourceLoc>,
    /// Blocks in text order; block 0 is the entry.
    pub blocks: Vec<VBlock>,
    /// Bytes at the bottom of the frame for arguments of calls that do not fit registers.
    pub outgoing_bytes: u32,
    /// What the function calls directly.
    pub calls: Vec<Symbol>,
    /// The signatures that it calls indirectly.
    pub indirect_calls: Vec<ir::Signature>,
    /// What the function's tail calls go to directly.
    pub tail_calls: Vec<Symbol>,
    /// The signatures that it calls indirectly by tail calls.
    pub indirect_tail_calls: Vec<ir::Signature>,
    /// Bytes for stack arguments and stack results that its tail calls need where its own arguments
    /// stand; 0 if its own take as many.
    pub tail_bytes: u32,
    /// Bytes of stack slots.
    pub slot_bytes: u32,
    pub(super) operands: Vec<Operand>,
    pub(super) operand_ranges: Vec<(u32, u32)>,
    pub(super) clobbers: Vec<PRegSet>,
    pub(super) num_vregs: usize,
}

impl<I: Isa> VCode<I> {
    /// The instructions of a block with their indices.
    pub fn block_insts(&self, block: Block) -> InstRange {
        let (from, to) = self.blocks[block.index()].range;
        InstRange::new(Inst::new(from as usize), Inst::new(to as usize))
    }
}

impl<I: Isa> regalloc2::Function for VCode<I> {
    fn num_insts(&self) -> usize {
        self.insts.len()
    }

    fn num_blocks(&self) -> usize {
        self.blocks.len()
    }

    fn entry_block(&self) -> Block {
        Block::new(0)
    }

    fn block_insns(&self, block: Block) -> InstRange {
        self.block_insts(block)
    }

    fn block_succs(&self, block: Block) -> &[Block] {
        &self.blocks[block.index()].succs
    }

    fn block_preds(&self, block: Block) -> &[Block] {
        &self.blocks[block.index()].preds
    }

    fn block_params(&self, block: Block) -> &[VReg] {
        &self.blocks[block.index()].params
    }

    fn is_ret(&self, inst: Inst) -> bool {
        self.insts[inst.index()].ends_function()
    }

    fn is_branch(&self, inst: Inst) -> bool {
        self.insts[inst.index()].is_branch()
    }

    fn branch_blockparams(&self, block: Block, _inst: Inst, succ: usize) -> &[VReg] {
        &self.blocks[block.index()].args[succ]
    }

    fn inst_operands(&self, inst: Inst) -> &[Operand] {
        let (from, to) = self.operand_ranges[inst.index()];
        &self.operands[from as usize..to as usize]
    }

    fn inst_clobbers(&self, inst: Inst) -> PRegSet {
        self.clobbers[inst.index()]
    }

    fn num_vregs(&self) -> usize {
        self.num_vregs
    }

    fn spillslot_size(&self, _class: RegClass) -> usize {
        1
    }

    fn allow_multiple_vreg_defs(&self) -> bool {
        false
    }
}

impl<I: Isa> fmt::Display for VCode<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, block) in self.blocks.iter().enumerate() {
            write!(f, "block{index}")?;
            registers(f, &block.params)?;
            writeln!(f, ":")?;
            for inst in self.block_insts(Block::new(index)).iter() {
                for line in self.insts[inst.index()].to_string().lines() {
                    writeln!(f, "    {line}")?;
                }
            }
            for (succ, args) in block.succs.iter().zip(&block.args) {
                if !args.is_empty() {
                    write!(f, "    @ block{}", succ.index())?;
                    registers(f, args)?;
                    writeln!(f)?;
                }
            }
        }
        Ok(())
    }
}

/// `(v1, v2)`, or nothing.
fn registers(f: &mut fmt::Formatter<'_>, registers: &[VReg]) -> fmt::Result {
    if registers.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = registers
        .iter()
        .map(|&vreg| format!("{:?}", Reg::virt(vreg)))
        .collect();
    write!(f, "({})", names.join(", "))
}
