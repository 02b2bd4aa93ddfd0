#!/bin/sh
# Replays every vector there is in all three engines.
set -eu
cd "$(dirname "$0")/.."
set -- golden/*.jsonl
for family in terms decide xform failplan; do
    file=../shared/corpus/$family.jsonl.gz
    if [ -e "$file" ]; then set -- "$@" "$file"; else echo "conformance: $file is not here, left out"; fi
done
for engine in component core native; do
    echo "engine $engine"
    cargo run --quiet --locked -- conformance --engine "$engine" "$@"
done
