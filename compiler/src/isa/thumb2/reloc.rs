//! How references between functions stand in the code.

use super::branch;
use super::encode::Opcode;
use crate::mach::buffer::{CallOutOfRange, Relocate};

/// A kind of relocation, each of one 32-bit instruction.
///
/// Before it is applied, the instruction holds the addend that the matching ELF relocation (REL)
/// wants in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RelocKind {
    /// BL to a function; `R_ARM_THM_CALL`.
    Call,
    /// B to code elsewhere in the text; `R_ARM_THM_JUMP24`.
    Jump,
    /// MOVW of the low half of an address less the `pc` of the ADD behind the pair, 12 bytes from
    /// here; `R_ARM_THM_MOVW_PREL_NC`.
    DistanceLow(AddressOf),
    /// MOVT of the high half, 8 bytes from that `pc`; `R_ARM_THM_MOVT_PREL`.
    DistanceHigh(AddressOf),
    /// ADR of data, which counts from `pc` rounded down to a word; `R_ARM_THM_ALU_PREL_11_0`. It reaches
    /// ±4095 bytes.
    ShortDistance,
}

/// What stands at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum AddressOf {
    /// Data: nothing is added.
    Data = 0,
    /// Code: bit 0 is set.
    Code = 1,
}

impl Relocate for RelocKind {
    fn apply(self, text: &mut [u8], at: u32, target: u32) -> Result<(), CallOutOfRange> {
        let place = &mut text[at as usize..at as usize + 4];
        let opcode = match self {
            RelocKind::Call => {
                let distance = i64::from(target) - i64::from(at) - 4;
                branch::call(distance).ok_or(CallOutOfRange { at, target })?
            }
            RelocKind::Jump => {
                let distance = i64::from(target) - i64::from(at) - 4;
                branch::jump(distance).ok_or(CallOutOfRange { at, target })?
            }
            RelocKind::DistanceLow(what) => {
                let distance = (target | what as u32).wrapping_sub(at + 12);
                with_imm16(place, distance as u16)
            }
            RelocKind::DistanceHigh(what) => {
                let distance = (target | what as u32).wrapping_sub(at + 8);
                with_imm16(place, (distance >> 16) as u16)
            }
            RelocKind::ShortDistance => {
                let distance = target.wrapping_sub((at + 4) & !3) as i32;
                if distance.unsigned_abs() > 4095 {
                    return Err(CallOutOfRange { at, target });
                }
                with_distance(place, distance)
            }
        };
        let mut bytes = Vec::with_capacity(4);
        opcode.write(&mut bytes);
        place.copy_from_slice(&bytes);
        Ok(())
    }

    fn short_span(self) -> Option<u32> {
        // Less than there is, as `pc` is ahead, rounded, and padding may grow by some bytes where code gets
        // shorter.
        matches!(self, RelocKind::DistanceLow(AddressOf::Data)).then_some(4080)
    }
}

/// The ADR in `place` with another distance.
fn with_distance(place: &[u8], distance: i32) -> Opcode {
    let rd = u32::from(place[3] & 0xf);
    let bits = distance.unsigned_abs();
    let first = if distance < 0 { 0xf2af } else { 0xf20f };
    let second = (bits >> 8 & 7) << 12 | rd << 8 | bits & 0xff;
    Opcode::Wide((first | bits >> 11 << 10) << 16 | second)
}

/// The MOVW or MOVT in `place` with another constant.
fn with_imm16(place: &[u8], value: u16) -> Opcode {
    let value = u32::from(value);
    let first = u32::from(u16::from_le_bytes([place[0], place[1]]));
    let second = u32::from(u16::from_le_bytes([place[2], place[3]]));
    let first = first & 0xfbf0 | value >> 12 | (value >> 11 & 1) << 10;
    let second = second & 0x8f00 | (value >> 8 & 7) << 12 | value & 0xff;
    Opcode::Wide(first << 16 | second)
}
