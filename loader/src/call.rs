//! Calls: by name, by handle, by words.
//!
//! ```text
//!   call("add", (1, 2)) ─┐
//!   function("add") ─────┴▶ Function ─invoke((1, 2))─▶ words ─┐
//!   call_words("add", words) ───┐                              ├▶ Core::enter ─▶ 0, or a trap
//!   words_function("add") ──────┴▶ WordsFunction ─invoke_words ┘
//! ```
//!
//! A [`Function`] is what a name and a signature come down to. Whoever calls often keeps it: what is
//! left of a call then is a dozen instructions at the place of the call and the image's entry thunk.

use core::marker::PhantomData;

use wasm2mcu_abi::context::Context;
use wasm2mcu_abi::image::ExportKind;
use wasm2mcu_abi::trap::TrapCode;

use crate::cpu::Core;
use crate::error::{CallError, Trap};
use crate::instance::Instance;
use crate::records::FunctionExport;
use crate::values::{MAX_WORDS, Values};

/// An exported function that takes `P` and returns `R`, found and checked.
///
/// It belongs to an image at its place: instances of it can all be called by it, others refuse it
/// with [`CallError::OtherImage`].
// Two pairs of words, in the order in which a call takes them.
#[derive(Debug)]
#[repr(C)]
pub struct Function<'a, P, R> {
    /// Where the image's text is.
    text: u32,
    /// Address of the entry thunk.
    thunk: u32,
    /// Address of the code.
    code: u32,
    /// Worst stack depth of the call.
    stack: u32,
    /// As long as the image's bytes are borrowed, no other image can be where it is.
    image: PhantomData<&'a [u8]>,
    signature: PhantomData<fn(P) -> R>,
}

impl<P, R> Clone for Function<'_, P, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P, R> Copy for Function<'_, P, R> {}

impl<P, R> Function<'_, P, R> {
    /// Worst stack depth of a call in bytes, recursion and the host's functions excluded.
    pub const fn stack_bytes(&self) -> u32 {
        self.stack
    }
}

/// An exported function whose type is known at run time only: a [`Function`] for words.
#[derive(Clone, Copy, Debug)]
pub struct WordsFunction<'a> {
    function: Function<'a, (), ()>,
    words: u32,
}

impl<'a, C: Core> Instance<'a, C> {
    /// Calls an exported function.
    ///
    /// `P` and `R` are what the function takes and returns: `()`, a number, or a tuple. Who makes the
    /// same call again and again asks for its [`Function`] once.
    pub fn call<P: Values, R: Values>(&mut self, export: &str, params: P) -> Result<R, CallError> {
        let function = self.function(export)?;
        self.obstacle(self.text).map_or(Ok(()), Err)?;
        self.invoke(&function, params)
    }

    /// Finds an exported function that takes `P` and returns `R`, for [`Instance::invoke`].
    pub fn function<P: Values, R: Values>(
        &self,
        export: &str,
    ) -> Result<Function<'a, P, R>, CallError> {
        let function = self.function_export(export)?;
        if !function.function_type.is(P::TYPES, R::TYPES) {
            return Err(CallError::Signature);
        }
        Ok(Function {
            text: self.text,
            thunk: self.address(function.function_type.entry),
            code: self.address(function.code),
            stack: function.stack_bytes,
            image: PhantomData,
            signature: PhantomData,
        })
    }

    /// Calls a function that [`Instance::function`] found.
    // In line, so that arguments and result pass through the caller's frame and nothing else.
    #[inline(always)]
    pub fn invoke<P: Values, R: Values>(
        &mut self,
        function: &Function<'a, P, R>,
        params: P,
    ) -> Result<R, CallError> {
        // Which of these it is, the compiler knows.
        match const { max(P::WORDS, R::WORDS) } {
            0..=2 => self.invoke_with::<P, R, 2>(function, params),
            3..=4 => self.invoke_with::<P, R, 4>(function, params),
            _ => self.invoke_with::<P, R, MAX_WORDS>(function, params),
        }
    }

    #[inline(always)]
    fn invoke_with<P: Values, R: Values, const WORDS: usize>(
        &mut self,
        function: &Function<'a, P, R>,
        params: P,
    ) -> Result<R, CallError> {
        if function.text != self.ready {
            self.obstacle(function.text).map_or(Ok(()), Err)?;
        }
        let mut words = [0; WORDS];
        params.store(&mut words.iter_mut());
        self.enter(function.thunk, &mut words, function.code, function.stack)?;
        Ok(R::load(&mut words.iter()))
    }

    /// Calls an exported function whose type is known at run time only.
    ///
    /// `words` holds the parameters, one word each for i32 and f32, two for i64 and f64, low word
    /// first, and gets the results in the same form from index 0. It must have room for the longer
    /// of both ([`FunctionType::call_words`](wasm2mcu_abi::image::FunctionType::call_words)).
    pub fn call_words(&mut self, export: &str, words: &mut [u32]) -> Result<(), CallError> {
        let function = self.words_function(export)?;
        self.invoke_words(&function, words)
    }

    /// Finds an exported function of whatever type, for [`Instance::invoke_words`].
    pub fn words_function(&self, export: &str) -> Result<WordsFunction<'a>, CallError> {
        let function = self.function_export(export)?;
        Ok(WordsFunction {
            words: function.function_type.call_words(),
            function: Function {
                text: self.text,
                thunk: self.address(function.function_type.entry),
                code: self.address(function.code),
                stack: function.stack_bytes,
                image: PhantomData,
                signature: PhantomData,
            },
        })
    }

    /// Calls a function that [`Instance::words_function`] found, with words as [`Instance::call_words`] has
    /// them.
    pub fn invoke_words(
        &mut self,
        function: &WordsFunction<'a>,
        words: &mut [u32],
    ) -> Result<(), CallError> {
        if words.len() < function.words as usize {
            return Err(CallError::Words {
                needed: function.words,
                given: words.len(),
            });
        }
        let function = &function.function;
        if function.text != self.ready {
            self.obstacle(function.text).map_or(Ok(()), Err)?;
        }
        self.enter(function.thunk, words, function.code, function.stack)
    }

    /// Enters the text, where nothing stands in the way. `thunk` and `code` are addresses.
    #[inline(always)]
    pub(crate) fn enter(
        &mut self,
        thunk: u32,
        words: &mut [u32],
        code: u32,
        stack: u32,
    ) -> Result<(), CallError> {
        let context = self.core.ram_address();
        match self.core.enter(thunk, context, words, code, stack) {
            0 => Ok(()),
            number => Err(self.ended(number)),
        }
    }

    /// What stands in the way of a call into this text.
    #[cold]
    #[inline(never)]
    fn obstacle(&mut self, text: u32) -> Option<Obstacle> {
        match self.entry_sp() {
            _ if text != self.text => Some(Obstacle::OtherImage),
            0 => {
                // An open image may have trapped in a call of another's, which left the site.
                self.set_field(Context::TRAP_SITE, 0);
                None
            }
            _ if self.is_trapped() => Some(Obstacle::Trapped),
            _ => Some(Obstacle::Running),
        }
    }

    /// The call has ended with a number other than 0: what that means. No call is possible after it.
    #[cold]
    #[inline(never)]
    fn ended(&mut self, number: u32) -> CallError {
        self.mark_trapped();
        let code = u8::try_from(number).ok().and_then(TrapCode::from_u8);
        let error = code.map_or(CallError::Core(number), |code| {
            let trap = self.trap(code);
            trapped!(trap);
            trap.into()
        });
        // A trap that no stub raises (an exhausted stack) leaves no site: the last one's must go.
        self.set_field(Context::TRAP_SITE, 0);
        error
    }

    /// The trap that just happened, with its place.
    fn trap(&self, code: TrapCode) -> Trap {
        let bit = self.image.architecture().code_bit();
        let site = self.field(Context::TRAP_SITE) & !bit;
        let text_offset = site.wrapping_sub(self.text);
        Trap::at(&self.image, code, text_offset)
    }

    fn function_export(&self, name: &str) -> Result<FunctionExport<'a>, CallError> {
        let export = self.image.export_record(name);
        let export = export.ok_or(CallError::NoExport)?;
        if export.kind != ExportKind::Function {
            return Err(CallError::Kind);
        }
        let function = self.image.function(export);
        function.ok_or(CallError::NoExport)
    }
}

/// Why nothing can be called: what fits a register, so that whoever does not look at the error has no code
/// for it.
#[derive(Clone, Copy)]
enum Obstacle {
    OtherImage,
    Trapped,
    Running,
}

impl From<Obstacle> for CallError {
    fn from(obstacle: Obstacle) -> CallError {
        match obstacle {
            Obstacle::OtherImage => CallError::OtherImage,
            Obstacle::Trapped => CallError::Trapped,
            Obstacle::Running => CallError::Running,
        }
    }
}

const fn max(a: usize, b: usize) -> usize {
    if a > b { a } else { b }
}
