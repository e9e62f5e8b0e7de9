#!/usr/bin/python3
"""smtpfault - an SMTP server with faults that Postfix does not have

SYNOPSIS
    smtpfault.py CONFIG

DESCRIPTION
    CONFIG is a JSON list of {kind, name, addresses, combined}.  Kinds:

        injection   what comes in the same packet after STARTTLS is kept
                    and answered inside TLS (CVE-2011-0411)
        refuses         greets with 554
        starttls-554    offers STARTTLS and refuses it for good
        silent          takes the connection and never says a word

    Knows EHLO, HELO, STARTTLS, NOOP, RSET, QUIT; anything else gets 502.
"""

import json
import socket
import socketserver
import ssl
import sys
import threading

IDLE_LIMIT = 30       # seconds without a command
LINE_MAX = 1000       # octets of a command that is not finished


class Session(socketserver.BaseRequestHandler):
    def setup(self):
        self.request.settimeout(IDLE_LIMIT)
        self.buffer = b""
        self.secure = False

    def say(self, text):
        self.request.sendall(text.encode() + b"\r\n")

    def line(self):
        while b"\n" not in self.buffer:
            got = self.request.recv(4096)
            if not got or len(self.buffer) > LINE_MAX:
                return None
            self.buffer += got
        line, _, self.buffer = self.buffer.partition(b"\n")
        return line.strip().decode("ascii", "replace").upper()

    def ehlo(self):
        name = self.server.job["name"]
        offers = ["PIPELINING", "8BITMIME"]
        if not self.secure:
            offers.insert(0, "STARTTLS")
        for offer in [name] + offers[:-1]:
            self.say(f"250-{offer}")
        self.say(f"250 {offers[-1]}")

    def starttls(self):
        if self.server.job["kind"] == "starttls-554":
            self.say("554 5.7.0 No TLS today")
            return
        self.say("220 2.0.0 Ready to start TLS")
        # The fault: self.buffer is not thrown away here.
        self.request = self.server.context.wrap_socket(
            self.request, server_side=True)
        self.secure = True

    def handle(self):
        try:
            kind = self.server.job["kind"]
            if kind == "silent":
                self.line()
                return
            name = self.server.job["name"]
            self.say(f"{554 if kind == 'refuses' else 220} {name} ESMTP")
            while (line := self.line()) is not None:
                verb = line.split(" ")[0]
                if verb == "EHLO":
                    self.ehlo()
                elif verb == "STARTTLS" and not self.secure:
                    self.starttls()
                elif verb in ("HELO", "NOOP", "RSET"):
                    self.say("250 2.0.0 Ok")
                elif verb == "QUIT":
                    self.say("221 2.0.0 Bye")
                    return
                else:
                    self.say("502 5.5.1 Not here")
        except OSError:
            pass


    def finish(self):
        self.request.close()


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, address, job):
        self.address_family = (socket.AF_INET6 if ":" in address
                               else socket.AF_INET)
        self.job = job
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(job["combined"])
        super().__init__((address, 25), Session)


def main(config):
    with open(config) as file:
        jobs = json.load(file)
    servers = [Server(a, job) for job in jobs for a in job["addresses"]]
    for server in servers:
        threading.Thread(target=server.serve_forever).start()


if __name__ == "__main__":
    main(sys.argv[1])
