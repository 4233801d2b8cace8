//! Every mistake has one message that says what is wrong and where, and status 1.

use std::fs;

use tempfile::TempDir;
use wasm2mcu::image::{self, Parts};
use wasm2mcu_abi::context::Context;
use wasm2mcu_abi::image::Architecture;

use super::{APP, End, call, folder, names, wasm2mcu};

/// Files that are no module, and what the message has to say.
fn bad_inputs() -> (TempDir, Vec<(&'static str, &'static [&'static str])>) {
    let folder = folder(&[
        ("empty.wasm", ""),
        ("truncated.wasm", "\0asm\u{1}\0\0\0\u{7}"),
        ("component.wasm", "\0asm\u{d}\0\u{1}\0"),
        ("version.wasm", "\0asm\u{2}\0\0\0"),
        (
            "syntax.wat",
            "(module\n  (func (export \"f\")\n    (i32.ad)))",
        ),
        (
            "unsupported.wat",
            "(module (func $wide (drop (i8x16.splat (i32.const 1)))))",
        ),
        ("invalid.wat", "(module (func $sum (result i32)))"),
    ]);
    let zeros = fs::File::create(folder.path().join("zeros")).unwrap();
    zeros.set_len(100_000_000).unwrap();
    let larger = fs::File::create(folder.path().join("larger")).unwrap();
    larger.set_len(1 << 29).unwrap();
    let cases: Vec<(&str, &[&str])> = vec![
        ("missing.wasm", &["cannot read missing.wasm"]),
        (".", &["directory"]),
        ("empty.wasm", &["empty.wasm: the file is empty"]),
        ("truncated.wasm", &["truncated.wasm: ", "at byte 0x9"]),
        ("component.wasm", &["component.wasm: ", "core module"]),
        ("version.wasm", &["version.wasm: ", "version"]),
        ("syntax.wat", &["syntax.wat:3:6", "(i32.ad)"]),
        (
            "unsupported.wat",
            &[
                "unsupported.wat: ",
                "operator i8x16.splat",
                "function 0 `wide` at byte",
            ],
        ),
        (
            "invalid.wat",
            &["invalid.wat: ", "type mismatch", "function 0 `sum` at byte"],
        ),
        ("zeros", &["zeros: ", "no module"]),
        ("larger", &["larger: ", "268435456 bytes"]),
    ];
    (folder, cases)
}

#[test]
fn inputs_that_are_no_module() {
    let (folder, cases) = bad_inputs();
    let before = names(&folder);
    for (file, parts) in cases {
        call(&folder, &["run", file]).failure(parts);
        call(&folder, &["compile", file, "-o", "out"]).failure(parts);
    }
    assert_eq!(names(&folder), before);
}

#[test]
fn outputs_that_cannot_be_written() {
    let folder = folder(&[("app.wat", APP)]);
    let compile = |output: &str| call(&folder, &["compile", "app.wat", "-o", output]);
    compile("nowhere/app.w2m").failure(&["nowhere/app.w2m", "no folder nowhere"]);
    compile(".").failure(&["directory"]);
    compile("app.wat/app.w2m").failure(&["app.wat/app.w2m"]);
    assert_eq!(names(&folder), ["app.wat"]);
}

#[cfg(target_os = "linux")]
#[test]
fn full_devices() {
    let folder = folder(&[("app.wat", APP)]);
    let end = call(&folder, &["compile", "app.wat", "-o", "/dev/full"]);
    end.failure(&["/dev/full", "No space left"]);
    let commands: [&[&str]; 3] = [
        &["compile", "app.wat", "-o", "-"],
        &["run", "app.wat", "--invoke", "add 1"],
        &["completions", "bash"],
    ];
    for args in commands {
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let child = wasm2mcu(folder.path(), args)
            .stdout(full)
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        let message = String::from_utf8(output.stderr).unwrap();
        assert!(
            message.contains("error: cannot write standard output"),
            "{message}"
        );
    }
}

#[test]
fn options_that_do_not_exist() {
    let folder = folder(&[("app.wat", APP)]);
    let compile = |options: &[&str]| {
        call(
            &folder,
            &[&["compile", "app.wat", "-o", "out"], options].concat(),
        )
    };
    compile(&["--target", "x86_64-unknown-linux-gnu"])
        .failure(&["x86_64-unknown-linux-gnu", "thumbv8m.main-none-eabihf"]);
    compile(&["--cpu", "z80"]).failure(&["z80", "cortex-m33"]);
    compile(&["--cpu", "cortex-m4", "--target", "thumbv8m.main-none-eabi"]).failure(&[
        "thumbv8m.main-none-eabi",
        "cortex-m4",
        "thumbv7em-none-eabihf",
    ]);
    compile(&["--features", "-fp-armv8d16sp"])
        .failure(&["fp-armv8d16sp", "thumbv8m.main-none-eabihf"]);
    compile(&["--features", "dsp"]).failure(&["+dsp", "-dsp"]);
    call(
        &folder,
        &["run", "app.wat", "--board", "rv32", "--features", "+mmx"],
    )
    .failure(&["mmx", "unaligned-scalar-mem"]);
    compile(&["--emit", "gold"]).failure(&["gold", "image", "clif"]);
    compile(&["-O", "4"]).failure(&["4", "none, size, speed"]);
    compile(&["--fast"]).failure(&["--fast"]);
    call(&folder, &["run", "app.wat", "--board", "abacus"]).failure(&[
        "abacus",
        "m33, m33-nofpu",
        "qemu-m33",
    ]);
    call(&folder, &["run"]).failure(&["IN.wasm"]);
    call(&folder, &["compile", "app.wat"]).failure(&["--output"]);
    call(&folder, &["translate"]).failure(&["translate"]);
    let nothing = call(&folder, &[]);
    assert_eq!((nothing.status, nothing.stdout.as_str()), (1, ""));
    assert!(nothing.stderr.contains("Usage: "));
}

#[test]
fn calls_that_do_not_fit() {
    let folder = folder(&[("app.wat", APP), ("bare.wat", "(module)")]);
    let invoke = |invocation: &str| call(&folder, &["run", "app.wat", "--invoke", invocation]);
    invoke("sub 1").failure(&[
        "'sub 1'",
        "add(i32) -> i32",
        "swap(i32, i32) -> (i32, i32)",
        "nop()",
    ]);
    invoke("memory").failure(&["no function", "add(i32)"]);
    invoke("").failure(&["no function is named", "add(i32)"]);
    invoke("add").failure(&["0 arguments given", "add(i32) -> i32"]);
    invoke("nop 1").failure(&["1 argument given", "nop()"]);
    invoke("add one").failure(&["argument 1", "`one`", "no i32"]);
    invoke("add 1.5").failure(&["`1.5`", "no i32"]);
    invoke("swap 1 4294967296").failure(&["argument 2", "out of range", "4294967295"]);
    invoke("add -2147483649").failure(&["out of range"]);
    call(&folder, &["run", "bare.wat", "--invoke", "f"]).failure(&["exports no function"]);
    // Nothing is called when a later call cannot be made.
    call(
        &folder,
        &["run", "app.wat", "--invoke", "add 1", "--invoke", "add x"],
    )
    .failure(&["`x`"]);
}

#[test]
fn imports_that_are_not_offered() {
    let folder = folder(&[
        (
            "led.wat",
            r#"(module (import "env" "led" (func (param i32) (result i32))))"#,
        ),
        (
            "type.wat",
            r#"(module (import "spectest" "print_i32" (func)))"#,
        ),
        ("escape.wat", r#"(module (import "env" "\1b[2J" (func)))"#),
    ]);
    let run = |file: &str| call(&folder, &["run", file]);
    run("led.wat").failure(&["led.wat", "env.led(i32) -> i32", "spectest.print_i32(i32)"]);
    run("type.wat").failure(&["spectest.print_i32()", "spectest.print_i32(i32)"]);
    run("escape.wat").failure(&["env.\\u{1b}[2J()"]);
}

#[test]
fn images_that_cannot_run() {
    let folder = folder(&[("app.wat", APP)]);
    call(&folder, &["compile", "app.wat", "-o", "app.w2m"]).success();
    let image = fs::read(folder.path().join("app.w2m")).unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    write("cut.w2m", &image[..200]);
    let mut flipped = image.clone();
    flipped[130] ^= 1;
    write("flipped.w2m", &flipped);
    let mut newer = image.clone();
    newer[4] = 9;
    write("newer.w2m", &newer);
    let mut other = Parts::new(Architecture::RiscV32);
    other.context_bytes = Context::BYTES;
    other.globals_offset = Context::BYTES;
    let other = image::write(&other).unwrap();
    write("riscv.w2m", &other);

    let run = |file: &str| call(&folder, &["run", file]);
    run("cut.w2m").failure(&["cut.w2m: ", "truncated", "200"]);
    run("flipped.w2m").failure(&["flipped.w2m: ", "SHA-256"]);
    run("newer.w2m").failure(&["newer.w2m: ", "version 9", "compile the module again"]);
    run("riscv.w2m").failure(&["riscv.w2m: ", "this core executes"]);
    let again = call(&folder, &["compile", "app.w2m", "-o", "out"]);
    again.failure(&["app.w2m: ", "compiled already"]);
}

#[test]
fn boards_whose_parts_are_missing() {
    let folder = folder(&[("app.wat", APP)]);
    let qemu = |firmware: &str| {
        let mut command = wasm2mcu(folder.path(), &["run", "app.wat", "--board", "qemu-m33"]);
        command
            .env("WASM2MCU_FIRMWARE_M33", firmware)
            .env("PATH", "");
        End::of(command)
    };
    qemu("nowhere").failure(&["board qemu-m33: ", "no firmware at nowhere", "test.sh"]);
    // Any file passes for a firmware until the emulator reads it.
    qemu("app.wat").failure(&[
        "board qemu-m33: ",
        "cannot start qemu-system-arm",
        "test.sh",
    ]);
    let fuel = ["run", "app.wat", "--board", "qemu-m33", "--fuel", "1"];
    call(&folder, &fuel).failure(&["qemu-m33", "--fuel"]);
}
