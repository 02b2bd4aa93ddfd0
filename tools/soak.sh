#!/bin/sh
# A gateway under load, for long: what is done, the environment says; see tests/soak/main.rs.
set -eu
cd "$(dirname "$0")/.."
folder=$(cargo metadata --format-version 1 --no-deps --locked | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
if [ -z "${SIGMAPOL:-}" ]; then
    cargo build --quiet --release --locked -p sigmapol-cli
    SIGMAPOL=$folder/release/sigmapol
fi
export SIGMAPOL
exec sh tools/bin.sh soak
