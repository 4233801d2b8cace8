//! `seed CORPUS IMAGE…`: the fuzzer's inputs for these images, into the folder of a corpus.

use std::path::Path;
use std::process::ExitCode;
use std::{env, fs, io};

use wasm2mcu_loader_fuzz::Input;

/// Each image in unsigned and signed form, with memory to grow, with a trap, and linked to others.
const CHOICES: [[u8; 4]; 4] = [[0, 0, 0, 0], [2, 16, 0, 1], [8, 1, 0, 0], [0, 0, 3, 16]];

fn main() -> ExitCode {
    let mut arguments = env::args_os().skip(1);
    let Some(corpus) = arguments.next() else {
        eprintln!("usage: seed CORPUS IMAGE...");
        return ExitCode::FAILURE;
    };
    for image in arguments {
        if let Err(error) = write(Path::new(&corpus), Path::new(&image)) {
            eprintln!("{}: {error}", Path::new(&image).display());
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn write(corpus: &Path, image: &Path) -> io::Result<()> {
    let bytes = fs::read(image)?;
    let name = image.file_stem().unwrap_or_default().to_string_lossy();
    for (number, choices) in CHOICES.into_iter().enumerate() {
        let input = Input::of(choices, &bytes);
        fs::write(corpus.join(format!("{name}.{number}")), input)?;
    }
    Ok(())
}
