//! `wasm2mcu link`: images into the slots of a firmware, as one file to flash.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::str::FromStr;

use wasm2mcu::firmware::{FAMILIES, Family, Firmware, Format, Place, Placed};
use wasm2mcu::image;
use wasm2mcu::map::{Map, image_sha256};
use wasm2mcu_abi::firmware::is_name;
use wasm2mcu_loader::{Image, Policy};

use super::input::{self, Input, about};
use super::output::{self, Output, Staged};
use super::{Failure, key};

/// Link images into a firmware
///
/// Takes a firmware as its linker wrote it, without any image, and writes one file to flash: the firmware
/// with each image in its slot. What a slot is for, the firmware says: where it is, which features the core has
/// and which versions the loader takes. An image that does not fit is refused.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = manual())]
pub(crate) struct Args {
    /// The firmware, a linked ELF file.
    #[arg(value_name = "FIRMWARE.elf")]
    firmware: PathBuf,
    /// The images, each with the slot or the address (0x…) that it goes to, unless the firmware has one slot
    /// alone.
    #[arg(value_name = "[PLACE=]APP.w2m", required = true)]
    images: Vec<PlacedImage>,
    /// The file to write; its extension says which form it has: elf, bin, hex or uf2.
    ///
    /// It appears whole or not at all.
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
    /// The form of the file, where its name does not tell.
    #[arg(long, value_name = "FORM", value_enum)]
    format: Option<Form>,
    /// The slot that the image goes to.
    #[arg(long, value_name = "NAME", conflicts_with = "at")]
    slot: Option<String>,
    /// The address that the image goes to, such as 0x10100000.
    #[arg(long, value_name = "ADDR", value_parser = address)]
    at: Option<u32>,
    /// Sign the images with this secret key.
    #[arg(long, value_name = "KEY.pem")]
    key: Option<PathBuf>,
    /// The security counter of images that are signed [default: the image's].
    #[arg(long, value_name = "N", requires = "key")]
    counter: Option<u32>,
    /// The chips that a UF2 file is for: a family's name, or its number (0x…).
    #[arg(long, value_name = "FAMILY")]
    family: Option<Family>,
    /// Print nothing but errors.
    #[arg(short, long)]
    quiet: bool,
}

/// The forms of the file.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Form {
    /// The firmware's ELF file, with a segment and a section for each image.
    Elf,
    /// The bytes from the lowest load address on; gaps are ff.
    Bin,
    /// Intel HEX.
    Hex,
    /// UF2, for bootloaders that look like a USB drive.
    Uf2,
}

const EXAMPLES: &str = "\
Examples:
  wasm2mcu link firmware.elf app.w2m -o product.hex
  wasm2mcu link firmware.elf app.w2m -o product.elf --slot app --key device.pem --counter 3
  wasm2mcu link firmware.elf control=pid.w2m ui=menu.w2m -o product.bin
  wasm2mcu link firmware.elf app.w2m -o product.uf2 --family rp2350-arm-s
  wasm2mcu link firmware.elf app.w2m -o product.elf --at 0x10100000";

fn manual() -> String {
    let families = FAMILIES.iter().filter_map(|family| family.name);
    let families: Vec<_> = families.collect();
    format!(
        "{EXAMPLES}\n\n{SLOTS}\n\nFamilies of UF2: {}",
        families.join(", ")
    )
}

const SLOTS: &str = "\
Slots:
  A firmware declares a slot by two linker symbols for its borders, and, so that images can be
  checked, by a macro: wasm2mcu_loader::declare_slot! in Rust, W2M_SLOT in C (wasm2mcu.h). In the
  linker script, with a region APP that nothing else is put into:

    __wasm2mcu_slot_app_start = ORIGIN(APP);
    __wasm2mcu_slot_app_end = ORIGIN(APP) + LENGTH(APP);

  abi/FIRMWARE.md specifies both. --at ADDR needs no slot; nothing of the firmware may be there.

  An image that is signed with --key is a new one to `wasm2mcu explain`; where the image has a map
  beside it, the signed one's is written as OUT.SLOT.map.";

/// An image's file, and where it is to go.
#[derive(Clone, Debug)]
struct PlacedImage {
    place: Option<Place>,
    path: PathBuf,
}

/// `APP.w2m`, `SLOT=APP.w2m`, `0xADDR=APP.w2m`. A path with `=` in it begins with `./` or another folder.
impl FromStr for PlacedImage {
    type Err = String;

    fn from_str(text: &str) -> Result<PlacedImage, String> {
        let (place, path) = match text.split_once('=') {
            Some((place, path)) if place.starts_with("0x") => {
                (Some(Place::Address(address(place)?)), path)
            }
            Some((place, path)) if is_name(place) => (Some(Place::Slot(place.to_owned())), path),
            _ => (None, text),
        };
        Ok(PlacedImage {
            place,
            path: path.into(),
        })
    }
}

fn address(text: &str) -> Result<u32, String> {
    let number = match text.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(&digits.replace('_', ""), 16),
        None => text.parse(),
    };
    number.map_err(|error| format!("`{text}` is no 32-bit address such as 0x10100000: {error}"))
}

/// Links, and says what went where.
pub(crate) fn run(args: Args) -> Result<ExitCode, Failure> {
    let output = Output::at(&args.output)?;
    let format = format(&args)?;
    let key = args.key.as_deref().map(key::read_secret).transpose()?;
    let bytes = input::bytes(&args.firmware)?;
    let mut firmware = Firmware::read(&bytes).map_err(|error| about(&args.firmware, error))?;
    let places = places(&args)?;
    let (mut lines, mut maps) = (Vec::new(), Vec::new());
    for (path, place) in places {
        let unsigned = read_image(path)?;
        let image = match &key {
            Some(key) => image::sign(&unsigned, key, args.counter),
            None => Ok(unsigned.clone()),
        };
        let image = image.map_err(|error| about(path, error))?;
        let placed = firmware
            .place(image, &place)
            .map_err(|error| about(path, error))?;
        lines.push(line(path, placed));
        if key.is_some() {
            maps.extend(signed_map(path, &unsigned, placed, &args.output));
        }
    }
    let linked = firmware
        .write(format)
        .map_err(|error| about(&args.output, error))?;
    match &output {
        Output::File(path) => publish(path, &linked, maps)?,
        _ => output.write(&linked)?,
    }
    if !args.quiet {
        let output = args.output.display();
        let signed = key.map(|key| format!(", images signed by key {}", image::key_id(&key)));
        let signed = signed.unwrap_or_default();
        output::note(format_args!("{output}: {} bytes{signed}", linked.len()));
        for line in lines {
            output::note(format_args!("  {line}"));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn format(args: &Args) -> Result<Format, Failure> {
    let no_family = || {
        Failure::new(
            "a UF2 file is for one family of chips: say which by --family, such as rp2350-arm-s",
        )
    };
    match args.format {
        Some(Form::Elf) => Ok(Format::Elf),
        Some(Form::Bin) => Ok(Format::Bin),
        Some(Form::Hex) => Ok(Format::Hex),
        Some(Form::Uf2) => args.family.map(Format::Uf2).ok_or_else(no_family),
        None => match Format::of_path(&args.output, args.family) {
            Some(format) => Ok(format),
            None if Format::needs_family(&args.output) => Err(no_family()),
            None => Err(about(
                &args.output,
                format_args!(
                    "the extension says which form to write; it is none of {}: give one, or --format",
                    Format::EXTENSIONS.join(", ")
                ),
            )),
        },
    }
}

/// Where each image goes.
fn places(args: &Args) -> Result<Vec<(&Path, Place)>, Failure> {
    let given = match (&args.slot, args.at) {
        (Some(slot), _) => Some(Place::Slot(slot.clone())),
        (None, Some(address)) => Some(Place::Address(address)),
        (None, None) => None,
    };
    let single = args.images.len() == 1 && args.images[0].place.is_none();
    if given.is_some() && !single {
        return Err(Failure::new(
            "--slot and --at are for one image; with several, or with PLACE=, write PLACE=APP.w2m for each",
        ));
    }
    let images = args.images.iter().map(|image| {
        let place = image.place.clone().or_else(|| given.clone());
        (&*image.path, place.unwrap_or(Place::OnlySlot))
    });
    Ok(images.collect())
}

/// An image that is sound.
fn read_image(path: &Path) -> Result<Vec<u8>, Failure> {
    let Input::Image(bytes) = Input::read(path)? else {
        return Err(about(path, "this is a module; compile it first"));
    };
    let checked = Image::parse(&bytes).and_then(|image| image.verify(&Policy::unsigned()));
    let image = checked.map_err(|error| about(path, error))?;
    Ok(image.bytes().to_vec())
}

/// The map of an image that was signed, and its path, if the image had one: a map knows its image by the hash, which
/// is another one now.
fn signed_map(
    image: &Path,
    unsigned: &[u8],
    placed: &Placed,
    output: &Path,
) -> Option<(PathBuf, Map)> {
    let mut map = Map::read(&Map::path_beside(image), unsigned).ok()?;
    map.image_sha256 = image_sha256(&placed.image)?;
    let mut path = output.as_os_str().to_owned();
    path.push(match &placed.slot {
        Some(slot) => format!(".{}", slot.name),
        None => format!(".{:08x}", placed.address),
    });
    Some((Map::path_beside(path.as_ref()), map))
}

/// The file and the maps, all or none.
fn publish(path: &Path, linked: &[u8], maps: Vec<(PathBuf, Map)>) -> Result<(), Failure> {
    let maps: Result<Vec<Staged>, Failure> = maps
        .iter()
        .map(|(path, map)| Staged::new(path, map.to_json().as_bytes()))
        .collect();
    let (maps, file) = (maps?, Staged::new(path, linked)?);
    // The file last: whatever fails, an old one is still there.
    maps.into_iter().try_for_each(Staged::publish)?;
    file.publish()
}

/// What became of an image.
fn line(path: &Path, placed: &Placed) -> String {
    let path = path.display();
    let bytes = placed.image.len();
    let address = placed.address;
    let what = format!("{path}: {bytes} bytes at {address:#010x}");
    match &placed.slot {
        None => format!("{what}, in no slot; nothing declares what runs it there"),
        Some(slot) => {
            let free = u64::from(slot.end) - u64::from(address) - bytes as u64;
            let unchecked = match slot.loader {
                Some(_) => "",
                None => {
                    "; the firmware declares its borders alone, so features and versions were not \
                     compared"
                }
            };
            format!("{what}, slot {}, {free} bytes free{unchecked}", slot.name)
        }
    }
}
