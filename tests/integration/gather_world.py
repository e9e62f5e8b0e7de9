"""A small internet in a network namespace: signed DNS, web and mail hosts.

NSD with a signed root, TLD and zones, as in dns_world; HTTPS and SMTP
servers of gather_servers.py on addresses of 127/8.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys

from dns_world import AUTHORITY, NSD_CONF, Namespace, Signer
from smtp_server import Authority, spki_sha256

HERE = pathlib.Path(__file__).resolve().parent
DRIVER = pathlib.Path(os.environ['MTASTS_BUILD'],
                      'tests/integration/gather_driver')
RUN_LIMIT = 60  # seconds
LONG = '.'.join(['l' * 61] * 3 + ['m' * 47])  # 234 octets and .secure.test

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
ns.silent.test. 3600 A 127.0.0.55
deaf.test. 3600 NS ns.deaf.test.
ns.deaf.test. 3600 A 127.0.0.54
"""
# The reports of `good` go to these.
RUA = ','.join([
    'mailto:tls@good.secure.test', 'mailto:tls@null.secure.test',
    'mailto:tls@plain.secure.test', 'mailto:tls@gone.secure.test',
    'mailto:tls@nowhere.secure.test', 'https://report.secure.test/v1',
    'https://127-0-1-1.secure.test/', 'https://closed.secure.test:8443/x',
    'https://192.0.2.1/x', 'mailto:tls@a@plain.secure.test'])

ZONE = """
{zone}. 3600 SOA ns.test. admin.test. 1 1800 900 604800 60
{zone}. 3600 NS ns.test.
mx1.{zone}. 300 A 127.0.2.1
mx2.{zone}. 300 A 127.0.2.2
mx3.{zone}. 300 A 127.0.2.3
mx4.{zone}. 300 A 127.0.2.4
mx5.{zone}. 300 A 127.0.2.5
_25._tcp.mx1.{zone}. 300 TLSA 3 1 1 {stale}
_25._tcp.mx1.{zone}. 300 TLSA 3 1 1 {spki}
alias.{zone}. 300 CNAME mx2.{zone}.
ta.{zone}. 300 A 127.0.2.2
_25._tcp.ta.{zone}. 300 TLSA 2 1 1 {authority}
hop.{zone}. 300 CNAME mx1.{zone}.
mx1.{zone}. 300 MX 10 ta.{zone}.
long-alias.{zone}. 300 CNAME short-alias.{zone}.
short-alias.{zone}. 300 CNAME mx1.{zone}.
own-tlsa.{zone}. 300 CNAME mx2.{zone}.
_25._tcp.own-tlsa.{zone}. 300 TLSA 3 1 1 {stale}
far.{zone}. 300 CNAME mx1.insecure.test.
unheard.{zone}. 300 CNAME mx6.{zone}.
mx6.{zone}. 300 A 127.0.2.1
_tcp.mx6.{zone}. 300 NS ns.deaf.test.
_25._tcp.unheard.{zone}. 300 TLSA 3 1 1 {spki}
report.{zone}. 300 A 127.0.1.1
127-0-1-1.{zone}. 300 A 127.0.1.1
closed.{zone}. 300 A 127.0.1.1

_mta-sts.good.{zone}. 300 TXT "v=STSv1; " "id=1;"
_mta-sts.good.{zone}. 300 TXT "unrelated"
_smtp._tls.good.{zone}. 300 TXT "v=TLSRPTv1; rua={rua1}" "{rua2}"
mta-sts.good.{zone}. 300 A 127.0.1.1
mta-sts.good.{zone}. 300 A 127.0.1.2
mta-sts.good.{zone}. 300 AAAA ::1
good.{zone}. 300 MX 20 mx2.{zone}.
good.{zone}. 300 MX 10 MX1.{zone}.
good.{zone}. 300 MX 30 alias.{zone}.
good.{zone}. 300 MX 40 mx1.{zone}.
shared.{zone}. 300 MX 10 mx1.{zone}.
no-hop.{zone}. 300 MX 10 ta.{zone}.
aliases.{zone}. 300 MX 10 long-alias.{zone}.
aliases.{zone}. 300 MX 20 own-tlsa.{zone}.
aliases.{zone}. 300 MX 30 far.{zone}.
aliases.{zone}. 300 MX 40 unheard.{zone}.
plain.{zone}. 300 A 127.0.2.2
null.{zone}. 300 MX 0 .
gone.{zone}. 300 MX 10 mx.gone.{zone}.
nowhere.{zone}. 300 TXT "no MX, no address"
wide.{zone}. 300 MX 10 mx4.{zone}.
mta-sts.wide.{zone}. 300 A 127.0.1.3
blocked.{zone}. 300 MX 10 mx.blocked.{zone}.
mx.blocked.{zone}. 300 A 10.1.2.3
mta-sts.blocked.{zone}. 300 A 10.1.2.3
mta-sts.blocked.{zone}. 300 AAAA fe80::1
closed-web.{zone}. 300 MX 0 mx4.{zone}.
mta-sts.closed-web.{zone}. 300 A 127.0.1.99
odd.{zone}. 300 MX 5 .
odd.{zone}. 300 MX 10 mx4.{zone}.
odd.{zone}. 300 MX 20 bad\\.name\\032here.{zone}.
hung.{zone}. 300 MX 10 mx3.{zone}.
mta-sts.hung.{zone}. 300 A 127.0.1.4
_smtp._tls.hung.{zone}. 300 TXT "v=TLSRPTv1; rua=mailto:a@b.silent.test,https://x.silent.test/"
slow.{zone}. 300 MX 10 mx5.{zone}.
_smtp_sts.old.{zone}. 300 TXT "v=STSv1; id=1"
_smtp-tlsrpt.old.{zone}. 300 TXT "v=TLSRPTv1; rua=mailto:a@b.example"
old.{zone}. 300 MX 10 mx4.{zone}.
aliased.{zone}. 300 MX 10 mx4.{zone}.
_mta-sts.aliased.{zone}. 300 CNAME _mta-sts.good.{zone}.
mta-sts.aliased.{zone}. 300 CNAME mta-sts.good.{zone}.
half.{zone}. 300 MX 10 mx4.{zone}.
half.{zone}. 300 MX 20 mx.silent.test.
xn--bcher-kva.{zone}. 300 MX 10 mx4.{zone}.
{long}.{zone}. 300 MX 10 mx4.{zone}.
"""


def crowds(zone):
    """More records of everything than are looked at."""
    lines = ''
    for n in range(126):
        lines += f'_mta-sts.throng.{zone}. 300 TXT "{n}"\n'
        lines += f'_smtp._tls.throng.{zone}. 300 TXT "{n}"\n'
    for n in range(2):
        lines += f'_mta-sts.throng.{zone}. 300 TXT "v=STSv1; id={n};"\n'
    for n in range(130):
        lines += (f'throng.{zone}. 300 MX 1 mx{n}.throng.{zone}.\n'
                  f'_mta-sts.mob.{zone}. 300 TXT "v=STSv1; id={n};"\n'
                  f'_smtp._tls.mob.{zone}. 300 TXT "v=TLSRPTv1; rua={n}"\n'
                  f'_25._tcp.mx.mob.{zone}. 300 TLSA 3 1 1 {n:064x}\n')
    for n in range(200):
        lines += f'_mta-sts.few.{zone}. 300 TXT "{n}"\n'
        lines += f'_smtp._tls.few.{zone}. 300 TXT "{n}"\n'
    lines += (f'_mta-sts.few.{zone}. 300 TXT "v=STSv1; id=1;"\n'
              f'_smtp._tls.few.{zone}. 300 TXT "v=TLSRPTv1; rua='
              f'mailto:a@good.{zone}"\n'
              f'mob.{zone}. 300 MX 1 mx.mob.{zone}.\n'
              f'mx.mob.{zone}. 300 A 127.0.2.4\n')
    return lines


def zone_text(zone, spki, authority):
    rua = RUA.replace('secure.test', zone)
    lines = ZONE.format(zone=zone, stale='00' * 32, spki=spki, long=LONG,
                        authority=authority, rua1=rua[:200], rua2=rua[200:])
    for n in range(40):
        lines += f'many.{zone}. 300 MX {n % 7} host{n}.{zone}.\n'
    for n in range(42):
        lines += f'crowd{n % 3}.{zone}. 300 A 127.0.3.{n + 1}\n'
    for n in range(3):
        lines += f'crowd.{zone}. 300 MX {n} crowd{n}.{zone}.\n'
    lines += f'crowd2.{zone}. 300 AAAA ::1\n'
    for n in range(40):
        text = '" "'.join(['x' * 250] * 5)
        lines += f'_mta-sts.big.{zone}. 300 TXT "{n} {text}"\n'
    lines += f'big.{zone}. 300 MX 1 mx4.{zone}.\n'
    lines += crowds(zone)
    return lines


class World:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.hints = self.folder / 'hints'
        self.anchor = self.folder / 'anchor'
        self.ca = Authority(self.folder)
        self.ca.issue('web', names=(
            'mta-sts.good.secure.test', 'mta-sts.wide.secure.test',
            'mta-sts.aliased.secure.test', 'mta-sts.good.insecure.test',
            'mta-sts.no-aaaa.deaf.test', 'report.secure.test'))
        _, mx = self.ca.issue('mx', names=('mx1.secure.test',
                                           'mx1.insecure.test'))
        self.make_zones(spki_sha256(mx), spki_sha256(self.ca.certificate))
        self.namespace = Namespace()
        self.namespace.run('ip', 'addr', 'add', '127.0.1.1/8', 'dev', 'lo')
        self.servers = None
        try:
            self.start()
        except BaseException:
            self.namespace.close()
            raise

    def make_zones(self, *digests):
        signer = Signer(self.folder)
        zones = {zone: zone_text(zone, *digests) for zone in
                 ('secure.test', 'insecure.test', 'expired.test')}
        keys = {zone: signer.key(zone)
                for zone in ('', 'test', 'secure.test', 'expired.test')}
        zones['test'] = (TEST + signer.ds(keys['secure.test']) +
                         signer.ds(keys['expired.test']))
        zones[''] = ROOT + signer.ds(keys['test'])
        conf = NSD_CONF.format(address=AUTHORITY, folder=self.folder)
        for zone, text in zones.items():
            file = 'zone.' + (zone or 'root')
            (self.folder / file).write_text(text, encoding='ascii')
            if zone in keys:
                signer.sign(zone, file, keys[zone], zone == 'expired.test')
                file += '.signed'
            conf += f'zone:\n    name: "{zone}."\n    zonefile: "{file}"\n'
        (self.folder / 'nsd.conf').write_text(conf, encoding='ascii')
        self.anchor.write_text(signer.ds(keys['']), encoding='ascii')
        self.hints.write_text(
            f'. 3600 NS ns.test.\nns.test. 3600 A {AUTHORITY}\n',
            encoding='ascii')

    def start(self):
        self.namespace.start(shutil.which('nsd') or '/usr/sbin/nsd', '-d',
                             '-c', self.folder / 'nsd.conf')
        self.start_servers()
        self.gather('ready.test', 'deadline=5000')

    def start_servers(self):
        self.servers = self.namespace.start(
            sys.executable, '-B', HERE / 'gather_servers.py', self.folder,
            stdout=subprocess.PIPE, text=True)
        assert self.servers.stdout.readline() == 'up\n'

    def sessions(self):
        """What the mail servers saw since the last time."""
        self.servers.terminate()
        self.servers.wait(10)
        text = (self.folder / 'sessions').read_text(encoding='utf-8')
        self.start_servers()
        return json.loads(text)

    def requests(self):
        """(address, Host, User-Agent, Accept-Encoding) of each so far."""
        file = self.folder / 'requests'
        lines = file.read_text(encoding='utf-8') if file.exists() else ''
        return [json.loads(line) for line in lines.splitlines()]

    def run(self, *arguments, under=()):
        """`under`: a command that runs the driver."""
        done = self.namespace.run(
            *under, DRIVER, f'hints={self.hints}', f'anchor={self.anchor}',
            f'ca={self.ca.file}', 'private=127.0.0.0/8', 'private=::1',
            'helo=probe.example', *arguments, text=True, timeout=RUN_LIMIT,
            capture_output=True)
        assert done.returncode == 0, done.stderr
        return done

    def gather(self, *arguments, **options):
        """{domain: facts}"""
        lines = self.run(*arguments, **options).stdout.splitlines()
        facts = [json.loads(line) for line in lines]
        return {one['domain']: one for one in facts}

    def close(self):
        self.namespace.close()
