#!/bin/sh
# Sets up what the tests need, then runs all of them:
#
#   testbench/test.sh [--setup-only] [arguments of `cargo test --workspace`]
#
# Says what it installs and why; what is there already is left alone, so a second run installs
# nothing. Uses sudo where it is not root. Knows Debian and its relatives; elsewhere it says what is
# missing and leaves the installation to you.
#
# WASM2MCU_RUST_TARGET_FROM=present|rustup|debian allows only that way to a target's core library.
set -eu

cd "$(dirname "$0")/.."

FIRMWARE_TARGETS="thumbv8m.main-none-eabihf riscv32imac-unknown-none-elf"
TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}

say() {
    echo "test.sh: $*" >&2
}

. testbench/packages.sh
. testbench/targets.sh

debian_release() {
    # shellcheck source=/dev/null
    (. /etc/os-release 2>/dev/null && echo "${VERSION_CODENAME:-}")
}

provide_qemu() {
    have qemu-system-arm && have qemu-system-riscv32 && return
    why="QEMU, the oracle of the board tests"
    if [ "$(debian_release)" != bookworm ]; then
        # A package of its own in newer releases only.
        riscv=qemu-system-misc
        ! apt-cache show qemu-system-riscv >/dev/null 2>&1 || riscv=qemu-system-riscv
        install_packages "$why" qemu-system-arm "$riscv"
        return
    fi
    # QEMU of Debian 12 itself is 7.2, too old, and conflicts with qemu-utils from the backports.
    if ! apt-cache policy | grep -q bookworm-backports; then
        say "adding Debian's bookworm-backports to the package sources (for QEMU 10)"
        # From where the system has its own packages.
        as_root apt-get update -qq || say "apt-get update was not complete"
        mirror=$(apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' |
            awk '$1 == "bookworm" { print $2; exit }')
        [ -n "$mirror" ] || fail "no source of Debian's bookworm to take the backports from"
        echo "deb $mirror bookworm-backports main" |
            as_root tee /etc/apt/sources.list.d/bookworm-backports.list >/dev/null
    fi
    install_packages "$why" -t bookworm-backports qemu-system-arm qemu-system-riscv
}

provide_arm_tools() {
    have arm-none-eabi-as ||
        install_packages "the assembler that encodings are compared with" binutils-arm-none-eabi
    have arm-none-eabi-gcc && [ -e "$(arm-none-eabi-gcc -print-file-name=nano.specs)" ] ||
        install_packages "the C compiler that benchmarks are compared with, and of hosts in C" \
            gcc-arm-none-eabi libnewlib-arm-none-eabi
}

provide_riscv_tools() {
    have riscv64-unknown-elf-as ||
        install_packages "the assembler that RISC-V encodings are compared with" \
            binutils-riscv64-unknown-elf
}

provide_cargo() {
    have cargo || install_packages "Rust" rustc-web cargo-web
}

build_firmware() {
    for target in $FIRMWARE_TARGETS; do
        provide_target "$target"
        cargo_for_target build --release --locked --target "$target" \
            --target-dir "$TARGET_DIR" --manifest-path testbench/firmware/Cargo.toml
        case $target in
        thumbv*) chips="nrf5340 stm32l552 rp2350" ;;
        *) chips="rp2350-riscv" ;;
        esac
        for chip in $chips; do
            build_for_chip "$chip" "$target"
        done
    done
}

# The firmware for a chip behind a debug probe; the tests run it on an emulated one.
build_for_chip() {
    WASM2MCU_CHIP=$1 cargo_for_target build --release --locked --target "$2" --features probe \
        --target-dir "$TARGET_DIR/chips" --manifest-path testbench/firmware/Cargo.toml
    mkdir -p "$TARGET_DIR/firmware"
    cp "$TARGET_DIR/chips/$2/release/wasm2mcu-firmware" "$TARGET_DIR/firmware/$1.elf"
}

# What the tests build with testbench/hosts/build.sh, so that they need no network.
fetch_hosts() {
    for crate in loader/c testbench/hosts/embassy testbench/hosts/hardware testbench/hosts/freertos/kernel testbench/hosts/slot_rust; do
        cargo_for_target fetch --quiet --locked --manifest-path "$crate/Cargo.toml"
    done
}

setup_only=
case ${1:-} in
--setup-only)
    setup_only=yes
    shift
    ;;
-h | --help)
    sed -n '2,/^set/s/^# \{0,1\}//p' "$0"
    exit
    ;;
esac

provide_qemu
provide_arm_tools
provide_riscv_tools
provide_cargo
build_firmware
fetch_hosts
[ -z "$setup_only" ] || exit 0
exec cargo test --workspace "$@"
