"""test_policy_schema - what policyd says over HTTP keeps to its schema

DESCRIPTION
    Every domain of the lab, cold and warm; docs/policy.schema.json is the
    same for people who write programs.
"""

import copy
import json
import subprocess

import jsonschema
import pytest

from conftest import ROOT
from policyd import Policyd, each, wait_for

SCHEMA = json.loads((ROOT / "docs/policy.schema.json").read_text("utf-8"))
OPTIONAL = {"covered"}      # of a host, where there is no policy
EXPLAINED = ["healthy.example", "testing.example", "no-sts.example",
             "host-404.example", "sts-multiple.example", "mx-null.example",
             "policy-mode-missing.example", "dane.example"]


def validator(name):
    assert name in SCHEMA["$defs"]
    return jsonschema.Draft202012Validator(
        {"$ref": f"#/$defs/{name}", "$defs": SCHEMA["$defs"]})


def faults_of(name, document):
    return [f"{list(error.absolute_path)}: {error.message}"
            for error in validator(name).iter_errors(document)]


def http(daemon, target, method="GET"):
    done = subprocess.run(
        ["curl", "-s", "-X", method, "--unix-socket",
         str(daemon.folder / "http.sock"), f"http://localhost{target}"],
        capture_output=True, text=True, timeout=60)
    return json.loads(done.stdout)


@pytest.fixture(scope="module", name="daemon")
def fixture_daemon(lab, tmp_path_factory):
    with Policyd(lab, tmp_path_factory.mktemp("schema"),
                 "default-tls-level = may") as daemon:
        yield daemon


@pytest.fixture(scope="module", name="answers")
def fixture_answers(lab, daemon):
    domains = (lab.dir / "domains.txt").read_text().split()
    return dict(zip(domains, each(
        domains, lambda domain: http(daemon, f"/v1/policy/{domain}"))))


def subschemas(node):
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from subschemas(value)
    elif isinstance(node, list):
        for value in node:
            yield from subschemas(value)


def test_schema_is_strict():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    for node in subschemas(SCHEMA):
        if "properties" in node and isinstance(node["properties"], dict):
            assert node["additionalProperties"] is False
            assert (set(node["properties"]) - set(node["required"])
                    <= OPTIONAL)


def test_answers(answers):
    for domain, answer in answers.items():
        assert not faults_of("answer", answer), domain
        assert answer["domain"] == domain
    demands = {answer["demand"] for answer in answers.values()}
    assert {"none", "report", "secure"} <= demands


def test_replies_fit_what_is_demanded(answers):
    """All protocols say the same, as far as they can."""
    for domain, answer in answers.items():
        replies, demand = answer["replies"], answer["demand"]
        secure = demand == "secure"
        assert replies["postfix"].startswith("OK secure match=") is secure, (
            domain)
        assert replies["sts"].startswith("OK secure match=") is secure
        assert replies["postfix-tlsrpt"].startswith("OK secure") is secure
        assert replies["exim"].startswith("secure ") is secure
        # at the site's own level, for reports
        assert replies["postfix-tlsrpt"].startswith("OK may policy_type=sts") \
            is (demand == "report" or (demand == "none"
                                       and answer["failure"] is not None
                                       and answer["policy"] is None)), domain
        kind = "policy" if demand in ("secure", "report") else "none"
        assert replies["client"].startswith(
            f"OK mtasts 1\nanswer {kind}\n"), domain


@pytest.mark.parametrize("domain", EXPLAINED)
def test_explanations(daemon, domain):
    document = http(daemon, f"/v1/explain/{domain}")
    assert not faults_of("explanation", document)
    assert document["decision"][-1]["section"].startswith("RFC ")


def test_cache(daemon, answers):
    after, seen = "0", set()
    while after:
        page = http(daemon, f"/v1/cache?limit=50&after={after}")
        assert not faults_of("page", page)
        seen |= {entry["domain"] for entry in page["domains"]}
        after = page["after"]
    assert set(answers) <= seen
    assert not faults_of("entry", http(daemon, "/v1/cache/healthy.example"))
    wait_for("the history", lambda: http(
        daemon, "/v1/history/healthy.example")["history"])
    assert not faults_of("history",
                         http(daemon, "/v1/history/healthy.example"))
    assert not faults_of("status", http(daemon, "/v1/status"))
    assert not faults_of("overrides", http(daemon, "/v1/overrides"))
    assert not faults_of("error", http(daemon, "/v1/policy/a..b"))
    assert not faults_of("done", http(
        daemon, "/v1/refresh/healthy.example", "POST"))
    assert not faults_of("loaded", http(daemon, "/v1/load", "POST"))


def test_site_rules(lab, tmp_path):
    policy = tmp_path / "policy.txt"
    policy.write_bytes(b"version: STSv1\r\nmode: enforce\r\n"
                       b"mx: mx.host-404.example\r\nmax_age: 60\r\n")
    rules = tmp_path / "overrides"
    rules.write_text(
        f'host-404.example policy {policy} reason="by letter"\n'
        'healthy.example exempt reason="ticket 1" expires=2099-01-01\n'
        'testing.example enforce reason="agreed" owner="ops"\n')
    demands = {"host-404.example": "secure", "healthy.example": "none",
               "testing.example": "secure"}
    with Policyd(lab, tmp_path, f'overrides = "{rules}"') as daemon:
        for domain, demand in demands.items():
            answer = http(daemon, f"/v1/policy/{domain}")
            assert not faults_of("answer", answer)
            assert (answer["demand"], answer["source"]) == (demand,
                                                            "override")
            assert not faults_of("explanation",
                                 http(daemon, f"/v1/explain/{domain}"))
        assert not faults_of("overrides", http(daemon, "/v1/overrides"))


def test_null_mx_weakens_nothing(answers):
    """It may be an attacker's: the MTA itself knows what to do with one."""
    answer = answers["mx-null.example"]
    assert answer["policy"]["mode"] == "enforce"
    assert (answer["demand"], answer["mx"]["status"]) == ("secure", "null-mx")
    assert answer["replies"]["postfix"].startswith("OK secure match=")
    assert answer["replies"]["exim"].startswith("secure ")


def test_a_stray_key_is_refused(answers):
    document = copy.deepcopy(answers["healthy.example"])
    assert not faults_of("answer", document)
    document["policy"]["more"] = 1
    assert faults_of("answer", document)
