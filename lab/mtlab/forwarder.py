#!/usr/bin/python3
"""forwarder - a DNS forwarder that strips DNSSEC

SYNOPSIS
    forwarder.py LISTEN UPSTREAM

DESCRIPTION
    Answers recursive queries over UDP and TCP on port 53 of LISTEN by
    asking UPSTREAM, as a home router of the year 2005 would: the question
    goes on without EDNS, and what comes back loses its AD bit and every
    RRSIG, NSEC, NSEC3, DS and DNSKEY.  `dig . DNSKEY` through it gives an
    empty answer.

LIMITS
    A thread a query.  Waits at most UPSTREAM_LIMIT for the upstream and
    then answers SERVFAIL.
"""

import socketserver
import struct
import sys
import threading

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype

UPSTREAM_LIMIT = 30    # seconds
TCP_IDLE = 10          # seconds
UDP_SIZE = 512         # octets, what DNS without EDNS allows
STRIPPED = {dns.rdatatype.RRSIG, dns.rdatatype.NSEC, dns.rdatatype.NSEC3,
            dns.rdatatype.NSEC3PARAM, dns.rdatatype.DS,
            dns.rdatatype.DNSKEY}


def answer(wire, upstream):
    query = dns.message.from_wire(wire)
    plain = dns.message.make_query(query.question[0].name,
                                   query.question[0].rdtype)
    reply = dns.message.make_response(query)
    reply.use_edns(False)
    reply.flags |= dns.flags.RA
    try:
        got, _ = dns.query.udp_with_fallback(plain, upstream,
                                             timeout=UPSTREAM_LIMIT)
    except (OSError, dns.exception.DNSException):
        reply.set_rcode(dns.rcode.SERVFAIL)
        return reply
    reply.set_rcode(got.rcode())
    for section in ("answer", "authority", "additional"):
        kept = [rrs for rrs in getattr(got, section)
                if rrs.rdtype not in STRIPPED]
        setattr(reply, section, kept)
    return reply


class Udp(socketserver.BaseRequestHandler):
    def handle(self):
        wire, sock = self.request
        try:
            reply = answer(wire, self.server.upstream)
        except (dns.exception.DNSException, IndexError):
            return
        out = reply.to_wire()
        if len(out) > UDP_SIZE:
            reply.flags |= dns.flags.TC
            reply.answer = reply.authority = reply.additional = []
            out = reply.to_wire()
        sock.sendto(out, self.client_address)


class Tcp(socketserver.StreamRequestHandler):
    timeout = TCP_IDLE

    def handle(self):
        try:
            while len(head := self.rfile.read(2)) == 2:
                wire = self.rfile.read(struct.unpack("!H", head)[0])
                out = answer(wire, self.server.upstream).to_wire()
                self.wfile.write(struct.pack("!H", len(out)) + out)
        except (OSError, dns.exception.DNSException, IndexError):
            pass


class UdpServer(socketserver.ThreadingUDPServer):
    daemon_threads = True


class TcpServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


def main(listen, upstream):
    servers = [UdpServer((listen, 53), Udp), TcpServer((listen, 53), Tcp)]
    for server in servers:
        server.upstream = upstream
        threading.Thread(target=server.serve_forever).start()


if __name__ == "__main__":
    main(*sys.argv[1:])
