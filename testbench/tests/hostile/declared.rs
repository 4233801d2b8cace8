//! Headers that promise more than there is, and numbers at their limits.

use wasm2mcu::OptLevel;

use crate::{answer, options};

const HEADER: &[u8] = b"\0asm\x01\0\0\0";

/// The largest number of 32 bits in LEB128.
const MOST: &[u8] = b"\xff\xff\xff\xff\x0f";

#[track_caller]
fn refused(module: &[u8], part: &str) {
    for level in crate::LEVELS {
        let error = answer(module, &options("m33", level), part).expect_err(part);
        assert!(error.contains(part), "`{part}` is not in `{error}`");
        assert!(error.len() < 2000, "an error of {} bytes", error.len());
    }
}

#[test]
fn nothing_and_nothing_but_zeros() {
    refused(b"", "does not parse");
    refused(&[0], "does not parse");
    refused(&HEADER[..7], "at byte");
    refused(&vec![0; 100_000_000], "does not parse");
    let mut zeros = HEADER.to_vec();
    zeros.resize(100_000_000, 0);
    refused(&zeros, "at byte 0x");
}

#[test]
fn sections_larger_than_the_file() {
    for section in 0..=14 {
        let mut module = HEADER.to_vec();
        module.push(section);
        module.extend(MOST);
        refused(&module, "at byte");
    }
}

#[test]
fn counts_larger_than_their_sections() {
    for section in 1..=13 {
        let mut module = HEADER.to_vec();
        module.extend([section, MOST.len() as u8]);
        module.extend(MOST);
        refused(&module, "at byte");
    }
}

#[test]
fn a_body_larger_than_its_section() {
    let mut module = wat::parse_str("(module (func))").unwrap();
    let body = module.len() - 3;
    module[body] = 0x7f;
    refused(&module, "at byte");
}

#[test]
fn more_locals_than_a_function_may_have() {
    let locals = "(local i32)".repeat(50_001);
    refused(
        &wat::parse_str(format!("(module (func {locals}))")).unwrap(),
        "locals",
    );
}

#[test]
fn memories_tables_and_globals_beyond_the_limits() {
    refused(b"(module (memory 65537))", "memory size");
    refused(b"(module (memory 65536))", "bytes of memory: 4294967296");
    refused(b"(module (table 5000000 funcref))", "the limit is 16777216");
    refused(b"(module (table 0xffff_ffff funcref))", "at byte");
    let deep = format!(
        "{}(i32.const 1){}",
        "(i32.add (i32.const 1) ".repeat(2000),
        ")".repeat(2000)
    );
    let module = format!("(module (global i32 {deep}))");
    let accepted = answer(
        module.as_bytes(),
        &options("m33", OptLevel::Speed),
        "deep constant",
    );
    accepted.expect("a constant expression");
}

#[test]
fn text_nested_without_end() {
    let open = "(".repeat(1_000_000);
    refused(open.as_bytes(), "does not parse");
    let blocks = "(block ".repeat(200_000);
    refused(
        format!("(module (func {blocks}").as_bytes(),
        "does not parse",
    );
}
