#!/bin/sh
# Rebuilds float.wasm, the arithmetic that the compiler embeds, from float.c.
#
#   build.sh           rebuild in place
#   build.sh --check   rebuild elsewhere and compare with what is committed
#
# The bytes depend on the source, the flags below and the clang version only.
set -eu
export LC_ALL=C

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=${CARGO_TARGET_DIR:-$root/target}/runtime

out=$here
case ${1-} in
'') ;;
--check) out=$work/check ;;
*) echo "usage: build.sh [--check]" >&2; exit 2 ;;
esac
mkdir -p "$work" "$out"

say() { echo "build.sh: $*" >&2; }

# shellcheck source=../../testbench/clang.sh
. "$root/testbench/clang.sh"
say "$($clang --version | head -n 1)"

# Every function that is not `inline`.
exports=$(sed -n 's/^[fiu][0-9]* \([a-z0-9_]*\)(.*)$/-Wl,--export=\1/p' "$here/float.c")

# shellcheck disable=SC2086
$clang --target=wasm32 -std=c11 -O2 -Wall -Wextra -Werror -ffreestanding -nostdlib \
    -Wl,--no-entry,--strip-all -Wl,-z,stack-size=0 $exports "$here/float.c" -o "$out/float.wasm"
chmod 644 "$out/float.wasm"

if [ "$out" != "$here" ]; then
    cmp "$out/float.wasm" "$here/float.wasm" || { say "differs from what is committed; same clang version?"; exit 1; }
    say "identical to what is committed"
fi
