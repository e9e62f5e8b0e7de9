"""test_simulate - what `mtasts simulate` says would become of mail

DESCRIPTION
    All domains of the lab at once, and what is said of some of them; all are
    held against the replies of the real daemon, whose verdict it foretells.
    Then the logs of the three MTAs.
"""

import json

import jsonschema
import pytest

from conftest import ROOT
from policyd import Policyd, each
from test_check import EXIT_ERROR, EXIT_OK, EXIT_UNKNOWN, EXIT_WARNING, program

SCHEMA = json.loads((ROOT / "docs/simulate.schema.json").read_text("utf-8"))
RUN_LIMIT = 480      # seconds for all domains: some wait for deadlines
ENFORCED = {"refused", "partly", "passes"}
PROBED = [
    ("healthy.example", "passes", None),
    ("mx-not-in-policy.example", "partly", "validation-failure"),
    ("smtp-no-starttls.example", "refused", "starttls-not-supported"),
    ("smtp-expired.example", "refused", "certificate-expired"),
    ("smtp-wrong-name.example", "refused", "certificate-host-mismatch"),
    ("smtp-self-signed.example", "refused", "certificate-not-trusted"),
    ("smtp-untrusted.example", "refused", "certificate-not-trusted"),
]


def simulate(lab, *words, fed=None):
    """(exit status, what was printed)"""
    settings = lab.settings()
    done = lab.run(program(), "simulate",
                   "--resolver", settings["LAB_RESOLVER"],
                   "--trust-anchor", settings["LAB_TRUST_ANCHOR"],
                   "--ca-file", settings["LAB_CA_FILE"],
                   "--allow-private", *words, limit=RUN_LIMIT, input=fed)
    assert "Sanitizer" not in done.stderr, done.stderr
    return done.returncode, done.stdout


def documents(lab, *words, fed=None):
    """(exit status, documents by domain, summary); all keep to the schema."""
    status, text = simulate(lab, "--json", *words, fed=fed)
    *rows, summary = map(json.loads, text.splitlines())
    validator = jsonschema.Draft202012Validator(SCHEMA)
    for document in [*rows, summary]:
        assert not list(validator.iter_errors(document)), document
    return status, {row["domain"]: row for row in rows}, summary["summary"]


def domains_of(lab):
    return (lab.dir / "domains.txt").read_text()


@pytest.fixture(scope="module", name="quiet")
def fixture_quiet(lab):
    """Without SMTP, and without all patience for hosts that never answer."""
    return documents(lab, "--timeout", "15", "--from", "-",
                     fed=domains_of(lab))


@pytest.fixture(scope="module", name="probed")
def fixture_probed(lab):
    return documents(lab, "--probe", *(domain for domain, *_ in PROBED))


def test_every_domain_has_an_outcome(lab, quiet):
    status, found, summary = quiet
    assert sorted(found) == sorted(domains_of(lab).split())
    for outcome, row in summary["outcomes"].items():
        assert row["domains"] == row["messages"] == sum(
            document["outcome"] == outcome for document in found.values())
    assert status == EXIT_ERROR


def test_the_daemon_says_the_same(lab, quiet, tmp_path):
    """What is enforced is what an MTA would be told to enforce."""
    found = quiet[1]
    with Policyd(lab, tmp_path) as daemon:
        replies = dict(zip(found, each(list(found), daemon.ask)))
    for domain, document in found.items():
        secure = replies[domain].startswith("OK secure")
        if document["outcome"] == "unknown":
            continue
        if document["outcome"] == "no-mail":
            assert document["mode"] != "enforce" or secure, domain
        else:
            assert secure == (document["outcome"] in ENFORCED), document


@pytest.mark.parametrize("domain, outcome, mx", [
    ("healthy.example", "passes", {}),
    ("mx-not-in-policy.example", "partly",
     {"mx2.mx-not-in-policy.example": "validation-failure"}),
    ("testing.example", "testing", {}),
    ("no-sts.example", "none", {}),
    ("host-404.example", "broken", {}),
    ("sts-multiple.example", "broken", {}),
    ("sts-servfail.example", "unknown", {}),
    ("mx-null.example", "no-mail", {}),
    # a fault that only SMTP shows
    ("smtp-expired.example", "passes", {}),
    ("dane-mismatch.example", "passes", {}),
])
def test_without_smtp(quiet, domain, outcome, mx):
    document = quiet[1][domain]
    assert document["outcome"] == outcome, document
    assert {host["host"]: host["result"] for host in document["mx"]
            if host["outcome"] == "refused"} == mx


@pytest.mark.parametrize("domain, outcome, result", PROBED)
def test_with_smtp(probed, domain, outcome, result):
    document = probed[1][domain]
    assert document["outcome"] == outcome, document
    results = {host["result"] for host in document["mx"]
               if host["outcome"] == "refused"}
    assert results == ({result} if result else set())


def test_dane_goes_first(lab):
    _, found, _ = documents(lab, "--probe", "--dane", "dane.example",
                            "dane-mismatch.example", "healthy.example")
    assert {name: (row["outcome"], row["dane"])
            for name, row in found.items()} == {
        "dane.example": ("passes", True),
        "dane-mismatch.example": ("refused", True),
        "healthy.example": ("passes", False)}
    # without it the policy decides, which that host keeps to
    _, found, _ = documents(lab, "--probe", "dane-mismatch.example")
    assert found["dane-mismatch.example"]["outcome"] == "passes"


LOGS = {
    "postfix": """\
Nov 22 06:25:01 mx postfix/smtp[1]: 4F2A: to=<a@healthy.example>, \
relay=mx.healthy.example[198.18.48.16]:25, delay=1.2, \
delays=0.1/0/0.5/0.6, dsn=2.0.0, status=sent (250 2.0.0 Ok)
Nov 22 06:25:02 mx postfix/smtp[1]: 4F2B: to=<b@smtp-expired.example>, \
relay=none, delay=1.2, delays=0.1/0/0.5/0.6, dsn=4.4.1, \
status=deferred (connect to mx[198.18.48.9]:25: Connection timed out)
Nov 22 06:25:03 mx postfix/smtp[1]: 4F2B: to=<b@smtp-expired.example>, \
relay=mx[198.18.48.9]:25, delay=9, delays=1/0/0.5/0.6, dsn=2.0.0, status=sent (ok)
Nov 22 06:25:04 mx postfix/local[1]: 4F2C: to=<root@no-sts.example>, \
relay=local, delay=1.2, delays=0.1/0/0.5/0.6, dsn=2.0.0, status=sent (to box)
Nov 22 06:25:05 mx postfix/qmgr[1]: 4F2C: removed
""",
    "sendmail": """\
Nov 22 06:25:01 mx sendmail[9]: 5AM: to=<a@healthy.example>, \
delay=00:00:01, xdelay=00:00:01, mailer=esmtp, pri=120313, \
relay=mx.healthy.example. [198.18.48.16], dsn=2.0.0, stat=Sent (Ok)
Nov 22 06:25:02 mx sendmail[9]: 5AN: to=<b@smtp-expired.example>, \
delay=00:00:01, xdelay=00:00:01, mailer=esmtp, pri=120313, \
relay=mx. [198.18.48.9], dsn=4.0.0, stat=Deferred: Connection refused
Nov 22 06:25:03 mx sendmail[9]: 5AN: to=<b@smtp-expired.example>, \
delay=00:00:02, xdelay=00:00:01, mailer=esmtp, pri=120313, \
relay=mx. [198.18.48.9], dsn=2.0.0, stat=Sent (Ok)
Nov 22 06:25:04 mx sendmail[9]: 5AO: to=root, delay=00:00:01, \
xdelay=00:00:00, mailer=local, pri=30000, dsn=2.0.0, stat=Sent
""",
    "exim": """\
2026-11-22 06:25:01 1xV3uB-0007Wi-1j <= me@client.example U=me P=local S=3
2026-11-22 06:25:01 1xV3uB-0007Wi-1j => a@healthy.example R=dnslookup \
T=remote_smtp H=mx.healthy.example [198.18.48.16] X=TLS1.3 C="250 Ok"
2026-11-22 06:25:02 1xV3uB-0007Wi-1k == b@smtp-expired.example R=dnslookup \
T=remote_smtp defer (-44) H=mx.smtp-expired.example [198.18.48.9]: try later
2026-11-22 06:25:03 1xV3uB-0007Wi-1k => b@smtp-expired.example R=dnslookup \
T=remote_smtp H=mx.smtp-expired.example [198.18.48.9] C="250 Ok"
2026-11-22 06:25:04 1xV3uB-0007Wi-1l => root <root@no-sts.example> \
R=local_user T=mail_spool
2026-11-22 06:25:04 1xV3uB-0007Wi-1l Completed
""",
}


@pytest.mark.parametrize("mta", LOGS)
def test_logs(lab, tmp_path, mta):
    log = tmp_path / "mail.log"
    log.write_text(LOGS[mta])
    status, found, summary = documents(lab, "--probe", "--from", str(log))
    assert {name: (row["messages"], row["deferrals"], row["outcome"])
            for name, row in found.items()} == {
        "healthy.example": (1, 0, "passes"),
        "smtp-expired.example": (1, 1, "refused")}
    assert summary["source"] == "log" and status == EXIT_ERROR


def test_for_people(lab, tmp_path):
    listed = tmp_path / "domains"
    listed.write_text("# ours\nhealthy.example\nA@Healthy.Example\n\n"
                      "smtp-expired.example # known\nno-sts.example\n")
    status, text = simulate(lab, "--probe", "--from", str(listed))
    assert status == EXIT_ERROR
    assert max(map(len, text.splitlines())) <= 80
    assert (" refused   smtp-expired.example (enforce, 1 message)\n"
            "             mx.smtp-expired.example: its certificate has "
            "expired, or is not yet\n               valid\n") in text
    assert " passes    healthy.example (enforce, 2 messages)\n" in text
    assert "no-sts" not in text
    *_, refused, passes, none = text.splitlines()
    assert refused.split()[:3] == ["refused", "1", "1"]
    assert passes.split()[:3] == ["passes", "1", "2"]
    assert none.split()[:3] == ["none", "1", "1"]
    # who asks for nothing that is refused, need not worry
    assert simulate(lab, "healthy.example")[0] == EXIT_OK
    assert simulate(lab, "mx-not-in-policy.example")[0] == EXIT_WARNING
    assert simulate(lab, "sts-servfail.example")[0] == EXIT_UNKNOWN
