"""mtasts cache list, dump and load with policies as long as they may be.

Anybody may publish such policies, and have them met by mail of his own.
"""
import json
import time

from own_site import WAIT_S, fixture_program, fixture_site

BODY_MAX = 65536
HEAD = 'version: STSv1\nmode: enforce\nmax_age: 864000\n'
DOMAINS = 100
MANY = 40000  # are read for longer than a command takes


def longest():
    """A policy with as many patterns as find room."""
    lines, left, number = [HEAD], BODY_MAX - len(HEAD), 0
    while len(line := f'mx:{number:x}.a\n') <= left:
        lines.append(line)
        left -= len(line)
        number += 1
    return ''.join(lines)


def kept(domain, body):
    now = time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())
    return json.dumps({'domain': domain, 'used': now,
                       'policy': {'id': '1', 'fetched': now, 'body': body}})


def said(site, *words):
    result = site.words('cache', *words)
    assert (result.returncode, result.stderr) == (0, ''), result.stderr
    return result.stdout


def test_longest_policies(site):
    site.start()
    body = longest()
    domains = [f'd{number}.example' for number in range(DOMAINS)]
    file = site.write(site.home / 'kept', ''.join(
        kept(domain, body) + '\n' for domain in domains))
    assert said(site, 'load', file).startswith(f'{DOMAINS} loaded')
    listed = said(site, 'list').splitlines()
    assert sorted(line.split()[0] for line in listed) == sorted(domains)
    dumped = said(site, 'dump')
    assert {json.loads(line)['policy']['body']
            for line in dumped.splitlines()} == {body}
    # What was dumped can be loaded, patterns and all.
    assert said(site, 'load', site.write(site.home / 'dump', dumped)) \
        .startswith(f'0 loaded, {DOMAINS} held already')
    assert site.stop() == 0


def flush(site, domain):
    """From before it listens until the order is taken."""
    end = time.monotonic() + WAIT_S
    while (result := site.words('cache', 'flush', domain)).returncode:
        assert time.monotonic() < end
        assert ('does mtasts-policyd run?' in result.stderr or
                'being read; try again' in result.stderr)


def test_flush_while_it_is_read(site):
    """What is read from the database does not bring it back."""
    site.start()
    body = HEAD + 'mx: mx.example\n'
    domains = [f'd{number}.example' for number in range(MANY)]
    said(site, 'load', site.write(site.home / 'kept', ''.join(
        kept(domain, body) + '\n' for domain in domains)))
    assert site.stop() == 0
    site.start_blind()
    flush(site, domains[-1])
    site.wait_for('event=policies-loaded ', count=2)
    left = [line.split()[0] for line in said(site, 'list').splitlines()]
    assert sorted(left) == sorted(domains[:-1])
    assert site.stop() == 0
