"""Completions, in the real shells, against the program's own table."""
import os
import pty
import re
import select
import subprocess
import time

import pytest

from cli import BINARY, ROOT, environment, options_table, text_of

BASH = ROOT / 'packaging/completion/mtasts.bash'
ZSH = ROOT / 'packaging/completion'


def path_environment():
    return environment(PATH=f'{BINARY.parent}:/usr/bin:/bin')


def bash(*words, current=None):
    """What bash offers where the last of `words` is being typed."""
    current = len(words) - 1 if current is None else current
    quoted = ' '.join("'" + word + "'" for word in words)
    script = f'''
        source '{BASH}'
        complete -p mtasts >/dev/null
        COMP_WORDS=({quoted}) COMP_CWORD={current}
        _mtasts mtasts "${{COMP_WORDS[COMP_CWORD]}}" \\
            "${{COMP_WORDS[COMP_CWORD-1]}}"
        printf '%s\\n' "${{COMPREPLY[@]}}"'''
    result = subprocess.run(['bash', '--norc', '-euc', script], text=True,
                            timeout=30, capture_output=True, check=False,
                            env=path_environment())
    assert result.returncode == 0 and result.stderr == '', result.stderr
    return set(result.stdout.split())


COMMANDS = {}
for _row in options_table():
    COMMANDS.setdefault(_row[0], {})[_row[1]] = _row[4].split()


def test_bash_registers():
    result = subprocess.run(
        ['bash', '--norc', '-c', f'source {BASH}; complete -p mtasts'],
        text=True, capture_output=True, timeout=30, check=True,
        env=environment())
    assert result.stdout == 'complete -F _mtasts mtasts\n'


def test_bash_offers_every_command():
    firsts = {command.split()[0] for command in COMMANDS}
    assert bash('mtasts', '') == firsts | {'--help', '--version'}
    assert bash('mtasts', 'help', '') == firsts
    for group in ('lint', 'make'):
        assert bash('mtasts', group, '') == \
            {command.split()[1] for command in COMMANDS
             if command.startswith(group + ' ')}
    assert bash('mtasts', 'ch') == {'check'}


@pytest.mark.parametrize('command', COMMANDS)
def test_bash_offers_every_option(command):
    assert bash('mtasts', *command.split(), '--') == set(COMMANDS[command])
    assert bash('mtasts', *command.split(), 'word', '--h') == {'--help'}


@pytest.mark.parametrize('command', COMMANDS)
def test_bash_offers_every_choice(command):
    for option, choices in COMMANDS[command].items():
        if choices:
            assert bash('mtasts', *command.split(), option, '') == set(choices)
            assert bash('mtasts', *command.split(), option, '=', '') == \
                set(choices)


def test_bash_offers_rules_and_files(tmp_path):
    rules = set(text_of('rules', '--names').split())
    assert bash('mtasts', 'explain', '') == rules
    assert bash('mtasts', 'explain', 'dane-b') == \
        {rule for rule in rules if rule.startswith('dane-b')}
    (tmp_path / 'file').touch()
    for words in (['check', '--from'], ['lint', 'policy'],
                  ['make', 'records', '--policy']):
        assert bash('mtasts', *words, f'{tmp_path}/f') == {f'{tmp_path}/file'}


ZSH_SETUP = f'''
unsetopt zle_bracketed_paste prompt_cr prompt_sp
fpath=('{ZSH}' $fpath)
autoload -Uz compinit; compinit -u -D
# What would be offered is printed instead; lists that are only looked up
# (-O, -A, -D) are left alone.
compadd() {{
    if [[ ${{@[1,(i)(-|--)]}} == *-(O|A|D)\\ * ]]; then
        builtin compadd "$@"
        return
    fi
    local -a offered
    builtin compadd -A offered "$@"
    (($#offered)) && print -l -- '@['$^offered']@'
}}
print_end() {{ print end-$((40 + 2)) }}
press_tab() {{ comppostfuncs=(print_end); zle complete-word }}
zle -N press_tab
bindkey '^I' press_tab
print ready-$((40 + 2))
'''


class Zsh:
    """A zsh on a terminal of its own, where Tab can be pressed."""

    def __init__(self, folder):
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            os.execve('/usr/bin/zsh', ['zsh', '-f', '-i'],
                      path_environment() | {'TERM': 'dumb', 'PS1': '',
                                            'HOME': str(folder)})
        self.type(ZSH_SETUP)
        self.until('ready-42')

    def type(self, text):
        os.write(self.master, text.encode())

    def until(self, pattern, seconds=30):
        """What it prints until the pattern has come."""
        text, end = '', time.monotonic() + seconds
        while not re.search(pattern, text):
            left = end - time.monotonic()
            assert left > 0, text
            if select.select([self.master], [], [], left)[0]:
                text += os.read(self.master, 65536).decode('utf-8', 'replace')
        return text

    def offers(self, line):
        """The words that Tab offers behind `line`."""
        self.type('\x15' + line + '\t')
        text = self.until('end-42')
        return {word.rstrip('=') for word in re.findall(r'@\[(.*?)\]@', text)}

    def close(self):
        self.type('\x15\x04exit\n')
        os.close(self.master)
        os.waitpid(self.pid, 0)


@pytest.fixture(scope='module', name='zsh')
def fixture_zsh(tmp_path_factory):
    shell = Zsh(tmp_path_factory.mktemp('zsh'))
    yield shell
    shell.close()


def test_zsh_offers_every_command(zsh):
    firsts = {command.split()[0] for command in COMMANDS}
    assert zsh.offers('mtasts ') == firsts | {'--help', '--version'}
    assert zsh.offers('mtasts help ') >= firsts
    for group in ('lint', 'make'):
        assert zsh.offers(f'mtasts {group} ') == \
            {command.split()[1] for command in COMMANDS
             if command.startswith(group + ' ')}


@pytest.mark.parametrize('command', COMMANDS)
def test_zsh_offers_every_option(zsh, command):
    assert zsh.offers(f'mtasts {command} --') == set(COMMANDS[command])


@pytest.mark.parametrize('command', COMMANDS)
def test_zsh_offers_every_choice(zsh, command):
    for option, choices in COMMANDS[command].items():
        if choices:
            assert zsh.offers(f'mtasts {command} {option} ') == set(choices)
            assert zsh.offers(f'mtasts {command} {option}=') == set(choices)


def test_zsh_offers_rules_and_files(zsh, tmp_path):
    assert zsh.offers('mtasts explain ') == \
        set(text_of('rules', '--names').split())
    (tmp_path / 'file').touch()
    for words in ('check --from ', 'lint policy ', 'make records --policy '):
        assert 'file' in zsh.offers(f'mtasts {words}{tmp_path}/f')
