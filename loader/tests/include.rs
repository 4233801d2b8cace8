//! Included images are where the loader takes them.

use wasm2mcu_loader::include_image;

#[test]
fn an_included_file_is_aligned_and_whole() {
    // Any file serves; two, so that one of them would hardly be aligned by chance.
    let files: [&[u8]; 2] = [
        include_image!(path "include.rs"),
        include_image!(path "features.rs"),
    ];
    for file in files {
        assert_eq!(file.as_ptr().addr() % 4, 0);
    }
    assert_eq!(files[0], include_bytes!("include.rs"));
}
