#!/bin/sh
# Tries as many hostile inputs as there is time for: attack.sh MINUTES SEED [CASES]
#
# First disks that are full, under the command: once, whatever the time. Then three parts, one after the
# other, each with a third of the time: what providers send and what is sent to them; configurations,
# states and contracts; ledgers and the disks under them. With CASES
# each campaign has so many cases, however long they take. They are the campaigns of `make test`, in the
# same build. One line for each; at the first that finds something, the case and how to repeat it.
set -eu
cd "$(dirname "$0")/.."
seconds=$(($1 * 60 / 3))
export SIGMAPOL_ATTACK_SEED="$2"
cases=${3:-}
if [ -n "$cases" ]; then
    export SIGMAPOL_ATTACK_CASES="$cases"
else
    export SIGMAPOL_ATTACK_SECONDS="$seconds"
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# attack PACKAGE TARGET… -- FILTER…
attack() {
    if cargo test --locked -p "$@" >"$log" 2>&1; then
        grep '^attack: ' "$log" || echo "attack: $1: $(grep -c '^test .* ok$' "$log") tests"
    else
        cat "$log" >&2
        echo "attack: found something; the cases are above" >&2
        exit 1
    fi
}

attack sigmapol-cli --test full
attack sigmapol-provider --features http --test properties
attack sigmapol-router --test hostile
attack sigmapol-ledger --lib -- hostile_folders nothing_acknowledged
