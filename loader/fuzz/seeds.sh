#!/bin/sh
# Makes the corpora that the fuzzer begins with, of the modules in seeds/ and the bench's apps:
#
#   loader/fuzz/seeds.sh          then: cd loader/fuzz && cargo +nightly fuzz run image
set -eu

cd "$(dirname "$0")"
WASM2MCU=${WASM2MCU:-../../target/debug/wasm2mcu}
[ -x "$WASM2MCU" ] || (cd ../.. && cargo build -p wasm2mcu)
images=$(mktemp -d)
trap 'rm -r "$images"' EXIT

"$WASM2MCU" keygen "$images/key.pem" >/dev/null
# image LABEL MODULE OPTION…
image() {
    label=$1 module=$2
    shift 2
    "$WASM2MCU" compile -q "$module" -o "$images/$label.w2m" "$@"
    "$WASM2MCU" sign "$images/$label.w2m" --key "$images/key.pem" --counter 3 --quiet \
        -o "$images/$label.signed.w2m" >/dev/null
}

for target in thumbv8m.main-none-eabihf riscv32imac-unknown-none-elf; do
    isa=${target%%[!a-z]*}
    for module in seeds/*.wat; do
        name=$(basename "$module" .wat)
        image "$isa.$name.linkable" "$module" --target "$target" --linkable
        # What imports more than functions has to be linkable.
        [ "$name" = imports ] || image "$isa.$name" "$module" --target "$target"
    done
    for module in ../../testbench/apps/*.Os.wasm; do
        image "$isa.$(basename "$module" .wasm)" "$module" --target "$target" -O size
    done
done

cargo build --quiet --bin seed
for target in image signed; do
    mkdir -p "corpus/$target"
done
target/debug/seed corpus/image "$images"/*.w2m
target/debug/seed corpus/signed "$images"/*.signed.w2m
ls corpus/* | wc -l
