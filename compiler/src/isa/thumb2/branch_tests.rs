//! The reach of every form, to the byte, against the assembler.

use regalloc2::Block;

use super::assembler::{compare_with_assembler, hex};
use super::branch::{self, Branch};
use super::encode::{self, Opcode};
use super::inst::Cond;
use super::regs::r;
use super::reloc::{AddressOf, RelocKind};
use crate::mach::buffer::{BranchOutOfRange, CodeBuffer, Label};
use crate::mach::buffer::{CallOutOfRange, Relocate};

type Buffer = CodeBuffer<Branch, RelocKind>;

fn label(number: usize) -> Label {
    Label::of_block(Block::new(number))
}

/// The code of a branch with a gap of zeros before or behind it, where its target is.
fn with_gap(branch: Branch, forward: bool, gap: usize) -> Result<Vec<u8>, BranchOutOfRange> {
    let mut buffer = Buffer::new(1);
    if forward {
        buffer.put_relaxable(branch);
        buffer.put(&vec![0; gap]);
        buffer.bind(label(0));
    } else {
        buffer.bind(label(0));
        buffer.put(&vec![0; gap]);
        buffer.put_relaxable(branch);
    }
    buffer.finish().map(|code| code.bytes)
}

type Case = (String, String, Vec<u8>);

/// `text` has `{}` where the target is named.
fn forward(branch: Branch, gap: usize, text: &str) -> Case {
    let text = format!("{}\n.space {gap}\n1:", text.replace("{}", "1f"));
    let what = format!("{branch:?}");
    (what, text, with_gap(branch, true, gap).expect("in reach"))
}

/// See [`forward`].
fn backward(branch: Branch, gap: usize, text: &str) -> Case {
    let text = format!("1: .space {gap}\n{}", text.replace("{}", "1b"));
    let what = format!("{branch:?}");
    (what, text, with_gap(branch, false, gap).expect("in reach"))
}

fn always() -> Branch {
    Branch::Always { target: label(0) }
}

fn if_lt() -> Branch {
    Branch::If {
        cond: Cond::Lt,
        target: label(0),
    }
}

fn if_zero(zero: bool) -> Branch {
    Branch::IfZero {
        rn: 6,
        zero,
        target: label(0),
    }
}

#[test]
fn jumps_reach_to_the_byte() {
    compare_with_assembler(&[
        forward(always(), 0, ""),
        forward(always(), 2, "b.n {}"),
        forward(always(), 2048, "b.n {}"),
        forward(always(), 2050, "b.w {}"),
        backward(always(), 2, "b.n {}"),
        backward(always(), 2044, "b.n {}"),
        backward(always(), 2046, "b.w {}"),
    ]);
}

#[test]
fn conditional_branches_reach_to_the_byte() {
    let far = "bge.n 2f\nb.w {}\n2:";
    compare_with_assembler(&[
        forward(if_lt(), 0, "blt.n {}"),
        forward(if_lt(), 256, "blt.n {}"),
        forward(if_lt(), 258, "blt.w {}"),
        forward(if_lt(), 0xf_fffe, "blt.w {}"),
        forward(if_lt(), 0x10_0000, far),
        backward(if_lt(), 0, "blt.n {}"),
        backward(if_lt(), 252, "blt.n {}"),
        backward(if_lt(), 254, "blt.w {}"),
        backward(if_lt(), 0xf_fffc, "blt.w {}"),
        backward(if_lt(), 0xf_fffe, far),
    ]);
    let every_condition = Cond::ALL.map(|cond| {
        let target = label(0);
        let name = cond.name();
        [2, 300].map(|gap| {
            let text = format!("b{name}{} {{}}", if gap == 2 { ".n" } else { ".w" });
            forward(Branch::If { cond, target }, gap, &text)
        })
    });
    compare_with_assembler(every_condition.as_flattened());
}

#[test]
fn branches_on_zero_reach_to_the_byte() {
    compare_with_assembler(&[
        forward(if_zero(true), 0, "cmp r6, #0\nbeq.n {}"),
        forward(if_zero(true), 2, "cbz r6, {}"),
        forward(if_zero(true), 128, "cbz r6, {}"),
        forward(if_zero(false), 66, "cbnz r6, {}"),
        forward(if_zero(false), 128, "cbnz r6, {}"),
        forward(if_zero(false), 130, "cmp r6, #0\nbne.n {}"),
        forward(if_zero(true), 256, "cmp r6, #0\nbeq.n {}"),
        forward(if_zero(true), 258, "cmp r6, #0\nbeq.w {}"),
        forward(if_zero(true), 0x10_0000, "cmp r6, #0\nbne.n 2f\nb.w {}\n2:"),
        backward(if_zero(false), 2, "cmp r6, #0\nbne.n {}"),
        backward(if_zero(false), 250, "cmp r6, #0\nbne.n {}"),
        backward(if_zero(false), 252, "cmp r6, #0\nbne.w {}"),
    ]);
}

/// A table behind `before` bytes whose entries lead to its end, `gap` bytes later, to its end and
/// to `gap` bytes later.
fn table(before: usize, gap: usize, text: &str) -> Case {
    let mut buffer = Buffer::new(2);
    buffer.put(&vec![0; before]);
    buffer.put_relaxable(Branch::Table {
        index: 7,
        targets: [0, 1, 0].map(label).into(),
    });
    buffer.bind(label(0));
    buffer.put(&vec![0; gap]);
    buffer.bind(label(1));
    buffer.align4([0x00, 0xbf]);
    let code = buffer.finish().expect("in reach").bytes;
    let text = format!(".space {before}\n{text}\n1: .space {gap}\n2:\n.balign 4");
    (format!("table and {gap} bytes"), text, code)
}

#[test]
fn tables_grow_with_the_distance() {
    let bytes = "tbb [pc, r7]\n0: .byte (1f-0b)/2, (2f-0b)/2, (1f-0b)/2, 0";
    let halfwords = "tbh [pc, r7, lsl #1]\n0: .hword (1f-0b)/2, (2f-0b)/2, (1f-0b)/2";
    let branches = "adr.w r12, 0f\nadd.w r12, r12, r7, lsl #2\nmov pc, r12\n\
         0: b.w 1f\nb.w 2f\nb.w 1f";
    compare_with_assembler(&[
        table(0, 506, bytes),
        table(0, 508, halfwords),
        table(2, 0x1fff8, halfwords),
    ]);
    // ADR counts from a multiple of 4.
    compare_with_assembler(&[table(0, 0x1fffa, branches)]);
    compare_with_assembler(&[table(2, 0x1fffa, branches)]);
}

#[test]
fn a_table_with_a_target_behind_it_branches() {
    let mut buffer = Buffer::new(2);
    buffer.bind(label(0));
    buffer.put_relaxable(Branch::Table {
        index: 0,
        targets: [0, 1].map(label).into(),
    });
    buffer.bind(label(1));
    let code = buffer.finish().expect("in reach").bytes;
    let text = "3: adr.w r12, 0f\nadd.w r12, r12, r0, lsl #2\nmov pc, r12\n\
         0: b.w 3b\nb.w 1f\n1:";
    compare_with_assembler(&[("a loop".to_string(), text.to_string(), code)]);
}

#[test]
fn the_longest_reach_is_16_megabytes() {
    const LIMIT: usize = 1 << 24;
    assert!(with_gap(always(), true, LIMIT - 2).is_ok());
    let error = BranchOutOfRange { offset: 0 };
    assert_eq!(with_gap(always(), true, LIMIT), Err(error));
    assert!(with_gap(always(), false, LIMIT - 4).is_ok());
    assert!(with_gap(always(), false, LIMIT - 2).is_err());

    let limit = LIMIT as i64;
    for (distance, reaches) in [
        (limit - 2, true),
        (limit, false),
        (-limit, true),
        (-limit - 2, false),
    ] {
        assert_eq!(branch::call(distance).is_some(), reaches, "{distance}");
    }
}

#[test]
fn long_offsets_have_every_bit_in_place() {
    let cases: Vec<Case> = (1..24)
        .flat_map(|bit| [1_i64 << bit, -1 << bit, (1 << bit) - 2, 2 - (1 << bit)])
        .map(|distance| {
            let opcode = branch::call(distance).expect("in reach");
            let mut code = Vec::new();
            opcode.write(&mut code);
            let text = format!("bl . + 4 + ({distance})");
            (format!("BL over {distance}"), text, code)
        })
        .collect();
    compare_with_assembler(&cases);
}

#[test]
fn relocations_complete_instructions() {
    let mut text = Vec::new();
    for opcode in [0xf7ff_fffe, 0xf64f_7cf4, 0xf6cf_7cf8, 0x0000_44fc] {
        Opcode::Wide(opcode).write(&mut text);
    }
    let at_rest = text.clone();
    RelocKind::Call
        .apply(&mut text, 0, 0x123456)
        .expect("in reach");
    RelocKind::DistanceLow(AddressOf::Code)
        .apply(&mut text, 4, 0xfedc)
        .expect("any");
    RelocKind::DistanceHigh(AddressOf::Code)
        .apply(&mut text, 8, 0xfedc)
        .expect("any");
    compare_with_assembler(&[(
        "a call and an address".to_string(),
        "bl . + 0x123456\nmovw r12, #0xfedd - 16\nmovt r12, #0\n.hword 0, 0x44fc".to_string(),
        text.clone(),
    )]);

    // A function before the code: the distance is negative.
    text.resize(0x1_0000, 0);
    text.copy_within(4..12, 0x8000);
    RelocKind::DistanceLow(AddressOf::Code)
        .apply(&mut text, 0x8000, 0x10)
        .expect("any");
    RelocKind::DistanceHigh(AddressOf::Code)
        .apply(&mut text, 0x8004, 0x10)
        .expect("any");
    compare_with_assembler(&[(
        "an address before".to_string(),
        "movw r12, #(0x11 - 0x800c) & 0xffff\nmovt r12, #0xffff".to_string(),
        text[0x8000..0x8008].to_vec(),
    )]);

    let mut text = at_rest;
    let target = 4 + (1 << 24);
    let error = RelocKind::Call.apply(&mut text, 0, target);
    assert_eq!(error, Err(CallOutOfRange { at: 0, target }));
    assert_eq!(hex(&text[..4]), "fff7feff", "left as it was");
}

/// From an even and an odd halfword, as far as it reaches to both sides; beyond, nothing is changed.
#[test]
fn short_addresses_of_data_reach_4095_bytes() {
    let mut adr = Vec::new();
    encode::adr(r(5)).write(&mut adr);
    let mut cases: Vec<Case> = Vec::new();
    for at in [0x2000_u32, 0x2002] {
        let pc = (at + 4) & !3;
        for distance in [
            0, 4, 0x80, 0x7fc, 0x800, 0xffc, -4, -0x100, -0x800, -0xffc_i32,
        ] {
            let mut text = vec![0; 0x4000];
            text[at as usize..][..4].copy_from_slice(&adr);
            RelocKind::ShortDistance
                .apply(&mut text, at, pc.wrapping_add_signed(distance))
                .expect("in reach");
            let (name, by) = match distance {
                ..0 => ("subw", -distance),
                _ => ("addw", distance),
            };
            let text = text[at as usize..][..4].to_vec();
            cases.push((
                format!("ADR over {distance}"),
                format!("{name} r5, pc, #{by}"),
                text,
            ));
        }
        let mut text = vec![0; 0x4000];
        text[at as usize..][..4].copy_from_slice(&adr);
        for target in [pc + 0x1000, pc - 0x1000] {
            let error = RelocKind::ShortDistance.apply(&mut text, at, target);
            assert_eq!(error, Err(CallOutOfRange { at, target }));
            assert_eq!(text[at as usize..][..4], adr);
        }
    }
    compare_with_assembler(&cases);
}
