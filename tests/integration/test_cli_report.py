"""The report for people, of every case of the rules."""
import json
import re

import pytest

from check_cases import cases, facts_of
from cli import ERROR, FINE, UNKNOWN, WARNING, json_of, run
from terminal import shown

CASES = cases()
STATUS = {'error': ERROR, 'warning': WARNING, 'unknown': UNKNOWN,
          'info': FINE, 'ok': FINE}


@pytest.fixture(scope='module', name='lines')
def fixture_lines():
    return [json.dumps(facts_of(case)) + '\n' for case in CASES]


@pytest.fixture(scope='module', name='documents')
def fixture_documents(lines):
    result = run('check', '--facts', '-', '--ndjson',
                 stdin=''.join(lines).encode(), timeout=300)
    return [json.loads(line) for line in result.stdout.splitlines()]


def texts_of(lines, *words):
    """The reports of all of them, one after the other."""
    result = run('check', '--facts', '-', *words,
                 stdin=''.join(lines).encode(), timeout=300)
    assert result.stderr == b''
    return result.stdout.decode()


def squeezed(text):
    return ' '.join(text.split())


@pytest.fixture(scope='module', name='reports')
def fixture_reports(lines):
    return {words: texts_of(lines, *words)
            for words in ((), ('--verbose',))}


@pytest.mark.parametrize('words', [(), ('--verbose',)])
def test_reports_say_all_that_the_documents_hold(reports, documents, words):
    rules = {rule['rule']: rule for rule in json_of('rules', '--json')}
    text = squeezed(reports[words])
    for document in documents:
        assert document['verdict']['sentence'] in text
        for finding in document['findings']:
            assert squeezed(finding['message']) in text
            assert f'[{finding["rule"]}' in text
            if finding['severity'] == 'info' and not words:
                continue
            assert squeezed(finding['fix']) in text
            assert squeezed(finding['then'] or '') in text
            # Where the rule's own advice does not fit, neither does its why.
            advised = finding['fix'] != rules[finding['rule']]['fix'] and \
                'Fix: ' + squeezed(finding['fix']) in text
            assert advised or squeezed(finding['why']) in text


def test_findings_of_no_weight_take_no_room(reports, documents):
    light = {finding['rule'] for document in documents
             for finding in document['findings']
             if finding['severity'] == 'info'}
    heavy = {finding['rule'] for document in documents
             for finding in document['findings']
             if finding['severity'] != 'info'}
    whys = {finding['why'] for document in documents
            for finding in document['findings']
            if finding['rule'] in light - heavy}
    assert whys
    text = squeezed(reports[()])
    for why in whys:
        assert squeezed(why) not in text


@pytest.mark.parametrize('words', [(), ('--verbose',)])
def test_reports_are_readable_at_80_columns(reports, words):
    lines = reports[words].splitlines()
    long = [line for line in lines if len(line) > 80
            # texts to paste, and words that are longer than a line
            and not line.startswith(' ' * 15)
            and len(line.split()) > 1]
    assert not long
    # no line ends in white space, no two empty lines follow each other
    assert not [line for line in lines if line != line.rstrip()]
    assert '\n\n\n' not in reports[words]


def test_texts_to_paste_are_whole(reports, documents):
    """Each line of a fix of several lines, or a record, stands as it is."""
    shown_lines = {line.strip() for line in reports[()].splitlines()}
    pasted = 0
    for document in documents:
        for finding in document['findings']:
            if finding['severity'] == 'info' or '\n' not in finding['fix']:
                continue
            pasted += 1
            for line in finding['fix'].splitlines():
                assert line.strip() in shown_lines
    assert pasted > 5


def line_of(lines, name):
    """The facts of the case of this name."""
    return next(line for line, case in zip(lines, CASES)
                if case['name'] == name)


def test_a_policy_is_followed_by_the_record(lines):
    """In the order in which it is safe, with the reason between."""
    text = texts_of([line_of(lines, 'MX not in the policy')])
    policy, why, record = (text.index(words) for words in
                           ('version: STSv1', 'Then: Once that is served',
                            '_mta-sts.example.com. 3600 IN TXT "v=STSv1; id='))
    assert policy < why < record
    assert text[:record].endswith('\n\n' + ' ' * 15)


@pytest.mark.parametrize('name,words', [
    ('healthy', 'signed by DNSSEC'),
    ('zone not signed', 'not signed by DNSSEC'),
    ('DANE: not asked for without validation, no MTA-STS',
     'not validated by DNSSEC'),
])
def test_what_dnssec_says_of_the_mx_hosts(lines, name, words):
    text = texts_of([line_of(lines, name)], '--verbose')
    assert f'2 MX hosts, {words}.' in text


def finding_of(rule, **changes):
    """The first finding of the rule in healthy facts with these changes."""
    facts = facts_of({'set': {'/' + pointer.replace('__', '/'): value
                              for pointer, value in changes.items()}})
    result = run('check', '--facts', '-', '--json',
                 stdin=json.dumps(facts).encode())
    return next(finding for finding in json.loads(result.stdout)['findings']
                if finding['rule'] == rule)


def test_replies_are_shown_with_their_code():
    finding = finding_of('smtp-no-starttls',
                         mx__hosts__0__sessions__0__status='starttls-refused',
                         mx__hosts__0__sessions__0__reply_code=554,
                         mx__hosts__0__sessions__0__reply_text='5.7.0 No TLS')
    assert finding['message'].endswith(': 554 5.7.0 No TLS')


def test_long_names_are_whole():
    name = '.'.join(['a' * 60] * 4)
    finding = finding_of('mx-not-in-policy', mx__hosts__0__name=name)
    assert finding['subject'] == name
    assert f'The MX host {name} matches no mx' in finding['message']


def test_a_provider_is_named_with_what_stands_for_it():
    finding = finding_of('mx-provider',
                         mx__hosts__0__name='aspmx.l.google.com')
    assert 'as mx in a policy is smtp.google.com, aspmx.l' in \
        finding['message']


def test_exit_status_is_the_worst_severity(lines, documents):
    seen = {}
    for line, document in zip(lines, documents):
        severities = {finding['severity'] for finding in document['findings']}
        worst = next(name for name in
                     ('error', 'warning', 'unknown', 'info', 'ok')
                     if name in severities | {'ok'})
        if seen.setdefault(worst, 0) < 3:  # of each kind some
            seen[worst] += 1
            result = run('check', '--facts', '-', stdin=line.encode())
            assert result.returncode == STATUS[worst]
            result = run('check', '--facts', '-', '--fail-on', 'error',
                         stdin=line.encode())
            assert result.returncode == {
                'error': ERROR,
                'warning': UNKNOWN if 'unknown' in severities else FINE,
            }.get(worst, STATUS[worst])
    assert set(seen) >= {'error', 'warning', 'unknown', 'info'}


def test_colours_change_nothing_else(lines, tmp_path):
    path = tmp_path / 'facts'
    path.write_text(''.join(lines[:40]), 'utf-8')
    plain = run('check', '--facts', path).stdout.decode()
    coloured = run('check', '--facts', path, '--color=always').stdout.decode()
    assert coloured != plain
    assert re.sub(r'\x1b\[[\d;]*m', '', coloured) == plain
    # what is switched on is switched off before the next is switched on
    codes = [code == '0' for code in re.findall(r'\x1b\[([\d;]*)m', coloured)]
    assert codes == [False, True] * (len(codes) // 2)
    text, _ = shown('check', '--facts', path)
    assert re.sub(r'\x1b\[[\d;]*m', '', text) == plain
