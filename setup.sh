#!/usr/bin/env bash
# Installs what the system lacks to build and run Accrete, and says nothing where it lacks nothing.
#
# Linux: the Vulkan loader and a driver (Mesa's, which draw on the CPU where there is no GPU), the
# X11 and Wayland libraries that the window opens at run time, a C compiler (for zstd).
# macOS: Metal and the window are part of the system; only Apple's command line tools are needed.
# Rust is checked, not installed: how is its owner's choice.
set -euo pipefail

RUST_NEEDED=1.95
PATH="$PATH:/usr/sbin:/sbin:${CARGO_HOME:-$HOME/.cargo}/bin" # ldconfig; a Rust of this minute

fail() {
    printf 'setup.sh: %s\n' "$*" >&2
    exit 1
}

# Rust ------------------------------------------------------------------------------------------

check_rust() {
    if ! command -v rustc >/dev/null || ! command -v cargo >/dev/null; then
        fail "Rust is not installed. Get it from https://rustup.rs, open a new terminal, run this again."
    fi
    local found
    found=$(rustc --version | cut -d ' ' -f 2)
    if ! is_at_least "$found" "$RUST_NEEDED"; then
        fail "Rust $found is too old, $RUST_NEEDED or newer is needed. With rustup: rustup update stable" \
            "(a distribution's Rust is often old; https://rustup.rs has the newest)."
    fi
}

# is_at_least 1.96.0-nightly 1.95: compares major and minor.
is_at_least() {
    local have_major have_minor want_major want_minor
    IFS=. read -r have_major have_minor _ <<<"${1%%-*}.0"
    IFS=. read -r want_major want_minor _ <<<"$2.0"
    ((have_major > want_major || (have_major == want_major && have_minor >= want_minor)))
}

# What is missing -------------------------------------------------------------------------------

# Packages to install, by the names of the package manager at hand.
missing=()

# name_of APT DNF PACMAN: the package's name here.
name_of() {
    case $manager in
    apt) echo "$1" ;;
    dnf) echo "$2" ;;
    pacman) echo "$3" ;;
    none) echo "$1" ;;
    esac
}

# library SONAME APT DNF PACMAN
library() {
    local soname=$1
    shift
    # Not through a pipe: grep -q would close it early, which pipefail takes for a failure.
    grep -qF "$soname " <<<"$libraries" || missing+=("$(name_of "$@")")
}

# Any driver will do: NVIDIA's brings its own, and Mesa's package holds those for all others.
has_vulkan_driver() {
    [[ -n ${VK_DRIVER_FILES:-}${VK_ICD_FILENAMES:-} ]] ||
        compgen -G '/usr/share/vulkan/icd.d/*.json' >/dev/null ||
        compgen -G '/usr/local/share/vulkan/icd.d/*.json' >/dev/null ||
        compgen -G '/etc/vulkan/icd.d/*.json' >/dev/null
}

has_compiler() {
    command -v cc >/dev/null && [[ -e /usr/include/stdlib.h ]]
}

find_missing() {
    missing=()
    libraries=$(ldconfig -p 2>/dev/null || true)
    library libvulkan.so.1 libvulkan1 vulkan-loader vulkan-icd-loader
    library libwayland-client.so.0 libwayland-client0 libwayland-client wayland
    library libX11.so.6 libx11-6 libX11 libx11
    library libX11-xcb.so.1 libx11-xcb1 libX11-xcb libx11
    library libxcb.so.1 libxcb1 libxcb libxcb
    library libXcursor.so.1 libxcursor1 libXcursor libxcursor
    library libXi.so.6 libxi6 libXi libxi
    library libXrandr.so.2 libxrandr2 libXrandr libxrandr
    library libxkbcommon.so.0 libxkbcommon0 libxkbcommon libxkbcommon
    library libxkbcommon-x11.so.0 libxkbcommon-x11-0 libxkbcommon-x11 libxkbcommon-x11
    has_vulkan_driver ||
        missing+=("$(name_of mesa-vulkan-drivers mesa-vulkan-drivers vulkan-swrast)")
    if ! has_compiler; then
        missing+=(gcc)
        [[ $manager == apt || $manager == none ]] && missing+=(libc6-dev)
    fi
    command -v pkg-config >/dev/null ||
        missing+=("$(name_of pkg-config pkgconf-pkg-config pkgconf)")
}

# Installing ------------------------------------------------------------------------------------

as_root() {
    if [[ $(id -u) == 0 ]]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        fail "not root, and there is no sudo. Have these installed, then run this again: ${missing[*]}"
    fi
}

install_missing() {
    echo "setup.sh: installing ${missing[*]}"
    case $manager in
    apt)
        as_root apt-get update -qq
        as_root env DEBIAN_FRONTEND=noninteractive \
            apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null
        ;;
    dnf) as_root dnf install -q -y "${missing[@]}" ;;
    pacman) as_root pacman -S --needed --noconfirm --quiet "${missing[@]}" ;;
    none)
        fail "no apt-get, dnf or pacman here. Install what your system calls: ${missing[*]}"
        ;;
    esac
}

setup_linux() {
    if command -v apt-get >/dev/null; then
        manager=apt
    elif command -v dnf >/dev/null; then
        manager=dnf
    elif command -v pacman >/dev/null; then
        manager=pacman
    else
        manager=none
    fi
    find_missing
    ((${#missing[@]} == 0)) && return
    install_missing || fail "the package manager failed; see above. Wanted: ${missing[*]}"
    find_missing
    ((${#missing[@]} == 0)) || fail "still missing after the installation: ${missing[*]}"
}

setup_macos() {
    xcode-select -p >/dev/null 2>&1 ||
        fail "Apple's command line tools are missing. Run: xcode-select --install"
}

check_rust
case $(uname -s) in
Linux) setup_linux ;;
Darwin) setup_macos ;;
*) fail "only Linux and macOS are known here. On Windows nothing but Rust with MSVC is needed." ;;
esac
