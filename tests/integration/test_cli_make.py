"""make: what it prints is what lint, and a zone parser, take back."""
import hashlib
import re

import dns.rdatatype
import dns.zone
import pytest

from cli import (ERROR, FINE, UNKNOWN, complaint_of, json_of, run, text_of,
                 vectors)

ENFORCE = ['--mode', 'enforce', '--mx', 'mail.example.com', '--mx',
           '*.Example.NET', '--max-age', '4w']


def policy(*words, **options):
    result = run('make', 'policy', *words, **options)
    assert result.returncode == FINE, result.stderr.decode()
    return result.stdout


def test_policy_is_canonical():
    assert policy('--mode', 'testing', '--mx', 'mail.example.com',
                  '--max-age', '86400') == \
        (b'version: STSv1\r\nmode: testing\r\nmx: mail.example.com\r\n'
         b'max_age: 86400\r\n')
    assert policy(*ENFORCE) == \
        (b'version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\n'
         b'mx: *.example.net\r\nmax_age: 2419200\r\n')


@pytest.mark.parametrize('words,expected', [
    (ENFORCE, ['enforce', 2419200, ['mail.example.com', '*.example.net']]),
    (['--mx', 'a.example'], ['testing', 86400, ['a.example']]),
    (['--mode=enforce', '--mx=a.example'],
     ['enforce', 1209600, ['a.example']]),
    (['--mode=none'], ['none', 86400, []]),
    (['--mx=a.example', '--mx=*.b.example', '--mx=A.example.'],
     ['testing', 86400, ['a.example', '*.b.example']]),
    (['--mode=none', '--max-age=0'], ['none', 0, []]),
    (['--mx=a.example.', '--max-age=31557600'],
     ['testing', 31557600, ['a.example']]),
    (['--mx=bücher.example', '--mx=*.bücher.example'],
     ['testing', 86400,
      ['xn--bcher-kva.example', '*.xn--bcher-kva.example']]),
])
def test_policy_lints_as_valid(words, expected):
    answer = json_of('lint', 'policy', '--json', '-', stdin=policy(*words))
    assert [answer['mode'], answer['max_age'], answer['mx']] == expected
    assert not any(finding['severity'] == 'error'
                   for finding in answer['findings'])


def test_every_unit_of_time_is_told_and_taken():
    assert 'm, h, d or w' in ' '.join(text_of('help', 'make', 'policy').split())
    for unit, seconds in zip('smhdw', (1, 60, 3600, 86400, 604800)):
        body = policy('--mode=none', f'--max-age=3{unit}')
        assert f'max_age: {3 * seconds}\r\n'.encode() in body


def test_what_lint_warns_of_is_said():
    result = run('make', 'policy', '--mode', 'enforce', '--mx', 'a.example',
                 '--max-age', '1h')
    assert result.returncode == FINE
    assert b'mtasts explain policy-max-age-short' in result.stderr
    assert run('make', 'policy', *ENFORCE).stderr == b''


def test_id_is_the_policy_digest():
    digest = hashlib.sha256(policy(*ENFORCE)).hexdigest()[:32]
    assert text_of('make', 'policy', '--id', *ENFORCE) == digest + '\n'
    assert digest in text_of('make', 'records', 'example.com', *ENFORCE)


def test_every_change_changes_the_id():
    variants = [['--mx', 'a.example'], ['--mx', 'b.example'],
                ['--mx', 'a.example', '--max-age', '86401'],
                ['--mx', 'a.example', '--mode', 'enforce', '--max-age', '1d'],
                ['--mx', 'a.example', '--mx', 'b.example'],
                ['--mx', 'b.example', '--mx', 'a.example']]
    ids = [text_of('make', 'policy', '--id', *words) for words in variants]
    assert len(set(ids)) == len(variants)


def zone_of(text, domain):
    """As a name server reads it: comments are none of its business."""
    head = f'$ORIGIN {domain}.\n$TTL 300\n@ SOA ns a 1 2 3 4 5\n@ NS ns\n'
    return dns.zone.from_text(head + text, origin=domain + '.',
                              relativize=False, check_origin=False)


def txt_of(zone, name):
    rdataset = zone.find_rdataset(name, dns.rdatatype.TXT)
    return [b''.join(rdata.strings) for rdata in rdataset]


def test_records_are_a_zone_file(tmp_path):
    text = text_of('make', 'records', 'example.com', *ENFORCE,
                   '--rua', 'mailto:tls@example.com',
                   '--rua', 'https://r.example/x')
    zone = zone_of(text, 'example.com')
    [sts] = txt_of(zone, '_mta-sts.example.com.')
    [tlsrpt] = txt_of(zone, '_smtp._tls.example.com.')
    answer = json_of('lint', 'sts-record', '--json', '--', sts)
    assert answer['findings'] == []
    assert answer['id'] == text_of('make', 'policy', '--id', *ENFORCE).strip()
    answer = json_of('lint', 'tlsrpt-record', '--json', '--', tlsrpt)
    assert answer['rua'] == ['mailto:tls@example.com', 'https://r.example/x']
    # the policy is shown as it is to be served
    shown = re.findall(r'^;        (.*)$', text, re.M)
    assert '\r\n'.join(shown) + '\r\n' == policy(*ENFORCE).decode()


def test_records_without_reports_show_how_to_get_them():
    text = text_of('make', 'records', 'example.com', *ENFORCE)
    assert not zone_of(text, 'example.com').get_rdataset(
        '_smtp._tls.example.com.', dns.rdatatype.TXT)
    assert '--rua mailto:ADDRESS' in text


def test_hints_for_the_policy_host_are_records_once_uncommented():
    text = text_of('make', 'records', 'example.com', *ENFORCE)
    for hint in re.findall(r'^;(mta-sts\.example\.com\. .*)$', text, re.M):
        zone = zone_of(hint + '\n', 'example.com')
        assert zone.get_node('mta-sts.example.com.')
    assert text.count('\n;mta-sts.example.com. IN') == 3


def test_long_record_is_split(tmp_path):
    rua = [f'mailto:{"a" * 60}{i}@{"b" * 60}.example' for i in range(5)]
    words = [word for uri in rua for word in ('--rua', uri)]
    text = text_of('make', 'records', 'example.com', *ENFORCE, *words)
    [line] = re.findall(r'^_smtp.*$', text, re.M)
    strings = re.findall(r'"([^"]*)"', line)
    assert len(strings) > 2 and all(len(part) <= 255 for part in strings)
    [tlsrpt] = txt_of(zone_of(text, 'example.com'), '_smtp._tls.example.com.')
    answer = json_of('lint', 'tlsrpt-record', '--json', '--', tlsrpt)
    assert answer['rua'] == rua


def test_records_of_a_file(tmp_path):
    path = tmp_path / 'mta-sts.txt'
    path.write_bytes(policy(*ENFORCE))
    assert text_of('make', 'records', 'example.com', '--policy', path) == \
        text_of('make', 'records', 'example.com', *ENFORCE)
    assert text_of('make', 'records', 'example.com', '--policy', '-',
                   stdin=path.read_bytes()) == \
        text_of('make', 'records', 'example.com', *ENFORCE)


def test_domain_in_any_form():
    for domain in ('Example.COM.', 'a@example.com', 'https://example.com/'):
        assert '_mta-sts.example.com. IN TXT' in \
            text_of('make', 'records', domain, *ENFORCE)
    assert '_mta-sts.xn--bcher-kva.example. IN TXT' in \
        text_of('make', 'records', 'bücher.example', *ENFORCE)


@pytest.mark.parametrize('case', [pytest.param(case, id=case['name'])
                                  for case in vectors('rua')])
def test_reports_go_only_where_they_can(case):
    words = ['make', 'records', 'example.com', *ENFORCE, '--rua', case['uri']]
    if case['usable']:
        assert case['uri'] in text_of(*words)
    else:
        assert '--rua: ' in complaint_of(*words)


MISTAKES = [
    (['policy'], 'no --mx', 'or --mx auto'),
    (['policy', '--mode', 'enforce'], 'no --mx', 'or --mx auto'),
    (['policy', '--mode', 'enforced', '--mx', 'a.example'], "'enforced'",
     'did you mean enforce?'),
    (['policy', '--mx', 'a b'], "'a b' is no host name", 'such as'),
    (['policy', '--mx', 'a.*.example'], 'is no host name', 'such as'),
    (['policy', '--mx', '192.0.2.1'], "'192.0.2.1' is an address",
     "give the host's name"),
    (['policy', '--mx', '192.0.2.300'], 'is an address', 'the host'),
    (['policy', '--mx', '2001:db8::1'], 'is an address', 'the host'),
    (['policy', '--mx', '*'], 'is no host name', 'such as'),
    (['policy', '--mx', 'a.example,b.example'], 'is no host name', 'such as'),
    (['policy', '--mx', 'a.example', '--max-age', '31557601'],
     "'31557601' will not do", '31557600'),
    (['policy', '--mx', 'auto'], 'of which domain?', 'example.com --mx auto'),
    (['policy', '--mx', 'a.example', 'x', 'y'], 'usage: mtasts make policy',
     'help'),
    (['records', '--mx', 'a.example'], 'usage: mtasts make records', 'help'),
    (['records', '192.0.2.1', '--mx', 'a.example'], 'IP address', 'domain'),
    (['records', 'example.com', '--mx', 'a.example', '--rua',
      'tls@example.com'], 'no scheme', 'mailto:tls@example.com'),
    (['records', 'example.com', '--mx', 'a.example', '--rua',
      'mailto:a!b@example.com'], 'exclamation mark', '%21'),
    (['records', 'example.com', '--mx', 'a.example', '--rua',
      'mailto:a@example.com,mailto:b@example.com'], 'comma', '%2C'),
    (['records', 'example.com', '--mx', 'a.example', '--rua',
      'ftp://example.com'], 'will not do', 'https://'),
    (['records', 'example.com', '--policy', '/nonexistent'],
     'No such file', 'give a file'),
    (['records', 'example.com', '--policy', 'x', '--mx', 'a.example'],
     'brings its own', 'leave'),
    (['records', 'example.com', '--policy', 'x', '--mode', 'testing'],
     'brings its own', 'leave --mode'),
    (['records', 'example.com', '--policy', 'x', '--max-age', '1d'],
     'brings its own', 'leave'),
]


@pytest.mark.parametrize('words,what,way_out', MISTAKES,
                         ids=[' '.join(row[0]) for row in MISTAKES])
def test_mistakes(words, what, way_out):
    line = complaint_of('make', *words)
    assert what in line and way_out in line


def test_invalid_policy_is_not_published(tmp_path):
    path = tmp_path / 'mta-sts.txt'
    path.write_text('version: STSv1\nmode: enforce\n')
    line = complaint_of('make', 'records', 'example.com', '--policy', path)
    assert f'mtasts lint policy {path}' in line
    assert run('lint', 'policy', path).returncode == ERROR


def test_too_many_hosts_for_a_policy():
    words = [f'--mx=m{i}.{"x" * 60}.{"y" * 60}.example' for i in range(600)]
    result = run('make', 'policy', *words)
    assert result.returncode == UNKNOWN and result.stdout == b''
