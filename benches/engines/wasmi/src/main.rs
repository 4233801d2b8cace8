//! wasmi in a firmware, called by the benches:
//!
//! ```text
//!   load(module, bytes)   validate, translate, instantiate: what is counted as loading
//!   run(rounds)           one typed call through wasmi's own API: what is counted as running
//! ```
//!
//! Both leave a message in `failure` if they cannot.
#![no_std]
#![no_main]

extern crate alloc;

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::panic::PanicInfo;
use core::ptr::{self, NonNull};
use core::slice;

use linked_list_allocator::Heap;
use wasmi::{
    CompilationMode, Config, Engine, ExternType, Func, Linker, Module, Store, TypedFunc, Val,
};

/// A place that one function at a time uses: nothing here runs beside anything else.
#[repr(transparent)]
struct Place<T>(UnsafeCell<T>);

// SAFETY: there is one thread.
unsafe impl<T> Sync for Place<T> {}

/// A message that ends with a zero byte, or null.
#[unsafe(export_name = "failure")]
static FAILURE: Place<*const u8> = Place(UnsafeCell::new(ptr::null()));
/// The most heap that was in use, in bytes.
#[unsafe(export_name = "heap_used")]
static HEAP_USED: Place<usize> = Place(UnsafeCell::new(0));

/// The heap between variables and stack.
struct Allocator(Place<Heap>);

// SAFETY: `Heap` keeps to the contract, and there is one thread.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: nobody else uses the places now.
        let (heap, most) = unsafe { (&mut *self.0.0.get(), &mut *HEAP_USED.0.get()) };
        let place = heap.allocate_first_fit(layout);
        *most = heap.used().max(*most);
        place.map_or(ptr::null_mut(), NonNull::as_ptr)
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        if let Some(place) = NonNull::new(place) {
            // SAFETY: nobody else uses the heap now, and the caller vouches for the rest.
            unsafe { (*self.0.0.get()).deallocate(place, layout) };
        }
    }
}

#[global_allocator]
static ALLOCATOR: Allocator = Allocator(Place(UnsafeCell::new(Heap::empty())));

/// What `load` leaves for `run`.
struct Loaded {
    store: Store<()>,
    run: TypedFunc<i32, i32>,
}

static LOADED: Place<Option<Loaded>> = Place(UnsafeCell::new(None));

fn instantiate(bytes: &[u8]) -> Result<Loaded, wasmi::Error> {
    let mut config = Config::default();
    config.compilation_mode(CompilationMode::Eager);
    let engine = Engine::new(&config);
    let module = Module::new(&engine, bytes)?;
    let mut store = Store::new(&engine, ());
    let mut linker = <Linker<()>>::new(&engine);
    // Imported functions do nothing, as natively.
    for import in module.imports() {
        if let ExternType::Func(ty) = import.ty() {
            let results = ty.clone();
            let nothing = Func::new(&mut store, ty.clone(), move |_, _, values| {
                for (value, ty) in values.iter_mut().zip(results.results()) {
                    *value = Val::default_for_ty(*ty);
                }
                Ok(())
            });
            linker.define(import.module(), import.name(), nothing)?;
        }
    }
    let instance = linker.instantiate_and_start(&mut store, &module)?;
    let run = instance.get_typed_func::<i32, i32>(&store, "run")?;
    Ok(Loaded { store, run })
}

fn fail(message: String) {
    let text = format!("{message}\0");
    let text = Box::leak(text.into_boxed_str());
    // SAFETY: nobody else uses the place now.
    unsafe { *FAILURE.0.get() = text.as_ptr() };
}

/// Loads the module at an address and makes an instance of it.
#[unsafe(no_mangle)]
extern "C" fn load(module: *const u8, bytes: usize) {
    unsafe extern "C" {
        static mut end: u64;
        static mut heap_end: u64;
    }
    let (start, stop) = (&raw mut end, &raw mut heap_end);
    // SAFETY: the linker script left this RAM to whoever wants it, and nothing uses the heap yet.
    unsafe { (*ALLOCATOR.0.0.get()).init(start.cast(), stop.addr() - start.addr()) };
    // SAFETY: the benches laid so many bytes there, and nothing changes them.
    let module = unsafe { slice::from_raw_parts(module, bytes) };
    match instantiate(module) {
        // SAFETY: nobody else uses the place now.
        Ok(loaded) => unsafe { *LOADED.0.get() = Some(loaded) },
        Err(error) => fail(format!("{error}")),
    }
}

/// Calls the module's `run`.
#[unsafe(no_mangle)]
extern "C" fn run(rounds: i32) -> i32 {
    // SAFETY: nobody else uses the place now.
    let Some(loaded) = (unsafe { &mut *LOADED.0.get() }) else {
        return 0;
    };
    match loaded.run.call(&mut loaded.store, rounds) {
        Ok(checksum) => checksum,
        Err(error) => {
            fail(format!("{error}"));
            0
        }
    }
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    // An address where nothing is: the emulator says where that was.
    let nowhere = ptr::without_provenance_mut::<u32>(0xffff_fff0);
    loop {
        // SAFETY: it never returns.
        unsafe { nowhere.write_volatile(0) };
    }
}
