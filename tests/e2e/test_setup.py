"""test_setup - mtasts setup, with Debian's real Postfix and the real daemon

DESCRIPTION
    Each test has a Postfix of its own: a folder with main.cf and master.cf
    and a queue, in the lab, beside mtasts-policyd.  What is claimed of an
    answer is asked again by postmap, here.
"""

import contextlib
import os
import pwd
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from conftest import LAB, ROOT
from mtlab import netns, postfix
from mtlab.state import State
from policyd import Policyd, wait_for

PROGRAM = Path(os.environ.get("MTASTS_BUILD") or ROOT / "build-asan",
               "mtasts")
FINE, WARNING, ERROR, UNKNOWN = range(4)
HEALTHY = "healthy.example"
REPLY = "secure match=mx.healthy.example servername=hostname"
CAS = "/etc/ssl/certs/ca-certificates.crt"
SHARED_PORT = 8462  # of the daemon that runs beside those of single tests

MAIN = postfix.OWN + """\
# A comment that stays.
myhostname = client.lab
mydestination =
inet_interfaces = loopback-only
alias_maps =
smtp_tls_security_level = may
{more}
"""

CONFIG = """\
user = root
state-directory = "{dir}"
run-directory = "{dir}"
resolver = "{resolver}"
trust-anchor = "{anchor}"
ca-file = "{ca}"
allow-private = {{ "198.18.0.0/15", "fd00:6d74:6173::/48" }}
policyd {{
    # where Postfix asks
    socketmap = {{ "unix:{dir}/socketmap.sock", "inet:127.0.0.1:{port}" }}
    http = {{ "unix:{dir}/http.sock" }}
{options}
}}
"""


class Site:
    """A Postfix and a daemon, both of this test."""

    def __init__(self, lab, folder, port=8461):
        self.lab = lab
        self.folder = Path(folder)
        self.inet = f"inet:127.0.0.1:{port}"
        self.table = f"socketmap:{self.inet}:postfix"
        self.etc = self.folder / "postfix"
        self.etc.mkdir()
        self.queue = self.etc / "queue"
        self.state = State(str(self.folder))
        postfix.prepare(State(str(self.folder)), "x")
        shutil.move(self.folder / "postfix" / "x" / "queue", self.queue)
        shutil.move(self.folder / "postfix" / "x" / "data",
                    self.etc / "data")
        self.policyd = Policyd(lab, self.folder / "mtasts", start=False)
        self.policyd.values["port"] = port
        self.policyd.configure = self.configure_policyd
        self.configure_policyd()
        self.chroot("n")
        self.main()
        self.master = None

    def configure_policyd(self, options=""):
        self.policyd.config.write_text(CONFIG.format(
            options=options, **self.policyd.values))

    def main(self, **values):
        more = {"smtp_tls_CAfile": CAS} | values
        file = self.etc / "main.cf"
        lines = [f"{name} = {value}" for name, value in more.items()]
        file.write_text(MAIN.format(dir=self.etc, log=self.etc / "log",
                                    more="\n".join(lines)))
        os.utime(file, (0, 0))

    def chroot(self, column, more=""):
        text = re.sub(r"^(smtp +unix - - )n", rf"\g<1>{column}",
                      postfix.MASTER, flags=re.M)
        (self.etc / "master.cf").write_text(text + more)

    def resolvers(self, *addresses):
        """Those that smtp asks from its chroot."""
        (self.queue / "etc").mkdir(exist_ok=True)
        (self.queue / "etc/resolv.conf").write_text("".join(
            f"nameserver {address}\n" for address in addresses))

    def value(self, name):
        return self.postfix("postconf", "-h", name).stdout.strip()

    def postfix(self, program, *words, user=None):
        before = (["setpriv", f"--reuid={user}", f"--regid={user}",
                   "--init-groups"] if user else [])
        return self.lab.run(*before, program, "-c", self.etc, *words)

    def setup(self, *words, status=None, before=()):
        done = self.lab.run(*before, PROGRAM, "setup", "postfix",
                            "--config-dir", self.etc,
                            "--config", self.policyd.config,
                            *words, limit=90)
        assert "Sanitizer" not in done.stderr, done.stderr
        if status is not None:
            assert done.returncode == status, done.stdout + done.stderr
        self.said = " ".join(done.stdout.split())
        self.complained = done.stderr
        return done

    def has(self, *sentences):
        for sentence in sentences:
            assert sentence in self.said, self.said

    def reset(self):
        """Its files as they were at first."""
        shutil.rmtree(self.queue / "etc", ignore_errors=True)
        self.policyd.folder.chmod(0o755)
        self.policyd.socket.chmod(0o666)
        os.chown(self.policyd.socket, 0, 0)
        self.configure_policyd()
        self.chroot("n")
        self.main()

    def copies(self):
        return sorted(path.name for path in (*self.etc.iterdir(),
                                             *self.policyd.folder.iterdir())
                      if re.fullmatch(r"\S+\.mtasts-\d{14}", path.name))

    def start(self):
        """Postfix itself."""
        with open(self.etc / "output", "ab") as log:
            self.master = subprocess.Popen(
                [LAB, "exec", "--", "/usr/lib/postfix/sbin/master", "-d",
                 "-c", self.etc], env={**self.lab.env,
                                       "MAIL_CONFIG": str(self.etc)},
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_for("Postfix", lambda: self.postfix(
            "postfix", "status").returncode == 0)

    def close(self):
        if self.master:
            self.master.terminate()
            self.master.wait(30)
        self.policyd.stop()


@contextlib.contextmanager
def new_site(lab, **more):
    # The user postfix has to get there.
    with tempfile.TemporaryDirectory(prefix="mtasts-setup-",
                                     dir="/run") as folder:
        os.chmod(folder, 0o755)
        site = Site(lab, folder, **more)
        try:
            yield site
        finally:
            site.close()


@pytest.fixture(name="site")
def fixture_site(lab):
    with new_site(lab) as site:
        yield site


@pytest.fixture(name="running")
def fixture_running(site):
    site.policyd.start()
    return site


@pytest.fixture(name="shared", scope="module")
def fixture_shared(lab):
    with new_site(lab, port=SHARED_PORT) as site:
        site.policyd.start()
        yield site


@pytest.fixture(name="looked")
def fixture_looked(shared):
    """For tests that change files, and let nothing be applied."""
    values = dict(shared.policyd.values)
    shared.reset()
    yield shared
    shared.policyd.values = values
    assert shared.copies() == []


# ---- the whole way ----

def test_fresh(running):
    """Looked at, applied, proved, and once more without effect."""
    before = (running.etc / "main.cf").read_text()
    running.setup("--domain", HEALTHY, status=WARNING)
    running.has("Postfix does not ask mtasts-policyd yet",
                f"smtp_tls_policy_maps = socketmap:unix:"
                f"{running.policyd.socket}:postfix", REPLY,
                "asked by postmap as the user postfix",
                "default-tls-level = may",
                "'mtasts setup postfix --apply', with the same options, "
                "makes these changes, with copies")
    assert (running.etc / "main.cf").read_text() == before
    assert running.copies() == []

    running.start()
    running.setup("--apply", "--domain", HEALTHY, status=FINE)
    running.has(REPLY, "Postfix has been reloaded.",
                f"{running.policyd.config} is in force",
                f"Now Postfix asks socketmap:unix:{running.policyd.socket}")
    table = running.value("smtp_tls_policy_maps")
    assert table == f"socketmap:unix:{running.policyd.socket}:postfix"
    asked = running.postfix("postmap", "-q", HEALTHY, table, user="postfix")
    assert asked.stdout.strip() == REPLY
    assert "# A comment that stays." in (running.etc / "main.cf").read_text()
    main_copy, conf_copy = running.copies()
    assert (running.etc / main_copy).read_text() == before
    text = running.policyd.config.read_text()
    assert "    default-tls-level = may\n" in text
    assert "    # where Postfix asks\n" in text
    assert "default-tls-level" not in (
        running.policyd.folder / conf_copy).read_text()
    assert len(running.policyd.events("reloaded")) == 1

    after = (running.etc / "main.cf").read_text()
    running.setup("--apply", status=FINE)
    running.has("There is nothing to change.", REPLY)  # of the cache
    assert (running.etc / "main.cf").read_text() == after
    assert running.policyd.config.read_text() == text
    assert running.copies() == [main_copy, conf_copy]

    # As where --apply ended between writing and the reload.
    os.utime(running.policyd.config, (0, 0))
    running.setup("--apply", status=WARNING)
    running.has(f"mtasts-policyd runs by {running.policyd.config} as it was "
                "before it was changed", "mtasts reload")


def test_main_cf_is_a_link(looked):
    """What postconf would put in its place nobody would look for there."""
    file = looked.etc / "main.cf"
    real = file.rename(looked.folder / "managed.cf")
    file.symlink_to(real)
    before = real.read_text()
    try:
        looked.setup("--apply", status=ERROR)
        looked.has(f"{file} is a symbolic link", "by hand, and run this again",
                   "Nothing has been changed")
        assert file.is_symlink() and real.read_text() == before
    finally:
        real.rename(file)  # in the link's place


SEND = """
import smtplib
with smtplib.SMTP("127.0.0.1", 2599) as smtp:
    smtp.sendmail("anna@client.lab", ["user@healthy.example"], "a: b\\n\\nc")
"""


def test_mail_is_protected(running):
    """From a Postfix in its chroot, without anything done but --apply."""
    authorities = running.folder / "ca.pem"
    authorities.write_text(Path(CAS).read_text() + Path(
        running.policyd.values["ca"]).read_text())
    running.chroot("y", "127.0.0.1:2599 inet n - n - - smtpd\n")
    running.resolvers("127.0.0.1")
    shutil.copy("/etc/services", running.queue / "etc")
    running.main(smtp_tls_CAfile=authorities, smtp_tls_loglevel="1",
                 mynetworks="127.0.0.0/8")
    running.start()
    running.setup("--apply", "--domain", HEALTHY, status=FINE)
    assert running.lab.run("python3", "-c", SEND).returncode == 0
    log = running.etc / "log"
    wait_for("the mail", lambda: "status=" in log.read_text())
    assert "Verified TLS connection established to mx.healthy.example" in (
        log.read_text())
    assert "status=sent" in log.read_text()


def test_without_a_configuration_file(running):
    """mtasts.conf is made where there is none yet."""
    conf = running.folder / "new" / "mtasts.conf"
    running.setup("--apply", "--config", conf, "--socket", running.inet)
    running.has("mtasts.conf: not there yet", "which is new")
    assert conf.read_text() == "policyd {\n    default-tls-level = may\n}\n"


def test_daemon_is_down(site):
    before = (site.etc / "main.cf").read_text()
    site.setup("--apply", status=ERROR)
    site.has("mtasts-policyd does not answer at", "systemctl enable --now",
             "Nothing has been changed")
    assert (site.etc / "main.cf").read_text() == before
    assert site.copies() == []


ONE_EDIT = """\
#!/bin/sh
case " $* " in
*" -e "*) mkdir {folder}/edited || exit 1 ;;
esac
exec /usr/sbin/postconf "$@"
"""


def test_main_cf_changes_in_one_step(running):
    """A table without the authorities that it takes would keep mail."""
    program = running.folder / "postconf"
    program.write_text(ONE_EDIT.format(folder=running.folder))
    program.chmod(0o755)
    running.main(smtp_tls_CAfile="")
    running.policyd.values["ca"] = CAS
    running.configure_policyd()
    running.setup("--apply", status=FINE,
                  before=["env", f"PATH={running.folder}:/usr/sbin:/usr/bin"])
    assert (running.folder / "edited").exists()
    assert running.value("smtp_tls_CAfile") == CAS
    assert running.value("smtp_tls_policy_maps").endswith(":postfix")


# ---- tables ----

def test_tables_that_are_there_stay_first(running):
    (running.etc / "exceptions").write_text(f"{HEALTHY} encrypt\n")
    mine = (f"texthash:{running.etc}/exceptions, "
            "inline:{ { a.example=may } }")
    running.main(smtp_tls_policy_maps=mine)
    running.setup("--apply", status=FINE)
    running.has("The tables that it has stay, and stay first.")
    value = running.value("smtp_tls_policy_maps")
    assert value.startswith(mine + ", socketmap:unix:")
    running.setup("--apply", status=FINE)
    running.has("after the site's own tables", "There is nothing to change.")


def test_ours_goes_behind_the_others(looked):
    other = f"texthash:{looked.etc}/exceptions"
    looked.main(smtp_tls_policy_maps=f"{looked.table} {other}")
    looked.setup(status=WARNING)
    looked.has("is not the last of smtp_tls_policy_maps")
    looked.has(f"smtp_tls_policy_maps = {other}, {looked.table} ")


def test_map_of_a_later_postfix(looked):
    looked.main(smtp_tls_policy_maps=f"{looked.table}-tlsrpt")
    looked.setup(status=ERROR)
    looked.has("sends what Postfix 3.7", "waits")
    looked.has(f"smtp_tls_policy_maps = {looked.table} ")


def test_a_later_postfix(looked):
    """Played by a postconf that says so."""
    folder = looked.folder / "bin"
    folder.mkdir()
    program = folder / "postconf"
    program.write_text('#!/bin/sh\n/usr/sbin/postconf "$@" | '
                       "sed 's/^mail_version = .*/mail_version = 3.10.6/'\n")
    program.chmod(0o755)
    looked.setup("--domain", HEALTHY, status=WARNING,
                 before=["env", f"PATH={folder}:/usr/sbin:/usr/bin"])
    looked.has("Postfix 3.10.6 asks the map postfix-tlsrpt",
               f"socketmap:unix:{looked.policyd.socket}:postfix-tlsrpt ",
               "policy_type=sts policy_domain=healthy.example")


def test_table_of_another_program(looked):
    rival = "socketmap:inet:127.0.0.1:1:other"
    looked.main(smtp_tls_policy_maps=rival)
    looked.setup(status=WARNING)
    looked.has(f"{rival} is asked as well",
                f"smtp_tls_policy_maps = {rival}, socketmap:unix:")


@pytest.mark.parametrize("what", ["per-site", "master", "brace", "variable"])
def test_what_a_person_has_to_see_to(looked, what):
    if what == "per-site":
        looked.main(smtp_tls_per_site="hash:/etc/postfix/per-site")
        sentence = "what it demands would be lost"
    elif what == "master":
        looked.chroot("n", "")
        text = (looked.etc / "master.cf").read_text()
        (looked.etc / "master.cf").write_text(re.sub(
            r"^(smtp +unix .*)$", r"\1\n  -o smtp_tls_policy_maps=", text,
            flags=re.M))
        sentence = "that of main.cf does not count for it"
    elif what == "brace":
        looked.main(smtp_tls_policy_maps="inline:{ { a=b }")
        sentence = "a brace is not closed"
    else:
        looked.main(mine=f"{looked.table}, {looked.table}",
                     smtp_tls_policy_maps="$mine")
        sentence = "by way of another parameter"
    before = (looked.etc / "main.cf").read_text()
    looked.setup("--apply", status=ERROR)
    looked.has(sentence, "Nothing has been changed")
    assert (looked.etc / "main.cf").read_text() == before


def test_relayhost(looked):
    looked.main(relayhost="[relay.example]")
    looked.setup(status=WARNING)
    looked.has("relayhost = [relay.example] takes all mail")


# ---- sockets ----

def test_chroot_takes_the_loopback_address(looked):
    looked.chroot("y")
    looked.resolvers("127.0.0.1")
    looked.setup("--domain", HEALTHY, status=WARNING)
    looked.has("the chroot of smtp is no hindrance", REPLY,
               f"smtp_tls_policy_maps = {looked.table} ")


def test_chroot_and_a_socket_within(running):
    running.chroot("y")
    running.resolvers("127.0.0.1")
    running.policyd.stop()
    within = running.queue / "mtasts"
    within.mkdir()
    text = running.policyd.config.read_text()
    running.policyd.config.write_text(
        text.replace(running.inet, f"unix:{within}/map.sock"))
    running.policyd.start()
    running.setup("--domain", HEALTHY, status=WARNING)
    running.has(REPLY, "smtp_tls_policy_maps = "
                "socketmap:unix:mtasts/map.sock:postfix ")


def test_chroot_and_no_way_out(looked):
    looked.chroot("y")
    looked.resolvers("127.0.0.1")
    looked.setup("--apply", "--socket", f"unix:{looked.policyd.socket}",
                  status=ERROR)
    looked.has("gets to no socket of mtasts-policyd",
                'Add "inet:127.0.0.1:8461"', "Nothing has been changed")


@pytest.mark.parametrize("what", ["mode", "folder"])
def test_socket_that_postfix_may_not_use(looked, what):
    address = f"unix:{looked.policyd.socket}"
    if what == "mode":
        looked.policyd.socket.chmod(0o600)
        named = str(looked.policyd.socket)
    else:
        looked.policyd.folder.chmod(0o700)
        named = str(looked.policyd.folder)
    looked.setup("--apply", "--socket", address, status=ERROR)
    looked.has(f"does not answer at {address}: {named} has mode",
                "keeps the user postfix out")
    # Where there is another way, it is taken.
    looked.setup(status=WARNING)
    looked.has(f"smtp_tls_policy_maps = {looked.table} ")


def test_group_of_the_socket(looked):
    looked.policyd.socket.chmod(0o660)
    os.chown(looked.policyd.socket, 0, pwd.getpwnam("postfix").pw_gid)
    looked.setup(status=WARNING)
    looked.has("smtp_tls_policy_maps = socketmap:unix:")


# ---- certificate authorities ----

def test_no_authorities(looked):
    looked.main(smtp_tls_CAfile="")
    looked.policyd.values["ca"] = CAS
    looked.configure_policyd()
    looked.setup(status=WARNING)
    looked.has("smtp has no certificate authorities",
                f"smtp_tls_CAfile = {CAS}")


def test_file_of_authorities_is_gone(looked):
    looked.main(smtp_tls_CAfile="/nonexistent/ca.pem")
    looked.setup("--apply", status=ERROR)
    looked.has("smtp_tls_CAfile = /nonexistent/ca.pem: No such file",
                "Nothing has been changed")


def test_few_authorities(looked):
    looked.main(smtp_tls_CAfile=looked.policyd.values["ca"])
    looked.setup(status=WARNING)
    looked.has("1 certificate authority only")


def test_folder_of_authorities_and_the_chroot(looked):
    """Links that lead out of the chroot are none."""
    looked.main(smtp_tls_CAfile="", smtp_tls_CApath="/etc/ssl/certs",
                smtp_tls_policy_maps=looked.table)
    looked.setup(status=WARNING)   # the level
    looked.has("smtp_tls_CApath = /etc/ssl/certs: 1")

    looked.chroot("y")
    looked.resolvers("127.0.0.1")
    looked.policyd.values["ca"] = CAS
    looked.configure_policyd()
    looked.setup(status=ERROR)
    looked.has("smtp_tls_CApath = /etc/ssl/certs: No such file",
                "from inside its chroot")
    within = looked.queue / "etc/ssl/certs"
    within.mkdir(parents=True)
    (within / "0123abcd.0").symlink_to("/usr/share/ca-certificates/x")
    looked.setup(status=ERROR)
    looked.has("no certificate in it")
    (within / "0123abcd.0").unlink()
    for i in range(20):
        shutil.copy(CAS, within / f"0123abcd.{i}")
    looked.setup(status=WARNING)
    looked.has("smtp_tls_CApath = /etc/ssl/certs: 20 ")
    for file in within.iterdir():
        file.chmod(0o600)
    looked.setup(status=ERROR)
    looked.has(f"smtp_tls_CAfile = {CAS}")


# ---- the level ----

@pytest.mark.parametrize("values, level", [
    ({"smtp_tls_security_level": "encrypt"}, "encrypt"),
    ({"smtp_tls_security_level": "", "smtp_use_tls": "yes"}, "may"),
    ({"smtp_tls_security_level": "", "smtp_enforce_tls": "yes"}, "verify"),
    ({"smtp_tls_security_level": "", "smtp_enforce_tls": "yes",
      "smtp_tls_enforce_peername": "no"}, "encrypt"),
])
def test_level(looked, values, level):
    looked.main(**values)
    looked.setup(status=WARNING)
    looked.has(f" default-tls-level = {level} ")


def test_no_answer_below_the_level(looked):
    looked.configure_policyd("    default-tls-level = may")
    looked.main(smtp_tls_security_level="encrypt")
    looked.setup(status=ERROR)
    looked.has("answers for policies in testing mode lower it")
    looked.has(" default-tls-level = encrypt ")


def test_services_of_several_levels(looked):
    looked.chroot("n", "other unix - - n - - smtp\n"
                        "  -o smtp_tls_security_level=encrypt\n")
    looked.setup(status=WARNING)
    looked.has("other/unix has another level of TLS than smtp/unix")
    assert " default-tls-level = may" not in looked.said


# ---- DANE ----

def conf_says(site, proved):
    return f"dane-proved = {proved}\n" in site.policyd.config.read_text()


def test_dane_is_proved(running):
    running.main(smtp_dns_support_level="dnssec",
                 smtp_tls_policy_maps=running.table)
    running.setup("--apply", status=FINE)
    running.has("may tell Postfix to use DANE")
    assert conf_says(running, "yes")
    running.setup(status=FINE)
    running.has("DANE can be relied on")
    # and it is used: this domain has both
    asked = running.postfix("postmap", "-q", "dane-and-sts.example",
                            running.value("smtp_tls_policy_maps"))
    assert asked.returncode in (0, 1), asked.stderr


def test_dane_switched_on(running):
    running.setup("--apply", "--dane", status=FINE)
    assert running.value("smtp_dns_support_level") == "dnssec"
    assert conf_says(running, "yes")


@pytest.mark.parametrize("resolvers, sentence", [
    (["127.0.0.2"], "127.0.0.2 says of no answer that it was validated"),
    (["127.0.0.1", "127.0.0.2"], "127.0.0.2 says of no answer"),
    (["127.0.0.77"], "127.0.0.77 is silent"),
])
def test_resolver_will_not_do(looked, resolvers, sentence):
    looked.chroot("y")
    looked.resolvers(*resolvers)
    looked.main(smtp_dns_support_level="dnssec",
                smtp_tls_policy_maps=looked.table)
    looked.configure_policyd("    default-tls-level = may")
    looked.setup("--apply", status=WARNING)
    looked.has(sentence, "names other resolvers than /etc/resolv.conf",
               "There is nothing to change")


def test_resolver_on_another_machine(looked):
    """It validates, but who is on the way can forge that."""
    lab = looked.lab
    address = "198.18.77.1"
    space = lab.settings()["LAB_NETNS"]
    netns.ip(space, [f"addr add {address}/32 dev lo"])
    relay = subprocess.Popen(
        [LAB, "exec", "--", "python3", "-c", RELAY, address], env=lab.env,
        stdout=subprocess.PIPE)
    try:
        assert relay.stdout.readline() == b"up\n"
        looked.main(smtp_dns_support_level="dnssec")
        looked.chroot("y")
        looked.resolvers(address)
        looked.setup(status=WARNING)
        looked.has("validates, but is not on this machine")
        assert "dane-proved = yes" not in looked.said
        looked.setup("--trust-resolver", status=WARNING)
        looked.has("dane-proved = yes")
    finally:
        relay.kill()
        relay.wait()
        relay.stdout.close()
        netns.ip(space, [f"addr del {address}/32 dev lo"])


# Datagrams to and from the resolver of the lab, untouched.
RELAY = """
import socket, sys
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind((sys.argv[1], 53))
print("up", flush=True)
while True:
    query, client = server.recvfrom(4096)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ask:
        ask.settimeout(5)
        ask.sendto(query, ("127.0.0.1", 53))
        server.sendto(ask.recv(4096), client)
"""


def test_dane_that_is_no_more(running):
    """Mail would wait: that goes back first."""
    running.main(smtp_tls_policy_maps=running.table)
    running.configure_policyd("    default-tls-level = may\n"
                              "    dane-proved = yes")
    running.setup(status=ERROR)
    running.has("dane-proved = yes, which is not so any more")
    running.setup("--apply", status=FINE)
    assert conf_says(running, "no")


def test_dane_forced_without_proof(looked):
    looked.configure_policyd("    dane = on")
    looked.setup(status=ERROR)
    looked.has("mtasts.conf says dane = on, and it is not proved")


# ---- mtasts.conf ----

def test_faults_of_the_configuration(looked):
    looked.configure_policyd("    default-tls-level = much")
    done = looked.setup("--apply", status=UNKNOWN)
    assert done.stdout == "" and "'much' will not do" in done.stderr
    assert looked.copies() == []


def test_no_postfix_there(looked):
    (looked.etc / "main.cf").unlink()
    done = looked.setup(status=UNKNOWN)
    assert "main.cf" in done.stderr and done.stdout == ""


def test_time(looked):
    begun = time.monotonic()
    looked.setup(status=WARNING)
    assert time.monotonic() - begun < 15
