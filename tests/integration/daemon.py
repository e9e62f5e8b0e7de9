"""Starts daemon_driver as a daemon of the project, and gives it orders."""
import contextlib
import os
import pathlib
import re
import signal
import socket
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get('MTASTS_BUILD', ROOT / 'build-asan'))
RELEASE = pathlib.Path(os.environ.get('MTASTS_RELEASE', ROOT / 'build-gcc'))

READY_S = 30  # how long a start may take on a machine with other things to do
END_S = 30
CONFIG_FAULT = 78


class Notify:
    """The service manager's end of sd_notify(3)."""

    def __init__(self, path):
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        # As systemd's: whoever it starts may write, whatever its user.
        os.chmod(path, 0o666)
        self.seen = []

    def wait(self, word, seconds=READY_S):
        """The first message with this line from now on; all are kept."""
        end = time.monotonic() + seconds
        while True:
            self.socket.settimeout(max(end - time.monotonic(), 0.001))
            try:
                lines = self.socket.recv(65536).decode().splitlines()
            except TimeoutError:
                raise AssertionError(f'no {word} in {self.seen}') from None
            self.seen.append(lines)
            if word in lines:
                return lines

    def close(self):
        self.socket.close()
        self.path.unlink()


class Daemon:
    """One run of the driver in folders of its own."""

    def __init__(self, folder, config='', build=BUILD, arguments=(),
                 environment=None):
        self.folder = folder
        self.state, self.run = folder / 'state', folder / 'run'
        self.config = folder / 'mtasts.conf'
        self.write_config(config)
        self.log = folder / 'log'
        self.notify = Notify(folder / 'notify')
        self.process = None
        self.words = [build / 'tests/integration/daemon_driver',
                      '--config', self.config, *arguments]
        self.environment = {
            name: os.environ[name] for name in
            ('PATH', 'ASAN_OPTIONS', 'UBSAN_OPTIONS') if name in os.environ
        } | {'NOTIFY_SOCKET': str(self.notify.path)} | (environment or {})

    def write_config(self, text):
        if 'user =' not in text:
            text = 'user = root\n' + text
        self.config.write_text(f'state-directory = "{self.state}"\n'
                               f'run-directory = "{self.run}"\n{text}',
                               encoding='utf-8')

    def start(self, ready=True):
        with open(self.log, 'ab') as log:
            self.process = subprocess.Popen(
                self.words, env=self.environment, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log)
        if ready:
            self.notify.wait('READY=1')
        return self

    def order(self, *words, seconds=READY_S):
        """The answer to one order; '' if it dies of it."""
        with socket.socket(socket.AF_UNIX) as end:
            end.settimeout(seconds)
            end.connect(str(self.run / 'driver.sock'))
            end.sendall(' '.join(map(str, words)).encode())
            answer = b''
            with contextlib.suppress(ConnectionResetError):
                while piece := end.recv(4096):
                    answer += piece
            return answer.decode().rstrip('\n')

    def send(self, number):
        self.process.send_signal(number)

    def end(self, seconds=END_S):
        """Its exit status; a signal is negative."""
        return self.process.wait(seconds)

    def stop(self):
        self.send(signal.SIGTERM)
        return self.end()

    def text(self):
        return self.log.read_text('utf-8')

    def events(self):
        """The names of the events in its log, in order."""
        return re.findall(r'^\S+ level=\w+ event=([a-z-]+) ', self.text(),
                          re.M)

    def said(self, event):
        """The lines of this event."""
        return [line for line in self.text().splitlines()
                if f' event={event} ' in line]

    def status(self, key):
        """A line of /proc/PID/status."""
        text = pathlib.Path(f'/proc/{self.process.pid}/status').read_text()
        return re.search(rf'^{key}:\s*(.*)$', text, re.M).group(1)

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.notify.close()


@contextlib.contextmanager
def running(folder, config='', **options):
    daemon = Daemon(folder, config, **options)
    try:
        yield daemon.start()
    finally:
        daemon.close()
