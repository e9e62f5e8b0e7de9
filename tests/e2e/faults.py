"""faults - what can go wrong around mtasts-policyd, and who looks on

DESCRIPTION
    Watcher asks the same questions over and over, as an MTA that sends all
    the while would, and insists on the answers and on getting them soon.
    Resolver is an Unbound of the test's own, to be stopped and killed.
    Drip puts the attacker in the place of a policy host of the lab, for as
    long as it lasts.
    FULL is set in the long run (make test-full).
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

from conftest import LAB
from mtlab import netns, plan, resolver, table
from mtlab.probe import answers_dns
from mtlab.state import State
from policyd import Client, wait_for

FULL = os.environ.get("MTASTS_FULL") == "1"
SOON = 5             # seconds for what is known at once, on a busy machine
PAUSE = 0.005        # between two questions
STRONG = {           # domains of the lab with a policy in enforce mode
    "healthy.example": "mx.healthy.example",
    "wildcard-mx.example": "mx1.wildcard-mx.example:mx2.wildcard-mx.example",
    "customer.example": "mx.provider.example",
    "several-mx.example": "mx1.several-mx.example:mx2.several-mx.example:"
                          "mx3.several-mx.example",
}
NONE = "NOTFOUND "


def strong(domain):
    return f"OK secure match={STRONG[domain]} servername=hostname"


def warm(daemon):
    """Policies into its cache; what it says of them."""
    replies = {domain: daemon.ask(domain) for domain in STRONG}
    assert replies == {domain: strong(domain) for domain in STRONG}
    return replies


class Watcher:
    """In a `with`: asks for `replies`, {key: reply}, all the while."""

    def __init__(self, to, replies):
        self.client = Client(to)
        self.replies = replies
        self.asked, self.slowest, self.fault = 0, 0.0, None
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._run)

    def _run(self):
        try:
            while not self.over.is_set():
                for key, expected in self.replies.items():
                    begun = time.monotonic()
                    reply = self.client.ask(key)
                    self.slowest = max(self.slowest,
                                       time.monotonic() - begun)
                    self.asked += 1
                    assert reply == expected, key
                    time.sleep(PAUSE)
        except (AssertionError, OSError) as fault:
            self.fault = fault

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, kind, *_):
        self.over.set()
        self.thread.join()
        self.client.close()
        if kind is None:
            assert self.fault is None, self.fault
            assert self.asked > 0 and self.slowest < SOON, self.slowest


class Resolver:
    """On an address of its own in the client's namespace."""

    ADDRESS = "127.0.0.77"

    def __init__(self, lab, folder):
        self.state = State(str(lab.dir))
        self.space = self.state.namespace("client")
        self.config = folder / "unbound.conf"
        self.config.write_text(resolver.CONFIG.format(
            address=self.ADDRESS, dir=folder,
            client=self.state.path("client")))
        self.child = None

    def start(self):
        self.child = netns.inside(
            self.space, subprocess.Popen,
            ["/usr/sbin/unbound", "-d", "-p", "-c", str(self.config)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        wait_for("Unbound", lambda: answers_dns(
            self.space, self.ADDRESS, "healthy.example"))

    def stop(self):
        self.child.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.child.send_signal(signal.SIGCONT)

    def kill(self):
        self.child.kill()
        self.child.wait()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.kill()


class Drip:
    """The policy host of a domain has a good certificate, and serves an
    octet a second (lab/mtlab/webfault.py)."""

    def __init__(self, lab, folder, domain):
        state = State(str(lab.dir))
        host = plan.make(table.load()).by_name(f"mta-sts.{domain}")
        self.space = state.namespace("attacker")
        self.addresses = host.listen
        self.config = Path(folder, "drip.json")
        self.config.write_text(json.dumps([{
            "kind": "drip", "addresses": host.listen,
            "combined": str(state.path("pki", f"{host.name}_good.all")),
            "body": "version: STSv1\r\n"}]))
        self.child = None

    def _addresses(self, verb):
        netns.ip(self.space, [
            f"addr {verb} {a}/{128 if ':' in a else 32} dev lo"
            + (" nodad" if ":" in a and verb == "add" else "")
            for a in self.addresses])

    def __enter__(self):
        self._addresses("add")
        self.child = netns.inside(
            self.space, subprocess.Popen,
            [sys.executable, "-B", LAB.parent / "mtlab/webfault.py",
             self.config], stdin=subprocess.DEVNULL)
        wait_for("the drip", lambda: netns.inside(
            self.space, _listens, self.addresses[0]))
        return self

    def __exit__(self, *_):
        self.child.kill()
        self.child.wait()
        self._addresses("del")


def _listens(address):
    with socket.socket() as client:
        return client.connect_ex((address, 443)) == 0
