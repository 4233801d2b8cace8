//! `keygen`, `sign`, `verify`, and `run` with a key.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::{APP, End, call, folder, names};

/// A folder with an application, its image, a key, and the image signed with counter 7.
fn signed() -> TempDir {
    let folder = folder(&[("app.wat", APP)]);
    call(&folder, &["keygen", "key.pem"]).success();
    call(&folder, &["compile", "app.wat", "-o", "app.w2m"]).success();
    let end = sign(&folder, &["app.w2m", "--key", "key.pem", "--counter", "7"]);
    assert!(
        end.stderr.starts_with("signed.w2m: signed by key "),
        "{end:?}"
    );
    end.success();
    folder
}

fn sign(folder: &TempDir, args: &[&str]) -> End {
    call(folder, &[&["sign"], args, &["-o", "signed.w2m"]].concat())
}

fn verify(folder: &TempDir, image: &str, args: &[&str]) -> End {
    call(folder, &[&["verify", image], args].concat())
}

const KEY: [&str; 2] = ["--key", "key.pub.pem"];

fn read(folder: &TempDir, name: &str) -> Vec<u8> {
    fs::read(folder.path().join(name)).expect("a file")
}

fn write(folder: &TempDir, name: &str, bytes: &[u8]) {
    fs::write(folder.path().join(name), bytes).expect("a file");
}

#[test]
fn a_key_is_two_files_and_no_secret_is_shown() {
    let folder = folder(&[]);
    let end = call(&folder, &["keygen", "key.pem"]);
    assert_eq!(end.stderr, "");
    let printed = end.success();
    assert_eq!(names(&folder), ["key.pem", "key.pub.pem"]);
    assert!(printed.starts_with("key "), "{printed}");
    assert_eq!(printed.matches("0x").count(), 32, "{printed}");

    let secret = String::from_utf8(read(&folder, "key.pem")).unwrap();
    let lines: Vec<&str> = secret.lines().collect();
    let [begin, content, end] = lines[..] else {
        panic!("{} lines", lines.len());
    };
    assert_eq!(begin, "-----BEGIN PRIVATE KEY-----");
    assert_eq!(end, "-----END PRIVATE KEY-----");
    assert!(!printed.contains(content));
    assert!(read(&folder, "key.pub.pem").starts_with(b"-----BEGIN PUBLIC KEY-----\n"));

    // Two keys are two.
    let other = call(&folder, &["keygen", "other"]).success();
    assert_ne!(other, printed);
    assert_eq!(
        names(&folder),
        ["key.pem", "key.pub.pem", "other", "other.pub.pem"]
    );
}

#[cfg(unix)]
#[test]
fn a_secret_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder(&[]);
    call(&folder, &["keygen", "key.pem"]).success();
    let mode = |name: &str| {
        let metadata = fs::metadata(folder.path().join(name)).unwrap();
        metadata.permissions().mode() & 0o777
    };
    assert_eq!(mode("key.pem"), 0o600);
    assert_eq!(mode("key.pub.pem") & 0o600, 0o600);
}

#[test]
fn keys_are_never_overwritten() {
    for taken in ["key.pem", "key.pub.pem"] {
        let folder = folder(&[(taken, "precious")]);
        call(&folder, &["keygen", "key.pem"]).failure(&[taken, "never overwritten"]);
        assert_eq!(names(&folder), [taken]);
        assert_eq!(read(&folder, taken), b"precious");
    }
    let folder = folder(&[]);
    call(&folder, &["keygen", "nowhere/key.pem"]).failure(&["nowhere/key.pem"]);
    assert_eq!(names(&folder), [""; 0]);
}

#[cfg(unix)]
#[test]
fn keys_are_not_written_through_links() {
    let folder = folder(&[]);
    std::os::unix::fs::symlink("elsewhere", folder.path().join("key.pub.pem")).unwrap();
    call(&folder, &["keygen", "key.pem"]).failure(&["key.pub.pem", "never overwritten"]);
    assert_eq!(names(&folder), ["key.pub.pem"]);
}

#[test]
fn what_is_signed_is_verified_and_runs() {
    let folder = signed();
    let line = verify(&folder, "signed.w2m", &KEY).success();
    assert!(line.starts_with("signed.w2m: signed by key "), "{line}");
    assert!(line.ends_with(", security counter 7\n"), "{line}");
    assert_eq!(line.lines().count(), 1);
    let run = [
        "run",
        "signed.w2m",
        "--key",
        "key.pub.pem",
        "--invoke",
        "add 5",
    ];
    assert_eq!(call(&folder, &run).success(), "5\n");
    // The same without a question who made it.
    assert_eq!(
        call(&folder, &["run", "signed.w2m", "--invoke", "add 5"]).success(),
        "5\n"
    );
}

#[test]
fn the_stage_that_refuses_is_named() {
    let folder = signed();
    call(&folder, &["keygen", "other.pem"]).success();
    let good = read(&folder, "signed.w2m");
    let changed = |name: &str, at: usize| {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        write(&folder, name, &bytes);
    };
    changed("version.w2m", 4);
    changed("structure.w2m", 112);
    changed("hash.w2m", 140);
    changed("signature.w2m", good.len() - 1);
    write(&folder, "cut.w2m", &good[..good.len() - 4]);
    let cases: [(&str, &[&str], &[&str]); 9] = [
        ("version.w2m", &KEY, &["stage version", "version 0"]),
        ("app.wat", &KEY, &["stage version", "not a wasm2mcu image"]),
        ("structure.w2m", &KEY, &["stage structure", "0x70"]),
        ("cut.w2m", &KEY, &["stage structure", "truncated"]),
        ("hash.w2m", &KEY, &["stage hash"]),
        ("app.w2m", &KEY, &["stage signature", "not signed"]),
        (
            "signature.w2m",
            &KEY,
            &["stage signature", "not of this image"],
        ),
        (
            "signed.w2m",
            &["--key", "other.pub.pem"],
            &["stage signature", "not known here"],
        ),
        (
            "signed.w2m",
            &["--key", "key.pub.pem", "--min-counter", "8"],
            &["stage counter", "7", "8"],
        ),
    ];
    for (image, args, parts) in cases {
        verify(&folder, image, args).failure(&[&[image], parts].concat());
        if image != "app.wat" {
            let run = [&["run", image, "--invoke", "add 5"], args].concat();
            call(&folder, &run).failure(&[&[image], parts].concat());
        }
    }
    let both = [
        "--key",
        "other.pub.pem",
        "--key",
        "key.pub.pem",
        "--min-counter",
        "7",
    ];
    verify(&folder, "signed.w2m", &both).success();
    // A module is compiled here, and signed by nobody.
    let run = ["run", "app.wat", "--key", "key.pub.pem"];
    call(&folder, &run).failure(&["app.wat", "not signed"]);
    verify(&folder, "signed.w2m", &[]).failure(&["--key"]);
    call(&folder, &["run", "signed.w2m", "--min-counter", "1"]).failure(&["--key"]);
}

#[test]
fn signing_again_replaces_signature_and_counter() {
    let folder = signed();
    let first = read(&folder, "signed.w2m");
    call(&folder, &["keygen", "other.pem"]).success();
    // In place, without a counter: the one that is there stays.
    sign(&folder, &["signed.w2m", "--key", "other.pem", "-q"]).success();
    let line = verify(&folder, "signed.w2m", &["--key", "other.pub.pem"]).success();
    assert!(line.ends_with("counter 7\n"), "{line}");
    verify(&folder, "signed.w2m", &KEY).failure(&["stage signature"]);
    sign(
        &folder,
        &["signed.w2m", "--key", "key.pem", "--counter", "8"],
    )
    .success();
    let line = verify(&folder, "signed.w2m", &KEY).success();
    assert!(line.ends_with("counter 8\n"), "{line}");
    // Back again, to the byte.
    sign(
        &folder,
        &["signed.w2m", "--key", "key.pem", "--counter", "7"],
    )
    .success();
    assert_eq!(read(&folder, "signed.w2m"), first);
}

#[test]
fn names_come_along() {
    let folder = signed();
    let trap = ["run", "signed.w2m", "--invoke", "div 1 0"];
    let end = call(&folder, &trap);
    assert_eq!(end.status, 3);
    assert_eq!(
        end.stderr,
        "trap: integer divide by zero in function 1 (quotient)\n"
    );
    // Without a map there is none to write.
    fs::remove_file(folder.path().join("signed.w2m.map")).unwrap();
    let sign = ["sign", "signed.w2m", "--key", "key.pem", "-o", "again.w2m"];
    call(&folder, &sign).success();
    assert!(!names(&folder).contains(&"again.w2m.map".to_owned()));
    // To standard output goes the image alone.
    let mut command = super::wasm2mcu(
        folder.path(),
        &[
            "sign",
            "app.w2m",
            "--key",
            "key.pem",
            "--counter",
            "7",
            "-o",
            "-",
        ],
    );
    let output = command.output().unwrap();
    assert_eq!(output.stdout, read(&folder, "signed.w2m"));
}

#[test]
fn inspect_shows_who_signed() {
    let folder = signed();
    let text = call(&folder, &["inspect", "signed.w2m"]).success();
    let line = verify(&folder, "signed.w2m", &KEY).success();
    let id = line.split(' ').nth(4).unwrap().trim_end_matches(',');
    assert_eq!(id.len(), 16, "{line}");
    assert!(
        text.contains(&format!("signed by key {id}, not checked here")),
        "{text}"
    );
    assert!(text.contains("security counter 7\n"), "{text}");
    assert!(
        text.contains("compiled from a module with SHA-256 "),
        "{text}"
    );
    let json = call(&folder, &["inspect", "signed.w2m", "--json"]).success();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["signed"], true);
    assert_eq!(json["key_id"], id);
    assert_eq!(json["security_counter"], 7);
    assert_eq!(json["signature"].as_str().unwrap().len(), 128);
    assert_eq!(json["source_sha256"].as_str().unwrap().len(), 64);
    let text = call(&folder, &["inspect", "app.w2m"]).success();
    assert!(text.contains("not signed\nsecurity counter 0\n"), "{text}");
    let json = call(&folder, &["inspect", "app.w2m", "--json"]).success();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["signed"], false);
    assert!(json["key_id"].is_null() && json["signature"].is_null());
}

#[test]
fn what_is_no_key() {
    let folder = signed();
    let secret = String::from_utf8(read(&folder, "key.pem")).unwrap();
    let public = String::from_utf8(read(&folder, "key.pub.pem")).unwrap();
    write(&folder, "empty.pem", b"");
    write(&folder, "binary.pem", &[0x30, 0x2e, 0x02, 0xff]);
    write(&folder, "text.pem", b"no key at all\n");
    write(&folder, "cut.pem", &secret.as_bytes()[..60]);
    write(
        &folder,
        "changed.pem",
        secret.replace("MC4C", "MC4D").as_bytes(),
    );
    write(&folder, "cut.pub.pem", &public.as_bytes()[..60]);
    write(
        &folder,
        "encrypted.pem",
        b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
    );
    // The neutral element, with which everything is signed.
    let weak = "-----BEGIN PUBLIC KEY-----\n\
        MCowBQYDK2VwAyEAAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n-----END PUBLIC KEY-----\n";
    write(&folder, "weak.pub.pem", weak.as_bytes());
    // On another curve.
    let p256 = "-----BEGIN PUBLIC KEY-----\n\
        MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpZP40Li/hp/\n\
        m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==\n-----END PUBLIC KEY-----\n";
    write(&folder, "p256.pub.pem", p256.as_bytes());
    let before = names(&folder);
    let old = read(&folder, "signed.w2m");

    let secrets: [(&str, &[&str]); 8] = [
        ("missing.pem", &["cannot read"]),
        ("empty.pem", &["empty"]),
        ("binary.pem", &["binary"]),
        ("text.pem", &["no Ed25519 key", "keygen"]),
        ("cut.pem", &["no Ed25519 key"]),
        ("changed.pem", &["no Ed25519 key"]),
        ("encrypted.pem", &["encrypted", "openssl pkey"]),
        ("key.pub.pem", &["public key"]),
    ];
    for (key, parts) in secrets {
        sign(&folder, &["app.w2m", "--key", key]).failure(&[&[key], parts].concat());
    }
    let publics: [(&str, &[&str]); 6] = [
        ("missing.pem", &["cannot read"]),
        ("text.pem", &["no Ed25519 public key"]),
        ("cut.pub.pem", &["no Ed25519 public key"]),
        ("weak.pub.pem", &["no Ed25519 public key"]),
        ("p256.pub.pem", &["no Ed25519 public key"]),
        ("key.pem", &["secret key"]),
    ];
    for (key, parts) in publics {
        verify(&folder, "signed.w2m", &["--key", key]).failure(&[&[key], parts].concat());
    }
    // Whatever failed, nothing has changed, and no secret was printed.
    assert_eq!(names(&folder), before);
    assert_eq!(read(&folder, "signed.w2m"), old);
}

#[test]
fn what_cannot_be_signed() {
    let folder = signed();
    let mut broken = read(&folder, "app.w2m");
    broken[140] ^= 1;
    write(&folder, "broken.w2m", &broken);
    write(&folder, "cut.w2m", &broken[..200]);
    let old = read(&folder, "signed.w2m");
    let key = ["--key", "key.pem"];
    let sign = |image: &str| sign(&folder, &[&[image], &key[..]].concat());
    // A good signature under broken bytes would make them good ones.
    sign("broken.w2m").failure(&["broken.w2m", "SHA-256"]);
    sign("cut.w2m").failure(&["cut.w2m", "truncated"]);
    sign("app.wat").failure(&["app.wat", "module"]);
    assert_eq!(read(&folder, "signed.w2m"), old);
    let to = |output: &str| {
        call(
            &folder,
            &["sign", "app.w2m", "--key", "key.pem", "-o", output],
        )
    };
    to("nowhere/x.w2m").failure(&["nowhere"]);
    to(".").failure(&["directory"]);
}

/// Runs OpenSSL; `None` where there is none.
fn openssl(folder: &Path, args: &[&str]) -> Option<bool> {
    let mut command = Command::new("openssl");
    command.current_dir(folder).args(args).stdin(Stdio::null());
    let output = command.output().ok()?;
    if !output.status.success() {
        eprintln!("{}", String::from_utf8_lossy(&output.stderr));
    }
    Some(output.status.success())
}

#[test]
fn openssl_takes_our_keys_and_signatures() {
    let folder = signed();
    let ssl = |args: &[&str]| openssl(folder.path(), args);
    if ssl(&["version"]).is_none() {
        eprintln!("not run: there is no openssl");
        return;
    }
    assert_eq!(
        ssl(&["pkey", "-in", "key.pem", "-check", "-noout"]),
        Some(true)
    );
    let public = [
        "pkey",
        "-in",
        "key.pem",
        "-pubout",
        "-out",
        "theirs.pub.pem",
    ];
    assert_eq!(ssl(&public), Some(true));
    assert_eq!(
        read(&folder, "theirs.pub.pem"),
        read(&folder, "key.pub.pem")
    );

    let image = read(&folder, "signed.w2m");
    let (rest, signature) = image.split_at(image.len() - 64);
    write(&folder, "digest", &rest[rest.len() - 36..rest.len() - 4]);
    write(&folder, "signature", signature);
    let check = [
        "pkeyutl",
        "-verify",
        "-pubin",
        "-inkey",
        "key.pub.pem",
        "-rawin",
        "-in",
        "digest",
        "-sigfile",
        "signature",
    ];
    assert_eq!(ssl(&check), Some(true));
    write(&folder, "digest", &[0; 32]);
    assert_eq!(ssl(&check), Some(false));
}

#[test]
fn we_take_keys_and_signatures_of_openssl() {
    let folder = signed();
    let ssl = |args: &[&str]| openssl(folder.path(), args);
    if ssl(&["version"]).is_none() {
        eprintln!("not run: there is no openssl");
        return;
    }
    let make = ["genpkey", "-algorithm", "ed25519", "-out", "theirs.pem"];
    assert_eq!(ssl(&make), Some(true));
    let public = [
        "pkey",
        "-in",
        "theirs.pem",
        "-pubout",
        "-out",
        "theirs.pub.pem",
    ];
    assert_eq!(ssl(&public), Some(true));
    sign(&folder, &["app.w2m", "--key", "theirs.pem"]).success();
    let theirs = ["--key", "theirs.pub.pem"];
    verify(&folder, "signed.w2m", &theirs).success();

    // Their signature in the place of ours, which is the same, there being one only.
    let image = read(&folder, "signed.w2m");
    let (rest, signature) = image.split_at(image.len() - 64);
    write(&folder, "digest", &rest[rest.len() - 36..rest.len() - 4]);
    let sign_digest = [
        "pkeyutl",
        "-sign",
        "-inkey",
        "theirs.pem",
        "-rawin",
        "-in",
        "digest",
        "-out",
        "signature",
    ];
    assert_eq!(ssl(&sign_digest), Some(true));
    assert_eq!(read(&folder, "signature"), signature);

    // Keys of another kind are no keys.
    let rsa = ["genpkey", "-algorithm", "RSA", "-out", "rsa.pem"];
    assert_eq!(ssl(&rsa), Some(true));
    sign(&folder, &["app.w2m", "--key", "rsa.pem"]).failure(&["rsa.pem", "no Ed25519 key"]);
}
