"""A real name server (NSD) on loopback, with a root zone of a few lines."""
import pathlib
import socket
import subprocess
import time

import dns.exception
import dns.message
import dns.query

CONFIGURATION = '''
server:
    ip-address: 127.0.0.1@{port}
    username: ""
    chroot: ""
    database: ""
    zonesdir: "{folder}"
    zonelistfile: "{folder}/zone.list"
    pidfile: "{folder}/nsd.pid"
    xfrdfile: "{folder}/xfrd.state"
    logfile: "{folder}/nsd.log"
    server-count: 1
    rrl-ratelimit: 0
remote-control:
    control-enable: no
zone:
    name: "."
    zonefile: "root.zone"
'''
HEAD = '''$TTL 300
. SOA ns. admin. 1 3600 600 86400 300
. NS ns.
ns. A 127.0.0.1
'''


def free_port():
    """A port that neither UDP nor TCP has taken."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, \
                socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp:
            udp.bind(('127.0.0.1', 0))
            try:
                tcp.bind(udp.getsockname())
            except OSError:
                continue
            return udp.getsockname()[1]


class NameServer:
    """Names under `.` that are not in `zone` do not exist."""

    def __init__(self, folder, zone=''):
        self.folder = pathlib.Path(folder)
        self.port = free_port()
        (self.folder / 'root.zone').write_text(HEAD + zone, 'ascii')
        configuration = self.folder / 'nsd.conf'
        configuration.write_text(CONFIGURATION.format(
            port=self.port, folder=self.folder), 'ascii')
        self.process = subprocess.Popen(
            ['/usr/sbin/nsd', '-d', '-c', configuration],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.wait()

    @property
    def address(self):
        return f'127.0.0.1@{self.port}'

    def wait(self):
        query = dns.message.make_query('.', 'SOA')
        end = time.monotonic() + 20
        while True:
            try:
                dns.query.udp(query, '127.0.0.1', port=self.port, timeout=0.2)
                return
            except (dns.exception.Timeout, OSError):
                assert self.process.poll() is None and \
                    time.monotonic() < end, self.log()

    def log(self):
        path = self.folder / 'nsd.log'
        return path.read_text('utf-8') if path.exists() else 'no log'

    def close(self):
        self.process.terminate()
        self.process.wait(timeout=10)


class DeadServer:
    """A port that takes queries and never answers."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(('127.0.0.1', 0))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)

    @property
    def address(self):
        return f'127.0.0.1@{self.socket.getsockname()[1]}'

    def close(self):
        self.socket.close()
