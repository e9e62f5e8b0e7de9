"""cold_bench.py BUILD_DIR [--profile]: domains that the daemon does not know.

Called by run_cold.sh, in a network namespace of its own. Asks mtasts-policyd
about generated domains, each once, through its socketmap, in turn with the
reference programs, which do a part of the work for the same domains; then
many askers of one domain, a policy host in a black hole, and refreshes.
README.md says what is measured and why.

Exit status 0 when every target is met, 1 when one is missed, 2 when the
bench itself failed.
"""
import argparse
import dataclasses
import os
import signal
import statistics
import subprocess
import sys
import time

import floors
import world
from measured import (RUN_DEADLINE, BenchError, Run, Targets, in_turn,
                      print_load, print_runs, ratio_of, run)
from policyd import SETTLE, Policyd

JOBS = int(os.environ.get('BENCH_JOBS', '100'))
DOMAINS = int(os.environ.get('BENCH_DOMAINS', '10000'))
# The first is the one for everything, the others only for the ratio.
CHAINS = os.environ.get('BENCH_CHAIN', 'p384 p256').split()
ROUNDS = int(os.environ.get('BENCH_ROUNDS', '3'))
MORE = int(os.environ.get('BENCH_MORE', '2000'))   # domains of other runs
COLD_TARGET = 1.25    # of libcurl alone: CPU
ASKERS = 100          # of one domain
DEADLINE = 2          # seconds that an asker waits for the black hole
LATE = 0.5            # seconds more that it may take on a busy machine
AT_ONCE = 0.25        # seconds: an answer that waits for nothing
A_DAY = 100_000       # policies refreshed a day
REFRESH_TARGET = 2.0  # percent of a core for them
REFRESH_BATCH = 100   # ordered at once
PROFILE_LINES = 60


@dataclasses.dataclass
class Kind:
    """Domains to ask for, the right reply, and the daemon's options."""
    name: str
    key: str
    reply: str
    options: tuple


def names(pattern):
    return f'OK secure match={pattern} servername=hostname'


STS, DANE = world.sts_domain('#'), world.dane_domain('#')
OFF = ('dane = off', 'match = patterns')
PATTERNS = Kind('mtasts-policyd, patterns', STS,
                names(f'mx.{STS}:mx2.{STS}'), OFF)
HOSTS = Kind('mtasts-policyd, hosts', STS, names(f'mx.{STS}'),
             ('dane = off', 'match = hosts'))
SIGNED = Kind('signed zone, patterns', DANE, names(f'mx.{DANE}:mx2.{DANE}'),
              OFF)
SECURE = Kind('signed zone, DANE', DANE, 'OK dane-only',
              ('dane = on', 'match = patterns'))


class Bench(floors.Floors):
    """The floors, and daemons that know nothing yet."""

    def __init__(self, build, here):
        super().__init__(build, here, JOBS)
        self.started = 0

    def daemon(self, options):
        self.started += 1
        folder = self.world.dir / f'policyd-{self.started}'
        daemon = Policyd(self.build, folder, self.world, options)
        daemon.wait()
        return daemon

    def ask_all(self, daemon, kind, count, connections=JOBS):
        """Asks for `count` domains, each once; every reply must be right."""
        done = subprocess.run(
            [self.program('socketmap_many'), daemon.address,
             str(connections), '0', str(daemon.pid), 'postfix', kind.key,
             kind.reply, str(count)], capture_output=True, text=True,
            check=False, timeout=RUN_DEADLINE)
        if done.returncode:
            raise BenchError(done.stderr.strip())

    def fetches(self, work, count):
        """Runs work(), which must fetch so many policies."""
        before = self.world.given()
        result = work()
        given = self.world.given() - before
        if given != count:
            raise BenchError(f'{given} fetches instead of {count}')
        return result

    def cold(self, kind, count):
        """One life of a daemon that is asked for all of them. Its CPU is
        that of the whole life, its start and end and what is written behind
        included; the time is that of the answers."""
        with self.daemon(kind.options) as daemon:
            begun = time.monotonic()
            self.fetches(lambda: self.ask_all(daemon, kind, count), count)
            wall = time.monotonic() - begun
            time.sleep(SETTLE)
            life = daemon.stop()
        return Run(wall, life.cpu, life.peak)


# ---- the cost of a domain ----

def bench_cold(bench, targets):
    print(f'\nDomains with a policy that are not known: {DOMAINS}, {JOBS} at '
          f'once; medians of {ROUNDS} rounds, a domain; chain '
          f'{bench.world.chain}')
    openssl, curl = 'OpenSSL, fetch only', 'libcurl, fetch only'
    unbound, ours = 'libunbound, DNS only', PATTERNS.name
    numbers = range(DOMAINS)
    runs = in_turn({
        openssl: lambda: run(bench.openssl(numbers)),
        curl: lambda: run(bench.curl(numbers)),
        ours: lambda: bench.cold(PATTERNS, DOMAINS),
        unbound: lambda: run(bench.unbound('policyd', numbers)),
    }, ROUNDS)
    print_runs(runs, DOMAINS)
    targets.at_most('CPU against libcurl (fetch only)',
                    ratio_of('cpu', runs[ours], runs[curl]), COLD_TARGET)
    both = [Run(a.wall + b.wall, a.cpu + b.cpu, 0)
            for a, b in zip(runs[curl], runs[unbound])]
    print('  CPU against libcurl and libunbound together: '
          f'{ratio_of("cpu", runs[ours], both):.2f}; libcurl against '
          f'OpenSSL: {ratio_of("cpu", runs[curl], runs[openssl]):.2f}')


def bench_kinds(bench):
    print(f'\nWhat hosts and DANE cost: {MORE} domains, {JOBS} at once; '
          f'medians of {ROUNDS} rounds, a domain')
    kinds = (PATTERNS, HOSTS, SIGNED, SECURE)
    runs = in_turn({kind.name: lambda kind=kind: bench.cold(kind, MORE)
                    for kind in kinds}, ROUNDS)
    print_runs(runs, MORE)
    for what, dear, cheap in (('hosts', HOSTS, PATTERNS),
                              ('DANE', SECURE, SIGNED)):
        cost = statistics.median(
            a.cpu - b.cpu for a, b in zip(runs[dear.name], runs[cheap.name]))
        print(f'  CPU of {what}: {cost / MORE * 1e6:.0f} us a domain, ratio '
              f'{ratio_of("cpu", runs[dear.name], runs[cheap.name]):.2f}')


# ---- askers who wait ----

def bench_askers(bench):
    """One fetch, however many ask."""
    one = Kind('', world.sts_domain(0), PATTERNS.reply.replace('#', '0'), OFF)
    with bench.daemon(OFF) as daemon:
        bench.fetches(
            lambda: bench.ask_all(daemon, one, ASKERS, connections=ASKERS), 1)
        daemon.stop()
    print(f'\n{ASKERS} askers of one domain that is not known: 1 fetch')


def bench_hole(bench, targets):
    options = (*OFF, f'discovery-deadline = {DEADLINE}s',
               f'discovery-limit = {DEADLINE + 1}s', 'slow-discovery = 1s')
    waits = []
    with bench.daemon(options) as daemon:
        # While it is still being found out, and when that has been given up.
        for pause in (0, 0, DEADLINE):
            time.sleep(pause)
            begun = time.monotonic()
            reply = daemon.ask('hole.bench')
            waits.append(time.monotonic() - begun)
            if not reply.startswith('NOTFOUND'):
                raise BenchError(f'black hole: {reply}')
        daemon.stop()
    if waits[0] < DEADLINE * 0.9:
        raise BenchError(f'the black hole answered in {waits[0]:.2f} s')
    print(f'\nA policy host in a black hole, discovery-deadline {DEADLINE} s')
    targets.at_most('the first asker waits', waits[0], DEADLINE + LATE, ' s')
    targets.at_most('the slowest of those after it', max(waits[1:]), AT_ONCE,
                    ' s', '.3f')


# ---- refreshes ----

def order(bench, daemon, count):
    """Has the daemon fetch again what it has, some at a time."""
    connection = daemon.http()
    done = bench.world.given()
    for first in range(0, count, REFRESH_BATCH):
        batch = range(first, min(count, first + REFRESH_BATCH))
        for n in batch:
            connection.request('POST', f'/v1/refresh/{world.sts_domain(n)}')
            answer = connection.getresponse()
            answer.read()
            if answer.status >= 300:
                raise BenchError(f'refresh: HTTP status {answer.status}')
        done += len(batch)
        end = time.monotonic() + RUN_DEADLINE
        while bench.world.given() < done:
            if time.monotonic() > end:
                raise BenchError('refreshes do not come to an end')
            time.sleep(0.02)
    connection.close()


def bench_refresh(bench, targets):
    with bench.daemon(OFF) as daemon:
        bench.ask_all(daemon, PATTERNS, MORE)
        time.sleep(SETTLE)
        before = daemon.cpu()
        bench.fetches(lambda: order(bench, daemon, MORE), MORE)
        time.sleep(SETTLE)
        each = (daemon.cpu() - before) / MORE
        daemon.stop()
    print(f'\nRefreshes: {MORE}, each ordered over HTTP: {each * 1e6:.0f} us '
          'of CPU each')
    targets.at_most(f'{A_DAY} spread over a day take, of a core',
                    A_DAY * each / 86400 * 100, REFRESH_TARGET, ' %')


# ---- profile ----

def profile(bench):
    with bench.daemon(OFF) as daemon:
        data = bench.world.dir / 'perf.data'
        with subprocess.Popen(
                ['perf', 'record', '-q', '-F', '1999', '-p', str(daemon.pid),
                 '-o', data]) as recorder:
            time.sleep(1)
            bench.ask_all(daemon, PATTERNS, DOMAINS)
            recorder.send_signal(signal.SIGINT)
        daemon.stop()
    for sort in ('dso', 'dso,symbol'):
        text = subprocess.run(
            ['perf', 'report', '-q', '--stdio', '--no-children', '--sort',
             sort, '-i', data], check=True, capture_output=True,
            text=True).stdout
        print('\n'.join(text.splitlines()[:PROFILE_LINES]))


# ---- start ----

def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('build', help='a build folder with tests')
    parser.add_argument('--profile', action='store_true',
                        help='only: where the CPU goes (perf)')
    return parser.parse_args()


def bench_whole(bench, targets):
    bench_cold(bench, targets)
    bench_kinds(bench)
    bench_askers(bench)
    bench_hole(bench, targets)
    bench_refresh(bench, targets)


def in_world(options, chain, part, dane=0):
    with world.World(options.build, max(DOMAINS, MORE), chain, dane) as here:
        part(Bench(options.build, here))


def bench_all(options):
    targets = Targets()
    first, *others = CHAINS
    if options.profile:
        in_world(options, first, profile)
        return 0
    in_world(options, first, lambda bench: bench_whole(bench, targets), MORE)
    for chain in others:
        in_world(options, chain, lambda bench: bench_cold(bench, targets))
    print_load()
    return 1 if targets.missed else 0


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))
    options = arguments()
    start = time.monotonic()
    if not CHAINS or set(CHAINS) - set(world.CHAINS):
        print(f'run_cold: BENCH_CHAIN: some of {" ".join(world.CHAINS)}',
              file=sys.stderr)
        return 2
    try:
        status = bench_all(options)
    except (RuntimeError, OSError, subprocess.SubprocessError) as error:
        print(f'run_cold: {error}', file=sys.stderr)
        return 2
    print(f'\n{time.monotonic() - start:.0f} s in all')
    return status


if __name__ == '__main__':
    sys.exit(main())
