#!/bin/sh
# Every test that SECURITY.md names, as `file#name`, is there: a function of that name in Rust, a test of that title
# in JavaScript, the file alone where no name is given.
#
# usage: tools/check-security.sh [PAGE]
set -eu
page=$(realpath "${1:-$(dirname "$0")/../SECURITY.md}")
cd "$(dirname "$0")/.."
failed=0
fail() { echo "check-security: $*" >&2; failed=1; }
named=$(grep -oE '`[A-Za-z0-9_./-]+\.(rs|js|sh)(#[^`]+)?`' "$page" | tr -d '`' | LC_ALL=C sort -u)
while read -r one; do
    file=${one%%#*}
    name=${one#"$file"}
    name=${name#\#}
    if [ ! -f "$file" ]; then
        fail "$file is not there"
        continue
    fi
    [ -n "$name" ] || continue
    case "$file" in
    # below the line that says it is a test, and perhaps what it does not do
    *.rs) grep -A4 -E '^ *#\[(tokio::)?test' "$file" | grep -qE "fn $name\(" || fail "$file has no test $name" ;;
    *) grep -qF "test(\"$name\"" "$file" || fail "$file has no test \"$name\"" ;;
    esac
done <<END
$named
END
# a page without names would pass, too
[ "$(echo "$named" | grep -c '#')" -ge 40 ] || fail "expected at least 40 tests to be named"
exit $failed
