"""test_setup_sendmail - mtasts setup sendmail, with Debian's real Sendmail

DESCRIPTION
    Sendmail and m4 are those that tools/unpack-packages has unpacked, found
    by $PATH under their own names; the daemon is the real one, in the lab.
"""

import os
import re
import shlex
import subprocess
import tempfile
from pathlib import Path

import pytest

from policyd import Policyd
from test_setup import ERROR, FINE, HEALTHY, PROGRAM, UNKNOWN, WARNING
from unpacked import Unpacked

SENDMAIL = "/usr/libexec/sendmail/sendmail"
ETC = {"hosts": "127.0.0.1 client.example.net localhost\n",
       "nsswitch.conf": "hosts: files\npasswd: files\ngroup: files\n"}
REPLY = "returns secure match=mx.healthy.example servername=hostname (0)"

SOURCE = """\
divert(-1)
# A comment that stays.
divert(0)dnl
include(`{features}/m4/cf.m4')dnl
OSTYPE(`linux')dnl
FEATURE(`no_default_msa')dnl
define(`confCACERT_PATH', `/etc/ssl/certs')dnl
MAILER(`smtp')dnl
"""


class Site:
    """A Sendmail and a daemon, both of this test."""

    def __init__(self, lab, folder):
        self.lab = lab
        self.folder = Path(folder)
        self.bin = self.folder / "bin"
        self.bin.mkdir()
        self.program = Unpacked("sendmail-bin", ["smmta", "smmsp"], folder,
                                ETC)
        self.command("sendmail", SENDMAIL)
        self.command("m4", "/usr/bin/m4")
        self.etc = self.folder / "mail"
        self.etc.mkdir()
        self.source(SOURCE.format(
            features=self.program.path("/usr/share/sendmail/cf")))
        self.policyd = Policyd(lab, self.folder / "mtasts")
        self.map = f"socket -d5 -T<TMPF> local:{self.policyd.socket}"

    def command(self, name, program):
        """A program under its own name, in the world that it needs."""
        words = self.program.words(program)
        words[-1] += ' "$@"'
        script = self.bin / name
        script.write_text(f'#!/bin/sh\nexec {shlex.join(words)} {name} "$@"\n')
        script.chmod(0o755)

    def source(self, text):
        """sendmail.mc, and what it makes."""
        (self.etc / "sendmail.mc").write_text(text)
        made = subprocess.run([self.bin / "m4", self.etc / "sendmail.mc"],
                              capture_output=True, text=True, check=True,
                              timeout=60)
        (self.etc / "sendmail.cf").write_text(made.stdout)

    def files(self):
        return [(self.etc / name).read_text()
                for name in ("sendmail.mc", "sendmail.cf")]

    def copies(self):
        return sorted(path.name for path in self.etc.iterdir()
                      if re.fullmatch(r"\S+\.mtasts-\d{14}", path.name))

    def setup(self, *words, status):
        done = self.lab.run(
            "env", f"PATH={self.bin}:/usr/sbin:/usr/bin", PROGRAM, "setup",
            "sendmail", "--config-dir", self.etc, "--config",
            self.policyd.config, *words, limit=90)
        assert "Sanitizer" not in done.stderr, done.stderr
        assert done.returncode == status, done.stdout + done.stderr
        self.said = " ".join(done.stdout.split())
        return done

    def has(self, *sentences):
        for sentence in sentences:
            assert sentence in self.said, self.said


@pytest.fixture(name="site")
def fixture_site(lab):
    # Sendmail takes no socket below a folder that others may write to
    with tempfile.TemporaryDirectory(prefix="mtasts-sendmail-",
                                     dir="/run") as folder:
        os.chmod(folder, 0o755)
        site = Site(lab, folder)
        try:
            yield site
        finally:
            site.policyd.stop()


def test_fresh(site):
    before = site.files()
    site.setup("--domain", HEALTHY, status=WARNING)
    site.has("is built with MTA-STS, STARTTLS and socket maps",
             f"FEATURE(`sts', `{site.map}')dnl", "by this map alone", REPLY)
    assert site.files() == before and site.copies() == []

    site.setup("--apply", "--domain", HEALTHY, status=FINE)
    site.has("As Sendmail asks:", REPLY, "systemctl restart sendmail")
    source, made = site.files()
    assert source == before[0].replace(
        "MAILER(", f"FEATURE(`sts', `{site.map}')dnl\nMAILER(")
    assert f"\nKsts {site.map}\n" in made
    assert "\nO StrictTransportSecurity=true\n" in made
    copies = site.copies()
    assert [(site.etc / name).read_text() for name in copies] == before[::-1]

    site.setup("--apply", status=FINE)
    site.has("There is nothing to change", "FEATURE(`sts') asks there", REPLY)
    assert site.files() == [source, made] and site.copies() == copies


def test_another_map(site):
    text = (site.etc / "sendmail.mc").read_text()
    site.source(text.replace("MAILER(", "FEATURE(`sts')dnl\nMAILER("))
    site.setup("--apply", status=FINE)
    site.has("Sendmail asks 'socket -d5 -T<TMPF> inet:5461@127.0.0.1'")
    assert site.files()[0] == text.replace(
        "MAILER(", f"FEATURE(`sts', `{site.map}')dnl\nMAILER(")


def test_no_authorities(site):
    text = (site.etc / "sendmail.mc").read_text()
    site.source(re.sub("define.*CACERT.*\n", "", text))
    site.setup(status=WARNING)
    site.has("Sendmail has no certificate authorities",
             "define(`confCACERT_PATH', `/etc/ssl/certs')dnl")
    site.setup("--apply", status=FINE)
    site.setup("--apply", status=FINE)
    site.has("There is nothing to change")


@pytest.mark.parametrize("what", ["edited", "gone", "broken", "mailers"])
def test_what_a_person_has_to_see_to(site, what):
    source, made = site.etc / "sendmail.mc", site.etc / "sendmail.cf"
    status, sentence = ERROR, "Nothing has been changed"
    if what == "edited":
        made.write_text(made.read_text() + "O Timeout.mail=1m\n")
        sentence = "changed without the other"
    elif what == "gone":
        source.unlink()
        sentence = "sendmail.mc is not there"
    elif what == "broken":
        source.write_text("include(`/nonexistent/cf.m4')\n")
        sentence = "makes no sendmail.cf"
    else:
        site.source(source.read_text().replace("MAILER(", " MAILER("))
        sentence = "To be in"
    before = made.read_text()
    done = site.setup("--apply", status=status)
    site.has(sentence)
    assert what != "mailers" or "put the lines in by hand" in done.stderr
    assert made.read_text() == before and site.copies() == []


def test_daemon_is_down(site):
    site.policyd.stop()
    before = site.files()
    site.setup("--apply", status=ERROR)
    site.has("mtasts-policyd does not answer", "Nothing has been changed")
    assert site.files() == before


def test_unsafe_folder(site):
    site.policyd.folder.chmod(0o777)
    site.setup("--apply", status=ERROR)
    site.has("unsafe: World writable directory")


def test_sendmail_of_another_mta(site):
    (site.bin / "sendmail").unlink()    # then it is Postfix's
    done = site.setup("--apply", status=UNKNOWN)
    assert "that of another MTA" in done.stderr
