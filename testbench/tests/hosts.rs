//! Firmware that runs modules as a product would, built by `hosts/build.sh` and run in QEMU: in plain C, in
//! tasks of FreeRTOS, beside async tasks of Embassy.
//!
//! ```text
//!   hosts/modules/*.wat ─compile─▶ images ─build.sh─▶ HOST.elf ─QEMU─▶ lines ══ hosts/HOST/expected.txt
//! ```
//!
//! Two hosts are built without any image, and get theirs by linking images into firmware, in every form that QEMU
//! loads:
//!
//! ```text
//!   HOST.elf ─┬─ firmware ─▶ ELF, HEX, BIN ─QEMU─▶ lines ══ hosts/HOST/expected.txt
//!   image ────┘
//! ```
//!
//! QEMU counts instructions as time, so that a busy machine changes nothing.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;
use std::thread;
use std::time::{Duration, Instant};

use wasm2mcu::bindings::Interface;
use wasm2mcu::firmware::{Firmware, Format, Place};
use wasm2mcu::image::{SigningKey, sign};
use wasm2mcu::{Options, Target};

/// Longest run of a firmware; all end by themselves after a fraction of it.
const TIME: Duration = Duration::from_secs(60);
/// An instruction takes 64 ns, and sleeping takes no time of ours.
const ICOUNT: &str = "shift=6,sleep=off";

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("hosts")
}

/// Where images and firmware are built.
static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("hosts");
    let images = folder.join("images");
    fs::create_dir_all(&images).expect("a folder for images");
    let options = Options {
        target: "thumbv8m.main-none-eabihf"
            .parse::<Target>()
            .expect("a known target"),
        ..Options::default()
    };
    for entry in fs::read_dir(sources().join("modules")).expect("the modules") {
        let path = entry.expect("a module").path();
        let module = fs::read(&path).expect("a module");
        let name = path.file_stem().expect("a name");
        let options = Options {
            // The one that never comes back by itself.
            interruptible: name == "spin",
            ..options
        };
        let compiled = wasm2mcu::compile(&module, &options);
        let compiled = compiled.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let image = compiled.image().expect("an image");
        let image_path = images.join(name).with_extension("w2m");
        fs::write(image_path, &image).expect("a writable folder");
        if name == "device" {
            let key = SigningKey::from_bytes(&[1; 32]);
            let image = sign(&image, &key, Some(3)).expect("an image");
            fs::write(images.join("signed.w2m"), image).expect("a writable folder");
            let object = compiled.object("device").expect("an object");
            fs::write(images.join("device.o"), object).expect("a writable folder");
            let interface = Interface::of(&compiled, "device").expect("functions alone");
            let header = interface.c_header().expect("types that C has");
            fs::write(images.join("device.h"), header).expect("a writable folder");
        }
    }
    folder
});

fn build(host: &str) {
    let output = Command::new("sh")
        .arg(sources().join("build.sh"))
        .arg(FOLDER.join("images"))
        .arg(&*FOLDER)
        .arg(host)
        .output()
        .expect("a shell");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{host} was not built: {errors}");
}

/// A machine of QEMU.
#[derive(Clone, Copy)]
struct Machine {
    program: &'static str,
    options: &'static [&'static str],
    /// Where its flash begins.
    flash: u32,
}

const M33: Machine = Machine {
    program: "qemu-system-arm",
    options: &["-M", "mps2-an505", "-icount", ICOUNT],
    flash: 0x1000_0000,
};

const RV32: Machine = Machine {
    program: "qemu-system-riscv32",
    options: &["-M", "virt", "-bios", "none"],
    flash: 0x8000_0000,
};

/// What the firmware writes until it ends.
fn run(host: &str) -> Output {
    let kernel = FOLDER.join(host).with_extension("elf");
    run_on(M33, ["-kernel".as_ref(), kernel.as_os_str()])
}

/// The same on this machine, with the firmware that these arguments name.
fn run_on<'a>(machine: Machine, firmware: impl IntoIterator<Item = &'a OsStr>) -> Output {
    let mut qemu = Command::new(machine.program)
        .args(machine.options)
        .args(["-display", "none", "-monitor", "none", "-serial", "none"])
        .args(["-chardev", "stdio,id=console", "-semihosting-config"])
        .arg("enable=on,target=native,chardev=console")
        .args(firmware)
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("QEMU, which `testbench/test.sh --setup-only` installs");
    let end = Instant::now() + TIME;
    while qemu.try_wait().expect("a child").is_none() {
        if Instant::now() > end {
            qemu.kill().expect("a child");
        }
        thread::sleep(Duration::from_millis(20));
    }
    qemu.wait_with_output().expect("its output")
}

/// Builds and runs a host, and compares what it says. `BLESS=1` takes what it says as what it should.
fn says_what_is_expected(host: &str) {
    build(host);
    compare(host, &run(host));
}

fn compare(host: &str, output: &Output) {
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{host} failed: {said}{errors}");
    let path = sources().join(host).join("expected.txt");
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, said.as_bytes()).expect("a writable folder");
    }
    let expected = fs::read_to_string(&path).expect("what it should say");
    assert_eq!(said, expected, "{host}");
}

#[test]
fn plain_c() {
    says_what_is_expected("c");
}

/// The module's object is linked in, and called through the header that was made with it.
#[test]
fn typed_calls_in_c() {
    says_what_is_expected("typed_c");
}

#[test]
fn hardware_for_modules_in_c() {
    says_what_is_expected("hardware_c");
}

#[test]
fn freertos() {
    says_what_is_expected("freertos");
}

#[test]
fn embassy() {
    says_what_is_expected("embassy");
}

/// Links images into a host's firmware by slot, and runs it from each form of file.
fn runs_when_linked(host: &str, firmware: &str, machine: Machine, images: &[(&str, Vec<u8>)]) {
    let path = |extension| FOLDER.join(firmware).with_extension(extension);
    let bytes = fs::read(path("elf")).expect("the firmware");
    let mut linked = Firmware::read(&bytes).expect("a firmware");
    for (slot, image) in images {
        let placed = linked.place(image.clone(), &Place::Slot((*slot).to_owned()));
        placed.expect("an image that fits");
    }
    for (format, extension) in [
        (Format::Elf, "linked.elf"),
        (Format::Hex, "hex"),
        (Format::Bin, "bin"),
    ] {
        let path = path(extension);
        let path = path.to_str().expect("UTF-8");
        fs::write(path, linked.write(format).expect("a file")).expect("a writable folder");
        let loader = match format {
            Format::Bin => format!("loader,file={path},addr={:#x},force-raw=on", machine.flash),
            _ => format!("loader,file={path}"),
        };
        let arguments = match format {
            Format::Elf => ["-kernel", path],
            _ => ["-device", &loader],
        };
        compare(host, &run_on(machine, arguments.map(OsStr::new)));
    }
    // The firmware alone has no image, and says so.
    let alone = path("elf");
    let output = run_on(machine, ["-kernel".as_ref(), alone.as_os_str()]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("app: not a"), "{said}");
}

/// `control.wat` for a target.
fn control(target: &str) -> Vec<u8> {
    let module = fs::read(sources().join("modules/control.wat")).expect("a module");
    let options = Options {
        target: target.parse::<Target>().expect("a known target"),
        ..Options::default()
    };
    let compiled = wasm2mcu::compile(&module, &options).expect("a good module");
    compiled.image().expect("an image")
}

#[test]
fn images_are_linked_into_firmware_in_c() {
    build("slot_c");
    let image = control("thumbv8m.main-none-eabihf");
    let signed = sign(&image, &SigningKey::from_bytes(&[1; 32]), Some(3)).expect("an image");
    let images = [("app", image), ("spare", signed)];
    runs_when_linked("slot_c", "slot_c", M33, &images);
}

#[test]
fn images_are_linked_into_firmware_in_rust() {
    build("slot_rust");
    let image = control("thumbv8m.main-none-eabihf");
    runs_when_linked("slot_rust", "slot_rust", M33, &[("app", image)]);
    let image = control("riscv32imac-unknown-none-elf");
    runs_when_linked("slot_rust", "slot_rust_rv32", RV32, &[("app", image)]);
}

/// With its features, for RISC-V in C, and its documentation without warnings. The log's lines are read by
/// another test (`log.rs`).
#[test]
fn the_loader_is_built_in_every_form() {
    build("check");
}

/// The names of functions of the C API in a text, each with the number of its parameters.
fn functions<'t>(text: &'t str, before: &str) -> BTreeSet<(&'t str, usize)> {
    let starts = text.match_indices(before);
    let functions = starts.filter_map(|(at, _)| {
        let text = &text[at + before.len()..];
        let (name, behind) = text.split_once('(')?;
        let named = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let (params, _) = behind.split_once(')')?;
        let params = params.split(',').filter(|param| !param.trim().is_empty());
        named.then(|| (name, params.count()))
    });
    functions.collect()
}

/// Layout and numbers are compared by the firmware in C; this is about the functions.
#[test]
fn header_and_library_have_the_same_functions() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../loader/c");
    let headers = ["wasm2mcu.h", "wasm2mcu_host.h"]
        .map(|header| fs::read_to_string(folder.join("include").join(header)).expect("the header"));
    let declarations: String = headers
        .iter()
        .flat_map(|header| {
            let lines = header.lines();
            lines.skip_while(|line| !line.starts_with("extern \"C\""))
        })
        .filter(|line| !line.starts_with([' ', '/', '*', '#']) || line.starts_with("      "))
        .map(|line| line.to_owned() + "\n")
        .collect();
    let declared: BTreeSet<_> = ["\nw2m_result ", "*", "\nvoid ", "\nsize_t "]
        .iter()
        .flat_map(|before| functions(&declarations, before))
        .filter(|(name, _)| name.starts_with("w2m_"))
        .map(|(name, params)| (name.to_owned(), params))
        .collect();
    let mut defined = BTreeSet::new();
    for entry in fs::read_dir(folder.join("src")).expect("its sources") {
        let text = fs::read_to_string(entry.expect("a source").path()).expect("a source");
        let found = functions(&text, "extern \"C\" fn ");
        defined.extend(
            found
                .iter()
                .map(|&(name, params)| (name.to_owned(), params)),
        );
    }
    defined.retain(|(name, _)| name.starts_with("w2m_"));
    assert!(defined.len() > 10, "{defined:?}");
    assert_eq!(declared, defined);
}
