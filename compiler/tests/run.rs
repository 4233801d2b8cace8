//! What translated code computes, interpreted as CLIF, before and after the mid-end.

mod interpreter;

use interpreter::{Machine, Outcome};
use wasm2mcu::opt::{Optimizer, Options};
use wasm2mcu::wasm::{self, Target, Translated};

fn translate(wat: &str) -> Translated {
    let target = Target {
        code_address_bit: 1,
        table_room: 16,
        guard_zone: 0,
        interruptible: false,
        linkable: false,
    };
    let bytes = wat::parse_str(wat).expect("test module");
    wasm::translate(&bytes, target).expect("supported module")
}

fn optimized(mut translated: Translated) -> Translated {
    let options = Options {
        verify: true,
        ..Options::default()
    };
    let mut optimizer = Optimizer::new(options, translated.module.memory);
    for body in &mut translated.functions {
        optimizer.run(&mut body.clif, "test").expect("valid CLIF");
    }
    translated
}

/// Runs the calls one after the other on a fresh instance; both forms must agree.
fn run(wat: &str, capacity: u32, calls: &[(u32, &[u32])]) -> Vec<Outcome> {
    let plain = translate(wat);
    let better = optimized(plain.clone());
    let outcomes = |translated: &Translated| -> Vec<Outcome> {
        let mut machine = Machine::new(translated, capacity);
        let calls = calls.iter();
        calls.map(|(f, args)| machine.call(*f, args)).collect()
    };
    let expected = outcomes(&plain);
    assert_eq!(outcomes(&better), expected, "optimised");
    expected
}

const DIVISION_BY_ZERO: &str = "int_divz";
const OVERFLOW: &str = "int_ovf";
const OUT_OF_BOUNDS: &str = "user2";

const NUMBERS: [u32; 12] = [
    0,
    1,
    2,
    7,
    31,
    32,
    33,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ff80,
    0xffff_8000,
    u32::MAX,
];

#[test]
fn binary_operators() {
    type Operation = fn(u32, u32) -> Result<u32, &'static str>;
    fn signed(x: u32, y: u32) -> (i32, i32) {
        (x as i32, y as i32)
    }
    let table: [(&str, Operation); 25] = [
        ("add", |x, y| Ok(x.wrapping_add(y))),
        ("sub", |x, y| Ok(x.wrapping_sub(y))),
        ("mul", |x, y| Ok(x.wrapping_mul(y))),
        ("div_s", |x, y| match signed(x, y) {
            (_, 0) => Err(DIVISION_BY_ZERO),
            (x, y) => x.checked_div(y).map(|q| q as u32).ok_or(OVERFLOW),
        }),
        ("div_u", |x, y| x.checked_div(y).ok_or(DIVISION_BY_ZERO)),
        ("rem_s", |x, y| match signed(x, y) {
            (_, 0) => Err(DIVISION_BY_ZERO),
            (x, y) => Ok(x.wrapping_rem(y) as u32),
        }),
        ("rem_u", |x, y| x.checked_rem(y).ok_or(DIVISION_BY_ZERO)),
        ("and", |x, y| Ok(x & y)),
        ("or", |x, y| Ok(x | y)),
        ("xor", |x, y| Ok(x ^ y)),
        ("shl", |x, y| Ok(x.wrapping_shl(y))),
        ("shr_u", |x, y| Ok(x.wrapping_shr(y))),
        ("shr_s", |x, y| Ok((x as i32).wrapping_shr(y) as u32)),
        ("rotl", |x, y| Ok(x.rotate_left(y % 32))),
        ("rotr", |x, y| Ok(x.rotate_right(y % 32))),
        ("eq", |x, y| Ok((x == y).into())),
        ("ne", |x, y| Ok((x != y).into())),
        ("lt_u", |x, y| Ok((x < y).into())),
        ("le_u", |x, y| Ok((x <= y).into())),
        ("gt_u", |x, y| Ok((x > y).into())),
        ("ge_u", |x, y| Ok((x >= y).into())),
        ("lt_s", |x, y| Ok(((x as i32) < y as i32).into())),
        ("le_s", |x, y| Ok((x as i32 <= y as i32).into())),
        ("gt_s", |x, y| Ok((x as i32 > y as i32).into())),
        ("ge_s", |x, y| Ok((x as i32 >= y as i32).into())),
    ];
    for (name, operation) in table {
        let wat = format!(
            "(module (func (param i32 i32) (result i32)
               (i32.{name} (local.get 0) (local.get 1))))"
        );
        for x in NUMBERS {
            let pairs: Vec<[u32; 2]> = NUMBERS.iter().map(|&y| [x, y]).collect();
            for pair in &pairs {
                let expected = operation(pair[0], pair[1]);
                let expected = expected.map(|word| vec![word]).map_err(str::to_owned);
                let outcome = &run(&wat, 0, &[(0, pair)])[0];
                assert_eq!(*outcome, expected, "i32.{name} {pair:x?}");
            }
        }
    }
}

#[test]
fn unary_operators() {
    type Operation = fn(u32) -> u32;
    let table: [(&str, Operation); 6] = [
        ("clz", u32::leading_zeros),
        ("ctz", u32::trailing_zeros),
        ("popcnt", u32::count_ones),
        ("eqz", |x| (x == 0).into()),
        ("extend8_s", |x| x as i8 as u32),
        ("extend16_s", |x| x as i16 as u32),
    ];
    for (name, operation) in table {
        let wat = format!("(module (func (param i32) (result i32) (i32.{name} (local.get 0))))");
        for x in NUMBERS {
            assert_eq!(
                run(&wat, 0, &[(0, &[x])])[0],
                Ok(vec![operation(x)]),
                "i32.{name} {x:#x}"
            );
        }
    }
}

#[test]
fn loads_and_stores_are_exact_to_the_byte() {
    let memories = [
        ("(memory 1 1)", 0x1_0000),
        (
            "(memory 1) (func (drop (memory.grow (i32.const 0))))",
            0x2_0000,
        ),
    ];
    let accesses = [
        ("i32.load", 4, 0x8483_8281_u32),
        ("i32.load8_u", 1, 0x81),
        ("i32.load8_s", 1, 0xffff_ff81),
        ("i32.load16_u", 2, 0x8281),
        ("i32.load16_s", 2, 0xffff_8281),
    ];
    for (memory, capacity) in memories {
        for (name, bytes, value) in accesses {
            for offset in [0, 1, 100, 0xfff0] {
                let wat = format!(
                    r#"(module {memory} (func $f (param i32) (result i32)
                         ({name} offset={offset} (local.get 0)))
                       (func (export "x") (result i32) (call $f (i32.const 0)))
                       (data (i32.const {offset}) "\81\82\83\84")
                       (data (i32.const 65532) "\81\82\83\84"))"#
                );
                let f = u32::from(memory.contains("func"));
                let last = 0x1_0000 - offset - bytes;
                let outcomes = run(&wat, capacity, &[(f, &[0]), (f, &[last])]);
                assert_eq!(outcomes[0], Ok(vec![value]), "{name} {offset}");
                assert!(outcomes[1].is_ok(), "{name} {offset}");
                for beyond in [last + 1, last + bytes, u32::MAX, 0u32.wrapping_sub(offset)] {
                    let beyond = if beyond == 0 { last + 1 } else { beyond };
                    let outcome = &run(&wat, capacity, &[(f, &[beyond])])[0];
                    let expected = Err(OUT_OF_BOUNDS.to_owned());
                    assert_eq!(*outcome, expected, "{name} {offset} {beyond:#x}");
                }
            }
        }
    }
    let wat = "(module (memory 1)
        (func (param i32 i32) (i32.store (local.get 0) (local.get 1)))
        (func (param i32 i32) (i32.store8 (local.get 0) (local.get 1)))
        (func (param i32 i32) (i32.store16 (local.get 0) (local.get 1)))
        (func (param i32) (result i32) (i32.load (local.get 0))))";
    let calls: [(u32, &[u32]); 5] = [
        (0, &[8, 0x1122_3344]),
        (1, &[9, 0x55]),
        (2, &[10, 0x6677]),
        (3, &[8]),
        (2, &[0xffff, 0]),
    ];
    let outcomes = run(wat, 0x1_0000, &calls);
    assert_eq!(outcomes[3], Ok(vec![0x6677_5544]));
    assert_eq!(outcomes[4], Err(OUT_OF_BOUNDS.to_owned()));
}

#[test]
fn merged_guards_are_exact_to_the_byte() {
    for memory in [
        "(memory 1)",
        "(memory 1) (func (drop (memory.grow (i32.const 0))))",
    ] {
        let wat = format!(
            "(module (func $fields (param i32) (result i32)
               (i32.add (i32.add (i32.load (local.get 0)) (i32.load16_u offset=8 (local.get 0)))
                        (i32.load8_u offset=4 (local.get 0))))
             {memory})"
        );
        let out_of_bounds = Err(OUT_OF_BOUNDS.to_owned());
        let last = 0x1_0000 - 10;
        let calls: [(u32, &[u32]); 4] = [
            (0, &[last]),
            (0, &[last + 1]),
            (0, &[last + 6]),
            (0, &[u32::MAX - 3]),
        ];
        let outcomes = run(&wat, 0x1_0000, &calls);
        assert_eq!(outcomes[0], Ok(vec![0]));
        assert!(
            outcomes[1..]
                .iter()
                .all(|outcome| *outcome == out_of_bounds)
        );
    }
}

#[test]
fn memory_grows_to_its_capacity_and_is_zero() {
    let wat = "(module (memory 1 4)
        (func (param i32) (result i32 i32) (memory.grow (local.get 0)) (memory.size))
        (func (param i32) (result i32) (i32.load (local.get 0))))";
    let minus_one = u32::MAX;
    let calls: [(u32, &[u32]); 7] = [
        (1, &[0x1_0000]),
        (0, &[0]),
        (0, &[2]),
        (1, &[0x2_fffc]),
        (1, &[0x2_fffd]),
        (0, &[1]),
        (0, &[0xffff_ffff]),
    ];
    let out_of_bounds = Err(OUT_OF_BOUNDS.to_owned());
    assert_eq!(
        run(wat, 0x3_0000, &calls),
        [
            out_of_bounds.clone(),
            Ok(vec![1, 1]),
            Ok(vec![1, 3]),
            Ok(vec![0]),
            out_of_bounds,
            Ok(vec![minus_one, 3]),
            Ok(vec![minus_one, 3]),
        ]
    );
    let translated = optimized(translate(wat));
    let mut machine = Machine::new(&translated, 0x3_0000);
    let end = machine.ram.len();
    machine.ram[end - 0x2_0000..].fill(0xaa);
    assert_eq!(machine.call(0, &[2]), Ok(vec![1, 3]));
    assert!(machine.ram[end - 0x2_0000..].iter().all(|&byte| byte == 0));
}

#[test]
fn bulk_operators_check_the_whole_range_and_keep_overlaps() {
    for memory in [
        "(memory 1)",
        "(memory 1 2) (func (drop (memory.grow (i32.const 0))))",
    ] {
        let wat = format!(
            "(module
              (func (param i32 i32 i32) (memory.fill (local.get 0) (local.get 1) (local.get 2)))
              (func (param i32 i32 i32) (memory.copy (local.get 0) (local.get 1) (local.get 2)))
              {memory})"
        );
        for translated in [translate(&wat), optimized(translate(&wat))] {
            let mut machine = Machine::new(&translated, 0x1_0000);
            let start = machine.ram.len() - 0x1_0000;
            for (i, byte) in machine.ram[start..].iter_mut().enumerate() {
                *byte = (i * 7 + i / 256) as u8;
            }
            let mut model = machine.ram[start..].to_vec();
            for length in [0, 1, 3, 15, 16, 17, 31, 32, 100] {
                for (to, from) in [(40, 41), (41, 40), (40, 40), (8, 200), (200, 8), (60, 40)] {
                    assert_eq!(machine.call(1, &[to, from, length]), Ok(vec![]));
                    let source = from as usize..(from + length) as usize;
                    model.copy_within(source, to as usize);
                    assert!(machine.ram[start..] == model, "{to} {from} {length}");
                }
                let value = 0xa5 + length;
                assert_eq!(machine.call(0, &[300 + length, value, length]), Ok(vec![]));
                model[(300 + length) as usize..][..length as usize].fill(value as u8);
                assert!(machine.ram[start..] == model, "{length}");
            }
            let size = 0x1_0000;
            let inside = [[size, 0, 0], [0, size, 0], [size - 1, 0, 1], [0, 0, size]];
            for args in inside {
                assert!(machine.call(1, &args).is_ok(), "{args:x?}");
            }
            let before = machine.ram.clone();
            let out_of_bounds = Err(OUT_OF_BOUNDS.to_owned());
            let outside = [
                [size + 1, 0, 0],
                [0, size + 1, 0],
                [size - 1, 0, 2],
                [0, size - 1, 2],
                [0, 0, size + 1],
                [16, 0, u32::MAX - 8],
                [u32::MAX, 0, 1],
            ];
            for args in outside {
                assert_eq!(machine.call(1, &args), out_of_bounds, "{args:x?}");
                let [to, _, length] = args;
                if u64::from(to) + u64::from(length) > u64::from(size) {
                    assert_eq!(machine.call(0, &args), out_of_bounds, "{args:x?}");
                }
            }
            assert!(machine.ram == before);
        }
    }
}

#[test]
fn indirect_calls_check_in_order() {
    let in_text = r#"(module
        (type $unary (func (param i32) (result i32)))
        (table 4 funcref)
        (elem (i32.const 1) $double $nothing)
        (func $double (type $unary) (i32.mul (local.get 0) (i32.const 2)))
        (func $nothing)
        (func (param i32) (result i32)
          (call_indirect (type $unary) (i32.const 21) (local.get 0))))"#;
    let in_ram = in_text.replace("(table 4", r#"(table (export "table") 4"#);
    let calls: [(u32, &[u32]); 5] = [(2, &[1]), (2, &[0]), (2, &[2]), (2, &[4]), (2, &[u32::MAX])];
    let trap = |code: u8| Err(format!("user{code}"));
    for wat in [in_text, &in_ram] {
        assert_eq!(
            run(wat, 0, &calls),
            [Ok(vec![42]), trap(5), trap(6), trap(4), trap(4)]
        );
    }
}

#[test]
fn control_flow_and_variables() {
    let wat = include_str!("golden/control.wat");
    let calls: [(u32, &[u32]); 12] = [
        (0, &[10]),
        (1, &[100]),
        (2, &[0]),
        (2, &[50]),
        (2, &[101]),
        (3, &[0]),
        (3, &[1]),
        (3, &[2]),
        (3, &[9]),
        (4, &[1, 2]),
        (4, &[2, 1]),
        (5, &[]),
    ];
    let one = |word| Ok(vec![word]);
    assert_eq!(
        run(wat, 0, &calls),
        [
            one(55),
            one(5050),
            one(7),
            one(50),
            one(100),
            one(10),
            one(11),
            one(12),
            one(10),
            Ok(vec![1, 2]),
            Ok(vec![1, 2]),
            Err("user1".to_owned()),
        ]
    );
    let wat = "(module (global $g (mut i32) (i32.const 3)) (global $c i32 (i32.const 4))
        (func (param i32) (result i32) (local i32)
          (local.set 1 (select (global.get $g) (global.get $c) (local.get 0)))
          (global.set $g (local.tee 0 (i32.add (local.get 1) (i32.const 10))))
          (local.get 0)))";
    let calls: [(u32, &[u32]); 3] = [(0, &[1]), (0, &[1]), (0, &[0])];
    assert_eq!(run(wat, 0, &calls), [one(13), one(23), one(14)]);
}
