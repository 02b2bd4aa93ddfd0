#!/bin/sh
# tools/check-security.sh finds a file and a test that are not there.
set -eu
cd "$(dirname "$0")/.."
page=$(mktemp)
trap 'rm -f "$page"' EXIT
for named in 'tests/hostile.rs#no_such_test' 'tests/none.rs#brackets' 'tests/hostile.rs#code' \
    'web/test/page/outcome.test.js#no such test'; do
    { cat SECURITY.md; echo "\`$named\`"; } >"$page"
    ! sh tools/check-security.sh "$page" 2>/dev/null || {
        echo "check-security.test: $named is not found to be missing" >&2
        exit 1
    }
done
echo >"$page"
! sh tools/check-security.sh "$page" 2>/dev/null || {
    echo "check-security.test: a page without names passes" >&2
    exit 1
}
