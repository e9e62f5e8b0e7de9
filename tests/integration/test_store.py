"""The store when the world is against it: kill -9, full disks, locks, damage,
places that it may not write to. Each with the real thing.
"""
import contextlib
import os
import random
import resource
import signal
import sqlite3
import subprocess
import time

import pytest

from store_world import DRIVER, NOBODY, Folder, Store, namespace

ROWS = 2000


@pytest.fixture(name='start')
def fixture_start():
    stores = []

    def start(path, *arguments, **options):
        stores.append(Store(path, *arguments, **options))
        assert stores[-1].first == 'started', stores[-1].first
        return stores[-1]

    yield start
    for store in stores:
        store.close()


@pytest.fixture(name='folder')
def fixture_folder():
    folder = Folder()
    yield folder
    folder.remove()


@pytest.fixture(name='path')
def fixture_path(tmp_path):
    return tmp_path / 'cache.db'


@pytest.fixture(scope='module', name='filled')
def fixture_filled(tmp_path_factory):
    """The octets of a file with ROWS policies, d1.example and on."""
    path = tmp_path_factory.mktemp('filled') / 'cache.db'
    store = Store(path)
    store.put(range(1, ROWS + 1))
    for n in range(50):
        store.ask('history', 'd1.example', n)
    assert store.stop() == 'ok lost=0'
    return path.read_bytes()


def sound(path):
    """What SQLite itself says of the file."""
    with contextlib.closing(sqlite3.connect(path)) as db:
        return db.execute('PRAGMA integrity_check').fetchall() == [('ok',)]


def aside(path):
    return [name for name in path.parent.glob('cache.db.corrupt-*')
            if not name.name.endswith('-wal')]


# ---- killed ----

@pytest.mark.parametrize('rate, domains, seconds', [
    (2000, 10 ** 9, 1.5), (20000, 10 ** 9, 2.5), (20000, 3000, 2.2),
    (50, 10, 1.7)])
def test_killed_under_load(start, path, rate, domains, seconds):
    """It loses the last second at most, and the file is sound."""
    store = start(path)
    store.ask('flood', rate, domains)
    time.sleep(seconds)
    killed = time.monotonic_ns() // 10 ** 6
    store.kill()
    puts = [tuple(map(int, line.split()))
            for line in store.process.stdout.read().splitlines()
            if line.count(' ') == 1 and line[-1].isdigit()]
    assert puts[-1][1] > killed - 500  # it did put until then
    due = max(last for last, at in puts if at <= killed - 1000)
    assert due > 0

    again = start(path)
    newest = int(again.ask('newest'))
    print(f'put {puts[-1][0]}, due {due}, there {newest}')
    assert due <= newest <= puts[-1][0] + rate
    # All up to the newest: a commit has all of it or nothing.
    assert again.until_loaded() == min(newest, domains)
    for n in range(max(1, newest - min(20, domains) + 1), newest + 1):
        assert again.ask('get', f'd{n % domains}.example') == str(n)
    assert again.news() == {}
    assert again.stop() == 'ok lost=0'
    assert sound(path)


def test_killed_while_rebuilding(start, path, filled):
    """At whatever moment: the next start goes on, and nothing is lost."""
    path.write_bytes(b'\0' * 4096 + filled[4096:])
    for round_ in range(12):
        store = start(path)
        time.sleep(0.004 * round_)
        store.kill()
    store = start(path)
    assert store.until_loaded() == ROWS
    store.until_fine()
    assert store.ask('events', 'd1.example') == '50'
    assert store.stop() == 'ok lost=0'
    assert sound(path)
    assert len(aside(path)) == 1
    assert not list(path.parent.glob('*.rebuild*'))


# ---- no room ----

def test_disk_is_full(start, tmp_path):
    """A real file system without room; then there is some again."""
    mount = f'mount -t tmpfs -o size=1m,mode=0755 none {tmp_path}'
    store = start(tmp_path / 'cache.db', namespace(mount))
    inside = f'/proc/{store.process.pid}/root{tmp_path}'
    store.put(range(1, 11))
    store.until_fine()
    with open(f'{inside}/ballast', 'wb', buffering=0) as ballast:
        with pytest.raises(OSError, match='No space left'):
            while True:
                ballast.write(b'x' * 4096)
    store.put(range(1, 1001), fetched=7)
    state = store.until_trouble('full')
    assert f'{tmp_path}/cache.db: no room' in state['text']
    assert 'free some room' in state['text']
    assert 'store-failing' in store.news()
    # It goes on from memory, and reads what it has.
    store.put(range(1001, 1101), fetched=8)
    assert store.ask('get', 'd1.example') == '1'
    assert store.ask('get', 'd1100.example') == 'none'
    assert store.state()['waiting'] == 1100

    os.unlink(f'{inside}/ballast')
    store.until_fine()
    assert list(store.news()) == ['store-recovered']
    assert store.ask('get', 'd1.example') == '7'
    assert store.ask('get', 'd1100.example') == '8'
    assert store.until_loaded() == 1100
    assert store.stop() == 'ok lost=0'


def test_disk_is_full_from_the_start(start, tmp_path):
    mount = (f'mount -t tmpfs -o size=64k,mode=0755 none {tmp_path};'
             f'head -c 1000000 /dev/zero >{tmp_path}/ballast 2>/dev/null'
             ' || true')
    store = start(tmp_path / 'cache.db', namespace(mount))
    store.put(range(10))
    state = store.until_trouble('full')
    assert state['waiting'] == 10
    os.unlink(f'/proc/{store.process.pid}/root{tmp_path}/ballast')
    mounted = f'/proc/{store.process.pid}/root{tmp_path}'
    assert os.statvfs(mounted).f_bavail > 0
    # 64 kB are too few for the tables and their log.
    assert store.stop(500).endswith('lost=10')


def test_limit_of_file_size(start, path):
    """As a quota would have it."""
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE,
                           (200_000, resource.RLIM_INFINITY))

    store = start(path, preexec_fn=limit)
    store.put(range(2000))
    assert 'File too large' in store.until_trouble('full')['text']
    resource.prlimit(store.process.pid, resource.RLIMIT_FSIZE,
                     (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    store.until_fine()
    assert store.until_loaded() == 2000
    assert store.stop() == 'ok lost=0'
    assert sound(path)


# ---- another process holds it ----

def lock(path, *statements):
    db = sqlite3.connect(path, isolation_level=None)
    for statement in statements:
        db.execute(statement)
    return db


def test_locked_for_writing(start, path, filled):
    path.write_bytes(filled)
    store = start(path)
    other = lock(path, 'BEGIN IMMEDIATE')
    store.put([1], fetched=77)
    text = store.until_trouble('locked')['text']
    assert 'another process' in text and 'fuser' in text
    assert store.until_loaded() == ROWS  # reading goes on
    other.close()
    store.until_fine()
    assert store.ask('get', 'd1.example') == '77'
    assert list(store.news()) == ['store-failing', 'store-recovered']
    assert store.stop() == 'ok lost=0'


def test_locked_from_the_start(start, path, filled):
    """Nobody else may even read: it starts, and reads it all later."""
    path.write_bytes(filled)
    other = lock(path, 'PRAGMA locking_mode = EXCLUSIVE', 'BEGIN IMMEDIATE')
    store = start(path)
    assert store.state()['trouble'] == 'locked'
    assert store.ask('load').startswith('wait ')
    assert store.ask('get', 'd1.example').startswith('unknown ')
    assert store.ask('newest').startswith('unknown ')
    store.put([1], fetched=77)
    assert store.ask('delete', 'd2.example') == 'ok'
    time.sleep(1)
    assert store.state()['failing'] == 1
    other.close()
    store.until_fine()
    assert store.until_loaded() == ROWS - 1
    assert store.ask('get', 'd1.example') == '77'
    assert store.ask('get', 'd2.example') == 'none'
    assert store.stop() == 'ok lost=0'


# ---- damage ----

def overwritten(octets, at, length, what=None):
    what = random.Random(at).randbytes(length) if what is None else what
    return octets[:at] + what + octets[at + length:]


DAMAGE = {
    # octets -> octets, and how many rows it may cost
    'header': (lambda o: overwritten(o, 0, 100), 0),
    'first page': (lambda o: overwritten(o, 0, 4096), 0),
    'first page is zero': (lambda o: overwritten(o, 0, 4096, bytes(4096)), 0),
    'first 64 kB': (lambda o: overwritten(o, 0, 65536), 400),
    'a page': (lambda o: overwritten(o, len(o) // 8192 * 4096, 4096), 40),
    'every tenth page': (lambda o: b''.join(
        o[at:at + 4096] if at % 40960 else random.Random(at).randbytes(4096)
        for at in range(0, len(o), 4096)), ROWS // 5),
    'cut in the middle': (lambda o: o[:len(o) // 2 + 1000], ROWS * 2 // 3),
    'end is zero': (lambda o: o[:-40960] + bytes(40960), 300),
}


@pytest.mark.parametrize('damage', DAMAGE)
def test_damaged(start, path, filled, damage):
    """It starts, says so, keeps the file and all rows that are still there;
    every row that it gives is right (the driver sees to that)."""
    change, cost = DAMAGE[damage]
    octets = change(filled)
    path.write_bytes(octets)
    store = start(path)
    store.put([ROWS + 1])
    store.until(lambda s: s['generation'] == 2, 'is not rebuilt')
    store.until_fine()
    news = store.news()
    assert 'damaged' in news['store-failing']
    assert [name.read_bytes() for name in aside(path)] == [octets]
    assert str(aside(path)[0]) in news['store-rebuilt']
    rows = store.until_loaded()
    print(f'{damage}: {rows - 1} of {ROWS} rows')
    assert ROWS - cost <= rows - 1 <= ROWS
    assert store.ask('get', f'd{ROWS + 1}.example') == str(ROWS + 1)
    assert store.stop() == 'ok lost=0'
    assert sound(path)


def test_damaged_anywhere(start, path, filled):
    """A few octets at random places: nothing wrong ever comes out."""
    chance = random.Random(1)
    for _ in range(10):
        octets = filled
        for _ in range(chance.randrange(1, 30)):
            octets = overwritten(octets, chance.randrange(len(octets)),
                                 chance.randrange(1, 16))[:len(filled)]
        path.write_bytes(octets)
        store = start(path)
        store.until_loaded()
        store.put([1], fetched=99)
        store.until_fine()
        assert store.ask('get', 'd1.example') == '99'
        rows = store.until_loaded()
        print(f'{rows} of {ROWS} rows')
        assert ROWS - 900 <= rows <= ROWS
        assert store.stop() == 'ok lost=0'
        assert sound(path)
        for name in path.parent.iterdir():
            name.unlink()


def test_damaged_while_it_runs(start, path, filled):
    """Somebody overwrites the file under it."""
    path.write_bytes(filled)
    store = start(path)
    assert store.until_loaded() == ROWS
    with open(path, 'r+b') as file:
        file.write(random.Random(1).randbytes(len(filled)))
    store.put(range(1, ROWS, 7), fetched=99)
    store.until(lambda s: s['generation'] == 2, 'is not rebuilt')
    store.until_fine()
    assert 'store-rebuilt' in store.news()
    assert store.ask('get', 'd1.example') == '99'
    assert store.stop() == 'ok lost=0'
    assert sound(path)


def test_cut_to_nothing_while_it_runs(start, path, filled):
    path.write_bytes(filled)
    store = start(path)
    assert store.until_loaded() == ROWS
    os.truncate(path, 0)
    store.put(range(1, ROWS, 7), fetched=99)
    store.until(lambda s: s['generation'] == 2, 'is not rebuilt')
    store.until_fine()
    assert store.ask('get', 'd1.example') == '99'
    assert store.stop() == 'ok lost=0'
    assert sound(path)


# ---- places that it may not write to ----

def test_mounted_read_only(start, tmp_path, filled):
    """What is there is read; what is new stays in memory."""
    place = tmp_path / 'place'
    place.mkdir()
    path = place / 'cache.db'
    path.write_bytes(filled)
    store = start(path, namespace(f'mount --bind -o ro {place} {place}'))
    state = store.state()
    assert state['trouble'] == 'read-only'
    assert 'mount it for writing' in state['text']
    assert store.until_loaded() == ROWS
    assert store.ask('get', 'd1.example') == '1'
    assert store.ask('newest') == str(ROWS)
    store.put([1], fetched=99)
    time.sleep(1)
    state = store.state()
    assert (state['failing'], state['waiting']) == (1, 1)
    assert store.stop(300).endswith('lost=1')
    assert path.read_bytes() == filled


def as_nobody():
    """The words that run a command as a user who owns nothing here."""
    if os.geteuid() != 0:
        return []
    return ['setpriv', f'--reuid={NOBODY}', f'--regid={NOBODY}',
            '--clear-groups']


def test_folder_is_not_its_own(start, folder, filled):
    """Its mode forbids it; the message names both, and the way out."""
    place = folder.path / 'place'
    place.mkdir()
    path = place / 'cache.db'
    path.write_bytes(filled)
    path.chmod(0o666)
    place.chmod(0o555)
    store = start(path, as_nobody(), driver=folder.driver)
    state = store.state()
    assert state['trouble'] == 'denied'
    assert f'{place} belongs to uid {os.getuid()}' in state['text']
    assert 'this runs as uid' in state['text'] and 'chown' in state['text']
    assert store.until_loaded() == ROWS
    store.put([1], fetched=99)
    # Somebody mends it.
    place.chmod(0o777)
    store.until_fine()
    assert store.ask('get', 'd1.example') == '99'
    assert store.stop() == 'ok lost=0'


def test_file_is_not_its_own(start, folder, filled):
    """Nor may it read it: it does not take that for an empty one."""
    place = folder.path / 'place'
    place.mkdir()
    place.chmod(0o777)
    path = place / 'cache.db'
    path.write_bytes(filled)
    path.chmod(0o000)
    store = start(path, as_nobody(), driver=folder.driver)
    state = store.state()
    assert state['trouble'] == 'denied'
    assert f'{path} belongs to uid {os.getuid()}' in state['text']
    assert store.ask('load').startswith('wait ')
    assert store.ask('get', 'd1.example').startswith('unknown ')
    store.put([1], fetched=99)
    path.chmod(0o666)
    assert store.until_loaded() == ROWS
    store.until_fine()
    assert store.ask('get', 'd1.example') == '99'
    assert store.stop() == 'ok lost=0'


def test_folder_is_missing(start, tmp_path):
    path = tmp_path / 'place' / 'cache.db'
    store = start(path)
    state = store.state()
    assert state['trouble'] == 'missing'
    assert f'{tmp_path}/place' in state['text']
    assert 'create its folder' in state['text']
    assert store.until_loaded() == 0
    store.put([1])
    path.parent.mkdir()
    store.until_fine()
    assert store.stop() == 'ok lost=0'


# ---- what is for people to mend ----

@pytest.mark.parametrize('statement, words', [
    ('PRAGMA user_version = 99', 'install that version again'),
    ('PRAGMA application_id = 99', 'name another file')])
def test_refused(path, filled, statement, words):
    path.write_bytes(filled)
    lock(path, statement).close()
    before = path.read_bytes()
    done = subprocess.run([DRIVER, path], text=True, capture_output=True,
                          timeout=60, check=False)
    assert done.returncode == 1
    assert str(path) in done.stdout and words in done.stdout
    assert path.read_bytes() == before
