"""zone - the DNS of the lab: root, top-level domains and scenario zones

DESCRIPTION
    build() makes every zone from the table and the plan, signs what is to
    be signed, writes the zone files and returns which server serves what:

        {server: [(zone, file or None)]}    server: root, tld, zones,
                                            servfail

    A file of None is a zone that its server is configured for but does not
    have: NSD answers SERVFAIL, as a secondary does that lost its primary.

    Brokenness of one name ("broken" in the table) by kind:
        tampered, expired   see signer
        servfail            delegated to the server that answers SERVFAIL
        timeout             delegated to an address in the black hole
    A zone with dns = "bogus" has a DS record of another key in its parent.
"""

import dns.name
import dns.rdatatype

from . import plan as plans
from .signer import Signer, rrset, text
from .state import LabError

TTL = 3600
GLUE_TTL = 86400
SOA = "{ns}. hostmaster.{ns}. 1 3600 600 604800 300"
ROOT_SERVER = "a.root-servers.lab"
SERVERS = ("root", "tld", "zones", "servfail")
NUMBER = {"root": plans.DNS_ROOT, "tld": plans.DNS_TLD,
          "zones": plans.DNS_ZONES, "servfail": plans.DNS_SERVFAIL}
DEAD_SERVER = plans.DEAD + plans.DNS_ZONES


def txt(strings):
    """TXT data from one string or a list of character strings."""
    parts = []
    for string in [strings] if isinstance(strings, str) else strings:
        octets = string.encode("utf-8")
        shown = "".join(
            chr(o) if 0x20 <= o < 0x7f and o not in b'"\\' else f"\\{o:03d}"
            for o in octets)
        parts += [f'"{shown}"']
    return " ".join(parts)


class Zone:
    """RRsets under one origin, {(owner, type): RRset}."""

    def __init__(self, origin, server):
        self.origin = origin
        self.rrsets = {}
        self.spoiled = {}
        self.delegated = []      # ("servfail" | "timeout", owner)
        self.add(origin, "SOA", SOA.format(ns=server))
        self.add(origin, "NS", server + ".")

    def add(self, owner, kind, data, ttl=TTL):
        made = rrset(owner.rstrip(".") + ".", ttl, kind, data)
        key = made.name, made.rdtype
        if key in self.rrsets:
            self.rrsets[key].update(made)
        else:
            self.rrsets[key] = made

    def drop(self, owner):
        """Forget what is at and below a name; it is delegated now."""
        name = dns.name.from_text(owner)
        for key in [k for k in self.rrsets if k[0].is_subdomain(name)]:
            del self.rrsets[key]

    def addresses(self, owner, v4, v6, ttl=TTL):
        for kind, address in (("A", v4), ("AAAA", v6)):
            if address:
                self.add(owner, kind, address, ttl)


def _ns_name(tld, server="zones"):
    return f"ns-{server}.{tld}"


def _add_scenario(zone, row):
    domain = row.domain
    for record in row.sts:
        zone.add(f"_mta-sts.{domain}", "TXT", txt(record), row.sts_ttl)
    for record in row.tlsrpt:
        zone.add(f"_smtp._tls.{domain}", "TXT", txt(record))
    if row.null_mx:
        zone.add(domain, "MX", "0 .")
    elif not row.implicit:
        for mx in row.mx:
            zone.add(domain, "MX",
                     f"{mx.preference} {row.host_name(mx.host)}.")
    for owner, way in row.broken.items():
        name = f"{owner}.{domain}" if owner != "@" else domain
        if way in ("tampered", "expired"):
            zone.spoiled[name] = way
        else:
            zone.delegated.append((way, name))


def _add_host(zones, host):
    """The host's addresses, at its CNAME's target where it has one."""
    owner = host.name
    if cname := getattr(host.spec, "cname", None):
        _enclosing(zones, owner).add(owner, "CNAME", cname)
        owner = cname.rstrip(".")
        zone = _enclosing(zones, owner, strict=False)
        if zone is None:
            return
    _enclosing(zones, owner).addresses(owner, host.v4, host.v6)


def _add_tlsa(zone, host, authority):
    """TLSA records; "U S match" fits the certificate, "U S other" none."""
    for line in host.spec.dane:
        usage, selector, which = line.split()
        numbers = int(usage), int(selector)
        kind = host.spec.cert if which == "match" else "second"
        if which not in ("match", "other") or (
                which == "other" and host.spec.cert == "second"):
            raise LabError(f"{host.name}: dane {line!r}")
        credential = credential_of(authority, host, kind)
        if which == "other" and usage in "02":
            raise LabError(f"{host.name}: no other issuer for {line!r}")
        zone.add(f"_25._tcp.{host.name}", "TLSA", credential.tlsa(numbers))


def credential_of(authority, host, kind=None):
    names = getattr(host.spec, "names", None) or [host.name]
    return authority.issue(kind or host.spec.cert, names)


def _enclosing(zones, owner, strict=True):
    labels = owner.split(".")
    for start in range(len(labels)):
        if (found := zones.get(".".join(labels[start:]))) is not None:
            return found
    if strict:
        raise LabError(f"{owner} is in no zone of the table")
    return None


def _extra_records(zones, row):
    for line in row.records:
        owner, kind, data = line.split(None, 2)
        owner = row.host_name(owner)
        _enclosing(zones, owner).add(owner, kind, data)


def _delegate(zone, tld):
    """Cut off the names that a dead or failing server shall answer."""
    failing = []
    for way, owner in zone.delegated:
        zone.drop(owner)
        server = "servfail" if way == "servfail" else "dead"
        zone.add(owner, "NS", _ns_name(tld, server) + ".")
        if way == "servfail":
            failing.append(owner)
    return failing


def _tld_zone(tld, zones, table_zones, signer):
    zone = Zone(tld, _ns_name(tld, "tld"))
    for server in ("tld", "zones", "servfail"):
        zone.addresses(_ns_name(tld, server),
                       *plans.both("dns", NUMBER[server]))
    zone.addresses(_ns_name(tld, "dead"), *plans.both("dns", DEAD_SERVER))
    other = Signer()
    for origin, child in zones.items():
        if origin.rpartition(".")[2] != tld:
            continue
        zone.add(origin, "NS", _ns_name(tld) + ".")
        how = table_zones[origin][0].dns
        if how != "unsigned":
            key = other if how == "bogus" else signer
            zone.add(origin, "DS", key.ds(origin))
    return zone


def _root_zone(tlds, signer):
    zone = Zone(".", ROOT_SERVER)
    zone.addresses(ROOT_SERVER, *plans.both("dns", NUMBER["root"]))
    for tld in tlds:
        zone.add(tld, "NS", _ns_name(tld, "tld") + ".")
        zone.add(tld, "DS", signer.ds(tld))
        zone.addresses(_ns_name(tld, "tld"),
                       *plans.both("dns", NUMBER["tld"]), GLUE_TTL)
    return zone


def _scenario_zones(table, plan, authority):
    table_zones = table.zones()
    zones = {origin: Zone(origin, _ns_name(origin.rpartition(".")[2]))
             for origin in table_zones}
    for row in table.scenarios:
        _add_scenario(zones[row.zone], row)
    for row in table.scenarios:
        _extra_records(zones, row)
    for host in plan.hosts():
        _add_host(zones, host)
    for host in plan.mxs:
        _add_tlsa(_enclosing(zones, host.name), host, authority)
    return zones


def _write(state, zone):
    name = zone.origin.strip(".") or "root"
    return state.write(f"zones/{name}.zone", text(zone.rrsets))


def _client_files(state, root_signer):
    v4, v6 = plans.both("dns", NUMBER["root"])
    state.write("client/root.hints",
                f". 3600000 IN NS {ROOT_SERVER}.\n"
                f"{ROOT_SERVER}. 3600000 IN A {v4}\n"
                f"{ROOT_SERVER}. 3600000 IN AAAA {v6}\n")
    state.write("client/root.key", f". IN DS {root_signer.ds('.')}\n")


def build(state, table, plan, authority):
    root_signer, signer = Signer(), Signer()
    table_zones = table.zones()
    zones = _scenario_zones(table, plan, authority)
    served = {server: [] for server in SERVERS}
    for origin, zone in zones.items():
        tld = origin.rpartition(".")[2]
        served["servfail"] += [(o, None) for o in _delegate(zone, tld)]
        if table_zones[origin][0].dns != "unsigned":
            signer.sign(origin, zone.rrsets, zone.spoiled)
        served["zones"].append((origin, _write(state, zone)))
    tlds = sorted({origin.rpartition(".")[2] for origin in zones})
    for tld in tlds:
        zone = _tld_zone(tld, zones, table_zones, signer)
        signer.sign(tld, zone.rrsets)
        served["tld"].append((tld, _write(state, zone)))
    root = _root_zone(tlds, signer)
    root_signer.sign(".", root.rrsets)
    served["root"].append((".", _write(state, root)))
    _client_files(state, root_signer)
    return served
