"""mtasts run: the real daemon under it, started, killed, stopped, refused."""
import os
import re
import signal
import socket

import pytest

from own_site import (Site, fixture_program, fixture_site, folder_of_user,
                      install, until)

NONE = 'NOTFOUND '


# ---- life ----

def test_life(site):
    site.start()
    assert site.ask('example.com') == NONE
    assert site.stop() == 0
    assert site.lines('event=child-ended .* status=0')
    assert not site.lines('event=child-restarts')
    assert site.lines('^[^ ]+ level=notice event=stopped ')
    assert [path.name for path in site.run.iterdir()] == ['mtasts-policyd.pid']


def test_one_log(site):
    """Ours and the daemon's, each line with a time, the latter with a name."""
    site.start()
    assert site.stop() == 0
    for line in site.text().splitlines():
        assert re.match(r'time=\S+Z (daemon=policyd )?level=\w+ event=', line)
    assert site.lines(f'Z level=info event=starting .*config={site.config}')
    assert site.lines(f'daemon=policyd .*event=starting .*={site.config}')


def test_one_log_whatever_its_target(site):
    """The daemon does not go its own way to the journal."""
    site.configure(more='log-target = journal\n')
    site.start_blind()
    until((site.run / 'mtasts-policyd.reload').exists, 'it is ready')
    assert site.ask('example.com') == NONE
    assert site.stop() == 0
    assert site.text() == ''


def test_killed_daemon_is_started_again(site):
    site.start()
    [first] = site.pids()
    os.kill(first, signal.SIGKILL)
    site.wait_for('event=ready ', count=2)
    assert site.lines(f'event=child-ended .* pid={first} signal=KILL')
    assert site.lines('event=child-restarts .* wait_ms=1000')
    assert site.pids()[1] != first
    assert site.ask('example.com') == NONE
    assert site.stop() == 0


def test_ctrl_c(site):
    site.start()
    assert site.stop(signal.SIGINT) == 0


def test_daemon_ends_when_we_are_killed(site):
    site.start()
    site.process.kill()
    site.process.wait()
    site.check_gone()
    assert not (site.run / 'socketmap.sock').exists()


def test_starts_after_being_killed(site):
    """Both at once, as in a loss of power: what is left is in nobody's way."""
    site.start()
    os.kill(site.process.pid, signal.SIGSTOP)
    os.kill(site.pids()[0], signal.SIGKILL)
    site.process.kill()
    site.process.wait()
    assert (site.run / 'socketmap.sock').exists()
    site.start(count=2)
    assert site.ask('example.com') == NONE
    assert site.stop() == 0


def test_hangup_is_passed_on(site):
    site.start()
    site.configure('    retry = 77s')
    site.process.send_signal(signal.SIGHUP)
    site.wait_for('daemon=policyd .*event=reloaded ')
    assert site.stop() == 0


def test_daemon_that_cannot_start_is_tried_again(site):
    """What it says is heard; once the reason has gone, it runs."""
    with socket.socket() as taken:
        taken.bind(('127.0.0.1', 0))
        port = taken.getsockname()[1]
        taken.listen()
        site.configure(f'    exim = {{"inet:127.0.0.1:{port}"}}')
        site.start_blind()
        site.wait_for(f'daemon=policyd .*event=listen-failed .*:{port} ')
        site.wait_for('event=child-ended .* status=1')
        site.wait_for('event=child-restarts')
    site.wait_for('event=ready ')
    assert site.ask('example.com') == NONE
    assert site.stop() == 0


# ---- what is said before anything is started ----

def check_nothing_started(site):
    assert not list(site.runtime.glob('mtasts/*'))
    assert not list(site.state.glob('*'))


def test_config_fault(site):
    site.configure('    retri = 5m')
    said = site.refused('run', status=2).splitlines()
    assert said == [
        f"{site.config}:6: there is no option 'retri' in the section policyd; "
        "did you mean 'retry'?",
        'mtasts: run: nothing was started; mend that first']
    check_nothing_started(site)


def test_every_config_fault(site):
    site.configure('    retry = never', more='log-level = loud\n')
    said = site.refused('run', status=2)
    assert f'{site.config}:1: log-level: ' in said
    assert f'{site.config}:7: policyd.retry: ' in said


def test_fault_in_a_file_that_it_names(site):
    site.configure('    overrides = rules')
    rules = site.write(site.config.parent / 'rules', '\nexample.com bend\n')
    assert f"{rules}:2: there is no action 'bend'" in \
        site.refused('run', status=2)
    check_nothing_started(site)


def test_runs_already(site):
    site.start()
    said = site.refused('run')
    assert said == f'mtasts: run: mtasts-policyd runs already, as process ' \
        f'{site.pids()[0]}; end that first, or give this one another ' \
        'run-directory\n'
    assert site.ask('example.com') == NONE
    assert site.stop() == 0


def test_two_beside_each_other(site, program):
    """With folders of their own they do not know of each other."""
    with folder_of_user() as home:
        other = Site(home, program)
        try:
            site.start()
            other.start()
            assert site.ask('example.com') == other.ask('example.com') == NONE
            assert other.stop() == 0
            assert site.ask('example.com') == NONE
        finally:
            other.close()


def test_nothing_enabled(site):
    site.configure('    enabled = no')
    assert site.refused('run') == f'mtasts: run: {site.config} enables no ' \
        'daemon; set enabled = yes in the section of one\n'


def test_configuration_that_cannot_be_read(site):
    assert site.refused('run', '-c', '/nonexistent').startswith(
        'mtasts: run: /nonexistent: No such file')


# ---- programs ----

@pytest.mark.parametrize('place', ['bin', 'sbin', 'libexec'])
def test_program_is_found(place):
    with folder_of_user() as folder:
        site = Site(folder / 'home', install(folder, place))
        try:
            site.start()
            assert os.readlink(f'/proc/{site.pids()[0]}/exe') == \
                str(folder / place / 'mtasts-policyd')
            assert site.stop() == 0
        finally:
            site.close()


def test_program_beside_comes_first_and_a_link_is_followed():
    with folder_of_user() as folder:
        program = install(folder, 'bin', 'sbin')
        (folder / 'link').symlink_to(program)
        site = Site(folder / 'home', folder / 'link')
        try:
            site.start()
            assert os.readlink(f'/proc/{site.pids()[0]}/exe') == \
                str(folder / 'bin/mtasts-policyd')
        finally:
            site.close()


def test_program_is_missing():
    with folder_of_user() as folder:
        program = install(folder)
        (folder / 'sbin/mtasts-policyd').mkdir(parents=True)
        site = Site(folder / 'home', program)
        assert site.refused('run') == 'mtasts: run: there is no ' \
            f'mtasts-policyd in {folder}/bin, nor from there in ../sbin or ' \
            '../libexec; install it there\n'


# ---- folders ----

def test_own_folders(site):
    """Made where there is nothing yet, the state for the user alone."""
    assert not (site.home / '.local').exists()
    site.start()
    assert (site.state / 'policyd.db').is_file()
    assert (site.home / '.local').stat().st_mode & 0o777 == 0o700
    assert site.state.stat().st_mode & 0o777 == 0o750
    assert (site.run / 'mtasts-policyd.pid').is_file()
    assert site.stop() == 0


def test_own_folders_by_variables(site):
    site.variables['XDG_STATE_HOME'] = str(site.home / 'a/b')
    site.variables['XDG_CONFIG_HOME'] = str(site.home / 'c')
    site.config.rename(site.make(site.home / 'c/mtasts') / 'mtasts.conf')
    site.start()
    assert (site.home / 'a/b/mtasts/policyd.db').is_file()
    assert site.stop() == 0


def test_variables_that_are_not_absolute_count_for_nothing(site):
    site.variables |= {'XDG_STATE_HOME': 'state', 'XDG_CONFIG_HOME': ''}
    site.start()
    assert (site.state / 'policyd.db').is_file()
    assert site.stop() == 0


def test_folders_of_the_configuration_come_first(site):
    state, run = site.make(site.home / 'x') / 's', site.home / 'x/r'
    site.configure(more=f'state-directory = "{state}"\n'
                   f'run-directory = "{run}"\n')
    site.start()
    assert site.ask('example.com', run) == NONE
    assert (state / 'policyd.db').is_file()
    assert not site.run.exists() and not site.state.exists()
    assert site.stop() == 0


def test_folders_of_a_service_manager_come_first(site):
    site.variables |= {
        'STATE_DIRECTORY': str(site.make(site.home / 's')),
        'RUNTIME_DIRECTORY': str(site.make(site.home / 'r'))}
    site.start()
    assert site.ask('example.com', site.home / 'r') == NONE
    assert (site.home / 's/policyd.db').is_file()
    assert site.stop() == 0


def test_other_commands_find_it(site):
    """By the folders of the same user, and by the file that is named."""
    site.start()
    for words in (['status'], ['query', 'example.com'],
                  ['cache', 'list'], ['status', '--config', site.config]):
        result = site.words(*words)
        assert result.returncode < 3 and result.stderr == '', result
    site.configure('    retry = never')
    assert site.refused('status').startswith(f'{site.config}:6: policyd.retry')
    assert site.stop() == 0
    site.configure()
    assert f'{site.run}/http.sock' in site.refused('status')


def test_named_configuration(site):
    other = site.write(site.home / 'other.conf',
                       site.config.read_text().replace('socketmap.sock',
                                                       'other.sock'))
    site.start('--config', other)
    assert (site.run / 'other.sock').exists()
    assert site.stop() == 0


def test_no_folder_for_sockets(site):
    """The defaults are root's: said, with the way out."""
    del site.variables['XDG_RUNTIME_DIR']
    said = site.refused('run')
    assert re.fullmatch(
        r'mtasts: run: run-directory /run/mtasts: [A-Z].*; set '
        r'XDG_RUNTIME_DIR, or name a folder of yours with run-directory in a '
        r'configuration\n', said)


def test_folder_that_cannot_be_used(site):
    site.configure(more='state-directory = /proc/mtasts\n')
    assert re.fullmatch(
        r'mtasts: run: state-directory /proc/mtasts: [A-Z].*; name a folder '
        r'of yours with state-directory in a configuration\n',
        site.refused('run'))


def test_folder_that_is_read_only(site):
    site.make(site.state).chmod(0o555)
    assert 'state: Permission denied' in \
        site.refused('run').replace('/mtasts:', ':')


def test_socket_path_that_its_folder_makes_too_long(site):
    deep = site.make(site.home / ('d' * 100))
    site.variables['XDG_RUNTIME_DIR'] = str(deep)
    said = site.refused('run', status=2)
    assert 'at most 107 octets' in said and f'{site.config}:' in said
