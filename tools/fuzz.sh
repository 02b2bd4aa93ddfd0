#!/bin/sh
# Runs every property under libFuzzer: fuzz.sh MINUTES [PROPERTY]. Installs nothing.
#
# Without a sanitizer: the code is safe Rust, and what is looked for is a property that does not
# hold. An input that is found stays in fuzz/artifacts, and the message has it in full.
set -eu
cd "$(dirname "$0")/../fuzz"
say() { echo "fuzz: $*"; }

if ! cargo +nightly --version >/dev/null 2>&1; then
    say "libFuzzer needs a nightly compiler; run: rustup toolchain install nightly --profile minimal" >&2
    exit 1
fi
if ! cargo +nightly fuzz --version >/dev/null 2>&1; then
    say "cargo-fuzz is missing; run: cargo install --locked cargo-fuzz" >&2
    exit 1
fi
seconds=$(($1 * 60))
properties=${2:-$(cargo +nightly fuzz list)}
for property in $properties; do
    say "$property, $1 min"
    case $property in
        # these do without wasmtime, which takes longer to build than they run
        response | ledger_folder) features=--no-default-features ;;
        *) features= ;;
    esac
    # shellcheck disable=SC2086 # none is no argument
    cargo +nightly fuzz run --sanitizer none $features "$property" -- \
        -max_total_time="$seconds" -max_len=4096 -len_control=0 -timeout=60 -print_final_stats=1
done
