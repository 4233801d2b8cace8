//! `w2m_instance`: a module at work, in memory that the caller has.

use core::ffi::{CStr, c_char, c_void};
use core::mem::MaybeUninit;
use core::ptr;
use core::slice;

use wasm2mcu_loader::abi::image::Features;
use wasm2mcu_loader::{HostFunctions, Instance, Item, Native};

use crate::code::{Code, Detail, Failure, TrapRecord};
use crate::hosts::{HostFunction, Hosts};
use crate::image::ImageHandle;
use crate::signature::value_type;

/// What `W2M_INSTANCE_BYTES` is in the header: with room for what the loader may need later.
pub(crate) const INSTANCE_BYTES: usize = 96;
/// "W2MI": the struct holds an instance that nobody uses now.
const LIVE: u32 = 0x494d_3257;
/// "W2MR": the same while one of these functions works on it.
const RUNNING: u32 = 0x524d_3257;

/// A module on the processor that this code runs on.
pub(crate) type Module = Instance<'static, Native<'static>>;

/// What a `w2m_instance` holds.
#[repr(C)]
pub(crate) struct InstanceHandle {
    mark: u32,
    trap: TrapRecord,
    module: MaybeUninit<Module>,
}

const _: () =
    assert!(size_of::<InstanceHandle>() <= INSTANCE_BYTES && align_of::<InstanceHandle>() <= 8);

impl InstanceHandle {
    /// Does something with the instance, unless there is none or it is in use further up the stack. A trap
    /// is noted.
    ///
    /// # Safety
    ///
    /// `handle` is null or a `w2m_instance` that no other task uses. What its instance was made of is there.
    pub(crate) unsafe fn with<T>(
        handle: *mut InstanceHandle,
        work: impl FnOnce(&mut Module) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        if handle.is_null() || !handle.is_aligned() {
            return Err(Code::Argument.into());
        }
        // SAFETY: there is a `w2m_instance`. A host function further up the stack may come here while
        // `work` runs: it finds the mark and touches nothing else, so the reference is the only one.
        unsafe {
            let mark = &raw mut (*handle).mark;
            match mark.read_volatile() {
                LIVE => {}
                RUNNING => return Err(Code::Running.into()),
                _ => return Err(Code::NotLive.into()),
            }
            mark.write_volatile(RUNNING);
            let module = (*handle).module.assume_init_mut();
            let mut done = work(module);
            if let Err(failure) = &mut done
                && let Some(trap) = failure.note_trap(module.image())
            {
                (&raw mut (*handle).trap).write(trap);
            }
            mark.write_volatile(LIVE);
            done
        }
    }

    /// The same for what returns nothing but a code.
    ///
    /// # Safety
    ///
    /// As for [`InstanceHandle::with`].
    pub(crate) unsafe fn work(
        handle: *mut InstanceHandle,
        work: impl FnOnce(&mut Module) -> Result<(), Failure>,
    ) -> Code {
        // SAFETY: the caller's promise; there is no detail.
        unsafe {
            match InstanceHandle::with(handle, work) {
                Ok(()) => Code::Ok,
                Err(failure) => failure.report(ptr::null_mut()),
            }
        }
    }
}

/// `w2m_grant`: what the host gives to an instance.
#[repr(C)]
pub(crate) struct Grant {
    pub(crate) ram: *mut u8,
    pub(crate) ram_bytes: usize,
    pub(crate) stack_limit: *const c_void,
    pub(crate) features: u32,
    pub(crate) host_stack: u32,
}

#[unsafe(no_mangle)]
unsafe extern "C" fn w2m_instantiate(
    instance: *mut InstanceHandle,
    image: *const ImageHandle,
    grant: *const Grant,
    hosts: *const HostFunction,
    host_count: usize,
    detail: *mut Detail,
) -> Code {
    if instance.is_null() || !instance.is_aligned() {
        return Code::Argument;
    }
    // SAFETY: the header asks for all of this: the struct is the caller's to give, whatever it holds; image,
    // grant and table are what they should be; the detail may be null.
    unsafe {
        vacate(instance);
        let made = Hosts::new(hosts, host_count)
            .map_err(Failure::from)
            .and_then(|hosts| instantiate(image, grant, &hosts));
        place(instance, made, detail)
    }
}

/// Marks a struct as one without an instance, whatever it holds.
///
/// # Safety
///
/// `instance` is a `w2m_instance`.
pub(crate) unsafe fn vacate(instance: *mut InstanceHandle) {
    // SAFETY: the caller's promise.
    unsafe { (&raw mut (*instance).mark).write_volatile(0) }
}

/// Puts what was made into the struct for it.
///
/// # Safety
///
/// `instance` is a `w2m_instance` without an instance in it.
pub(crate) unsafe fn place(
    instance: *mut InstanceHandle,
    made: Result<Module, Failure>,
    detail: *mut Detail,
) -> Code {
    // SAFETY: the caller's promise; the detail may be null.
    unsafe {
        match made {
            Ok(module) => {
                (&raw mut (*instance).module).write(MaybeUninit::new(module));
                (&raw mut (*instance).trap).write(TrapRecord::NONE);
                (&raw mut (*instance).mark).write_volatile(LIVE);
                Code::Ok
            }
            Err(failure) => failure.report(detail),
        }
    }
}

/// # Safety
///
/// As the header has it for `w2m_instantiate`.
pub(crate) unsafe fn instantiate(
    image: *const ImageHandle,
    grant: *const Grant,
    hosts: &impl HostFunctions,
) -> Result<Module, Failure> {
    // SAFETY: the caller's promise for each.
    let (image, grant) = unsafe {
        (
            ImageHandle::get(image)?,
            grant.as_ref().ok_or(Code::Argument)?,
        )
    };
    if grant.ram.is_null() || grant.ram_bytes > isize::MAX as usize {
        return Err(Code::Argument.into());
    }
    let features = Features(Native::TARGET_FEATURES.0 | grant.features);
    // SAFETY: the RAM is the caller's to give, and only the instance uses it from here on. What else
    // `Native::new` asks for, the header asks of the caller.
    let core = unsafe {
        let ram = slice::from_raw_parts_mut(grant.ram, grant.ram_bytes);
        Native::new(ram, grant.stack_limit.addr() as u32, features)
    };
    let core = core.with_host_stack(grant.host_stack);
    Instance::offered(image, core, hosts, &[]).map_err(|error| {
        let mut failure = Failure::from(error);
        failure.note_trap(&image);
        failure
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn w2m_reset(instance: *mut InstanceHandle) -> Code {
    // SAFETY: the header asks for a `w2m_instance` that this task alone uses.
    unsafe { InstanceHandle::work(instance, |module| Ok(module.reset()?)) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn w2m_interrupt_word(instance: *mut InstanceHandle) -> *mut u32 {
    // SAFETY: the header asks for a `w2m_instance` that this task alone uses.
    let word = unsafe { InstanceHandle::with(instance, |module| Ok(module.interrupt_word())) };
    let address = word.ok().flatten();
    address.map_or(ptr::null_mut(), |address| {
        ptr::with_exposed_provenance_mut(address as usize)
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn w2m_drop(instance: *mut InstanceHandle) -> Code {
    // SAFETY: as above. The module owns nothing that would have to be given back.
    unsafe {
        let code = InstanceHandle::work(instance, |_| Ok(()));
        if code == Code::Ok {
            (&raw mut (*instance).mark).write_volatile(0);
        }
        code
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn w2m_last_trap(instance: *mut InstanceHandle, trap: *mut TrapRecord) -> Code {
    if trap.is_null() {
        return Code::Argument;
    }
    // SAFETY: the header asks for both.
    unsafe {
        let code = InstanceHandle::work(instance, |_| Ok(()));
        if code == Code::Ok {
            trap.write((&raw const (*instance).trap).read());
        }
        code
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn w2m_memory(instance: *mut InstanceHandle, length: *mut usize) -> *mut u8 {
    // SAFETY: the header asks for a `w2m_instance` that this task alone uses.
    let memory = unsafe {
        InstanceHandle::with(instance, |module| {
            let memory = module.memory_mut();
            Ok((memory.as_mut_ptr(), memory.len()))
        })
    };
    let (start, bytes) = memory.unwrap_or((ptr::null_mut(), 0));
    if !length.is_null() {
        // SAFETY: the header asks for a size there.
        unsafe { length.write(bytes) };
    }
    start
}

#[unsafe(no_mangle)]
unsafe extern "C" fn w2m_range(
    instance: *mut InstanceHandle,
    address: u32,
    length: u32,
) -> *mut c_void {
    // SAFETY: the header asks for a `w2m_instance` that this task alone uses.
    let found = unsafe {
        InstanceHandle::with(instance, |module| {
            Ok(range(module.memory_mut(), address, length))
        })
    };
    found.unwrap_or(ptr::null_mut())
}

/// The bytes of a memory from an address on; null if they are not all inside.
pub(crate) fn range(memory: &mut [u8], address: u32, length: u32) -> *mut c_void {
    let behind = memory.get_mut(address as usize..);
    let bytes = behind.and_then(|behind| behind.get_mut(..length as usize));
    bytes.map_or(ptr::null_mut(), |bytes| bytes.as_mut_ptr().cast())
}

#[unsafe(no_mangle)]
unsafe extern "C" fn w2m_set_host_data(instance: *mut InstanceHandle, data: *mut c_void) -> Code {
    // SAFETY: the header asks for a `w2m_instance` that this task alone uses.
    unsafe {
        InstanceHandle::work(instance, |module| {
            module.set_host_data(data.expose_provenance() as u32);
            Ok(())
        })
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn w2m_global(
    instance: *mut InstanceHandle,
    name: *const c_char,
    letter: c_char,
    words: *mut u32,
) -> Code {
    let Some(ty) = value_type(letter) else {
        return Code::Argument;
    };
    if name.is_null() || words.is_null() {
        return Code::Argument;
    }
    // SAFETY: the header asks for a text, for room for two words, and for a `w2m_instance` that this task
    // alone uses.
    unsafe {
        let name = CStr::from_ptr(name).to_bytes();
        InstanceHandle::work(instance, |module| {
            let export = module.image().exports().find(|e| e.name.0 == name);
            let export = export.ok_or(Code::NoExport)?;
            let Item::Global(global) = export.item else {
                return Err(Code::ExportKind.into());
            };
            if global.value_type != ty {
                return Err(Code::ExportSignature.into());
            }
            let name = str::from_utf8(name).map_err(|_| Code::NoExport)?;
            let (_, value) = module.global_words(name)?;
            words.cast::<[u32; 2]>().write(value);
            Ok(())
        })
    }
}
