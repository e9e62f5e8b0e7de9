"""Real processes under supervision: started again, heard, ended, buried."""
import contextlib
import os
import pathlib
import re
import signal
import subprocess
import time

import pytest

from daemon import BUILD, Daemon, Notify

WAIT_S = 30  # how long anything may take on a busy machine


def until(holds, what):
    end = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < end, what
        time.sleep(0.02)


class Run:
    """The driver with children that are shell scripts."""

    def __init__(self, folder, first=50, most=400, well=5000, deadline=1000):
        self.folder = folder
        self.log = folder / 'log'
        self.times = [first, most, well, deadline]
        self.children = []
        self.environment = dict(os.environ)
        self.process = None

    def child(self, name, script, *, interpreter='/bin/sh'):
        path = self.folder / f'{name}.sh'
        path.write_text(f'#!{interpreter}\n{script}\n')
        path.chmod(0o755)
        self.children.append(f'{name}={path}')
        return self

    def start(self):
        with open(self.log, 'wb') as log:
            self.process = subprocess.Popen(
                [BUILD / 'tests/integration/supervise_driver',
                 *map(str, self.times), *self.children],
                env=self.environment, stdin=subprocess.DEVNULL, stdout=log,
                stderr=log)
        return self

    def text(self):
        return self.log.read_text('utf-8', 'replace')

    def lines(self, *words):
        """Lines with all these words."""
        return [line for line in self.text().splitlines()
                if all(word in line for word in words)]

    def wait_for(self, *words, count=1):
        until(lambda: len(self.lines(*words)) >= count,
              f'{words} in {self.text()}')
        return self.lines(*words)

    def pids(self):
        return [int(pid) for pid in
                re.findall(r'event=child-started .* pid=(\d+)', self.text())]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(WAIT_S)


@pytest.fixture(name='run')
def fixture_run(tmp_path):
    made = []

    def run(**options):
        made.append(Run(tmp_path, **options))
        return made[-1]

    yield run
    for one in made:
        if one.process and one.process.poll() is None:
            one.process.kill()
            one.process.wait()
        for pid in one.pids():
            until(lambda: gone(pid), f'{pid} was left behind')


def gone(pid):
    """Not there, or another one, or waiting for init to bury it."""
    try:
        state = pathlib.Path(f'/proc/{pid}/stat').read_text()
    except FileNotFoundError:
        return True
    return state.rsplit(')', 1)[1].split()[0] == 'Z' or \
        '.sh' not in pathlib.Path(f'/proc/{pid}/cmdline').read_text()


def children_of(pid):
    """(pid, state) of what it has started."""
    found = []
    for path in pathlib.Path('/proc').glob('[0-9]*/stat'):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            state, parent = path.read_text().rsplit(')', 1)[1].split()[:2]
            if int(parent) == pid:
                found.append((int(path.parent.name), state))
    return found


SLEEPS = 'trap "exit 0" TERM; echo up; while :; do sleep 0.05; done'


def test_life(run):
    run = run().child('one', SLEEPS).child('two', SLEEPS).start()
    run.wait_for('daemon=one up')
    run.wait_for('daemon=two up')
    assert run.stop() == 0
    assert len(run.lines('event=child-ended', 'status=0')) == 2
    assert not run.lines('event=child-restarts')
    assert run.lines('event=stopped')


def test_lines_have_a_name(run):
    run = run().child('one', 'echo "<3>level=error event=x"\n'
                      'echo plain >&2\nprintf "\\033[31m\\377 red\\n"\n'
                      'printf "no end"\n' + SLEEPS).start()
    for text in ('level=error event=x', 'plain', '?[31m? red', 'no endup'):
        [line] = run.wait_for(f'daemon=one {text}')
        assert re.match(r'time=\S+Z daemon=one ', line)


def test_last_words_are_heard(run):
    """Also without a line end, and though the process is gone."""
    run = run(first=60000).child('one', 'printf "last words"; exit 3').start()
    run.wait_for('event=child-ended', 'status=3')
    assert run.lines('daemon=one last words')


def test_long_lines_come_in_pieces(run):
    run = run(first=60000).child(
        'one', 'head -c 50000 /dev/zero | tr "\\0" a; echo; echo end').start()
    run.wait_for('daemon=one end')
    pieces = [re.search(r'daemon=one (a+)$', line).group(1)
              for line in run.lines('daemon=one a')]
    assert sum(map(len, pieces)) == 50000
    assert len(pieces) == 4


def test_flood_does_not_hold_up_the_others(run):
    run = run().child('one', 'exec yes').child('two', SLEEPS).start()
    run.wait_for('daemon=two up')
    assert run.stop() == 0


def test_priorities_reach_the_journal(run, tmp_path):
    run = run().child('one', 'echo "<3>bad"; echo odd\n' + SLEEPS)
    (tmp_path / 'log').touch()
    status = (tmp_path / 'log').stat()
    run.environment['JOURNAL_STREAM'] = f'{status.st_dev}:{status.st_ino}'
    run.start()
    run.wait_for('<3>daemon=one bad')
    run.wait_for('<4>daemon=one odd')


def test_restarts_back_off(run):
    run = run(first=50, most=200).child('one', 'exit 7').start()
    waits = [int(re.search(r'wait_ms=(\d+)', line).group(1)) for line in
             run.wait_for('event=child-restarts', count=5)]
    assert waits[:5] == [50, 100, 200, 200, 200]
    assert run.lines('event=child-ended', 'status=7')
    assert run.stop() == 0


def test_restarts_begin_anew_once_it_was_well(run, tmp_path):
    mark = tmp_path / 'mark'
    run = run(first=50, well=600).child(
        'one', f'[ -e {mark} ] && exit 1; [ "$(wc -l <{tmp_path}/n)" -ge 3 ] '
        f'&& {{ touch {mark}; sleep 1; exit 2; }}; echo x >>{tmp_path}/n; '
        'exit 1')
    (tmp_path / 'n').touch()
    run.start()
    run.wait_for('status=2')
    run.wait_for('event=child-restarts', count=5)
    after = run.text().split('status=2', 1)[1]
    waits = re.findall(r'wait_ms=(\d+)', run.text().split('status=2', 1)[0])
    assert waits == ['50', '100', '200']
    assert re.findall(r'wait_ms=(\d+)', after)[0] == '50'


@pytest.mark.parametrize('number', ['KILL', 'SEGV'])
def test_killed_child_is_started_again(run, number):
    run = run().child('one', SLEEPS).start()
    run.wait_for('daemon=one up')
    os.kill(run.pids()[0], getattr(signal, f'SIG{number}'))
    run.wait_for('daemon=one up', count=2)
    assert run.lines('event=child-ended', f'signal={number}')
    assert run.stop() == 0


def test_program_that_is_not_there(run):
    run = run(first=60000)
    run.children = ['one=/nowhere/at/all']
    run.start()
    run.wait_for('event=child-ended', 'status=127')
    assert run.lines('daemon=one cannot be run')
    assert run.stop() == 0


def test_hangup_is_passed_on(run):
    run = run().child(
        'one', 'trap "echo again" HUP; ' + SLEEPS).start()
    run.wait_for('daemon=one up')
    run.process.send_signal(signal.SIGHUP)
    run.wait_for('daemon=one again')
    assert run.stop() == 0


def test_hangup_ends_waiting(run, tmp_path):
    run = run(first=60000).child(
        'one', f'[ -e {tmp_path}/mended ] || exit 1; ' + SLEEPS).start()
    run.wait_for('wait_ms=60000')
    (tmp_path / 'mended').touch()
    run.process.send_signal(signal.SIGHUP)
    run.wait_for('daemon=one up')
    assert run.stop() == 0


def test_stubborn_child_is_killed(run):
    run = run(deadline=300).child(
        'one', 'trap "" TERM; echo up; while :; do sleep 0.05; done')
    run.child('two', SLEEPS).start()
    run.wait_for('daemon=one up')
    run.wait_for('daemon=two up')
    assert run.stop() == 0
    [line] = run.lines('event=child-killed')
    assert 'daemon=one' in line
    assert run.lines('event=child-ended', 'daemon=one', 'signal=KILL')
    assert run.lines('event=child-ended', 'daemon=two', 'status=0')


def test_no_zombie_and_no_descriptor_is_left(run):
    run = run(first=1, most=1).child('one', 'exit 0').child(
        'two', 'sleep 0.01').start()
    run.wait_for('event=child-ended', count=60)
    # One may have ended just now; none stays so.
    dead = {pid for pid, state in children_of(run.process.pid)
            if state == 'Z'}
    until(lambda: dead.isdisjoint(dict(children_of(run.process.pid))),
          'a zombie stays')
    assert len(os.listdir(f'/proc/{run.process.pid}/fd')) < 20
    assert run.stop() == 0


def test_children_end_when_the_supervisor_is_killed(run):
    run = run().child('one', SLEEPS).start()
    run.wait_for('daemon=one up')
    run.process.kill()
    run.process.wait()
    [pid] = run.pids()
    until(lambda: gone(pid), 'it went on')


def test_what_children_inherit(run):
    """Nothing of ours but /dev/null and the pipe; no word of systemd's."""
    run = run().child(
        'one', 'ls /proc/self/fd | wc -l; env | sort | sed "s/^/env: /"; '
        'grep -E "^Sig(Ign|Blk)" /proc/self/status; readlink /proc/self/fd/0\n'
        + SLEEPS)
    run.environment |= {'NOTIFY_SOCKET': '/nowhere', 'WATCHDOG_USEC': '1',
                        'LISTEN_FDS': '1', 'KEPT': 'yes'}
    run.start()
    run.wait_for('daemon=one up')
    assert run.lines('daemon=one 4')  # three, and the one of ls
    assert run.lines('env: MTASTS_SUPERVISED=1')
    assert run.lines('env: KEPT=yes')
    for name in ('NOTIFY_SOCKET', 'WATCHDOG_USEC', 'LISTEN_FDS'):
        assert not run.lines(f'env: {name}')
    for name in ('SigIgn', 'SigBlk'):
        [line] = run.lines(f'{name}:')
        # 32 and 33 are the C library's own, which no program can change.
        assert int(line[-16:], 16) & ~(3 << 31) == 0
    assert run.lines('daemon=one /dev/null')
    assert run.stop() == 0


def test_ctrl_c_ends_all(run):
    """The terminal sends SIGINT to children as well."""
    run = run().child('one', 'trap "exit 0" TERM INT; echo up; '
                      'while :; do sleep 0.05; done').start()
    run.wait_for('daemon=one up')
    os.kill(run.pids()[0], signal.SIGINT)
    run.process.send_signal(signal.SIGINT)
    assert run.process.wait(WAIT_S) == 0


def test_systemd_is_told(run, tmp_path):
    notify = Notify(tmp_path / 'notify')
    run = run().child('one', SLEEPS)
    run.environment |= {'NOTIFY_SOCKET': str(notify.path),
                        'WATCHDOG_USEC': '400000'}
    run.start()
    notify.wait('READY=1')
    notify.wait('WATCHDOG=1')
    run.wait_for('daemon=one up')
    assert run.stop() == 0
    notify.wait('STOPPING=1')
    notify.close()


def test_too_many(run):
    run = run()
    for number in range(9):
        run.child(f'c{number}', SLEEPS)
    run.start()
    assert run.process.wait(WAIT_S) == 1
    assert run.lines('event=start-failed')


def test_a_daemon_of_the_project(run, tmp_path):
    """Its lines keep their weight, and it ends with its supervisor."""
    (tmp_path / 'd').mkdir()
    daemon = Daemon(tmp_path / 'd')
    run = run().child('driver', f'exec {" ".join(map(str, daemon.words))}')
    run.start()
    run.wait_for('daemon=driver level=notice event=ready')
    assert daemon.order('config').startswith('retry 300 ')
    run.process.kill()
    run.process.wait()
    run.wait_for('event=child-started')
    until(lambda: not (daemon.run / 'driver.sock').exists(), 'it went on')
    daemon.close()
