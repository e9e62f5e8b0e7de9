"""systemd_box - a systemd of its own, in namespaces, to try units in

DESCRIPTION
    A real systemd is process 1 of a process namespace, with mounts, a
    network and a control group of its own.  The machine's files are there to
    be read; what is written to /etc, /var, /run, /tmp and /srv vanishes with
    it.  It starts nothing but what it is told to.  Needs root.
"""

import contextlib
import os
import shutil
import subprocess
import time
from pathlib import Path

START_S = 60         # how long it may take to come up on a busy machine
WAIT_S = 60          # and anything in it

# The tree becomes the root of the mount namespace, as switch_root(8) has it:
# in a chroot systemd could give no service a file system of its own.
ENTER = """
set -e
mount --make-rprivate /
mount -t tmpfs tmpfs /srv
mkdir /srv/root
mount --rbind / /srv/root
exec 9</srv/root
exec nsenter --mount=/proc/self/ns/mnt bash -c '
    cd /proc/self/fd/9
    exec 9<&-
    mount --move . /
    exec chroot . bash -c "$0"' "$1"
"""

# Whatever runs in it can change nothing of the machine: all that is shared is
# read-only, and what has to be written is in memory.  systemd knows our own
# units and no others: those of the system would set up a whole machine, empty
# /tmp among other things.
BOOT = """
set -e
mount -t proc proc /proc
mount -t tmpfs tmpfs /srv
for folder in etc var; do
    mkdir -p /srv/.$folder/upper /srv/.$folder/work
    mount -t overlay overlay -o lowerdir=/$folder \
        -o upperdir=/srv/.$folder/upper,workdir=/srv/.$folder/work /$folder
done
for folder in run tmp home root; do
    mount -t tmpfs tmpfs /$folder
done
chmod 1777 /tmp
mkdir /srv/dev
for node in null zero full random urandom tty; do
    touch /srv/dev/$node
    mount --bind /dev/$node /srv/dev/$node
done
mkdir /srv/dev/shm /srv/dev/pts /srv/dev/mqueue /srv/dev/hugepages
mount -t devpts -o newinstance,ptmxmode=0666 devpts /srv/dev/pts
ln -s pts/ptmx /srv/dev/ptmx
mount --rbind /srv/dev /dev
umount -R /sys/fs/cgroup
mount -o remount,bind,ro /sys
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount --bind /proc/sys /proc/sys
mount -o remount,bind,ro /proc/sys
mount -o remount,bind,ro /
for path in / /usr /opt /mnt; do
    ! [ -w $path ]
done
[ -z "$(ls -A /tmp)" ]

rm -rf /etc/systemd/system
mkdir -p /etc/systemd/system /run/lock
cd /etc/systemd/system
for unit in box sysinit basic sockets shutdown umount network-online \
        nss-lookup; do
    printf '[Unit]\nDescription=%s\nDefaultDependencies=no\n' $unit \
        >$unit.target
done
cp /lib/systemd/system/systemd-journald{.service,.socket,-dev-log.socket} .
ip link set lo up
export container=box SYSTEMD_UNIT_PATH=/etc/systemd/system
exec /lib/systemd/systemd --system --unit=box.target --log-target=null \
    --show-status=no
"""


def cgroup_root():
    """Where the unified hierarchy is mounted."""
    for line in Path("/proc/mounts").read_text().splitlines():
        _, where, kind = line.split()[:3]
        if kind == "cgroup2":
            return Path(where)
    raise AssertionError("no cgroup2 is mounted")


class Box:
    def __init__(self):
        self.group = cgroup_root() / f"mtasts-box-{os.getpid()}"
        self.group.mkdir()
        self.process = subprocess.Popen(
            ["unshare", "--pid", "--fork", "--kill-child", "--mount", "--uts",
             "--ipc", "--net", "--cgroup", "bash", "-c", ENTER, "bash", BOOT],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, preexec_fn=self.join)
        try:
            self.wait_for(lambda: self.state() in ("running", "degraded"),
                          seconds=START_S)
        except AssertionError:
            self.close()
            raise

    def join(self):
        (self.group / "cgroup.procs").write_text(str(os.getpid()))

    def first(self):
        """The number of its process 1, seen from outside."""
        path = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        if os.path.exists(path):
            words = Path(path).read_text().split()
            if words:
                return words[0]
        out = subprocess.run(["ps", "-o", "pid=", "--ppid",
                              str(self.process.pid)], text=True,
                             capture_output=True, check=False).stdout.split()
        return out[0] if out else None

    def run(self, *words, check=True, seconds=WAIT_S):
        """A command in it."""
        first = self.first()
        assert first, "it has ended"
        return subprocess.run(
            ["nsenter", "-t", first, "-m", "-r", "-p", "-i", "-u", "-n", "-C",
             *map(str, words)], text=True, capture_output=True,
            timeout=seconds, check=check, stdin=subprocess.DEVNULL)

    def state(self):
        with contextlib.suppress(subprocess.TimeoutExpired, AssertionError):
            return self.run("systemctl", "is-system-running", check=False,
                            seconds=10).stdout.strip()
        return ""

    def path(self, path):
        """A file in it, seen from outside."""
        return Path(f"/proc/{self.first()}/root{path}")

    def put(self, path, content, mode=0o644):
        """A file from text, or a copy of another."""
        target = self.path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Path):
            shutil.copy(content, target)
        else:
            target.write_text(content)
        target.chmod(mode)

    def systemctl(self, *words, **options):
        return self.run("systemctl", "--no-pager", *words, **options)

    def show(self, unit, name):
        """A property of a unit."""
        return self.systemctl("show", "-P", name, unit).stdout.strip()

    def wait_for(self, holds, seconds=WAIT_S):
        end = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < end
            time.sleep(0.05)

    def close(self):
        self.process.kill()  # and with it all in its namespace
        self.process.wait()
        end = time.monotonic() + WAIT_S
        for folder in sorted(self.group.glob("**/"), reverse=True):
            while folder.exists() and time.monotonic() < end:
                with contextlib.suppress(OSError):
                    folder.rmdir()
                time.sleep(0.01)
        assert not self.group.exists()
