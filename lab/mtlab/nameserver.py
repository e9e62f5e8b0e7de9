"""nameserver - the authoritative servers (NSD)

DESCRIPTION
    One NSD for each of root, top-level domains, zones and the server that
    answers SERVFAIL: an NSD that served parent and child together would
    answer for the child at the parent's address, which no real root does.
"""

from . import plan as plans
from . import process
from .probe import answers_dns
from .zone import NUMBER

CONFIG = """\
server:
    server-count: 1
    username: nsd
    chroot: ""
    zonesdir: "{dir}"
    database: ""
    logfile: ""
    pidfile: "{dir}/nsd.pid"
    xfrdfile: "{dir}/xfrd.state"
    zonelistfile: "{dir}/zone.list"
    xfrdir: "{dir}"
    hide-version: yes
    rrl-ratelimit: 0
    rrl-whitelist-ratelimit: 0
    verbosity: 1
{listen}
remote-control:
    control-enable: no
"""


def _config(state, server, zones):
    folder = state.folder("nsd", server)
    folder.chmod(0o777)     # NSD writes there after it gave up root
    listen = "\n".join(f"    ip-address: {address}"
                       for address in plans.both("dns", NUMBER[server]))
    text = CONFIG.format(dir=folder, listen=listen)
    for origin, file in zones:
        # A file that does not exist: the zone is known and not loaded.
        text += (f'zone:\n    name: "{origin}"\n'
                 f'    zonefile: "{file or folder / "missing.zone"}"\n')
    return state.write(f"nsd/{server}/nsd.conf", text)


def start(state, served):
    space = state.namespace("dns")
    started = []
    for server, zones in served.items():
        if not zones:
            continue
        config = _config(state, server, zones)
        name = f"nsd-{server}"
        child = process.start(state, name, space,
                              ["/usr/sbin/nsd", "-d", "-c", config])
        started.append((name, child, server, zones[0][0]))
    for name, child, server, origin in started:
        address = plans.ipv4("dns", NUMBER[server])
        process.wait_ready(state, name, child, lambda: answers_dns(
            space, address, origin))
