"""The units of systemd, as its own tools judge them.

What they do in a real systemd is in tests/e2e/test_systemd.py.
"""
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGING = ROOT / 'packaging'
UNIT = 'mtasts-policyd.service'
EXPOSURE_MAX = 2.0


@pytest.fixture(name='units')
def fixture_units(tmp_path):
    """A folder with the units as they are installed, of programs that are
    there."""
    text = (PACKAGING / f'systemd/{UNIT}.in').read_text()
    assert '@sbindir@/mtasts-policyd' in text
    (tmp_path / UNIT).write_text(
        text.replace('@sbindir@/mtasts-policyd', '/bin/true'))
    socket = PACKAGING / 'systemd/mtasts-policyd.socket'
    (tmp_path / socket.name).write_text(socket.read_text())
    return tmp_path


def analyze(*words):
    return subprocess.run(['systemd-analyze', '--no-pager', *words],
                          text=True, capture_output=True, timeout=60,
                          check=False, env={'PATH': '/usr/bin:/bin'})


def exposure(unit):
    result = analyze('security', '--offline=yes', unit)
    line = re.search(r'Overall exposure level for \S+: ([\d.]+)',
                     result.stdout)
    assert line, result.stdout + result.stderr
    return float(line.group(1))


def test_exposure(units):
    assert exposure(units / UNIT) < EXPOSURE_MAX


def test_exposure_knows_a_wall_that_is_missing(units):
    """So that the test above can fail."""
    text = (units / UNIT).read_text()
    for line in ('CapabilityBoundingSet=\n', 'PrivateUsers=yes\n',
                 'SystemCallFilter=~@privileged @resources\n',
                 'RestrictNamespaces=yes\n'):
        assert line in text
        text = text.replace(line, '')
    (units / UNIT).write_text(text)
    assert exposure(units / UNIT) >= EXPOSURE_MAX


@pytest.mark.parametrize('unit', [UNIT, 'mtasts-policyd.socket'])
def test_units_are_understood(units, unit):
    """Every line: systemd only warns of what it does not know."""
    result = analyze('verify', '--man=no', units / unit)
    assert (result.stdout + result.stderr, result.returncode) == ('', 0)


def test_verify_finds_faults(units):
    path = units / UNIT
    path.write_text(path.read_text().replace('LimitCORE=0', 'LimitCOER=0'))
    assert 'LimitCOER' in analyze('verify', '--man=no', path).stderr


def test_users_and_folders_are_understood(tmp_path):
    for tool, folder in (('systemd-sysusers', 'sysusers'),
                         ('systemd-tmpfiles', 'tmpfiles')):
        path = PACKAGING / folder / 'mtasts.conf'
        words = ['--dry-run'] if tool == 'systemd-sysusers' else \
            ['--create', '--prefix=/nowhere']
        result = subprocess.run([tool, f'--root={tmp_path}', *words, path],
                                text=True, capture_output=True, timeout=60,
                                check=False)
        assert 'mtasts.conf:' not in result.stderr, result.stderr


def test_the_unit_and_the_configuration_agree():
    """Folders and the user are those that mtasts.conf has by default."""
    text = (PACKAGING / f'systemd/{UNIT}.in').read_text()
    sample = (PACKAGING / 'mtasts.conf').read_text()
    for line, option in (('User=mtasts', '#user = "mtasts"'),
                         ('StateDirectory=mtasts',
                          '#state-directory = "/var/lib/mtasts"'),
                         ('RuntimeDirectory=mtasts',
                          '#run-directory = "/run/mtasts"')):
        assert f'\n{line}\n' in text
        assert f'\n{option}\n' in sample
