"""The SMTP probe against servers that misbehave, one way each.

What Debian's Postfix can do is tested with the real one: tests/e2e.
"""
import json
import os
import pathlib
import socket
import ssl
import subprocess
import time

import pytest

from smtp_server import (Authority, Manners, Server, fingerprint,
                         server_context, spki_sha256)

DRIVER = pathlib.Path(os.environ['MTASTS_BUILD'],
                      'tests/integration/smtp_driver')
# Python's ssl warns of the very versions that these servers are there for.
pytestmark = pytest.mark.filterwarnings('ignore:ssl.TLSVersion')

TESTS = {'injection': 1, 'old_tls': 2, 'weak_cipher': 4, 'sni_varies': 8,
         'tls13': 16}
ALL = 31


@pytest.fixture(scope='module', name='pki')
def fixture_pki(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp('pki'))


@pytest.fixture(scope='module', name='good')
def fixture_good(pki):
    return pki.issue('good')


@pytest.fixture(name='serve')
def fixture_serve():
    servers = []

    def serve(manners, **options):
        servers.append(Server(manners, **options))
        return servers[-1]

    yield serve
    for server in servers:
        server.close()


def run(*arguments, timeout=40):
    done = subprocess.run([DRIVER, *map(str, arguments)], text=True,
                          capture_output=True, timeout=timeout, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def probe(server, pki, *arguments, tests=0, deadline=8000):
    """The facts of one session; what is absent is None."""
    text = run(f'address={server.address}', f'port={server.port}',
               f'ca={pki.file}', f'tests={tests}', f'deadline={deadline}',
               *arguments)
    session = json.loads(text)['mx']['hosts'][0]['sessions'][0]
    for test in TESTS:
        session.setdefault(test, 'not-done')
    return session


def clear(server):
    """What the first session said before TLS."""
    commands = server.sessions[0]
    return [line.split(' ')[0] for line in commands]


# ---- the healthy case ----

def test_healthy(serve, pki, good):
    server = serve(Manners(context=server_context(good[0])))
    session = probe(server, pki, 'helo=probe.example', tests=ALL)
    assert session['status'] == 'ok'
    assert session['address'] == '127.0.0.1'
    assert session['greeting'] == 'mx.example ESMTP'
    assert session['tls']['handshake'] is True
    assert session['tls']['version'] == 'TLSv1.3'
    assert session['tls']['verify'] == 'ok'
    chain = session['tls']['chain']
    assert [c['sha256'] for c in chain] == [fingerprint(good[1]),
                                            fingerprint(pki.certificate)]
    assert [c['spki_sha256'] for c in chain] == [
        spki_sha256(good[1]), spki_sha256(pki.certificate)]
    assert chain[0]['names'] == ['mx.example']
    assert {t: session[t] for t in TESTS} == {
        'injection': 'no', 'old_tls': 'no', 'weak_cipher': 'no',
        'sni_varies': 'no', 'tls13': 'yes'}
    assert session['requiretls'] == 'yes'
    assert server.sessions[0] == ['EHLO probe.example', 'STARTTLS', '<TLS>',
                                  'EHLO probe.example', 'QUIT']
    # TLS 1.3 was seen in the main session: no connection for it
    assert len(server.sessions) == 5
    assert server.most_at_once == 1


def test_no_test_asked_is_one_connection(serve, pki, good):
    server = serve(Manners(context=server_context(good[0])))
    session = probe(server, pki)
    assert {session[t] for t in TESTS} == {'not-done'}
    assert len(server.sessions) == 1


def test_ipv6_and_own_name(serve, pki, good):
    server = serve(Manners(context=server_context(good[0])), address='::1')
    session = probe(server, pki)
    assert session['status'] == 'ok'
    assert session['address'] == '::1'
    name = server.sessions[0][0].removeprefix('EHLO ')
    assert name in ('[IPv6:::1]', socket.gethostname().lower())


# ---- up to STARTTLS ----

@pytest.mark.parametrize('manners, status, code, said', [
    (Manners(greeting=b'421 4.3.2 Not now\r\n'), 'greeting-refused', 421,
     ['QUIT']),
    (Manners(greeting=b'554 5.7.1 Go \x1b[31maway\r\n'), 'greeting-refused',
     554, ['QUIT']),
    (Manners(greeting=b'250 hm\r\n'), 'protocol', 250, ['QUIT']),
    (Manners(greeting=b'SSH-2.0-OpenSSH_9.2\r\n'), 'protocol', None, []),
    (Manners(greeting=b'220-a\r\n554 b\r\n'), 'protocol', None, []),
    (Manners(greeting=b'220 ' + b'x' * 5000 + b'\r\n'), 'protocol', None, []),
    (Manners(greeting=b'220-x\r\n' * 10000), 'protocol', None, []),
    (Manners(ehlo=b'450 4.7.0 later\r\n'), 'greeting-refused', 450,
     ['EHLO', 'QUIT']),
    (Manners(ehlo=b'550 5.7.1 no\r\n'), 'greeting-refused', 550,
     ['EHLO', 'QUIT']),
    (Manners(ehlo=b'502 5.5.1 what\r\n'), 'no-starttls', 502,
     ['EHLO', 'QUIT']),
    (Manners(ehlo=b'250 mx.example\r\n'), 'no-starttls', 250,
     ['EHLO', 'QUIT']),
    (Manners(ehlo=b'250-STARTTLS\r\n250 HELP\r\n'), 'no-starttls', 250,
     ['EHLO', 'QUIT']),
    (Manners(starttls=b'454 4.7.0 no key\r\n'), 'starttls-temporary', 454,
     ['EHLO', 'STARTTLS', 'QUIT']),
    (Manners(starttls=b'501 5.5.4 no\r\n'), 'starttls-refused', 501,
     ['EHLO', 'STARTTLS', 'QUIT']),
    (Manners(starttls=b'250 ok\r\n'), 'protocol', 250,
     ['EHLO', 'STARTTLS', 'QUIT']),
    (Manners(close='connect'), 'closed', None, []),
    (Manners(close='ehlo'), 'closed', None, ['EHLO']),
    (Manners(close='starttls'), 'closed', None, ['EHLO', 'STARTTLS']),
    (Manners(close='tls'), 'tls-failed', None, ['EHLO', 'STARTTLS']),
])
def test_no_session(serve, pki, manners, status, code, said):
    server = serve(manners)
    session = probe(server, pki)
    assert session['status'] == status
    assert session.get('reply_code') == code
    assert clear(server) == said
    assert 'handshake' not in session.get('tls', {})


def test_texts_are_printable(serve, pki):
    server = serve(Manners(greeting=b'554-a\r\n554 Go \x1b[31maway\xff\r\n'))
    session = probe(server, pki)
    assert session['reply_text'] == 'Go \\x1b[31maway\\xff'
    server = serve(Manners(greeting=b'\x00nonsense\x07\r\n'))
    session = probe(server, pki)
    assert session['reply_text'] == '\\x00nonsense\\x07'


@pytest.mark.parametrize('ehlo', [
    b'250-mx\r\n250-starttls\r\n250 HELP\r\n',
    b'250-mx\n250 StartTLS\n',
    b'250-mx\r\n250 STARTTLS \r\n'])
def test_starttls_is_found(serve, pki, good, ehlo):
    server = serve(Manners(context=server_context(good[0]), ehlo=ehlo))
    assert probe(server, pki)['status'] == 'ok'


def test_refused(pki):
    with socket.create_server(('127.0.0.1', 0)) as closed:
        port = closed.getsockname()[1]
    text = run('address=127.0.0.1', f'port={port}', f'ca={pki.file}')
    session = json.loads(text)['mx']['hosts'][0]['sessions'][0]
    assert session['status'] == 'connect-refused'


def test_connect_timeout(pki):
    """A full backlog: the kernel drops further SYNs."""
    with socket.socket() as full:
        full.bind(('127.0.0.1', 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(3)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        time.sleep(0.2)
        begun = time.monotonic()
        text = run('address=127.0.0.1', f'port={full.getsockname()[1]}',
                   f'ca={pki.file}', 'deadline=1500')
        took = time.monotonic() - begun
        for one in waiting:
            one.close()
    session = json.loads(text)['mx']['hosts'][0]['sessions'][0]
    assert session['status'] == 'connect-timeout'
    assert 1.3 < took < 6


@pytest.mark.parametrize('hang', ['connect', 'ehlo', 'starttls', 'tls'])
def test_silence(serve, pki, hang):
    server = serve(Manners(hang=hang))
    begun = time.monotonic()
    session = probe(server, pki, deadline=1000, tests=ALL)
    assert session['status'] == 'timeout'
    assert 0.8 < time.monotonic() - begun < 6
    assert 900 < session['elapsed_ms'] < 3000


def test_drip_does_not_extend_the_deadline(serve, pki):
    server = serve(Manners(drip=0.1))
    session = probe(server, pki, deadline=800)
    assert session['status'] == 'timeout'
    assert session['elapsed_ms'] < 3000


def test_slow_greeting_is_waited_for(serve, pki, good):
    server = serve(Manners(context=server_context(good[0]), slow=2))
    assert probe(server, pki)['status'] == 'ok'


def test_quit_that_nobody_answers(serve, pki, good):
    server = serve(Manners(context=server_context(good[0]), hang='quit'))
    session = probe(server, pki)
    assert session['status'] == 'ok'
    assert session['elapsed_ms'] < 5000


def test_cancel(serve, pki, good):
    for hang in ('connect', 'ehlo', 'tls', 'quit'):
        server = serve(Manners(context=server_context(good[0]), hang=hang))
        text = run(f'address={server.address}', f'port={server.port}',
                   f'ca={pki.file}', 'cancel=300')
        assert text == 'cancelled\n'


# ---- certificates ----

@pytest.mark.parametrize('label, options, verify', [
    ('expired', {'days': (-30, -1)}, 'expired'),
    ('early', {'days': (1, 30)}, 'not-yet-valid'),
    ('other', {'names': ('other.example',)}, 'host-mismatch'),
    ('mx.example', {'names': ()}, 'host-mismatch'),  # a CN never counts
    ('address', {'names': ('127.0.0.1',)}, 'host-mismatch'),
    ('short', {'bits': 1024}, 'weak'),
])
def test_bad_certificate(serve, pki, label, options, verify):
    file, certificate = pki.issue(label, **options)
    server = serve(Manners(context=server_context(file)))
    session = probe(server, pki)
    assert session['status'] == 'ok'
    assert session['tls']['verify'] == verify
    assert session['tls']['chain'][0]['sha256'] == fingerprint(certificate)


def test_unknown_authority(serve, pki, good, tmp_path):
    stranger = Authority(tmp_path, 'Stranger')
    server = serve(Manners(context=server_context(good[0])))
    session = probe(server, stranger)
    assert session['status'] == 'ok'
    assert session['tls']['verify'] == 'untrusted-root'


# ---- DANE ----

def test_dane(serve, pki, good):
    server = serve(Manners(context=server_context(good[0])))
    right = f'3 1 1 {spki_sha256(good[1])}'
    stale = f'3 1 1 {"00" * 32}'
    authority = f'2 1 1 {spki_sha256(pki.certificate)}'
    pkix = f'1 1 1 {spki_sha256(good[1])}'
    rows = [
        ([right], 'pass', [True]),
        ([stale], 'fail', [False]),
        ([stale, right], 'pass', [False, True]),
        ([authority], 'pass', [True]),
        ([pkix], 'unusable', None),
        ([pkix, stale], 'fail', [False, False]),
        ([], None, None),
    ]
    for records, state, matched in rows:
        session = probe(server, pki, *[f'tlsa={r}' for r in records])
        dane = session.get('dane', {})
        assert (dane.get('state'), dane.get('matched')) == (state, matched), \
            records
        assert session['tls']['verify'] == 'ok'


def test_dane_and_pkix_are_apart(serve, pki):
    """DANE-EE looks at no name and no date; DANE-TA does."""
    file, certificate = pki.issue('dane', names=('other.example',),
                                  days=(-30, -1))
    server = serve(Manners(context=server_context(file)))
    session = probe(server, pki, f'tlsa=3 1 1 {spki_sha256(certificate)}')
    assert session['dane']['state'] == 'pass'
    assert session['tls']['verify'] == 'expired'
    session = probe(server, pki,
                    f'tlsa=2 1 1 {spki_sha256(pki.certificate)}')
    assert session['dane']['state'] == 'fail'
    assert session['dane']['matched'] == [True]


def test_dane_takes_the_domain_as_a_name(serve, pki):
    file, _ = pki.issue('domain', names=('domain.example',))
    server = serve(Manners(context=server_context(file)))
    record = f'tlsa=2 1 1 {spki_sha256(pki.certificate)}'
    assert probe(server, pki, record)['dane']['state'] == 'fail'
    session = probe(server, pki, record, 'name=domain.example')
    assert session['dane']['state'] == 'pass'
    assert session['tls']['verify'] == 'host-mismatch'


def test_dane_needs_a_secure_answer(serve, pki, good):
    server = serve(Manners(context=server_context(good[0])))
    stale = f'tlsa=3 1 1 {"00" * 32}'
    assert 'state' not in probe(server, pki, stale, 'insecure=1').get(
        'dane', {})
    session = probe(server, pki, stale, 'servfail=1')
    assert session['dane']['state'] == 'lookup-failed'
    # no TLS at all where the owner published keys
    server = serve(Manners(ehlo=b'250 mx\r\n'))
    session = probe(server, pki, stale)
    assert session['dane'] == {'state': 'fail'}
    # nobody there: nothing is known of its keys
    server = serve(Manners(close='connect'))
    assert 'state' not in probe(server, pki, stale).get('dane', {})


def test_dane_at_the_end_of_an_alias(serve, pki, good):
    """The TLSA records' own name is the SNI, on a connection of its own."""
    file, certificate = pki.issue('base', names=('base.example',))
    server = serve(Manners(context=server_context(good[0]),
                           by_sni={'base.example': server_context(file)}))
    right = f'tlsa=3 1 1 {spki_sha256(certificate)}'
    session = probe(server, pki, right, 'base=base.example', tests=ALL)
    assert session['dane'] == {'state': 'pass', 'matched': [True]}
    assert session['tls']['verify'] == 'ok'
    assert session['tls']['chain'][0]['sha256'] == fingerprint(good[1])
    assert server.names[:2] == ['mx.example', 'base.example']
    assert server.names.count('base.example') == 1
    assert len(server.sessions) == 6
    # the certificate for the alias's name is not what they are about
    wrong = f'tlsa=3 1 1 {spki_sha256(good[1])}'
    session = probe(server, pki, wrong, 'base=base.example')
    assert session['dane'] == {'state': 'fail', 'matched': [False]}
    assert session['tls']['verify'] == 'ok'
    # names count for DANE-TA, and it is the base's
    authority = f'tlsa=2 1 1 {spki_sha256(pki.certificate)}'
    session = probe(server, pki, authority, 'base=base.example')
    assert session['dane']['state'] == 'pass'
    assert probe(server, pki, authority, 'base=other.example')[
        'dane']['state'] == 'fail'


def test_dane_at_the_end_of_an_alias_not_reached(serve, pki, good):
    """One connection is let in, the next is not: nothing is known of DANE."""
    server = serve(Manners(context=server_context(good[0]), connections=1))
    session = probe(server, pki, f'tlsa=3 1 1 {"00" * 32}',
                    'base=base.example', tests=ALL)
    assert session['status'] == 'ok'
    assert 'state' not in session.get('dane', {})
    assert {session[t] for t in TESTS} == {'unknown', 'yes'}  # 1.3: as it is
    assert len(server.sessions) == 2
    # no TLS is no TLS, whatever the name
    server = serve(Manners(ehlo=b'250 mx\r\n'))
    session = probe(server, pki, f'tlsa=3 1 1 {"00" * 32}',
                    'base=base.example')
    assert session['dane'] == {'state': 'fail'}
    assert len(server.sessions) == 1


# ---- the tests ----

def test_injection(serve, pki, good):
    server = serve(Manners(context=server_context(good[0]),
                           keeps_clear_text=True))
    session = probe(server, pki, tests=TESTS['injection'])
    assert session['status'] == 'ok'
    assert session['injection'] == 'yes'
    assert b'STARTTLS\r\nNOOP\r\n' in server.packets[1]  # one packet
    assert server.sessions[1][1:] == ['STARTTLS', '<TLS>', 'NOOP', 'QUIT']


@pytest.mark.parametrize('manners, result', [
    (Manners(strict=b'503 5.5.0 pipelining\r\n'), 'no'),
    (Manners(strict=b'454 4.7.0 not now\r\n'), 'unknown'),
    (Manners(strict='close'), 'no'),
    (Manners(connections=1), 'unknown'),
    (Manners(connections=1, full=b''), 'unknown'),
    (Manners(keeps_clear_text=True, connections=1), 'unknown'),
])
def test_injection_not_answered(serve, pki, good, manners, result):
    manners.context = server_context(good[0])
    server = serve(manners)
    session = probe(server, pki, tests=TESTS['injection'])
    assert session['status'] == 'ok'
    assert session['injection'] == result


def test_clear_text_after_starttls_is_thrown_away(serve, pki, good):
    """A man in the middle adds replies to the 220."""
    server = serve(Manners(
        context=server_context(good[0]),
        starttls=b'220 Go ahead\r\n250-mx\r\n250 REQUIRETLS\r\n',
        ehlo_tls=b'250 mx.example\r\n'))
    session = probe(server, pki)
    assert session['status'] == 'ok'
    assert session['requiretls'] == 'no'
    assert 'clear text' in session['detail']


def test_old_tls(serve, pki, good):
    for lowest, highest, version in [
            (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_2, 'TLSv1.1'),
            (ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_3, 'TLSv1.1')]:
        context = server_context(good[0], lowest, highest,
                                 'ALL:@SECLEVEL=0')
        server = serve(Manners(context=context))
        session = probe(server, pki, tests=TESTS['old_tls'])
        assert session['status'] == 'ok'
        assert session['old_tls'] == 'yes'
        assert session['old_tls_version'] == version


def test_nothing_but_old_tls(serve, pki, good):
    context = server_context(good[0], ssl.TLSVersion.TLSv1,
                             ssl.TLSVersion.TLSv1, 'ALL:@SECLEVEL=0')
    server = serve(Manners(context=context))
    session = probe(server, pki, tests=ALL)
    assert session['status'] == 'tls-version'
    assert session['old_tls'] == 'yes'
    assert session['old_tls_version'] == 'TLSv1'
    assert 'handshake' not in session['tls']
    assert {session[t] for t in TESTS if t != 'old_tls'} == {'not-done'}
    assert len(server.sessions) == 2


def test_tls13(serve, pki, good):
    context = server_context(good[0], highest=ssl.TLSVersion.TLSv1_2)
    server = serve(Manners(context=context))
    session = probe(server, pki, tests=TESTS['tls13'])
    assert session['tls']['version'] == 'TLSv1.2'
    assert session['tls13'] == 'no'
    assert len(server.sessions) == 2


@pytest.mark.parametrize('ciphers, bits, expected', [
    ('ALL:@SECLEVEL=0', 2048, True),
    ('AES128-SHA:ECDHE+AESGCM:@SECLEVEL=0', 2048, 'AES128-SHA'),
    ('AECDH:ECDHE+AESGCM:@SECLEVEL=0', None, 'AECDH-AES256-SHA'),
    ('eNULL:ECDHE+AESGCM:@SECLEVEL=0', None, 'NULL'),
    ('ECDHE+AESGCM:@SECLEVEL=0', 2048, False),
])
def test_weak_cipher(serve, pki, ciphers, bits, expected):
    file, _ = pki.issue('cipher', bits=bits)
    server = serve(Manners(context=server_context(file, ciphers=ciphers)))
    session = probe(server, pki, tests=TESTS['weak_cipher'])
    assert session['status'] == 'ok'
    assert session['weak_cipher'] == ('yes' if expected else 'no')
    if isinstance(expected, str):
        assert expected in session['weak_cipher_name']


def test_tls13_only_has_no_weak_cipher(serve, pki, good):
    context = server_context(good[0], ssl.TLSVersion.TLSv1_3)
    server = serve(Manners(context=context))
    session = probe(server, pki, tests=ALL)
    assert session['tls13'] == 'yes'
    assert session['weak_cipher'] == 'no'
    assert session['old_tls'] == 'no'


def test_sni(serve, pki, good):
    other, certificate = pki.issue('second')
    server = serve(Manners(context=server_context(good[0]),
                           no_sni=server_context(other)))
    session = probe(server, pki, tests=TESTS['sni_varies'])
    assert session['tls']['chain'][0]['sha256'] == fingerprint(good[1])
    assert session['sni_varies'] == 'yes'
    assert session['no_sni_sha256'] == fingerprint(certificate)


def test_server_that_insists_on_sni(serve, pki, good):
    server = serve(Manners(context=server_context(good[0]), no_sni='alert'))
    session = probe(server, pki, tests=TESTS['sni_varies'])
    assert session['status'] == 'ok'
    assert session['sni_varies'] == 'yes'
    assert 'no_sni_sha256' not in session


@pytest.mark.parametrize('drop', ['close', 'reset', 'record'])
def test_dropped_handshake_is_no_answer(serve, pki, good, drop):
    """Whoever loses the connection has not been refused."""
    context = server_context(good[0], highest=ssl.TLSVersion.TLSv1_2)
    server = serve(Manners(context=context, drop=drop))
    session = probe(server, pki, tests=ALL)
    assert session['status'] == 'ok'
    assert {t: session[t] for t in TESTS} == {
        'tls13': 'unknown', 'sni_varies': 'unknown', 'old_tls': 'unknown',
        'weak_cipher': 'unknown',
        'injection': 'no'}  # what is given up is not answered inside TLS
    assert 'no_sni_sha256' not in session
    assert len(server.sessions) == 6


def test_no_sni_and_no_cipher(serve, pki, good):
    """Who fails without SNI for another reason has shown no certificate."""
    server = serve(Manners(context=server_context(good[0]), no_sni='nonsense'))
    session = probe(server, pki, tests=TESTS['sni_varies'])
    assert session['status'] == 'ok'
    assert session['sni_varies'] == 'unknown'


# ---- what this machine lacks ----

def test_no_socket(serve, pki, good):
    server = serve(Manners(context=server_context(good[0])))
    session = probe(server, pki, f'tlsa=3 1 1 {"00" * 32}', 'sockets=0',
                    tests=ALL)
    assert 'status' not in session  # not done
    assert session['detail'] == 'Too many open files'
    assert {session[t] for t in TESTS} == {'not-done'}
    assert 'state' not in session.get('dane', {})
    assert server.sessions == []


def test_no_buffers(serve, pki, good):
    server = serve(Manners(context=server_context(good[0])))
    session = probe(server, pki, 'sends=1', tests=ALL)
    assert 'status' not in session
    assert session['detail'] == 'No buffer space available'
    assert clear(server) == ['EHLO']


def test_no_socket_for_the_tests(serve, pki, good):
    server = serve(Manners(context=server_context(good[0])))
    session = probe(server, pki, 'sockets=2', tests=ALL)
    assert session['status'] == 'ok'
    assert [session[t] for t in TESTS].count('unknown') == 3
    assert session['detail'] == 'Too many open files'
    assert len(server.sessions) == 2


# ---- politeness ----

def test_stops_when_the_server_has_had_enough(serve, pki, good):
    server = serve(Manners(context=server_context(good[0]), connections=2))
    session = probe(server, pki, tests=ALL)
    assert session['status'] == 'ok'
    assert len(server.sessions) == 3
    results = [session[t] for t in TESTS if t != 'tls13']
    assert sorted(results) == ['no', 'unknown', 'unknown', 'unknown']
    assert 'could not be made' in session['detail']


def test_deadline_covers_the_tests(serve, pki, good):
    server = serve(Manners(context=server_context(good[0]), slow=1))
    session = probe(server, pki, tests=ALL, deadline=2500)
    assert session['status'] == 'ok'
    assert 'unknown' in [session[t] for t in TESTS]
    assert session['elapsed_ms'] < 4500


def test_starttls_that_works_once(serve, pki, good):
    """A test's handshake that nobody finishes says nothing."""
    server = serve(Manners(context=server_context(good[0]), connections=1,
                           full=b'220 mx\r\n'))
    session = probe(server, pki, tests=TESTS['old_tls'], deadline=3000)
    assert session['old_tls'] == 'unknown'
