"""The world of the bench: one DNS server and one web server on loopback.

Real NSD answers for everything: a signed root that delegates `bench`
insecurely, and the unsigned zone `bench` itself:

  dN.none.bench   an MX host with an address, no record anywhere
  dN.sts.bench    the same, `_mta-sts` and `_smtp._tls` records, and
                  mta-sts.dN.sts.bench with an address of its own
  NAME.many.bench wildcard MX: domains without number, for memory only

and, where domains with DANE are wanted, the signed zone `dane`:

  dN.dane         as dN.sts.bench, without `_smtp._tls`; a TLSA record for its
                  MX host

`hole.bench` has a record and a policy host whose packets nobody answers.
policy_host serves the policies on port 443 of all of 127.0.0.0/8. Both run
in the network namespace of the caller, which must be one of its own; they
are ended by process id, and by the kernel when the bench dies.
"""
import contextlib
import ctypes
import os
import pathlib
import signal
import socket
import ssl
import subprocess
import tempfile
import time

START_DEADLINE = 60   # seconds for a server to be ready
STOP_DEADLINE = 10
DNS = '127.0.0.1'
# A link whose other end is up, and has neither this address nor its own: what
# is sent there is gone.
HOLE = '198.18.0.2'
HOLE_LINK = (
    ('link', 'add', 'hole', 'type', 'veth', 'peer', 'name', 'pit'),
    ('address', 'add', '198.18.0.1/30', 'dev', 'hole'),
    ('link', 'set', 'hole', 'up'),
    ('link', 'set', 'pit', 'up'),
    ('neighbour', 'add', HOLE, 'lladdr', '02:00:00:00:00:99', 'dev', 'hole'),
)
PR_SET_PDEATHSIG = 1
CHAINS = ('p384', 'p256')   # what policy_host can send

NSD_CONF = """\
server:
  server-count: 1
  ip-address: {dns}
  port: 53
  username: ""
  database: ""
  logfile: "{dir}/nsd.log"
  pidfile: "{dir}/nsd.pid"
  xfrdfile: "{dir}/xfrd.state"
  xfrdir: "{dir}"
  zonelistfile: "{dir}/zone.list"
  zonesdir: "{dir}"
  rrl-ratelimit: 0
remote-control:
  control-enable: no
zone:
  name: "."
  zonefile: "root.zone.signed"
zone:
  name: "bench"
  zonefile: "bench.zone"
"""

NSD_DANE = """\
zone:
  name: "dane"
  zonefile: "dane.zone.signed"
"""

ROOT_ZONE = """\
$TTL 86400
. SOA ns.bench. root.bench. 1 1800 900 604800 86400
. NS ns.bench.
bench. NS ns.bench.
ns.bench. A 127.0.0.1
"""

BENCH_HEAD = """\
$ORIGIN bench.
$TTL 3600
@ SOA ns root 1 1800 900 604800 3600
@ NS ns
ns A 127.0.0.1
*.many MX 10 mx.many
mx.many A 127.0.0.1
_mta-sts.hole TXT "v=STSv1; id=20260101;"
mta-sts.hole A {hole}
"""


DANE_HEAD = """\
$ORIGIN dane.
$TTL 3600
@ SOA ns.bench. root.bench. 1 1800 900 604800 3600
@ NS ns.bench.
"""


def none_domain(number):
    return f'd{number}.none.bench'


def sts_domain(number):
    return f'd{number}.sts.bench'


def dane_domain(number):
    return f'd{number}.dane'


def many_domain(number):
    return f'm{number}.many.bench'


def host_address(number):
    """Of dN's hosts: spread, so that ports to one address do not run out."""
    return f'127.{1 + number // 62500}.{number // 250 % 250}.{1 + number % 250}'


def write_bench_zone(path, domains):
    with open(path, 'w', encoding='ascii') as file:
        file.write(BENCH_HEAD.format(hole=HOLE))
        for n in range(domains):
            address = host_address(n)
            file.write(
                f'd{n}.none MX 10 mx.d{n}.none\n'
                f'mx.d{n}.none A {address}\n'
                f'd{n}.sts MX 10 mx.d{n}.sts\n'
                f'mx.d{n}.sts A {address}\n'
                f'_mta-sts.d{n}.sts TXT "v=STSv1; id=20260101T{n:06d};"\n'
                f'_smtp._tls.d{n}.sts TXT '
                f'"v=TLSRPTv1; rua=mailto:tlsrpt@d{n}.sts.bench"\n'
                f'mta-sts.d{n}.sts A {address}\n')


def write_dane_zone(path, domains):
    digest = 'ab' * 32
    with open(path, 'w', encoding='ascii') as file:
        file.write(DANE_HEAD)
        for n in range(domains):
            address = host_address(n)
            file.write(
                f'd{n} MX 10 mx.d{n}\n'
                f'mx.d{n} A {address}\n'
                f'_25._tcp.mx.d{n} TLSA 3 1 1 {digest}\n'
                f'_mta-sts.d{n} TXT "v=STSv1; id=20260101T{n:06d};"\n'
                f'mta-sts.d{n} A {address}\n')


def sign(folder, zone, file):
    """Signs FILE as FILE.signed; the name of the key without its ending."""
    key = subprocess.run(
        ['ldns-keygen', '-k', '-a', 'ECDSAP256SHA256', zone], cwd=folder,
        check=True, capture_output=True, text=True).stdout.strip()
    subprocess.run(['ldns-signzone', file, key], cwd=folder, check=True,
                   capture_output=True)
    return key


def dig_hole():
    """Once a namespace."""
    if not os.path.exists('/proc/sys/net/ipv4/conf/hole'):
        for words in HOLE_LINK:
            subprocess.run(['ip', *words], check=True)


def die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def wait_until(ready, process, what):
    deadline = time.monotonic() + START_DEADLINE
    while not ready():
        if process.poll() is not None:
            raise RuntimeError(f'{what} ended with {process.returncode}')
        if time.monotonic() > deadline:
            raise RuntimeError(f'{what} was not ready in {START_DEADLINE} s')
        time.sleep(0.05)


def dns_answers():
    """Whether the server answers `bench SOA` with NOERROR."""
    query = (b'\x12\x34\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00'
             b'\x05bench\x00\x00\x06\x00\x01')
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(0.5)
        try:
            sock.connect((DNS, 53))
            sock.send(query)
            return sock.recv(512)[3] & 15 == 0
        except OSError:
            return False


class World(contextlib.AbstractContextManager):
    """`resolver`, `ca_file` and `trust_anchor` are what clients are told."""

    def __init__(self, build, domains, chain, dane=0):
        self.bench = pathlib.Path(build) / 'tests' / 'bench'
        self.domains = domains
        self.dane = dane
        self.chain = chain
        self.resolver = f'{DNS}@53'
        self.processes = []
        self._folder = tempfile.TemporaryDirectory(prefix='mtasts-bench-')
        self.dir = pathlib.Path(self._folder.name)
        self.ca_file = self.dir / 'ca.pem'
        self.trust_anchor = self.dir / 'root.key'

    def __enter__(self):
        try:
            subprocess.run(['ip', 'link', 'set', 'lo', 'up'], check=True)
            dig_hole()
            self._write_zones()
            self._start_nsd()
            self._start_policy_host()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.terminate()
            try:
                process.wait(STOP_DEADLINE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._folder.cleanup()

    def given(self):
        """How many policies policy_host has given so far."""
        context = ssl.create_default_context(cafile=self.ca_file)
        address = (host_address(0), 443)
        with socket.create_connection(address, START_DEADLINE) as plain, \
                context.wrap_socket(plain, server_hostname='bench') as end:
            end.sendall(b'GET /given HTTP/1.1\r\nHost: bench\r\n\r\n')
            head = b''
            while not head.endswith(b'\n') or b'\r\n\r\n' not in head:
                head += end.recv(4096)
        return int(head.split(b'\r\n\r\n')[1])

    def _write_zones(self):
        write_bench_zone(self.dir / 'bench.zone', self.domains)
        delegations = ''
        if self.dane:
            write_dane_zone(self.dir / 'dane.zone', self.dane)
            key = sign(self.dir, 'dane', 'dane.zone')
            delegations = ('dane. NS ns.bench.\n' + (
                self.dir / f'{key}.ds').read_text(encoding='ascii'))
        (self.dir / 'root.zone').write_text(ROOT_ZONE + delegations,
                                            encoding='ascii')
        key = sign(self.dir, '.', 'root.zone')
        (self.dir / f'{key}.key').rename(self.trust_anchor)

    def _start_nsd(self):
        conf = self.dir / 'nsd.conf'
        conf.write_text(NSD_CONF.format(dir=self.dir, dns=DNS) +
                        (NSD_DANE if self.dane else ''), encoding='ascii')
        process = self._start(['nsd', '-d', '-c', conf])
        wait_until(dns_answers, process, 'nsd')

    def _start_policy_host(self):
        process = self._start([self.bench / 'policy_host', self.ca_file, '2',
                               self.chain])
        wait_until(lambda: self.ca_file.exists() and
                   self.ca_file.stat().st_size > 0, process, 'policy_host')

    def _start(self, command):
        # pylint: disable=consider-using-with,subprocess-popen-preexec-fn
        process = subprocess.Popen(
            [os.fspath(part) for part in command], preexec_fn=die_with_parent,
            stdin=subprocess.DEVNULL)
        self.processes.append(process)
        return process
