#!/usr/bin/python3
"""make_seeds.py VECTORS DIRECTORY: inputs for the fuzzers of libmtasts.

Turns the vectors into DIRECTORY/<noun>/<name>, in the form that each fuzzer
reads: TXT RRs joined and cut at 0x1e, policy bodies as they are, a pattern
and a host with a line feed between, names one a file. Large ones are left
out: they only slow a fuzzer down. The corpora in the tree are these and what
was found from them, minimised with `fuzz_<noun> -merge=1`.
"""
import base64
import json
import pathlib
import re
import sys

LARGEST = 4096
NAMES = [
    'example.com', 'Example.COM.', 'example.com:25', 'example.com:smtp',
    '[mail.example.com]', '[mail.example.com]:587', '.example.com',
    '[192.0.2.1]:25', '[IPv6:2001:db8::1]', '[2001:db8::1]:25', '192.0.2.1',
    '2001:db8::1', '_tcp.example', 'xn--bcher-kva.example', 'b\u00fccher.example',
    'a' * 63 + '.example', 'a.' * 126 + 'b', '[a', ':', '..', '-a.b-',
]


def octets(text):
    """One octet a character up to U+00FF, UTF-8 above."""
    return b''.join(c.encode('latin-1' if ord(c) <= 0xff else 'utf-8')
                    for c in text)


def records(path):
    for case in json.loads(path.read_text()):
        yield case['name'], b'\x1e'.join(
            b''.join(map(octets, rr)) for rr in case['txt_rrset'])


def policies(path):
    for case in json.loads(path.read_text()):
        yield case['name'], base64.b64decode(case['body_base64'])


def matches(path):
    for number, case in enumerate(json.loads(path.read_text())):
        yield str(number), octets(case['pattern'] + '\n' + case['host'])


def names(_):
    for number, name in enumerate(NAMES):
        yield str(number), name.encode()


SEEDS = {
    'sts_record': (records, 'txt-record.json'),
    'tlsrpt_record': (records, 'tlsrpt-record.json'),
    'sts_policy': (policies, 'policy.json'),
    'mx_match': (matches, 'mxmatch.json'),
    'name': (names, 'mxmatch.json'),
}


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    vectors, target = map(pathlib.Path, sys.argv[1:])
    for noun, (read, file) in SEEDS.items():
        folder = target / noun
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in read(vectors / file):
            if len(data) <= LARGEST:
                (folder / re.sub(r'[^\w-]', '_', name)).write_bytes(data)


main()
