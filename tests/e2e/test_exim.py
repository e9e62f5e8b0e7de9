"""test_exim - packaging/exim in Debian's real Exim, sending into the lab

DESCRIPTION
    The answers are those of mtasts (reply_driver) for policies of the test,
    handed out by a server of one line; at the end those of the daemon for
    the policies of the lab.  What Exim then does is read from its log and
    from the mailboxes of the lab.
"""

import contextlib
import os
import socketserver
import tempfile
import threading

import pytest

from exim import ROUTERS, Exim
from policyd import Policyd
from unpacked import reply

# Our transport behind a router that picks no hosts: event_action is alone.
UNGUARDED = """\
dnslookup:
  driver = dnslookup
  domains = ! +local_domains
  address_data = ${readsocket{MTASTS_SOCKET}{$domain\\n}{5s}}
  transport = mtasts_secure
  no_more
"""


def policy(*mx, mode="enforce"):
    return "".join(f"{line}\n" for line in [
        "version: STSv1", f"mode: {mode}", *(f"mx: {name}" for name in mx),
        "max_age: 604800"])


class Answers(socketserver.ThreadingUnixStreamServer):
    """A line in, a line out, as mtasts-policyd does for Exim."""
    daemon_threads = True

    def __init__(self, path):
        self.by_domain = {}
        super().__init__(str(path), Answer)
        os.chmod(path, 0o666)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def policy(self, domain, *mx, **more):
        self.by_domain[domain] = reply("exim", policy(*mx, **more),
                                       domain=domain)


class Answer(socketserver.StreamRequestHandler):
    def handle(self):
        domain = self.rfile.readline().decode().strip()
        answer = self.server.by_domain.get(domain, "none")
        if answer is not None:
            self.wfile.write(answer.encode() + b"\n")


@contextlib.contextmanager
def running(lab, routers, socket=None):
    """Exim, asking `socket` or a server of its own."""
    # pytest's own folders are closed to other users
    with tempfile.TemporaryDirectory(prefix="mtasts-exim-") as folder:
        exim = Exim(lab, folder, routers, socket)
        exim.answers = Answers(exim.folder / "socket")
        try:
            yield exim
        finally:
            exim.answers.shutdown()
            exim.answers.server_close()


@pytest.fixture(scope="module")
def exim(lab):
    with running(lab, ROUTERS) as program:
        yield program


def test_routes(exim):
    exim.answers.policy("several-mx.example", "mx3.several-mx.example",
                        "mx1.several-mx.example")
    said = exim.route("several-mx.example")
    assert "router = mtasts_secure, transport = mtasts_secure" in said
    assert said.index("mx1.several-mx.example") < said.index(
        "mx3.several-mx.example"), said
    assert "mx2.several-mx.example" not in said

    exim.answers.policy("testing.example", "nothing.example", mode="testing")
    for domain in ("testing.example", "no-sts.example"):
        assert "router = dnslookup, transport = remote_smtp" in exim.route(
            domain)


def test_no_answer_is_none_to_go_on_with(exim):
    exim.answers.by_domain["healthy.example"] = None
    assert "cannot be resolved at this time" in exim.route("healthy.example")
    exim.answers.by_domain["healthy.example"] = "something else"
    assert "cannot be resolved at this time" in exim.route("healthy.example")
    exim.answers.by_domain["healthy.example"] = (
        'defer it could not be told: a, "b" $host ${x} :fail: \\n')
    assert exim.route("healthy.example").strip().endswith(
        'at this time: MTA-STS: it could not be told: a, "b" $host ${x} '
        ':fail: \\n')
    del exim.answers.by_domain["healthy.example"]


def test_daemon_is_not_there(exim):
    os.rename(exim.folder / "socket", exim.folder / "socket-away")
    try:
        said = exim.route("healthy.example")
    finally:
        os.rename(exim.folder / "socket-away", exim.folder / "socket")
    assert "cannot be resolved at this time" in said, said


def test_mx_records_cannot_be_looked_up(exim):
    """Then the message waits. Exim 4.96 would discard it, had the failure
    come out of `set` in a router."""
    for domain, mx in (("zone-bogus.example", "mx.zone-bogus.example"),
                       ("zone-bogus.example", "*.zone-bogus.example")):
        exim.answers.policy(domain, mx)
        assert "cannot be resolved at this time" in exim.route(domain)
        log, holders = exim.send(domain)
        assert holders == [] and f" == user@{domain} " in log, log
        assert " Completed" not in log


@pytest.mark.parametrize("domain, mx", [
    ("healthy.example", ["mx.healthy.example"]),
    ("healthy.example", ["MX.Healthy.example", "other.example"]),
    ("wildcard-mx.example", ["*.wildcard-mx.example"]),
    ("implicit-mx.example", ["implicit-mx.example"]),
    ("several-mx.example", ["mx3.several-mx.example"]),
])
def test_delivered(exim, domain, mx):
    exim.answers.policy(domain, *mx)
    log, holders = exim.send(domain)
    assert holders == [f"mx/{domain}"], log
    [line] = [line for line in log.splitlines() if " => " in line]
    assert "T=mtasts_secure" in line and "CV=yes" in line
    assert "TLS1." in line


@pytest.mark.parametrize("domain, mx, why", [
    # the attack that MTA-STS is for: an MX that the policy does not know,
    # with a good certificate of its own
    ("mx-not-in-policy.example", ["other.mx-not-in-policy.example"],
     "no MX host of mx-not-in-policy.example is in its policy"),
    # one label is one label
    ("wildcard-mx.example", ["*.example"],
     "no MX host of wildcard-mx.example is in its policy"),
    ("implicit-mx.example", ["*.example.net"],
     "no MX host of implicit-mx.example is in its policy"),
    ("smtp-no-starttls.example", ["mx.smtp-no-starttls.example"],
     "a TLS session is required"),
    ("smtp-expired.example", ["mx.smtp-expired.example"],
     "certificate verification failed"),
    ("smtp-wrong-name.example", ["mx.smtp-wrong-name.example"],
     "certificate verification failed"),
    ("smtp-untrusted.example", ["mx.smtp-untrusted.example"],
     "certificate verification failed"),
])
def test_refused(exim, domain, mx, why):
    exim.answers.policy(domain, *mx)
    log, holders = exim.send(domain)
    assert holders == []
    assert f" == user@{domain} " in log and why in log, log
    assert " ** " not in log  # never for good


def test_dane(exim):
    domains = ("dane.example", "dane-self-signed.example",
               "dane-mismatch.example", "no-sts.example",
               "smtp-wrong-name.example", "unsigned.example")
    for domain in domains:
        exim.answers.by_domain[domain] = reply("exim", "", domain=domain,
                                               dane=True)
    for domain in domains[:2]:
        log, holders = exim.send(domain)
        assert holders == [f"mx/{domain}"] and "CV=dane" in log, log
    # records that have gone meanwhile: the Web PKI has to do
    log, holders = exim.send("no-sts.example")
    assert holders == ["mx/no-sts.example"] and "CV=yes" in log, log
    # wrong records; a bad certificate and none; no DNSSEC
    for domain in domains[2:3] + domains[4:]:
        log, holders = exim.send(domain)
        assert holders == [] and f" == user@{domain} " in log, log


def test_none_is_opportunistic(exim):
    exim.answers.by_domain["smtp-no-starttls.example"] = "none"
    exim.answers.by_domain["smtp-wrong-name.example"] = "none"
    # what failed above under a policy is not remembered against the host
    for domain in ("smtp-no-starttls.example", "smtp-wrong-name.example"):
        log, holders = exim.send(domain)
        assert holders == [f"mx/{domain}"], log


def test_one_domain_does_not_stop_another(exim):
    """Whoever names somebody else's MX hosts cannot stop that mail."""
    exim.answers.policy("customer.example", "nothing.example")
    exim.answers.policy("provider.example", "mx.provider.example")
    log, holders = exim.send("customer.example")
    assert holders == [], log
    log, holders = exim.send("provider.example")
    assert holders == ["mx/provider.example"], log


def test_event_refuses_by_itself(lab):
    with running(lab, UNGUARDED) as exim:
        exim.answers.policy("wildcard-mx.example", "*.wildcard-mx.example")
        exim.answers.policy("several-mx.example", "mx2.several-mx.example")
        exim.answers.policy("healthy.example", "*.example")
        log, holders = exim.send("wildcard-mx.example")
        assert holders == ["mx/wildcard-mx.example"], log
        log, holders = exim.send("several-mx.example")
        assert holders == ["mx/several-mx.example"], log
        assert "H=mx1.several-mx.example" in log  # was not to be asked
        assert "=> user@several-mx.example" in log
        assert "T=mtasts_secure H=mx2.several-mx.example" in log
        log, holders = exim.send("healthy.example")
        assert holders == [], log


# ---- the daemon, and the policies that the lab publishes ----

@pytest.fixture(scope="module", name="asking")
def fixture_asking(lab):
    # pytest's own folders are closed to the user of Exim
    with tempfile.TemporaryDirectory(prefix="mtasts-policyd-") as folder:
        os.chmod(folder, 0o755)
        with Policyd(lab, folder) as daemon, running(
                lab, ROUTERS, daemon.folder / "exim.sock") as exim:
            yield exim


@pytest.mark.parametrize("domain, transport", [
    ("healthy.example", "mtasts_secure"),
    ("wildcard-mx.example", "mtasts_secure"),
    ("customer.example", "mtasts_secure"),
    ("xn--bcher-kva.example", "mtasts_secure"),
    ("testing.example", "remote_smtp"),
    ("no-sts.example", "remote_smtp"),
    ("host-404.example", "remote_smtp"),
    ("sts-servfail.example", "remote_smtp"),
])
def test_daemon_delivered(asking, domain, transport):
    log, holders = asking.send(domain)
    assert len(holders) == 1 and holders[0].startswith("mx/"), log
    [line] = [line for line in log.splitlines() if " => " in line]
    assert f"T={transport} " in line, line
    assert ("CV=yes" in line) is (transport == "mtasts_secure")


def test_daemon_picks_the_hosts(asking):
    """One of two MX hosts is in the policy."""
    log, holders = asking.send("mx-not-in-policy.example")
    assert holders == ["mx/mx-not-in-policy.example"], log
    assert "H=mx1.mx-not-in-policy.example" in log
    assert "mx2" not in log


@pytest.mark.parametrize("domain", [
    "smtp-no-starttls.example", "smtp-expired.example",
    "smtp-wrong-name.example", "smtp-self-signed.example",
    "mx-implicit.example"])
def test_daemon_refused(asking, domain):
    log, holders = asking.send(domain)
    assert holders == [] and f" == user@{domain} " in log, log
