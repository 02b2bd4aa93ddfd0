#!/bin/sh
# Holds what the crates depend on against the rules of the house: arrows between ours point down, the embedding
# library brings nothing of servers and command lines, the core no WebAssembly. Reads manifests, builds nothing.
#
# usage: tools/check-crates.sh [ROOT]
set -eu
cd "${1:-$(dirname "$0")/..}"
failed=0
fail() { echo "check-crates: $*" >&2; failed=1; }
cargo tree --quiet --offline -p sigmapol-cli >/dev/null || {
    echo "check-crates: run cargo fetch --locked first" >&2
    exit 1
}
tree() { cargo tree --quiet --offline --prefix none --edges "$@" | sed 's/ .*//' | LC_ALL=C sort -u; }

# From the bottom to the top. A crate may depend on those before it.
order='sigmapol-engine defloat sigmapol-core sigmapol-prove sigmapol-templates sigmapol sigmapol-ledger sigmapol-conformance sigmapol-audit
    sigmapol-mock sigmapol-provider sigmapol-router sigmapol-gateway sigmapol-genvm sigmapol-cli'

for crate in $(sed -n 's/^name = "\(.*\)"$/\1/p' guest/Cargo.toml tools/defloat/Cargo.toml host/*/Cargo.toml |
    grep -E '^(sigmapol|defloat)'); do
    case " $(echo $order) " in
    *" $crate "*) ;;
    *) fail "$crate has no place in the order of tools/check-crates.sh" ;;
    esac
done

below=' '
for crate in $order; do
    for other in $(tree normal,build --depth 1 -p "$crate" | grep -E '^(sigmapol|defloat)' | grep -vx "$crate"); do
        case "$below" in
        *" $other "*) ;;
        *) fail "$crate depends on $other, which is not below it" ;;
        esac
    done
    below="$below$crate "
done

# crate, how many it may bring with itself, and which it may not
without() {
    crate=$1 most=$2
    shift 2
    brings=$(tree normal -p "$crate")
    count=$(cargo tree --quiet --offline --prefix none --edges normal -p "$crate" | sed 's/ (\*)$//' | LC_ALL=C sort -u | wc -l)
    [ "$count" -le "$most" ] || fail "$crate brings $count crates, expected at most $most"
    for other in "$@"; do
        ! echo "$brings" | grep -qx "$other" || fail "$crate brings $other"
    done
}
without sigmapol 110 tokio reqwest axum hyper clap
without sigmapol-core 15 wasmtime tokio reqwest axum hyper clap
exit $failed
