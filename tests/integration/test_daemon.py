"""The life of a daemon: start, reload, end, and what systemd is told."""
import re
import signal
import subprocess
import time

import pytest

from daemon import BUILD, CONFIG_FAULT, RELEASE, ROOT, Daemon, running


@pytest.fixture(name='daemon')
def fixture_daemon(tmp_path):
    with running(tmp_path) as daemon:
        yield daemon


def words(daemon, *arguments, **options):
    return subprocess.run([daemon.words[0], *arguments], text=True,
                          capture_output=True, timeout=30, check=False,
                          env=daemon.environment | options)


def test_life(daemon):
    assert daemon.order('config').startswith('retry 300 level 3 ')
    assert daemon.stop() == 0
    events = daemon.events()
    assert [name for name in events if not name.startswith('sandbox')] == \
        ['starting', 'ready', 'stopping', 'stopped']
    daemon.notify.wait('STOPPING=1')
    assert not (daemon.run / 'driver.sock').exists()


@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGINT])
def test_ends_on_signals(daemon, number):
    daemon.send(number)
    assert daemon.end() == 0


def test_ends_by_itself(daemon):
    assert daemon.order('stop') == 'ok'
    assert daemon.end() == 0


def test_says_that_it_failed(daemon):
    assert daemon.order('stop', 'failed') == 'ok'
    assert daemon.end() == 1
    assert 'failed=yes' in daemon.said('stopped')[0]


def test_makes_its_folders(daemon):
    assert daemon.state.stat().st_mode & 0o777 == 0o750
    assert daemon.run.stat().st_mode & 0o777 == 0o755


def test_reload_swaps(daemon):
    daemon.write_config('policyd { retry = 77s }\nlog-level = warning\n')
    daemon.send(signal.SIGHUP)
    lines = daemon.notify.wait('RELOADING=1')
    assert any(line.startswith('MONOTONIC_USEC=') for line in lines)
    daemon.notify.wait('READY=1')
    assert daemon.order('config').startswith('retry 77 level 1 ')


@pytest.mark.parametrize('text, why', [
    ('policyd { retry = never }', 'will not do: give a time'),
    ('policyd { retry = 77s ', 'still open'),
    ('policyd { retry = 13s }', 'Invalid argument'),  # the role says no
])
def test_reload_keeps_the_old_one(daemon, text, why):
    daemon.write_config(text)
    daemon.send(signal.SIGHUP)
    daemon.notify.wait('RELOADING=1')
    daemon.notify.wait('READY=1')
    assert daemon.order('config').startswith('retry 300 level 3 ')
    assert daemon.said('reload-failed')
    assert why in daemon.text()
    # and from there to a good one
    daemon.write_config('policyd { retry = 78s }')
    daemon.send(signal.SIGHUP)
    daemon.notify.wait('READY=1')
    assert daemon.order('config').startswith('retry 78 ')


def test_reload_without_a_file(daemon):
    daemon.config.unlink()
    daemon.send(signal.SIGHUP)
    daemon.notify.wait('READY=1')
    assert 'No such file or directory' in daemon.said('config-fault')[0]
    assert daemon.order('config').startswith('retry 300 ')


def test_reload_tells_what_waits_for_a_restart(daemon, tmp_path):
    text = daemon.config.read_text()
    daemon.config.write_text(text.replace(f'{tmp_path}/state',
                                          f'{tmp_path}/other'))
    daemon.send(signal.SIGHUP)
    daemon.notify.wait('READY=1')
    [line] = daemon.said('restart-needed')
    assert f'option=state-directory now={tmp_path}/state ' in line


def report(daemon):
    """What `mtasts reload` reads: numbers, and the lines below them."""
    text = (daemon.run / 'daemon_driver.reload').read_text()
    head, lines = text.split('\n', 5)[:5], text.split('\n', 5)[5]
    return [line.partition(' ')[2] for line in head], lines


def test_report_of_reloads(daemon):
    path = daemon.run / 'daemon_driver.reload'
    pid, file = str(daemon.process.pid), str(daemon.config)
    assert report(daemon) == ([pid, '0', '0', '0', file], '')
    assert path.stat().st_mode & 0o777 == 0o644
    steps = [('policyd { retry = 77s }', '0', ''),
             ('policyd { retry = 14s }', '1', 'retry: not fourteen\n'),
             ('policyd { retry = 13s }', '1', 'Invalid argument\n'),
             ('x = 1\ny = 2', '1', f'{file}:4: there is no option \'x\'; see '
              'mtasts.conf(5) for those that there are\n'),
             ('group = other\n', '0',
              'group changes with the next start only\n'),
             ('policyd { retry = 78s }', '0',
              'group changes with the next start only\n')]
    for number, (text, refused, lines) in enumerate(steps, 1):
        daemon.write_config(text)
        daemon.send(signal.SIGHUP)
        daemon.notify.wait('READY=1')
        assert report(daemon) == \
            ([pid, str(number), str(number), refused, file], lines)
    assert daemon.said('config-fault')[0].endswith('"retry: not fourteen"')
    assert daemon.stop() == 0
    assert not path.exists()


def test_report_that_cannot_be_written(daemon):
    """A folder in its place: said in the log, and the reload is done."""
    path = daemon.run / 'daemon_driver.reload'
    path.unlink()
    path.mkdir()
    (path / 'x').touch()
    daemon.write_config('policyd { retry = 77s }')
    daemon.send(signal.SIGHUP)
    daemon.notify.wait('READY=1')
    assert daemon.order('config').startswith('retry 77 ')
    assert f'file={path} ' in daemon.said('report-failed')[0]


def test_second_one_leaves_the_report_of_the_first(daemon):
    assert words(daemon, '-c', daemon.config).returncode == 1
    assert report(daemon)[0][0] == str(daemon.process.pid)


def test_many_reloads(daemon):
    for retry in range(20, 60):
        daemon.write_config(f'policyd {{ retry = {retry}s }}')
        daemon.send(signal.SIGHUP)
        daemon.notify.wait('READY=1')
        assert daemon.order('config').startswith(f'retry {retry} ')
    assert daemon.stop() == 0


def test_config_fault_at_start(tmp_path):
    daemon = Daemon(tmp_path, 'policyd { retri = 5m }\n')
    daemon.start(ready=False)
    assert daemon.end() == CONFIG_FAULT
    assert f"fault=\"{daemon.config}:4: there is no option 'retri' in the " \
        "section policyd; did you mean 'retry'?\"" in daemon.text()
    daemon.close()


def test_role_fails_at_start(tmp_path):
    daemon = Daemon(tmp_path, 'group = fail\n')
    daemon.start(ready=False)
    assert daemon.end() == 1
    assert 'step=start' in daemon.said('start-failed')[0]
    assert not (daemon.run / 'driver.sock').exists()
    daemon.close()


def test_only_one_runs(daemon):
    second = words(daemon, '-c', daemon.config)
    assert second.returncode == 1
    assert f'step=pid-file what={daemon.run}/daemon_driver.pid ' \
        'why="another one is running"' in second.stderr
    pid = (daemon.run / 'daemon_driver.pid').read_text()
    assert pid == f'{daemon.process.pid}\n'


def test_starts_after_a_crash(tmp_path):
    with running(tmp_path) as daemon:
        daemon.send(signal.SIGKILL)
        assert daemon.end() == -signal.SIGKILL
        daemon.start()
        assert daemon.order('config').startswith('retry 300 ')


def test_folder_that_cannot_be_made(tmp_path):
    daemon = Daemon(tmp_path)
    daemon.config.write_text(f'state-directory = "{tmp_path}/a/b"\n'
                             f'run-directory = "{tmp_path}"\nuser = root\n')
    daemon.start(ready=False)
    assert daemon.end() == 1
    assert f'step=folder what={tmp_path}/a/b why="No such file or ' \
        'directory"' in daemon.text()
    daemon.close()


def test_options(daemon):
    assert words(daemon, '--help').stdout.startswith(
        'daemon_driver: does what it is told\n')
    assert words(daemon, '-V').stdout == 'daemon_driver 0.1.0\n'
    assert words(daemon, f'--config={daemon.config}', '--check').stdout == \
        f'{daemon.config}: fine\n'
    for bad in (['--nonsense'], ['-c'], ['--config='], ['word']):
        result = words(daemon, *bad)
        assert result.returncode == 2
        assert result.stderr == f"daemon_driver: '{bad[0]}' is not " \
            'understood; see daemon_driver --help\n'


def test_check_tells_faults(daemon):
    daemon.write_config('retry = 1\nresolver = x\n')
    result = words(daemon, '--check', '-c', daemon.config)
    assert (result.returncode, result.stdout) == (CONFIG_FAULT, '')
    assert result.stderr == (
        f"{daemon.config}:4: there is no option 'retry'; it belongs into the "
        'section policyd { }\n')


def test_check_looks_at_what_the_configuration_names(daemon):
    daemon.write_config('group = fail\n')
    result = words(daemon, '--check', '-c', daemon.config)
    assert (result.returncode, result.stdout) == (CONFIG_FAULT, '')
    assert result.stderr == 'group: this will fail\n'


def test_example_of_the_manual(daemon):
    text = (ROOT / 'docs/mtasts.conf.5.scd').read_text()
    [example] = re.findall(r'^```\n(.*?)^```$', text, re.M | re.S)
    daemon.config.write_text(example)
    result = words(daemon, '--check', '-c', daemon.config)
    assert (result.returncode, result.stderr) == (0, '')


# ---- systemd ----

def test_watchdog_is_fed(tmp_path):
    with running(tmp_path, environment={'WATCHDOG_USEC': '400000'}) as daemon:
        for _ in range(3):
            daemon.notify.wait('WATCHDOG=1')
        daemon.notify.wait('STATUS=all is well')


def test_watchdog_of_somebody_else(tmp_path):
    environment = {'WATCHDOG_USEC': '100000', 'WATCHDOG_PID': '1'}
    with running(tmp_path, environment=environment) as daemon:
        with pytest.raises(AssertionError, match='no WATCHDOG=1'):
            daemon.notify.wait('WATCHDOG=1', seconds=1)


def test_a_loop_that_hangs_starves_the_watchdog(tmp_path):
    with running(tmp_path, environment={'WATCHDOG_USEC': '200000'}) as daemon:
        with pytest.raises(TimeoutError):
            daemon.order('hang', seconds=1)
        drain = time.monotonic() + 1
        while time.monotonic() < drain:
            try:
                daemon.notify.wait('WATCHDOG=1', seconds=0.5)
            except AssertionError:
                break
        with pytest.raises(AssertionError, match='no WATCHDOG=1'):
            daemon.notify.wait('WATCHDOG=1', seconds=1)


def test_without_systemd(tmp_path):
    daemon = Daemon(tmp_path)
    del daemon.environment['NOTIFY_SOCKET']
    daemon.start(ready=False)
    while not (daemon.run / 'driver.sock').exists():
        time.sleep(0.05)
    assert daemon.order('config').startswith('retry 300 ')
    assert daemon.stop() == 0
    daemon.close()


# ---- the log ----

def test_log_in_bursts(daemon):
    assert daemon.order('log', 70, 'x') == 'ok'
    assert daemon.stop() == 0
    assert len(daemon.said('reloaded')) == 50
    assert 'of=reloaded count=20' in daemon.said('suppressed')[0]


def test_log_marks_for_the_journal(tmp_path):
    daemon = Daemon(tmp_path)
    daemon.log.touch()
    status = daemon.log.stat()
    daemon.environment['JOURNAL_STREAM'] = f'{status.st_dev}:{status.st_ino}'
    daemon.start()
    daemon.stop()
    lines = daemon.text().splitlines()
    assert '<5>level=notice event=ready' in '\n'.join(lines)
    assert all(line[0] == '<' and line[2] == '>' for line in lines)
    daemon.close()


def test_foreground_logs_to_stderr(tmp_path):
    with running(tmp_path, 'log-target = syslog\n',
                 arguments=['--foreground']) as daemon:
        assert daemon.said('starting')


@pytest.mark.parametrize('target', ['syslog', 'journal'])
def test_other_targets_leave_stderr_alone(tmp_path, target):
    with running(tmp_path, f'log-target = {target}\n') as daemon:
        daemon.stop()
        assert daemon.text() == ''


# ---- metrics ----

@pytest.mark.parametrize('build', [BUILD, RELEASE])
def test_metrics_are_what_prometheus_reads(tmp_path, build):
    """promtool parses with Prometheus' own parser, and lints names."""
    with running(tmp_path, build=build) as daemon:
        text = daemon.order('metrics') + '\n'
    result = subprocess.run(['promtool', 'check', 'metrics'], input=text,
                            text=True, capture_output=True, timeout=30,
                            check=False)
    assert (result.stdout + result.stderr, result.returncode) == ('', 0)
    assert 'driver_orders_total{word="a\\"b\\\\c\\nd",' \
        'other="a\\"b\\\\c\\nd"} 12\n' in text
    for name in ('cpu_seconds_total', 'resident_memory_bytes', 'open_fds',
                 'max_fds', 'start_time_seconds'):
        assert f'\nprocess_{name} ' in text


def test_promtool_finds_faults():
    """So that the test above can fail."""
    result = subprocess.run(['promtool', 'check', 'metrics'],
                            input='a{b="c} 1\n', text=True,
                            capture_output=True, timeout=30, check=False)
    assert result.returncode != 0
