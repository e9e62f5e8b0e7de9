"""socketmap_bench.py BUILD_DIR: cached answers of the daemon, measured.

Called by run_socketmap.sh, in a network namespace of its own. Starts
mtasts-policyd in a world of its own, has it find a domain with a policy and
one without, and asks it for them over and over, in turn (A B A B) with a bare
server that sends the same octets, and with postfix-mta-sts-resolver where
that is installed. Takes the best round of each, and prints the ratios beside
the targets. README.md says what is measured and why.

Exit status 0 when every target is met, 1 when one is missed, 2 when the
bench itself failed.
"""
import argparse
import contextlib
import dataclasses
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time

import world
from measured import BenchError, print_load
from policyd import Policyd, ask, netstring

HERE = pathlib.Path(__file__).resolve().parent
ROUNDS = int(os.environ.get('BENCH_ROUNDS', '15'))
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
FLOOR, RESOLVER = 'floor', 'resolver'
STS, NONE = world.sts_domain(0), world.none_domain(0)
# What is asked for: name, map, domain, and the reply there has to be.
QUESTIONS = (
    ('hosts', 'postfix', STS,
     f'OK secure match=mx.{STS} servername=hostname'),
    ('tlsrpt', 'postfix-tlsrpt', STS, None),
    ('none', 'postfix', NONE, 'NOTFOUND '),
)


@dataclasses.dataclass
class Server:
    """One server and what to ask it; a process for each address. `floor`:
    the server that sends the same octets; None for itself."""
    name: str
    tcp: str
    unix: str
    tcp_pid: int
    unix_pid: int
    map: str
    key: str
    reply: str
    floor: str = FLOOR

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


class Bench:
    """The servers, started and stopped, and runs against them."""

    def __init__(self, build, here, folder, stack):
        self.build = build
        self.world = here
        self.folder = pathlib.Path(folder)
        self.stack = stack
        self.port = 9000  # the namespace is ours alone

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

    def tcp(self):
        self.port += 1
        return f'inet:127.0.0.1:{self.port}'

    def floor(self, name, other):
        """A bare server that sends what `other` sends."""
        program = self.build / 'tests/bench/socketmap_floor'
        request = str(len(netstring(f'{other.map} {other.key}')))
        reply = netstring(other.reply)
        tcp, unix = self.tcp(), f'unix:{self.folder}/{name}.sock'
        return Server(name, tcp, unix,
                      *(self.start(program, address, request, reply)
                        for address in (tcp, unix)),
                      other.map, other.key, other.reply, None)

    def daemon(self, name):
        """The daemon itself; it must find out what it is asked for before it
        can have it in its cache."""
        daemon = self.stack.enter_context(
            Policyd(self.build, self.folder / name, self.world,
                    ('dane = off',), self.tcp(), undisturbed))
        daemon.wait()
        before = self.world.given()
        replies = [daemon.ask(key, map_) for _, map_, key, _ in QUESTIONS]
        if self.world.given() != before + 1:
            raise BenchError('a policy was not fetched just once')
        for reply, (_, map_, _, wanted) in zip(replies, QUESTIONS):
            if reply != wanted and (wanted or not reply.startswith('OK ')):
                raise BenchError(f'{map_}: {reply}')
        return daemon, replies

    def ours(self, daemon, replies):
        """(floor, server) for each question, a server after its floor."""
        for (name, map_, key, _), reply in zip(QUESTIONS, replies):
            floor = FLOOR if name == 'hosts' else f'{FLOOR} {name}'
            server = Server(f'mtasts {name}', daemon.tcp, daemon.address,
                            daemon.pid, daemon.pid, map_, key, reply, floor)
            yield self.floor(floor, server), server

    def resolver(self, name, *options):
        """Debian's postfix-mta-sts-resolver, in a list that is empty where
        the package is not installed."""
        program = HERE / 'resolver_peer.py'
        tcp, path = self.tcp(), f'{self.folder}/{name}.sock'
        # Sets in one order, so that both processes send the same octets.
        pids = [self.start('/usr/bin/env', 'PYTHONHASHSEED=0',
                           '/usr/bin/python3', '-B', program, where, *options,
                           ok_to_miss=3)
                for where in (tcp.rpartition(':')[2], path)]
        if None in pids:
            return []
        key = 'example.com'
        reply = ask(f'unix:{path}', 'postfix', key)
        return [Server(name, tcp, f'unix:{path}', *pids, 'postfix', key,
                       reply)]

    def run(self, server, transport, connections, depth=1):
        address, pid = server.at(transport)
        done = subprocess.run(
            [self.build / 'tests/bench/socketmap_load', address,
             str(connections), str(depth), str(RUN_MS), str(pid), server.map,
             server.key, server.reply], capture_output=True, text=True,
            check=False, preexec_fn=undisturbed, timeout=60 + RUN_MS / 100)
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

    def idle(self, address, count):
        """`count` connections to a UNIX socket, held."""
        process = self.stack.enter_context(subprocess.Popen(
            [self.build / 'tests/bench/socketmap_load', '--idle', address,
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


class Report:
    """Prints figures and verdicts; knows whether a target was missed."""

    def __init__(self):
        self.missed = False

    def verdict(self, met):
        self.missed |= not met
        return 'ok' if met else 'MISS'

    def table(self, title, figures, servers, judged=True):
        print(f'\n{title}')
        print(f'  {"server":<15}{"answers/s":>10}{"p50 us":>9}{"p99 us":>9}'
              f'{"CPU us":>8}{"rate":>7}{"CPU":>6}')
        for server in servers:
            rounds = figures[server.name]
            print(f'  {server.name:<15}{best(rounds, "rate"):>10.0f}'
                  f'{best(rounds, "p50"):>9.1f}{best(rounds, "p99"):>9.1f}'
                  f'{best(rounds, "cpu"):>8.2f}'
                  f'{self.ratios(figures, server, judged)}', flush=True)

    def ratios(self, figures, server, judged):
        if not server.floor:
            return ''
        rate = ratio(figures, server.name, 'rate', server.floor)
        cpu = ratio(figures, server.name, 'cpu', server.floor)
        text = f'{rate:>7.2f}{cpu:>6.2f}'
        if not judged or server.name.startswith(RESOLVER):
            return text
        return (f'{text}  rate >= {RATE_TARGET} '
                f'{self.verdict(rate >= RATE_TARGET)}, CPU <= {CPU_TARGET} '
                f'{self.verdict(cpu <= CPU_TARGET)}')

    def beside_peer(self, figures, name, connections):
        """More than the floor nobody can reach."""
        most = 1 / ratio(figures, FLOOR, 'cpu', RESOLVER)
        wanted = min(PEER_TARGET, most / CPU_TARGET)
        rate = ratio(figures, name, 'rate', RESOLVER)
        cpu = 1 / ratio(figures, name, 'cpu', RESOLVER)
        target = ''
        if connections == PEER_AT:
            target = (f' (the floor: {most:.1f}; target {wanted:.1f}) '
                      f'{self.verdict(cpu >= wanted)}')
        print(f'  {name}: {cpu:.1f} answers for the CPU of one of '
              f'{RESOLVER}{target}, {rate:.1f} in its time')


def measure_idle(bench, report, floor, server):
    """What connections that say nothing cost in memory, and in time; they are
    to another daemon like the first."""
    daemon, _ = bench.daemon('idle')
    # The first ones find room in what the start has left over.
    bench.idle(daemon.address, IDLE // 2)
    before = daemon.resident()
    bench.idle(daemon.address, IDLE - IDLE // 2)
    octets = (daemon.resident() - before) / (IDLE - IDLE // 2)
    crowded = dataclasses.replace(server, name='mtasts crowded',
                                  unix=daemon.address, unix_pid=daemon.pid)
    servers = [floor, server, crowded]
    figures = bench.compare(servers, 'UNIX', 100)
    report.table(f'UNIX, 100 connections; "crowded" beside {IDLE} idle ones',
                 figures, servers)
    rate = ratio(figures, crowded.name, 'rate', server.name)
    cpu = ratio(figures, crowded.name, 'cpu', server.name)
    print(f'  with idle ones against without: rate {rate:.2f}, CPU {cpu:.2f}')
    print(f'  memory of an idle one: {octets:.0f} octets (target {IDLE_TARGET})'
          f' {report.verdict(octets <= IDLE_TARGET)}')


def measure(bench, report):
    daemon, replies = bench.daemon('policyd')
    given = bench.world.given()
    pairs = list(bench.ours(daemon, replies))
    servers = [server for pair in pairs for server in pair]
    peers = (bench.resolver(RESOLVER) +
             bench.resolver(f'{RESOLVER}+uv', '--uvloop'))
    print(f'socketmap: one question over and over, {ROUNDS} rounds of {RUN_MS} '
          'ms in turn, the best of them;\nratios are to the floor, a server '
          'that sends the same octets')
    if not peers:
        print('postfix-mta-sts-resolver is not installed: not compared')
    for transport in ('TCP', 'UNIX'):
        for connections in CONNECTIONS:
            figures = bench.compare(servers + peers, transport, connections)
            report.table(f'{transport}, {connections} connections', figures,
                         servers + peers)
            if peers:
                report.beside_peer(figures, pairs[0][1].name, connections)
        connections, depth = PIPELINED
        figures = bench.compare(servers, transport, connections, depth)
        report.table(f'{transport}, {connections} connections, {depth} '
                     'questions outstanding on each (no target)', figures,
                     servers, judged=False)
    if bench.world.given() != given:
        raise BenchError('what was asked was not in the cache')
    measure_idle(bench, report, *pairs[0])


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('build', type=pathlib.Path)
    build = parser.parse_args().build.resolve()
    report = Report()
    try:
        with world.World(build, 1, 'p256') as here, \
                tempfile.TemporaryDirectory() as folder, \
                contextlib.ExitStack() as stack:
            measure(Bench(build, here, folder, stack), report)
    except (RuntimeError, OSError, subprocess.SubprocessError) as error:
        print(f'socketmap_bench: {error}', file=sys.stderr)
        return 2
    print_load()
    return 1 if report.missed else 0


if __name__ == '__main__':
    sys.exit(main())
