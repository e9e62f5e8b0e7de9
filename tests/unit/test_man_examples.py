#!/usr/bin/python3
"""test_man_examples.py DOCS INCLUDE LIBRARY CLIENT CC...: programs in docs.

Each program in a page of section 3 is compiled by CC with warnings as errors,
linked with the libraries and run; what it prints must be the literal block
that follows it in the page.  It is given the socket of a server that replies
what docs/embedding.md shows.  So is docs/examples/mtasts_query.c.
"""
import pathlib
import re
import socketserver
import subprocess
import sys
import tempfile
import textwrap
import threading

RUN_SECONDS = 20
BLOCKS = re.compile(r'^```\n(.*?)^```$', re.S | re.M)
FRAMES = re.compile(r'^ {4}(\d+:.*?,)$', re.S | re.M)
# what the example says of these MX hosts, under the policy of embedding.md
WALK = [('mx.example.net', 'validation-failure'),
        ('bad-mx.example.org', 'certificate-host-mismatch'),
        ('mx.example.org', 'deliver')]


def literal(text):
    """A literal block as scdoc prints it: a backslash escapes."""
    return re.sub(r'\\(.)', r'\1', text)


def frames(docs):
    """The request and the reply that docs/embedding.md shows."""
    text = (docs / 'embedding.md').read_text()
    found = [textwrap.dedent('    ' + frame)
             for frame in FRAMES.findall(text)]
    assert len(found) == 2, found
    return [frame.encode() for frame in found]


class Daemon(socketserver.UnixStreamServer):
    """Replies what the documentation says, to what it says."""

    def __init__(self, path, request, reply):
        self.request_frame, self.reply_frame = request, reply
        super().__init__(str(path), Connection)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Connection(socketserver.StreamRequestHandler):
    def handle(self):
        if self.request.recv(4096) == self.server.request_frame:
            self.request.sendall(self.server.reply_frame)


class Compiler:
    def __init__(self, include, libraries, words):
        self.words = [*words, '-std=c11', '-Wall', '-Wextra', '-Werror',
                      '-I', include]
        self.libraries = [
            *libraries, *(f'-Wl,-rpath,{pathlib.Path(one).resolve().parent}'
                          for one in libraries)]

    def run(self, source, *arguments):
        """Compiles and runs it; (what it prints, its exit status)."""
        with tempfile.TemporaryDirectory() as folder:
            binary = pathlib.Path(folder) / 'example'
            subprocess.run([*self.words, source, '-o', binary,
                            *self.libraries], check=True)
            done = subprocess.run([binary, *arguments], text=True,
                                  stdout=subprocess.PIPE, timeout=RUN_SECONDS)
            return done.stdout, done.returncode


def page_faults(page, compiler, folder, socket):
    """Runs the programs of a page; (how many, what is wrong with them)."""
    blocks = list(map(literal, BLOCKS.findall(page.read_text())))
    programs = [i for i, block in enumerate(blocks) if 'int main(' in block]
    faults = [] if programs else [f'{page.name}: no example']
    for i in programs:
        source = folder / 'example.c'
        source.write_text(blocks[i])
        printed, _ = compiler.run(source, socket)
        expected = (blocks + [''])[i + 1]
        # scdoc has no carriage returns, and ends a block by a line feed.
        if printed.replace('\r', '') != expected:
            faults.append(f'{page.name}: prints\n{printed}not\n{expected}')
    return len(programs), faults


def walk_faults(docs, compiler, socket):
    """The example program, as far as its second host, and to the end."""
    source = docs / 'examples' / 'mtasts_query.c'
    for count, status in (2, 75), (3, 0):
        hosts, results = zip(*WALK[:count])
        done = compiler.run(source, socket, 'example.com', *hosts)
        expected = ''.join(f'{host}: {result}\n'
                           for host, result in zip(hosts, results))
        if done != (expected, status):
            yield f'{source.name}: {done} not {expected, status}'
    # no daemon: keep the message
    if compiler.run(source, '/nonexistent', 'example.com', 'mx')[1] != 75:
        yield f'{source.name}: goes on without an answer'


def main():
    docs, include, library, client, *words = sys.argv[1:]
    docs = pathlib.Path(docs)
    compiler = Compiler(include, [client, library], words)
    found, faults = 0, []
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        socket = folder / 'socket'
        with Daemon(socket, *frames(docs)):
            for page in sorted(docs.glob('*.3.scd')):
                count, wrong = page_faults(page, compiler, folder, socket)
                found += count
                faults += wrong
            faults += walk_faults(docs, compiler, socket)
    print(*faults, f'examples: {found}', sep='\n')
    return found == 0 or len(faults) > 0


sys.exit(main())
