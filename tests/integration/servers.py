"""Starts server_driver (the servers of src/net over a fixed table) and talks
to it as clients do, the good ones and the others."""
import contextlib
import fcntl
import os
import pathlib
import re
import resource
import signal
import socket
import struct
import subprocess
import threading
import time

DRIVER = pathlib.Path(os.environ['MTASTS_BUILD'],
                      'tests/integration/server_driver')
DEADLINE = 10  # seconds: what takes longer hangs
ABOVE_INHERITED = 50  # descriptors handed over are numbers 3 and following
CONSTANT = 'secure match=mx1.example.com:mx2.example.com servername=hostname'


def netstring(text):
    text = text.encode() if isinstance(text, str) else text
    return b'%d:%s,' % (len(text), text)


class Client:
    """A connection; what it reads ends at `DEADLINE` at the latest."""

    def __init__(self, address):
        family = (socket.AF_UNIX if isinstance(address, str) else
                  socket.AF_INET6 if ':' in address[0] else socket.AF_INET)
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(DEADLINE)
        self.socket.connect(address)
        self.buffer = b''

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def reset(self):
        """Closes so that a TCP peer gets RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                               struct.pack('ii', 1, 0))
        self.socket.close()

    def end(self):
        self.socket.shutdown(socket.SHUT_WR)

    def send(self, data):
        self.socket.sendall(data if isinstance(data, bytes) else data.encode())

    def more(self):
        data = self.socket.recv(65536)
        self.buffer += data
        return bool(data)

    def rest(self):
        """All that comes until the server hangs up."""
        while self.more():
            pass
        data, self.buffer = self.buffer, b''
        return data

    def is_silent(self, seconds=0.2):
        self.socket.settimeout(seconds)
        try:
            return not self.buffer and self.socket.recv(
                1, socket.MSG_PEEK) is None
        except TimeoutError:
            return True
        finally:
            self.socket.settimeout(DEADLINE)

    # socketmap

    def ask(self, key, name='postfix'):
        self.send(netstring(f'{name} {key}'))

    def answer(self):
        """One netstring, as text."""
        while not (head := re.match(rb'([1-9][0-9]*|0):', self.buffer)):
            assert re.fullmatch(rb'[0-9]*', self.buffer), self.buffer
            assert self.more(), 'hung up'
        start, length = head.end(), int(head[1])
        while len(self.buffer) < start + length + 1:
            assert self.more(), 'hung up'
        assert self.buffer[start + length] == ord(',')
        answer = self.buffer[start:start + length].decode()
        self.buffer = self.buffer[start + length + 1:]
        return answer

    def lookup(self, key, name='postfix'):
        self.ask(key, name)
        return self.answer()


def handed_over(sockets, stack):
    """What to start a program through so that it inherits `sockets`, pairs
    of a name and a socket, as sd_listen_fds(3) has it; and the descriptors
    to leave open for that."""
    if not sockets:
        return (), ()
    fds = [fcntl.fcntl(one, fcntl.F_DUPFD, ABOVE_INHERITED)
           for _, one in sockets]
    for number in fds:
        stack.callback(os.close, number)
    moves = ' '.join(f'{3 + i}<&{number} {number}<&-'
                     for i, number in enumerate(fds))
    names = ':'.join(name for name, _ in sockets)
    return ('/bin/bash', '-c',
            f'exec env LISTEN_PID=$$ LISTEN_FDS={len(fds)} '
            f'LISTEN_FDNAMES={names} "$0" "$@" {moves}'), fds


class Driver:
    """A server_driver that runs; `addresses` are in the order given."""

    def __init__(self, *words, descriptors=None, inherits=()):
        def limit():
            if descriptors:
                resource.setrlimit(resource.RLIMIT_NOFILE,
                                   (descriptors, descriptors))
        with contextlib.ExitStack() as stack:
            wrapper, fds = handed_over(inherits, stack)
            self.process = subprocess.Popen(
                [*wrapper, DRIVER, *map(str, words)], stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, text=True, preexec_fn=limit,
                pass_fds=fds)
        self.lines = []
        self.addresses = []
        self.heard = threading.Condition()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        self.wait_for('ready')
        for line in self.lines[:self.lines.index('ready')]:
            _, text, port = line.split(' ')
            self.addresses.append(self.address(text, int(port)))

    @staticmethod
    def address(text, port):
        if text.startswith('unix:'):
            return text.removeprefix('unix:')
        return ('::1' if '[' in text else '127.0.0.1', port)

    def read(self):
        for line in self.process.stdout:
            with self.heard:
                self.lines.append(line.rstrip('\n'))
                self.heard.notify_all()
        with self.heard:
            self.lines.append(None)
            self.heard.notify_all()

    def wait_for(self, wanted, count=1):
        """Until it has printed `wanted` so often."""
        with self.heard:
            done = self.heard.wait_for(
                lambda: self.lines.count(wanted) >= count
                or None in self.lines, DEADLINE)
        assert done and None not in self.lines, (wanted, self.lines,
                                                 self.complaint())

    def complaint(self):
        """What it said when it ended by itself."""
        if None not in self.lines:
            return ''
        self.process.wait(DEADLINE)
        return self.process.stderr.read()

    def connect(self, index=0):
        return Client(self.addresses[index])

    def figures(self):
        known = [line for line in self.lines if line.startswith('figures')]
        self.process.send_signal(signal.SIGUSR1)
        with self.heard:
            assert self.heard.wait_for(
                lambda: len([line for line in self.lines
                             if line.startswith('figures')]) > len(known),
                DEADLINE)
        words = [line for line in self.lines
                 if line.startswith('figures')][-1].split()[1:]
        return {key: int(value) for key, value in
                (word.split('=') for word in words)}

    def wait_until(self, key, value):
        """Until a figure is `value`."""
        end = time.monotonic() + DEADLINE
        while self.figures()[key] != value:
            assert time.monotonic() < end, (key, self.figures())
            time.sleep(0.02)

    def resident(self):
        """Octets of memory."""
        status = pathlib.Path(f'/proc/{self.process.pid}/status').read_text()
        return int(re.search(r'VmRSS:\s+(\d+)', status)[1]) * 1024

    def cpu(self):
        """Seconds of CPU so far."""
        stat = pathlib.Path(f'/proc/{self.process.pid}/stat').read_text()
        ticks = stat.rpartition(')')[2].split()[11:13]
        return sum(map(int, ticks)) / os.sysconf('SC_CLK_TCK')

    def kill(self):
        self.process.kill()
        self.process.wait()

    def close(self):
        """Ends it; sanitizers must have found nothing."""
        self.process.terminate()
        code = self.process.wait(DEADLINE)
        said = self.process.stderr.read()
        assert (code, said) == (0, '')


@contextlib.contextmanager
def running(*words, **options):
    driver = Driver(*words, **options)
    try:
        yield driver
    except BaseException:
        driver.kill()
        raise
    driver.close()


def refusal(*words):
    """What it says when it does not start."""
    done = subprocess.run([DRIVER, *map(str, words)], text=True, check=False,
                          capture_output=True, timeout=DEADLINE)
    assert done.returncode == 1
    return done.stderr
