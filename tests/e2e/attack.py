"""attack - mail under attack, in a lab of its own

DESCRIPTION
    Debian's Postfix and Exim (senders.py) send through mtasts-policyd to a
    domain for each cell of a matrix: MTA x policy mode x attack x state of
    the cache x DANE.  matrix() is all of it for an MTA, short() a part.  What
    was attacked is seen in the queue of the sender and in the mailboxes, the
    attacker's and the right ones.

    Attacks (all but spoof also put the attacker in the place of the MX
    host, with a server that takes any mail):
        strip     it offers no STARTTLS
        cert      it has a certificate, for another name
        spoof     the MX record names the attacker's host, which has a good
                  certificate of its own
        block     nothing reaches the policy host
        gone      the TXT record is gone
        bogus     the TXT record has a new id; the policy host is the
                  attacker's, with a certificate for another name
        redirect  the TXT record has a new id; the policy host redirects to
                  the attacker's
    The same four attacks on the policy alone, with the MX host left alone
    ("calm"), must not hold up mail.

    States of the cache: cold; warm; expired: a policy was cached and has
    ended when the attack begins.

    With DANE the zone is signed, the MX host has TLSA records and the sender
    and policyd are set to use them.  What an attacker changes in a signed
    zone does not validate.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from conftest import Lab
from mtlab import netns, plan, postfix, process, table
from mtlab.state import State
from policyd import Policyd, each, wait_for
from senders import SENDERS, answers

UNBOUND = "/usr/sbin/unbound"
SETTLED = 90         # seconds until every message was tried once
SHORT_AGE = 3        # max_age of the policies that shall expire
EVIL = "mx.attacker.example"

MODES = ("enforce", "testing", "none")
CACHES = ("cold", "warm", "expired")
# on the way of the mail, and on the way to the policy
ATTACKS = ("strip", "cert", "spoof", "block", "gone", "bogus", "redirect")
ON_POLICY = ("block", "gone", "bogus", "redirect")
BROKEN = ("servfail", "timeout")           # of a cold domain's _mta-sts

@dataclass(frozen=True)
class Cell:
    mode: str
    attack: str
    cache: str
    dane: bool = False
    calm: bool = False      # the MX host is left alone
    mta: str = "postfix"

    @property
    def domain(self):
        words = ["calm" if self.calm else self.mode, self.attack, self.cache,
                 "dane" if self.dane else "plain", self.mta]
        return "-".join(words) + ".example"

    @property
    def warmed(self):
        return self.cache != "cold"

    def expected(self):
        """refused: nobody gets it; taken: the attacker; right: the host."""
        if self.calm:
            return "right"
        if self.dane:
            return "refused"
        if self.mode != "enforce":
            return "taken"
        if self.cache != "warm" and self.attack in ON_POLICY:
            return "taken"      # what MTA-STS cannot protect: first contact
        return "refused"


def matrix(mta, modes=MODES, caches=CACHES, dane=(False, True)):
    cells = [Cell(mode, attack, cache, with_dane, mta=mta)
             for mode in modes for attack in ATTACKS for cache in caches
             for with_dane in dane]
    cells += [Cell("enforce", attack, cache, calm=True, mta=mta)
              for attack in ON_POLICY for cache in ("cold", "warm")]
    cells += [Cell("enforce", way, "cold", calm=True, mta=mta)
              for way in BROKEN]
    return cells


def short(mta):
    """Each attack on what is protected, each way to be unprotected once, and
    what an attack on the policy alone must not hold up."""
    def has_its_place(cell):
        if cell.calm:
            return cell.cache == "warm" or cell.attack in ("block", *BROKEN)
        if cell.mode != "enforce":
            return (cell.attack, cell.cache, cell.dane) == ("strip", "warm",
                                                            False)
        if cell.cache == "expired":
            return cell.attack == "gone" and not cell.dane
        if cell.dane:
            return cell.attack == "spoof" or (
                cell.attack == "strip" and cell.cache == "warm")
        return cell.cache == "warm" or cell.attack in (
            "strip", "cert", "spoof", "block")

    return [cell for cell in matrix(mta) if has_its_place(cell)]


def _row(cell):
    """The cell's domain for the lab's table."""
    row = {"domain": cell.domain, "about": "attacked", "section": "healthy",
           "dns": "signed" if cell.dane else "unsigned", "sts_ttl": 1,
           "policy": {"mode": cell.mode, "max_age":
                      SHORT_AGE if cell.cache == "expired" else 604800}}
    if cell.dane:
        row["mx"] = [{"dane": ["3 1 match"]}]
    if cell.attack in BROKEN:
        row["broken"] = {"_mta-sts": cell.attack}
    return row


def _toml(value):
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(k)} = {_toml(v)}"
                                for k, v in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value)


def write_table(cells, path):
    rows = [{"domain": "attacker.example", "about": "the attacker's own",
             "section": "healthy", "mx": [{"at": "attacker"}]}]
    rows += [_row(cell) for cell in cells]
    text = "".join("[[scenario]]\n" + "".join(
        f"{key} = {_toml(value)}\n" for key, value in row.items()) + "\n"
        for row in rows)
    path.write_text(text)


class World:
    """The lab, two policyds (without and with DANE) and a sender to ask each
    of them for every MTA."""

    def __init__(self, cells, folder):
        self.cells = cells
        self.folder = Path(folder)
        self.children = []
        self.policyd = {}
        self.senders = {}       # by MTA and DANE
        self.lab = Lab(f"/run/mtasts-lab-attack-{os.getpid()}")
        self.state = State(str(self.lab.dir))
        file = self.folder / "table.toml"
        write_table(cells, file)
        self.lab.env["MTASTS_LAB_TABLE"] = str(file)
        self.rows = table.load(file)
        self.plan = plan.make(self.rows)

    def __enter__(self):
        self.lab.up()
        try:
            for dane in (False, True):
                self._start_policyd(dane)
            for mta in {cell.mta for cell in self.cells}:
                for dane in (False, True):
                    self.senders[mta, dane] = SENDERS[mta](self, dane)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        for sender in self.senders.values():
            sender.close()
        for daemon in self.policyd.values():
            daemon.stop()
        for child in reversed(self.children):
            child.send_signal(signal.SIGTERM)
        for child in self.children:
            child.wait(timeout=30)
        self.children = []
        self.lab.down()
        assert self.lab.remains() == []

    # ---- daemons of the client ----

    def _start_policyd(self, dane):
        options = (f"default-tls-level = {'dane' if dane else 'may'}\n"
                   f"    dane = {'on' if dane else 'off'}\n"
                   "    txt-ttl-min = 1s")
        # Postfix's own user has to get there.
        folder = self.state.folder("client", "dane" if dane else "plain")
        self.policyd[dane] = Policyd(self.lab, folder, options)

    # ---- before the attack ----

    def warm(self):
        """Policies into the caches; those that shall expire have expired."""
        warmed = [cell for cell in self.cells if cell.warmed]
        each(warmed, lambda cell: self.policyd[cell.dane].ask(cell.domain))
        time.sleep(SHORT_AGE + 1.5)

    # ---- the attack ----

    def hosts_of(self, cell, hosts):
        return [host for host in hosts if host.row.domain == cell.domain]

    def _addresses(self, cells, hosts):
        return [address for cell in cells
                for host in self.hosts_of(cell, hosts)
                for address in host.listen]

    def _of(self, *attacks):
        return [cell for cell in self.cells if cell.attack in attacks]

    def _take_over(self, addresses):
        """The attacker's own from now on: he is on the path."""
        netns.ip(self.state.namespace("attacker"), [
            f"addr add {a}/{128 if ':' in a else 32} dev lo"
            + (" nodad" if ":" in a else "") for a in addresses])

    def _hijack_mx(self):
        """A Postfix of the attacker in the place of MX hosts."""
        evil = self.state.path("pki", f"{EVIL}_good.all")
        services, last = "", None
        for cell in self.cells:
            if cell.calm or cell.attack == "spoof":
                continue
            addresses = self._addresses([cell], self.plan.mxs)
            self._take_over(addresses)
            for last in addresses:
                where = f"[{last}]" if ":" in last else last
                services += f"{where}:25 inet n - n - - smtpd\n"
                services += ("  -o smtpd_tls_security_level=none\n"
                             if cell.attack != "cert" else
                             f"  -o smtpd_tls_chain_files={evil}\n")
        postfix.start_instance(self.state, "hijack", "attacker",
                               lambda: services, last,
                               [cell.domain for cell in self.cells])

    def _edit_zones(self):
        for cell in self.cells:
            file = self.state.path("zones", f"{cell.domain}.zone")
            lines = file.read_text().splitlines(keepends=True)
            if cell.attack == "gone":
                lines = [line for line in lines if not re.match(
                    r"_mta-sts\S* \d+ IN (TXT|RRSIG TXT) ", line)]
            elif cell.attack in ("bogus", "redirect"):
                lines = [line.replace("id=20240101", "id=66666666")
                         for line in lines]
            elif cell.attack == "spoof":
                lines = [re.sub(r"( IN MX \d+) \S+", rf"\1 {EVIL}.", line)
                         for line in lines]
            file.write_text("".join(lines))
        os.kill(self.lab.pids()["nsd-zones"], signal.SIGHUP)

    def _restart_resolver(self):
        os.kill(self.lab.pids()["unbound"], signal.SIGTERM)
        wait_for("Unbound to end", lambda: not netns.inside(
            self.state.namespace("client"), answers, 53))
        self.children.append(process.start(
            self.state, "unbound", self.state.namespace("client"),
            [UNBOUND, "-d", "-p", "-c",
             self.state.path("unbound", "unbound.conf")]))
        wait_for("Unbound", lambda: netns.inside(
            self.state.namespace("client"), answers, 53))

    def _block(self):
        netns.ip(self.state.namespace("attacker"), [
            f"route add blackhole {a}/{128 if ':' in a else 32}"
            for a in self._addresses(self._of("block"), self.plan.webs)])

    def _bogus_host(self):
        addresses = self._addresses(self._of("bogus"), self.plan.webs)
        self._take_over(addresses)
        script = Path(__file__).with_name("bogus_host.py")
        child = netns.inside(
            self.state.namespace("attacker"), subprocess.Popen,
            [sys.executable, "-B", script,
             self.state.path("pki", f"{EVIL}_good.all"), *addresses],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self.children.append(child)
        assert child.stdout.readline() == b"ready\n"

    def _redirect(self):
        file = self.state.path("nginx", "nginx.conf")
        text = file.read_text()
        for cell in self._of("redirect"):
            text = re.sub(
                rf"(server_name mta-sts\.{re.escape(cell.domain)};.*?)"
                r"location = [^\n]*\n",
                rf"\1return 302 https://{EVIL}/mta-sts.txt;\n", text, count=1,
                flags=re.S)
        file.write_text(text)
        os.kill(self.lab.pids()["nginx"], signal.SIGHUP)

    def attack(self):
        self._hijack_mx()
        self._edit_zones()
        self._block()
        self._bogus_host()
        self._redirect()
        time.sleep(1)     # NSD and nginx read what was changed
        self._restart_resolver()

    # ---- mail ----

    def send(self, cells, mark):
        """A message to each domain; returns when each was tried once."""
        for (mta, dane), sender in self.senders.items():
            mine = [cell.domain for cell in cells
                    if (cell.mta, cell.dane) == (mta, dane)]
            if mine:
                sender.send(mine, mark)
        wait_for("every message to be tried",
                 lambda: len(self.results(mark)) == len(cells), SETTLED)
        return self.results(mark)

    def results(self, mark):
        """{domain: (status, delay in seconds, text)} by the senders' logs."""
        return {domain: result for sender in self.senders.values()
                for domain, result in sender.results(mark).items()}

    def mailbox(self, who, domain):
        folder = self.state.path("mail", who, domain, "new")
        return len(list(folder.iterdir())) if folder.is_dir() else 0

    def outcome(self, cell):
        stolen = sum(self.mailbox(who, cell.domain)
                     for who in ("hijack", "attacker"))
        right = self.mailbox("mx", cell.domain)
        assert not (stolen and right), cell
        return "taken" if stolen else "right" if right else "refused"
