"""check on lists: order, forms, bad lines, interruption, lasting memory."""
import json
import os
import re
import resource
import signal
import subprocess
import time

import pytest

from cli import (BINARY, ERROR, FINE, UNKNOWN, WARNING, environment, json_of,
                 run, text_of, validator)
from nameserver import DeadServer, NameServer
from terminal import Terminal, shown

# Everything here is about names that do not exist, or have no MTA-STS.
ZONE = '''
plain.example. MX 10 mx.plain.example.
mx.plain.example. A 192.0.2.1
null.example. MX 0 .
''' + ''.join(f'many.example. MX 10 mx{n}.many.example.\n' for n in range(130))


@pytest.fixture(scope='module', name='server')
def fixture_server(tmp_path_factory):
    server = NameServer(tmp_path_factory.mktemp('nsd'), ZONE)
    yield server
    server.close()


@pytest.fixture(name='dead')
def fixture_dead():
    server = DeadServer()
    yield server
    server.close()


@pytest.fixture(scope='module', name='schema')
def fixture_schema():
    return validator('check')


def asking(server, *words):
    return ['check', '--no-smtp', '--resolver', server.address, *words]


def records(output):
    return [json.loads(line) for line in output.splitlines()]


# ---- forms ----

def test_one_json_document(server, schema):
    answer = json_of(*asking(server, '--json', 'plain.example'),
                     status=WARNING)
    schema.validate(answer)
    assert answer['domain'] == 'plain.example'


def test_one_line_a_domain(server, schema):
    result = run(*asking(server, '--ndjson', 'plain.example', 'null.example'))
    answers = records(result.stdout)
    for answer in answers:
        schema.validate(answer)
    assert {answer['domain'] for answer in answers} == \
        {'plain.example', 'null.example'}


def test_text_keeps_the_order_of_words(server):
    domains = [f'd{i}.example' for i in range(30)] + ['plain.example']
    text = text_of(*asking(server, '--jobs=31', *domains), status=ERROR)
    found = re.findall(r'^([\w.]+): \d', text, re.M)
    assert found == domains


def test_fail_on(server):
    words = asking(server, 'plain.example')
    assert run(*words).returncode == WARNING
    assert run(*words, '--fail-on', 'warning').returncode == WARNING
    # The server signs nothing, so that DANE cannot be told: what is unknown
    # is told once the warning beside it does not count.
    assert run(*words, '--fail-on=error').returncode == UNKNOWN


def test_domains_in_any_form(server):
    result = run(*asking(server, '--json', 'postmaster@plain.example'))
    assert json.loads(result.stdout)['domain'] == 'plain.example'
    assert b'using plain.example' in result.stderr
    answer = json_of(*asking(server, '--json', 'bücher.example'),
                     status=run(*asking(server, 'bücher.example')).returncode)
    assert answer['domain'] == 'xn--bcher-kva.example'
    text = run(*asking(server, 'bücher.example')).stdout.decode()
    assert 'xn--bcher-kva.example (bücher.example)' in text
    text = run(*asking(server, 'bücher.example'), env={'LC_ALL': 'C'}).stdout
    assert text.isascii()


def test_bad_word_is_said_and_the_rest_goes_on(server):
    result = run(*asking(server, '192.0.2.1', 'plain.example'))
    assert result.returncode == WARNING
    assert b"'192.0.2.1': an IP address" in result.stderr
    assert b'plain.example' in result.stdout
    assert run(*asking(server, '192.0.2.1')).returncode == UNKNOWN


# ---- lists ----

LIST = ('\ufeff# a list\r\n\r\nplain.example\r\n  null.example  # ours\n'
        'not a domain\n\x1b[2J\nlocal@plain.example\n' + 'x' * 5000 + '\nlast')


def test_list(server, schema, tmp_path):
    path = tmp_path / 'list'
    path.write_text(LIST, 'utf-8')
    for words, stdin, name in (([path], b'', path),
                               (['-'], LIST.encode(), 'standard input')):
        result = run(*asking(server, '--ndjson', '--from', *words),
                     stdin=stdin)
        answers = records(result.stdout)
        bad = [answer for answer in answers if 'error' in answer]
        assert [answer['line'] for answer in
                sorted(bad, key=lambda answer: answer['line'])] == [5, 6, 8]
        assert all(set(answer) == {'domain', 'error', 'line'}
                   for answer in bad)
        good = [answer for answer in answers if 'error' not in answer]
        assert sorted(answer['domain'] for answer in good) == \
            ['last', 'null.example', 'plain.example', 'plain.example']
        for answer in answers:
            schema.validate(answer)
        complaints = result.stderr.decode().splitlines()
        assert [line.partition(": '")[0] for line in complaints[:3]] == \
            [f'mtasts: check: {name}:{number}' for number in (5, 6, 8)]
        assert '\x1b' not in result.stderr.decode()
        assert re.fullmatch(
            r'mtasts: 4 domains in [\d.]+ s \(\d+/s\): '
            r'.*; 3 lines are no domains',
            complaints[-1])
        assert all(len(line) < 200 + len(str(name)) for line in complaints)


def test_one_bad_line(server):
    result = run(*asking(server, '--from', '-'), stdin=b'null.example\nx y\n')
    assert b': 1 fine; 1 line is no domain\n' in result.stderr


def test_empty_list(server):
    result = run(*asking(server, '--from', '-'))
    assert (result.returncode, result.stdout) == (FINE, b'')
    assert b'0 domains' in result.stderr


def test_slow_writer_of_the_list_does_not_stop_the_work(server):
    with subprocess.Popen([BINARY, *asking(server, '--ndjson', '--from', '-')],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE,
                          env=environment()) as process:
        for name in (b'one.example', b'two.example'):
            process.stdin.write(name + b'\n')
            process.stdin.flush()
            # the answer comes although the list has not ended
            assert json.loads(process.stdout.readline())['domain'] == \
                name.decode()
        process.stdin.close()
        assert process.stdout.read() == b''
        process.wait(timeout=30)


def test_slow_reader_loses_nothing(server):
    count = 3000
    names = ''.join(f'n{i}.example\n' for i in range(count)).encode()
    with subprocess.Popen([BINARY, *asking(server, '--ndjson', '--from', '-')],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL,
                          env=environment()) as process:
        process.stdin.write(names)
        process.stdin.close()
        time.sleep(2)  # the pipe is full by now
        answers = records(process.stdout.read())
        process.wait(timeout=60)
    assert len(answers) == count
    assert len({answer['domain'] for answer in answers}) == count
    # nothing timed out while the reader slept
    assert not any(finding['severity'] == 'unknown' for answer in answers
                   for finding in answer['findings'])


def peak_memory(words, names):
    """Octets that the program takes at most for a list.

    AddressSanitizer keeps much of what was freed: where the release build
    is at hand, it is the one that is measured.
    """
    binary = (os.path.join(os.environ['MTASTS_RELEASE'], 'mtasts')
              if 'MTASTS_RELEASE' in os.environ else BINARY)
    asan = os.environ.get('ASAN_OPTIONS', '') + ':quarantine_size_mb=1'
    with subprocess.Popen([binary, *words, '--from', '-'],
                          stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL,
                          env=environment(ASAN_OPTIONS=asan)) as process:
        for name in names:
            process.stdin.write(name)
        process.stdin.close()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode in (ERROR, UNKNOWN)
    return usage.ru_maxrss * 1024


def test_memory_does_not_grow_with_the_list(server):
    words = asking(server, '--ndjson', '--jobs', '100')
    # What is known of a name is cached, up to a limit: the same names.
    def names(count):
        return (b'n%d.example\n' % (i % 500) for i in range(count))
    few = peak_memory(words, names(2000))
    many = peak_memory(words, names(20000))
    assert many < few * 1.25 + (8 << 20)


def test_long_list_that_is_all_wrong_is_no_burden(server):
    start = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    memory = peak_memory(asking(server), (b'-\n' * 1000 for _ in range(200)))
    assert memory < 400 << 20  # with the sanitizers' shadow
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime < start + 60


# ---- trouble ----

def test_dead_resolver_is_could_not_tell(dead):
    result = run(*asking(dead, '--timeout', '2', '--ndjson', 'a.example',
                         'b.example'))
    assert result.returncode == UNKNOWN
    for answer in records(result.stdout):
        assert answer['verdict']['protection'] == 'unknown'


def test_full_disk_ends_the_run(server):
    names = b''.join(b'n%d.example\n' % i for i in range(2000))
    with open('/dev/full', 'wb') as full:
        result = subprocess.run(
            [BINARY, *asking(server, '--ndjson', '--from', '-')], input=names,
            stdout=full, stderr=subprocess.PIPE, env=environment(),
            timeout=60, check=False)
    assert result.returncode == UNKNOWN
    assert b'standard output: No space left on device' in result.stderr


@pytest.mark.parametrize('words', [
    ['plain.example'], ['--json', 'plain.example'],
    ['--ndjson', 'plain.example'], ['--dump-facts', 'plain.example'],
    ['plain.example', 'null.example'], ['--verbose', 'plain.example']])
def test_full_disk_is_noticed_at_the_last_document_too(server, words):
    with open('/dev/full', 'wb') as full:
        result = subprocess.run(
            [BINARY, *asking(server, *words)], stdout=full,
            stderr=subprocess.PIPE, env=environment(), timeout=60,
            check=False)
    assert result.returncode == UNKNOWN
    assert result.stderr.count(b'standard output: No space left') == 1


@pytest.mark.parametrize('closed', ['<&-', '>&-', '<&- >&-', '2>&-',
                                    '<&- >&- 2>&-'])
def test_closed_files_are_not_taken_by_others(server, closed):
    script = f'exec "$0" "$@" {closed}'
    result = subprocess.run(
        ['/bin/sh', '-c', script, BINARY,
         *asking(server, 'plain.example')],
        input=b'', capture_output=True, env=environment(), timeout=60,
        check=False)
    if closed in ('<&-', '2>&-'):
        assert result.returncode == WARNING
        assert b'plain.example: ' in result.stdout
        assert result.stderr == b''
        return
    assert result.returncode == UNKNOWN
    if '2>&-' not in closed:
        assert result.stderr.startswith(b'mtasts: standard output: Bad file')
        assert result.stderr.count(b'\n') == 1


def test_reader_that_goes_away_ends_the_run(server, tmp_path):
    path = tmp_path / 'list'
    path.write_bytes(b''.join(b'n%d.example\n' % i for i in range(100000)))
    with subprocess.Popen([BINARY, *asking(server, '--ndjson', '--from', path)],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env=environment()) as process:
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(timeout=30) == UNKNOWN
        assert b'standard output' not in process.stderr.read()


def test_signal_ends_the_run_with_what_is_done(server, dead):
    """Some are done (the live resolver's), then a signal comes."""
    process = subprocess.Popen(
        [BINARY, *asking(server, '--ndjson', '--from', '-')],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=environment())
    with process:
        process.stdin.write(b'one.example\ntwo.example\n')
        process.stdin.flush()
        done = [process.stdout.readline() for _ in range(2)]
        process.send_signal(signal.SIGTERM)
        rest = process.stdout.read()
        assert process.wait(timeout=10) != 0
        summary = process.stderr.read().decode()
    assert rest == b''
    assert {json.loads(line)['domain'] for line in done} == \
        {'one.example', 'two.example'}
    assert 'mtasts: 2 domains in' in summary
    assert 'ended early by a signal' in summary


def test_signal_gives_up_what_is_under_way(dead):
    with subprocess.Popen([BINARY, *asking(dead, '--timeout', '60', '--from',
                                           '-', '--ndjson')],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE,
                          env=environment()) as process:
        process.stdin.write(b''.join(b'n%d.example\n' % i
                                     for i in range(200)))
        process.stdin.flush()
        time.sleep(1)
        start = time.monotonic()
        process.send_signal(signal.SIGINT)
        output, complaints = process.communicate(timeout=20)
        assert time.monotonic() - start < 5
        assert process.returncode == UNKNOWN
    assert output == b''
    assert b'0 domains in' in complaints
    assert b', 50 given up; ended early by a signal' in complaints


# ---- on a terminal ----

def test_ctrl_c_on_a_terminal(dead, tmp_path):
    path = tmp_path / 'list'
    path.write_text(''.join(f'n{i}.example\n' for i in range(500)))
    with Terminal(*asking(dead, '--timeout', '60', '--from', path),
                  columns=100) as terminal:
        terminal.until(r'\[\.+\] +\d+% 0 done, 0/s')
        terminal.press('\x03')
        text, status = terminal.finish(20)
    assert status == UNKNOWN
    assert 'ended early by a signal' in text
    # the bar is wiped out before the summary
    assert re.search(r'\r\x1b\[Kmtasts: 0 domains', text)


def test_second_ctrl_c_kills(server, tmp_path):
    """Output that nobody reads keeps the run from ending cleanly."""
    path = tmp_path / 'list'
    path.write_text(''.join(f'n{i}.example\n' for i in range(20000)))
    with Terminal(*asking(server, '--ndjson', '--from', path),
                  on=(0, 2), columns=100) as terminal:
        terminal.until('done')
        time.sleep(3)  # the pipe is full
        terminal.press('\x03')
        time.sleep(1)
        assert terminal.process.poll() is None
        terminal.press('\x03')
        terminal.process.wait(timeout=10)
        assert terminal.process.returncode == -signal.SIGINT


def test_progress_bar(server, tmp_path):
    path = tmp_path / 'list'
    path.write_text(''.join(f'n{i}.example\n' for i in range(4000)))
    with Terminal(*asking(server, '--ndjson', '--from', path), on=(0, 2),
                  files={1: subprocess.DEVNULL}, columns=70) as terminal:
        text, _ = terminal.finish(60)
    bars = re.findall(r'\r(\[#*\.*\] +\d+% .*?)\x1b\[K', text)
    assert len(bars) > 2
    assert all(len(bar) < 70 for bar in bars)
    last = bars[-1]
    assert re.search(r'\d+ done, \d+/s, ETA \d+:\d\d', last)
    shares = [int(re.search(r'(\d+)%', bar).group(1)) for bar in bars]
    assert shares == sorted(shares) and shares[-1] > shares[0]
    # afterwards the line is clean again for the summary
    assert re.search(r'\r\x1b\[Kmtasts: 4000 domains in .*\n$', text)


@pytest.mark.parametrize('env', [{'TERM': 'dumb'}, {}])
def test_no_progress_bar_where_it_does_not_belong(server, tmp_path, env):
    path = tmp_path / 'list'
    path.write_text(''.join(f'n{i}.example\n' for i in range(2000)))
    words = asking(server, '--ndjson', '--from', path)
    if env:
        text, _ = shown(*words, on=(0, 2), env=env,
                        files={1: subprocess.DEVNULL})
    else:
        text = run(*words).stderr.decode()
    assert text.startswith('mtasts: 2000 domains in')
    assert '\r' not in text.replace('\r\n', '\n') and '\x1b' not in text


def test_one_domain_has_no_progress_bar(server):
    text, _ = shown(*asking(server, 'plain.example'))
    assert '\r' not in text


def test_colour_on_a_terminal_only(server):
    words = asking(server, 'plain.example')
    text, status = shown(*words)
    assert status == WARNING and '\x1b[' in text
    plain = re.sub(r'\x1b\[[\d;]*m', '', text)
    assert '\x1b' not in plain
    assert '\x1b' not in run(*words).stdout.decode()
    for more, env in ((['--color=never'], {}), ([], {'NO_COLOR': '1'}),
                      ([], {'TERM': 'dumb'})):
        text, _ = shown(*words, *more, env=env)
        assert '\x1b' not in text
    assert '\x1b[' in run(*words, '--color=always').stdout.decode()
    text, _ = shown(*words, '--color=always', env={'NO_COLOR': '1'})
    assert '\x1b[' in text
    text, _ = shown(*words, env={'NO_COLOR': ''})
    assert '\x1b[' in text


def wrapped_lines(text):
    """All but texts to paste and the table, which are never broken."""
    return [line for line in text.splitlines()
            if not re.match(r' {15}| +MX host| [ \d]{5} ', line)]


@pytest.mark.parametrize('columns,most', [(60, 60), (80, 80), (200, 100),
                                          (20, 40)])
def test_width_of_the_terminal(server, columns, most):
    text, _ = shown(*asking(server, 'plain.example'), columns=columns)
    lines = wrapped_lines(re.sub(r'\x1b\[[\d;]*m', '', text))
    assert max(map(len, lines)) <= most
    assert max(map(len, lines)) > most * 2 // 3


def test_table_on_a_narrow_terminal(server):
    text, _ = shown(*asking(server, 'plain.example'), columns=40)
    text = re.sub(r'\x1b\[[\d;]*m', '', text).replace('\r', '')
    table = text.partition(' MX host\n')[2].partition('\n\n')[0]
    assert [line.split()[:2] for line in table.splitlines()] == [
        ['10', 'mx.plain.example'], ['policy:', '-'], ['TLS:', '-'],
        ['certificate:', '-'], ['DANE:', '?']]
    assert max(map(len, table.splitlines())) <= 40


def test_piped_text_is_readable_at_80_columns(server):
    text = run(*asking(server, 'plain.example')).stdout.decode()
    assert max(map(len, wrapped_lines(text))) <= 80


# ---- steps and facts ----

def test_verbose_shows_each_step_with_its_time(server):
    text = run(*asking(server, '--verbose', 'plain.example')).stdout.decode()
    steps = text.partition('\nSteps\n')[2]
    assert len(re.findall(r'^ +\d+ ms  \S', steps, re.M)) >= 4
    result = run(*asking(server, '--verbose', '--json', 'plain.example'))
    json.loads(result.stdout)
    assert len(re.findall(r'^mtasts: +\d+ ms  ', result.stderr.decode(),
                          re.M)) >= 4


def test_facts_are_stored_and_replayed_without_network(server, tmp_path):
    words = asking(server)
    facts = run(*words, '--dump-facts', 'plain.example', 'null.example')
    assert facts.returncode == FINE
    assert len(records(facts.stdout)) == 2
    path = tmp_path / 'facts'
    path.write_bytes(facts.stdout)
    again = run('check', '--ndjson', '--facts', path)
    live = run(*words, '--ndjson', 'plain.example', 'null.example')

    def judged(output):
        return sorted((answer['domain'], answer['verdict']['sentence'],
                       [finding['rule'] for finding in answer['findings']])
                      for answer in records(output))
    assert judged(again.stdout) == judged(live.stdout)
    # one document, laid out over many lines, from standard input
    pretty = json.dumps(records(facts.stdout)[0], indent=2).encode()
    result = run('check', '--json', '--facts', '-', stdin=pretty)
    assert result.returncode in (WARNING, ERROR, FINE)
    assert json.loads(result.stdout)['domain'] == \
        records(facts.stdout)[0]['domain']


@pytest.mark.parametrize('text', ['', 'x', '{}', '[]', '{"version": 99}',
                                  '{"a":1}\n{"a":', '{' * 100000])
def test_facts_that_are_none(text):
    result = run('check', '--facts', '-', stdin=text.encode())
    assert result.returncode == UNKNOWN
    assert b'no facts of this version' in result.stderr
    assert result.stdout == b''


def test_place_of_a_fault_in_facts():
    result = run('check', '--facts', '-', stdin=b'{}')
    assert b'line 0' not in result.stderr and b'column' not in result.stderr
    result = run('check', '--facts', '-', stdin=b'{"a":1}\n{"a":')
    first, second = result.stderr.decode().splitlines()
    assert ': -: line 1: ' in first
    assert ': -: line 2, column ' in second


# ---- make, with DNS ----

def test_make_takes_hosts_from_dns(server):
    words = ['--resolver', server.address]
    result = run('make', 'policy', '--mx', 'auto', 'plain.example', *words)
    assert b'\r\nmx: mx.plain.example\r\n' in result.stdout
    # this server does not validate, which says nothing of the zone
    assert b'1 host taken from DNS, not validated by DNSSEC' in \
        result.stderr
    text = text_of('make', 'records', 'plain.example', '--mx=auto', *words)
    assert 'mx: mx.plain.example' in text
    for domain, why in (('null.example', b'a null MX'),
                        ('none.example', b'no such name'),
                        ('many.example', b'more records than are looked at')):
        result = run('make', 'policy', '--mx=auto', domain, *words)
        assert result.returncode == UNKNOWN and result.stdout == b''
        assert why in result.stderr
    # no MX but an address: the domain itself
    result = run('make', 'policy', '--mx=auto', 'mx.plain.example', *words)
    assert b'\r\nmx: mx.plain.example\r\n' in result.stdout


def test_make_says_when_dns_is_silent(dead):
    result = run('make', 'policy', '--mx=auto', 'a.example', '--resolver',
                 dead.address)
    assert result.returncode == UNKNOWN
    assert b'no answer in time' in result.stderr
