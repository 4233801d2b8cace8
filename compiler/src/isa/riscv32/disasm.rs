//! From the bytes of an instruction to assembly text, in the names that the GNU tools use.
//!
//! A compressed instruction is first expanded to the one of 32 bits that it stands for; the text is
//! made from that one alone. What this compiler never emits is no instruction here.
//!
//! Source: The RISC-V Instruction Set Manual, Volume I: "RV32/64G Instruction Set Listings"; "C"
//! extension, "RVC Instruction Set Listings"; "RISC-V Assembly Programmer's Manual",
//! "Pseudoinstructions".

use super::regs::{Name, f, x};
use crate::disasm::Decoded;

/// Decodes instructions one after the other.
#[derive(Debug, Default)]
pub struct Decoder {
    /// The register that the instruction before loaded with an address of code, by AUIPC.
    address: Option<(u32, u32)>,
}

impl Decoder {
    /// The instruction that `code` begins with, which stands at text offset `at`; `None` if the
    /// bytes are none.
    pub fn decode(&mut self, code: &[u8], at: u32) -> Option<Decoded> {
        let address = self.address.take();
        let first = u16::from_le_bytes(*code.first_chunk()?);
        let (bits, bytes) = match first & 3 {
            3 => (u32::from_le_bytes(*code.first_chunk()?), 4),
            _ => (expanded(first)?, 2),
        };
        let Text {
            mnemonic,
            operands,
            target,
        } = text(Fields(bits))?;
        let fields = Fields(bits);
        if fields.opcode() == 0x17 {
            self.address = Some((fields.rd(), at.wrapping_add(bits & 0xffff_f000)));
        }
        let by_register = || {
            let (register, address) = address?;
            let is_jump = fields.opcode() == 0x67 && fields.rs1() == register;
            is_jump.then(|| address.wrapping_add_signed(fields.i_immediate()))
        };
        Some(Decoded {
            bytes,
            mnemonic: mnemonic.to_owned(),
            operands,
            target: match target {
                Some(distance) => Some(at.wrapping_add_signed(distance)),
                None => by_register(),
            },
            table_entry_bytes: None,
            compared_with: None,
            ends: matches!(fields.opcode(), 0x67 | 0x6f) && fields.rd() == 0,
        })
    }
}

/// An instruction of 32 bits by its fields.
#[derive(Clone, Copy)]
struct Fields(u32);

impl Fields {
    fn bits(self, from: u32, count: u32) -> u32 {
        self.0 >> from & ((1 << count) - 1)
    }

    fn opcode(self) -> u32 {
        self.bits(0, 7)
    }

    fn rd(self) -> u32 {
        self.bits(7, 5)
    }

    fn funct3(self) -> u32 {
        self.bits(12, 3)
    }

    fn rs1(self) -> u32 {
        self.bits(15, 5)
    }

    fn rs2(self) -> u32 {
        self.bits(20, 5)
    }

    fn funct7(self) -> u32 {
        self.bits(25, 7)
    }

    fn i_immediate(self) -> i32 {
        self.0 as i32 >> 20
    }

    fn s_immediate(self) -> i32 {
        (self.0 as i32 >> 25) << 5 | self.rd() as i32
    }

    fn b_immediate(self) -> i32 {
        (self.0 as i32 >> 31) << 12
            | (self.bits(7, 1) << 11 | self.bits(25, 6) << 5 | self.bits(8, 4) << 1) as i32
    }

    fn j_immediate(self) -> i32 {
        (self.0 as i32 >> 31) << 20
            | (self.bits(12, 8) << 12 | self.bits(20, 1) << 11 | self.bits(21, 10) << 1) as i32
    }
}

/// The text of an instruction; its target is the distance to where it branches.
struct Text {
    mnemonic: &'static str,
    operands: String,
    target: Option<i32>,
}

fn plain(mnemonic: &'static str, operands: String) -> Option<Text> {
    Some(Text {
        mnemonic,
        operands,
        target: None,
    })
}

/// A general-purpose and a floating-point register by name.
fn reg(number: u32) -> Name {
    Name(x(number as u8))
}

fn float(number: u32) -> Name {
    Name(f(number as u8))
}

fn text(inst: Fields) -> Option<Text> {
    let (rd, rs1, rs2) = (inst.rd(), inst.rs1(), inst.rs2());
    let (d, s1, s2) = (reg(rd), reg(rs1), reg(rs2));
    let imm = inst.i_immediate();
    match inst.opcode() {
        0x33 => operation(inst),
        0x13 => operation_with_constant(inst),
        0x37 => plain("lui", format!("{d}, {:#x}", inst.0 >> 12)),
        0x17 => plain("auipc", format!("{d}, {:#x}", inst.0 >> 12)),
        0x03 => {
            let mnemonic = match inst.funct3() {
                0 => "lb",
                1 => "lh",
                2 => "lw",
                4 => "lbu",
                5 => "lhu",
                _ => return None,
            };
            plain(mnemonic, format!("{d}, {imm}({s1})"))
        }
        0x23 => {
            let mnemonic = match inst.funct3() {
                0 => "sb",
                1 => "sh",
                2 => "sw",
                _ => return None,
            };
            plain(mnemonic, format!("{s2}, {}({s1})", inst.s_immediate()))
        }
        0x07 if inst.funct3() == 2 => plain("flw", format!("{}, {imm}({s1})", float(rd))),
        0x27 if inst.funct3() == 2 => {
            let place = format!("{}({s1})", inst.s_immediate());
            plain("fsw", format!("{}, {place}", float(rs2)))
        }
        0x53 => float_operation(inst),
        0x63 => branch(inst),
        0x6f => {
            let (mnemonic, operands) = match rd {
                0 => ("j", String::new()),
                1 => ("jal", String::new()),
                _ => ("jal", d.to_string()),
            };
            Some(Text {
                mnemonic,
                operands,
                target: Some(inst.j_immediate()),
            })
        }
        0x67 if inst.funct3() == 0 => match (rd, rs1, imm) {
            (0, 1, 0) => plain("ret", String::new()),
            (0, _, 0) => plain("jr", s1.to_string()),
            (0, ..) => plain("jr", format!("{imm}({s1})")),
            (1, _, 0) => plain("jalr", s1.to_string()),
            (1, ..) => plain("jalr", format!("{imm}({s1})")),
            _ => plain("jalr", format!("{d}, {imm}({s1})")),
        },
        _ => None,
    }
}

fn branch(inst: Fields) -> Option<Text> {
    let (rs1, rs2) = (inst.rs1(), inst.rs2());
    let (mnemonic, zero_second, zero_first) = match inst.funct3() {
        0 => ("beq", Some("beqz"), None),
        1 => ("bne", Some("bnez"), None),
        4 => ("blt", Some("bltz"), Some("bgtz")),
        5 => ("bge", Some("bgez"), Some("blez")),
        6 => ("bltu", None, None),
        7 => ("bgeu", None, None),
        _ => return None,
    };
    let (mnemonic, operands) = match (zero_second, zero_first) {
        (Some(short), _) if rs2 == 0 => (short, reg(rs1).to_string()),
        (_, Some(short)) if rs1 == 0 => (short, reg(rs2).to_string()),
        _ => (mnemonic, format!("{}, {}", reg(rs1), reg(rs2))),
    };
    Some(Text {
        mnemonic,
        operands,
        target: Some(inst.b_immediate()),
    })
}

fn operation(inst: Fields) -> Option<Text> {
    let (rs1, rs2) = (inst.rs1(), inst.rs2());
    let (d, s1, s2) = (reg(inst.rd()), reg(rs1), reg(rs2));
    let mnemonic = match (inst.funct7(), inst.funct3()) {
        (0x20, 0) if rs1 == 0 => return plain("neg", format!("{d}, {s2}")),
        (0, 2) if rs2 == 0 => return plain("sltz", format!("{d}, {s1}")),
        (0, 2) if rs1 == 0 => return plain("sgtz", format!("{d}, {s2}")),
        (0, 3) if rs1 == 0 => return plain("snez", format!("{d}, {s2}")),
        (4, 4) if rs2 == 0 => return plain("zext.h", format!("{d}, {s1}")),
        (0, 0) => "add",
        (0, 1) => "sll",
        (0, 2) => "slt",
        (0, 3) => "sltu",
        (0, 4) => "xor",
        (0, 5) => "srl",
        (0, 6) => "or",
        (0, 7) => "and",
        (1, 0) => "mul",
        (1, 1) => "mulh",
        (1, 3) => "mulhu",
        (1, 4) => "div",
        (1, 5) => "divu",
        (1, 6) => "rem",
        (1, 7) => "remu",
        (5, 4) => "min",
        (5, 5) => "minu",
        (5, 6) => "max",
        (5, 7) => "maxu",
        (0x10, 2) => "sh1add",
        (0x10, 4) => "sh2add",
        (0x10, 6) => "sh3add",
        (0x14, 1) => "bset",
        (0x20, 0) => "sub",
        (0x20, 4) => "xnor",
        (0x20, 5) => "sra",
        (0x20, 6) => "orn",
        (0x20, 7) => "andn",
        (0x24, 1) => "bclr",
        (0x24, 5) => "bext",
        (0x30, 1) => "rol",
        (0x30, 5) => "ror",
        (0x34, 1) => "binv",
        _ => return None,
    };
    plain(mnemonic, format!("{d}, {s1}, {s2}"))
}

fn operation_with_constant(inst: Fields) -> Option<Text> {
    let (rd, rs1, imm) = (inst.rd(), inst.rs1(), inst.i_immediate());
    let (d, s1) = (reg(rd), reg(rs1));
    let amount = inst.rs2();
    let (mnemonic, operands) = match (inst.funct3(), inst.funct7(), amount) {
        (0, ..) if (rd, rs1, imm) == (0, 0, 0) => ("nop", String::new()),
        (0, ..) if rs1 == 0 => ("li", format!("{d}, {imm}")),
        (0, ..) if imm == 0 => ("mv", format!("{d}, {s1}")),
        (0, ..) => ("addi", format!("{d}, {s1}, {imm}")),
        (2, ..) => ("slti", format!("{d}, {s1}, {imm}")),
        (3, ..) if imm == 1 => ("seqz", format!("{d}, {s1}")),
        (3, ..) => ("sltiu", format!("{d}, {s1}, {imm}")),
        (4, ..) if imm == -1 => ("not", format!("{d}, {s1}")),
        (4, ..) => ("xori", format!("{d}, {s1}, {imm}")),
        (6, ..) => ("ori", format!("{d}, {s1}, {imm}")),
        (7, ..) if imm == 0xff => ("zext.b", format!("{d}, {s1}")),
        (7, ..) => ("andi", format!("{d}, {s1}, {imm}")),
        (1, 0x30, 0) => ("clz", format!("{d}, {s1}")),
        (1, 0x30, 1) => ("ctz", format!("{d}, {s1}")),
        (1, 0x30, 2) => ("cpop", format!("{d}, {s1}")),
        (1, 0x30, 4) => ("sext.b", format!("{d}, {s1}")),
        (1, 0x30, 5) => ("sext.h", format!("{d}, {s1}")),
        (5, 0x34, 0x18) => ("rev8", format!("{d}, {s1}")),
        (funct3, funct7, _) => {
            let mnemonic = match (funct3, funct7) {
                (1, 0) => "slli",
                (1, 0x14) => "bseti",
                (1, 0x24) => "bclri",
                (1, 0x34) => "binvi",
                (5, 0) => "srli",
                (5, 0x20) => "srai",
                (5, 0x24) => "bexti",
                (5, 0x30) => "rori",
                _ => return None,
            };
            (mnemonic, format!("{d}, {s1}, {amount:#x}"))
        }
    };
    plain(mnemonic, operands)
}

fn float_operation(inst: Fields) -> Option<Text> {
    let (rd, rs1, rs2) = (inst.rd(), inst.rs1(), inst.rs2());
    let (d, s1, s2) = (float(rd), float(rs1), float(rs2));
    let rounding = match inst.funct3() {
        0 => "rne",
        1 => "rtz",
        2 => "rdn",
        3 => "rup",
        _ => return None,
    };
    let arithmetic = |mnemonic| plain(mnemonic, format!("{d}, {s1}, {s2}, {rounding}"));
    let without_rounding = |mnemonic| plain(mnemonic, format!("{d}, {s1}, {s2}"));
    let of_one = |mnemonic| plain(mnemonic, format!("{d}, {s1}"));
    let compare = |mnemonic| plain(mnemonic, format!("{}, {s1}, {s2}", reg(rd)));
    let to_integer = |mnemonic| plain(mnemonic, format!("{}, {s1}, {rounding}", reg(rd)));
    let from_integer = |mnemonic| plain(mnemonic, format!("{d}, {}, {rounding}", reg(rs1)));
    match (inst.funct7(), inst.funct3(), rs2) {
        (0x00, ..) => arithmetic("fadd.s"),
        (0x04, ..) => arithmetic("fsub.s"),
        (0x08, ..) => arithmetic("fmul.s"),
        (0x0c, ..) => arithmetic("fdiv.s"),
        (0x2c, _, 0) => plain("fsqrt.s", format!("{d}, {s1}, {rounding}")),
        (0x10, 0, _) if rs1 == rs2 => of_one("fmv.s"),
        (0x10, 1, _) if rs1 == rs2 => of_one("fneg.s"),
        (0x10, 2, _) if rs1 == rs2 => of_one("fabs.s"),
        (0x10, 0, _) => without_rounding("fsgnj.s"),
        (0x10, 1, _) => without_rounding("fsgnjn.s"),
        (0x10, 2, _) => without_rounding("fsgnjx.s"),
        (0x14, 0, _) => without_rounding("fmin.s"),
        (0x14, 1, _) => without_rounding("fmax.s"),
        (0x50, 0, _) => compare("fle.s"),
        (0x50, 1, _) => compare("flt.s"),
        (0x50, 2, _) => compare("feq.s"),
        (0x60, _, 0) => to_integer("fcvt.w.s"),
        (0x60, _, 1) => to_integer("fcvt.wu.s"),
        (0x68, _, 0) => from_integer("fcvt.s.w"),
        (0x68, _, 1) => from_integer("fcvt.s.wu"),
        (0x70, 0, 0) => plain("fmv.x.w", format!("{}, {s1}", reg(rd))),
        (0x78, 0, 0) => plain("fmv.w.x", format!("{d}, {}", reg(rs1))),
        _ => None,
    }
}

/// What the word of an I-type instruction is made of.
fn i_type(opcode: u32, rd: u32, funct3: u32, rs1: u32, imm: i32) -> u32 {
    (imm as u32) << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | opcode
}

fn s_type(opcode: u32, funct3: u32, rs1: u32, rs2: u32, imm: u32) -> u32 {
    imm >> 5 << 25 | rs2 << 20 | rs1 << 15 | funct3 << 12 | (imm & 0x1f) << 7 | opcode
}

fn r_type(funct7: u32, rd: u32, funct3: u32, rs1: u32, rs2: u32) -> u32 {
    funct7 << 25 | rs2 << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | 0x33
}

/// The instruction of 32 bits that a compressed one stands for.
fn expanded(half: u16) -> Option<u32> {
    let c = Fields(half.into());
    let (quadrant, funct3) = (c.bits(0, 2), c.bits(13, 3));
    // x8–x15, and any register.
    let (short_d, short_1) = (8 + c.bits(2, 3), 8 + c.bits(7, 3));
    let (rd, rs2) = (c.bits(7, 5), c.bits(2, 5));
    let signed_6 = ((c.bits(12, 1) << 5 | c.bits(2, 5)) as i32) << 26 >> 26;
    let amount = c.bits(2, 5);
    let word_offset = c.bits(10, 3) << 3 | c.bits(6, 1) << 2 | c.bits(5, 1) << 6;
    let load_sp = c.bits(12, 1) << 5 | c.bits(4, 3) << 2 | c.bits(2, 2) << 6;
    let store_sp = c.bits(9, 4) << 2 | c.bits(7, 2) << 6;
    let bits = match (quadrant, funct3) {
        (0, 0) => {
            let imm =
                c.bits(11, 2) << 4 | c.bits(7, 4) << 6 | c.bits(6, 1) << 2 | c.bits(5, 1) << 3;
            if imm == 0 {
                return None;
            }
            i_type(0x13, short_d, 0, 2, imm as i32)
        }
        (0, 2) => i_type(0x03, short_d, 2, short_1, word_offset as i32),
        (0, 3) => i_type(0x07, short_d, 2, short_1, word_offset as i32),
        (0, 6) => s_type(0x23, 2, short_1, short_d, word_offset),
        (0, 7) => s_type(0x27, 2, short_1, short_d, word_offset),
        (1, 0) => i_type(0x13, rd, 0, rd, signed_6),
        (1, 1 | 5) => {
            let distance = c.bits(12, 1) << 11
                | c.bits(11, 1) << 4
                | c.bits(9, 2) << 8
                | c.bits(8, 1) << 10
                | c.bits(7, 1) << 6
                | c.bits(6, 1) << 7
                | c.bits(3, 3) << 1
                | c.bits(2, 1) << 5;
            let distance = (distance as i32) << 20 >> 20;
            let link = u32::from(funct3 == 1);
            let d = distance as u32;
            (d >> 20 & 1) << 31
                | (d >> 1 & 0x3ff) << 21
                | (d >> 11 & 1) << 20
                | (d >> 12 & 0xff) << 12
                | link << 7
                | 0x6f
        }
        (1, 2) => i_type(0x13, rd, 0, 0, signed_6),
        (1, 3) if rd == 2 => {
            let imm = c.bits(12, 1) << 9
                | c.bits(6, 1) << 4
                | c.bits(5, 1) << 6
                | c.bits(3, 2) << 7
                | c.bits(2, 1) << 5;
            let imm = (imm as i32) << 22 >> 22;
            i_type(0x13, 2, 0, 2, imm)
        }
        (1, 3) if signed_6 != 0 => (signed_6 as u32) << 12 | rd << 7 | 0x37,
        (1, 4) => match (c.bits(10, 2), c.bits(5, 2)) {
            (0, _) if c.bits(12, 1) == 0 => i_type(0x13, short_1, 5, short_1, amount as i32),
            (1, _) if c.bits(12, 1) == 0 => {
                i_type(0x13, short_1, 5, short_1, (0x400 | amount) as i32)
            }
            (2, _) => i_type(0x13, short_1, 7, short_1, signed_6),
            (3, operation) if c.bits(12, 1) == 0 => {
                let (funct7, funct3) = [(0x20, 0), (0, 4), (0, 6), (0, 7)][operation as usize];
                r_type(funct7, short_1, funct3, short_1, short_d)
            }
            _ => return None,
        },
        (1, 6 | 7) => {
            let distance = c.bits(12, 1) << 8
                | c.bits(10, 2) << 3
                | c.bits(5, 2) << 6
                | c.bits(3, 2) << 1
                | c.bits(2, 1) << 5;
            let d = ((distance as i32) << 23 >> 23) as u32;
            (d >> 12 & 1) << 31
                | (d >> 5 & 0x3f) << 25
                | short_1 << 15
                | (funct3 - 6) << 12
                | (d >> 1 & 0xf) << 8
                | (d >> 11 & 1) << 7
                | 0x63
        }
        (2, 0) if c.bits(12, 1) == 0 => i_type(0x13, rd, 1, rd, amount as i32),
        (2, 2) if rd != 0 => i_type(0x03, rd, 2, 2, load_sp as i32),
        (2, 3) => i_type(0x07, rd, 2, 2, load_sp as i32),
        (2, 4) => match (c.bits(12, 1), rd, rs2) {
            (_, 0, _) => return None,
            (link, _, 0) => i_type(0x67, link, 0, rd, 0),
            // A move is one under its own name.
            (0, ..) => i_type(0x13, rd, 0, rs2, 0),
            _ => r_type(0, rd, 0, rd, rs2),
        },
        (2, 6) => s_type(0x23, 2, 2, rs2, store_sp),
        (2, 7) => s_type(0x27, 2, 2, rs2, store_sp),
        _ => return None,
    };
    Some(bits)
}
