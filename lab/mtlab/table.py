"""table - the scenarios, read from scenarios.toml

DESCRIPTION
    load() returns a list of Scenario, in the table's order.  A row names
    only what differs from a healthy domain; the defaults below are that
    healthy domain.  Unknown keys and unknown words are refused, so that a
    typing error in a row cannot pass as a healthy one.

    The meaning of every key is in README.md, "The table".  Another table
    than scenarios.toml is named by $MTASTS_LAB_TABLE.
"""

import os
import re
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path

from .state import LabError

FILE = Path(__file__).resolve().parent.parent / "scenarios.toml"

SECTIONS = ("healthy", "sts-record", "policy-host", "policy", "mx", "smtp",
            "dane", "tlsrpt")
DNS = ("signed", "unsigned", "bogus")
BREAKAGE = ("tampered", "expired", "servfail", "timeout")
ADDRESS = ("up", "refused", "dead", "none")
CERTS = ("good", "expired", "not-yet-valid", "expiring", "expiring-soon",
         "untrusted", "self-signed", "wrong-name", "cn-only", "incomplete",
         "misordered",
         "rsa", "rsa1024", "sha1", "second")
WEB_KINDS = ("nginx", "drip", "cut", "oversize", "silent")
SEVERITIES = ("error", "warning", "unknown")
MX_KINDS = ("postfix", "injection", "refuses", "starttls-554", "silent")
STARTTLS = ("yes", "no", "454")

HEALTHY_STS = ["v=STSv1; id=20240101;"]
HEALTHY_TLSRPT = ["v=TLSRPTv1; rua=mailto:tlsrpt@tls-reports.example"]
DEFAULT_TTL = 3600
MAX_AGE = 2419200     # four weeks: long enough for every rule


def _choose(row, key, value, words):
    if value not in words:
        raise LabError(f"{row}: {key} = {value!r}; one of {words}")


@dataclass
class Policy:
    """The file that the policy host serves; body, when given, is all of it."""
    version: str = "STSv1"
    mode: str = "enforce"
    max_age: object = MAX_AGE
    mx: list = None            # None: the names of the row's MX hosts
    extra: list = field(default_factory=list)
    body: str = None
    latin1: bool = False       # encode as Latin-1 instead of UTF-8

    def text(self, mx_names, eol="\r\n"):
        if self.body is not None:
            return self.body.encode("latin-1" if self.latin1 else "utf-8")
        lines = [f"version: {self.version}", f"mode: {self.mode}"]
        lines += [f"mx: {name}"
                  for name in (mx_names if self.mx is None else self.mx)]
        lines += [f"max_age: {self.max_age}"] + list(self.extra)
        return "".join(line + eol for line in lines).encode()


@dataclass
class Web:
    """The policy host."""
    kind: str = "nginx"
    cert: str = "good"
    names: list = None         # subject alternative names instead of its own
    v4: str = "up"
    v6: str = "up"
    status: int = 200
    type: str = "text/plain"   # "" sends no Content-Type
    redirect: str = None
    protocols: str = "TLSv1.2 TLSv1.3"
    agent_body: str = None     # max_age for User-Agents with "mtasts" in them
    v6_body: str = None        # max_age over IPv6
    cname: str = None          # mta-sts.DOMAIN is this CNAME

    def check(self, row):
        _choose(row, "web.kind", self.kind, WEB_KINDS)
        _choose(row, "web.cert", self.cert, CERTS)
        for key in ("v4", "v6"):
            _choose(row, "web." + key, getattr(self, key), ADDRESS)


@dataclass
class Mx:
    """One MX host.  A name with a final dot belongs to another row."""
    host: str = "mx"
    preference: int = None
    kind: str = "postfix"
    cert: str = "good"
    names: list = None
    v4: str = "up"
    v6: str = "up"
    starttls: str = "yes"
    protocols: str = ">=TLSv1.2"
    ciphers: str = None
    anonymous: bool = False    # offer ciphers without a certificate as well
    sni_cert: str = None       # certificate for clients that send its name
    v6_cert: str = None        # certificate over IPv6
    cname: str = None          # the MX name is this CNAME
    at: str = "mx"             # the namespace it stands in
    dane: list = field(default_factory=list)

    def check(self, row):
        _choose(row, "mx.kind", self.kind, MX_KINDS)
        _choose(row, "mx.at", self.at, ("mx", "attacker"))
        _choose(row, "mx.starttls", self.starttls, STARTTLS)
        for key in ("cert", "sni_cert", "v6_cert"):
            if getattr(self, key) is not None:
                _choose(row, "mx." + key, getattr(self, key), CERTS)
        for key in ("v4", "v6"):
            _choose(row, "mx." + key, getattr(self, key), ADDRESS)

    @property
    def foreign(self):
        return self.host.endswith(".")


@dataclass
class Scenario:
    domain: str
    about: str
    section: str
    expect: list = field(default_factory=list)
    severity: dict = field(default_factory=dict)
    info: list = None
    dns: str = "signed"
    sts: list = field(default_factory=lambda: list(HEALTHY_STS))
    sts_ttl: int = DEFAULT_TTL
    policy: Policy = field(default_factory=Policy)
    web: Web = field(default_factory=Web)
    mx: list = field(default_factory=lambda: [Mx()])
    null_mx: bool = False
    tlsrpt: list = field(default_factory=lambda: list(HEALTHY_TLSRPT))
    broken: dict = field(default_factory=dict)
    records: list = field(default_factory=list)
    zone: str = None           # filled in: the last two labels

    def check(self):
        row = self.domain
        _choose(row, "section", self.section, SECTIONS)
        _choose(row, "dns", self.dns, DNS)
        if not re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", row):
            raise LabError(f"{row}: not a lower-case domain in A-labels")
        self.zone = ".".join(row.split(".")[-2:])
        if not isinstance(self.expect, list):
            raise LabError(f"{row}: expect must be a list of rule ids")
        for rule, level in self.severity.items():
            _choose(row, "severity", level, SEVERITIES)
            _choose(row, "severity of", rule, self.expect)
        for way in self.broken.values():
            _choose(row, "broken", way, BREAKAGE)
        if self.web:
            self.web.check(row)
        for number, mx in enumerate(self.mx, 1):
            mx.check(row)
            if mx.preference is None:
                mx.preference = 10 * number

    @property
    def implicit(self):
        """No MX record: the domain itself takes the mail (RFC 5321 5.1)."""
        return (len(self.mx) == 1 and self.mx[0].host == "@"
                and not self.null_mx)

    def host_name(self, name):
        """A name as written in the row, made absolute."""
        if name == "@":
            return self.domain
        return name[:-1] if name.endswith(".") else f"{name}.{self.domain}"

    @property
    def mx_names(self):
        return [self.host_name(mx.host) for mx in self.mx]

    @property
    def policy_host(self):
        return f"mta-sts.{self.domain}"

    def body(self, **changes):
        """The octets of the policy file, with some fields exchanged."""
        changed = Policy(**{**vars(self.policy), **changes})
        return changed.text(self.mx_names)


def _build(kind, values, row):
    known = {f.name for f in fields(kind)}
    if unknown := set(values) - known:
        raise LabError(f"{row}: unknown {kind.__name__} keys "
                       f"{sorted(unknown)}")
    return kind(**values)


def _scenario(values):
    row = values.get("domain", "a row without a domain")
    for key in ("domain", "about", "section"):
        if not values.get(key):
            raise LabError(f"{row}: {key} is missing")
    values = dict(values)
    for key, kind in (("policy", Policy), ("web", Web)):
        if values.get(key) is False:
            values[key] = None
        elif key in values:
            values[key] = _build(kind, values[key], row)
    if values.get("mx") is False:
        values["mx"] = []
    elif "mx" in values:
        values["mx"] = [_build(Mx, mx, row) for mx in values["mx"]]
    if "zone" in values:
        raise LabError(f"{row}: the zone follows from the domain")
    scenario = _build(Scenario, values, row)
    scenario.check()
    return scenario


@dataclass
class Table:
    scenarios: list
    default_info: list
    endpoints: list            # further HTTPS hosts: report collectors

    def zones(self):
        """{zone: [scenarios in it]}, in order of appearance."""
        found = {}
        for scenario in self.scenarios:
            found.setdefault(scenario.zone, []).append(scenario)
        return found

    def expected_info(self, scenario):
        return (self.default_info if scenario.info is None
                else scenario.info)


@dataclass
class Endpoint:
    """An HTTPS host that takes reports: POST gives 201, the rest 405."""
    host: str
    cert: str = "good"
    v4: str = "up"
    v6: str = "up"

    def check(self):
        _choose(self.host, "cert", self.cert, CERTS)
        for key in ("v4", "v6"):
            _choose(self.host, key, getattr(self, key), ADDRESS)


def load(path=None):
    path = path or os.environ.get("MTASTS_LAB_TABLE") or FILE
    with open(path, "rb") as file:
        try:
            data = tomllib.load(file)
        except tomllib.TOMLDecodeError as error:
            raise LabError(f"{path}: {error}") from None
    scenarios = [_scenario(row) for row in data.pop("scenario")]
    endpoints = [_build(Endpoint, row, row.get("host"))
                 for row in data.pop("endpoint", [])]
    for endpoint in endpoints:
        endpoint.check()
    seen = set()
    for scenario in scenarios:
        if scenario.domain in seen:
            raise LabError(f"{scenario.domain}: twice in the table")
        seen.add(scenario.domain)
    info = data.pop("default_info", [])
    if data:
        raise LabError(f"{path}: unknown keys {sorted(data)}")
    return Table(scenarios, info, endpoints)
