#!/bin/sh
# The Codex CLI against `sigmapol serve`, in front of a mock whose model calls a tool and then answers. Node and
# npm are needed, and their registry the first time; everything is installed into target/codex, in the version of
# tests/clients/codex, and Codex's own folder is there, too. It sends nothing but to the gateway.
set -eu
cd "$(dirname "$0")/.."
for command in node npm timeout; do
    command -v "$command" >/dev/null || {
        echo "codex: $command is not here" >&2
        exit 1
    }
done
cargo build --quiet --locked
target=$(cargo metadata --format-version 1 --no-deps --locked |
    node -p 'JSON.parse(require("fs").readFileSync(0)).target_directory')
sigmapol=$target/debug/sigmapol
clients=$PWD/tests/clients/codex
work=$target/codex
mkdir -p "$work"
cp "$clients/package.json" "$clients/package-lock.json" "$work/"
(cd "$work" && npm ci --silent --no-audit --no-fund)
rm -rf "$work/home" "$work/project" "$work/sent.jsonl"
mkdir -p "$work/home/.codex" "$work/project"

# listen NAME [ARGUMENT…]: starts a command that listens, and says where
listen() {
    name=$1
    shift
    : >"$work/$name.log"
    "$sigmapol" "$@" >"$work/$name.log" 2>"$work/$name.err" &
    started="$started $!"
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        url=$(sed -n 's/^listening on //p' "$work/$name.log")
        [ -z "$url" ] || return 0
        sleep 0.5
    done
    echo "codex: $name does not listen" >&2
    exit 1
}
started=
trap 'kill $started' EXIT
listen mock mock-provider --script "$clients/mock.json" --capture "$work/sent.jsonl"
sed "s#http://127.0.0.1:4010#$url#" examples/router.json >"$work/router.json"
listen gateway serve --config "$work/router.json" --listen 127.0.0.1:0

cat >"$work/home/.codex/config.toml" <<EOF
model = "family:small"
model_provider = "sigmapol"

[model_providers.sigmapol]
name = "sigmapol"
base_url = "$url/v1"
wire_api = "responses"
EOF
(cd "$work/project" && HOME=$work/home CODEX_HOME=$work/home/.codex timeout 120 \
    "$work/node_modules/.bin/codex" exec --skip-git-repo-check --sandbox danger-full-access \
    --output-last-message "$work/last.txt" 'Use the tool.' >"$work/codex.log" 2>"$work/codex.err" </dev/null) || {
    echo "codex: it failed:" >&2
    tail -20 "$work/codex.err" >&2
    exit 1
}
node "$clients/check.mjs" "$work/last.txt" "$work/sent.jsonl"
