"""How the cases of a test step are counted.

What was skipped counts as failed: every case can run on a machine that has
the packages and root.
"""
import dataclasses
import json
import pathlib
import re
import xml.etree.ElementTree


@dataclasses.dataclass(frozen=True)
class Tally:
    """Makes (passed, failed) of the result file that a step leaves.

    Without a file the step as a whole is one case.
    """
    result: pathlib.Path = None
    parse: object = None

    def prepare(self):
        """No old result may stand in for one that was never written."""
        if self.result:
            self.result.unlink(missing_ok=True)

    def count(self, code):
        """(passed, failed), never better than the exit code says."""
        if self.result is None:
            return (0, 1) if code else (1, 0)
        try:
            passed, failed = self.parse(self.result.read_text('utf-8'))
        except (OSError, ValueError, KeyError, TypeError,
                xml.etree.ElementTree.ParseError):
            passed, failed = 0, 1  # it left no result
        if not failed and (code or not passed):
            failed = 1
        return passed, failed


CMOCKA = re.compile(r'^\[  (PASSED|FAILED|SKIPPED|ERROR) *\] (?:.*: )?(\d+)'
                    r' test\(s\)', re.M)


def cmocka_cases(output, result):
    """(passed, failed) of one test program that meson ran."""
    passed = failed = 0
    for word, number in CMOCKA.findall(output):
        if word == 'PASSED':
            passed += int(number)
        else:
            failed += int(number)
    if result == 'OK':
        return max(passed, 1), failed
    return passed, max(failed, 1)  # it crashed, leaked or timed out


def meson_cases(text):
    counts = []
    for line in text.splitlines():
        test = json.loads(line)
        output = test.get('stdout', '') + test.get('stderr', '')
        counts.append(cmocka_cases(output, test['result']))
    return sum(n for n, _ in counts), sum(n for _, n in counts)


def junit_cases(text):
    passed = failed = 0
    for suite in xml.etree.ElementTree.fromstring(text).iter('testsuite'):
        bad = sum(int(suite.get(kind)) for kind in
                  ('failures', 'errors', 'skipped'))
        passed += max(int(suite.get('tests')) - bad, 0)
        failed += bad
    return passed, failed


def fuzz_cases(text):
    return text.count(' executions in '), text.count(': FAILED')


def meson(build, logbase='testlog'):
    """The cases of the cmocka programs of a `meson test` run."""
    return Tally(build / 'meson-logs' / f'{logbase}.json', meson_cases)


def junit(path):
    """The cases of a pytest run."""
    return Tally(path, junit_cases)


def fuzz(build):
    """A case a fuzzer, from the summary of tools/fuzz."""
    return Tally(build / 'summary', fuzz_cases)
