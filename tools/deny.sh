#!/bin/sh
# Holds the dependencies against deny.toml. Advisories are asked for where their database can be reached; with
# SIGMAPOL_ADVISORIES=required it has to be.
set -eu
cd "$(dirname "$0")/.."
command -v cargo-deny >/dev/null || {
    echo "deny: cargo-deny is not here; cargo install cargo-deny --locked" >&2
    exit 1
}
cargo deny --locked check bans licenses sources
if cargo deny fetch db 2>/dev/null; then
    cargo deny --locked check --disable-fetch advisories
else
    echo "deny: the database of advisories cannot be reached, so none are asked for" >&2
    [ "${SIGMAPOL_ADVISORIES:-}" != required ] || exit 1
fi
