//! The loader builds with each set of its features, and depends on what they name and on nothing else.

use std::process::Command;

/// What cargo prints when it does this with the loader and these features.
fn cargo(command: &str, arguments: &[&str], features: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args([command, "--locked", "--offline", "--no-default-features"])
        .args(arguments)
        .args(["--features", &features.join(",")])
        .output()
        .expect("cargo starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{features:?}: {errors}");
    String::from_utf8(output.stdout).expect("text")
}

/// The crates that the loader is built of.
fn crates(features: &[&str]) -> Vec<String> {
    let tree = ["--edges", "normal", "--prefix", "none", "--format", "{p}"];
    let printed = cargo("tree", &tree, features);
    let name = |line: &str| line.split(' ').next().map(str::to_owned);
    printed.lines().filter_map(name).collect()
}

#[test]
fn every_set_builds() {
    for features in [
        &[][..],
        &["sha2"],
        &["ed25519"],
        &["log"],
        &["defmt"],
        &["slots"],
    ] {
        cargo("check", &["--quiet", "--lib"], features);
    }
}

#[test]
fn cryptography_is_there_where_it_is_asked_for() {
    assert_eq!(crates(&[]), ["wasm2mcu-loader", "wasm2mcu-abi"]);
    let has = |features: &[&str], name: &str| crates(features).iter().any(|found| found == name);
    assert!(has(&["sha2"], "sha2") && !has(&["sha2"], "salty"));
    assert_eq!(
        crates(&["slots"]),
        ["wasm2mcu-loader", "embedded-storage", "wasm2mcu-abi"]
    );
    assert!(has(&["ed25519"], "sha2") && has(&["ed25519"], "salty"));
}
