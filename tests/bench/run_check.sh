#!/bin/bash
# run_check.sh BUILD_DIR [--profile | --million]: the bulk check against its
# floors; see README.md. Makes a network namespace of its own, so that ports
# 53 and 443 of its loopback are free and nothing leaves the machine.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")

if [ "$#" -lt 1 ]; then
    echo "usage: $0 BUILD_DIR [--profile | --million]" >&2
    exit 2
fi
enter=(unshare --net)
if [ "$(id -u)" != 0 ]; then
    enter=(unshare --user --map-root-user --net)
fi
if ! "${enter[@]}" true; then
    echo "$0: needs a network namespace of its own: run it as root, or allow" \
        "user namespaces (sysctl kernel.unprivileged_userns_clone=1)" >&2
    exit 1
fi
exec "${enter[@]}" /usr/bin/python3 -B "$here/check_bench.py" "$@"
