//! `compile`, `completions`, help.

use std::fs;

use wasm2mcu_abi::image::{Architecture, MAGIC, field, read_words};

use super::{APP, call, folder, guest_app, names};

#[test]
fn the_image_and_a_summary() {
    let folder = folder(&[("app.wat", APP)]);
    let end = call(&folder, &["compile", "app.wat", "-o", "app.w2m"]);
    assert_eq!(end.status, 0, "{end:?}");
    assert_eq!(end.stdout, "");
    let image = fs::read(folder.path().join("app.w2m")).unwrap();
    assert!(image.starts_with(&MAGIC.to_le_bytes()));
    let figures = format!("app.w2m: image of {} bytes, text ", image.len());
    assert!(end.stderr.starts_with(&figures), "{end:?}");
    assert!(end.stderr.contains("memory 196608"), "{end:?}");
    assert_eq!(end.stderr.lines().count(), 1, "{end:?}");
    assert_eq!(names(&folder), ["app.w2m", "app.w2m.map", "app.wat"]);

    let quiet = call(&folder, &["compile", "app.wat", "-o", "b.w2m", "-q"]);
    assert_eq!((quiet.status, quiet.stderr.as_str()), (0, ""));
    assert_eq!(fs::read(folder.path().join("b.w2m")).unwrap(), image);
}

#[test]
fn levels_and_targets() {
    let app = guest_app("sha256.O2.wasm");
    let folder = folder(&[]);
    let bytes = |options: &[&str]| {
        let args = [&["compile", &app, "-o", "out"], options].concat();
        call(&folder, &args).success();
        fs::read(folder.path().join("out")).unwrap()
    };
    let [none, size, speed] = ["none", "size", "speed"].map(|level| bytes(&["-O", level]));
    assert!(none.len() > size.len(), "{} {}", none.len(), size.len());
    assert_eq!(bytes(&[]), speed);
    let soft = bytes(&["--target", "thumbv8m.main-none-eabi"]);
    let [architecture] = read_words(&soft, field::ARCHITECTURE).unwrap();
    assert_eq!(architecture & 0xffff, u32::from(Architecture::Thumb as u16));
}

#[test]
fn text_forms_and_standard_output() {
    let folder = folder(&[("app.wat", APP)]);
    let clif = call(
        &folder,
        &["compile", "app.wat", "-o", "-", "--emit", "clif"],
    )
    .success();
    assert!(
        clif.contains("accumulate") && clif.contains("sdiv"),
        "{clif}"
    );
    let asm = call(&folder, &["compile", "app.wat", "-o", "-", "--emit", "asm"]).success();
    assert!(asm.contains("accumulate") && asm.contains("sdiv"), "{asm}");
    assert_eq!(names(&folder), ["app.wat"]);
}

#[test]
fn an_object_holds_the_image() {
    let folder = folder(&[("my-app.wat", APP)]);
    call(&folder, &["compile", "my-app.wat", "-o", "app.w2m"]).success();
    call(
        &folder,
        &["compile", "my-app.wat", "-o", "app.o", "--emit", "obj"],
    )
    .success();
    let [image, object] =
        ["app.w2m", "app.o"].map(|name| fs::read(folder.path().join(name)).unwrap());
    assert!(object.starts_with(b"\x7fELF"));
    assert!(object.windows(image.len()).any(|window| window == image));
    let symbol = b"wasm2mcu_image_my_app\0";
    assert!(object.windows(symbol.len()).any(|window| window == symbol));
}

#[test]
fn typed_calls_for_firmware() {
    let import = r#"(module (import "env" "m" (memory 1)))"#;
    let folder = folder(&[("my-app.wat", APP), ("import.wat", import)]);
    let emitted = |form: &str| {
        let args = ["compile", "my-app.wat", "-o", "-", "--emit", form];
        call(&folder, &args).success()
    };
    let header = emitted("header");
    assert!(header.contains("w2m_result my_app_add("), "{header}");
    assert!(header.contains("my_app_swap_results"), "{header}");
    let rust = emitted("rust");
    assert!(rust.contains("pub mod my_app {"), "{rust}");
    assert!(
        rust.contains("pub fn div(&mut self, p0: i32, p1: i32)"),
        "{rust}"
    );
    for form in ["header", "rust"] {
        let args = ["compile", "import.wat", "-o", "out", "--emit", form];
        call(&folder, &args).failure(&["import.wat: the import env.m is a memory"]);
    }
    assert_eq!(names(&folder), ["import.wat", "my-app.wat"]);
}

#[test]
fn a_map_that_cannot_be_written_leaves_the_old_image() {
    let folder = folder(&[("app.wat", APP), ("app.w2m", "old")]);
    fs::create_dir(folder.path().join("app.w2m.map")).unwrap();
    let end = call(&folder, &["compile", "app.wat", "-o", "app.w2m"]);
    end.failure(&["app.w2m.map", "directory"]);
    assert_eq!(fs::read(folder.path().join("app.w2m")).unwrap(), b"old");
    assert_eq!(names(&folder), ["app.w2m", "app.w2m.map", "app.wat"]);
}

#[test]
fn a_failed_compilation_leaves_the_old_file() {
    let folder = folder(&[("bad.wat", "(module (func i32.add))"), ("out.w2m", "old")]);
    let end = call(&folder, &["compile", "bad.wat", "-o", "out.w2m"]);
    end.failure(&["bad.wat", "type mismatch", "function 0"]);
    let old = fs::read(folder.path().join("out.w2m")).unwrap();
    assert_eq!(old, b"old");
    assert_eq!(names(&folder), ["bad.wat", "out.w2m"]);
}

#[test]
fn the_output_may_replace_the_input() {
    let folder = folder(&[("app", APP)]);
    call(&folder, &["compile", "app", "-o", "app"]).success();
    let printed = call(&folder, &["run", "app", "--invoke", "add 5"]).success();
    assert_eq!(printed, "5\n");
}

#[cfg(unix)]
#[test]
fn links_modes_and_devices_are_respected() {
    use std::os::unix::fs::{FileTypeExt, MetadataExt, symlink};

    let folder = folder(&[("app.wat", APP), ("real.w2m", "old")]);
    symlink("real.w2m", folder.path().join("link.w2m")).unwrap();
    call(&folder, &["compile", "app.wat", "-o", "link.w2m"]).success();
    let link = fs::symlink_metadata(folder.path().join("link.w2m")).unwrap();
    assert!(link.is_symlink());
    let made = ["app.wat", "link.w2m", "link.w2m.map", "real.w2m"];
    assert_eq!(names(&folder), made);
    let real = folder.path().join("real.w2m");
    assert!(fs::read(&real).unwrap().starts_with(&MAGIC.to_le_bytes()));
    // As readable as any other new file.
    let ordinary = fs::metadata(folder.path().join("app.wat")).unwrap().mode();
    assert_eq!(fs::metadata(&real).unwrap().mode(), ordinary);

    call(&folder, &["compile", "app.wat", "-o", "/dev/null"]).success();
    let device = fs::metadata("/dev/null").unwrap().file_type();
    assert!(device.is_char_device());
}

#[test]
fn help_is_a_manual() {
    let folder = folder(&[]);
    let general = call(&folder, &["--help"]).success();
    for command in ["compile", "run", "inspect", "disasm", "completions"] {
        assert!(general.contains(command), "{general}");
        assert!(
            call(&folder, &[command, "-h"])
                .success()
                .contains("Usage: ")
        );
    }
    let manuals: [(&str, &[&str]); 2] = [
        (
            "compile",
            &[
                "Targets",
                "thumbv8m.main-none-eabi ",
                "+fp-armv8d16sp",
                "--cpu: cortex-m3",
                "vectors",
                "Exit status",
                "Examples",
            ],
        ),
        (
            "run",
            &[
                "qemu-m33",
                "spectest.print_i32(i32)",
                "\"instructions\"",
                "Exit status",
            ],
        ),
    ];
    for (command, parts) in manuals {
        let manual = call(&folder, &[command, "--help"]).success();
        for part in parts {
            assert!(manual.contains(part), "{part:?} is not in {manual}");
        }
    }
    let version = call(&folder, &["--version"]).success();
    assert_eq!(
        version,
        concat!("wasm2mcu ", env!("CARGO_PKG_VERSION"), "\n")
    );
}

#[test]
fn completions_for_shells() {
    let folder = folder(&[]);
    for shell in ["bash", "zsh", "fish"] {
        let script = call(&folder, &["completions", shell]).success();
        assert!(
            script.contains("wasm2mcu") && script.contains("compile"),
            "{script}"
        );
    }
}
