# For scripts that set things up, which read it with `.`: what is there, and what Debian's packages bring.
# Needs `say`.

fail() {
    say "$*"
    exit 1
}

have() {
    command -v "$1" >/dev/null 2>&1
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

# install_packages REASON [apt-get options] PACKAGE...
install_packages() {
    reason=$1
    shift
    have apt-get || fail "$reason is missing: install what your system has in place of Debian's: $*"
    say "installing $* ($reason)"
    # Lists may be absent or old; an unreachable source does not matter if the others have it.
    as_root apt-get update -qq || say "apt-get update was not complete"
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "$@" >&2
}
