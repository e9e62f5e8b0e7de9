"""bogus_host CHAIN ADDRESS...: the attacker's policy host

DESCRIPTION
    Answers HTTPS on port 443 of the addresses, which he has taken over, with
    his own certificate and a policy that lets his host in.  Says "ready"
    once it listens.
"""

import http.server
import ssl
import socket
import socketserver
import sys
import threading

POLICY = (b"version: STSv1\r\nmode: enforce\r\nmx: mx.attacker.example\r\n"
          b"max_age: 604800\r\n")


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(POLICY)))
        self.end_headers()
        self.wfile.write(POLICY)

    def log_message(self, *_):
        pass


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True

    def __init__(self, address, context):
        if ":" in address:
            self.address_family = socket.AF_INET6
        self.context = context
        super().__init__((address, 443), Answer)

    def get_request(self):
        client, address = super().get_request()
        client.settimeout(10)
        return self.context.wrap_socket(
            client, server_side=True, do_handshake_on_connect=False), address

    def handle_error(self, *_):
        pass    # who does not like the certificate hangs up


def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1])
    for address in sys.argv[2:]:
        server = Server(address, context)
        threading.Thread(target=server.serve_forever, daemon=True).start()
    print("ready", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
