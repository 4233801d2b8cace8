//! Every encoding against the GNU assembler, from the instructions' own text.
//!
//! The assembler chooses the 16-bit form where there is one, so agreement byte by byte also shows
//! that emission does. The table holds every form with its extreme operands; after a change of an
//! instruction, the failing row says what the text and the bytes have become.

use super::assembler::{compare_with_assembler, frame, hex};
use super::emit::Emitter;
use super::encode_table::rows;
use super::inst::*;
use super::random::Random;
use super::regs::r;
use crate::mach::emit::Emitter as _;
use crate::mach::stubs::TrapStubs;

/// The bytes of `inst` alone.
fn bytes(inst: &Inst) -> Vec<u8> {
    let mut emitter = Emitter::new(0, frame(), TrapStubs::PerFunction);
    if let Inst::Carry {
        op: CarryOp::Adcs | CarryOp::Sbcs,
        ..
    } = inst
    {
        let begin = Inst::Carry {
            op: CarryOp::Adds,
            rd: r(0),
            rn: r(0),
            rhs: Operand2::reg(r(0)),
        };
        emitter.emit(&begin, None);
        emitter.emit(inst, None);
        return emitter.finish().expect("no branch").bytes.split_off(2);
    }
    emitter.emit(inst, None);
    emitter.finish().expect("no branch").bytes
}

fn case(inst: &Inst) -> (String, String, Vec<u8>) {
    (format!("{inst:?}"), inst.to_string(), bytes(inst))
}

#[test]
fn random_instructions() {
    let mut random = Random(0x5eed);
    let cases: Vec<_> = (0..20_000).map(|_| case(&random.inst())).collect();
    compare_with_assembler(&cases);
}

#[test]
fn table_of_forms() {
    let rows = rows();
    for (inst, text, code) in &rows {
        assert_eq!(&inst.to_string(), text, "the text of {inst:?}");
        assert_eq!(&hex(&bytes(inst)), code, "the bytes of {text}");
    }
    let cases: Vec<_> = rows.iter().map(|(inst, ..)| case(inst)).collect();
    compare_with_assembler(&cases);
}
