//! `explain`: records of devices, maps of other images, debug information.

use std::fs;
use std::path::PathBuf;

use wasm2mcu::map::Map;

use super::{End, call, folder};

/// Two divisions in a function, with debug information; see `mean.c` beside it.
fn mean() -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cli/lines/mean.wasm");
    path.to_str().expect("UTF-8").to_owned()
}

/// Compiles the module with an option, and explains a trap by division through the stub that this
/// picks of the map.
fn explained(trap_info: &str, pick: impl Fn(&Map) -> u32) -> End {
    let folder = folder(&[]);
    let info = format!("--trap-info={trap_info}");
    call(&folder, &["compile", &mean(), "-o", "mean.w2m", &info]).success();
    let image = fs::read(folder.path().join("mean.w2m")).unwrap();
    let map = Map::read(&folder.path().join("mean.w2m.map"), &image).unwrap();
    let [a, b, c, d, ..] = map.image_sha256;
    let offset = pick(&map);
    let record = format!("[1.5] w2m-trap:7:{offset:x}:{a:02x}{b:02x}{c:02x}{d:02x}");
    call(&folder, &["explain", "mean.w2m.map", &record])
}

/// Behind the call of the last stub that comes from this line's operator.
fn stub_of(map: &Map, line: &str) -> u32 {
    let in_line = |source| {
        let place = map.lines.describe(source);
        place.is_some_and(|place| place.contains(line))
    };
    let site = map.trap_sites.iter().rfind(|site| in_line(site.source));
    let source = site.expect("a trap site in this line").source;
    let stub = map
        .locations
        .iter()
        .rfind(|location| location.source == source);
    // A call has four bytes.
    stub.expect("its stub").offset + 4
}

#[test]
fn a_site_is_a_line_of_the_source() {
    let second = explained("site", |map| stub_of(map, "mean.c:15:")).success();
    assert!(second.starts_with("integer divide by zero\nfunction 1 (mean), text offset 0x"));
    assert!(second.contains("mean.c:15:"), "{second}");
    assert!(!second.contains("mean.c:14:"), "{second}");
    let first = explained("site", |map| stub_of(map, "mean.c:14:")).success();
    assert!(first.contains("mean.c:14:"), "{first}");
    assert!(!first.contains("mean.c:15:"), "{first}");
}

#[test]
fn a_function_lists_what_can_trap_in_it() {
    let text = explained("function", |map| {
        let function = map.functions.iter().find(|f| f.name == "mean").unwrap();
        function.offset + function.bytes
    });
    let text = text.success();
    assert!(text.contains("function 1 (mean)"), "{text}");
    assert!(text.contains("one of\n"), "{text}");
    for line in ["mean.c:14:", "mean.c:15:"] {
        assert!(text.contains(line), "{text}");
    }
}

#[test]
fn outside_of_the_code_there_is_no_place() {
    let text = explained("site", |_| 0).success();
    assert_eq!(
        text,
        "integer divide by zero\noutside of the module's code\n"
    );
}

#[test]
fn records_of_other_images_and_other_texts_are_refused() {
    let folder = folder(&[]);
    call(&folder, &["compile", &mean(), "-o", "mean.w2m"]).success();
    let explain = |record| call(&folder, &["explain", "mean.w2m.map", record]);
    explain("w2m-trap:7:10:00000000").failure(&["of image 00000000", "mean.w2m.map"]);
    explain("div by zero").failure(&["no trap record", "w2m-trap:CODE:OFFSET:IMAGE"]);
    call(&folder, &["explain", "no.map", "w2m-trap:7:10:00000000"]).failure(&["no.map"]);
}

#[test]
fn modules_without_debug_information_have_offsets() {
    let wat = r#"(module (func (export "div") (param i32 i32) (result i32)
        (i32.div_u (local.get 0) (local.get 1))))"#;
    let folder = folder(&[("div.wat", wat)]);
    call(
        &folder,
        &["compile", "div.wat", "-o", "div.w2m", "--trap-info=site"],
    )
    .success();
    let image = fs::read(folder.path().join("div.w2m")).unwrap();
    let map = Map::read(&folder.path().join("div.w2m.map"), &image).unwrap();
    let function = &map.functions[0];
    let [a, b, c, d, ..] = map.image_sha256;
    let offset = function.offset + function.bytes;
    let record = format!("w2m-trap:7:{offset:x}:{a:02x}{b:02x}{c:02x}{d:02x}");
    let text = call(&folder, &["explain", "div.w2m.map", &record]).success();
    assert!(text.contains("\nwasm 0x"), "{text}");
}

#[test]
fn a_memory_of_one_page_is_noted() {
    let folder = folder(&[
        ("page.wat", "(module (memory 1 1))"),
        ("none.wat", "(module)"),
    ]);
    let end = call(&folder, &["compile", "page.wat", "-o", "page.w2m"]);
    assert!(end.stderr.contains("-Wl,--page-size=1"), "{end:?}");
    let end = call(&folder, &["compile", "none.wat", "-o", "none.w2m"]);
    assert!(!end.stderr.contains("page-size"), "{end:?}");
}
