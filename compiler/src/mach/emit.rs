//! From machine IR with registers to the code of one function.
//!
//! ```text
//!   (stack check) prologue │ blocks, without those that only jump │ trap stubs
//! ```
//!
//! The order of the blocks is that of `Layout`.

use std::collections::BTreeSet;
use std::fmt::Debug;

use regalloc2::{Allocation, Block, Edit, InstOrEdit};
use rustc_hash::FxHashMap;

use super::buffer::{BranchOutOfRange, Code, Relocate};
use super::layout::Layout;
use super::reg::Substitution;
use super::regalloc::Allocated;
use super::repeats::Repeats;
use super::stubs::TrapStubs;
use super::{Isa, MachineInst, twins};
use crate::passes::Passes;

/// How far calls and jumps to other functions reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// As far as one instruction does, and only as far as its short form for those that are marked:
    /// of all that have one, in the order of the code.
    Short(Vec<bool>),
    /// As far as one instruction does.
    Near,
    /// To any place of a text.
    Far,
}

/// What an instruction set emits code with.
pub trait Emitter: Sized {
    /// Its machine instructions.
    type Inst;
    /// The frame of a function.
    type Frame;
    /// Its kinds of relocation.
    type Relocation: Relocate + Debug;

    /// Begins a function of `blocks` blocks, whose calls are [`Reach::Near`].
    fn new(blocks: usize, frame: Self::Frame, stubs: TrapStubs) -> Self;
    /// Makes calls from here on reach as far as that. An instruction set of which one instruction
    /// spans every text that there can be need not care.
    fn set_reach(&mut self, _reach: Reach) {}
    /// Makes the code from here on small rather than fast.
    fn prefer_size(&mut self) {}
    /// Constants of the code so far that had better be words of data behind it, where it is to be
    /// small.
    fn wanted_literals(&self) -> BTreeSet<u32> {
        BTreeSet::new()
    }
    /// Puts these constants behind the code that follows, which may load them from there.
    fn use_literals(&mut self, _values: &BTreeSet<u32>) {}
    /// What follows comes from the operator at byte `source` of the WebAssembly file.
    fn source_location(&mut self, source: u32);
    /// Begins `block` here; `from_above` if it is reached from the code right before it only.
    fn bind(&mut self, block: Block, from_above: bool);
    /// Makes `block`, which only jumps to `other` and is not emitted, mean `other`. Returns false
    /// for an endless loop of such blocks: emit its jump instead.
    #[must_use]
    fn alias(&mut self, block: Block, other: Block) -> bool;
    /// Sets the frame up; with `need` it first traps unless that many bytes of stack are left.
    fn prologue(&mut self, need: Option<u32>);
    /// Emits a move that the allocator put between instructions. Leaves the flags alone.
    fn emit_move(&mut self, from: Allocation, to: Allocation);
    /// Emits an instruction whose registers are physical; `next` is the block that is bound right
    /// after it, if any.
    fn emit(&mut self, inst: &Self::Inst, next: Option<Block>);
    /// Appends the trap stubs and finds the length of every branch.
    ///
    /// # Errors
    ///
    /// [`BranchOutOfRange`] when the function is too large.
    fn finish(self) -> Result<Code<Self::Relocation>, BranchOutOfRange>;
}

/// The code of a function of an instruction set.
pub type CodeOf<I> = Code<<<I as Isa>::Emitter as Emitter>::Relocation>;

/// How to emit.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Whether to take fewer bytes and more instructions.
    pub small: bool,
    /// How exactly traps are placed.
    pub stubs: TrapStubs,
    /// Which passes take part.
    pub passes: Passes,
}

/// Emits a function; with `stack_need` it checks on entry that so many bytes of stack are left, and
/// its calls reach as far as `reach` says.
///
/// # Errors
///
/// [`BranchOutOfRange`] when the function is too large.
pub fn emit<I: Isa>(
    function: &Allocated<I>,
    frame: &I::Frame,
    stack_need: Option<u32>,
    reach: Reach,
    options: Options,
) -> Result<CodeOf<I>, BranchOutOfRange> {
    let (code, wanted) = emit_once(
        function,
        frame,
        stack_need,
        reach.clone(),
        options,
        &BTreeSet::new(),
    )?;
    if wanted.is_empty() {
        return Ok(code);
    }
    // Data has to stand at a word boundary, and may be too far away to be of use.
    let padded = code.bytes.len() + if code.needs_words { 0 } else { 2 };
    let with_literals = emit_once(function, frame, stack_need, reach, options, &wanted);
    Ok(match with_literals {
        Ok((better, _)) if better.bytes.len() <= padded.saturating_sub(4) => better,
        _ => code,
    })
}

/// Emits a function, with these constants behind its code; says which ones should be there.
fn emit_once<I: Isa>(
    function: &Allocated<I>,
    frame: &I::Frame,
    stack_need: Option<u32>,
    reach: Reach,
    options: Options,
    literals: &BTreeSet<u32>,
) -> Result<(CodeOf<I>, BTreeSet<u32>), BranchOutOfRange> {
    let code = &function.code;
    let mut emitter = I::Emitter::new(code.blocks.len(), frame.clone(), options.stubs);
    emitter.set_reach(reach);
    if options.small {
        emitter.prefer_size();
    }
    emitter.use_literals(literals);
    let repeats = match options.passes.repeats {
        true => Repeats::of(function),
        false => Repeats::default(),
    };
    let mut means = skip_empty_blocks(function, &repeats, &mut emitter);
    if options.small && options.passes.twins {
        twins::merge(function, &repeats, &mut means, &mut emitter);
    }
    let layout = Layout::of(code, &means, options.passes.layout);
    emitter.prologue(stack_need);
    for (position, &block) in layout.order.iter().enumerate() {
        let next = layout.order.get(position + 1).copied();
        emitter.bind(block, layout.from_above[block.index()]);
        for step in function.output.block_insts_and_edits(code, block) {
            match step {
                InstOrEdit::Edit(&Edit::Move { from, to }) => emitter.emit_move(from, to),
                InstOrEdit::Inst(index) => {
                    let is_last = index == code.block_insts(block).last();
                    if let Some(edge) = repeats.before_branch_of(block).filter(|_| is_last) {
                        for &Edit::Move { from, to } in edge.moves(function) {
                            emitter.emit_move(from, to);
                        }
                    }
                    let location = code.locations[index.index()];
                    if !location.is_default() {
                        emitter.source_location(location.bits());
                    }
                    let mut inst = code.insts[index.index()].clone();
                    let places = function.output.inst_allocs(index);
                    inst.visit_operands(&mut Substitution::new(places));
                    if let Some(likely) = layout.likely[block.index()] {
                        inst.branch_first(|target| means[target.index()] == likely);
                    }
                    emitter.emit(&inst, next);
                }
            }
        }
    }
    let wanted = emitter.wanted_literals();
    Ok((emitter.finish()?, wanted))
}

/// Gives blocks that do nothing but jump the label of their target; returns for each block the one
/// that stands in its place, itself if it is emitted. What `repeats` holds does nothing else when its
/// moves stand elsewhere.
fn skip_empty_blocks<I: Isa>(
    function: &Allocated<I>,
    repeats: &Repeats,
    emitter: &mut I::Emitter,
) -> Vec<Block> {
    let code = &function.code;
    let headers: FxHashMap<Block, Block> = repeats
        .edges()
        .map(|edge| (edge.block, edge.header))
        .collect();
    let mut means: Vec<Block> = (0..code.blocks.len()).map(Block::new).collect();
    for block in (0..code.blocks.len()).map(Block::new) {
        if let Some(&header) = headers.get(&block) {
            let alone = emitter.alias(block, header);
            assert!(
                alone,
                "only a branch leads to the edge, so its header does not"
            );
            means[block.index()] = header;
            continue;
        }
        let steps = function.output.block_insts_and_edits(code, block);
        let mut steps = steps.map(|step| match step {
            InstOrEdit::Inst(index) => code.insts[index.index()].jump_target(),
            InstOrEdit::Edit(_) => None,
        });
        if let (Some(Some(target)), None) = (steps.next(), steps.next())
            && emitter.alias(block, target)
        {
            means[block.index()] = target;
        }
    }
    for start in 0..means.len() {
        // The emitter refuses aliases that go round in a circle.
        while means[start] != means[means[start].index()] {
            means[start] = means[means[start].index()];
        }
    }
    means
}
