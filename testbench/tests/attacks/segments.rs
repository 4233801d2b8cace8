//! Initial contents that overlap an edge: no instance, and what was written before lies inside.

use wasm2mcu_abi::trap::TrapCode::{self, MemoryOutOfBounds, TableOutOfBounds};
use wasm2mcu_testbench::BoardError;

use crate::{NoHosts, between_neighbours, everywhere};

#[test]
fn over_every_edge() {
    let memory = |offset: i64, bytes: usize| {
        let text = "x".repeat(bytes);
        format!(r#"(memory 100 100 (pagesize 1)) (data (i32.const {offset}) "{text}")"#)
    };
    let table = |offset: i64, elements: usize| {
        let functions = "$fifty ".repeat(elements);
        format!("(table $t 3 3 funcref) (elem (table $t) (i32.const {offset}) func {functions})")
    };
    let (memory_out, table_out) = (Err(MemoryOutOfBounds), Err(TableOutOfBounds));
    let attacks: [(String, Result<(), TrapCode>); 17] = [
        (memory(0, 100), Ok(())),
        (memory(100, 0), Ok(())),
        (memory(0, 101), memory_out),
        (memory(99, 2), memory_out),
        (memory(100, 1), memory_out),
        (memory(101, 0), memory_out),
        (memory(-1, 1), memory_out),
        (memory(-4, 100), memory_out),
        (memory(0x7fff_ffff, 1), memory_out),
        // Another lies where it should.
        (
            memory(0, 3) + r#"(data (i32.const 10) "ab") (data (i32.const 99) "ab")"#,
            memory_out,
        ),
        (table(0, 3), Ok(())),
        (table(3, 0), Ok(())),
        (table(0, 4), table_out),
        (table(2, 2), table_out),
        (table(4, 0), table_out),
        (table(-1, 1), table_out),
        // Four bytes an element: the sum of the addresses wraps.
        (table(0x4000_0000, 3), table_out),
    ];
    everywhere(|board, level| {
        for (parts, end) in &attacks {
            between_neighbours(board, level, parts, &NoHosts, |instance| {
                let found = match instance {
                    Ok(_) => Ok(()),
                    Err(BoardError::Trap(trap)) => Err(trap.code),
                    Err(error) => panic!("{parts}: {error}"),
                };
                assert_eq!(found, *end, "{level:?} {parts}");
            });
        }
    });
}
