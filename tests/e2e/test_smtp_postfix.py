"""test_smtp_postfix - the SMTP probe against Debian's real Postfix

DESCRIPTION
    One Postfix with its own configuration and queue, one smtpd service a
    fault, each on a port of its own on loopback.  Looks at the facts
    themselves; what the checker makes of them is test_check.py.  Servers
    with faults that Postfix cannot have are in tests/integration.
"""

import grp
import json
import os
import pwd
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from conftest import ROOT, require_root
from mtlab import postfix

sys.path.insert(0, str(ROOT / "tests" / "integration"))
from smtp_server import Authority, fingerprint, spki_sha256  # noqa: E402

DRIVER = Path(os.environ.get("MTASTS_BUILD") or ROOT / "build-asan",
              "tests/integration/smtp_driver")
START_LIMIT = 15     # seconds
RUN_LIMIT = 40
ALL_TESTS = 31

MAIN = postfix.OWN + """\
myhostname = mx.example
mydestination =
inet_interfaces = loopback-only
mynetworks_style = host
alias_maps =
local_recipient_maps =
disable_dns_lookups = yes
smtpd_peername_lookup = no
smtpd_client_connection_count_limit = 0
smtpd_recipient_restrictions = reject_unauth_destination
smtpd_tls_security_level = may
smtpd_tls_session_cache_database =
smtpd_tls_protocols = >=TLSv1.2
smtpd_tls_ciphers = medium
tls_config_file = none
"""
MASTER = """\
tlsmgr    unix - - n 1000? 1 tlsmgr
rewrite   unix - - n - - trivial-rewrite
anvil     unix - - n - 1 anvil
proxymap  unix - - n - - proxymap
cleanup   unix n - n - 0 cleanup
postlog   unix-dgram n - n - 1 postlogd
"""
QUEUE = ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold",
         "incoming", "private", "saved", "trace", "maildrop", "public")
MODERN = "ECDHE+AESGCM:ECDHE+CHACHA20"
ANCIENT = "ALL:@SECLEVEL=0"


class Postfix:
    def __init__(self, folder):
        self.folder = folder
        self.ca = Authority(folder)
        self.files = {}
        self.certificates = {}
        for label, options in [("good", {}), ("second", {}),
                               ("rsa", {"bits": 2048}),
                               ("expired", {"days": (-30, -1)}),
                               ("other", {"names": ("other.example",)})]:
            self.files[label], self.certificates[label] = self.ca.issue(
                label, **options)
        self.ports = {}
        self.make_folders()
        self.configure()
        self.process = subprocess.Popen(
            ["/usr/lib/postfix/sbin/master", "-d", "-c", str(folder)],
            env={**os.environ, "MAIL_CONFIG": str(folder)})

    def make_folders(self):
        self.folder.chmod(0o755)
        postfix = pwd.getpwnam("postfix").pw_uid
        postdrop = grp.getgrnam("postdrop").gr_gid
        queue = self.folder / "queue"
        for part in QUEUE:
            (queue / part).mkdir(parents=True)
            os.chown(queue / part, postfix, 0)
            (queue / part).chmod(0o700)
        for part, mode in (("maildrop", 0o1730), ("public", 0o2710)):
            os.chown(queue / part, postfix, postdrop)
            (queue / part).chmod(mode)
        (queue / "pid").mkdir()
        queue.chmod(0o755)
        data = self.folder / "data"
        data.mkdir()
        os.chown(data, postfix, 0)
        data.chmod(0o700)

    def services(self):
        """{name: options of its smtpd}"""
        modern = {"tls_medium_cipherlist": MODERN}
        sni = self.folder / "sni"
        sni.write_text(f"mx.example {self.files['second']}\n")
        subprocess.run(["postmap", "-c", self.folder, "-F", f"hash:{sni}"],
                       check=True)
        return {
            "good": modern,
            "default": {"smtpd_tls_chain_files": self.files["rsa"]},
            "none": {"smtpd_tls_security_level": "none"},
            # a certificate without its key: STARTTLS is offered all the same
            "454": {"smtpd_tls_chain_files": self.ca.file},
            "old": {"smtpd_tls_protocols": ">=TLSv1",
                    "tls_medium_cipherlist": ANCIENT},
            "oldest": {"smtpd_tls_protocols": "TLSv1",
                       "tls_medium_cipherlist": ANCIENT},
            "1.2": {"smtpd_tls_protocols": "TLSv1.2", **modern},
            "sni": {"tls_server_sni_maps": f"hash:{sni}", **modern},
            "expired": {"smtpd_tls_chain_files": self.files["expired"],
                        **modern},
            "other": {"smtpd_tls_chain_files": self.files["other"],
                      **modern},
            "crowded": {"smtpd_client_connection_rate_limit": "2", **modern,
                        "smtpd_client_event_limit_exceptions": ""},
        }

    def configure(self):
        main = self.folder / "main.cf"
        main.write_text(MAIN.format(dir=self.folder, log=self.folder / "log") +
                        f"smtpd_tls_chain_files = {self.files['good']}\n")
        # Postfix waits for two seconds when its main.cf looks half-written.
        os.utime(main, (0, 0))
        master = MASTER
        for name, options in self.services().items():
            self.ports[name] = free_port()
            master += (f"127.0.0.1:{self.ports[name]} inet n - n - - smtpd\n"
                       + "".join(f"  -o {key}={{{value}}}\n" if " " in
                                 str(value) else f"  -o {key}={value}\n"
                                 for key, value in options.items()))
        (self.folder / "master.cf").write_text(master)

    def wait(self):
        end = time.monotonic() + START_LIMIT
        for port in self.ports.values():
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    assert time.monotonic() < end, self.log()
                    time.sleep(0.1)

    def log(self):
        log = self.folder / "log"
        return log.read_text() if log.exists() else "no log"

    def close(self):
        self.process.terminate()
        self.process.wait(10)

    def probe(self, service, *arguments, tests=ALL_TESTS):
        done = subprocess.run(
            [DRIVER, "address=127.0.0.1", f"port={self.ports[service]}",
             f"ca={self.ca.file}", "helo=probe.example", f"tests={tests}",
             *arguments],
            text=True, capture_output=True, timeout=RUN_LIMIT)
        assert done.returncode == 0, done.stderr
        session = json.loads(done.stdout)["mx"]["hosts"][0]["sessions"][0]
        assert session["status"] != "not-done", done.stdout
        return session


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.fixture(scope="module")
def postfix():
    require_root()
    # pytest's own folders are closed to the user postfix
    with tempfile.TemporaryDirectory(prefix="mtasts-postfix-") as folder:
        server = Postfix(Path(folder))
        try:
            server.wait()
            yield server
        finally:
            server.close()


def test_healthy(postfix):
    right = spki_sha256(postfix.certificates["good"])
    session = postfix.probe("good", f"tlsa=3 1 1 {right}")
    assert session["status"] == "ok", postfix.log()
    assert session["greeting"].startswith("mx.example ESMTP Postfix")
    assert session["tls"]["version"] == "TLSv1.3"
    assert session["tls"]["verify"] == "ok"
    assert session["tls"]["chain"][0]["sha256"] == fingerprint(
        postfix.certificates["good"])
    assert session["dane"] == {"state": "pass", "matched": [True]}
    assert {test: session[test] for test in
            ("injection", "old_tls", "tls13", "weak_cipher", "sni_varies",
             "requiretls")} == {
        "injection": "no", "old_tls": "no", "tls13": "yes",
        "weak_cipher": "no", "sni_varies": "no", "requiretls": "no"}
    # five connections, one for the wait at the start; QUIT in each that
    # came to TLS
    log = postfix.log()
    assert "lost connection after EHLO" not in log
    assert "lost connection after STARTTLS" in log  # what was refused


def test_defaults_have_weak_ciphers(postfix):
    session = postfix.probe("default")
    assert session["status"] == "ok"
    assert session["weak_cipher"] == "yes"
    assert session["weak_cipher_name"]


@pytest.mark.parametrize("service, status, code", [
    ("none", "no-starttls", 250),
    ("454", "starttls-temporary", 454),
])
def test_no_tls(postfix, service, status, code):
    session = postfix.probe(service)
    assert (session["status"], session.get("reply_code")) == (
        status, code), (session, postfix.log())


def test_old_tls(postfix):
    session = postfix.probe("old")
    assert session["status"] == "ok"
    assert (session["old_tls"], session["old_tls_version"]) == ("yes",
                                                               "TLSv1.1")
    assert session["tls13"] == "yes"


def test_nothing_but_tls_1_0(postfix):
    session = postfix.probe("oldest")
    assert session["status"] == "tls-version"
    assert (session["old_tls"], session["old_tls_version"]) == ("yes",
                                                               "TLSv1")


def test_no_tls_1_3(postfix):
    session = postfix.probe("1.2")
    assert session["tls"]["version"] == "TLSv1.2"
    assert session["tls13"] == "no"


def test_certificate_by_sni(postfix):
    session = postfix.probe("sni")
    assert session["tls"]["chain"][0]["sha256"] == fingerprint(
        postfix.certificates["second"])
    assert session["sni_varies"] == "yes"
    assert session["no_sni_sha256"] == fingerprint(
        postfix.certificates["good"])


@pytest.mark.parametrize("service, verify", [
    ("expired", "expired"), ("other", "host-mismatch")])
def test_certificates(postfix, service, verify):
    right = spki_sha256(postfix.certificates[service])
    session = postfix.probe(service, f"tlsa=3 1 1 {right}")
    assert session["tls"]["verify"] == verify
    assert session["dane"]["state"] == "pass"


def test_limit_of_connections(postfix):
    """anvil: the third connection within a minute is turned away."""
    session = postfix.probe("crowded")
    assert session["status"] == "ok"
    assert "unknown" in (session["old_tls"], session["weak_cipher"])
    assert session["injection"] == "unknown"
