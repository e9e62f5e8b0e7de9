"""size_bench.py BUILD_DIR: the whole daemon with very many policies.

Called by run_size.sh. Starts mtasts-policyd on a database with a million
policies and on one with a thousand, both made by the store's own writer, and
compares them: time to the first answer, memory, answers spread over all of
the domains. README.md says what is measured and why.

Exit status 0 when every target is met, 1 when one is missed, 2 when the
bench itself failed.
"""
import argparse
import os
import pathlib
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time

from measured import BenchError, Targets, print_load
from policyd import LARGE_PAGES, Policyd

POLICIES = int(os.environ.get('BENCH_POLICIES', '1000000'))
FEW = int(os.environ.get('BENCH_FEW', '1000'))
ROUNDS = int(os.environ.get('BENCH_ROUNDS', '10'))
RUN_MS = int(os.environ.get('BENCH_MS', '500'))
CONNECTIONS = (10, 100)
PORT = 9001           # of the first daemon; the namespace is ours alone
LOAD_DEADLINE = 300   # seconds for all of them to be read
START_TARGET = 2.0    # seconds to the first answer
RESIDENT_TARGET = 700   # MB, of 10**6 octets
POLICY_TARGET = 400   # octets a policy beyond its text
RATE_TARGET = 0.9     # of that with few
# Names and replies as bench_store makes them; see socketmap_many.
KEY = '%.d#.example'
REPLY = ('OK secure match=mx1.mail.d#.example:mx2.mail.d#.example '
         'servername=hostname')
# One look-up at a time, which nobody answers: so the first question for a
# domain does not add the cost of looking at its record again.
OPTIONS = ('dane = off', 'match = patterns', 'discoveries = 1',
           'refreshes = 1')


def mixed(number):
    """bench_mixed() of bench.h, as `%` stands for it."""
    return f'{number * 2654435761 % 2**32:08x}'


def fill(pattern, number):
    return pattern.replace('%', mixed(number)).replace('#', str(number))


def huge_pages():
    """Whether the kernel gives memory in large pages by itself."""
    path = pathlib.Path('/sys/kernel/mm/transparent_hugepage/enabled')
    found = path.exists() and re.search(r'\[(\w+)\]', path.read_text('ascii'))
    return found[1] if found else 'unknown'


class Bench:
    """A database of each size, and daemons on them."""

    def __init__(self, build, folder):
        self.build = build
        self.folder = pathlib.Path(folder)
        self.port = PORT

    def make(self, count):
        """(folder of a daemon with so many policies, octets of their text)"""
        folder = self.folder / str(count)
        folder.mkdir()
        done = subprocess.run(
            [self.build / 'tests/bench/bench_store', 'make',
             folder / 'policyd.db', str(count)], check=True,
            capture_output=True, text=True)
        return folder, int(done.stdout.split()[2])

    def start(self, folder, count):
        """(daemon, seconds until its first answer, until all are read); the
        domain asked for is one that is read late."""
        daemon = Policyd(self.build, folder, options=OPTIONS,
                         tcp=f'inet:127.0.0.1:{self.port}',
                         environment=LARGE_PAGES)
        self.port += 1
        reply, first = daemon.first_answer(fill(KEY, count - 1))
        if reply != fill(REPLY, count - 1):
            raise BenchError(f'the first answer was: {reply}')
        line = daemon.wait('policies-loaded', LOAD_DEADLINE)
        loaded = time.monotonic() - daemon.begun
        # What was asked for meanwhile has been read twice.
        if int(re.search(r' policies=(\d+)', line)[1]) < count:
            raise BenchError(f'not all policies were read: {line}')
        return daemon, first, loaded

    def load(self, daemon, transport, connections, count):
        """(answers a second, p99, microseconds of CPU for one)"""
        address = daemon.tcp if transport == 'TCP' else daemon.address
        done = subprocess.run(
            [self.build / 'tests/bench/socketmap_many', address,
             str(connections), str(RUN_MS), str(daemon.pid), 'postfix', KEY,
             REPLY, str(count)], capture_output=True, text=True, check=False,
            timeout=60 + RUN_MS / 100)
        if done.returncode:
            raise BenchError(done.stderr.strip())
        rate, _, p99, cpu = map(float, done.stdout.split())
        return rate, p99, cpu


def bench_start(bench, count, targets):
    """A running daemon, and the octets of its policies."""
    folder, text = bench.make(count)
    daemon, first, loaded = bench.start(folder, count)
    print(f'\n{count} policies: first answer after {first:.2f} s, all read '
          f'after {loaded:.2f} s, {daemon.resident() / 1e6:.1f} MB resident '
          f'(at most {daemon.resident("VmHWM") / 1e6:.1f} MB)')
    targets.at_most('the first answer after', first, START_TARGET, ' s')
    return daemon, text


def bench_memory(few, many, targets):
    """(daemon, octets of text) each."""
    octets = many[0].resident() - few[0].resident() - (many[1] - few[1])
    targets.at_most('resident', many[0].resident('VmHWM') / 1e6,
                    RESIDENT_TARGET, ' MB', '.0f')
    targets.at_most('octets a policy beyond its text',
                    octets / (POLICIES - FEW), POLICY_TARGET, '', '.0f')


def bench_answers(bench, few, many, targets):
    for transport in ('TCP', 'UNIX'):
        for connections in CONNECTIONS:
            compare(bench, {FEW: few, POLICIES: many}, targets,
                    (transport, connections))


def compare(bench, daemons, targets, door):
    """Rounds in turn; the ratio is that of the best rounds."""
    rounds = {count: [] for count in daemons}
    for _ in range(ROUNDS):
        for count, daemon in daemons.items():
            rounds[count].append(bench.load(daemon, *door, count))
    print(f'\n{door[0]}, {door[1]} connections, domains at random, {ROUNDS} '
          f'rounds of {RUN_MS} ms in turn')
    best = {}
    for count, figures in rounds.items():
        rates, p99s, cpus = zip(*figures)
        best[count] = max(rates), min(cpus)
        print(f'  {count:>9} policies:{max(rates):>9.0f} answers/s '
              f'(median {statistics.median(rates):.0f}), p99 '
              f'{min(p99s):.1f} us, CPU {min(cpus):.2f} us')
    targets.at_least('answers/s against few',
                     best[POLICIES][0] / best[FEW][0], RATE_TARGET)
    print('  CPU of an answer against few: '
          f'{best[POLICIES][1] / best[FEW][1]:.2f}', flush=True)


def bench_all(build):
    targets = Targets()
    subprocess.run(['ip', 'link', 'set', 'lo', 'up'], check=True)
    with tempfile.TemporaryDirectory(prefix='mtasts-bench-') as folder:
        bench = Bench(build, folder)
        few, few_text = bench_start(bench, FEW, targets)
        with few:
            many, many_text = bench_start(bench, POLICIES, targets)
            with many:
                bench_memory((few, few_text), (many, many_text), targets)
                bench_answers(bench, few, many, targets)
                many.stop()
            few.stop()
    print(f'transparent huge pages: {huge_pages()}')
    print_load()
    return 1 if targets.missed else 0


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('build', type=pathlib.Path)
    build = parser.parse_args().build.resolve()
    start = time.monotonic()
    try:
        status = bench_all(build)
    except (RuntimeError, OSError, subprocess.SubprocessError) as error:
        print(f'run_size: {error}', file=sys.stderr)
        return 2
    print(f'\n{time.monotonic() - start:.0f} s in all')
    return status


if __name__ == '__main__':
    sys.exit(main())
