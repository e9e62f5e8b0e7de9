"""socketmap_bench.py BUILD_DIR [--server NAME,PID,PORT,PATH,MAP,KEY]...

Called by run_socketmap.sh. Asks socketmap servers the same question over and
over, in turn (A B A B), takes the best round of each server, and prints their
ratios to the floor's beside the targets. README.md says what is measured and
why.

Without --server ours is tests/integration/server_driver, which answers a
constant: the server alone. A daemon that runs already is named by --server;
KEY must be in its cache.

Exit status 0 when every target is met, 1 when one is missed, 2 when the
bench itself failed.
"""
import argparse
import contextlib
import dataclasses
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
ROUNDS = int(os.environ.get('BENCH_ROUNDS', '25'))
RUN_MS = int(os.environ.get('BENCH_MS', '150'))
CONNECTIONS = (1, 10, 100)
PIPELINED = (10, 16)   # connections, depth
IDLE = int(os.environ.get('BENCH_IDLE', '10000'))
REALTIME = os.environ.get('BENCH_REALTIME') == '1'
RATE_TARGET = 0.85     # of the floor
CPU_TARGET = 1.3       # of the floor
PEER_TARGET = 5        # answers for the CPU of one of
                       # postfix-mta-sts-resolver, with as many connections:
PEER_AT = 100          # fewer leave a core waiting
IDLE_TARGET = 1000     # octets of memory
START_DEADLINE = 20    # seconds
MAP, KEY = 'postfix', 'example.com'
REPLY = 'OK secure match=mx1.example.com:mx2.example.com servername=hostname'
FLOOR, DRIVER, RESOLVER = 'floor', 'mtasts', 'resolver'


class BenchError(Exception):
    """The bench could not be run, or a server did not do its work."""


@dataclasses.dataclass
class Server:
    """One server, with what to ask it; a process for each address."""
    name: str
    tcp: str
    unix: str
    tcp_pid: int
    unix_pid: int
    map: str = MAP
    key: str = KEY

    def at(self, transport):
        """The address, and the process that answers there."""
        return ((self.tcp, self.tcp_pid) if transport == 'TCP'
                else (self.unix, self.unix_pid))


@dataclasses.dataclass
class Figures:
    """Answers a second, microseconds until one, microseconds of CPU."""
    rate: float
    p50: float
    p99: float
    cpu: float


def undisturbed():
    """In a child: whatever else runs on the machine waits for it."""
    if REALTIME:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))


def netstring(text):
    return f'{len(text)}:{text},'


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


class Bench:
    """The servers, started and stopped, and runs against them."""

    def __init__(self, build, folder, stack):
        self.build = build
        self.folder = folder
        self.stack = stack

    def start(self, *command, ok_to_miss=None):
        """Starts a server; its pid once it is ready, None if it may miss."""
        process = self.stack.enter_context(
            subprocess.Popen(list(map(os.fspath, command)),
                             preexec_fn=undisturbed,
                             stdout=subprocess.PIPE, text=True))
        self.stack.callback(process.kill)
        deadline = threading.Timer(START_DEADLINE, process.kill)
        deadline.start()
        self.stack.callback(deadline.cancel)
        for line in process.stdout:
            if line.strip() == 'ready':
                deadline.cancel()
                return process.pid
        if process.wait() == ok_to_miss:
            return None
        raise BenchError(f'{command[0]} did not start')

    def floor(self):
        program = self.build / 'tests/bench/socketmap_floor'
        request = str(len(netstring(f'{MAP} {KEY}')))
        tcp = f'inet:127.0.0.1:{free_port()}'
        unix = f'unix:{self.folder}/floor.sock'
        return Server(FLOOR, tcp, unix,
                      *(self.start(program, address, request, netstring(REPLY))
                        for address in (tcp, unix)))

    def driver(self):
        program = self.build / 'tests/integration/server_driver'
        tcp = f'inet:127.0.0.1:{free_port()}'
        unix = f'unix:{self.folder}/driver.sock'
        pid = self.start(program, f'socketmap={tcp}', f'socketmap={unix}')
        return Server(DRIVER, tcp, unix, pid, pid)

    def resolver(self, name, *options):
        """Debian's postfix-mta-sts-resolver, in a list that is empty where
        the package is not installed."""
        program = HERE / 'resolver_peer.py'
        port, path = free_port(), f'{self.folder}/{name}.sock'
        pids = [self.start('/usr/bin/python3', '-B', program, str(where),
                           *options, ok_to_miss=3) for where in (port, path)]
        if None in pids:
            return []
        return [Server(name, f'inet:127.0.0.1:{port}', f'unix:{path}', *pids)]

    def run(self, server, transport, connections, depth=1):
        address, pid = server.at(transport)
        done = subprocess.run(
            [self.build / 'tests/bench/socketmap_load', address,
             str(connections), str(depth), str(RUN_MS), str(pid), server.map,
             server.key], capture_output=True, text=True, check=False,
            preexec_fn=undisturbed, timeout=60 + RUN_MS / 100)
        if REALTIME:
            time.sleep(RUN_MS / 1000)  # the others' turn
        if done.returncode:
            raise BenchError(f'{server.name}: {done.stderr.strip()}')
        return Figures(*map(float, done.stdout.split()))

    def compare(self, servers, transport, connections, depth=1):
        """{server's name: [figures of each round]}, rounds in turn."""
        figures = {server.name: [] for server in servers}
        for _ in range(ROUNDS):
            for server in servers:
                figures[server.name].append(
                    self.run(server, transport, connections, depth))
        return figures

    def idle(self, server, count):
        """`count` connections to the server's UNIX socket, held."""
        process = self.stack.enter_context(subprocess.Popen(
            [self.build / 'tests/bench/socketmap_load', '--idle', server.unix,
             str(count)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True))
        self.stack.callback(process.kill)
        if process.stdout.readline().strip() != 'ready':
            raise BenchError(f'{count} connections could not be opened')


def best(rounds, what):
    """Of all rounds: whatever else runs on the machine can only make one
    worse, and makes it worst for the server that has most to do."""
    values = [getattr(figures, what) for figures in rounds]
    return max(values) if what == 'rate' else min(values)


def ratio(figures, name, what, other=FLOOR):
    return best(figures[name], what) / best(figures[other], what)


def resident_octets(pid):
    status = pathlib.Path(f'/proc/{pid}/status').read_text(encoding='ascii')
    return int(re.search(r'VmRSS:\s+(\d+) kB', status)[1]) * 1024


class Report:
    """Prints figures and verdicts; knows whether a target was missed."""

    def __init__(self):
        self.missed = False

    def verdict(self, met):
        self.missed |= not met
        return 'ok' if met else 'MISS'

    def table(self, title, figures, ours, connections=0):
        print(f'\n{title}')
        print(f'  {"server":<12}{"answers/s":>11}{"p50 us":>9}{"p99 us":>9}'
              f'{"CPU us":>9}{"rate":>8}{"CPU":>8}')
        for name, rounds in figures.items():
            print(f'  {name:<12}{best(rounds, "rate"):>11.0f}'
                  f'{best(rounds, "p50"):>9.1f}{best(rounds, "p99"):>9.1f}'
                  f'{best(rounds, "cpu"):>9.2f}'
                  f'{ratio(figures, name, "rate"):>8.2f}'
                  f'{ratio(figures, name, "cpu"):>8.2f}'
                  f'{self.verdicts(figures, name) if name in ours else ""}')
        if RESOLVER in figures:
            self.beside_peer(figures, ours, connections)

    def verdicts(self, figures, name):
        rate = ratio(figures, name, 'rate')
        cpu = ratio(figures, name, 'cpu')
        return (f'  rate >= {RATE_TARGET}: {self.verdict(rate >= RATE_TARGET)}'
                f'  CPU <= {CPU_TARGET}: {self.verdict(cpu <= CPU_TARGET)}')

    def beside_peer(self, figures, ours, connections):
        """More than the floor nobody can reach."""
        most = 1 / ratio(figures, FLOOR, 'cpu', RESOLVER)
        wanted = min(PEER_TARGET, most / CPU_TARGET)
        for name in ours:
            rate = ratio(figures, name, 'rate', RESOLVER)
            cpu = 1 / ratio(figures, name, 'cpu', RESOLVER)
            target = ''
            if connections == PEER_AT:
                target = (f' (the floor: {most:.1f}; target {wanted:.1f}) '
                          f'{self.verdict(cpu >= wanted)}')
            print(f'  {name}: {cpu:.1f} answers for the CPU of one of '
                  f'{RESOLVER}{target}, {rate:.1f} in its time')


def measure_idle(bench, report, floor, server):
    """What connections that say nothing cost in memory, and in time."""
    before = resident_octets(server.unix_pid)
    bench.idle(server, IDLE)
    octets = (resident_octets(server.unix_pid) - before) / IDLE
    figures = bench.compare([floor, server], 'UNIX', 100)
    report.table(f'UNIX, 100 connections beside {IDLE} idle ones to '
                 f'{server.name}', figures, (server.name,))
    print(f'  memory of an idle one: {octets:.0f} octets (target {IDLE_TARGET})'
          f' {report.verdict(octets <= IDLE_TARGET)}')


def measure(bench, ours, report):
    servers = [bench.floor(), *(ours or [bench.driver()])]
    names = {server.name for server in servers[1:]}
    peers = (bench.resolver(RESOLVER) +
             bench.resolver(f'{RESOLVER}+uv', '--uvloop'))
    print(f'socketmap: one question over and over, {ROUNDS} rounds of {RUN_MS} '
          'ms in turn, the best of them; ratios are to the floor')
    if not peers:
        print('postfix-mta-sts-resolver is not installed: not compared')
    for transport in ('TCP', 'UNIX'):
        for connections in CONNECTIONS:
            figures = bench.compare(servers + peers, transport, connections)
            report.table(f'{transport}, {connections} connections', figures,
                         names, connections)
        connections, depth = PIPELINED
        figures = bench.compare(servers, transport, connections, depth)
        report.table(f'{transport}, {connections} connections, {depth} '
                     'questions outstanding on each (no target)', figures, ())
    for server in servers[1:]:
        measure_idle(bench, report, servers[0], server)


def server_of(text):
    name, pid, port, path, map_, key = text.split(',')
    return Server(name, f'inet:127.0.0.1:{port}', f'unix:{path}', int(pid),
                  int(pid), map_, key)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('build', type=pathlib.Path)
    parser.add_argument('--server', action='append', type=server_of,
                        metavar='NAME,PID,PORT,PATH,MAP,KEY')
    options = parser.parse_args()
    report = Report()
    try:
        with tempfile.TemporaryDirectory() as folder, \
                contextlib.ExitStack() as stack:
            measure(Bench(options.build, folder, stack), options.server, report)
    except (BenchError, OSError, subprocess.SubprocessError) as error:
        print(f'socketmap_bench: {error}', file=sys.stderr)
        return 2
    return 1 if report.missed else 0


if __name__ == '__main__':
    sys.exit(main())
