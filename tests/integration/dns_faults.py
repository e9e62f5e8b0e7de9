#!/usr/bin/python3
"""dns_faults SWITCHES: name servers with faults, for dns_world.py.

Each has an address of its own on port 53. Files in the folder SWITCHES
change what some of them do while they run.

    127.0.0.3   forwards to 127.0.0.1; strips DNSSEC while `strip` exists
    127.0.0.4   REFUSED to everything
    127.0.0.5   silence
    127.0.0.7   SERVFAIL with an extended error
    127.0.0.8   octets that are no DNS message
    127.0.0.9   forwards to 127.0.0.1, but drops questions for DNSKEY
    127.0.0.54  authority of faulty.test.: the first label says what to do
    127.0.0.55  silence
"""
import pathlib
import socketserver
import sys
import threading
import time

import dns.edns
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import dns.rrset

UPSTREAM = '127.0.0.1'
SWITCHES = pathlib.Path(sys.argv[1])
DNSSEC_TYPES = (dns.rdatatype.RRSIG, dns.rdatatype.NSEC, dns.rdatatype.NSEC3)


def plain(rcode, ede=None):
    def answer(query):
        reply = dns.message.make_response(query, recursion_available=True)
        reply.set_rcode(rcode)
        if ede:
            reply.use_edns(0, options=[dns.edns.EDEOption(*ede)])
        return reply.to_wire()
    return answer


def silence(_):
    return None


def garbage(query):
    return query.id.to_bytes(2, 'big') + b'\x81\x80\x00\x01\x00\x05junk' * 3


def forward(query):
    return dns.query.udp(query, UPSTREAM, timeout=3)


def stripper(query):
    if not (SWITCHES / 'strip').exists():
        return forward(query).to_wire()
    bare = dns.message.make_query(query.question[0].name,
                                  query.question[0].rdtype, use_edns=False)
    bare.flags |= dns.flags.CD
    reply = forward(bare)
    reply.id = query.id
    reply.flags &= ~dns.flags.AD
    for section in (reply.answer, reply.authority):
        section[:] = [rrset for rrset in section
                      if rrset.rdtype not in DNSSEC_TYPES]
    return reply.to_wire()


def no_dnskey(query):
    if query.question[0].rdtype == dns.rdatatype.DNSKEY:
        return None
    return forward(query).to_wire()


def faulty(query):
    question = query.question[0]
    word = question.name.labels[0].decode('ascii').lower()
    if word == 'refused':
        return plain(dns.rcode.REFUSED)(query)
    if word == 'servfail':
        return plain(dns.rcode.SERVFAIL)(query)
    if word == 'garbage':
        return garbage(query)
    if word == 'slow':
        time.sleep(1.5)
    reply = dns.message.make_response(query)
    reply.flags |= dns.flags.AA
    if word == 'slow' and question.rdtype == dns.rdatatype.TXT:
        reply.answer.append(dns.rrset.from_text(question.name, 60, 'IN', 'TXT',
                                                '"late"'))
    elif question.rdtype == dns.rdatatype.NS and word == 'faulty':
        reply.answer.append(dns.rrset.from_text(question.name, 60, 'IN', 'NS',
                                                'ns.faulty.test.'))
    else:
        reply.authority.append(dns.rrset.from_text(
            'faulty.test.', 60, 'IN', 'SOA',
            'ns.faulty.test. a.test. 1 1 1 1 60'))
    return reply.to_wire()


SERVERS = {
    '127.0.0.3': stripper,
    '127.0.0.4': plain(dns.rcode.REFUSED),
    '127.0.0.5': silence,
    '127.0.0.7': plain(dns.rcode.SERVFAIL,
                       (dns.edns.EDECode.NETWORK_ERROR, 'cable cut')),
    '127.0.0.8': garbage,
    '127.0.0.9': no_dnskey,
    '127.0.0.54': faulty,
    '127.0.0.55': silence,
}


class Server(socketserver.ThreadingUDPServer):
    max_packet_size = 65535
    daemon_threads = True


def handler(answer):
    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            data, sock = self.request
            reply = answer(dns.message.from_wire(data))
            if reply is not None:
                sock.sendto(reply, self.client_address)
    return Handler


def main():
    servers = [Server((address, 53), handler(answer))
               for address, answer in SERVERS.items()]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    threading.Event().wait()


if __name__ == '__main__':
    main()
