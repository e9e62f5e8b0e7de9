#!/usr/bin/python3
"""dns_faults SWITCHES: name servers with faults, for dns_world.py.

Each has an address of its own on port 53. Files in the folder SWITCHES
change what some of them do while they run.

    127.0.0.3   forwards to 127.0.0.1; strips DNSSEC while `strip` exists, and
    127.0.0.9   does to questions for DNSKEY what the file `dnskey` says: a
                word of DNSKEY_FAULTS, for ever or so many times as the
                number behind it says. What it did so is noted in `dnskeys`
    127.0.0.4   REFUSED to everything
    fe80::53%lo the same
    127.0.0.5   silence
    127.0.0.7   SERVFAIL with an extended error
    127.0.0.8   octets that are no DNS message
    127.0.0.54  authority of faulty.test.: the first label says what to do
    127.0.0.55  silence
"""
import pathlib
import socket
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


def stripped(query):
    """What a resolver that knows nothing of DNSSEC answers."""
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


DNSKEY_FAULTS = {
    'strip': stripped,
    'empty': plain(dns.rcode.NOERROR),
    'refused': plain(dns.rcode.REFUSED),
    'notimp': plain(dns.rcode.NOTIMP),
    'formerr': plain(dns.rcode.FORMERR),
    'servfail': plain(dns.rcode.SERVFAIL),
    'garbage': garbage,
    'silent': silence,
}
LOCK = threading.Lock()


def dnskey_fault():
    """The word in `dnskey`, which counts down; or None."""
    switch = SWITCHES / 'dnskey'
    with LOCK:
        try:
            word, *times = switch.read_text('ascii').split()
        except FileNotFoundError:
            return None
        if times and int(times[0]) <= 1:
            switch.unlink(missing_ok=True)
        elif times:
            switch.write_text(f'{word} {int(times[0]) - 1}', 'ascii')
        with open(SWITCHES / 'dnskeys', 'a', encoding='ascii') as notes:
            notes.write(word + '\n')
        return word


def relay(query):
    if (SWITCHES / 'strip').exists():
        return stripped(query)
    if query.question[0].rdtype == dns.rdatatype.DNSKEY:
        fault = dnskey_fault()
        if fault:
            return DNSKEY_FAULTS[fault](query)
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
    '127.0.0.3': relay,
    '127.0.0.4': plain(dns.rcode.REFUSED),
    '127.0.0.5': silence,
    '127.0.0.7': plain(dns.rcode.SERVFAIL,
                       (dns.edns.EDECode.NETWORK_ERROR, 'cable cut')),
    '127.0.0.8': garbage,
    '127.0.0.9': relay,
    'fe80::53%lo': plain(dns.rcode.REFUSED),
    '127.0.0.54': faulty,
    '127.0.0.55': silence,
}


class Server(socketserver.ThreadingUDPServer):
    max_packet_size = 65535
    daemon_threads = True

    def __init__(self, address, handler_class):
        found = socket.getaddrinfo(address, 53, type=socket.SOCK_DGRAM)[0]
        self.address_family = found[0]
        super().__init__(found[4], handler_class)


def handler(answer):
    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            data, sock = self.request
            reply = answer(dns.message.from_wire(data))
            if reply is not None:
                sock.sendto(reply, self.client_address)
    return Handler


def main():
    servers = [Server(address, handler(answer))
               for address, answer in SERVERS.items()]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    threading.Event().wait()


if __name__ == '__main__':
    main()
