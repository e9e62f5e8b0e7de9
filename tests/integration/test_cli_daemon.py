"""What commands that ask the daemon make of what they are answered.

A web server plays the daemon. The real one is asked in tests/e2e.
"""
import http.server
import json
import socket
import threading

import pytest

from cli import ERROR, FINE, UNKNOWN, WARNING, complaint_of, run, text_of


class Played(http.server.ThreadingHTTPServer):
    """Says to every path what `answers` has for it."""

    def __init__(self):
        super().__init__(('127.0.0.1', 0), Handler)
        self.answers = {}
        self.where = f'inet:127.0.0.1:{self.server_port}'


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        status, said = self.server.answers.get(
            self.path, (404, {'error': 'nothing is known of that domain'}))
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header('Content-Length', len(body))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *_):
        pass


@pytest.fixture(name='daemon')
def fixture_daemon():
    with Played() as server:
        threading.Thread(target=server.serve_forever, args=[0.01],
                         daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()


@pytest.mark.parametrize('words, route', [
    (['query'], '/v1/policy/'), (['query', '--explain'], '/v1/explain/'),
    (['cache', 'show'], '/v1/cache/'), (['cache', 'history'], '/v1/history/'),
    (['cache', 'flush'], '/v1/flush/'), (['cache', 'refresh'], '/v1/refresh/'),
])
def test_complaint_names_the_domain(daemon, words, route):
    """One of several is the one that goes wrong."""
    daemon.answers[f'{route}one.example'] = 200, {'domain': 'one.example'}
    result = run(*words, 'one.example', 'Zwei.example', 'three.example',
                 '--socket', daemon.where)
    assert result.returncode == UNKNOWN
    command = ' '.join(words).removesuffix(' --explain')
    assert result.stderr.decode() == (
        f'mtasts: {command}: zwei.example: nothing is known of that domain\n')


@pytest.mark.parametrize('said, status', [
    ({'demand': 'secure', 'source': 'cache', 'failure': None, 'why': None},
     FINE),
    ({'demand': 'none', 'source': 'discovery', 'failure': None,
      'why': None}, FINE),
    ({'demand': 'none', 'source': 'override', 'failure': None,
      'why': 'ticket 4711'}, FINE),
    ({'demand': 'secure', 'source': 'cache', 'why': 'answered with 503',
      'failure': 'sts-policy-fetch-error'}, WARNING),
    # the record: reports have no word for that
    ({'demand': 'none', 'source': 'discovery', 'failure': None,
      'why': 'SERVFAIL'}, WARNING),
    ({'demand': 'defer', 'source': 'discovery', 'failure': None,
      'why': 'SERVFAIL'}, ERROR),
])
def test_status_of_a_query(daemon, said, status):
    daemon.answers['/v1/policy/one.example'] = 200, said
    daemon.answers['/v1/explain/one.example'] = 200, {'answer': said}
    for words in ([], ['--explain'], ['--json']):
        text_of('query', *words, 'one.example', '--socket', daemon.where,
                status=status)


def test_history_names_each_domain(daemon):
    row = {'time': '2026-11-22T07:55:57Z', 'event': 'found',
           'mode': 'enforce', 'id': 'a1'}
    daemon.answers['/v1/history/one.example'] = 200, {
        'domain': 'one.example', 'history': [row]}
    daemon.answers['/v1/history/two.example'] = 200, {
        'domain': 'two.example', 'history': []}
    assert text_of('cache', 'history', 'one.example', 'two.example',
                   '--socket', daemon.where).splitlines() == [
        'one.example', '2026-11-22T07:55:57Z  found enforce id a1',
        'two.example', 'Nothing has happened yet.']


ODD = [None, 3, '', [], {}, [None, 3, [], {}],
       {'demand': 3, 'policy': {'mode': 3, 'mx': [None, 3, {}]},
        'replies': {'postfix': None, 'exim': 3}, 'mx': {'hosts': [None, 3]},
        'answer': {'replies': {'sts': None}}, 'steps': [3], 'decision': [3],
        'cache': {'record': 3}, 'history': [None, 3, {'event': None}],
        'domains': [None, 3, {}], 'after': 3, 'store': 3}]


@pytest.mark.parametrize('words, path', [
    (['query', 'one.example'], '/v1/policy/one.example'),
    (['query', '--explain', 'one.example'], '/v1/explain/one.example'),
    (['cache', 'show', 'one.example'], '/v1/cache/one.example'),
    (['cache', 'history', 'one.example'], '/v1/history/one.example'),
    (['cache', 'list'], '/v1/cache?limit=1000&after=0'),
    (['cache', 'dump'], '/v1/cache?limit=1000&after=0'),
    (['status'], '/v1/status'),
])
@pytest.mark.parametrize('said', ODD, ids=str)
def test_answers_of_somebody_else(daemon, words, path, said):
    """Whatever is said, it is shown as far as it goes, and nothing breaks."""
    daemon.answers[path] = 200, said
    result = run(*words, '--socket', daemon.where)
    assert result.returncode in range(4)
    assert b'Sanitizer' not in result.stderr, result.stderr
    assert b'runtime error' not in result.stderr, result.stderr
    assert b'(null)' not in result.stdout


def test_no_daemon(tmp_path):
    """Why is the first thing to know."""
    gone = tmp_path / 'gone.sock'
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(gone))
    with socket.socket() as server:  # nobody listens
        server.bind(('127.0.0.1', 0))
        port = server.getsockname()[1]
        for where, why in ((f'unix:{tmp_path}/none', 'No such file or '
                            'directory'),
                           (f'unix:{gone}', 'Connection refused'),
                           (f'inet:127.0.0.1:{port}', 'Connection refused')):
            assert complaint_of('status', '--socket', where) == (
                f'status: {where}: {why}; does mtasts-policyd run?')


@pytest.mark.parametrize('order', ['refresh', 'flush'])
def test_order_is_silent_but_for_json(daemon, order):
    said = {'done': True, 'domain': 'one.example'}
    daemon.answers[f'/v1/{order}/one.example'] = 200, said
    words = ['cache', order, 'one.example', '--socket', daemon.where]
    result = run(*words)
    assert (result.returncode, result.stdout) == (FINE, b'')
    result = run(*words, '--json')
    assert result.returncode == FINE
    assert json.loads(result.stdout) == said
