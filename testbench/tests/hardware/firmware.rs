//! The firmware `hosts/hardware` on QEMU's cores.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::thread;
use std::time::{Duration, Instant};

use crate::images::{Module, board, image};

/// Longest run; all end by themselves after a fraction of it.
const TIME: Duration = Duration::from_secs(120);

/// A core with a firmware for it.
pub(crate) struct Core {
    /// The firmware, as `build.sh` names it.
    firmware: &'static str,
    /// The board that images are compiled for.
    board: &'static str,
    emulator: &'static str,
    options: &'static [&'static str],
}

pub(crate) const M33: Core = Core {
    firmware: "hardware-thumbv8m.main-none-eabihf.elf",
    board: "qemu-m33",
    emulator: "qemu-system-arm",
    options: &["-M", "mps2-an505"],
};

pub(crate) const RV32: Core = Core {
    firmware: "hardware-riscv32imac-unknown-none-elf.elf",
    board: "qemu-rv32",
    emulator: "qemu-system-riscv32",
    options: &[
        "-M",
        "virt",
        "-bios",
        "none",
        "-cpu",
        "rv32i,m=on,a=on,c=on,zicsr=on,zifencei=on,pmp=on",
    ],
};

/// Where the firmware is, built once.
static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("hardware");
    fs::create_dir_all(&folder).expect("a folder");
    let output = Command::new("sh")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("hosts/build.sh"))
        .args([&folder, &folder])
        .arg("hardware")
        .output()
        .expect("a shell");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "hardware was not built: {errors}");
    folder
});

/// Runs modules, each with its name; the lines of each.
pub(crate) fn lines(core: &Core, modules: &[Module]) -> BTreeMap<String, String> {
    // Tests run beside each other.
    let folder = tempfile::tempdir_in(&*FOLDER).expect("a folder");
    let folder = folder.path();
    let mut semihosting = String::from("enable=on,target=native,chardev=console,arg=hardware");
    for (name, module) in modules {
        let image = image(board(core.board), module);
        fs::write(folder.join(name).with_extension("w2m"), image).expect("a writable folder");
        semihosting.push_str(&format!(",arg={name}"));
    }
    let mut qemu = Command::new(core.emulator)
        .current_dir(folder)
        .args(core.options)
        .args(["-display", "none", "-monitor", "none", "-serial", "none"])
        .args(["-chardev", "file,id=console,path=said.txt"])
        .args(["-semihosting-config", &semihosting])
        .arg("-kernel")
        .arg(FOLDER.join(core.firmware))
        .stdin(Stdio::null())
        .spawn()
        .expect("QEMU, which `testbench/test.sh --setup-only` installs");
    let end = Instant::now() + TIME;
    let status = loop {
        match qemu.try_wait().expect("a child") {
            Some(status) => break status,
            None if Instant::now() > end => qemu.kill().expect("a child"),
            None => thread::sleep(Duration::from_millis(20)),
        }
    };
    let said = fs::read(folder.join("said.txt")).expect("what it said");
    let said = String::from_utf8_lossy(&said);
    assert!(status.success(), "{}: {status}\n{said}", core.board);
    let parts = said.split("== ").skip(1);
    let parts = parts.map(|part| part.split_once('\n').unwrap_or((part, "")));
    parts
        .map(|(name, lines)| (name.to_owned(), lines.to_owned()))
        .collect()
}
