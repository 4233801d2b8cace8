//! Instances: premises, placing and filling, calls, traps, reset.

use wasm2mcu::image::{Data, Element, Parts, write};
use wasm2mcu_loader::abi::context::Context;
use wasm2mcu_loader::abi::image::{Architecture, Features};
use wasm2mcu_loader::abi::trap::TrapCode;
use wasm2mcu_loader::abi::types::ValueType::{FuncRef, I32};
use wasm2mcu_loader::{
    CallError, Core, HostFunction, Image, ImportFault, Instance, InstantiateError, Name, Policy,
    Trap, Verified,
};

use crate::fake_core::{FakeCore, RAM_ADDRESS, STACK_LIMIT, TEXT_ADDRESS};
use crate::sample::{self, BEHAVIOURS, HOST, PAGE, thumb};

const NEEDED: usize = (sample::CONTEXT_BYTES + PAGE) as usize;

fn core(ram_bytes: usize) -> FakeCore {
    FakeCore {
        text_bytes: sample::TEXT_BYTES,
        ..FakeCore::new(ram_bytes, &BEHAVIOURS)
    }
}

fn verified(bytes: &[u8]) -> Verified<'_> {
    Image::parse(bytes)
        .unwrap()
        .verify(&Policy::unsigned())
        .unwrap()
}

/// The error of instantiating these parts on this core.
fn refused(parts: &Parts, core: &mut FakeCore, host: &[HostFunction<'_>]) -> String {
    let bytes = write(parts).unwrap();
    match Instance::new(verified(&bytes), core, host) {
        Ok(_) => "instantiated".into(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn context_and_memory_are_placed_and_filled() {
    let bytes = write(&sample::parts()).unwrap();
    let instance = Instance::new(verified(&bytes), core(NEEDED + 100_000), &HOST).unwrap();
    let word = |offset| instance.core().word(offset);

    assert_eq!(
        word(Context::MEMORY_BASE),
        RAM_ADDRESS + sample::CONTEXT_BYTES
    );
    assert_eq!(word(Context::MEMORY_SIZE), PAGE);
    assert_eq!(word(Context::MEMORY_CAPACITY), 2 * PAGE, "whole pages");
    assert_eq!(word(Context::STACK_LIMIT), STACK_LIMIT);
    assert_eq!(word(Context::ENTRY_SP), 0);
    assert_eq!(word(Context::HOST_DATA), 0);
    assert_eq!(word(Context::import_slot(0)), 0x0800_0201);
    assert_eq!(word(Context::import_slot(1)), 0x0800_0101);

    assert_eq!(instance.core().entered, 1, "the start function ran");
    assert_eq!(instance.global::<i32>("counter"), Ok(8));
    assert_eq!(instance.global::<i64>("big"), Ok(0x0123_4567_89ab_cdef));
    let handler = TEXT_ADDRESS + thumb(sample::MIX);
    assert_eq!(
        instance.global_words("handler"),
        Ok((FuncRef, [handler, 0]))
    );
    assert_eq!(word(sample::TABLE_0 - 4), 0, "the gap");
    let table: Vec<u32> = (0..6).map(|i| word(sample::TABLE_0 + 4 * i)).collect();
    let address = |offset| TEXT_ADDRESS + thumb(offset);
    assert_eq!(
        table,
        [0, address(sample::ADD), 0, address(sample::DIVIDE), 0, 0]
    );
    assert_eq!(word(sample::TABLE_1), address(sample::INIT));
    assert_eq!(word(sample::TABLE_1 + 4), 0);

    let memory = instance.memory();
    assert_eq!(memory.len(), PAGE as usize);
    assert_eq!(memory[16..21], *b"hello");
    assert_eq!(memory[PAGE as usize - 3..], *b"end");
    assert_eq!(memory.iter().filter(|&&byte| byte != 0).count(), 8);
    let beyond = &instance.core().ram[NEEDED..];
    assert!(beyond.iter().all(|&byte| byte == 0xa5), "left alone");
}

#[test]
fn the_capacity_keeps_to_maximum_and_premise() {
    let capacity = |parts: &Parts, ram_bytes| {
        let bytes = write(parts).unwrap();
        let instance = Instance::new(verified(&bytes), core(ram_bytes), &HOST).unwrap();
        instance.core().word(Context::MEMORY_CAPACITY)
    };
    let mut parts = sample::parts();
    assert_eq!(capacity(&parts, NEEDED), PAGE);
    assert_eq!(capacity(&parts, NEEDED + 10 * PAGE as usize), 4 * PAGE);
    parts.memory.as_mut().unwrap().fixed = true;
    assert_eq!(capacity(&parts, NEEDED + 10 * PAGE as usize), PAGE);
}

#[test]
fn typed_calls_convert_and_check() {
    let bytes = write(&sample::parts()).unwrap();
    let mut instance = Instance::new(verified(&bytes), core(NEEDED), &HOST).unwrap();
    assert_eq!(instance.call("add", (2, 3)), Ok(5));
    assert_eq!(instance.call("add", (2u32, u32::MAX)), Ok(1));
    let mixed = instance.call::<_, (f64, u64)>("mix", (1, -2i64, 0.5f32, 2.25f64));
    assert_eq!(mixed, Ok((2.25, 1 << 32)));

    let wrong = instance.call::<i32, i32>("add", 1);
    assert_eq!(wrong, Err(CallError::Signature));
    let wrong = instance.call::<(i32, i32), ()>("add", (1, 2));
    assert_eq!(wrong, Err(CallError::Signature));
    let missing = instance.call::<(), ()>("ad", ());
    assert_eq!(missing, Err(CallError::NoExport));
    assert_eq!(instance.call::<(), ()>("memory", ()), Err(CallError::Kind));
    assert_eq!(instance.global::<i32>("add"), Err(CallError::Kind));
    assert_eq!(instance.global::<i32>("big"), Err(CallError::Signature));
}

#[test]
fn a_function_is_found_once_and_belongs_to_its_image() {
    let bytes = write(&sample::parts()).unwrap();
    let mut instance = Instance::new(verified(&bytes), core(NEEDED), &HOST).unwrap();
    let add = instance.function::<(i32, i32), i32>("add").unwrap();
    let mix = instance.function::<(i32, i64, f32, f64), (f64, u64)>("mix");
    let mix = mix.unwrap();
    assert_eq!(instance.invoke(&add, (20, 22)), Ok(42));
    assert_eq!(instance.invoke(&add, (40, 2)), Ok(42));
    let mixed = instance.invoke(&mix, (1, -2, 0.5, 2.25));
    assert_eq!(mixed, Ok((2.25, 1 << 32)));
    let wrong = instance.function::<i32, i32>("add").unwrap_err();
    assert_eq!(wrong, CallError::Signature);

    let mut elsewhere = core(NEEDED);
    elsewhere.image_address += 4;
    let mut other = Instance::new(verified(&bytes), elsewhere, &HOST).unwrap();
    assert_eq!(other.invoke(&add, (1, 2)), Err(CallError::OtherImage));

    let divide = instance.function::<(i32, i32), i32>("divide").unwrap();
    instance.invoke(&divide, (1, 0)).unwrap_err();
    assert_eq!(instance.invoke(&add, (1, 2)), Err(CallError::Trapped));
    instance.reset().unwrap();
    assert_eq!(instance.invoke(&add, (1, 2)), Ok(3));
}

#[test]
fn what_the_host_takes_of_the_stack_is_left_to_it() {
    let limit = |parts: &Parts, host: &[HostFunction<'_>]| {
        let bytes = write(parts).unwrap();
        let mut core = core(NEEDED);
        core.host_stack = 256;
        let instance = Instance::new(verified(&bytes), core, host).unwrap();
        instance.core().word(Context::STACK_LIMIT)
    };
    assert_eq!(limit(&sample::parts(), &HOST), STACK_LIMIT + 256);
    // Without imports nothing of the host is called.
    let mut parts = sample::parts();
    parts.imports.clear();
    assert_eq!(limit(&parts, &[]), STACK_LIMIT);
}

#[test]
fn untyped_calls_need_room() {
    let bytes = write(&sample::parts()).unwrap();
    let mut instance = Instance::new(verified(&bytes), core(NEEDED), &HOST).unwrap();
    let mut words = [20, 22];
    instance.call_words("add", &mut words).unwrap();
    assert_eq!(words[0], 42);
    let error = instance.call_words("mix", &mut words).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the call needs 6 words of arguments, 2 given"
    );
}

#[test]
fn a_function_for_words_belongs_to_its_image() {
    let bytes = write(&sample::parts()).unwrap();
    let mut instance = Instance::new(verified(&bytes), core(NEEDED), &HOST).unwrap();
    let add = instance.words_function("add").unwrap();
    let missing = instance.words_function("ad").unwrap_err();
    assert_eq!(missing, CallError::NoExport);
    let memory = instance.words_function("memory").unwrap_err();
    assert_eq!(memory, CallError::Kind);
    let mut words = [20, 22];
    instance.invoke_words(&add, &mut words).unwrap();
    assert_eq!(words[0], 42);
    let (needed, given) = (2, 1);
    let short = instance.invoke_words(&add, &mut words[..given]);
    assert_eq!(short, Err(CallError::Words { needed, given }));

    let mut elsewhere = core(NEEDED);
    elsewhere.image_address += 4;
    let mut other = Instance::new(verified(&bytes), elsewhere, &HOST).unwrap();
    let refused = other.invoke_words(&add, &mut words);
    assert_eq!(refused, Err(CallError::OtherImage));

    let divide = instance.words_function("divide").unwrap();
    instance.invoke_words(&divide, &mut [1, 0]).unwrap_err();
    let trapped = instance.invoke_words(&add, &mut words);
    assert_eq!(trapped, Err(CallError::Trapped));
}

#[test]
fn a_trap_names_code_and_function_and_ends_calls_until_reset() {
    let bytes = write(&sample::parts()).unwrap();
    let mut instance = Instance::new(verified(&bytes), core(NEEDED), &HOST).unwrap();
    instance.set_host_data(0x1234);
    let trap = Trap {
        code: TrapCode::IntegerDivideByZero,
        function: Some(3),
        text_offset: sample::INIT,
    };
    let divided = instance.call::<(i32, i32), i32>("divide", (1, 0));
    assert_eq!(divided, Err(CallError::Trap(trap)));
    assert_eq!(
        trap.to_string(),
        "integer divide by zero in function 3 (text offset 0x60)"
    );
    let record = instance.trap_record(&trap).to_string();
    let digest = &bytes[instance.image().bytes().len() - 32..][..4];
    let [a, b, c, d] = digest.try_into().unwrap();
    assert_eq!(
        record,
        format!("w2m-trap:7:60:{a:02x}{b:02x}{c:02x}{d:02x}")
    );
    assert!(instance.is_trapped());
    let refused = instance.call::<(i32, i32), i32>("divide", (4, 2));
    assert_eq!(refused, Err(CallError::Trapped));
    assert_eq!(instance.memory()[0], 99, "memory stays to be looked at");

    instance.memory_mut()[20] = b'!';
    instance.reset().unwrap();
    assert_eq!(instance.memory()[0], 0);
    assert_eq!(instance.memory()[16..21], *b"hello");
    assert_eq!(instance.global::<i32>("counter"), Ok(8));
    assert_eq!(instance.core().word(Context::HOST_DATA), 0x1234);
    assert_eq!(instance.core().word(Context::import_slot(0)), 0x0800_0201);
    assert_eq!(instance.call("divide", (4, 2)), Ok(2));
}

#[test]
fn a_cleared_trap_leaves_the_state() {
    let bytes = write(&sample::parts()).unwrap();
    let mut instance = Instance::new(verified(&bytes), core(NEEDED), &HOST).unwrap();
    instance
        .call::<(i32, i32), i32>("divide", (1, 0))
        .unwrap_err();
    instance.clear_trap();
    assert_eq!(instance.call("divide", (4, 2)), Ok(2));
    assert_eq!(instance.memory()[0], 99);
}

#[test]
fn an_exhausted_stack_is_a_trap_without_a_site() {
    let bytes = write(&sample::parts()).unwrap();
    let mut instance = Instance::new(verified(&bytes), core(NEEDED), &HOST).unwrap();
    // A site of an earlier trap must not be taken for this one's.
    instance
        .call::<(i32, i32), i32>("divide", (1, 0))
        .unwrap_err();
    instance.reset().unwrap();
    let deep = instance.call::<(i32, i32), i32>("deep", (1, 2));
    let trap = Trap {
        code: TrapCode::StackExhausted,
        function: None,
        text_offset: 0,
    };
    assert_eq!(deep, Err(CallError::Trap(trap)));
}

#[test]
fn calls_do_not_nest() {
    let bytes = write(&sample::parts()).unwrap();
    let mut instance = Instance::new(verified(&bytes), core(NEEDED), &HOST).unwrap();
    instance.core_mut().set_word(Context::ENTRY_SP, 0x2000_0080);
    let nested = instance.call::<(i32, i32), i32>("add", (1, 2));
    assert_eq!(nested, Err(CallError::Running));
    instance.core_mut().set_word(Context::ENTRY_SP, 0);
    assert_eq!(instance.call("add", (1, 2)), Ok(3));
}

#[test]
fn a_core_may_give_up_by_itself() {
    let bytes = write(&sample::parts()).unwrap();
    let mut core = core(NEEDED);
    core.functions[0].1 = |core, _| {
        core.set_word(Context::ENTRY_SP, 1);
        0x1_0000
    };
    let mut instance = Instance::new(verified(&bytes), &mut core, &HOST).unwrap();
    let gave_up = instance.call::<(i32, i32), i32>("add", (1, 2));
    assert_eq!(gave_up, Err(CallError::Core(0x1_0000)));
    assert!(instance.is_trapped());
    instance.reset().unwrap();
    assert_eq!(instance.call("divide", (4, 2)), Ok(2));
}

#[test]
fn segments_out_of_bounds_trap_in_order() {
    let mut parts = sample::parts();
    let mut ram = core(NEEDED);
    parts.data.push(Data {
        offset: PAGE - 4,
        bytes: b"12345".to_vec(),
    });
    assert_eq!(
        refused(&parts, &mut ram, &HOST),
        "instantiation: trap: out of bounds memory access"
    );
    let memory = &ram.ram()[sample::CONTEXT_BYTES as usize..];
    assert_eq!(memory[16..21], *b"hello", "what came before stands");
    assert_eq!(memory[PAGE as usize - 4..][..4], *b"\0end");
    assert_eq!(ram.entered, 0, "the start function did not run");

    parts.elements.push(Element {
        table: 0,
        start: 4,
        codes: vec![thumb(sample::ADD)],
    });
    assert_eq!(
        refused(&parts, &mut ram, &HOST),
        "instantiation: trap: out of bounds table access",
        "elements come before data, and room behind the table's size is none"
    );
    assert_eq!(ram.word(sample::TABLE_0 + 4 * 4), 0);

    parts.elements[2].start = u32::MAX;
    assert_eq!(
        refused(&parts, &mut ram, &HOST),
        "instantiation: trap: out of bounds table access"
    );
    parts.elements[2].start = 4;
    parts.elements[2].codes.clear();
    parts.data.truncate(2);
    assert_eq!(
        refused(&parts, &mut ram, &HOST),
        "instantiated",
        "an empty segment at the very end is in bounds"
    );
}

#[test]
fn a_start_function_that_traps_leaves_no_instance() {
    let mut failing = core(NEEDED);
    failing.functions[2].1 = |core, _| core.trap(TrapCode::Unreachable, sample::INIT + 4);
    let bytes = write(&sample::parts()).unwrap();
    let error = Instance::new(verified(&bytes), &mut failing, &HOST).err();
    let Some(InstantiateError::Start(CallError::Trap(trap))) = error else {
        panic!("{error:?}")
    };
    assert_eq!((trap.code, trap.function), (TrapCode::Unreachable, Some(4)));
}

#[test]
fn premises_are_refused_with_both_figures() {
    let parts = sample::parts();
    let check = |change: fn(&mut Parts, &mut FakeCore), expected: &str| {
        let (mut parts, mut core) = (parts.clone(), core(NEEDED));
        change(&mut parts, &mut core);
        assert_eq!(refused(&parts, &mut core, &HOST), expected);
        assert!(core.ram.iter().all(|&byte| byte == 0xa5), "{expected}");
    };
    check(
        |parts, _| {
            *parts = Parts {
                context_bytes: 32,
                globals_offset: 32,
                ..Parts::new(Architecture::RiscV32)
            };
        },
        "the image is for RV32, this core executes Thumb",
    );
    check(
        |parts, core| {
            parts.features |= Features::THUMB_V8M | Features(1 << 30);
            core.features = Features::THUMB_FPU;
        },
        "the image requires what this core lacks: DSP, Armv8-M, bit 30",
    );
    check(
        |parts, _| parts.guard_zone = 4096,
        "the image relies on a guard zone of 4096 bytes behind its memory, there are 0",
    );
    check(
        |_, core| core.image_address = 0,
        "the core does not see the image",
    );
    check(
        |_, core| core.image_address += 2,
        "the image stands at 0x08004002, not a multiple of 4",
    );
    check(
        |_, core| core.ram_address += 4,
        "the RAM at 0x20000104 is not aligned to 8 bytes or reaches beyond 32 bits",
    );
    check(
        |_, core| core.ram_address = 0xffff_ff00,
        "the RAM at 0xffffff00 is not aligned to 8 bytes or reaches beyond 32 bits",
    );
    check(
        |_, core| core.ram.truncate(NEEDED - 1),
        "the instance needs 65632 bytes of RAM, 65631 given",
    );
}

#[test]
fn imports_match_by_both_names_and_signature() {
    let parts = sample::parts();
    assert_eq!(
        refused(&parts, &mut core(NEEDED), &HOST[..2]),
        "import env.log is not offered by the host"
    );
    let mut host = HOST;
    host[1].params = &[I32];
    assert_eq!(
        refused(&parts, &mut core(NEEDED), &host),
        "import env.sum has another signature at the host"
    );
    host[1].params = &[I32, I32];
    host[1].results = &[];
    let bytes = write(&parts).unwrap();
    let error = Instance::new(verified(&bytes), core(NEEDED), &host).err();
    let expected = InstantiateError::Import {
        module: Name(b"env"),
        name: Name(b"sum"),
        fault: ImportFault::Signature,
    };
    assert_eq!(error, Some(expected));
}
