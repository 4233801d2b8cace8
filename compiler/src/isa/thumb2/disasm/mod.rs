//! From the bytes of an instruction to assembly text in Arm's unified syntax.
//!
//! The decoder is `yaxpeax-arm`; the text is ours, because branch targets are to become labels,
//! and instructions in an IT block get their condition, which stands in another instruction.
//! Floating-point instructions, which it does not know, are decoded in `vfp`.

mod vfp;

use std::fmt::Write;

use yaxpeax_arch::{Decoder as _, U8Reader};
use yaxpeax_arm::armv7::{
    ConditionCode, InstDecoder, Instruction, Opcode, Operand, Reg, RegShift, RegShiftStyle,
    ShiftStyle,
};

use crate::disasm::Decoded;

/// Decodes instructions one after the other.
#[derive(Debug)]
pub struct Decoder {
    decoder: InstDecoder,
    /// Conditions of the instructions to come in an IT block, the next one last.
    block: Vec<u8>,
}

impl Default for Decoder {
    fn default() -> Decoder {
        Decoder {
            decoder: InstDecoder::default_thumb(),
            block: Vec::new(),
        }
    }
}

/// Names of the conditions by number (Armv8-M ARM, C1.3.1).
const CONDITIONS: [&str; 15] = [
    "eq", "ne", "hs", "lo", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le", "",
];

impl Decoder {
    /// The instruction that `code` begins with, which stands at text offset `at`; `None` if the
    /// bytes are none.
    pub fn decode(&mut self, code: &[u8], at: u32) -> Option<Decoded> {
        let first = u16::from_le_bytes(*code.first_chunk()?);
        let condition = self.block.pop();
        if first & 0xff00 == 0xbf00 && first & 0xf != 0 {
            return self.it(first);
        }
        let wide = first >> 11 >= 0b11101;
        if let Some(inst) = vfp::decode(code) {
            let condition = condition.and_then(|number| CONDITIONS.get(usize::from(number)));
            return Some(Decoded {
                bytes: 4,
                mnemonic: format!("{}{}{}", inst.name, condition.unwrap_or(&""), inst.ty),
                operands: inst.operands,
                target: None,
                table_entry_bytes: None,
                compared_with: None,
                ends: false,
            });
        }
        let inst = self.decoder.decode(&mut U8Reader::new(code)).ok()?;
        Some(Decoded {
            bytes: if wide { 4 } else { 2 },
            mnemonic: mnemonic(&inst, first, condition),
            operands: operands(&inst),
            target: distance(code).map(|distance| at.wrapping_add_signed(distance)),
            table_entry_bytes: match inst.opcode {
                Opcode::TBB => Some(1),
                Opcode::TBH => Some(2),
                _ => None,
            },
            compared_with: match (inst.opcode, inst.operands[1]) {
                (Opcode::CMP, Operand::Imm12(value)) => Some(value.into()),
                (Opcode::CMP, Operand::Imm32(value)) => Some(value),
                _ => None,
            },
            ends: ends(&inst),
        })
    }

    /// IT, which gives up to four instructions their conditions (C2.4.66).
    fn it(&mut self, bits: u16) -> Option<Decoded> {
        let (condition, mask) = (bits >> 4 & 0xf, bits & 0xf);
        let count = 4 - mask.trailing_zeros();
        let mut mnemonic = String::from("it");
        self.block = vec![condition as u8];
        for position in 1..count {
            let low = mask >> (4 - position) & 1;
            mnemonic.push(if low == condition & 1 { 't' } else { 'e' });
            self.block.insert(0, (condition & 0xe | low) as u8);
        }
        Some(Decoded {
            bytes: 2,
            mnemonic,
            operands: (*CONDITIONS.get(usize::from(condition))?).to_owned(),
            target: None,
            table_entry_bytes: None,
            compared_with: None,
            ends: false,
        })
    }
}

/// How far the branch that `code` begins with leads, from its first byte.
///
/// Armv8-M ARM, C2.4: B, BL, CBZ. The decoder's own offsets count from different places.
fn distance(code: &[u8]) -> Option<i32> {
    const PC_AHEAD: i32 = 4;
    let (&[low, high], rest) = code.split_first_chunk()?;
    let first = u32::from(u16::from_le_bytes([low, high]));
    let second = rest
        .first_chunk()
        .map_or(0, |&half| u16::from_le_bytes(half));
    let second = u32::from(second);
    let extended = |bits: u32, width: u32| ((bits << (32 - width)) as i32) >> (32 - width);
    let from_pc = match (first >> 12, second >> 12) {
        (0xd, _) if first >> 9 & 7 != 7 => extended(first & 0xff, 8) * 2,
        (0xe, _) if first & 0x800 == 0 => extended(first & 0x7ff, 11) * 2,
        (0xb, _) if first & 0x500 == 0x100 => (first >> 3 & 0x1f | first >> 4 & 0x20) as i32 * 2,
        // The conditional form; conditions 14 and 15 are other instructions.
        (0xf, 8 | 0xa) if first & 0x800 == 0 && first >> 7 & 7 != 7 => {
            let bits = (first >> 10 & 1) << 19
                | (second >> 11 & 1) << 18
                | (second >> 13 & 1) << 17
                | (first & 0x3f) << 11
                | second & 0x7ff;
            extended(bits, 20) * 2
        }
        (0xf, 9 | 0xb | 0xd | 0xf) if first & 0x800 == 0 => {
            let sign = first >> 10 & 1;
            let i = |bit: u32| !(second >> bit ^ sign) & 1;
            let bits =
                sign << 23 | i(13) << 22 | i(11) << 21 | (first & 0x3ff) << 11 | second & 0x7ff;
            extended(bits, 24) * 2
        }
        _ => return None,
    };
    Some(from_pc + PC_AHEAD)
}

fn ends(inst: &Instruction) -> bool {
    let unconditional = inst.condition == ConditionCode::AL;
    match inst.opcode {
        Opcode::B => unconditional,
        Opcode::BX | Opcode::UDF | Opcode::TBB | Opcode::TBH => true,
        Opcode::POP | Opcode::LDM(..) => inst.operands.iter().any(
            |operand| matches!(operand, Operand::RegList(registers) if registers & 1 << 15 != 0),
        ),
        Opcode::MOV => inst.operands[0] == Operand::Reg(Reg::from_u8(15)),
        _ => false,
    }
}

fn mnemonic(inst: &Instruction, first: u16, in_block: Option<u8>) -> String {
    // MOVW, ADDW and SUBW are what the decoder calls MOV, ADD and SUB.
    let plain_12_or_16_bits = match (inst.opcode, first & 0xfbf0) {
        (Opcode::MOV, 0xf240) | (Opcode::ADD, 0xf200) | (Opcode::SUB, 0xf2a0) => "w",
        _ => "",
    };
    let mut text = format!("{}{plain_12_or_16_bits}", inst.opcode);
    match in_block {
        // A 16-bit instruction that sets flags outside of a block does not in one.
        Some(condition) => {
            if inst.s && inst.wide {
                text.push('s');
            }
            text.push_str(CONDITIONS.get(usize::from(condition)).unwrap_or(&""));
        }
        None => {
            if inst.s {
                text.push('s');
            }
            write!(text, "{}", inst.condition).expect("writing to a string");
        }
    }
    // BL has no short form to tell it from.
    if inst.wide && inst.thumb_w && inst.opcode != Opcode::BL && plain_12_or_16_bits.is_empty() {
        text.push_str(".w");
    }
    text
}

fn operands(inst: &Instruction) -> String {
    let shown = inst.operands.iter().filter_map(|operand| {
        Some(match *operand {
            Operand::Nothing | Operand::BranchThumbOffset(_) => return None,
            Operand::Reg(reg) | Operand::RegWBack(reg, false) => register(reg),
            Operand::RegWBack(reg, true) => format!("{}!", register(reg)),
            Operand::RegList(list) => register_list(list),
            Operand::RegDeref(reg) => format!("[{}]", register(reg)),
            Operand::RegShift(shift) => shifted(shift),
            Operand::RegDerefPreindexOffset(base, offset, add, wback) => {
                let mark = if wback { "!" } else { "" };
                let offset = match (offset, add) {
                    (0, true) => String::new(),
                    (offset, add) => format!(", #{}{offset}", if add { "" } else { "-" }),
                };
                format!("[{}{offset}]{mark}", register(base))
            }
            Operand::RegDerefPreindexReg(base, index, true, false) => {
                format!("[{}, {}]", register(base), register(index))
            }
            Operand::RegDerefPreindexRegShift(base, index, true, false) => {
                format!("[{}, {}]", register(base), shifted(index))
            }
            Operand::Imm12(value) => immediate(value.into()),
            Operand::Imm32(value) => immediate(value),
            other => format!("{other:?}"),
        })
    });
    let shown: Vec<String> = shown.collect();
    shown.join(", ")
}

/// Small numbers are counts, sizes and indices; large ones are bit patterns and addresses.
fn immediate(value: u32) -> String {
    if value < 1024 {
        format!("#{value}")
    } else {
        format!("#{value:#x}")
    }
}

fn register(reg: Reg) -> String {
    match reg.number() {
        13 => "sp".to_owned(),
        14 => "lr".to_owned(),
        15 => "pc".to_owned(),
        number => format!("r{number}"),
    }
}

fn register_list(list: u16) -> String {
    let registers = (0..16).filter(|number| list & 1 << number != 0);
    let names: Vec<String> = registers.map(|n| register(Reg::from_u8(n))).collect();
    format!("{{{}}}", names.join(", "))
}

fn shifted(shift: RegShift) -> String {
    match shift.into_shift() {
        RegShiftStyle::RegImm(shift) => {
            let reg = register(shift.shiftee());
            match (shift.stype(), shift.imm()) {
                (ShiftStyle::LSL, 0) => reg,
                (ShiftStyle::RRX, _) => format!("{reg}, rrx"),
                (kind, amount) => format!("{reg}, {kind} #{amount}"),
            }
        }
        RegShiftStyle::RegReg(shift) => format!(
            "{}, {} {}",
            register(shift.shiftee()),
            shift.stype(),
            register(shift.shifter())
        ),
    }
}
