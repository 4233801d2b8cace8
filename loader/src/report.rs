//! A trap as one line that leaves the device.
//!
//! ```text
//!   Trap ─trap_record─▶ w2m-trap:7:1a4:9f86d081 ──log, radio──▶ wasm2mcu explain IMAGE.map RECORD
//!                                │  │     └ the image: how its SHA-256 begins
//!                                │  └ text offset, hexadecimal; 0 = outside of the text
//!                                └ trap code, decimal
//! ```

use core::error::Error;
use core::fmt;
use core::str::FromStr;

use wasm2mcu_abi::image::{RecordType, read_word};
use wasm2mcu_abi::trap::TrapCode;

use crate::cpu::Core;
use crate::error::Trap;
use crate::image::Image;
use crate::instance::Instance;

/// What a device says about a trap, for who has the map of the image.
///
/// It displays as one line without spaces and is read from one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrapRecord {
    /// Why.
    pub code: TrapCode,
    /// Offset in the text just behind the trap's instruction; 0 if it happened outside of the text.
    pub text_offset: u32,
    /// The first four bytes of the image's SHA-256, the first one on top.
    pub image: u32,
}

impl TrapRecord {
    /// What stands before everything else.
    pub const PREFIX: &'static str = "w2m-trap:";

    /// The record of a trap in an instance of this image.
    pub fn new(image: &Image<'_>, trap: &Trap) -> TrapRecord {
        let mut records = image.trailer();
        let digest = records.find(|record| record.record_type == RecordType::SHA256);
        let begin = digest.and_then(|digest| read_word(digest.value, 0));
        TrapRecord {
            code: trap.code,
            text_offset: trap.text_offset,
            image: begin.unwrap_or(0).swap_bytes(),
        }
    }
}

impl<C: Core> Instance<'_, C> {
    /// What to log of a trap of this instance.
    pub fn trap_record(&self, trap: &Trap) -> TrapRecord {
        TrapRecord::new(self.image(), trap)
    }
}

impl fmt::Display for TrapRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (code, offset, image) = (self.code as u8, self.text_offset, self.image);
        write!(f, "{}{code}:{offset:x}:{image:08x}", TrapRecord::PREFIX)
    }
}

/// A text is no trap record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoTrapRecord;

impl fmt::Display for NoTrapRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "no trap record: one is w2m-trap:CODE:OFFSET:IMAGE, such as w2m-trap:7:1a4:9f86d081",
        )
    }
}

impl Error for NoTrapRecord {}

impl FromStr for TrapRecord {
    type Err = NoTrapRecord;

    fn from_str(text: &str) -> Result<TrapRecord, NoTrapRecord> {
        let mut fields = text
            .strip_prefix(TrapRecord::PREFIX)
            .ok_or(NoTrapRecord)?
            .split(':');
        let mut number = |radix, digits| {
            let field = fields.next().ok_or(NoTrapRecord)?;
            // A sign is no digit.
            let sound = field.len() <= digits && field.bytes().all(|byte| byte.is_ascii_hexdigit());
            let number = u32::from_str_radix(field, radix).ok().filter(|_| sound);
            number.ok_or(NoTrapRecord)
        };
        let code = u8::try_from(number(10, 3)?)
            .ok()
            .and_then(TrapCode::from_u8);
        let record = TrapRecord {
            code: code.ok_or(NoTrapRecord)?,
            text_offset: number(16, 8)?,
            image: number(16, 8)?,
        };
        match fields.next() {
            None => Ok(record),
            Some(_) => Err(NoTrapRecord),
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::string::ToString;

    use wasm2mcu_abi::trap::TrapCode;

    use super::{NoTrapRecord, TrapRecord};

    #[test]
    fn records_are_read_as_they_are_written() {
        for code in TrapCode::ALL {
            let record = TrapRecord {
                code,
                text_offset: 0x1a4,
                image: 0x00f8_6d08,
            };
            assert_eq!(record.to_string().parse(), Ok(record));
        }
        let record = TrapRecord {
            code: TrapCode::IntegerDivideByZero,
            text_offset: 0x1a4,
            image: 0x00f8_6d08,
        };
        assert_eq!(record.to_string(), "w2m-trap:7:1a4:00f86d08");
    }

    #[test]
    fn what_is_no_record_is_refused() {
        for text in [
            "",
            "w2m-trap:",
            "w2m-trap:7:1a4",
            "w2m-trap:0:1a4:9f86d081",
            "w2m-trap:99:1a4:9f86d081",
            "w2m-trap:7:+1a4:9f86d081",
            "w2m-trap:7:1a4:9f86d0811",
            "w2m-trap:7:1a4:9f86d081:",
            "w2m-trap:7::9f86d081",
            "trap:7:1a4:9f86d081",
        ] {
            assert_eq!(text.parse::<TrapRecord>(), Err(NoTrapRecord), "{text}");
        }
    }
}
