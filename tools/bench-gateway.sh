#!/bin/sh
# Measures the gateway over sockets of this machine: an upstream that answers at once, a floor that passes bytes on and
# decides nothing, and ours, without records and with each record on disk before its effect. Writes
# docs/benchmarks-gateway.md. Needs wrk. The machine should be quiet: the load is written beside the numbers.
#
# usage: tools/bench-gateway.sh [SECONDS]     each measurement; default 5
set -eu
cd "$(dirname "$0")/.."
seconds=${1:-5}
candidates=40
die() { echo "bench-gateway: $*" >&2; exit 1; }
command -v wrk >/dev/null || die "wrk is missing: apt-get install wrk"

target=$(cargo metadata --format-version 1 --no-deps --locked | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
# with the tests, whose features are those of the other benches: wasmtime is built once
cargo build --release --locked -p sigmapol-cli -p sigmapol-tests --bin sigmapol --bench decide
cargo build --release --locked --manifest-path tools/bench-gateway/Cargo.toml --target-dir "$target/bench-gateway"
ours=$target/release/sigmapol
tool=$target/bench-gateway/release/bench-gateway

work=$(mktemp -d)
running=
stop() {
    for process in $running; do kill "$process" 2>/dev/null || true; done
    wait 2>/dev/null || true
    running=
}
trap 'stop; rm -rf "$work"' EXIT INT TERM

upstream=127.0.0.1:9801
gateway=127.0.0.1:9802
path=/v1/chat/completions
"$tool" config "$upstream" "$candidates" >"$work/config.json"
cat >"$work/post.lua" <<'LUA'
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"model":"default","messages":[{"role":"system","content":"You are a helpful assistant."},{"role":"user","content":"Say hello to the people who read this, please."}],"temperature":0.7' .. (os.getenv("STREAM") or "") .. '}'
done = function(summary, latency)
    local wrong = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout
    io.write(string.format("%.0f | %.2f | %.2f | %d\n", summary.requests / (summary.duration / 1e6),
        latency:percentile(50) / 1000, latency:percentile(99) / 1000, wrong))
end
LUA

# Waits until somebody answers, whatever it is.
ready() {
    for _ in $(seq 200); do
        if wrk -t1 -c1 -d1s "http://$1/" 2>/dev/null | grep -q "requests in"; then return; fi
        sleep 0.1
    done
    die "nobody listens at $1"
}

# NAME ADDRESS PROCESS: a row for each number of connections.
rows() {
    for connections in 1 16 64 256; do
        threads=$((connections > 1 ? 2 : 1))
        measured=$(wrk -t"$threads" -c"$connections" -d"${seconds}s" -s "$work/post.lua" "http://$2$path" | tail -n 1)
        memory=$(awk '/VmHWM/ { printf "%.1f", $2 / 1024 }' "/proc/$3/status")
        echo "| $1 | $connections | $measured | $memory | $(cut -d' ' -f1 /proc/loadavg) |"
    done
}

# NAME COMMAND…: the rows of a gateway before the upstream.
measure() {
    name=$1
    shift
    "$tool" upstream "$upstream" &
    running=$!
    "$@" >/dev/null 2>"$work/log" &
    process=$!
    running="$running $process"
    ready "$gateway"
    rows "$name" "$gateway" "$process"
    stop
}

{
    cat <<HEAD
# Benchmarks of the gateway

One run of \`make bench-gateway\`, on one machine with $(nproc) processors, which the load generator, the
gateway and the upstream share. $candidates candidates, of which 24 pass the filter; a request of two messages.
The upstream answers at once. The floor is the same server and the same client as ours, and decides nothing.
Records: each is on disk before the call goes out, and before the answer does. Load is the load average of the
machine: what is much above $(nproc) is other work, which takes its part of every number here.

| what | connections | requests/s | p50, ms | p99, ms | wrong | memory, MiB | load |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
HEAD
    "$tool" upstream "$upstream" &
    running=$!
    ready "$upstream"
    rows "upstream alone" "$upstream" "$running"
    stop
    measure "floor" "$tool" floor "$gateway" "$upstream"
    measure "sigmapol" "$ours" serve --config "$work/config.json" --listen "$gateway"
    measure "sigmapol, recorded" "$ours" serve --config "$work/config.json" --listen "$gateway" \
        --record "$work/ledger"
    export STREAM=',"stream":true'
    measure "floor, streamed" "$tool" floor "$gateway" "$upstream"
    measure "sigmapol, streamed" "$ours" serve --config "$work/config.json" --listen "$gateway"
} >"$work/page"
mv "$work/page" docs/benchmarks-gateway.md
echo "bench-gateway: wrote docs/benchmarks-gateway.md"
