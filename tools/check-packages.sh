#!/bin/sh
# Packs every crate that is meant for publishing, and builds each from what it packed, alone: with the others as they
# would come from a registry.
set -eu
cd "$(dirname "$0")/.."
export CARGO_PROFILE_DEV_DEBUG=0
# what cargo unpacked of an earlier run has the same version, and would be taken for what is packed now
rm -rf "${CARGO_HOME:-$HOME/.cargo}"/registry/*/-*
private=$(grep -l '^publish = false' $(git ls-files '*Cargo.toml') | grep -v -e ^fuzz/ -e bench-gateway -e genvm-matrix |
    xargs sed -n 's/^name = "\(sigmapol-[a-z-]*\)"$/--exclude \1/p')
target=$(cargo metadata --format-version 1 --no-deps --locked | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
export CARGO_TARGET_DIR="$target/packages"
rm -rf "$CARGO_TARGET_DIR"/package "$CARGO_TARGET_DIR"/debug/.fingerprint/sigmapol* \
    "$CARGO_TARGET_DIR"/debug/.fingerprint/defloat*
# shellcheck disable=SC2086 # words without spaces
cargo package --quiet --workspace $private --allow-dirty --locked
folder=$CARGO_TARGET_DIR/package
for crate in "$folder"/*.crate; do
    for file in README.md LICENSE-MIT LICENSE-APACHE; do
        tar tzf "$crate" | grep -q "/$file\$" || { echo "check-packages: $(basename "$crate") has no $file" >&2; exit 1; }
    done
    printf '%6s kB  %s\n' $(($(wc -c <"$crate") / 1000)) "$(basename "$crate")"
done
