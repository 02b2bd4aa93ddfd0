#!/bin/sh
# Builds the committed sources twice, from two clones in folders of different names and with cargo's
# own folder in different places, and compares the bytes.
#
# usage: tools/check-reproducible.sh
set -eu

cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset CARGO_TARGET_DIR CARGO_BUILD_TARGET_DIR

# The same downloads under another name.
cargo fetch --locked
mkdir "$work/cargo home"
ln -s "${CARGO_HOME:-$HOME/.cargo}/registry" "$work/cargo home/registry"

build() {
    git clone --quiet . "$work/$1"
    "$work/$1/tools/build-component.sh" "$work/$1/out"
}
build first
(export CARGO_HOME="$work/cargo home" && build "second clone")

for file in sigmapol.core.wasm sigmapol.wasm SHA256SUMS; do
    cmp "$work/first/out/$file" "$work/second clone/out/$file"
done
echo "check-reproducible: two clones, the same bytes"
