"""`mtasts run` with the real daemon, as an ordinary user.

Root becomes nobody for it, so that both see the same. The programs are copied
to where they would be installed, in folders that any user gets into.
A module of tests has the fixtures that it imports.
"""
import contextlib
import os
import pathlib
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import pytest

from cli import BINARY, environment

POLICYD = BINARY.parent / 'mtasts-policyd'
WAIT_S = 30  # how long anything may take on a busy machine
ROOT = os.geteuid() == 0
USER = pwd.getpwnam('nobody') if ROOT else pwd.getpwuid(os.geteuid())
AS_USER = {'user': USER.pw_uid, 'group': USER.pw_gid,
           'extra_groups': []} if ROOT else {}

# Nobody answers there: a question is answered within a second, by none.
CONFIG = '''resolver = "127.0.0.1@9"
policyd {{
    socketmap = {{"unix:socketmap.sock"}}
    discovery-deadline = 1s
    slow-discovery = 1s
{options}
}}
'''


def until(holds, what):
    end = time.monotonic() + WAIT_S
    while not (found := holds()):
        assert time.monotonic() < end, what() if callable(what) else what
        time.sleep(0.02)
    return found


def is_gone(pid):
    """Not there, or waiting for init to bury it."""
    try:
        state = pathlib.Path(f'/proc/{pid}/stat').read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state.rsplit(')', 1)[1].split()[0] == 'Z'


@contextlib.contextmanager
def folder_of_user():
    """A new one that belongs to the user."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix='mtasts-'))
    folder.chmod(0o755)
    os.chown(folder, USER.pw_uid, USER.pw_gid)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def install(prefix, *places):
    """mtasts in bin, and the daemon in each of these; the program's path."""
    for place, program in [('bin', BINARY), *((p, POLICYD) for p in places)]:
        (prefix / place).mkdir(parents=True, exist_ok=True)
        shutil.copy2(program, prefix / place)
    return prefix / 'bin/mtasts'


class Site:
    """A home of a user, with a configuration, and what runs there."""

    def __init__(self, home, program):
        self.home, self.program = home, program
        self.runtime = home / 'runtime'
        self.run = self.runtime / 'mtasts'
        self.state = home / '.local/state/mtasts'
        self.config = home / '.config/mtasts/mtasts.conf'
        self.log = home / 'log'
        self.process = None
        self.variables = {'HOME': str(home),
                          'XDG_RUNTIME_DIR': str(self.runtime)}
        self.make(self.runtime)
        self.configure()

    def make(self, folder):
        """The folder and those that it is in, of the user."""
        for path in [*reversed(folder.parents), folder]:
            if not path.exists():
                path.mkdir()
                os.chown(path, USER.pw_uid, USER.pw_gid)
        return folder

    def write(self, path, text):
        self.make(path.parent)
        path.write_text(text, 'utf-8')
        os.chown(path, USER.pw_uid, USER.pw_gid)
        return path

    def configure(self, options='', more=''):
        self.write(self.config, more + CONFIG.format(options=options))

    def environment(self):
        return environment(**self.variables)

    def words(self, *words, timeout=WAIT_S):
        """Runs `mtasts WORDS` as the user."""
        return subprocess.run([self.program, *words], env=self.environment(),
                              stdin=subprocess.DEVNULL, timeout=timeout,
                              capture_output=True, text=True, check=False,
                              cwd='/', **AS_USER)

    def refused(self, *words, status=3):
        """What is said on stderr by one that does not succeed."""
        result = self.words(*words)
        assert (result.returncode, result.stdout) == (status, ''), \
            result.stderr
        return result.stderr

    def start(self, *words, count=1):
        """`mtasts run`, until its daemon answers."""
        self.start_blind(*words)
        self.wait_for(r'event=ready ', count)
        return self

    def start_blind(self, *words):
        """The same without a look."""
        with open(self.log, 'ab') as log:
            self.process = subprocess.Popen(
                [self.program, 'run', *words], env=self.environment(),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd='/',
                **AS_USER)
        return self

    def text(self):
        return self.log.read_text('utf-8', 'replace')

    def lines(self, pattern):
        return [line for line in self.text().splitlines()
                if re.search(pattern, line)]

    def wait_for(self, pattern, count=1):
        until(lambda: len(self.lines(pattern)) >= count,
              lambda: f'{pattern} in {self.text()}')
        return self.lines(pattern)

    def pids(self):
        """Of all daemons that it has started so far."""
        return [int(pid) for pid in
                re.findall(r'event=child-started .* pid=(\d+)', self.text())]

    def ask(self, key, run=None):
        """A question as Postfix asks it."""
        request = f'postfix {key}'.encode()
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(WAIT_S)
            client.connect(str((run or self.run) / 'socketmap.sock'))
            client.sendall(b'%d:%s,' % (len(request), request))
            answer = b''
            while not answer.endswith(b','):
                more = client.recv(4096)
                assert more, answer
                answer += more
        return answer.partition(b':')[2][:-1].decode()

    def stop(self, number=signal.SIGTERM):
        """The exit status; nothing of it may be left."""
        self.process.send_signal(number)
        status = self.process.wait(WAIT_S)
        self.check_gone()
        return status

    def check_gone(self):
        for pid in self.pids():
            until(lambda: is_gone(pid), f'{pid} was left behind')

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.log.exists():
            self.check_gone()


@pytest.fixture(scope='module', name='program')
def fixture_program():
    with folder_of_user() as prefix:
        yield install(prefix, 'sbin')


@pytest.fixture(name='site')
def fixture_site(program):
    with folder_of_user() as home:
        site = Site(home, program)
        yield site
        site.close()
