"""netns - network namespaces, and how to step into one

DESCRIPTION
    A namespace is created as `ip netns add` does it, a bind mount of
    /proc/self/ns/net below /run/netns, so that `ip netns` sees it, but
    without turning /run/netns itself into a mount that would stay behind.

    inside() runs a function in a thread that has moved into a namespace.
    setns(2) moves only the calling thread, and a child inherits the
    namespace of the thread that forked it, so this serves both for starting
    daemons and for looking whether they answer.

ERRORS
    OSError with the system's own message; LabError where `ip` fails.
"""

import ctypes
import os
import re
import subprocess
import threading
from pathlib import Path

from .state import LabError

DIR = Path("/run/netns")
CLONE_NEWNS = 0x00020000
CLONE_NEWNET = 0x40000000
MS_BIND = 4096
MS_REC = 16384
MS_SLAVE = 1 << 19
MNT_DETACH = 2

_libc = ctypes.CDLL(None, use_errno=True)


def _call(name, *args):
    if getattr(_libc, name)(*args) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{name}: {os.strerror(code)}")


def _mount(source, target, flags):
    _call("mount", os.fsencode(source), os.fsencode(target), None,
          ctypes.c_ulong(flags), None)


def path(name):
    return DIR / name


def enter(name):
    """Move the calling thread into a namespace."""
    handle = os.open(path(name), os.O_RDONLY | os.O_CLOEXEC)
    try:
        _call("setns", handle, CLONE_NEWNET)
    finally:
        os.close(handle)


def _visible_to_parent(target):
    with open(f"/proc/{os.getppid()}/mountinfo") as mounts:
        return any(line.split()[4] == target for line in mounts)


def bind_privately(source, target):
    """Bind a file over another for this process and its children only.

    False, with nothing changed, where that cannot be had: in a chroot whose
    mounts are shared with the world outside.
    """
    target = os.path.realpath(target)
    before = _visible_to_parent(target)
    _call("unshare", CLONE_NEWNS)
    try:
        _mount("none", "/", MS_REC | MS_SLAVE)
    except OSError:
        pass    # "/" of a chroot need not be a mount point
    _mount(source, target, MS_BIND)
    if _visible_to_parent(target) and not before:
        _call("umount2", os.fsencode(target), MNT_DETACH)
        return False
    return True


def inside(name, function, *args, **kwargs):
    """Run function in the namespace, return or raise what it does."""
    outcome = {}

    def body():
        try:
            enter(name)
            outcome["value"] = function(*args, **kwargs)
        except BaseException as error:  # carried over to the caller
            outcome["error"] = error

    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    if "error" in outcome:
        raise outcome["error"]
    return outcome["value"]


def prepare():
    """Make the directory for names; True if it was not there."""
    if DIR.is_dir():
        return False
    DIR.mkdir(mode=0o755, parents=True)
    return True


def create(name):
    target = path(name)
    target.touch(exist_ok=False)
    failures = []

    def body():
        try:
            _call("unshare", CLONE_NEWNET)
            _mount(f"/proc/self/task/{threading.get_native_id()}/ns/net",
                   target, MS_BIND)
        except OSError as error:
            failures.append(error)

    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    if failures:
        target.unlink()
        raise LabError(f"no new network namespace: {failures[0]} (is "
                       "CAP_SYS_ADMIN missing?)")


def remove(name):
    target = path(name)
    if not target.exists():
        return
    try:
        _call("umount2", os.fsencode(target), MNT_DETACH)
    except OSError:
        pass  # a plain file that a crash left before its mount
    target.unlink()


def existing(prefix):
    """The namespaces of one lab: its prefix and the name of a role.

    The default lab's prefix begins those of all others: what is left must
    be a role, and a role has no hyphen.
    """
    if not DIR.is_dir():
        return []
    name = re.compile(re.escape(prefix) + "[a-z0-9]+")
    return sorted(p.name for p in DIR.iterdir() if name.fullmatch(p.name))


def processes(name):
    """The ids of all processes that live in the namespace."""
    try:
        wanted = os.stat(path(name))
    except FileNotFoundError:
        return []
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                if os.path.samestat(os.stat(f"/proc/{entry}/ns/net"),
                                    wanted):
                    found.append(int(entry))
            except OSError:
                pass  # ended meanwhile
    return found


def ip(name, lines):
    """Run a batch of ip(8) commands in a namespace.

    Not by `ip -n`, which changes mounts, and so fails in a chroot.
    """
    done = inside(name, subprocess.run, ["ip", "-batch", "-"],
                  input="\n".join(lines) + "\n", text=True,
                  capture_output=True)
    if done.returncode != 0:
        raise LabError(f"ip in {name}: {done.stderr.strip()}")


def sysctl(name, settings):
    """Write settings that belong to the namespace ({"net/...": value})."""
    def body():
        for key, value in settings.items():
            try:
                Path("/proc/sys", key).write_text(str(value))
            except OSError as error:
                raise LabError(f"/proc/sys/{key}: {error.strerror}; the lab "
                               "needs a writable /proc/sys") from None

    inside(name, body)
