//! Instances that call each other, both ways, and share what they have.

use wasm2mcu::{Options, Target};
use wasm2mcu_abi::trap::TrapCode::{
    self, IndirectCallTypeMismatch, IntegerDivideByZero, StackExhausted, Unreachable,
};
use wasm2mcu_abi::types::ValueType;
use wasm2mcu_testbench::{Board, BoardError, HostFunction, Instance, Link, Space};

use crate::on_every_board;

on_every_board! {
    calls_in_both_directions
    memories_globals_and_tables
    hosts_reach_the_memory_of_another
    closed_images_share_no_functions
}

fn image(board: &dyn Board, wat: &str, linkable: bool) -> Vec<u8> {
    let info = board.info();
    let target: Target = info.target.parse().expect("a board's target");
    let options = Options {
        target: target.with_features(info.features),
        linkable,
        ..Options::default()
    };
    let compiled = wasm2mcu::compile(wat.as_bytes(), &options);
    let compiled = compiled.unwrap_or_else(|error| panic!("{error}\n{wat}"));
    compiled.image().expect("an image")
}

/// An instance that imports these exports of `from`, under their own names of module `a`.
fn linked<'a>(
    space: &dyn Space<'a>,
    image: &'a [u8],
    from: &mut dyn Instance,
    names: &[&str],
) -> Result<Box<dyn Instance + 'a>, BoardError> {
    let mut links = Vec::new();
    for name in names {
        links.push(Link {
            module: "a".to_owned(),
            name: (*name).to_owned(),
            share: from.share(name)?,
        });
    }
    space.load(image, Vec::new(), &links)
}

fn call(instance: &mut dyn Instance, export: &str, words: &[u32]) -> Result<Vec<u32>, TrapCode> {
    let outcome = instance.invoke(export, words);
    let outcome = outcome.unwrap_or_else(|error| panic!("{export}{words:?}: {error}"));
    if outcome.end.is_err() {
        instance.clear_trap().expect("a board");
    }
    outcome.end.map_err(|trap| trap.code)
}

/// Each call goes one instance further; both trap, and both can be called afterwards.
fn calls_in_both_directions(board: &dyn Board) {
    let first = r#"(module
        (type $step (func (param i32 i64 f32) (result i64 f32)))
        (type $other (func (result i32)))
        (table (export "table") 3 funcref)
        (func $step (export "step") (param i32 i64 f32) (result i64 f32)
            (if (i32.eqz (local.get 0)) (then (return (local.get 1) (local.get 2))))
            (call_indirect (type $step) (i32.sub (local.get 0) (i32.const 1))
                (i64.add (local.get 1) (i64.const 0x1_0000_0001))
                (f32.add (local.get 2) (f32.const 1)) (i32.const 0)))
        (func (export "divide") (param i32 i32) (result i32)
            (i32.div_s (local.get 0) (local.get 1)))
        (func (export "mismatch") (result i32) (call_indirect (type $other) (i32.const 0)))
        (func (export "fail") (result i32) (call_indirect (type $other) (i32.const 1))))"#;
    let second = r#"(module
        (type $step (func (param i32 i64 f32) (result i64 f32)))
        (import "a" "table" (table 3 funcref))
        (import "a" "step" (func $step (type $step)))
        (import "a" "divide" (func $divide (param i32 i32) (result i32)))
        (elem (i32.const 0) $back $fail)
        (func $back (type $step)
            (if (i32.eqz (local.get 0)) (then (return (local.get 1) (local.get 2))))
            (return_call $step (i32.sub (local.get 0) (i32.const 1))
                (local.get 1) (local.get 2)))
        (func $fail (result i32) (unreachable))
        (func (export "divide") (param i32 i32) (result i32)
            (i32.add (i32.const 1) (call $divide (local.get 0) (local.get 1)))))"#;
    let (first, second) = (image(board, first, true), image(board, second, true));
    let space = board.space();
    let mut a = space.load(&first, Vec::new(), &[]).expect("loaded");
    let names = ["table", "step", "divide"];
    let mut b = linked(&*space, &second, &mut *a, &names).expect("linked");

    let nine = 9.0_f32.to_bits();
    let seven = 7.0_f32.to_bits();
    for _ in 0..2 {
        assert_eq!(
            call(&mut *a, "step", &[0, 5, 6, seven]),
            Ok(vec![5, 6, seven])
        );
        assert_eq!(
            call(&mut *a, "step", &[4, 5, 6, seven]),
            Ok(vec![7, 8, nine])
        );
        assert_eq!(call(&mut *b, "divide", &[7, 2]), Ok(vec![4]));
        assert_eq!(call(&mut *b, "divide", &[7, 0]), Err(IntegerDivideByZero));
        assert_eq!(call(&mut *a, "fail", &[]), Err(Unreachable));
        assert_eq!(
            call(&mut *a, "mismatch", &[]),
            Err(IndirectCallTypeMismatch)
        );
        let endless = [1_000_000, 0, 0, 0];
        assert_eq!(call(&mut *a, "step", &endless), Err(StackExhausted));
    }
}

/// What one changes, the other sees, growth included.
fn memories_globals_and_tables(board: &dyn Board) {
    let first = r#"(module
        (memory (export "memory") 1 3)
        (global (export "count") (mut i64) (i64.const 5))
        (global (export "base") i32 (i32.const 40))
        (table (export "table") 1 4 externref)
        (func (export "byte") (param i32) (result i32) (i32.load8_u (local.get 0)))
        (func (export "pages") (result i32) (memory.size))
        (func (export "size") (result i32) (table.size 0))
        (func (export "count") (result i64) (global.get 0)))"#
        .replace("(func (export \"count\")", "(func (export \"counted\")");
    let second = r#"(module
        (import "a" "memory" (memory 1))
        (import "a" "count" (global $count (mut i64)))
        (import "a" "base" (global $base i32))
        (import "a" "table" (table 1 externref))
        (global $own i32 (i32.add (global.get $base) (i32.const 2)))
        (data (global.get $own) "x")
        (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
        (func (export "store") (param i32 i32) (i32.store8 (local.get 0) (local.get 1)))
        (func (export "add") (global.set $count (i64.add (global.get $count) (i64.const 1))))
        (func (export "table") (param i32) (result i32)
            (table.grow (ref.null extern) (local.get 0))))"#;
    let (first, second) = (image(board, &first, true), image(board, second, true));
    let space = board.space();
    let mut a = space.load(&first, Vec::new(), &[]).expect("loaded");
    let names = ["memory", "count", "base", "table"];
    let mut b = linked(&*space, &second, &mut *a, &names).expect("linked");
    assert_eq!(call(&mut *a, "byte", &[42]), Ok(vec![u32::from(b'x')]));
    assert_eq!(call(&mut *b, "grow", &[1]), Ok(vec![1]));
    assert_eq!(call(&mut *b, "grow", &[2]), Ok(vec![u32::MAX]));
    assert_eq!(call(&mut *a, "pages", &[]), Ok(vec![2]));
    assert_eq!(call(&mut *b, "store", &[0x1_ffff, 9]), Ok(vec![]));
    assert_eq!(call(&mut *a, "byte", &[0x1_ffff]), Ok(vec![9]));
    let outside = call(&mut *b, "store", &[0x2_0000, 9]);
    assert_eq!(outside, Err(TrapCode::MemoryOutOfBounds));
    assert_eq!(call(&mut *b, "add", &[]), Ok(vec![]));
    assert_eq!(call(&mut *a, "counted", &[]), Ok(vec![6, 0]));
    assert_eq!(call(&mut *b, "table", &[3]), Ok(vec![1]));
    assert_eq!(call(&mut *b, "table", &[1]), Ok(vec![u32::MAX]));
    assert_eq!(call(&mut *a, "size", &[]), Ok(vec![4]));
}

/// A host function finds the memory that its caller uses, whosever it is.
fn hosts_reach_the_memory_of_another(board: &dyn Board) {
    let first = r#"(module (memory (export "memory") 1 2)
        (func (export "byte") (param i32) (result i32) (i32.load8_u (local.get 0)))
        (func (export "grow") (result i32) (memory.grow (i32.const 1))))"#;
    let second = r#"(module
        (import "env" "poke" (func $poke (param i32)))
        (import "a" "memory" (memory 1))
        (func (export "poke") (param i32) (call $poke (local.get 0))))"#;
    let (first, second) = (image(board, first, true), image(board, second, true));
    let space = board.space();
    let mut a = space.load(&first, Vec::new(), &[]).expect("loaded");
    let poke = HostFunction::new("env", "poke", &[ValueType::I32], &[], |memory, words| {
        let pages = memory.size() >> 16;
        memory.write(words[0], &[pages as u8])?;
        Ok(Vec::new())
    });
    let links = [Link {
        module: "a".to_owned(),
        name: "memory".to_owned(),
        share: a.share("memory").expect("a memory"),
    }];
    let linked = space.load(&second, vec![poke], &links);
    let mut b = linked.expect("linked");
    assert_eq!(call(&mut *b, "poke", &[77]), Ok(vec![]));
    assert_eq!(call(&mut *a, "byte", &[77]), Ok(vec![1]));
    let outside = call(&mut *b, "poke", &[0x1_0000]);
    assert_eq!(outside, Err(TrapCode::MemoryOutOfBounds));
    assert_eq!(call(&mut *a, "grow", &[]), Ok(vec![1]));
    assert_eq!(call(&mut *b, "poke", &[0x1_0000]), Ok(vec![]));
    assert_eq!(call(&mut *a, "byte", &[0x1_0000]), Ok(vec![2]));
}

fn closed_images_share_no_functions(board: &dyn Board) {
    let first = r#"(module (func $f (export "f")) (global (export "g") funcref (ref.func $f)))"#;
    let function = r#"(module (import "a" "f" (func)))"#;
    let reference = r#"(module (import "a" "g" (global funcref)))"#;
    for (first_open, second, second_open) in [
        (false, function, true),
        (true, function, false),
        (false, reference, true),
    ] {
        let first = image(board, first, first_open);
        let name = if second == function { "f" } else { "g" };
        let second = image(board, second, second_open);
        let space = board.space();
        let mut a = space.load(&first, Vec::new(), &[]).expect("loaded");
        match linked(&*space, &second, &mut *a, &[name]) {
            Err(BoardError::Refused(text)) => assert!(text.contains("not linkable"), "{text}"),
            Err(error) => panic!("{error}"),
            Ok(_) => panic!("linked"),
        }
    }
}
