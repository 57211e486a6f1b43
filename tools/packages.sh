# SPDX-License-Identifier: Apache-2.0
#
# For tools/quickstart and tools/check, not to be run: which packages of Debian 12 are needed, and how they get there.
# The caller stands at the root of the project and has set -u.

build_packages='gcc libc6-dev meson ninja-build pkg-config libyaml-dev libpcre2-dev libxxhash-dev zlib1g-dev
    libjansson-dev libzip-dev libexpat1-dev libxlsxwriter-dev'
test_packages='libcriterion-dev g++ git gzip chromium fonts-noto-cjk'
fuzz_packages='clang libclang-rt-14-dev'

# Run a command and show what it said only if it failed.
quietly() {
    local log code=0
    log=$(mktemp)
    "$@" >"$log" 2>&1 </dev/null || code=$?
    if [ $code != 0 ]; then
        cat "$log" >&2
        echo "failed with exit code $code: $*" >&2
    fi
    rm -f "$log"
    return $code
}

is_installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# Install those of the packages that are missing; without apt-get say so and go on, the build will tell what it lacks.
install_packages() {
    local missing='' package as_root=''
    if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
        echo "no apt-get here: make sure that the equivalents of these packages are installed: $*"
        return 0
    fi
    for package; do
        is_installed "$package" || missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" != 0 ]; then
        as_root=sudo
        if ! command -v sudo >/dev/null; then
            echo "packages are missing; as root run: apt-get install$missing" >&2
            return 1
        fi
    fi
    echo "== install$missing"
    if [ -z "${packages_updated:-}" ]; then
        quietly $as_root apt-get update || return
        packages_updated=yes
    fi
    quietly $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing
}
