//! The emulated machine: a core with flash, RAM, a stack, and three traps for its hands.
//!
//! ```text
//!   0x0fff_0000  exits: all of them jumps to themselves; a fetch here means that the code
//!                returned, faulted or called host function n, and stops the machine
//!   0x1000_0000  flash: what the core begins with, then the image at an address of 4-byte alignment only (no writes)
//!   0x2000_0000  RAM of the instance (no fetches)
//!   0x2ffe_fc00  guard: takes exception frames of a full stack; code that comes here is stopped
//!   0x2fff_0000  stack
//! ```
//!
//! Everything else faults. The emulator executes one instruction per step, and all that is
//! looked at between two steps is one flag, which the exits and the guard raise when touched.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use rsemu::core::error::BusError;
use rsemu::core::space::{
    AccessConstraints, AddressSpace, MemAttrs, MemOps, MemResult, Perms, RamStore, Region,
    RomStore, RomWrite, UnassignedPolicy,
};
use rsemu::core::value::Width;
use wasm2mcu_abi::types::ValueType;

use super::Cpu;
use crate::board::{BoardError, Limits};

const EXITS: u32 = 0x0fff_0000;
const EXIT_RETURN: u32 = 0;
/// Where a core goes that faults.
pub(crate) const EXIT_FAULT: u32 = 1;
const EXIT_HOST: u32 = 2;
/// Where the flash begins, and a core starts.
pub(crate) const FLASH: u32 = 0x1000_0000;
/// Words of flash for exception vectors; the image never lies in front of them.
pub(crate) const VECTORS: u32 = 16;
const RAM: u32 = 0x2000_0000;
/// The most RAM that fits below the stack's guard.
pub(super) const RAM_BYTES: u32 = 0x0ff0_0000;
const STACK: u32 = 0x2fff_0000;
/// Bytes of stack for one call, about what a firmware's task has.
pub(super) const STACK_BYTES: u32 = 64 * 1024;
/// More than the largest exception frame (26 words and alignment).
const GUARD_BYTES: u32 = 0x400;
/// Steps between two looks at the clock and at a core that sleeps.
const STEPS_AT_ONCE: u64 = 1 << 16;

/// Why [`Machine::run`] came back.
pub(super) enum Stop {
    /// The function returned.
    Returned,
    /// Host function of this index is called; see [`Machine::call_registers`].
    Host(usize),
}

/// What one call may use up.
#[derive(Clone, Copy)]
pub(super) struct Budget {
    /// Instructions left.
    instructions: Option<u64>,
    /// When time is over; `None` if that is beyond all clocks.
    deadline: Option<Instant>,
    /// After how many instructions the host interrupts the code.
    pub(super) interrupt: Option<u64>,
}

impl Budget {
    /// What `limits` allow, from now on.
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            instructions: limits.instructions,
            deadline: Instant::now().checked_add(limits.time),
            interrupt: limits.interrupt,
        }
    }
}

/// Where things lie in the machine.
#[derive(Clone, Copy)]
pub(crate) struct Places {
    image: u32,
    ram: u32,
}

impl Places {
    /// A different place for every `n`: an image with any absolute address in it does not
    /// survive that. Images are 4-byte-aligned and no more, RAM is 8-byte-aligned.
    pub(crate) const fn number(n: u32) -> Self {
        Self {
            image: FLASH + 4 * VECTORS + 4 + 8 * (n % 61),
            ram: RAM + 8 * (n % 31),
        }
    }

    /// The place behind an image and RAM of these sizes at this one, for a neighbour in the same
    /// machine.
    pub(super) const fn behind(self, image_bytes: u32, ram_bytes: u32) -> Self {
        Self {
            image: self.image + image_bytes.next_multiple_of(4) + 4,
            ram: self.ram + ram_bytes.next_multiple_of(8) + 8,
        }
    }

    /// Whether so much RAM fits here.
    pub(super) const fn has_room(self, ram_bytes: u32) -> bool {
        ram_bytes <= RAM + RAM_BYTES - self.ram
    }

    /// Address of the image's first byte.
    pub(crate) const fn image(self) -> u32 {
        self.image
    }

    /// Address of the RAM's first byte.
    pub(crate) const fn ram(self) -> u32 {
        self.ram
    }
}

/// The machine, with the images in its flash.
pub(super) struct Machine<C> {
    cpu: C,
    space: Arc<AddressSpace>,
    stopped: Arc<AtomicBool>,
    /// The addresses of the exits.
    exits: Range<u32>,
}

impl<C: Cpu> Machine<C> {
    /// A machine with `hosts` host functions and nothing in its flash.
    pub(super) fn new(hosts: usize) -> Result<Self, BoardError> {
        let stopped = Arc::new(AtomicBool::new(false));
        let tripwire = |bytes: Vec<u8>| {
            Arc::new(Tripwire {
                bytes: Mutex::new(bytes),
                touched: Arc::clone(&stopped),
            })
        };
        let exits = C::JUMP_TO_SELF.repeat(EXIT_HOST as usize + hosts);
        let exit_bytes = exits.len() as u32;
        let guard = tripwire(vec![0; GUARD_BYTES as usize]);
        let vectors = exit_address::<C>(EXIT_FAULT).to_le_bytes();
        let vectors = vectors.repeat(VECTORS as usize);

        let space = AddressSpace::new("board", 32).with_unassigned(UnassignedPolicy::FAULT);
        let stack = Arc::new(RamStore::new(STACK_BYTES.into()));
        let regions = [
            (
                Region::io("exits", exit_bytes.into(), tripwire(exits)),
                EXITS,
                Perms::EXEC,
            ),
            (
                Region::rom("vectors", Arc::new(RomStore::new(vectors)), RomWrite::Fault),
                FLASH,
                Perms::RX,
            ),
            (
                Region::io("guard", GUARD_BYTES.into(), guard),
                STACK - GUARD_BYTES,
                Perms::RW,
            ),
            (Region::ram("stack", stack), STACK, Perms::RW),
        ];
        for (region, base, perms) in regions {
            map(&space, region, base, perms)?;
        }
        let space = Arc::new(space);
        Ok(Self {
            cpu: C::power_on(&space),
            space,
            stopped,
            exits: EXITS..EXITS + exit_bytes,
        })
    }

    /// Puts an image into the flash and `ram_bytes` bytes of zeroed RAM beside those that are there.
    pub(super) fn place(
        &mut self,
        image: &[u8],
        places: Places,
        ram_bytes: u32,
    ) -> Result<Arc<Ram>, BoardError> {
        let flash = Arc::new(RomStore::new(image.to_vec()));
        let flash = Region::rom("flash", flash, RomWrite::Fault);
        map(&self.space, flash, places.image, Perms::RX)?;
        let ram = Arc::new(Ram(Mutex::new(vec![0; ram_bytes as usize])));
        let region = Region::io("ram", ram_bytes.into(), Arc::clone(&ram) as Arc<dyn MemOps>);
        map(&self.space, region, places.ram, Perms::RW)?;
        Ok(ram)
    }

    /// Sets the core up to call the entry thunk at `thunk` (a code address), with its array of
    /// words at the top of the stack; returns the array's address.
    pub(super) fn set_up_entry(
        &mut self,
        thunk: u32,
        context: u32,
        words: &[u32],
        code: u32,
        stack: u32,
    ) -> Result<u32, BoardError> {
        let bytes = (4 * words.len() as u32).next_multiple_of(16);
        if bytes > STACK_BYTES / 2 {
            let count = words.len();
            return Err(BoardError::Refused(format!(
                "{count} argument words do not fit the board's stack of {STACK_BYTES} bytes"
            )));
        }
        let array = STACK + STACK_BYTES - bytes;
        for (address, word) in (array..).step_by(4).zip(words) {
            self.write_word(address, *word);
        }
        let back = exit_address::<C>(EXIT_RETURN);
        self.cpu
            .set_up_call(thunk, [context, array, code, stack], array, back);
        Ok(array)
    }

    /// Executes until the function returns, calls the host or cannot go on; adds to `executed`
    /// every instruction of the image that was executed. `word` is where the host stores to interrupt
    /// the code.
    pub(super) fn run(
        &mut self,
        budget: Budget,
        word: Option<u32>,
        executed: &mut u64,
    ) -> Result<Stop, BoardError> {
        let mut interrupt = word.zip(budget.interrupt);
        loop {
            let mut now = budget
                .instructions
                .map_or(u64::MAX, |budget| budget.saturating_sub(*executed))
                .min(STEPS_AT_ONCE);
            if let Some((word, after)) = interrupt {
                if *executed >= after {
                    self.write_word(word, 1);
                    interrupt = None;
                } else {
                    now = now.min(after - *executed - 1);
                }
            }
            let mut steps = 0;
            // One step more than allowed: returning is no instruction, but takes a step to see.
            let touched = loop {
                self.cpu.step();
                if self.stopped.load(Ordering::Relaxed) {
                    break true;
                }
                steps += 1;
                if steps > now {
                    break false;
                }
            };
            *executed += steps;
            if touched {
                self.stopped.store(false, Ordering::Relaxed);
                return self.stop();
            }
            self.still_alive(budget, *executed)?;
        }
    }

    /// Why the flag was raised.
    fn stop(&mut self) -> Result<Stop, BoardError> {
        let pc = self.cpu.pc();
        if self.cpu.in_exception() {
            return Err(self.fault(false));
        }
        if !self.exits.contains(&pc) {
            return Err(self.fault(true));
        }
        match (pc - EXITS) / 4 {
            EXIT_RETURN => Ok(Stop::Returned),
            EXIT_FAULT => Err(self.fault(false)),
            exit => Ok(Stop::Host((exit - EXIT_HOST) as usize)),
        }
    }

    /// Checks what no instruction reports.
    fn still_alive(&mut self, budget: Budget, executed: u64) -> Result<(), BoardError> {
        let limit = if budget.instructions.is_some_and(|limit| executed > limit) {
            format!("{} instructions", executed - 1)
        } else if budget.deadline.is_some_and(|end| Instant::now() > end) {
            "the time of one call".to_owned()
        } else if self.cpu.is_locked_up() {
            return Err(self.fault(false));
        } else if self.cpu.is_asleep() {
            "a WFI or WFE that nothing wakes from".to_owned()
        } else {
            return Ok(());
        };
        let pc = Some(self.cpu.pc());
        self.cpu = C::power_on(&self.space);
        Err(BoardError::Runaway { limit, pc })
    }

    /// What the core says about itself; then it begins anew.
    fn fault(&mut self, below_stack: bool) -> BoardError {
        let mut fault = self.cpu.fault(|address| self.read_word(address));
        fault.below_stack = below_stack;
        self.cpu = C::power_on(&self.space);
        self.stopped.store(false, Ordering::Relaxed);
        BoardError::Fault(fault)
    }

    /// The words of a host function's arguments; `name` is the function's, for errors.
    pub(super) fn host_arguments(
        &self,
        params: &[ValueType],
        name: impl FnOnce() -> String,
    ) -> Result<Vec<u32>, BoardError> {
        let stack = |offset| self.read_word(self.cpu.sp().wrapping_add(offset)).ok_or(());
        self.cpu.arguments(params, stack).map_err(|()| {
            let host = name();
            BoardError::Link(format!("the arguments of {host} lie where no memory is"))
        })
    }

    /// Ends a host function's call.
    pub(super) fn return_from_host(&mut self, result: Option<(ValueType, &[u32])>) {
        self.cpu.return_from_host(result);
    }

    /// What the entry left in the first result register.
    pub(super) fn returned_word(&self) -> u32 {
        self.cpu.returned_word()
    }

    /// Lowest address of the stack.
    pub(crate) const STACK_LIMIT: u32 = STACK;

    /// A word as the core would read it, without side effects.
    pub(super) fn read_word(&self, address: u32) -> Option<u32> {
        self.space
            .read(address.into(), Width::U32, MemAttrs::DEBUG)
            .ok()
            .map(|word| word as u32)
    }

    /// Bytes as the core would read them.
    pub(super) fn read_bytes(&self, address: u32, into: &mut [u8]) {
        for (at, byte) in (address..).zip(into) {
            let read = self
                .space
                .read(at.into(), Width::U8, MemAttrs::DEBUG)
                .unwrap_or_default();
            *byte = read as u8;
        }
    }

    /// Writes bytes of the RAM.
    pub(super) fn write_bytes(&self, address: u32, from: &[u8]) {
        for (at, byte) in (address..).zip(from) {
            let written = self
                .space
                .write(at.into(), Width::U8, (*byte).into(), MemAttrs::DEBUG);
            debug_assert!(written.is_ok());
        }
    }

    /// Writes a word of the RAM or the stack.
    pub(super) fn write_word(&self, address: u32, word: u32) {
        let written = self
            .space
            .write(address.into(), Width::U32, word.into(), MemAttrs::DEBUG);
        debug_assert!(written.is_ok());
    }
}

fn map(space: &AddressSpace, region: Region, base: u32, perms: Perms) -> Result<(), BoardError> {
    if region.is_empty() {
        return Ok(());
    }
    space
        .topology()
        .map_with_perms(region, base.into(), perms)
        .map(|_| ())
        .map_err(|error| BoardError::Link(format!("memory map of the emulator: {error}")))
}

/// Code address of exit `number`.
pub(crate) const fn exit_address<C: Cpu>(number: u32) -> u32 {
    EXITS + 4 * number + C::ARCHITECTURE.code_bit()
}

/// Code address of host function `index`.
pub(crate) const fn host_address<C: Cpu>(index: u32) -> u32 {
    exit_address::<C>(EXIT_HOST + index)
}

/// RAM that the core reads and writes while it runs and the loader owns between calls.
pub(super) struct Ram(Mutex<Vec<u8>>);

impl Ram {
    /// The bytes as a plain vector, put back with [`Ram::put`]; meanwhile the machine has no RAM here.
    pub(super) fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.lock())
    }

    /// Puts back what [`Ram::take`] took.
    pub(super) fn put(&self, bytes: Vec<u8>) {
        *self.lock() = bytes;
    }

    /// Copies the bytes, which are as many.
    pub(super) fn read_into(&self, bytes: &mut [u8]) {
        bytes.copy_from_slice(&self.lock());
    }

    /// Overwrites the bytes, which are as many.
    pub(super) fn write_from(&self, bytes: &[u8]) {
        self.lock().copy_from_slice(bytes);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<u8>> {
        // A panic elsewhere leaves bytes, and bytes are always valid.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Ram {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Ram({} bytes)", self.lock().len())
    }
}

impl MemOps for Ram {
    fn read(&self, offset: u64, into: &mut [u8], _: MemAttrs) -> MemResult {
        into.copy_from_slice(range(&mut self.lock(), offset, into.len())?);
        Ok(())
    }

    fn write(&self, offset: u64, from: &[u8], _: MemAttrs) -> MemResult {
        range(&mut self.lock(), offset, from.len())?.copy_from_slice(from);
        Ok(())
    }

    fn constraints(&self) -> AccessConstraints {
        AccessConstraints::ANY
    }
}

/// Memory that raises a flag when the core touches it.
#[derive(Debug)]
struct Tripwire {
    bytes: Mutex<Vec<u8>>,
    touched: Arc<AtomicBool>,
}

impl Tripwire {
    fn touch(&self, attributes: MemAttrs) -> std::sync::MutexGuard<'_, Vec<u8>> {
        if !attributes.debug {
            self.touched.store(true, Ordering::Relaxed);
        }
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl MemOps for Tripwire {
    fn read(&self, offset: u64, into: &mut [u8], attributes: MemAttrs) -> MemResult {
        into.copy_from_slice(range(&mut self.touch(attributes), offset, into.len())?);
        Ok(())
    }

    fn write(&self, offset: u64, from: &[u8], attributes: MemAttrs) -> MemResult {
        range(&mut self.touch(attributes), offset, from.len())?.copy_from_slice(from);
        Ok(())
    }

    fn constraints(&self) -> AccessConstraints {
        AccessConstraints::ANY
    }
}

fn range(bytes: &mut [u8], offset: u64, length: usize) -> Result<&mut [u8], BusError> {
    let start = offset as usize;
    bytes
        .get_mut(start..start + length)
        .ok_or(BusError::BadAccess)
}
