//! `w2m_function`: an export that was looked up once, and calls of it.

use core::ffi::{CStr, c_char};
use core::slice;

use wasm2mcu_loader::Item;

use crate::code::{Code, Failure};
use crate::image::ImageHandle;
use crate::instance::InstanceHandle;
use crate::signature::Signature;

/// What `W2M_FUNCTION_BYTES` is in the header.
pub(crate) const FUNCTION_BYTES: usize = 32;

/// What a `w2m_function` holds.
#[repr(C)]
pub(crate) struct FunctionHandle {
    /// The text that it was looked up with, where the header's `w2m_callv` finds it.
    pub(crate) signature: *const c_char,
    /// The image that it is of.
    image: *const u8,
    /// Its name in the image.
    name: *const u8,
    name_bytes: usize,
}

const _: () =
    assert!(size_of::<FunctionHandle>() <= FUNCTION_BYTES && align_of::<FunctionHandle>() <= 8);

#[unsafe(no_mangle)]
unsafe extern "C" fn w2m_find(
    image: *const ImageHandle,
    name: *const c_char,
    signature: *const c_char,
    function: *mut FunctionHandle,
) -> Code {
    if name.is_null() || signature.is_null() || function.is_null() || !function.is_aligned() {
        return Code::Argument;
    }
    // SAFETY: the header asks for all of it.
    unsafe {
        match find(image, name, signature) {
            Ok(found) => {
                function.write(found);
                Code::Ok
            }
            Err(code) => {
                (&raw mut (*function).image).write(core::ptr::null());
                code
            }
        }
    }
}

/// # Safety
///
/// As the header has it for `w2m_find`; nothing but the image is null.
unsafe fn find(
    image: *const ImageHandle,
    name: *const c_char,
    signature: *const c_char,
) -> Result<FunctionHandle, Code> {
    // SAFETY: the caller's promise for each.
    let (verified, name, letters) = unsafe {
        (
            ImageHandle::get(image)?,
            CStr::from_ptr(name).to_bytes(),
            CStr::from_ptr(signature).to_bytes(),
        )
    };
    let wanted = Signature::parse(letters).ok_or(Code::Argument)?;
    let export = verified.exports().find(|export| export.name.0 == name);
    let export = export.ok_or(Code::NoExport)?;
    let Item::Function(found) = export.item else {
        return Err(Code::ExportKind);
    };
    if !wanted.is(&found.function_type) {
        return Err(Code::ExportSignature);
    }
    str::from_utf8(export.name.0).map_err(|_| Code::NoExport)?;
    Ok(FunctionHandle {
        signature,
        image: verified.bytes().as_ptr(),
        name: export.name.0.as_ptr(),
        name_bytes: export.name.0.len(),
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn w2m_call(
    instance: *mut InstanceHandle,
    function: *const FunctionHandle,
    words: *mut u32,
    count: usize,
) -> Code {
    // SAFETY: the header asks for a `w2m_function`, for so many words, and for a `w2m_instance` that this
    // task alone uses.
    unsafe {
        let Some(function) = function.as_ref() else {
            return Code::Argument;
        };
        let words = match count {
            0 => &mut [],
            _ if words.is_null() => return Code::Argument,
            _ => slice::from_raw_parts_mut(words, count),
        };
        InstanceHandle::work(instance, |module| {
            // A function of another image has another type, or is none.
            if module.image().bytes().as_ptr() != function.image {
                return Err(Failure::from(Code::Argument));
            }
            // The bytes are the image's, and were found to be UTF-8.
            let name = slice::from_raw_parts(function.name, function.name_bytes);
            Ok(module.call_words(str::from_utf8_unchecked(name), words)?)
        })
    }
}
