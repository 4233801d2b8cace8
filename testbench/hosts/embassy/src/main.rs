//! Async tasks of Embassy that run modules and stay responsive.
//!
//! ```text
//!   interrupt executor   control: control.wat every 5 ms, whatever the others do
//!        ▲ preempts
//!   thread executor      work: worker.wat, in slices (beside pulse), then in one long call
//!                        pulse: every 10 ms, when the others let it
//! ```
//!
//! A call of a module is a function call: the executor that makes it does nothing else meanwhile. So either
//! the module's work comes in slices with an `await` between them, or what must not wait is in an
//! executor of higher priority. Both are shown by the order in which things happened.
#![no_std]
#![no_main]

mod clock;
mod console;
mod journal;
mod module;

use core::panic::PanicInfo;
use core::sync::atomic::{AtomicU32, Ordering};

use cortex_m::Peripherals;
use cortex_m::interrupt::InterruptNumber;
use cortex_m::singleton;
use embassy_executor::{InterruptExecutor, Spawner};
use embassy_futures::yield_now;
use embassy_time::{Duration, Ticker, Timer};
use wasm2mcu_loader::CallError;

use crate::console::{quit, say};
use crate::journal::{Event, JOURNAL};
use crate::module::Ram;

/// Rounds of a slice: a third of a millisecond.
const SLICE: i32 = 1_000;
/// Rounds of the long call: some fifty milliseconds.
const LONG: i32 = 200_000;
const CONTROL_MS: u64 = 5;
const PULSE_MS: u64 = 10;

/// An interrupt that no device of the machine raises, for the executor.
#[derive(Clone, Copy)]
struct SoftwareInterrupt;

const SOFTWARE_INTERRUPT: usize = 120;

// SAFETY: the vector table has so many entries and the core so many interrupts.
unsafe impl InterruptNumber for SoftwareInterrupt {
    fn number(self) -> u16 {
        SOFTWARE_INTERRUPT as u16
    }
}

/// Vectors of the interrupts, of which no other is ever enabled; cortex-m-rt has those of the exceptions.
#[unsafe(link_section = ".vector_table.interrupts")]
#[unsafe(no_mangle)]
static __INTERRUPTS: [extern "C" fn(); SOFTWARE_INTERRUPT + 1] =
    [software_interrupt; SOFTWARE_INTERRUPT + 1];

static ABOVE: InterruptExecutor = InterruptExecutor::new();

extern "C" fn software_interrupt() {
    // SAFETY: this is the interrupt's handler, which is enabled by the executor's start.
    unsafe { ABOVE.on_interrupt() }
}

/// Steps of control that had another result than they should.
static WRONG: AtomicU32 = AtomicU32::new(0);

#[embassy_executor::task]
async fn control() {
    let Some(ram) = singleton!(: Ram = Ram::new()) else {
        quit(1)
    };
    let mut control = module::control(ram);
    let mut ticker = Ticker::every(Duration::from_millis(CONTROL_MS));
    let mut expected = 0.0;
    loop {
        expected = expected * 0.875 + 0.125;
        let found = control.step(1.0);
        if found != Ok(expected) {
            WRONG.fetch_add(1, Ordering::Relaxed);
        }
        JOURNAL.note(Event::Control);
        ticker.next().await;
    }
}

#[embassy_executor::task]
async fn pulse() {
    let mut ticker = Ticker::every(Duration::from_millis(PULSE_MS));
    loop {
        ticker.next().await;
        JOURNAL.note(Event::Pulse);
    }
}

#[embassy_executor::main]
async fn main(spawner: Spawner) {
    let (Some(mut core), Some(ram)) = (Peripherals::take(), singleton!(: Ram = Ram::new())) else {
        quit(1)
    };
    // SAFETY: nothing depends on the priority yet. It is below SysTick's.
    unsafe { core.NVIC.set_priority(SoftwareInterrupt, 0x80) };
    clock::start(core.SYST);
    let above = ABOVE.start(SoftwareInterrupt);
    match (control(), pulse()) {
        (Ok(control), Ok(pulse)) => {
            above.spawn(control);
            spawner.spawn(pulse);
        }
        _ => quit(1),
    }

    let mut work = module::worker(ram);
    let right = |result: Result<i32, CallError>| if result == Ok(3000) { "right" } else { "wrong" };

    JOURNAL.clear();
    let mut results = "right";
    while JOURNAL.count(Event::Pulse) < 5 {
        let result = right(work.run(SLICE, 2));
        if result != "right" {
            results = result;
        }
        JOURNAL.note(Event::Slice);
        yield_now().await;
    }
    say!(
        "slices and pulses: {}, results {results}",
        JOURNAL.of(&[Event::Slice, Event::Pulse])
    );

    Timer::after_millis(PULSE_MS).await;
    JOURNAL.clear();
    JOURNAL.note(Event::CallBegins);
    let result = right(work.run(LONG, 2));
    JOURNAL.note(Event::CallEnds);
    let during = JOURNAL.count(Event::Control);
    say!(
        "a long call, pulses and control: {}, result {result}",
        JOURNAL.of(&[
            Event::CallBegins,
            Event::Control,
            Event::Pulse,
            Event::CallEnds
        ])
    );
    say!(
        "control during the call: {}",
        if during >= 5 { "in time" } else { "late" }
    );

    for _ in 0..2 {
        match work.run(SLICE, 0) {
            Err(CallError::Trap(trap)) => say!("{}", trap.code),
            Err(error) => say!("{error}"),
            Ok(_) => say!("no trap"),
        }
    }
    let reset = work.instance_mut().reset().is_ok();
    say!("reset {reset}: {}", right(work.run(SLICE, 2)));

    JOURNAL.clear();
    Timer::after_millis(5 * PULSE_MS).await;
    let alive = JOURNAL.count(Event::Pulse) >= 4 && JOURNAL.count(Event::Control) >= 9;
    let outputs = module::OUTPUTS.load(Ordering::Relaxed);
    let sound = WRONG.load(Ordering::Relaxed) == 0 && outputs > 20;
    say!(
        "afterwards: tasks {}, control {}",
        if alive { "alive" } else { "dead" },
        if sound { "right" } else { "wrong" }
    );
    quit(0)
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    say!("{info}");
    quit(4)
}
