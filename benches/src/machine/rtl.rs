//! Ibex and CV32E40P as they are made: their RTL, simulated by verilator.
//!
//! The pip packages `pythondata-cpu-ibex` and `pythondata-cpu-cv32e40p` carry the RTL;
//! `engines/rtl/` puts a bench around it, with memory that has no wait states. Both cores do
//! misaligned accesses in hardware, as two accesses.
//!
//! ```text
//!   memory just before the call ─┐
//!   start: registers, counters, jump ─▶ simulator ──▶ counters before and after, result
//! ```
//!
//! Code starts in a stub that sets the registers as for any call, reads `mcycle` and `minstret`, jumps
//! to the function, reads them again and hands everything to the bench. What the same stub counts
//! around an empty function is subtracted from both.

use std::path::PathBuf;
use std::process::Command;
use std::{fs, io};

use super::emulated::{Call, Called, RAM, RAM_BYTES};
use super::{Core, Cycles, Segment};
use crate::cache;
use crate::engine::EngineError;
use crate::engine::tool::{execute, failed};

const REMEDY: &str = "benches/setup.sh installs verilator and the pip packages with the RTL";
/// A run that takes longer never ends.
const MAX_CYCLES: &str = "2000000000";

/// Where the core starts.
const START: u32 = 0x80;
/// Where functions return to.
const END: u32 = 0x100;
/// A function that does nothing.
const EMPTY: u32 = 0x180;
/// Where exceptions go.
const FAULT: u32 = 0;
/// The words that the bench prints.
const RESULTS: u32 = 0xf000_0000;
const CYCLES_BEFORE: u32 = 0;
const RETIRED_BEFORE: u32 = 4;
const CYCLES_AFTER: u32 = 8;
const RETIRED_AFTER: u32 = 12;
const RETURNED: u32 = 16;
const AT_ADDRESS: u32 = 20;
const FAULTING_PC: u32 = 24;
const STOP: u32 = 60;

/// The simulator of a core.
pub(crate) struct Simulator {
    program: PathBuf,
    /// Cycles and instructions that the stub counts around an empty function.
    empty: (u64, u64),
}

impl Simulator {
    /// The simulator, which is built if it is not there.
    ///
    /// # Errors
    ///
    /// [`EngineError::Missing`] if verilator or the RTL is not installed.
    pub(crate) fn open(core: Core) -> Result<Self, EngineError> {
        let package = format!("pythondata_cpu_{}", core.name());
        let rtl = package_folder(&package).ok_or_else(|| EngineError::Missing {
            what: package.replace('_', "-"),
            remedy: REMEDY,
        })?;
        let recipe = cache::sources().join("rtl");
        let inputs = [recipe.clone(), rtl.join("__init__.py")];
        let name = format!("rtl-{}", core.name());
        let folder = cache::built(&name, &inputs, &[core.name()], |folder| {
            execute(Command::new("verilator").arg("--version"), REMEDY)?;
            let mut build = Command::new(recipe.join("build.sh"));
            execute(build.arg(core.name()).arg(folder), REMEDY).map(drop)
        })?;
        let mut simulator = Self {
            program: folder.join("simulator"),
            empty: (0, 0),
        };
        let empty = Call {
            function: EMPTY,
            arguments: [0; 4],
            global_pointer: 0,
        };
        let [cycles, instructions, ..] = simulator.counts(&[], empty, RAM)?;
        // Its return is an instruction of the function's.
        simulator.empty = (cycles, instructions - 1);
        Ok(simulator)
    }

    /// Calls a function with these bytes in memory, and reads the word at an address afterwards.
    ///
    /// # Errors
    ///
    /// That the code faulted or did not end.
    pub(crate) fn call(
        &self,
        segments: &[Segment],
        call: Call,
        address: u32,
    ) -> Result<(Called, u32), EngineError> {
        let [cycles, instructions, result, word] = self.counts(segments, call, address)?;
        let called = Called {
            result: result as u32,
            instructions: instructions - self.empty.1,
            cycles: Some(Cycles::Measured(cycles - self.empty.0)),
        };
        Ok((called, word as u32))
    }

    /// Cycles and instructions between the counters' readings, the result, and the word.
    fn counts(
        &self,
        segments: &[Segment],
        call: Call,
        address: u32,
    ) -> Result<[u64; 4], EngineError> {
        let mut memory = Vec::new();
        let stub = stub(call, address);
        for Segment { address, bytes } in stub.iter().chain(segments) {
            memory.extend_from_slice(&address.to_le_bytes());
            memory.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
            memory.extend_from_slice(bytes);
        }
        let folder = tempfile::tempdir().map_err(failed)?;
        let file = folder.path().join("memory");
        fs::write(&file, memory).map_err(failed)?;
        let output = execute(
            Command::new(&self.program).arg(&file).arg(MAX_CYCLES),
            REMEDY,
        )?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let words: Vec<u32> = text.lines().filter_map(|line| line.parse().ok()).collect();
        let word = |offset: u32| {
            let word = words.get(offset as usize / 4).copied();
            word.ok_or_else(|| failed("the simulator printed too little"))
        };
        if word(FAULTING_PC)? != 0 {
            return Err(EngineError::Failed(format!(
                "a fault at {:#010x}",
                word(FAULTING_PC)?
            )));
        }
        let between = |after: u32, before: u32| -> Result<u64, EngineError> {
            Ok(word(after)?.wrapping_sub(word(before)?).into())
        };
        Ok([
            between(CYCLES_AFTER, CYCLES_BEFORE)?,
            between(RETIRED_AFTER, RETIRED_BEFORE)?,
            word(RETURNED)?.into(),
            word(AT_ADDRESS)?.into(),
        ])
    }
}

/// What names the RTL: the package's own version.
pub(crate) fn version(core: Core) -> Result<String, EngineError> {
    let package = format!("pythondata_cpu_{}", core.name());
    let folder = package_folder(&package).ok_or_else(|| EngineError::Missing {
        what: package.replace('_', "-"),
        remedy: REMEDY,
    })?;
    let init = fs::read_to_string(folder.join("__init__.py")).map_err(failed)?;
    let describe = init.lines().find_map(|line| {
        let value = line.strip_prefix("data_git_describe = ")?;
        Some(value.trim_matches('"'))
    });
    Ok(format!("{} {}", core.name(), describe.unwrap_or_default()))
}

/// The installed package with a core's RTL.
fn package_folder(package: &str) -> Option<PathBuf> {
    let libraries = fs::read_dir(cache::folder().join("venv/lib")).ok()?;
    let found = libraries.filter_map(io::Result::ok).map(|version| {
        let packages = version.path().join("site-packages");
        packages.join(package)
    });
    found.into_iter().find(|folder| folder.is_dir())
}

/// Numbers of registers.
const RA: u32 = 1;
const SP: u32 = 2;
const GP: u32 = 3;
const T0: u32 = 5;
const T1: u32 = 6;
const T2: u32 = 7;
const A0: u32 = 10;
const T3: u32 = 28;

/// CSRs (privileged specification, 2.2).
const MCOUNTINHIBIT: u32 = 0x320;
const MEPC: u32 = 0x341;
const MCYCLE: u32 = 0xb00;
const MINSTRET: u32 = 0xb02;

/// The code around a call.
fn stub(call: Call, address: u32) -> [Segment; 4] {
    let mut start = Vec::new();
    let arguments = (A0..).zip(call.arguments);
    for (register, value) in arguments.chain([
        (RA, END),
        (SP, RAM + RAM_BYTES),
        (GP, call.global_pointer),
        (T0, RESULTS),
        (T3, call.function & !1),
    ]) {
        start.extend(load_immediate(register, value));
    }
    start.extend([
        csrrw(0, MCOUNTINHIBIT, 0),
        csrrs(T1, MCYCLE),
        csrrs(T2, MINSTRET),
        sw(T1, T0, CYCLES_BEFORE),
        sw(T2, T0, RETIRED_BEFORE),
        jalr(0, T3),
    ]);
    let mut end = vec![csrrs(T1, MCYCLE), csrrs(T2, MINSTRET)];
    end.extend(load_immediate(T0, RESULTS));
    end.extend(load_immediate(T3, address));
    end.extend([
        sw(T1, T0, CYCLES_AFTER),
        sw(T2, T0, RETIRED_AFTER),
        sw(A0, T0, RETURNED),
        lw(T3, T3, 0),
        sw(T3, T0, AT_ADDRESS),
        sw(0, T0, STOP),
    ]);
    let mut fault = Vec::from(load_immediate(T0, RESULTS));
    fault.extend([csrrs(T1, MEPC), sw(T1, T0, FAULTING_PC), sw(0, T0, STOP)]);
    [
        (FAULT, fault),
        (START, start),
        (END, end),
        (EMPTY, vec![jalr(0, RA)]),
    ]
    .map(|(address, code)| Segment {
        address,
        bytes: code.iter().flat_map(|word| word.to_le_bytes()).collect(),
    })
}

/// `lui` and `addi`.
fn load_immediate(register: u32, value: u32) -> [u32; 2] {
    let high = value.wrapping_add(0x800) & 0xffff_f000;
    let low = value.wrapping_sub(high) & 0xfff;
    [
        high | register << 7 | 0x37,
        low << 20 | register << 15 | register << 7 | 0x13,
    ]
}

fn csrrw(to: u32, csr: u32, from: u32) -> u32 {
    csr << 20 | from << 15 | 1 << 12 | to << 7 | 0x73
}

fn csrrs(to: u32, csr: u32) -> u32 {
    csr << 20 | 2 << 12 | to << 7 | 0x73
}

fn sw(value: u32, base: u32, offset: u32) -> u32 {
    offset >> 5 << 25 | value << 20 | base << 15 | 2 << 12 | (offset & 0x1f) << 7 | 0x23
}

fn lw(to: u32, base: u32, offset: u32) -> u32 {
    offset << 20 | base << 15 | 2 << 12 | to << 7 | 0x03
}

fn jalr(to: u32, base: u32) -> u32 {
    base << 15 | to << 7 | 0x67
}

#[cfg(test)]
mod tests {
    use super::{Simulator, csrrs, jalr, load_immediate, lw, sw};
    use crate::engine::EngineError;
    use crate::machine::emulated::{Call, Emulated, FLASH, RAM};
    use crate::machine::{Core, Segment};

    #[test]
    fn stub_instructions_are_what_an_assembler_makes() {
        // lui t0, 0x12346; addi t0, t0, -1
        assert_eq!(load_immediate(5, 0x1234_5fff), [0x1234_62b7, 0xfff2_8293]);
        assert_eq!(csrrs(6, 0xb00), 0xb000_2373);
        assert_eq!(sw(6, 5, 60), 0x0262_ae23);
        assert_eq!(lw(28, 28, 0), 0x000e_2e03);
        assert_eq!(jalr(0, 28), 0x000e_0067);
    }

    /// The RTL and the emulator execute the same number of instructions.
    #[test]
    fn retired_instructions_are_those_of_the_emulator() {
        // loop: addi a0, a0, -1; bnez a0, loop; lw a0, 1(a1); ret
        let code: [u32; 4] = [0xfff5_0513, 0xfe05_1ee3, 0x0015_a503, 0x0000_8067];
        let segments = [
            Segment {
                address: FLASH,
                bytes: code.iter().flat_map(|word| word.to_le_bytes()).collect(),
            },
            Segment {
                address: RAM,
                bytes: vec![9, 1, 2, 3, 4],
            },
        ];
        let call = Call {
            function: FLASH,
            arguments: [5, RAM, 0, 0],
            global_pointer: 0,
        };
        let mut machine = Emulated::new(Core::Rv32, &segments).unwrap();
        let expected = machine.call(call).unwrap();
        for core in [Core::Ibex, Core::Cv32e40p] {
            let simulator = match Simulator::open(core) {
                Err(error @ EngineError::Missing { .. }) => {
                    println!("skipped: {error}");
                    continue;
                }
                opened => opened.unwrap(),
            };
            let (called, word) = simulator.call(&segments, call, RAM).unwrap();
            assert_eq!(called.result, expected.result);
            assert_eq!(called.instructions, expected.instructions);
            assert_eq!(word, 0x0302_0109);
            let cycles = called.cycles.unwrap().count();
            assert!((16..40).contains(&cycles), "{core:?}: {cycles} cycles");
        }
    }
}
