//! The devices of the virtual board, wired to their numbers.

use wasm2mcu_host::abi::gpio::{Direction, Pull};
use wasm2mcu_host::{
    Adc, Bidirectional, I2cBus, Input, Output, Peripherals, Pin, Pwm, Sensor, Spi, Uart,
};

use crate::adc::VirtualAdc;
use crate::clock::VirtualClock;
use crate::i2c::VirtualI2c;
use crate::pin::VirtualPin;
use crate::pwm::{FixedPwm, VirtualPwm};
use crate::random::TestRandom;
use crate::sensor::{Hygrometer, Thermometer};
use crate::spi::{FlashChip, Loopback};
use crate::store::RamStore;
use crate::uart::{FixedUart, VirtualUart};
use crate::world::World;

/// The seed of the board's random numbers.
const SEED: u64 = 1;

/// The devices of the virtual board; the crate's documentation has the table.
///
/// ```
/// # use wasm2mcu_devices::{Devices, Happening, World};
/// let timeline = |what: &Happening<'_>| println!("{what}");
/// let world = World::new(&[], &timeline);
/// let mut devices = Devices::new(&world);
/// let mut wiring = devices.wire();
/// let peripherals = wiring.peripherals();
/// ```
#[derive(Debug)]
pub struct Devices<'w> {
    clock: VirtualClock<'w>,
    pins: [VirtualPin<'w>; 24],
    inputs: [Input<VirtualPin<'w>>; 4],
    outputs: [Output<VirtualPin<'w>>; 2],
    drains: [Bidirectional<VirtualPin<'w>>; 2],
    i2c: [VirtualI2c<'w>; 2],
    flash: FlashChip<'w>,
    loopback: Loopback<'w>,
    uart: VirtualUart<'w>,
    fixed_uart: FixedUart<'w>,
    adc: [VirtualAdc<'w>; 4],
    pwm: [VirtualPwm<'w>; 3],
    fixed_pwm: FixedPwm<'w>,
    thermometer: Thermometer<'w>,
    hygrometer: Hygrometer<'w>,
    store: RamStore<'w>,
    random: TestRandom<'w>,
}

/// Devices of each kind under their numbers.
type Numbers<'d, D, const N: usize> = [(u32, &'d mut D); N];

/// The devices with their numbers, for [`Peripherals`] to borrow.
pub struct Wiring<'d> {
    clock: &'d mut dyn wasm2mcu_host::Clock,
    pins: Numbers<'d, dyn Pin + 'd, 32>,
    i2c: Numbers<'d, dyn I2cBus + 'd, 2>,
    spi: Numbers<'d, dyn Spi + 'd, 2>,
    uarts: Numbers<'d, dyn Uart + 'd, 2>,
    adc: Numbers<'d, dyn Adc + 'd, 4>,
    pwm: Numbers<'d, dyn Pwm + 'd, 4>,
    sensors: Numbers<'d, dyn Sensor + 'd, 2>,
    store: &'d mut dyn wasm2mcu_host::Store,
    random: &'d mut dyn wasm2mcu_host::Random,
}

impl<'w> Devices<'w> {
    /// The board's devices as they are after a reset.
    pub fn new(world: &'w World<'w>) -> Self {
        let fixed = |number, direction, pull| VirtualPin::new(world, number).fixed(direction, pull);
        let input = |number| Input(fixed(number, Direction::Input, Pull::None));
        let output = |number| Output(fixed(number, Direction::Output, Pull::None));
        let drain = |number| Bidirectional(fixed(number, Direction::OpenDrain, Pull::Up));
        Devices {
            clock: VirtualClock(world),
            pins: core::array::from_fn(|pin| VirtualPin::new(world, pin as u32)),
            inputs: [24, 25, 26, 27].map(input),
            outputs: [28, 29].map(output),
            drains: [30, 31].map(drain),
            i2c: [0, 1].map(|bus| VirtualI2c::new(world, bus)),
            flash: FlashChip::new(world, 0),
            loopback: Loopback::new(world, 1),
            uart: VirtualUart::new(world, 0),
            fixed_uart: FixedUart::new(world, 1),
            adc: [0, 1, 2, 3].map(|channel| VirtualAdc::new(world, channel)),
            pwm: [0, 1, 2].map(|channel| VirtualPwm::new(world, channel)),
            fixed_pwm: FixedPwm::new(world, 3),
            thermometer: Thermometer::new(world, 0),
            hygrometer: Hygrometer::new(world, 1),
            store: RamStore::new(world),
            random: TestRandom::new(world, SEED),
        }
    }

    /// Gives each device its number.
    pub fn wire(&mut self) -> Wiring<'_> {
        let [i24, i25, i26, i27] = &mut self.inputs;
        let [o28, o29] = &mut self.outputs;
        let [d30, d31] = &mut self.drains;
        let fixed: [&mut dyn Pin; 8] = [i24, i25, i26, i27, o28, o29, d30, d31];
        let configured = self.pins.iter_mut().map(|pin| pin as &mut dyn Pin);
        let mut pins = configured.chain(fixed).zip(0..);
        let [i2c_0, i2c_1] = &mut self.i2c;
        let [adc_0, adc_1, adc_2, adc_3] = &mut self.adc;
        let [pwm_0, pwm_1, pwm_2] = &mut self.pwm;
        Wiring {
            clock: &mut self.clock,
            pins: core::array::from_fn(|_| {
                let (pin, number) = pins.next().expect("24 pins and 8 more");
                (number, pin)
            }),
            i2c: [(0, i2c_0), (1, i2c_1)],
            spi: [(0, &mut self.flash), (1, &mut self.loopback)],
            uarts: [(0, &mut self.uart), (1, &mut self.fixed_uart)],
            adc: [(0, adc_0), (1, adc_1), (2, adc_2), (3, adc_3)],
            pwm: [(0, pwm_0), (1, pwm_1), (2, pwm_2), (3, &mut self.fixed_pwm)],
            sensors: [(0, &mut self.thermometer), (1, &mut self.hygrometer)],
            store: &mut self.store,
            random: &mut self.random,
        }
    }
}

impl<'d> Wiring<'d> {
    /// The board for a [`Host`](wasm2mcu_host::Host), as yet without log, arguments and streams.
    pub fn peripherals(&'d mut self) -> Peripherals<'d> {
        Peripherals {
            clock: Some(self.clock),
            pins: &mut self.pins,
            i2c: &mut self.i2c,
            spi: &mut self.spi,
            uarts: &mut self.uarts,
            adc: &mut self.adc,
            pwm: &mut self.pwm,
            sensors: &mut self.sensors,
            store: Some(self.store),
            random: Some(self.random),
            ..Peripherals::default()
        }
    }
}

impl core::fmt::Debug for Wiring<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Wiring").finish_non_exhaustive()
    }
}
