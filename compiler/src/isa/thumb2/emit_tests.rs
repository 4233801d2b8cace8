//! Whole functions: traps, blocks, frames and the allocator's moves, against the assembler.

use regalloc2::{Allocation, Block, SpillSlot};
use wasm2mcu_abi::trap::TrapCode;

use super::assembler::{compare_with_assembler, frame};
use super::emit::Emitter;
use super::frame::FrameLayout;
use super::imm::{AddImm, ModifiedImm};
use super::inst::*;
use super::regs::{RegSet, float_preg, preg, r};
use super::reloc::RelocKind;
use crate::mach::buffer::{Code, Symbol};
use crate::mach::emit::Emitter as _;
use crate::mach::stubs::TrapStubs;

fn block(number: usize) -> Block {
    Block::new(number)
}

fn emitter(blocks: usize) -> Emitter {
    Emitter::new(blocks, FrameLayout::default(), TrapStubs::PerFunction)
}

/// Finishes `emitter` and compares its code with `text`.
fn check(emitter: Emitter, text: &str) -> Code<RelocKind> {
    let code = emitter.finish().expect("in reach");
    let case = ("function".to_string(), text.to_string(), code.bytes.clone());
    compare_with_assembler(&[case]);
    code
}

fn trap_if(cond: Cond, code: TrapCode) -> Inst {
    Inst::TrapIf {
        cond,
        cmp: Compare::cmp(r(0), r(1)),
        code,
    }
}

const RETURN: Inst = Inst::Ret { uses: Vec::new() };

#[test]
fn checks_share_a_stub_per_code() {
    let mut emitter = emitter(0);
    emitter.source_location(100);
    emitter.emit(&trap_if(Cond::Hi, TrapCode::MemoryOutOfBounds), None);
    emitter.source_location(110);
    emitter.emit(&trap_if(Cond::Eq, TrapCode::IntegerOverflow), None);
    emitter.emit(&trap_if(Cond::Lo, TrapCode::MemoryOutOfBounds), None);
    emitter.emit(&RETURN, None);
    let code = check(
        emitter,
        "cmp r0, r1\nbhi 2f\nbeq 8f\nblo 2f\nbx lr\n\
         2: bl trap_2\n8: bl trap_8",
    );
    let sites: Vec<_> = code
        .trap_sites
        .iter()
        .map(|site| (site.offset, site.code, site.source))
        .collect();
    assert_eq!(
        sites,
        [
            (0, TrapCode::MemoryOutOfBounds, 100),
            (4, TrapCode::IntegerOverflow, 110),
            (6, TrapCode::MemoryOutOfBounds, 110)
        ]
    );
    let symbols: Vec<_> = code
        .relocations
        .iter()
        .map(|relocation| (relocation.offset, relocation.symbol))
        .collect();
    assert_eq!(
        symbols,
        [
            (10, Symbol::Trap(TrapCode::MemoryOutOfBounds)),
            (14, Symbol::Trap(TrapCode::IntegerOverflow))
        ]
    );
}

#[test]
fn every_site_has_its_stub_on_demand() {
    let mut emitter = Emitter::new(0, FrameLayout::default(), TrapStubs::PerSite);
    for source in [1, 2] {
        emitter.source_location(source);
        emitter.emit(&trap_if(Cond::Hi, TrapCode::MemoryOutOfBounds), None);
    }
    emitter.emit(&RETURN, None);
    let code = check(
        emitter,
        "cmp r0, r1\nbhi 1f\nbhi 2f\nbx lr\n1: bl trap_2\n2: bl trap_2",
    );
    let sources: Vec<u32> = code.trap_sites.iter().map(|site| site.source).collect();
    assert_eq!(sources, [1, 2]);
}

#[test]
fn a_trap_in_the_code_is_the_stub_of_the_checks() {
    let mut emitter = emitter(0);
    let code = TrapCode::Unreachable;
    emitter.emit(&trap_if(Cond::Hi, code), None);
    emitter.emit(&Inst::Trap { code }, None);
    emitter.emit(&trap_if(Cond::Lo, code), None);
    emitter.emit(&RETURN, None);
    check(
        emitter,
        "cmp r0, r1\nbhi 1f\n1: bl trap_1\ncmp r0, r1\nblo 1b\nbx lr",
    );
}

#[test]
fn the_block_that_comes_next_needs_no_jump() {
    let branch = |taken: usize, not_taken: usize| Inst::CondBr {
        cond: Cond::Lt,
        cmp: Compare::cmp(r(0), r(1)),
        taken: block(taken),
        not_taken: block(not_taken),
    };
    let mut emitter = emitter(5);
    emitter.bind(block(0), false);
    emitter.emit(&branch(1, 2), Some(block(1)));
    emitter.bind(block(1), false);
    emitter.emit(&branch(0, 2), Some(block(2)));
    emitter.bind(block(2), false);
    emitter.emit(&branch(0, 4), Some(block(3)));
    // Block 3 is empty and stands for block 4.
    assert!(emitter.alias(block(3), block(4)));
    emitter.bind(block(4), false);
    emitter.emit(&Inst::Jump { target: block(3) }, None);
    check(
        emitter,
        "0: cmp r0, r1\nbge 2f\n\
         1: cmp r0, r1\nblt 0b\n\
         2: cmp r0, r1\nblt 0b\n\
         4: b 4b",
    );
}

#[test]
fn empty_endless_loops_are_kept() {
    let mut emitter = emitter(3);
    emitter.bind(block(0), false);
    emitter.emit(&Inst::Jump { target: block(1) }, Some(block(1)));
    emitter.bind(block(1), false);
    emitter.emit(&Inst::Jump { target: block(2) }, None);
    assert!(emitter.alias(block(2), block(0)));
    check(emitter, "0: b 0b");
}

#[test]
fn only_a_low_register_is_branched_on_without_a_compare() {
    let mut emitter = emitter(2);
    for (rn, cond) in [(3, Cond::Ne), (8, Cond::Ne), (3, Cond::Lt)] {
        let inst = Inst::CondBr {
            cond,
            cmp: Compare::zero(r(rn)),
            taken: block(1),
            not_taken: block(0),
        };
        emitter.emit(&inst, None);
    }
    emitter.bind(block(0), false);
    emitter.emit(&RETURN, None);
    emitter.bind(block(1), false);
    emitter.emit(&RETURN, None);
    check(
        emitter,
        "cbnz r3, 1f\nb 0f\ncmp.w r8, #0\nbne 1f\nb 0f\ncmp r3, #0\nblt 1f\n\
         0: bx lr\n1: bx lr",
    );
}

#[test]
fn tables_guard_their_index() {
    let table = |count: usize, index| {
        Inst::BrTable(Box::new(BranchTable {
            index: r(index),
            targets: vec![block(0); count],
            default: block(1),
        }))
    };
    let mut emitter = emitter(2);
    emitter.emit(&table(2, 8), None);
    emitter.emit(&table(0, 8), None);
    emitter.bind(block(0), false);
    emitter.emit(&RETURN, None);
    emitter.bind(block(1), false);
    emitter.emit(&RETURN, None);
    check(
        emitter,
        "cmp r8, #2\nbhs 1f\ntbb [pc, r8]\n2: .byte (0f-2b)/2, (0f-2b)/2\nb 1f\n\
         0: bx lr\n1: bx lr",
    );
}

#[test]
fn frames_of_callers_are_multiples_of_8() {
    let bytes = |regs: &[u8], outgoing, spills, slots| {
        FrameLayout::new(RegSet::of(regs), outgoing, spills, slots).bytes()
    };
    assert_eq!(bytes(&[], 0, 0, 0), 0);
    // Only `lr`, to return by what restores the rest.
    assert_eq!(bytes(&[4], 0, 0, 0), 8);
    assert_eq!(bytes(&[4, 5], 0, 0, 0), 12);
    assert_eq!(bytes(&[14], 0, 0, 0), 8);
    assert_eq!(bytes(&[4, 14], 0, 0, 0), 8);
    assert_eq!(bytes(&[4, 14], 0, 1, 0), 16);
    assert_eq!(bytes(&[4, 5, 14], 4, 1, 3), 24);
    assert_eq!(frame().bytes(), 472);
}

#[test]
fn frames_are_set_up_and_taken_down() {
    let round_trip = |frame: FrameLayout, text: &str| {
        let mut emitter = Emitter::new(0, frame, TrapStubs::PerFunction);
        emitter.prologue(None);
        emitter.emit(&RETURN, None);
        check(emitter, text);
    };
    let layout = |regs: &[u8], spills| FrameLayout::new(RegSet::of(regs), 0, spills, 0);
    round_trip(layout(&[], 0), "bx lr");
    round_trip(layout(&[4], 0), "push {r4, lr}\npop {r4, pc}");
    // One register more is saved to keep the alignment.
    round_trip(layout(&[14], 0), "push {r4, lr}\npop {r4, pc}");
    round_trip(
        layout(&[8], 1),
        "push {r8, lr}\nsub sp, #4\nadd sp, #4\npop {r8, pc}",
    );
    round_trip(
        layout(&[4, 8, 14], 129),
        "push {r4, r8, lr}\nsub.w sp, sp, #516\nadd.w sp, sp, #516\npop {r4, r8, pc}",
    );
    round_trip(
        layout(&[4, 14], 1200),
        "push {r4, lr}\nsub.w sp, sp, #4800\nadd.w sp, sp, #4800\npop {r4, pc}",
    );
    round_trip(
        layout(&[4, 14], 1102),
        "push {r4, lr}\nmovw r12, #4408\nsub.w sp, sp, r12\nmovw r12, #4408\nadd sp, r12\n\
         pop {r4, pc}",
    );
}

#[test]
fn moves_leave_a_carry_chain_alone() {
    let mut emitter = Emitter::new(0, frame(), TrapStubs::PerFunction);
    let link = |op| Inst::Carry {
        op,
        rd: r(0),
        rn: r(0),
        rhs: Operand2::Imm(ModifiedImm::ZERO),
    };
    let reg = |number| Allocation::reg(preg(number));
    let slot = |number| Allocation::stack(SpillSlot::new(number));
    emitter.emit(&link(CarryOp::Subs), None);
    emitter.emit_move(reg(1), reg(2));
    emitter.emit_move(reg(1), slot(3));
    emitter.emit_move(slot(2000), reg(14));
    emitter.emit(&link(CarryOp::Sbcs), None);
    check(
        emitter,
        "subs r0, r0, #0\nmov r2, r1\nstr r1, [sp, #28]\n\
         add r12, sp, #4096\nldr lr, [r12, #3920]\nsbcs r0, r0, #0",
    );
}

#[test]
fn moves_of_floats_leave_a_carry_chain_alone_too() {
    let mut emitter = Emitter::new(0, frame(), TrapStubs::PerFunction);
    let link = |op| Inst::Carry {
        op,
        rd: r(0),
        rn: r(0),
        rhs: Operand2::Imm(ModifiedImm::ZERO),
    };
    let reg = |number| Allocation::reg(float_preg(number));
    let slot = |number| Allocation::stack(SpillSlot::new(number));
    emitter.emit(&link(CarryOp::Subs), None);
    emitter.emit_move(reg(1), reg(15));
    emitter.emit_move(reg(1), slot(3));
    emitter.emit_move(slot(2000), reg(14));
    emitter.emit(&link(CarryOp::Sbcs), None);
    check(
        emitter,
        "subs r0, r0, #0\nvmov.f32 s15, s1\nvstr s1, [sp, #28]\n\
         add.w r12, sp, #7168\nvldr s14, [r12, #848]\nsbcs r0, r0, #0",
    );
}

#[test]
#[should_panic(expected = "takes a carry that nothing left")]
fn a_broken_carry_chain_is_noticed() {
    let mut emitter = emitter(0);
    let link = |op| Inst::Carry {
        op,
        rd: r(0),
        rn: r(0),
        rhs: Operand2::reg(r(1)),
    };
    emitter.emit(&link(CarryOp::Adds), None);
    emitter.emit(&Inst::Mov { rd: r(2), rm: r(3) }, None);
    emitter.emit(&link(CarryOp::Adcs), None);
}

/// Emits `insts` and a branch to block 1, the return, if `cond` holds of `rn` and zero.
fn tested(insts: &[Inst], cond: Cond, rn: u8, text: &str) {
    let mut emitter = emitter(2);
    emitter.bind(block(0), false);
    for inst in insts {
        emitter.emit(inst, None);
    }
    let branch = Inst::CondBr {
        cond,
        cmp: Compare::zero(r(rn)),
        taken: block(0),
        not_taken: block(1),
    };
    emitter.emit(&branch, Some(block(1)));
    emitter.bind(block(1), false);
    emitter.emit(&RETURN, None);
    check(emitter, text);
}

fn add(rd: u8, rn: u8, value: i32) -> Inst {
    let imm = AddImm::new(value).expect("encodable");
    Inst::AddImm {
        rd: r(rd),
        rn: r(rn),
        imm,
    }
}

#[test]
fn a_result_is_not_compared_with_zero() {
    tested(
        &[add(2, 2, -1)],
        Cond::Ne,
        2,
        "0: subs r2, #1\nbne 0b\nbx lr",
    );
    // A 32-bit form is made to set flags.
    tested(
        &[add(8, 8, -1)],
        Cond::Eq,
        8,
        "0: subs.w r8, r8, #1\nbeq 0b\nbx lr",
    );
    tested(
        &[add(2, 2, -1)],
        Cond::Lt,
        2,
        "0: subs r2, #1\nbmi 0b\nbx lr",
    );
    // Loads and moves in between leave the flags alone.
    let copy = Inst::Mov { rd: r(3), rm: r(8) };
    tested(
        &[add(2, 2, -1), copy],
        Cond::Ne,
        2,
        "0: subs r2, #1\nmov r3, r8\nbne 0b\nbx lr",
    );
}

#[test]
fn a_result_is_compared_with_zero_where_the_flags_are_not_its_own() {
    // Another value, another condition, flags of another instruction, an overwritten result.
    tested(
        &[add(2, 2, -1)],
        Cond::Lt,
        3,
        "0: subs r2, #1\ncmp r3, #0\nblt 0b\nbx lr",
    );
    tested(
        &[add(2, 2, -1)],
        Cond::Gt,
        2,
        "0: subs r2, #1\ncmp r2, #0\nbgt 0b\nbx lr",
    );
    tested(
        &[add(8, 8, -1), add(2, 2, 1)],
        Cond::Lt,
        8,
        "0: sub.w r8, r8, #1\nadds r2, #1\ncmp.w r8, #0\nblt 0b\nbx lr",
    );
    let copy = Inst::Mov { rd: r(2), rm: r(8) };
    tested(
        &[add(2, 2, -1), copy],
        Cond::Lt,
        2,
        "0: subs r2, #1\nmov r2, r8\ncmp r2, #0\nblt 0b\nbx lr",
    );
    // ADDW has no form that sets flags.
    tested(
        &[add(2, 3, 4095)],
        Cond::Lt,
        2,
        "0: addw r2, r3, #4095\ncmp r2, #0\nblt 0b\nbx lr",
    );
}

#[test]
fn what_was_compared_is_not_known_behind_a_label() {
    let mut emitter = emitter(1);
    emitter.emit(&trap_if(Cond::Hi, TrapCode::MemoryOutOfBounds), None);
    emitter.bind(block(0), false);
    emitter.emit(&trap_if(Cond::Lo, TrapCode::MemoryOutOfBounds), None);
    emitter.emit(&RETURN, None);
    check(
        emitter,
        "cmp r0, r1\nbhi 1f\ncmp r0, r1\nblo 1f\nbx lr\n1: bl trap_2",
    );
}
