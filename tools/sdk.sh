#!/bin/sh
# The SDKs of providers, as applications use them: they talk to the mock, and what they sent goes through
# `sigmapol run`; then they talk to `sigmapol serve`. Python and Node are needed, and the registries of both the
# first time; everything is installed into target/sdk, in the versions of tests/clients.
set -eu
cd "$(dirname "$0")/.."
for command in python3 node npm; do
    command -v "$command" >/dev/null || {
        echo "sdk: $command is not here" >&2
        exit 1
    }
done
cargo build --quiet --locked
target=$(cargo metadata --format-version 1 --no-deps --locked |
    node -p 'JSON.parse(require("fs").readFileSync(0)).target_directory')
sigmapol=$target/debug/sigmapol
clients=$PWD/tests/clients
work=$target/sdk
mkdir -p "$work"
[ -x "$work/python/bin/python" ] || python3 -m venv "$work/python"
"$work/python/bin/pip" install --quiet --disable-pip-version-check -r "$clients/requirements.txt"
cp "$clients/package.json" "$clients/package-lock.json" "$work/"
(cd "$work" && npm ci --silent --no-audit --no-fund)

# listen NAME [ARGUMENT…]: starts a command that listens, and says where
listen() {
    name=$1
    shift
    : >"$work/$name.log"
    "$sigmapol" "$@" >"$work/$name.log" 2>"$work/$name.err" &
    mocks="$mocks $!"
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        url=$(sed -n 's/^listening on //p' "$work/$name.log")
        [ -z "$url" ] || return 0
        sleep 0.5
    done
    echo "sdk: $name does not listen" >&2
    exit 1
}
# mock NAME [ARGUMENT…]: starts a mock that writes to NAME.jsonl
mock() {
    name=$1
    shift
    rm -f "$work/$name.jsonl"
    listen "$name" mock-provider --capture "$work/$name.jsonl" "$@"
}
mocks=
trap 'kill $mocks' EXIT

mock captured --script "$clients/mock.json"
"$work/python/bin/python" "$clients/send.py" "$url"
(cd "$work" && node "$clients/send.mjs" "$url")
mock arrived
"$work/python/bin/python" "$clients/compare.py" "$sigmapol" "$work/captured.jsonl" "$url" "$work/arrived.jsonl"

# gateway NAME SCRIPT: starts a gateway over a mock of its own, which answers in order; no model is too dear
gateway() {
    listen "$1-mock" mock-provider --script "$clients/$2.json"
    vectors='"models": {"vectors": {"protocol": "embeddings", "capabilities": {}, "served_by": [{"provider": "alpha", "fields": {"price_in": 0.02, "price_out": 0}}]},'
    sed -e "s#http://127.0.0.1:4010#$url#" -e "s#\"models\": {#$vectors#" -e 's/"le", 12/"le", 99/' \
        examples/router.json >"$work/router.json"
    listen "$1-gateway" serve --config "$work/router.json" --listen 127.0.0.1:0
}
for api in gateway messages responses; do
    gateway "python-$api" "$api"
    "$work/python/bin/python" "$clients/$api.py" "$url"
    gateway "node-$api" "$api"
    (cd "$work" && node "$clients/$api.mjs" "$url")
done
