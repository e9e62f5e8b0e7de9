"""process - the daemons of the lab, each known by its pid

DESCRIPTION
    start() runs a program in a namespace, in a session of its own, with its
    output in log/NAME.log, and records "pid start-time" in pids/NAME.  The
    start time (field 22 of /proc/PID/stat) tells a daemon from a stranger
    that was given the same pid later.

    stop_all() ends what was recorded, then whatever else still lives in the
    lab's namespaces (children of a daemon that crashed, a forgotten shell):
    SIGTERM first, SIGKILL for those still there after STOP_GRACE.
"""

import os
import signal
import subprocess
import time

from . import netns
from .state import LabError

STOP_GRACE = 3.0     # seconds between SIGTERM and SIGKILL
STOP_LIMIT = 10.0    # seconds until `down` gives up on a process
READY_LIMIT = 20.0   # seconds that a daemon may take until it answers
POLL = 0.02


def _start_time(pid):
    """Start time of a living process in clock ticks, else None."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            fields = stat.read().rpartition(b")")[2].split()
    except OSError:
        return None
    return None if fields[0] in (b"Z", b"X") else int(fields[19])


def _reap():
    """Collect ended children, so that they do not count as living."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def start(state, name, namespace, argv, env=None):
    log = open(state.folder("log") / f"{name}.log", "ab")
    with log:
        child = netns.inside(
            namespace, subprocess.Popen, [str(a) for a in argv],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/",
            start_new_session=True, env={**os.environ, **(env or {})})
    state.write(f"pids/{name}", f"{child.pid} {_start_time(child.pid)}\n")
    return child


def recorded(state):
    """{name: pid} of the daemons that were started and still live."""
    living = {}
    folder = state.path("pids")
    if folder.is_dir():
        for entry in sorted(folder.iterdir()):
            pid, begun = entry.read_text().split()
            living[entry.name] = (
                int(pid) if str(_start_time(pid)) == begun else None)
    return living


def wait_ready(state, name, child, probe):
    """Poll probe() until it is true; LabError with the log's end if not."""
    limit = time.monotonic() + READY_LIMIT
    while not probe():
        ended = child.poll() is not None
        if ended or time.monotonic() > limit:
            log = state.path("log", f"{name}.log").read_text(errors="replace")
            raise LabError(f"{name} did not come up "
                           f"({'ended' if ended else 'no answer'}):\n"
                           + "\n".join(log.splitlines()[-8:]))
        time.sleep(POLL)


def _send(pids, signum):
    for pid in pids:
        try:
            os.kill(pid, signum)
        except ProcessLookupError:
            pass


def _ancestors():
    """This process and those it descends from."""
    chain, pid = set(), os.getpid()
    while pid > 1 and pid not in chain:
        chain.add(pid)
        with open(f"/proc/{pid}/stat", "rb") as stat:
            pid = int(stat.read().rpartition(b")")[2].split()[1])
    return chain


def stop_all(state):
    """End every process of the lab; return how many there were."""
    spaces = netns.existing(state.prefix)

    def living():
        _reap()
        pids = {pid for pid in recorded(state).values() if pid}
        for space in spaces:
            pids.update(p for p in netns.processes(space) if _start_time(p))
        return pids

    pids = living()
    if pids & _ancestors():
        raise LabError("this shell lives inside the lab: leave it first")
    begun = time.monotonic()
    _send(pids, signal.SIGTERM)
    killed = False
    while left := living():
        waited = time.monotonic() - begun
        if waited > STOP_LIMIT:
            raise LabError(f"processes {sorted(left)} do not end")
        if waited > STOP_GRACE and not killed:
            killed = True
            _send(left, signal.SIGKILL)
        time.sleep(POLL)
    return len(pids)
