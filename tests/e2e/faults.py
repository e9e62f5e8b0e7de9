"""faults - what can go wrong around mtasts-policyd, and who looks on

DESCRIPTION
    Watcher asks the same questions over and over, as an MTA that sends all
    the while would, and insists on the answers and on getting them soon.
    Resolver is an Unbound of the test's own, to be stopped and killed.
    FULL is set in the long run (make test-full).
"""

import os
import signal
import subprocess
import threading
import time

from mtlab import netns, resolver
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

    def __init__(self, to, replies, soon=SOON):
        self.client = Client(to)
        self.replies = replies
        self.soon = soon
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
            assert self.asked > 0 and self.slowest < self.soon, self.slowest


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
