"""The checks of tools/ find what they are there to find.

Each runs on a small tree with one fault, and on the same tree without it.
"""
import importlib.machinery
import importlib.util
import os
import pathlib
import re
import stat
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOLS = ROOT / 'tools'


def run(tool, *arguments, **options):
    return subprocess.run([TOOLS / tool, *arguments], text=True, timeout=60,
                          capture_output=True, check=False, **options)


def write(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding='utf-8')


CLEAN = {
    'include/mtasts/error.h': 'enum mtasts_error { MTASTS_OK };\n',
    'src/base/buf.h': '#include <mtasts/error.h>\n#include <string.h>\n',
    'src/core/name.c': '#include "base/buf.h"\n#include "core/name.h"\n',
    'src/core/name.h': '#include <stddef.h>\n',
    'src/check/facts.h': '#include "core/name.h"\n',
    'src/net/fetch.c': '#include "check/facts.h"\n#include <curl/curl.h>\n',
    'src/net/loop.c': '#include <event2/event.h>\n#include <sys/socket.h>\n',
    'src/cli/main.c': '#include "net/loop.h"\n',
    'src/net/loop.h': '// #include "cli/main.h"\n',
}

LAYER_FAULTS = [
    ('src/core/a.c', '#include "net/loop.h"\n', 'may not include src/net'),
    ('src/core/a.c', '#include "check/facts.h"\n', 'may not include'),
    ('src/base/a.c', '#include "core/name.h"\n', 'may not include src/core'),
    ('src/check/a.c', ' # include "net/loop.h"\n', 'may not include src/net'),
    ('src/core/a.c', '#include <openssl/ssl.h>\n', 'may not use openssl'),
    ('src/check/a.c', '#include <curl/curl.h>\n', 'may not use curl'),
    ('src/cli/a.c', '#include <unbound.h>\n', 'may not use unbound'),
    ('src/cli/a.c', '#include <event2/event.h>\n', 'may not use event'),
    ('src/net/a.c', '#include <jansson.h>\n', 'may not use jansson'),
    ('src/check/a.c', '#include <sys/socket.h>\n', 'may not use sockets'),
    ('src/core/a.c', '#include <libpq-fe.h>\n', 'belongs to no library'),
    ('src/net/a.c', '#include <sqlite3.h>\n', 'may not use sqlite'),
    ('src/core/a.c', '#include "core/gone.h"\n', 'not a file of the project'),
    ('src/nowhere/a.c', '\n', 'has no row'),
]


def test_layers_clean(tmp_path):
    write(tmp_path, CLEAN)
    result = run('check-layers', tmp_path)
    assert (result.stdout, result.returncode) == ('layers: clean\n', 0)


@pytest.mark.parametrize('file, text, fault', LAYER_FAULTS)
def test_layers_fault(tmp_path, file, text, fault):
    write(tmp_path, CLEAN | {file: text})
    result = run('check-layers', tmp_path)
    assert result.returncode == 1
    first = result.stdout.splitlines()[0]  # some close a cycle, too
    assert first.startswith(f'{file}:1: ')
    assert fault in first


def test_layers_cycle(tmp_path):
    write(tmp_path, CLEAN | {'src/net/loop.h': '#include "net/a.h"\n',
                             'src/net/a.h': '#include "net/loop.h"\n'})
    result = run('check-layers', tmp_path)
    assert result.returncode == 1
    assert 'cycle: src/net/loop.h -> src/net/a.h -> src/net/loop.h' \
        in result.stdout


BANNED_FAULTS = [
    ('src/net/a.c', 'strcpy(a, b);', 'strcpy'),
    ('src/net/a.c', 'strcat (a, b);', 'strcat'),
    ('src/cli/a.c', 'sprintf(a, "%s", b);', 'sprintf'),
    ('src/cli/a.c', 'vsprintf(a, f, v);', 'vsprintf'),
    ('src/cli/a.c', 'gets(a);', 'gets'),
    ('src/cli/a.c', 'p = strtok(a, " ");', 'strtok'),
    ('src/cli/a.c', 'n = atoi(a);', 'atoi'),
    ('src/cli/a.c', 'n = strtol(a, &e, 10);', 'strtol'),
    ('src/cli/a.c', 'n = strtoul(a, &e, 10);', 'strtoul'),
    ('src/core/a.c', 'if (isspace(c))', 'isspace'),
    ('src/core/a.c', 'if (isalnum(c))', 'isalnum'),
    ('src/core/a.c', 'c = tolower(c);', 'tolower'),
    ('src/core/a.c', 'return strcasecmp(a, b);', 'strcasecmp'),
    ('src/net/a.c', 'p = alloca(n);', 'alloca'),
    ('src/net/a.c', 'n = rand();', 'rand'),
    ('src/net/a.c', 'system("ls");', 'system'),
    ('src/net/a.c', 'f = popen("ls", "r");', 'popen'),
    ('src/net/a.c', 'tmpnam(a);', 'tmpnam'),
    ('src/net/a.c', 'if (setjmp(env))', 'setjmp'),
    ('tests/unit/test_a.c', 'n = atoi(a);', 'atoi'),
    ('include/mtasts/a.h', '#define A(x) atoi(x)', 'atoi'),
    ('src/core/a.c', 'now = time(NULL);', 'time'),
    ('src/check/a.c', 'fprintf(stderr, "x");', 'fprintf'),
    ('src/check/a.c', 'getenv("HOME");', 'getenv'),
    ('src/engine/a.c', 'clock_gettime(0, &t);', 'clock_gettime'),
    ('src/net/a.c', '_cleanup_buf_ struct buf text;', '_cleanup_buf_'),
    ('src/net/a.c', 'f(void) { _cleanup_fd_ int fd; }',
     '_cleanup_fd_'),
]
BANNED_CLEAN = [
    ('src/net/a.c', 'now = time(NULL); getenv("A"); fprintf(f, "x");'),
    ('src/core/a.c', '/* strcpy(a, b) */ // atoi(x)\nx = "gets(a)";'),
    ('src/core/a.c', 'facts->time(x); f.read(x); my_strcpy(a); strcpy_s(a);'),
    ('src/core/a.c', 'c = \'"\'; strlen(s); d = \'"\'; /* rand() */'),
    ('src/net/a.c', '_cleanup_fd_ int fd = -1; _cleanup_x_ struct x x = {0};'),
    ('src/net/a.h', '#define _cleanup_x_ _cleanup_(cleanup_x)\nint a;'),
]


@pytest.mark.parametrize('file, text, name', BANNED_FAULTS)
def test_banned_fault(tmp_path, file, text, name):
    write(tmp_path, {file: f'/* a\n * b */\n{text}\n'})
    result = run('check-banned', tmp_path)
    assert result.returncode == 1
    assert result.stdout.startswith(f'{file}:3: {name}: ')
    assert result.stdout.count('\n') == 1


@pytest.mark.parametrize('file, text', BANNED_CLEAN)
def test_banned_clean(tmp_path, file, text):
    write(tmp_path, {file: text})
    result = run('check-banned', tmp_path)
    assert (result.stdout, result.returncode) == \
        ('banned functions: none in 1 files\n', 0)


LISTS = {
    'meson.build': "executable('mtasts', 'src/cli/main.c')\n",
    'src/cli/meson.build': "files('check.c')\n",
    'src/cli/check.c': '', 'src/cli/main.c': '',
    'tests/unit/meson.build': "unit_tests = {'name': {}}\n",
    'tests/unit/test_name.c': '',
    'docs/meson.build': "pages = ['mtasts.1']\n", 'docs/mtasts.1.scd': '',
}


def test_lists_clean(tmp_path):
    write(tmp_path, LISTS)
    assert run('check-lists', tmp_path).returncode == 0


@pytest.mark.parametrize('file', [
    'src/cli/lint.c', 'tests/unit/test_names.c', 'tests/fuzz/fuzz_name.c',
    'tests/bench/bench_name.c', 'tests/integration/a_driver.c', 'docs/mtasts-check.1.scd'])
def test_lists_fault(tmp_path, file):
    write(tmp_path, LISTS | {file: ''})
    result = run('check-lists', tmp_path)
    assert (result.stdout, result.returncode) == \
        (f'{file}: not in its meson.build\n', 1)


PAGE = ROOT / 'docs/conformance.md'


def conformance(page, tmp_path):
    file = tmp_path / 'page.md'
    file.write_text(page)
    return subprocess.run([ROOT / 'tools/check-conformance', file],
                          capture_output=True, text=True, timeout=30)


def test_conformance_page_clean(tmp_path):
    assert conformance(PAGE.read_text(), tmp_path).returncode == 0


@pytest.mark.parametrize('pattern, put, complaint', [
    ('test_join', 'test_joyn', 'test_joyn is not in test_sts_record.c'),
    ('`healthy.example`', '`helthy.example`', 'helthy.example is not in'),
    ('`src/net/tls.c`', '`src/net/tsl.c`', 'there is no src/net/tsl.c'),
    ('rule `mx-null`', 'rule `mx-nul`', 'there is no rule mx-nul'),
    ('| M-002 |', '| M-001 |', 'M-001 stands twice'),
])
def test_conformance_page_fault(pattern, put, complaint, tmp_path):
    page = PAGE.read_text()
    assert pattern in page
    result = conformance(page.replace(pattern, put, 1), tmp_path)
    assert complaint in result.stderr
    assert result.returncode == 1


def test_conformance_page_wants_proof(tmp_path):
    result = conformance('| M-001 | 1 | MUST | a | yes | `tools/` | |\n',
                         tmp_path)
    assert '"yes" without a proof' in result.stderr


PURE_FAULTS = [
    ('#include <time.h>\nlong a(void) { return time(0); }', 'calls time'),
    ('#include <stdio.h>\nvoid a(void) { puts("x"); }', 'calls puts'),
    ('#include <stdlib.h>\nchar *a(void) { return getenv("A"); }',
     'calls getenv'),
    ('int a(void) { static int n; return ++n; }', 'can change n'),
    ('int shared = 1;', 'can change shared'),
    ('int shared;', 'can change shared'),
    ('_Thread_local int mine = 1;', 'can change mine'),
]
PURE_CLEAN = '''
#include <stdio.h>
#include <string.h>
static const char *const names[] = {"a", "b"};
const char *const *a(void) { return names; }
int b(char *x, size_t n) { return snprintf(x, n, "%zu", strlen(x)); }
'''


def archive(folder, text):
    write(folder, {'a.c': text})
    subprocess.run(['gcc', '-O2', '-fPIC', '-c', 'a.c'], cwd=folder,
                   check=True, timeout=60)
    subprocess.run(['ar', 'rcs', 'liba.a', 'a.o'], cwd=folder, check=True,
                   timeout=60)


def check_pure(tmp_path, text, where='src/core',
               folders=('src/core', 'src/check', 'src/engine')):
    for folder in folders:
        (tmp_path / folder).mkdir(parents=True)
        archive(tmp_path / folder, text if folder == where
                else 'int z(void) { return 0; }')
    return run('check-pure', tmp_path)


def test_pure_clean(tmp_path):
    result = check_pure(tmp_path, PURE_CLEAN)
    assert (result.stderr, result.returncode) == ('', 0), result.stdout


@pytest.mark.parametrize('text, fault', PURE_FAULTS)
def test_pure_fault(tmp_path, text, fault):
    result = check_pure(tmp_path, text)
    assert result.returncode == 1
    assert result.stdout.startswith('src/core: a.o ')
    assert fault in result.stdout


@pytest.mark.parametrize('where, clean', [
    ('src/engine', True), ('src/core', False), ('src/check', False)])
def test_pure_by_a_library(tmp_path, where, clean):
    """libsodium's hash is the engine's alone."""
    result = check_pure(tmp_path, 'int crypto_shorthash(void); '
                        'int a(void) { return crypto_shorthash(); }', where)
    assert (result.returncode == 0) is clean, result.stdout


def test_pure_needs_archives(tmp_path):
    result = check_pure(tmp_path, PURE_CLEAN,
                        folders=('src/core', 'src/check'))
    assert result.returncode == 1
    assert result.stdout.startswith('src/engine: no archive')


@pytest.mark.parametrize('text, clean', [
    ('.TH A 1\n.SH NAME\na \\- b\n', True),
    ('.TH A 1\n.SH NAME\n.nonsense\n', False),
    ('.TH A 1\n.SH NAME\n.sp sideways\n', False),
])
def test_man(tmp_path, text, clean):
    write(tmp_path, {'docs/a.1': text})
    result = run('check-man', tmp_path)
    assert (result.returncode == 0) is clean, result.stdout


def fake_machine(tmp_path, installed):
    """A PATH where dpkg-query knows these packages and apt-get tells."""
    answers = ''.join(f'installed {name}\\n' for name in installed)
    scripts = {
        'dpkg-query': f'printf "{answers}"',
        'apt-get': f'echo "$*" >>{tmp_path}/apt.log; exit 1',
        'sudo': f'echo "$*" >>{tmp_path}/sudo.log',
        'id': 'echo 1000',
    }
    for name, text in scripts.items():
        path = tmp_path / name
        path.write_text(f'#!/bin/sh\n{text}\n')
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return os.environ | {'PATH': f'{tmp_path}:/usr/bin:/bin'}


def packages(*groups):
    lines = (TOOLS / 'packages.txt').read_text().splitlines()
    return [line.split()[1] for line in lines
            if line and line.split()[0] in groups]


def test_install_nothing_missing(tmp_path):
    machine = fake_machine(tmp_path, packages('build', 'lab'))
    result = run('install-packages', 'build', 'lab', env=machine)
    assert (result.stdout + result.stderr, result.returncode) == ('', 0)
    assert not (tmp_path / 'sudo.log').exists()


def test_install_asks_sudo_for_what_is_missing(tmp_path):
    machine = fake_machine(tmp_path, packages('build')[2:])
    result = run('install-packages', 'build', env=machine)
    assert result.returncode == 0
    words = (tmp_path / 'sudo.log').read_text().split()
    assert words[words.index('--as-root') + 1:] == packages('build')[:2]


def test_install_says_the_way_out_without_sudo(tmp_path):
    machine = fake_machine(tmp_path, packages('build')[1:])
    (tmp_path / 'sudo').unlink()
    machine['PATH'] = f'{tmp_path}:{bare_path(tmp_path)}'
    result = run('install-packages', 'build', env=machine)
    assert result.returncode == 1
    assert 'As root: apt-get install --no-install-recommends gcc' \
        in result.stderr


def bare_path(tmp_path):
    """/usr/bin without sudo."""
    folder = tmp_path / 'bin'
    folder.mkdir()
    for name in ('bash', 'comm', 'sed', 'sort', 'xargs', 'readlink',
                 'dirname', 'cat', 'env'):
        (folder / name).symlink_to(f'/usr/bin/{name}')
    return folder


def test_install_can_be_told_not_to(tmp_path):
    machine = fake_machine(tmp_path, []) | {'MTASTS_NO_INSTALL': '1'}
    result = run('install-packages', 'lab', env=machine)
    assert result.returncode == 0
    assert 'missing, not installed' in result.stderr
    assert not (tmp_path / 'apt.log').exists()


def test_install_knows_its_groups():
    assert run('install-packages', 'nonsense').returncode == 1
    assert run('install-packages').returncode == 1


def fake_apt(tmp_path, download):
    """A PATH whose apt knows what is needed along with a package."""
    scripts = {
        'apt-get': 'case $1 in\n'
                   '-s) echo "Remv postfix [1]"; echo "Inst needed (1 D)"\n'
                   f'    for last; do :; done; echo "Inst $last (1 D)";;\n'
                   f'*) echo "$*" >>{tmp_path}/apt.log; {download};;\n'
                   'esac',
        'dpkg-deb': 'mkdir -p "$3/usr"; touch "$3/usr/$(basename "$2")"',
    }
    folder = tmp_path / 'bin'
    folder.mkdir()
    for name, text in scripts.items():
        (folder / name).write_text(f'#!/bin/sh\n{text}\n')
        (folder / name).chmod(0o755)
    return os.environ | {'PATH': f'{folder}:/usr/bin:/bin'}


def test_unpack(tmp_path):
    machine = fake_apt(tmp_path, 'shift 2; for p; do touch "$p.deb"; done')
    for _ in range(2):  # the second time there is nothing to do
        result = run('unpack-packages', tmp_path / 'out', env=machine)
        assert (result.stdout + result.stderr, result.returncode) == ('', 0)
    for name in packages('unpack'):
        root = tmp_path / 'out' / name / 'usr'
        assert {path.name for path in root.iterdir()} == {
            f'{name}.deb', 'needed.deb'}
    log = (tmp_path / 'apt.log').read_text().splitlines()
    assert log == [f'-q download needed {name}'
                   for name in packages('unpack')]
    assert {path.name for path in (tmp_path / 'out').iterdir()} == set(
        packages('unpack'))


def test_unpack_leaves_nothing_half_done(tmp_path):
    machine = fake_apt(tmp_path, 'echo no network; exit 100')
    result = run('unpack-packages', tmp_path / 'out', env=machine)
    assert result.returncode == 1
    assert 'no network' in result.stderr and 'could not be' in result.stderr
    assert list((tmp_path / 'out').iterdir()) == []
    assert run('unpack-packages').returncode != 0


def test_packages_have_a_reason():
    """Every package of the list has its reason in the decision record."""
    [record] = (ROOT / 'docs/adr').glob('*-dependencies.md')
    text = record.read_text(encoding='utf-8')
    missing = [name for name in packages('build', 'lab', 'test', 'unpack')
               if f'`{name}`' not in text]
    assert not missing


def load(path):
    """A tool as a module."""
    sys.path.insert(0, str(TOOLS))
    loader = importlib.machinery.SourceFileLoader(
        re.sub(r'\W', '_', path.name), str(path))
    module = importlib.util.module_from_spec(
        importlib.util.spec_from_loader(loader.name, loader))
    sys.modules[loader.name] = module
    loader.exec_module(module)
    return module


tally = load(TOOLS / 'tally.py')
run_tests = load(TOOLS / 'run-tests')

CMOCKA_GOOD = '''[==========] tests: Running 3 test(s).
[ RUN      ] a
[       OK ] a
[  PASSED  ] 3 test(s).
'''
CMOCKA_BAD = '''[  FAILED  ] b
[==========] tests: 4 test(s) run.
[  PASSED  ] 3 test(s).
[  FAILED  ] tests: 1 test(s), listed below:
[  FAILED  ] b

 1 FAILED TEST(S)
'''


@pytest.mark.parametrize('output, result, counts', [
    (CMOCKA_GOOD, 'OK', (3, 0)),
    (CMOCKA_BAD, 'FAIL', (3, 1)),
    (CMOCKA_GOOD, 'FAIL', (3, 1)),  # a leak, found after the last case
    ('', 'TIMEOUT', (0, 1)),
    ('no cases', 'OK', (1, 0)),
    ('[  PASSED  ] 2 test(s).\n[  SKIPPED ] tests: 1 test(s), listed below:\n',
     'OK', (2, 1)),
])
def test_cmocka_cases(output, result, counts):
    assert tally.cmocka_cases(output, result) == counts


@pytest.mark.parametrize('attributes, counts', [
    ('tests="5" failures="0" errors="0" skipped="0"', (5, 0)),
    ('tests="5" failures="1" errors="1" skipped="1"', (2, 3)),
])
def test_junit_cases(attributes, counts):
    text = f'<testsuites><testsuite {attributes}/></testsuites>'
    assert tally.junit_cases(text) == counts


@pytest.mark.parametrize('text, code, counts', [
    ('fuzz_a: 5 executions in 3 s\nfuzz_b: 7 executions in 3 s\n', 0, (2, 0)),
    ('fuzz_a: 5 executions in 3 s\nfuzz_b: FAILED (x)\n', 123, (1, 1)),
    ('fuzz_a: 5 executions in 3 s\n', 1, (1, 1)),  # the exit code counts
    ('', 0, (0, 1)),                               # nothing ran
    (None, 0, (0, 1)),                             # it left no result
])
def test_tally_believes_the_worse(tmp_path, text, code, counts):
    if text is not None:
        write(tmp_path, {'summary': text})
    assert tally.fuzz(tmp_path).count(code) == counts


def test_tally_takes_no_old_result(tmp_path):
    write(tmp_path, {'summary': 'fuzz_a: 5 executions in 3 s\n'})
    counter = tally.fuzz(tmp_path)
    counter.prepare()
    assert counter.count(0) == (0, 1)


@pytest.mark.parametrize('commands, code, last', [
    ({'a': 'true', 'b': 'true'}, 0, '2 passed, 0 failed'),
    ({'a': 'true', 'b': 'false | cat'}, 1, '1 passed, 1 failed'),
    ({'a': 'exit 3', 'b': 'true'}, 1, '1 passed, 1 failed'),
])
def test_run_ends_with_the_count(tmp_path, monkeypatch, capsys, commands,
                                 code, last):
    monkeypatch.setattr(run_tests, 'LOGS', tmp_path)
    monkeypatch.setattr(run_tests, 'ROOT', tmp_path)
    monkeypatch.setattr(run_tests, 'STEPS', [
        run_tests.Step(name, command) for name, command in commands.items()])
    monkeypatch.setattr(sys, 'argv', ['run-tests'])
    assert run_tests.main() == code
    assert capsys.readouterr().out.splitlines()[-1] == last


def test_run_counts_what_it_could_not_run(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(run_tests, 'LOGS', tmp_path)
    monkeypatch.setattr(run_tests, 'ROOT', tmp_path)
    monkeypatch.setattr(run_tests, 'STEPS', [
        run_tests.Step('a', 'false'),
        run_tests.Step('b', 'true', needs=('a',)),
        run_tests.Step('c', 'sleep 60', minutes=0.01),
        run_tests.Step('d', 'true', when='full')])
    monkeypatch.setattr(sys, 'argv', ['run-tests'])
    assert run_tests.main() == 1
    assert capsys.readouterr().out.endswith('0 passed, 3 failed\n')


def test_steps_need_steps_that_come_before():
    seen = set()
    for step in run_tests.STEPS:
        assert seen.issuperset(step.needs), step.name
        seen.add(step.name)


def test_as_root_says_when_it_cannot(tmp_path):
    machine = {'PATH': f'{tmp_path}:{bare_path(tmp_path)}'}
    write(tmp_path, {'id': '#!/bin/sh\necho 1000\n'})
    (tmp_path / 'id').chmod(0o755)
    result = run('as-root', 'true', env=machine)
    assert result.returncode == 1
    assert 'needs root' in result.stderr
