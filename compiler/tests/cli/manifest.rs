//! What a module asks for of the hardware: `compile --manifest`, `inspect`, signing.

use super::{call, folder, names};

/// A module that asks for a pin in a custom section, and uses it and a bus.
const BLINK: &str = r#"(module
  (@custom "wasm2mcu.manifest" "gpio 5 output # light\n")
  (import "wasi:gpio/digital" "toggle" (func $toggle (param i32) (result i32)))
  (import "wasi:i2c/i2c" "read" (func $read (param i32 i32 i32 i32) (result i32)))
  (memory 1)
  (func (export "blink") (result i32) (call $toggle (i32.const 5)))
  (func (export "sense") (result i32)
    (call $read (i32.const 1) (i32.const 0x48) (i32.const 0) (i32.const 2))))"#;

#[test]
fn a_manifest_comes_from_the_module_and_a_file() {
    let folder = folder(&[
        ("blink.wat", BLINK),
        ("board.txt", "# the sensor\ni2c 1 0x48\ngpio 5 output\n"),
    ]);
    let compile = ["compile", "blink.wat", "-o", "blink.w2m"];
    let end = call(&folder, &compile);
    assert!(
        end.stderr
            .contains("imports wasi:i2c/i2c, but its manifest names no i2c resource"),
        "{end:?}"
    );
    assert!(!end.stderr.contains("gpio resource"), "{end:?}");
    end.success();
    let end = call(
        &folder,
        &[&compile[..], &["--manifest", "board.txt"]].concat(),
    );
    assert!(!end.stderr.contains("resource"), "{end:?}");
    end.success();

    let text = call(&folder, &["inspect", "blink.w2m"]).success();
    assert!(
        text.contains("asks for\n  gpio 5 output\n  i2c 1 0x48\n"),
        "{text}"
    );
    let json = call(&folder, &["inspect", "blink.w2m", "--json"]).success();
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(
        json["manifest"],
        serde_json::json!(["gpio 5 output", "i2c 1 0x48"])
    );
    assert_eq!(json["hash_valid"], true);
}

#[test]
fn signing_keeps_the_manifest() {
    let folder = folder(&[("blink.wat", BLINK)]);
    call(&folder, &["keygen", "key.pem"]).success();
    call(&folder, &["compile", "blink.wat", "-o", "blink.w2m"]).success();
    let sign = ["sign", "blink.w2m", "--key", "key.pem", "-o", "signed.w2m"];
    call(&folder, &sign).success();
    call(&folder, &["verify", "signed.w2m", "--key", "key.pub.pem"]).success();
    let text = call(&folder, &["inspect", "signed.w2m"]).success();
    assert!(text.contains("asks for\n  gpio 5 output\n"), "{text}");
}

#[test]
fn a_bad_manifest_is_refused_by_line() {
    let bad = BLINK.replace("gpio 5 output", "gpio 5");
    let folder = folder(&[
        ("blink.wat", BLINK),
        ("bad.wat", &bad),
        ("board.txt", "pwm 0\nled 5\n"),
    ]);
    call(&folder, &["compile", "bad.wat", "-o", "bad.w2m"]).failure(&[
        "bad.wat: the manifest: line 1, `gpio 5`: a pin is `input`, `output` or `input output`",
        "at byte 0x",
    ]);
    let with = [
        "compile",
        "blink.wat",
        "-o",
        "a.w2m",
        "--manifest",
        "board.txt",
    ];
    call(&folder, &with).failure(&["board.txt: line 2, `led 5`: the first word is none of gpio"]);
    let with = [
        "compile",
        "blink.wat",
        "-o",
        "a.w2m",
        "--manifest",
        "none.txt",
    ];
    call(&folder, &with).failure(&["none.txt"]);
    assert_eq!(names(&folder), ["bad.wat", "blink.wat", "board.txt"]);
}

#[test]
fn another_signature_than_the_abis_is_noted() {
    let folder = folder(&[(
        "odd.wat",
        r#"(module (import "wasi:gpio/digital" "read" (func (param i64) (result i32))))"#,
    )]);
    let end = call(&folder, &["compile", "odd.wat", "-o", "odd.w2m"]);
    assert!(
        end.stderr.contains(
            "wasi:gpio/digital.read has another signature in the hardware ABI: (i32) -> (i32)"
        ),
        "{end:?}"
    );
    end.success();
}
