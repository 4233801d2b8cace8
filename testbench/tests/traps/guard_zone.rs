//! Loads that rely on a guard zone trap like all others; boards without one refuse the image.

use wasm2mcu::{OptLevel, Options, Target};
use wasm2mcu_abi::trap::TrapCode;
use wasm2mcu_testbench::BoardError;

use crate::opened;

const ZONE: u32 = 64;

const MODULE: &str = r#"(module
  (memory (export "memory") 1 1)
  (data (i32.const 65528) "\01\02\03\04\05\06\07\08")
  (func (export "near") (param i32) (result i32) (i32.load (local.get 0)))
  (func (export "far") (param i32) (result i32) (i32.load offset=60 (local.get 0)))
  (func (export "beyond") (param i32) (result i32) (i32.load offset=61 (local.get 0)))
  (func (export "pair") (param i32) (result i32)
    (i32.add (i32.load8_u (local.get 0)) (i32.load8_u offset=7 (local.get 0))))
  (func (export "unread") (param i32) (result i32) (drop (i32.load offset=8 (local.get 0))) (i32.const 1))
  (func (export "store") (param i32) (result i32) (i32.store (local.get 0) (i32.const -1)) (i32.const 1))
  (func (export "last") (result i32) (i32.load (i32.const 65532))))"#;

fn options(board: &dyn wasm2mcu_testbench::Board, level: OptLevel, guard_zone: u32) -> Options {
    let info = board.info();
    let target: Target = info.target.parse().expect("a board's target");
    Options {
        target: target.with_features(info.features),
        level,
        guard_zone,
        ..Options::default()
    }
}

#[test]
fn loads_beyond_the_memory_trap() {
    for name in ["m33", "rv32", "rv32-aligned"] {
        for level in [OptLevel::None, OptLevel::Size, OptLevel::Speed] {
            let board = opened(name);
            let options = options(&*board, level, ZONE);
            let image = wasm2mcu::compile(MODULE.as_bytes(), &options).unwrap();
            let image = image.image().unwrap();
            let mut instance = board.load(&image, Vec::new()).unwrap();
            let out = Err(TrapCode::MemoryOutOfBounds);
            for (export, index, end) in [
                ("near", 65528, Ok(0x0403_0201)),
                ("near", 65532, Ok(0x0807_0605)),
                ("near", 65533, out),
                ("near", 65535, out),
                ("near", 65536, out),
                ("near", u32::MAX, out),
                ("far", 65472, Ok(0x0807_0605)),
                ("far", 65473, out),
                ("far", 65535, out),
                ("far", 65536, out),
                ("far", u32::MAX - 59, out),
                ("beyond", 65471, Ok(0x0807_0605)),
                ("beyond", 65472, out),
                ("beyond", 65535, out),
                ("pair", 65528, Ok(9)),
                ("pair", 65529, out),
                ("unread", 65524, Ok(1)),
                ("unread", 65525, out),
                ("store", 65533, out),
            ] {
                let place = format!("{name} {level:?} {export} {index}");
                instance.clear_trap().unwrap();
                let outcome = instance.invoke(export, &[index]).unwrap();
                let found = outcome.end.map(|words| words[0]);
                assert_eq!(found.map_err(|trap| trap.code), end, "{place}");
            }
            // The store that trapped wrote nothing.
            instance.clear_trap().unwrap();
            let last = instance.invoke("last", &[]).unwrap().end.unwrap();
            assert_eq!(last, [0x0807_0605]);
        }
    }
}

#[test]
fn a_board_without_a_zone_refuses() {
    let board = opened("qemu-m33");
    let options = options(&*board, OptLevel::Speed, ZONE);
    let image = wasm2mcu::compile(MODULE.as_bytes(), &options).unwrap();
    match board.load(&image.image().unwrap(), Vec::new()).map(drop) {
        Err(BoardError::Refused(why)) => assert!(why.contains("guard zone of 64 bytes"), "{why}"),
        other => panic!("{other:?}"),
    }
}
