//! `run`: results, JSON, traps, arguments.

use std::fs;

use super::{APP, call, folder, guest_app};

/// Runs the application with these arguments.
fn app(args: &[&str]) -> super::End {
    let folder = folder(&[("app.wat", APP)]);
    call(&folder, &[&["run", "app.wat"], args].concat())
}

#[test]
fn results_are_plain_and_the_instance_is_one() {
    let end = app(&[
        "--invoke", "add 5", "--invoke", "add -7", "--invoke", "swap 1 2", "--invoke", "nop",
    ]);
    assert_eq!(end.stderr, "");
    assert_eq!(end.success(), "5\n-2\n2 1\n\n");
}

#[test]
fn arguments_of_either_sign_and_radix() {
    for (invocation, result) in [
        ("add 0xffffffff", "-1"),
        ("add 4294967295", "-1"),
        ("add -2147483648", "-2147483648"),
        ("add 0x10", "16"),
        ("  add   7\t", "7"),
    ] {
        let printed = app(&["--invoke", invocation]).success();
        assert_eq!(printed, format!("{result}\n"), "{invocation}");
    }
}

#[test]
fn json_has_one_object_a_call() {
    let end = app(&[
        "--json",
        "--invoke",
        "swap -1 2",
        "--invoke",
        "div 1 0",
        "--invoke",
        "nop",
    ]);
    assert_eq!(end.status, 3);
    let mut lines = end.stdout.lines();
    let mut line = |begin: &str| {
        let line = lines.next().unwrap();
        let count = line.strip_prefix(begin).unwrap_or_else(|| panic!("{line}"));
        let count = count.strip_suffix('}').unwrap();
        assert!(count.parse::<u64>().unwrap() > 0, "{line}");
    };
    line(r#"{"export":"swap","results":["2","-1"],"trap":null,"instructions":"#);
    line(r#"{"export":"div","results":[],"trap":"integer divide by zero","instructions":"#);
    assert_eq!(lines.next(), None);
}

#[test]
fn counts_repeat() {
    let crc32 = guest_app("crc32.O2.wasm");
    let folder = folder(&[]);
    let run = || call(&folder, &["run", &crc32, "--invoke", "run 1", "--json"]).success();
    assert_eq!(run(), run());
}

#[test]
fn a_trap_ends_with_status_3_and_names_the_function() {
    let end = app(&["--invoke", "div 1 0", "--invoke", "add 1"]);
    assert_eq!(end.status, 3);
    assert_eq!(end.stdout, "");
    assert_eq!(
        end.stderr,
        "trap: integer divide by zero in function 1 (quotient)\n"
    );

    let folder = folder(&[
        (
            "start.wat",
            "(module (func $boot unreachable) (start $boot))",
        ),
        (
            "data.wat",
            "(module (memory 1) (data (i32.const 65536) \"x\"))",
        ),
        (
            "anonymous.wat",
            "(module (func (export \"x y\")) (func unreachable) (start 1))",
        ),
    ]);
    for (file, message) in [
        (
            "start.wat",
            "trap: unreachable in function 0 (boot) while it was instantiated\n",
        ),
        (
            "data.wat",
            "trap: out of bounds memory access while it was instantiated\n",
        ),
        (
            "anonymous.wat",
            "trap: unreachable in function 1 while it was instantiated\n",
        ),
    ] {
        let end = call(&folder, &["run", file]);
        assert_eq!((end.status, end.stdout.as_str()), (3, ""), "{file}");
        assert_eq!(end.stderr, message, "{file}");
    }
}

#[test]
fn images_run_like_modules() {
    let folder = folder(&[("app.wat", APP)]);
    call(&folder, &["compile", "app.wat", "-o", "app.w2m"]).success();
    let args = ["--invoke", "add 1", "--json"];
    let image = call(&folder, &[&["run", "app.w2m"], &args[..]].concat()).success();
    let module = call(&folder, &[&["run", "app.wat"], &args[..]].concat()).success();
    assert_eq!(image, module);

    // Names come from the map, as long as it is there and belongs to the image.
    let trap = || {
        let end = call(&folder, &["run", "app.w2m", "--invoke", "div 1 0"]);
        assert_eq!(end.status, 3, "{end:?}");
        end.stderr
    };
    let plain = "trap: integer divide by zero in function 1";
    assert_eq!(trap(), format!("{plain} (quotient)\n"));
    call(
        &folder,
        &["compile", "app.wat", "-o", "other.w2m", "-O", "none"],
    )
    .success();
    let map = folder.path().join("app.w2m.map");
    fs::rename(folder.path().join("other.w2m.map"), &map).unwrap();
    let foreign = trap();
    assert!(foreign.contains("another image"), "{foreign}");
    assert!(foreign.ends_with(&format!("\n{plain}\n")), "{foreign}");
    fs::remove_file(map).unwrap();
    assert_eq!(trap(), format!("{plain}\n"));

    let again = call(&folder, &["run", "app.w2m", "-O", "none"]);
    again.failure(&["app.w2m", "compiled already"]);
}

#[test]
fn without_a_call_the_start_function_runs() {
    let start = r#"(module (import "spectest" "print_i32" (func $print (param i32)))
        (func $boot (call $print (i32.const -3)))
        (func (export "main") (call $print (i32.const 4))) (start $boot))"#;
    let folder = folder(&[("start.wat", start)]);
    let end = call(&folder, &["run", "start.wat"]);
    assert_eq!((end.status, end.stdout.as_str()), (0, ""));
    assert!(
        end.stderr.starts_with("-3\ninstantiated, nothing called; "),
        "{end:?}"
    );
    assert!(end.stderr.contains("main()"), "{end:?}");
}

#[test]
fn what_the_module_prints_is_no_result() {
    let app = guest_app("hostcall.O2.wasm");
    let end = call(&folder(&[]), &["run", &app, "--invoke", "run 1"]);
    assert_eq!((end.status, end.stdout.as_str()), (0, "672824368\n"));
    assert_eq!(end.stderr.lines().count(), 11, "{end:?}");
}

#[test]
fn a_call_is_interrupted() {
    let folder = folder(&[("app.wat", APP)]);
    let run = |input, invocation| {
        let options = ["--interrupt-after", "1000", "--invoke"];
        call(
            &folder,
            &[&["run", input], &options[..], &[invocation]].concat(),
        )
    };
    let end = run("app.wat", "spin");
    assert_eq!(end.status, 3, "{end:?}");
    assert!(end.stderr.contains("trap: interrupted"), "{end:?}");
    assert_eq!(run("app.wat", "add 5").success(), "5\n");

    call(&folder, &["compile", "app.wat", "-o", "plain.w2m"]).success();
    run("plain.w2m", "spin").failure(&["plain.w2m", "--interruptible"]);
    let options = ["--interruptible", "-o", "other.w2m"];
    call(&folder, &[&["compile", "app.wat"], &options[..]].concat()).success();
    assert_eq!(run("other.w2m", "spin").status, 3);
    let report = |image| call(&folder, &["inspect", image]).success();
    assert!(report("other.w2m").contains("can be interrupted"));
    assert!(!report("plain.w2m").contains("can be interrupted"));
}

#[test]
fn fuel_and_memory_are_limits() {
    let end = app(&["--invoke", "spin", "--fuel", "1000"]);
    end.failure(&["app.wat", "spin", "1000 instructions", "--fuel"]);
    let grown = app(&["--invoke", "grow 1", "--invoke", "grow 1"]).success();
    assert_eq!(grown, "1\n2\n");
    let refused = app(&["--invoke", "grow 1", "--memory", "65536"]).success();
    assert_eq!(refused, "-1\n");
    app(&["--invoke", "grow 1", "--memory", "1000"]).failure(&["app.wat", "65"]);
}
