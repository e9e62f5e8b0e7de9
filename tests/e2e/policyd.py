"""policyd - mtasts-policyd on the client's host of a lab

DESCRIPTION
    Policyd(lab, folder) runs the real daemon with a configuration of its
    own; ask() is one question as Postfix asks it.  The folder must be one
    that Postfix's own user gets to where Postfix is to ask.
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
    socketmap = {{ "unix:{dir}/socketmap.sock" }}
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


def ask(path, key, map_name="postfix"):
    """One question to a socketmap, as Postfix asks it."""
    request = f"{map_name} {key}".encode()
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(ASK)
        client.connect(str(path))
        client.sendall(b"%d:%s," % (len(request), request))
        data = b""
        while not data.endswith(b","):
            more = client.recv(65536)
            assert more, f"{key}: the connection ended after {data!r}"
            data += more
    return data.partition(b":")[2][:-1].decode()


class Policyd:
    def __init__(self, lab, folder, options="", resolver=None, start=True):
        settings = lab.settings()
        self.lab = lab
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.socket = self.folder / "socketmap.sock"
        self.config = self.folder / "mtasts.conf"
        self.log_file = self.folder / "policyd.log"
        self.values = {"dir": self.folder,
                       "resolver": resolver or settings["LAB_RESOLVER"],
                       "anchor": settings["LAB_TRUST_ANCHOR"],
                       "ca": settings["LAB_CA_FILE"]}
        self.configure(options)
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
                [LAB, "exec", "--", PROGRAM, "-f", "-c", self.config],
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
