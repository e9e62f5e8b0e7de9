"""lab_site - the daemons in the lab, run as an ordinary user would.

`mtasts run` as nobody, on the client's host: ports from 1024 on, SQLite in
folders of its own, and the lab taken for the world. Everything is in one
temporary folder, which goes with it.
"""
import pathlib
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time

START_SECONDS = 30
STOP_SECONDS = 30
ASK_SECONDS = 90
USER = pwd.getpwnam('nobody')
PROGRAMS = ('mtasts', 'mtasts-policyd')

CONFIG = """\
# The lab instead of the world; all else is the default.
resolver = "{LAB_RESOLVER}"
trust-anchor = "{LAB_TRUST_ANCHOR}"
ca-file = "{LAB_CA_FILE}"
allow-private = {{"198.18.0.0/15", "fd00:6d74:6173::/48"}}
"""


class Site:
    """`with Site(lab, build) as site`: it runs, and answers."""

    def __init__(self, lab, build):
        """`lab`: the program lab/lab; `build`: the folder of the programs."""
        self.lab = lab
        self.home = pathlib.Path(tempfile.mkdtemp(prefix='mtasts-run-'))
        self.config = self.home / '.config/mtasts/mtasts.conf'
        self.log = self.home / 'log'
        self.child = None
        self.home.chmod(0o755)
        for program in PROGRAMS:
            shutil.copy2(pathlib.Path(build, program), self.home)
        self._configure()

    def _settings(self):
        text = subprocess.run([self.lab, 'env'], text=True, check=True,
                              stdout=subprocess.PIPE).stdout
        return dict(line.removeprefix('export ').split('=', 1)
                    for line in text.splitlines())

    def _configure(self):
        runtime = self.home / 'runtime'
        self.config.parent.mkdir(parents=True)
        self.config.write_text(CONFIG.format_map(self._settings()), 'utf-8')
        for path in [self.home, runtime, *self.home.glob('.config/**/')]:
            path.mkdir(exist_ok=True)
        for path in [self.home, *self.home.rglob('*')]:
            shutil.chown(path, USER.pw_uid, USER.pw_gid)

    def _words(self, *words):
        """The words that run a program as nobody, on the client's host."""
        return [self.lab, 'exec', '--', 'setpriv', '--reuid', str(USER.pw_uid),
                '--regid', str(USER.pw_gid), '--clear-groups', 'env', '-i',
                f'PATH={self.home}:/usr/sbin:/usr/bin:/sbin:/bin',
                f'HOME={self.home}', f'XDG_RUNTIME_DIR={self.home}/runtime',
                *words]

    def _log(self):
        return self.log.read_text('utf-8', 'replace')

    def _start(self):
        with open(self.log, 'wb') as log:
            self.child = subprocess.Popen(self._words('mtasts', 'run'),
                                          stdin=subprocess.DEVNULL,
                                          stdout=log, stderr=log)
        end = time.monotonic() + START_SECONDS
        while ' event=ready ' not in self._log():
            if self.child.poll() is not None or time.monotonic() > end:
                raise RuntimeError('mtasts run does not start:\n'
                                   + self._log())
            time.sleep(0.05)

    def show(self, *words):
        """Prints a command and what it prints; its exit status."""
        print('\n$', *words, flush=True)
        return subprocess.run(self._words(*words), timeout=ASK_SECONDS,
                              stdin=subprocess.DEVNULL, check=False).returncode

    def show_file(self, path):
        print(f'\n$ cat {path}')
        print((self.home / path).read_text('utf-8'), end='', flush=True)

    def show_log(self):
        print(self._log(), end='', flush=True)

    def stop(self):
        """The exit status."""
        self.child.send_signal(signal.SIGTERM)
        return self.child.wait(STOP_SECONDS)

    def __enter__(self):
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        try:
            if self.child and self.child.poll() is None:
                self.stop()
        except subprocess.TimeoutExpired:
            print('mtasts run does not end:', self._log(), file=sys.stderr)
            self.child.kill()
            self.child.wait()
        finally:
            shutil.rmtree(self.home)
