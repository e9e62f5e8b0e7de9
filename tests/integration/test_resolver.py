"""The resolver against real servers: NSD, Unbound, and some with faults."""
import json
import os
import pathlib
import time

import pytest

from dns_world import (DnsWorld, NOBODY, PLAIN_RESOLVER, RESOLVER, zone_text)

DRIVER = pathlib.Path(os.environ['MTASTS_BUILD'],
                      'tests/integration/resolver_driver')
RELAY = '127.0.0.3'
OTHER_RELAY = '127.0.0.9'
REFUSER = '127.0.0.4'
SILENT = '127.0.0.5'
SERVFAILER = '127.0.0.7'
GARBAGE = '127.0.0.8'
REFUSER_IN_ZONE = 'fe80::53%lo'
LIMIT = 60  # seconds for what should come about soon


class World(DnsWorld):
    def ask(self, *questions, anchor=None, timeout=60, **options):
        """The answers in order of arrival, and the driver's last line."""
        options['trust_anchor'] = anchor or self.anchor
        done = self.namespace.run(
            DRIVER, *(f'{key}={value}' for key, value in options.items()),
            input='\n'.join(questions) + '\n', text=True, capture_output=True,
            timeout=timeout)
        assert done.returncode == 0, done.stderr
        assert done.stderr == ''  # libunbound logs there if it may
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        for line in lines[:-1]:
            assert not line['before_return'], 'called back before it returned'
        return lines[:-1], lines[-1]

    def one(self, question, **options):
        answers, _ = self.ask(question, **options)
        assert len(answers) == 1
        return answers[0]

    def live(self, **options):
        return Live(self, trust_anchor=self.anchor, **options)


class Live:
    """A driver that is asked one question after the other."""

    def __init__(self, world, **options):
        self.process = world.namespace.start(
            DRIVER, 'live=1',
            *(f'{key}={value}' for key, value in options.items()),
            stdin=-1, stdout=-1, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        if self.process.poll() is None:
            self.process.stdout.read()
        self.process.stdout.close()
        assert self.process.wait(LIMIT) == 0

    def line(self, *lines):
        """The first line that comes after these are sent."""
        self.process.stdin.write(''.join(line + '\n' for line in lines))
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def ask(self, question):
        """Status and DNSSEC state."""
        answer = self.line(question)
        assert answer['name'] == question.split()[0]
        return answer['status'], answer['dnssec']

    def validating(self):
        return self.line('?')['validating']

    def note(self):
        return self.line('?')['note']

    def wait(self, **wanted):
        """Until the state is so; returns the seconds that it took."""
        begun = time.monotonic()
        while True:
            state = self.line('?')
            if all(state[key] == value for key, value in wanted.items()):
                return time.monotonic() - begun
            assert time.monotonic() < begun + LIMIT, state
            time.sleep(0.05)


@pytest.fixture(scope='module', name='world')
def fixture_world(tmp_path_factory):
    world = World(tmp_path_factory.mktemp('dns'))
    yield world
    world.close()


@pytest.fixture(name='mode', params=['validating forwarder',
                                     'plain forwarder', 'recursion'])
def fixture_mode(request, world):
    return {'validating forwarder': {'forward': RESOLVER},
            'plain forwarder': {'forward': PLAIN_RESOLVER},
            'recursion': {'root_hints': world.hints}}[request.param]


def text(*strings):
    return ''.join(f'{len(s):02x}' + s.encode().hex() for s in strings)


def name(dotted):
    return text(*dotted.split('.')) + '00'


# Question -> status, dnssec, ttl, canonical, aliases, rdata. The TTL of what
# a resolver keeps runs down: one second less is as good.
ANSWERS = {
    'secure.test MX': ('ok', 'secure', 600, '', 0, {
        '000a' + name('mx1.secure.test'), '0014' + name('mx2.secure.test')}),
    'secure.test TXT': ('ok', 'secure', 600, '', 0, {text('one', 'two')}),
    'mx1.secure.test A': ('ok', 'secure', 300, '', 0,
                          {'c0000201', 'c0000202'}),
    'mx1.secure.test AAAA': ('ok', 'secure', 300, '', 0,
                             {'20010db8' + '0' * 23 + '1'}),
    '_25._tcp.mx1.secure.test TLSA': ('ok', 'secure', 300, '', 0,
                                      {'030101' + 'ab' * 32}),
    'null.secure.test MX': ('ok', 'secure', 300, '', 0, {'000000'}),
    'x.wild.secure.test TXT': ('ok', 'secure', 300, '', 0, {text('wild')}),
    '_mta-sts.insecure.test TXT': ('ok', 'insecure', 120, '', 0,
                                   {text('v=STSv1; id=1;')}),
    'secure.test TLSA': ('nodata', 'secure', 60, '', 0, set()),
    'insecure.test TLSA': ('nodata', 'insecure', 60, '', 0, set()),
    'gone.secure.test TXT': ('nxdomain', 'secure', 60, '', 0, set()),
    'gone.insecure.test TXT': ('nxdomain', 'insecure', 60, '', 0, set()),
    'c1.secure.test TXT': ('ok', 'secure', 300, 'c0.secure.test', 1,
                           {text('the end')}),
    'c2.insecure.test TXT': ('ok', 'insecure', 300, 'c0.insecure.test', 2,
                             {text('the end')}),
    'c8.secure.test TXT': ('ok', 'secure', 300, 'c0.secure.test', 8,
                           {text('the end')}),
    'c9.secure.test TXT': ('servfail', 'secure', None, None, 9, set()),
    'a.loop.secure.test TXT': ('servfail', None, None, None, None, set()),
    'dangling.secure.test TXT': ('nxdomain', 'secure', 60, 'gone.secure.test',
                                 1, set()),
    'empty.secure.test TXT': ('nodata', 'secure', 60, 'mx1.secure.test', 1,
                              set()),
    'across.secure.test TXT': ('ok', 'insecure', 120,
                               '_mta-sts.insecure.test', 1,
                               {text('v=STSv1; id=1;')}),
    'www.old.secure.test TXT': ('ok', 'secure', 300, 'www.new.secure.test', 1,
                                {text('through a DNAME')}),
    'expired.test TXT': ('bogus', 'bogus', 0, '', 0, set()),
    'servfail.faulty.test TXT': ('servfail', 'unchecked', 0, '', 0, set()),
    'garbage.faulty.test TXT': ('servfail', 'unchecked', 0, '', 0, set()),
    'x.faulty.test TXT': ('nodata', 'insecure', 60, '', 0, set()),
    'x.silent.test TXT deadline=1500': ('timeout', 'unchecked', 0, '', 0,
                                        set()),
}


def test_answers(world, mode):
    """Every state is told apart, whoever we ask."""
    answers, end = world.ask(*ANSWERS, **mode)
    assert end['validating'] is True
    assert end['note'] is None
    assert end['answered'] == len(ANSWERS)
    found = {}
    for answer in answers:
        found.setdefault(answer['name'], []).append(answer)
    for question, expected in ANSWERS.items():
        status, dnssec, ttl, canonical, cnames, rrs = expected
        matching = [a for a in found[question.split()[0]]
                    if set(a['rrs']) == rrs and a['status'] == status]
        assert matching, (question, found[question.split()[0]])
        answer = matching[0]
        for key, value in [('dnssec', dnssec), ('canonical', canonical),
                           ('cnames', cnames)]:
            assert value in (None, answer[key]), (question, key, answer)
        if ttl is not None:
            # The forwarder has had some of these for a while.
            assert answer['ttl'] <= ttl, (question, answer)
            assert answer['ttl'] >= ttl * 0.5, (question, answer)


def test_reasons(world):
    bogus = world.one('expired.test TXT', forward=RESOLVER)
    assert 'signature expired' in bogus['why']
    chain = world.one('c9.secure.test TXT', forward=RESOLVER)
    assert chain['why'] == 'too many aliases'
    timeout = world.one('x.silent.test TXT deadline=300', forward=RESOLVER)
    assert timeout['why'] == 'no answer within the deadline'


def test_large_answer(world, mode):
    """Too large for UDP: asked again over TCP."""
    answer = world.one('many.secure.test TXT', **mode)
    assert (answer['status'], answer['dnssec']) == ('ok', 'secure')
    assert len(answer['rrs']) == 6
    assert sum(len(rr) for rr in answer['rrs']) // 2 > 1232


def test_crowd(world, mode):
    """More records than are kept: it is told."""
    answer = world.one('crowd.secure.test TXT', **mode)
    assert (answer['status'], answer['dnssec']) == ('ok', 'secure')
    assert (len(answer['rrs']), answer['omitted']) == (128, 2)
    assert world.one('many.secure.test TXT', **mode)['omitted'] == 0


# ---- forwarders with faults ----

def test_refused(world):
    answer = world.one('secure.test MX', forward=REFUSER)
    assert answer['status'] == 'refused'
    assert answer['why'] == f'the resolver {REFUSER} answers REFUSED'


def test_servfail_says_why(world):
    answer = world.one('secure.test MX', forward=SERVFAILER)
    assert answer['status'] == 'servfail'
    assert answer['why'] == (f'the resolver {SERVFAILER} answers SERVFAIL: '
                             'network error: cable cut')


def test_garbage(world):
    answer = world.one('secure.test MX', forward=GARBAGE)
    assert answer['status'] == 'malformed'
    assert answer['why'] == (f'the resolver {GARBAGE} answers what is no DNS '
                             'message')


def test_silence(world):
    answer = world.one('secure.test MX', forward=SILENT, deadline=2000)
    assert answer['status'] == 'timeout'
    assert 2000 <= answer['elapsed_ms'] < 5000


def test_nobody_there(world):
    answer = world.one('secure.test MX', forward=NOBODY)
    assert answer['status'] == 'timeout'
    assert answer['why'] == f'the resolver {NOBODY} does not answer'


def test_forwarder_behind_an_interface(world):
    """A zone id reaches libunbound, and whoever diagnoses."""
    answer = world.one('secure.test MX', forward=REFUSER_IN_ZONE)
    assert answer['status'] == 'refused'
    assert answer['why'] == f'the resolver {REFUSER_IN_ZONE} answers REFUSED'


def test_forwarder_with_port(world):
    assert world.one('secure.test TXT',
                     forward=f'{RESOLVER}@53')['status'] == 'ok'


# ---- a forwarder that strips DNSSEC from the start ----

@pytest.fixture(name='strip')
def fixture_strip(world):
    """A file that makes the relays strip DNSSEC while it exists."""
    switch = world.switches / 'strip'
    yield switch
    switch.unlink(missing_ok=True)


class DnskeySwitch:
    """What the relays do to questions for DNSKEY."""

    def __init__(self, folder):
        self.file = folder / 'dnskey'
        self.notes = folder / 'dnskeys'
        self.new = folder / 'dnskey.new'

    def set(self, fault):
        self.notes.write_text('', encoding='ascii')
        self.new.write_text(fault, encoding='ascii')
        self.new.replace(self.file)

    def clear(self):
        self.file.unlink(missing_ok=True)

    def wait(self, times):
        """Until so many questions have been answered like that."""
        end = time.monotonic() + LIMIT
        while len(self.notes.read_text(encoding='ascii').split()) < times:
            assert time.monotonic() < end
            time.sleep(0.02)


@pytest.fixture(name='dnskey')
def fixture_dnskey(world):
    switch = DnskeySwitch(world.switches)
    yield switch
    switch.clear()


def strips(*names):
    if len(names) == 1:
        return (f'the resolver {names[0]} strips DNSSEC: answers are not '
                'validated')
    return (f'the resolvers {" and ".join(names)} strip DNSSEC: answers are '
            'not validated')


def test_stripper(world, strip):
    """Nothing is validated, nothing is bogus, and it is said, soon."""
    strip.touch()
    answers, end = world.ask('secure.test MX', '_mta-sts.insecure.test TXT',
                             'expired.test TXT', 'gone.secure.test TXT',
                             forward=RELAY)
    assert {(a['name'], a['status'], a['dnssec']) for a in answers} == {
        ('secure.test', 'ok', 'unchecked'),
        ('_mta-sts.insecure.test', 'ok', 'unchecked'),
        ('expired.test', 'ok', 'unchecked'),
        ('gone.secure.test', 'nxdomain', 'unchecked')}
    assert max(a['elapsed_ms'] for a in answers) < 4000
    assert end['validating'] is False
    assert end['note'] == strips(RELAY)


@pytest.mark.parametrize('fault', ['strip', 'empty', 'refused', 'notimp',
                                   'formerr'])
def test_forwarder_without_dnskey(world, dnskey, fault):
    """It answers all but DNSKEY: no reason to call every name bogus."""
    dnskey.set(fault)
    answers, end = world.ask('secure.test MX', 'insecure.test MX',
                             forward=RELAY)
    assert {(a['status'], a['dnssec']) for a in answers} == {
        ('ok', 'unchecked')}
    assert max(a['elapsed_ms'] for a in answers) < 4000
    assert end['note'] == strips(RELAY)


def two_forwarders(tmp_path, *addresses):
    conf = tmp_path / 'resolv.conf'
    conf.write_text(''.join(f'nameserver {a}\n' for a in addresses),
                    encoding='ascii')
    return conf


def test_note_names_all_forwarders(world, strip, tmp_path):
    strip.touch()
    answers, end = world.ask(
        'secure.test MX',
        resolv_conf=two_forwarders(tmp_path, RELAY, OTHER_RELAY))
    assert (answers[0]['status'], answers[0]['dnssec']) == ('ok', 'unchecked')
    assert end['note'] == strips(RELAY, OTHER_RELAY)


def test_one_forwarder_refuses_the_other_is_silent(world, dnskey, tmp_path):
    dnskey.set('refused')
    answers, end = world.ask(
        'secure.test MX',
        resolv_conf=two_forwarders(tmp_path, SILENT, RELAY))
    assert (answers[0]['status'], answers[0]['dnssec']) == ('ok', 'unchecked')
    assert end['note'] == strips(SILENT, RELAY)


def unclear(*names):
    resolvers = (f'resolver {names[0]} lets' if len(names) == 1 else
                 f'resolvers {" and ".join(names)} let')
    return (f'whether the {resolvers} DNSSEC through could not be told: '
            'answers are validated')


def test_one_forwarder_refuses_the_other_fails(world, dnskey, tmp_path):
    """The other may do better at another time."""
    dnskey.set('refused')
    _, end = world.ask(
        'secure.test MX deadline=4000',
        resolv_conf=two_forwarders(tmp_path, SERVFAILER, RELAY))
    assert end['validating'] is True
    assert end['note'] == unclear(SERVFAILER, RELAY)


@pytest.mark.parametrize('fault', ['servfail', 'garbage', 'silent'])
def test_could_not_tell_at_the_start(world, dnskey, fault):
    """A bad moment, perhaps: answers stay validated, which nothing can be
    without the root's keys, but is again as soon as they can be had. That
    is no fault of the name's, and not called bogus."""
    dnskey.set(fault)
    with world.live(forward=RELAY, probe=500) as live:
        status, dnssec = live.ask('secure.test MX deadline=7000')
        assert status == ('timeout' if fault == 'silent' else 'servfail')
        assert dnssec == 'unchecked'
        assert live.line('?') == {'answered': 1, 'open': 0,
                                  'validating': True, 'note': unclear(RELAY)}
        dnskey.clear()
        live.wait(validating=True, note=None)
        assert live.ask('secure.test MX') == ('ok', 'secure')


def test_stripper_recovers(world, strip):
    strip.touch()
    with world.live(forward=RELAY, probe=300) as live:
        assert live.ask('secure.test MX') == ('ok', 'unchecked')
        strip.unlink()
        live.wait(validating=True, note=None)
        assert live.ask('secure.test MX') == ('ok', 'secure')
        assert live.ask('expired.test TXT') == ('bogus', 'bogus')


# ---- a forwarder that lets DNSSEC through, or did ----

def test_single_stripped_dnskey(world, dnskey):
    """One answer to a probe, forged: nothing is taken unvalidated."""
    with world.live(forward=RELAY, probe=300) as live:
        assert live.ask('secure.test MX') == ('ok', 'secure')
        for n in range(3):
            dnskey.set('strip 1')
            dnskey.wait(1)
            for m in range(3):
                assert live.ask(f'h{10 * n + m}.secure.test A') == (
                    'ok', 'secure')
                assert live.ask('expired.test TXT') == ('bogus', 'bogus')
                time.sleep(0.1)
            assert live.validating()
            live.wait(note=None)


@pytest.mark.parametrize('fault', ['servfail', 'garbage'])
def test_dnskey_could_not_be_had(world, dnskey, fault):
    """However often: that is no forwarder that strips."""
    with world.live(forward=RELAY, probe=100) as live:
        assert live.ask('secure.test MX') == ('ok', 'secure')
        dnskey.set(fault)
        for n in range(4):
            dnskey.wait(10 * n)
            assert live.ask(f'h{n}.secure.test A') == ('ok', 'secure')
            assert live.line('?') == {'answered': n + 2, 'open': 0,
                                      'validating': True, 'note': None}


def test_only_dnskey_is_stripped(world, dnskey):
    """Somebody forges what probes ask for. What else comes is signed: then
    DNSSEC comes through, however long that goes on."""
    with world.live(forward=RELAY, probe=300) as live:
        assert live.ask('secure.test MX') == ('ok', 'secure')
        dnskey.set('strip')
        for n in range(80):
            assert live.ask(f'h{n}.secure.test A') == ('ok', 'secure')
            time.sleep(0.05)
        dnskey.wait(7)
        assert live.validating()
        # Nothing else comes: what probes find is all there is.
        live.wait(validating=False, note=strips(RELAY))


def test_forwarder_begins_to_strip(world, strip):
    """Bogus at first, then lived with, and validated with the first good
    probe."""
    with world.live(forward=RELAY, probe=800) as live:
        assert live.ask('secure.test TXT') == ('ok', 'secure')
        begun = time.monotonic()
        strip.touch()
        assert live.ask('h1.secure.test A') == ('bogus', 'bogus')
        assert live.ask('secure.test MX') == ('bogus', 'bogus')
        live.wait(validating=True, note=f'the resolver {RELAY} strips DNSSEC '
                  'of late: answers are bogus for now')
        assert live.ask('h2.secure.test A') == ('bogus', 'bogus')
        # What is in the cache says nothing of the forwarder.
        while live.ask('secure.test TXT') == ('ok', 'secure'):
            assert time.monotonic() - begun < LIMIT
            time.sleep(0.02)
        assert time.monotonic() - begun >= 4 * 0.8
        live.wait(validating=False, note=strips(RELAY))
        assert live.ask('secure.test TXT') == ('ok', 'unchecked')
        assert live.ask('h1.secure.test A') == ('ok', 'unchecked')
        assert live.ask('expired.test TXT') == ('ok', 'unchecked')
        strip.unlink()
        live.wait(validating=True, note=None)
        assert live.ask('h1.secure.test A') == ('ok', 'secure')
        assert live.ask('expired.test TXT') == ('bogus', 'bogus')


def test_bogus_brings_the_probe_forward(world, strip):
    with world.live(forward=RELAY, probe=8000) as live:
        assert live.ask('secure.test TXT') == ('ok', 'secure')
        strip.touch()
        assert live.ask('h1.secure.test A') == ('bogus', 'bogus')
        assert live.note() is None
        took = live.wait(validating=True, note=f'the resolver {RELAY} strips '
                         'DNSSEC of late: answers are bogus for now')
        assert took < 7


def test_expired_is_bogus_still_after_probe(world):
    """A forwarder that passes DNSSEC: bogus is bogus, also asked twice."""
    process = world.namespace.start(
        DRIVER, f'forward={RESOLVER}', f'trust_anchor={world.anchor}',
        'probe=100', 'stop=2500', stdin=-1, stdout=-1, text=True)
    out, _ = process.communicate('expired.test TXT at=400\n'
                                 'expired.test MX at=900\n', timeout=20)
    *answers, end = [json.loads(line) for line in out.splitlines()]
    assert [a['status'] for a in answers] == ['bogus', 'bogus']
    assert all('signature expired' in a['why'] for a in answers)
    assert end['validating'] is True


# ---- settings ----

def test_resolv_conf(world, tmp_path):
    conf = tmp_path / 'resolv.conf'
    conf.write_text('# none of these is an address\nnameserver nonsense\n'
                    'nameserver 127.0.0.1%lo\nnameserver ::1%\n'
                    'nameserver %lo\n'
                    f'search test\nnameserver\t{RESOLVER} \r\n',
                    encoding='ascii')
    answer = world.one('secure.test MX', resolv_conf=conf)
    assert (answer['status'], answer['dnssec']) == ('ok', 'secure')


@pytest.mark.parametrize('text_', [None, '', 'search test\n'])
def test_resolv_conf_without_servers(world, tmp_path, text_):
    """This machine's own then, as the C library has it."""
    conf = tmp_path / 'resolv.conf'
    if text_ is not None:
        conf.write_text(text_, encoding='ascii')
    assert world.one('secure.test MX', resolv_conf=conf)['status'] == 'ok'


EINVAL, ESYNTAX, ENOTFOUND = 1, 3, 7


def test_bad_settings(world, tmp_path):
    junk = tmp_path / 'junk'
    junk.write_text('this is ( no zone file\n', encoding='ascii')
    gone = tmp_path / 'gone'
    for error, options in [
            (EINVAL, {'forward': 'resolver.example'}),
            (EINVAL, {'forward': '127.0.0.1@0'}),
            (EINVAL, {'forward': '127.0.0.1@65536'}),
            (EINVAL, {'forward': '127.0.0.1@'}),
            (ENOTFOUND, {'root_hints': gone}),
            (ENOTFOUND, {'forward': RESOLVER, 'anchor': gone}),
            (ESYNTAX, {'forward': RESOLVER, 'anchor': junk}),
            (ESYNTAX, {'root_hints': junk})]:
        _, end = world.ask('secure.test MX', **options)
        assert end == {'error': error}, options


def test_wrong_anchor_is_bogus(world, tmp_path):
    """Another root's key: what it signs is forged for us."""
    anchor = tmp_path / 'anchor'
    anchor.write_text('. IN DS 1 13 2 ' + '00' * 32 + '\n', encoding='ascii')
    answer = world.one('secure.test MX', anchor=anchor,
                       root_hints=world.hints)
    assert (answer['status'], answer['dnssec']) == ('bogus', 'bogus')


def test_delegation_to_this_machine(world):
    """Nobody outside sends us to a server that listens here: the root's
    address is one of ours, and the hints name another."""
    outside = world.folder / 'hints-outside'
    assert world.one('secure.test MX', root_hints=outside)['status'] == (
        'servfail')
    assert world.one('secure.test MX', root_hints=world.hints)['status'] == (
        'ok')


# ---- deadlines, cancelling, load ----

def test_deadlines_are_each_query_s_own(world, mode):
    answers, _ = world.ask('a.silent.test TXT deadline=700',
                           'b.silent.test TXT deadline=300',
                           'c.silent.test TXT deadline=500',
                           'secure.test MX', **mode)
    timeouts = [a for a in answers if a['status'] == 'timeout']
    assert [a['name'][0] for a in timeouts] == ['b', 'c', 'a']
    for answer, due in zip(timeouts, (300, 500, 700)):
        assert due <= answer['elapsed_ms'] < due + 3000


def test_answer_that_waits_at_the_deadline(world):
    """It came while somebody's callback took its time, and so did the
    deadline: the answer counts."""
    answers, _ = world.ask('insecure.test MX',
                           'insecure.test MX at=1000 hang',
                           'insecure.test TXT at=1000 deadline=200',
                           forward=RESOLVER)
    assert [(a['status'], a['dnssec']) for a in answers] == [
        ('ok', 'insecure')] * 3
    assert 200 <= answers[2]['elapsed_ms']


def test_cancel(world, mode):
    """No callback after a cancel: at once, under way, or from another's."""
    answers, end = world.ask('secure.test MX cancel=0',
                             'secure.test TXT cancel=0',
                             'a.silent.test TXT cancel=100',
                             'secure.test A', **mode)
    assert [a['name'] + a['status'] for a in answers] == ['secure.testnodata']
    assert end == {'answered': 1, 'open': 0, 'validating': True, 'note': None}


def test_cancel_from_a_callback(world, mode):
    answers, end = world.ask('secure.test MX cancel_all',
                             *(f'{n}.silent.test TXT' for n in range(20)),
                             **mode)
    assert len(answers) == 1
    assert end['open'] == 0


def test_free_from_a_callback(world, mode):
    answers, end = world.ask('secure.test MX free',
                             *(f'{n}.silent.test TXT' for n in range(20)),
                             'x.silent.test TXT deadline=9000', **mode)
    assert len(answers) == 1
    assert end['answered'] == 1


@pytest.mark.parametrize('after', [200, 2500])  # of what a probe asks
def test_free_while_probing(world, after):
    answers, _ = world.ask('secure.test MX', 'secure.test TXT',
                           forward=SILENT, free=after)
    assert answers == []


def test_ask_again_from_a_callback(world, mode):
    """The second answer is in the cache, and asynchronous all the same."""
    answers, end = world.ask('secure.test MX again', **mode)
    assert [a['status'] for a in answers] == ['ok', 'ok']
    assert end['open'] == 0


def test_many_at_once(world, mode):
    """A thousand, all different, none lost."""
    answers, end = world.ask('n%.wild.secure.test TXT times=1000',
                             'n%.insecure.test TXT times=1000', **mode,
                             deadline=30000)
    assert end['answered'] == 2000
    states = {}
    for answer in answers:
        key = (answer['status'], answer['dnssec'])
        states[key] = states.get(key, 0) + 1
    assert states == {('ok', 'secure'): 1000, ('nxdomain', 'insecure'): 1000}


def test_zone_has_what_is_asked():
    """The tables of this file and of the zones agree."""
    assert 'c12.x. 312 CNAME c11.x.' in zone_text('x')
