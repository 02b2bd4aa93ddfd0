#!/bin/sh
# Makes the npm package and the playground from the component of golden/, and says how large they are.
set -eu
cd "$(dirname "$0")/../web"
# what is there already is what the lock file says, or is made so; npm ci would ask for the binaries of every
# other platform to be in the file, which a registry may not have
cmp -s package-lock.json node_modules/.installed || {
    npm install --no-save --no-audit --no-fund --loglevel=error
    cp package-lock.json node_modules/.installed
}
npm run --silent package
npm run --silent page
npm pack --dry-run --json --ignore-scripts --loglevel=error | node -e '
    const [{ size, unpackedSize, entryCount }] = JSON.parse(require("fs").readFileSync(0, "utf8"));
    const { gzipSync } = require("zlib");
    const page = require("fs").readFileSync("site/index.html");
    const kb = (bytes) => `${Math.round(bytes / 1000)} kB`;
    console.log(`package     ${kb(size)} packed, ${kb(unpackedSize)} unpacked, ${entryCount} files`);
    console.log(`playground  ${kb(page.length)}, ${kb(gzipSync(page).length)} with gzip`);'
