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
import threading
import time

import world

JOBS = int(os.environ.get('BENCH_JOBS', '100'))
DOMAINS = int(os.environ.get('BENCH_DOMAINS', '20000'))
ROUNDS = int(os.environ.get('BENCH_ROUNDS', '3'))
RUN_DEADLINE = 600    # seconds for one run of one program
MILLION_DEADLINE = 3600
NONE_TARGET = 2.0     # of libunbound alone: CPU and wall
STS_TARGET = 1.25     # of libcurl alone: CPU
MEMORY_TARGET = 100   # MB
FLAT_TARGET = 1.10    # peak of the longer list against the shorter one
FETCH_EVERY = 50      # in the lists for memory, one domain in so many
COUNTED = (50, 250)   # domains under callgrind: the difference is divided
COUNTED_JOBS = 10     # at once: the start is over before the first 50
PROFILE_LINES = 40


@dataclasses.dataclass
class Run:
    """One run of one program: seconds, seconds of CPU, peak MB."""
    wall: float
    cpu: float
    peak: float
    output: str


class BenchError(Exception):
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


def run(command, ok=(0,), output=None, deadline=RUN_DEADLINE):
    """Runs `command` to its end; its CPU is that of its process alone."""
    command = [os.fspath(part) for part in command]
    start = time.monotonic()
    with open(output or '/dev/null', 'w+', encoding='utf-8') as file:
        # pylint: disable=consider-using-with
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                   stdout=file)
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
    if process.returncode not in ok:
        raise BenchError(f'{" ".join(command)}: exit {process.returncode}')
    return Run(wall, usage.ru_utime + usage.ru_stime, peak.megabytes, output)


class Bench:
    """The programs, as commands over a list of domains."""

    def __init__(self, build, here, jobs=JOBS):
        self.build = pathlib.Path(build).resolve()
        self.world = here
        self.jobs = str(jobs)
        self.lists = {}

    def program(self, name):
        return self.build / 'tests' / 'bench' / name

    def list_of(self, kind, count):
        """A file of `count` lines of work: none, sts, fetch or many."""
        if (kind, count) not in self.lists:
            path = self.world.dir / f'{kind}-{count}'
            with open(path, 'w', encoding='ascii') as file:
                file.writelines(work_line(kind, n) for n in range(count))
            self.lists[kind, count] = path
        return self.lists[kind, count]

    def mtasts(self, kind, count):
        return [self.build / 'mtasts', 'check', '--from',
                self.list_of(kind, count), '--ndjson', '--no-smtp',
                '--jobs', self.jobs, '--resolver', self.world.resolver,
                '--trust-anchor', self.world.trust_anchor,
                '--ca-file', self.world.ca_file, '--allow-private']

    def unbound(self, kind, count):
        return [self.program('bench_unbound'), self.world.resolver,
                self.world.trust_anchor, self.jobs,
                self.list_of(kind, count), kind]

    def curl(self, count):
        return [self.program('bench_curl'), self.world.ca_file, self.jobs,
                self.list_of('fetch', count)]

    def openssl(self, count):
        return [self.program('bench_openssl'), self.world.ca_file, self.jobs,
                self.list_of('fetch', count)]

    def check(self, kind, count, deadline=RUN_DEADLINE):
        """Runs mtasts and looks at what it wrote."""
        output = self.world.dir / 'output.ndjson'
        result = run(self.mtasts(kind, count), (0, 1, 2), output, deadline)
        verify_output(output, kind, count)
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
    """Runs every program ROUNDS times, A B A B; name -> median Run."""
    runs = {name: [] for name in programs}
    for _ in range(ROUNDS):
        for name, start in programs.items():
            runs[name].append(start())
    return {name: Run(statistics.median(r.wall for r in of),
                      statistics.median(r.cpu for r in of),
                      max(r.peak for r in of), of[0].output)
            for name, of in runs.items()}


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


def print_runs(runs, count):
    print(f'  {"program":<30}{"domains/s":>10}{"wall us":>10}{"CPU us":>10}'
          f'{"peak MB":>10}')
    for name, one in runs.items():
        print(f'  {name:<30}{count / one.wall:>10.0f}'
              f'{one.wall / count * 1e6:>10.0f}{one.cpu / count * 1e6:>10.0f}'
              f'{one.peak:>10.1f}')


def bench_none(bench, targets):
    print(f'\nDomains without records: {DOMAINS}, {JOBS} at once, '
          f'median of {ROUNDS}; each figure a domain')
    runs = in_turn({
        'libunbound, same queries': lambda: run(
            bench.unbound('none', DOMAINS)),
        'mtasts check': lambda: bench.check('none', DOMAINS)})
    print_runs(runs, DOMAINS)
    floor, ours = runs.values()
    targets.ratio('CPU against libunbound', ours.cpu / floor.cpu, NONE_TARGET)
    targets.ratio('wall against libunbound', ours.wall / floor.wall,
                  NONE_TARGET)
    return ours.peak


def bench_sts(bench, targets):
    print(f'\nDomains with record and policy: {DOMAINS}, {JOBS} at once, '
          f'median of {ROUNDS}; each figure a domain')
    runs = in_turn({
        'OpenSSL, fetch only': lambda: run(bench.openssl(DOMAINS)),
        'libcurl, fetch only': lambda: run(bench.curl(DOMAINS)),
        'libunbound, DNS only': lambda: run(bench.unbound('sts', DOMAINS)),
        'mtasts check': lambda: bench.check('sts', DOMAINS)})
    print_runs(runs, DOMAINS)
    _, curl, unbound, ours = runs.values()
    targets.ratio('CPU against libcurl (fetch only)', ours.cpu / curl.cpu,
                  STS_TARGET)
    print(f'  {"CPU against libcurl + libunbound":<30}: '
          f'{ours.cpu / (curl.cpu + unbound.cpu):.2f}')


def bench_memory(bench, targets, smaller, counts):
    print(f'\nPeak memory by length of the list (one domain in {FETCH_EVERY} '
          'with record and policy)')
    print(f'  {DOMAINS:>9} domains: {smaller:.1f} MB')
    peaks = []
    for count in counts:
        result = bench.check('many', count, MILLION_DEADLINE)
        peaks.append(result.peak)
        print(f'  {count:>9} domains: {result.peak:.1f} MB in '
              f'{result.wall:.0f} s ({count / result.wall:.0f} domains/s)',
              flush=True)
    targets.memory('peak', max(peaks))
    targets.ratio('longest list against the one before',
                  peaks[-1] / ([smaller] + peaks)[-2], FLAT_TARGET)


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
    few, more = (instructions(bench, command_of(count)) for count in COUNTED)
    return (more - few) / (COUNTED[1] - COUNTED[0])


def bench_instructions(bench):
    bench = Bench(bench.build, bench.world, COUNTED_JOBS)
    print(f'\nInstructions in user space a domain (callgrind, '
          f'{COUNTED[1]} domains less {COUNTED[0]})')
    table = [
        ('no records: libunbound', lambda n: bench.unbound('none', n)),
        ('no records: mtasts check', lambda n: bench.mtasts('none', n)),
        ('policy: OpenSSL, fetch only', bench.openssl),
        ('policy: libcurl, fetch only', bench.curl),
        ('policy: libunbound, DNS only', lambda n: bench.unbound('sts', n)),
        ('policy: mtasts check', lambda n: bench.mtasts('sts', n))]
    for name, command_of in table:
        count = instructions_a_domain(bench, command_of)
        print(f'  {name:<30}{count / 1000:>10.0f} k', flush=True)


def profile(bench):
    bench = Bench(bench.build, bench.world, COUNTED_JOBS)
    for kind in ('none', 'sts'):
        print(f'\nWhere instructions go: {kind}, {COUNTED[1]} domains')
        instructions(bench, bench.mtasts(kind, COUNTED[1]), annotate=True)


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


def bench_all(bench, options):
    targets = Targets()
    if options.profile:
        profile(bench)
    elif options.million:
        few = bench.check('none', DOMAINS).peak
        bench_memory(bench, targets, few, (100_000, 1_000_000))
    else:
        few = bench_none(bench, targets)
        bench_sts(bench, targets)
        bench_memory(bench, targets, few, (100_000,))
        bench_instructions(bench)
    return 1 if targets.missed else 0


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))
    options = arguments()
    start = time.monotonic()
    try:
        with world.World(options.build, DOMAINS) as here:
            status = bench_all(Bench(options.build, here), options)
    except (BenchError, OSError, subprocess.SubprocessError) as error:
        print(f'run_check: {error}', file=sys.stderr)
        return 2
    print(f'\n{time.monotonic() - start:.0f} s in all')
    return status


if __name__ == '__main__':
    sys.exit(main())
