//! The single-precision floating-point instructions that this compiler emits, which `yaxpeax-arm`
//! does not know.
//!
//! Fields as in [`vfp`](super::super::vfp), where they are put together.

use super::super::imm::FloatImm;
use super::{Reg, register};

/// An instruction's text. A condition goes between the name and the type.
pub(super) struct Vfp {
    pub(super) name: &'static str,
    pub(super) ty: &'static str,
    pub(super) operands: String,
}

/// What the bits of a form mean beside those that are fixed.
#[derive(Clone, Copy)]
enum Form {
    /// `Sd, Sn, Sm`.
    Binary,
    /// `Sd, Sm`.
    Unary,
    /// `Sd, #0.0`.
    WithZero,
    /// `Sd` and a constant.
    Immediate,
    /// `Sn, Rt`.
    FromCore,
    /// `Rt, Sn`.
    ToCore,
    /// The flags.
    Flags,
    /// `Sd` and an address.
    Memory,
}

impl Form {
    /// The bits that are fixed.
    const fn mask(self) -> u32 {
        match self {
            Form::Binary => 0xffb0_0f50,
            Form::Unary => 0xffbf_0fd0,
            Form::WithZero => 0xffbf_0fff,
            Form::Immediate => 0xffb0_0ff0,
            Form::FromCore | Form::ToCore => 0xfff0_0f7f,
            Form::Flags => 0xffff_ffff,
            Form::Memory => 0xff30_0f00,
        }
    }
}

/// Name, type, form and fixed bits of each, the first halfword on top.
const INSTRUCTIONS: [(&str, &str, Form, u32); 30] = [
    ("vadd", ".f32", Form::Binary, 0xee30_0a00),
    ("vsub", ".f32", Form::Binary, 0xee30_0a40),
    ("vmul", ".f32", Form::Binary, 0xee20_0a00),
    ("vdiv", ".f32", Form::Binary, 0xee80_0a00),
    ("vmaxnm", ".f32", Form::Binary, 0xfe80_0a00),
    ("vminnm", ".f32", Form::Binary, 0xfe80_0a40),
    ("vseleq", ".f32", Form::Binary, 0xfe00_0a00),
    ("vselvs", ".f32", Form::Binary, 0xfe10_0a00),
    ("vselge", ".f32", Form::Binary, 0xfe20_0a00),
    ("vselgt", ".f32", Form::Binary, 0xfe30_0a00),
    ("vmov", ".f32", Form::Unary, 0xeeb0_0a40),
    ("vabs", ".f32", Form::Unary, 0xeeb0_0ac0),
    ("vneg", ".f32", Form::Unary, 0xeeb1_0a40),
    ("vsqrt", ".f32", Form::Unary, 0xeeb1_0ac0),
    ("vcmp", ".f32", Form::Unary, 0xeeb4_0a40),
    ("vrintz", ".f32", Form::Unary, 0xeeb6_0ac0),
    ("vrintn", ".f32", Form::Unary, 0xfeb9_0a40),
    ("vrintp", ".f32", Form::Unary, 0xfeba_0a40),
    ("vrintm", ".f32", Form::Unary, 0xfebb_0a40),
    ("vcvt", ".f32.u32", Form::Unary, 0xeeb8_0a40),
    ("vcvt", ".f32.s32", Form::Unary, 0xeeb8_0ac0),
    ("vcvt", ".u32.f32", Form::Unary, 0xeebc_0ac0),
    ("vcvt", ".s32.f32", Form::Unary, 0xeebd_0ac0),
    ("vcmp", ".f32", Form::WithZero, 0xeeb5_0a40),
    ("vmov", ".f32", Form::Immediate, 0xeeb0_0a00),
    ("vmov", "", Form::FromCore, 0xee00_0a10),
    ("vmov", "", Form::ToCore, 0xee10_0a10),
    ("vmrs", "", Form::Flags, 0xeef1_fa10),
    ("vldr", "", Form::Memory, 0xed10_0a00),
    ("vstr", "", Form::Memory, 0xed00_0a00),
];

/// The instruction that `code` begins with, if it is one of these.
pub(super) fn decode(code: &[u8]) -> Option<Vfp> {
    let &[b0, b1, b2, b3] = code.first_chunk()?;
    let bits = u32::from_le_bytes([b2, b3, b0, b1]);
    let known = |(_, _, form, fixed): &&(_, _, Form, u32)| bits & form.mask() == *fixed;
    let &(name, ty, form, _) = INSTRUCTIONS.iter().find(known)?;
    Some(Vfp {
        name,
        ty,
        operands: operands(form, bits),
    })
}

fn operands(form: Form, bits: u32) -> String {
    let field = |four: u32, one: u32| format!("s{}", (bits >> four & 0xf) << 1 | bits >> one & 1);
    let (sd, sn, sm) = (field(12, 22), field(16, 7), field(0, 5));
    let core = |at: u32| register(Reg::from_u8((bits >> at & 0xf) as u8));
    match form {
        Form::Binary => format!("{sd}, {sn}, {sm}"),
        Form::Unary => format!("{sd}, {sm}"),
        Form::WithZero => format!("{sd}, #0.0"),
        Form::Immediate => {
            let imm8 = bits >> 12 & 0xf0 | bits & 0xf;
            let value = FloatImm::from_bits(imm8 as u8).value();
            format!("{sd}, #{:?}", f32::from_bits(value))
        }
        Form::FromCore => format!("{sn}, {}", core(12)),
        Form::ToCore => format!("{}, {sn}", core(12)),
        Form::Flags => "APSR_nzcv, fpscr".to_owned(),
        Form::Memory => {
            let base = core(16);
            let offset = (bits & 0xff) * 4;
            match (offset, bits >> 23 & 1) {
                (0, 1) => format!("{sd}, [{base}]"),
                (_, 1) => format!("{sd}, [{base}, #{offset}]"),
                _ => format!("{sd}, [{base}, #-{offset}]"),
            }
        }
    }
}
