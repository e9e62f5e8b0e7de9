"""unpacked - MTAs of Debian that cannot be installed beside Postfix

DESCRIPTION
    `Unpacked` runs a program of a package that tools/unpack-packages has
    unpacked: in a mount namespace of its own, where the libraries that it
    lacks lie over the system's, and where its users exist.

LIMITS
    Root only.  The program is at its path below the unpacked package, not
    where the package would have put it.
"""

import os
import shlex
import subprocess
from pathlib import Path

from conftest import ROOT

FOLDER = ROOT / "build-unpacked"
UNPACK_LIMIT = 300   # seconds
LIBRARIES = "/usr/lib/x86_64-linux-gnu"
FREE_ID = 64990      # Debian leaves 60000 to 64999 to packages that ask


class Unpacked:
    def __init__(self, package, users, folder, etc=None):
        """`folder`: for the program, and for what is to lie over files of
        /etc: passwd, group, and those in `etc`, {name: text}.  The users of
        the program have to get there."""
        subprocess.run([ROOT / "tools/unpack-packages", FOLDER], check=True,
                       timeout=UNPACK_LIMIT)
        self.folder = Path(folder)
        self.root = self.folder / "unpacked"
        # The program runs itself again as its own user, who may not get to
        # the tree.
        subprocess.run(["cp", "-a", FOLDER / package, self.root], check=True)
        self.ids = {user: FREE_ID + i for i, user in enumerate(users)}
        self.etc = {
            "passwd": Path("/etc/passwd").read_text() + "".join(
                f"{user}:x:{number}:{number}::/:/usr/sbin/nologin\n"
                for user, number in self.ids.items()),
            "group": Path("/etc/group").read_text() + "".join(
                f"{user}:x:{number}:\n"
                for user, number in self.ids.items()),
            **(etc or {})}
        for name, text in self.etc.items():
            (self.folder / name).write_text(text)

    def path(self, program):
        return self.root / program.lstrip("/")

    def words(self, program, *arguments):
        """A command that runs the program, for subprocess or `lab exec`."""
        mounts = [f"mount --bind {self.folder}/{name} /etc/{name}"
                  for name in self.etc]
        below = self.path(LIBRARIES)
        if below.is_dir():
            mounts.append("mount -t overlay -o "
                          f"lowerdir={below}:{LIBRARIES} none {LIBRARIES}")
        command = shlex.join([str(self.path(program)),
                              *map(str, arguments)])
        return ["unshare", "--mount", "--propagation", "private", "bash",
                "-euc", "; ".join(mounts) + f"; exec {command}"]


def reply(map_name, policy, *hosts, domain, match="auto", level="unknown",
          dane=False):
    """What mtasts would tell an MTA, by the code that does."""
    driver = Path(os.environ.get("MTASTS_BUILD") or ROOT / "build-asan",
                  "tests/integration/reply_driver")
    done = subprocess.run([driver, map_name, match, level, domain,
                           "dane" if dane else "-", *hosts],
                          input=policy, text=True, capture_output=True,
                          check=True, timeout=30)
    return done.stdout.rstrip("\n")
