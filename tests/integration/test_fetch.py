"""Policy fetches: what HTTP makes of them, ended, and many at once."""
import gzip
import http.client
import json
import pathlib
import shutil
import socket
import ssl
import subprocess
import time

import pytest

from fetching import (ALLOW, FETCH_ERROR, MOMENT, check, fetch, fixture_good,
                      fixture_pki, fixture_serve, run)
from policy_host import (HOST, POLICY, Certificate, answer, cuts, read_request,
                         sends, tls_context)

ROOT = pathlib.Path(__file__).resolve().parents[2]
VECTORS = json.loads((ROOT / 'tests/vectors/extra-https.json').read_text(
    encoding='utf-8'))
TLS = ssl.TLSVersion

# Python's ssl warns of the very versions that some servers are there for.
pytestmark = pytest.mark.filterwarnings('ignore:ssl.TLSVersion',
                                        'ignore:ssl.PROTOCOL')


# ---- the vectors ----

def vector_body(response):
    if response.get('body') == 'empty':
        return b''
    size = response.get('body_size')
    if not size:
        return POLICY
    # Unknown fields are good for filling: lines of 100 octets, then the rest.
    body = POLICY
    while size - len(body) > 200:
        body += b'x: ' + b'y' * 95 + b'\r\n'
    return body + b'x: ' + b'y' * (size - len(body) - 5) + b'\r\n'


def vector_chain(pki, wish):
    wish = dict(wish)
    if wish.pop('self_signed', False):
        return pki.chain(Certificate(HOST, dns=[HOST]))
    options = {}
    if wish.pop('not_yet', False):
        options['days'] = (10, 40)
    if wish.pop('expired', False):
        options['days'] = (-40, -10)
    if 'san_dns' in wish:
        options['dns'] = wish.pop('san_dns')
    if 'san_ip' in wish:
        options['ips'] = wish.pop('san_ip')
    if 'cn' in wish:
        options['name'] = wish.pop('cn')
    assert not wish, wish
    return pki.chain(pki.leaf(**options), pki.intermediate)


def drip(conn, server):
    """A header section, then an octet each ten seconds."""
    server.requests.append(read_request(conn))
    reply = answer()
    start = reply.index(b'\r\n\r\n') + 4
    conn.sendall(reply[:start])
    for octet in reply[start:]:
        conn.sendall(bytes([octet]))
        if server.done.wait(10):
            return


def vector_handler(response):
    response = dict(response)
    body = vector_body(response)
    headers = [f'{key}: {value}'
               for key, value in response.pop('headers', {}).items()]
    own_length = any(h.startswith('Content-Length') for h in headers)
    if 'location' in response:
        headers.append(f'Location: {response.pop("location")}')
    status = response.pop('status')
    reason = http.client.responses.get(status, 'Odd')
    options = {'status': f'{status} {reason}',
               'content_type': response.pop('content_type'),
               'headers': headers}
    for key in ('body', 'body_size', 'cert', 'tls', 'sni_required'):
        response.pop(key, None)
    if response.pop('drip', None):
        assert not response, response
        return drip
    if response.pop('chunked', False):
        assert response.pop('cut') and not response, response
        head = answer(b'', length=False, **options | {
            'headers': headers + ['Transfer-Encoding: chunked']})
        return sends(head + b'%x\r\n%s\r\n' % (len(body), body))
    assert not response, response
    if status == 304:
        body = b''
    return sends(answer(body, length=not own_length, **options))


@pytest.mark.parametrize('vector', VECTORS, ids=lambda v: v['name'])
def test_vector(pki, serve, vector):
    """What the project's vectors say of answers of a policy host."""
    response = vector['response']
    host = f'mta-sts.{vector["policy_domain"]}'
    context = tls_context(
        vector_chain(pki, response.get('cert', {})),
        lowest=TLS.TLSv1_3 if response.get('tls') == '1.3' else TLS.TLSv1_2,
        sni=host if response.get('sni_required') else None)
    server = serve(vector_handler(response), context)
    line = fetch(pki, server.port, 'deadline=2500', host=host)
    expected = vector['expect']
    if expected['accept']:
        assert (line['status'], line['result']) == ('ok', 'success'), line
    else:
        assert line['result'] == expected['tlsrpt'], line
    assert server.connections == 1  # whatever the answer: no second request
    assert line['fact']['elapsed_ms'] < 8000


def test_all_vectors_are_run():
    assert len(VECTORS) >= 45


# ---- the fact of a good fetch ----

def test_good(pki, serve):
    leaf = pki.leaf()
    server = serve(sends(answer()), tls_context(
        pki.chain(leaf, pki.intermediate)))
    line = fetch(pki, server.port)
    check(line, 'ok', 'success')
    fact = line['fact']
    assert fact['url'] == (f'https://{HOST}:{server.port}'
                           '/.well-known/mta-sts.txt')
    assert fact['address'] == '127.0.0.1'
    assert fact['http_status'] == 200
    assert fact['content_type'] == 'text/plain'
    assert fact['body'].encode() == POLICY
    assert 'detail' not in fact
    assert 'pinned' not in fact
    tls = fact['tls']
    assert tls['handshake'] is True
    assert tls['version'] == 'TLSv1.3'
    assert tls['cipher'].startswith('TLS_')
    assert tls['verify'] == 'ok'
    assert [c['sha256'] for c in tls['chain']] == [
        leaf.sha256, pki.intermediate.sha256]
    first = tls['chain'][0]
    assert first['subject'] == f'CN={HOST}'
    assert first['issuer'] == 'CN=Test Intermediate'
    assert first['names'] == [HOST]
    assert first['not_after'] == int(
        leaf.not_after.timestamp() - time.timezone)
    assert (first['key_type'], first['key_bits']) == ('EC', 256)
    assert first['signature'] == 'ecdsa-with-SHA256'


def test_request(pki, serve, good):
    """What goes over the wire: no cookie, no condition, no second use."""
    server = serve(sends(answer(headers=['Set-Cookie: a=b',
                                         'ETag: "x"',
                                         'Last-Modified: Mon, 01 Jan 2024'
                                         ' 00:00:00 GMT'])),
                   tls_context(good))
    lines, _ = run(f'host={HOST}', f'port={server.port}', f'ca={pki.ca_file}',
                   'address=127.0.0.1', *ALLOW, 'rounds=3')
    assert [line['status'] for line in lines] == ['ok'] * 3
    assert server.connections == 3
    assert server.reused_sessions == 0
    for request in server.requests:
        first, *headers = request.decode('ascii').split('\r\n')[:-2]
        assert first == 'GET /.well-known/mta-sts.txt HTTP/1.1'
        assert dict(h.split(': ') for h in headers) == {
            'Host': f'{HOST}:{server.port}', 'User-Agent': 'mtasts/0.1.0',
            'Accept': '*/*'}


def test_request_variations(pki, serve, good):
    server = serve(sends(answer(gzip.compress(POLICY), headers=[
        'Content-Encoding: gzip'])), tls_context(good))
    line = fetch(pki, server.port, 'user_agent=other/1.0',
                 'accept_encoding=gzip', 'path=/elsewhere', 'pinned')
    check(line, 'ok', 'success')
    request = server.requests[0].decode('ascii')
    assert request.startswith('GET /elsewhere HTTP/1.1\r\n')
    assert 'User-Agent: other/1.0\r\n' in request
    assert 'Accept-Encoding: gzip\r\n' in request
    assert line['fact']['body'].encode() == POLICY
    assert line['fact']['pinned'] is True


def test_pinned_to_a_dead_address_says_which(pki):
    with socket.socket() as closed:
        closed.bind(('127.0.0.1', 0))  # and nobody listens
        line = fetch(pki, closed.getsockname()[1], 'pinned')
    assert line['status'] == 'connect-refused'
    assert line['fact']['address'] == '127.0.0.1'


def test_unasked_compression_is_not_undone(pki, serve, good):
    server = serve(sends(answer(gzip.compress(POLICY), headers=[
        'Content-Encoding: gzip'])), tls_context(good))
    check(fetch(pki, server.port), 'ok', 'sts-policy-invalid')


def test_compressed_flood(pki, serve, good):
    """The limit counts what comes out, as it comes out."""
    bomb = gzip.compress(b'x: ' + b'y' * 50_000_000)
    server = serve(sends(answer(bomb, headers=['Content-Encoding: gzip'])),
                   tls_context(good))
    line = fetch(pki, server.port, 'accept_encoding=gzip')
    check(line, 'too-large')


# ---- HTTP that fails ----

LONG_ENOUGH = b'max_age: 604800\r\n' * 10
CHUNK = b'%x\r\n%s\r\n' % (len(POLICY), POLICY)
CHUNKED = ['Transfer-Encoding: chunked']

ANSWERS = {
    # name: (handler, status)
    'chunked': (sends(answer(b'', length=False, headers=CHUNKED),
                      CHUNK + b'0\r\n\r\n'), 'ok'),
    'chunked with trailer': (sends(
        answer(b'', length=False, headers=CHUNKED),
        CHUNK + b'0\r\nContent-Type: text/html\r\n\r\n'), 'ok'),
    'ended by close_notify': (sends(answer(length=False)), 'ok'),
    'HTTP/1.0': (sends(answer(length=False).replace(b'/1.1', b'/1.0')), 'ok'),
    'early hints': (sends(b'HTTP/1.1 103 Early Hints\r\nContent-Type: '
                          b'text/html\r\nContent-Length: 7\r\n\r\n',
                          answer()), 'ok'),
    'whole length, no close_notify': (cuts(answer()), 'ok'),
    'same length twice': (sends(answer(headers=[
        f'Content-Length: {len(POLICY)}'])), 'ok'),
    'octets after the length': (sends(answer() + b'junk'), 'ok'),
    'media type in capitals': (sends(answer(content_type='TEXT/Plain')), 'ok'),

    'cut before close_notify': (cuts(answer(length=False)), 'truncated'),
    'shorter than its length': (sends(answer(headers=[
        f'Content-Length: {len(POLICY) + 1}'], length=False)), 'truncated'),
    'shorter, and cut': (cuts(answer(headers=[
        f'Content-Length: {len(POLICY) + 1}'], length=False)), 'truncated'),
    'chunks cut': (cuts(answer(b'', length=False, headers=CHUNKED), CHUNK),
                   'truncated'),
    'chunk cut inside': (sends(answer(b'', length=False, headers=CHUNKED),
                               b'fff\r\nversion: STSv1\r\n'), 'truncated'),
    'headers cut': (sends(b'HTTP/1.1 200 OK\r\nContent-Ty'), 'truncated'),
    'nothing': (sends(), 'truncated'),
    'nothing, and cut': (cuts(), 'truncated'),

    'two lengths': (sends(answer(headers=['Content-Length: 1'])), 'protocol'),
    'two lengths in one': (sends(answer(length=False, headers=[
        f'Content-Length: {len(POLICY)}, {len(POLICY)}'])), 'protocol'),
    'length and chunks': (sends(answer(b'', headers=CHUNKED),
                                CHUNK + b'0\r\n\r\n'), 'protocol'),
    'length with a sign': (sends(answer(length=False, headers=[
        f'Content-Length: +{len(POLICY)}'])), 'protocol'),
    'length of words': (sends(answer(length=False, headers=[
        'Content-Length: many'])), 'protocol'),
    'unknown coding': (sends(answer(length=False, headers=[
        'Transfer-Encoding: gzip'])), 'protocol'),
    'not HTTP': (sends(b'220 mail.example.com ESMTP\r\n'), 'protocol'),
    'HTTP/0.9': (sends(POLICY), 'protocol'),
    'bad chunk': (sends(answer(b'', length=False, headers=CHUNKED),
                        b'zz\r\nversion'), 'protocol'),

    'no media type': (sends(answer(content_type=None)), 'content-type'),
    'two media types': (sends(answer(headers=['Content-Type: text/html'])),
                        'content-type'),
    'empty media type': (sends(answer(content_type='')), 'content-type'),
    'redirect': (sends(answer(b'', status='302 Found', headers=[
        'Location: https://evil.example/'])), 'redirect'),
    'redirect with an endless body': (sends(
        answer(b'x' * 100, status='302 Found', length=False)), 'redirect'),
    'not found': (sends(answer(b'<html>', status='404 Not Found')), 'status'),
    'error page too large': (sends(answer(b'x' * 100000,
                                          status='500 Oops')), 'status'),
    'no content': (sends(b'HTTP/1.1 204 No Content\r\n\r\n'), 'status'),
}


@pytest.mark.parametrize('name', ANSWERS)
def test_answer(pki, serve, good, name):
    handle, status = ANSWERS[name]
    server = serve(handle, tls_context(good))
    line = fetch(pki, server.port, 'deadline=5000')
    check(line, status, 'success' if status == 'ok' else FETCH_ERROR)
    assert server.connections == 1
    if status == 'ok':
        assert line['fact']['body'].encode() == POLICY


def test_redirect_is_kept(pki, serve, good):
    server = serve(sends(answer(b'', status='301 Moved', headers=[
        'Location: https://evil.example/\x1b[2J'])), tls_context(good))
    fact = fetch(pki, server.port)['fact']
    assert fact['http_status'] == 301
    assert fact['location'] == 'https://evil.example/?[2J'


def flood(part):
    """The answer's start, then the same again and again."""
    def handle(conn, server):
        server.requests.append(read_request(conn))
        server.sent = 0
        conn.sendall(b'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n')
        while not server.done.is_set():
            conn.sendall(part)
            server.sent += len(part)
    return handle


@pytest.mark.parametrize('part, status', [
    (b'X-Header: ' + b'y' * 500 + b'\r\n', 'protocol'),
    (b'\r\n' + b'y' * 4000, 'too-large')])
def test_flood(pki, serve, good, part, status):
    """Broken off at the limit, not at the deadline."""
    server = serve(flood(part), tls_context(good))
    line = fetch(pki, server.port, 'deadline=20000')
    check(line, status)
    assert line['fact']['elapsed_ms'] < 5000
    assert server.sent < 8_000_000  # and what the sockets hold
    assert len(line['fact'].get('body', '')) <= 65536


@pytest.mark.parametrize('size, status', [
    (65535, 'ok'), (65536, 'ok'), (65537, 'too-large'),
    (1_000_000, 'too-large')])
def test_size(pki, serve, good, size, status):
    body = POLICY + b'x: ' + b'y' * (size - len(POLICY) - 5) + b'\r\n'
    server = serve(sends(answer(body)), tls_context(good))
    line = fetch(pki, server.port)
    assert line['status'] == status
    if status == 'ok':
        assert line['fact']['body'].encode() == body


@pytest.mark.parametrize('part', [b'', b'HTTP/1.1 200 OK\r\n', answer()[:-5]])
def test_stall(pki, serve, good, part):
    """The deadline is of the whole fetch, wherever it hangs."""
    def handle(conn, server):
        sends(part)(conn, server)
        server.done.wait(20)
    server = serve(handle, tls_context(good))
    line = fetch(pki, server.port, 'deadline=800')
    check(line, 'timeout')
    assert 800 <= line['fact']['elapsed_ms'] < MOMENT


# ---- cancelling, freeing, leaks ----

@pytest.mark.parametrize('ms', [0, 1, 30])
def test_cancel(pki, serve, good, ms):
    def handle(conn, server):
        sends(answer()[:-5])(conn, server)
        server.done.wait(5)
    server = serve(handle, tls_context(good))
    lines, end = run(f'host={HOST}', f'port={server.port}',
                     f'ca={pki.ca_file}', 'address=127.0.0.1', *ALLOW,
                     f'cancel={ms}', 'times=5')
    assert lines == []
    assert end['running'] == 0
    assert end['descriptors_after'] <= end['descriptors_before'] + 1


def test_free(pki, serve, good):
    server = serve(lambda conn, server: server.done.wait(5),
                   tls_context(good))
    lines, end = run(f'host={HOST}', f'port={server.port}',
                     f'ca={pki.ca_file}', 'address=127.0.0.1', *ALLOW,
                     'free=300', 'times=20')
    assert lines == []
    assert end['running'] == 20


# ---- nginx: many, and many at once ----

NGINX = """
daemon off;
master_process off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port} ssl backlog=2048;
        ssl_certificate {chain};
        ssl_certificate_key {chain};
        location = /.well-known/mta-sts.txt {{
            default_type text/plain;
            return 200 "version: STSv1\\nmode: none\\nmax_age: 86400\\n";
        }}
    }}
}}
"""


@pytest.fixture(scope='module', name='nginx')
def fixture_nginx(tmp_path_factory, good):
    folder = tmp_path_factory.mktemp('nginx')
    with socket.create_server(('127.0.0.1', 0)) as free:
        port = free.getsockname()[1]
    conf = folder / 'nginx.conf'
    conf.write_text(NGINX.format(folder=folder, port=port, chain=good),
                    encoding='ascii')
    process = subprocess.Popen([
        shutil.which('nginx') or '/usr/sbin/nginx', '-e',
        folder / 'error.log', '-c', conf])
    end = time.monotonic() + 10
    while socket.socket().connect_ex(('127.0.0.1', port)):
        assert time.monotonic() < end and process.poll() is None
        time.sleep(0.05)
    yield port
    process.terminate()
    process.wait(10)


def many(pki, port, *arguments, **options):
    # The sanitizer would keep what was freed, to see who uses it.
    env = {'ASAN_OPTIONS': 'quarantine_size_mb=1'}
    return run(f'host={HOST}', f'port={port}', f'ca={pki.ca_file}',
               'address=127.0.0.1', *ALLOW, *arguments, timeout=120, env=env,
               **options)


def test_many_at_once(pki, nginx):
    """More than there are places: the rest waits its turn."""
    lines, _ = many(pki, nginx, 'times=1200')
    assert len(lines) == 1200
    assert {(line['status'], line['result']) for line in lines} == {
        ('ok', 'success')}


def test_few_descriptors(pki, nginx):
    """There are as many places as the process may have sockets."""
    for descriptors in (32, 100, 200):
        lines, _ = many(pki, nginx, 'times=300', descriptors=descriptors)
        assert [line['status'] for line in lines] == ['ok'] * 300


def test_nothing_leaks(pki, nginx):
    """Descriptors and memory are what they were, however many came by."""
    _, few = many(pki, nginx, 'times=20', 'rounds=15', 'quiet')
    _, more = many(pki, nginx, 'times=20', 'rounds=60', 'quiet')
    assert more['descriptors_after'] == few['descriptors_after']
    assert more['max_rss_kb'] < few['max_rss_kb'] * 1.1 + 4096
