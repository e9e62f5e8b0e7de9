"""exim - Debian's Exim with packaging/exim, on the client's host of a lab

DESCRIPTION
    Exim(lab, folder, routers, socket) asks a mtasts-policyd, or whoever
    listens, at `socket`.  The folder must be one that Exim's own user gets
    to: pytest's are not.
"""

import contextlib
import itertools
import os
import shutil
from pathlib import Path

from conftest import ROOT
from policyd import wait_for
from unpacked import Unpacked

PACKAGING = ROOT / "packaging" / "exim"
SEND_LIMIT = 60      # seconds for one message, all hosts tried
numbers = itertools.count(1)

MAIN = """\
keep_environment =
exim_path = {exim}
primary_hostname = client.example
spool_directory = {folder}/spool
log_file_path = {folder}/log/%slog
log_selector = +tls_sni +tls_certificate_verified +queue_time +millisec
smtp_accept_queue_per_connection = 0
domainlist local_domains = client.example
dns_dnssec_ok = 1
MTASTS_SOCKET = {socket}
MTASTS_TIMEOUT = 15s
MTASTS_CA = {ca}
.include {packaging}/main.conf
begin routers
{routers}
begin transports
.include {packaging}/transports.conf
remote_smtp:
  driver = smtp
  hosts_try_dane =
begin retry
* * F,2h,15m
"""
ROUTERS = """\
.include {packaging}/routers.conf
dnslookup:
  driver = dnslookup
  domains = ! +local_domains
  transport = remote_smtp
  no_more
"""


class Exim:
    def __init__(self, lab, folder, routers, socket):
        self.lab = lab
        self.folder = Path(folder)
        self.folder.chmod(0o755)
        self.program = Unpacked("exim4-daemon-light", ["Debian-exim"], folder)
        exim = self.program.ids["Debian-exim"]
        for name in ("spool", "log"):
            (self.folder / name).mkdir()
            os.chown(self.folder / name, exim, exim)
        # Exim's own user may not get to the tree.
        shutil.copytree(PACKAGING, self.folder / "packaging")
        settings = lab.settings()
        self.mail = Path(settings["LAB_MAIL"])
        packaging = self.folder / "packaging"
        (self.folder / "conf").write_text(MAIN.format(
            folder=folder, exim=self.program.path("/usr/sbin/exim4"),
            packaging=packaging, ca=settings["LAB_CA_FILE"],
            routers=routers.replace("{packaging}", str(packaging)),
            socket=socket or self.folder / "socket"))

    def run(self, *arguments, **more):
        done = self.lab.run(
            *self.program.words("/usr/sbin/exim4", "-C",
                                self.folder / "conf", *arguments),
            limit=SEND_LIMIT, **more)
        assert "onfiguration error" not in done.stderr, done.stderr
        return done

    def route(self, domain):
        """What -bt says: how a message to this domain would go."""
        return self.run("-bt", f"user@{domain}").stdout

    def send(self, domain):
        """Sends a message; (what the log says of it, who has it now)."""
        subject = f"test-{os.getpid()}-{next(numbers)}"
        before = self.log()
        self.run("-odi", "-f", "sender@client.example", f"user@{domain}",
                 input=f"Subject: {subject}\n\nhello\n")
        log = self.log()[len(before):]
        if " => " in log:  # taken: the host now puts it into its mailbox
            with contextlib.suppress(AssertionError):
                wait_for("the mailbox", lambda: self.holders(subject))
        return log, self.holders(subject)

    def log(self):
        log = self.folder / "log" / "mainlog"
        return log.read_text() if log.exists() else ""

    def holders(self, subject):
        """The mailboxes that hold it, as "mx/DOMAIN"."""
        return [str(path.relative_to(self.mail).parent.parent)
                for path in self.mail.glob("*/*/new/*")
                if f"Subject: {subject}\n" in path.read_text()]
