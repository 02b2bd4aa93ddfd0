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

git clone --quiet . "$work/first"
git clone --quiet . "$work/second clone"
"$work/first/tools/build-component.sh" "$work/first/out"

# The same downloads under another name.
mkdir "$work/cargo home"
ln -s "${CARGO_HOME:-$HOME/.cargo}/registry" "$work/cargo home/registry"
CARGO_HOME="$work/cargo home" "$work/second clone/tools/build-component.sh" "$work/second clone/out"

for file in sigmapol.core.wasm sigmapol.wasm SHA256SUMS; do
    cmp "$work/first/out/$file" "$work/second clone/out/$file"
done
echo "check-reproducible: two clones, the same bytes"
