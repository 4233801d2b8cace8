//! `wasm2mcu disasm`: the machine code of an image, as assembly.

use std::path::PathBuf;
use std::process::ExitCode;

use wasm2mcu::disasm::{self, Style};
use wasm2mcu_abi::image::Section;
use wasm2mcu_loader::Image;

use super::input::{Input, about};
use super::{Failure, outline, output};

/// Show the machine code of an image
///
/// Shows the code of an image with functions, labels, jump tables, trap sites and the offsets in
/// the WebAssembly module that it comes from. Names, trap sites and offsets are in IMAGE.map, which
/// `compile` writes beside the image; without it the image alone is shown.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The image.
    #[arg(value_name = "IMAGE.w2m")]
    image: PathBuf,
    /// Leave out offsets and encodings, so that two listings can be compared.
    #[arg(long)]
    plain: bool,
}

/// Prints the listing.
pub(crate) fn run(args: Args) -> Result<ExitCode, Failure> {
    let Input::Image(bytes) = Input::read(&args.image)? else {
        return Err(about(
            &args.image,
            "this is a module; compile it first, or use `compile --emit asm`",
        ));
    };
    let image = Image::parse(&bytes).map_err(|error| about(&args.image, error))?;
    let map = outline::map_or_outline(&args.image, &image);
    let style = Style {
        encodings: !args.plain,
    };
    let architecture = image.requirements().architecture;
    let listing = disasm::listing(image.section(Section::Text), architecture, &map, style);
    output::print(listing.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
