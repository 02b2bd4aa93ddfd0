#!/bin/sh
# Prints what the crates of the workspace depend on among themselves, as Markdown with a Mermaid
# graph: the middle of docs/architecture.md. It reads the manifests alone and builds nothing.
#
# usage: tools/crate-graph.sh            print it
#        tools/crate-graph.sh --check    say whether docs/architecture.md has it
#        tools/crate-graph.sh --write    put it there
set -eu
cd "$(dirname "$0")/.."
page=docs/architecture.md
begin='<!-- tools/crate-graph.sh -->'
end='<!-- end of tools/crate-graph.sh -->'
say() { echo "crate-graph: $*" >&2; }

# One line a fact: `crate NAME FOLDER` or `arrow FROM TO`. The output of cargo is one line of JSON;
# cut before each `{`, a package, a dependency and the end of a package are lines that can be told
# apart. A dependency with a `path` is one of ours. Tests are not drawn: they depend on everything.
facts() {
    cargo metadata --format-version 1 --no-deps --locked --offline | sed 's/{/\
{/g' | awk -v root="$(pwd -P)/" '
        function text(key,    rest) {
            rest = $0
            if (!sub(".*\"" key "\":\"", "", rest)) return ""
            sub("\".*", "", rest)
            return rest
        }
        /^\{"name":"[^"]*","version":/ { name = text("name"); count = 0 }
        /^\{"name":"[^"]*","source":null,/ && /"kind":null/ && /"path":"/ { to[++count] = text("name") }
        /"manifest_path":"/ { folder = text("manifest_path") }
        /"publish":/ {
            if ($0 ~ /"publish":\[\]/) next
            sub("/Cargo.toml$", "", folder)
            if (index(folder, root) == 1) folder = substr(folder, length(root) + 1)
            print "crate", name, folder
            for (at = 1; at <= count; at++) print "arrow", name, to[at]
        }'
}

# A crate is drawn above all that it depends on. An arrow that follows from others is left out of the
# picture and stays in the table.
graph() {
    facts | LC_ALL=C sort -u | awk '
        $1 == "crate" { names[++crates] = $2; folder[$2] = $3 }
        $1 == "arrow" { arrow[$2, $3] = 1; reaches[$2, $3] = 1 }
        END {
            for (via = 1; via <= crates; via++)
                for (from = 1; from <= crates; from++)
                    for (to = 1; to <= crates; to++)
                        if (reaches[names[from], names[via]] && reaches[names[via], names[to]])
                            reaches[names[from], names[to]] = 1
            # how many crates of ours a crate is made of decides its place; names decide the rest
            for (at = 1; at <= crates; at++)
                for (to = 1; to <= crates; to++)
                    below[names[at]] += (reaches[names[at], names[to]] == 1)
            for (at = 2; at <= crates; at++)
                for (back = at; back > 1 && below[names[back - 1]] < below[names[back]]; back--) {
                    swap = names[back]; names[back] = names[back - 1]; names[back - 1] = swap
                }
            print "```mermaid\ngraph TD"
            for (at = 1; at <= crates; at++) {
                id = names[at]
                gsub("-", "_", id)
                printf "  %s[\"%s<br/>%s\"]\n", id, names[at], folder[names[at]]
            }
            for (from = 1; from <= crates; from++)
                for (to = 1; to <= crates; to++) {
                    if (!arrow[names[from], names[to]]) continue
                    follows = 0
                    for (via = 1; via <= crates; via++)
                        if (reaches[names[from], names[via]] && reaches[names[via], names[to]]) follows = 1
                    if (follows) continue
                    a = names[from]; b = names[to]
                    gsub("-", "_", a); gsub("-", "_", b)
                    printf "  %s --> %s\n", a, b
                }
            print "```\n\n| crate | folder | depends on |\n|---|---|---|"
            for (from = 1; from <= crates; from++) {
                list = ""
                for (to = 1; to <= crates; to++)
                    if (arrow[names[from], names[to]]) list = list (list == "" ? "" : ", ") "`" names[to] "`"
                printf "| `%s` | %s | %s |\n", names[from], folder[names[from]], list == "" ? "nothing of ours" : list
            }
        }'
}

# What the page has between the two comments.
written() {
    sed -n "\,^$begin\$,,\,^$end\$,p" "$page" | sed '1d;$d'
}

case ${1:-} in
'') graph ;;
--check)
    if [ "$(graph)" != "$(written)" ]; then
        say "$page is not what the crates depend on; run: tools/crate-graph.sh --write"
        exit 1
    fi
    ;;
--write)
    new=$(mktemp)
    trap 'rm -f "$new"' EXIT
    graph=$(graph)
    GRAPH=$graph awk -v begin="$begin" -v end="$end" '
        $0 == begin { print; print ENVIRON["GRAPH"]; inside = 1; found++; next }
        $0 == end { inside = 0; found++ }
        !inside { print }
        END { exit found != 2 }' "$page" >"$new" || { say "$page: expected the comments $begin and $end"; exit 1; }
    cat "$new" >"$page"
    ;;
*)
    say "expected --check, --write or nothing, got $1"
    exit 2
    ;;
esac
