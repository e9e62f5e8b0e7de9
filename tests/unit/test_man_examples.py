#!/usr/bin/python3
"""test_man_examples.py DOCS INCLUDE LIBRARY CC...: programs in the man pages.

Each program in a page of section 3 is compiled by CC with warnings as errors,
linked with LIBRARY and run; what it prints must be the literal block that
follows it in the page.
"""
import pathlib
import re
import subprocess
import sys
import tempfile

RUN_SECONDS = 20
BLOCKS = re.compile(r'^```\n(.*?)^```$', re.S | re.M)


def literal(text):
    """A literal block as scdoc prints it: a backslash escapes."""
    return re.sub(r'\\(.)', r'\1', text)


def run(program, include, library, compiler, folder):
    source = folder / 'example.c'
    binary = folder / 'example'
    source.write_text(program)
    subprocess.run([*compiler, '-std=c11', '-Wall', '-Wextra', '-Werror',
                    '-I', include, source, '-o', binary, library,
                    f'-Wl,-rpath,{pathlib.Path(library).resolve().parent}'], check=True)
    return subprocess.run([binary], stdout=subprocess.PIPE, text=True,
                          timeout=RUN_SECONDS).stdout


def main():
    docs, include, library, *compiler = sys.argv[1:]
    found = failed = 0
    for page in sorted(pathlib.Path(docs).glob('*.3.scd')):
        blocks = list(map(literal, BLOCKS.findall(page.read_text())))
        programs = [i for i, block in enumerate(blocks) if 'int main(' in block]
        found += len(programs)
        if not programs:
            print(f'{page.name}: no example')
            failed += 1
        for i in programs:
            expected = (blocks + [''])[i + 1]
            with tempfile.TemporaryDirectory() as folder:
                printed = run(blocks[i], include, library, compiler,
                              pathlib.Path(folder))
            # scdoc has no carriage returns, and ends a block by a line feed.
            if printed.replace('\r', '') != expected:
                print(f'{page.name}: prints\n{printed}not\n{expected}')
                failed += 1
    print(f'examples: {found}')
    return found == 0 or failed > 0


sys.exit(main())
