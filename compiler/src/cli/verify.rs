//! `wasm2mcu verify`: whether a device would run an image.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use wasm2mcu_loader::{Image, Policy, Verified};

use super::input::{self, about};
use super::{Failure, key, output};

/// Check the signature of an image
///
/// Checks an image as the loader on a device with these keys does. Prints one line if the device
/// would run it, and else says in which stage it is refused: version, structure, hash, signature or
/// counter. Whether it fits the device is another question, which `inspect` answers.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The image.
    #[arg(value_name = "IMAGE.w2m")]
    image: PathBuf,
    /// A public key that the device has; can be given several times.
    #[arg(long, value_name = "KEY.pub.pem", required = true)]
    key: Vec<PathBuf>,
    /// The lowest security counter that the device runs.
    #[arg(long, value_name = "N", default_value_t = 0)]
    min_counter: u32,
}

const EXAMPLES: &str = "\
Examples:
  wasm2mcu verify app.w2m --key device.pub.pem
  wasm2mcu verify app.w2m --key device.pub.pem --min-counter 3";

/// Checks, and says who signed.
pub(crate) fn run(args: Args) -> Result<ExitCode, Failure> {
    let bytes = input::bytes(&args.image)?;
    let image = check(&args.image, &bytes, &args.key, args.min_counter)?;
    let signer = image.key_id().map_or_else(String::new, |id| id.to_string());
    let line = format!(
        "{}: signed by key {signer}, security counter {}\n",
        args.image.display(),
        image.security_counter()
    );
    output::print(line.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// The image in the eyes of a device with these keys.
pub(crate) fn check<'a>(
    path: &Path,
    bytes: &'a [u8],
    keys: &[PathBuf],
    min_counter: u32,
) -> Result<Verified<'a>, Failure> {
    let keys = keys.iter().map(|path| key::read_public(path));
    let keys = keys.collect::<Result<Vec<_>, _>>()?;
    let policy = Policy::signed_by(&keys).min_counter(min_counter);
    let checked = Image::parse(bytes).and_then(|image| image.verify(&policy));
    checked.map_err(|error| {
        about(
            path,
            format_args!("refused, stage {}: {error}", error.stage()),
        )
    })
}
