"""state - where the running lab keeps its files

DESCRIPTION
    Everything that the lab writes lives in one directory: $MTASTS_LAB_DIR,
    or /run/mtasts-lab.  `lab down` removes it whole.  lab.json is written
    last by `up`, so that its presence means "came up completely".

    The names of the network namespaces follow from the directory: the
    default one gives mtlab-client, mtlab-dns, ...; any other directory gives
    names with a checksum in them, so that two labs do not meet.

LIMITS
    The directory's path ends up in configuration files of NSD, Unbound,
    nginx and Postfix, so only plain characters are let through.
"""

import fcntl
import json
import os
import re
import zlib
from contextlib import contextmanager
from pathlib import Path

DEFAULT_DIR = "/run/mtasts-lab"
PLAIN_PATH = re.compile(r"/[A-Za-z0-9._/-]+")


class LabError(Exception):
    """A failure with a sentence for the person at the terminal."""


class State:
    def __init__(self, path):
        self.dir = Path(path)
        if not PLAIN_PATH.fullmatch(path) or self.dir.parent == self.dir:
            raise LabError(f"MTASTS_LAB_DIR={path}: need an absolute path of "
                           "letters, digits and ._/- only")

    def path(self, *parts):
        return self.dir.joinpath(*parts)

    def folder(self, *parts):
        path = self.path(*parts)
        path.mkdir(parents=True, exist_ok=True)
        return path

    def write(self, name, text, mode=0o644):
        """Write a file below the state directory, return its path."""
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        data = text if isinstance(text, bytes) else text.encode()
        path.write_bytes(data)
        path.chmod(mode)
        return path

    @property
    def prefix(self):
        if str(self.dir) == DEFAULT_DIR:
            return "mtlab-"
        return f"mtlab-{zlib.crc32(str(self.dir).encode()):08x}-"

    def namespace(self, role):
        return self.prefix + role

    @property
    def marker(self):
        return self.path("lab.json")

    def load(self):
        """What the last complete `up` wrote, or None."""
        try:
            return json.loads(self.marker.read_text())
        except (FileNotFoundError, NotADirectoryError):
            return None

    @contextmanager
    def lock(self):
        """One `up` or `down` at a time, without leaving a lock file."""
        parent = self.dir.parent
        while not parent.is_dir():
            parent = parent.parent
        handle = os.open(parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def from_environment():
    return State(os.environ.get("MTASTS_LAB_DIR") or DEFAULT_DIR)
