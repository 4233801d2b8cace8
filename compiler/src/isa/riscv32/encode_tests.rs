//! Encodings against the GNU assembler's.

use std::path::Path;
use std::process::Command;

use super::disasm::Decoder;
use super::emit::Emitter;
use super::encode::{self, Opcode, short};
use super::frame::FrameLayout;
use super::imm::{Amount, Imm12, Parts};
use super::inst::{
    AluImmOp, AluOp, Amode, Cond, FpuCompareOp, FpuOp, Inst, LoadOp, Rounding, ShiftOp, Sign,
    StoreOp, UnaryOp,
};
use super::regs::{Name, RA, SCRATCH, SP, ZERO, f, x};
use crate::mach::emit::Emitter as _;
use crate::mach::reg::Reg;
use crate::mach::stubs::TrapStubs;

/// A linear congruential generator: the same cases in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u32) -> u32 {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        ((self.0 >> 33) % u64::from(limit)) as u32
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u32) as usize]
    }

    /// Registers of the compressed forms half of the time; never the scratch register.
    fn reg(&mut self) -> Reg {
        match self.below(4) {
            0 | 1 => x(8 + self.below(8) as u8),
            2 => SP,
            _ => x(1 + self.below(30) as u8),
        }
    }

    /// Likewise of the floating-point registers.
    fn float(&mut self) -> Reg {
        match self.below(2) {
            0 => f(8 + self.below(8) as u8),
            _ => f(self.below(32) as u8),
        }
    }

    /// A small constant half of the time, often a multiple of 4.
    fn imm(&mut self) -> Imm12 {
        let value = match self.below(4) {
            0 => self.below(80) as i32 - 40,
            1 => 4 * self.below(300) as i32,
            2 => 16 * (self.below(80) as i32 - 40),
            _ => self.below(4096) as i32 - 2048,
        };
        Imm12::new(value).expect("12 bits")
    }

    fn inst(&mut self) -> Inst {
        use AluOp::*;
        let (rd, rs1) = (self.reg(), self.reg());
        let rs1 = if self.below(2) == 0 { rd } else { rs1 };
        match self.below(10) {
            0 => Inst::Alu {
                op: self.pick(&[
                    Add, Sub, Sll, Slt, Sltu, Xor, Srl, Sra, Or, And, Mul, Mulh, Mulhu, Div, Divu,
                    Rem, Remu, Sh1add, Sh2add, Sh3add, Andn, Orn, Xnor, Min, Minu, Max, Maxu, Rol,
                    Ror, Bclr, Bext, Binv, Bset,
                ]),
                rd,
                rs1,
                rs2: self.reg(),
            },
            1 => Inst::AluImm {
                op: self.pick(&[
                    AluImmOp::Addi,
                    AluImmOp::Slti,
                    AluImmOp::Sltiu,
                    AluImmOp::Xori,
                    AluImmOp::Ori,
                    AluImmOp::Andi,
                ]),
                rd,
                rs1,
                imm: self.imm(),
            },
            2 => Inst::Shift {
                op: self.pick(&[
                    ShiftOp::Slli,
                    ShiftOp::Srli,
                    ShiftOp::Srai,
                    ShiftOp::Rori,
                    ShiftOp::Bclri,
                    ShiftOp::Bexti,
                    ShiftOp::Binvi,
                    ShiftOp::Bseti,
                ]),
                rd,
                rs1,
                amount: Amount::new(1 + self.below(31)).expect("below 32"),
            },
            3 => Inst::Mv { rd, rs: rs1 },
            4 => Inst::Li {
                rd,
                value: match self.below(3) {
                    0 => self.imm().value() as u32,
                    1 => self.below(1 << 20) << 12,
                    _ => self.below(u32::MAX),
                },
            },
            9 => Inst::Unary {
                op: self.pick(&[
                    UnaryOp::Clz,
                    UnaryOp::Ctz,
                    UnaryOp::Cpop,
                    UnaryOp::SextB,
                    UnaryOp::SextH,
                    UnaryOp::ZextH,
                    UnaryOp::Rev8,
                ]),
                rd,
                rs1,
            },
            7 => self.float_inst(),
            8 if self.below(2) == 0 => Inst::Load {
                op: LoadOp::Flw,
                rd: self.float(),
                mem: self.address(),
            },
            8 => Inst::Store {
                op: StoreOp::Fsw,
                rs: self.float(),
                mem: self.address(),
            },
            5 => Inst::Load {
                op: self.pick(&[LoadOp::Lw, LoadOp::Lh, LoadOp::Lhu, LoadOp::Lb, LoadOp::Lbu]),
                rd,
                mem: self.address(),
            },
            _ => Inst::Store {
                op: self.pick(&[StoreOp::Sw, StoreOp::Sh, StoreOp::Sb]),
                rs: rd,
                mem: self.address(),
            },
        }
    }

    fn float_inst(&mut self) -> Inst {
        use FpuOp::*;
        let (rd, rs1, rs2) = (self.float(), self.float(), self.float());
        let sign = self.pick(&[Sign::Signed, Sign::Unsigned]);
        match self.below(8) {
            0 | 1 => Inst::Fpu {
                op: self.pick(&[Add, Sub, Mul, Div, Min, Max, Sgnj, Sgnjn, Sgnjx]),
                rd,
                rs1,
                rs2,
            },
            2 => Inst::Fsqrt { rd, rs1 },
            3 => Inst::FpuCompare {
                op: self.pick(&[FpuCompareOp::Eq, FpuCompareOp::Lt, FpuCompareOp::Le]),
                rd: self.reg(),
                rs1,
                rs2,
            },
            4 => Inst::FpuToInt {
                sign,
                rounding: self.pick(&[
                    Rounding::Nearest,
                    Rounding::Zero,
                    Rounding::Down,
                    Rounding::Up,
                ]),
                rd: self.reg(),
                rs1,
            },
            5 => Inst::IntToFpu {
                sign,
                rd,
                rs1: self.reg(),
            },
            6 => Inst::Mv { rd, rs: rs1 },
            _ if self.below(2) == 0 => Inst::Mv { rd, rs: self.reg() },
            _ => Inst::Mv {
                rd: self.reg(),
                rs: rs1,
            },
        }
    }

    fn address(&mut self) -> Amode {
        Amode::Base {
            base: self.reg(),
            offset: self.imm().value(),
        }
    }
}

fn bytes(inst: &Inst) -> Vec<u8> {
    let mut emitter = Emitter::new(0, FrameLayout::default(), TrapStubs::PerFunction);
    emitter.emit(inst, None);
    emitter.finish().expect("no branch").bytes
}

/// What the assembler makes of each line, which begins at a multiple of 16, in `folder`.
fn assemble(lines: &[String], folder: &Path) -> Vec<u8> {
    let path = |name: &str| folder.join(name);
    let mut source = String::from(".option norelax\n");
    for line in lines {
        source += &format!(".balign 16, 0\n{line}\n");
    }
    // The end of the section is padded otherwise.
    source += ".balign 16, 0\nnop\n";
    std::fs::write(path("code.s"), source).expect("the folder is writable");
    run(Command::new("riscv64-unknown-elf-as")
        .args(["-march=rv32imfc_zba_zbb_zbs", "-mabi=ilp32", "-o"])
        .args([path("code.o"), path("code.s")]));
    run(Command::new("riscv64-unknown-elf-objcopy")
        .args(["-O", "binary", "-j", ".text"])
        .args([path("code.o"), path("code.bin")]));
    std::fs::read(path("code.bin")).expect("objcopy wrote it")
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| {
        panic!(
            "{command:?}: {error}; install the GNU binutils for RISC-V \
             (binutils-riscv64-unknown-elf)"
        )
    });
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed:\n{errors}");
    String::from_utf8(output.stdout).expect("text")
}

fn compare(cases: &[(String, Vec<u8>)]) {
    let lines: Vec<String> = cases.iter().map(|(text, _)| text.clone()).collect();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let assembled = assemble(&lines, folder.path());
    for (index, (text, ours)) in cases.iter().enumerate() {
        let rest = &assembled[16 * index..];
        let theirs = &rest[..16.min(rest.len())];
        let padded: Vec<u8> = ours.iter().copied().chain([0; 16]).collect();
        assert_eq!(
            &padded[..theirs.len()],
            theirs,
            "ours and the assembler's bytes differ for `{text}`"
        );
    }
}

#[test]
fn texts_are_those_of_objdump() {
    // Few, for objdump's time is quadratic in the number of sections' parts.
    let mut random = Random(0xdec0de);
    let mut lines: Vec<String> = (0..1500).map(|_| random.inst().to_string()).collect();
    for cond in Cond::ALL {
        lines.push(format!("b{} a0, s3, .+2046", cond.name()));
        lines.push(format!("b{} a0, zero, .-254", cond.name()));
        lines.push(format!("b{} zero, s3, .+64", cond.name()));
    }
    let jumps = [
        "j .+40",
        "jal .-40",
        "j .+4000",
        "jal t0, .-8",
        "jr a0",
        "jr -4(t6)",
        "ret",
    ];
    let calls = [
        "jalr s1",
        "jalr 8(ra)",
        "jalr t0, 8(a0)",
        "nop",
        "auipc t6, 0xfffff",
    ];
    lines.extend([&jumps[..], &calls].concat().into_iter().map(str::to_owned));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let code = assemble(&lines, folder.path());
    let object = folder.path().join("code.o");
    let listing = run(Command::new("riscv64-unknown-elf-objdump")
        .arg("-d")
        .arg(object));
    let mut compared = 0;
    for line in listing.lines() {
        let Some((at, rest)) = line.trim_start().split_once(":\t") else {
            continue;
        };
        let at = u32::from_str_radix(at, 16).expect("an offset");
        let (_, text) = rest.split_once('\t').expect("a text");
        // Fillers that begin a line are zeros.
        if text.starts_with("unimp") || text.starts_with('.') {
            continue;
        }
        // What AUIPC and JALR are said to mean together is another decoder's guess.
        let text = text.split(" #").next().unwrap_or_default();
        let theirs = text.replace('\t', " ").replace(',', ", ");
        // It calls some by the name of what has a register in the place of the constant.
        let (mut name, operands) = theirs.split_once(' ').unwrap_or((&theirs, ""));
        let last = operands.rsplit(", ").next().unwrap_or_default();
        let has_constant = last.starts_with(|c: char| c == '-' || c.is_ascii_digit());
        for (register, constant) in [
            ("add", "addi"),
            ("and", "andi"),
            ("or", "ori"),
            ("xor", "xori"),
            ("sll", "slli"),
            ("srl", "srli"),
            ("sra", "srai"),
            ("slt", "slti"),
            ("sltu", "sltiu"),
            ("bset", "bseti"),
            ("bclr", "bclri"),
            ("binv", "binvi"),
            ("bext", "bexti"),
            ("ror", "rori"),
        ] {
            if has_constant && name == register {
                name = constant;
            }
        }
        let theirs = format!("{name} {operands}");
        let decoded = Decoder::default().decode(&code[at as usize..], at);
        let decoded = decoded.unwrap_or_else(|| panic!("{at:#x}: `{theirs}` is not decoded"));
        let target = decoded.target.map(|target| format!("{target:x}"));
        let parts = [Some(decoded.operands), target].into_iter().flatten();
        let operands: Vec<_> = parts.filter(|part| !part.is_empty()).collect();
        let ours = format!("{} {}", decoded.mnemonic, operands.join(", "));
        // A target is followed by the nearest symbol.
        let theirs = theirs.split(" <").next().unwrap_or_default();
        assert_eq!(ours.trim(), theirs.trim(), "at {at:#x}");
        compared += 1;
    }
    assert!(compared >= lines.len(), "{compared} instructions");
}

#[test]
fn random_instructions() {
    let mut random = Random(0x5eed);
    let cases: Vec<_> = (0..20_000)
        .map(|_| random.inst())
        .map(|inst| (inst.to_string(), bytes(&inst)))
        .collect();
    compare(&cases);
}

#[test]
fn branches_and_jumps() {
    let mut random = Random(7);
    let mut cases = Vec::new();
    let mut case = |text: String, opcode: Opcode| {
        let mut bytes = Vec::new();
        opcode.write(&mut bytes);
        cases.push((text, bytes));
    };
    for _ in 0..2000 {
        let mut distance = |reach: i32| 2 * (random.below(reach as u32) as i32 - reach / 2);
        let (near, middle) = (distance(256), distance(2048));
        let (far, farthest) = (distance(4096), distance(1 << 20));
        let (rs1, rs2) = (random.reg(), random.reg());
        let number = x(8 + random.below(8) as u8);
        let bits = short(number).expect("a register of the compressed forms");
        let cond = random.pick(&Cond::ALL);
        let text = format!("c.beqz {}, .+({near})", Name(number));
        case(text, encode::short_branch(false, bits, near));
        let text = format!("c.bnez {}, .+({near})", Name(number));
        case(text, encode::short_branch(true, bits, near));
        case(format!("c.j .+({middle})"), encode::short_jump(middle));
        case(format!("c.jal .+({middle})"), encode::short_call(middle));
        let text = format!(
            ".option norvc\nb{} {}, {}, .+({far})\n.option rvc",
            cond.name(),
            Name(rs1),
            Name(rs2)
        );
        case(text, encode::branch(cond, rs1, rs2, far));
        for (name, link) in [("ra", RA), ("zero", ZERO)] {
            let text = format!(".option norvc\njal {name}, .+({farthest})\n.option rvc");
            case(text, encode::jal(link, farthest));
        }
        case(format!("jr {}", Name(rs1)), encode::jump_register(rs1));
        case(format!("jalr {}", Name(rs1)), encode::call_register(rs1));
        let offset = 12 + 4 * random.below(2) as i32;
        let text = format!("jalr zero, {offset}({})", Name(SCRATCH));
        case(text, encode::jalr(ZERO, SCRATCH, offset));
        let parts = Parts::of(random.below(u32::MAX));
        let (high, low) = (parts.high, parts.low.value());
        let text = format!("auipc {}, {:#x}", Name(rs1), high >> 12);
        case(text, encode::auipc(rs1, high));
        let text = format!(".option norvc\njalr ra, {low}({})\n.option rvc", Name(rs1));
        case(text, encode::jalr(RA, rs1, low));
    }
    compare(&cases);
}
