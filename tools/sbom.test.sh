#!/bin/sh
# What tools/sbom.sh writes is the same each time, and a list that is not that of cargo tree is found.
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "sbom.test: $*" >&2; exit 1; }

sh tools/sbom.sh >/dev/null
cp target/sbom/* "$work"
sh tools/sbom.sh >/dev/null
for file in "$work"/*.cdx.json; do
    cmp "$file" "target/sbom/$(basename "$file")" || fail "another one each time"
done
grep -q '"timestamp"\|serialNumber' "$work"/*.cdx.json && fail "a time or a serial number"
digest=$(sha256sum golden/sigmapol.wasm | cut -d ' ' -f 1)
for file in "$work"/*.cdx.json; do
    grep -q "$digest" "$file" || fail "$(basename "$file") does not name the component"
done
# a crate that the script does not know of
mkdir -p "$work/tools"
sed 's/console.log(JSON.stringify(bom/bom.components.pop(), bom.components.pop();\n&/' tools/sbom.js >"$work/tools/sbom.js"
cmp -s tools/sbom.js "$work/tools/sbom.js" && fail "nothing was changed"
sed "s|tools/sbom.js|$work/tools/sbom.js|" tools/sbom.sh >"$work/tools/sbom.sh"
sed -i "s|^cd .*|cd $PWD|" "$work/tools/sbom.sh"
sh "$work/tools/sbom.sh" >/dev/null 2>&1 && fail "a list without a crate is not found"
echo "sbom.test: as it should be"
