"""hostile - clients that no MTA is: garbage, half requests, silence

DESCRIPTION
    flood() throws garbage at all doors of a mtasts-policyd for a while, from
    many connections, and returns what came back.  Slow holds connections
    that send an octet now and then and never end their requests.  half_open()
    begins TCP connections from addresses where nobody is, as a SYN flood
    does.
"""

import contextlib
import random
import socket
import struct
import threading
import time

from policyd import netstring

OCTETS = 3000        # of one piece of garbage, at most
LENGTHS = (10001, 99999, 10 ** 9, 2 ** 64, 10 ** 40)   # too long, all
HELD = 30            # connections that a thrower leaves open
TIMEOUT = 0.02       # seconds that a thrower waits for an answer
SLOWLY = 0.2         # seconds between two octets of the slow


def random_octets(dice):
    return dice.randbytes(dice.randrange(1, OCTETS))


def socketmap(dice):
    name = dice.randbytes(dice.randrange(300))
    good = netstring("healthy.example")
    return dice.choice([
        lambda: random_octets(dice),
        lambda: good[:dice.randrange(1, len(good))],
        lambda: b"%d:" % dice.choice(LENGTHS) + random_octets(dice),
        lambda: b"-1:x,", lambda: b"0003:abc,", lambda: b" 3:abc,",
        lambda: b"7:postfix\n", lambda: b"0:," * 500, lambda: b"7:postfix,",
        lambda: b"%d:postfix %s," % (8 + len(name), name),
        lambda: good + random_octets(dice),
        lambda: netstring("x" * 9990), lambda: netstring("a." * 4000),
        lambda: netstring("healthy.example", "no-such-map"),
        lambda: good[:-1] + b"!",
    ])()


def line(dice):
    return dice.choice([
        lambda: random_octets(dice), lambda: b"\n" * 50, lambda: b"\0\n",
        lambda: b"x" * 5000, lambda: b"healthy.exam",
        lambda: dice.randbytes(30) + b"\n",
        lambda: b"." * 300 + b"\n",
    ])()


def http(dice):
    return dice.choice([
        lambda: random_octets(dice),
        lambda: b"GET /" + b"A" * 20000,
        lambda: b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 3000,
        lambda: b"GET /v1/policy/%00%ff HTTP/1.1\r\nHost: localhost\r\n\r\n",
        lambda: b"POST /v1/flush/healthy.example HTTP/1.1\r\n"
                b"Content-Length: 99999999999999999999\r\n\r\n",
        lambda: b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        lambda: b"\r\n" * 500, lambda: b"GET /nothing HTTP/1.1\r\nHos",
        lambda: b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ])()


DOORS = {"socketmap.sock": socketmap, "exim.sock": line, "http.sock": http}


def connect(path):
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(5)
    client.connect(str(path))
    client.settimeout(TIMEOUT)
    return client


def _throw(path, garbage, dice, until, heard):
    held = []
    while time.monotonic() < until:
        with contextlib.suppress(OSError):
            client = connect(path)
            held.append(client)
            for _ in range(dice.randrange(1, 4)):
                client.send(garbage(dice))
            if dice.random() < 0.3:
                client.shutdown(socket.SHUT_WR)
            if dice.random() < 0.5:
                heard.append(client.recv(1 << 20))
        while len(held) > dice.randrange(HELD):
            held.pop(dice.randrange(len(held))).close()
    for client in held:
        client.close()


def flood(folder, seconds, throwers=2):
    """`throwers` at each door; the octets that were heard from each:
    {door: [octets, ...]}."""
    until = time.monotonic() + seconds
    heard = {door: [] for door in DOORS}
    threads = [threading.Thread(target=_throw, args=(
        folder / door, garbage, random.Random(f"{door} {number}"), until,
        heard[door]))
        for door, garbage in DOORS.items() for number in range(throwers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return heard


class Slow:
    """In a `with`: `count` connections, which go on sending `request`, an
    octet at a time, over and over."""

    def __init__(self, path, request, count):
        self.request = request
        self.clients = [connect(path) for _ in range(count)]
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._run)

    def _run(self):
        at = 0
        while not self.over.wait(SLOWLY):
            for client in self.clients:
                with contextlib.suppress(OSError):
                    client.send(self.request[at:at + 1])
            at = (at + 1) % len(self.request)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()
        for client in self.clients:
            client.close()


def _checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def _syn(source, target, port, number):
    def header(checksum):
        return struct.pack("!HHIIBBHHH", 1024 + number % 60000, port, number,
                           0, 5 << 4, 2, 65535, checksum, 0)

    ends = socket.inet_aton(source) + socket.inet_aton(target)
    return header(_checksum(ends + struct.pack("!BBH", 0, 6, 20) + header(0)))


def half_open(sources, target, port, count):
    """Runs where `sources` can be sent from."""
    with socket.socket(socket.AF_INET, socket.SOCK_RAW,
                       socket.IPPROTO_RAW) as raw:
        for number in range(count):
            source = sources[number % len(sources)]
            tcp = _syn(source, target, port, number)
            ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), number,
                             0, 64, socket.IPPROTO_TCP, 0,
                             socket.inet_aton(source),
                             socket.inet_aton(target))
            raw.sendto(ip + tcp, (target, 0))
