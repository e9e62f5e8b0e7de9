"""Policy fetches: addresses, proxies, and what the machine lacks."""
import socket
import threading

from fetching import (MOMENT, check, fetch, fixture_good, fixture_pki,
                      fixture_serve, run)
from policy_host import (HOST, BlackHole, Server, answer, read_request, sends,
                         tls_context)


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
