#!/bin/sh
# The tests of the npm package and of the playground, in Node and in Chromium. Without Node 20 they are left
# out, without Chromium those in it; with SIGMAPOL_WEB=required, either is a failure.
set -eu
cd "$(dirname "$0")/.."
missing() {
    echo "test: $1 is not here, so $2 left out" >&2
    [ "${SIGMAPOL_WEB:-}" != required ] || exit 1
}
node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null || {
    missing "Node 20 or later" "the npm package and the playground are"
    exit 0
}
for browser in "${CHROMIUM:-}" /usr/bin/chromium /usr/bin/chromium-browser /usr/bin/google-chrome; do
    [ -z "$browser" ] || [ ! -x "$browser" ] || found=$browser
done
[ -n "${found:-}" ] || missing "Chromium" "what runs in it is"

# what the tests before this one were built with: another choice of features would build wasmtime once more
cargo test --quiet --workspace --locked --no-run
SIGMAPOL=$(cargo metadata --format-version 1 --no-deps --locked |
    node -p 'JSON.parse(require("fs").readFileSync(0)).target_directory')/debug/sigmapol
export SIGMAPOL
sh tools/build-web.sh
cd web
npm run --silent check
# one at a time: some of them measure how long the page takes
node --test --test-concurrency=1 --test-reporter=spec test/*.test.js test/page/*.test.js
