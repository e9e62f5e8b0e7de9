"""test_client - libmtasts-client asks the real daemon

DESCRIPTION
    The program is docs/examples/mtasts_query.c, which uses nothing but the
    installed API; the lab has the domains.
"""

import os
import subprocess
from pathlib import Path

import pytest

from conftest import ROOT
from policyd import Policyd

PROGRAM = Path(os.environ.get("MTASTS_BUILD") or ROOT / "build-asan",
               "tests/integration/mtasts_query")
RUN_LIMIT = 60       # seconds
KEEP = 75


@pytest.fixture(scope="module", name="daemon")
def fixture_daemon(lab, tmp_path_factory):
    with Policyd(lab, tmp_path_factory.mktemp("client")) as daemon:
        yield daemon


def query(path, domain, *hosts):
    """(what the program prints, its exit status)"""
    done = subprocess.run([PROGRAM, path, domain, *hosts], text=True,
                          capture_output=True, timeout=RUN_LIMIT)
    assert "Sanitizer" not in done.stderr, done.stderr
    return done.stdout + done.stderr, done.returncode


@pytest.mark.parametrize("domain, hosts, status", [
    ("healthy.example", {"mx.healthy.example": "deliver"}, 0),
    ("Healthy.Example.:25", {"mx.healthy.example": "deliver"}, 0),
    ("healthy.example", {"evil.example": "validation-failure",
                         "bad-mx.example": "validation-failure"}, KEEP),
    ("wildcard-mx.example", {"a.b.wildcard-mx.example": "validation-failure",
                             "bad-mx.wildcard-mx.example":
                             "certificate-host-mismatch",
                             "mx1.wildcard-mx.example": "deliver"}, 0),
    # a null MX may be an attacker's
    ("mx-null.example", {"evil.example": "validation-failure"}, KEEP),
    # nothing is demanded of these
    ("testing.example", {"evil.example": "deliver"}, 0),
    ("no-sts.example", {"evil.example": "deliver"}, 0),
    ("[mx.healthy.example]", {"evil.example": "deliver"}, 0),
])
def test_walk(daemon, domain, hosts, status):
    assert query(daemon.socket, domain, *hosts) == (
        "".join(f"{host}: {result}\n" for host, result in hosts.items()),
        status)


def test_reply(daemon):
    head, _, policy = daemon.ask("wildcard-mx.example",
                                 "client").partition("\n\n")
    status, *lines = head.splitlines()
    assert status == "OK mtasts 1"
    facts = [line.split(" ", 1) for line in lines]
    assert ["answer", "policy"] in facts and ["hosts", "known"] in facts
    assert [value for key, value in facts if key == "host"] == [
        "covered mx1.wildcard-mx.example", "covered mx2.wildcard-mx.example"]
    *rest, max_age = policy.splitlines()
    assert rest == ["version: STSv1", "mode: enforce",
                    "mx: *.wildcard-mx.example"]
    assert 2419100 < int(max_age.removeprefix("max_age: ")) <= 2419200


def test_keeps_without_the_daemon(daemon, tmp_path):
    said, status = query(tmp_path / "nobody", "healthy.example", "mx")
    assert status == KEEP and said.startswith("healthy.example: ")


def test_keeps_what_cannot_be_told(lab, tmp_path):
    with Policyd(lab, tmp_path, "txt-failure = defer",
                 resolver=lab.settings()["LAB_DEAD_RESOLVER"]) as daemon:
        said, status = query(daemon.socket, "healthy.example", "mx")
    assert status == KEEP
    assert said == ("healthy.example: keep: the record _mta-sts could not be "
                    "looked up\n")
