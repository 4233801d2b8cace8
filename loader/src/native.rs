//! The core that the firmware itself runs on, and what a host function sees of its caller.
//!
//! The only unsafe code of the loader. All of it rests on one promise, made where a [`Native`]
//! is created: that image text keeps to the sandbox and to the platform's calling convention.

use core::marker::PhantomData;
use core::mem;
use core::ptr::{self, NonNull};
use core::slice;

use wasm2mcu_abi::context::Context;
use wasm2mcu_abi::image::{Architecture, Features};
use wasm2mcu_abi::trap::TrapCode;
use wasm2mcu_abi::types::ValueType;

use crate::cpu::Core;
use crate::host::HostFunction;
use crate::instance::Instance;
use crate::values::{Value, Values};

/// What the compiler's configuration tells of the processor.
#[cfg(target_arch = "arm")]
mod target {
    use super::{Architecture, Features};

    pub(super) const ARCHITECTURE: Architecture = Architecture::Thumb;

    pub(super) const FEATURES: Features = if cfg!(target_abi = "eabihf") {
        Features(Features::THUMB_FPU.0 | Features::THUMB_HARD_FLOAT_ABI.0)
    } else {
        Features::THUMB_SOFT_FLOAT_ABI
    };
}

/// What the compiler's configuration tells of the processor.
#[cfg(target_arch = "riscv32")]
mod target {
    use super::{Architecture, Features};

    pub(super) const ARCHITECTURE: Architecture = Architecture::RiscV32;

    pub(super) const FEATURES: Features = Features(
        given(cfg!(target_feature = "m"), Features::RISCV_M)
            | given(cfg!(target_feature = "a"), Features::RISCV_A)
            | given(cfg!(target_feature = "c"), Features::RISCV_C)
            | given(cfg!(target_feature = "zba"), Features::RISCV_ZBA)
            | given(cfg!(target_feature = "zbb"), Features::RISCV_ZBB)
            | given(cfg!(target_feature = "zbs"), Features::RISCV_ZBS),
    );

    const fn given(there: bool, feature: Features) -> u32 {
        if there { feature.0 } else { 0 }
    }
}

/// The processor that this code runs on, with the RAM granted to one instance.
#[derive(Debug)]
pub struct Native<'r> {
    /// Other instances may change it while their code runs, so there is no reference to it then.
    ram: NonNull<[u8]>,
    granted: PhantomData<&'r mut [u8]>,
    stack_limit: u32,
    host_stack: u32,
    features: Features,
}

impl<'r> Native<'r> {
    /// What every core has that can run firmware built for this target.
    ///
    /// The compiler's stable configuration does not tell everything. Add to what [`Native::new`] is
    /// given what else the chip has: on Arm the DSP extension, Armv8-M and double precision; on
    /// RISC-V floating point and misaligned access, and always the float ABI that the firmware is
    /// built with.
    pub const TARGET_FEATURES: Features = target::FEATURES;

    /// This processor, with `ram` for context and memory (8-byte aligned) and the stack of whoever
    /// calls, of which module code may use what lies above the address `stack_limit`.
    ///
    /// # Safety
    ///
    /// * The core is handed to [`Instance::new`](crate::Instance::new) and used through the
    ///   instance only; the instance's RAM is changed through its own methods only.
    /// * Every image instantiated on it holds code that keeps to the contract of `IMAGE.md`: it comes
    ///   from a compiler that is trusted. The image's hash does not show that; a signature does.
    /// * The address of every [`HostFunction`] given to the instance is that of a function with the
    ///   signature that stands beside it, as [`HostFunction::new`] makes it.
    /// * From `stack_limit` up to the stack pointer of every caller there is nothing but free stack,
    ///   and below it room for interrupts, and for host functions unless
    ///   [`with_host_stack`](Native::with_host_stack) gives them room above it.
    /// * The processor has these `features`.
    /// * What instances [share](crate::Instance::share) is given to instances of the same processor
    ///   and task, and none of them ends before the last one that it was given to.
    pub const unsafe fn new(ram: &'r mut [u8], stack_limit: u32, features: Features) -> Self {
        Native {
            ram: NonNull::from_mut(ram),
            granted: PhantomData,
            stack_limit,
            host_stack: 0,
            features,
        }
    }

    /// Leaves so much stack to functions of the host: as much as the one takes that takes most, with all
    /// that it calls.
    ///
    /// They are part of the account then: whatever a module does, they find so many bytes above the
    /// stack limit, or its call traps before it gets that deep.
    #[must_use]
    pub const fn with_host_stack(mut self, bytes: u32) -> Self {
        self.host_stack = bytes;
        self
    }
}

impl Core for Native<'_> {
    const ARCHITECTURE: Architecture = target::ARCHITECTURE;

    fn features(&self) -> Features {
        self.features
    }

    fn image_address(&self, image: &[u8]) -> Option<u32> {
        Some(image.as_ptr().expose_provenance() as u32)
    }

    fn ram_address(&self) -> u32 {
        // Instances that share with this one find its RAM by address, whether code has run in it or not.
        self.ram.as_ptr().cast::<u8>().expose_provenance() as u32
    }

    fn ram(&self) -> &[u8] {
        // SAFETY: it was made of a reference that lasts longer than this core, and nobody changes it
        // while no module code runs.
        unsafe { self.ram.as_ref() }
    }

    fn ram_mut(&mut self) -> &mut [u8] {
        // SAFETY: as above; what else reaches it goes through this core.
        unsafe { self.ram.as_mut() }
    }

    fn shared_word(&self, address: u32) -> u32 {
        let word = ptr::with_exposed_provenance::<u32>(address as usize);
        // SAFETY: another instance shared this address of its RAM, and lives.
        unsafe { word.read() }
    }

    fn stack_limit(&self) -> u32 {
        self.stack_limit
    }

    fn host_stack(&self) -> u32 {
        self.host_stack
    }

    #[inline(always)]
    fn enter(&mut self, thunk: u32, context: u32, args: &mut [u32], code: u32, stack: u32) -> u32 {
        type Entry = extern "C" fn(*mut Context, *mut u32, u32, u32) -> u32;
        let thunk = ptr::with_exposed_provenance::<()>(thunk as usize);
        // SAFETY: an instance passes the address of an entry thunk in the text of a checked image,
        // which has this signature by the promise of `Native::new`. It is not null: no code stands
        // at address 0 plus the size of an image's header.
        let entry: Entry = unsafe { mem::transmute::<*const (), Entry>(thunk) };
        // Module code and the host functions it calls reach the RAM through this pointer alone,
        // and `self` stays borrowed until they have returned.
        let ram = self.ram.as_ptr().cast::<u8>();
        let context = ram.with_addr(context as usize).cast();
        entry(context, args.as_mut_ptr(), code, stack)
    }
}

/// Ends the call that an instance runs, from an interrupt handler or another task.
///
/// The module's code looks at a word of its instance often enough that the call traps within a bounded
/// number of instructions, with [`TrapCode::Interrupted`]. It does not while a host function runs: that
/// returns first. A call that is over before it looks is not ended, and then the next one is, unless
/// [`reset`](Instance::reset) or [`clear_trap`](Instance::clear_trap) comes in between.
///
/// Functions of other instances that a call leads to look at the word of theirs.
#[derive(Clone, Copy, Debug)]
pub struct Interrupter {
    /// Address of the instance's interrupt word.
    word: usize,
}

impl Interrupter {
    /// Ends the call that runs, or else the next one.
    pub fn interrupt(self) {
        let word = ptr::with_exposed_provenance_mut::<u32>(self.word);
        // SAFETY: the word is aligned and inside the RAM of an instance that lives, by the promise of
        // `Instance::interrupter`. One store changes it as a whole, and nothing but the module's code
        // reads it.
        unsafe { word.write_volatile(1) }
    }
}

impl Instance<'_, Native<'_>> {
    /// What can interrupt calls of this instance; `None` if its image was not compiled to be
    /// interruptible.
    ///
    /// # Safety
    ///
    /// It is not used when the instance is gone: dropped, or taken apart for its core.
    pub unsafe fn interrupter(&mut self) -> Option<Interrupter> {
        let word = self.interrupt_word()?;
        self.core_mut()
            .ram
            .as_ptr()
            .cast::<u8>()
            .expose_provenance();
        Some(Interrupter {
            word: word as usize,
        })
    }
}

/// The instance that called a host function: its first parameter.
///
/// ```text
/// extern "C" fn led(caller: Caller<'_>, on: u32) { … }
///
/// let host = [HostFunction::new("env", "led", led as extern "C" fn(Caller<'_>, u32))];
/// ```
#[derive(Debug)]
#[repr(transparent)]
pub struct Caller<'c> {
    /// Context of a running instance, with access to all of the instance's RAM. Only image text
    /// makes such a value.
    context: NonNull<Context>,
    instance: PhantomData<&'c mut Context>,
}

impl Caller<'_> {
    fn context(&mut self) -> &mut Context {
        // SAFETY: image text passes the context that `Native::enter` gave it; it is aligned (checked
        // before the instance was placed), initialised, and nothing else touches the instance's RAM
        // while the host function runs, which is as long as this value can be kept.
        unsafe { self.context.as_mut() }
    }

    /// The linear memory that the calling instance uses, its own or another's.
    pub fn memory(&mut self) -> &mut [u8] {
        let Context {
            memory_base,
            memory_size,
            memory_capacity,
            ..
        } = *self.context();
        let (base, size) = if memory_size == Context::ELSEWHERE {
            let owner = ptr::with_exposed_provenance::<Context>(memory_capacity as usize);
            // SAFETY: the instance that shared its memory lives, and has its context there.
            let size = unsafe { (*owner).memory_size };
            let base = ptr::with_exposed_provenance_mut(memory_base as usize);
            (base, size)
        } else {
            let base = self.context.as_ptr().cast::<u8>();
            (base.with_addr(memory_base as usize), memory_size)
        };
        // SAFETY: base and size are those that the loader set and `memory.grow` raised within the
        // capacity, so the bytes lie in the RAM of the instance, or of the one that shared its memory,
        // behind the context, which the pointer may access; the borrow of `self` keeps the context
        // from being used meanwhile.
        unsafe { slice::from_raw_parts_mut(base, size as usize) }
    }

    /// The word set with [`Instance::set_host_data`](crate::Instance::set_host_data).
    pub fn host_data(&mut self) -> u32 {
        self.context().host_data
    }

    /// Makes the call into the module end with this trap as soon as the host function returns;
    /// what it returns is ignored.
    pub fn trap(&mut self, code: TrapCode) {
        self.context().host_trap = code as u32;
    }
}

/// An `extern "C"` function that modules can call: a [`Caller`], then up to six numbers.
pub trait HostFn: Copy {
    /// Types of the parameters behind the caller.
    const PARAMS: &'static [ValueType];
    /// Types of the results: none or one.
    const RESULTS: &'static [ValueType];

    /// The function's address.
    fn address(self) -> u32;
}

macro_rules! host_fn {
    ($($name:ident)*) => {
        host_fn!(() => $($name)*);
        host_fn!(R => $($name)* ; R);
    };
    ($result:ty => $($name:ident)* $(; $generic:ident)?) => {
        impl<$($generic: Value,)? $($name: Value),*> HostFn
            for extern "C" fn(Caller<'_> $(, $name)*) -> $result
        {
            const PARAMS: &'static [ValueType] = &[$($name::TYPE),*];
            const RESULTS: &'static [ValueType] = <$result as Values>::TYPES;

            fn address(self) -> u32 {
                self as usize as u32
            }
        }
    };
}

host_fn!();
host_fn!(A);
host_fn!(A B);
host_fn!(A B C);
host_fn!(A B C D);
host_fn!(A B C D E);
host_fn!(A B C D E F);

impl<'a> HostFunction<'a> {
    /// A function of this firmware, with the signature that its type says.
    pub fn new<F: HostFn>(module: &'a str, name: &'a str, function: F) -> Self {
        HostFunction {
            module,
            name,
            params: F::PARAMS,
            results: F::RESULTS,
            address: function.address(),
        }
    }
}
