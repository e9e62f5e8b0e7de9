"""Policy fetches from TLS servers, good ones and all sorts of bad."""
import ssl
import time

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID

from fetching import (ALLOW, MOMENT, WEBPKI, check, fetch, fixture_good,
                      fixture_pki, fixture_serve, run)
from policy_host import (HOST, Certificate, answer, new_key, reset, sends,
                         tls_context)

TLS = ssl.TLSVersion

# Python's ssl warns of the very versions that some servers are there for.
pytestmark = pytest.mark.filterwarnings('ignore:ssl.TLSVersion',
                                        'ignore:ssl.PROTOCOL')


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
