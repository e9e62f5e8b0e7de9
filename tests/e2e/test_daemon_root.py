"""test_daemon_root - a daemon that root starts does not stay root

DESCRIPTION
    Needs root and nothing of the lab.  The driver and what starts it are
    those of tests/integration/test_daemon.py.
"""

import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from conftest import require_root

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/integration"))

from daemon import BUILD, RELEASE, Daemon, running  # noqa: E402

NOBODY = pwd.getpwnam("nobody")
NO_GROUPS = "user = nobody\ngroup = nogroup\n"


@pytest.fixture(name="folder")
def fixture_folder():
    """One that the user can get into."""
    require_root()
    folder = Path(tempfile.mkdtemp(prefix="mtasts-daemon-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def wait_for(holds, seconds=30):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def refusal(folder, config):
    """What a daemon that does not start says."""
    daemon = Daemon(folder, config)
    daemon.start(ready=False)
    assert daemon.end() == 1
    daemon.close()
    [line] = daemon.said("start-failed")
    return line


def with_users(daemon, passwd):
    """What it says when these are the users: in a mount namespace."""
    daemon.words = ["unshare", "--mount", "sh", "-c",
                    f"mount --bind {passwd} /etc/passwd && exec \"$@\"", "sh",
                    *daemon.words]
    daemon.start(ready=False)
    assert daemon.end() == 1
    daemon.close()
    return daemon.text()


@pytest.mark.parametrize("build", [BUILD, RELEASE])
def test_becomes_the_user_for_good(folder, build):
    with running(folder, NO_GROUPS, build=build) as daemon:
        ids = " ".join([str(NOBODY.pw_uid)] * 4).split()
        assert daemon.status("Uid").split() == ids
        assert daemon.status("Gid").split() == \
            [str(NOBODY.pw_gid)] * 4
        assert daemon.status("Groups").split() == [str(NOBODY.pw_gid)]
        assert int(daemon.status("CapEff"), 16) == 0
        assert int(daemon.status("CapPrm"), 16) == 0
        assert int(daemon.status("CapAmb"), 16) == 0
        assert daemon.said("privileges-dropped")
        # what it makes is its own, and root's is out of reach
        assert daemon.order("write", daemon.state / "a") == "ok"
        assert (daemon.state / "a").stat().st_uid == NOBODY.pw_uid
        assert daemon.order("write", daemon.config) == "EACCES"
        assert daemon.order("open", "/etc/shadow") == "EACCES"
        assert daemon.stop() == 0


@pytest.mark.parametrize("build", [BUILD, RELEASE])
def test_no_way_back(folder, build):
    """With seccomp, which sanitizers do without, who tries is killed."""
    with running(folder, NO_GROUPS, build=build) as daemon:
        if any("seccomp=yes" in line for line in daemon.said("sandboxed")):
            assert daemon.order("setuid") == ""
            assert daemon.end() == -signal.SIGSYS
        else:
            assert daemon.order("setuid") == "EPERM"


def test_group_of_the_user(folder):
    with running(folder, "user = nobody\n") as daemon:
        assert daemon.status("Gid").split() == [str(NOBODY.pw_gid)] * 4
        assert daemon.state.stat().st_uid == NOBODY.pw_uid
        assert daemon.run.stat().st_uid == NOBODY.pw_uid


def test_reloads_as_the_user(folder):
    with running(folder, NO_GROUPS) as daemon:
        daemon.write_config(NO_GROUPS + "policyd { retry = 99s }\n")
        daemon.send(signal.SIGHUP)
        daemon.notify.wait("READY=1")
        assert daemon.order("config").startswith("retry 99 ")


def test_stays_root_when_told(folder):
    with running(folder, "user = root\n") as daemon:
        assert daemon.status("Uid").split() == ["0"] * 4
        assert not daemon.said("privileges-dropped")


@pytest.mark.parametrize("config, why", [
    ("user = mtasts-gone\n", "there is no user 'mtasts-gone'"),
    ("user = nobody\ngroup = mtasts-gone\n",
     "there is no group 'mtasts-gone'")])
def test_who_is_not_there(folder, config, why):
    assert why in refusal(folder, config)


def test_default_is_not_root(folder):
    """Without the option it is the user mtasts, whom nobody has made here."""
    daemon = Daemon(folder)
    daemon.config.write_text(
        daemon.config.read_text().replace("user = root\n", ""))
    passwd = folder / "passwd"
    passwd.write_text("root:x:0:0::/:/bin/sh\n")
    assert "there is no user 'mtasts'" in with_users(daemon, passwd)


def test_another_name_for_root(folder):
    passwd = folder / "passwd"
    passwd.write_text("root:x:0:0::/:/bin/sh\ntoor:x:0:0::/:/bin/sh\n")
    assert "the user 'toor' is root" in \
        with_users(Daemon(folder, "user = toor\n"), passwd)


def test_ends_with_its_supervisor_though_another_user(folder):
    """A change of the user makes the kernel forget that it was asked to."""
    daemon = Daemon(folder, NO_GROUPS)
    script = folder / "driver.sh"
    script.write_text("#!/bin/sh\nexec " + " ".join(map(str, daemon.words))
                      + "\n")
    script.chmod(0o755)
    with open(daemon.log, "wb") as log:
        supervisor = subprocess.Popen(
            [BUILD / "tests/integration/supervise_driver", "50", "400",
             "5000", "1000", f"driver={script}"], stdout=log, stderr=log,
            stdin=subprocess.DEVNULL)
    try:
        wait_for(lambda: " event=ready " in daemon.text())
        assert daemon.order("config").endswith(
            f"uid {NOBODY.pw_uid} gid {NOBODY.pw_gid}")
    finally:
        supervisor.kill()
        supervisor.wait()
    wait_for(lambda: not (daemon.run / "driver.sock").exists())
    daemon.close()
