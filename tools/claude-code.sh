#!/bin/sh
# Claude Code, as a person runs it, in front of `sigmapol serve` and providers that answer from a script:
# a tool over two turns, with providers of OpenAI's dialect and of Anthropic's, whose stream breaks once.
# Node and its registry are needed the first time; all is in target/claude-code, also its home folder.
set -eu
cd "$(dirname "$0")/.."
for command in node npm timeout; do
    command -v "$command" >/dev/null || {
        echo "claude-code: $command is not here" >&2
        exit 1
    }
done
cargo build --quiet --locked
target=$(cargo metadata --format-version 1 --no-deps --locked |
    node -p 'JSON.parse(require("fs").readFileSync(0)).target_directory')
sigmapol=$target/debug/sigmapol
clients=$PWD/tests/clients/claude-code
work=$target/claude-code
mkdir -p "$work/place"
cp "$clients/package.json" "$clients/package-lock.json" "$work/"
(cd "$work" && npm ci --silent --no-audit --no-fund)
# the package is a wrapper of a program for this machine; its scripts need not run
for program in "$work"/node_modules/@anthropic-ai/claude-code-*/claude; do
    if "$program" --version >/dev/null 2>&1; then claude=$program; fi
done
[ -n "${claude-}" ] || {
    echo "claude-code: there is no program for this machine" >&2
    exit 1
}
echo "seventeen" >"$work/place/note.txt"

pids=
trap 'kill $pids' EXIT
# listen NAME [ARGUMENT…]: starts a command that listens, and says where
listen() {
    name=$1
    shift
    : >"$work/$name.log"
    "$sigmapol" "$@" >"$work/$name.log" 2>"$work/$name.err" &
    pids="$pids $!"
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        url=$(sed -n 's/^listening on //p' "$work/$name.log")
        [ -z "$url" ] || return 0
        sleep 0.5
    done
    echo "claude-code: $name does not listen" >&2
    exit 1
}

# run ROUTE: one conversation, with the provider that the names of models stand for
run() {
    sed "s#NOTE#$work/place/note.txt#" "$clients/mock.json" >"$work/mock.json"
    rm -f "$work/captured.jsonl"
    listen "$1-mock" mock-provider --script "$work/mock.json" --capture "$work/captured.jsonl"
    sed -e "s#http://127.0.0.1:4010#$url#" -e 's/"le", 12/"le", 99/' \
        -e "1s#{#{\"gateway\": {\"model_names\": {\"claude-*\": \"$2\", \"claude-haiku-*\": \"pin:gamma/small\"}},#" \
        examples/router.json >"$work/router.json"
    listen "$1-gateway" serve --config "$work/router.json" --listen 127.0.0.1:0
    rm -rf "$work/home"
    mkdir -p "$work/home"
    # nothing but the gateway is reached: what goes elsewhere meets a proxy that is not there
    said=$(cd "$work/place" && timeout 180 env -i PATH="$PATH" HOME="$work/home" TMPDIR="$work/home" \
        CLAUDE_CONFIG_DIR="$work/home/.claude" CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1 \
        DISABLE_TELEMETRY=1 DISABLE_ERROR_REPORTING=1 DISABLE_AUTOUPDATER=1 \
        HTTPS_PROXY=http://127.0.0.1:9 HTTP_PROXY=http://127.0.0.1:9 NO_PROXY=127.0.0.1 \
        ANTHROPIC_BASE_URL="$url" ANTHROPIC_API_KEY=none ANTHROPIC_MODEL=claude-sonnet-4-5 \
        "$claude" -p "What does note.txt say?" --allowedTools Read --output-format json </dev/null) || {
        echo "claude-code: $1: it failed: $said" >&2
        exit 1
    }
    node "$clients/check.mjs" "$1" "$said" "$work/captured.jsonl"
}
echo "claude-code: $("$claude" --version)"
run openai_compatible pin:alpha/small
run anthropic pin:beta/large
