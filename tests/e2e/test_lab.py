"""test_lab - the lab is what it says it is

DESCRIPTION
    Judged with tools that know nothing of it: drill, openssl, curl, and
    Python's smtplib.  What the checker finds in it is test_check.py.
"""

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from conftest import DOWN_LIMIT, LAB, Lab, require_root
from mtlab import netns, table
from mtlab.state import DEFAULT_DIR, State

UP_PROMISE = 180   # seconds: hung, not slow; `lab up` prints its time
FETCH_LIMIT = 4      # seconds for a policy
MIN_FAULTS = 45      # scenarios with a fault that the table must have

# Which addresses the lab gives; RFC 2544 and RFC 4193.
LAB_IPV4 = re.compile(r"198\.1[89]\.\d+\.\d+")
LAB_IPV6 = re.compile(r"fd00:6d74:6173:[0-9a-f:]+")


def drill(lab, name, kind, *flags, server="127.0.0.1"):
    return lab.run("drill", *flags, f"@{server}", name, kind).stdout


def rcode(answer):
    return re.search(r"rcode: (\w+)", answer).group(1)


def flags(answer):
    return re.search(r"flags: ([a-z ]+);", answer).group(1).split()


def policy(lab, domain, *more):
    """curl of a policy: (exit status, status code, type, body)."""
    done = lab.run(
        "curl", "-s", "-m", str(FETCH_LIMIT), "-w",
        "\n%{http_code} %{content_type}",
        *more, f"https://mta-sts.{domain}/.well-known/mta-sts.txt")
    body, _, last = done.stdout.rpartition("\n")
    status, _, kind = last.partition(" ")
    return done.returncode, int(status), kind, body


def starttls(lab, host, *more):
    """What `openssl s_client` says of an MX host."""
    done = lab.run("timeout", "8", "openssl", "s_client", "-starttls",
                   "smtp", "-connect", f"{host}:25", "-servername", host,
                   "-verify_hostname", host, *more, input="QUIT\r\n")
    return done.stdout + done.stderr


SMTP_TALK = """
import smtplib, sys
with smtplib.SMTP(sys.argv[1], timeout=8) as smtp:
    smtp.ehlo("client.lab")
    print("offered", smtp.has_extn("starttls"))
    print("reply", smtp.docmd("STARTTLS")[0])
    smtp.close()
"""


def talk(lab, host):
    done = lab.run("/usr/bin/python3", "-c", SMTP_TALK, host)
    return dict(line.split() for line in done.stdout.splitlines())


# ---------------------------------------------------------------- the table

def test_table_covers_every_section():
    rows = table.load().scenarios
    assert {row.section for row in rows} == set(table.SECTIONS)
    faulty = [row for row in rows if row.expect]
    assert len(faulty) >= MIN_FAULTS


def test_table_refuses_what_it_does_not_know(tmp_path):
    from mtlab.state import LabError
    good = 'domain = "a.example"\nabout = "x"\nsection = "smtp"\n'
    for line in ('colour = "red"', 'web = { cert = "rotten" }',
                 'mx = [{ starttls = "maybe" }]', 'section = "smtp"',
                 'expect = ["a"]\nseverity = { b = "error" }'):
        file = tmp_path / "table.toml"
        file.write_text(f"[[scenario]]\n{good}{line}\n")
        with pytest.raises(LabError):
            table.load(file)


# ---------------------------------------------------------------------- DNS

def test_signed_zone_validates(lab):
    answer = drill(lab, "healthy.example", "MX", "-D")
    assert rcode(answer) == "NOERROR" and "ad" in flags(answer)


def test_denial_validates(lab):
    for name, code in (("nothing.healthy.example", "NXDOMAIN"),
                       ("mx.healthy.example", "NOERROR")):
        answer = drill(lab, name, "TXT", "-D")
        assert rcode(answer) == code and "ad" in flags(answer)


def test_chain_of_trust_by_another_validator(lab):
    """drill -S chases the signatures itself, up to the trust anchor."""
    done = lab.run("drill", "-S", "-k", lab.settings()["LAB_TRUST_ANCHOR"],
                   "@127.0.0.1", "mx.healthy.example", "A")
    assert done.returncode == 0, done.stdout
    assert "Chase successful" in done.stdout
    done = lab.run("drill", "-S", "-k", lab.settings()["LAB_TRUST_ANCHOR"],
                   "-o", "CD", "@127.0.0.1", "_mta-sts.sts-bogus.example",
                   "TXT")
    assert "Chase successful" not in done.stdout, done.stdout


def test_unsigned_zone_has_no_ad(lab):
    answer = drill(lab, "unsigned.example", "MX", "-D")
    assert rcode(answer) == "NOERROR" and "ad" not in flags(answer)


@pytest.mark.parametrize("name,kind", [
    ("_mta-sts.sts-bogus.example", "TXT"),
    ("_mta-sts.sts-signature-expired.example", "TXT"),
    ("_25._tcp.mx.dane-bogus.example", "TLSA"),
])
def test_bogus_is_servfail_but_there(lab, name, kind):
    assert rcode(drill(lab, name, kind, "-D")) == "SERVFAIL"
    answer = drill(lab, name, kind, "-D", "-o", "CD")
    assert rcode(answer) == "NOERROR" and f"\t{kind}\t" in answer


def test_servfail_without_dnssec(lab):
    name = "_mta-sts.sts-servfail.example"
    assert rcode(drill(lab, name, "TXT", "-o", "CD")) == "SERVFAIL"


def test_stripping_resolver_strips(lab):
    server = lab.settings()["LAB_STRIPPING_RESOLVER"]
    for name, kind in ((".", "DNSKEY"), ("healthy.example", "MX")):
        answer = drill(lab, name, kind, "-D", server=server)
        assert rcode(answer) == "NOERROR" and "ad" not in flags(answer)
        assert "RRSIG\t" not in answer and "\tDNSKEY\t" not in answer
    assert "mx.healthy.example" in answer


def test_dead_resolver_is_silent(lab):
    server = lab.settings()["LAB_DEAD_RESOLVER"]
    done = lab.run("timeout", "2", "drill", f"@{server}", ".", "SOA")
    assert done.returncode == 124


def test_cname_delegation(lab):
    answer = drill(lab, "_mta-sts.customer.example", "TXT")
    assert "provider.example" in answer and "v=STSv1; id=" in answer


def test_addresses_are_of_the_lab(lab):
    for kind, shape in (("A", LAB_IPV4), ("AAAA", LAB_IPV6)):
        answer = drill(lab, "mx.healthy.example", kind, "-Q").strip()
        assert shape.fullmatch(answer), answer


# ------------------------------------------------------------- policy hosts

@pytest.mark.parametrize("family", ["-4", "-6"])
def test_healthy_policy(lab, family):
    code, status, kind, body = policy(lab, "healthy.example", family)
    assert (code, status, kind) == (0, 200, "text/plain")
    assert body.split() == ["version:", "STSv1", "mode:", "enforce", "mx:",
                            "mx.healthy.example", "max_age:", "2419200"]


def test_no_real_ca_is_needed_nor_trusted(lab):
    code, *_ = policy(lab, "healthy.example", "--cacert",
                      "/etc/ssl/certs/ca-certificates.crt")
    assert code == 60


CURL_VERIFY, CURL_TLS, CURL_PARTIAL, CURL_TIMEOUT = 60, 35, 18, 28
CURL_CONNECT, CURL_RESOLVE = 7, 6


@pytest.mark.parametrize("domain,code", [
    ("host-expired.example", CURL_VERIFY),
    ("host-not-yet-valid.example", CURL_VERIFY),
    ("host-untrusted.example", CURL_VERIFY),
    ("host-self-signed.example", CURL_VERIFY),
    ("host-wrong-name.example", CURL_VERIFY),
    ("host-incomplete.example", CURL_VERIFY),
    ("host-tls10.example", CURL_TLS),
    ("host-cut.example", CURL_PARTIAL),
    ("host-drip.example", CURL_TIMEOUT),
    ("host-silent.example", CURL_TIMEOUT),
    ("host-timeout.example", CURL_TIMEOUT),
    ("host-refused.example", CURL_CONNECT),
    ("host-no-address.example", CURL_RESOLVE),
])
def test_faulty_transfer(lab, domain, code):
    assert policy(lab, domain)[0] == code


@pytest.mark.parametrize("domain,status,kind", [
    ("host-redirect.example", 301, None),
    ("host-404.example", 404, None),
    ("host-500.example", 500, None),
    ("host-type-html.example", 200, "text/html"),
    ("host-type-missing.example", 200, ""),
])
def test_faulty_answer(lab, domain, status, kind):
    code, got, type_, _ = policy(lab, domain)
    assert (code, got) == (0, status)
    assert kind is None or type_ == kind


def test_tls10_is_really_there(lab):
    done = lab.run("timeout", "8", "openssl", "s_client", "-tls1",
                   "-cipher", "ALL:@SECLEVEL=0", "-connect",
                   "mta-sts.host-tls10.example:443", input="")
    assert re.search(r"Protocol *: TLSv1\n", done.stdout), done.stdout


def test_oversize_body(lab):
    body = policy(lab, "host-oversize.example")[3]
    assert len(body) > 1 << 20 - 1


def test_body_varies(lab):
    bodies = {policy(lab, "host-varies-address.example", family)[3]
              for family in ("-4", "-6")}
    assert len(bodies) == 2
    bodies = {policy(lab, "host-varies-agent.example", "-A", agent)[3]
              for agent in ("mtasts/1", "Mozilla/5.0")}
    assert len(bodies) == 2


def test_one_family_broken(lab):
    for domain, broken, good in (
            ("host-v4-broken.example", "-4", "-6"),
            ("host-v6-broken.example", "-6", "-4")):
        assert policy(lab, domain, broken)[0] in (CURL_CONNECT, CURL_TIMEOUT)
        assert policy(lab, domain, good)[:2] == (0, 200)


def test_report_endpoint(lab):
    url = "https://collect.tls-reports.example/v1"
    for more, code in ((["-d", "x"], "201"), ([], "405")):
        done = lab.run("curl", "-s", "-o", "/dev/null", "-m", "8", "-w",
                       "%{http_code}", *more, url)
        assert done.stdout == code


# ----------------------------------------------------------------- MX hosts

def test_healthy_mx(lab):
    for family in ("-4", "-6"):
        said = starttls(lab, "mx.healthy.example", family)
        assert "Verify return code: 0 (ok)" in said, said
        assert "CN = mx.healthy.example" in said
        assert "TLSv1.3" in said


def test_the_mx_is_postfix_and_takes_mail(lab):
    """Real mail to a healthy domain ends in its mailbox of the lab."""
    script = ("import smtplib; s = smtplib.SMTP('mx.healthy.example', "
              "timeout=8); s.ehlo('client.lab'); s.starttls(); "
              "s.sendmail('a@client.lab', ['b@healthy.example'], "
              "'Subject: hello\\r\\n\\r\\nhello\\r\\n')")
    done = lab.run("/usr/bin/python3", "-c", script)
    assert done.returncode == 0, done.stderr
    box = lab.dir / "mail" / "mx" / "healthy.example" / "new"
    limit = time.monotonic() + 10
    while not (box.is_dir() and list(box.iterdir())):
        assert time.monotonic() < limit, "the mail did not arrive"
        time.sleep(0.1)
    mail = next(box.iterdir()).read_text()
    assert "(Postfix)" in mail and "using TLSv1.3" in mail


@pytest.mark.parametrize("domain,error", [
    ("smtp-expired", "certificate has expired"),
    ("smtp-not-yet-valid", "certificate is not yet valid"),
    ("smtp-untrusted", "self-signed certificate in certificate chain"
     "|unable to get local issuer"),
    ("smtp-self-signed", "self-signed certificate"),
    ("smtp-wrong-name", "hostname mismatch"),
    ("smtp-incomplete", "unable to verify the first certificate"),
])
def test_faulty_mx_certificate(lab, domain, error):
    said = starttls(lab, f"mx.{domain}.example")
    assert re.search(error, said), said


def test_cn_only_certificate_has_no_san(lab):
    said = starttls(lab, "mx.smtp-cn-only.example")
    pem = said[said.index("-----BEGIN"):said.index("-----END")] \
        + "-----END CERTIFICATE-----\n"
    shown = lab.run("openssl", "x509", "-noout", "-text", input=pem).stdout
    assert "CN = mx.smtp-cn-only.example" in shown
    assert "Alternative Name" not in shown


def test_weak_keys(lab):
    weak = ("-cipher", "ALL:@SECLEVEL=0")
    said = starttls(lab, "mx.smtp-rsa1024.example", *weak)
    assert "Server public key is 1024 bit" in said
    said = starttls(lab, "mx.smtp-sha1.example", *weak)
    assert "ecdsa-with-SHA1" in said, said


def test_starttls_answers(lab):
    assert talk(lab, "mx.healthy.example") == {"offered": "True",
                                               "reply": "220"}
    assert talk(lab, "mx.smtp-454.example") == {"offered": "True",
                                                "reply": "454"}
    assert talk(lab, "mx.smtp-no-starttls.example")["offered"] == "False"


@pytest.mark.parametrize("domain,offered", [
    ("smtp-tls10", {"-tls1": True, "-tls1_2": False, "-tls1_3": False}),
    ("smtp-old-tls", {"-tls1": True, "-tls1_2": True, "-tls1_3": True}),
    ("smtp-tls12", {"-tls1": False, "-tls1_2": True, "-tls1_3": False}),
    ("healthy", {"-tls1": False, "-tls1_2": True, "-tls1_3": True}),
])
def test_tls_versions(lab, domain, offered):
    got = {flag: "Server certificate" in starttls(
               lab, f"mx.{domain}.example", flag, "-cipher",
               "ALL:@SECLEVEL=0") for flag in offered}
    assert got == offered


def test_ciphers(lab):
    """Healthy hosts have forward secrecy and no anonymous ciphers."""
    for ciphers, host, there in (
            ("aNULL", "healthy", False), ("kRSA", "healthy", False),
            ("kRSA", "smtp-cipher", True), ("ECDHE", "smtp-cipher", False),
            ("kRSA", "smtp-cipher-offered", True),
            ("aNULL", "smtp-anonymous", True)):
        said = starttls(lab, f"mx.{host}.example", "-tls1_2", "-cipher",
                        f"{ciphers}:@SECLEVEL=0")
        # "Cipher is (NONE)" where the handshake failed.
        assert ("Cipher is (" not in said) == there, (ciphers, host, said)


INJECTION = """
import socket, ssl, sys
sock = socket.create_connection((sys.argv[1], 25), 8)
file = sock.makefile("rb")
file.readline()
sock.sendall(b"EHLO client.lab\\r\\n")
while file.readline()[3:4] == b"-":
    pass
sock.sendall(b"STARTTLS\\r\\nNOOP\\r\\n")
assert file.readline().startswith(b"220")
context = ssl.create_default_context()
tls = context.wrap_socket(sock, server_hostname=sys.argv[1])
tls.settimeout(3)
try:
    print(tls.recv(100).decode().strip())
except TimeoutError:
    print("nothing")
"""


@pytest.mark.parametrize("host,answer", [
    ("mx.smtp-injection.example", "250 2.0.0 Ok"),
    ("mx.healthy.example", "nothing"),
])
def test_injection(lab, host, answer):
    done = lab.run("/usr/bin/python3", "-c", INJECTION, host)
    assert done.stdout.strip() == answer, done.stderr


def fingerprint(said):
    return said[said.index("-----BEGIN"):said.index("-----END")]


def test_certificate_varies(lab):
    host = "mx.smtp-varies-sni.example"
    assert fingerprint(starttls(lab, host)) != fingerprint(
        lab.run("timeout", "8", "openssl", "s_client", "-starttls", "smtp",
                "-connect", f"{host}:25", "-noservername",
                input="QUIT\r\n").stdout)
    host = "mx.smtp-varies-address.example"
    assert fingerprint(starttls(lab, host, "-4")) != fingerprint(
        starttls(lab, host, "-6"))


def tlsa(lab, host):
    answer = drill(lab, f"_25._tcp.{host}", "TLSA", "-Q")
    return [line for line in answer.splitlines() if line]


@pytest.mark.parametrize("domain,passes", [
    ("dane", True), ("dane-stale", True), ("dane-one-record", True),
    ("dane-mismatch", False),
])
def test_dane_by_openssl(lab, domain, passes):
    host = f"mx.{domain}.example"
    options = [word for record in tlsa(lab, host)
               for word in ("-dane_tlsa_rrdata", record)]
    said = starttls(lab, host, "-dane_tlsa_domain", host, *options)
    assert ("Verify return code: 0 (ok)" in said) == passes, said


# ------------------------------------------------------------ the attacker

def test_attacker_is_reachable_and_has_a_good_certificate(lab):
    said = starttls(lab, "mx.attacker.example")
    assert "Verify return code: 0 (ok)" in said, said


def test_attacker_is_on_the_path(lab):
    """The client's way to a server leads through the attacker's host."""
    said = lab.run("ip", "route", "get", "198.18.48.20").stdout
    assert "via 198.18.0.1" in said
    from mtlab import netns
    space = lab.prefix + "attacker"
    before = netns.inside(space, _forwarded)
    assert policy(lab, "healthy.example", "-4")[0] == 0
    assert netns.inside(space, _forwarded) > before


def _forwarded():
    """IPv4 packets that the current namespace has forwarded."""
    head, values = [line.split() for line in Path(
        "/proc/thread-self/net/snmp").read_text().splitlines()
        if line.startswith("Ip:")]
    return int(values[head.index("ForwDatagrams")])


TAKE_OVER = """
import socket, sys
address, six = sys.argv[1], ":" in sys.argv[1]
sock = socket.socket(socket.AF_INET6 if six else socket.AF_INET)
sock.setsockopt(*((socket.IPPROTO_IPV6, 75) if six else
                  (socket.IPPROTO_IP, 19)), 1)   # IP(V6)_TRANSPARENT
sock.bind((address, 25))
sock.listen()
sock.settimeout(8)
with socket.create_connection((address, 25), 4) as real:
    print(real.recv(100).decode().strip(), flush=True)
sock.accept()[0].sendall(b"220 attacker\\r\\n")
"""
GREETING = ("import socket, sys; print(socket.create_connection("
            "(sys.argv[1], 25), 4).recv(100).decode().strip())")


@pytest.mark.parametrize("family,kind", [("-4", "A"), ("-6", "AAAA")])
def test_attacker_can_take_over_an_address(lab, family, kind):
    """As network.py says: no firewall, and the real host in reach."""
    address = drill(lab, "mx1.several-mx.example", kind, "-Q").strip()
    there = ["nsenter", f"--net=/run/netns/{lab.prefix}attacker"]
    rule = [*there, "ip", family, "rule"]
    subprocess.run([*rule, "add", "iif", "client", "lookup", "100"],
                   check=True)
    subprocess.run([*there, "ip", family, "route", "add", "local", address,
                    "dev", "lo", "table", "100"], check=True)
    try:
        with subprocess.Popen([*there, "timeout", "10", "/usr/bin/python3",
                               "-c", TAKE_OVER, address], text=True,
                              stdout=subprocess.PIPE) as attacker:
            assert "mx1.several-mx.example" in attacker.stdout.readline()
            said = lab.run("/usr/bin/python3", "-c", GREETING, address)
            assert said.stdout == "220 attacker\n", said.stderr
    finally:
        subprocess.run([*rule, "del", "iif", "client", "lookup", "100"],
                       check=True)
    said = lab.run("/usr/bin/python3", "-c", GREETING, address)
    assert "mx1.several-mx.example" in said.stdout


# ------------------------------------------------------------- the lab itself

def test_labs_do_not_take_each_other_for_their_own(tmp_path, monkeypatch):
    labs = [State(DEFAULT_DIR), State("/run/other-lab"), State("/run/third")]
    for state in labs:
        for role in ("client", "dns"):
            (tmp_path / state.namespace(role)).touch()
    monkeypatch.setattr(netns, "DIR", tmp_path)
    for state in labs:
        assert netns.existing(state.prefix) == [
            state.namespace("client"), state.namespace("dns")]


def test_client_reaches_nothing_outside(lab):
    for address in ("192.0.2.1", "9.9.9.9", "2001:db8::1"):
        done = lab.run("timeout", "1", "bash", "-c",
                       f"exec 3<>/dev/tcp/{address}/443")
        assert done.returncode != 0


def test_exec_passes_status_and_streams(lab):
    done = lab.run("sh", "-c", "cat; echo err >&2; exit 7", input="in")
    assert (done.returncode, done.stdout, done.stderr) == (7, "in", "err\n")
    assert lab.run("no-such-command").returncode == 127


def test_exec_leaves_the_host_alone(lab):
    before = Path("/etc/resolv.conf").read_bytes()
    inside = lab.run("cat", "/etc/resolv.conf").stdout
    assert "nameserver 127.0.0.1" in inside
    assert Path("/etc/resolv.conf").read_bytes() == before


def test_env_names_files_that_exist(lab):
    settings = lab.settings()
    for name in ("LAB_CA_FILE", "LAB_ROOT_HINTS", "LAB_TRUST_ANCHOR",
                 "LAB_DOMAINS"):
        assert Path(settings[name]).is_file()
    domains = Path(settings["LAB_DOMAINS"]).read_text().split()
    assert domains == [row.domain for row in table.load().scenarios]


def test_up_when_up_says_so(lab):
    assert "up already" in lab.must("up")


def test_bad_usage():
    own = Lab("/run/mtasts-lab-none")
    assert own.verb().returncode == 2
    assert own.verb("fly").returncode == 2
    assert own.verb("up", "now").returncode == 2
    assert own.verb("exec", "--", "true").returncode == 1
    assert own.verb("status").returncode == 1


def test_up_that_is_told_to_end_leaves_nothing():
    require_root()
    own = Lab(f"/run/mtasts-lab-ended-{os.getpid()}")
    with subprocess.Popen([str(LAB), "up"], env=own.env, text=True,
                          stdout=subprocess.PIPE) as going:
        while "NSD" not in (line := going.stdout.readline()):
            assert line, "it ended by itself"
        going.terminate()
        assert "lab is up" not in going.stdout.read()
        assert going.wait(DOWN_LIMIT) == 128 + signal.SIGTERM
    assert own.remains() == []


def test_up_and_down_again_and_again():
    """Comes up in time, survives a crash, and goes without a trace."""
    require_root()
    own = Lab(f"/run/mtasts-lab-again-{os.getpid()}")
    interfaces = set(os.listdir("/sys/class/net"))
    try:
        for turn in range(3):
            begun = time.monotonic()
            said = own.up()
            assert time.monotonic() - begun < UP_PROMISE, said
            assert set(os.listdir("/sys/class/net")) == interfaces
            if turn == 1:
                for name in ("unbound", "nginx", "postfix-mx"):
                    os.kill(own.pids()[name], signal.SIGKILL)
                assert "BROKEN" in own.verb("status").stdout
                assert "left behind" in own.up()
                assert own.run("drill", "healthy.example").returncode == 0
            own.down()
            assert own.remains() == []
    finally:
        own.verb("down")
