#!/bin/bash
# run_socketmap.sh BUILD_DIR [--server NAME,PID,PORT,PATH,MAP,KEY]...: answers
# to cached socketmap questions against a bare server; see README.md.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")

if [ "$#" -lt 1 ]; then
    echo "usage: $0 BUILD_DIR [--server NAME,PID,PORT,PATH,MAP,KEY]..." >&2
    exit 2
fi
exec /usr/bin/python3 -B "$here/socketmap_bench.py" "$@"
