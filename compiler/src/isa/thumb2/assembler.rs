//! The GNU assembler as the judge of encodings.

use std::process::Command;

use super::frame::FrameLayout;
use super::inst::FrameRef;
use super::regs::RegSet;

/// A frame in which every kind of place has another offset: outgoing 0, spills 16, slots 272,
/// incoming 472.
pub(super) fn frame() -> FrameLayout {
    FrameLayout::new(RegSet::of(&[4, 5, 6, 7, 14]), 16, 64, 180)
}

/// What the assembler makes of `text`.
fn assemble(text: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name);
    let mut source = String::from(".syntax unified\n.thumb\n.text\n");
    for (name, place) in [
        ("out", FrameRef::Outgoing as fn(u32) -> FrameRef),
        ("spill", FrameRef::Spill),
        ("slot", FrameRef::Slot),
        ("in", FrameRef::Incoming),
    ] {
        for number in 0..64 {
            let offset = frame().offset(place(number));
            source += &format!(".set {name}{number}, {offset}\n");
        }
    }
    source += text;
    std::fs::write(path("code.s"), source).expect("the folder is writable");
    run(Command::new("arm-none-eabi-as")
        .args(["-mcpu=cortex-m33", "-mfpu=fpv5-sp-d16", "-o"])
        .args([path("code.o"), path("code.s")]));
    run(Command::new("arm-none-eabi-objcopy")
        .args(["-O", "binary", "-j", ".text"])
        .args([path("code.o"), path("code.bin")]));
    std::fs::read(path("code.bin")).expect("objcopy wrote it")
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| {
        panic!("{command:?}: {error}; install the GNU binutils for Arm (binutils-arm-none-eabi)")
    });
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed:\n{errors}");
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Compares each of `cases` (what it is, its text, its bytes) with the assembler's opinion.
pub(super) fn compare_with_assembler(cases: &[(String, String, Vec<u8>)]) {
    let text: String = cases
        .iter()
        .map(|(_, text, _)| format!("{text}\n"))
        .collect();
    let assembled = assemble(&text);
    let mut at = 0;
    for (what, text, ours) in cases {
        let end = (at + ours.len()).min(assembled.len());
        assert_eq!(
            hex(ours),
            hex(&assembled[at..end]),
            "ours and the assembler's bytes differ for {what}:\n{text}"
        );
        at += ours.len();
    }
    assert_eq!(at, assembled.len(), "the assembler wrote more");
}
