#!/bin/sh
# Rebuilds the guest apps: every NAME.c here and in foreign/ becomes NAME.O2.wasm
# and NAME.Os.wasm, and expected.tsv gets the checksums of a native run.
#
#   build.sh           rebuild in place
#   build.sh --check   rebuild elsewhere and compare with what is committed
#
# The bytes depend on the sources, the flags below and the clang version only.
set -eu
export LC_ALL=C

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=${CARGO_TARGET_DIR:-$root/target}/apps
libz_sys=1.1.31
jsmn=1.1.0

out=$here
case ${1-} in
'') ;;
--check) out=$work/check ;;
*) echo "usage: build.sh [--check]" >&2; exit 2 ;;
esac
mkdir -p "$work"
if [ "$out" != "$here" ]; then
    rm -rf "$out"
    mkdir "$out"
    cp "$here/expected.tsv" "$out"
fi

say() { echo "build.sh: $*" >&2; }

# Flags of an ordinary freestanding build.
common='--target=wasm32 -std=c11 -Wall -Wextra -ffreestanding -nostdlib
  -Wl,--no-entry,--stack-first -Wl,-z,stack-size=4096'

# What an app needs beyond that: a memory that may grow, or that is fixed.
link_flags() {
    case $1 in
    grow) echo -Wl,--max-memory=196608 ;;
    *) echo -Wl,--no-growable-memory ;;
    esac
}

# shellcheck source=../clang.sh
. "$root/testbench/clang.sh"
host_cc=$(command -v gcc || command -v clang || command -v cc) || host_cc=$(command -v "$clang")
say "guests: $($clang --version | head -n 1)"
say "host:   $("$host_cc" --version | head -n 1)"

# The header-only tokenizer of Debian's libjsmn-dev, unpacked without installing it.
fetch_jsmn() {
    [ -f "$work/foreign/jsmn/jsmn.h" ] && return
    mkdir -p "$work/foreign/jsmn"
    if [ -f /usr/include/jsmn.h ]; then
        cp /usr/include/jsmn.h "$work/foreign/jsmn"
    else
        say "fetching libjsmn-dev $jsmn with apt-get"
        (cd "$work/foreign" && apt-get download -q libjsmn-dev >/dev/null 2>&1 &&
            dpkg -x libjsmn-dev_$jsmn-*.deb jsmn.deb && cp jsmn.deb/usr/include/jsmn.h jsmn)
    fi
}

# The C sources that the crate libz-sys carries.
fetch_zlib() {
    [ -f "$work/foreign/zlib/zlib.h" ] && return
    say "fetching libz-sys $libz_sys with cargo"
    project=$work/foreign/fetch
    mkdir -p "$project/src"
    : >"$project/src/lib.rs"
    cat >"$project/Cargo.toml" <<TOML
[package]
name = "fetch"
version = "0.0.0"
edition = "2021"
[dependencies]
libz-sys = "=$libz_sys"
[workspace]
TOML
    manifest=$(cargo metadata -q --format-version 1 --manifest-path "$project/Cargo.toml" |
        grep -o "\"manifest_path\":\"[^\"]*libz-sys-$libz_sys/Cargo.toml\"" | head -n 1 | cut -d '"' -f 4)
    mkdir -p "$work/foreign/zlib"
    cp "${manifest%/*}"/src/zlib/*.[ch] "$work/foreign/zlib"
}

# Sources and flags of an app, for any compiler.
inputs() {
    case $1 in
    jsmn) echo "-isystem $work/foreign/jsmn $here/foreign/jsmn.c" ;;
    zlib)
        echo "-isystem $work/foreign/zlib -DZ_SOLO -DNO_GZIP $here/foreign/zlib.c"
        for file in adler32 crc32 deflate inffast inflate inftrees trees zutil; do
            echo "$work/foreign/zlib/$file.c"
        done
        ;;
    *) echo "$here/$1.c" ;;
    esac
}

# Appends `app, export, argument, result` for some fresh runs of the native build,
# which also checks the sources for undefined behaviour.
expect() {
    # shellcheck disable=SC2046
    "$host_cc" -std=c11 -O1 -w -ffp-contract=off -fsanitize=undefined -fno-sanitize-recover=undefined \
        $(inputs "$1") "$work/driver.c" -o "$work/$1.native"
    for rounds in 0 1 2 3 10; do
        printf '%s\trun\t%s\t%s\n' "$1" "$rounds" "$("$work/$1.native" "$rounds")" >>"$out/expected.tsv"
    done
}

cat >"$work/driver.c" <<'C'
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
int32_t run(int32_t n);
void print_i32(int32_t value) { (void)value; }
int main(int count, char **words)
{
    printf("%d\n", (int)run(count > 1 ? atoi(words[1]) : 1));
    return 0;
}
C

apps=$(cd "$here" && ls ./*.c foreign/*.c | sed 's|.*/||; s|\.c$||' | sort)
fetch_jsmn || { say "jsmn left as it is: its package could not be fetched"; apps=$(echo "$apps" | grep -vx jsmn); }
fetch_zlib || { say "zlib left as it is: its crate could not be fetched"; apps=$(echo "$apps" | grep -vx zlib); }

touch "$out/expected.tsv"
for app in $apps; do
    for level in O2 Os; do
        # shellcheck disable=SC2046,SC2086
        $clang $common $(link_flags "$app") -$level $(inputs "$app") -o "$out/$app.$level.wasm"
        chmod 644 "$out/$app.$level.wasm"
    done
    sed -i "/^$app	/d" "$out/expected.tsv"
    expect "$app"
done
sort -s -k 1,1 "$out/expected.tsv" -o "$out/expected.tsv"

if [ "$out" != "$here" ]; then
    for built in "$out"/*.wasm "$out/expected.tsv"; do
        cmp "$built" "$here/${built##*/}" || differs=1
    done
    [ -z "${differs-}" ] || { say "differs from what is committed; same clang version?"; exit 1; }
    say "identical to what is committed"
fi
