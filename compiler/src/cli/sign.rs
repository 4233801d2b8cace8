//! `wasm2mcu sign`: an image that devices with the key will run.

use std::path::PathBuf;
use std::process::ExitCode;

use wasm2mcu::image;
use wasm2mcu::map::{Map, image_sha256};
use wasm2mcu_loader::{Image, Policy};

use super::input::{Input, about};
use super::output::{self, Output, Staged};
use super::{Failure, key};

/// Sign an image
///
/// Writes the image with a signature by this key. A signature that is there already is replaced. The
/// map beside the image, which knows the image by its hash, is written beside the new one too.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The image.
    #[arg(value_name = "IMAGE.w2m")]
    image: PathBuf,
    /// The secret key.
    #[arg(long, value_name = "KEY.pem")]
    key: PathBuf,
    /// The security counter, against images with known faults: devices refuse an image with a lower
    /// one than they have run [default: the image's, which without one is 0].
    #[arg(long, value_name = "N")]
    counter: Option<u32>,
    /// Where to write the signed image; may be the image itself.
    #[arg(short, long, value_name = "SIGNED.w2m")]
    output: PathBuf,
    /// Print nothing but errors.
    #[arg(short, long)]
    quiet: bool,
}

const EXAMPLES: &str = "\
Examples:
  wasm2mcu sign app.w2m --key device.pem --counter 3 -o app.signed.w2m
  wasm2mcu verify app.signed.w2m --key device.pub.pem";

/// Signs, and says by which key.
pub(crate) fn run(args: Args) -> Result<ExitCode, Failure> {
    let output = Output::at(&args.output)?;
    let Input::Image(bytes) = Input::read(&args.image)? else {
        return Err(about(&args.image, "this is a module; compile it first"));
    };
    // What is broken does not get a good signature.
    let checked = Image::parse(&bytes).and_then(|image| image.verify(&Policy::unsigned()));
    let unsigned = checked.map_err(|error| about(&args.image, error))?;
    let key = key::read_secret(&args.key)?;
    let signed = image::sign(&bytes, &key, args.counter);
    let signed = signed.map_err(|error| about(&args.image, error))?;

    let map = Map::read(&Map::path_beside(&args.image), unsigned.bytes()).ok();
    match (&output, map) {
        (Output::File(path), Some(mut map)) => {
            map.image_sha256 = image_sha256(&signed).unwrap_or_default();
            let map_path = Map::path_beside(&args.output);
            let map = Staged::new(&map_path, map.to_json().as_bytes())?;
            let image = Staged::new(path, &signed)?;
            // The image last: whatever fails, an old one is still there. A map knows its image.
            map.publish()?;
            image.publish()?;
        }
        _ => output.write(&signed)?,
    }
    if !args.quiet {
        let counter = match args.counter {
            Some(counter) => counter,
            None => unsigned.security_counter(),
        };
        output::note(format_args!(
            "{}: signed by key {}, security counter {counter}",
            args.output.display(),
            image::key_id(&key),
        ));
    }
    Ok(ExitCode::SUCCESS)
}
