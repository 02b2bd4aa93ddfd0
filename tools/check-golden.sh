#!/bin/sh
# Says whether golden/ holds the component that the sources build. The bytes are those of one
# compiler: with another, or without the target, there is nothing to compare.
set -eu
cd "$(dirname "$0")/.."
pinned=$(cat golden/TOOLCHAIN)
say() { echo "check-golden: $*"; }

(cd golden && sha256sum --quiet --check SHA256SUMS)
if [ "$(rustc --version)" != "$pinned" ]; then
    say "skipped: the pinned component is that of $pinned, this is $(rustc --version)"
    exit 0
fi
if ! rustc --print target-libdir --target wasm32-wasip2 | xargs test -d &&
    ! rustup target add wasm32-wasip2 >/dev/null 2>&1; then
    say "skipped: the target wasm32-wasip2 is missing and rustup cannot add it"
    exit 0
fi
sh tools/build-component.sh target/component >/dev/null
if cmp -s target/component/SHA256SUMS golden/SHA256SUMS; then
    say "the pinned component is what the sources build"
else
    say "golden/ is not what the sources build; run: make golden" >&2
    exit 1
fi
