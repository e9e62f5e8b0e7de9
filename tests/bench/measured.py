"""What the benches of whole programs share: runs, ratios, verdicts.

A run is one program from its start to its end. Programs are run in turn
(A B A B), and ratios are medians of the rounds' ratios: what disturbs one
program disturbs its neighbour too.
"""
import dataclasses
import os
import pathlib
import re
import statistics
import subprocess
import tempfile
import threading
import time

RUN_DEADLINE = 600    # seconds for one run of one program
ERROR_TAIL = 2000     # octets shown of what a program complained of


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


def in_turn(programs, rounds):
    """Runs every program in each round, A B A B; name -> its Runs."""
    runs = {name: [] for name in programs}
    for _ in range(rounds):
        for name, start in programs.items():
            runs[name].append(start())
    return runs


def ratio_of(part, ours, theirs):
    """The median over the rounds: what disturbs one disturbs both."""
    return statistics.median(getattr(a, part) / getattr(b, part)
                             for a, b in zip(ours, theirs))


class Targets:
    """Prints figures against targets and remembers whether one was missed."""

    def __init__(self):
        self.missed = 0

    def at_most(self, what, value, target, unit='', form='.2f'):
        self._verdict(what, value, f'target {target:{form}}{unit}',
                      value <= target, unit, form)

    def at_least(self, what, value, target, unit='', form='.2f'):
        self._verdict(what, value, f'target at least {target:{form}}{unit}',
                      value >= target, unit, form)

    def _verdict(self, what, value, target, good, unit, form):
        self.missed += not good
        text = f'{what}: {value:{form}}{unit} ({target})'
        print(f'  {text:<72} {"ok" if good else "MISS"}', flush=True)


def print_runs(runs, domains):
    print(f'  {"program":<30}{"domains/s":>10}{"wall us":>10}{"CPU us":>10}'
          f'{"peak MB":>10}')
    for name, of in runs.items():
        wall = statistics.median(r.wall for r in of)
        cpu = statistics.median(r.cpu for r in of)
        print(f'  {name:<30}{domains / wall:>10.0f}'
              f'{wall / domains * 1e6:>10.0f}'
              f'{cpu / domains * 1e6:>10.0f}{max(r.peak for r in of):>10.1f}',
              flush=True)


def print_load():
    """The machine's own load, for whoever reads the figures."""
    print(f'load average: {" ".join(f"{x:.1f}" for x in os.getloadavg())}, '
          f'{os.cpu_count()} cores', flush=True)
