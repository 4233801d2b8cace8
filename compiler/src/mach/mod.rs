//! What every instruction set shares between CLIF and bytes.
//!
//! ```text
//!   CLIF ──lower──▶ VCode ──regalloc──▶ Allocated ──emit──▶ Code (bytes, relocations, trap sites)
//!            │                                         │
//!            └── blocks: order, split edges            └── buffer: labels, branch lengths
//! ```
//!
//! * `hosts`: calls of host functions without a thunk
//! * `addresses`: what loops need not compute anew; `dead`: what nobody reads; `sink`: what only one
//!   way of a branch needs; `schedule`: what needs not wait in a register; `constants`: what does
//! * [`choices`]: what of this is tried in several ways
//! * [`blocks`]: which machine blocks there are, and their order
//! * [`lower`]: instruction selection, back to front; the rules are the instruction set's
//! * [`vcode`]: the machine IR of one function
//! * [`reg`]: registers of machine instructions and the walk over an instruction's operands
//! * [`regalloc`]: registers for it, by regalloc2; `pressure` says how hard that will be; `reloads`
//!   drops moves that change nothing
//! * [`emit`]: code of one function; `layout` orders its blocks; `repeats` saves jumps of loops;
//!   `twins` finds blocks that do the same
//! * [`buffer`]: that code while its branches still look for their length
//! * [`places`]: where the words of arguments and results stand
//! * [`call`]: calls, returns and parameters
//! * [`context`]: what selection rules work on; `isle` has their common terms
//! * [`frame`]: places in the stack frame
//! * [`stubs`]: what checks branch to
//!
//! An instruction set implements [`Isa`] and [`MachineInst`]; nothing here knows which ones exist.

mod addresses;
pub mod blocks;
pub mod buffer;
pub mod call;
pub mod choices;
mod constants;
pub mod context;
mod dead;
pub mod emit;
pub mod frame;
pub(crate) mod hosts;
pub(crate) mod isle;
mod layout;
mod loops;
pub mod lower;
pub mod places;
mod pressure;
pub mod reg;
pub mod regalloc;
mod reloads;
mod repeats;
mod schedule;
mod sink;
pub mod stubs;
mod twins;
pub mod vcode;

use std::fmt::{Debug, Display};

use cranelift_codegen::dominator_tree::DominatorTree;
use cranelift_codegen::flowgraph::ControlFlowGraph;
use cranelift_codegen::ir;
use regalloc2::{Block, MachineEnv, PReg, PRegSet, RegClass};
use wasm2mcu_abi::image::Architecture;
use wasm2mcu_abi::trap::TrapCode;

pub use addresses::AddressModes;
use blocks::BranchTable;
use buffer::Symbol;
use call::Call;
use choices::{Choices, Registers};
pub use constants::{Constants, Kept};
use context::Context;
use emit::{CodeOf, Emitter};
use frame::FrameRef;
use isle::Results;
use loops::Loops;
use lower::Lower;
use reg::{FixedReg, OperandVisitor, Reg};
use regalloc::Allocated;

use crate::link::Piece;
use crate::passes::Passes;
use crate::wasm::module::Signature;

/// A machine instruction of an instruction set.
pub trait MachineInst: Clone + Debug + Display {
    /// Shows every register operand to `visitor`, in an order that depends on the instruction only.
    fn visit_operands(&mut self, visitor: &mut impl OperandVisitor);
    /// Registers that it destroys beyond its results.
    fn clobbers(&self) -> PRegSet;
    /// Whether it can go if none of its results is read: it does nothing else, and no other
    /// instruction reads flags that it leaves.
    fn only_writes_results(&self) -> bool;
    /// Whether control leaves the function here.
    fn ends_function(&self) -> bool;
    /// Whether it is the return.
    fn is_return(&self) -> bool;
    /// Whether it ends a block by going on in another one.
    fn is_branch(&self) -> bool;
    /// Whether it is a jump by number.
    fn is_table(&self) -> bool;
    /// Swaps the targets of a branch under a condition and inverts that, unless `first` holds for
    /// the first of them: there it branches at once, to the other one it may need a jump.
    fn branch_first(&mut self, first: impl Fn(Block) -> bool);
    /// The target, if it does nothing but jump there.
    fn jump_target(&self) -> Option<Block>;
}

/// An instruction set: selection rules, registers, frames and encodings.
pub trait Isa: Sized + Debug {
    /// What images call it.
    const ARCHITECTURE: Architecture;
    /// Registers of the first argument words and of the first result words: four of them, which is
    /// what builtins take.
    const ARGUMENTS: &'static [PReg];
    /// The same for words of floating-point registers.
    const FLOAT_ARGUMENTS: &'static [PReg];
    /// The pinned register with the address of the context.
    const CONTEXT: Reg;
    /// The pinned register with the address of byte 0 of memory 0.
    const MEMORY_BASE: Reg;
    /// How many values a loop may hold in integer registers all the time, which leaves a few for what
    /// it computes.
    const LOOP_REGISTERS: u32;
    /// The same for a loop that calls, which destroys registers.
    const LOOP_REGISTERS_ACROSS_CALLS: u32;
    /// How many constants a loop may hold in floating-point registers, or in the frame.
    const LOOP_FLOAT_CONSTANTS: usize;
    /// Its machine instructions.
    type Inst: MachineInst;
    /// The frame of a function.
    type Frame: Clone + Debug;
    /// Turns its instructions into code.
    type Emitter: Emitter<Inst = Self::Inst, Frame = Self::Frame>;

    /// How loads and stores form addresses, if sums are to be rewritten for that.
    fn address_modes(&self) -> Option<AddressModes>;
    /// The registers that allocation works with.
    fn machine_env(&self, registers: Registers) -> &MachineEnv;
    /// Which class of register holds a value of this type, or each of its two words: floating-point
    /// registers hold an f32 where the target computes with it, and nothing else.
    fn class_of(&self, ty: ir::Type) -> RegClass;

    /// Lowers an instruction that is neither call nor return nor branch, by rules; returns its
    /// results' registers. `None` when no rule matches.
    fn rules(context: &mut Context<'_, '_, Self>, inst: ir::Inst) -> Option<Results>;
    /// A branch to `taken` if `test` is not zero, else to `not_taken`.
    fn branch_if(
        context: &mut Context<'_, '_, Self>,
        test: ir::Value,
        taken: Block,
        not_taken: Block,
    ) -> Self::Inst;
    /// A jump by number.
    fn branch_table(table: BranchTable) -> Self::Inst;
    /// Registers that an internal call destroys.
    fn caller_saved() -> PRegSet;
    /// A call.
    fn call(call: Call) -> Self::Inst;
    /// The epilogue, then a jump to the callee, whose arguments stand where a caller puts them.
    fn tail_call(call: Call) -> Self::Inst;
    /// What defines the arguments that a function gets in registers.
    fn args(defs: Vec<FixedReg>) -> Self::Inst;
    /// The return with results in registers.
    fn ret(uses: Vec<FixedReg>) -> Self::Inst;
    /// A load of a word of the frame.
    fn load_word(to: Reg, place: FrameRef) -> Self::Inst;
    /// A store to a word of the frame.
    fn store_word(from: Reg, place: FrameRef) -> Self::Inst;
    /// A jump.
    fn jump(target: Block) -> Self::Inst;
    /// A move of a word between any two registers, whatever their classes.
    fn copy(to: Reg, from: Reg) -> Self::Inst;
    /// The address of something in the text, with what the architecture sets in addresses of code.
    fn address(to: Reg, symbol: Symbol) -> Self::Inst;
    /// The address of a place in the frame.
    fn frame_address(to: Reg, place: FrameRef) -> Self::Inst;
    /// How many instructions make a constant for operand number `operand` of an instruction, which has
    /// it there: none where the instruction holds it itself.
    fn constant_cost(_func: &ir::Function, _inst: ir::Inst, _operand: usize, _word: u32) -> u32 {
        0
    }
    /// How many instructions make a constant f32 in a floating-point register.
    fn float_constant_cost(_bits: u32) -> u32 {
        3
    }
    /// A register with a constant word.
    fn constant(lower: &mut Lower<'_, Self>, word: u32) -> Reg;
    /// A floating-point register with a constant f32.
    fn float_constant(lower: &mut Lower<'_, Self>, bits: u32) -> Reg {
        let word = Self::constant(lower, bits);
        lower.in_class(word, RegClass::Float)
    }

    /// The frame of a function.
    fn frame(&self, needs: &FrameNeeds) -> Self::Frame;
    /// How far the stack pointer in the body is below the one at entry, in bytes.
    fn frame_bytes(frame: &Self::Frame) -> u32;

    /// The thunks by which the host enters functions, and the routines that leave the instance.
    fn border(&self, needs: &BorderNeeds<'_>) -> Vec<Border<Self>>;
    /// Bytes of stack that the entry thunk of a signature takes before it calls on; it grants at
    /// least `tail_area` bytes to stack arguments.
    fn entry_stack(&self, signature: &Signature, tail_area: u32) -> u32;
    /// The thunk by which the module calls an imported function of a signature; `slot` is the
    /// context offset of the host function's address.
    fn import_thunk(&self, signature: &Signature, slot: u32) -> Thunk<Self>;
    /// Whether a host function of this signature finds its arguments where an internal call passes them
    /// behind the context, and leaves its result where that expects it.
    fn agrees_with_host(&self, signature: &Signature) -> bool;
}

/// Makes a function ready for [`lower::lower`]: the same function, in a shape that takes fewer
/// instructions and registers, with the `passes` for that. Returns what selection has to know beside the
/// function.
pub fn prepare<I: Isa>(
    isa: &I,
    func: &mut ir::Function,
    choices: Choices,
    passes: Passes,
) -> Prepared {
    func.dfg.resolve_all_aliases();
    let loops = Loops::of(func);
    let modes = isa.address_modes();
    let modes = modes.filter(|_| choices.addresses && passes.addresses);
    dead::remove(func);
    if let Some(modes) = modes
        && addresses::run(func, modes, &loops)
    {
        dead::remove(func);
    }
    let indexed = isa.address_modes().is_some_and(|modes| modes.indexed);
    if passes.sink {
        sink::run(func, &loops, indexed);
    }
    if passes.schedule {
        schedule::run(func, &loops);
    }
    let place = match passes.constants {
        true => choices.constants,
        false => Constants::WhereUsed,
    };
    Prepared {
        kept: constants::run(isa, func, &loops, place),
        blocks: loops.domtree.cfg_rpo().copied().collect(),
    }
}

/// What selection has to know of a function beside the function.
#[derive(Debug)]
pub struct Prepared {
    /// The constants that have a register from where they are defined.
    pub kept: Kept,
    /// The blocks that are reached, in reverse post-order.
    pub blocks: Vec<ir::Block>,
}

impl Prepared {
    /// Of a function that is good as it is.
    pub fn as_it_is(func: &ir::Function) -> Prepared {
        let cfg = ControlFlowGraph::with_function(func);
        let domtree = DominatorTree::with_function(func, &cfg);
        Prepared {
            kept: Kept::new(),
            blocks: domtree.cfg_rpo().copied().collect(),
        }
    }
}

/// What a module needs between its functions and the host, beside import thunks.
#[derive(Debug)]
pub struct BorderNeeds<'a> {
    /// The traps of its functions: [`Symbol::Trap`].
    pub traps: Vec<TrapCode>,
    /// Whether it imports functions, which can ask for [`Symbol::HostTrap`].
    pub imports: bool,
    /// The signatures that the host enters, with their type numbers.
    pub entries: Vec<(u32, &'a Signature)>,
    /// Bytes that entry thunks grant to stack arguments at least.
    pub tail_area: u32,
    /// Whether bytes count for more than instructions.
    pub small: bool,
}

/// A stretch of code between the host and the module's functions.
#[derive(Debug)]
pub struct Border<I: Isa> {
    /// The code.
    pub code: CodeOf<I>,
    /// Which pieces it consists of and where they begin, ascending; the first one at 0.
    pub pieces: Vec<(Piece, u32)>,
}

/// Code between the module and the host.
#[derive(Debug)]
pub struct Thunk<I: Isa> {
    /// The code.
    pub code: CodeOf<I>,
    /// Bytes of stack that it takes before it calls on.
    pub stack_bytes: u32,
}

/// What decides the frame of a function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FrameNeeds {
    /// Registers that the function writes.
    pub written: PRegSet,
    /// Bytes for stack arguments and stack results of its callees.
    pub outgoing_bytes: u32,
    /// Words of spill slots.
    pub spills: u32,
    /// Bytes of stack slots.
    pub slot_bytes: u32,
}

impl FrameNeeds {
    /// The needs of an allocated function.
    pub fn of<I: Isa>(function: &Allocated<I>) -> FrameNeeds {
        FrameNeeds {
            written: function.written(),
            outgoing_bytes: function.code.outgoing_bytes,
            spills: function.output.num_spillslots as u32,
            slot_bytes: function.code.slot_bytes,
        }
    }
}
