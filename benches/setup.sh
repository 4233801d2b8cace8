#!/bin/sh
# Sets up what the benches compare with:
#
#   benches/setup.sh
#
# Says what it installs and why; what is there already is left alone, so a second run installs
# nothing. Packages come from Debian and need root (sudo is used where one is not); everything else
# goes to target/benches. What the tests need, and the cross builds in Rust, is
# testbench/test.sh --setup-only; the sources of zlib and jsmn are fetched by testbench/apps/build.sh.
#
# Engines that are not installed are reported as missing by the benches.
set -eu

cd "$(dirname "$0")/.."

PLACE=${CARGO_TARGET_DIR:-$PWD/target}/benches
MICROPYTHON=1.25.0
WASM3=0.5.0

say() {
    echo "setup.sh: $*" >&2
}

. testbench/packages.sh

provide_compilers() {
    have arm-none-eabi-gcc ||
        install_packages "gcc for the native line on Arm" gcc-arm-none-eabi libnewlib-arm-none-eabi
    have riscv64-unknown-elf-gcc && [ -d /usr/lib/picolibc/riscv64-unknown-elf ] ||
        install_packages "gcc for the native line on RISC-V" \
            gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf
    have clang-22 || have clang ||
        install_packages "clang for the native line" clang
    have wasm2c || install_packages "wasm2c" wabt
}

# The folder of Python packages, with a package.
provide_python_package() {
    python3 -c 'import venv, ensurepip' 2>/dev/null ||
        install_packages "Python, to fetch packages with pip" python3-venv
    [ -x "$PLACE/venv/bin/pip" ] || {
        say "making $PLACE/venv for packages of pip"
        python3 -m venv "$PLACE/venv"
    }
    "$PLACE/venv/bin/pip" show -q "$1" >/dev/null 2>&1 || {
        say "installing $1 with pip ($2)"
        "$PLACE/venv/bin/pip" install -q "$1"
    }
}

provide_rtl() {
    have verilator && have g++ && have make ||
        install_packages "the simulator of RTL" verilator g++ make
    provide_python_package pythondata-cpu-ibex "the RTL of Ibex"
    provide_python_package pythondata-cpu-cv32e40p "the RTL of CV32E40P"
}

provide_wasm3() {
    [ ! -d "$PLACE/pywasm3-$WASM3" ] || return 0
    provide_python_package setuptools "what the source package of wasm3 is packed with"
    say "fetching the source package pywasm3 $WASM3 with pip (wasm3)"
    "$PLACE/venv/bin/pip" download -q --no-deps --no-binary :all: -d "$PLACE/download" \
        "pywasm3==$WASM3"
    tar -xzf "$PLACE/download/pywasm3-$WASM3.tar.gz" -C "$PLACE"
}

# Debian's source package, from the release after ours: with apt's own lists in a place of their own,
# so that the system's are not touched.
provide_micropython() {
    [ ! -d "$PLACE/micropython-$MICROPYTHON" ] || return 0
    have dpkg-source || install_packages "what unpacks source packages" dpkg-dev
    say "fetching the source package micropython $MICROPYTHON with apt-get"
    apt=$PLACE/apt
    mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' |
        grep -v security | head -n 1)
    [ -n "$mirror" ] || fail "no source of Debian's packages to take micropython from"
    echo "deb-src $mirror trixie main" >"$apt/sources.list"
    cat >"$apt/apt.conf" <<CONF
Dir::Etc::SourceList "$apt/sources.list";
Dir::Etc::SourceParts "-";
Dir::State::Lists "$apt/lists";
Dir::Cache "$apt/cache";
CONF
    export APT_CONFIG="$apt/apt.conf"
    apt-get update -qq
    (cd "$apt" && apt-get source -qq --download-only "micropython=$MICROPYTHON+ds-1")
    unset APT_CONFIG
    dpkg-source --no-check --no-copy -x "$apt"/micropython_*.dsc "$PLACE/micropython-$MICROPYTHON" >/dev/null
}

provide_qemu() {
    have qemu-system-arm || fail "testbench/test.sh --setup-only installs QEMU, which runs MicroPython"
}

case ${1:-} in
'') ;;
*)
    sed -n '2,/^set/s/^# \{0,1\}//p' "$0"
    exit
    ;;
esac

mkdir -p "$PLACE"
provide_compilers
provide_rtl
provide_wasm3
provide_qemu
provide_micropython
say "everything is there"
