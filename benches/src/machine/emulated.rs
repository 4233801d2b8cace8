//! An emulated core with flash and RAM that runs one C function at a time and counts.
//!
//! ```text
//!   0x0fff_0000  return address of every call, and next to it where faults go; not mapped
//!   0x1000_0000  flash, 4 MiB: programs and what is laid beside them (no writes)
//!   0x2000_0000  RAM, 1 MiB (no fetches); the stack grows down from its end
//! ```
//!
//! Everything else faults. All programs are linked for this map (`engines/flat.x`).

use std::sync::Arc;

use rsemu::core::space::{
    AddressSpace, MemAttrs, Perms, RamStore, Region, RomStore, RomWrite, UnassignedPolicy,
};
use rsemu::core::value::Width;

use super::{Core, Cycles, Segment, m33, rv32};

/// First address of the flash.
pub(crate) const FLASH: u32 = 0x1000_0000;
pub(super) const FLASH_BYTES: u32 = 4 << 20;
/// Where modules lie that a runtime is given; programs end below.
pub(crate) const MODULE: u32 = FLASH + (2 << 20);
/// First address of the RAM.
pub(crate) const RAM: u32 = 0x2000_0000;
/// How much of it there is.
pub(crate) const RAM_BYTES: u32 = 1 << 20;
/// Return address of a call.
pub(super) const RETURN: u32 = 0x0fff_0000;
/// Where every exception goes.
pub(super) const FAULT: u32 = 0x0fff_0004;
/// A program that has not returned by then never does.
const MAX_INSTRUCTIONS: u64 = 20_000_000_000;

/// What executes, one instruction per step.
pub(super) trait Hart {
    /// Makes the next step the first of a C function that returns to [`RETURN`].
    fn set_up_call(&mut self, call: Call);
    /// Executes one instruction or enters an exception; returns the cycles that this takes by
    /// estimate, if the core has one.
    fn step(&mut self) -> u32;
    /// Whether steps return cycles.
    fn estimates(&self) -> bool;
    /// Address of the next instruction.
    fn pc(&self) -> u32;
    /// What a function left as its result of one word.
    fn result(&self) -> u32;
    /// Whether it can do nothing any more.
    fn is_locked_up(&self) -> bool;
    /// The address that the last exception came from, if it is known.
    fn faulting_pc(&self) -> Option<u32>;
}

/// A C function and its arguments.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    /// The function; a Thumb bit is ignored.
    pub(crate) function: u32,
    /// The first words of its arguments.
    pub(crate) arguments: [u32; 4],
    /// The program's `gp`, on RISC-V.
    pub(crate) global_pointer: u32,
}

/// A call that returned.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Called {
    /// What it returned.
    pub(crate) result: u32,
    /// Instructions from the first of the function to its return.
    pub(crate) instructions: u64,
    /// Cycles that they take.
    pub(crate) cycles: Option<Cycles>,
}

/// The machine.
pub(crate) struct Emulated {
    hart: Box<dyn Hart>,
    space: Arc<AddressSpace>,
}

impl Emulated {
    /// Powers a core on, with these bytes in its memory.
    ///
    /// # Errors
    ///
    /// A sentence that says which bytes lie outside, or that the core is not emulated.
    pub(crate) fn new(core: Core, segments: &[Segment]) -> Result<Self, String> {
        let mut flash = vec![0xff; FLASH_BYTES as usize];
        let ram = RamStore::new(RAM_BYTES.into());
        for Segment { address, bytes } in segments {
            let outside = || format!("a segment at {address:#010x} is outside the memory");
            if *address >= RAM {
                ram.write_at((address - RAM).into(), bytes)
                    .map_err(|_| outside())?;
            } else {
                let start = address.checked_sub(FLASH).ok_or_else(outside)? as usize;
                let place = flash.get_mut(start..start + bytes.len());
                place.ok_or_else(outside)?.copy_from_slice(bytes);
            }
        }
        let flash = Region::rom("flash", Arc::new(RomStore::new(flash)), RomWrite::Fault);
        let space = AddressSpace::new("machine", 32).with_unassigned(UnassignedPolicy::FAULT);
        for (region, base, rights) in [
            (flash, FLASH, Perms::RX),
            (Region::ram("ram", Arc::new(ram)), RAM, Perms::RW),
        ] {
            map(&space, region, base, rights)?;
        }
        if core == Core::M33 {
            map(&space, m33::vectors(), m33::VECTORS, Perms::READ)?;
        }
        let space = Arc::new(space);
        let hart: Box<dyn Hart> = match core {
            Core::M33 => Box::new(m33::M33::power_on(&space)),
            Core::Rv32 => Box::new(rv32::Rv32::power_on(&space)),
            Core::Ibex | Core::Cv32e40p => {
                return Err(format!("{} is not emulated", core.name()));
            }
        };
        Ok(Self { hart, space })
    }

    /// Calls a function and counts until it returns.
    ///
    /// # Errors
    ///
    /// A sentence that says where the core faulted, or that it did not end.
    pub(crate) fn call(&mut self, call: Call) -> Result<Called, String> {
        self.hart.set_up_call(call);
        let mut cycles = 0;
        for instructions in 0..MAX_INSTRUCTIONS {
            match self.hart.pc() {
                RETURN => {
                    return Ok(Called {
                        result: self.hart.result(),
                        instructions,
                        cycles: self.hart.estimates().then_some(Cycles::Estimated(cycles)),
                    });
                }
                FAULT => {
                    let place = self.hart.faulting_pc();
                    let place =
                        place.map_or("an unknown address".into(), |pc| format!("{pc:#010x}"));
                    return Err(format!("a fault at {place}"));
                }
                // A core that cannot even enter the fault handler stays where it is.
                pc if instructions.is_multiple_of(1 << 24) && self.hart.is_locked_up() => {
                    return Err(format!("locked up at {pc:#010x}"));
                }
                _ => {}
            }
            cycles += u64::from(self.hart.step());
        }
        Err(format!("no return after {MAX_INSTRUCTIONS} instructions"))
    }

    /// The word at an address; 0 where there is no memory.
    pub(crate) fn word(&self, address: u32) -> u32 {
        let word = self
            .space
            .read(address.into(), Width::U32, MemAttrs::DEBUG)
            .unwrap_or_default();
        word as u32
    }

    /// The C string at an address.
    pub(crate) fn text(&self, address: u32) -> String {
        let bytes = (address..).map(|at| self.word(at & !3).to_le_bytes()[(at & 3) as usize]);
        let bytes: Vec<u8> = bytes.take_while(|byte| *byte != 0).take(200).collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// All words of the RAM up to the last that is not zero.
    pub(crate) fn ram(&self) -> Segment {
        let mut bytes = Vec::with_capacity(RAM_BYTES as usize);
        for address in (RAM..RAM + RAM_BYTES).step_by(4) {
            bytes.extend_from_slice(&self.word(address).to_le_bytes());
        }
        let used = bytes.iter().rposition(|byte| *byte != 0);
        bytes.truncate(used.map_or(0, |last| (last + 1).next_multiple_of(4)));
        Segment {
            address: RAM,
            bytes,
        }
    }
}

fn map(space: &AddressSpace, region: Region, base: u32, rights: Perms) -> Result<(), String> {
    space
        .topology()
        .map_with_perms(region, base.into(), rights)
        .map(drop)
        .map_err(|error| format!("memory map of the emulator: {error}"))
}
