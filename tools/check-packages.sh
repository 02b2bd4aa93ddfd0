#!/bin/sh
# Packs every crate that is meant for publishing, and builds each from what it packed, alone: with the others as they
# would come from a registry.
set -eu
cd "$(dirname "$0")/.."
export CARGO_PROFILE_DEV_DEBUG=0
private=$(cargo metadata --format-version 1 --no-deps --locked | sed 's/{"name"/\
&/g' | sed -n 's/^{"name":"\([^"]*\)","version".*"publish":\[\].*/--exclude \1/p')
# shellcheck disable=SC2086 # words without spaces
cargo package --quiet --workspace $private --allow-dirty --locked
folder=$(cargo metadata --format-version 1 --no-deps --locked | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')/package
for crate in "$folder"/*.crate; do
    for file in README.md LICENSE-MIT LICENSE-APACHE; do
        tar tzf "$crate" | grep -q "/$file\$" || { echo "check-packages: $(basename "$crate") has no $file" >&2; exit 1; }
    done
    printf '%6s kB  %s\n' $(($(wc -c <"$crate") / 1000)) "$(basename "$crate")"
done
