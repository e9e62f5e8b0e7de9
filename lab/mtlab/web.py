"""web - the policy hosts (nginx) and the faulty ones (webfault.py)

DESCRIPTION
    One nginx with a server block a policy host, each on its own addresses.
    Hosts whose kind is not "nginx" misbehave in ways that nginx cannot and
    are served by webfault.py.  Report endpoints answer 201 to POST and 405
    to anything else.
"""

import json
import sys
from pathlib import Path

from . import process
from .probe import accepts_tcp
from .zone import credential_of

POLICY_PATH = "/.well-known/mta-sts.txt"

MAIN = """\
daemon off;
pid {dir}/nginx.pid;
error_log stderr warn;
user www-data;
worker_processes 1;
events {{ worker_connections 4096; }}
http {{
    access_log {log};
    server_tokens off;
    client_body_temp_path {dir}/body;
    proxy_temp_path {dir}/proxy;
    fastcgi_temp_path {dir}/fastcgi;
    uwsgi_temp_path {dir}/uwsgi;
    scgi_temp_path {dir}/scgi;
    server_names_hash_bucket_size 256;
    map $http_user_agent $by_agent {{ default ""; "~*mtasts" .agent; }}
{servers}
}}
"""

SERVER = """\
    server {{
{listen}
        server_name {name};
        ssl_certificate {chain};
        ssl_certificate_key {key};
        ssl_protocols {protocols};
        ssl_ciphers {ciphers};
        root {root};
        types {{ }}
        default_type "{type}";
{location}
    }}
"""
MODERN = "HIGH:!aNULL"
ANCIENT = "ALL:@SECLEVEL=0"     # OpenSSL 3 needs level 0 for TLS 1.0


def _location(host, body):
    web = host.spec
    if web.redirect:
        return f"        return 301 {web.redirect};"
    if web.status != 200:
        return f'        return {web.status} "sorry";'
    if web.agent_body is not None:
        return f"        location = {POLICY_PATH} {{ alias {body}$by_agent; }}"
    return f"        location = {POLICY_PATH} {{ alias {body}; }}"


def _policy_body(row, **changes):
    return row.body(**changes) if row.policy else b""


def _server(state, authority, host, addresses, max_age=None):
    web, row = host.spec, host.row
    name = f"web/{host.name}" + (".alt" if max_age else "")
    changes = {"max_age": max_age} if max_age else {}
    body = state.write(name, _policy_body(row, **changes))
    if web.agent_body is not None:
        state.write(name + ".agent",
                    _policy_body(row, max_age=web.agent_body))
    credential = credential_of(authority, host)
    old = "TLSv1.2" not in web.protocols.split()
    listen = "\n".join(f"        listen {_bracket(a)}:443 ssl;"
                       for a in addresses)
    return SERVER.format(
        listen=listen, name=host.name, chain=credential.chain,
        key=credential.key, protocols=web.protocols,
        ciphers=ANCIENT if old else MODERN, root=state.path("web"),
        type=web.type, location=_location(host, body))


def _endpoint(state, authority, host):
    credential = credential_of(authority, host)
    listen = "\n".join(f"        listen {_bracket(a)}:443 ssl;"
                       for a in host.listen)
    return SERVER.format(
        listen=listen, name=host.name, chain=credential.chain,
        key=credential.key, protocols="TLSv1.2 TLSv1.3", ciphers=MODERN,
        root=state.path("web"), type="text/plain",
        location="        if ($request_method != POST) { return 405; }\n"
                 "        return 201;")


def _bracket(address):
    return f"[{address}]" if ":" in address else address


def _servers(state, plan, authority):
    made = []
    for host in plan.webs:
        if host.spec.kind != "nginx" or not host.listen:
            continue
        if host.spec.v6_body is None:
            made.append(_server(state, authority, host, host.listen))
            continue
        made.append(_server(state, authority, host, [host.v4]))
        made.append(_server(state, authority, host, [host.v6],
                            max_age=host.spec.v6_body))
    made += [_endpoint(state, authority, host)
             for host in plan.endpoints if host.listen]
    return made


def _start_nginx(state, plan, authority):
    folder = state.folder("nginx")
    config = state.write("nginx/nginx.conf", MAIN.format(
        dir=folder, log=state.folder("log") / "nginx-access.log",
        servers="\n".join(_servers(state, plan, authority))))
    child = process.start(
        state, "nginx", state.namespace("web"),
        ["/usr/sbin/nginx", "-e", "stderr", "-c", config])
    up = next(h for h in plan.webs if h.listen and h.spec.kind == "nginx")
    process.wait_ready(state, "nginx", child, lambda: accepts_tcp(
        state.namespace("web"), up.listen[0], 443))


def _start_faulty(state, plan, authority):
    hosts = [host for host in plan.webs
             if host.spec.kind != "nginx" and host.listen]
    if not hosts:
        return
    jobs = [{"kind": host.spec.kind, "addresses": host.listen,
             "combined": str(credential_of(authority, host).combined),
             "body": _policy_body(host.row).decode("latin-1")}
            for host in hosts]
    config = state.write("web/faults.json", json.dumps(jobs))
    child = process.start(
        state, "webfault", state.namespace("web"),
        [sys.executable, "-B", Path(__file__).with_name("webfault.py"),
         config])
    process.wait_ready(state, "webfault", child, lambda: accepts_tcp(
        state.namespace("web"), hosts[-1].listen[-1], 443))


def start(state, plan, authority):
    _start_nginx(state, plan, authority)
    _start_faulty(state, plan, authority)
