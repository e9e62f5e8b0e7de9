"""test_bench - the benches of the daemon run, and keep their books

DESCRIPTION
    Each is run with next to nothing to do, in a namespace of its own, all at
    the same time.  What it measures then means nothing, so a target may be
    missed (exit status 1); that what it counts is right, it checks itself
    (2).  That it would notice is seen with a server that answers wrongly.
"""

import os
import re
import socket
import subprocess
import threading
from pathlib import Path

import pytest

from conftest import ROOT

BENCH = ROOT / "tests/bench"
BUILD = Path(os.environ.get("MTASTS_RELEASE") or ROOT / "build-gcc").resolve()
LIMIT = 120   # seconds for one of them

TINY = {"BENCH_DOMAINS": "20", "BENCH_MORE": "10", "BENCH_ROUNDS": "1",
        "BENCH_CHAIN": "p256", "BENCH_MS": "10", "BENCH_IDLE": "50",
        "BENCH_POLICIES": "3000", "BENCH_WRITES": "1000",
        "BENCH_SETTLE": "0.3"}

# What a whole run prints, in order.
SAID = {
    "run_cold": [
        r"mtasts-policyd, patterns +\d+ +\d+ +\d+ ",
        r"CPU against libcurl \(fetch only\): \d+\.\d\d \(target 1\.25\)",
        r"CPU of hosts: -?\d+ us a domain",
        r"CPU of DANE: -?\d+ us a domain",
        r"100 askers of one domain that is not known: 1 fetch\n",
        r"the first asker waits: \d\.\d\d s .* ok\n",
        r"the slowest of those after it: 0\.\d{3} s .* ok\n",
        r"Refreshes: 10, each ordered over HTTP: \d+ us",
        r"100000 spread over a day take, of a core: .* ok\n",
        r"load average: "],
    "run_socketmap": [
        r"TCP, 100 connections\n",
        r"mtasts hosts +\d+ .* rate >= 0\.85 (ok|MISS), CPU <= 1\.3 (ok|MISS)",
        r"mtasts tlsrpt +\d+ ",
        r"mtasts none +\d+ ",
        r"UNIX, 100 connections\n",
        r"\"crowded\" beside 50 idle ones\n",
        r"with idle ones against without: rate \d\.\d\d",
        r"memory of an idle one: -?\d+ octets",
        r"load average: "],
    "run_size": [
        r"1000 policies: first answer after \d+\.\d\d s",
        r"3000 policies: first answer after \d+\.\d\d s",
        r"octets a policy beyond its text: -?\d+ \(target 400\)",
        r"answers/s against few: \d+\.\d\d \(target at least 0\.90\)",
        r"load average: "],
    "run_store": [
        r"start to the first look-up, ms +\d",
        r"CPU a row, us, all threads +\d",
        r"handing one over, us of the caller +\d"],
}


@pytest.fixture(scope="module")
def runs():
    started = {name: subprocess.Popen(
        [BENCH / f"{name}.sh", BUILD], env=os.environ | TINY, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT) for name in SAID}
    try:
        yield {name: (process.communicate(timeout=LIMIT)[0],
                      process.returncode)
               for name, process in started.items()}
    finally:
        for process in started.values():
            process.kill()
            process.wait()


@pytest.mark.parametrize("name", SAID)
def test_runs_whole(runs, name):
    text, status = runs[name]
    assert status in (0, 1), text
    rest = text
    for line in SAID[name]:
        found = re.search(line, rest)
        assert found, f"no {line!r} in its place:\n{text}"
        rest = rest[found.end():]
    assert (status == 1) == ("MISS" in text), text


@pytest.fixture
def floor(tmp_path):
    """A bare server that answers "OK a" to requests of nine octets."""
    path = f"unix:{tmp_path}/floor.sock"
    with subprocess.Popen([BUILD / "tests/bench/socketmap_floor", path, "9",
                           "4:OK a,"], stdout=subprocess.PIPE,
                          text=True) as process:
        assert process.stdout.readline() == "ready\n"
        yield path, str(process.pid)
        process.kill()


def load(floor, reply):
    path, pid = floor
    return [BUILD / "tests/bench/socketmap_load", path, "3", "2", "20", pid,
            "m", "abcd", reply]


def many(floor, reply):
    path, pid = floor
    return [BUILD / "tests/bench/socketmap_many", path, "3", "0", pid, "m",
            "abc#", reply, "10"]


@pytest.mark.parametrize("client", (load, many))
@pytest.mark.parametrize("reply, status", [("OK a", 0), ("OK b", 1),
                                           ("OK ab", 1), ("OK", 1)])
def test_client_compares(floor, client, reply, status):
    done = subprocess.run(client(floor, reply), timeout=LIMIT, text=True,
                          capture_output=True, check=False)
    assert done.returncode == status, done
    if status == 0:
        rate, p50, p99, cpu = map(float, done.stdout.split())
        assert rate > 0 and 0 < p50 <= p99 and cpu > 0
    else:
        assert done.stdout == "" and done.stderr


def test_many_asks_each_once(tmp_path):
    """And knows the reply of each."""
    path = tmp_path / "server.sock"
    keys = []

    def serve(listener):
        client, _ = listener.accept()
        with client:
            while request := client.recv(4096):
                keys.append(request.decode().split(" ")[1].rstrip(","))
                reply = f"OK {keys[-1]}"
                client.sendall(f"{len(reply)}:{reply},".encode())

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        server = threading.Thread(target=serve, args=(listener,))
        server.start()
        subprocess.run(
            [BUILD / "tests/bench/socketmap_many", f"unix:{path}", "1", "0",
             str(os.getpid()), "m", "%.d#", "OK %.d#", "12"], timeout=LIMIT,
            check=True, capture_output=True)
        server.join(LIMIT)
    assert keys == [f"{n * 2654435761 % 2 ** 32:08x}.d{n}" for n in range(12)]
