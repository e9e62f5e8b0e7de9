"""postfix - the MX hosts: one real Postfix with a service an address

DESCRIPTION
    An instance has its own configuration, queue and data directory below
    the state directory and never touches /etc/postfix.  Each MX host is a
    smtpd service on its own address with its own certificate and TLS
    settings.  Mail for any domain is taken and kept in
    mail/INSTANCE/DOMAIN/new/, so that tests can look who got what.

    What Debian's Postfix cannot do (any more) is left to smtpfault.py.

LIMITS
    Debian's user postfix and group postdrop must exist (package postfix).
"""

import grp
import json
import os
import pwd
import re
import subprocess
import sys
from pathlib import Path

from . import process
from .probe import accepts_tcp
from .zone import credential_of

# What makes an instance one of its own, in a folder of its own.
OWN = """\
compatibility_level = 3.6
queue_directory = {dir}/queue
data_directory = {dir}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
meta_directory = /etc/postfix
shlib_directory = /usr/lib/postfix
mail_owner = postfix
setgid_group = postdrop
maillog_file = {log}
maillog_file_prefixes = {log}
"""
MAIN = OWN + """\
myhostname = {hostname}
myorigin = {hostname}
mydestination =
inet_protocols = all
inet_interfaces = loopback-only
mynetworks = 127.0.0.0/8
alias_maps =
local_recipient_maps =
smtputf8_enable = yes
disable_dns_lookups = yes
smtpd_peername_lookup = no
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_recipient_restrictions = reject_unauth_destination
smtpd_error_sleep_time = 0
default_process_limit = 200
max_idle = 20s
virtual_mailbox_domains = static:any
virtual_mailbox_base = {mail}
virtual_mailbox_maps = regexp:{dir}/mailboxes
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
smtpd_tls_security_level = may
smtpd_tls_session_cache_database =
tls_config_file = none
smtpd_tls_ciphers = medium
smtpd_tls_exclude_ciphers = aNULL
smtpd_tls_loglevel = 1
smtpd_tls_received_header = yes
"""

# What takes, keeps and delivers mail; the smtpd services are added to it.
MASTER = """\
pickup    unix n - n 60 1 pickup
cleanup   unix n - n - 0 cleanup
qmgr      unix n - n 300 1 qmgr
tlsmgr    unix - - n 1000? 1 tlsmgr
rewrite   unix - - n - - trivial-rewrite
bounce    unix - - n - 0 bounce
defer     unix - - n - 0 bounce
trace     unix - - n - 0 bounce
flush     unix n - n 1000? 0 flush
proxymap  unix - - n - - proxymap
smtp      unix - - n - - smtp
showq     unix n - n - - showq
error     unix - - n - - error
retry     unix - - n - - error
discard   unix - - n - - discard
virtual   unix - n n - - virtual
anvil     unix - - n - 1 anvil
postlog   unix-dgram n - n - 1 postlogd
"""

QUEUE = ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold",
         "incoming", "private", "saved", "trace")
# Level 0, or OpenSSL 3 refuses TLS 1.0, SHA-1 and short keys.
ANCIENT = "ALL:@SECLEVEL=0"
MODERN = ">=TLSv1.2"


def _smtpd(host, address, chain, sni_map):
    """The master.cf entry of one MX host on one address."""
    mx = host.spec
    options = {"myhostname": host.name,
               "smtpd_tls_chain_files": chain,
               "smtpd_tls_protocols": mx.protocols}
    if mx.starttls == "no":
        options["smtpd_tls_security_level"] = "none"
    elif mx.starttls == "454":
        # A file that is gone: Postfix offers STARTTLS, then says 454.
        del options["smtpd_tls_chain_files"]
        options["smtpd_tls_cert_file"] = "/nonexistent/cert.pem"
    if mx.ciphers or mx.cert in ("rsa1024", "sha1") \
            or mx.protocols != MODERN:
        options["tls_medium_cipherlist"] = mx.ciphers or ANCIENT
    if mx.anonymous:
        options["smtpd_tls_exclude_ciphers"] = ""
    if sni_map:
        options["tls_server_sni_maps"] = sni_map
    where = f"[{address}]" if ":" in address else address
    lines = [f"{where}:25 inet n - n - - smtpd"]
    lines += [f"  -o {key}={value}" for key, value in options.items()]
    return "\n".join(lines) + "\n"


def _sni_map(state, authority, host):
    """A lookup table that gives another certificate to who names it."""
    credential = credential_of(authority, host, host.spec.sni_cert)
    source = state.write(f"postfix/sni/{host.name}",
                         f"{host.name} {credential.combined}\n")
    subprocess.run(["postmap", "-F", f"hash:{source}"], check=True,
                   env={**os.environ, "MAIL_CONFIG": str(
                       state.path("postfix", "mx"))})
    return f"hash:{source}"


def _services(state, authority, hosts):
    text = ""
    for host in hosts:
        mx = host.spec
        sni = _sni_map(state, authority, host) if mx.sni_cert else None
        for address in host.listen:
            kind = mx.v6_cert if ":" in address and mx.v6_cert else mx.cert
            chain = credential_of(authority, host, kind).combined
            text += _smtpd(host, address, chain, sni)
    return text


def prepare(state, name):
    """Queue and data directories with the owners that Postfix demands."""
    uid = pwd.getpwnam("postfix").pw_uid
    drop = grp.getgrnam("postdrop").gr_gid
    queue = state.folder("postfix", name, "queue")
    for part in QUEUE:
        path = state.folder("postfix", name, "queue", part)
        os.chown(path, uid, 0)
        path.chmod(0o700)
    for part, mode in (("maildrop", 0o1730), ("public", 0o2710)):
        path = state.folder("postfix", name, "queue", part)
        os.chown(path, uid, drop)
        path.chmod(mode)
    state.folder("postfix", name, "queue", "pid")
    queue.chmod(0o755)
    data = state.folder("postfix", name, "data")
    os.chown(data, uid, 0)
    data.chmod(0o700)


def _mailboxes(domains):
    """virtual(8) refuses $1 in a regexp map: a line a domain, then any."""
    lines = [f"/@{re.escape(domain)}$/ {domain}/" for domain in domains]
    return "\n".join(lines + ["/./ other/"]) + "\n"


def start_instance(state, name, role, services, address, domains):
    """Start a Postfix in the namespace of a role.

    `services()` gives its smtpd services, once main.cf is there; `address`
    is one that it must answer on before this returns.
    """
    space, hostname = state.namespace(role), f"{name}.lab"
    prepare(state, name)
    mail = state.folder("mail", name)
    owner = pwd.getpwnam("nobody")
    os.chown(mail, owner.pw_uid, owner.pw_gid)
    folder = state.folder("postfix", name)
    main = state.write(f"postfix/{name}/main.cf", MAIN.format(
        dir=folder, mail=mail, hostname=hostname,
        log=state.folder("log") / f"mail-{name}.log",
        uid=owner.pw_uid, gid=owner.pw_gid))
    # Postfix waits for two seconds when its main.cf looks half-written.
    os.utime(main, (0, 0))
    state.write(f"postfix/{name}/mailboxes", _mailboxes(domains))
    state.write(f"postfix/{name}/master.cf", MASTER + services())
    child = process.start(
        state, f"postfix-{name}", space,
        ["/usr/lib/postfix/sbin/master", "-d", "-c", folder],
        env={"MAIL_CONFIG": str(folder)})
    process.wait_ready(state, f"postfix-{name}", child, lambda: accepts_tcp(
        space, address, 25))


def _start_faulty(state, plan, authority):
    hosts = [h for h in plan.mxs if h.spec.kind != "postfix" and h.listen]
    if not hosts:
        return
    jobs = [{"kind": h.spec.kind, "name": h.name, "addresses": h.listen,
             "combined": str(credential_of(authority, h).combined)}
            for h in hosts]
    config = state.write("postfix/faults.json", json.dumps(jobs))
    space = state.namespace("mx")
    child = process.start(
        state, "smtpfault", space,
        [sys.executable, "-B", Path(__file__).with_name("smtpfault.py"),
         config])
    process.wait_ready(state, "smtpfault", child, lambda: accepts_tcp(
        space, hosts[-1].listen[-1], 25))


def start(state, plan, authority, domains):
    for role in ("mx", "attacker"):
        real = [h for h in plan.mxs if h.role == role
                and h.spec.kind == "postfix" and h.listen]
        if real:
            start_instance(state, role, role,
                           lambda: _services(state, authority, real),
                           real[-1].listen[-1], domains)
    _start_faulty(state, plan, authority)
