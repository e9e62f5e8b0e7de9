"""resolver - the client's recursing resolver (Unbound) and a bad one

DESCRIPTION
    On 127.0.0.1 of the client's namespace an Unbound that validates from
    the lab's own trust anchor.  On 127.0.0.2 a forwarder to it that drops
    everything of DNSSEC, as many home routers do (forwarder.py).  The
    address DEAD lies in the black hole: a resolver that never answers.
"""

import sys
from pathlib import Path

from . import plan as plans
from . import process
from .probe import answers_dns

ADDRESS = "127.0.0.1"
STRIPPING = "127.0.0.2"
DEAD = plans.ipv4("dns", plans.DEAD + 53)

CONFIG = """\
server:
    interface: {address}
    do-daemonize: no
    username: ""
    chroot: ""
    directory: "{dir}"
    pidfile: "{dir}/unbound.pid"
    use-syslog: no
    logfile: ""
    verbosity: 1
    val-log-level: 1
    num-threads: 1
    root-hints: "{client}/root.hints"
    trust-anchor-file: "{client}/root.key"
    module-config: "validator iterator"
    do-not-query-localhost: yes
    # The lab is young and its zones change: keep nothing bad for long.
    cache-max-negative-ttl: 30
    infra-host-ttl: 30
    val-bogus-ttl: 10
remote-control:
    control-enable: no
"""


def start(state, probe_name):
    space = state.namespace("client")
    folder = state.folder("unbound")
    config = state.write("unbound/unbound.conf", CONFIG.format(
        address=ADDRESS, dir=folder, client=state.path("client")))
    child = process.start(state, "unbound", space,
                          ["/usr/sbin/unbound", "-d", "-p", "-c", config])
    forwarder = process.start(
        state, "forwarder", space,
        [sys.executable, "-B", Path(__file__).with_name("forwarder.py"),
         STRIPPING, ADDRESS])
    state.write("client/resolv.conf", f"nameserver {ADDRESS}\n"
                "options edns0 trust-ad\n")
    process.wait_ready(state, "unbound", child, lambda: answers_dns(
        space, ADDRESS, probe_name, want_ad=True))
    process.wait_ready(state, "forwarder", forwarder, lambda: answers_dns(
        space, STRIPPING, probe_name))
