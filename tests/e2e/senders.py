"""senders - the MTAs that send under attack (attack.py)

DESCRIPTION
    Each asks one mtasts-policyd and has a queue of its own.  send() takes a
    message for each domain; results() says by the MTA's log what became of
    those of a mark, once they were tried.

    Both only try once: what was deferred stays in the queue.
"""

import os
import re
import shutil
import signal
import socket
import subprocess

from conftest import LAB
from exim import ROUTERS, Exim
from mtlab import netns, postfix
from policyd import wait_for

POSTFIX_PORT = {False: 2525, True: 2526}   # by DANE

POSTFIX = postfix.OWN + """\
myhostname = client.lab
mydestination =
inet_interfaces = loopback-only
inet_protocols = all
mynetworks = 127.0.0.0/8
alias_maps =
local_recipient_maps =
smtpd_peername_lookup = no
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_tls_security_level = none
default_process_limit = 200
minimal_backoff_time = 4000s
queue_run_delay = 4000s
smtp_connect_timeout = 5s
smtp_tls_security_level = {level}
smtp_dns_support_level = {support}
smtp_tls_policy_maps = socketmap:unix:{socket}:postfix
smtp_tls_CAfile = {ca}
smtp_tls_loglevel = 1
"""


class Postfix:
    def __init__(self, world, dane):
        self.state = world.state
        self.port = POSTFIX_PORT[dane]
        name = "sender-dane" if dane else "sender"
        self.log = self.state.path("postfix", name, "log")
        postfix.prepare(self.state, name)
        folder = self.state.folder("postfix", name)
        main = self.state.write(f"postfix/{name}/main.cf", POSTFIX.format(
            dir=folder, log=folder / "log", level="dane" if dane else "may",
            support="dnssec" if dane else "enabled",
            socket=world.policyd[dane].socket,
            ca=world.lab.settings()["LAB_CA_FILE"]))
        # Postfix waits for two seconds when its main.cf looks half-written.
        os.utime(main, (0, 0))
        self.state.write(f"postfix/{name}/master.cf", postfix.MASTER +
                         f"127.0.0.1:{self.port} inet n - n - - smtpd\n")
        with open(folder / "output", "ab") as output:
            self.child = subprocess.Popen(
                [LAB, "exec", "--", "env", f"MAIL_CONFIG={folder}",
                 "/usr/lib/postfix/sbin/master", "-d", "-c", folder],
                env=world.lab.env, stdin=subprocess.DEVNULL, stdout=output,
                stderr=output)
        wait_for("the sender", lambda: netns.inside(
            self.state.namespace("client"), answers, self.port))

    def close(self):
        self.child.send_signal(signal.SIGTERM)
        self.child.wait(timeout=30)

    def send(self, domains, mark):
        netns.inside(self.state.namespace("client"), _inject, self.port,
                     domains, mark)

    def results(self, mark):
        """{domain: (status, delay in seconds, the log's text)}"""
        pattern = re.compile(
            rf"to=<{mark}@([^>]+)>, .*delay=([0-9.]+), .*status=(\w+) \((.*)\)"
        )
        return {match[1]: (match[3], float(match[2]), match[4])
                for line in self.log.read_text(errors="replace").splitlines()
                if (match := pattern.search(line))}


class EximSender:
    STATUS = {"=>": "sent", "->": "sent", "==": "deferred", "**": "bounced"}

    def __init__(self, world, dane):
        folder = world.state.folder("exim-dane" if dane else "exim")
        self.exim = Exim(world.lab, folder, ROUTERS,
                         world.policyd[dane].folder / "exim.sock")

    def close(self):
        """Nothing of it runs once all was tried."""

    def send(self, domains, mark):
        # What failed before shall be tried again now.
        shutil.rmtree(self.exim.folder / "spool" / "db", ignore_errors=True)
        text = "".join(f"MAIL FROM:<>\nRCPT TO:<{mark}@{domain}>\nDATA\n"
                       f"Subject: {mark}\n\nA message.\n.\n"
                       for domain in domains)
        self.exim.run("-odb", "-bS", input=text)

    def results(self, mark):
        pattern = re.compile(rf" (=>|->|==|\*\*) {mark}@(\S+) (.*)")
        found = {}
        for line in self.exim.log().splitlines():
            if match := pattern.search(line):
                took = re.search(r"QT=([0-9.]+)s", match[3])
                found[match[2]] = (self.STATUS[match[1]],
                                   float(took[1]) if took else 0.0, match[3])
        return found


SENDERS = {"postfix": Postfix, "exim": EximSender}


def answers(port):
    with socket.socket() as client:
        client.settimeout(2)
        return client.connect_ex(("127.0.0.1", port)) == 0


def _inject(port, domains, mark):
    if not domains:
        return
    with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
        file = client.makefile("rwb")

        def say(line, code):
            if line:
                file.write(line.encode() + b"\r\n")
                file.flush()
            while True:
                answer = file.readline().decode()
                assert answer.startswith(code), answer
                if answer[3:4] != "-":
                    return

        say("", "220")
        say("EHLO client.lab", "250")
        for domain in domains:
            say("MAIL FROM:<>", "250")
            say(f"RCPT TO:<{mark}@{domain}>", "250")
            say("DATA", "354")
            say(f"Subject: {mark}\r\n\r\nA message.\r\n.", "250")
        say("QUIT", "221")
