//! `w2m_function`: an export that was looked up once, and calls of it.

use core::ffi::{CStr, c_char};
use core::mem::MaybeUninit;
use core::ptr;
use core::slice;

use wasm2mcu_loader::{Item, WordsFunction};

use crate::code::Code;
use crate::instance::InstanceHandle;
use crate::signature::Signature;

/// What `W2M_FUNCTION_BYTES` is in the header.
pub(crate) const FUNCTION_BYTES: usize = 32;

/// What a `w2m_function` holds.
#[repr(C)]
pub(crate) struct FunctionHandle {
    /// The text that it was looked up with, where the header's `w2m_callv` finds it; null if there is no
    /// function.
    pub(crate) signature: *const c_char,
    function: MaybeUninit<WordsFunction<'static>>,
}

const _: () =
    assert!(size_of::<FunctionHandle>() <= FUNCTION_BYTES && align_of::<FunctionHandle>() <= 8);

#[unsafe(no_mangle)]
unsafe extern "C" fn w2m_find(
    instance: *mut InstanceHandle,
    name: *const c_char,
    signature: *const c_char,
    function: *mut FunctionHandle,
) -> Code {
    if function.is_null() || !function.is_aligned() {
        return Code::Argument;
    }
    // SAFETY: the header asks for a `w2m_function` there, for texts, and for a `w2m_instance` that this task
    // alone uses.
    unsafe {
        (&raw mut (*function).signature).write(ptr::null());
        if name.is_null() || signature.is_null() {
            return Code::Argument;
        }
        let name = CStr::from_ptr(name).to_bytes();
        let Some(wanted) = Signature::parse(CStr::from_ptr(signature).to_bytes()) else {
            return Code::Argument;
        };
        InstanceHandle::work(instance, |module| {
            let export = module.image().exports().find(|e| e.name.0 == name);
            let Item::Function(found) = export.ok_or(Code::NoExport)?.item else {
                return Err(Code::ExportKind.into());
            };
            if !wanted.is(&found.function_type) {
                return Err(Code::ExportSignature.into());
            }
            let name = str::from_utf8(name).map_err(|_| Code::NoExport)?;
            let found = module.words_function(name)?;
            (&raw mut (*function).function).write(MaybeUninit::new(found));
            (&raw mut (*function).signature).write(signature);
            Ok(())
        })
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn w2m_call(
    instance: *mut InstanceHandle,
    function: *const FunctionHandle,
    words: *mut u32,
    count: usize,
) -> Code {
    // SAFETY: the header asks for a `w2m_function`, for so many words, and for a `w2m_instance` that this
    // task alone uses. There is a function where there is a signature.
    unsafe {
        if function.is_null() || (*function).signature.is_null() {
            return Code::Argument;
        }
        let words = match count {
            0 => &mut [],
            _ if words.is_null() => return Code::Argument,
            _ => slice::from_raw_parts_mut(words, count),
        };
        let function = (*function).function.assume_init_ref();
        InstanceHandle::work(instance, |module| Ok(module.invoke_words(function, words)?))
    }
}
