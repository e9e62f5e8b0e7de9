"""Everything that can be asked about a domain, asked of real servers."""
import time

import pytest

from gather_world import LONG, World

FAST = 'deadline=15000'


@pytest.fixture(scope='module', name='world')
def fixture_world(tmp_path_factory):
    world = World(tmp_path_factory.mktemp('world'))
    yield world
    world.close()


def one(world, domain, *arguments):
    return world.gather(*arguments, domain)[domain]


def lookup(fact, *more):
    """Status and DNSSEC state, absent words filled in."""
    return (fact.get('status', 'not-asked'),
            fact.get('dnssec', 'unchecked')) + tuple(
                fact.get(key) for key in more)


# ---- all of it ----

def test_healthy(world):
    world.sessions()
    facts = one(world, 'good.secure.test', 'smtp=1', 'variations=1', FAST)
    assert facts['validating'] is True
    assert facts['smtp_probed'] is True
    assert 'resolver_note' not in facts
    sts = facts['sts_txt']
    assert lookup(sts['lookup'], 'name', 'ttl') == (
        'ok', 'secure', '_mta-sts.good.secure.test', 300)
    assert sorted((rr['text'], rr['strings']) for rr in sts['rrs']) == [
        ('unrelated', 1), ('v=STSv1; id=1;', 2)]
    assert len(facts['tlsrpt_txt']['rrs']) == 1
    for legacy, name in [('legacy_sts_txt', '_smtp_sts'),
                         ('legacy_tlsrpt_txt', '_smtp-tlsrpt')]:
        assert lookup(facts[legacy]['lookup'], 'name') == (
            'nxdomain', 'secure', f'{name}.good.secure.test')

    policy = facts['policy_host']
    assert [a['text'] for a in policy['host']['addresses']] == [
        '::1', '127.0.1.1', '127.0.1.2'] or \
        [a['text'] for a in policy['host']['addresses']] == [
            '::1', '127.0.1.2', '127.0.1.1']
    assert policy['fetch']['status'] == 'ok'
    assert policy['fetch']['body'].startswith('version: STSv1')
    assert policy['fetch']['tls']['verify'] == 'ok'

    mx = facts['mx']
    assert [(h['preference'], h['name']) for h in mx['hosts']] == [
        (10, 'mx1.secure.test'), (20, 'mx2.secure.test'),
        (30, 'alias.secure.test')]
    first, second, alias = mx['hosts']
    assert first['name_valid'] and not first.get('is_cname')
    assert alias['is_cname'] is True
    assert alias['host']['a']['canonical'] == 'mx2.secure.test'
    session, = first['sessions']
    assert session['status'] == 'ok'
    assert session['dane']['state'] == 'pass'
    assert sorted(session['dane']['matched']) == [False, True]
    assert session['tls']['verify'] == 'ok'
    assert session['injection'] == 'no'
    assert second['sessions'][0]['tls']['verify'] == 'host-mismatch'
    assert lookup(second['tlsa']['lookup']) == ('nxdomain', 'secure')
    assert facts['elapsed_ms'] < 15000

    # mx2 and its alias are one address, as politeness sees it
    sessions, at_once = world.sessions()['127.0.2.2']
    assert at_once == 1
    assert len(sessions) == 10


def test_variations(world):
    facts = one(world, 'good.secure.test', 'variations=1', FAST)
    policy = facts['policy_host']
    pinned = {f['address']: f for f in policy['others'] if f.get('pinned')}
    assert set(pinned) == {'::1', '127.0.1.1', '127.0.1.2'}
    assert all(f['status'] == 'ok' for f in pinned.values())
    assert pinned['127.0.1.1']['body'] != pinned['127.0.1.2']['body']
    varied = {f['variation']: f for f in policy['others']
              if 'variation' in f}
    assert set(varied) == {'User-Agent', 'Accept-Encoding'}
    assert all(f['status'] == 'ok' for f in varied.values())
    asked = world.requests()
    assert any(agent.startswith('Mozilla') for _, _, agent, _ in asked)
    assert any(encoding and 'gzip' in encoding
               for _, _, _, encoding in asked)
    quiet = one(world, 'good.secure.test', FAST)
    assert 'others' not in quiet['policy_host']


def test_ruas(world):
    facts = one(world, 'good.secure.test', FAST)
    ruas = {rua['uri']: rua for rua in facts['ruas']}
    mail = {uri.partition('@')[2].partition('.')[0]:
            (rua['mx'].get('status'), rua.get('accepts_mail', False))
            for uri, rua in ruas.items() if uri.startswith('mailto')}
    assert mail == {'good': ('ok', True), 'null': ('ok', False),
                    'plain': ('nodata', True), 'gone': ('ok', True),
                    'nowhere': ('nodata', False)}
    # an address as host is not looked at, two @ are no address at all
    assert ruas.pop('https://192.0.2.1/x').get('domain') is None
    assert len(ruas) == 8
    https = {rua['domain']: rua['endpoint']['status']
             for rua in ruas.values() if rua.get('https')}
    assert https == {'report.secure.test': 'ok',
                     '127-0-1-1.secure.test': 'certificate',
                     'closed.secure.test': 'connect-refused'}
    # a look that stops at TLS asks for nothing
    assert 'report.secure.test' not in [host for _, host, _, _
                                        in world.requests()]


def test_no_smtp(world):
    world.sessions()
    facts = one(world, 'good.secure.test', FAST)
    assert 'smtp_probed' not in facts
    assert all('sessions' not in host for host in facts['mx']['hosts'])
    assert facts['mx']['hosts'][0]['tlsa']['lookup']['status'] == 'ok'
    assert all(seen == [] for seen, _ in world.sessions().values())


def test_main_session_only(world):
    world.sessions()
    facts = one(world, 'shared.secure.test', 'smtp=1', 'main_only=1', FAST)
    session = facts['mx']['hosts'][0]['sessions'][0]
    assert session['status'] == 'ok'
    assert 'injection' not in session
    assert len(world.sessions()['127.0.2.1'][0]) == 1


# ---- MX ----

def test_implicit_mx(world):
    facts = one(world, 'plain.secure.test', 'smtp=1', FAST)
    assert facts['mx']['implicit'] is True
    assert lookup(facts['mx']['lookup']) == ('nodata', 'secure')
    host, = facts['mx']['hosts']
    assert host['name'] == 'plain.secure.test'
    assert host['sessions'][0]['status'] == 'ok'


def test_null_mx(world):
    facts = one(world, 'null.secure.test', 'smtp=1', FAST)
    assert facts['mx']['null_mx'] is True
    assert 'hosts' not in facts['mx']


def test_domain_that_does_not_exist(world):
    facts = one(world, 'absent.secure.test', 'smtp=1', FAST)
    assert lookup(facts['mx']['lookup']) == ('nxdomain', 'secure')
    assert 'hosts' not in facts['mx'] and 'implicit' not in facts['mx']
    assert facts['policy_host']['fetch']['status'] == 'no-address'


def test_odd_mx(world):
    facts = one(world, 'odd.secure.test', FAST)
    names = [(h['name'], h.get('name_valid', False))
             for h in facts['mx']['hosts']]
    assert names == [('.', False), ('mx4.secure.test', True),
                     ('bad\\.name\\032here.secure.test', False)]
    assert 'null_mx' not in facts['mx']
    assert 'host' not in facts['mx']['hosts'][0]


def test_many_mx(world):
    facts = one(world, 'many.secure.test', FAST)
    mx = facts['mx']
    assert len(mx['hosts']) == 32
    assert mx['omitted'] == 8
    keys = [(h.get('preference', 0), h['name']) for h in mx['hosts']]
    assert keys == sorted(keys)
    assert {h['host']['a']['status'] for h in mx['hosts']} == {'nxdomain'}


def test_many_addresses(world):
    """Each of three hosts has its share, and what is left out is told."""
    facts = one(world, 'crowd.secure.test', 'smtp=1', FAST)
    first, second, third = facts['mx']['hosts']
    for host, all_of_it in ((first, 14), (second, 14), (third, 15)):
        addresses = [a['text'] for a in host['host']['addresses']]
        assert len(addresses) == all_of_it
        asked = [s['address'] for s in host['sessions']]
        assert len(asked) == 10
        assert host['sessions_omitted'] == all_of_it - 10
        assert asked == [a for a in addresses if a in asked]
        assert {s['status'] for s in host['sessions']} == {'connect-refused'}
    assert third['sessions'][0]['address'] == '::1'


# ---- the policy host ----

def test_policy_without_a_record(world):
    facts = one(world, 'wide.secure.test', FAST)
    assert lookup(facts['sts_txt']['lookup']) == ('nxdomain', 'secure')
    assert facts['policy_host']['fetch']['status'] == 'ok'
    assert facts['policy_host']['public_suffix_mx'] == ['*.test', '*.co.uk']


def test_private_addresses_are_left_alone(world):
    facts = one(world, 'blocked.secure.test', 'smtp=1', 'variations=1', FAST)
    policy = facts['policy_host']
    assert policy['fetch']['status'] == 'address-refused'
    assert [a.get('allowed', False) for a in policy['host']['addresses']] == [
        False, False]
    host, = facts['mx']['hosts']
    assert host['host']['addresses'][0]['text'] == '10.1.2.3'
    assert 'sessions' not in host


def test_policy_host_that_refuses(world):
    facts = one(world, 'closed-web.secure.test', FAST)
    assert facts['policy_host']['fetch']['status'] == 'connect-refused'


def test_aliases(world):
    facts = one(world, 'aliased.secure.test', FAST)
    assert facts['sts_txt']['lookup']['canonical'] == \
        '_mta-sts.good.secure.test'
    assert facts['sts_txt']['lookup']['cnames'] == 1
    assert facts['policy_host']['fetch']['status'] == 'ok'
    assert facts['policy_host']['fetch']['url'] == \
        'https://mta-sts.aliased.secure.test/.well-known/mta-sts.txt'


def test_legacy_names(world):
    facts = one(world, 'old.secure.test', FAST)
    assert facts['legacy_sts_txt']['rrs'][0]['text'] == 'v=STSv1; id=1'
    assert facts['legacy_tlsrpt_txt']['lookup']['status'] == 'ok'
    # beside a record they are asked for with variations only
    for option, asked in (('variations=1', 'nxdomain'),
                          ('variations=0', 'not-asked')):
        facts = one(world, 'good.secure.test', option, FAST)
        for txt in ('legacy_sts_txt', 'legacy_tlsrpt_txt'):
            assert lookup(facts.get(txt, {}).get('lookup', {}))[0] == asked


def test_unicode(world):
    facts = one(world, 'xn--bcher-kva.secure.test', FAST)
    assert facts['unicode'] == 'b\u00fccher.secure.test'


# ---- DNSSEC ----

def test_unsigned(world):
    facts = one(world, 'shared.insecure.test', 'smtp=1', FAST)
    assert lookup(facts['mx']['lookup']) == ('ok', 'insecure')
    host, = facts['mx']['hosts']
    assert lookup(host['tlsa']['lookup']) == ('ok', 'insecure')
    assert len(host['tlsa']['rrs']) == 2
    session, = host['sessions']
    assert session['status'] == 'ok'
    assert 'state' not in session.get('dane', {})


def test_bogus(world):
    facts = one(world, 'good.expired.test', FAST)
    assert lookup(facts['sts_txt']['lookup']) == ('bogus', 'bogus')
    assert lookup(facts['mx']['lookup']) == ('bogus', 'bogus')
    assert 'hosts' not in facts['mx']


def test_tlsa_of_an_alias(world):
    """At the end of the chain first, if that is signed as a whole."""
    facts = one(world, 'aliases.secure.test', 'smtp=1', 'deadline=6000')
    long, own, far, unheard = facts['mx']['hosts']
    assert all(host['is_cname'] for host in facts['mx']['hosts'])
    assert lookup(long['tlsa']['lookup'], 'name') == (
        'ok', 'secure', '_25._tcp.mx1.secure.test')
    session, = long['sessions']
    assert session['dane']['state'] == 'pass'
    assert sorted(session['dane']['matched']) == [False, True]
    assert session['tls']['verify'] == 'host-mismatch'
    # none there: those of the alias itself
    assert lookup(own['tlsa']['lookup'], 'name') == (
        'ok', 'secure', '_25._tcp.own-tlsa.secure.test')
    assert own['sessions'][0]['dane']['state'] == 'fail'
    # not signed as a whole: the end of the chain does not count
    assert far['host']['a']['canonical'] == 'mx1.insecure.test'
    assert lookup(far['tlsa']['lookup'], 'name') == (
        'nxdomain', 'secure', '_25._tcp.far.secure.test')
    # what cannot be told is not made up for by the alias
    assert lookup(unheard['tlsa']['lookup'], 'name') == (
        'timeout', 'unchecked', '_25._tcp.mx6.secure.test')


def test_names_of_the_next_hop(world):
    """For DANE-TA, the domain counts, and where it leads as an alias."""
    facts = world.gather('smtp=1', 'main_only=1', FAST, 'mx1.secure.test',
                         'hop.secure.test', 'no-hop.secure.test')
    states = {domain: one['mx']['hosts'][0]['sessions'][0]['dane']['state']
              for domain, one in facts.items()}
    assert states == {'mx1.secure.test': 'pass', 'hop.secure.test': 'pass',
                      'no-hop.secure.test': 'fail'}


# ---- limits ----

def test_names_too_long(world):
    domain = f'{LONG}.secure.test'
    facts = one(world, domain, 'smtp=1', FAST)
    assert facts['mx']['hosts'][0]['name'] == 'mx4.secure.test'
    too_long = [facts['legacy_tlsrpt_txt'], facts['tlsrpt_txt']]
    for txt in too_long:
        assert lookup(txt['lookup'], 'why') == (
            'not-asked', 'unchecked', 'too long for a domain name')
        assert 'name' not in txt['lookup']


def test_longest_name_there_is(world):
    """No prefix fits, and not even the TLSA name of an implicit MX."""
    domain = '.'.join(['l' * 61] * 3 + ['m' * 55]) + '.secure.test'
    assert len(domain) == 253
    facts = one(world, domain, FAST)
    assert facts['sts_txt']['lookup']['why'] == 'too long for a domain name'
    assert facts['policy_host'].get('fetch', {}).get('status') is None


def test_many_records(world):
    facts = one(world, 'big.secure.test', FAST)
    assert len(facts['sts_txt']['rrs']) == 40
    assert {rr['strings'] for rr in facts['sts_txt']['rrs']} == {5}


def test_as_many_records_as_are_kept(world):
    facts = one(world, 'throng.secure.test', FAST)
    sts = facts['sts_txt']
    assert lookup(sts['lookup']) == ('ok', 'secure')
    assert (len(sts['rrs']), sts.get('omitted', 0)) == (128, 0)
    tlsrpt = facts['tlsrpt_txt']
    assert lookup(tlsrpt['lookup']) == ('ok', 'secure')
    assert (len(tlsrpt['rrs']), tlsrpt.get('omitted', 0)) == (126, 0)
    assert (len(facts['mx']['hosts']), facts['mx']['omitted']) == (32, 98)


def test_more_records_than_are_kept(world):
    """Two that count are two, whatever there is beside them."""
    facts = one(world, 'mob.secure.test', FAST)
    for key in ('sts_txt', 'tlsrpt_txt'):
        assert lookup(facts[key]['lookup']) == ('ok', 'secure')
        assert (len(facts[key]['rrs']), facts[key]['omitted']) == (128, 2)
    tlsa = facts['mx']['hosts'][0]['tlsa']
    assert lookup(tlsa['lookup']) == ('too-many', 'secure')
    assert 'rrs' not in tlsa


def test_not_known_what_was_left_out(world):
    """One that counts, or none: there may be another one."""
    facts = one(world, 'few.secure.test', FAST)
    for key, omitted in (('sts_txt', 73), ('tlsrpt_txt', 73)):
        assert lookup(facts[key]['lookup']) == ('too-many', 'secure')
        assert 'rrs' not in facts[key]
        assert facts[key]['omitted'] == omitted
    assert 'ruas' not in facts


def test_short_of_memory(world):
    """Whatever does not fit is left out; nothing breaks."""
    notes = set()
    for room in [*range(0, 6000, 211), *range(6000, 60000, 5003), 200000]:
        facts = one(world, 'good.secure.test', f'room={room}', 'smtp=1',
                    'variations=1', 'main_only=1', FAST)
        assert facts['domain'] == 'good.secure.test'
        notes.add((room, 'is kept' in facts.get('resolver_note', '')))
    assert (0, True) in notes
    assert (200000, False) in notes


# ---- politeness ----

def test_one_connection_an_address_for_all_domains(world):
    world.sessions()
    facts = world.gather('smtp=1', 'deadline=20000', 'good.secure.test',
                         'shared.secure.test', 'shared.insecure.test',
                         'plain.secure.test')
    for domain in facts.values():
        assert domain['mx']['hosts'][0]['sessions'][0]['status'] == 'ok'
    seen = world.sessions()
    assert seen['127.0.2.1'][1] == 1
    assert seen['127.0.2.2'][1] == 1
    # five for mx1.secure.test, which two domains share, and five for
    # mx1.insecure.test: another name
    assert len(seen['127.0.2.1'][0]) == 10


# ---- time ----

def test_silent_name_servers(world):
    begun = time.monotonic()
    facts = one(world, 'a.silent.test', 'deadline=2000')
    assert time.monotonic() - begun < 5
    assert facts['elapsed_ms'] < 2600
    assert facts['sts_txt']['lookup']['status'] == 'timeout'
    assert facts['mx']['lookup']['status'] == 'timeout'
    assert facts['policy_host']['fetch']['status'] == 'no-address'


def test_family_that_is_never_answered(world):
    """The other one is gone on with; of this one nothing is known."""
    facts = one(world, 'no-aaaa.deaf.test', 'smtp=1', FAST)
    host = facts['policy_host']['host']
    assert host['a']['status'] == 'ok'
    assert host['aaaa']['status'] == 'timeout'
    assert '2000 ms' in host['aaaa']['why']
    waited = host['aaaa']['elapsed_ms'] - host['a']['elapsed_ms']
    assert 2000 <= waited < 3500
    assert [a['text'] for a in host['addresses']] == ['127.0.1.3']
    assert facts['policy_host']['fetch']['status'] == 'ok'
    mx, = facts['mx']['hosts']
    assert mx['host']['aaaa']['status'] == 'timeout'
    assert [session['address'] for session in mx['sessions']] == ['127.0.2.4']


def test_what_is_known_at_the_deadline_is_told(world):
    facts = one(world, 'half.secure.test', 'smtp=1', 'deadline=2500')
    assert 1900 < facts['elapsed_ms'] < 3100
    answered, silent = facts['mx']['hosts']
    assert answered['sessions'][0]['status'] == 'no-starttls'
    assert silent['host']['a']['status'] == 'timeout'
    assert 'sessions' not in silent


def test_silent_mail_server(world):
    facts = one(world, 'hung.secure.test', 'smtp=1', 'deadline=2500')
    assert facts['elapsed_ms'] < 3100
    session, = facts['mx']['hosts'][0]['sessions']
    assert session['status'] == 'timeout'
    assert facts['policy_host']['fetch']['status'] == 'timeout'


def test_what_does_not_keep_the_deadline_is_stopped(world):
    """Requests that would go on for ever, all of them at once."""
    facts = world.gather('smtp=1', 'variations=1', 'deadline=1500',
                         'overrun=1', 'hung.secure.test', 'a.silent.test',
                         'hung.insecure.test', 'good.secure.test')
    assert len(facts) == 4
    took = {domain: one['elapsed_ms'] for domain, one in facts.items()}
    first, second = sorted(took[f'hung.{zone}.test']
                           for zone in ('secure', 'insecure'))
    assert 1400 < took['a.silent.test'] < 1900
    assert 1400 < first < 1900
    assert 2400 < second < 3500  # they share a mail server
    hung = facts['hung.secure.test']
    assert hung['sts_txt']['lookup']['status'] == 'nxdomain'
    assert hung['policy_host']['fetch']['status'] == 'timeout'
    assert hung['policy_host']['fetch']['url'].startswith('https://mta-sts.')
    session, = hung['mx']['hosts'][0]['sessions']
    assert session['address'] == '127.0.2.3'
    assert 'status' not in session
    assert 'deadline' in session['detail']
    mail, https = hung['ruas']
    assert mail['mx']['status'] == 'timeout'
    assert https['endpoint']['status'] == 'no-address'
    silent = facts['a.silent.test']
    for name in ('sts_txt', 'tlsrpt_txt', 'legacy_sts_txt', 'mx'):
        assert lookup(silent[name]['lookup'], 'why') == (
            'timeout', 'unchecked', 'the deadline passed')
    assert silent['policy_host']['host']['a']['status'] == 'timeout'
    good = facts['good.secure.test']
    assert good['policy_host']['fetch']['status'] == 'ok'


@pytest.mark.parametrize('overrun', [0, 1])
def test_no_place_for_a_fetch_says_nothing_of_the_host(world, overrun):
    """So few descriptors that one fetch has them all, for all of its time."""
    facts = world.gather('deadline=2500', f'overrun={overrun}',
                         'hung.secure.test', 'hung.insecure.test',
                         under=('prlimit', '--nofile=64'))
    fetches = [one['policy_host']['fetch'] for one in facts.values()]
    late, waited = sorted(fetches, key=lambda fetch: fetch['status'],
                          reverse=True)
    assert late['status'] == 'timeout'
    assert (waited['status'], waited['detail']) == (
        'failed', 'too many other fetches were under way')


def test_waiting_for_a_turn_takes_no_time(world):
    """Domains that share the address of a server which keeps each waiting."""
    world.sessions()
    facts = world.gather('smtp=1', 'deadline=2500', 'hung.secure.test',
                         'hung.insecure.test', 'slow.secure.test')
    statuses = {domain: one['mx']['hosts'][0]['sessions'][0].get('status')
                for domain, one in facts.items()}
    assert statuses == {'hung.secure.test': 'timeout',
                        'hung.insecure.test': 'timeout',
                        'slow.secure.test': 'ok'}
    took = sorted(one['elapsed_ms'] for domain, one in facts.items()
                  if domain.startswith('hung'))
    assert took[0] < 3100 < 3900 < took[1] < 5600
    sessions, at_once = world.sessions()['127.0.2.3']
    assert (len(sessions), at_once) == (2, 1)


def test_cancel(world):
    for after in (1, 5, 20, 60, 200, 800):
        text = world.run('smtp=1', 'variations=1', f'cancel={after}',
                         'good.secure.test', 'hung.secure.test',
                         'a.silent.test').stdout
        assert text.endswith('cancelled\n')


def test_trace(world):
    steps = world.run('smtp=1', 'variations=1', 'trace=1', FAST,
                      'good.secure.test').stderr
    for wanted in ['TXT _mta-sts.good.secure.test -> secure, 2 records',
                   'MX good.secure.test -> secure, 4 records',
                   'TLSA _25._tcp.mx1.secure.test -> secure, 2 records',
                   'TXT _smtp_sts.good.secure.test -> no such name',
                   'GET https://mta-sts.good.secure.test/.well-known/'
                   'mta-sts.txt -> ok, ',
                   'SMTP 127.0.2.1 (mx1.secure.test) -> TLSv1.3, ',
                   'from 127.0.1.2 -> ok', 'other User-Agent -> ok']:
        assert wanted in steps, steps
