"""conftest - the lab as a fixture, for all end-to-end tests

DESCRIPTION
    `lab` brings a lab of its own up once a session and takes it down at the
    end, and then insists that nothing was left behind.  With
    MTASTS_LAB_REUSE=1 it uses the one that is running (MTASTS_LAB_DIR) and
    leaves it running.  Needs root; without it the tests fail and say so.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LAB = ROOT / "lab" / "lab"
UP_LIMIT = 180       # seconds; it takes 3 to 10 on a machine at rest
DOWN_LIMIT = 60
RUN_LIMIT = 30       # seconds that a single look may take

sys.dont_write_bytecode = True
sys.path.insert(0, str(LAB.parent))


class Lab:
    """The command line of a lab in a directory of its own."""

    def __init__(self, directory):
        self.dir = Path(directory)
        self.env = {**os.environ, "MTASTS_LAB_DIR": str(directory)}

    def verb(self, *args, limit=RUN_LIMIT):
        return subprocess.run([str(LAB), *args], env=self.env, text=True,
                              capture_output=True, timeout=limit)

    def must(self, *args, limit=RUN_LIMIT):
        done = self.verb(*args, limit=limit)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def up(self):
        return self.must("up", limit=UP_LIMIT)

    def down(self):
        return self.must("down", limit=DOWN_LIMIT)

    def run(self, *argv, limit=RUN_LIMIT, input=None):
        """A command on the client's host, whatever its exit status."""
        return subprocess.run([str(LAB), "exec", "--", *argv], env=self.env,
                              text=True, capture_output=True, timeout=limit,
                              input=input)

    def settings(self):
        """What `lab env` says, as a dict."""
        lines = self.must("env").splitlines()
        pairs = (line.removeprefix("export ").split("=", 1)
                 for line in lines)
        return {name: value.strip("'") for name, value in pairs}

    @property
    def prefix(self):
        from mtlab.state import State
        return State(str(self.dir)).prefix

    def pids(self):
        return {p.name: int(p.read_text().split()[0])
                for p in (self.dir / "pids").iterdir()}

    def remains(self):
        """What is still there of the lab: must be empty after `down`."""
        from mtlab import netns
        found = [f"namespace {name}" for name in netns.existing(self.prefix)]
        if self.dir.exists():
            found.append(f"directory {self.dir}")
        with open("/proc/self/mounts") as mounts:
            found += [line.strip() for line in mounts
                      if str(self.dir) in line or self.prefix in line]
        for entry in os.listdir("/proc"):
            try:
                words = Path("/proc", entry, "cmdline").read_bytes()
            except OSError:
                continue
            if os.fsencode(str(self.dir)) + b"/" in words:
                found.append(f"process {entry}: {words!r}")
        return found


def require_root():
    if os.geteuid() != 0:
        pytest.fail("the end-to-end tests build network namespaces and "
                    "need root: run them with sudo", pytrace=False)


@pytest.fixture(scope="session")
def lab():
    require_root()
    if os.environ.get("MTASTS_LAB_REUSE") == "1":
        from mtlab.state import from_environment
        running = Lab(from_environment().dir)
        running.must("status")
        yield running
        return
    own = Lab(f"/run/mtasts-lab-e2e-{os.getpid()}")
    own.up()
    try:
        yield own
    finally:
        own.down()
    assert own.remains() == []
