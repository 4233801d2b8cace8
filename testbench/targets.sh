# For scripts that build Rust for bare targets, which read it with `.` after packages.sh: finds a way, and
# calls cargo so. Needs `say`, and the repository as the working directory.
#
# WASM2MCU_RUST_TARGET_FROM=present|rustup|debian allows only that way to a target's core library.

DEBIAN_CARGO=/usr/bin/cargo
DEBIAN_RUSTC=/usr/bin/rustc
DEBIAN_RUSTDOC=/usr/bin/rustdoc

allowed() {
    [ "${WASM2MCU_RUST_TARGET_FROM:-$1}" = "$1" ]
}

core_library_present() {
    libraries=$(rustc --print target-libdir --target "$1" 2>/dev/null) || return 1
    ls "$libraries"/libcore-*.rlib >/dev/null 2>&1
}

debian_rust_present() {
    [ -x "$DEBIAN_RUSTC" ] && [ -x "$DEBIAN_CARGO" ] &&
        [ -e "$("$DEBIAN_RUSTC" --print sysroot)/lib/rustlib/src/rust/library/core/Cargo.toml" ]
}

# Finds a way to build for target $1; cargo_for_target takes it.
provide_target() {
    if allowed present && core_library_present "$1"; then
        target_from=present
    elif allowed rustup && have rustup && rustup target add "$1"; then
        target_from=rustup
    elif allowed debian && { debian_rust_present ||
        install_packages "a Rust compiler with the library's sources, to build core for $1" \
            rustc-web cargo-web rust-web-src; }; then
        target_from=debian
    else
        fail "no way to build for $1: neither its core library, nor rustup, nor Debian's rustc-web" \
            "(allowed: ${WASM2MCU_RUST_TARGET_FROM:-all})"
    fi
    say "core library for $1: $target_from"
}

cargo_for_target() {
    if [ "$target_from" = debian ]; then
        # The library is built from its sources, which is unstable in name only. This compiler
        # comes without a linker for bare targets.
        env CARGO_TARGET_THUMBV8M_MAIN_NONE_EABIHF_LINKER=arm-none-eabi-ld \
            CARGO_TARGET_RISCV32IMAC_UNKNOWN_NONE_ELF_LINKER=riscv64-unknown-elf-ld \
            CARGO_UNSTABLE_BUILD_STD=core,alloc RUSTC_BOOTSTRAP=1 RUSTC="$DEBIAN_RUSTC" \
            RUSTDOC="$DEBIAN_RUSTDOC" \
            "$DEBIAN_CARGO" "$@"
    else
        cargo "$@"
    fi
}
