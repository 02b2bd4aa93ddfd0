#!/bin/sh
# A violation of each rule, in a copy of the tree, is found and named.
set -eu
cd "$(dirname "$0")/.."
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
git ls-files -z | xargs -0 tar c | tar x -C "$copy"
cp Cargo.lock "$copy"
sh tools/check-crates.sh "$copy"

# manifest, line of its dependencies, what has to be said
violation() {
    cp "$copy/$1" "$copy/kept"
    sed -i "s/^\[dependencies\]\$/[dependencies]\n$2/" "$copy/$1"
    if said=$(sh tools/check-crates.sh "$copy" 2>&1); then
        echo "check-crates.test: $1 with '$2' passes" >&2
        exit 1
    fi
    case "$said" in
    *"check-crates: $3"*) ;;
    *) echo "check-crates.test: expected '$3', got: $said" >&2; exit 1 ;;
    esac
    mv "$copy/kept" "$copy/$1"
    cp Cargo.lock "$copy"
}
violation host/ledger/Cargo.toml 'sigmapol-router.workspace = true' \
    'sigmapol-ledger depends on sigmapol-router, which is not below it'
violation host/sandbox/Cargo.toml 'tokio.workspace = true' 'sigmapol brings tokio'
violation host/core/Cargo.toml 'wasmtime.workspace = true' 'sigmapol-core brings wasmtime'
mkdir -p "$copy/host/more/src"
printf '[package]\nname = "sigmapol-more"\nversion = "0.1.0"\nedition = "2024"\n' >"$copy/host/more/Cargo.toml"
touch "$copy/host/more/src/lib.rs"
! said=$(sh tools/check-crates.sh "$copy" 2>&1) || { echo "check-crates.test: a crate more passes" >&2; exit 1; }
echo "$said" | grep -q 'sigmapol-more has no place in the order' || { echo "check-crates.test: $said" >&2; exit 1; }
echo "check-crates.test: 4 violations, each found"
