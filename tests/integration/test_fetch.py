"""Policy fetches from real TLS servers, good ones and all sorts of bad."""
import gzip
import http.client
import json
import os
import pathlib
import shutil
import socket
import ssl
import subprocess
import threading
import time

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID

from policy_host import (HOST, POLICY, BlackHole, Certificate, Pki, Server,
                         answer, cuts, new_key, read_request, reset, sends,
                         tls_context)

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ['MTASTS_BUILD'])
DRIVER = BUILD / 'tests/integration/fetch_driver'
VECTORS = json.loads((ROOT / 'tests/vectors/extra-https.json').read_text(
    encoding='utf-8'))
ALLOW = ('allow=127.0.0.0/8', 'allow=::1')
TLS = ssl.TLSVersion
MOMENT = 4500  # ms: less than any wait that it is told apart from, on a
               # machine with other things to do
FETCH_ERROR = 'sts-policy-fetch-error'
WEBPKI = 'sts-webpki-invalid'

# Python's ssl warns of the very versions that some servers are there for.
pytestmark = pytest.mark.filterwarnings('ignore:ssl.TLSVersion',
                                        'ignore:ssl.PROTOCOL')


@pytest.fixture(scope='module', name='pki')
def fixture_pki(tmp_path_factory):
    return Pki(tmp_path_factory.mktemp('pki'))


@pytest.fixture(scope='module', name='good')
def fixture_good(pki):
    return pki.good()


@pytest.fixture(name='serve')
def fixture_serve():
    servers = []

    def serve(handle, *arguments, kind=Server, **options):
        servers.append(kind(handle, *arguments, **options))
        return servers[-1]

    yield serve
    for server in servers:
        server.close()


def run(*arguments, env=None, timeout=60, descriptors=None):
    """All fetches, and the driver's last line."""
    limit = ['prlimit', f'--nofile={descriptors}'] if descriptors else []
    done = subprocess.run([*limit, DRIVER, *map(str, arguments)], text=True,
                          capture_output=True, timeout=timeout, check=False,
                          env=os.environ | (env or {}))
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    for line in lines[:-1]:
        assert not line['before_return'], 'called back before it returned'
    return lines[:-1], lines[-1]


def fetch(pki, port, *arguments, host=HOST, addresses=('127.0.0.1',),
          allow=ALLOW, **options):
    """One fetch: its line, and the fact in it as `fact`."""
    lines, _ = run(f'host={host}', f'port={port}', f'ca={pki.ca_file}',
                   *(f'address={address}' for address in addresses), *allow,
                   *arguments, **options)
    assert len(lines) == 1
    line = lines[0]
    line['fact'] = line['facts']['policy_host']['fetch']
    return line


def check(line, status, result=FETCH_ERROR):
    assert (line['status'], line['result']) == (status, result), line


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


# ---- certificates ----

def wrong_name(pki):
    return [pki.leaf(dns=['other.example']), pki.intermediate]


CHAINS = {
    # name: (chain, verify, what the detail says)
    'expired': (lambda p: [p.leaf(days=(-40, -10)), p.intermediate],
                'expired', 'certificate has expired'),
    'not yet valid': (lambda p: [p.leaf(days=(10, 40)), p.intermediate],
                      'not-yet-valid', 'certificate is not yet valid'),
    'self-signed': (lambda p: [Certificate(HOST, dns=[HOST])],
                    'self-signed', 'self-signed certificate'),
    'unknown root sent': (
        lambda p: (lambda root: [p.leaf(issuer=root), root])(
            Certificate('Other Root', ca=True)),
        'untrusted-root', 'self-signed certificate in certificate chain'),
    'unknown root not sent': (
        lambda p: (lambda ca: [p.leaf(issuer=ca), ca])(
            Certificate('Other Intermediate',
                        Certificate('Other Root', ca=True), ca=True)),
        'untrusted-root', 'unable to get local issuer certificate'),
    'intermediate missing': (lambda p: [p.leaf()], 'incomplete-chain',
                             'unable to get local issuer certificate'),
    'wrong intermediate': (
        lambda p: [p.leaf(), Certificate('Other', p.root, ca=True)],
        'incomplete-chain', 'unable to get local issuer certificate'),
    'wrong name': (wrong_name, 'host-mismatch', 'hostname mismatch'),
    'weak key': (
        lambda p: [p.leaf(key=new_key('rsa', 1024)), p.intermediate],
        'weak', 'EE certificate key too weak'),
    'weak signature': (
        lambda p: (lambda ca: [p.leaf(issuer=ca, digest=hashes.SHA1()), ca])(
            Certificate('RSA', p.root, ca=True, key=new_key('rsa'))),
        'weak', 'CA signature digest algorithm too weak'),
    'not for servers': (
        lambda p: [p.leaf(usage=ExtendedKeyUsageOID.CLIENT_AUTH),
                   p.intermediate],
        'other', 'unsuitable certificate purpose'),
    'expired and wrong name': (
        lambda p: [p.leaf(days=(-40, -10), dns=['other.example']),
                   p.intermediate],
        'expired', 'hostname mismatch'),
    'wrong name and self-signed': (
        lambda p: [Certificate('other', dns=['other.example'])],
        'self-signed', 'hostname mismatch'),
}


@pytest.mark.parametrize('name', CHAINS)
def test_bad_certificate(pki, serve, name):
    """Told apart, the handshake broken off, the chain kept."""
    make, verify, detail = CHAINS[name]
    chain = make(pki)
    server = serve(sends(answer()), tls_context(pki.chain(*chain)))
    line = fetch(pki, server.port)
    check(line, 'certificate', WEBPKI)
    tls = line['fact']['tls']
    assert tls['verify'] == verify
    assert tls['verify_code'] != 0
    assert detail in tls['detail']
    assert 'handshake' not in tls
    assert [c['sha256'] for c in tls['chain']] == [c.sha256 for c in chain]
    assert server.requests == []


GOOD_CHAINS = {
    'root sent': lambda p: [p.leaf(), p.intermediate, p.root],
    'misordered': lambda p: [p.leaf(), p.root, p.intermediate],
    'stranger sent': lambda p: [p.leaf(), Certificate('Stranger'),
                                p.intermediate],
    'directly below the root': lambda p: [p.leaf(issuer=p.root)],
    'RSA 2048': lambda p: [p.leaf(key=new_key('rsa')), p.intermediate],
    'Ed25519': lambda p: [p.leaf(key=new_key('ed25519')), p.intermediate],
    'wildcard': lambda p: [p.leaf(dns=['*.example.com']), p.intermediate],
    'capitals': lambda p: [p.leaf(dns=['MTA-STS.Example.COM']),
                           p.intermediate],
    'many names': lambda p: [p.leaf(dns=[f'n{i}.example' for i in range(300)]
                                    + [HOST]), p.intermediate],
    'eleven certificates': lambda p: [p.leaf(), p.intermediate] + [
        Certificate(f'Stranger {i}') for i in range(9)],
}


@pytest.mark.parametrize('name', GOOD_CHAINS)
def test_good_certificate(pki, serve, name):
    chain = GOOD_CHAINS[name](pki)
    server = serve(sends(answer()), tls_context(pki.chain(*chain)))
    line = fetch(pki, server.port)
    check(line, 'ok', 'success')
    tls = line['fact']['tls']
    assert tls['verify'] == 'ok'
    assert [c['sha256'] for c in tls['chain']] == [
        c.sha256 for c in chain[:10]]
    for certificate in tls['chain']:
        assert all(n == n.lower() for n in certificate.get('names', []))
        assert len(certificate.get('names', [])) <= 256


def test_partial_wildcard(pki, serve):
    server = serve(sends(answer()), tls_context(pki.chain(
        pki.leaf(dns=['mta-*.example.com']), pki.intermediate)))
    line = fetch(pki, server.port)
    check(line, 'certificate', WEBPKI)
    assert line['fact']['tls']['verify'] == 'host-mismatch'


def test_nul_in_a_name_is_shown(pki, serve):
    server = serve(sends(answer()), tls_context(pki.chain(
        pki.leaf(dns=[f'{HOST}\0.evil.example']), pki.intermediate)))
    tls = fetch(pki, server.port)['fact']['tls']
    assert tls['verify'] == 'host-mismatch'
    assert tls['chain'][0]['names'] == [f'{HOST}\\00.evil.example']


def test_environment_does_not_change_trust(pki, serve, tmp_path):
    """An intermediate in the trust store is no anchor; nor is a file named
    by the environment."""
    other = Certificate('Other Root', ca=True)
    server = serve(sends(answer()), tls_context(pki.chain(
        pki.leaf(issuer=other), other)))
    file = tmp_path / 'other.pem'
    file.write_bytes(other.pem())
    line = fetch(pki, server.port, env={
        'CURL_CA_BUNDLE': str(file), 'SSL_CERT_FILE': str(file)})
    check(line, 'certificate', WEBPKI)


def test_trust_store_errors(tmp_path):
    empty = tmp_path / 'empty.pem'
    empty.write_text('', encoding='ascii')
    for file, error in [(tmp_path / 'gone.pem', 7), (empty, 3)]:
        _, end = run(f'host={HOST}', 'address=127.0.0.1', f'ca={file}')
        assert end == {'error': error}


def test_system_bundle_is_the_default(pki, serve, good):
    server = serve(sends(answer()), tls_context(good))
    lines, _ = run(f'host={HOST}', f'port={server.port}', *ALLOW,
                   'address=127.0.0.1')
    assert lines[0]['status'] == 'certificate'
    assert lines[0]['facts']['policy_host']['fetch']['tls'][
        'verify'] == 'untrusted-root'


# ---- TLS that fails otherwise ----

@pytest.mark.parametrize('version', [TLS.TLSv1, TLS.TLSv1_1])
def test_old_tls(pki, serve, good, version):
    server = serve(sends(answer()), tls_context(good, version, version))
    check(fetch(pki, server.port), 'tls-version')


def test_old_tls_chosen_against_our_wish(pki, serve):
    """A server that answers TLS 1.0 without looking at what we offer."""
    hello = (b'\x02\x00\x00\x26\x03\x01' + b'r' * 32 + b'\x00' + b'\x00\x2f' +
             b'\x00')
    record = b'\x16\x03\x01' + len(hello).to_bytes(2, 'big') + hello

    def handle(conn, _):
        conn.recv(4096)
        conn.sendall(record)
        conn.recv(4096)
    check(fetch(pki, serve(handle).port), 'tls-version')


def test_tls12(pki, serve, good):
    server = serve(sends(answer()),
                   tls_context(good, TLS.TLSv1_2, TLS.TLSv1_2))
    line = fetch(pki, server.port)
    check(line, 'ok', 'success')
    assert line['fact']['tls']['version'] == 'TLSv1.2'


def test_sni_refused(pki, serve, good):
    server = serve(sends(answer()), tls_context(good, sni='other.example'))
    check(fetch(pki, server.port), 'tls-failed')


def test_plain_http(pki, serve):
    """Clear text on the port is no matter of TLS versions."""
    def handle(conn, _):
        conn.recv(100)
        conn.sendall(b'HTTP/1.1 400 Bad Request\r\n\r\n')
    line = fetch(pki, serve(handle).port)
    check(line, 'tls-failed')
    assert 'wrong version number' in line['fact']['detail']


def test_hangs_up_in_the_handshake(pki, serve):
    def handle(conn, _):
        conn.recv(4096)
    check(fetch(pki, serve(handle).port), 'tls-failed')


def test_reset_in_the_handshake(pki, serve):
    def handle(conn, _):
        conn.recv(100)
        reset(conn)
    check(fetch(pki, serve(handle).port), 'tls-failed')


def test_silence_in_the_handshake(pki, serve):
    server = serve(lambda conn, server: server.done.wait(20))
    line = fetch(pki, server.port, 'deadline=700')
    check(line, 'timeout')
    assert 700 <= line['fact']['elapsed_ms'] < MOMENT


def test_slow_handshake(pki, serve, good):
    """Where many are under way, TLS takes longer than a connection may."""
    def handle(conn, server):
        if server.done.wait(10.5):
            return
        with tls_context(good).wrap_socket(conn, server_side=True) as tls:
            sends(answer())(tls, server)
    server = serve(handle)
    line = fetch(pki, server.port, 'deadline=30000')
    check(line, 'ok', 'success')
    assert line['fact']['elapsed_ms'] > 10000


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


# ---- addresses ----

def test_no_address(pki):
    check(fetch(pki, 443, addresses=()), 'no-address')


def test_connect_refused(pki):
    with socket.create_server(('127.0.0.1', 0)) as closed:
        port = closed.getsockname()[1]
    line = fetch(pki, port)
    check(line, 'connect-refused')
    assert 'address' not in line['fact']


def test_connect_timeout(pki, serve):
    hole = serve('127.0.0.1', kind=BlackHole)
    line = fetch(pki, hole.port, 'deadline=1000')
    check(line, 'connect-timeout')
    assert 1000 <= line['fact']['elapsed_ms'] < MOMENT


def test_connecting_has_its_own_limit(pki, serve):
    """One address that swallows packets does not take the whole deadline."""
    hole = serve('127.0.0.1', kind=BlackHole)
    line = fetch(pki, hole.port, 'deadline=30000')
    check(line, 'connect-timeout')
    assert 10000 <= line['fact']['elapsed_ms'] < 10000 + MOMENT


def test_private_addresses_are_refused(pki, serve, good):
    server = serve(sends(answer()), tls_context(good))
    line = fetch(pki, server.port, allow=())
    check(line, 'address-refused')
    # Nor is the guard at the socket to be had by an address believed good.
    line = fetch(pki, server.port, 'all', allow=())
    check(line, 'address-refused')
    line = fetch(pki, server.port, allow=('allow=127.0.0.2',))
    check(line, 'address-refused')
    assert server.connections == 0


def test_private_address_among_others(pki, serve, good):
    """Only the allowed ones are tried."""
    server = serve(sends(answer()), tls_context(good), address='127.0.0.2')
    trap = serve(sends(answer()), tls_context(good), port=server.port)
    line = fetch(pki, server.port, addresses=('127.0.0.1', '127.0.0.2'),
                 allow=('allow=127.0.0.2/32',))
    check(line, 'ok', 'success')
    assert line['fact']['address'] == '127.0.0.2'
    assert trap.connections == 0


def test_ipv6(pki, serve, good):
    server = serve(sends(answer()), tls_context(good), address='::1')
    line = fetch(pki, server.port, addresses=('::1', '127.0.0.1'))
    check(line, 'ok', 'success')
    assert line['fact']['address'] == '::1'


def test_ipv6_black_hole(pki, serve, good):
    """It costs a moment."""
    server = serve(sends(answer()), tls_context(good))
    serve('::1', server.port, kind=BlackHole)
    line = fetch(pki, server.port, addresses=('::1', '127.0.0.1'))
    check(line, 'ok', 'success')
    assert line['fact']['address'] == '127.0.0.1'
    assert 150 <= line['fact']['elapsed_ms'] < MOMENT


def test_ipv6_refused(pki, serve, good):
    server = serve(sends(answer()), tls_context(good))
    line = fetch(pki, server.port, addresses=('::1', '127.0.0.1'))
    check(line, 'ok', 'success')
    assert line['fact']['elapsed_ms'] < MOMENT


def test_first_address_of_two_is_a_black_hole(pki, serve, good):
    server = serve(sends(answer()), tls_context(good), address='127.0.0.3')
    serve('127.0.0.2', server.port, kind=BlackHole)
    line = fetch(pki, server.port, addresses=('127.0.0.2', '127.0.0.3'))
    check(line, 'ok', 'success')
    assert line['fact']['elapsed_ms'] < 9000


def test_first_address_of_two_refuses(pki, serve, good):
    server = serve(sends(answer()), tls_context(good), address='127.0.0.3')
    line = fetch(pki, server.port, addresses=('127.0.0.2', '127.0.0.3'))
    check(line, 'ok', 'success')
    assert line['fact']['address'] == '127.0.0.3'
    assert line['fact']['elapsed_ms'] < MOMENT


def test_last_of_many_addresses(pki, serve, good):
    """Fourteen refuse, one family is a black hole."""
    server = serve(sends(answer()), tls_context(good), address='127.0.0.30')
    serve('::1', server.port, kind=BlackHole)
    line = fetch(pki, server.port, addresses=(
        '::1', *(f'127.0.0.{n}' for n in range(16, 31))))
    check(line, 'ok', 'success')
    assert line['fact']['address'] == '127.0.0.30'
    assert line['fact']['elapsed_ms'] < MOMENT


def test_all_addresses_refuse(pki):
    with socket.create_server(('127.0.0.1', 0)) as closed:
        port = closed.getsockname()[1]
    line = fetch(pki, port, addresses=(
        '::1', '127.0.0.1', '127.0.0.2', '127.0.0.3', '127.0.0.4'))
    check(line, 'connect-refused')
    assert line['fact'].get('elapsed_ms', 0) < MOMENT


def test_each_fetch_has_its_own_addresses(pki, serve, good):
    """The same host at other addresses: none left over from before."""
    first = serve(sends(answer()), tls_context(good), address='127.0.0.2')
    for address in ('127.0.0.2', '127.0.0.3'):
        line = fetch(pki, first.port, addresses=(address,))
        assert line['status'] == ('ok' if address == '127.0.0.2'
                                  else 'connect-refused')


# ---- proxies ----

class Proxy(Server):
    """CONNECT, to `target` whatever is asked for."""

    def __init__(self, target=None):
        self.target = target
        super().__init__(self.connect)

    def connect(self, conn, _):
        self.requests.append(read_request(conn))
        if not self.target:
            return
        with socket.create_connection(self.target, 5) as upstream:
            conn.sendall(b'HTTP/1.1 200 Connected\r\n\r\n')
            back = threading.Thread(target=self.copy, args=(upstream, conn))
            back.start()
            self.copy(conn, upstream)
            back.join(5)

    @staticmethod
    def copy(source, sink):
        try:
            while data := source.recv(4096):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def test_proxies_of_the_environment_are_ignored(pki, serve, good):
    server = serve(sends(answer()), tls_context(good))
    trap = Proxy()
    url = f'http://127.0.0.1:{trap.port}'
    env = {name: url for name in (
        'http_proxy', 'https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY')}
    check(fetch(pki, server.port, env=env), 'ok', 'success')
    assert trap.connections == 0
    trap.close()


def test_explicit_proxy(pki, serve, good):
    """Its own address is the site's choice and not guarded; the exceptions
    of the environment do not get round it."""
    server = serve(sends(answer()), tls_context(good))
    proxy = Proxy(('127.0.0.1', server.port))
    line = fetch(pki, 443, f'proxy=http://127.0.0.1:{proxy.port}',
                 addresses=('192.0.2.1',), allow=('allow=192.0.2.1',),
                 env={'no_proxy': '*', 'NO_PROXY': '*'})
    check(line, 'ok', 'success')
    assert proxy.requests[0].startswith(f'CONNECT {HOST}:443 '.encode())
    assert server.connections == 1
    proxy.close()


def test_proxy_must_be_plain():
    _, end = run(f'host={HOST}', 'address=127.0.0.1',
                 'proxy=https://proxy.example')
    assert end == {'error': 1}


# ---- connect only ----

def test_connect_only(pki, serve, good):
    def handle(conn, server):
        server.requests.append(conn.recv(100))
    server = serve(handle, tls_context(good))
    lines, end = run(f'host={HOST}', f'port={server.port}',
                     f'ca={pki.ca_file}', 'address=127.0.0.1', *ALLOW,
                     'connect_only', 'rounds=5')
    assert [line['status'] for line in lines] == ['ok'] * 5
    fact = lines[0]['facts']['policy_host']['fetch']
    assert fact['tls']['verify'] == 'ok'
    assert fact['address'] == '127.0.0.1'
    assert 'http_status' not in fact
    assert end['descriptors_after'] <= end['descriptors_before'] + 1
    time.sleep(0.2)
    assert set(server.requests) <= {b''}


def test_connect_only_bad_certificate(pki, serve):
    server = serve(sends(), tls_context(pki.chain(*wrong_name(pki))))
    line = fetch(pki, server.port, 'connect_only')
    check(line, 'certificate', WEBPKI)
    assert line['fact']['tls']['verify'] == 'host-mismatch'


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


# ---- what this machine lacks ----

def test_no_socket(pki, serve, good):
    """It says nothing of the host."""
    server = serve(sends(answer()), tls_context(good))
    line = fetch(pki, server.port, 'sockets=0')
    check(line, 'failed')
    assert line['fact']['detail'] == 'Too many open files'
    assert server.connections == 0


def test_no_socket_for_one_family(pki):
    """The other one refuses, which is not all there is to know."""
    with socket.create_server(('127.0.0.1', 0)) as closed:
        port = closed.getsockname()[1]
    line = fetch(pki, port, 'sockets=1', addresses=('::1', '127.0.0.1'))
    check(line, 'failed')
    assert line['fact']['detail'] == 'Too many open files'


def test_no_socket_for_the_family_that_is_not_needed(pki, serve, good):
    server = serve(sends(answer()), tls_context(good), address='::1')
    line = fetch(pki, server.port, 'sockets=1',
                 addresses=('::1', '127.0.0.1'))
    check(line, 'ok', 'success')


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
