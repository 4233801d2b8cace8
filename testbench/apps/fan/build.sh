#!/bin/sh
# Rebuilds the fan in each language whose compiler is there, and says which modules are left as they are. The bytes
# repeat with the same compilers; README.md beside this folder's parent says which ones made what is committed.
#
#   ASC=PATH   AssemblyScript's compiler (npm install assemblyscript: node_modules/.bin/asc), with wasm-as beside it
#   ZIG=PATH   Zig's (pip install ziglang: the program zig in the package's folder)
set -eu
export LC_ALL=C

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
sdk=$root/abi/sdk
target=${CARGO_TARGET_DIR:-$root/target}
work=$target/apps/fan
mkdir -p "$work"
cd "$here"

say() { echo "build.sh: $*" >&2; }

# shellcheck source=../../clang.sh
. "$root/testbench/clang.sh"
say "C: $($clang --version | head -n 1)"
link='--no-entry --stack-first --no-growable-memory --page-size=1 --strip-all -z stack-size=1024'
# shellcheck disable=SC2046
$clang --target=wasm32 -std=c11 -Os -Wall -Wextra -Werror -ffreestanding -nostdlib -I "$sdk/c" \
    $(printf -- '-Xlinker %s ' $link) c/fan.c -o c/fan.wasm
chmod 644 c/fan.wasm

if rustc --version >/dev/null 2>&1 &&
    [ -d "$(rustc --print sysroot)/lib/rustlib/wasm32v1-none" ]; then
    say "Rust: $(rustc --version)"
    for crate in rust rust-driver; do
        name=$(sed -n 's/^path = "\(fan.*\)\.rs"/\1/p' $crate/Cargo.toml)
        (cd $crate && cargo build -q --release --locked --target-dir "$target/guest")
        cp "$target/guest/wasm32v1-none/release/$name.wasm" $crate/fan.wasm
        chmod 644 $crate/fan.wasm
    done
else
    say "no target wasm32v1-none (rustup target add wasm32v1-none): rust and rust-driver stay as they are"
fi

# The compiler knows pages of 64 KiB only. A module that neither asks for the size of its memory nor makes it grow
# does not see a smaller one.
asc=${ASC:-asc}
memory=400
if command -v "$asc" >/dev/null; then
    say "AssemblyScript: $("$asc" --version)"
    mkdir -p "$work/node_modules"
    ln -sfn "$sdk/assemblyscript" "$work/node_modules/wasm2mcu-guest"
    "$asc" assemblyscript/fan.ts --path "$work/node_modules" -Oz --converge --noAssert --runtime stub --use abort= \
        --memoryBase 8 -t "$work/fan.wat"
    if grep -q 'memory\.\(size\|grow\)' "$work/fan.wat"; then
        say "the module in AssemblyScript uses the size of its memory"
        exit 1
    fi
    sed "s/^ (memory \$0 1)/ (memory \$0 $memory $memory (pagesize 1))/" "$work/fan.wat" >"$work/small.wat"
    "$(dirname "$(command -v "$asc")")/wasm-as" --enable-custom-page-sizes --enable-bulk-memory \
        "$work/small.wat" -o assemblyscript/fan.wasm
    chmod 644 assemblyscript/fan.wasm
else
    say "no asc: assemblyscript stays as it is"
fi

# Its own linker makes no pages of one byte.
zig=${ZIG:-zig}
if command -v "$zig" >/dev/null; then
    say "Zig: $("$zig" version)"
    "$zig" build-obj -target wasm32-freestanding -O ReleaseSmall -fstrip -femit-bin="$work/fan.o" \
        --dep wasm2mcu -Mroot=zig/fan.zig -Mwasm2mcu="$sdk/zig/wasm2mcu.zig"
    # shellcheck disable=SC2086
    "$($clang -print-prog-name=wasm-ld)" $link --export=run "$work/fan.o" -o zig/fan.wasm
    chmod 644 zig/fan.wasm
else
    say "no zig: zig stays as it is"
fi
