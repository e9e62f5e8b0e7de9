"""What a daemon cannot do any more once it runs, on the release build.

(LeakSanitizer traces the process, so the others run without the sandbox.)
"""
import contextlib
import os
import pathlib
import signal
import socket

import pytest

from daemon import RELEASE, Daemon, running
from nameserver import NameServer
from policy_host import (HOST, POLICY, Pki, Server, answer, sends,
                         tls_context)


@pytest.fixture(scope='module', name='box')
def fixture_box(tmp_path_factory):
    """Owner of all files, so that nothing but the sandbox says no."""
    with running(tmp_path_factory.mktemp('box'), build=RELEASE) as daemon:
        yield daemon


def test_kernel_has_both(box):
    assert box.said('sandboxed'), 'the kernel lacks Landlock or seccomp'
    assert box.status('Seccomp') == '2'
    assert box.status('NoNewPrivs') == '1'


@pytest.mark.parametrize('path', [
    '/etc/shadow', '/etc/fstab', '/etc/debian_version', '/usr/bin/true',
    '/proc/1/environ', '/tmp', '/home', '/var/lib'])
def test_other_files_cannot_be_read(box, path):
    assert box.order('open', path) in ('EACCES', 'EPERM')


@pytest.mark.parametrize('path', [
    '/etc/ssl/certs/ca-certificates.crt', '/usr/share/dns/root.key',
    '/etc/resolv.conf', '/etc/hosts', '/dev/urandom', '/proc/self/statm'])
def test_what_libraries_read_can_be_read(box, path):
    assert box.order('open', path) == 'ok'


def test_config_can_be_read_again(box):
    assert box.order('open', box.config) == 'ok'
    assert box.order('write', box.config) == 'EACCES'


def test_config_that_an_editor_replaces(tmp_path):
    with running(tmp_path, build=RELEASE) as daemon:
        old = daemon.config.read_text()
        other = tmp_path / 'mtasts.conf.new'
        other.write_text(old + 'policyd { retry = 66s }\n')
        other.rename(daemon.config)
        daemon.send(signal.SIGHUP)
        daemon.notify.wait('RELOADING=1')
        daemon.notify.wait('READY=1')
        assert daemon.order('config').startswith('retry 66 ')


def test_writes_in_its_folders_alone(box, tmp_path):
    for folder in (box.state, box.run):
        assert box.order('write', folder / 'a') == 'ok'
        assert box.order('rename', folder / 'a', folder / 'b') == 'ok'
        assert box.order('unlink', folder / 'b') == 'ok'
        assert box.order('link', folder / 'c') in ('EACCES', 'EPERM')
    other = tmp_path / 'a'
    assert box.order('write', other) == 'EACCES'
    other.write_text('x')
    assert box.order('unlink', other) == 'EACCES'
    assert box.order('rename', other, box.state / 'a') in ('EACCES', 'EXDEV')


@pytest.mark.parametrize('order, answer', [
    ('fork', 'EPERM'), ('kill', 'EPERM'), ('packet', 'EPERM'),
    ('both', 'EPERM'), ('run', 'EPERM'), ('limit', 'EPERM'),
    ('clone3', 'ENOSYS')])
def test_calls_that_are_refused(box, order, answer):
    assert box.order(order) == answer


def test_threads_can_be_made(box):
    assert box.order('thread') == 'ok'


def test_sqlite_works(box):
    assert box.order('sqlite', box.state / 'a.db') == 'ok'


@pytest.mark.parametrize('order', [
    ('exec', '/bin/true'), ('exec', '/nowhere'), ('ptrace',), ('setuid',),
    ('unshare',)])
def test_calls_that_kill(tmp_path, order):
    with running(tmp_path, build=RELEASE) as daemon:
        assert daemon.order(*order) == ''
        assert daemon.end() == -signal.SIGSYS


def test_abort_still_works(tmp_path):
    """A failed assertion ends as one, not as a refused call."""
    with running(tmp_path, build=RELEASE) as daemon:
        assert daemon.order('abort') == ''
        assert daemon.end() == -signal.SIGABRT


def test_no_core_and_no_debugger(box):
    limits = pathlib.Path(f'/proc/{box.process.pid}/limits').read_text()
    assert 'Max core file size        0                    0' in limits
    # What belongs to a process that is not dumpable belongs to root.
    assert os.stat(f'/proc/{box.process.pid}/environ').st_uid == 0


def test_look_ups_work(tmp_path):
    zone = 'example.com. TXT "a"\n'
    with contextlib.closing(NameServer(tmp_path, zone)) as server:
        config = f'resolver = "{server.address}"\n'
        with running(tmp_path, config, build=RELEASE) as daemon:
            assert daemon.order('resolve', 'example.com') == 'ok, 1 records'


def test_fetches_work(tmp_path):
    pki = Pki(tmp_path)
    config = f'ca-file = "{pki.ca_file}"\n'
    with contextlib.closing(Server(sends(answer()), tls_context(pki.good()))) \
            as server, running(tmp_path, config, build=RELEASE) as daemon:
        assert daemon.order('fetch', HOST, '127.0.0.1', server.port) == \
            f'ok, {len(POLICY)} octets'


def ask(path, key):
    """One question of a socketmap."""
    with socket.socket(socket.AF_UNIX) as end:
        end.settimeout(30)
        end.connect(str(path))
        end.sendall(f'{len(key)}:{key},'.encode())
        return end.recv(65536).decode()


def test_file_that_is_named_anew(tmp_path, tmp_path_factory):
    """What the sandbox does not hold is refused, not found out later."""
    anchor = tmp_path_factory.mktemp('site') / 'anchor'
    anchor.write_text('. IN DS 20326 8 2 00\n')
    daemon = Daemon(tmp_path, 'policyd { socketmap = {"unix:s"} }\n')
    daemon.words[0] = RELEASE / 'mtasts-policyd'
    with contextlib.closing(daemon):
        daemon.start()
        daemon.config.write_text(f'trust-anchor = "{anchor}"\n'
                                 + daemon.config.read_text())
        daemon.send(signal.SIGHUP)
        daemon.notify.wait('RELOADING=1')
        daemon.notify.wait('READY=1')
        [fault] = daemon.said('config-fault')
        assert f"trust-anchor: '{anchor}' will not do: Permission denied" \
            in fault
        assert len(daemon.said('reload-failed')) == 1
        assert daemon.stop() == 0


def test_rules_that_an_editor_replaces(tmp_path, tmp_path_factory):
    """policyd itself, with its rules in a folder of their own."""
    rules = tmp_path_factory.mktemp('site') / 'rules'
    rules.write_text('a.example exempt reason=x\n')
    daemon = Daemon(tmp_path, 'policyd { socketmap = {"unix:s"}\n'
                    f'overrides = "{rules}" }}\n')
    daemon.words[0] = RELEASE / 'mtasts-policyd'
    with contextlib.closing(daemon):
        daemon.start()
        (rules.parent / 'policy').write_bytes(POLICY)
        (rules.parent / 'new').write_text('b.example policy policy reason=x\n')
        (rules.parent / 'new').rename(rules)
        daemon.send(signal.SIGHUP)
        daemon.notify.wait('RELOADING=1')
        daemon.notify.wait('READY=1')
        assert ' match=mail.example.com ' in \
            ask(daemon.run / 's', 'postfix-tlsrpt b.example') + ' '
        assert daemon.stop() == 0
