#!/bin/bash
# run_check.sh BUILD_DIR [--profile | --million]: the bulk check against its
# floors; see README.md.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")

if [ "$#" -lt 1 ]; then
    echo "usage: $0 BUILD_DIR [--profile | --million]" >&2
    exit 2
fi
exec "$here/in_world.sh" "$here/check_bench.py" "$@"
