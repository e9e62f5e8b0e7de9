"""The real mtasts-policyd in a bench: started, asked, measured, stopped."""
import http.client
import os
import pathlib
import re
import socket
import subprocess
import time

from measured import BenchError, watch
from world import die_with_parent

PROGRAM = 'mtasts-policyd'
START_DEADLINE = 60   # seconds
STOP_DEADLINE = 60
ASK_DEADLINE = 60
# seconds: what is written behind is on the disk by then
SETTLE = float(os.environ.get('BENCH_SETTLE', '1.5'))
LOG_TAIL = 2000       # octets of its log that are shown

CONFIG = """\
user = root
state-directory = "{folder}"
run-directory = "{folder}"
resolver = "{resolver}"
{trust}allow-private = {{ "127.0.0.0/8", "198.18.0.0/15" }}
policyd {{
    socketmap = {{ {doors} }}
    http = {{ "unix:{folder}/http.sock" }}
{options}}}
"""
TRUST = """\
trust-anchor = "{anchor}"
ca-file = "{ca}"
"""
# As in packaging/systemd. What is resident then grows by 2 MB at a time, so
# that memory of little things is measured without.
LARGE_PAGES = {'GLIBC_TUNABLES': 'glibc.malloc.hugetlb=1'}
NO_RESOLVER = '127.0.0.1@9'


def netstring(text):
    return f'{len(text)}:{text},'


def ask(address, map_, key):
    """The reply of a socketmap to one question."""
    kind, _, place = address.partition(':')
    family = socket.AF_UNIX if kind == 'unix' else socket.AF_INET
    if kind != 'unix':
        place = (place.split(':')[0], int(place.split(':')[1]))
    with socket.socket(family) as client:
        client.settimeout(ASK_DEADLINE)
        client.connect(place)
        client.sendall(netstring(f'{map_} {key}').encode())
        data = b''
        while not data.endswith(b','):
            more = client.recv(65536)
            if not more:
                raise BenchError(f'{address}: hung up after {data!r}')
            data += more
    return data.partition(b':')[2][:-1].decode()


class Unix(http.client.HTTPConnection):
    """HTTP over a UNIX socket."""

    def __init__(self, path):
        super().__init__('localhost', timeout=ASK_DEADLINE)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(os.fspath(self.path))


class Policyd:
    """One daemon with a folder of its own; `here` is its world, if any;
    `prepare` is called in its process before it begins. It dies with us."""

    def __init__(self, build, folder, here=None, options=(), tcp=None,
                 prepare=None, environment=None):
        # pylint: disable=consider-using-with,subprocess-popen-preexec-fn
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.address = f'unix:{self.folder}/socketmap.sock'
        self.tcp = tcp
        config = self.folder / 'mtasts.conf'
        config.write_text(self._config(here, options), encoding='utf-8')
        self.log = self.folder / 'log'
        self.begun = time.monotonic()

        def begin():
            die_with_parent()
            if prepare:
                prepare()

        with open(self.log, 'wb') as log:
            self.process = subprocess.Popen(
                [pathlib.Path(build).resolve() / PROGRAM, '-f', '-c', config],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=os.environ | (environment or {}), preexec_fn=begin)
        self.pid = self.process.pid

    def _config(self, here, options):
        doors = [self.address] + ([self.tcp] if self.tcp else [])
        trust = TRUST.format(anchor=here.trust_anchor,
                             ca=here.ca_file) if here else ''
        return CONFIG.format(
            folder=self.folder, trust=trust,
            resolver=here.resolver if here else NO_RESOLVER,
            doors=', '.join(f'"{door}"' for door in doors),
            options=''.join(f'    {line}\n' for line in options))

    def wait(self, event='ready', seconds=START_DEADLINE):
        """Until its log has this event; the line."""
        end = time.monotonic() + seconds
        while True:
            lines = self.said(event)
            if lines:
                return lines[0]
            if self.process.poll() is not None or time.monotonic() > end:
                raise BenchError(f'{PROGRAM}: no {event}\n{self._tail()}')
            time.sleep(0.01)

    def said(self, event):
        text = self.log.read_text('utf-8', 'replace')
        return re.findall(rf'^.* event={event}\b.*$', text, re.M)

    def _tail(self):
        return self.log.read_text('utf-8', 'replace')[-LOG_TAIL:]

    def ask(self, key, map_='postfix'):
        return ask(self.address, map_, key)

    def first_answer(self, key, map_='postfix'):
        """(reply, seconds since it was started); asks until it listens."""
        while time.monotonic() < self.begun + START_DEADLINE:
            try:
                reply = self.ask(key, map_)
                return reply, time.monotonic() - self.begun
            except (FileNotFoundError, ConnectionRefusedError):
                if self.process.poll() is not None:
                    break
                time.sleep(0.001)
        raise BenchError(f'{PROGRAM} does not answer\n{self._tail()}')

    def http(self):
        """A connection, for orders; the caller closes it."""
        return Unix(self.folder / 'http.sock')

    def cpu(self):
        """Seconds, user and system, of all its threads so far."""
        return sum(int(path.read_text(encoding='ascii').split()[0])
                   for path in pathlib.Path(f'/proc/{self.pid}/task').glob(
                       '*/schedstat')) / 1e9

    def resident(self, key='VmRSS'):
        """Octets of memory: now, or at most (VmHWM)."""
        status = pathlib.Path(f'/proc/{self.pid}/status').read_text(
            encoding='ascii')
        return int(re.search(rf'{key}:\s+(\d+) kB', status)[1]) * 1024

    def stop(self):
        """Ends it; what its whole life took."""
        peak = self.resident('VmHWM') / 2**20
        self.process.terminate()
        result = watch(self.process, self.begun, STOP_DEADLINE)
        result.peak = max(result.peak, peak)
        if self.process.returncode != 0:
            raise BenchError(f'{PROGRAM}: exit {self.process.returncode}\n'
                             f'{self._tail()}')
        return result

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.returncode is None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
