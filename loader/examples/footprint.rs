//! What the loader costs in a device's flash: a firmware that uses all that an ordinary one needs
//! and nothing else, to be linked for the target and measured.
//!
//! ```text
//! CARGO_PROFILE_RELEASE_OPT_LEVEL=z CARGO_PROFILE_RELEASE_LTO=fat CARGO_PROFILE_RELEASE_PANIC=abort \
//! CARGO_PROFILE_RELEASE_CODEGEN_UNITS=1 \
//! cargo build --release -p wasm2mcu-loader --example footprint --target thumbv8m.main-none-eabihf
//! size target/thumbv8m.main-none-eabihf/release/examples/footprint
//! ```
//!
//! With rustc 1.95, `.text` and `.rodata` are 8800 bytes, with `--features ed25519` 18430:
//!
//! | bytes | what |
//! |---|---|
//! | 6650 | structural check, instantiation, linking, calls typed and untyped, traps, and this file |
//! | 1060 | SHA-256, its tables included |
//! | 9360 | with `ed25519`: the signature, a set of keys, the security counter |
//! | 1090 | `memcpy` and `memset`, which SHA-256 calls and a firmware has anyway; 1360 with `ed25519` |
//!
//! What the smallest firmware takes, number by number and gated: `cargo run --release -p wasm2mcu-benches --
//! --loader`.
//!
//! `.ARM.exidx` is unwinding data, which a firmware's linker script discards.
#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(not(all(target_os = "none", target_arch = "arm")))]
fn main() {
    eprintln!("build this for a microcontroller and look at its size");
}

#[cfg(all(target_os = "none", target_arch = "arm"))]
mod firmware {
    use core::hint::black_box;
    use core::panic::PanicInfo;
    use core::slice;

    use wasm2mcu_loader::abi::trap::TrapCode;
    use wasm2mcu_loader::{Caller, HostFunction, Image, Instance, Native, Policy};

    #[cfg(feature = "ed25519")]
    const POLICY: Policy<'_> = Policy::signed_by(&[[0x58; 32]]).min_counter(1);
    #[cfg(not(feature = "ed25519"))]
    const POLICY: Policy<'_> = Policy::unsigned();

    extern "C" fn read(mut caller: Caller<'_>, at: u32) -> u32 {
        match caller.memory().get(at as usize) {
            Some(&byte) => u32::from(byte),
            None => {
                caller.trap(TrapCode::Host);
                0
            }
        }
    }

    fn run(image: &[u8], ram: &mut [u8], stack_limit: u32) -> Option<i32> {
        let image = Image::parse(image).ok()?.verify(&POLICY).ok()?;
        // SAFETY: this firmware is linked to be measured and never runs.
        let core = unsafe { Native::new(ram, stack_limit, Native::TARGET_FEATURES) };
        let host = [HostFunction::new(
            "env",
            "read",
            read as extern "C" fn(Caller<'_>, u32) -> u32,
        )];
        let mut instance = Instance::new(image, core, &host).ok()?;
        if let Some(byte) = instance.memory_mut().first_mut() {
            *byte = 1;
        }
        let sum = instance.call::<(i32, i32), i32>("add", (1, 2));
        if sum.is_err() {
            instance.reset().ok()?;
        }
        let mut words = [0; 4];
        instance.call_words("mix", &mut words).ok()?;
        Some(sum.ok()? + instance.global::<i32>("counter").ok()? + words[0] as i32)
    }

    #[unsafe(no_mangle)]
    extern "C" fn _start(
        image: *const u8,
        image_bytes: usize,
        ram: *mut u8,
        ram_bytes: usize,
    ) -> ! {
        // SAFETY: this firmware is linked to be measured and never runs.
        let (image, ram) = unsafe {
            (
                slice::from_raw_parts(image, image_bytes),
                slice::from_raw_parts_mut(ram, ram_bytes),
            )
        };
        black_box(run(image, ram, 0x2000_0000));
        loop {
            core::hint::spin_loop();
        }
    }

    #[panic_handler]
    fn panic(_: &PanicInfo<'_>) -> ! {
        loop {
            core::hint::spin_loop();
        }
    }
}
