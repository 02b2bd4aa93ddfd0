#!/bin/sh
# A call through failures to an answer, over real sockets and without keys: providers that answer as
# examples/mock.json says.
set -eu
cd "$(dirname "$0")/.."
cargo build --locked
sigmapol=$(cargo metadata --format-version 1 --no-deps --locked |
    sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p')/debug/sigmapol
heard=$(mktemp)
"$sigmapol" mock-provider --script examples/mock.json --port 4010 >"$heard" &
mock=$!
trap 'kill $mock 2>/dev/null; rm -f "$heard"' EXIT
while ! grep -q listening "$heard"; do
    kill -0 $mock 2>/dev/null || exit 2 # it has said why
    sleep 0.1
done
"$sigmapol" run --config examples/router.json --prompt "Say hello" --trace
