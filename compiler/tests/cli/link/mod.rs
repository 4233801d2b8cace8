//! Images into firmware: what comes out in each form, and what is refused with which message.

mod elf;
mod forms;
mod refusals;

use std::fs;

use tempfile::TempDir;

use self::elf::FirmwareFile;
use super::{End, call, folder};

/// A module whose image needs an FPU and its calling convention.
const FLOATS: &str = r#"(module
  (import "board" "output" (func $output (param f32)))
  (func (export "half") (param f32) (result f32)
    (call $output (local.get 0))
    (f32.mul (local.get 0) (f32.const 0.5))))"#;

/// A folder with the firmware `fw.elf`, and the images `app.w2m` and `other.w2m`.
fn folder_with(firmware: &FirmwareFile) -> TempDir {
    let folder = folder(&[("app.wat", super::APP), ("other.wat", FLOATS)]);
    write(&folder, "fw.elf", &firmware.to_bytes());
    for name in ["app", "other"] {
        let (module, image) = (format!("{name}.wat"), format!("{name}.w2m"));
        call(&folder, &["compile", "-q", &module, "-o", &image]).success();
    }
    folder
}

fn write(folder: &TempDir, name: &str, bytes: &[u8]) {
    fs::write(folder.path().join(name), bytes).expect("a writable folder");
}

fn read(folder: &TempDir, name: &str) -> Vec<u8> {
    fs::read(folder.path().join(name)).expect("a file")
}

/// `link fw.elf` with these arguments.
fn link(folder: &TempDir, args: &[&str]) -> End {
    call(folder, &[&["link", "fw.elf"], args].concat())
}
