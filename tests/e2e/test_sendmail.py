"""test_sendmail - the map sts in Debian's real Sendmail, FEATURE(sts)

DESCRIPTION
    The rules of Sendmail's own feature, run by `sendmail -bt`, ask a server
    of netstrings over a UNIX socket; it hands out what mtasts would say
    (reply_driver).  The rules are those that Sendmail runs before it offers
    STARTTLS, after it, and for each recipient.
"""

import os
import re
import socketserver
import subprocess
import tempfile
import threading
from pathlib import Path

import pytest

from conftest import require_root
from unpacked import Unpacked, reply

RUN_LIMIT = 60       # seconds
TESTED = "user@example.com"

CONFIGURATION = """\
OSTYPE(`linux')dnl
FEATURE(`no_default_msa')dnl
FEATURE(`sts', `socket -d5 -T<TMPF> local:{socket}')dnl
MAILER(`smtp')dnl
"""
ETC = {"hosts": "127.0.0.1 client.example.net localhost\n",
       "nsswitch.conf": "hosts: files\npasswd: files\ngroup: files\n"}


def policy(*mx, mode="enforce"):
    return "".join(f"{line}\n" for line in [
        "version: STSv1", f"mode: {mode}", *(f"mx: {name}" for name in mx),
        "max_age: 604800"])


class Netstrings(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    answer = "NOTFOUND "

    def __init__(self, path):
        self.asked = []
        super().__init__(str(path), Connection)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Connection(socketserver.StreamRequestHandler):
    def handle(self):
        while length := b"".join(iter(lambda: self.rfile.read(1).strip(b":"),
                                      b"")):
            self.server.asked.append(self.rfile.read(int(length)).decode())
            assert self.rfile.read(1) == b","
            answer = self.server.answer.encode()
            self.wfile.write(b"%d:%s," % (len(answer), answer))


class Sendmail:
    def __init__(self, folder):
        self.folder = Path(folder)
        self.program = Unpacked("sendmail-bin", ["smmta", "smmsp"], folder,
                                ETC)
        self.server = Netstrings(self.folder / "socket")
        features = self.program.path("/usr/share/sendmail/cf")
        source = self.folder / "test.mc"
        source.write_text(CONFIGURATION.format(socket=self.folder / "socket"))
        made = subprocess.run(
            [self.program.path("/usr/bin/m4"), f"-D_CF_DIR_={features}/",
             features / "m4/cf.m4", source],
            text=True, capture_output=True, check=True, timeout=RUN_LIMIT)
        (self.folder / "test.cf").write_text(made.stdout)

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def rules(self, answer, mx, names=None, verified="OK"):
        """What {rule: result} become of this answer, for a server that calls
        itself `mx` and has these names in its certificate."""
        self.server.answer = answer
        names = [mx] if names is None else names
        lines = [f".D{{rcpt_addr}}{TESTED}", f".D{{server_name}}{mx}",
                 f".D{{verify}}{verified}", ".D{cipher_bits}256",
                 *(f".C{{cert_altnames}}{name}" for name in names),
                 f"STS_secure {verified}", f"STS_Check {TESTED}",
                 f"Set_SNI {mx}"]
        done = subprocess.run(
            ["unshare", "--net",
             *self.program.words("/usr/libexec/sendmail/sendmail", "-bt",
                                 "-C", self.folder / "test.cf")],
            input="\n".join(lines) + "\n", text=True, capture_output=True,
            timeout=RUN_LIMIT)
        said = dict(re.findall(r"^(\w+) +returns: (.*?) *$", done.stdout,
                               re.M))
        assert {"STS_secure", "STS_Check", "Set_SNI"} <= said.keys(), (
            done.stdout + done.stderr)
        return said


@pytest.fixture(scope="module")
def sendmail():
    require_root()
    # Sendmail takes no socket below a folder that others may write to
    with tempfile.TemporaryDirectory(prefix="mtasts-sendmail-",
                                     dir="/run") as folder:
        os.chmod(folder, 0o755)
        program = Sendmail(folder)
        try:
            yield program
        finally:
            program.close()


def answer_of(*mx, mode="enforce", hosts=()):
    return reply("sts", policy(*mx, mode=mode), *hosts, domain="example.com")


@pytest.mark.parametrize("mx, host", [
    (["mx.example.com"], "mx.example.com"),
    (["a.example.com", "mx-1.example.com"], "mx-1.example.com"),
    (["a.example.com", "*.example.net"], "mx.example.net"),
])
def test_good(sendmail, mx, host):
    said = sendmail.rules(answer_of(*mx), host)
    assert said["STS_secure"] == "OK"
    assert said["STS_Check"] == "ok"
    assert said["Set_SNI"] == "sts=secure ; servername=hostname"
    assert sendmail.server.asked[-1] == "sts example.com"


def test_server_not_verified(sendmail):
    for verified in ("NONE", "FAIL", "NO", "SOFTWARE"):
        said = sendmail.rules(answer_of("mx.example.com"), "mx.example.com",
                              verified=verified)
        assert said["STS_secure"].startswith("$# error $@ 4 . 7"), said


@pytest.mark.parametrize("host", [
    "evil.example.org", "a.b.example.net", "example.net",
    "amx.example.com", "mx.example.com.evil.example"])
def test_host_is_not_in_the_policy(sendmail, host):
    said = sendmail.rules(answer_of("mx.example.com", "*.example.net"), host)
    assert said["STS_Check"].startswith("$# error $@ 4 . 7"), said


def test_certificate_is_for_another_host_of_the_policy(sendmail):
    """What a list of names compared with the certificate alone lets pass."""
    said = sendmail.rules(answer_of("mx1.example.com", "mx2.example.com"),
                          "mx1.example.com", names=["mx2.example.com"])
    assert "not listed in SANs" in said["STS_Check"]


@pytest.mark.parametrize("answer", ["testing", "none", "defer"])
def test_other_answers(sendmail, answer):
    answers = {"testing": answer_of("mx.example.com", mode="testing"),
               "none": reply("sts", "", domain="example.com"),
               "defer": answer_of("mx_1.example.com")}
    said = sendmail.rules(answers[answer], "evil.example.org",
                          verified="NONE")
    if answer == "defer":
        assert answers[answer].startswith("TEMP ")
        assert "STS lookup temp fail" in said["STS_Check"]
        assert "STS lookup temp fail" in said["STS_secure"]
    else:
        assert answers[answer] == "NOTFOUND "
        assert said["STS_Check"] == "ok" and said["STS_secure"] == "NONE"


def test_long_list(sendmail):
    """Sendmail cuts a list of more than 255 octets, within a name."""
    names = [f"mx{i}.some-provider.example" for i in range(12)]
    assert len(":".join(names)) > 255
    for hosts in ((), ["mx11.some-provider.example"]):
        answer = answer_of(*names, hosts=hosts)
        listed = re.search(r"match=(\S+)", answer).group(1).split(":")
        assert len(":".join(listed)) <= 255 and set(listed) <= set(names)
        for name in names:
            said = sendmail.rules(answer, name)
            assert (said["STS_Check"] == "ok") is (name in listed), said
    assert listed == hosts
