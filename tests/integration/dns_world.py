"""A small internet of DNS servers in a network namespace of its own.

Real ones: NSD with a signed root, a signed TLD `test.` and zones below it
(signed, unsigned, expired), Unbound as a resolver in front of it. And
dns_faults.py for what real servers do not do when asked to.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
START_S = 15  # for all servers together

AUTHORITY = '127.0.0.53'
BLACKHOLE = '127.0.0.55'
RESOLVER = '127.0.0.1'       # validates
PLAIN_RESOLVER = '127.0.0.2'  # does not validate, passes DNSSEC through
NOBODY = '127.0.0.99'        # no server there
OUTSIDE = '192.0.2.53'       # the authority again, as if not on this machine

ROOT = f"""
. 86400 SOA ns.test. admin.test. 1 1800 900 604800 300
. 86400 NS ns.test.
ns.test. 86400 A {AUTHORITY}
test. 86400 NS ns.test.
"""

TEST = f"""
test. 3600 SOA ns.test. admin.test. 1 1800 900 604800 300
test. 3600 NS ns.test.
ns.test. 3600 A {AUTHORITY}
secure.test. 3600 NS ns.test.
insecure.test. 3600 NS ns.test.
expired.test. 3600 NS ns.test.
silent.test. 3600 NS ns.silent.test.
ns.silent.test. 3600 A {BLACKHOLE}
faulty.test. 3600 NS ns.faulty.test.
ns.faulty.test. 3600 A 127.0.0.54
"""

LONG = 'x' * 250

ZONE = """
{zone}. 3600 SOA ns.test. admin.test. 1 1800 900 604800 60
{zone}. 3600 NS ns.test.
{zone}. 600 MX 10 mx1.{zone}.
{zone}. 600 MX 20 MX2.{zone}.
{zone}. 600 TXT "one" "two"
mx1.{zone}. 300 A 192.0.2.1
mx1.{zone}. 300 A 192.0.2.2
mx1.{zone}. 300 AAAA 2001:db8::1
_25._tcp.mx1.{zone}. 300 TLSA 3 1 1 {sha256}
_mta-sts.{zone}. 120 TXT "v=STSv1; id=1;"
null.{zone}. 300 MX 0 .
many.{zone}. 300 TXT "{long}"
many.{zone}. 300 TXT "2{long}"
many.{zone}. 300 TXT "3{long}"
many.{zone}. 300 TXT "4{long}"
many.{zone}. 300 TXT "5{long}"
many.{zone}. 300 TXT "6{long}"
dangling.{zone}. 300 CNAME gone.{zone}.
empty.{zone}. 300 CNAME mx1.{zone}.
a.loop.{zone}. 300 CNAME b.loop.{zone}.
b.loop.{zone}. 300 CNAME a.loop.{zone}.
old.{zone}. 300 DNAME new.{zone}.
www.new.{zone}. 300 TXT "through a DNAME"
*.wild.{zone}. 300 TXT "wild"
"""


def zone_text(zone):
    lines = [ZONE.format(zone=zone, sha256='ab' * 32, long=LONG)]
    # A chain of n aliases begins at c<n>: c1 -> c0, c2 -> c1, ...
    lines.append(f'c0.{zone}. 300 TXT "the end"')
    for n in range(1, 13):
        lines.append(f'c{n}.{zone}. {300 + n} CNAME c{n - 1}.{zone}.')
    lines.append(f'across.{zone}. 300 CNAME _mta-sts.insecure.test.')
    for n in range(100):
        lines.append(f'h{n}.{zone}. 300 A 192.0.2.1')
    for n in range(130):
        lines.append(f'crowd.{zone}. 300 TXT "{n}"')
    return '\n'.join(lines) + '\n'


class Namespace:
    """Processes that share a loopback interface with nobody else."""

    def __init__(self):
        self.children = []
        own_user = os.geteuid() != 0
        command = ['unshare', '-n'] + (['-r'] if own_user else [])
        # It lives until the pipe to it closes, so that it never outlives us.
        self.holder = subprocess.Popen(
            command + ['sh', '-c', 'ip link set lo up && '
                       'ip addr add fe80::53/128 dev lo nodad && '
                       f'ip addr add {OUTSIDE}/32 dev lo && '
                       'echo up && exec cat'],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.holder.stdout.readline() == 'up\n', 'no network namespace'
        self.enter = ['nsenter', '-t', str(self.holder.pid), '-n']
        if own_user:
            self.enter += ['-U', '--preserve-credentials']

    def start(self, *command, **more):
        child = subprocess.Popen(self.enter + list(map(str, command)), **more)
        self.children.append(child)
        return child

    def run(self, *command, **more):
        return subprocess.run(self.enter + list(map(str, command)),
                              check=False, **more)

    def close(self):
        for child in reversed(self.children):
            child.terminate()
        for child in self.children:
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        self.holder.stdin.close()
        self.holder.wait()


def tool(*command, cwd):
    result = subprocess.run(list(map(str, command)), cwd=cwd, check=False,
                            capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


class Signer:
    """Signs zones with ldns: one ECDSA key that signs everything."""

    def __init__(self, folder):
        self.folder = folder

    def key(self, zone):
        return tool('ldns-keygen', '-a', 'ECDSAP256SHA256', '-k', zone or '.',
                    cwd=self.folder)

    def ds(self, key):
        return (self.folder / f'{key}.ds').read_text(encoding='ascii')

    def sign(self, zone, file, key, expired=False):
        now = int(time.time())
        start, end = ((now - 90 * 86400, now - 60 * 86400) if expired else
                      (now - 86400, now + 30 * 86400))
        tool('ldns-signzone', '-i', start, '-e', end, '-o', zone or '.',
             '-f', f'{file}.signed', file, key, cwd=self.folder)


NSD_CONF = """
server:
    ip-address: {address}
    port: 53
    zonesdir: "{folder}"
    username: ""
    pidfile: ""
    database: ""
    logfile: "{folder}/nsd.log"
    zonelistfile: "{folder}/zone.list"
    xfrdfile: ""
    xfrdir: "{folder}"
    server-count: 1
    rrl-ratelimit: 0
remote-control:
    control-enable: no
"""

UNBOUND_CONF = """
server:
    interface: {address}
    port: 53
    access-control: 127.0.0.0/8 allow
    do-daemonize: no
    use-syslog: no
    logfile: "{folder}/unbound-{address}.log"
    log-time-ascii: yes
    username: ""
    chroot: ""
    directory: "{folder}"
    pidfile: ""
    root-hints: "{folder}/hints"
    do-not-query-localhost: no
    do-ip6: no
    local-zone: "test." nodefault
    trust-anchor-signaling: no
    module-config: "{modules}"
    num-threads: 1
    so-rcvbuf: 0
    ede: yes
    val-log-level: 2
    infra-host-ttl: 1
    {anchor}
remote-control:
    control-enable: no
"""


class DnsWorld:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.anchor = self.folder / 'anchor'
        self.hints = self.folder / 'hints'
        self.switches = self.folder / 'switches'
        self.switches.mkdir()
        self.make_zones()
        self.namespace = Namespace()
        try:
            self.start()
        except BaseException:
            self.close()
            raise

    def make_zones(self):
        signer = Signer(self.folder)
        zones = {'secure.test': zone_text('secure.test'),
                 'expired.test': zone_text('expired.test'),
                 'insecure.test': zone_text('insecure.test')}
        keys = {zone: signer.key(zone)
                for zone in ('', 'test', 'secure.test', 'expired.test')}
        zones['test'] = (TEST + signer.ds(keys['secure.test']) +
                         signer.ds(keys['expired.test']))
        zones[''] = ROOT + signer.ds(keys['test'])
        both = f'{AUTHORITY}\n    ip-address: {OUTSIDE}'
        conf = NSD_CONF.format(address=both, folder=self.folder)
        for zone, text in zones.items():
            file = 'zone.' + (zone or 'root')
            (self.folder / file).write_text(text, encoding='ascii')
            if zone in keys:
                signer.sign(zone, file, keys[zone], zone == 'expired.test')
                file += '.signed'
            conf += f'zone:\n    name: "{zone}."\n    zonefile: "{file}"\n'
        (self.folder / 'nsd.conf').write_text(conf, encoding='ascii')
        self.anchor.write_text(signer.ds(keys['']), encoding='ascii')
        self.write_hints(self.hints, AUTHORITY)
        self.write_hints(self.folder / 'hints-outside', OUTSIDE)

    @staticmethod
    def write_hints(file, address):
        file.write_text(f'. 3600 NS ns.test.\nns.test. 3600 A {address}\n',
                        encoding='ascii')

    def start(self):
        self.namespace.start(shutil.which('nsd') or '/usr/sbin/nsd', '-d',
                             '-c', self.folder / 'nsd.conf')
        self.start_unbound(RESOLVER, 'validator iterator',
                           f'trust-anchor-file: "{self.anchor}"')
        self.start_unbound(PLAIN_RESOLVER, 'iterator', '')
        self.namespace.start(sys.executable, '-B', HERE / 'dns_faults.py',
                             self.switches)
        self.wait_for(AUTHORITY, 'ns.test', 'A')
        self.wait_for(RESOLVER, 'ns.test', 'A')
        self.wait_for(PLAIN_RESOLVER, 'ns.test', 'A')
        self.wait_for('127.0.0.3', 'ns.test', 'A')

    def start_unbound(self, address, modules, anchor):
        conf = self.folder / f'unbound-{address}.conf'
        conf.write_text(UNBOUND_CONF.format(
            address=address, folder=self.folder, modules=modules,
            anchor=anchor), encoding='ascii')
        self.namespace.start(shutil.which('unbound') or '/usr/sbin/unbound',
                             '-d', '-c', conf)

    def wait_for(self, server, name, rrtype):
        ask = ('import sys, dns.message, dns.query\n'
               'm = dns.message.make_query(sys.argv[2], sys.argv[3])\n'
               'r = dns.query.udp(m, sys.argv[1], timeout=1)\n'
               'sys.exit(0 if r.answer else 1)\n')
        end = time.monotonic() + START_S
        while time.monotonic() < end:
            result = self.namespace.run(sys.executable, '-c', ask, server,
                                        name, rrtype, capture_output=True)
            if result.returncode == 0:
                return
            time.sleep(0.1)
        raise AssertionError(f'no answer from {server}: {result.stderr}')

    def close(self):
        self.namespace.close()
