//! Changes that keep more of an image whole than changes of bytes do.

use wasm2mcu_loader::abi::image::{Header, Section, field};

/// Bytes in front of the image.
const CHOICES: usize = 4;

/// SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let word = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((word ^ word >> 31) % end.max(1) as u64) as usize
    }
}

/// Changes the first `size` bytes of `data` and returns how many there are then; `other` is what the
/// fuzzer does to bytes that nobody knows anything about.
pub fn mutate(
    data: &mut [u8],
    size: usize,
    seed: u32,
    other: impl Fn(&mut [u8], usize) -> usize,
) -> usize {
    let mut random = Random(seed.into());
    if size < CHOICES + Header::BYTES as usize {
        return other(data, size);
    }
    let mut size = size;
    for _ in 0..1 + random.below(3) {
        size = match random.below(8) {
            0..4 => {
                change_word(data, size, &mut random);
                size
            }
            4 => insert_words(data, size, &mut random),
            5 => remove_words(data, size, &mut random),
            6 => {
                data[random.below(CHOICES)] = random.below(256) as u8;
                size
            }
            _ => return other(data, size),
        };
    }
    size
}

fn word(data: &[u8], at: usize) -> u32 {
    let bytes = data.get(at..at + 4).and_then(|bytes| bytes.first_chunk());
    bytes.map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

fn set_word(data: &mut [u8], at: usize, value: u32) {
    data[at..at + 4].copy_from_slice(&value.to_le_bytes());
}

/// Gives an aligned word another value: near its own, near an edge, or that of another word.
fn change_word(data: &mut [u8], size: usize, random: &mut Random) {
    let words = (size - CHOICES) / 4;
    let place = |random: &mut Random| CHOICES + 4 * random.below(words);
    let at = place(random);
    let old = word(data, at);
    let value = match random.below(6) {
        0 => old.wrapping_add_signed([-8, -4, -2, -1, 1, 2, 4, 8][random.below(8)]),
        1 => old ^ 1 << random.below(32),
        2 => random.below(16) as u32,
        3 => u32::MAX - random.below(16) as u32,
        4 => 0x4000_0000 << random.below(2) | random.below(16) as u32,
        _ => {
            let from = place(random);
            word(data, from)
        }
    };
    set_word(data, at, value);
}

/// Offset in the input of the end of a section, which an input has without the text.
fn end_of(data: &[u8], size: usize, section: usize) -> usize {
    let ends = CHOICES + field::SECTION_ENDS as usize;
    let text_bytes = word(data, ends).saturating_sub(Header::BYTES) as usize;
    let end = word(data, ends + 4 * section) as usize;
    (CHOICES + end.saturating_sub(text_bytes)).clamp(CHOICES + Header::BYTES as usize, size)
}

/// Moves the ends of sections from this one on, and of the image.
fn move_ends(data: &mut [u8], section: usize, by: i32) {
    let ends = CHOICES + field::SECTION_ENDS as usize;
    let moved = (section..Section::COUNT).map(|section| ends + 4 * section);
    for at in moved.chain([CHOICES + field::IMAGE_BYTES as usize]) {
        let value = word(data, at).wrapping_add_signed(by);
        set_word(data, at, value);
    }
}

/// A section that is not the text, or the trailer behind the last one; with its place.
fn section(data: &[u8], size: usize, random: &mut Random) -> (usize, usize, usize) {
    let number = 1 + random.below(Section::COUNT);
    let begin = end_of(data, size, number - 1);
    let end = match number {
        Section::COUNT => size,
        _ => end_of(data, size, number),
    };
    (number, begin, end.max(begin))
}

/// Repeats a few words of a section behind themselves.
fn insert_words(data: &mut [u8], size: usize, random: &mut Random) -> usize {
    let (number, begin, end) = section(data, size, random);
    let bytes = 4 * (1 + random.below(6)).min((end - begin) / 4).max(1);
    if size + bytes > data.len() {
        return size;
    }
    let at = begin + 4 * random.below((end - begin) / 4);
    data.copy_within(at..size, at + bytes);
    move_ends(data, number, bytes as i32);
    size + bytes
}

/// Takes a few words out of a section.
fn remove_words(data: &mut [u8], size: usize, random: &mut Random) -> usize {
    let (number, begin, end) = section(data, size, random);
    let words = (end - begin) / 4;
    if words == 0 {
        return size;
    }
    let from = random.below(words);
    let bytes = 4 * (1 + random.below(6)).min(words - from);
    let at = begin + 4 * from;
    data.copy_within(at + bytes..size, at);
    move_ends(data, number, -(bytes as i32));
    size - bytes
}
