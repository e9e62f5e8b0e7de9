"""lab - bring the whole up and down

DESCRIPTION
    up() runs the stages in order and prints a line for each with its time;
    when one fails, everything is taken down again.  down() ends every
    process, removes the namespaces (and with them the interfaces) and the
    state directory.
"""

import json
import os
import shutil
import time

from . import (netns, network, nameserver, pki, plan, postfix, process,
               resolver, table, web, zone)
from .state import LabError


def require_root():
    if os.geteuid() != 0:
        raise LabError("network namespaces need root: try `sudo lab/lab "
                       "...`")


def environment(state):
    """What a program in the client's namespace needs to know."""
    client = state.path("client")
    return {
        "MTASTS_LAB_DIR": str(state.dir),
        "LAB_CA_FILE": str(client / "ca.pem"),
        "LAB_ROOT_HINTS": str(client / "root.hints"),
        "LAB_TRUST_ANCHOR": str(client / "root.key"),
        "LAB_RESOLVER": resolver.ADDRESS,
        "LAB_STRIPPING_RESOLVER": resolver.STRIPPING,
        "LAB_DEAD_RESOLVER": resolver.DEAD,
        "LAB_DOMAINS": str(state.path("domains.txt")),
        "LAB_MAIL": str(state.path("mail")),
        "LAB_NETNS": state.namespace("client"),
    }


def running(state):
    """True when the lab came up completely and nothing of it died since."""
    if state.load() is None:
        return False
    spaces = {state.namespace(role) for role in plan.ROLES}
    return (spaces <= set(netns.existing(state.prefix))
            and all(process.recorded(state).values()))


def leftovers(state):
    return state.dir.exists() or bool(netns.existing(state.prefix))


class Stages:
    """Runs stages, prints a line for each."""

    def __init__(self, say):
        self.say = say
        self.begun = time.monotonic()

    def run(self, title, function, *args):
        begun = time.monotonic()
        value = function(*args)
        self.say(f"  {title:<44} {time.monotonic() - begun:6.2f} s")
        return value

    @property
    def total(self):
        return time.monotonic() - self.begun


def _build(state, stages):
    rows = stages.run("scenario table", table.load)
    hosts = plan.make(rows)
    state.folder().chmod(0o755)
    stages.run("namespaces, cables, addresses", network.up, state, hosts)
    authority = stages.run("certification authority", pki.Authority, state)
    served = stages.run("certificates, zones, signatures", zone.build,
                        state, rows, hosts, authority)
    stages.run("authoritative servers (NSD)", nameserver.start, state,
               served)
    stages.run("policy hosts (nginx)", web.start, state, hosts, authority)
    stages.run("mail hosts (Postfix)", postfix.start, state, hosts,
               authority, [row.domain for row in rows.scenarios])
    stages.run("validating resolver (Unbound)", resolver.start, state,
               rows.scenarios[0].zone)
    state.write("domains.txt",
                "".join(f"{row.domain}\n" for row in rows.scenarios))
    return rows


def up(state, say):
    """Bring the lab up; False when it was up already."""
    with state.lock():
        if running(state):
            return False
        if leftovers(state):
            say("  removing what an earlier lab left behind")
            _down(state)
        stages = Stages(say)
        try:
            rows = _build(state, stages)
        except BaseException:
            _down(state)
            raise
        state.write("lab.json", json.dumps({
            "seconds": round(stages.total, 2),
            "scenarios": len(rows.scenarios),
            "environment": environment(state)}, indent=1) + "\n")
        say(f"lab is up: {len(rows.scenarios)} domains in "
            f"{stages.total:.1f} s")
        return True


def _down(state):
    count = process.stop_all(state)
    network.down(state)
    if state.dir.exists():
        shutil.rmtree(state.dir)
    return count


def down(state):
    """Take the lab down; the number of processes ended, None if none up."""
    with state.lock():
        return _down(state) if leftovers(state) else None
