"""test_policyd - what MTAs are told, by the real daemon in the lab"""

import json
import re
import subprocess
import time

import pytest

from policyd import PROGRAM, Policyd, ask, each, wait_for

HEALTHY = "healthy.example"
REPLY = "OK secure match=mx.healthy.example servername=hostname"
NONE = "NOTFOUND "
MTASTS = PROGRAM.parent / "mtasts"
LATE = 20   # seconds: the deadline of 10 s, on a busy machine
SOON = 5    # what is known at once


@pytest.fixture(name="daemon")
def fixture_daemon(lab, tmp_path):
    with Policyd(lab, tmp_path) as daemon:
        yield daemon


def access_count(lab, domain):
    """How often the policy of a domain was fetched."""
    log = lab.dir / "log" / "nginx-access.log"
    wait_for("nginx's log", log.exists)
    return sum(domain in line for line in log.read_text().splitlines())


# ---- replies ----

def test_maps(daemon):
    assert daemon.ask(HEALTHY) == REPLY
    assert daemon.ask(HEALTHY, "sts").startswith("OK secure")
    assert daemon.ask(HEALTHY, "postfix-tlsrpt") == (
        REPLY + " policy_type=sts policy_domain=healthy.example "
        "mx_host_pattern=mx.healthy.example "
        "{ policy_string = version: STSv1 } { policy_string = mode: enforce }"
        " { policy_string = mx: mx.healthy.example }"
        " { policy_string = max_age: 2419200 }")
    assert daemon.ask(HEALTHY, "other").startswith("PERM ")


@pytest.mark.parametrize("key", [
    "Healthy.Example", "healthy.example.", "healthy.example:25"])
def test_keys_of_a_domain(daemon, key):
    assert daemon.ask(key) == REPLY


def test_u_labels(daemon):
    assert daemon.ask("bücher.example") == (
        "OK secure match=mx.xn--bcher-kva.example servername=hostname")


@pytest.mark.parametrize("key", [
    ".healthy.example", "[healthy.example]", "[healthy.example]:25",
    "[198.18.0.1]", "198.18.0.1", "sts-missing.example", "", "a b",
    "no-such-domain.example", "host-404.example", "host-expired.example",
    "policy-mode-missing.example"])
def test_no_policy(daemon, key):
    assert daemon.ask(key) == NONE


def test_the_real_postmap(daemon):
    done = subprocess.run(
        ["postmap", "-q", HEALTHY, f"socketmap:unix:{daemon.socket}:postfix"],
        capture_output=True, text=True, timeout=30)
    assert done.stdout.strip() == REPLY.removeprefix("OK "), done.stderr


def test_every_domain_of_the_lab(lab, daemon):
    """None hangs, none crashes, none gets a reply that Postfix cannot read;
    and what is known is known at once."""
    domains = (lab.dir / "domains.txt").read_text().split()
    replies = each(domains, daemon.ask)
    for domain, reply in zip(domains, replies):
        assert re.fullmatch(
            r"NOTFOUND |OK secure match=[a-z0-9._:-]+ servername=hostname",
            reply), domain
    begun = time.monotonic()
    assert [daemon.ask(domain) for domain in domains] == replies
    assert time.monotonic() - begun < 30


# ---- waiting ----

def test_many_askers_one_fetch(lab, daemon):
    before = access_count(lab, "mta-sts.txt")
    domain = "several-mx.example"
    replies = each([domain] * 100, daemon.ask)
    assert set(replies) == {
        "OK secure match=mx1.several-mx.example:mx2.several-mx.example:"
        "mx3.several-mx.example servername=hostname"}
    assert access_count(lab, "mta-sts.txt") == before + 1


def test_black_hole_delays_once(daemon):
    """The policy host swallows packets: the deadline once, then never."""
    reply, took = daemon.timed("host-timeout.example")
    assert reply == NONE and 8 < took < LATE
    for _ in range(3):
        reply, took = daemon.timed("host-timeout.example")
        assert reply == NONE and took < SOON


@pytest.mark.parametrize("domain", ["sts-servfail.example",
                                    "sts-timeout.example"])
def test_broken_dns_keeps_the_deadline(daemon, domain):
    reply, took = daemon.timed(domain)
    assert reply == NONE and took < LATE


def test_a_dead_resolver(lab, tmp_path):
    with Policyd(lab, tmp_path,
                 resolver=lab.settings()["LAB_DEAD_RESOLVER"]) as daemon:
        reply, took = daemon.timed(HEALTHY)
        assert reply == NONE and took < LATE
        daemon.configure("txt-failure = defer")
        daemon.hang_up()
        wait_for("the reload", lambda: daemon.events("reloaded"))
        assert daemon.ask(HEALTHY).startswith("TEMP ")


def test_deferring_is_a_setting(lab, tmp_path):
    with Policyd(lab, tmp_path, "txt-failure = defer") as daemon:
        assert daemon.ask("sts-servfail.example").startswith("TEMP ")
        assert daemon.ask("sts-missing.example") == NONE


# ---- over a restart ----

def test_a_killed_process_loses_a_second_at_most(lab, tmp_path):
    with Policyd(lab, tmp_path) as daemon:
        assert daemon.ask(HEALTHY) == REPLY
        time.sleep(1.2)
        daemon.kill()
        fetched = access_count(lab, "mta-sts.txt")
        daemon.values["resolver"] = lab.settings()["LAB_DEAD_RESOLVER"]
        daemon.configure("match = patterns")
        daemon.start()
        # Known from the first moment, with nobody to ask.
        reply, took = daemon.timed(HEALTHY)
        assert reply == REPLY and took < SOON
        assert access_count(lab, "mta-sts.txt") == fetched


def test_a_clean_stop_loses_nothing(lab, tmp_path):
    with Policyd(lab, tmp_path, "match = patterns") as daemon:
        assert daemon.ask(HEALTHY) == REPLY
        assert daemon.stop() == 0
        daemon.start()
        wait_for("the policies", lambda: len(
            daemon.events("policies-loaded")) == 2)
        assert "policies=1" in daemon.events("policies-loaded")[1]


def test_two_on_the_same_files(lab, tmp_path, daemon):
    """The second one says so and leaves the first alone."""
    other = Policyd(lab, daemon.folder, start=False)
    other.log_file = tmp_path / "other.log"
    other.start(ready=False)
    assert other.child.wait(20) != 0
    assert daemon.ask(HEALTHY) == REPLY


# ---- reload ----

def test_reload_keeps_what_is_known(lab, daemon):
    assert daemon.ask(HEALTHY) == REPLY
    fetched = access_count(lab, "mta-sts.txt")
    daemon.configure("match = patterns\n    default-tls-level = may")
    daemon.hang_up()
    wait_for("the reload", lambda: daemon.events("reloaded"))
    assert daemon.ask(HEALTHY) == REPLY
    assert access_count(lab, "mta-sts.txt") == fetched


def test_a_fault_leaves_the_old_configuration(daemon):
    daemon.configure("discovery-deadline = soon")
    daemon.hang_up()
    wait_for("the refusal", lambda: daemon.events("reload-failed"))
    assert "discovery-deadline" in "".join(daemon.events("config-fault"))
    assert daemon.ask(HEALTHY) == REPLY


# ---- Exim ----

def test_exim_line(daemon):
    import socket
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(20)
        client.connect(str(daemon.folder / "exim.sock"))
        client.sendall(b"healthy.example\n")
        client.shutdown(socket.SHUT_WR)
        assert client.makefile("rb").read() == b"secure mx.healthy.example\n"


# ---- HTTP ----

def http(daemon, target, method="GET"):
    """(status, document) as curl gets it."""
    done = subprocess.run(
        ["curl", "-s", "-X", method, "-w", "\n%{http_code}", "--unix-socket",
         str(daemon.folder / "http.sock"), f"http://localhost{target}"],
        capture_output=True, text=True, timeout=60)
    body, _, status = done.stdout.rpartition("\n")
    return int(status), json.loads(body) if body.startswith("{") else body


def test_http_policy(daemon):
    status, answer = http(daemon, "/v1/policy/healthy.example")
    assert status == 200
    assert answer["demand"] == "secure" and answer["mode"] == "enforce"
    assert answer["policy"]["mx"] == ["mx.healthy.example"]
    assert answer["mx"]["hosts"] == [{"name": "mx.healthy.example",
                                      "covered": True}]
    assert answer["replies"]["postfix"] == REPLY
    assert answer["replies"]["exim"] == "secure mx.healthy.example"


def test_http_explains(daemon):
    status, answer = http(daemon, "/v1/explain/host-404.example")
    assert status == 200
    steps = {step["step"]: step["result"] for step in answer["steps"]}
    assert steps["TXT _mta-sts.host-404.example"] == "secure, 1 record"
    assert "404" in json.dumps(answer["decision"])
    sections = [item["section"] for item in answer["decision"]]
    assert "RFC 8461 section 3.3" in sections
    assert answer["answer"]["demand"] == "none"
    assert answer["cache"]["failure"] == "sts-policy-fetch-error"


def test_http_cache_and_orders(daemon):
    assert http(daemon, "/v1/cache/healthy.example")[0] == 404
    assert daemon.ask(HEALTHY) == REPLY
    status, view = http(daemon, "/v1/cache/healthy.example")
    assert status == 200 and view["policy"]["mode"] == "enforce"
    fetched = view["policy"]["fetched"]
    time.sleep(1.1)
    assert http(daemon, "/v1/refresh/healthy.example", "POST")[0] == 200
    wait_for("the refresh", lambda: http(
        daemon, "/v1/cache/healthy.example")[1]["policy"]["fetched"] > fetched)
    assert http(daemon, "/v1/flush/healthy.example")[0] == 405
    assert http(daemon, "/v1/flush/healthy.example", "POST")[0] == 200
    assert http(daemon, "/v1/cache/healthy.example")[0] == 404
    wait_for("the history", lambda: [
        row["event"] for row in http(
            daemon, "/v1/history/healthy.example")[1]["history"]
    ] == ["policy-flushed", "policy-found"])


def test_http_lists_all(lab, daemon):
    domains = (lab.dir / "domains.txt").read_text().split()[:25]
    each(domains, daemon.ask)
    seen, after = [], "0"
    while after:
        _, page = http(daemon, f"/v1/cache?limit=10&after={after}")
        seen += [view["domain"] for view in page["domains"]]
        after = page["after"]
    assert sorted(seen) == sorted(domains)


def cache(daemon, *words, fed=None):
    """mtasts cache ...: its exit status, lines and complaints."""
    done = subprocess.run(
        [MTASTS, "cache", words[0], "--socket", daemon.folder / "http.sock",
         *words[1:]], input=fed, capture_output=True, text=True, timeout=60)
    assert "Sanitizer" not in done.stderr, done.stderr
    return done.returncode, done.stdout, done.stderr


def test_dump_and_load(lab, daemon, tmp_path):
    domains = ["healthy.example", "testing.example", "several-mx.example"]
    replies = each(domains, daemon.ask)
    status, dump, _ = cache(daemon, "dump")
    assert status == 0 and len(dump.splitlines()) == 3
    # another machine, whose resolver is dead: what it has not is lost to it
    with Policyd(lab, tmp_path / "other",
                 "slow-discovery = 1s\ndiscovery-deadline = 1s",
                 resolver=lab.settings()["LAB_DEAD_RESOLVER"]) as other:
        file = tmp_path / "dump"
        file.write_text(dump)
        assert cache(other, "load", file) == (0, "3 loaded\n", "")
        assert cache(other, "load", "-", fed=dump) == (
            0, "0 loaded, 3 held already as fresh\n", "")
        for domain, reply in zip(domains, replies):
            got = other.ask(domain)
            assert got.split()[:2] == reply.split()[:2], (domain, got)
        assert other.ask("wildcard-mx.example") == NONE
        wait_for("the history", lambda: http(
            other, "/v1/history/healthy.example")[1]["history"])
        [row] = http(other, "/v1/history/healthy.example")[1]["history"]
        assert (row["event"], row["why"]) == ("policy-found",
                                              "loaded by hand")
        assert other.stop() == 0
        other.start()  # and it is kept
        assert sorted(json.loads(line)["domain"]
                      for line in cache(other, "dump")[1].splitlines()
                      ) == sorted(domains)


def test_load_of_other_things(daemon, tmp_path):
    old = {"domain": "old.example", "used": "2020-01-01T00:00:00Z",
           "policy": {"id": "1", "fetched": "2020-01-01T00:00:00Z",
                      "body": "version: STSv1\nmode: enforce\n"
                              "mx: mx.old.example\nmax_age: 86400\n"}}
    bad = {**old, "domain": "bad.example",
           "policy": {**old["policy"], "body": "no policy"}}
    file = tmp_path / "dump"
    file.write_text("\n".join(["", json.dumps(old), "{", json.dumps(bad),
                               '{"domain": 1}', ""]))
    status, told, complaints = cache(daemon, "load", file)
    assert (status, told) == (3, "0 loaded, 1 expired, 3 refused\n")
    lines = complaints.splitlines()
    assert lines[0].startswith(f"mtasts: cache load: {file}:3: ")
    assert lines[1] == (f"mtasts: cache load: {file}:4: policy.body: that is "
                        "not a policy")
    assert lines[2].startswith(f"mtasts: cache load: {file}:5: domain: ")
    assert len(lines) == 3
    # what is longer than one order is cut between lines
    file.write_text((json.dumps(old) + "\n") * 12000)
    assert cache(daemon, "load", file)[:2] == (0, "0 loaded, 12000 expired\n")
    file.write_text("x" * (3 << 20))
    status, _, complaints = cache(daemon, "load", file)
    assert status == 3 and f"{file}:1: the line is longer" in complaints
    status, _, complaints = cache(daemon, "load", tmp_path / "none")
    assert status == 3 and "No such file" in complaints


def test_metrics(daemon):
    daemon.ask(HEALTHY)
    daemon.ask(HEALTHY)
    status, text = http(daemon, "/metrics")
    assert status == 200
    numbers = dict(line.rsplit(" ", 1) for line in text.splitlines()
                   if not line.startswith("#"))
    assert numbers['mtasts_policyd_questions_total{front="postfix"}'] == "2"
    assert numbers['mtasts_policyd_answers_total'
                   '{kind="policy",source="cache"}'] == "1"
    assert numbers['mtasts_policyd_domains{mode="enforce"}'] == "1"
    assert numbers['mtasts_policyd_fetches_total{result="success"}'] == "1"
    assert int(numbers['mtasts_policyd_lookup_seconds_count{kind="txt"}']) == 1
    done = subprocess.run(["promtool", "check", "metrics"], input=text,
                          text=True, capture_output=True, timeout=30)
    assert done.returncode == 0, done.stdout + done.stderr


# ---- the site's own rules ----

def test_overrides(lab, tmp_path):
    rules = tmp_path / "overrides"
    policy = tmp_path / "policy.txt"
    policy.write_bytes(b"version: STSv1\r\nmode: enforce\r\n"
                       b"mx: mx.host-404.example\r\nmax_age: 86400\r\n")
    rules.write_text(
        f'host-404.example policy {policy} reason="by letter"\n'
        'healthy.example exempt reason="ticket 1" expires=2099-01-01\n'
        'testing.example enforce reason="agreed"\n')
    with Policyd(lab, tmp_path / "home",
                 f'overrides = "{rules}"') as daemon:
        assert daemon.ask("host-404.example") == (
            "OK secure match=mx.host-404.example servername=hostname")
        assert daemon.ask(HEALTHY) == NONE
        assert daemon.ask("testing.example").startswith(
            "OK secure match=mx.testing.example")
        rules.write_text("healthy.example nonsense reason=x\n")
        daemon.hang_up()
        wait_for("the refusal", lambda: daemon.events("reload-failed"))
        assert f"{rules}:1" in "".join(daemon.events("config-fault"))
        assert daemon.ask(HEALTHY) == NONE
        rules.write_text("")
        daemon.hang_up()
        wait_for("the reload", lambda: daemon.events("reloaded"))
        assert daemon.ask(HEALTHY) == REPLY


# ---- faults of the database ----

def held_offline(lab, daemon):
    """Started again with nobody to ask, so that what it knows it has kept."""
    daemon.values["resolver"] = lab.settings()["LAB_DEAD_RESOLVER"]
    daemon.configure("match = patterns")


def test_a_damaged_database_is_rebuilt(lab, tmp_path):
    with Policyd(lab, tmp_path) as daemon:
        for domain in (HEALTHY, "healthy.lab", "testing.example"):
            daemon.ask(domain)
        daemon.stop()
        file = tmp_path / "policyd.db"
        with open(file, "r+b") as database:
            database.write(b"\0" * 100)     # SQLite's header
        held_offline(lab, daemon)
        daemon.start()
        wait_for("the rebuild", lambda: daemon.events("store-rebuilt"))
        wait_for("the policies", lambda: "policies=3" in daemon.log)
        assert daemon.ask(HEALTHY) == REPLY
        assert list(tmp_path.glob("policyd.db.corrupt-*"))


def test_a_locked_database(lab, tmp_path):
    import sqlite3
    with Policyd(lab, tmp_path) as daemon:
        assert daemon.ask(HEALTHY) == REPLY
        daemon.stop()
        held_offline(lab, daemon)
        lock = sqlite3.connect(tmp_path / "policyd.db", timeout=1)
        lock.execute("PRAGMA locking_mode = EXCLUSIVE")
        lock.execute("BEGIN EXCLUSIVE")
        daemon.start()
        wait_for("it to say so", lambda: daemon.events("store-failing"))
        assert daemon.ask("testing.example") == NONE    # it answers
        lock.rollback()
        lock.close()
        wait_for("the policies", lambda: "policies=1" in daemon.log)
        assert daemon.ask(HEALTHY) == REPLY


def fill(path):
    """All the room that is left."""
    try:
        with open(path, "wb", buffering=0) as file:
            while True:
                file.write(b"x" * 4096)
    except OSError:
        pass


def test_a_full_disk(lab, tmp_path):
    """A file system that is full: mail goes on being protected."""
    small = tmp_path / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs",
                    str(small)], check=True)
    try:
        (small / "filler").write_bytes(b"x" * 2_500_000)
        with Policyd(lab, tmp_path / "home",
                     f'database = "{small}/policyd.db"') as daemon:
            domains = (lab.dir / "domains.txt").read_text().split()
            each(domains[:60], daemon.ask)
            fill(small / "more")
            each(domains[60:], daemon.ask)
            wait_for("it to say so", lambda: daemon.events("store-failing"))
            assert daemon.ask(HEALTHY) == REPLY
            (small / "filler").unlink()
            wait_for("it to be well", lambda: daemon.events(
                "store-recovered"), 30)
    finally:
        subprocess.run(["umount", "-l", str(small)], check=True)
