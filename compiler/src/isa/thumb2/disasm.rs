//! From the bytes of an instruction to assembly text in Arm's unified syntax.
//!
//! The decoder is `yaxpeax-arm`; the text is ours, because branch targets are to become labels,
//! and instructions in an IT block get their condition, which stands in another instruction.

use std::fmt::Write;

use yaxpeax_arch::{Decoder as _, U8Reader};
use yaxpeax_arm::armv7::{
    ConditionCode, InstDecoder, Instruction, Opcode, Operand, Reg, RegShift, RegShiftStyle,
    ShiftStyle,
};

/// A decoded instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// Its size: 2 or 4.
    pub bytes: u32,
    /// Its name with condition and width.
    pub mnemonic: String,
    /// Its operands, without the target of a branch.
    pub operands: String,
    /// Where it branches to, as a text offset.
    pub target: Option<u32>,
    /// Whether it branches to one of the entries behind it, and how large those are in bytes.
    pub table_entry_bytes: Option<u32>,
    /// Whether control never goes on behind it.
    pub ends: bool,
}

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
        let inst = self.decoder.decode(&mut U8Reader::new(code)).ok()?;
        Some(Decoded {
            bytes: if wide { 4 } else { 2 },
            mnemonic: mnemonic(&inst, first, condition),
            operands: operands(&inst),
            target: inst.operands.iter().find_map(|operand| match operand {
                Operand::BranchThumbOffset(halfwords) => {
                    Some(at.wrapping_add_signed(halfwords.wrapping_mul(2).wrapping_add(4)))
                }
                _ => None,
            }),
            table_entry_bytes: match inst.opcode {
                Opcode::TBB => Some(1),
                Opcode::TBH => Some(2),
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
            ends: false,
        })
    }
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
    if inst.wide && inst.thumb_w && plain_12_or_16_bits.is_empty() {
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
