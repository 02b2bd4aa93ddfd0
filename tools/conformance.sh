#!/bin/sh
# Replays every vector there is in every engine.
set -eu
cd "$(dirname "$0")/.."
set -- golden/*.jsonl
for file in corpus/terms.jsonl.gz corpus/decide.jsonl.gz corpus/xform.jsonl.gz corpus/failplan.jsonl.gz \
    corpus/steps.jsonl.gz corpus/config.jsonl.gz corpus/elaborate.jsonl.gz corpus/flows.jsonl.gz \
    spec/sigma_pol_v2.json; do
    file=../shared/$file
    if [ -e "$file" ]; then set -- "$@" "$file"; else echo "conformance: $file is not here, left out"; fi
done
for engine in component core native prepared; do
    echo "engine $engine"
    cargo run --quiet --locked -- conformance --engine "$engine" "$@"
done
