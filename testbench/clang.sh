# For scripts that build WebAssembly, which read it with `.`: sets `clang` to a compiler that has the
# wasm32 target and finds its wasm-ld, and installs one where there is none. Needs `work`, a folder
# for probes, and `say`.

find_clang() {
    for candidate in clang-22 clang-24 clang-23 clang; do
        if command -v $candidate >/dev/null &&
            echo 'int f(void) { return 1; }' |
            $candidate --target=wasm32 -nostdlib -Wl,--no-entry -x c - -o "$work/probe.wasm" 2>/dev/null; then
            echo $candidate
            return 0
        fi
    done
    return 1
}

install() {
    say "installing $* with apt-get"
    sudo=
    [ "$(id -u)" = 0 ] || sudo=sudo
    $sudo apt-get install -y --no-install-recommends "$@" >&2
}

clang=$(find_clang) || {
    install clang-22 lld-22 || install clang lld
    clang=$(find_clang) || { say "no clang with the wasm32 target and wasm-ld"; exit 1; }
}
