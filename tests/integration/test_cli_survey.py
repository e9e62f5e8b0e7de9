"""check on a list asks each server once; --thorough as if it were alone."""
import json
import os

import pytest

from cli import BINARY
from gather_world import World

DOMAIN = 'shared.secure.test'  # its MX host is at 127.0.2.1
POLICY = 'good.secure.test'    # its policy host has three addresses


@pytest.fixture(scope='module', name='world')
def fixture_world(tmp_path_factory):
    world = World(tmp_path_factory.mktemp('world'))
    yield world
    world.close()


def facts_of(world, domain, *words):
    done = world.namespace.run(
        BINARY, 'check', '--dump-facts', '--root-hints', world.hints,
        '--trust-anchor', world.anchor, '--ca-file', world.ca.file,
        '--allow-private', '--timeout', '15', *words, text=True, timeout=60,
        input=f'{domain}\n', capture_output=True,
        env=os.environ | {'LC_ALL': 'C.UTF-8'})
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize('words, connections', [
    (('--from', '-'), 1),
    (('--from', '-', '--thorough'), 5),
    ((DOMAIN,), 5)])
def test_connections_to_a_mail_server(world, words, connections):
    world.sessions()
    facts = facts_of(world, DOMAIN, *words)
    session, = facts['mx']['hosts'][0]['sessions']
    assert session['status'] == 'ok'
    assert session['tls']['verify'] == 'ok'
    assert session['dane']['state'] == 'pass'
    assert ('injection' in session) == (connections > 1)
    assert len(world.sessions()['127.0.2.1'][0]) == connections


@pytest.mark.parametrize('words, fetches', [
    (('--from', '-'), 1),
    (('--from', '-', '--thorough'), 6),
    (('--from', '-', '--no-smtp', '--thorough'), 6),
    ((POLICY, '--no-smtp'), 6)])
def test_fetches_of_a_policy(world, words, fetches):
    before = len(world.requests())
    facts = facts_of(world, POLICY, *words)
    assert facts['policy_host']['fetch']['status'] == 'ok'
    assert len(facts['policy_host'].get('others', [])) == fetches - 1
    assert len(world.requests()) - before == fetches
