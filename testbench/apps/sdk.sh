#!/bin/sh
# Rebuilds the programs for the SDKs of abi/sdk, `fan` and `tour`, in each language whose compiler is there, and says
# which modules are left as they are. The bytes repeat with the same compilers, which README.md names.
#
#   ASC=PATH   AssemblyScript's compiler (npm install assemblyscript: node_modules/.bin/asc), with wasm-as beside it
#   ZIG=PATH   Zig's (pip install ziglang: the program zig in the package's folder)
set -eu
export LC_ALL=C

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
sdk=$root/abi/sdk
target=${CARGO_TARGET_DIR:-$root/target}
work=$target/apps/sdk
mkdir -p "$work"
cd "$here"

say() { echo "sdk.sh: $*" >&2; }

# shellcheck source=../clang.sh
. "$root/testbench/clang.sh"
say "C: $($clang --version | head -n 1)"
link='--no-entry --stack-first --no-growable-memory --page-size=1 --strip-all -z stack-size=1024'

c() {
    # shellcheck disable=SC2046
    $clang --target=wasm32 -std=c11 -Os -Wall -Wextra -Werror -ffreestanding -nostdlib -I "$sdk/c" \
        $(printf -- '-Xlinker %s ' $link) "$1/c/$1.c" -o "$1/c/$1.wasm"
    chmod 644 "$1/c/$1.wasm"
}

# rust PROGRAM FOLDER: the crate there
rust() {
    name=$(sed -n "s/^path = \"\(.*\)\.rs\"/\1/p" "$1/$2/Cargo.toml")
    (cd "$1/$2" && cargo build -q --release --locked --target-dir "$target/guest")
    cp "$target/guest/wasm32v1-none/release/$name.wasm" "$1/$2/$1.wasm"
    chmod 644 "$1/$2/$1.wasm"
}

# assemblyscript PROGRAM BYTES: the compiler knows pages of 64 KiB only. A module that neither asks for the size of its
# memory nor makes it grow does not see a memory of so many bytes.
assemblyscript() {
    "$asc" "$1/assemblyscript/$1.ts" --path "$work/node_modules" -Oz --converge --noAssert --runtime stub \
        --use abort= --memoryBase 8 -t "$work/$1.wat"
    if ! grep -q 'memory\.\(size\|grow\)' "$work/$1.wat"; then
        sed -i "s/^ (memory \$0 1)/ (memory \$0 $2 $2 (pagesize 1))/" "$work/$1.wat"
    fi
    "$(dirname "$(command -v "$asc")")/wasm-as" --enable-custom-page-sizes --enable-bulk-memory \
        --enable-nontrapping-float-to-int "$work/$1.wat" -o "$1/assemblyscript/$1.wasm"
    chmod 644 "$1/assemblyscript/$1.wasm"
}

# Zig's own linker makes no pages of one byte.
zig() {
    "$zig" build-obj -target wasm32-freestanding -O ReleaseSmall -fstrip -femit-bin="$work/$1.o" \
        --dep wasm2mcu "-Mroot=$1/zig/$1.zig" "-Mwasm2mcu=$sdk/zig/wasm2mcu.zig"
    # shellcheck disable=SC2086
    "$($clang -print-prog-name=wasm-ld)" $link --export=run --export-if-defined=on_event "$work/$1.o" -o "$1/zig/$1.wasm"
    chmod 644 "$1/zig/$1.wasm"
}

c fan
c tour
# The header is one for C++ too.
echo '#include "wasm2mcu.h"' | $clang --target=wasm32 -std=c++17 -Wall -Wextra -Wpedantic -Werror -ffreestanding \
    -fsyntax-only -I "$sdk/c" -x c++ -

if rustc --version >/dev/null 2>&1 &&
    [ -d "$(rustc --print sysroot)/lib/rustlib/wasm32v1-none" ]; then
    say "Rust: $(rustc --version)"
    rust fan rust
    rust fan rust-driver
    rust tour rust
else
    say "no target wasm32v1-none (rustup target add wasm32v1-none): modules in Rust stay as they are"
fi

asc=${ASC:-asc}
if command -v "$asc" >/dev/null; then
    say "AssemblyScript: $("$asc" --version)"
    mkdir -p "$work/node_modules"
    ln -sfn "$sdk/assemblyscript" "$work/node_modules/wasm2mcu-guest"
    assemblyscript fan 400
    assemblyscript tour 2048
else
    say "no asc: modules in AssemblyScript stay as they are"
fi

zig=${ZIG:-$(command -v zig || true)}
if [ -n "$zig" ]; then
    say "Zig: $("$zig" version)"
    zig fan
    zig tour
else
    say "no zig: modules in Zig stay as they are"
fi
