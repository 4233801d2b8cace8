//! `run` with the virtual board: manifest and policy, the timeline, events, WASI programs.

use std::io::Write;
use std::process::Stdio;

use super::{End, call, folder, wasm2mcu};

/// Reads a thermometer and drives a fan, twice.
const FAN: &str = r#"(module
  (import "wasi:i2c/i2c" "write-read"
    (func $write-read (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasm2mcu:pwm/pwm" "set-duty" (func $set-duty (param i32 i32) (result i32)))
  (import "wasi:gpio/digital" "toggle" (func $toggle (param i32) (result i32)))
  (import "wasi:clocks/monotonic-clock" "wait-for" (func $wait-for (param i64)))
  (import "wasi:logging/logging" "log" (func $log (param i32 i32 i32 i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "fan" "turns faster")
  (func (export "step") (result i32)
    ;; The register's pointer, 0, and its two bytes, the high one first.
    (drop (call $write-read (i32.const 1) (i32.const 0x48) (i32.const 0) (i32.const 1)
      (i32.const 8) (i32.const 2)))
    ;; Degrees, by ten.
    (drop (call $set-duty (i32.const 0) (i32.mul (i32.load8_u (i32.const 8)) (i32.const 10))))
    (drop (call $toggle (i32.const 5)))
    (call $log (i32.const 2) (i32.const 16) (i32.const 3) (i32.const 19) (i32.const 12))
    (call $wait-for (i64.const 1000000000))
    (i32.load8_u (i32.const 8)))
  (@custom "wasm2mcu.manifest"
    "i2c 1 0x48\n"
    "pwm 0      # the fan\n"
    "gpio 5 output\n"))
"#;

const WARM: &str = "0 temperature 21\n1s temperature 41\n";

#[test]
fn the_timeline_shows_what_devices_do() {
    let folder = folder(&[("fan.wat", FAN), ("warm.txt", WARM)]);
    let calls = [
        "--invoke", "step", "--invoke", "step", "--script", "warm.txt",
    ];
    let end = call(
        &folder,
        &[&["run", "fan.wat", "--trace"], &calls[..]].concat(),
    );
    let trace = "    \
    0.000000  world       temperature is 21.000 °C
    0.000000  i2c 1 0x48  gets 00, answers 1500
    0.000000  pwm 0       duty 210 of 1000
    0.000000  gpio 5      drives high
    0.000000  log         info: fan: turns faster
    1.000000  world       temperature is 41.000 °C
    1.000004  i2c 1 0x48  gets 00, answers 2900
    1.000004  pwm 0       duty 410 of 1000
    1.000004  gpio 5      drives low
    1.000004  log         info: fan: turns faster
";
    assert_eq!(end.stderr, trace);
    assert_eq!(end.success(), "21\n41\n");

    // Without it, messages alone are printed.
    let end = call(&folder, &[&["run", "fan.wat"], &calls[..]].concat());
    assert_eq!(end.stderr, "info: fan: turns faster\n".repeat(2));
    assert_eq!(end.success(), "21\n41\n");
}

#[test]
fn policies_refuse_by_name() {
    let files = [
        ("fan.wat", FAN),
        (
            "enough.txt",
            "gpio 5 input output\ni2c 1 any\npwm 0\nspi 0\n",
        ),
        ("less.txt", "gpio 5 input\ni2c 1 any\npwm 0\n"),
        ("bad.txt", "gpio 5\n"),
    ];
    let folder = folder(&files);
    let run = |policy| {
        let args = ["run", "fan.wat", "--invoke", "step", "--policy", policy];
        call(&folder, &args)
    };
    assert_eq!(run("enough.txt").success(), "25\n");
    run("less.txt").failure(&["fan.wat", "`gpio 5 output`", "does not grant"]);
    run("bad.txt").failure(&["bad.txt", "line 1"]);
    run("missing.txt").failure(&["missing.txt"]);
}

/// Subscribes to a pin and a timer, and counts what its handler gets.
const EVENTS: &str = r#"(module
  (import "wasm2mcu:events/events" "subscribe-pin" (func $pin (param i32 i32) (result i32)))
  (import "wasm2mcu:events/events" "subscribe-timer" (func $timer (param i64 i64) (result i32)))
  (import "wasi:gpio/digital" "write" (func $write (param i32 i32) (result i32)))
  (global $count (mut i32) (i32.const 0))
  (func (export "begin")
    (drop (call $pin (i32.const 4) (i32.const 0)))
    (drop (call $timer (i64.const 1000000) (i64.const 1000000))))
  (func (export "on_event") (param $subscription i32) (param $kind i32) (param i32 i64)
    (if (i32.eq (local.get $kind) (i32.const 0))
      (then (drop (call $write (i32.const 5) (i32.const 1))))
      (else (global.set $count (i32.add (global.get $count) (i32.const 1)))))
    (if (i32.eq (global.get $count) (i32.const 9)) (then unreachable))))
"#;

#[test]
fn events_go_to_the_handler() {
    let files = [
        ("events.wat", EVENTS),
        ("manifest.txt", "gpio 4 input\ngpio 5 output\n"),
        ("script.txt", "2500us gpio 4 high\n"),
        ("plain.wat", "(module (func (export \"f\")))"),
    ];
    let folder = folder(&files);
    let run = |time| {
        let args = [
            "run",
            "events.wat",
            "--manifest",
            "manifest.txt",
            "--script",
            "script.txt",
            "--trace",
            "--invoke",
            "begin",
            "--events",
            time,
        ];
        call(&folder, &args)
    };
    let end = run("5ms");
    let trace = "    \
    0.002500  gpio 4      becomes high outside
    0.002502  gpio 5      drives high
";
    assert_eq!(end.stderr, trace);
    assert_eq!(end.success(), "\n");
    let end = run("1s");
    assert_eq!(end.status, 3, "{end:?}");
    assert!(
        end.stderr.contains("trap: unreachable in function 4"),
        "{end:?}"
    );
    run("5").failure(&["--events"]);
    call(&folder, &["run", "plain.wat", "--events", "1s"]).failure(&["plain.wat", "on_event"]);
}

/// Echoes its input behind its last argument, and exits with the number of its variables.
const PROGRAM: &str = r#"(module
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $sizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get"
    (func $environ (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (drop (call $sizes (i32.const 0) (i32.const 4)))
    (drop (call $args (i32.const 64) (i32.const 128)))
    ;; The last argument, two bytes of it.
    (i32.store (i32.const 16) (i32.load (i32.add (i32.const 60)
      (i32.mul (i32.const 4) (i32.load (i32.const 0))))))
    (i32.store (i32.const 20) (i32.const 2))
    (drop (call $write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 8)))
    (i32.store (i32.const 16) (i32.const 256))
    (i32.store (i32.const 20) (i32.const 64))
    (drop (call $read (i32.const 0) (i32.const 16) (i32.const 1) (i32.const 20)))
    (drop (call $write (i32.const 2) (i32.const 16) (i32.const 1) (i32.const 8)))
    ;; A file cannot be opened: ENOSYS.
    (if (i32.ne (i32.const 52) (call $open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 0)
        (i32.const 0) (i64.const 0) (i64.const 0) (i32.const 0) (i32.const 0)))
      (then unreachable))
    (drop (call $environ (i32.const 0) (i32.const 4)))
    (call $exit (i32.load (i32.const 0)))))
"#;

#[test]
fn wasi_programs_have_arguments_streams_and_a_status() {
    let folder = folder(&[("program.wat", PROGRAM)]);
    let run = |args: &[&str]| {
        let mut command = wasm2mcu(folder.path(), &[&["run", "program.wat"], args].concat());
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(b"input").unwrap();
        let output = child.wait_with_output().unwrap();
        End {
            status: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    };
    let end = run(&["--env", "A=1", "--env", "B=", "--", "--x", "yz"]);
    assert_eq!((end.status, &*end.stdout, &*end.stderr), (2, "yz", "input"));
    let end = run(&["--json"]);
    assert_eq!((end.status, &*end.stderr), (0, "input"));
    let line = r#"pr{"export":"_start","results":[],"trap":null,"instructions":"#;
    assert!(end.stdout.starts_with(line), "{end:?}");
    let end = run(&["--invoke", "_start", "--env", "A=1", "--invoke", "_start"]);
    assert_eq!((end.status, &*end.stdout), (1, "pr"));
    call(&folder, &["run", "program.wat", "--env", "=1"]).failure(&["NAME=VALUE"]);
}

#[test]
fn a_wrong_signature_is_named() {
    let module = r#"(module (import "wasi:gpio/digital" "write" (func (param i32) (result i32))))"#;
    let folder = folder(&[("wrong.wat", module)]);
    let end = call(&folder, &["run", "wrong.wat"]);
    assert_eq!(end.status, 1);
    let message =
        "error: wrong.wat: imports wasi:gpio/digital.write(i32) -> i32, which has another";
    assert!(end.stderr.contains(message), "{end:?}");
}
