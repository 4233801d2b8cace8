#!/bin/sh
# Builds the hosts: firmware for QEMU's Cortex-M33 that runs modules as a product would; `hardware` also for RISC-V.
#
#   testbench/hosts/build.sh IMAGES OUT c|hardware|hardware_c|freertos|embassy|slot_c|slot_rust|typed_c|check...
#
# IMAGES is a folder with the images of `modules/`, compiled for thumbv8m.main-none-eabihf, and device.o and
# device.h. The firmware becomes OUT/HOST.elf. `check` builds what no host has: the loader and its documentation with all features,
# its C API for RISC-V and without signatures.
# The tests call this (`testbench/tests/hosts.rs`); what it needs, `testbench/test.sh --setup-only` provides.
set -eu

[ $# -ge 3 ] || {
    sed -n '2,/^set/s/^# \{0,1\}//p' "$0"
    exit 1
}
IMAGES=$(cd "$1" && pwd)
mkdir -p "$2"
OUT=$(cd "$2" && pwd)
shift 2

cd "$(dirname "$0")/../.."
HOSTS=$PWD/testbench/hosts
TARGET=thumbv8m.main-none-eabihf
TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}

say() {
    echo "build.sh: $*" >&2
}

. testbench/packages.sh
. testbench/targets.sh

# cargo_build MANIFEST [options]
cargo_build() {
    manifest=$1
    shift
    cargo_for_target build --release --locked --quiet --target "$TARGET" \
        --target-dir "$TARGET_DIR" --manifest-path "$manifest" "$@"
}

# link_c HOST "IMAGE NAMES" [options and sources]: with these images, or none
link_c() {
    host=$1
    names=$2
    shift 2
    [ -z "$names" ] || set -- "-DIMAGES=$names" "$HOSTS/board/images.S" "$@"
    have arm-none-eabi-gcc || fail "testbench/test.sh --setup-only installs arm-none-eabi-gcc"
    cargo_build loader/c/Cargo.toml
    # shellcheck disable=SC2086
    arm-none-eabi-gcc -mcpu=cortex-m33 -mthumb -mfloat-abi=hard -mfpu=fpv5-sp-d16 -std=c11 -O2 \
        -ffp-contract=off -ffunction-sections -fdata-sections -Wall -Wextra -Werror \
        -Iloader/c/include -I"$HOSTS/board" -I"$HOSTS/$host" -I"$IMAGES" \
        "$@" "$HOSTS/board/board.c" "$HOSTS/$host"/*.c \
        "$TARGET_DIR/$TARGET/release/libwasm2mcu.a" \
        -nostartfiles -specs=nano.specs -Wl,--gc-sections,--fatal-warnings,-z,noexecstack \
        -T "$HOSTS/board/mps2-an505.ld" -o "$OUT/$host.elf"
}

# Where cargo has put the package with the kernel.
freertos_kernel() {
    manifest=$HOSTS/freertos/kernel/Cargo.toml
    package=$(cargo_for_target metadata --quiet --locked --format-version 1 \
        --manifest-path "$manifest" | tr ',' '\n' |
        sed -n 's/.*"manifest_path":"\(.*\/freertos-next-[^"]*\)\/Cargo.toml".*/\1/p')
    [ -d "$package/FreeRTOS-Kernel" ] || fail "cargo did not fetch the package freertos-next"
    echo "$package/FreeRTOS-Kernel"
}

build_c() {
    link_c c "device,signed,start"
}

build_hardware_c() {
    link_c hardware_c "hardware_c"
}

build_freertos() {
    kernel=$(freertos_kernel)
    port=$kernel/portable/GCC/ARM_CM33_NTZ/non_secure
    # The kernel is other people's code: its warnings are theirs.
    link_c freertos "control,spin,worker" -isystem "$kernel/include" -isystem "$port" \
        -Wno-unused-parameter "$kernel/tasks.c" "$kernel/list.c" "$kernel/queue.c" \
        "$port/port.c" "$port/portasm.c"
}

build_slot_c() {
    link_c slot_c "" -T "$HOSTS/slot_c/slots.ld"
}

# With the module's object in place of its image, and its header.
build_typed_c() {
    link_c typed_c "" "$IMAGES/device.o"
}

# For both instruction sets.
build_slot_rust() {
    cargo_build testbench/hosts/slot_rust/Cargo.toml
    cp "$TARGET_DIR/$TARGET/release/wasm2mcu-host-slot" "$OUT/slot_rust.elf"
    riscv=riscv32imac-unknown-none-elf
    provide_target $riscv
    cargo_for_target build --release --locked --quiet --target $riscv \
        --target-dir "$TARGET_DIR" --manifest-path testbench/hosts/slot_rust/Cargo.toml
    cp "$TARGET_DIR/$riscv/release/wasm2mcu-host-slot" "$OUT/slot_rust_rv32.elf"
}

build_embassy() {
    cargo_build testbench/hosts/embassy/Cargo.toml
    cp "$TARGET_DIR/$TARGET/release/wasm2mcu-host-embassy" "$OUT/embassy.elf"
}

# For both instruction sets: OUT/hardware-TARGET.elf.
build_hardware() {
    for target in "$TARGET" riscv32imac-unknown-none-elf; do
        provide_target "$target"
        cargo_for_target build --release --locked --quiet --target "$target" \
            --target-dir "$TARGET_DIR" --manifest-path testbench/hosts/hardware/Cargo.toml
        cp "$TARGET_DIR/$target/release/wasm2mcu-host-hardware" "$OUT/hardware-$target.elf"
    done
    provide_target "$TARGET"
}

build_check() {
    cargo_build loader/Cargo.toml --features defmt,log
    RUSTDOCFLAGS="-D warnings" cargo_for_target doc --release --locked --quiet --target "$TARGET" \
        --target-dir "$TARGET_DIR" --no-deps --all-features -p wasm2mcu-loader -p wasm2mcu-abi -p wasm2mcu-host
    provide_target riscv32imac-unknown-none-elf
    cargo_for_target build --release --locked --quiet --target riscv32imac-unknown-none-elf \
        --target-dir "$TARGET_DIR" --manifest-path loader/c/Cargo.toml --no-default-features
}

provide_target "$TARGET"
for host; do
    case $host in
    c | hardware | hardware_c | freertos | embassy | slot_c | slot_rust | typed_c | check) "build_$host" ;;
    *) fail "no host $host" ;;
    esac
done
