#!/bin/sh
# run_core.sh BUILD_DIR: what libmtasts costs, as one table: nanoseconds, the
# ratio to memchr() over the same bytes, instructions as callgrind counts
# them. Fails if a limit that the project sets itself is missed.
set -eu
build=${1:?usage: run_core.sh BUILD_DIR}
bench=$build/tests/bench/bench_core
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

count_instructions() { # NAME
    valgrind --tool=callgrind --toggle-collect=bench_once \
        --callgrind-out-file=/dev/null "$bench" --once "$1" 2>&1 |
        sed -n 's/.*Collected : *//p'
}

"$bench" >"$work/times"
for name in $("$bench" --list); do
    echo "$name $(count_instructions "$name")"
done >"$work/instructions"

echo "libmtasts: one call of each, release build"
awk '
    BEGIN {
        format = "%-20s %7s %10s %9s %7s %13s  %s\n"
        printf format, "", "bytes", "ns", "memchr ns", "ratio", \
            "instructions", "limit"
    }
    NR == FNR { instructions[$1] = $2; next }
    {
        limit = "-"
        if ($5 > 0) {
            limit = sprintf("< %d ns: %s", $5, $3 < $5 ? "kept" : "MISSED")
            missed += $3 >= $5
        }
        printf format, $1, $2, $3, $4, sprintf("%.1f", $3 / $4), \
            instructions[$1], limit
    }
    END { exit missed > 0 }
' "$work/instructions" "$work/times"
