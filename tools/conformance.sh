#!/bin/sh
# Replays every vector there is in every engine.
set -eu
cd "$(dirname "$0")/.."
# Adds ../shared/FILE to the files, where it is.
shared() {
    if [ -e "../shared/$1" ]; then files="$files ../shared/$1"; else
        echo "conformance: ../shared/$1 is not here, left out" >&2
        [ "${SIGMAPOL_SHARED:-}" != required ] || exit 1
    fi
}
replay() {
    echo "engine $1"
    # shellcheck disable=SC2086 # names without spaces
    cargo run --quiet --locked -- conformance --engine "$1" $files
}

files="golden/config.jsonl golden/decide.jsonl golden/elaborate.jsonl golden/failplan.jsonl \
    golden/flows.jsonl golden/steps.jsonl golden/xform.jsonl"
for family in config decide elaborate failplan flows steps xform; do shared "corpus/$family.jsonl.gz"; done
shared spec/sigma_pol_v2.json
replay prepared # decisions over catalogs, steps over routers; the rest is the component's

files="$files golden/refusals.jsonl golden/terms.jsonl"
shared corpus/terms.jsonl.gz
for engine in component core native; do replay "$engine"; done
