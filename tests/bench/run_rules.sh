#!/bin/sh
# run_rules.sh BUILD_DIR: what judging one domain costs, once its facts are
# there. Fails if a limit that the project sets itself is missed.
set -eu
build=${1:?usage: run_rules.sh BUILD_DIR}
cd "$(dirname "$0")/../.."

echo "rules: microseconds a domain, release build"
"$build/tests/bench/bench_rules" tests/fixtures/facts/*.json | awk '
    BEGIN {
        format = "%-16s %9s %9s %9s %8s  %s\n"
        printf format, "facts", "judge", "document", "write", "octets", "limit"
    }
    {
        limit = sprintf("judge < 20 us: %s", $2 < 20000 ? "kept" : "MISSED")
        missed += $2 >= 20000
        printf format, $1, sprintf("%.1f", $2 / 1e3), \
            sprintf("%.1f", $3 / 1e3), sprintf("%.1f", $4 / 1e3), $5, limit
    }
    END { exit missed > 0 || NR == 0 }
'
