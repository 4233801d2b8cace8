//! Intel HEX: lines of 16 bytes with their addresses, and where the program starts.
//!
//! Source: Hexadecimal Object File Format Specification (Intel, revision A).

use ihex::{Record, create_object_file_representation};

use super::super::Chunk;

/// Bytes of a line; its address is a multiple of that, but at the start of a chunk.
const LINE: usize = 16;

pub(super) fn write(chunks: &[Chunk<'_>], entry: u32) -> Vec<u8> {
    let mut records = Vec::new();
    let mut upper = None;
    for chunk in chunks {
        let mut address = chunk.address;
        let mut rest = chunk.bytes;
        while !rest.is_empty() {
            // So a line never goes beyond the 64 KiB that it is in.
            let to_border = LINE - address as usize % LINE;
            let (line, behind) = rest.split_at(to_border.min(rest.len()));
            if upper != Some(address >> 16) {
                upper = Some(address >> 16);
                records.push(Record::ExtendedLinearAddress((address >> 16) as u16));
            }
            records.push(Record::Data {
                offset: address as u16,
                value: line.to_vec(),
            });
            address = address.wrapping_add(line.len() as u32);
            rest = behind;
        }
    }
    records.push(Record::StartLinearAddress(entry));
    records.push(Record::EndOfFile);
    create_object_file_representation(&records)
        .expect("lines of 16 bytes at most, and one end")
        .into_bytes()
}
