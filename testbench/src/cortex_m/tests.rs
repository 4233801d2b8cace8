//! Cores that execute a few instructions by hand.

use std::rc::Rc;
use std::time::Duration;

use wasm2mcu_abi::trap::TrapCode;

use wasm2mcu_abi::types::ValueType::I32;
use wasm2mcu_loader::Core;

use super::CortexM;
use crate::board::Limits;
use crate::emulated::core::{Call, EmulatedCore, GAVE_UP, Shell};
use crate::emulated::machine::{Places, host_address};
use crate::host::{GuestMemory, HostFunction};

/// A core with these halfwords as its image, and 64 bytes of context before one page.
fn core<'a>(
    code: &[u16],
    hosts: Vec<HostFunction<'a>>,
    limit: Option<u64>,
) -> EmulatedCore<'a, CortexM<0>> {
    let image: Vec<u8> = code.iter().flat_map(|half| half.to_le_bytes()).collect();
    let call = Rc::new(Call::new(Limits {
        memory_bytes: 0x1_0000,
        instructions: limit,
        time: Duration::from_secs(60),
        interrupt: None,
    }));
    let places = Places::number(3);
    let shell = Rc::new(Shell::new(hosts.len(), false).expect("a machine"));
    shell.add_hosts(places.ram(), hosts);
    EmulatedCore::new(shell, &image, places, 64 + 0x1_0000, call).expect("a machine")
}

/// Calls the first halfword as if it were an entry thunk.
fn enter(core: &mut EmulatedCore<'_, CortexM<0>>, words: &mut [u32]) -> Result<u32, String> {
    let (thunk, context) = (core.places.image() | 1, core.places.ram());
    match core.enter(thunk, context, words, 0x1234, 0x40) {
        GAVE_UP => Err(core.end().expect_err("a failure").to_string()),
        end => Ok(end),
    }
}

#[test]
fn returns_words_and_counts() {
    // ldrd r2, r3, [r1]; adds r2, r3; str r2, [r1]; movs r0, #0; bx lr
    let mut core = core(
        &[0xe9d1, 0x2300, 0x18d2, 0x600a, 0x2000, 0x4770],
        vec![],
        None,
    );
    let mut words = [40, 2];
    assert_eq!(enter(&mut core, &mut words), Ok(0));
    assert_eq!(words, [42, 2]);
    assert_eq!(core.executed(), 5);
}

/// The host function behind the first import slot of the core's context.
fn with_host<'a>(
    code: &[u16],
    host: impl FnMut(&mut dyn GuestMemory, &[u32]) -> Result<Vec<u32>, TrapCode> + 'a,
) -> EmulatedCore<'a, CortexM<0>> {
    let host = HostFunction::new("env", "f", &[I32, I32], &[I32], host);
    let mut core = core(code, vec![host], None);
    core.ram[32..36].copy_from_slice(&host_address::<CortexM<0>>(0).to_le_bytes());
    let memory = core.places.ram() + 64;
    core.ram[..4].copy_from_slice(&memory.to_le_bytes());
    core.ram[4..8].copy_from_slice(&0x1_0000u32.to_le_bytes());
    core
}

#[test]
fn calls_host_functions() {
    // push {r4, lr}; mov r4, r1; ldr r3, [r0, #32]; ldrd r1, r2, [r4]; blx r3;
    // str r0, [r4]; movs r0, #0; pop {r4, pc}
    let code = [
        0xb510, 0x460c, 0x6a03, 0xe9d4, 0x1200, 0x4798, 0x6020, 0x2000, 0xbd10,
    ];
    let mut core = with_host(&code, |memory, arguments| {
        memory.write(0xfffc, &arguments[0].to_le_bytes())?;
        assert_eq!(memory.bytes(0xfffc, 5), Err(TrapCode::MemoryOutOfBounds));
        Ok(vec![arguments[0] * arguments[1]])
    });
    let mut words = [6, 7];
    assert_eq!(enter(&mut core, &mut words), Ok(0));
    assert_eq!((words, core.executed()), ([42, 7], 8));
    assert_eq!(core.ram[core.ram.len() - 4..], 6u32.to_le_bytes());
}

#[test]
fn host_functions_trap() {
    // push {r4, lr}; mov r4, r0; ldr r3, [r0, #32]; blx r3; ldr r0, [r4, #24]; pop {r4, pc}
    let code = [0xb510, 0x4604, 0x6a03, 0x4798, 0x69a0, 0xbd10];
    let mut core = with_host(&code, |_, _| Err(TrapCode::Unreachable));
    assert_eq!(enter(&mut core, &mut []), Ok(TrapCode::Unreachable as u32));
}

#[test]
fn floats_work() {
    // vmov.f32 s0, #1.0; vadd.f32 s0, s0, s0; vmov r2, s0; str r2, [r1]; movs r0, #0; bx lr
    let code = [
        0xeeb7, 0x0a00, 0xee30, 0x0a00, 0xee10, 0x2a10, 0x600a, 0x2000, 0x4770,
    ];
    let mut words = [0];
    assert_eq!(enter(&mut core(&code, vec![], None), &mut words), Ok(0));
    assert_eq!(f32::from_bits(words[0]), 2.0);
}

#[test]
fn faults_say_what_and_where() {
    let start = Places::number(3).image();
    let cases: [(&[u16], &str, Option<u32>); 8] = [
        // nop; udf #0
        (&[0xbf00, 0xde00], "UNDEFINSTR", Some(start + 2)),
        // mvn r3, #0xff; ldr r0, [r3]
        (&[0xf06f, 0x03ff, 0x6818], "PRECISERR", Some(start + 4)),
        // mov r3, pc; str r0, [r3]: flash is not writable
        (&[0x467b, 0x6018], "PRECISERR", Some(start + 2)),
        // add r0, r0, #65; bx r0: RAM is not executable
        (
            &[0xf100, 0x0041, 0x4700],
            "IBUSERR",
            Some(Places::number(3).ram() + 64),
        ),
        // bx r0, Thumb bit not set
        (&[0x4700], "INVSTATE", None),
        // bkpt #0: the frame holds the next address
        (&[0xbe00], "breakpoint", Some(start + 2)),
        // push {r0-r7}; b .-2
        (&[0xb4ff, 0xe7fd], "below its limit", None),
        // mov sp, r2; udf #0: no place for an exception frame
        (&[0x4695, 0xde00], "STKERR", None),
    ];
    for (code, cause, pc) in cases {
        let mut core = core(code, vec![], None);
        // The second time: a fault leaves nothing behind.
        for _ in 0..2 {
            let error = enter(&mut core, &mut []).expect_err("a fault");
            assert!(
                error.starts_with("fault: ") && error.contains(cause),
                "{error}"
            );
            if let Some(pc) = pc {
                assert!(error.contains(&format!("at pc {pc:#010x}")), "{error}");
            }
        }
    }
}

#[test]
fn limits_stop_it() {
    // movs r0, #0; bx lr: two instructions are two instructions
    let code = [0x2000, 0x4770];
    assert_eq!(enter(&mut core(&code, vec![], Some(2)), &mut []), Ok(0));
    let error = enter(&mut core(&code, vec![], Some(1)), &mut []).expect_err("too many");
    assert!(error.starts_with("stopped after 1 instructions"), "{error}");
    // b .
    let error = enter(&mut core(&[0xe7fe], vec![], Some(1_000_000)), &mut []);
    let error = error.expect_err("endless");
    assert!(
        error.starts_with("stopped after 1000000 instructions"),
        "{error}"
    );
    // wfi; bx lr
    let error = enter(&mut core(&[0xbf30, 0x4770], vec![], None), &mut []);
    assert!(error.expect_err("asleep").contains("WFI"));
}
