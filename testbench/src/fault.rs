//! Faults: the core itself stopped the code. Always an error of whoever made the code.

use std::fmt;

/// What the core recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Address of the instruction; `None` if the exception frame that tells it was lost.
    pub pc: Option<u32>,
    /// The same as an offset in the image's text, if it lies there.
    pub text_offset: Option<u32>,
    /// Link register, from the same frame.
    pub lr: Option<u32>,
    /// Stack pointer when the exception was taken.
    pub sp: u32,
    /// Why.
    pub cause: Cause,
    /// The address that an access asked for, if the core recorded it.
    pub address: Option<u32>,
    /// The code reached below the stack that it was granted.
    pub below_stack: bool,
}

/// Why a core stopped, in the words of its architecture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Armv8-M (DDI 0553, D1.2).
    Arm {
        /// Configurable Fault Status Register.
        cfsr: u32,
        /// HardFault Status Register.
        hfsr: u32,
    },
    /// RISC-V (The RISC-V Instruction Set Manual, Volume II, "Machine Cause Register").
    RiscV {
        /// `mcause`; `None` without an exception.
        mcause: Option<u32>,
    },
}

/// Exceptions by their number in `mcause`.
const MCAUSE_NAMES: [&str; 12] = [
    "jump to an address that is not aligned",
    "fetch where no code is",
    "illegal instruction",
    "breakpoint instruction",
    "load from an address that is not aligned",
    "load where no memory is",
    "store to an address that is not aligned",
    "store where no memory is",
    "ECALL",
    "ECALL",
    "an exception of a reserved number",
    "ECALL",
];

/// Bits of CFSR (DDI 0553, D1.2.14) and their names.
const CFSR_NAMES: [(u32, &str); 17] = [
    (
        0,
        "MemManage IACCVIOL: fetch that the memory protection forbids",
    ),
    (
        1,
        "MemManage DACCVIOL: access that the memory protection forbids",
    ),
    (3, "MemManage MUNSTKERR: exception frame not readable"),
    (4, "MemManage MSTKERR: exception frame not writable"),
    (5, "MemManage MLSPERR: float frame not writable"),
    (8, "BusFault IBUSERR: fetch where no code is"),
    (9, "BusFault PRECISERR: access where no memory is"),
    (
        10,
        "BusFault IMPRECISERR: access where no memory is, some instructions ago",
    ),
    (11, "BusFault UNSTKERR: exception frame not readable"),
    (12, "BusFault STKERR: no room for the exception frame"),
    (16, "UsageFault UNDEFINSTR: undefined instruction"),
    (
        17,
        "UsageFault INVSTATE: branch to an address without the Thumb bit",
    ),
    (18, "UsageFault INVPC: invalid exception return"),
    (19, "UsageFault NOCP: coprocessor absent or off"),
    (20, "UsageFault STKOF: stack limit"),
    (24, "UsageFault UNALIGNED: address not aligned"),
    (25, "UsageFault DIVBYZERO: division by zero"),
];

/// HFSR.DEBUGEVT (DDI 0553, D1.2.98).
const DEBUG_EVENT: u32 = 1 << 31;

impl Fault {
    /// Fills in [`Fault::text_offset`] for a text of `bytes` bytes at address `text`.
    pub(crate) fn locate(&mut self, text: u32, bytes: usize) {
        self.text_offset = self
            .pc
            .and_then(|pc| pc.checked_sub(text))
            .filter(|offset| (*offset as usize) < bytes);
    }

    /// The causes in words.
    pub fn causes(&self) -> Vec<&'static str> {
        let mut causes = Vec::new();
        if self.below_stack {
            causes.push("the stack reached below its limit");
        }
        match self.cause {
            Cause::Arm { cfsr, hfsr } => {
                let set = CFSR_NAMES.iter().filter(|(bit, _)| cfsr >> bit & 1 != 0);
                causes.extend(set.map(|(_, name)| *name));
                if hfsr & DEBUG_EVENT != 0 {
                    causes.push("HardFault DEBUGEVT: breakpoint instruction");
                }
            }
            Cause::RiscV { mcause } => {
                causes.extend(mcause.and_then(|number| MCAUSE_NAMES.get(number as usize)));
            }
        }
        if causes.is_empty() {
            causes.push("an exception that no fault register explains (SVC, jump into the host)");
        }
        causes
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.causes().join("; "))?;
        match self.pc {
            Some(pc) => write!(f, ", at pc {pc:#010x}")?,
            None => f.write_str(", pc lost with its exception frame")?,
        }
        if let Some(offset) = self.text_offset {
            write!(f, " (text offset {offset:#x})")?;
        }
        if let Some(address) = self.address {
            write!(f, ", address {address:#010x}")?;
        }
        if let Some(lr) = self.lr {
            write!(f, ", lr {lr:#010x}")?;
        }
        write!(f, ", sp {:#010x}", self.sp)?;
        match self.cause {
            Cause::Arm { cfsr, hfsr } => write!(f, ", CFSR {cfsr:#010x}, HFSR {hfsr:#010x}"),
            Cause::RiscV {
                mcause: Some(number),
            } => write!(f, ", mcause {number}"),
            Cause::RiscV { mcause: None } => Ok(()),
        }
    }
}
