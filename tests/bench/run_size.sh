#!/bin/bash
# run_size.sh BUILD_DIR: mtasts-policyd with a million policies: start, memory,
# answers; see README.md.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")

if [ "$#" -lt 1 ]; then
    echo "usage: $0 BUILD_DIR" >&2
    exit 2
fi
exec "$here/in_world.sh" "$here/size_bench.py" "$@"
