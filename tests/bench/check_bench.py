"""check_bench.py BUILD_DIR [--profile | --million]: the bulk check, measured.

Called by run_check.sh, in a network namespace of its own. Runs `mtasts
check` and the reference programs in turn over the same generated domains
with the same concurrency, takes medians, and prints tables with the ratios
against their targets. README.md says what is measured and why.

Exit status 0 when every target is met, 1 when one is missed, 2 when the
bench itself failed.
"""
import argparse
import json
import os
import re
import signal
import subprocess
import sys
import time

import floors
import world
from floors import FETCH_EVERY
from measured import (RUN_DEADLINE, BenchError, Run, Targets, in_turn,
                      print_load, print_runs, ratio_of, run)

JOBS = int(os.environ.get('BENCH_JOBS', '100'))
DOMAINS = int(os.environ.get('BENCH_DOMAINS', '20000'))
# The first is the one for everything, the others only for what fetches.
CHAINS = os.environ.get('BENCH_CHAIN', 'p384 p256').split()
ROUNDS = int(os.environ.get('BENCH_ROUNDS', '3'))
MILLION_DEADLINE = 3600
NONE_TARGET = 2.0     # of libunbound alone: CPU and wall
STS_TARGET = 1.25     # of libcurl alone: CPU
MEMORY_TARGET = 100   # MB
FLAT_TARGET = 1.10    # peak of the longer list against the shorter one
COUNTED = (50, 250)   # domains under callgrind: the difference is divided
COUNTED_JOBS = 10     # at once: the start is over before the first 50
PROFILE_LINES = 40


class Bench(floors.Floors):
    """The floors, and the check."""

    def __init__(self, build, here, jobs=JOBS):
        super().__init__(build, here, jobs)

    def mtasts(self, kind, numbers):
        return [self.build / 'mtasts', 'check', '--from',
                self.list_of(kind, numbers), '--ndjson', '--no-smtp',
                '--jobs', self.jobs, '--resolver', self.world.resolver,
                '--trust-anchor', self.world.trust_anchor,
                '--ca-file', self.world.ca_file, '--allow-private']

    def check(self, kind, numbers, deadline=RUN_DEADLINE):
        """Runs mtasts and looks at what it wrote."""
        output = self.world.dir / 'output.ndjson'
        result = run(self.mtasts(kind, numbers), (0, 1, 2), output, deadline)
        verify_output(output, kind, len(numbers))
        return result


def verify_output(path, kind, count):
    """Every domain once, and each with the protection its kind has."""
    seen = set()
    wrong = 0
    with open(path, encoding='utf-8') as file:
        for line in file:
            report = json.loads(line)
            seen.add(report['domain'])
            expected = 'full' if '.sts.' in report['domain'] else 'none'
            wrong += report['verdict']['protection'] != expected
    repeated = count // FETCH_EVERY > DOMAINS and kind == 'many'
    if wrong or (len(seen) != count and not repeated):
        raise BenchError(f'{kind}: {len(seen)} of {count} domains, '
                         f'{wrong} with another verdict than expected')


def bench_none(bench, targets):
    print(f'\nDomains without records: {DOMAINS}, {JOBS} at once; medians of '
          f'{ROUNDS} rounds, a domain')
    floor, ours = 'libunbound, same queries', 'mtasts check'
    runs = in_turn({
        floor: lambda: run(bench.unbound('none', range(DOMAINS))),
        ours: lambda: bench.check('none', range(DOMAINS)),
    }, ROUNDS)
    print_runs(runs, DOMAINS)
    for part, what in (('cpu', 'CPU'), ('wall', 'wall')):
        targets.at_most(f'{what} against libunbound',
                      ratio_of(part, runs[ours], runs[floor]), NONE_TARGET)
    return max(r.peak for r in runs[ours])


def bench_sts(bench, targets):
    print(f'\nDomains with record and policy: {DOMAINS}, {JOBS} at once; '
          f'medians of {ROUNDS} rounds, a domain; chain {bench.world.chain}')
    openssl, curl = 'OpenSSL, fetch only', 'libcurl, fetch only'
    unbound, ours = 'libunbound, DNS only', 'mtasts check'
    runs = in_turn({
        openssl: lambda: run(bench.openssl(range(DOMAINS))),
        curl: lambda: run(bench.curl(range(DOMAINS))),
        unbound: lambda: run(bench.unbound('sts', range(DOMAINS))),
        ours: lambda: bench.check('sts', range(DOMAINS)),
    }, ROUNDS)
    print_runs(runs, DOMAINS)
    targets.at_most('CPU against libcurl (fetch only)',
                  ratio_of('cpu', runs[ours], runs[curl]), STS_TARGET)
    both = [Run(a.wall + b.wall, a.cpu + b.cpu, 0)
            for a, b in zip(runs[curl], runs[unbound])]
    print('  CPU against libcurl and libunbound together: '
          f'{ratio_of("cpu", runs[ours], both):.2f}')


def bench_memory(bench, targets, smaller, counts):
    print(f'\nPeak memory by length of the list (one domain in {FETCH_EVERY} '
          'with record and policy)')
    print(f'  {DOMAINS:>9} domains: {smaller:.1f} MB')
    peaks = [smaller]
    for count in counts:
        result = bench.check('many', range(count), MILLION_DEADLINE)
        peaks.append(result.peak)
        print(f'  {count:>9} domains: {result.peak:.1f} MB in '
              f'{result.wall:.0f} s ({count / result.wall:.0f} domains/s)',
              flush=True)
    targets.at_most('peak', max(peaks), MEMORY_TARGET, ' MB', '.1f')
    targets.at_most('longest list against the one before',
                  peaks[-1] / peaks[-2], FLAT_TARGET)


# ---- instructions ----

def instructions(bench, command, annotate=False):
    """Instructions in user space of one run, counted by callgrind."""
    out = bench.world.dir / 'callgrind.out'
    run(['valgrind', '--tool=callgrind', '-q', '--error-exitcode=99',
         f'--callgrind-out-file={out}', *command], (0, 1, 2))
    if annotate:
        text = subprocess.run(['callgrind_annotate', out], check=True,
                              capture_output=True, text=True).stdout
        print('\n'.join(text.splitlines()[:PROFILE_LINES]))
    found = re.search(r'^(?:summary|totals): (\d+)', out.read_text(), re.M)
    if not found:
        raise BenchError('callgrind counted nothing')
    return int(found[1])


def instructions_a_domain(bench, command_of):
    few, more = (instructions(bench, command_of(range(count)))
                 for count in COUNTED)
    return (more - few) / (COUNTED[1] - COUNTED[0])


def bench_instructions(bench, fetches_only):
    bench = Bench(bench.build, bench.world, COUNTED_JOBS)
    print(f'\nInstructions in user space a domain (callgrind, '
          f'{COUNTED[1]} domains less {COUNTED[0]}; chain '
          f'{bench.world.chain})')
    dns = [
        ('no records: libunbound', lambda r: bench.unbound('none', r)),
        ('no records: mtasts check', lambda r: bench.mtasts('none', r)),
        ('policy: libunbound, DNS only', lambda r: bench.unbound('sts', r))]
    fetches = [
        ('policy: OpenSSL, fetch only', bench.openssl),
        ('policy: libcurl, fetch only', bench.curl),
        ('policy: mtasts check', lambda r: bench.mtasts('sts', r))]
    for name, command_of in fetches if fetches_only else dns + fetches:
        count = instructions_a_domain(bench, command_of)
        print(f'  {name:<30}{count / 1000:>10.0f} k', flush=True)


def profile(bench):
    bench = Bench(bench.build, bench.world, COUNTED_JOBS)
    for kind in ('none', 'sts'):
        print(f'\nWhere instructions go: {kind}, {COUNTED[1]} domains')
        instructions(bench, bench.mtasts(kind, range(COUNTED[1])), annotate=True)


# ---- start ----

def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('build', help='a build folder with tests')
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument('--profile', action='store_true',
                      help='only: where instructions go')
    mode.add_argument('--million', action='store_true',
                      help='only: memory at 100,000 and 1,000,000 lines')
    return parser.parse_args()


def bench_whole(bench, targets):
    few = bench_none(bench, targets)
    bench_sts(bench, targets)
    bench_memory(bench, targets, few, (100_000,))
    bench_instructions(bench, fetches_only=False)


def bench_fetches(bench, targets):
    bench_sts(bench, targets)
    bench_instructions(bench, fetches_only=True)


def bench_million(bench, targets):
    few = bench.check('none', range(DOMAINS)).peak
    bench_memory(bench, targets, few, (100_000, 1_000_000))


def in_world(options, chain, part, targets):
    with world.World(options.build, DOMAINS, chain) as here:
        part(Bench(options.build, here), targets)


def bench_all(options):
    targets = Targets()
    first, *others = CHAINS
    if options.profile:
        in_world(options, first, lambda bench, _: profile(bench), targets)
    elif options.million:
        in_world(options, first, bench_million, targets)
    else:
        in_world(options, first, bench_whole, targets)
        for chain in others:
            in_world(options, chain, bench_fetches, targets)
    return 1 if targets.missed else 0


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))
    options = arguments()
    start = time.monotonic()
    if not CHAINS or set(CHAINS) - set(world.CHAINS):
        print(f'run_check: BENCH_CHAIN: some of {" ".join(world.CHAINS)}',
              file=sys.stderr)
        return 2
    try:
        status = bench_all(options)
    except (RuntimeError, OSError, subprocess.SubprocessError) as error:
        print(f'run_check: {error}', file=sys.stderr)
        return 2
    print_load()
    print(f'\n{time.monotonic() - start:.0f} s in all')
    return status


if __name__ == '__main__':
    sys.exit(main())
