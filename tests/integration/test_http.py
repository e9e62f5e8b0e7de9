"""The HTTP server of src/net, by UNIX sockets and loopback."""
import os
import pathlib
import re
import shutil
import subprocess
import time

import pytest

from servers import CONSTANT, DEADLINE, refusal, running

UNIX, TCP, TCP6 = range(3)
HOST = 'Host: localhost\r\n'


@pytest.fixture(name='folder')
def fixture_folder():
    """Short enough for UNIX sockets, whatever pytest calls its own."""
    folder = pathlib.Path(f'/tmp/mtasts-{os.getpid()}')
    folder.mkdir(mode=0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(name='http')
def fixture_http(folder):
    with running('host=metrics.example', f'http=unix:{folder}/h',
                 'http=inet:127.0.0.1:0', 'http=inet:[::1]:0') as driver:
        yield driver


def everywhere(test):
    return pytest.mark.parametrize('index', [UNIX, TCP, TCP6],
                                   ids=['unix', 'tcp', 'tcp6'])(test)


def get(path, headers=HOST, method='GET', version='1.1'):
    return f'{method} {path} HTTP/{version}\r\n{headers}\r\n'


class Answer:
    """One answer, taken off the octets that a client has received."""

    def __init__(self, client, head=False):
        while b'\r\n\r\n' not in client.buffer:
            assert client.more(), client.buffer
        text, _, rest = client.buffer.partition(b'\r\n\r\n')
        first, *lines = text.decode().split('\r\n')
        self.version, self.status, self.reason = re.fullmatch(
            r'HTTP/(\d\.\d) (\d{3}) (.*)', first).groups()
        self.status = int(self.status)
        self.headers = dict(line.split(': ', 1) for line in lines)
        length = 0 if head else int(self.headers['Content-Length'])
        while len(rest) < length:
            client.buffer = b''
            assert client.more()
            rest += client.buffer
        self.body, client.buffer = rest[:length].decode(), rest[length:]


def ask(client, *args, **options):
    client.send(get(*args, **options))
    return Answer(client, options.get('method') == 'HEAD')


# ---- what is asked for ----

@everywhere
def test_answers(http, index):
    with http.connect(index) as client:
        answer = ask(client, '/v1/policy/example.com')
        assert (answer.status, answer.body) == (200, CONSTANT)
        assert answer.version == '1.1'
        assert answer.headers['Content-Type'] == 'text/plain'
        assert answer.headers['Cache-Control'] == 'no-store'
        assert answer.headers['X-Content-Type-Options'] == 'nosniff'
        # the same connection goes on
        assert ask(client, '/v1/policy/none.example').status == 404
        assert ask(client, '/v1/policy/big.example').body == 'b' * 90000
        assert ask(client, '/v1/policy/slow.example').body == 'after a while'
        assert ask(client, '/').body == ' 0 \n'
        assert ask(client, '/echo?say=a+b%21').body == ' 1 a b!\n'
        assert ask(client, '/v1/echo/b%c3%bccher').body == 'bücher 0 \n'
    assert http.figures()['http_opened'] == 1


@everywhere
def test_head(http, index):
    with http.connect(index) as client:
        answer = ask(client, '/v1/policy/example.com', method='HEAD')
        assert answer.status == 200
        assert int(answer.headers['Content-Length']) == len(CONSTANT)
        assert ask(client, '/v1/policy/example.com').body == CONSTANT


@everywhere
def test_pipelined(http, index):
    with http.connect(index) as client:
        client.send(get('/v1/policy/slow.example') + get('/echo?say=x')
                    + get('/v1/policy/example.com', method='HEAD')
                    + get('/v1/echo/y'))
        client.end()
        assert Answer(client).body == 'after a while'
        assert Answer(client).body == ' 1 x\n'
        assert Answer(client, head=True).status == 200
        assert Answer(client).body == 'y 0 \n'
        assert client.rest() == b''


@everywhere
def test_half_close(http, index):
    """Who has ended his side still gets the answer."""
    with http.connect(index) as client:
        client.send(get('/v1/policy/slow.example'))
        client.end()
        assert Answer(client).body == 'after a while'
        assert client.rest() == b''
    http.wait_until('http_peers', 0)


def test_versions(http):
    with http.connect() as client:
        answer = ask(client, '/echo', version='1.0')
        assert (answer.version, answer.status) == ('1.0', 200)
        assert client.rest() == b''
    with http.connect() as client:
        client.send('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n')
        assert Answer(client).headers['Connection'] == 'keep-alive'
        assert ask(client, '/').status == 200
    with http.connect() as client:
        answer = ask(client, '/', version='0.9')
        assert (answer.version, answer.status) == ('1.0', 505)
        assert client.rest() == b''
    with http.connect() as client:
        assert ask(client, '/', version='2.0').status == 400
        assert client.rest() == b''


def test_close(http):
    with http.connect() as client:
        answer = ask(client, '/', headers=HOST + 'Connection: close\r\n')
        assert answer.headers['Connection'] == 'close'
        assert client.rest() == b''


# ---- what is refused ----

REFUSED = {
    'nothing there': (get('/nosuch'), 404),
    'no segment': (get('/v1/policy/'), 404),
    'two segments': (get('/v1/policy/a/b'), 404),
    'bad escape': (get('/v1/policy/%zz'), 400),
    'nul': (get('/v1/policy/a%00b'), 400),
    'long segment': (get('/v1/policy/' + 'x' * 300), 400),
    'post': (get('/', method='POST'), 405),
    'put': (get('/', method='PUT'), 405),
    'delete': (get('/', method='DELETE'), 405),
    'options': (get('/', method='OPTIONS'), 405),
    'patch': (get('/', method='PATCH'), 405),
    'connect': (get('a:1', method='CONNECT'), 405),
    'trace': (get('/', method='TRACE'), 405),
    'brew': (get('/', method='BREW'), 501),
    'content': (get('/', HOST + 'Content-Length: 3\r\n') + 'abc', 400),
    'much content': (get('/', HOST + 'Content-Length: 100001\r\n'), 413),
    'chunks': (get('/', HOST + 'Transfer-Encoding: chunked\r\n')
               + '3\r\nabc\r\n0\r\n\r\n', 400),
    'proxy': (get('http://localhost/'), 400),
    'asterisk': (get('*'), 400),
    'http 0.9': ('GET /\r\n\r\n', 400),
    'tls': ('\x16\x03\x01\r\n\r\n', 400),
    'netstring': ('19:postfix example.com,\r\n\r\n', 400),
    'no colon': (get('/', HOST + 'no colon\r\n'), 400),
    'long line': (get('/' + 'x' * 9000), 400),
    'long header': (get('/', HOST + 'X: ' + 'x' * 9000), 400),
}


@everywhere
@pytest.mark.parametrize('request_, status', REFUSED.values(), ids=REFUSED)
def test_refused(http, index, request_, status):
    with http.connect(index) as client:
        client.send(request_)
        answer = Answer(client)
        assert answer.status == status
        assert answer.headers['Connection'] == 'close'
        assert client.rest() == b''
        if status == 405:
            assert answer.headers['Allow'] == 'GET, HEAD'


def test_head_with_content(http):
    with http.connect() as client:
        client.send(get('/', HOST + 'Content-Length: 3\r\n', 'HEAD') + 'abc')
        assert Answer(client, head=True).status == 400
        assert client.rest() == b''


@pytest.mark.parametrize('host', [
    'localhost', 'localhost:8462', 'LOCALHOST.', '127.0.0.1', '127.0.0.1:80',
    '[::1]', '[::1]:80', 'metrics.example', 'metrics.example:80'])
@pytest.mark.parametrize('index', [TCP, TCP6], ids=['tcp', 'tcp6'])
def test_hosts_that_are_ours(http, index, host):
    with http.connect(index) as client:
        assert ask(client, '/', f'Host: {host}\r\n').status == 200


@pytest.mark.parametrize('headers', [
    'Host: evil.example\r\n', 'Host: localhost.evil.example\r\n',
    'Host: 127.0.0.1.evil.example:80\r\n', 'Host: user@localhost\r\n',
    'Host: 192.0.2.1\r\n', 'Host: \r\n', '',
    f'Host: evil.example\r\n{HOST}'], ids=repr)
def test_dns_rebinding(http, headers):
    """A page of evil.example, whose name leads to 127.0.0.1."""
    for index in (TCP, TCP6):
        with http.connect(index) as client:
            answer = ask(client, '/', headers)
            assert (answer.status, answer.reason) == (
                421, 'Misdirected Request')
    assert http.figures()['http_requests'] == 0
    with http.connect(UNIX) as client: # no browser comes here
        assert ask(client, '/', headers).status == 200


def test_not_for_the_world():
    assert 'this machine alone' in refusal('http=inet:0.0.0.0:0')
    assert 'this machine alone' in refusal('http=inet:[::]:0')


# ---- peers that go away, or do not ----

@everywhere
def test_gone_while_waiting(http, index):
    client = http.connect(index)
    client.send(get('/v1/policy/never.example'))
    http.wait_until('http_askers', 1)
    client.reset()
    http.wait_for('cancelled never.example')
    http.wait_until('http_peers', 0)


def test_end_with_askers(folder):
    with running(f'http=unix:{folder}/h') as driver:
        client = driver.connect()
        client.send(get('/v1/policy/never.example'))
        driver.wait_until('http_askers', 1)
    assert client.rest() == b''


def test_idle(folder):
    with running('idle=1000', f'http=unix:{folder}/h') as driver:
        silent, half, used = (driver.connect() for _ in range(3))
        begun = time.monotonic()
        half.send('GET / HTTP/1.1\r\n')
        assert ask(used, '/').status == 200
        for client in (silent, half, used):
            assert client.rest() == b''
        assert 0.9 < time.monotonic() - begun < 5
        driver.wait_until('http_peers', 0)


def test_slow_requests(folder):
    """An octet now and then does not keep a connection: it makes room."""
    with running('idle=1000', 'peers=4', f'http=unix:{folder}/h') as driver:
        slow = [driver.connect() for _ in range(4)]
        ended, begun = set(), time.monotonic()
        while len(ended) < len(slow):
            assert time.monotonic() - begun < 15
            for client in set(slow) - ended:
                try:
                    client.send('x')
                except OSError:
                    ended.add(client)
            time.sleep(0.1)
        assert time.monotonic() - begun > 1.9
        with driver.connect() as client:
            assert ask(client, '/').status == 200
            client.send(get('/v1/policy/never.example'))  # waits for us
            assert client.is_silent(3.5)
            assert driver.figures()['http_askers'] == 1


def test_who_waits_is_not_idle(folder):
    with running('idle=1000', f'http=unix:{folder}/h') as driver:
        with driver.connect() as client:
            client.send(get('/v1/policy/never.example'))
            assert client.is_silent(1.5)
            assert driver.figures()['http_askers'] == 1


def test_who_does_not_read(folder):
    count = 400
    with running('idle=2000', f'http=unix:{folder}/h') as driver:
        with driver.connect() as client:
            client.socket.settimeout(0.5)
            before = driver.resident()
            with pytest.raises(TimeoutError):
                client.send(get('/v1/policy/big.example') * count * 50)
            assert driver.figures()['http_requests'] < count / 4
            assert driver.resident() - before < 8e6
            with driver.connect() as other:
                assert ask(other, '/').status == 200
        driver.wait_until('http_peers', 0)


def test_too_many_connections(folder):
    with running('peers=3', f'http=unix:{folder}/h') as driver:
        clients = [driver.connect() for _ in range(3)]
        assert [ask(client, '/').status for client in clients] == [200] * 3
        late = driver.connect()
        late.send(get('/'))
        cpu = driver.cpu()
        assert late.is_silent(0.4)
        assert driver.cpu() - cpu < 0.2
        assert driver.figures()['http_peers'] == 3
        clients[1].close()
        assert Answer(late).status == 200
        assert ask(clients[0], '/').status == 200


def test_out_of_descriptors(folder):
    with running('peers=100', f'http=unix:{folder}/h',
                 descriptors=30) as driver:
        clients = [driver.connect() for _ in range(40)]
        clients[-1].send(get('/'))
        time.sleep(0.1)
        cpu = driver.cpu()
        assert clients[-1].is_silent(0.5)
        assert driver.cpu() - cpu < 0.2
        assert ask(clients[0], '/').status == 200
        for client in clients[1:30]:
            client.close()
        assert Answer(clients[-1]).status == 200


# ---- clients that people have ----

def test_curl(http):
    path = f'http://localhost:{http.addresses[TCP][1]}/v1/policy/'
    for words in ((path + 'example.com',),
                  ('--unix-socket', http.addresses[UNIX],
                   'http://mtasts/v1/policy/example.com')):
        done = subprocess.run(['curl', '-sS', '--noproxy', '*', *words],
                              capture_output=True, text=True, check=True,
                              timeout=DEADLINE)
        assert done.stdout == CONSTANT
    done = subprocess.run(
        ['curl', '-sS', '--noproxy', '*', '-I', path + 'slow.example'],
        capture_output=True, text=True, check=True, timeout=DEADLINE)
    assert done.stdout.startswith('HTTP/1.1 200 OK')


# ---- orders ----

def test_an_order_by_post(http):
    """Index 0 is the UNIX socket."""
    with http.connect(0) as client:
        client.send(get('/act', method='POST'))
        assert Answer(client).status == 200


def test_an_order_by_get(http):
    with http.connect(0) as client:
        client.send(get('/act'))
        answer = Answer(client)
        assert answer.status == 405 and answer.headers['Allow'] == 'POST'


TAKE_MAX = 100000  # BODY_MAX of the driver


@pytest.mark.parametrize('body, said', [
    ('', '0'), ('a', '1 a a'), ('a' + 'b' * (TAKE_MAX - 2) + 'c',
                                f'{TAKE_MAX} a c')],
    ids=['nothing', 'one', 'all'])
def test_content(http, body, said):
    with http.connect(0) as client:
        length = HOST + f'Content-Length: {len(body)}\r\n'
        client.send(get('/take', length, method='POST') + body)
        answer = Answer(client)
        assert (answer.status, answer.body) == (200, said + '\n')


def test_content_in_chunks(http):
    with http.connect(0) as client:
        client.send(get('/take', HOST + 'Transfer-Encoding: chunked\r\n',
                        method='POST') + '3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n')
        answer = Answer(client)
        assert (answer.status, answer.body) == (200, '5 a e\n')


def test_too_much_content(http):
    with http.connect(0) as client:
        length = HOST + f'Content-Length: {TAKE_MAX + 1}\r\n'
        client.send(get('/take', length, method='POST') + 'x' * 100)
        assert Answer(client).status == 413


def test_content_for_an_order_without(http):
    with http.connect(0) as client:
        client.send(get('/act', HOST + 'Content-Length: 1\r\n',
                        method='POST') + 'x')
        assert Answer(client).status == 400


@pytest.mark.parametrize('index', [1, 2], ids=['tcp', 'tcp6'])
def test_no_orders_over_tcp(http, index):
    """A page in a browser can send such a request to this machine."""
    with http.connect(index) as client:
        client.send(get('/act', method='POST'))
        assert Answer(client).status == 405
