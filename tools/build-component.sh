#!/bin/sh
# Builds the engine as a component, takes the floats out, checks the result, and writes
#   sigmapol.wasm        the component
#   sigmapol.core.wasm   the core module inside of it
#   SHA256SUMS           the digests of both
# The bytes depend on the sources and the compiler alone, not on where either is.
#
# usage: tools/build-component.sh [OUTPUT_FOLDER]     (default: <target folder>/component)
set -eu

say() { echo "build-component: $*"; }
die() { echo "build-component: $*" >&2; exit 1; }

invoked_in=$(pwd)
cd "$(dirname "$0")/.."
root=$(pwd -P)
target=wasm32-wasip2
target_dir=$(cargo metadata --format-version 1 --no-deps --locked |
    sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p')
out=${1:-$target_dir/component}
case $out in /*) ;; *) out=$invoked_in/$out ;; esac

# One flag a line; paths may have spaces.
flags=
flag() { flags="${flags:+$flags$(printf '\037')}$1"; }

# Whether rustc has the library of the target.
has_target() {
    set -- "$(rustc --print target-libdir --target "$target" 2>/dev/null)"/libcore-*.rlib
    [ -e "$1" ]
}

# Debian packages a compiler for WebAssembly with the source of its library. Its linker is the one
# of the toolchain in use.
use_debian() {
    if [ ! -e /usr/share/doc/rustc-web ] || [ ! -e /usr/share/doc/rust-web-src ]; then
        [ "$(id -u)" = 0 ] || die "the target $target is missing: rustup target add $target"
        say "installing rustc-web and rust-web-src"
        { apt-get update && apt-get install -y --no-install-recommends rustc-web rust-web-src; } \
            >/dev/null || die "the target $target is missing and cannot be installed"
    fi
    linkers=$(rustc --print sysroot)/lib/rustlib/$(rustc -vV | sed -n 's/^host: //p')/bin
    export PATH="$linkers:$linkers/gcc-ld:$PATH" RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1
    set -- -Z build-std=core,alloc -Z build-std-features=compiler-builtins-mem
    build_std="$*"
}

build_std=
if ! has_target; then
    say "the target $target is missing, asking rustup for it"
    rustup target add "$target" >/dev/null 2>&1 || true
    has_target || use_debian
fi
rustc=${RUSTC:-rustc}
say "$("$rustc" --version)"

# Paths get into the bytes by way of panic messages. The last prefix that matches counts.
cargo fetch --locked --target "$target"
cargo_home=${CARGO_HOME:-$HOME/.cargo}
flag "--remap-path-prefix=$cargo_home=/cargo"
for registry in "$cargo_home"/registry/src/*; do
    flag "--remap-path-prefix=$registry=/cargo/registry"
done
commit=$("$rustc" -vV | sed -n 's/^commit-hash: //p')
flag "--remap-path-prefix=$("$rustc" --print sysroot)/lib/rustlib/src/rust=/rustc/$commit"
flag "--remap-path-prefix=$root=/sigmapol"

say "compiling"
# shellcheck disable=SC2086 # words without spaces
CARGO_ENCODED_RUSTFLAGS=$flags CARGO_INCREMENTAL=0 \
    cargo build --quiet --locked -p sigmapol-engine --profile component --target "$target" $build_std

say "lowering"
unset RUSTC RUSTC_BOOTSTRAP
mkdir -p "$out"
defloat() { cargo run --quiet --locked -p defloat -- "$@"; }
defloat lower "$target_dir/$target/component/sigmapol_engine.wasm" \
    --name sigmapol --output "$out/sigmapol.wasm" --core "$out/sigmapol.core.wasm"
defloat check "$out/sigmapol.wasm"
defloat check "$out/sigmapol.core.wasm"
(cd "$out" && sha256sum sigmapol.core.wasm sigmapol.wasm >SHA256SUMS && cat SHA256SUMS)
say "wrote $out"
