//! Register allocation: regalloc2's answer for one function, checked where tests run.
//!
//! Of its two algorithms the better one takes time in proportion to the values that are alive
//! together. Where these are absurdly many, the linear one has to do.

use std::mem;

use regalloc2::checker::Checker;
use regalloc2::{Algorithm, Allocation, Ctx, Edit, OperandKind, Output, PRegSet, RegallocOptions};

use super::choices::Registers;
use super::pressure::Pressure;
use super::reloads;
use super::vcode::VCode;
use super::{Isa, MachineInst};

/// A function with a register or spill slot for every operand.
#[derive(Debug)]
pub struct Allocated<I: Isa> {
    /// The machine IR, with virtual registers.
    pub code: VCode<I>,
    /// What they were allocated to, and the moves to insert.
    pub output: Output,
}

/// Why a function has no registers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegallocError {
    /// More values are alive at the beginnings of the function's blocks, counted for every block,
    /// than fit the memory of the allocator. No defect, but a function that is too large.
    #[error("{0} values alive across the blocks of the function, {MAX_CROSSINGS} at most")]
    TooManyAlive(u64),
    /// The allocator refused the machine IR.
    #[error("register allocation: {0}")]
    Refused(String),
    /// The checker found a value in the wrong place.
    #[error("register allocation checker: {0}")]
    Wrong(String),
}

/// The most values that are alive at the beginnings of blocks, counted for every block: 500 MB of
/// bookkeeping.
pub const MAX_CROSSINGS: u64 = 1 << 26;

/// Pairs of values alive together that every function is granted, and those that it is granted
/// for each instruction, before the linear algorithm takes over. Code of people has less than a
/// hundred for each; at these figures a function takes seconds.
const PAIRS: u64 = 1 << 22;
const PAIRS_OF_INST: u64 = 300;

/// How good the allocation shall be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// Few spills and moves.
    Full,
    /// Linear time.
    Linear,
}

impl Effort {
    /// What a function can be granted.
    ///
    /// # Errors
    ///
    /// [`RegallocError::TooManyAlive`].
    pub fn for_function<I: Isa>(code: &VCode<I>) -> Result<Effort, RegallocError> {
        let Pressure { pairs, crossings } = Pressure::of(code);
        if crossings > MAX_CROSSINGS {
            return Err(RegallocError::TooManyAlive(crossings));
        }
        match pairs > PAIRS + PAIRS_OF_INST * code.insts.len() as u64 {
            true => Ok(Effort::Linear),
            false => Ok(Effort::Full),
        }
    }
}

/// Allocates registers; keeps its memory from function to function.
pub struct Allocator {
    context: Ctx,
    check: bool,
    drop_reloads: bool,
}

impl Allocator {
    /// With `check` each result is verified symbolically against the machine IR (regalloc2's
    /// checker); with `drop_reloads` moves to places that hold the value already go.
    pub fn new(check: bool, drop_reloads: bool) -> Allocator {
        Allocator {
            context: Ctx::default(),
            check,
            drop_reloads,
        }
    }

    /// Assigns one of the `registers` or a spill slot to every operand.
    ///
    /// # Errors
    ///
    /// [`RegallocError`]: a defect of this compiler.
    pub fn run<I: Isa>(
        &mut self,
        isa: &I,
        code: VCode<I>,
        effort: Effort,
        registers: Registers,
    ) -> Result<Allocated<I>, RegallocError> {
        let options = RegallocOptions {
            verbose_log: false,
            validate_ssa: self.check,
            algorithm: match effort {
                Effort::Full => Algorithm::Ion,
                Effort::Linear => Algorithm::Fastalloc,
            },
        };
        let env = isa.machine_env(registers);
        regalloc2::run_with_ctx(&code, env, &options, &mut self.context)
            .map_err(|error| RegallocError::Refused(format!("{error:?}")))?;
        let mut output = mem::take(&mut self.context.output);
        if self.drop_reloads {
            reloads::remove(&code, env, &mut output);
        }
        if self.check {
            let mut checker = Checker::new(&code, env);
            checker.prepare(&output);
            checker
                .run()
                .map_err(|errors| RegallocError::Wrong(format!("{errors:?}")))?;
        }
        Ok(Allocated { code, output })
    }
}

impl<I: Isa> Allocated<I> {
    /// Every register that the function writes, by instructions and by the allocator's moves.
    pub fn written(&self) -> PRegSet {
        let mut written = PRegSet::empty();
        let mut write = |place: Allocation| {
            if let Some(register) = place.as_reg() {
                written.add(register);
            }
        };
        for index in (0..self.code.insts.len()).map(regalloc2::Inst::new) {
            let operands = regalloc2::Function::inst_operands(&self.code, index);
            for (operand, &place) in operands.iter().zip(self.output.inst_allocs(index)) {
                if operand.kind() == OperandKind::Def {
                    write(place);
                }
            }
        }
        for (_, Edit::Move { to, .. }) in &self.output.edits {
            write(*to);
        }
        for inst in &self.code.insts {
            written.union_from(inst.clobbers());
        }
        written
    }
}
