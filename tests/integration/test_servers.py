"""The servers of src/net, by TCP and UNIX sockets, as MTAs and others use
them; socketmap also by Postfix's own client."""
import contextlib
import os
import pathlib
import shutil
import socket
import stat
import subprocess
import time

import pytest

from servers import (CONSTANT, DEADLINE, Client, Driver, netstring, refusal,
                     running)

BIG = 'OK ' + 'b' * 90000
UNIX, TCP, TCP6 = range(3)


@pytest.fixture(name='folder')
def fixture_folder(tmp_path):
    """Short enough for UNIX sockets, whatever pytest calls its own."""
    folder = pathlib.Path(f'/tmp/mtasts-{os.getpid()}')
    folder.mkdir(mode=0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(name='socketmap')
def fixture_socketmap(folder):
    with running(f'socketmap=unix:{folder}/s', 'socketmap=inet:127.0.0.1:0',
                 'socketmap=inet:[::1]:0') as driver:
        yield driver


def everywhere(test):
    return pytest.mark.parametrize('index', [UNIX, TCP, TCP6],
                                   ids=['unix', 'tcp', 'tcp6'])(test)


# ---- socketmap: answers ----

@everywhere
def test_answers(socketmap, index):
    with socketmap.connect(index) as client:
        assert client.lookup('example.com') == f'OK {CONSTANT}'
        assert client.lookup('none.example') == 'NOTFOUND '
        assert client.lookup('temp.example') == 'TEMP try again'
        assert client.lookup('timeout.example') == 'TIMEOUT took too long'
        assert client.lookup('perm.example') == 'PERM will not do'
        assert client.lookup('') == 'NOTFOUND '
        assert client.lookup('.example.com') == 'NOTFOUND '
        assert client.lookup('bücher.example') == 'OK u-label'
        assert client.lookup('example.com', 'nosuch') == 'PERM no such map'
        assert client.lookup('big.example') == BIG
        assert client.lookup('slow.example') == 'OK after a while'


@everywhere
def test_pipelined_in_order(socketmap, index):
    keys = {'slower.example': 'OK after a longer while',
            'example.com': f'OK {CONSTANT}', 'slow.example': 'OK after a while',
            'none.example': 'NOTFOUND ', 'big.example': BIG}
    with socketmap.connect(index) as client:
        client.send(b''.join(netstring(f'postfix {key}') for key in keys))
        begun = time.monotonic()
        assert [client.answer() for _ in keys] == list(keys.values())
        # they waited together, not one after the other
        assert time.monotonic() - begun < 0.85
        assert client.lookup('example.com') == f'OK {CONSTANT}'


@everywhere
def test_requests_in_pieces(socketmap, index):
    request = netstring('postfix example.com')
    with socketmap.connect(index) as client:
        for octet in 2 * request:
            client.send(bytes([octet]))
            time.sleep(0.002)
        assert client.answer() == client.answer() == f'OK {CONSTANT}'
        client.send(request * 50 + request[:7])
        assert {client.answer() for _ in range(50)} == {f'OK {CONSTANT}'}
        client.send(request[7:])
        assert client.answer() == f'OK {CONSTANT}'


@everywhere
def test_one_who_waits_keeps_nobody_waiting(socketmap, index):
    with socketmap.connect(index) as one, socketmap.connect(index) as two:
        one.ask('slower.example')
        begun = time.monotonic()
        assert two.lookup('example.com') == f'OK {CONSTANT}'
        assert time.monotonic() - begun < 0.4
        assert one.answer() == 'OK after a longer while'


@everywhere
def test_longest_request(socketmap, index):
    key = 'x' * (10000 - len('postfix '))
    with socketmap.connect(index) as client:
        assert client.lookup(key) == 'NOTFOUND '
        assert client.lookup(key) == 'NOTFOUND '
        client.ask(key + 'x')
        assert client.answer() == ('PERM the request is longer than 10000 '
                                   'octets')
        with contextlib.suppress(ConnectionResetError):
            assert client.rest() == b''
    assert socketmap.figures()['socketmap_faults'] == 1


@pytest.mark.parametrize('request_, answers', [
    (b'get example.com\n', 1), (b'\n', 1), (b'GET / HTTP/1.1\r\n\r\n', 1),
    (b'\x16\x03\x01\x02\x00\x01\x00', 1), (b'05:a b c,', 1), (b'3:a bc', 1),
    (b'3:a b,99999:', 2)])
@everywhere
def test_not_a_netstring(socketmap, index, request_, answers):
    with socketmap.connect(index) as client:
        client.send(request_)
        said = [client.answer() for _ in range(answers)]
        assert said[-1].startswith('PERM the request is ')
        assert client.rest() == b''
    assert socketmap.figures()['socketmap_faults'] == 1
    with socketmap.connect(index) as client:
        assert client.lookup('example.com') == f'OK {CONSTANT}'


def test_no_key(socketmap):
    with socketmap.connect() as client:
        client.send(netstring('postfix') + netstring('postfix example.com'))
        assert client.answer() == ("PERM the request is not a map's name, "
                                   'a blank and a key')
        assert client.answer() == f'OK {CONSTANT}'


# ---- peers that go away ----

@everywhere
def test_half_close(socketmap, index):
    with socketmap.connect(index) as client:
        client.ask('slow.example')
        client.ask('example.com')
        client.send(b'19:postfix exa')
        client.end()
        assert client.answer() == 'OK after a while'
        assert client.answer() == f'OK {CONSTANT}'
        assert client.rest() == b''
    assert socketmap.figures()['socketmap_peers'] == 0


@everywhere
def test_gone_while_waiting(socketmap, index):
    client = socketmap.connect(index)
    client.ask('never.example')
    client.ask('slow.example')
    socketmap.wait_until('socketmap_askers', 2)
    client.reset()
    socketmap.wait_for('cancelled never.example')
    socketmap.wait_for('cancelled slow.example')
    figures = socketmap.figures()
    assert figures['socketmap_peers'] == figures['socketmap_askers'] == 0


def test_end_with_askers(folder):
    """The server ends while some wait: they are told."""
    with running(f'socketmap=unix:{folder}/s') as driver:
        client = driver.connect()
        client.ask('never.example')
        driver.wait_until('socketmap_askers', 1)
    assert client.rest() == b''
    assert not (folder / 's').exists()


# ---- limits ----

@everywhere
def test_who_does_not_read(socketmap, index):
    count = 2000
    request = netstring('postfix big.example')
    with socketmap.connect(index) as client, socketmap.connect(index) as other:
        other.lookup('example.com')
        before = socketmap.resident()
        client.send(request * count)
        time.sleep(0.3)
        asked = socketmap.figures()['socketmap_requests']
        assert asked < count / 2
        assert socketmap.resident() - before < 24e6  # of 180 MB of answers
        assert other.lookup('example.com') == f'OK {CONSTANT}'
        for _ in range(count):
            assert client.answer() == BIG
        assert client.lookup('example.com') == f'OK {CONSTANT}'


def test_many_unanswered(socketmap):
    """Requests beyond a few wait unread, and are answered in the end."""
    count = 100
    with socketmap.connect(TCP) as client:
        client.send(netstring('postfix slow.example') * count)
        time.sleep(0.1)
        assert socketmap.figures()['socketmap_askers'] == 16
        assert [client.answer() for _ in range(count)] == (
            ['OK after a while'] * count)


def test_idle(folder):
    with running('idle=800', f'socketmap=unix:{folder}/s') as driver:
        idle, half, waiting = (driver.connect() for _ in range(3))
        half.send('19:postfix ')
        waiting.ask('never.example')
        begun = time.monotonic()
        with driver.connect() as busy:
            while time.monotonic() - begun < 0.7:
                busy.lookup('example.com')
                time.sleep(0.05)
            assert driver.figures()['socketmap_peers'] == 4
            assert idle.rest() == half.rest() == b''
            assert 0.8 <= time.monotonic() - begun < 3
            assert busy.lookup('example.com') == f'OK {CONSTANT}'
        driver.wait_until('socketmap_peers', 1)
        assert waiting.is_silent()
        assert driver.figures()['socketmap_idle'] == 2


def test_too_many_connections(folder):
    with running('peers=3', f'socketmap=unix:{folder}/s') as driver:
        clients = [driver.connect() for _ in range(3)]
        clients[0].ask('never.example')
        driver.wait_until('socketmap_askers', 1)
        clients.append(driver.connect())
        assert clients[3].lookup('example.com') == f'OK {CONSTANT}'
        assert clients[1].rest() == b''
        figures = driver.figures()
        assert figures['socketmap_evicted'] == 1
        assert figures['socketmap_peers'] == 3
        # all busy: the next one waits, and costs nothing meanwhile
        clients[2].ask('never.example')
        clients[3].ask('slower.example')
        driver.wait_until('socketmap_askers', 3)
        late = driver.connect()
        late.ask('example.com')
        cpu = driver.cpu()
        assert late.is_silent(0.3)
        assert driver.cpu() - cpu < 0.15
        assert clients[3].answer() == 'OK after a longer while'
        assert late.answer() == f'OK {CONSTANT}'


def test_out_of_descriptors(folder):
    """Idle connections make room; without any, new ones wait."""
    with running(f'socketmap=unix:{folder}/s', descriptors=40) as driver:
        clients = [driver.connect() for _ in range(100)]
        assert clients[99].lookup('example.com') == f'OK {CONSTANT}'
        figures = driver.figures()
        assert figures['socketmap_opened'] == 100
        assert figures['socketmap_peers'] + figures['socketmap_evicted'] == 100
        room = figures['socketmap_peers']
        assert room > 20

        busy = [driver.connect() for _ in range(room)]
        for client in busy:
            client.ask('never.example')
        driver.wait_until('socketmap_askers', room)
        late = driver.connect()
        late.ask('example.com')
        cpu = driver.cpu()
        assert late.is_silent(0.5)
        assert driver.cpu() - cpu < 0.2
        assert 2 <= driver.figures()['back_offs'] <= 30
        busy[0].close()
        assert late.answer() == f'OK {CONSTANT}'


def test_who_is_let_in_is_heard(folder):
    """Without room, new ones wait: none goes before it was answered, and
    who asks all the while stays."""
    with running('peers=4', f'socketmap=unix:{folder}/s') as driver:
        idle = [driver.connect() for _ in range(3)]
        busy = driver.connect()
        late = [driver.connect() for _ in range(25)]
        for client in late:
            client.ask('example.com')
        for client in late:
            while client.is_silent(0.005):
                assert busy.lookup('example.com') == f'OK {CONSTANT}'
            assert client.answer() == f'OK {CONSTANT}'
        assert busy.lookup('example.com') == f'OK {CONSTANT}'
        assert [client.rest() for client in idle] == [b''] * 3


def test_many_connections(folder):
    with running(f'socketmap=unix:{folder}/s') as driver:
        clients = [driver.connect() for _ in range(500)]
        for _ in range(3):
            for client in clients:
                client.ask('example.com')
            assert {client.answer() for client in clients} == {
                f'OK {CONSTANT}'}
        assert driver.figures()['socketmap_peers'] == 500


def test_killed_and_started_again(folder):
    driver = Driver(f'socketmap=unix:{folder}/s')
    assert 'somebody listens' in refusal(f'socketmap=unix:{folder}/s')
    driver.kill()
    assert (folder / 's').is_socket()
    with running(f'socketmap=unix:{folder}/s') as again:
        with again.connect() as client:
            assert client.lookup('example.com') == f'OK {CONSTANT}'


# ---- listening ----

def test_mode_and_group(folder):
    with running('mode=0622', f'group={os.getgid()}',
                 f'socketmap=unix:{folder}/s'):
        status = (folder / 's').stat()
        assert stat.S_IMODE(status.st_mode) == 0o622
        assert status.st_gid == os.getgid()


def test_refusals(folder):
    assert 'there is no folder' in refusal(f'socketmap=unix:{folder}/no/s')
    assert 'at most 107 octets' in refusal('socketmap=unix:/' + 'x' * 107)
    assert 'no group nosuch' in refusal('group=nosuch',
                                        f'socketmap=unix:{folder}/s')
    (folder / 's').write_text('kept')
    assert 'no socket: remove it' in refusal(f'socketmap=unix:{folder}/s')
    assert (folder / 's').read_text() == 'kept'
    with socket.create_server(('127.0.0.1', 0)) as taken:
        port = taken.getsockname()[1]
        assert 'already in use' in refusal(f'socketmap=inet:127.0.0.1:{port}')


def test_sockets_from_systemd(folder):
    """LISTEN_FDS as sd_listen_fds(3) has it: two by one name, one of another,
    and what is not asked for."""
    with socket.create_server(('127.0.0.1', 0)) as tcp, \
            socket.socket(socket.AF_UNIX) as unix, \
            socket.socket(socket.AF_UNIX) as line, \
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as datagram:
        unix.bind(f'{folder}/u')
        line.bind(f'{folder}/l')
        datagram.bind(f'{folder}/d')
        unix.listen()
        line.listen()
        inherits = [('map', tcp), ('exim', line), ('map', unix),
                    ('datagram', datagram)]
        with running('socketmap=systemd:map', 'line=systemd:exim',
                     inherits=inherits) as driver:
            for address in (tcp.getsockname(), f'{folder}/u'):
                with Client(address) as client:
                    assert client.lookup('example.com') == f'OK {CONSTANT}'
            with Client(f'{folder}/l') as client:
                client.send('example.com\n')
                assert client.rest().decode() == CONSTANT + '\n'
            assert driver.figures()['socketmap_opened'] == 2
        with pytest.raises(AssertionError, match='not a listening stream'):
            Driver('socketmap=systemd:datagram', inherits=inherits)
        with pytest.raises(AssertionError, match='no socket named nosuch'):
            Driver('socketmap=systemd:nosuch', inherits=inherits)
        assert (folder / 'u').is_socket()  # not ours to remove


# ---- Exim's line ----

@pytest.fixture(name='line')
def fixture_line(folder):
    with running(f'line=unix:{folder}/l', 'line=inet:127.0.0.1:0') as driver:
        yield driver


def exchange(driver, data, index=0):
    """As Exim's ${readsocket}: send, shut down, read to the end."""
    with driver.connect(index) as client:
        client.send(data)
        client.end()
        return client.rest().decode()


@pytest.mark.parametrize('index', [0, 1], ids=['unix', 'tcp'])
def test_line(line, index):
    answer = CONSTANT + '\n'
    assert exchange(line, 'example.com', index) == answer
    assert exchange(line, 'example.com\n', index) == answer
    assert exchange(line, 'example.com\r\n', index) == answer
    assert exchange(line, 'example.com\nnone.example\n', index) == answer
    assert exchange(line, 'slow.example', index) == 'after a while\n'
    assert exchange(line, '\n', index) == '\n'
    assert exchange(line, '', index) == ''
    assert exchange(line, 'big.example', index) == 'b' * 90000 + '\n'
    assert line.figures()['line_peers'] == 0


def test_line_without_shutdown(line):
    """`shutdown=no` of Exim: the end of the line is what counts."""
    with line.connect() as client:
        client.send('example')
        assert client.is_silent()
        client.send('.com\n')
        assert client.rest().decode() == CONSTANT + '\n'


def test_line_too_long(line):
    assert exchange(line, 'x' * 1024 + '\n') == '\n'
    assert exchange(line, 'x' * 1024) == '\n'
    assert exchange(line, 'x' * 1025 + '\n') == ''
    with line.connect() as client:
        client.send('x' * 2000)
        with contextlib.suppress(ConnectionResetError):
            assert client.rest() == b''
    assert line.figures()['line_too_long'] == 2


def test_line_gone_while_waiting(line):
    client = line.connect()
    client.send('never.example\n')
    line.wait_until('line_askers', 1)
    client.close()
    line.wait_for('cancelled never.example')
    assert line.figures()['line_peers'] == 0


# ---- Postfix's own client ----

@pytest.fixture(name='postmap')
def fixture_postmap(folder):
    """postmap -q KEY: what it prints on stdout, with its exit status."""
    (folder / 'main.cf').write_text('compatibility_level = 3.6\n')

    def postmap(key, table, stdin=''):
        done = subprocess.run(
            ['/usr/sbin/postmap', '-c', folder, '-q', key, table],
            capture_output=True, text=True, input=stdin, check=False,
            timeout=DEADLINE)
        return done.stdout, done.returncode, done.stderr
    return postmap


@pytest.mark.parametrize('index', [UNIX, TCP], ids=['unix', 'tcp'])
def test_postmap(socketmap, postmap, index):
    address = socketmap.addresses[index]
    table = ('socketmap:unix:' + address if index == UNIX else
             f'socketmap:inet:127.0.0.1:{address[1]}') + ':postfix'
    assert postmap('example.com', table) == (CONSTANT + '\n', 0, '')
    assert postmap('none.example', table) == ('', 1, '')
    assert postmap('slow.example', table) == ('after a while\n', 0, '')
    assert postmap('big.example', table)[0] == 'b' * 90000 + '\n'
    keys = ['example.com', 'none.example', 'bücher.example'] * 10
    assert postmap('-', table, '\n'.join(keys))[0] == (
        f'example.com\t{CONSTANT}\nbücher.example\tu-label\n' * 10)
    out, code, complaint = postmap('temp.example', table)
    assert (out, code) == ('', 1)
    assert 'temporary error: try again' in complaint
    assert 'permanent error: will not do' in postmap('perm.example', table)[2]
    assert socketmap.figures()['socketmap_faults'] == 0
