//! Calls, returns and parameters: the internal calling convention, which is the same on every
//! instruction set but for the registers.
//!
//! Words of arguments and results stand in [`Isa::ARGUMENTS`] first, then on the stack; stack
//! results lie where stack arguments did.

use cranelift_codegen::ir::{self, Value};
use regalloc2::{PRegSet, RegClass};
use smallvec::smallvec;

use super::Isa;
use super::buffer::Symbol;
use super::context::Context;
use super::frame::FrameRef;
use super::isle::Results;
use super::lower::ValueRegs;
use super::places::{self, Place};
use super::reg::{FixedReg, Reg};
use crate::wasm::contract::Builtin;

/// What is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callee {
    /// A function or routine in the same text.
    Direct(Symbol),
    /// A code address, with what the architecture sets in it.
    Indirect(Reg),
}

/// A call with everything that the allocator must know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// What is called.
    pub callee: Callee,
    /// Arguments in registers.
    pub uses: Vec<FixedReg>,
    /// Results in registers.
    pub defs: Vec<FixedReg>,
    /// Registers that are destroyed, without those of `defs`. The return address is one of them.
    pub clobbers: PRegSet,
}

impl<I: Isa> Context<'_, '_, I> {
    /// Calls `callee`; returns the registers of its results.
    pub(super) fn call(
        &mut self,
        callee: Callee,
        signature: ir::SigRef,
        args: &[Value],
    ) -> Results {
        let words = self.lower.virtual_words(args.iter().copied());
        let (arg_places, arg_bytes) = places::assign::<I>(words.iter().map(|word| word.class()));
        let uses = self.pass(&words, &arg_places, FrameRef::Outgoing);

        let func = self.lower.func;
        let results: Results = func.dfg.signatures[signature]
            .returns
            .iter()
            .map(|result| self.lower.new_regs(result.value_type))
            .collect();
        let words: Vec<Reg> = results.iter().flat_map(|regs| regs.words()).collect();
        let (result_places, result_bytes) =
            places::assign::<I>(words.iter().map(|word| word.class()));
        self.lower.outgoing_bytes = self.lower.outgoing_bytes.max(arg_bytes).max(result_bytes);
        let words = words.into_iter().map(Some);
        let (defs, loads) = take(words, &result_places, FrameRef::Outgoing);
        self.emit_call(callee, uses, defs);
        self.load_all(loads);
        results
    }

    /// Goes on in `callee`, which returns in this function's place.
    ///
    /// Its stack arguments stand where this function's own did, in the caller's frame; these were
    /// all loaded on entry.
    pub(super) fn tail_call(&mut self, callee: Callee, signature: ir::SigRef, args: &[Value]) {
        let words = self.lower.virtual_words(args.iter().copied());
        let (places, _) = places::assign::<I>(words.iter().map(|word| word.class()));
        let needed = self.stack_bytes(&self.lower.func.dfg.signatures[signature]);
        if needed > self.stack_bytes(&self.lower.func.signature) {
            self.lower.tail_bytes = self.lower.tail_bytes.max(needed);
        }
        let uses = self.pass(&words, &places, FrameRef::Incoming);
        self.lower.emit(I::tail_call(Call {
            callee,
            uses,
            defs: Vec::new(),
            clobbers: PRegSet::empty(),
        }));
    }

    /// Bytes that a caller grants to stack arguments and stack results.
    fn stack_bytes(&self, signature: &ir::Signature) -> u32 {
        let bytes = |params: &[ir::AbiParam]| {
            let types = params.iter().map(|param| param.value_type);
            places::assign::<I>(types.flat_map(|ty| places::classes(self.lower.isa, ty))).1
        };
        bytes(&signature.params).max(bytes(&signature.returns))
    }

    /// Calls a function of the runtime, which takes and returns bits; returns those of its result.
    pub(crate) fn call_runtime(&mut self, builtin: Builtin, args: &[Value]) -> Results {
        let words = self.integer_words(args);
        self.call_runtime_with(builtin, words)
    }

    /// The same with the words of its arguments.
    pub(crate) fn call_runtime_with(&mut self, builtin: Builtin, words: Vec<Reg>) -> Results {
        let result = match builtin.signature().returns[0].value_type {
            ir::types::I64 => {
                let [lo, hi] = self.call_builtin(builtin, words);
                ValueRegs::two(lo, hi)
            }
            _ => {
                let [word] = self.call_builtin(builtin, words);
                ValueRegs::one(word)
            }
        };
        smallvec![result]
    }

    /// The words of some values in virtual integer registers.
    pub(crate) fn integer_words(&mut self, values: &[Value]) -> Vec<Reg> {
        let words = self.lower.virtual_words(values.iter().copied());
        let words = words.into_iter();
        words
            .map(|word| self.lower.in_class(word, RegClass::Int))
            .collect()
    }

    /// Calls a builtin with at most four words of parameters; returns the words of its results.
    pub(crate) fn call_builtin<const N: usize>(
        &mut self,
        builtin: Builtin,
        words: Vec<Reg>,
    ) -> [Reg; N] {
        let symbol = Symbol::Builtin(builtin as u32);
        self.lower.calls.push(symbol);
        let at_arguments = |regs: &[Reg]| {
            let places = regs.iter().zip(I::ARGUMENTS);
            places.map(|(&reg, &at)| FixedReg { reg, at }).collect()
        };
        let words = words.into_iter();
        let uses: Vec<Reg> = words.map(|word| self.lower.virtual_copy(word)).collect();
        let defs = [(); N].map(|()| self.new_int());
        self.emit_call(
            Callee::Direct(symbol),
            at_arguments(&uses),
            at_arguments(&defs),
        );
        defs
    }

    /// Returns with these results.
    pub(super) fn ret(&mut self, results: &[Value]) {
        let words = self.lower.virtual_words(results.iter().copied());
        let (places, _) = places::assign::<I>(words.iter().map(|word| word.class()));
        let uses = self.pass(&words, &places, FrameRef::Incoming);
        self.lower.emit(I::ret(uses));
    }

    /// Takes the function's parameters from argument registers and the caller's frame.
    pub(super) fn params(&mut self, params: &[Value]) {
        let func = self.lower.func;
        let types = params.iter().map(|&param| func.dfg.value_type(param));
        let classes = types.flat_map(|ty| places::classes(self.lower.isa, ty));
        let (places, _) = places::assign::<I>(classes);
        let words = params.iter().flat_map(|&param| self.parameter_words(param));
        let (defs, loads) = take(words, &places, FrameRef::Incoming);
        self.lower.emit(I::args(defs));
        self.load_all(loads);
    }

    fn emit_call(&mut self, callee: Callee, uses: Vec<FixedReg>, defs: Vec<FixedReg>) {
        let mut clobbers = I::caller_saved();
        for def in &defs {
            clobbers.remove(def.at);
        }
        self.lower.emit(I::call(Call {
            callee,
            uses,
            defs,
            clobbers,
        }));
    }

    /// Stores the words that go on the stack; returns the others with their registers.
    fn pass(
        &mut self,
        words: &[Reg],
        places: &[Place],
        area: impl Fn(u32) -> FrameRef,
    ) -> Vec<FixedReg> {
        let mut uses = Vec::new();
        for (&reg, place) in words.iter().zip(places) {
            match *place {
                Place::Register(at) => uses.push(FixedReg { reg, at }),
                Place::Stack(offset) => self.lower.emit(I::store_word(reg, area(offset))),
            }
        }
        uses
    }

    fn load_all(&mut self, loads: Vec<(Reg, FrameRef)>) {
        for (reg, place) in loads {
            self.lower.emit(I::load_word(reg, place));
        }
    }

    /// The registers of a parameter's words; `None` for those of one that nobody reads.
    fn parameter_words(&self, param: Value) -> Vec<Option<Reg>> {
        match self.lower.wanted_regs(param) {
            Some(regs) => regs.words().map(Some).collect(),
            None => {
                let ty = self.lower.func.dfg.value_type(param);
                vec![None; places::classes(self.lower.isa, ty).count()]
            }
        }
    }
}

/// Words that come in registers, and words that are loaded from the stack.
fn take(
    words: impl Iterator<Item = Option<Reg>>,
    places: &[Place],
    area: impl Fn(u32) -> FrameRef,
) -> (Vec<FixedReg>, Vec<(Reg, FrameRef)>) {
    let mut defs = Vec::new();
    let mut loads = Vec::new();
    for (word, place) in words.zip(places) {
        let Some(reg) = word else { continue };
        match *place {
            Place::Register(at) => defs.push(FixedReg { reg, at }),
            Place::Stack(offset) => loads.push((reg, area(offset))),
        }
    }
    (defs, loads)
}
