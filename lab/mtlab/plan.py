"""plan - which host has which address and which certificate

DESCRIPTION
    Addresses come from 198.18.0.0/15 (RFC 2544: benchmarks, so never a real
    host) and fd00:6d74:6173::/48.  Each role has a namespace, a /20 and a
    /64 of its own, and every host of a scenario an address of its own, so
    that TLS settings can differ without SNI.

        role       IPv4              IPv6
        client     198.18.0.0/20     fd00:6d74:6173:0::/64
        dns        198.18.16.0/20    fd00:6d74:6173:1::/64
        web        198.18.32.0/20    fd00:6d74:6173:2::/64
        mx         198.18.48.0/20    fd00:6d74:6173:3::/64
        attacker   198.18.64.0/20    fd00:6d74:6173:4::/64

    Host number 1 of each is the attacker's router, 2 the namespace itself,
    3 an address with nothing listening ("refused").  Numbers from 2048 up
    are dropped by the router without a word ("dead").

    Host numbers follow the order of the table.
"""

from dataclasses import dataclass, field

from .state import LabError

ROLES = ("client", "dns", "web", "mx", "attacker")
ROUTER, SELF, REFUSED = 1, 2, 3
FIRST_HOST = 16
DEAD = 2048            # first host number of the black hole
DEAD_PREFIX4 = 21      # 198.18.(16n+8).0/21 holds the numbers 2048 to 4095
DEAD_PREFIX6 = 117     # ::800/117 holds the same

DNS_ROOT, DNS_TLD, DNS_ZONES, DNS_SERVFAIL = 10, 11, 12, 13


def ipv4(role, number):
    base = ROLES.index(role) * 16
    return f"198.18.{base + number // 256}.{number % 256}"


def ipv6(role, number):
    return f"fd00:6d74:6173:{ROLES.index(role)}::{number:x}"


def both(role, number):
    return [ipv4(role, number), ipv6(role, number)]


@dataclass
class Host:
    """A server: its name, certificate and addresses.

    v4 and v6 are what DNS says (None: no record); listen are those of them
    on which the server really is.  row is the Scenario or Endpoint, spec
    its Web, Mx or Endpoint.
    """
    name: str
    role: str
    row: object
    spec: object
    v4: str = None
    v6: str = None
    listen: list = field(default_factory=list)


@dataclass
class Plan:
    webs: list = field(default_factory=list)
    mxs: list = field(default_factory=list)
    endpoints: list = field(default_factory=list)

    def hosts(self):
        return self.webs + self.mxs + self.endpoints

    def by_name(self, name):
        for host in self.hosts():
            if host.name == name:
                return host
        raise LabError(f"no host {name} in the plan")

    def addresses(self, role):
        """All addresses that the namespace of a role must have."""
        found = both(role, SELF) + both(role, REFUSED)
        if role == "dns":
            for number in (DNS_ROOT, DNS_TLD, DNS_ZONES, DNS_SERVFAIL):
                found += both(role, number)
        for host in self.hosts():
            if host.role == role:
                found += host.listen
        return found


def _place(host, number):
    for family, address in (("v4", ipv4), ("v6", ipv6)):
        state = getattr(host.spec, family)
        where = {"up": number, "refused": REFUSED,
                 "dead": DEAD + number}.get(state)
        if where is not None:
            setattr(host, family, address(host.role, where))
        if state == "up":
            host.listen.append(address(host.role, number))
    return host


def make(table):
    plan = Plan()
    number = FIRST_HOST
    for row in table.scenarios:
        if row.web:
            host = Host(row.policy_host, "web", row, row.web)
            plan.webs.append(_place(host, number))
        for mx in row.mx:
            if not mx.foreign:
                host = Host(row.host_name(mx.host), mx.at, row, mx)
                plan.mxs.append(_place(host, number))
                number += 1
        number += 1
    for endpoint in table.endpoints:
        host = Host(endpoint.host, "web", endpoint, endpoint)
        plan.endpoints.append(_place(host, number))
        number += 1
    if number >= DEAD:
        raise LabError("too many scenarios for the address plan")
    return plan
