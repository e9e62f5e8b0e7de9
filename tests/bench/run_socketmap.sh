#!/bin/bash
# run_socketmap.sh BUILD_DIR: cached answers of mtasts-policyd to socketmap
# questions against a bare server; see README.md.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")

if [ "$#" -lt 1 ]; then
    echo "usage: $0 BUILD_DIR" >&2
    exit 2
fi
exec "$here/in_world.sh" "$here/socketmap_bench.py" "$@"
