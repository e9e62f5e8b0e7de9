#!/bin/sh
# run_store.sh BUILD_DIR: what the store costs, beside SQLite alone over the
# same file. Fails if a limit that the project sets itself is missed.
# BENCH_POLICIES (1000000), BENCH_WRITES (200000).
set -eu
bench=${1:?usage: run_store.sh BUILD_DIR}/tests/bench/bench_store
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$bench" make "$work/cache.db" "${BENCH_POLICIES:-1000000}" >/dev/null
{
    "$bench" start "$work/cache.db"
    "$bench" load "$work/cache.db"
    "$bench" write "$work/written.db" "${BENCH_WRITES:-200000}"
} >"$work/figures"

echo "store: policies, release build"
awk '
    function verdict(name, value, limit) {
        kept = value <= limit
        missed += !kept
        printf "  %-44s %9.2f  < %g: %s\n", name, value, limit, \
            kept ? "kept" : "MISSED"
    }
    function figure(name, value) {
        printf "  %-44s %9.2f\n", name, value
    }
    $1 == "start" {
        verdict("start to the first look-up, ms", $2, 500)
    }
    $1 == "load" {
        # the limit is that of a million
        verdict("reading " $2 " in slices, s", $3, 1.2 * $2 / 1e6)
        figure("  a bare loop over the same file, s", $4)
        figure("  ratio", $3 / $4)
    }
    $1 == "write" {
        figure("written behind, thousand a second", $3 / 1e3)
        figure("  a bare loop, same transactions", $4 / 1e3)
        figure("  ratio", $3 / $4)
        figure("CPU a row, us, all threads", $5)
        figure("  a bare loop", $6)
        figure("  ratio", $5 / $6)
        verdict("handing one over, us of the caller", $7 / 1e3, 10)
    }
    END { exit missed > 0 || NR != 3 }
' "$work/figures"
