//! On the device itself: an instance together with its host.

use core::fmt;
use core::marker::PhantomData;
use core::mem;
use core::ptr::{self, NonNull};

use wasm2mcu_abi::hardware::EVENT_HANDLER;
use wasm2mcu_abi::types::ValueType;
use wasm2mcu_loader::{
    CallError, Caller, Function, HostFunction, HostFunctions, Import, ImportFault, Instance,
    InstantiateError, Native, Values, Verified,
};

use crate::calls::{
    adc, clocks, events, gpio, i2c, keyvalue, logging, pwm, random, sensor, spi, uart,
};
use crate::events::QUEUE;
use crate::fault::Fault;
use crate::functions::{Returned, not_supported, signature, with_functions};
use crate::hardware::Hardware;
use crate::host::Host;
use crate::wasi;

/// An instance on this processor, and the host that its calls go to.
pub struct Hosted<'a, 'h, H: Hardware> {
    instance: Instance<'a, Native<'a>>,
    /// What host functions reach while the instance runs, and this value while it does not.
    host: NonNull<Host<'a, H>>,
    lent: PhantomData<&'h mut Host<'a, H>>,
}

/// Why an event could not be delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostedError {
    /// The module exports no `on_event`, or with another signature.
    NoHandler,
    /// The handler's call failed.
    Call(CallError),
}

impl fmt::Display for HostedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HostedError::NoHandler => {
                write!(
                    f,
                    "the module exports no `{EVENT_HANDLER}` that takes an event"
                )
            }
            HostedError::Call(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for HostedError {}

impl<'a, 'h, H: Hardware> Hosted<'a, 'h, H> {
    /// An instance of the image that `host` was made for, with the functions of the ABI and `more`.
    ///
    /// # Errors
    ///
    /// As [`Instance::new`].
    pub fn new(
        image: Verified<'a>,
        core: Native<'a>,
        host: &'h mut Host<'a, H>,
        more: &[HostFunction<'_>],
    ) -> Result<Self, InstantiateError<'a>> {
        let host = NonNull::from_mut(host);
        // SAFETY: it is lent for as long as the instance lives, and used here only while no
        // method of the instance runs.
        let functions = unsafe { Functions::new(host, more) };
        Ok(Hosted {
            instance: Instance::offered(image, core, &functions, &[])?,
            host,
            lent: PhantomData,
        })
    }

    /// The host, while the module does not run.
    pub fn host(&mut self) -> &mut Host<'a, H> {
        // SAFETY: it was lent for as long as this value lives, and host functions use it only while
        // a method of the instance runs, which borrows this value as this one does.
        unsafe { self.host.as_mut() }
    }

    /// The instance. Its data word is the host's address and stays so.
    pub const fn instance(&self) -> &Instance<'a, Native<'a>> {
        &self.instance
    }

    /// Calls an export.
    ///
    /// # Errors
    ///
    /// As [`Instance::call`].
    pub fn call<P: Values, R: Values>(&mut self, export: &str, params: P) -> Result<R, CallError> {
        self.instance.call(export, params)
    }

    /// An export, for who calls it often.
    ///
    /// # Errors
    ///
    /// As [`Instance::function`].
    pub fn function<P: Values, R: Values>(
        &self,
        export: &str,
    ) -> Result<Function<'a, P, R>, CallError> {
        self.instance.function(export)
    }

    /// Calls it.
    ///
    /// # Errors
    ///
    /// As [`Instance::invoke`].
    pub fn invoke<P: Values, R: Values>(
        &mut self,
        function: &Function<'a, P, R>,
        params: P,
    ) -> Result<R, CallError> {
        self.instance.invoke(function, params)
    }

    /// The module's memory, while it does not run.
    pub fn memory(&mut self) -> &mut [u8] {
        self.instance.memory_mut()
    }

    /// Starts again, without subscriptions and events.
    ///
    /// # Errors
    ///
    /// As [`Instance::reset`].
    pub fn reset(&mut self) -> Result<(), CallError> {
        self.host().reset();
        self.instance.reset()
    }

    /// Hands the events that wait to the module's handler, each by a call; how many.
    ///
    /// They are no more than the queue holds, however fast new ones come: those are for the next time.
    ///
    /// # Errors
    ///
    /// [`HostedError`]; the event whose call fails is gone.
    pub fn deliver(&mut self) -> Result<u32, HostedError> {
        let handler = self
            .instance
            .function::<(u32, u32, u32, u64), ()>(EVENT_HANDLER)
            .map_err(|_| HostedError::NoHandler)?;
        let mut delivered = 0;
        while delivered < QUEUE as u32
            && let Some(event) = self.host().next_event()
        {
            let params = (
                event.subscription,
                event.kind as u32,
                event.value,
                event.timestamp,
            );
            self.instance
                .invoke(&handler, params)
                .map_err(HostedError::Call)?;
            delivered += 1;
        }
        Ok(delivered)
    }
}

impl<H: Hardware> fmt::Debug for Hosted<'_, '_, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.instance.fmt(f)
    }
}

/// What an instance with a host imports from: what the firmware has beside, then the functions of the ABI.
///
/// [`Hosted`] makes one by itself.
pub struct Functions<'m, H, M: ?Sized = [HostFunction<'m>]> {
    more: &'m M,
    random: bool,
    /// Where they find their host.
    host: u32,
    hardware: PhantomData<H>,
}

impl<'m, H: Hardware, M: HostFunctions + ?Sized> Functions<'m, H, M> {
    /// For instances whose calls go to `host`.
    ///
    /// # Safety
    ///
    /// The host stays where it is while instances that were made with this live, and nobody else uses it while
    /// one of them runs.
    pub unsafe fn new(mut host: NonNull<Host<'_, H>>, more: &'m M) -> Self {
        Functions {
            more,
            // SAFETY: it is there, and no instance runs with it yet.
            random: unsafe { host.as_mut() }.hardware.random(&mut []).is_ok(),
            host: host.as_ptr().expose_provenance() as u32,
            hardware: PhantomData,
        }
    }
}

impl<H: Hardware, M: HostFunctions + ?Sized> HostFunctions for Functions<'_, H, M> {
    fn host_data(&self) -> u32 {
        self.host
    }

    fn find(&self, import: &Import<'_>) -> Result<u32, ImportFault> {
        match self.more.find(import) {
            Err(ImportFault::Missing) => {}
            found => return found,
        }
        if !self.random && import.module == *"wasi:random/random" {
            return Err(ImportFault::Missing);
        }
        let mut groups = Self::GROUPS.iter();
        let group = groups.find(|group| import.module == *group.module);
        let mut rows = group.map_or([].iter(), |group| group.rows.iter());
        let entry = match rows.find(|row| import.name == *row.name) {
            Some(row) => {
                signature(import, row.params, row.results)?;
                row.entry
            }
            None => {
                not_supported(import)?;
                Self::NOTHING
            }
        };
        Ok(entry as usize as u32)
    }
}

/// The functions of one import module.
struct Group {
    module: &'static str,
    rows: &'static [Row],
}

/// A function.
struct Row {
    name: &'static str,
    params: &'static [ValueType],
    results: &'static [ValueType],
    entry: Entry,
}

/// A function of any signature, to be called by a module that has the right one.
type Entry = extern "C" fn();

impl<H: Hardware, M: ?Sized> Functions<'_, H, M> {
    const NOTHING: Entry = {
        let entry: extern "C" fn(Caller<'_>) -> u32 = nothing;
        // SAFETY: it is not called by this type.
        unsafe { mem::transmute::<extern "C" fn(Caller<'_>) -> u32, Entry>(entry) }
    };

    /// A table in flash is smaller than code that compares one name after the other.
    const GROUPS: &'static [Group] = {
        macro_rules! groups {
            ($($module:literal { $($name:literal $group:ident::$call:ident($($type:ident $param:ident),*) $result:ty;)* })*) => {
                &[$(Group {
                    module: $module,
                    rows: &[$(Row {
                        name: $name,
                        params: <($($type,)*) as Values>::TYPES,
                        results: <$result as Values>::TYPES,
                        entry: {
                            extern "C" fn entry<H: Hardware>(mut caller: Caller<'_> $(, $param: $type)*) -> $result {
                                let host = host_of::<H>(&mut caller);
                                let result = $group::$call(host, caller.memory() $(, $param)*);
                                returned(&mut caller, result)
                            }
                            type Typed = extern "C" fn(Caller<'_> $(, $type)*) -> $result;
                            // SAFETY: it is not called by this type.
                            unsafe { mem::transmute::<Typed, Entry>(entry::<H>) }
                        },
                    },)*],
                },)*]
            };
        }
        with_functions!(groups)
    };
}

/// Answers every WASI function that is not there, whatever its parameters.
extern "C" fn nothing(_: Caller<'_>) -> u32 {
    crate::functions::NOT_SUPPORTED
}

/// The host of the instance that calls.
fn host_of<'x, H: Hardware>(caller: &mut Caller<'_>) -> &'x mut Host<'x, H> {
    let host = ptr::with_exposed_provenance_mut::<Host<'_, H>>(caller.host_data() as usize);
    // SAFETY: functions for this hardware are given to instances by `Functions` only, which sets the data
    // word to a host of that hardware. By the promise made there it lives, and while the module
    // runs nothing else uses it. The caller of this function keeps it no longer than its call.
    unsafe { &mut *host }
}

/// What the module gets.
fn returned<R: Returned>(caller: &mut Caller<'_>, result: Result<R, Fault>) -> R {
    R::of(result).unwrap_or_else(|trap| {
        caller.trap(trap);
        R::default()
    })
}

impl<H, M: ?Sized> fmt::Debug for Functions<'_, H, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Functions").finish_non_exhaustive()
    }
}
