"""test_systemd - the unit of mtasts-policyd in a real systemd

DESCRIPTION
    The walls of the unit stand around a daemon that does what it is told
    (tests/integration/daemon_driver.c), started as mtasts-policyd is.
"""

import json
import os
import re
import shutil
import sys
from pathlib import Path

import pytest

from conftest import require_root
from systemd_box import Box

ROOT = Path(__file__).resolve().parents[2]
PACKAGING = ROOT / "packaging"
RELEASE = Path(os.environ.get("MTASTS_RELEASE", ROOT / "build-gcc"))
UNIT = "mtasts-policyd.service"
ORDER = """
import socket, sys
end = socket.socket(socket.AF_UNIX if '/' in sys.argv[1] else socket.AF_INET)
end.settimeout(float(sys.argv[2]))
end.connect(sys.argv[1] if '/' in sys.argv[1] else
            ('127.0.0.1', int(sys.argv[1])))
end.sendall(' '.join(sys.argv[3:]).encode())
print(end.recv(4096).decode().strip())
"""
CONFIG = "policyd { retry = 300s }\n"


@pytest.fixture(scope="module", name="booted")
def fixture_booted():
    require_root()
    box = Box()
    try:
        unit = (PACKAGING / "systemd/mtasts-policyd.service.in").read_text()
        box.put(f"/etc/systemd/system/{UNIT}",
                unit.replace("@sbindir@", "/srv"))
        box.put("/etc/systemd/system/mtasts-policyd.socket",
                PACKAGING / "systemd/mtasts-policyd.socket")
        box.put("/etc/sysusers.d/mtasts.conf",
                PACKAGING / "sysusers/mtasts.conf")
        box.put("/etc/tmpfiles.d/mtasts.conf",
                PACKAGING / "tmpfiles/mtasts.conf")
        box.put("/srv/mtasts-policyd",
                RELEASE / "tests/integration/daemon_driver", 0o755)
        box.run("systemd-sysusers", "/etc/sysusers.d/mtasts.conf")
        box.run("systemd-tmpfiles", "--create", "/etc/tmpfiles.d/mtasts.conf")
        yield box
    finally:
        box.close()


@pytest.fixture(name="box")
def fixture_box(booted):
    """With the unit as it is shipped, not running, and a log of its own."""
    configure(booted)
    yield booted
    booted.systemctl("stop", UNIT, "mtasts-policyd.socket", check=False)
    booted.systemctl("reset-failed", check=False)


def configure(box, config=CONFIG, drop_in=""):
    box.put("/etc/mtasts/mtasts.conf", config)
    box.put(f"/etc/systemd/system/{UNIT}.d/test.conf",
            "[Service]\nStandardOutput=null\n"
            f"StandardError=append:/run/log.txt\n{drop_in}")
    box.put("/run/log.txt", "")
    box.systemctl("daemon-reload")


def order(box, *words, where="/run/mtasts/driver.sock", seconds=30):
    return box.run("/usr/bin/python3", "-c", ORDER, where, seconds,
                   *words).stdout.strip()


def log(box):
    return box.path("/run/log.txt").read_text()


def test_starts_and_stops(box):
    box.systemctl("start", UNIT)
    assert box.show(UNIT, "ActiveState") == "active"
    assert box.show(UNIT, "StatusText") in ("", "all is well")
    uid = re.search(r"^mtasts:x:(\d+):", box.path("/etc/passwd").read_text(),
                    re.M).group(1)
    assert f" uid {uid} " in order(box, "config")
    box.systemctl("stop", UNIT)
    assert box.show(UNIT, "Result") == "success"
    assert "event=stopped" in log(box)


def test_first_configuration(box):
    """Made while the daemon runs, as `mtasts setup` does."""
    shutil.rmtree(box.path("/etc/mtasts"))
    box.systemctl("start", UNIT)
    assert order(box, "config").startswith("retry 300 ")
    box.put("/etc/mtasts/mtasts.conf", "policyd { retry = 311s }\n")
    box.systemctl("reload", UNIT)
    box.wait_for(lambda: "event=reloaded" in log(box))
    assert order(box, "config").startswith("retry 311 ")
    # From now on it is a fault if it is not there.
    box.path("/etc/mtasts/mtasts.conf").unlink()
    box.systemctl("reload", UNIT)
    box.wait_for(lambda: "event=reload-failed" in log(box))
    assert order(box, "config").startswith("retry 311 ")


def test_first_configuration_in_a_new_folder(box):
    """The sandbox does not hold it: it says what to do."""
    configure(box, drop_in="ConfigurationDirectory=\n")
    shutil.rmtree(box.path("/etc/mtasts"))
    box.systemctl("start", UNIT)
    box.put("/etc/mtasts/mtasts.conf", "policyd { retry = 311s }\n")
    box.systemctl("reload", UNIT)
    box.wait_for(lambda: "event=reload-failed" in log(box))
    assert "/etc/mtasts/mtasts.conf: Permission denied" in log(box)
    assert "was not there when the daemon was started: restart it" in log(box)
    box.systemctl("restart", UNIT)
    assert order(box, "config").startswith("retry 311 ")


def test_both_walls_stand(box):
    """The unit's filter lets the daemon build its own."""
    box.systemctl("start", UNIT)
    [line] = [line for line in log(box).splitlines()
              if " event=sandboxed " in line]
    assert " seccomp=yes" in line and " landlock=0" not in line
    pid = box.show(UNIT, "MainPID")
    status = box.path(f"/proc/{pid}/status").read_text()
    assert re.search(r"^Seccomp_filters:\s+[2-9]", status, re.M)
    for caps in ("CapPrm", "CapEff", "CapBnd"):
        assert re.search(rf"^{caps}:\s+0+$", status, re.M)


def test_works_behind_them(box):
    box.systemctl("start", UNIT)
    assert order(box, "thread") == "ok"
    assert order(box, "sqlite", "/var/lib/mtasts/a.db") == "ok"
    assert order(box, "write", "/run/mtasts/a") == "ok"
    assert order(box, "write", "/var/lib/a") in ("EACCES", "EROFS")
    assert order(box, "open", "/etc/shadow") == "EACCES"
    assert order(box, "open", "/etc/ssl/certs/ca-certificates.crt") == "ok"
    assert order(box, "fork") == "EPERM"


def test_reload(box):
    box.systemctl("start", UNIT)
    pid = box.show(UNIT, "MainPID")
    box.put("/etc/mtasts/mtasts.conf", "policyd { retry = 77s }\n")
    box.systemctl("reload", UNIT)
    box.wait_for(lambda: order(box, "config").startswith("retry 77 "))
    box.put("/etc/mtasts/mtasts.conf", "policyd { retry = 77x }\n")
    box.systemctl("reload", UNIT)
    box.wait_for(lambda: "event=reload-failed" in log(box))
    assert order(box, "config").startswith("retry 77 ")
    assert box.show(UNIT, "MainPID") == pid
    assert box.show(UNIT, "ActiveState") == "active"


def test_watchdog_restarts_what_hangs(box):
    configure(box, drop_in="WatchdogSec=1s\n")
    box.systemctl("start", UNIT)
    pid = box.show(UNIT, "MainPID")
    box.run("/usr/bin/python3", "-c", ORDER, "/run/mtasts/driver.sock", 0.1,
            "hang", check=False)
    box.wait_for(lambda: box.show(UNIT, "NRestarts") == "1" and
                 box.show(UNIT, "ActiveState") == "active")
    assert box.show(UNIT, "MainPID") != pid
    assert order(box, "config").startswith("retry 300 ")


def test_crash_is_mended(box):
    box.systemctl("start", UNIT)
    box.systemctl("kill", "-s", "KILL", UNIT)
    box.wait_for(lambda: box.show(UNIT, "NRestarts") == "1" and
                 box.show(UNIT, "ActiveState") == "active")
    assert order(box, "config").startswith("retry 300 ")


def test_faulty_configuration_is_not_tried_again(box):
    configure(box, "policyd { retri = 5m }\n")
    assert box.systemctl("start", UNIT, check=False).returncode != 0
    assert box.show(UNIT, "ActiveState") == "failed"
    assert box.show(UNIT, "ExecMainStatus") == "78"
    assert box.show(UNIT, "NRestarts") == "0"
    assert "did you mean 'retry'?" in log(box)


def test_sockets_of_systemd(box):
    """They are there before the daemon, and stay when it starts anew."""
    box.systemctl("start", "mtasts-policyd.socket")
    assert box.show(UNIT, "ActiveState") == "inactive"
    assert order(box, "config", where="8461").startswith("retry 300 ")
    assert box.show(UNIT, "ActiveState") == "active"
    box.systemctl("restart", UNIT)
    assert order(box, "config", where="8461").startswith("retry 300 ")
    mode = box.path("/run/mtasts/socketmap.sock").stat().st_mode
    assert mode & 0o777 == 0o666


def test_folders_and_user(box):
    for path, mode in (("/run/mtasts", 0o755), ("/var/lib/mtasts", 0o750)):
        status = box.path(path).stat()
        assert status.st_mode & 0o777 == mode
        assert status.st_uid != 0


def test_policyd_itself(box):
    """Without a network it has no policy to tell; it answers all the same."""
    box.put("/srv/policyd", RELEASE / "mtasts-policyd", 0o755)
    configure(box, drop_in="ExecStart=\nExecStart=/srv/policyd\n")
    box.systemctl("start", UNIT)
    assert order(box, "19:postfix example.com,", where="8461") == \
        "9:NOTFOUND ,"
    assert order(box, "19:postfix example.com,",
                 where="/run/mtasts/socketmap.sock") == "9:NOTFOUND ,"
    box.systemctl("reload", UNIT)
    box.wait_for(lambda: "event=reloaded" in log(box))
    assert "event=sandboxed" in log(box)
    assert box.path("/var/lib/mtasts/policyd.db").stat().st_mode & 0o77 == 0
    box.systemctl("stop", UNIT)
    assert box.show(UNIT, "Result") == "success"


@pytest.fixture(name="journal")
def fixture_journal(box):
    box.systemctl("start", "systemd-journald.service")
    yield box
    box.systemctl("stop", "systemd-journald.socket",
                  "systemd-journald-dev-log.socket",
                  "systemd-journald.service", check=False)


def entries(box, *matches):
    box.run("journalctl", "--flush", check=False)
    box.run("journalctl", "--sync", check=False)
    text = box.run("journalctl", "-o", "json", "--no-pager", *matches).stdout
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("target", ["stderr", "journal"])
def test_journal(journal, target):
    """Priorities arrive; the journal's own protocol has fields, too."""
    configure(journal, f"log-target = {target}\n{CONFIG}",
              "StandardError=journal\n")
    journal.systemctl("start", UNIT)
    pid = journal.show(UNIT, "MainPID")
    journal.wait_for(lambda: [
        entry for entry in entries(journal, f"_PID={pid}")
        if "event=ready " in entry["MESSAGE"]])
    [ready] = [entry for entry in entries(journal, f"_PID={pid}")
               if "event=ready " in entry["MESSAGE"]]
    assert ready["PRIORITY"] == "5"
    assert ready["MESSAGE"].startswith("level=notice event=ready ")
    assert ready["_SYSTEMD_UNIT"] == UNIT
    if target == "journal":
        assert ready["MTASTS_EVENT"] == "ready"
        # the number that it has in its own namespace
        assert ready["MTASTS_PID"] == pid
        assert ready["SYSLOG_IDENTIFIER"] == "mtasts-policyd"
