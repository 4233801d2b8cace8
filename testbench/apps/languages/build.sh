#!/bin/sh
# Rebuilds the programs in this folder, one in each of several languages, for those whose compiler
# is there, and says which ones are left as they are.
#
#   ASC=PATH   AssemblyScript's compiler (npm install assemblyscript: node_modules/.bin/asc)
#   ZIG=PATH   Zig's (pip install ziglang: the program zig in the package's folder)
set -eu
export LC_ALL=C

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
cd "$here"

say() { echo "build.sh: $*" >&2; }

# shellcheck source=../../clang.sh
. "$root/testbench/clang.sh"
$clang --target=wasm32 -std=c11 -O2 -Wall -Wextra -ffreestanding -nostdlib \
    -Wl,--no-entry,--stack-first,--no-growable-memory -Wl,-z,stack-size=4096 \
    kalman.c -o kalman.c.wasm

asc=${ASC:-asc}
if command -v "$asc" >/dev/null; then
    "$asc" fft.ts -O3 --runtime stub --use abort= -o fft.ts.wasm
else
    say "no asc: fft.ts.wasm stays as it is"
fi

zig=${ZIG:-zig}
if command -v "$zig" >/dev/null; then
    "$zig" build-exe lz.zig -target wasm32-freestanding -fno-entry -rdynamic -O ReleaseFast \
        -fstrip --stack 4096 -femit-bin=lz.zig.wasm
else
    say "no zig: lz.zig.wasm stays as it is"
fi

if rustc --version >/dev/null 2>&1 &&
    [ -d "$(rustc --print sysroot)/lib/rustlib/wasm32v1-none" ]; then
    rustc --edition 2024 --target wasm32v1-none --crate-type cdylib -C opt-level=2 -C strip=symbols \
        -C panic=abort -C link-arg=-zstack-size=4096 cbor.rs -o cbor.rs.wasm
else
    say "no target wasm32v1-none (rustup target add wasm32v1-none): cbor.rs.wasm stays as it is"
fi
