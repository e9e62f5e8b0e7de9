"""policyd - mtasts-policyd on the client's host of a lab

DESCRIPTION
    Policyd(lab, folder) runs the real daemon with a configuration of its
    own; ask() is one question as Postfix asks it.  The folder must be one
    that Postfix's own user gets to where Postfix is to ask.  A Client asks
    over one connection.  A Clock is that of the wall for one daemon.
"""

import os
import re
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

from conftest import LAB, ROOT

PROGRAM = Path(os.environ.get("MTASTS_POLICYD")
               or Path(os.environ.get("MTASTS_BUILD") or ROOT / "build-asan",
                       "mtasts-policyd"))
RELEASE = Path(os.environ.get("MTASTS_RELEASE") or ROOT / "build-gcc",
               "mtasts-policyd")
FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")
START = 20           # seconds for a daemon to answer
STOP = 20            # and to end
ASK = 40             # and for an answer, at most

CONFIG = """\
user = root
state-directory = "{dir}"
run-directory = "{dir}"
resolver = "{resolver}"
trust-anchor = "{anchor}"
ca-file = "{ca}"
allow-private = {{ "198.18.0.0/15", "fd00:6d74:6173::/48" }}
policyd {{
    socketmap = {{ "unix:{dir}/socketmap.sock"{listen} }}
    exim = {{ "unix:{dir}/exim.sock" }}
    http = {{ "unix:{dir}/http.sock" }}
{options}
}}
"""


def wait_for(what, condition, limit=START):
    end = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < end, f"waited {limit} s for {what}"
        time.sleep(0.05)


def each(items, function):
    """function(item) for all, at the same time; the results in order."""
    results, errors = {}, []

    def run(index, item):
        try:
            results[index] = function(item)
        except BaseException as error:
            errors.append((item, error))

    threads = [threading.Thread(target=run, args=pair)
               for pair in enumerate(items)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors, errors[0]
    return [results[index] for index in range(len(threads))]


def netstring(key, map_name="postfix"):
    request = f"{map_name} {key}".encode()
    return b"%d:%s," % (len(request), request)


class HungUp(AssertionError):
    """The daemon has ended the connection."""


class Client:
    """A connection to a socketmap, as Postfix has it; `to`: the path of a
    UNIX socket, or a socket that is connected."""

    def __init__(self, to):
        self.socket = to
        if not isinstance(to, socket.socket):
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.connect(str(to))
        self.socket.settimeout(ASK)
        self.stream = self.socket.makefile("rb")

    def send(self, key, map_name="postfix"):
        self.socket.sendall(netstring(key, map_name))

    def _read(self, count):
        data = self.stream.read(count)
        if len(data) < count:
            raise HungUp(f"the connection ended after {data!r}")
        return data

    def reply(self):
        length = b""
        while not length.endswith(b":"):
            length += self._read(1)
        return self._read(int(length[:-1]) + 1)[:-1].decode()

    def ask(self, key, map_name="postfix"):
        self.send(key, map_name)
        return self.reply()

    def close(self):
        self.stream.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def ask(path, key, map_name="postfix"):
    """One question to a socketmap, as Postfix asks it."""
    with Client(path) as client:
        return client.ask(key, map_name)


class Clock:
    """The clock of the wall, for a daemon that is told of it: a file which
    libfaketime reads each time.  It may read only below its folder."""

    def __init__(self, folder, days=0):
        self.file = Path(folder, "clock")
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.set(days)

    def set(self, days):
        """How many days the wall is ahead of the real one."""
        fresh = self.file.with_suffix(".new")
        fresh.write_text(f"{days * 86400:+.0f}")
        fresh.rename(self.file)

    @property
    def words(self):
        """What comes before the program on a command line."""
        return ["env", f"LD_PRELOAD={FAKETIME}",
                f"FAKETIME_TIMESTAMP_FILE={self.file}",
                "FAKETIME_NO_CACHE=1", "FAKETIME_DONT_FAKE_MONOTONIC=1"]


class Policyd:
    """`clock`: a Clock; then it is the release build, since the sanitizers
    have to be loaded before anything else."""

    def __init__(self, lab, folder, options="", resolver=None, start=True,
                 listen=(), clock=None):
        settings = lab.settings()
        self.lab = lab
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.socket = self.folder / "socketmap.sock"
        self.config = self.folder / "mtasts.conf"
        self.log_file = self.folder / "policyd.log"
        self.values = {"dir": self.folder,
                       "listen": "".join(f', "{text}"' for text in listen),
                       "resolver": resolver or settings["LAB_RESOLVER"],
                       "anchor": settings["LAB_TRUST_ANCHOR"],
                       "ca": settings["LAB_CA_FILE"]}
        self.configure(options)
        self.words = [*clock.words, RELEASE] if clock else [PROGRAM]
        self.child = None
        if start:
            self.start()

    def configure(self, options):
        """Other options of the section policyd, an indented line each."""
        self.config.write_text(CONFIG.format(options=options, **self.values))

    @property
    def log(self):
        return (self.log_file.read_text() if self.log_file.exists() else "")

    def events(self, name):
        """The log's lines of one event."""
        return [line for line in self.log.splitlines()
                if f" event={name} " in line]

    def start(self, ready=True):
        before = len(self.events("ready"))
        with open(self.log_file, "ab") as log:
            self.child = subprocess.Popen(
                [LAB, "exec", "--", *self.words, "-f", "-c", self.config],
                env=self.lab.env, stdin=subprocess.DEVNULL, stdout=log,
                stderr=log)
        if ready:
            wait_for("policyd", lambda: self._ready(before))

    def _ready(self, before):
        assert self.child.poll() is None, self.log
        return len(self.events("ready")) > before

    def ask(self, key, map_name="postfix"):
        return ask(self.socket, key, map_name)

    def timed(self, key, map_name="postfix"):
        """(reply, seconds)"""
        begun = time.monotonic()
        return self.ask(key, map_name), time.monotonic() - begun

    def descriptors(self):
        """The numbers of those that it has open."""
        return {int(name)
                for name in os.listdir(f"/proc/{self.child.pid}/fd")}

    def metrics(self):
        """{name with labels: number}"""
        done = subprocess.run(
            ["curl", "-s", "--unix-socket", self.folder / "http.sock",
             "http://localhost/metrics"],
            capture_output=True, text=True, timeout=ASK, check=True)
        pairs = (line.rsplit(" ", 1) for line in done.stdout.splitlines()
                 if not line.startswith("#"))
        return {name: float(value) for name, value in pairs}

    def hang_up(self):
        self.child.send_signal(signal.SIGHUP)

    def kill(self):
        """As a crash would."""
        self.child.kill()
        self.child.wait(STOP)
        self.child = None

    def stop(self):
        if self.child is None:
            return 0
        self.child.terminate()
        status = self.child.wait(STOP)
        self.child = None
        return status

    def __enter__(self):
        return self

    def __exit__(self, *_):
        status = self.stop()
        assert status == 0, self.log
        faults = re.findall(r"(?:ERROR: \w+Sanitizer|runtime error).*",
                            self.log)
        assert not faults, self.log
