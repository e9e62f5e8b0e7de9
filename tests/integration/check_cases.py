"""The cases of tests/fixtures/check-cases.json as documents of facts.

What a case may hold is said in tests/unit/check_cases.c.
"""
import copy
import json
import pathlib

FIXTURES = pathlib.Path(__file__).resolve().parents[1] / 'fixtures'


def base(name):
    return json.loads((FIXTURES / f'facts/{name}.json').read_text('utf-8'))


def put(document, pointer, value):
    """Sets, or with None removes, what an RFC 6901 pointer names."""
    *path, last = pointer.strip('/').split('/')
    at = document
    for token in path:
        at = at[int(token)] if isinstance(at, list) else \
            at.setdefault(token, {})
    if isinstance(at, list):
        at[int(last)] = value
    elif value is None:
        at.pop(last, None)
    else:
        at[last] = value


def put_rrs(document, member, texts):
    document[member]['rrs'] = [{'text': text, 'strings': 1} for text in texts]
    document[member]['lookup']['status'] = 'ok' if texts else 'nodata'


def put_body(document, body):
    host = document['policy_host']
    for fetch in [host['fetch'], *host.get('others', [])]:
        fetch['body'] = body


def facts_of(case):
    document = copy.deepcopy(base(case.get('base', 'healthy')))
    if 'sts' in case:
        put_rrs(document, 'sts_txt', case['sts'])
    if 'tlsrpt' in case:
        put_rrs(document, 'tlsrpt_txt', case['tlsrpt'])
    if 'body' in case:
        put_body(document, case['body'])
    for pointer, value in case.get('set', {}).items():
        put(document, pointer, value)
    return document


def cases():
    return json.loads((FIXTURES / 'check-cases.json').read_text('utf-8'))
