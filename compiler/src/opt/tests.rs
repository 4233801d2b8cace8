//! Forms that the translation does not write, so that only CLIF built by hand shows them.

use cranelift_codegen::dominator_tree::DominatorTree;
use cranelift_codegen::flowgraph::ControlFlowGraph;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{AbiParam, Function, InstBuilder, Signature, TrapCode, Value, types};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use wasm2mcu_abi::trap;

use super::{Passes, guards, merge};
use crate::wasm::contract::{self, CALL_CONV, Region};
use crate::wasm::module::Memory;

const MIN: u32 = 0x1_0000;

const MEMORY: Memory = Memory {
    min_bytes: MIN,
    max_bytes: 4 * MIN,
    page_size_log2: 16,
    declared_bytes: None,
    import: None,
};

/// One block of checks of a parameter against sizes.
struct Checks<'a> {
    builder: FunctionBuilder<'a>,
    /// Stands for the context's address.
    context: Value,
    index: Value,
}

impl Checks<'_> {
    fn size(&mut self) -> Value {
        let flags = Region::MemorySize.flags(self.builder.func);
        let context = self.context;
        self.builder.ins().load(types::I32, flags, context, 4)
    }

    fn minus(&mut self, size: Value, end: i64) -> Value {
        let end = self.builder.ins().iconst(types::I32, end);
        self.builder.ins().isub(size, end)
    }

    /// A trap unless the comparison of the index with `limit` holds.
    fn demand(&mut self, comparison: IntCC, limit: Value) {
        let index = self.index;
        let holds = self.builder.ins().icmp(comparison, index, limit);
        self.builder
            .ins()
            .trapz(holds, TrapCode::HEAP_OUT_OF_BOUNDS);
    }

    /// A guard as the translation writes it.
    fn guard(&mut self, size: Value, end: i64) {
        let limit = self.minus(size, end);
        let index = self.index;
        let outside = self
            .builder
            .ins()
            .icmp(IntCC::UnsignedGreaterThan, index, limit);
        let code = contract::trap(trap::TrapCode::MemoryOutOfBounds);
        self.builder.ins().trapnz(outside, code);
    }
}

/// A function of one block of checks.
fn function(build: impl FnOnce(&mut Checks<'_>)) -> Function {
    let mut signature = Signature::new(CALL_CONV);
    signature.params = vec![AbiParam::new(types::I32); 2];
    let mut func = Function::with_name_signature(Default::default(), signature);
    let mut scratch = FunctionBuilderContext::new();
    let mut builder = FunctionBuilder::new(&mut func, &mut scratch);
    let entry = builder.create_block();
    builder.append_block_params_for_function_params(entry);
    builder.switch_to_block(entry);
    builder.seal_block(entry);
    let parameters = builder.block_params(entry);
    let (context, index) = (parameters[0], parameters[1]);
    let mut checks = Checks {
        builder,
        context,
        index,
    };
    build(&mut checks);
    checks.builder.ins().return_(&[]);
    checks.builder.finalize(contract::frontend_config());
    func
}

/// Checks kept and removed by the guard pass.
fn run_on(build: impl FnOnce(&mut Checks<'_>)) -> (u32, u32) {
    let mut func = function(build);
    let cfg = ControlFlowGraph::with_function(&func);
    let domtree = DominatorTree::with_function(&func, &cfg);
    let statistics = guards::run(&mut func, &cfg, &domtree, Some(&MEMORY));
    assert_eq!(statistics.certain, 0);
    (statistics.kept, statistics.removed)
}

const AT_MOST: IntCC = IntCC::UnsignedLessThanOrEqual;
const BELOW: IntCC = IntCC::UnsignedLessThan;

#[test]
fn a_newer_size_proves_nothing_about_an_older() {
    let guard = |first_is_older: bool| {
        run_on(|checks| {
            let (older, newer) = (checks.size(), checks.size());
            let (first, second) = match first_is_older {
                true => (older, newer),
                false => (newer, older),
            };
            for size in [first, second] {
                let limit = checks.minus(size, 4);
                checks.demand(AT_MOST, limit);
            }
        })
    };
    assert_eq!(guard(true), (1, 1));
    assert_eq!(guard(false), (2, 0));
}

#[test]
fn strict_comparisons_need_one_byte_more() {
    let pair = |first: (IntCC, i64), second: (IntCC, i64)| {
        run_on(|checks| {
            let size = checks.size();
            for (comparison, end) in [first, second] {
                let limit = checks.minus(size, end);
                checks.demand(comparison, limit);
            }
        })
    };
    assert_eq!(pair((AT_MOST, 4), (BELOW, 4)), (2, 0));
    assert_eq!(pair((AT_MOST, 4), (BELOW, 3)), (1, 1));
    assert_eq!(pair((BELOW, 4), (AT_MOST, 5)), (1, 1));
    assert_eq!(pair((BELOW, 4), (AT_MOST, 6)), (2, 0));
}

#[test]
fn a_limit_that_may_wrap_is_no_limit() {
    let pair = |end: i64| {
        run_on(|checks| {
            let size = checks.size();
            for end in [end, 4] {
                let limit = checks.minus(size, end);
                checks.demand(AT_MOST, limit);
            }
        })
    };
    assert_eq!(pair(i64::from(MIN)), (1, 1));
    assert_eq!(pair(i64::from(MIN) + 1), (2, 0));
}

/// Guards merged, and the code that comes out.
fn merge_in(build: impl FnOnce(&mut Checks<'_>)) -> (u32, String) {
    let mut func = function(build);
    let merged = merge::run(&mut func, &MEMORY);
    (merged, func.display().to_string())
}

#[test]
fn a_merged_guard_has_the_strongest_limit() {
    let (merged, code) = merge_in(|checks| {
        let size = checks.size();
        for end in [4, 12, 8] {
            checks.guard(size, end);
        }
    });
    assert_eq!(merged, 2);
    let (before, _) = code.split_once("trapnz").expect("a guard");
    let limit = before.rsplit_once("isub").expect("a limit").1;
    assert!(limit.contains("= 12"), "{code}");
}

#[test]
fn a_displaced_guard_keeps_what_it_was_given() {
    let (merged, code) = merge_in(|checks| {
        let older = checks.size();
        let newer = checks.size();
        checks.guard(older, 4);
        checks.guard(older, 12);
        checks.guard(newer, 4);
    });
    assert_eq!(merged, 1);
    let (before, _) = code.split_once("trapnz").expect("a guard");
    let limit = before.rsplit_once("isub").expect("a limit").1;
    assert!(limit.contains("= 12"), "{code}");
}

#[test]
fn a_limit_that_may_wrap_does_not_merge() {
    let merged = |end| {
        let pair = merge_in(|checks| {
            let size = checks.size();
            checks.guard(size, 4);
            checks.guard(size, end);
        });
        pair.0
    };
    assert_eq!(merged(i64::from(MIN)), 1);
    assert_eq!(merged(i64::from(MIN) + 1), 0);
}

#[test]
fn a_guard_does_not_overtake_another_trap() {
    let (merged, _) = merge_in(|checks| {
        let size = checks.size();
        checks.guard(size, 4);
        let index = checks.index;
        checks.builder.ins().trapz(index, TrapCode::STACK_OVERFLOW);
        checks.guard(size, 8);
    });
    assert_eq!(merged, 0);
}

#[test]
fn every_pass_has_a_switch_with_its_name() {
    let mut passes = Passes::ALL;
    for name in Passes::NAMES {
        let switch = passes.by_name(name).expect("a pass of this name");
        assert!(*switch, "{name} has a switch of its own");
        *switch = false;
    }
    assert_eq!(passes, Passes::NONE);
}
