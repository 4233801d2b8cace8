//! The firmware with the loader.

use core::mem::size_of;

use wasm2mcu_loader::{Caller, Function, HostFunction, Instance, Native, Verified};

use crate::machine::{Place, native, verified};

static INSTANCE: Place<Instance<'static, Native<'static>>> = Place::new();
static ADD: Place<Function<'static, (i32, i32), i32>> = Place::new();

/// What an instance has outside of its context.
#[unsafe(no_mangle)]
static INSTANCE_BYTES: u32 = size_of::<Instance<'static, Native<'static>>>() as u32;

/// Loads the image at an address and makes an instance of it.
#[unsafe(no_mangle)]
extern "C" fn load(image: *const u8, bytes: usize) -> u32 {
    let Some((_, verified)) = verified(image, bytes) else {
        return 1;
    };
    instantiate(verified).map_or(2, |()| 0)
}

/// A host function of one instruction.
mod host {
    use core::arch::naked_asm;

    use super::Caller;

    // SAFETY: it touches nothing and returns.
    #[unsafe(naked)]
    pub(super) extern "C" fn nothing(_: Caller<'_>) {
        #[cfg(target_arch = "arm")]
        naked_asm!("bx lr");
        #[cfg(target_arch = "riscv32")]
        naked_asm!("ret");
    }
}

fn instantiate(image: Verified<'static>) -> Result<(), ()> {
    let host = [HostFunction::new(
        "host",
        "nothing",
        host::nothing as extern "C" fn(Caller<'_>),
    )];
    let instance = Instance::new(image, native(), &host).map_err(|_| ())?;
    INSTANCE.put(instance);
    Ok(())
}

#[unsafe(no_mangle)]
extern "C" fn prepare() -> u32 {
    // SAFETY: the benches called `load` before.
    let Ok(add) = unsafe { &*INSTANCE.get() }.function("add") else {
        return 1;
    };
    ADD.put(add);
    0
}

#[unsafe(no_mangle)]
extern "C" fn once(a: i32, b: i32) -> i32 {
    // SAFETY: the benches called `load` and `prepare` before.
    let (instance, add) = unsafe { (&mut *INSTANCE.get(), &*ADD.get()) };
    instance.invoke(add, (a, b)).unwrap_or(-1)
}

/// Calls one after the other: one more takes what a call takes where the caller has its registers
/// saved. Instance and handle are wherever the caller was told, not at addresses in the code.
#[cfg(feature = "calls")]
mod calls {
    use core::hint::black_box;

    use super::{ADD, INSTANCE};

    #[unsafe(no_mangle)]
    extern "C" fn twice(a: i32, b: i32) -> i32 {
        // SAFETY: the benches called `load` and `prepare` before.
        let (instance, add) = unsafe { (&mut *black_box(INSTANCE.get()), &*black_box(ADD.get())) };
        let sum = instance.invoke(add, (a, b));
        let sum = sum.and_then(|sum| instance.invoke(add, (sum, b)));
        sum.unwrap_or(-1)
    }

    #[unsafe(no_mangle)]
    extern "C" fn thrice(a: i32, b: i32) -> i32 {
        // SAFETY: the benches called `load` and `prepare` before.
        let (instance, add) = unsafe { (&mut *black_box(INSTANCE.get()), &*black_box(ADD.get())) };
        let sum = instance.invoke(add, (a, b));
        let sum = sum.and_then(|sum| instance.invoke(add, (sum, b)));
        let sum = sum.and_then(|sum| instance.invoke(add, (sum, b)));
        sum.unwrap_or(-1)
    }
}
