"""gather_servers FOLDER - the web and mail servers of gather_world

Runs inside the world's network namespace, with a name server that never
hears some questions. FOLDER has ca.pem and the
certificates; each HTTPS request is written to FOLDER/requests and, when
SIGTERM comes, what the mail servers saw to FOLDER/sessions.
"""
import http.server
import json
import pathlib
import signal
import socket
import socketserver
import ssl
import sys
import threading
import time

import dns.flags
import dns.message
import dns.name
import dns.rdatatype
import dns.rrset

from smtp_server import Manners, Server, server_context

POLICY = ('version: STSv1\r\nmode: enforce\r\nmx: mx1.secure.test\r\n'
          'mx: *.good.secure.test\r\nmax_age: 604800\r\n')
WIDE = ('version: STSv1\nmode: testing\nmx: *.test\nmx: *.co.uk\n'
        'mx: mx1.secure.test\nmax_age: 604800\n')

# address -> (host's first labels -> body); '' is for all others
WEB = {
    '127.0.1.1': {'': POLICY},
    '127.0.1.2': {'': POLICY.replace('604800', '86400')},
    '::1': {'': POLICY},
    '127.0.1.3': {'': WIDE},
}
SILENT = '127.0.1.4'  # takes connections, says nothing
OLD_BROWSER = POLICY.replace('enforce', 'testing')

MAIL = {
    '127.0.2.1': {},
    '127.0.2.2': {},
    '127.0.2.3': {'hang': 'connect'},
    '127.0.2.4': {'ehlo': b'250 mx4\r\n'},
    '127.0.2.5': {'slow': 1},
}


# Of no-aaaa.deaf.test: an MX host and a policy host with IPv4 addresses;
# questions for IPv6 are never answered, nor is anything about what is
# delegated to it from elsewhere.
DEAF = '127.0.0.54'
HOSTS = {b'mx': '127.0.2.4', b'mta-sts': '127.0.1.3'}


def deaf_record(name, rrtype):
    """The RDATA, '' for none, or None where the question is not heard."""
    host = name.labels[0].lower()
    if not name.is_subdomain(dns.name.from_text('deaf.test.')):
        return None
    if host == b'no-aaaa' and rrtype == dns.rdatatype.MX:
        return f'10 mx.{name}'
    if host in HOSTS and rrtype == dns.rdatatype.AAAA:
        return None
    return HOSTS.get(host, '') if rrtype == dns.rdatatype.A else ''


class Deaf(socketserver.BaseRequestHandler):
    def handle(self):
        data, sock = self.request
        query = dns.message.from_wire(data)
        name, rrtype = query.question[0].name, query.question[0].rdtype
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.AA
        record = deaf_record(name, rrtype)
        if record is None:
            return
        time.sleep(0.3)  # who is quick is given up on quickly by libunbound
        if record:
            reply.answer.append(
                dns.rrset.from_text(name, 60, 'IN', rrtype, record))
        else:
            reply.authority.append(dns.rrset.from_text(
                'deaf.test.', 60, 'IN', 'SOA',
                'ns.deaf.test. a.test. 1 1 1 1 60'))
        sock.sendto(reply.to_wire(), self.client_address)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_GET(self):
        address = self.connection.getsockname()[0]
        agent = self.headers.get('User-Agent', '')
        with self.server.lock, open(self.server.log, 'a',
                                    encoding='utf-8') as log:
            log.write(json.dumps([address, self.headers['Host'], agent,
                                  self.headers.get('Accept-Encoding')])
                      + '\n')
        body = WEB[address]['']
        if agent.startswith('Mozilla') and address == '127.0.1.1':
            body = OLD_BROWSER
        self.send_response(200)
        self.send_header('Content-Type', 'text/plain')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_):
        pass


class Web(http.server.ThreadingHTTPServer):
    def __init__(self, address, folder):
        self.address_family = (socket.AF_INET6 if ':' in address
                               else socket.AF_INET)
        self.lock = LOCK
        self.log = folder / 'requests'
        super().__init__((address, 443), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / 'web.pem')
        self.socket = context.wrap_socket(self.socket, server_side=True,
                                          do_handshake_on_connect=False)


    def handle_error(self, *_):
        pass  # a client that does not like the certificate


LOCK = threading.Lock()


def main(folder):
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    for address in WEB:
        threading.Thread(target=Web(address, folder).serve_forever,
                         daemon=True).start()
    deaf = socketserver.ThreadingUDPServer((DEAF, 53), Deaf)
    threading.Thread(target=deaf.serve_forever, daemon=True).start()
    silent = socket.create_server((SILENT, 443))
    mail = {address: Server(Manners(context=server_context(
                folder / 'mx.pem'), **manners), address, 25)
            for address, manners in MAIL.items()}
    print('up', flush=True)
    signal.sigwait([signal.SIGTERM])
    silent.close()
    (folder / 'sessions').write_text(json.dumps(
        {address: [server.sessions, server.most_at_once]
         for address, server in mail.items()}), encoding='utf-8')


if __name__ == '__main__':
    main(pathlib.Path(sys.argv[1]))
