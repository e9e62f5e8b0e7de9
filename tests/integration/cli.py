"""Runs the program as a user would: words in, text and exit status out."""
import json
import os
import pathlib
import subprocess

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get('MTASTS_BIN', ROOT / 'build/mtasts'))
VECTORS = ROOT / 'tests/vectors'

FINE, WARNING, ERROR, UNKNOWN = range(4)
NO_MATCH = 1

# Nothing of the caller's settings: the same everywhere.
ENVIRONMENT = {name: os.environ[name] for name in
               ('HOME', 'TMPDIR', 'ASAN_OPTIONS', 'UBSAN_OPTIONS')
               if name in os.environ} | {
    'PATH': '/usr/sbin:/usr/bin:/sbin:/bin', 'LC_ALL': 'C.UTF-8'}


def environment(**more):
    return ENVIRONMENT | more


def run(*words, stdin=b'', env=None, timeout=60, binary=BINARY):
    """Words may be bytes, since a record may be any octets."""
    return subprocess.run([binary, *words], input=stdin, timeout=timeout,
                          capture_output=True, check=False,
                          env=environment(**(env or {})))


def text_of(*words, status=FINE, **options):
    """What it prints for people, if it ends as expected."""
    result = run(*words, **options)
    assert result.returncode == status, result.stderr.decode()
    return result.stdout.decode()


def json_of(*words, status=FINE, **options):
    return json.loads(text_of(*words, status=status, **options))


def complaint_of(*words, status=UNKNOWN, **options):
    """The one line on stderr of a command that is refused."""
    result = run(*words, **options)
    assert result.returncode == status, result.stdout.decode()
    assert result.stdout == b''
    lines = result.stderr.decode().splitlines()
    assert len(lines) == 1 and lines[0].startswith('mtasts: '), lines
    return lines[0].removeprefix('mtasts: ')


def vectors(name):
    return json.loads((VECTORS / f'{name}.json').read_text('utf-8'))


def validator(name):
    """Of docs/NAME.schema.json, which is itself found to be right."""
    path = ROOT / f'docs/{name}.schema.json'
    schema = json.loads(path.read_text('utf-8'))
    kind = jsonschema.validators.validator_for(schema)
    kind.check_schema(schema)
    return kind(schema)


def options_table():
    """Rows of the program's own table: (command, option, letter, argument,
    choices, help)."""
    return [line.split('\t') for line in
            text_of('help', '--internal-table').splitlines()]
