"""check_bench.py BUILD_DIR [--profile | --million]: the bulk check, measured.

Called by run_check.sh, in a network namespace of its own. Runs `mtasts
check` and the reference programs in turn over the same generated domains
with the same concurrency, takes medians, and prints tables with the ratios
against their targets. README.md says what is measured and why.

Exit status 0 when every target is met, 1 when one is missed, 2 when the
bench itself failed.
"""
import argparse
import dataclasses
import json
import os
import pathlib
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import world

JOBS = int(os.environ.get('BENCH_JOBS', '100'))
DOMAINS = int(os.environ.get('BENCH_DOMAINS', '20000'))
# The first is the one for everything, the others only for what fetches.
CHAINS = os.environ.get('BENCH_CHAIN', 'p384 p256').split()
ROUNDS = int(os.environ.get('BENCH_ROUNDS', '3'))
RUN_DEADLINE = 600    # seconds for one run of one program
MILLION_DEADLINE = 3600
NONE_TARGET = 2.0     # of libunbound alone: CPU and wall
STS_TARGET = 1.25     # of libcurl alone: CPU
MEMORY_TARGET = 100   # MB
FLAT_TARGET = 1.10    # peak of the longer list against the shorter one
FETCH_EVERY = 50      # in the lists for memory, one domain in so many
ERROR_TAIL = 2000     # octets shown of what a program complained of
COUNTED = (50, 250)   # domains under callgrind: the difference is divided
COUNTED_JOBS = 10     # at once: the start is over before the first 50
PROFILE_LINES = 40


@dataclasses.dataclass
class Run:
    """One run of one program: seconds, seconds of CPU, peak MB."""
    wall: float
    cpu: float
    peak: float


class BenchError(RuntimeError):
    """The bench could not be run, or a program did not do its work."""


class Peak(threading.Thread):
    """Follows the peak memory of a process until it ends."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.status = pathlib.Path(f'/proc/{pid}/status')
        self.megabytes = 0.0
        self.over = threading.Event()

    def run(self):
        while not self.over.wait(0.05):
            try:
                found = re.search(r'VmHWM:\s+(\d+) kB',
                                  self.status.read_text(encoding='ascii'))
            except OSError:
                return
            if found:
                self.megabytes = max(self.megabytes, int(found[1]) / 1024)


def run(command, ok=(0,), output=os.devnull, deadline=RUN_DEADLINE):
    """Runs `command` to its end; its CPU is that of its process alone."""
    command = [os.fspath(part) for part in command]
    start = time.monotonic()
    with open(output, 'wb') as file, tempfile.TemporaryFile() as errors:
        # pylint: disable=consider-using-with
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                   stdout=file, stderr=errors)
        result = watch(process, start, deadline)
        if process.returncode not in ok:
            errors.seek(max(0, errors.seek(0, os.SEEK_END) - ERROR_TAIL))
            raise BenchError(f'{" ".join(command)}: exit '
                             f'{process.returncode}\n'
                             f'{errors.read().decode(errors="replace")}')
    return result


def watch(process, start, deadline):
    """Waits for the end of `process` and says what it took."""
    timer = threading.Timer(deadline, process.kill)
    peak = Peak(process.pid)
    timer.start()
    peak.start()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    timer.cancel()
    peak.over.set()
    peak.join()
    return Run(wall, usage.ru_utime + usage.ru_stime, peak.megabytes)


class Bench:
    """The programs, as commands over a list of domains."""

    def __init__(self, build, here, jobs=JOBS):
        self.build = pathlib.Path(build).resolve()
        self.world = here
        self.jobs = str(jobs)

    def program(self, name):
        return self.build / 'tests' / 'bench' / name

    def list_of(self, kind, numbers):
        """A file of work, a line a number: none, sts, fetch or many."""
        path = self.world.dir / f'{kind}-{numbers.start}-{numbers.stop}'
        if not path.exists():
            with open(path, 'w', encoding='ascii') as file:
                file.writelines(work_line(kind, n) for n in numbers)
        return path

    def mtasts(self, kind, numbers):
        return [self.build / 'mtasts', 'check', '--from',
                self.list_of(kind, numbers), '--ndjson', '--no-smtp',
                '--jobs', self.jobs, '--resolver', self.world.resolver,
                '--trust-anchor', self.world.trust_anchor,
                '--ca-file', self.world.ca_file, '--allow-private']

    def unbound(self, kind, numbers):
        return [self.program('bench_unbound'), self.world.resolver,
                self.world.trust_anchor, self.jobs,
                self.list_of(kind, numbers), kind]

    def curl(self, numbers):
        return [self.program('bench_curl'), self.world.ca_file, self.jobs,
                self.list_of('fetch', numbers)]

    def openssl(self, numbers):
        return [self.program('bench_openssl'), self.world.ca_file, self.jobs,
                self.list_of('fetch', numbers)]

    def check(self, kind, numbers, deadline=RUN_DEADLINE):
        """Runs mtasts and looks at what it wrote."""
        output = self.world.dir / 'output.ndjson'
        result = run(self.mtasts(kind, numbers), (0, 1, 2), output, deadline)
        verify_output(output, kind, len(numbers))
        return result


def work_line(kind, number):
    if kind == 'none':
        return world.none_domain(number) + '\n'
    if kind == 'sts':
        return world.sts_domain(number) + '\n'
    if kind == 'fetch':
        return (f'mta-sts.{world.sts_domain(number)} '
                f'{world.host_address(number)}\n')
    if number % FETCH_EVERY == 0:
        return world.sts_domain(number // FETCH_EVERY % DOMAINS) + '\n'
    return world.many_domain(number) + '\n'


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


def in_turn(programs):
    """Runs every program in each round, A B A B; name -> its Runs."""
    runs = {name: [] for name in programs}
    for _ in range(ROUNDS):
        for name, start in programs.items():
            runs[name].append(start(range(DOMAINS)))
    return runs


def ratio_of(part, ours, theirs):
    """The median over the rounds: what disturbs one disturbs both."""
    return statistics.median(getattr(a, part) / getattr(b, part)
                             for a, b in zip(ours, theirs))


class Targets:
    """Prints ratios against targets and remembers whether one was missed."""

    def __init__(self):
        self.missed = 0

    def ratio(self, what, value, target):
        self._verdict(f'{what}: {value:.2f} (target {target:.2f})',
                      value <= target)

    def memory(self, what, megabytes):
        self._verdict(f'{what}: {megabytes:.1f} MB '
                      f'(target {MEMORY_TARGET} MB)',
                      megabytes < MEMORY_TARGET)

    def _verdict(self, text, good):
        self.missed += not good
        print(f'  {text:<64} {"ok" if good else "MISS"}')


def print_runs(runs):
    print(f'  {"program":<30}{"domains/s":>10}{"wall us":>10}{"CPU us":>10}'
          f'{"peak MB":>10}')
    for name, of in runs.items():
        wall = statistics.median(r.wall for r in of)
        cpu = statistics.median(r.cpu for r in of)
        print(f'  {name:<30}{DOMAINS / wall:>10.0f}'
              f'{wall / DOMAINS * 1e6:>10.0f}'
              f'{cpu / DOMAINS * 1e6:>10.0f}{max(r.peak for r in of):>10.1f}',
              flush=True)


def bench_none(bench, targets):
    print(f'\nDomains without records: {DOMAINS}, {JOBS} at once; medians of '
          f'{ROUNDS} rounds, a domain')
    floor, ours = 'libunbound, same queries', 'mtasts check'
    runs = in_turn({
        floor: lambda numbers: run(bench.unbound('none', numbers)),
        ours: lambda numbers: bench.check('none', numbers),
    })
    print_runs(runs)
    for part, what in (('cpu', 'CPU'), ('wall', 'wall')):
        targets.ratio(f'{what} against libunbound',
                      ratio_of(part, runs[ours], runs[floor]), NONE_TARGET)
    return max(r.peak for r in runs[ours])


def bench_sts(bench, targets):
    print(f'\nDomains with record and policy: {DOMAINS}, {JOBS} at once; '
          f'medians of {ROUNDS} rounds, a domain; chain {bench.world.chain}')
    openssl, curl = 'OpenSSL, fetch only', 'libcurl, fetch only'
    unbound, ours = 'libunbound, DNS only', 'mtasts check'
    runs = in_turn({
        openssl: lambda numbers: run(bench.openssl(numbers)),
        curl: lambda numbers: run(bench.curl(numbers)),
        unbound: lambda numbers: run(bench.unbound('sts', numbers)),
        ours: lambda numbers: bench.check('sts', numbers),
    })
    print_runs(runs)
    targets.ratio('CPU against libcurl (fetch only)',
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
    targets.memory('peak', max(peaks))
    targets.ratio('longest list against the one before',
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
    print(f'\n{time.monotonic() - start:.0f} s in all')
    return status


if __name__ == '__main__':
    sys.exit(main())
