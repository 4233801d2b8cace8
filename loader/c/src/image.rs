//! `w2m_image`: an image that was found sound, and what it needs.

use core::mem::MaybeUninit;
use core::slice;

use wasm2mcu_loader::{self as loader, Image, Verified};

use crate::code::{Code, Detail, Failure};
use crate::policy::Policy;

/// What `W2M_IMAGE_BYTES` is in the header.
pub(crate) const IMAGE_BYTES: usize = 32;
/// "W2Mi": the struct holds an image.
const OPEN: u32 = 0x694d_3257;

/// What a `w2m_image` holds.
#[repr(C)]
pub(crate) struct ImageHandle {
    mark: u32,
    image: MaybeUninit<Verified<'static>>,
}

const _: () = assert!(size_of::<ImageHandle>() <= IMAGE_BYTES && align_of::<ImageHandle>() <= 8);

impl ImageHandle {
    /// The image in a `w2m_image`.
    ///
    /// # Safety
    ///
    /// `handle` is null or a `w2m_image`; the bytes of an image that was opened are there.
    pub(crate) unsafe fn get(handle: *const ImageHandle) -> Result<Verified<'static>, Code> {
        if handle.is_null() || !handle.is_aligned() {
            return Err(Code::Argument);
        }
        // SAFETY: the caller's promise. The mark is written last, so there is an image behind it.
        unsafe {
            match (&raw const (*handle).mark).read() {
                OPEN => Ok((*handle).image.assume_init()),
                _ => Err(Code::NotLive),
            }
        }
    }
}

/// `w2m_requirements`: what an image needs, in bytes but for the features.
#[derive(Default)]
#[repr(C)]
pub(crate) struct Requirements {
    pub(crate) ram_bytes: u32,
    pub(crate) context_bytes: u32,
    pub(crate) globals_bytes: u32,
    pub(crate) tables_bytes: u32,
    pub(crate) memory_min: u32,
    pub(crate) memory_max: u32,
    pub(crate) stack_bytes: u32,
    pub(crate) guard_zone: u32,
    pub(crate) features: u32,
}

#[unsafe(no_mangle)]
unsafe extern "C" fn w2m_image_open(
    image: *mut ImageHandle,
    bytes: *const u8,
    length: usize,
    policy: *const Policy,
    detail: *mut Detail,
) -> Code {
    if image.is_null() || !image.is_aligned() {
        return Code::Argument;
    }
    // SAFETY: the caller has a `w2m_image` there, which nobody else uses; bytes, policy and detail are
    // what the header asks for.
    unsafe {
        (&raw mut (*image).mark).write(0);
        match open(bytes, length, policy) {
            Ok(verified) => {
                (&raw mut (*image).image).write(MaybeUninit::new(verified));
                (&raw mut (*image).mark).write(OPEN);
                Code::Ok
            }
            Err(failure) => failure.report(detail),
        }
    }
}

/// # Safety
///
/// As the header has it for `w2m_image_open`.
unsafe fn open(
    bytes: *const u8,
    length: usize,
    policy: *const Policy,
) -> Result<Verified<'static>, Failure> {
    if bytes.is_null() || length > isize::MAX as usize {
        return Err(Code::Argument.into());
    }
    // SAFETY: the caller has so many bytes there, for as long as image and instances are used; the policy is
    // null or one.
    let (bytes, policy) = unsafe {
        (
            slice::from_raw_parts::<'static>(bytes, length),
            policy.as_ref(),
        )
    };
    let image = Image::parse(bytes)?;
    let verified = match policy {
        None => image.verify(&loader::Policy::unsigned()),
        // SAFETY: the header asks for a policy of which every part is what it is said to be.
        Some(policy) => unsafe { policy.verify(image) }?,
    };
    Ok(verified?)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn w2m_image_requirements(
    image: *const ImageHandle,
    requirements: *mut Requirements,
) -> Code {
    if requirements.is_null() {
        return Code::Argument;
    }
    // SAFETY: the header asks for both.
    let verified = match unsafe { ImageHandle::get(image) } {
        Ok(verified) => verified,
        Err(code) => return code,
    };
    let needs = verified.requirements();
    let needs = Requirements {
        ram_bytes: needs.ram_bytes(),
        context_bytes: needs.context_bytes,
        globals_bytes: needs.globals_bytes,
        tables_bytes: needs.tables_bytes,
        memory_min: needs.memory_min,
        memory_max: needs.memory_max,
        stack_bytes: needs.stack_bytes,
        guard_zone: needs.guard_zone,
        features: needs.features.0,
    };
    // SAFETY: the header asks for a `w2m_requirements` there.
    unsafe { requirements.write(needs) };
    Code::Ok
}
