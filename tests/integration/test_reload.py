"""mtasts reload: taken, refused, nobody there; and daemons that do not play.

Odd daemons are played by a script that holds the lock of a pid file and
writes what daemon/reload_report.h describes.
"""
import json
import os
import re
import signal
import subprocess
import sys

import pytest

from own_site import AS_USER, fixture_program, fixture_site, until

FINE, NONE, REFUSED, UNKNOWN = range(4)

ODD = '''
import fcntl, os, signal, sys, time
run, what = sys.argv[1:]
os.makedirs(run, exist_ok=True)
lock = open(run + '/mtasts-policyd.pid', 'w')
fcntl.lockf(lock, fcntl.LOCK_EX)

def report(begun, ended, refused=0, file='/f', lines='', pid=os.getpid()):
    path = run + '/mtasts-policyd.reload'
    with open(path + '.new', 'w') as new:
        new.write(f'pid {pid}\\nbegun {begun}\\nended {ended}\\n'
                  f'refused {refused}\\nfile {file}\\n{lines}')
    os.rename(path + '.new', path)

def hangup(*_):
    plays[what][1]()

def late():
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP])
    print('up', flush=True)
    time.sleep(0.7)
    report(0, 0)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGHUP])

def under_way():
    """That of somebody else ends first, well; ours does not."""
    report(1, 1, file='/theirs')
    time.sleep(0.5)
    report(2, 1, file='/theirs')
    time.sleep(0.5)
    report(2, 2, 1, lines='ours\\n')

plays = {
    'good': (lambda: report(5, 5), lambda: report(6, 6)),
    'late': (late, lambda: report(1, 1)),
    'under-way': (lambda: report(1, 0), under_way),
    'silent': (lambda: report(0, 0), lambda: None),
    'slow': (lambda: report(0, 0), lambda: report(1, 0)),
    'dies': (lambda: report(0, 0), lambda: os._exit(0)),
    'old': (lambda: report(9, 9, pid=1), lambda: report(10, 10, pid=1)),
    'garbage': (lambda: report('x', 0), lambda: report('x', 0)),
    'rude': (lambda: report(0, 0),
             lambda: report(1, 1, file='\\x1b[2J', lines='\\x1b]0;a\\x07\\n')),
    'rude-no': (lambda: report(0, 0),
                lambda: report(1, 1, 1, lines='\\x1b[2J\\nb\\n')),
}
signal.signal(signal.SIGHUP, hangup)
plays[what][0]()
print('up', flush=True)
while True:
    signal.pause()
'''


@pytest.fixture(name='odd')
def fixture_odd(site):
    started = []

    def odd(what):
        process = subprocess.Popen(
            [sys.executable, '-c', ODD, site.run, what], text=True, cwd='/',
            stdout=subprocess.PIPE, **AS_USER)
        started.append(process)
        assert process.stdout.readline() == 'up\n'
        return process.pid

    yield odd
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def reloaded(site, *words):
    """What it says of a success."""
    result = site.words('reload', *words)
    assert (result.returncode, result.stderr) == (FINE, ''), result.stderr
    return result.stdout


# ---- the real daemon ----

def test_taken(site):
    site.start()
    site.configure('    retry = 77s')
    assert reloaded(site) == f'mtasts-policyd (process {site.pids()[0]}): ' \
        f'{site.config} is in force\n'
    assert len(site.lines('event=reloaded ')) == 1
    assert site.stop() == 0


def test_changed_and_not_reloaded(site):
    """Who forgets the reload is told, until it is done."""
    changed = "they have changed since: 'mtasts reload' takes them"
    site.start()
    assert changed not in site.words('status').stdout
    site.configure('    exim = {"unix:exim.sock"}')
    assert changed in site.words('status').stdout
    site.refused('reload', status=REFUSED)
    result = site.words('status', '--json')
    assert json.loads(result.stdout)['configuration_changed']
    assert result.returncode == 1
    site.configure()
    reloaded(site)
    assert changed not in site.words('status').stdout
    assert site.stop() == 0


def test_named_file(site):
    """It names the run-directory; the daemon reads the one of its start."""
    site.start()
    other = site.write(site.home / 'other', f'run-directory = "{site.run}"\n')
    site.variables['XDG_RUNTIME_DIR'] = str(site.home)
    assert f': {site.config} is in force\n' in \
        reloaded(site, '--config', other)
    assert site.stop() == 0


def test_many_at_once(site):
    """Each is told of a reload that began after it had asked."""
    site.start()
    asking = [subprocess.Popen([site.program, 'reload'], text=True,
                               env=site.environment(), stdout=subprocess.PIPE,
                               cwd='/', **AS_USER) for _ in range(10)]
    for process in asking:
        assert process.communicate(timeout=30)[0].endswith(' is in force\n')
        assert process.returncode == FINE
    assert site.stop() == 0


def test_file_with_faults_is_not_sent(site):
    site.start()
    site.configure('    retry = never')
    said = site.refused('reload', status=REFUSED).splitlines()
    assert said[0].startswith(f"{site.config}:6: policyd.retry: 'never' will "
                              'not do: give a time')
    assert said[1:] == ['mtasts: reload: nobody was told; what runs keeps its '
                        'configuration']
    assert not site.lines('event=reloading ')
    assert site.stop() == 0


def test_refused(site):
    site.start()
    site.configure('    exim = {"unix:exim.sock"}')
    said = site.refused('reload', status=REFUSED)
    assert said == ('listeners cannot be changed while it runs: restart it\n'
                    'mtasts: reload: mtasts-policyd (process '
                    f'{site.pids()[0]}) has refused that; its old '
                    'configuration stays in force\n')
    assert len(site.lines('event=reload-failed ')) == 1
    site.configure()
    assert 'is in force' in reloaded(site)
    assert site.stop() == 0


def test_refused_for_a_file_that_it_names(site):
    rules = site.write(site.config.parent / 'rules', '')
    site.configure('    overrides = rules')
    site.start()
    site.write(rules, 'example.com bend\n')
    assert site.refused('reload', status=REFUSED).startswith(
        f"{rules}:1: there is no action 'bend'")
    assert site.stop() == 0


@pytest.mark.parametrize('option', ['ca-file', 'root-hints', 'trust-anchor'])
def test_refused_for_a_file_that_is_not_there(site, option):
    site.start()
    site.configure()
    text = site.config.read_text('utf-8').replace('resolver = ', '#')
    site.write(site.config, f'{option} = "/nonexistent"\n{text}')
    assert site.refused('reload', status=REFUSED).startswith(
        f"{option}: '/nonexistent' will not do: No such file or directory\n")
    assert len(site.lines('event=config-fault ')) == 1
    assert not site.lines('event=start-failed ')
    site.configure()
    assert 'is in force' in reloaded(site)
    assert site.stop() == 0


def test_refused_for_a_file_that_holds_something_else(site):
    site.start()
    site.configure(more=f'ca-file = "{site.config}"\n')
    assert site.refused('reload', status=REFUSED).startswith(
        f"ca-file: '{site.config}' will not do: there is no certificate")
    assert site.stop() == 0


def test_what_waits_for_a_restart_is_told(site):
    site.start()
    site.configure('    max-connections = 100', more='group = other\n')
    assert reloaded(site).splitlines()[1:] == \
        ['  policyd.max-connections changes with the next start only',
         '  group changes with the next start only']
    assert len(site.lines('event=restart-needed .*now=16384 then=100')) == 1
    assert site.stop() == 0


def test_after_a_restart_by_the_supervisor(site):
    site.start()
    os.kill(site.pids()[0], signal.SIGKILL)
    site.wait_for('event=ready ', count=2)
    assert f'(process {site.pids()[1]})' in reloaded(site)
    assert site.stop() == 0


def test_none_runs(site):
    said = site.refused('reload', '-c', site.config, status=NONE)
    assert re.fullmatch(r"mtasts: reload: no daemon runs that has its process "
                        r"number in /\S+; 'mtasts run' or systemctl starts "
                        r"them\n", said)


def test_none_runs_any_more(site):
    """The pid file is left, and the report after a kill; both mean nothing."""
    site.start()
    assert site.stop() == 0
    assert f' in {site.run};' in site.refused('reload', status=NONE)
    site.start(count=2)
    site.process.send_signal(signal.SIGSTOP)
    os.kill(site.pids()[1], signal.SIGKILL)
    assert (site.run / 'mtasts-policyd.reload').exists()
    assert f' in {site.run};' in site.refused('reload', status=NONE)


def test_daemon_that_hangs(site):
    site.start()
    [pid] = site.pids()
    os.kill(pid, signal.SIGSTOP)
    assert site.refused('reload', '--internal-wait', '300') == \
        f'mtasts: reload: mtasts-policyd (process {pid}) has not said within ' \
        '0 s what came of it; see its log\n'
    os.kill(pid, signal.SIGCONT)
    until(lambda: site.lines('event=reloaded '), 'it goes on')
    assert site.stop() == 0


# ---- odd ones ----

def test_numbers_go_on_from_where_they_are(site, odd):
    pid = odd('good')
    assert reloaded(site) == f'mtasts-policyd (process {pid}): /f is in force\n'


def test_daemon_that_starts_up_is_waited_for(site, odd):
    """The signal would have been lost on it."""
    pid = odd('late')
    assert reloaded(site) == f'mtasts-policyd (process {pid}): /f is in force\n'


def test_reload_of_somebody_else_does_not_count(site, odd):
    odd('under-way')
    said = site.refused('reload', status=REFUSED)
    assert said.startswith('ours\n')


@pytest.mark.parametrize('what', ['silent', 'slow', 'old', 'garbage'])
def test_no_answer(site, odd, what):
    pid = odd(what)
    assert f'(process {pid}) has not said within' in \
        site.refused('reload', '--internal-wait', '400')


def test_daemon_that_dies_of_it(site, odd):
    pid = odd('dies')
    assert site.refused('reload') == f'mtasts: reload: mtasts-policyd ' \
        f'(process {pid}) has ended meanwhile; its log says why\n'


def test_report_cannot_move_the_cursor(site, odd):
    pid = odd('rude')
    assert reloaded(site) == f'mtasts-policyd (process {pid}): \\x1b[2J is ' \
        'in force\n  \\x1b]0;a\\x07\n'


def test_refusal_cannot_move_the_cursor(site, odd):
    odd('rude-no')
    said = site.refused('reload', status=REFUSED)
    assert said.startswith('\\x1b[2J\nb\nmtasts: reload: ')
