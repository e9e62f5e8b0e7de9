"""A store under the driver, and places where it fares badly."""
import os
import pathlib
import select
import shutil
import signal
import subprocess
import tempfile
import time

DRIVER = pathlib.Path(os.environ['MTASTS_BUILD'],
                      'tests/integration/store_driver')
PATIENCE = 60  # seconds; what has not happened by then does not
NOBODY = 65534


def namespace(mount):
    """The words that run a command where `mount` (shell) has been done.

    In a mount namespace of its own, which goes with it; who is not root gets
    one through a user namespace, in which he is.
    """
    enter = ['unshare', '--mount']
    if os.geteuid() != 0:
        enter += ['--user', '--map-root-user']
    return [*enter, 'sh', '-euc', mount + '; exec "$@"', 'sh']


class Store:
    """A store_driver that runs."""

    def __init__(self, path, prefix=(), driver=DRIVER, **options):
        self.path = path
        self.process = subprocess.Popen(
            [*prefix, driver, path], text=True, bufsize=1,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, **options)
        self.first = self.read()

    def read(self):
        ready, _, _ = select.select([self.process.stdout], [], [], PATIENCE)
        assert ready, 'the driver hangs'
        return self.process.stdout.readline().rstrip('\n')

    def ask(self, *words):
        """One command; its answer came soon, whatever is wrong."""
        begin = time.monotonic()
        self.process.stdin.write(' '.join(map(str, words)) + '\n')
        line = self.read()
        assert line, self.process.communicate()[1]
        if words[0] not in ('stop', 'load'):
            assert time.monotonic() - begin < 5, f'{words} took long'
        return line

    def state(self):
        text = self.ask('state')
        fields, text = text.split(' text=', 1)
        state = dict(field.split('=') for field in fields.split())
        return {key: int(value) if value.isdigit() else value
                for key, value in state.items()} | {'text': text}

    def until(self, condition, what):
        """Asks for the state until it is so; that state."""
        deadline = time.monotonic() + PATIENCE
        while not condition(state := self.state()):
            assert time.monotonic() < deadline, f'{what}: {state}'
            time.sleep(0.02)
        return state

    def until_fine(self):
        return self.until(lambda s: not s['failing'] and not s['waiting'],
                          'is not fine')

    def until_trouble(self, trouble):
        return self.until(lambda s: s['trouble'] == trouble,
                          f'is not {trouble}')

    def until_loaded(self):
        """The number of rows, once they can be read."""
        deadline = time.monotonic() + PATIENCE
        while not (answer := self.ask('load')).isdigit():
            assert time.monotonic() < deadline, answer
            time.sleep(0.05)
        return int(answer)

    def news(self):
        """All that happened, as {name: sentence}."""
        news = {}
        while (line := self.ask('news')) != 'none':
            name, sentence = line.split(' ', 1)
            assert str(self.path) in sentence, line
            news[name] = sentence
        return news

    def put(self, numbers, fetched=None):
        for n in numbers:
            at = n if fetched is None else fetched
            assert self.ask('put', f'd{n}.example', at) == 'ok'

    def stop(self, timeout_ms=PATIENCE * 1000):
        answer = self.ask('stop', timeout_ms)
        assert self.process.wait(PATIENCE) == 0, self.process.stderr.read()
        self.close()
        return answer

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def close(self):
        if self.process.poll() is None:
            self.kill()
        for pipe in (self.process.stdin, self.process.stdout,
                     self.process.stderr):
            pipe.close()


class Folder:
    """A folder that every user can reach, with a copy of the driver."""

    def __init__(self):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix='mtasts-store.'))
        self.path.chmod(0o755)
        self.driver = self.path / 'store_driver'
        shutil.copy(DRIVER, self.driver)

    def remove(self):
        for folder in [self.path, *self.path.glob('*/')]:
            folder.chmod(0o755)
        shutil.rmtree(self.path)
