//! Objects read back by two other readers, and linked.

use std::path::Path;
use std::process::Command;

use ::object::{Object as _, ObjectSection as _, ObjectSymbol as _};
use goblin::elf::{Elf, section_header, sym};

use crate::{Options, compile};

const WAT: &str = r#"(module (memory 1) (table (export "table") 4 funcref) (elem (i32.const 0) $odd $even)
    (func $even (export "even") (param i32) (result i32)
      (if (i32.eqz (local.get 0)) (then (return (i32.const 1))))
      (call_indirect (param i32) (result i32)
        (i32.sub (local.get 0) (i32.const 1)) (i32.const 0)))
    (func $odd (param i32) (result i32)
      (call_indirect (param i32) (result i32)
        (i32.sub (local.get 0) (i32.const 1)) (i32.const 1)))
    (func (export "dup") (param i32) (result i32)
      (block (block (block (block (block
        (br_table 0 1 2 3 4 (local.get 0)))
        (return (i32.const 11))) (return (i32.const 23))) (return (i32.const 35)))
        (return (i32.const 47)))
      (i32.const 59)))"#;

fn object_and_image() -> (Vec<u8>, Vec<u8>) {
    let compiled = compile(WAT.as_bytes(), &Options::default()).unwrap();
    (
        compiled.object("my-app").unwrap(),
        compiled.image().unwrap(),
    )
}

#[test]
fn the_section_is_the_image() {
    let (object, image) = object_and_image();
    let file = ::object::File::parse(&*object).unwrap();
    assert_eq!(file.architecture(), ::object::Architecture::Arm);
    let section = file.section_by_name(".text.wasm2mcu.my_app").unwrap();
    assert_eq!(section.data().unwrap(), image);
    assert_eq!(section.align(), 4);
    assert_eq!(section.relocations().count(), 0);
    let address = |name| file.symbol_by_name(name).unwrap().address();
    assert_eq!(address("wasm2mcu_image_my_app"), 0);
    assert_eq!(address("wasm2mcu_image_my_app_end"), image.len() as u64);
}

#[test]
fn symbols_are_as_the_abi_wants_them() {
    let (object, _) = object_and_image();
    let elf = Elf::parse(&object).unwrap();
    assert!(!elf.is_64 && elf.little_endian);
    assert_eq!(elf.header.e_machine, goblin::elf::header::EM_ARM);
    assert_eq!(elf.header.e_flags, 0x0500_0000);
    let flags = section_header::SHF_ALLOC | section_header::SHF_EXECINSTR;
    let section = |name: &str| {
        let mut sections = elf.section_headers.iter();
        sections.find(|s| elf.shdr_strtab.get_at(s.sh_name) == Some(name))
    };
    let text = section(".text.wasm2mcu.my_app").unwrap();
    assert_eq!(text.sh_flags, u64::from(flags));
    assert_eq!(section(".ARM.attributes").unwrap().sh_type, 0x7000_0003);

    let symbol = |name: &str| {
        let mut symbols = elf.syms.iter();
        let found = symbols.find(|s| elf.strtab.get_at(s.st_name) == Some(name));
        found.unwrap_or_else(|| panic!("no symbol {name}"))
    };
    for name in ["even", "odd", "dup", "trap_exit", "entry(i32)->i32"] {
        let symbol = symbol(name);
        assert_eq!(symbol.st_value % 2, 1, "{name} is Thumb code");
        assert_eq!(symbol.st_type(), sym::STT_FUNC, "{name}");
        assert_eq!(symbol.st_bind(), sym::STB_LOCAL, "{name}");
        assert!(symbol.st_size > 0, "{name}");
    }
    assert_eq!(symbol("wasm2mcu_image_my_app").st_bind(), sym::STB_GLOBAL);
    assert_eq!(symbol("$t").st_type(), sym::STT_NOTYPE);

    // Header, text with its data, the rest: kinds alternate.
    let mut marks: Vec<(u64, &str)> = elf
        .syms
        .iter()
        .filter_map(|s| Some((s.st_value, elf.strtab.get_at(s.st_name)?)))
        .filter(|(_, name)| name.starts_with('$'))
        .collect();
    marks.sort_unstable();
    assert_eq!(marks[..2], [(0, "$d"), (128, "$t")]);
    assert!(marks.len() >= 6, "a jump table and type numbers: {marks:?}");
    for pair in marks.windows(2) {
        assert_ne!(pair[0].1, pair[1].1, "{marks:?}");
    }
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| {
        panic!("{command:?}: {error}; install the GNU binutils for Arm (binutils-arm-none-eabi)")
    });
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed:\n{errors}");
    assert_eq!(errors, "", "{command:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_linker_takes_it_as_it_is() {
    let (object, image) = object_and_image();
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("app.o"), &object).unwrap();
    // A firmware of the other float ABI, at an odd place, so that the linker has to align.
    std::fs::write(
        path("main.s"),
        ".cpu cortex-m33\n.fpu fpv5-sp-d16\n.thumb\n.eabi_attribute 28, 1\n.text\n\
         .global _start\n.thumb_func\n_start: bx lr\n.word wasm2mcu_image_my_app\n.byte 1\n",
    )
    .unwrap();
    run(Command::new("arm-none-eabi-as")
        .arg("-o")
        .args([path("main.o"), path("main.s")]));
    run(Command::new("arm-none-eabi-ld")
        .args(["--gc-sections", "-Ttext", "0x10000400", "-o"])
        .args([path("app.elf"), path("main.o"), path("app.o")]));
    let linked = std::fs::read(path("app.elf")).unwrap();
    let file = ::object::File::parse(&*linked).unwrap();
    let begin = file
        .symbol_by_name("wasm2mcu_image_my_app")
        .unwrap()
        .address();
    assert_eq!(begin % 4, 0);
    let text = file.section_by_name(".text").unwrap();
    let bytes = text.data_range(begin, image.len() as u64).unwrap();
    assert_eq!(bytes, Some(&*image));
    shown_by_objdump(&path("app.o"));
    shown_by_objdump(&path("app.elf"));
}

fn shown_by_objdump(path: &Path) {
    let text = run(Command::new("arm-none-eabi-objdump").arg("-d").arg(path));
    for name in ["<even>:", "<odd>:", "<dup>:", "<trap_exit>:"] {
        assert!(text.contains(name), "{name} in {text}");
    }
    assert!(!text.contains("UNDEFINED"), "{text}");
    // Only with the right attributes does it know division, and with $d the table.
    assert!(text.contains("tbb") || text.contains("tbh"), "{text}");
    assert!(text.contains(".word") || text.contains(".short"), "{text}");
}

/// What a reader of attributes says of an object for a target.
fn attributes(target: &str, wat: &str) -> String {
    let options = Options {
        target: target.parse().unwrap(),
        ..Options::default()
    };
    let object = compile(wat.as_bytes(), &options)
        .unwrap()
        .object("a")
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.o");
    std::fs::write(&path, object).unwrap();
    run(Command::new("arm-none-eabi-readelf").arg("-A").arg(path))
}

#[test]
fn attributes_say_what_the_code_is_for() {
    const INTEGERS: &str = r#"(module (func (export "f")))"#;
    const FLOATS: &str = r#"(module (func (export "f") (param f32) (result f32)
        (f32.sqrt (local.get 0))))"#;
    const IMPORT: &str = r#"(module (import "env" "f" (func (param f64))))"#;
    let cases: [(&str, &str, &[&str]); 7] = [
        (
            "thumbv8m.main-none-eabihf",
            INTEGERS,
            &["v8-M.mainline", "args: compatible"],
        ),
        (
            "thumbv8m.main-none-eabihf",
            FLOATS,
            &["FP_arch: FPv5", "HardFP_use: SP only"],
        ),
        (
            "thumbv8m.main-none-eabihf",
            IMPORT,
            &["args: VFP registers"],
        ),
        (
            "thumbv8m.main-none-eabi",
            FLOATS,
            &["v8-M.mainline", "args: compatible"],
        ),
        (
            "thumbv7em-none-eabihf",
            FLOATS,
            &["v7E-M", "FP_arch: VFPv4-D16", "args: compatible"],
        ),
        ("thumbv7em-none-eabi", IMPORT, &["v7E-M", "args: AAPCS"]),
        (
            "thumbv7m-none-eabi",
            INTEGERS,
            &["CPU_arch: v7\n", "Microcontroller"],
        ),
    ];
    for (target, wat, parts) in cases {
        let shown = attributes(target, wat);
        for part in parts {
            assert!(shown.contains(part), "{target} {wat}: {part:?} in {shown}");
        }
        let soft = target.ends_with("eabi") || wat == INTEGERS;
        assert_eq!(shown.contains("FP_arch"), !soft, "{target} {wat}: {shown}");
    }
}

#[test]
fn risc_v_linkers_and_readers_take_it() {
    for (target, float_abi, e_flags, march) in [
        ("riscv32imac-unknown-none-elf", "ilp32", 0x1, "rv32imac"),
        ("riscv32imafc-unknown-none-elf", "ilp32f", 0x3, "rv32imafc"),
    ] {
        let options = Options {
            target: target.parse().unwrap(),
            ..Options::default()
        };
        let compiled = compile(WAT.as_bytes(), &options).unwrap();
        let (object, image) = (compiled.object("app").unwrap(), compiled.image().unwrap());
        let elf = Elf::parse(&object).unwrap();
        assert_eq!(elf.header.e_machine, goblin::elf::header::EM_RISCV);
        assert_eq!(elf.header.e_flags, e_flags);
        let marks = |name| {
            let names = elf.syms.iter().filter_map(|s| elf.strtab.get_at(s.st_name));
            names.filter(|mark| *mark == name).count()
        };
        assert!(marks("$x") > 0 && marks("$d") > 1 && marks("$t") == 0);

        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("app.o"), &object).unwrap();
        std::fs::write(
            path("main.s"),
            ".text\n.global _start\n_start: ret\n.word wasm2mcu_image_app\n.byte 1\n",
        )
        .unwrap();
        run(Command::new("riscv64-unknown-elf-as")
            .args([format!("-march={march}"), format!("-mabi={float_abi}")])
            .arg("-o")
            .args([path("main.o"), path("main.s")]));
        run(Command::new("riscv64-unknown-elf-ld")
            .args(["-melf32lriscv", "--gc-sections", "-Ttext", "0x10000400"])
            .arg("-o")
            .args([path("app.elf"), path("main.o"), path("app.o")]));
        let linked = std::fs::read(path("app.elf")).unwrap();
        let file = ::object::File::parse(&*linked).unwrap();
        let begin = file.symbol_by_name("wasm2mcu_image_app").unwrap();
        assert_eq!(begin.address() % 4, 0);
        let text = file.section_by_name(".text").unwrap();
        let bytes = text.data_range(begin.address(), image.len() as u64);
        assert_eq!(bytes.unwrap(), Some(&*image));

        let attributes = run(Command::new("riscv64-unknown-elf-readelf")
            .arg("-A")
            .arg(path("app.o")));
        assert!(
            attributes.contains("\"rv32i2p1_m2p0_c2p0\""),
            "{attributes}"
        );
        assert!(attributes.contains("16-bytes"), "{attributes}");
    }
}
