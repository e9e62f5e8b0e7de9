"""test_policyd_faults - what MTAs are told while the world is against policyd

Whatever is wrong, who has a policy in force keeps it, its answers are right
and come at once; who has none gets an answer within the deadline; and when
it is over all is as before.  Who attacks the daemon itself:
test_policyd_hostile.py.
"""

import contextlib
import json
import resource
import sqlite3
import subprocess
import threading
import time

import pytest

from faults import (FULL, NONE, SOON, STRONG, Drip, Resolver, Watcher, strong,
                    warm)
from policyd import Client, Clock, Policyd, each, wait_for

LATE = 15            # seconds for DEADLINE, on a busy machine
# Nothing is remembered for long, so that what is over is seen to be over.
QUICK = """\
    discovery-deadline = 3s
    txt-ttl-min = 1s
    txt-ttl-max = 1s
    negative-ttl-min = 1s
    negative-ttl-max = 1s
    failed-ttl = 1s
    retry = 10s
"""
HEALTHY = "healthy.example"
COLD = ("dane.example", "unsigned.example", "implicit-mx.example",
        "healthy.lab")
BACK = 60            # seconds until what has failed is looked up again


def comes_back(daemon, domain):
    wait_for(f"the policy of {domain}",
             lambda: daemon.ask(domain).startswith("OK secure"), BACK)


def in_time(daemon, domains):
    """None of them has a policy now, and that is said within the deadline;
    and at once when it is asked for again."""
    for limit in (LATE, SOON):
        for domain, (reply, took) in zip(domains,
                                         each(domains, daemon.timed)):
            assert reply == NONE and took < limit, (domain, took)


# ---- kill -9 ----

KEPT = 1.5           # seconds: the last one, on a busy machine
LOAD = 3.0           # seconds of it
ROUNDS = 6 if FULL else 1


def press(daemon, replies, over):
    """Asks as fast as it can, many at a time, until the daemon is gone."""
    with contextlib.suppress(OSError, AssertionError), \
            Client(daemon.socket) as client:
        while not over.is_set():
            for domain in 8 * list(replies):
                client.send(domain)
            for domain in 8 * list(replies):
                reply = client.reply()
                if reply != replies[domain]:
                    over.fault = domain, reply
                    over.set()


def under_load(daemon, domains, replies):
    """Kills it under load; what was asked for the first time during that:
    {domain: (reply, when)}, and when it was killed."""
    over, known = threading.Event(), {}
    over.fault = None
    begun = time.monotonic()

    def first(numbered):
        number, domain = numbered
        time.sleep(LOAD * number / len(domains))
        with contextlib.suppress(OSError, AssertionError):
            known[domain] = daemon.ask(domain), time.monotonic()

    threads = [threading.Thread(target=press, args=(daemon, replies, over))
               for _ in range(4)]
    threads += [threading.Thread(target=first, args=(item,))
                for item in enumerate(domains)]
    for thread in threads:
        thread.start()
    time.sleep(LOAD - (time.monotonic() - begun))
    killed = time.monotonic()
    daemon.kill()
    over.set()
    for thread in threads:
        thread.join()
    assert over.fault is None, over.fault
    return known, killed


@pytest.mark.parametrize("number", range(ROUNDS))
def test_killed_under_load(lab, tmp_path, number):
    """What it said a second before is what it says afterwards, with nobody
    to ask; and it says nothing else of the rest."""
    patterns = QUICK + "    match = patterns\n"
    domains = (lab.dir / "domains.txt").read_text().split()
    domains = [domain for domain in domains if domain not in STRONG]
    with Policyd(lab, tmp_path, patterns) as daemon:
        replies = {domain: daemon.ask(domain) for domain in STRONG}
        known, killed = under_load(daemon, domains, replies)
        known |= {domain: (reply, 0) for domain, reply in replies.items()}
        daemon.values["resolver"] = lab.settings()["LAB_DEAD_RESOLVER"]
        daemon.configure(patterns)
        daemon.start()
        wait_for("the policies",
                 lambda: len(daemon.events("policies-loaded")) == 2)
        kept = [domain for domain, (reply, when) in known.items()
                if reply != NONE and when < killed - KEPT]
        assert len(kept) > 20
        after = dict(zip(known, each(list(known), daemon.timed)))
        for domain in kept:
            assert after[domain][0] == known[domain][0], domain
            assert after[domain][1] < LATE, domain
        for domain, (reply, took) in after.items():
            assert reply in (known[domain][0], NONE) and took < LATE, domain
        assert daemon.stop() == 0
        with contextlib.closing(sqlite3.connect(
                tmp_path / "policyd.db")) as database:
            assert list(database.execute("PRAGMA integrity_check")) == [
                ("ok",)]


# ---- the resolver ----

@pytest.mark.parametrize("way", ["stopped", "killed"] if FULL
                         else ["stopped"])
def test_the_resolver_is_gone(lab, tmp_path, way):
    with Resolver(lab, tmp_path) as resolver, \
            Policyd(lab, tmp_path / "home", QUICK,
                    resolver=resolver.ADDRESS) as daemon:
        replies = warm(daemon)
        time.sleep(1.1)     # its records are due to be looked at again
        with Watcher(daemon.socket, replies):
            resolver.stop() if way == "stopped" else resolver.kill()
            in_time(daemon, COLD)
            resolver.go_on() if way == "stopped" else resolver.start()
            for domain in COLD:
                comes_back(daemon, domain)
        assert not daemon.events("policy-expired")


def crowd(daemon, number):
    """A client with ten questions about domains that nobody has asked for;
    the replies, and how long the last one took."""
    with Client(daemon.socket) as client:
        begun = time.monotonic()
        for i in range(10):
            client.send(f"crowd-{number}-{i}.example")
        return ({client.reply() for _ in range(10)},
                time.monotonic() - begun)


def a_crowd_without_resolver_and_room(lab, tmp_path):
    """A hundred descriptors for sixty clients and all that DNS would take:
    some have to wait until others have been answered."""
    with Resolver(lab, tmp_path) as resolver:
        daemon = Policyd(lab, tmp_path / "home", QUICK,
                         resolver=resolver.ADDRESS, start=False)
        daemon.words = ["prlimit", "--nofile=100:100", *daemon.words]
        with daemon:
            daemon.start()
            replies = warm(daemon)
            with Watcher(daemon.socket, replies):
                resolver.stop()
                for said, took in each(range(60),
                                       lambda number: crowd(daemon, number)):
                    assert said == {NONE} and took < 2 * LATE
                resolver.go_on()
                for domain in COLD:
                    comes_back(daemon, domain)


if FULL:
    test_a_crowd = a_crowd_without_resolver_and_room


# ---- the policy host ----

def order(daemon, what, domain):
    done = subprocess.run(
        ["curl", "-s", "-f", "-X", "POST", "--unix-socket",
         daemon.folder / "http.sock", f"http://localhost/v1/{what}/{domain}"],
        capture_output=True, timeout=SOON)
    assert done.returncode == 0


def test_the_policy_host_begins_to_drip(lab, tmp_path):
    """An octet a second: the refresh of a policy in force fails, which harms
    nobody; who has none waits for it once."""
    options = QUICK + "    discovery-limit = 5s\n"
    with Policyd(lab, tmp_path, options) as daemon, \
            Drip(lab, tmp_path, "several-mx.example"):
        domain = "several-mx.example"
        replies = {name: daemon.ask(name) for name in STRONG
                   if name != domain}
        in_time(daemon, [domain, "host-drip.example"])
        with Watcher(daemon.socket, replies):
            wait_for("the fetches to be given up", lambda: daemon.metrics()[
                'mtasts_policyd_fetches_total'
                '{result="sts-policy-fetch-error"}'] >= 2)
            in_time(daemon, [domain, "host-drip.example"])


def test_drip_under_a_policy_in_force(lab, tmp_path):
    options = QUICK + "    discovery-limit = 4s\n"
    with Policyd(lab, tmp_path, options) as daemon:
        replies = warm(daemon)
        with Drip(lab, tmp_path, "several-mx.example"), \
                Watcher(daemon.socket, replies):
            order(daemon, "refresh", "several-mx.example")
            wait_for("the refresh to fail", lambda: daemon.metrics()[
                "mtasts_policyd_failing"] == 1)
        assert warm(daemon) == replies
        assert len(daemon.events("policy-found")) == len(STRONG)


# ---- reloads while it asks ----

def reload(daemon):
    before = len(daemon.events("reloaded"))
    daemon.hang_up()
    wait_for("the reload", lambda: len(daemon.events("reloaded")) > before)


def test_reloads_lose_no_question(lab, tmp_path):
    """What was being asked when it went over to new configurations is asked
    on: by an MTA, and by somebody who wants it explained."""
    with Resolver(lab, tmp_path) as resolver, \
            Policyd(lab, tmp_path / "home", "match = hosts",
                    resolver=resolver.ADDRESS) as daemon, \
            Client(daemon.socket) as client:
        resolver.stop()
        client.send(HEALTHY)
        explaining = subprocess.Popen(
            ["curl", "-s", "-f", "--unix-socket",
             daemon.folder / "http.sock",
             "http://localhost/v1/explain/healthy.lab"],
            stdout=subprocess.PIPE)
        time.sleep(0.5)
        for _ in range(3):
            reload(daemon)
        resolver.go_on()
        begun = time.monotonic()
        assert client.reply() == strong(HEALTHY)
        assert time.monotonic() - begun < SOON
        explained, _ = explaining.communicate(timeout=2 * LATE)
        assert explaining.returncode == 0
        assert json.loads(explained)["domain"] == "healthy.lab"


# ---- descriptors ----

@contextlib.contextmanager
def no_descriptors(daemon):
    """It may have those that it has, and not one more."""
    pid, used = daemon.child.pid, daemon.descriptors()
    _, most = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    free = min(set(range(len(used) + 1)) - used)
    # A gap below would let one in: it opens nothing while it is idle.
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (free, most))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (most, most))


def test_out_of_descriptors(lab, tmp_path):
    """Those connected are answered, others get in once there is room, and
    what could not be asked is asked as soon as there is."""
    known = COLD[0]      # to libunbound: there it is the fetch that fails
    options = QUICK.replace("retry = 10s", "retry = 300s")
    with Policyd(lab, tmp_path, options) as daemon:
        replies = warm(daemon)
        assert daemon.ask(known).startswith("OK secure")
        order(daemon, "flush", known)
        with Client(daemon.socket) as client, Client(daemon.socket), \
                Client(daemon.socket), Watcher(daemon.socket, replies):
            assert client.ask(HEALTHY) == replies[HEALTHY]
            with no_descriptors(daemon):
                begun = time.monotonic()
                for domain in COLD:
                    client.send(domain)
                assert [client.reply() for _ in COLD] == [NONE] * len(COLD)
                assert time.monotonic() - begun < LATE
                # Two or so at a time, in the place of who is idle.
                assert each(list(STRONG) * 8, daemon.ask) == [
                    strong(domain) for domain in STRONG] * 8
            begun = time.monotonic()
            for domain in COLD:
                comes_back(daemon, domain)
            assert time.monotonic() - begun < BACK
        failed = daemon.metrics()['mtasts_policyd_fetches_total'
                                  '{result="sts-policy-fetch-error"}']
        assert failed > 0


# ---- the clock of the wall ----

def test_the_wall_is_set(lab, tmp_path):
    """It was years ahead at the start, is set right, and then both ways: no
    policy ends by it, and what cannot be verified at such a time can be had
    again when the clock is right."""
    clock = Clock(tmp_path, days=1000)
    with Policyd(lab, tmp_path, QUICK, clock=clock) as daemon:
        for domain in STRONG:
            # signatures and certificates are not of that time
            assert daemon.ask(domain) == NONE
        clock.set(0)
        for domain in STRONG:
            comes_back(daemon, domain)
        replies = warm(daemon)
        with Watcher(daemon.socket, replies):
            for days, cold in ((1000, COLD[0]), (-1000, COLD[1])):
                clock.set(days)
                reply, took = daemon.timed(cold)
                assert reply == NONE and took < LATE
            clock.set(0)
            for domain in COLD:
                comes_back(daemon, domain)
        assert len(daemon.events("clock-stepped")) > 1
        assert not daemon.events("policy-expired")


HOUR = "policy-age-hour.example"   # max_age = 3600


def test_the_wall_goes_back_over_a_restart(lab, tmp_path):
    """What is held neither ends early nor lives on: not even for a clock
    that is years behind, or set back while the policy has seconds left."""
    clock = Clock(tmp_path, days=-(3600 - 8) / 86400)
    with Policyd(lab, tmp_path, QUICK + "    match = patterns\n",
                 clock=clock) as daemon:
        reply = daemon.ask(HOUR)
        assert reply.startswith("OK secure")
        daemon.stop()
        # Nobody to ask from now on: what it knows it has kept.
        daemon.values["resolver"] = lab.settings()["LAB_DEAD_RESOLVER"]
        daemon.configure(QUICK + "    match = patterns\n")
        clock.set(-1000)
        daemon.start()
        wait_for("the policies", lambda: "policies=1" in daemon.log)
        assert daemon.ask(HOUR) == reply
        daemon.stop()
        clock.set(0)            # eight seconds are left
        daemon.start()
        wait_for("the policies", lambda: daemon.log.count("policies=1") == 2)
        assert daemon.ask(HOUR) == reply
        clock.set(-1000)
        wait_for("its end", lambda: daemon.ask(HOUR) == NONE)
