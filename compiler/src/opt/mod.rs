//! The mid-end: CLIF to better CLIF, one function at a time.
//!
//! ```text
//!  inline ─▶ verify ─▶ flow ─▶ egraph ─▶ halves ─▶ flow ─▶ merge ─▶ guards ─▶ loops ─▶ verify
//!  └ module ┘ └──────────────────── each function ──────────────────────────────────────────┘
//! ```
//!
//! * `inline`: bodies of small functions in place of calls of them
//! * `flow`: unreachable code, constant parameters, larger blocks
//! * Cranelift's egraph folds constants, numbers values, hoists pure ones out of loops and forwards
//!   stores; it also merges equal guards
//! * `halves`: comparisons of 128 bits, which the egraph makes, back to two of 64
//! * `merge`: the first of several guards of an index checks for all
//! * [`guards`]: those that follow from others or from the range of the index go away
//! * `loops`: checks before a loop for those in it
//!
//! `interrupt` comes last, for all functions of a module that the host may interrupt.
//!
//! Dead instructions stay: the back ends lower backward from uses. [`Passes`] leaves some out, for
//! measuring.

mod callgraph;
mod flow;
pub mod guards;
mod halves;
mod inline;
pub(crate) mod interrupt;
mod loops;
mod merge;
mod range;
mod recognize;

use std::mem;

use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::ir::Function;
use cranelift_codegen::settings::{self, Configurable, Flags};
use cranelift_codegen::{CodegenError, Context};

use self::loops::version::{self, Growth};
use crate::error::{Error, Result};
use crate::passes::Passes;
use crate::wasm::module::Memory;
use crate::wasm::{Translated, support};

/// How hard to try.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OptLevel {
    /// Only what code generation needs: no unreachable blocks, no trivial phis.
    None,
    /// Everything that does not enlarge the code.
    Size,
    /// Everything.
    #[default]
    Speed,
}

/// What the mid-end may assume and shall do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// How hard to try.
    pub level: OptLevel,
    /// Whether Cranelift's verifier checks the function after every pass.
    pub verify: bool,
    /// Which passes take part, where the level has them at all.
    pub passes: Passes,
    /// Whether guards of the memory are left out.
    #[cfg(feature = "measure")]
    pub unguarded: bool,
}

impl Default for Options {
    /// For speed; verified in debug builds of the compiler.
    fn default() -> Options {
        Options {
            level: OptLevel::default(),
            verify: cfg!(debug_assertions),
            passes: Passes::ALL,
            #[cfg(feature = "measure")]
            unguarded: false,
        }
    }
}

/// Optimises a module, from which functions that nobody calls go away, and says what became of the
/// guards.
///
/// # Errors
///
/// [`Error::Internal`] if the verifier objects to a function: a bug in the compiler.
pub fn run(translated: &mut Translated, options: Options) -> Result<guards::Statistics> {
    if options.passes.inline && options.level != OptLevel::None {
        inline::run(translated, options.level)
            .map_err(|(id, error)| internal(&id.name(&translated.module), error))?;
    }
    let mut optimizer = Optimizer::new(options, translated.module.memory);
    let mut total = guards::Statistics::default();
    for body in &mut translated.functions {
        let name = body.id.name(&translated.module);
        let one = optimizer.run(&mut body.clif, &name)?;
        total.kept += one.kept;
        total.merged += one.merged;
        total.hoisted += one.hoisted;
        total.removed += one.removed;
        total.certain += one.certain;
    }
    Ok(total)
}

/// Runs the mid-end; keeps its allocations from function to function.
pub struct Optimizer {
    options: Options,
    memory: Option<Memory>,
    flags: Flags,
    context: Context,
    control: ControlPlane,
}

impl Optimizer {
    /// A mid-end for the functions of a module with this memory.
    pub fn new(options: Options, memory: Option<Memory>) -> Optimizer {
        Optimizer {
            options,
            memory,
            flags: flags(options),
            context: Context::new(),
            control: ControlPlane::default(),
        }
    }

    /// Optimises `function` in place and says what became of its guards. `name` is for errors.
    ///
    /// # Errors
    ///
    /// [`Error::Internal`] if the verifier objects to what it is given or to what comes out.
    pub fn run(&mut self, function: &mut Function, name: &str) -> Result<guards::Statistics> {
        self.context.clear();
        mem::swap(&mut self.context.func, function);
        let result = self.passes();
        mem::swap(&mut self.context.func, function);
        result.map_err(|error| internal(name, error))
    }

    fn passes(&mut self) -> Result<guards::Statistics, CodegenError> {
        let Optimizer { context, flags, .. } = self;
        let flags = &*flags;
        context.verify_if(flags)?;
        #[cfg(feature = "measure")]
        if self.options.unguarded {
            guards::leave_out(&mut context.func);
        }
        clean(context, flags)?;
        let passes = self.options.passes;
        let level = self.options.level;
        if level == OptLevel::None || is_too_much(context) {
            context.func.dfg.resolve_all_aliases();
            return Ok(guards::count(&context.func));
        }
        match passes.flow {
            true => straighten(context, flags)?,
            false => context.func.dfg.resolve_all_aliases(),
        }
        // Leaves the flow graph up to date.
        context.egraph_pass(flags, &mut self.control)?;
        halves::run(&mut context.func);
        if passes.flow {
            straighten(context, flags)?;
        }
        let memory = self.memory.as_ref();
        let mergeable = memory.filter(|_| passes.merge);
        let merged = mergeable.map_or(0, |memory| merge::run(&mut context.func, memory));
        let mut statistics = match passes.guards {
            true => remove_guards(context, flags, memory)?,
            false => guards::count(&context.func),
        };
        statistics.merged = merged;
        if let Some(memory) = memory.filter(|_| passes.loops)
            && statistics.kept > 0
        {
            let growth = match level {
                OptLevel::Speed => Growth::Versions,
                OptLevel::Size | OptLevel::None => Growth::Nothing,
            };
            statistics.hoisted = leave_loops(context, flags, memory, growth)?;
        }
        context.verify_if(flags)?;
        Ok(statistics)
    }
}

/// Removes guards that never fail, and code behind those that always do.
fn remove_guards(
    context: &mut Context,
    flags: &Flags,
    memory: Option<&Memory>,
) -> Result<guards::Statistics, CodegenError> {
    let statistics = guards::run(&mut context.func, &context.cfg, &context.domtree, memory);
    if statistics.certain > 0 {
        clean(context, flags)?;
        context.func.dfg.resolve_all_aliases();
    }
    Ok(statistics)
}

/// Takes guards out of loops, from the inner to the outer ones, and says how many.
fn leave_loops(
    context: &mut Context,
    flags: &Flags,
    memory: &Memory,
    growth: Growth,
) -> Result<u32, CodegenError> {
    let mut total = 0;
    let mut stale = true;
    for height in version::heights() {
        if mem::take(&mut stale) {
            context.compute_loop_analysis();
        }
        let outcome = version::run(
            &mut context.func,
            &context.domtree,
            &context.loop_analysis,
            memory,
            growth,
            height,
        );
        // Whatever is higher has such loops inside.
        if outcome.loops == 0 {
            break;
        }
        if outcome.changed {
            clean(context, flags)?;
            context.func.dfg.resolve_all_aliases();
            stale = true;
        }
        total += outcome.removed;
    }
    Ok(total)
}

fn internal(function: &str, error: CodegenError) -> Error {
    Error::Internal {
        pass: "the mid-end",
        function: function.to_owned(),
        message: match error {
            CodegenError::Verifier(errors) => errors.to_string(),
            other => other.to_string(),
        },
    }
}

/// The largest function that the egraph gets, as [`support::size`] has it. It takes up to 6 KB for
/// an instruction that its rules rewrite well.
const MAX_SIZE: u64 = 1 << 18;

/// How deep loops may nest: the egraph takes time with the third power of the depth.
const MAX_LOOP_DEPTH: usize = 100;

/// Whether a function is so large, or its loops nest so deep, that it is left as it is.
fn is_too_much(context: &mut Context) -> bool {
    if support::is_larger(&context.func, MAX_SIZE) {
        return true;
    }
    if context.func.dfg.num_blocks() <= MAX_LOOP_DEPTH {
        return false;
    }
    context.compute_loop_analysis();
    let depth_of = |block| context.loop_analysis.loop_level(block).level();
    context.func.layout.blocks().map(depth_of).max() > Some(MAX_LOOP_DEPTH)
}

/// Removes what cannot be reached, and block parameters that are always the same value.
fn clean(context: &mut Context, flags: &Flags) -> Result<(), CodegenError> {
    context.flowgraph();
    context.eliminate_unreachable_code(flags)?;
    context.remove_constant_phis(flags)
}

/// Makes control flow as simple as it can be, in a function whose flow graph is up to date before and
/// behind.
fn straighten(context: &mut Context, flags: &Flags) -> Result<(), CodegenError> {
    let folded = flow::fold(&mut context.func);
    if flow::trap_in_place(&mut context.func) || folded {
        clean(context, flags)?;
    }
    let joined = flow::join(&mut context.func);
    context.func.dfg.resolve_all_aliases();
    if joined {
        context.flowgraph();
    }
    Ok(())
}

fn flags(options: Options) -> Flags {
    let mut builder = settings::builder();
    let level = match options.level {
        OptLevel::None => "none",
        OptLevel::Size => "speed_and_size",
        OptLevel::Speed => "speed",
    };
    let verify = if options.verify { "true" } else { "false" };
    for (name, value) in [("opt_level", level), ("enable_verifier", verify)] {
        builder
            .set(name, value)
            .expect("a setting of Cranelift with one of its values");
    }
    Flags::new(builder)
}

#[cfg(test)]
mod tests;
