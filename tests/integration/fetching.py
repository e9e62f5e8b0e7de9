"""Policy fetches by the driver, and the fixtures of tests of them.

A module of tests has the fixtures that it imports.
"""
import json
import os
import pathlib
import subprocess

import pytest

from policy_host import HOST, Pki, Server

BUILD = pathlib.Path(os.environ['MTASTS_BUILD'])
DRIVER = BUILD / 'tests/integration/fetch_driver'
ALLOW = ('allow=127.0.0.0/8', 'allow=::1')
MOMENT = 4500  # ms: less than any wait that it is told apart from, on a
               # machine with other things to do
FETCH_ERROR = 'sts-policy-fetch-error'
WEBPKI = 'sts-webpki-invalid'


@pytest.fixture(scope='module', name='pki')
def fixture_pki(tmp_path_factory):
    return Pki(tmp_path_factory.mktemp('pki'))


@pytest.fixture(scope='module', name='good')
def fixture_good(pki):
    return pki.good()


@pytest.fixture(name='serve')
def fixture_serve():
    servers = []

    def serve(handle, *arguments, kind=Server, **options):
        servers.append(kind(handle, *arguments, **options))
        return servers[-1]

    yield serve
    for server in servers:
        server.close()


def run(*arguments, env=None, timeout=60, descriptors=None):
    """All fetches, and the driver's last line."""
    limit = ['prlimit', f'--nofile={descriptors}'] if descriptors else []
    done = subprocess.run([*limit, DRIVER, *map(str, arguments)], text=True,
                          capture_output=True, timeout=timeout, check=False,
                          env=os.environ | (env or {}))
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    for line in lines[:-1]:
        assert not line['before_return'], 'called back before it returned'
    return lines[:-1], lines[-1]


def fetch(pki, port, *arguments, host=HOST, addresses=('127.0.0.1',),
          allow=ALLOW, **options):
    """One fetch: its line, and the fact in it as `fact`."""
    lines, _ = run(f'host={host}', f'port={port}', f'ca={pki.ca_file}',
                   *(f'address={address}' for address in addresses), *allow,
                   *arguments, **options)
    assert len(lines) == 1
    line = lines[0]
    line['fact'] = line['facts']['policy_host']['fetch']
    return line


def check(line, status, result=FETCH_ERROR):
    assert (line['status'], line['result']) == (status, result), line
