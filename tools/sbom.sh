#!/bin/sh
# Writes what is in the command and in the npm package into target/sbom, as CycloneDX has it, and holds each list
# against `cargo tree`. Needs node, and npm for the package; nothing is built and nothing is asked of a network.
set -eu
cd "$(dirname "$0")/.."
fail() { echo "sbom: $*" >&2; exit 1; }
command -v node >/dev/null || fail "node is not here"
out=target/sbom
mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# crates CRATE TARGET: those that it brings, and itself, `name version` each
crates() {
    cargo tree --quiet --offline --locked -p "$1" --target "$2" --edges normal --prefix none --format '{p}' |
        sed 's/ (.*//; s/ v/ /' | LC_ALL=C sort -u
}

# write NAME CRATE TARGET [NPM]: and whether it has these crates, and no other
write() {
    crates "$2" "$3" >"$work/tree"
    cargo metadata --quiet --offline --locked --format-version 1 --filter-platform "$3" |
        node tools/sbom.js "$2" "$work/tree" golden/sigmapol.wasm ${4:+"$4"} >"$work/sbom"
    node -e '
        const { metadata, components } = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"));
        const all = [metadata.component, ...components].filter(({ purl }) => purl?.startsWith("pkg:cargo/"));
        console.log(all.map(({ name, version }) => `${name} ${version}`).join("\n"));
    ' "$work/sbom" | LC_ALL=C sort >"$work/listed"
    diff "$work/tree" "$work/listed" >&2 || fail "$1 does not list what cargo tree -p $2 has"
    mv "$work/sbom" "$out/$1"
    echo "sbom: $out/$1: $(wc -l <"$work/tree") crates"
}

write sigmapol.cdx.json sigmapol-cli "$(rustc -vV | sed -n 's/^host: //p')"
if command -v npm >/dev/null; then
    (cd web && npm sbom --sbom-format cyclonedx --package-lock-only --omit dev) >"$work/npm"
    write npm.cdx.json sigmapol-engine wasm32-wasip2 "$work/npm"
else
    echo "sbom: npm is not here, so the package for JavaScript is left out" >&2
fi
