//! Forms that the translation does not write, so that only CLIF built by hand shows them.

use cranelift_codegen::Context;
use cranelift_codegen::dominator_tree::DominatorTree;
use cranelift_codegen::flowgraph::ControlFlowGraph;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{
    AbiParam, Function, InstBuilder, Opcode, Signature, TrapCode, Value, types,
};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use wasm2mcu_abi::trap;

use super::{OptLevel, Options, clean, flags, guards, inline, merge, straighten};
use crate::wasm::contract::{self, CALL_CONV, Region};
use crate::wasm::module::Memory;
use crate::wasm::{self, BodyId, Translated};

const MIN: u32 = 0x1_0000;

const MEMORY: Memory = Memory {
    min_bytes: MIN,
    max_bytes: 4 * MIN,
    page_size_log2: 16,
    declared_bytes: None,
    import: None,
    guard_zone: 0,
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

/// The CLIF of a module's functions after inlining alone.
fn inlined(wat: &str, level: OptLevel) -> Translated {
    let bytes = wat::parse_str(wat).expect("a test module");
    let mut translated = wasm::translate(&bytes, wasm::Target::default()).expect("a sound module");
    inline::run(&mut translated, level).expect("valid CLIF");
    let flags = flags(Options::default());
    for body in &translated.functions {
        cranelift_codegen::verify_function(&body.clif, &flags).expect("valid CLIF");
    }
    translated
}

fn functions(translated: &Translated) -> Vec<BodyId> {
    translated.functions.iter().map(|body| body.id).collect()
}

/// The source locations of the instructions with this opcode.
fn places(function: &Function, opcode: Opcode) -> Vec<u32> {
    let blocks = function.layout.blocks();
    let insts = blocks.flat_map(|block| function.layout.block_insts(block));
    let found = insts.filter(|&inst| function.dfg.insts[inst].opcode() == opcode);
    found.map(|inst| function.srcloc(inst).bits()).collect()
}

#[test]
fn what_nobody_calls_is_left_out_and_what_one_calls_moves_there() {
    let wat = "(module
        (table 1 funcref) (elem (i32.const 0) $in_table)
        (func $unused (call $only_from_unused))
        (func $only_from_unused)
        (func $in_table)
        (func $once (param i32) (result i32) (i32.div_u (i32.const 7) (local.get 0)))
        (func (export \"run\") (param i32) (result i32) (call $once (local.get 0)))
        (func $recursive (call $recursive))
        (func (export \"deep\") (call $recursive)))";
    let unoptimised = wat::parse_str(wat).expect("a test module");
    let before = wasm::translate(&unoptimised, wasm::Target::default()).expect("a sound module");
    let division = places(&before.functions[3].clif, Opcode::Udiv);
    for level in [OptLevel::Size, OptLevel::Speed] {
        let after = inlined(wat, level);
        assert_eq!(functions(&after), [2, 4, 5, 6].map(BodyId::Function));
        let run = &after.functions[1].clif;
        assert_eq!(places(run, Opcode::Udiv), division, "the operator's place");
        let names = run.params.user_named_funcs().values();
        let addresses = names.filter(|name| name.namespace == contract::SYMBOLS);
        assert_eq!(addresses.count(), 2);
    }
}

#[test]
fn a_tail_call_of_a_callee_is_a_call_in_the_caller() {
    let wat = "(module
        (import \"env\" \"f\" (func $f (param i32) (result i32)))
        (func $tail (param i32) (result i32) (return_call $f (local.get 0)))
        (func (export \"run\") (param i32) (result i32)
            (i32.add (i32.const 1) (call $tail (local.get 0))))
        (func (export \"pass\") (param i32) (result i32) (return_call $tail (local.get 0))))";
    let after = inlined(wat, OptLevel::Speed);
    assert_eq!(functions(&after), [2, 3].map(BodyId::Function));
    let [run, pass] = [0, 1].map(|index| &after.functions[index].clif);
    assert_eq!(places(run, Opcode::Call).len(), 1);
    assert_eq!(places(pass, Opcode::ReturnCall).len(), 1);
}

#[test]
fn a_loop_does_not_move_into_a_loop() {
    let call = |around: &str| {
        format!(
            "(module (memory 1)
                (func $f (param i32) (result i32)
                    (loop (i32.store (local.get 0) (i32.mul (local.get 0) (local.get 0)))
                        (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
                    (local.get 0))
                (func (export \"run\") (param i32)
                    ({around} (br_if 0 (call $f (local.get 0))))))"
        )
    };
    assert_eq!(
        functions(&inlined(&call("block"), OptLevel::Speed)).len(),
        1
    );
    assert_eq!(functions(&inlined(&call("loop"), OptLevel::Speed)).len(), 2);
}

/// A function's CLIF after `flow` alone, without the declarations.
fn straightened(body: &str) -> String {
    let wat =
        format!("(module (memory 1) (func (export \"f\") (param i32 i32) (result i32) {body}))");
    let bytes = wat::parse_str(&wat).expect("a test module");
    let translated = wasm::translate(&bytes, wasm::Target::default()).expect("a sound module");
    let mut context = Context::for_function(translated.functions[0].clif.clone());
    let flags = flags(Options::default());
    clean(&mut context, &flags).expect("valid CLIF");
    straighten(&mut context, &flags).expect("valid CLIF");
    context.verify(&flags).expect("valid CLIF");
    context.func.display().to_string()
}

#[test]
fn a_branch_around_a_trap_is_a_conditional_trap() {
    let code = straightened(
        "(if (local.get 0) (then (unreachable)))
         (if (i32.eqz (local.get 1)) (then (return (i32.const 1))) (else (unreachable)))
         (i32.const 2)",
    );
    assert_eq!(code.matches("block").count(), 1, "{code}");
    assert_eq!(code.matches("trapnz").count(), 1, "{code}");
    assert_eq!(code.matches("trapz").count(), 1, "{code}");
    // The place of `unreachable`, not of `if`.
    let trap = code.lines().find(|line| line.contains("trapnz"));
    assert!(trap.is_some_and(|line| line.starts_with("@002a")), "{code}");
}

#[test]
fn decided_branches_are_none() {
    let code = straightened(
        "(if (i32.const 0) (then (return (i32.const 1))))
         (if (local.get 0) (then))
         (block (block (block (br_table 0 1 2 (i32.const 1))) (return (i32.const 2))))
         (i32.const 3)",
    );
    assert_eq!(code.matches("block").count(), 1, "{code}");
    assert!(code.contains("return") && !code.contains("brif"), "{code}");
}
