#!/bin/sh
# Runs a binary of the workspace, built with the features that all of it together has: another choice of them
# would build wasmtime once more.
set -eu
name=$1
shift
cargo build --quiet --workspace --locked --bin "$name"
folder=$(cargo metadata --format-version 1 --no-deps --locked | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
exec "$folder/debug/$name" "$@"
