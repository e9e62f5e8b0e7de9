"""mtasts config: faults with file and line, the dump, the sample."""
import re

import pytest

from cli import ERROR, FINE, ROOT, run, text_of
from own_site import Site, folder_of_user, install


@pytest.fixture(name='site')
def fixture_site():
    with folder_of_user() as home:
        yield Site(home, install(home / 'prefix'))


def options_of(text):
    """Those that are set, and to what."""
    return dict(re.findall(r'^ *([a-z-]+) = (.*)$', text, re.M))


# ---- --check ----

def test_fine(tmp_path):
    path = tmp_path / 'c'
    path.write_text('log-level = debug\n')
    assert text_of('config', '--check', path) == f'{path}: fine\n'
    assert text_of('config', '--check', '-', stdin=b'') == \
        'standard input: fine\n'


FAULTS = [
    ('retry = 5m', ":1: there is no option 'retry'; it belongs into the "
     'section policyd { }'),
    ('\npolicyd { retry = 1ms }', ":2: policyd.retry: '1ms' will not do: give "
     'a time from 10s to 1d'),
    ('policyd {\n    enabled = maybe\n}', ':2: policyd.enabled: '),
    ('policyd {', ':1: the end, but a section or a comment is still open'),
    ('user = a\nuser = b', ':2: user is set a second time; the first is in '
     'line 1'),
]


@pytest.mark.parametrize('text, fault', FAULTS,
                         ids=[text for text, _ in FAULTS])
def test_fault(tmp_path, text, fault):
    path = tmp_path / 'c'
    path.write_text(text)
    for option in ('--check', '--dump'):
        result = run('config', option, path)
        assert (result.returncode, result.stdout) == (ERROR, b'')
        [line] = result.stderr.decode().splitlines()
        assert line.startswith(f'{path}{fault}')
    result = run('config', '--check', '-', stdin=text.encode())
    assert result.stderr.decode().startswith(f'standard input{fault}')


def test_all_faults_at_once(tmp_path):
    (tmp_path / 'c').write_text('log-level = loud\nca-file = x\n')
    lines = run('config', '--check', tmp_path / 'c').stderr.splitlines()
    assert len(lines) == 2


def test_faults_of_the_file_that_it_names(tmp_path):
    (tmp_path / 'c').write_text('policyd { overrides = o }')
    (tmp_path / 'o').write_text('\na.example bend\n.b.example\n')
    result = run('config', '--check', tmp_path / 'c')
    assert (result.returncode, result.stdout) == (ERROR, b'')
    first, second = result.stderr.decode().splitlines()
    assert first.startswith(f'{tmp_path}/o:2: ')
    assert second.startswith(f'{tmp_path}/o:3: ')
    (tmp_path / 'o').unlink()
    result = run('config', '--check', tmp_path / 'c')
    assert result.returncode == ERROR
    assert result.stderr.decode() == (
        f'{tmp_path}/o: No such file or directory; the option overrides takes '
        'a file in the form of mtasts-overrides(5)\n')


def test_fault_cannot_forge_a_line(tmp_path):
    path = tmp_path / 'c'
    path.write_bytes(b'user = "a\x1b[2Jb"\ngroup = "\xff\xfe"\nx\xc3\xbc = 1\n')
    said = run('config', '--check', path, env={'LC_ALL': 'C'}).stderr
    assert b'\x1b' not in said and said.isascii()


# ---- --dump and --sample ----

def test_dump_reads_back(tmp_path):
    path = tmp_path / 'c'
    path.write_text('log-level = debug\npolicyd { retry = 7m\n'
                    'match = hosts\nexim = {"unix:/a/b", "inet:[::1]:9"} }\n')
    dump = text_of('config', '--dump', path)
    assert {'log-level': 'debug', 'retry': '7m', 'match': 'hosts',
            'exim': '{"unix:/a/b", "inet:[::1]:9"}'}.items() <= \
        options_of(dump).items()
    assert text_of('config', '--dump', '-', stdin=dump.encode()) == dump


def test_sample_is_the_installed_one_and_changes_nothing():
    sample = text_of('config', '--sample')
    assert sample == (ROOT / 'packaging/mtasts.conf').read_text()
    assert text_of('config', '--dump', '-', stdin=sample.encode()) == \
        text_of('config', '--dump', '-', stdin=b'')
    every = re.sub(r'^( *)#([a-z-]+ = )', r'\1\2', sample, flags=re.M)
    assert set(options_of(every)) == \
        set(options_of(text_of('config', '--dump', '-')))
    assert run('config', '--check', '-', stdin=every.encode()).returncode == \
        FINE


# ---- whose configuration ----

def test_own_configuration(site):
    site.configure(more='log-level = error\n')
    assert site.words('config', '--check').stdout == f'{site.config}: fine\n'
    assert options_of(site.words('config', '--dump').stdout)['log-level'] == \
        'error'


def test_no_configuration(site):
    """Where /etc has none; else that is meant."""
    site.config.unlink()
    said = site.words('config', '--check').stdout
    assert said in ('no file, so the defaults: fine\n',
                    '/etc/mtasts/mtasts.conf: fine\n')


def test_folders_are_ones_own_once_they_are_there(site):
    def folders():
        options = options_of(site.words('config', '--dump').stdout)
        return options['state-directory'], options['run-directory']

    assert folders() == ('"/var/lib/mtasts"', '"/run/mtasts"')
    site.make(site.run)
    assert folders() == ('"/var/lib/mtasts"', f'"{site.run}"')
    site.make(site.state)
    assert folders() == (f'"{site.state}"', f'"{site.run}"')
