//! `boards`, and boards that are not there.

use super::{APP, call, folder};

#[test]
fn the_list_has_emulated_boards_and_chips() {
    let list = call(&folder(&[]), &["boards"]).success();
    for name in ["m33 ", "qemu-rv32 ", "probe:nrf5340 ", "Pico 2"] {
        assert!(list.contains(name), "{name:?} is not in {list}");
    }
    assert!(list.contains("Debug probes that are attached:\n"), "{list}");
}

#[test]
fn chips_are_found_by_a_part_of_any_name() {
    let folder = folder(&[]);
    let chips = |text| call(&folder, &["boards", "--chips", text]).success();
    for (text, found, other) in [
        ("nrf", "probe:nrf5340", "stm32"),
        ("RP235x", "probe:rp2350-riscv", "nrf"),
        ("nucleo", "probe:stm32l552", "rp2350"),
    ] {
        let list = chips(text);
        assert!(list.contains(found), "{list}");
        assert!(!list.contains(other), "{list}");
    }
    assert!(chips("z80").contains("none"));
}

#[test]
fn boards_that_are_not_there_say_what_to_do() {
    let folder = folder(&[("app.wat", APP)]);
    let on = |board| call(&folder, &["run", "app.wat", "--board", board]);
    on("m34").failure(&["m34", "m33"]);
    on("probe:nrf5430").failure(&["no firmware", "nrf5430", "nrf5340", "wasm2mcu boards"]);
    #[cfg(not(feature = "probe"))]
    on("probe:nrf5340").failure(&["probe:nrf5340", "--features probe"]);
    // Without a firmware that is built, that comes first.
    #[cfg(feature = "probe")]
    on("probe:nrf5340").failure(&["probe:nrf5340", "no "]);
}

#[test]
fn boards_behind_probes_do_not_count_instructions() {
    let folder = folder(&[("app.wat", APP)]);
    let end = call(
        &folder,
        &["run", "app.wat", "--board", "probe:rp2350", "--fuel", "9"],
    );
    end.failure(&["cannot count instructions", "--fuel"]);
}
