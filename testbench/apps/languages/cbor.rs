//! CBOR (RFC 8949): readings are encoded, decoded again and summed, with traits and slices.

#![no_std]
#![no_main]

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

struct Writer<'b> {
    bytes: &'b mut [u8],
    len: usize,
}

impl Writer<'_> {
    fn put(&mut self, bytes: &[u8]) {
        self.bytes[self.len..][..bytes.len()].copy_from_slice(bytes);
        self.len += bytes.len();
    }

    fn head(&mut self, major: u8, value: u64) {
        let tag = major << 5;
        match value {
            0..24 => self.put(&[tag | value as u8]),
            24..0x100 => self.put(&[tag | 24, value as u8]),
            0x100..0x1_0000 => {
                self.put(&[tag | 25]);
                self.put(&(value as u16).to_be_bytes());
            }
            0x1_0000..0x1_0000_0000 => {
                self.put(&[tag | 26]);
                self.put(&(value as u32).to_be_bytes());
            }
            _ => {
                self.put(&[tag | 27]);
                self.put(&value.to_be_bytes());
            }
        }
    }
}

trait Encode {
    fn encode(&self, to: &mut Writer<'_>);
}

impl Encode for i64 {
    fn encode(&self, to: &mut Writer<'_>) {
        match *self {
            value if value < 0 => to.head(1, !value as u64),
            value => to.head(0, value as u64),
        }
    }
}

impl Encode for f64 {
    fn encode(&self, to: &mut Writer<'_>) {
        to.put(&[0xfb]);
        to.put(&self.to_bits().to_be_bytes());
    }
}

impl Encode for &str {
    fn encode(&self, to: &mut Writer<'_>) {
        to.head(3, self.len() as u64);
        to.put(self.as_bytes());
    }
}

/// What decoding adds up: integers, texts by length, floats by their bits.
fn decode(mut bytes: &[u8]) -> Option<u64> {
    let mut sum = 0u64;
    while let Some((&first, rest)) = bytes.split_first() {
        let (major, info) = (first >> 5, first & 31);
        let width = match info {
            0..24 => 0,
            24..=27 => 1 << (info - 24),
            _ => return None,
        };
        let (number, rest) = rest.split_at_checked(width)?;
        let number = number.iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
        let value = if width == 0 { u64::from(info) } else { number };
        bytes = rest;
        let item = match major {
            0 => value,
            1 => !value,
            3 => {
                let (text, rest) = rest.split_at_checked(value as usize)?;
                bytes = rest;
                core::str::from_utf8(text).ok()?.len() as u64
            }
            7 => f64::from_bits(value).mul_bits(),
            _ => return None,
        };
        sum = sum.rotate_left(7).wrapping_add(item);
    }
    Some(sum)
}

trait Bits {
    fn mul_bits(self) -> u64;
}

impl Bits for f64 {
    fn mul_bits(self) -> u64 {
        (self * 1.5).to_bits()
    }
}

#[unsafe(no_mangle)]
extern "C" fn run(rounds: i32) -> u64 {
    let mut bytes = [0; 256];
    let mut sum = 0u64;
    for round in 0..i64::from(rounds) {
        let mut writer = Writer { bytes: &mut bytes, len: 0 };
        let readings: [&dyn Encode; 5] = [
            &(round * 7919),
            &(-round * round * 1_000_003),
            &"temperature",
            &(20.0 + round as f64 / 3.0),
            &"°C",
        ];
        for reading in readings {
            reading.encode(&mut writer);
        }
        let len = writer.len;
        sum = sum.wrapping_mul(31).wrapping_add(decode(&bytes[..len]).unwrap_or(0));
    }
    sum
}
