//! A Cortex-M33 with flash and RAM that runs one native function and counts.

use std::sync::Arc;

use rsemu::core::space::{
    AddressSpace, MemAttrs, Perms, RamStore, Region, RomStore, RomWrite, UnassignedPolicy,
};
use rsemu::core::value::Width;
use rsemu::cpu::arm::v7m::{ArmV7m, Config, Regs};

/// Where code and constants are linked.
pub(crate) const FLASH: u32 = 0x1000_0000;
/// Where variables are linked; the stack grows down from the end.
pub(crate) const RAM: u32 = 0x2000_0000;
const RAM_BYTES: u32 = 512 * 1024;
/// Return address of the function; nothing is fetched from it.
const RETURN: u32 = 0x0fff_0000;
/// Where every exception goes; nothing is fetched from it either.
const FAULT: u32 = 0x0fff_0004;
/// Where the vector table lies.
const VECTORS: u32 = 0;
const VECTORS_BYTES: usize = 0x400;
/// A program that has not returned by then never does.
const MAX_INSTRUCTIONS: u64 = 2_000_000_000;

/// Bytes and the address that they are linked for.
pub(crate) struct Segment {
    /// First byte's address.
    pub(crate) address: u32,
    /// The bytes.
    pub(crate) bytes: Vec<u8>,
}

/// A call that returned.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Called {
    /// What it returned.
    pub(crate) result: u32,
    /// Instructions from the first of the function to its return.
    pub(crate) instructions: u64,
}

/// Calls `function` (Thumb bit ignored) with one argument and counts until it returns.
///
/// # Errors
///
/// A sentence that says where the core faulted, or that it did not end.
pub(crate) fn call(segments: &[Segment], function: u32, argument: i32) -> Result<Called, String> {
    let cpu = power_on(segments)?;
    let mut registers = Regs::new();
    registers.r[0] = argument as u32;
    registers.r[14] = RETURN | 1;
    registers.r[15] = function & !1;
    registers.msp = RAM + RAM_BYTES;
    cpu.set_regs(registers);

    for instructions in 0..MAX_INSTRUCTIONS {
        match cpu.pc() {
            RETURN => {
                return Ok(Called {
                    result: cpu.reg(0),
                    instructions,
                });
            }
            FAULT => return Err(format!("a fault at {}", faulting_pc(&cpu))),
            // A core that cannot even enter the fault handler stays where it is.
            pc if instructions.is_multiple_of(1 << 24) && cpu.is_locked_up() => {
                return Err(format!("locked up at {pc:#010x}"));
            }
            _ => {}
        }
        cpu.step();
    }
    Err(format!("no return after {MAX_INSTRUCTIONS} instructions"))
}

/// The address in the exception frame at the stack pointer (Armv8-M manual, B3.19: word 6).
fn faulting_pc(cpu: &ArmV7m) -> String {
    let frame = u64::from(cpu.msp()) + 24;
    cpu.space()
        .and_then(|space| space.read(frame, Width::U32, MemAttrs::DEBUG).ok())
        .map_or("an unknown address".into(), |pc| format!("{pc:#010x}"))
}

fn power_on(segments: &[Segment]) -> Result<ArmV7m, String> {
    let mut flash = Vec::new();
    let ram = RamStore::new(RAM_BYTES.into());
    for segment in segments {
        let outside = || {
            format!(
                "a segment at {:#010x} is outside the memory",
                segment.address
            )
        };
        if segment.address >= RAM {
            ram.write_at((segment.address - RAM).into(), &segment.bytes)
                .map_err(|_| outside())?;
        } else {
            let start = segment.address.checked_sub(FLASH).ok_or_else(outside)? as usize;
            let end = start + segment.bytes.len();
            flash.resize(flash.len().max(end), 0xff);
            flash[start..end].copy_from_slice(&segment.bytes);
        }
    }
    let vectors = (FAULT | 1).to_le_bytes().repeat(VECTORS_BYTES / 4);
    let rom = |name, bytes| Region::rom(name, Arc::new(RomStore::new(bytes)), RomWrite::Fault);
    let space = AddressSpace::new("m33", 32).with_unassigned(UnassignedPolicy::FAULT);
    for (region, base, rights) in [
        (rom("vectors", vectors), VECTORS, Perms::READ),
        (rom("flash", flash), FLASH, Perms::RX),
        (Region::ram("ram", Arc::new(ram)), RAM, Perms::RW),
    ] {
        space
            .topology()
            .map_with_perms(region, base.into(), rights)
            .map_err(|error| format!("memory map of the emulator: {error}"))?;
    }
    let cpu = ArmV7m::new(Config::CORTEX_M33F.with_reset_vtor(VECTORS));
    cpu.attach_space(Arc::new(space));
    // The reset sequence; the caller sets what it leaves in the registers.
    cpu.step();
    // What every start-up code does: gcc moves pairs of words through FP registers.
    cpu.with_sys(|sys| sys.cpacr = 0xf << 20);
    Ok(cpu)
}

#[cfg(test)]
mod tests {
    use super::{FLASH, Segment, call};

    fn program(halfwords: &[u16]) -> [Segment; 1] {
        let bytes = halfwords.iter().flat_map(|half| half.to_le_bytes());
        [Segment {
            address: FLASH,
            bytes: bytes.collect(),
        }]
    }

    #[test]
    fn counts_every_instruction_up_to_the_return() {
        // loop: subs r0, #1; bne loop; movs r0, #7; bx lr
        let run = call(&program(&[0x3801, 0xd1fd, 0x2007, 0x4770]), FLASH | 1, 5).unwrap();
        assert_eq!((run.result, run.instructions), (7, 12));
    }

    #[test]
    fn says_where_a_fault_was() {
        // nop; udf #0
        let error = call(&program(&[0xbf00, 0xde00]), FLASH | 1, 0).unwrap_err();
        assert_eq!(error, "a fault at 0x10000002");
    }
}
