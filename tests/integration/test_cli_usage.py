"""Usage, help, mistakes, man pages: one table of options behind them all."""
import re
import subprocess

import pytest

from cli import (BINARY, FINE, ROOT, UNKNOWN, complaint_of, environment,
                 json_of, options_table, run, text_of, validator)

COMMANDS = ['check', 'lint policy', 'lint sts-record', 'lint tlsrpt-record',
            'simulate', 'match', 'make policy', 'make records', 'explain',
            'rules', 'query', 'cache list', 'cache show', 'cache history',
            'cache refresh', 'cache flush', 'cache dump', 'cache load',
            'status', 'run', 'reload', 'config', 'setup postfix', 'setup sendmail',
            'setup exim', 'help', 'version']


@pytest.fixture(scope='module', name='table')
def fixture_table():
    return options_table()


def test_table_names_every_command(table):
    assert list(dict.fromkeys(row[0] for row in table)) == COMMANDS


@pytest.mark.parametrize('words', [['--version'], ['-V'], ['version']])
def test_version(words):
    version = re.search(r"version: '([\d.]+)'",
                        (ROOT / 'meson.build').read_text()).group(1)
    assert text_of(*words) == f'mtasts {version}\n'


@pytest.mark.parametrize('words', [['--help'], ['-h'], ['help']])
def test_overview_names_every_command(words):
    text = text_of(*words)
    for command in COMMANDS:
        assert re.search(rf'^  {command} ', text, re.M)
    assert max(map(len, text.splitlines())) <= 80


def test_no_command_at_all_is_a_mistake_but_shows_the_way():
    result = run()
    assert result.returncode == UNKNOWN
    assert b'mtasts check example.com' in result.stdout


@pytest.mark.parametrize('command', COMMANDS)
def test_help_of_a_command_names_its_options(command, table):
    text = text_of(*command.split(), '--help')
    assert text == text_of('help', *command.split())
    assert text == text_of(*command.split(), '-h')
    for _, option, letter, argument, _, words in filter(
            lambda row: row[0] == command, table):
        assert option in text and argument in text
        assert not letter or f'{letter}, {option}' in text
        assert words.split()[0] in text
    assert 'Exit status' in text
    lines = text.splitlines()
    assert max(map(len, lines)) <= 80
    assert not [line for line in lines if line != line.rstrip()]


def test_internal_options_are_in_no_help(table):
    """They are said to be internal by their name, and once in a page."""
    assert not [row for row in table if 'internal' in row[1]]
    for command in COMMANDS:
        assert 'internal' not in text_of('help', *command.split())
    assert "'mtasts help rules' lists" in complaint_of('rules', '--internal')
    assert '*--internal-' in page('mtasts.1')


def test_help_of_a_group():
    for words in (['help', 'lint'], ['lint', '--help']):
        text = text_of(*words)
        assert 'lint policy' in text and 'make' not in text
        assert "'mtasts help lint WORD' says more" in text


def page(name):
    text = (ROOT / 'docs' / f'{name}.scd').read_text('utf-8')
    return text.replace('\\_', '_').replace('\\*', '*')


PAGES = {command: f'mtasts-{command.split()[0]}.1' for command in COMMANDS
         if command not in ('help', 'version')}


@pytest.mark.parametrize('command', PAGES)
def test_man_page_names_every_option(command, table):
    text = page(PAGES[command])
    for _, option, letter, _, choices, _ in filter(
            lambda row: row[0] == command, table):
        heading = rf'^(\*{letter}\*, )?\*{option}\*'
        found = re.search(heading + '.*$', text, re.M)
        assert found, option
        assert not letter or f'*{letter}*' in found.group()
        for choice in choices.split():
            assert f'*{choice}*' in found.group()


@pytest.mark.parametrize('name', sorted(set(PAGES.values())))
def test_man_page_names_no_option_that_is_not_there(name, table):
    options = {row[1] for row in table if PAGES.get(row[0]) == name}
    section = page(name).partition('\n# OPTIONS\n')[2].partition('\n# ')[0]
    named = re.findall(r'^(?:\*-\w\*, )?\*(--[\w-]+)\*', section, re.M)
    assert set(named) == options
    assert len(named) == len(set(named))


@pytest.mark.parametrize('name', ['mtasts.1', *sorted(set(PAGES.values()))])
def test_man_page_has_what_a_page_needs(name):
    text = page(name)
    for heading in ('NAME', 'SYNOPSIS', 'DESCRIPTION', 'OPTIONS',
                    'EXIT STATUS', 'EXAMPLES', 'SEE ALSO'):
        assert f'\n# {heading}\n' in text


def test_examples_of_match_page_are_true():
    block = re.search(r'```\n(\$ .*?)```', page('mtasts-match.1'), re.S)
    for example in block.group(1).split('$ ')[1:]:
        command, _, expected = example.partition('\n')
        words = command.replace("'", '').split()[1:]
        assert ' '.join(run(*words).stdout.decode().split()) == \
            ' '.join(expected.split())


# words -> what the complaint says, as (what, way out)
MISTAKES = [
    (['chek'], "no command 'chek'", "did you mean 'check'?"),
    (['example.com'], "no command 'example.com'",
     'mtasts check example.com'),
    (['frobnicate'], "no command 'frobnicate'", 'mtasts help'),
    (['--jsn'], 'unknown option --jsn', 'options follow the command'),
    (['lint', 'polcy'], "no 'polcy'", "did you mean 'lint policy'?"),
    (['lint', 'frobnicate'], "lint: no 'frobnicate'",
     'policy, sts-record, tlsrpt-record'),
    (['lint', '--json'], 'lint: of what?', 'policy, sts-record'),
    (['make'], 'make: of what?', 'policy, records'),
    (['help', 'lint', 'policy', 'x'], "'x' belongs to no command",
     "'mtasts help lint policy'"),
    (['version', 'x'], 'usage: mtasts version [OPTION...];',
     'mtasts help version'),
    (['help', 'chek'], "no command 'chek'", "did you mean 'check'?"),
    (['check', '--jsn', 'a.example'], 'unknown option --jsn',
     'did you mean --json?'),
    (['check', '--no-smpt', 'a.example'], 'unknown option --no-smpt',
     'did you mean --no-smtp?'),
    (['check', '--xyzzy'], 'unknown option --xyzzy', 'mtasts help check'),
    (['check', '-x'], 'unknown option -x', "put '--'"),
    (['check'], 'usage: mtasts check [OPTION...] DOMAIN... | --from FILE | '
     '--facts FILE;', 'mtasts help check'),
    (['check', '--json=1', 'a.example'], '--json takes no value', 'leave'),
    (['check', '--jobs'], '--jobs needs a value', 'write --jobs=N'),
    (['check', '--jobs', '0', 'a.example'], "'0' will not do",
     'from 1 to 1000'),
    (['check', '--jobs', '1001', 'a.example'], "'1001' will not do",
     'from 1 to 1000'),
    (['check', '--timeout', '0', 'a.example'], "'0' will not do",
     'from 1 to 600'),
    (['check', '--timeout', '1h', 'a.example'], "'1h' will not do",
     'with m, from 1 to 600'),
    (['check', '--fail-on', 'eror', 'a.example'], "'eror' is none of",
     'did you mean error?'),
    (['check', '--color', 'pink', 'a.example'], "'pink' will not do",
     'auto, always or never'),
    (['check', '--json', '--ndjson', 'a.example'], 'exclude each other',
     'take one'),
    (['check', '--json', 'a.example', 'b.example'], 'one domain',
     'say --ndjson'),
    (['check', '--from', 'x', 'a.example'], 'both as words and --from',
     'all into one'),
    (['check', '--facts', 'x', 'a.example'], '--facts names its domains',
     'leave'),
    (['check', '--thorough', 'a.example'], 'no effect without --from',
     'leave it out'),
    (['check', '--from', '/nonexistent'], 'No such file', 'or - for'),
    (['check', '--facts', '/nonexistent'], 'No such file', 'or - for'),
    (['check', '--resolver', 'ns.example', 'a.example'],
     "'ns.example' will not do", 'give an IP address'),
    (['check', '--resolver', '127.0.0.1@0', 'a.example'],
     'will not do', 'ADDRESS@PORT'),
    (['check', '--resolver', '127.0.0.1@65536', 'a.example'],
     'will not do', 'ADDRESS@PORT'),
    (['check', '--resolver', '127.0.0.1', '--root-hints', '/dev/null',
      'a.example'], 'exclude each other', 'either'),
    (['check', '--trust-anchor', '/dev/null', 'a.example'],
     'holds no DS or DNSKEY record', 'dns-root-data'),
    (['check', '--root-hints', '/dev/null', 'a.example'],
     'holds no NS or A record', 'dns-root-data'),
    (['check', '--trust-anchor', '/nonexistent', 'a.example'],
     'No such file', 'give a file'),
    (['check', '--allow-private=10.0.0.0/33', 'a.example'],
     "'10.0.0.0/33' will not do", '192.0.2.0/24'),
    (['check', '--allow-private=', 'a.example'], '--allow-private= without',
     "leave '=' out"),
    *((['check', '--facts', 'x', word], f'{word.split("=")[0]} has no effect',
       'leave it out')
      for word in ('--no-smtp', '--thorough', '--jobs=2',
                   '--resolver=127.0.0.1', '--root-hints=x',
                   '--trust-anchor=x', '--ca-file=x', '--allow-private',
                   '--timeout=5')),
    (['check', '--allow-private=10.0.0.0/8,,', 'a.example'],
     "'' will not do", '192.0.2.0/24'),
    (['check', '--ca-file', '/nonexistent', 'a.example'], 'No such file',
     'give a file of PEM certificates'),
    (['check', '--ca-file', '/dev/null', 'a.example'],
     'no certificate authorities', 'PEM'),
    (['explain'], 'usage: mtasts explain', 'mtasts help explain'),
    (['explain', 'mx-not-in-polcy'], "no rule 'mx-not-in-polcy'",
     'did you mean mx-not-in-policy?'),
    (['explain', 'qqqqqqqq'], "no rule 'qqqqqqqq'", "'mtasts rules' lists"),
    (['simulate'], 'usage: mtasts simulate [OPTION...] --from FILE | '
     'DOMAIN...;', 'mtasts help simulate'),
    (['simulate', '--from', 'x', 'a.example'], 'both as words and --from',
     'all into one'),
    (['simulate', '--from', '/nonexistent'], 'No such file',
     'the log of an MTA'),
    (['simulate', '--from', '/dev/null'], 'no domain in it',
     'a list with a domain a line'),
    (['simulate', 'a b'], "'a b': more than one word", 'one domain at a time'),
    (['simulate', '--jobs', '1001', 'a.example'], "'1001' will not do",
     'from 1 to 1000'),
    (['simulate', '--ca-file', '/nonexistent', 'a.example'], 'No such file',
     'give a file of PEM certificates'),
    (['rules', 'x'], 'usage: mtasts rules', 'mtasts help rules'),
    (['rules', '--names', '--json'], 'exclude each other', 'take one'),
    (['run', 'x'], 'usage: mtasts run [OPTION...];', 'mtasts help run'),
    (['run', '-c', '/nonexistent'], '/nonexistent: No such file',
     'give a file in the form of mtasts.conf(5)'),
    (['reload', 'x'], 'usage: mtasts reload [OPTION...];',
     'mtasts help reload'),
    (['reload', '--config', '/'], '/: Is a directory',
     'give a file in the form of mtasts.conf(5)'),
    (['config'], 'usage: mtasts config [OPTION...] --check [FILE] | '
     '--dump [FILE] | --sample;', 'mtasts help config'),
    (['config', '--check', 'a', 'b'], 'usage: mtasts config',
     'mtasts help config'),
    (['config', '--sample', 'a'], 'usage: mtasts config',
     'mtasts help config'),
    (['config', '--check', '--dump'], 'exclude each other', 'take one'),
    (['config', '--check', '/nonexistent'], '/nonexistent: No such file',
     'give a file in the form of mtasts.conf(5)'),
    (['config', '--dump', '/dev/zero'], '/dev/zero: far too large',
     'give a file in the form of mtasts.conf(5)'),
]


@pytest.mark.parametrize('words,what,way_out', MISTAKES,
                         ids=[' '.join(row[0]) for row in MISTAKES])
def test_mistake_is_answered_with_the_way_out(words, what, way_out):
    line = complaint_of(*words)
    assert what in line and way_out in line


def test_trust_anchor_that_is_none(tmp_path):
    path = tmp_path / 'root.key'
    path.write_text('DS is what this file does not hold\n')
    line = complaint_of('check', '--trust-anchor', path, 'a.example')
    assert f'--trust-anchor: {path}: not in the form of a zone file' in line
    assert 'dns-root-data' in line


def test_options_may_stand_anywhere_and_end():
    assert run('match', 'a.example', '-q', 'a.example').returncode == FINE
    assert run('match', '--', '-q', 'a').returncode == 1


def test_complaint_cannot_forge_a_line():
    line = complaint_of('explain', 'x\nmtasts: fine\x1b[2J')
    assert '\\x0a' in line and '\\x1b' in line


def test_words_in_the_c_locale_are_ascii():
    result = run('explain', 'bücher', env={'LC_ALL': 'C'})
    assert result.stderr.isascii() and b'\\xc3\\xbc' in result.stderr


# ---- rules ----

@pytest.fixture(scope='module', name='rules')
def fixture_rules():
    return json_of('rules', '--json')


def test_rules_are_whole(rules):
    validator('rules').validate(rules)
    assert len(rules) > 60
    assert len({rule['rule'] for rule in rules}) == len(rules)


def test_rules_for_people_and_completion(rules):
    text = text_of('rules')
    names = [rule['rule'] for rule in rules]
    assert re.findall(r'^  ([a-z0-9-]+) ', text, re.M) == names
    assert text_of('rules', '--names').split() == names
    titles = re.findall(r'^(?:  [a-z0-9-]+ +|  +)(?=[A-Z])', text, re.M)
    assert len({len(start) for start in titles}) == 1
    assert max(map(len, text.splitlines())) <= 80


def test_every_rule_is_explained(rules):
    text = text_of('explain', *(rule['rule'] for rule in rules))
    assert max(map(len, text.splitlines())) <= 80
    flat = ' '.join(text.split())
    for rule in rules:
        assert f'{rule["rule"]}: {rule["title"]}' in flat
        for key in ('why', 'fix', 'rfc'):
            assert ' '.join(rule[key].split()) in flat


def test_rules_page_has_every_rule(rules):
    source = text_of('rules', '--internal-scdoc')
    for rule in rules:
        assert source.count(f'*{rule["rule"]}* (') == 1
    assert source.startswith('mtasts-rules(7)\n')


def test_full_disk_is_noticed():
    with open('/dev/full', 'wb') as full:
        result = subprocess.run([BINARY, 'rules'], stdout=full, timeout=30,
                                stderr=subprocess.PIPE, env=environment(),
                                check=False)
    assert result.returncode == UNKNOWN
    assert b'No space left' in result.stderr


def test_reader_that_goes_away_is_no_fault():
    with subprocess.Popen([BINARY, 'rules', '--json'], env=environment(),
                          stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b''
        assert process.wait(timeout=30) == UNKNOWN
