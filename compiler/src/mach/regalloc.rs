//! Register allocation: regalloc2's answer for one function, checked where tests run.

use regalloc2::checker::Checker;
use regalloc2::{Algorithm, Allocation, Edit, OperandKind, Output, PRegSet, RegallocOptions};

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

/// A defect of the machine IR or of the allocator; never the fault of the module.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegallocError {
    /// The allocator refused the machine IR.
    #[error("register allocation: {0}")]
    Refused(String),
    /// The checker found a value in the wrong place.
    #[error("register allocation checker: {0}")]
    Wrong(String),
}

/// Assigns a register or spill slot to every operand.
///
/// With `check` the result is verified symbolically against the machine IR (regalloc2's checker).
///
/// # Errors
///
/// [`RegallocError`]: always a defect of this compiler.
pub fn allocate<I: Isa>(
    isa: &I,
    code: VCode<I>,
    check: bool,
) -> Result<Allocated<I>, RegallocError> {
    let options = RegallocOptions {
        verbose_log: false,
        validate_ssa: check,
        algorithm: Algorithm::Ion,
    };
    let env = isa.machine_env();
    let output = regalloc2::run(&code, env, &options)
        .map_err(|error| RegallocError::Refused(format!("{error:?}")))?;
    if check {
        let mut checker = Checker::new(&code, env);
        checker.prepare(&output);
        checker
            .run()
            .map_err(|errors| RegallocError::Wrong(format!("{errors:?}")))?;
    }
    Ok(Allocated { code, output })
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
