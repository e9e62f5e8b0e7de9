"""test_policyd_hostile - who attacks mtasts-policyd itself (see hostile.py)

All the while others are answered, right and at once.
"""

import contextlib
import os
import re
import socket
import threading
import time

import pytest

from faults import FULL, SOON, Watcher, warm
from hostile import Slow, connect, flood, half_open
from mtlab import netns, plan
from mtlab.state import LabError, State
from policyd import Client, HungUp, Policyd, each, netstring, wait_for

PORT = 10024
SECONDS = 20 if FULL else 3      # of a flood
SPARE = 8            # descriptors: sockets to DNS, say
MEGABYTES = 100      # that hostile clients may make it grow by
# AddressSanitizer keeps what was freed: not much of it here.
LEAN = ":".join(filter(None, [os.environ.get("ASAN_OPTIONS"),
                              "quarantine_size_mb=8"]))


@pytest.fixture(name="daemon")
def fixture_daemon(lab, tmp_path):
    daemon = Policyd(lab, tmp_path, "match = hosts", start=False,
                     listen=[f"inet:0.0.0.0:{PORT}"])
    daemon.words = ["env", f"ASAN_OPTIONS={LEAN}", *daemon.words]
    with daemon:
        daemon.start()
        yield daemon


@pytest.fixture(name="replies")
def fixture_replies(daemon):
    return warm(daemon)


def over_tcp(daemon, role="client", source=None):
    """A connection from a host of the lab."""
    state = State(str(daemon.lab.dir))
    target = plan.ipv4("client", plan.SELF), PORT
    return netns.inside(state.namespace(role), socket.create_connection,
                        target, SOON, source and (source, 0))


def exim(daemon, domain):
    with connect(daemon.folder / "exim.sock") as client:
        client.settimeout(SOON)
        client.sendall(domain.encode() + b"\n")
        return client.makefile("rb").read()


def memory(daemon):
    text = open(f"/proc/{daemon.child.pid}/status").read()
    return int(re.search(r"VmRSS:\s+(\d+) kB", text)[1]) / 1024


def is_well(daemon, replies, descriptors):
    """All doors answer, and nothing was left open."""
    assert warm(daemon) == replies
    assert exim(daemon, "healthy.example") == b"secure mx.healthy.example\n"
    assert daemon.metrics()['mtasts_policyd_domains{mode="enforce"}'] >= 4
    wait_for("descriptors to be closed",
             lambda: len(daemon.descriptors()) <= descriptors + SPARE)


def read_netstrings(octets):
    while octets:
        length, _, rest = octets.partition(b":")
        end = int(length)
        assert rest[end:end + 1] == b",", octets
        yield rest[:end].decode()
        octets = rest[end + 1:]


def test_a_flood_of_garbage(daemon, replies):
    before = len(daemon.descriptors())
    flood(daemon.folder, 0.5)
    size = memory(daemon)
    with Watcher(daemon.socket, replies), \
            Watcher(over_tcp(daemon), replies):
        heard = flood(daemon.folder, SECONDS)
    # Who gets a policy has asked for a domain that has one.
    for octets in heard["socketmap.sock"]:
        for reply in read_netstrings(octets):
            assert reply == replies["healthy.example"] or (
                reply.startswith(("NOTFOUND ", "PERM ", "TEMP "))), octets
    for octets in heard["exim.sock"]:
        assert octets in (b"", b"none\n"), octets
    for octets in heard["http.sock"]:
        assert re.match(rb"HTTP/1\.[01] (4\d\d|50[15]) |\Z", octets), octets
    for octets in heard.values():
        assert len(octets) > 50
    is_well(daemon, replies, before)
    assert memory(daemon) - size < MEGABYTES, (size, memory(daemon))


def test_slow_clients(daemon, replies):
    before = len(daemon.descriptors())
    with Watcher(daemon.socket, replies), \
            Slow(daemon.socket, b"9000:postfix ", 300), \
            Slow(daemon.folder / "exim.sock", b"healthy.example", 300), \
            Slow(daemon.folder / "http.sock", b"GET / HTTP/1.1\r\nX: ", 40):
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            assert exim(daemon, "healthy.example") == (
                b"secure mx.healthy.example\n")
            assert daemon.metrics()['mtasts_policyd_domains'
                                    '{mode="enforce"}'] == 4
    is_well(daemon, replies, before)


def press(hog, questions):
    """Sends them over and over, until nothing is taken any more; octets."""
    sent, stuck = 0, time.monotonic()
    hog.settimeout(0)
    while time.monotonic() - stuck < 0.5:
        try:
            sent += hog.send(questions[sent % len(questions):])
            stuck = time.monotonic()
        except BlockingIOError:
            time.sleep(0.01)
    hog.settimeout(SOON)
    return sent


def end(hog, rest):
    hog.sendall(rest)
    hog.shutdown(socket.SHUT_WR)


def test_clients_that_never_read(daemon, replies):
    """What they have not taken costs little; whoever takes it in the end gets
    all of it, in order."""
    before, size = len(daemon.descriptors()), memory(daemon)
    keys = list(replies)
    questions = b"".join(netstring(key, "postfix-tlsrpt") for key in keys)
    expected = [daemon.ask(key, "postfix-tlsrpt") for key in keys]
    with Watcher(daemon.socket, replies):
        hogs = [connect(daemon.socket) for _ in range(20)] + [over_tcp(daemon)]
        sent = each(hogs, lambda hog: press(hog, questions))
        assert memory(daemon) - size < MEGABYTES, (size, memory(daemon))
        for hog, octets in (hogs[0], sent[0]), (hogs[-1], sent[-1]):
            rounds = -(-octets // len(questions))
            rest = questions[(octets - 1) % len(questions) + 1:]
            ending = threading.Thread(target=end, args=(hog, rest))
            ending.start()
            with Client(hog) as client:
                for _ in range(rounds):
                    assert [client.reply() for _ in keys] == expected
                with pytest.raises(HungUp):
                    client.reply()
            ending.join()
        for hog in hogs[1:-1]:
            hog.close()
    is_well(daemon, replies, before)


class Ghosts:
    """Addresses of a host that vanishes without a word; in a `with`."""

    def __init__(self, lab, count):
        self.space = State(str(lab.dir)).namespace("attacker")
        self.addresses = [plan.ipv4("attacker", 1000 + i)
                          for i in range(count)]
        self._ip("addr add {}/32 dev lo")

    def _ip(self, line):
        netns.ip(self.space, map(line.format, self.addresses))

    def vanish(self):
        self._ip("route add blackhole {}/32")
        self._ip("addr del {}/32 dev lo")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for line in "addr del {}/32 dev lo", "route del blackhole {}/32":
            with contextlib.suppress(LabError):
                self._ip(line)


def test_clients_that_vanish(lab, daemon, replies):
    """Their host goes while they are connected, and answers pile up; then
    come connections that never come about."""
    questions = b"".join(map(netstring, replies))
    with Ghosts(lab, 40) as ghosts:
        clients = [over_tcp(daemon, "attacker", address)
                   for address in ghosts.addresses]
        for client in clients:
            client.sendall(netstring("healthy.example"))
            assert b"OK secure" in client.recv(100)
        for client in clients[:20]:
            client.sendall(1000 * questions)
        ghosts.vanish()
        with Watcher(over_tcp(daemon), replies), \
                Watcher(daemon.socket, replies):
            netns.inside(ghosts.space, half_open, ghosts.addresses,
                         plan.ipv4("client", plan.SELF), PORT, 3000)
            for _ in range(20):
                with Client(over_tcp(daemon, "attacker")) as client:
                    assert client.ask("healthy.example") == (
                        replies["healthy.example"])
            time.sleep(1)
        # They are still there, for all that it knows.
        assert daemon.metrics()['mtasts_policyd_connections'
                                '{server="socketmap"}'] >= 40
        for client in clients:
            client.close()
