"""lint and match: every vector through the program, and how it is shown."""
import base64
import re

import pytest

from cli import (ERROR, FINE, NO_MATCH, complaint_of, json_of, run, text_of,
                 validator, vectors)

SCHEMA = validator('lint')


def octets(text):
    """One character is one octet in the vectors; above U+00FF: UTF-8."""
    try:
        return text.encode('latin-1')
    except UnicodeEncodeError:
        return text.encode('utf-8')


def named(cases):
    return [pytest.param(case, id=case['name']) for case in cases]


def records(name):
    """Cases that an argument can hold: no argument has a NUL in it."""
    for case in vectors(name):
        case['words'] = [octets(''.join(strings))
                         for strings in case['txt_rrset']]
        if not any(b'\0' in word for word in case['words']):
            yield case


def lint(*words, status, **options):
    """What lint --json answers, which is as its schema says."""
    answer = json_of('lint', *words, status=status, **options)
    SCHEMA.validate(answer)
    return answer


@pytest.mark.parametrize('case', named(records('txt-record')))
def test_sts_record_vector(case):
    result = run('lint', 'sts-record', '--json', '--', *case['words'])
    verdict = case['expect']['verdict']
    allowed = [verdict, *case.get('alt_verdicts', [])]
    answer = lint('sts-record', '--json', '--', *case['words'],
                  status=result.returncode)
    assert list(answer) == ['verdict', 'id', 'findings']
    assert answer['verdict'] in allowed
    assert result.returncode == \
        (FINE if answer['verdict'] == 'valid' else ERROR)
    assert answer['id'] == case['expect'].get('id')


@pytest.mark.parametrize('case', named(records('tlsrpt-record')))
def test_tlsrpt_record_vector(case):
    result = run('lint', 'tlsrpt-record', '--json', '--', *case['words'])
    allowed = [case['expect']['verdict'], *case.get('alt_verdicts', [])]
    answer = lint('tlsrpt-record', '--json', '--', *case['words'],
                  status=result.returncode)
    assert list(answer) == ['verdict', 'rua', 'findings']
    assert answer['verdict'] in allowed
    assert result.returncode == \
        (FINE if answer['verdict'] == 'valid' else ERROR)
    assert answer['rua'] == case['expect'].get('rua', [])


@pytest.mark.parametrize('case', named(vectors('rua')))
def test_rua_vector(case):
    """Reports go to what is usable; the rest is skipped, and said."""
    other = 'mailto:tls@other.example'
    record = f'v=TLSRPTv1; rua={case["uri"]},{other}'
    if not case.get('is_uri', True):
        assert lint('tlsrpt-record', '--json', record,
                    status=ERROR)['verdict'] == 'invalid'
        return
    answer = lint('tlsrpt-record', '--json', record, status=FINE)
    assert answer['rua'] == [case['uri'], other][not case['usable']:]
    errors = [finding['rule'] for finding in answer['findings']
              if finding['severity'] == 'error']
    assert errors == ['tlsrpt-rua'] * (not case['usable'])


@pytest.mark.parametrize('case', named(vectors('policy')))
def test_policy_vector(case):
    body = base64.b64decode(case['body_base64'])
    expected = case['expect']
    answer = lint('policy', '--json', '-', stdin=body,
                  status=FINE if expected['valid'] else ERROR)
    assert list(answer) == ['valid', 'mode', 'max_age', 'mx', 'findings']
    assert answer['valid'] == expected['valid']
    if expected['valid']:
        assert [answer['mode'], answer['max_age'], answer['mx']] == \
            [expected['mode'], expected['max_age'], expected['mx']]
    else:
        assert [answer['mode'], answer['max_age'], answer['mx']] == \
            [None, None, []]
        assert any(finding['severity'] == 'error'
                   for finding in answer['findings'])


# Ambiguous cases whose sender's reading is design.md's: a max_age above the
# maximum is clamped.
CLAMPED = {'age-max-plus-1', 'age-8-digits', 'age-10-digits', 'age-2^31',
           'age-2^32-plus-604800'}


@pytest.mark.parametrize('case', named(vectors('policy')))
def test_policy_vector_tolerant(case):
    body = base64.b64decode(case['body_base64'])
    expected = case.get('expect_lenient', case['expect'])
    answer = lint('policy', '--json', '--tolerant', '-', stdin=body,
                  status=FINE if case['expect']['valid'] else ERROR)
    assert list(answer) == ['valid', 'usable', 'mode', 'max_age', 'mx',
                            'findings']
    assert answer['valid'] == case['expect']['valid']
    if case['name'] in CLAMPED:
        assert answer['usable'] and answer['max_age'] == 31557600
        return
    assert answer['usable'] == expected['valid']
    if expected['valid']:
        assert [answer['mode'], answer['max_age'], answer['mx']] == \
            [expected['mode'], expected['max_age'], expected['mx']]


@pytest.mark.parametrize(
    'case', [pytest.param(case, id=f'{case["pattern"]}-{case["host"]}'[:60])
             for case in vectors('mxmatch')
             if '\0' not in case['pattern'] + case['host']])
def test_match_vector(case):
    words = ['match', '--', octets(case['pattern']), octets(case['host'])]
    status = FINE if case['match'] else NO_MATCH
    text = text_of(*words, status=status)
    assert text.endswith('.\n')
    assert ('does not match' in text) != case['match']
    quiet = run('match', '-q', *words[1:])
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (status, b'', b'')


# ---- for people ----

GOOD = (b'version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\n'
        b'max_age: 1209600\r\n')


def test_good_policy_is_said_to_be_valid():
    text = text_of('lint', 'policy', '-', stdin=GOOD)
    assert text.startswith('Valid')
    assert 'enforce' in text and 'mail.example.com' in text


def test_nothing_to_mend():
    for words in (['policy', '-'], ['sts-record', 'v=STSv1; id=1;']):
        text = text_of('lint', *words, stdin=GOOD)
        assert text.startswith('Valid: ')
        assert text.endswith('. Nothing to mend.\n')


@pytest.mark.parametrize('words,stdin', [
    (['policy', '-'], GOOD.replace(b'mail.example.com', b'192.0.2.1')),
    (['policy', '-'], GOOD + b'x: ' + b'y' * 65536 + b'\r\n'),
    (['tlsrpt-record', 'v=TLSRPTv1; rua=ftp://example.com/x'], b''),
], ids=['address', 'too long', 'ftp'])
def test_errors_of_what_is_valid_are_in_the_headline(words, stdin):
    text = text_of('lint', *words, stdin=stdin)
    assert text.startswith('Valid by the letter')
    assert re.search(r'\. But 1 error\b', ' '.join(text.split('\n\n')[0]
                                                    .split()))


@pytest.mark.parametrize('field', [b'version', b'mode', b'mx', b'max_age'])
def test_what_is_missing_has_no_place(field):
    body = re.sub(field + b': [^\r]*\r\n', b'', GOOD) + b'last: line\r\n'
    answer = lint('policy', '--json', '-', stdin=body, status=ERROR)
    finding = answer['findings'][0]
    assert [finding['severity'], finding['line'], finding['column']] == \
        ['error', None, None]
    text = text_of('lint', 'policy', '-', stdin=body, status=ERROR)
    assert 'The policy: ' in text
    assert not re.search(r'last: line\n +\^\n\s+Why', text)


def caret_of(text, line):
    """The octet that the caret under `line` stands below."""
    lines = text.splitlines()
    for shown, below in zip(lines, lines[1:]):
        if line in shown and set(below) == {' ', '^'}:
            return below.index('^') - shown.index(line)
    raise AssertionError(f'no caret below {line!r} in: {text}')


def test_caret_stands_under_the_fault():
    text = text_of('lint', 'policy', '-', status=ERROR,
                   stdin=GOOD.replace(b'mode: enforce', b'mode: enforced'))
    assert text.startswith('Not valid')
    assert caret_of(text, 'mode: enforced') == 6
    assert 'Line 2' in text


def test_caret_counts_columns_not_octets():
    body = GOOD + 'x-note: bücher\tb\r\n'.encode()
    text = text_of('lint', 'policy', '-', status=ERROR, stdin=body)
    line = next(line for line in text.splitlines() if 'bücher' in line)
    assert '\\x09' in line
    assert caret_of(text, line.strip()) == len('x-note: bücher')


def test_long_line_is_shown_around_the_fault():
    body = GOOD + b'x-note: ' + b'a' * 5000 + b'\x01' + b'b' * 5000 + b'\r\n'
    text = text_of('lint', 'policy', '-', status=ERROR, stdin=body)
    assert max(map(len, text.splitlines())) <= 80
    line = next(line for line in text.splitlines() if 'aaa\\x01bbb' in line)
    lines = text.splitlines()
    caret = lines[lines.index(line) + 1]
    assert caret.index('^') == line.index('\\x01')


def test_hostile_bytes_do_not_reach_the_terminal():
    body = b'version: STSv1\n\x1b]0;owned\x07: x\nmx: \x9b2J\n\xe2\x80\xae: y\n'
    text = text_of('lint', 'policy', '-', status=ERROR, stdin=body,
                   env={'TERM': 'xterm'})
    assert not re.search('[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]', text)


def test_record_for_people():
    text = text_of('lint', 'sts-record', 'v=STSv1; id=2026-01-01;',
                   status=ERROR)
    assert text.startswith('Not valid')
    assert caret_of(text, 'v=STSv1; id=2026-01-01;') == 16
    text = text_of('lint', 'sts-record', 'v=STSv1; id=20260101;')
    assert text.startswith('Valid') and '20260101' in text
    text = text_of('lint', 'sts-record', 'v=spf1 -all', 'hello', status=ERROR)
    assert text.startswith('None')
    text = text_of('lint', 'sts-record', 'v=STSv1; id=1;', 'v=STSv1; id=2;',
                   status=ERROR)
    assert text.startswith('More than one')


def test_no_record_at_all():
    for kind in ('sts-record', 'tlsrpt-record'):
        answer = json_of('lint', kind, '--json', status=ERROR)
        assert answer['verdict'] == 'none'


def test_tlsrpt_record_for_people():
    text = text_of('lint', 'tlsrpt-record',
                   'v=TLSRPTv1; rua=mailto:a@example.com')
    assert text.startswith('Valid') and 'mailto:a@example.com' in text


@pytest.mark.parametrize('pattern', ['*.com', '*.co.uk', '*.github.io'])
def test_wildcard_at_a_public_suffix(pattern):
    body = GOOD.replace(b'mail.example.com', pattern.encode())
    [finding] = lint('policy', '--json', '-', stdin=body,
                     status=FINE)['findings']
    assert [finding['rule'], finding['severity'], finding['line']] == \
        ['policy-mx-wildcard', 'warning', 3]
    assert caret_of(text_of('lint', 'policy', '-', stdin=body),
                    f'mx: {pattern}') == 4
    result = run('make', 'policy', '--mx', pattern)
    assert result.returncode == FINE
    assert pattern in result.stderr.decode()
    assert b'mtasts explain policy-mx-wildcard' in result.stderr


def test_wildcard_below_a_public_suffix():
    body = GOOD.replace(b'mail.example.com', b'*.example.co.uk')
    [finding] = lint('policy', '--json', '-', stdin=body,
                     status=FINE)['findings']
    assert finding['severity'] == 'info'
    assert run('make', 'policy', '--mx', '*.example.co.uk').stderr == b''


@pytest.mark.parametrize('words,stdin,expected', [
    (['sts-record', ''], b'', 'The TXT record is not an MTA-STS record.'),
    (['sts-record', '', 'x'], b'',
     'None of the 2 TXT records is an MTA-STS record.'),
    (['sts-record'], b'', 'There is no TXT record at all.'),
    (['tlsrpt-record', 'x'], b'',
     'The TXT record is not a TLS reporting record.'),
    # the record stands below, the exclamation mark in the words
    (['tlsrpt-record', 'v=TLSRPTv1; rua=mailto:a@b.example!1m'], b'',
     "error The record: '!' in a URI must be written as %21. [tlsrpt-rua"),
    (['sts-record', 'v=STSv1; id=;', 'x'], b'',
     'The record "v=STSv1; id=;": the id is empty.'),
    (['policy', '-'], GOOD.replace(b'1209600', b'60'),
     'The max_age of 60 seconds is short'),
    (['policy', '-'], GOOD.replace(b'1209600', b'345600'),
     'The max_age of 345600 (4 days) is short'),
])
def test_words(words, stdin, expected):
    text = run('lint', *words, stdin=stdin).stdout.decode()
    assert expected in ' '.join(text.split())


@pytest.mark.parametrize('pattern,host,why', [
    ('a.example.', 'a.example', 'leave the dot out'),
    ('*.a.example.', 'x.a.example', 'leave the dot out'),
    ('a..example.', 'a.example', 'is not a host name, with or without'),
    ('bücher.example', 'bücher.example', 'the pattern has letters beyond'),
    ('a.example', 'bücher.example', 'the host has letters beyond ASCII'),
    ('', 'a.example', 'a.example does not match "": the pattern is not'),
    ('a.example', '', '"" does not match a.example: the host is not'),
])
def test_why_nothing_matches(pattern, host, why):
    text = text_of('match', pattern, host, status=NO_MATCH)
    assert why in ' '.join(text.split())


def test_file_and_standard_input(tmp_path):
    path = tmp_path / 'mta-sts.txt'
    path.write_bytes(GOOD)
    assert text_of('lint', 'policy', path) == \
        text_of('lint', 'policy', '-', stdin=GOOD)


def test_files_that_cannot_be_read(tmp_path):
    line = complaint_of('lint', 'policy', tmp_path / 'none')
    assert 'No such file' in line and '; give a file' in line
    line = complaint_of('lint', 'policy', tmp_path)
    assert 'Is a directory; give a file' in line


def test_huge_input_is_refused_with_its_limit():
    line = complaint_of('lint', 'policy', '-', stdin=b'x' * (17 << 20))
    assert 'more than 16777216 octets' in line


def test_many_faults_take_no_time():
    body = GOOD + b'\n' * 60000
    answer = lint('policy', '--json', '-', stdin=body,
                  status=ERROR, timeout=20)
    assert 0 < len(answer['findings']) <= 1000


@pytest.mark.parametrize('words', [
    ['lint', 'policy'],
    ['lint', 'policy', 'a', 'b'],
    ['lint'],
    ['lint', 'polcy'],
    ['match'],
    ['match', 'a'],
    ['match', 'a', 'b', 'c'],
    ['match', '-x', 'b'],
])
def test_bad_usage(words):
    assert re.search('; |[?] say one of', complaint_of(*words))
