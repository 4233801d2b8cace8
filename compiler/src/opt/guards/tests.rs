//! Forms that the translation does not write, so that only CLIF built by hand shows them.

use cranelift_codegen::ir::{AbiParam, Signature, TrapCode, types};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};

use super::*;
use crate::wasm::contract::{self, CALL_CONV};

const MIN: u32 = 0x1_0000;

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
}

/// Checks kept and removed.
fn run_on(build: impl FnOnce(&mut Checks<'_>)) -> (u32, u32) {
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
    let cfg = ControlFlowGraph::with_function(&func);
    let domtree = DominatorTree::with_function(&func, &cfg);
    let memory = Memory {
        min_bytes: MIN,
        max_bytes: 4 * MIN,
        page_size_log2: 16,
    };
    let statistics = run(&mut func, &cfg, &domtree, Some(&memory));
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
