//! `wasm2mcu keygen`: a new key to sign images with.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use wasm2mcu::image::{SigningKey, key_id};

use super::input::about;
use super::output::{self, Staged};
use super::{Failure, key};

/// Make a key to sign images with
///
/// Writes a new Ed25519 key to KEY.pem, which its owner alone may read, and its public half to
/// KEY.pub.pem. Neither file may exist. Prints the public half as the array that a firmware gives to
/// the loader; whoever has KEY.pem can make images that this firmware runs.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Where to write the secret key.
    #[arg(value_name = "KEY.pem")]
    key: PathBuf,
}

/// Makes a key, and prints its public half.
pub(crate) fn run(args: Args) -> Result<ExitCode, Failure> {
    let public_path = key::public_path(&args.key);
    for path in [&args.key, &public_path] {
        // Not followed: a link that leads nowhere is there as well.
        if path.symlink_metadata().is_ok() {
            return Err(exists(path));
        }
    }
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| {
        Failure::new(format_args!("the system gives no random numbers: {error}"))
    })?;
    let key = SigningKey::from_bytes(&seed);
    let [secret, public] = key::to_pem(&key)?;
    let secret = Staged::private(&args.key, secret.as_bytes())?;
    let public = Staged::new(&public_path, public.as_bytes())?;
    secret.publish_new()?;
    public.publish_new()?;

    let rows: Vec<String> = key
        .verifying_key()
        .as_bytes()
        .chunks(8)
        .map(|row| row.iter().map(|byte| format!(" {byte:#04x},")).collect())
        .collect();
    let text = format!(
        "key {}, public half:\n   {}\n",
        key_id(&key),
        rows.join("\n   ")
    );
    output::print(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

fn exists(path: &Path) -> Failure {
    about(
        path,
        "this is there already, and keys are never overwritten",
    )
}
