//! The place of a trap, as the device reports it and the map explains it, on every instruction set.

use wasm2mcu::{OptLevel, Options, Target, TrapInfo};
use wasm2mcu_testbench::open;

const BOARDS: [&str; 4] = ["m33", "rv32", "qemu-m33", "qemu-rv32"];
const LEVELS: [OptLevel; 3] = [OptLevel::None, OptLevel::Size, OptLevel::Speed];

/// Four divisions and two accesses in one function: which of them traps depends on the argument.
const WAT: &str = r#"(module (memory 1 1)
    (func (export "f") (param $zero i32) (param $far i32) (param $which i32) (result i32)
      (block $5 (block $4 (block $3 (block $2 (block $1 (block $0
        (br_table $0 $1 $2 $3 $4 $5 (local.get $which)))
        (return (i32.div_u (i32.const 7) (local.get $zero))))
        (return (i32.rem_u (i32.const 7) (local.get $zero))))
        (return (i32.div_s (i32.const 7) (local.get $zero))))
        (return (i32.rem_s (i32.const 7) (local.get $zero))))
        (return (i32.load8_u (local.get $far))))
      (i32.load16_u (local.get $far))))"#;

/// What the operators are in the binary format, in the order of the argument.
const OPERATORS: [u8; 6] = [0x6e, 0x70, 0x6d, 0x6f, 0x2d, 0x2f];

#[test]
fn a_stub_for_each_check_tells_the_operator() {
    let wasm = wat::parse_str(WAT).unwrap();
    for name in BOARDS {
        let board = open(name).unwrap();
        let target: Target = board.info().target.parse().unwrap();
        for level in LEVELS {
            for trap_info in [TrapInfo::PerFunction, TrapInfo::PerSite] {
                let options = Options {
                    target: target.with_features(board.info().features),
                    level,
                    trap_info,
                    ..Options::default()
                };
                let compiled = wasm2mcu::compile(&wasm, &options).unwrap();
                let image = compiled.image().unwrap();
                let map = compiled.map(&image);
                let mut instance = board.load(&image, Vec::new()).unwrap();
                for (which, operator) in (0..).zip(OPERATORS) {
                    let end = instance.invoke("f", &[0, u32::MAX, which]).unwrap().end;
                    let trap = end.unwrap_err();
                    instance.clear_trap().unwrap();
                    assert_eq!(trap.function, Some(0));
                    let sources = map.trap_sources(trap.text_offset, trap.code);
                    let found: Vec<u8> = sources.iter().map(|&at| wasm[at as usize]).collect();
                    let place =
                        format!("{name} {level:?} {trap_info:?}: {operator:#x}, {found:x?}");
                    match trap_info {
                        TrapInfo::PerSite => assert_eq!(found, [operator], "{place}"),
                        TrapInfo::PerFunction => assert!(found.contains(&operator), "{place}"),
                    }
                }
            }
        }
    }
}
