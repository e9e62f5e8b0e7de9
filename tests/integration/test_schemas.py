"""What the program prints for machines keeps to the schemas of docs/."""
import copy
import json

import jsonschema
import pytest

from check_cases import cases, facts_of
from cli import ERROR, FINE, ROOT, json_of, run

PROBED = cases()


def schema(name):
    return json.loads((ROOT / f'docs/{name}.schema.json').read_text('utf-8'))


def validator(name):
    return jsonschema.Draft202012Validator(schema(name))


def subschemas(node):
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from subschemas(value)
    elif isinstance(node, list):
        for value in node:
            yield from subschemas(value)


@pytest.mark.parametrize('name', ['check', 'lint', 'rules', 'simulate'])
def test_schema_is_strict(name):
    whole = schema(name)
    jsonschema.Draft202012Validator.check_schema(whole)
    objects = [node for node in subschemas(whole) if 'properties' in node]
    assert objects
    for node in objects:
        assert node['additionalProperties'] is False
        # `usable` is there with --tolerant only
        assert set(node['properties']) - set(node['required']) <= {'usable'}


def test_a_finding_is_the_same_in_both():
    assert schema('lint')['$defs']['finding'] == \
        schema('check')['$defs']['finding']


@pytest.fixture(scope='module')
def documents():
    """{case's name: document} of every case of the rules."""
    lines = '\n'.join(json.dumps(facts_of(case)) for case in PROBED)
    result = run('check', '--facts', '-', '--ndjson', stdin=lines.encode(),
                 timeout=300)
    assert result.stderr == b''
    found = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(found) == len(PROBED)
    return {case['name']: document
            for case, document in zip(PROBED, found)}


def test_check_documents(documents):
    check = validator('check')
    for name, document in documents.items():
        errors = [f'{list(error.absolute_path)}: {error.message}'
                  for error in check.iter_errors(document)]
        assert not errors, (name, errors)


def test_check_findings(documents):
    for case in PROBED:
        document = documents[case['name']]
        found = [f"{finding['rule']} {finding['severity']}"
                 for finding in document['findings']]
        assert found == case['expect'], case['name']
        assert document['verdict']['protection'] == case['protection']


def test_every_status_is_in_the_schema(documents):
    """A word that the schema lacks would have failed; one that no document
    has could be misspelt."""
    text = json.dumps(list(documents.values()))
    words = schema('check')['$defs']
    statuses = set(words['lookup_status']['enum'])
    statuses |= set(words['tls']['properties']['verify']['enum'])
    statuses |= set(words['document']['properties']['policy_host']
                    ['properties']['status']['enum'])
    for word in statuses:
        assert f'"{word}"' in text, word


def test_a_stray_key_is_refused(documents):
    document = copy.deepcopy(next(iter(documents.values())))
    check = validator('check')
    assert check.is_valid(document)
    document['findings'][0]['more'] = 1
    assert not check.is_valid(document)
    del document['findings'][0]['more']
    document['more'] = 1
    assert not check.is_valid(document)


POLICIES = [
    b'version: STSv1\r\nmode: enforce\r\nmx: a.example\r\nmax_age: 1\r\n',
    b'version: STSv1\r\nmode: none\r\nmax_age: 86400\r\n',
    b'mode: testing\nversion: STSv1\nmx: a.example.\nmax_age: 99999999\n\n',
    b'', b'\xff\xfe', b'<html>\n', b'\xef\xbb\xbfversion: STSv1\n',
]


@pytest.mark.parametrize('options', [[], ['--tolerant']])
@pytest.mark.parametrize('body', POLICIES)
def test_lint_policy(body, options):
    result = run('lint', 'policy', '--json', *options, '-', stdin=body)
    document = json.loads(result.stdout)
    validator('lint').validate(document)
    assert ('usable' in document) == bool(options)
    assert result.returncode == (FINE if document['valid'] else ERROR)


RECORDS = [
    ['v=STSv1; id=1;'], ['v=STSv1; id=1;'] * 2, ['v=STSv1; id=;'],
    ['v=spf1 -all'], [b'v=STSv1; id=1; \xff'],
    ['v=TLSRPTv1; rua=mailto:a@b.example,https://c.example/'],
    ['v=TLSRPTv1;'], ['v=TLSRPTv1; rua=ftp://x'],
]


@pytest.mark.parametrize('kind', ['sts-record', 'tlsrpt-record'])
@pytest.mark.parametrize('rrs', RECORDS)
def test_lint_records(kind, rrs):
    result = run('lint', kind, '--json', '--', *rrs)
    document = json.loads(result.stdout)
    validator('lint').validate(document)
    assert ('id' in document) == (kind == 'sts-record')


def test_rules():
    rules = json_of('rules', '--json')
    validator('rules').validate(rules)
    ids = [rule['rule'] for rule in rules]
    assert len(set(ids)) == len(ids) >= 76
    used = {text.split()[0] for case in PROBED for text in case['expect']}
    assert used == set(ids)


def test_page_of_rules():
    """docs/rules.md names every rule, in order, with its severities."""
    letters = {'error': 'E', 'warning': 'W', 'unknown': 'U', 'info': 'I'}
    rules = [(rule['rule'], '/'.join(letters[word]
                                     for word in rule['severities']))
             for rule in json_of('rules', '--json')]
    page = (ROOT / 'docs/rules.md').read_text('utf-8')
    rows = [tuple(cell.strip() for cell in line.split('|')[1:3])
            for line in page.split('## The verdict')[0].splitlines()
            if line.startswith('| ') and '-' in line.split('|')[1]]
    assert rows == rules
