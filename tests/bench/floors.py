"""The floors of the benches in a world: libunbound, libcurl and OpenSSL
alone, as commands over a list of domains. README.md says what each does.
"""
import pathlib

import world

FETCH_EVERY = 50      # in the lists for memory, one domain in so many


class Floors:
    """The programs, `jobs` domains at once."""

    def __init__(self, build, here, jobs):
        self.build = pathlib.Path(build).resolve()
        self.world = here
        self.jobs = str(jobs)

    def program(self, name):
        return self.build / 'tests' / 'bench' / name

    def list_of(self, kind, numbers):
        """A file of work, a line a number: none, sts, policyd, fetch, many."""
        path = self.world.dir / f'{kind}-{numbers.start}-{numbers.stop}'
        if not path.exists():
            with open(path, 'w', encoding='ascii') as file:
                file.writelines(self._line(kind, n) for n in numbers)
        return path

    def unbound(self, kind, numbers):
        return [self.program('bench_unbound'), self.world.resolver,
                self.world.trust_anchor, self.jobs,
                self.list_of(kind, numbers), kind]

    def curl(self, numbers):
        return [self.program('bench_curl'), self.world.ca_file, self.jobs,
                self.list_of('fetch', numbers)]

    def openssl(self, numbers):
        return [self.program('bench_openssl'), self.world.ca_file, self.jobs,
                self.list_of('fetch', numbers)]

    def _line(self, kind, number):
        if kind == 'none':
            return world.none_domain(number) + '\n'
        if kind in ('sts', 'policyd'):
            return world.sts_domain(number) + '\n'
        if kind == 'fetch':
            return (f'mta-sts.{world.sts_domain(number)} '
                    f'{world.host_address(number)}\n')
        if number % FETCH_EVERY == 0:
            return world.sts_domain(number // FETCH_EVERY %
                                    self.world.domains) + '\n'
        return world.many_domain(number) + '\n'
