"""The resolver against real servers: NSD, Unbound, and some with faults."""
import json
import os
import pathlib

import pytest

from dns_world import (DnsWorld, NOBODY, PLAIN_RESOLVER, RESOLVER, zone_text)

DRIVER = pathlib.Path(os.environ['MTASTS_BUILD'],
                      'tests/integration/resolver_driver')
STRIPPER = '127.0.0.3'
REFUSER = '127.0.0.4'
SILENT = '127.0.0.5'
SERVFAILER = '127.0.0.7'
GARBAGE = '127.0.0.8'
NO_DNSKEY = '127.0.0.9'


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


def test_forwarder_with_port(world):
    assert world.one('secure.test TXT',
                     forward=f'{RESOLVER}@53')['status'] == 'ok'


# ---- a forwarder that strips DNSSEC ----

@pytest.fixture(name='strip')
def fixture_strip(world):
    switch = world.switches / 'strip'
    yield switch
    switch.unlink(missing_ok=True)


def test_stripper(world, strip):
    """Nothing is validated, nothing is bogus, and it is said."""
    strip.touch()
    answers, end = world.ask('secure.test MX', '_mta-sts.insecure.test TXT',
                             'expired.test TXT', 'gone.secure.test TXT',
                             forward=STRIPPER)
    assert {(a['name'], a['status'], a['dnssec']) for a in answers} == {
        ('secure.test', 'ok', 'unchecked'),
        ('_mta-sts.insecure.test', 'ok', 'unchecked'),
        ('expired.test', 'ok', 'unchecked'),
        ('gone.secure.test', 'nxdomain', 'unchecked')}
    assert end['validating'] is False
    assert end['note'] == (f'the resolver {STRIPPER} strips DNSSEC: answers '
                           'are not validated')


def test_forwarder_without_dnskey(world):
    """It answers all but DNSKEY: no reason to call every name bogus."""
    answer = world.one('secure.test MX deadline=9000', forward=NO_DNSKEY)
    assert (answer['status'], answer['dnssec']) == ('ok', 'unchecked')


def test_stripper_recovers(world, strip):
    strip.touch()
    process = world.namespace.start(
        DRIVER, f'forward={STRIPPER}', f'trust_anchor={world.anchor}',
        'probe=500', 'stop=3000', stdin=-1, stdout=-1, text=True)
    process.stdin.write('secure.test MX\nsecure.test TXT at=2500\n')
    process.stdin.close()
    first = json.loads(process.stdout.readline())
    strip.unlink()
    second = json.loads(process.stdout.readline())
    end = json.loads(process.stdout.readline())
    process.stdout.close()
    assert process.wait(10) == 0
    assert (first['status'], first['dnssec']) == ('ok', 'unchecked')
    assert (second['status'], second['dnssec']) == ('ok', 'secure')
    assert end['validating'] is True
    assert end['note'] is None


def test_forwarder_begins_to_strip(world, strip):
    """The first bogus answer brings the probe forward."""
    process = world.namespace.start(
        DRIVER, f'forward={STRIPPER}', f'trust_anchor={world.anchor}',
        'probe=1000', 'stop=4000', stdin=-1, stdout=-1, text=True)
    process.stdin.write('secure.test TXT\n'
                        'insecure.test MX at=1800\nsecure.test MX at=1900\n')
    process.stdin.close()
    first = json.loads(process.stdout.readline())
    strip.touch()
    others = [json.loads(process.stdout.readline()) for _ in range(2)]
    end = json.loads(process.stdout.readline())
    process.stdout.close()
    assert process.wait(10) == 0
    assert (first['status'], first['dnssec']) == ('ok', 'secure')
    assert {(a['status'], a['dnssec']) for a in others} == {
        ('ok', 'unchecked')}
    assert end['validating'] is False


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


def test_free_while_probing(world):
    answers, _ = world.ask('secure.test MX', 'secure.test TXT',
                           forward=SILENT, free=200)
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
