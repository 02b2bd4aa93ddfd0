#!/bin/sh
# Runs a binary of the tests, built with the features that they are built with: another choice of them would build
# wasmtime once more.
set -eu
name=$1
shift
cargo test --quiet --workspace --locked --no-run
folder=$(cargo metadata --format-version 1 --no-deps --locked | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
exec "$folder/debug/$name" "$@"
