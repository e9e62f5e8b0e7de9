#!/bin/bash
# run_cold.sh BUILD_DIR [--profile]: what mtasts-policyd does for a domain that
# it does not know, and for a refresh, against the floors; see README.md.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")

if [ "$#" -lt 1 ]; then
    echo "usage: $0 BUILD_DIR [--profile]" >&2
    exit 2
fi
exec "$here/in_world.sh" "$here/cold_bench.py" "$@"
