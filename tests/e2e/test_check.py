"""test_check - `mtasts check` finds in each lab domain what the table says

DESCRIPTION
    One bulk run over all domains of the lab, with --ndjson, from the
    client's host, then a test for each row: the findings of severity error,
    warning and unknown are exactly those of `expect`, by rule id; their
    severities those of `severity`; the rest exactly the row's info.

    The program is $MTASTS_BIN, else mtasts in $MTASTS_BUILD, else in build/.
"""

import json
import os
import subprocess
import time

import pytest

from conftest import ROOT
from mtlab import table

RUN_LIMIT = 480      # seconds for all domains: some wait for deadlines
ONE_LIMIT = 60
TABLE = table.load()
ROWS = TABLE.scenarios
EXIT_OK, EXIT_WARNING, EXIT_ERROR, EXIT_UNKNOWN = 0, 1, 2, 3


def program():
    path = os.environ.get("MTASTS_BIN") or os.path.join(
        os.environ.get("MTASTS_BUILD") or ROOT / "build", "mtasts")
    if not os.access(path, os.X_OK):
        pytest.fail(f"no program at {path}: set MTASTS_BIN", pytrace=False)
    return os.path.abspath(path)


def check(lab, *more, limit=ONE_LIMIT):
    settings = lab.settings()
    return lab.run(program(), "check",
                   "--root-hints", settings["LAB_ROOT_HINTS"],
                   "--trust-anchor", settings["LAB_TRUST_ANCHOR"],
                   "--ca-file", settings["LAB_CA_FILE"],
                   "--allow-private", *more, limit=limit)


@pytest.fixture(scope="module")
def documents(lab):
    """{domain: document} of one run over all of them."""
    done = check(lab, "--ndjson", "--jobs", "20", "--thorough", "--from",
                 lab.settings()["LAB_DOMAINS"], limit=RUN_LIMIT)
    found = {}
    for line in done.stdout.splitlines():
        document = json.loads(line)
        assert document["domain"] not in found, "a domain twice"
        found[document["domain"]] = document
    assert found, done.stderr
    return found


def levels(document):
    """{rule: worst severity} of a document's findings."""
    order = ("info", "unknown", "warning", "error")
    found = {}
    for finding in document["findings"]:
        rule, severity = finding["rule"], finding["severity"]
        worst = max(found.get(rule, "info"), severity, key=order.index)
        found[rule] = worst
    return found


@pytest.mark.parametrize("row", ROWS, ids=[row.domain for row in ROWS])
def test_row(documents, row):
    assert row.domain in documents, "no document for the domain"
    found = levels(documents[row.domain])
    told = json.dumps(documents[row.domain]["findings"], indent=1)
    grave = {rule for rule, level in found.items() if level != "info"}
    assert grave == set(row.expect), told
    for rule, level in row.severity.items():
        assert found[rule] == level, told
    light = {rule for rule, level in found.items() if level == "info"}
    assert light == set(TABLE.expected_info(row)), told


def test_nothing_but_the_table(documents):
    assert set(documents) == {row.domain for row in ROWS}


def test_every_rule_has_a_row():
    """A rule that no domain of the lab calls up is not proved to work."""
    listed = subprocess.run([program(), "rules", "--json"], text=True,
                            capture_output=True, timeout=ONE_LIMIT)
    known = {rule["rule"] for rule in json.loads(listed.stdout)}
    named = {rule for row in ROWS
             for rule in row.expect + TABLE.expected_info(row)}
    assert named == known


@pytest.mark.parametrize("domain,status", [
    ("healthy.example", EXIT_OK),
    ("tlsrpt-missing.example", EXIT_WARNING),
    ("smtp-expired.example", EXIT_ERROR),
    ("sts-servfail.example", EXIT_UNKNOWN),
])
def test_exit_status(lab, domain, status):
    done = check(lab, domain)
    assert done.returncode == status, done.stdout + done.stderr


def test_unicode_name(lab):
    done = check(lab, "--json", "b\u00fccher.example")
    assert json.loads(done.stdout)["domain"] == "xn--bcher-kva.example"


def test_healthy_is_quick(lab):
    begun = time.monotonic()
    assert check(lab, "healthy.example").returncode == EXIT_OK
    assert time.monotonic() - begun < 10


def check_stripped(lab, *more):
    """Through a resolver that strips DNSSEC from what it forwards."""
    settings = lab.settings()
    return lab.run(program(), "check", "--resolver",
                   settings["LAB_STRIPPING_RESOLVER"], "--trust-anchor",
                   settings["LAB_TRUST_ANCHOR"], "--ca-file",
                   settings["LAB_CA_FILE"], "--allow-private", *more,
                   limit=ONE_LIMIT)


def test_stripping_resolver_is_lived_with(lab):
    """DNSSEC off, said so, and the domain is still judged."""
    done = check_stripped(lab, "--json", "healthy.example")
    assert done.returncode == EXIT_OK, done.stdout + done.stderr
    document = json.loads(done.stdout)
    assert levels(document) == {"dane-unsigned": "info"}
    assert document["verdict"]["protection"] == "full"
    assert document["dnssec"]["validating"] is False
    assert "strips DNSSEC" in document["dnssec"]["resolver_note"]


def test_dane_alone_cannot_be_told_without_dnssec(lab):
    """Neither protected nor unprotected: nobody asked for TLSA records."""
    done = check_stripped(lab, "--json", "dane-only.example")
    assert done.returncode == EXIT_UNKNOWN, done.stdout + done.stderr
    document = json.loads(done.stdout)
    assert levels(document) == {"sts-record-missing": "info",
                                "dane-unsigned": "unknown"}
    assert document["verdict"]["protection"] == "unknown"
    assert document["verdict"]["sentence"] == (
        "Whether mail to dane-only.example is protected could not be told: "
        "there is no MTA-STS, and without a resolver that validates DNSSEC "
        "nothing is known of DANE")
    text = " ".join(check_stripped(lab, "dane-only.example").stdout.split())
    assert "Fix: Ask through a resolver that validates DNSSEC." in text
    assert "strips DNSSEC" in text


@pytest.mark.parametrize("domain,sentence", [
    ("dane-only.example",
     "Mail to dane-only.example is protected by senders that support DANE: "
     "1 of 1 MX host has TLSA records that match; there is no MTA-STS"),
    ("dane-bogus.example",
     "Mail to dane-bogus.example is protected by senders that support "
     "MTA-STS: enforce, 1 of 1 MX host matches and presents a valid "
     "certificate; senders that support DANE do not deliver to 1 of 1 MX "
     "host"),
    ("zone-bogus.example",
     "Mail to zone-bogus.example is not protected by MTA-STS, though it is "
     "set up: the record does not validate with DNSSEC; its MX records do "
     "not validate with DNSSEC, so that senders that validate do not "
     "deliver"),
])
def test_verdict_says_what_dnssec_does(documents, domain, sentence):
    assert documents[domain]["verdict"]["sentence"] == sentence


def test_dead_resolver_is_unknown(lab):
    settings = lab.settings()
    done = lab.run(program(), "check", "--json", "--timeout", "8",
                   "--resolver", settings["LAB_DEAD_RESOLVER"],
                   "--allow-private", "healthy.example", limit=ONE_LIMIT)
    assert done.returncode == EXIT_UNKNOWN, done.stdout + done.stderr
