"""cli - the verbs of the lab's command line

EXIT STATUS
    0 done; 1 failed, with a sentence on standard error; 2 bad usage;
    `exec` has the status of the command, 127 when there is no such command,
    and 128 + n when signal n ended it.
"""

import os
import shlex
import signal
import sys

from . import lab, netns, process, table
from .state import LabError, from_environment

HINT = """\
You are on the client's host of the lab. Some things to try:
  drill -D healthy.example MX            (signed, validated: flag ad)
  curl https://mta-sts.healthy.example/.well-known/mta-sts.txt
  openssl s_client -starttls smtp -connect mx.healthy.example:25
  mtasts check --root-hints $LAB_ROOT_HINTS --trust-anchor \\
      $LAB_TRUST_ANCHOR --ca-file $LAB_CA_FILE --allow-private DOMAIN
`lab list` shows the domains; leave with ^D; `lab down` ends the lab."""


def _say(line):
    print(line, flush=True)


def cmd_up(state, args):
    lab.require_root()
    # Told to end while it starts, it takes down what it has.
    for signum in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, lambda number, _: sys.exit(128 + number))
    if not lab.up(state, _say):
        _say("lab is up already (`lab status`, `lab down`)")
    return 0


def cmd_down(state, args):
    lab.require_root()
    count = lab.down(state)
    _say("lab was not up" if count is None
         else f"lab is down: {count} processes ended")
    return 0


def _require_up(state):
    lab.require_root()
    if not lab.running(state):
        raise LabError("lab is not up: `lab up` first")


def _enter_client(state):
    """Move this process to the client's host, with resolver and CA."""
    _require_up(state)
    netns.enter(state.namespace("client"))
    if not netns.bind_privately(state.path("client", "resolv.conf"),
                                "/etc/resolv.conf"):
        print("lab: /etc/resolv.conf stays the host's: name servers must be "
              "named", file=sys.stderr)
    values = lab.environment(state)
    os.environ.update(values)
    for name in ("SSL_CERT_FILE", "CURL_CA_BUNDLE"):
        os.environ[name] = values["LAB_CA_FILE"]


def _run(argv):
    """Become argv."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        os.execvp(argv[0], argv)
    except OSError as error:
        print(f"lab: {argv[0]}: {error.strerror}", file=sys.stderr)
        return 127


def cmd_exec(state, args):
    if args[:1] == ["--"]:
        args = args[1:]
    if not args:
        return _usage("exec needs a command")
    _enter_client(state)
    return _run(args)


def cmd_shell(state, args):
    _enter_client(state)
    _say(HINT)
    os.environ["PS1"] = "lab# "
    shell = os.environ.get("SHELL") or "/bin/sh"
    quiet = ["--norc"] if shell.endswith("bash") else []
    return _run([shell, *quiet, "-i"])


def cmd_status(state, args):
    data = state.load()
    if data is None:
        _say("lab is not up")
        return 1
    whole = lab.running(state)
    _say(f"lab is {'up' if whole else 'BROKEN: `lab up` rebuilds it'}: "
         f"{data['scenarios']} domains, state in {state.dir}")
    for name, pid in process.recorded(state).items():
        _say(f"  {name:<18} {f'pid {pid}' if pid else 'gone'}")
    for space in netns.existing(state.prefix):
        _say(f"  namespace {space}: {len(netns.processes(space))} "
             "processes")
    return 0 if whole else 1


def cmd_list(state, args):
    rows = table.load()
    section = None
    for row in sorted(rows.scenarios,
                      key=lambda row: table.SECTIONS.index(row.section)):
        if row.section != section:
            section = row.section
            _say(f"\n{section}")
        _say(f"  {row.domain:<34} {row.about}")
        for rule in row.expect:
            _say(f"  {'':<34}   {rule}")
    _say(f"\n{len(rows.scenarios)} domains")
    return 0


def cmd_env(state, args):
    for name, value in lab.environment(state).items():
        _say(f"export {name}={shlex.quote(value)}")
    return 0


VERBS = {
    "up": (cmd_up, "build and start the lab"),
    "down": (cmd_down, "end it and leave nothing"),
    "shell": (cmd_shell, "a shell on the client's host"),
    "exec": (cmd_exec, "run a command there: exec -- COMMAND..."),
    "status": (cmd_status, "what runs"),
    "list": (cmd_list, "the scenario domains and what is wrong with them"),
    "env": (cmd_env, "shell assignments: CA, root hints, resolvers"),
}


def _usage(problem=None):
    if problem:
        print(f"lab: {problem}", file=sys.stderr)
    stream = sys.stderr if problem else sys.stdout
    print("usage: lab VERB [ARGUMENT]...", file=stream)
    for verb, (_, what) in VERBS.items():
        print(f"  {verb:<8} {what}", file=stream)
    return 2 if problem else 0


def main(argv):
    if not argv:
        return _usage("which verb?")
    if argv[0] in ("-h", "--help", "help"):
        return _usage()
    if argv[0] not in VERBS:
        return _usage(f"no verb {argv[0]!r}")
    if argv[0] != "exec" and len(argv) > 1:
        return _usage(f"{argv[0]} takes no arguments")
    try:
        return VERBS[argv[0]][0](from_environment(), argv[1:])
    except BrokenPipeError:
        # Whoever read has seen enough; nothing is left to flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except (LabError, OSError) as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
