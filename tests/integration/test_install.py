"""What `make install` puts there works as installed.

What can be seen on the built library is in tests/unit/test_abi.sh.
MTASTS_RELEASE: the release build that is installed (default: build-gcc).
"""
import os
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
RELEASE = pathlib.Path(os.environ.get('MTASTS_RELEASE', ROOT / 'build-gcc'))
PREFIX = 'usr/local'
HEADERS = sorted(path.name for path in (ROOT / 'include/mtasts').glob('*.h'))
PAGES = sorted(path.stem for path in (ROOT / 'docs').glob('*.scd'))


def run(*words, **options):
    options = {'check': True, 'text': True, 'timeout': 120,
               'capture_output': True} | options
    result = subprocess.run(words, **options)
    return result.stdout


@pytest.fixture(scope='module', name='tree')
def installed_tree(tmp_path_factory):
    """The root of a tree with the release build installed in it."""
    tree = tmp_path_factory.mktemp('installed')
    run('/usr/bin/meson', 'install', '-C', RELEASE, '--no-rebuild',
        '--destdir', tree)
    return tree


@pytest.fixture(scope='module', name='library')
def installed_library(tree):
    library = tree / PREFIX / 'lib/libmtasts.so'
    assert library.exists()
    return library


def flags_of(tree, name='libmtasts'):
    """What pkg-config says to a program that uses the library."""
    folder = tree / PREFIX / 'lib/pkgconfig'
    return run('pkg-config', '--cflags', '--libs', name,
               env=os.environ | {'PKG_CONFIG_LIBDIR': str(folder),
                                 'PKG_CONFIG_SYSROOT_DIR': str(tree)}).split()


LANGUAGES = {
    'c99': ['gcc', '-std=c99', '-x', 'c'],
    'c17-clang': ['clang', '-std=c17', '-x', 'c'],
    'c++11': ['g++', '-std=c++11', '-x', 'c++'],
    'c++17-clang': ['clang++', '-std=c++17', '-x', 'c++'],
}
WARNINGS = ['-Wall', '-Wextra', '-Wpedantic', '-Wconversion', '-Werror']


def example_of_manual():
    """The program of libmtasts(3), and what the page says it prints.

    tests/unit/test_man_examples.py runs those of all pages, in C.
    """
    text = (ROOT / 'docs/libmtasts.3.scd').read_text(encoding='utf-8')
    blocks = [re.sub(r'\\(.)', r'\1', block) for block in
              re.findall(r'^```\n(.*?)^```$', text, re.M | re.S)]
    number = next(number for number, block in enumerate(blocks)
                  if 'int main(' in block)
    return blocks[number], blocks[number + 1]


@pytest.mark.parametrize('language', LANGUAGES)
def test_example_of_the_manual(tree, library, tmp_path, language):
    program, output = example_of_manual()
    (tmp_path / 'a').write_text(program)
    run(*LANGUAGES[language], *WARNINGS, tmp_path / 'a', '-x', 'none',
        '-o', tmp_path / 'example', *flags_of(tree))
    text = run(tmp_path / 'example',
               env={'LD_LIBRARY_PATH': str(library.parent)})
    assert text == output


@pytest.mark.parametrize('language', LANGUAGES)
def test_example_of_the_client(tree, library, tmp_path, language):
    """docs/examples/mtasts_query.c, as it is installed."""
    [example] = (tree / PREFIX).glob('share/doc/**/mtasts_query.c')
    run(*LANGUAGES[language], *WARNINGS, example, '-x', 'none',
        '-o', tmp_path / 'query', *flags_of(tree, 'libmtasts-client'))
    result = subprocess.run(
        [tmp_path / 'query', '/nonexistent', 'example.com', 'mx.example.com'],
        env={'LD_LIBRARY_PATH': str(library.parent)}, text=True, timeout=60,
        capture_output=True)
    assert result.returncode == 75
    assert result.stderr.startswith('example.com: ')


def test_library_needs_libc_alone(library):
    needed = re.findall(r'NEEDED.*\[(.*)\]', run('readelf', '-dW', library))
    assert needed == ['libc.so.6']
    loaded = {line.split()[0] for line in run('ldd', library).splitlines()}
    assert {os.path.basename(name).split('.')[0] for name in loaded} <= \
        {'linux-vdso', 'libc', 'ld-linux-x86-64', 'ld-linux-aarch64'}


def declared():
    """The functions that the installed headers declare."""
    names = set()
    for header in HEADERS:
        text = (ROOT / 'include/mtasts' / header).read_text(encoding='utf-8')
        text = re.sub(r'/\*.*?\*/', '', text, flags=re.S)
        names |= set(re.findall(r'\b(mtasts_\w+)\([^;{]*\)[^;{]*;', text))
    return names


@pytest.mark.parametrize('name', sorted(declared()))
def test_function_is_in_the_manual(name):
    pages = (ROOT / 'docs').glob('*.3.scd')
    assert any(re.search(rf'\b{name}\b', page.read_text(encoding='utf-8')
                         .replace('\\_', '_')) for page in pages)


@pytest.mark.parametrize('page', PAGES)
def test_page_is_installed(tree, page):
    section = page.rpartition('.')[2]
    assert (tree / PREFIX / f'share/man/man{section}' / page).is_file()


def test_rules_page_is_installed(tree):
    """mtasts-rules(7) is made by the program from its table."""
    page = (tree / PREFIX / 'share/man/man7/mtasts-rules.7').read_text()
    assert 'sts\\-record\\-multiple' in page or 'sts-record-multiple' in page


@pytest.mark.parametrize('file', [
    'share/bash-completion/completions/mtasts',
    'share/zsh/site-functions/_mtasts'])
def test_completion_is_installed(tree, file):
    assert (tree / PREFIX / file).is_file()


@pytest.mark.parametrize('file, text', [
    ('lib/systemd/system/mtasts-policyd.service',
     f'\nExecStart=/{PREFIX}/sbin/mtasts-policyd\n'),
    ('lib/systemd/system/mtasts-policyd.socket',
     '\nFileDescriptorName=socketmap\n'),
    ('lib/sysusers.d/mtasts.conf', '\nu mtasts '),
    ('lib/tmpfiles.d/mtasts.conf', '\nd /run/mtasts 0755 '),
    ('share/mtasts/mtasts.conf', '\npolicyd {\n')])
def test_what_systemd_and_the_administrator_need_is_installed(tree, file,
                                                              text):
    assert text in (tree / PREFIX / file).read_text()


def binaries(tree):
    paths = [path for path in (tree / PREFIX).glob('**/*')
             if path.is_file() and not path.is_symlink()]
    return [path for path in paths
            if path.open('rb').read(4) == b'\x7fELF']


def test_binaries_are_hardened(tree):
    found = binaries(tree)
    assert {path.name.split('.')[0] for path in found} == \
        {'mtasts', 'mtasts-policyd', 'libmtasts', 'libmtasts-client'}
    for path in found:
        headers = run('readelf', '-hldW', path)
        assert re.search(r'Type: +DYN', headers), f'{path}: not PIE or PIC'
        assert 'GNU_RELRO' in headers
        assert re.search(r'FLAGS.*NOW', headers), f'{path}: lazy binding'
        assert not re.search(r'GNU_STACK.*RWE', headers)
        assert not re.search(r'R(UN)?PATH', headers), f'{path}: has a rpath'
        symbols = run('nm', '-D', path)
        assert '__stack_chk_fail' in symbols
    assert '__printf_chk' in ''.join(run('nm', '-D', path) for path in found) \
        or '_chk@' in ''.join(run('nm', '-D', path) for path in found)


def test_program_runs_as_installed(tree, library):
    text = run(tree / PREFIX / 'bin/mtasts', '--version',
               env={'LD_LIBRARY_PATH': str(library.parent)})
    version = re.search(r"version: '([\d.]+)'",
                        (ROOT / 'meson.build').read_text()).group(1)
    assert version in text
