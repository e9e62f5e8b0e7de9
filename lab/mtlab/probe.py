"""probe - is a server up yet

DESCRIPTION
    Small questions asked from inside a namespace while the lab starts.
    They return True or False and never wait longer than PROBE_LIMIT.
"""

import socket

import dns.exception
import dns.message
import dns.query

from . import netns

PROBE_LIMIT = 0.25   # seconds


def _dns(address, name, kind, want_ad):
    query = dns.message.make_query(name, kind, want_dnssec=want_ad)
    try:
        answer = dns.query.udp(query, address, timeout=PROBE_LIMIT)
    except (OSError, dns.exception.DNSException):
        return False
    return not want_ad or bool(answer.flags & dns.flags.AD)


def answers_dns(space, address, name, kind="SOA", want_ad=False):
    return netns.inside(space, _dns, address, name, kind, want_ad)


def _tcp(address, port):
    try:
        socket.create_connection((address, port), PROBE_LIMIT).close()
    except OSError:
        return False
    return True


def accepts_tcp(space, address, port):
    return netns.inside(space, _tcp, address, port)
