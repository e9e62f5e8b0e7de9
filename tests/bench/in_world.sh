#!/bin/bash
# in_world.sh PROGRAM.py [ARGUMENT]...: runs it in a network namespace of its
# own (as root, or through a user namespace), so that all ports of its
# loopback are free and nothing leaves the machine.
set -euo pipefail

enter=(unshare --net)
if [ "$(id -u)" != 0 ]; then
    enter=(unshare --user --map-root-user --net)
fi
if ! "${enter[@]}" true; then
    echo "$0: needs a network namespace of its own: run it as root, or allow" \
        "user namespaces (sysctl kernel.unprivileged_userns_clone=1)" >&2
    exit 2
fi
exec "${enter[@]}" /usr/bin/python3 -B "$@"
