"""test_policyd_faults - what MTAs are told while the world is against policyd

Whatever is wrong, who has a policy in force keeps it, its answers are right
and come at once; who has none gets an answer within the deadline; and when
it is over all is as before.  Who attacks the daemon itself:
test_policyd_hostile.py.
"""

from faults import NONE, STRONG, Watcher, warm
from policyd import Clock, Policyd, wait_for

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
COLD = ("dane.example", "unsigned.example", "implicit-mx.example",
        "healthy.lab")
BACK = 60            # seconds until what has failed is looked up again


def comes_back(daemon, domain):
    wait_for(f"the policy of {domain}",
             lambda: daemon.ask(domain).startswith("OK secure"), BACK)


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
