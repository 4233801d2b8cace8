//! Parts, written and read again; and the bytes against the specification's own numbers.

use sha2::{Digest, Sha256};
use wasm2mcu::image::{Import, ImportItem, WriteError, write};
use wasm2mcu_loader::abi::image::{Features, Header, RecordType, Section};
use wasm2mcu_loader::abi::types::ValueType::{F32, F64, I32, I64};
use wasm2mcu_loader::{Image, Item, Name, Policy};

use crate::sample::{self, thumb};

fn word(bytes: &[u8], offset: usize) -> u32 {
    u32::from_le_bytes(bytes[offset..offset + 4].try_into().unwrap())
}

#[test]
fn everything_written_is_read_back() {
    let parts = sample::parts();
    let bytes = write(&parts).unwrap();
    let image = *Image::parse(&bytes)
        .unwrap()
        .verify(&Policy::unsigned())
        .unwrap();

    let needs = image.requirements();
    assert_eq!(needs.architecture, parts.architecture);
    assert_eq!(needs.features, Features::THUMB_DSP);
    assert_eq!(needs.context_bytes, sample::CONTEXT_BYTES);
    assert_eq!(
        (needs.memory_min, needs.memory_max),
        (sample::PAGE, 4 * sample::PAGE)
    );
    assert_eq!(needs.ram_bytes(), sample::CONTEXT_BYTES + sample::PAGE);
    assert_eq!((needs.stack_bytes, needs.guard_zone), (40, 0));

    assert_eq!(image.section(Section::Text), parts.text);
    assert_eq!(image.functions().collect::<Vec<_>>(), parts.functions);
    assert_eq!(image.types().count(), 4, "equal types are written once");

    let imports: Vec<_> = image.imports().collect();
    assert_eq!(imports.len(), 2);
    assert_eq!(imports[0].module, *"env");
    assert_eq!(imports[0].name, *"log");
    assert!(
        matches!(imports[0].item, wasm2mcu_loader::ImportItem::Function(ty) if ty.is(&[I32], &[]))
    );
    assert_eq!(imports[1].name, *"sum");

    let exports: Vec<_> = image.exports().collect();
    assert_eq!(exports.len(), parts.exports.len());
    for (read, written) in exports.iter().zip(&parts.exports) {
        assert_eq!(read.name, Name(written.name.as_bytes()));
    }
    let Item::Function(mix) = exports[2].item else {
        panic!("mix is a function")
    };
    assert!(mix.function_type.is(&[I32, I64, F32, F64], &[F64, I64]));
    assert_eq!(mix.function_type.call_words(), 6);
    assert_eq!((mix.code, mix.stack_bytes), (thumb(sample::MIX), 40));
    let Item::Global(big) = exports[7].item else {
        panic!("big is a global")
    };
    assert_eq!((big.value_type, big.mutable), (I64, false));

    assert_eq!(image.tables().collect::<Vec<_>>(), parts.tables);
    for (read, written) in image.elements().zip(&parts.elements) {
        assert_eq!((read.table, read.start), (written.table, written.start));
        assert_eq!(read.codes().collect::<Vec<_>>(), written.codes);
    }
    for (read, written) in image.data().zip(&parts.data) {
        assert_eq!((read.offset, read.bytes), (written.offset, &*written.bytes));
    }
    let source = image.trailer().next().unwrap();
    assert_eq!(source.record_type, RecordType::SOURCE_SHA256);
    assert_eq!(source.value, [0x5c; 32]);
}

#[test]
fn the_bytes_stand_where_the_specification_says() {
    let bytes = write(&sample::parts()).unwrap();
    assert_eq!(bytes[..4], *b"W2M\0");
    assert_eq!(word(&bytes, 4), 0x0001_0001, "format and ABI version");
    assert_eq!(word(&bytes, 8), 128 << 16 | 1, "Thumb, header size");
    assert_eq!(word(&bytes, 16) as usize, bytes.len());
    assert_eq!(word(&bytes, 36), 0x0110, "page size, memory flag");
    assert_eq!(word(&bytes, 44), sample::INIT | 1);
    assert_eq!(word(&bytes, 48), 8);
    assert_eq!(word(&bytes, 56), sample::GLOBALS);
    assert_eq!(word(&bytes, 64), 128 + sample::TEXT_BYTES, "end of TEXT");
    assert_eq!(bytes[112..128], [0; 16]);
    assert!(bytes[128..].starts_with(&sample::parts().text));

    let digest = bytes.len() - 32;
    assert_eq!(word(&bytes, digest - 4), 32 << 16 | 1, "SHA-256 record");
    assert_eq!(*Sha256::digest(&bytes[..digest - 4]), bytes[digest..]);
    assert_eq!(Header::read(&bytes).unwrap().globals, sample::GLOBALS);
}

#[test]
fn the_same_parts_give_the_same_bytes() {
    assert_eq!(write(&sample::parts()), write(&sample::parts()));
}

#[test]
fn an_image_of_nothing_is_an_image() {
    use wasm2mcu::image::Parts;
    use wasm2mcu_loader::abi::context::Context;
    use wasm2mcu_loader::abi::image::Architecture;

    for architecture in [Architecture::Thumb, Architecture::RiscV32] {
        let parts = Parts {
            context_bytes: Context::BYTES,
            globals_offset: Context::BYTES,
            ..Parts::new(architecture)
        };
        let bytes = write(&parts).unwrap();
        assert_eq!(bytes.len(), 128 + 4 + 36);
        let image = Image::parse(&bytes)
            .unwrap()
            .verify(&Policy::unsigned())
            .unwrap();
        assert_eq!(image.architecture(), architecture);
        assert_eq!(image.functions().count(), 0);
        assert_eq!(image.function_at(0), None);
    }
}

#[test]
fn bytes_behind_the_image_are_ignored() {
    let mut bytes = write(&sample::parts()).unwrap();
    let size = bytes.len();
    bytes.extend([0xff; 512]);
    let image = Image::parse(&bytes)
        .unwrap()
        .verify(&Policy::unsigned())
        .unwrap();
    assert_eq!(image.bytes().len(), size);
}

#[test]
fn text_offsets_lead_to_functions() {
    let bytes = write(&sample::parts()).unwrap();
    let image = Image::parse(&bytes).unwrap();
    let at = |offset| image.function_at(offset);
    assert_eq!(at(sample::ENTRY), None);
    assert_eq!(at(sample::ADD - 1), None);
    assert_eq!(at(sample::ADD), Some(2));
    assert_eq!(at(sample::DIVIDE - 1), Some(2));
    assert_eq!(at(sample::DIVIDE), Some(3));
    assert_eq!(at(sample::CODE_END - 1), Some(5));
    assert_eq!(at(sample::CODE_END), None);
    assert_eq!(at(u32::MAX), None);
}

#[test]
fn a_function_without_code_is_never_found() {
    let mut parts = sample::parts();
    parts.functions[0] = sample::DIVIDE;
    parts.functions[3] = parts.functions_end;
    let bytes = write(&parts).unwrap();
    let image = Image::parse(&bytes).unwrap();
    let at = |offset| image.function_at(offset);
    assert_eq!(at(sample::DIVIDE - 1), None);
    assert_eq!(at(sample::DIVIDE), Some(3));
    assert_eq!(at(sample::CODE_END - 1), Some(4));
    assert_eq!(at(sample::CODE_END), None);
}

#[test]
fn what_the_format_cannot_hold_is_an_error() {
    let mut parts = sample::parts();
    parts.imports[0].item = ImportItem::Function(9);
    let expected = WriteError::NoSuchType { index: 9, types: 5 };
    assert_eq!(write(&parts), Err(expected));

    let mut parts = sample::parts();
    parts.imports.push(Import {
        module: "m".repeat(65_536),
        name: "n".into(),
        item: ImportItem::Function(0),
    });
    let error = write(&parts).unwrap_err();
    assert!(matches!(
        error,
        WriteError::NameTooLong { bytes: 65_536, .. }
    ));

    let mut parts = sample::parts();
    parts.types[2].params = vec![I32; 65_536];
    let error = write(&parts).unwrap_err();
    assert!(matches!(
        error,
        WriteError::TypeTooLong { params: 65_536, .. }
    ));
}
