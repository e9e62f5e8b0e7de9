/*
 * rules: the one table of what `mtasts check` looks for. `mtasts explain`,
 * `mtasts rules`, the manual and docs/rules.md say what stands here.
 *
 * Severities: E error, W warning, U could not tell, I information; the
 * worst first. What a rule's function must and must not say beside others
 * is in docs/rules.md.
 */
#include "check/rules.h"

#include "check/check.h"
#include <string.h>

#define OFFLINE .offline = true

/* clang-format off */
#define RULE(number, function)                                                 \
    [RULE_##number] = {.judge = function,
#define END }

static const struct rule rules[RULE_COUNT] = {

/* ---- the `_mta-sts` TXT record ---- */

RULE(STS_RECORD_MISSING, rule_sts_record_missing)
    .id = "sts-record-missing", .severities = "E/I", OFFLINE,
    .section = SECTION_STS_RECORD, .rfc = "RFC 8461 3.1",
    .title = "No MTA-STS record",
    .why = "Senders look for a policy only if there is a TXT record at "
           "_mta-sts. Without it mail to the domain goes without "
           "MTA-STS, whatever the policy host serves.",
    .fix = "Publish a TXT record at _mta-sts below the domain, once the "
           "policy is served." END,
RULE(STS_RECORD_UNKNOWN, rule_sts_record_unknown)
    .id = "sts-record-unknown", .severities = "U",
    .section = SECTION_STS_RECORD, .rfc = "RFC 8461 3.1",
    .title = "The MTA-STS record could not be looked up",
    .why = "The name servers gave no answer, neither a record nor that "
           "there is none. Senders that have no policy in their cache "
           "deliver without MTA-STS meanwhile.",
    .fix = "Check that every name server of the zone answers for _mta-sts, "
           "over UDP and TCP, and try again." END,
RULE(STS_RECORD_MULTIPLE, rule_sts_record_multiple)
    .id = "sts-record-multiple", .severities = "E", OFFLINE,
    .section = SECTION_STS_RECORD, .rfc = "RFC 8461 3.1",
    .title = "More than one MTA-STS record",
    .why = "Senders that find more than one record beginning v=STSv1; must "
           "act as if there were none, even if they are equal.",
    .fix = "Remove all but one of the TXT records at _mta-sts that begin "
           "v=STSv1;." END,
RULE(STS_RECORD_UNRELATED_TXT, rule_sts_record_unrelated_txt)
    .id = "sts-record-unrelated-txt", .severities = "I", OFFLINE,
    .section = SECTION_STS_RECORD, .rfc = "RFC 8461 3.1",
    .title = "Other TXT records beside the MTA-STS record",
    .why = "Senders ignore what does not begin with v=STSv1;. It makes the "
           "answer longer and often comes from a wildcard record.",
    .fix = "Nothing needs to be done; remove the other TXT records at "
           "_mta-sts if nothing needs them there." END,
RULE(STS_RECORD_VERSION, rule_sts_record_version)
    .id = "sts-record-version", .severities = "E", OFFLINE,
    .section = SECTION_STS_RECORD, .rfc = "RFC 8461 3.1",
    .title = "The version of the MTA-STS record is not v=STSv1, or not first",
    .why = "The record must begin with exactly v=STSv1; or senders take it "
           "for another TXT record and see no MTA-STS.",
    .fix = "Begin the record with v=STSv1; in these letters, without "
           "anything before it." END,
RULE(STS_RECORD_ID, rule_sts_record_id)
    .id = "sts-record-id", .severities = "E", OFFLINE,
    .section = SECTION_STS_RECORD, .rfc = "RFC 8461 3.1",
    .title = "The id of the MTA-STS record is missing or malformed",
    .why = "Without an id of 1 to 32 letters and digits the record is "
           "invalid, and senders act as if there were none.",
    .fix = "Give the record an id of 1 to 32 letters and digits, for "
           "example the time of the last change: id=20260131140500;." END,
RULE(STS_RECORD_SYNTAX, rule_sts_record_syntax)
    .id = "sts-record-syntax", .severities = "E", OFFLINE,
    .section = SECTION_STS_RECORD, .rfc = "RFC 8461 3.1",
    .title = "The MTA-STS record does not follow the grammar",
    .why = "A record is name=value fields with one semicolon between them. "
           "Senders act as if a malformed one were not there.",
    .fix = "Reduce the record to its two fields: v=STSv1; and id=...;" END,
RULE(STS_RECORD_EXTENSION, rule_sts_record_extension)
    .id = "sts-record-extension", .severities = "I", OFFLINE,
    .section = SECTION_STS_RECORD, .rfc = "RFC 8461 3.1",
    .title = "The MTA-STS record has an unknown field",
    .why = "It is legal, and senders ignore it. No such field has been "
           "registered, so it has no effect.",
    .fix = "Nothing needs to be done; remove the field if it was meant to "
           "have an effect." END,
RULE(STS_RECORD_DUPLICATE_FIELD, rule_sts_record_duplicate_field)
    .id = "sts-record-duplicate-field", .severities = "W", OFFLINE,
    .section = SECTION_STS_RECORD, .rfc = "RFC 8461 3.2",
    .title = "A field of the MTA-STS record is there twice",
    .why = "Only the first one counts. A changed id in the second place is "
           "never seen, so that senders keep the old policy.",
    .fix = "Keep one of the two fields, the one with the current value." END,
RULE(STS_RECORD_SPACE, rule_sts_record_space)
    .id = "sts-record-space-before-semicolon", .severities = "W", OFFLINE,
    .section = SECTION_STS_RECORD, .rfc = "RFC 8461 3.1 (erratum 6285)",
    .title = "White space between v=STSv1 and its semicolon",
    .why = "The grammar allows it, but senders tell records apart by the "
           "letters v=STSv1; and many see no record then.",
    .fix = "Remove the space: v=STSv1; id=...;" END,
RULE(STS_RECORD_SPLIT_STRINGS, rule_sts_record_split_strings)
    .id = "sts-record-split-strings", .severities = "I",
    .section = SECTION_STS_RECORD, .rfc = "RFC 8461 3.1",
    .title = "The MTA-STS record is split into several strings",
    .why = "Strings are joined without a space between them. That is legal, "
           "but the record is short enough for one, and it hides errors.",
    .fix = "Write the record as one quoted string." END,
RULE(STS_RECORD_TTL, rule_sts_record_ttl)
    .id = "sts-record-ttl", .severities = "I",
    .section = SECTION_STS_RECORD, .rfc = "RFC 8461 5.1",
    .title = "The MTA-STS record's time to live is very short or very long",
    .why = "Under a minute every delivery asks anew, and an outage of the "
           "name servers shows at once. Over a day a new policy is seen "
           "late.",
    .fix = "Choose a time to live between five minutes and a day, such as "
           "3600." END,
RULE(STS_RECORD_CNAME, rule_sts_record_cname)
    .id = "sts-record-cname", .severities = "W/I",
    .section = SECTION_STS_RECORD, .rfc = "RFC 8461 8.2",
    .title = "The MTA-STS record is reached through an alias",
    .why = "A CNAME is how the record is delegated to a provider. One that "
           "leads nowhere means no MTA-STS, and whoever can register its "
           "target can publish a record.",
    .fix = "If the alias leads nowhere, ask the provider for the right "
           "target or remove the CNAME." END,
RULE(STS_RECORD_DNSSEC, rule_sts_record_dnssec)
    .id = "sts-record-dnssec", .severities = "E/I",
    .section = SECTION_STS_RECORD, .rfc = "RFC 8461 10.2",
    .title = "DNSSEC of the MTA-STS record",
    .why = "A forged \"no such record\" hides MTA-STS from senders that have "
           "no policy in their cache; a signed zone prevents it. Signatures "
           "that do not validate make senders see nothing at all.",
    .fix = "Sign the zone with DNSSEC. If it is signed, mend the "
           "signatures, the DS records or the servers' clocks." END,
RULE(STS_RECORD_LEGACY_NAME, rule_sts_record_legacy_name)
    .id = "sts-record-legacy-name", .severities = "W",
    .section = SECTION_STS_RECORD, .rfc = "RFC 8461 3.1, RFC 8460 3",
    .title = "A record at a name that only drafts had",
    .why = "Senders look at _mta-sts and _smtp._tls. A record at _smtp_sts "
           "or _smtp-tlsrpt is never read.",
    .fix = "Remove the records at _smtp_sts and _smtp-tlsrpt; publish at "
           "_mta-sts and _smtp._tls." END,

/* ---- the policy host ---- */

RULE(HOST_NO_ADDRESS, rule_host_no_address)
    .id = "host-no-address", .severities = "E/W/U/I",
    .section = SECTION_POLICY_HOST, .rfc = "RFC 8461 3.3",
    .title = "The policy host lacks an address, or one does not answer",
    .why = "Senders fetch the policy from mta-sts below the domain, over "
           "IPv4 or IPv6. Without an address, with a private one or with "
           "one that is dead some or all of them cannot. A look-up that "
           "failed tells nothing.",
    .fix = "Publish A and AAAA records for the policy host, each for an "
           "address at which the web server answers." END,
RULE(HOST_UNREACHABLE, rule_host_unreachable)
    .id = "host-unreachable", .severities = "E/U",
    .section = SECTION_POLICY_HOST, .rfc = "RFC 8461 3.3",
    .title = "The policy cannot be fetched from the policy host",
    .why = "Senders that cannot fetch the policy deliver without MTA-STS, "
           "and report sts-policy-fetch-error. They give up after about a "
           "minute.",
    .fix = "Let a web server answer on port 443 of every address of the "
           "policy host, quickly and with the whole file." END,
RULE(HOST_TLS_VERSION, rule_host_tls_version)
    .id = "host-tls-version", .severities = "E/I",
    .section = SECTION_POLICY_HOST, .rfc = "RFC 8461 7.2",
    .title = "TLS versions of the policy host",
    .why = "Senders must use TLS 1.2 or above; with less they get no "
           "policy. TLS 1.3 is faster and leaves less in the open.",
    .fix = "Enable TLS 1.2 and TLS 1.3 on the web server and disable "
           "everything older." END,
RULE(HOST_CERTIFICATE, rule_host_certificate)
    .id = "host-certificate", .severities = "E",
    .section = SECTION_POLICY_HOST, .rfc = "RFC 8461 3.3",
    .title = "The policy host's certificate is not valid",
    .why = "The certificate must be trusted, in its time, and hold the "
           "policy host as a DNS name (the common name does not count). "
           "Otherwise senders do not take the policy and report "
           "sts-webpki-invalid.",
    .fix = "Get a certificate for the policy host from a public authority, "
           "for example by ACME, and renew it automatically." END,
RULE(HOST_CERTIFICATE_EXPIRING, rule_host_certificate_expiring)
    .id = "host-certificate-expiring", .severities = "E/W",
    .section = SECTION_POLICY_HOST, .rfc = "RFC 8461 3.3",
    .title = "The policy host's certificate is about to expire",
    .why = "Once it has expired senders get no new policy. Under a quarter "
           "of its lifetime (at most 14 days) renewal is late, under a "
           "tenth (at most 3 days) it has probably failed.",
    .fix = "Renew the certificate, and find out why that has not happened "
           "by itself." END,
RULE(HOST_CHAIN_INCOMPLETE, rule_host_chain_incomplete)
    .id = "host-chain-incomplete", .severities = "E",
    .section = SECTION_POLICY_HOST, .rfc = "RFC 8461 3.3, RFC 5246 7.4.2",
    .title = "The policy host does not send the intermediate certificate",
    .why = "Browsers fetch or remember missing intermediates, mail servers "
           "do not: to them the certificate is not trusted and there is no "
           "policy.",
    .fix = "Configure the full chain on the web server (fullchain.pem "
           "instead of cert.pem)." END,
RULE(HOST_STATUS, rule_host_status)
    .id = "host-status", .severities = "E",
    .section = SECTION_POLICY_HOST, .rfc = "RFC 8461 3.3",
    .title = "The policy host answers with another status than 200",
    .why = "Only an answer with HTTP status 200 is a policy.",
    .fix = "Serve the policy at /.well-known/mta-sts.txt of the policy "
           "host with status 200." END,
RULE(HOST_REDIRECT, rule_host_redirect)
    .id = "host-redirect", .severities = "E",
    .section = SECTION_POLICY_HOST, .rfc = "RFC 8461 3.3",
    .title = "The policy host redirects",
    .why = "Senders must not follow redirects, wherever they lead: there "
           "is no policy for them.",
    .fix = "Exempt /.well-known/mta-sts.txt on the policy host from "
           "redirects, and serve the policy there itself." END,
RULE(HOST_CONTENT_TYPE, rule_host_content_type)
    .id = "host-content-type", .severities = "E",
    .section = SECTION_POLICY_HOST, .rfc = "RFC 8461 3.2",
    .title = "The policy is not served as text/plain",
    .why = "Careful senders, and this program, refuse any other content "
           "type: whoever may upload files to the host could otherwise "
           "publish a policy.",
    .fix = "Serve the policy with Content-Type: text/plain." END,
RULE(HOST_BODY_SIZE, rule_host_body_size)
    .id = "host-body-size", .severities = "E", OFFLINE,
    .section = SECTION_POLICY_HOST, .rfc = "RFC 8461 3.3",
    .title = "The policy is empty or larger than 64 KiB",
    .why = "An empty file is no policy. Senders stop reading at 64 "
           "kilobytes and take none of it.",
    .fix = "Serve the policy alone; if the mx lines are too many, use "
           "wildcards." END,
RULE(HOST_BODY_ENCODING, rule_host_body_encoding)
    .id = "host-body-encoding", .severities = "E/W", OFFLINE,
    .section = SECTION_POLICY_HOST, .rfc = "RFC 8461 3.2",
    .title = "The policy is not plain UTF-8",
    .why = "A byte-order mark stands before the word version, so that the "
           "version line is none to strict senders; octets that are no "
           "UTF-8 break the grammar; another character set is against the "
           "RFC.",
    .fix = "Save the file as ASCII, or UTF-8 without byte-order mark, and "
           "name no other charset in the Content-Type." END,
RULE(HOST_BODY_VARIES, rule_host_body_varies)
    .id = "host-body-varies", .severities = "W",
    .section = SECTION_POLICY_HOST, .rfc = "RFC 8461 3.3",
    .title = "The policy is not the same for everybody",
    .why = "Which policy a sender gets is then left to chance: one of "
           "several addresses may serve an old one, or a web firewall keep "
           "programs out.",
    .fix = "Serve the same file at every address of the policy host and to "
           "every client." END,
RULE(HOST_POLICY_WITHOUT_RECORD, rule_host_policy_without_record)
    .id = "host-policy-without-record", .severities = "W",
    .section = SECTION_POLICY_HOST, .rfc = "RFC 8461 3.1",
    .title = "A policy is served, but no record announces it",
    .why = "Senders ask the policy host only if the TXT record is there: "
           "the policy has no effect.",
    .fix = "Publish the TXT record at _mta-sts, or stop serving the policy "
           "if MTA-STS was given up." END,
RULE(HOST_RECORD_WITHOUT_POLICY, rule_host_record_without_policy)
    .id = "host-record-without-policy", .severities = "E",
    .section = SECTION_POLICY_HOST, .rfc = "RFC 8461 3.3",
    .title = "A record announces a policy that senders cannot get",
    .why = "Senders without a cached policy deliver without MTA-STS; those "
           "with one keep to it until its max_age is over. Both report the "
           "failure.",
    .fix = "Serve the policy over HTTPS as the other findings say. To "
           "leave MTA-STS, serve mode none first, for max_age seconds." END,

/* ---- the policy ---- */

RULE(POLICY_VERSION, rule_policy_version)
    .id = "policy-version", .severities = "E/W", OFFLINE,
    .section = SECTION_POLICY, .rfc = "RFC 8461 3.2",
    .title = "The policy's version is missing, not STSv1, or not first",
    .why = "Without version: STSv1 the file is no policy. It may stand "
           "anywhere by the RFC, but some large senders want it on the "
           "first line.",
    .fix = "Begin the policy with the line version: STSv1." END,
RULE(POLICY_MODE, rule_policy_mode)
    .id = "policy-mode", .severities = "E", OFFLINE,
    .section = SECTION_POLICY, .rfc = "RFC 8461 3.2",
    .title = "The policy's mode is missing or not known",
    .why = "The mode must be enforce, testing or none in these letters "
           "(report was in drafts only); otherwise the policy is invalid "
           "and senders act as if there were none.",
    .fix = "Set mode: testing to begin with, mode: enforce once reports "
           "show no failures." END,
RULE(POLICY_MODE_TESTING, rule_policy_mode_testing)
    .id = "policy-mode-testing", .severities = "I", OFFLINE,
    .section = SECTION_POLICY, .rfc = "RFC 8461 5",
    .title = "The policy is in testing mode",
    .why = "Senders deliver even if TLS fails, and only report it. That is "
           "how to begin, but it protects nothing.",
    .fix = "Read the TLS reports for about two weeks; if they show no "
           "failures, set mode: enforce and change the id of the record." END,
RULE(POLICY_MODE_NONE, rule_policy_mode_none)
    .id = "policy-mode-none", .severities = "W",
    .section = SECTION_POLICY, .rfc = "RFC 8461 8.3",
    .title = "The policy says none",
    .why = "Mode none takes an earlier policy back. It is a step on the "
           "way out of MTA-STS, not a state to stay in.",
    .fix = "Once the longest max_age ever served is over, remove the "
           "record and the policy; or set mode: testing or enforce." END,
RULE(POLICY_MAX_AGE, rule_policy_max_age)
    .id = "policy-max-age", .severities = "E", OFFLINE,
    .section = SECTION_POLICY, .rfc = "RFC 8461 3.2",
    .title = "The policy's max_age is missing or malformed",
    .why = "max_age is the policy's life in seconds, 1 to 10 digits, "
           "31557600 at most; otherwise strict senders find the policy "
           "invalid.",
    .fix = "Set max_age: 1209600 (two weeks) or more, 31557600 at most." END,
RULE(POLICY_MAX_AGE_SHORT, rule_policy_max_age_short)
    .id = "policy-max-age-short", .severities = "W/I", OFFLINE,
    .section = SECTION_POLICY, .rfc = "RFC 8461 3.2, 10.2",
    .title = "The policy's max_age is short",
    .why = "A cached policy protects until max_age is over: with a short "
           "one an attacker needs to block the policy host only briefly. "
           "Large senders ignore or refetch less than a day too often.",
    .fix = "In enforce mode set max_age to two weeks (1209600) or more, in "
           "testing mode to a day (86400) or more." END,
RULE(POLICY_MX_MISSING, rule_policy_mx_missing)
    .id = "policy-mx-missing", .severities = "E", OFFLINE,
    .section = SECTION_POLICY, .rfc = "RFC 8461 3.2",
    .title = "The policy has no mx",
    .why = "In enforce and testing mode a policy without a single mx is "
           "invalid: it would match no host.",
    .fix = "Add a line mx: and the name for every MX host in DNS." END,
RULE(POLICY_MX_SYNTAX, rule_policy_mx_syntax)
    .id = "policy-mx-syntax", .severities = "E", OFFLINE,
    .section = SECTION_POLICY, .rfc = "RFC 8461 3.2, 4.1",
    .title = "An mx of the policy is no host name or pattern",
    .why = "An mx is a host name, or *. and a domain: no address, no final "
           "dot, no star elsewhere, no letters beyond ASCII. Strict "
           "senders refuse the whole policy, others leave that mx out, and "
           "one with a final dot has made domains undeliverable.",
    .fix = "Write the names as the MX records have them, without the final "
           "dot, international ones as A-labels (xn--...)." END,
RULE(POLICY_MX_WILDCARD, rule_policy_mx_wildcard)
    .id = "policy-mx-wildcard", .severities = "W/I", OFFLINE,
    .section = SECTION_POLICY, .rfc = "RFC 8461 4.1, 10.4",
    .title = "The policy has a wildcard mx",
    .why = "It is legal, but trusts every host of that domain, now and "
           "later; Microsoft and the UK government advise against it. At a "
           "public suffix anybody can have a host that matches.",
    .fix = "List the MX hosts one by one where you can." END,
RULE(POLICY_DUPLICATE_FIELD, rule_policy_duplicate_field)
    .id = "policy-duplicate-field", .severities = "W", OFFLINE,
    .section = SECTION_POLICY, .rfc = "RFC 8461 3.2",
    .title = "A field of the policy is there twice",
    .why = "Of every field but mx only the first one counts, though some "
           "senders take the last: they follow different policies.",
    .fix = "Keep one line of each of version, mode and max_age." END,
RULE(POLICY_MX_DUPLICATE, rule_policy_mx_duplicate)
    .id = "policy-mx-duplicate", .severities = "I", OFFLINE,
    .section = SECTION_POLICY, .rfc = "RFC 8461 3.2",
    .title = "The same mx is in the policy twice",
    .why = "It has no effect, but often another host was meant.",
    .fix = "Remove the second line, or name the host that was meant." END,
RULE(POLICY_UNKNOWN_FIELD, rule_policy_unknown_field)
    .id = "policy-unknown-field", .severities = "W/I", OFFLINE,
    .section = SECTION_POLICY, .rfc = "RFC 8461 3.2",
    .title = "The policy has an unknown field",
    .why = "Senders ignore it. If its name is close to a known one the "
           "line was probably meant to have an effect that it has not.",
    .fix = "Correct the name of the field, or remove the line." END,
RULE(POLICY_SYNTAX, rule_policy_syntax)
    .id = "policy-syntax", .severities = "E", OFFLINE,
    .section = SECTION_POLICY, .rfc = "RFC 8461 3.2",
    .title = "The policy does not follow the grammar",
    .why = "Every line must be a name, a colon and a value; no blank "
           "lines, no space before the name, no control characters. What "
           "senders make of anything else is up to them, and many refuse "
           "the policy.",
    .fix = "Correct the line, or write the policy anew: mtasts make "
           "policy." END,
RULE(POLICY_LINE_ENDINGS, rule_policy_line_endings)
    .id = "policy-line-endings", .severities = "I", OFFLINE,
    .section = SECTION_POLICY, .rfc = "RFC 8461 3.2",
    .title = "The policy's lines end with LF alone",
    .why = "The grammar allows LF and CRLF, but the text says CRLF and "
           "some checkers insist on it.",
    .fix = "Nothing needs to be done; CRLF line ends please everybody." END,
RULE(POLICY_NO_FINAL_NEWLINE, rule_policy_no_final_newline)
    .id = "policy-no-final-newline", .severities = "I", OFFLINE,
    .section = SECTION_POLICY, .rfc = "RFC 8461 3.2",
    .title = "The policy's last line has no end",
    .why = "It is legal, but a file that was cut off looks the same.",
    .fix = "End the last line like the others." END,

/* ---- MX hosts and the policy ---- */

RULE(MX_NOT_IN_POLICY, rule_mx_not_in_policy)
    .id = "mx-not-in-policy", .severities = "E/W/U",
    .section = SECTION_MX, .rfc = "RFC 8461 4.1",
    .title = "An MX host matches no mx of the policy",
    .why = "In enforce mode senders do not deliver to it, in testing mode "
           "they report a failure. If the MX records could not be looked "
           "up, nothing can be said.",
    .fix = "Add the host to the policy first and then to DNS; change the "
           "id of the record each time the policy changes." END,
RULE(POLICY_MX_NOT_IN_DNS, rule_policy_mx_not_in_dns)
    .id = "policy-mx-not-in-dns", .severities = "W/I",
    .section = SECTION_MX, .rfc = "RFC 8461 4.1",
    .title = "An mx of the policy matches no MX host in DNS",
    .why = "It may be for a backup or a move to come. While some MX host "
           "matches no pattern it is rather misspelt or out of date.",
    .fix = "Remove the line if the host takes no mail for the domain any "
           "more, or correct it." END,
RULE(MX_WILDCARD_DEPTH, rule_mx_wildcard_depth)
    .id = "mx-wildcard-depth", .severities = "E",
    .section = SECTION_MX, .rfc = "RFC 8461 4.1",
    .title = "A wildcard does not reach deep enough for an MX host",
    .why = "The star stands for exactly one label: *.example.com matches "
           "mx.example.com, but neither example.com nor mx.eu.example.com. "
           "Some older programs match any depth, so that it may seem to "
           "work.",
    .fix = "Name the MX host itself in the policy." END,
RULE(MX_IMPLICIT, rule_mx_implicit)
    .id = "mx-implicit", .severities = "E",
    .section = SECTION_MX, .rfc = "RFC 5321 5.1, RFC 8461 4.1",
    .title = "There is no MX record",
    .why = "Senders then deliver to the domain itself, which must match "
           "the policy like any MX host. Without an address there is "
           "nowhere to deliver to.",
    .fix = "Publish an MX record, or add the domain itself as an mx to the "
           "policy; for a domain without mail publish a null MX "
           "(0 .)." END,
RULE(MX_NULL, rule_mx_null)
    .id = "mx-null", .severities = "E",
    .section = SECTION_MX, .rfc = "RFC 7505 3",
    .title = "The domain takes no mail, but has a policy",
    .why = "A null MX says that no mail is taken; a policy that demands MX "
           "hosts says the contrary.",
    .fix = "Remove the MTA-STS record and the policy if the domain takes "
           "no mail, or publish its MX hosts if it does." END,
RULE(MX_CNAME, rule_mx_cname)
    .id = "mx-cname", .severities = "E/W/U",
    .section = SECTION_MX, .rfc = "RFC 5321 5.1, RFC 2181 10.3",
    .title = "An MX host is an alias or does not resolve",
    .why = "An MX record must name a host with addresses, not an alias; "
           "some senders refuse aliases, and match another name against "
           "the policy or the certificate. A host without an address takes "
           "no mail.",
    .fix = "Name in the MX record the host that has the A and AAAA "
           "records." END,
RULE(MX_PROVIDER, rule_mx_provider)
    .id = "mx-provider", .severities = "I",
    .section = SECTION_MX, .rfc = "RFC 8461 8.2",
    .title = "Mail goes to a known provider",
    .why = "Providers move their hosts now and then; their own list of mx "
           "lines holds longer than what DNS says today.",
    .fix = "Use these mx lines in the policy, and look at the provider's "
           "manual when it changes." END,

/* ---- MX hosts over SMTP ---- */

RULE(SMTP_NO_STARTTLS, rule_smtp_no_starttls)
    .id = "smtp-no-starttls", .severities = "E/W",
    .section = SECTION_SMTP, .rfc = "RFC 8461 4.2, RFC 3207",
    .title = "An MX host does not do STARTTLS",
    .why = "Without TLS mail goes in clear text, or under an enforced "
           "policy not at all. A warning if it is refused for the moment "
           "only, or if no policy demands it.",
    .fix = "Configure a certificate and TLS on the mail server (Postfix: "
           "smtpd_tls_security_level = may), and see that no firewall "
           "removes STARTTLS." END,
RULE(SMTP_UNREACHABLE, rule_smtp_unreachable)
    .id = "smtp-unreachable", .severities = "W/U/I",
    .section = SECTION_SMTP, .rfc = "RFC 5321 5.1",
    .title = "An MX host could not be tested",
    .why = "It did not answer on port 25, or not in a way that let TLS be "
           "tested, so that nothing can be said of its TLS. Many networks "
           "block port 25 outwards: it may be reachable from elsewhere.",
    .fix = "Try from a network that may send mail; if the host is down "
           "there too, mend it or remove its MX record or address." END,
RULE(SMTP_CERTIFICATE, rule_smtp_certificate)
    .id = "smtp-certificate", .severities = "E/W",
    .section = SECTION_SMTP, .rfc = "RFC 8461 4.2",
    .title = "An MX host's certificate is not valid",
    .why = "Under a policy the certificate must be trusted, in its time, "
           "and hold the MX host's name as a DNS name: in enforce mode "
           "senders deliver to no other. Without a policy few of them "
           "look, so that it is a warning; where DANE decides and there is "
           "no policy it does not matter at all.",
    .fix = "Get a certificate for the MX host's name from a public "
           "authority, for example by ACME, and renew it "
           "automatically." END,
RULE(SMTP_CERTIFICATE_EXPIRING, rule_smtp_certificate_expiring)
    .id = "smtp-certificate-expiring", .severities = "E/W",
    .section = SECTION_SMTP, .rfc = "RFC 8461 4.2",
    .title = "An MX host's certificate is about to expire",
    .why = "Once it has expired senders do not deliver under an enforced "
           "policy. Under a quarter of its lifetime (at most 14 days) "
           "renewal is late, under a tenth (at most 3 days) it has "
           "probably failed.",
    .fix = "Renew the certificate, let the mail server load it, and find "
           "out why that has not happened by itself." END,
RULE(SMTP_CHAIN_INCOMPLETE, rule_smtp_chain_incomplete)
    .id = "smtp-chain-incomplete", .severities = "E/W",
    .section = SECTION_SMTP, .rfc = "RFC 8461 4.2, RFC 5246 7.4.2",
    .title = "An MX host sends an incomplete or misordered chain",
    .why = "Mail servers do not fetch missing intermediates: to them the "
           "certificate is not trusted. A wrong order stops some of them.",
    .fix = "Configure the full chain on the mail server: the certificate, "
           "then each certificate that signs the one before it." END,
RULE(SMTP_CERTIFICATE_WEAK, rule_smtp_certificate_weak)
    .id = "smtp-certificate-weak", .severities = "E/W",
    .section = SECTION_SMTP, .rfc = "RFC 9325 4.5",
    .title = "An MX host's key or signature is weak",
    .why = "Current TLS libraries refuse RSA keys under 2048 bits, "
           "elliptic curves under 256 bits, and signatures with SHA-1 or "
           "MD5.",
    .fix = "Make a new key (ECDSA P-256, or RSA with 2048 bits or more) "
           "and get a certificate with a SHA-256 signature for it." END,
RULE(SMTP_TLS_VERSION, rule_smtp_tls_version)
    .id = "smtp-tls-version", .severities = "E/W/I",
    .section = SECTION_SMTP, .rfc = "RFC 8461 7.2, RFC 8996",
    .title = "TLS versions of an MX host",
    .why = "MTA-STS demands TLS 1.2 or above. TLS 1.0 and 1.1 are "
           "obsolete; TLS 1.3 is faster and leaves less in the open.",
    .fix = "Enable TLS 1.2 and 1.3 and disable what is older (Postfix: "
           "smtpd_tls_protocols = >=TLSv1.2)." END,
RULE(SMTP_CIPHER_WEAK, rule_smtp_cipher_weak)
    .id = "smtp-cipher-weak", .severities = "W",
    .section = SECTION_SMTP, .rfc = "RFC 9325 4.1",
    .title = "An MX host accepts a weak cipher",
    .why = "Without forward secrecy recorded mail can be read once the key "
           "is known; without authentication or encryption TLS protects "
           "nothing.",
    .fix = "Allow only ciphers with ECDHE or DHE and a certificate "
           "(Postfix: smtpd_tls_exclude_ciphers = aNULL, eNULL, "
           "kRSA)." END,
RULE(SMTP_STARTTLS_INJECTION, rule_smtp_starttls_injection)
    .id = "smtp-starttls-injection", .severities = "E",
    .section = SECTION_SMTP, .rfc = "RFC 3207 4.2, CVE-2011-0411",
    .title = "Commands injected before TLS are answered inside it",
    .why = "Whoever is on the path can put commands into the protected "
           "session, and so read or redirect mail in spite of TLS.",
    .fix = "Update the mail server, or the proxy before it: it must drop "
           "what it has received before the TLS handshake." END,
RULE(SMTP_CERTIFICATE_VARIES, rule_smtp_certificate_varies)
    .id = "smtp-certificate-varies", .severities = "W",
    .section = SECTION_SMTP, .rfc = "RFC 8461 7.1",
    .title = "An MX host presents different certificates",
    .why = "If they differ by address, one of them is often an old one "
           "that expires unseen. If they differ by SNI, senders without it "
           "see another certificate than was tested.",
    .fix = "Use the same certificate at every address of the host, and as "
           "the default for clients without SNI." END,

/* ---- DANE ---- */

RULE(DANE_ABSENT, rule_dane_absent)
    .id = "dane-absent", .severities = "I",
    .section = SECTION_DANE, .rfc = "RFC 7672 2.2",
    .title = "No TLSA records for the MX hosts",
    .why = "DANE protects against the same attacks as MTA-STS, for other "
           "senders and without trust in public authorities. It needs "
           "zones signed with DNSSEC.",
    .fix = "Sign the zones of the domain and of its MX hosts, then publish "
           "TLSA 3 1 1 records at _25._tcp of each host." END,
RULE(DANE_MISMATCH, rule_dane_mismatch)
    .id = "dane-mismatch", .severities = "E/W",
    .section = SECTION_DANE, .rfc = "RFC 7672 3.1",
    .title = "TLSA records do not match the certificate",
    .why = "If none matches, senders with DANE do not deliver. A record "
           "beside others that matches nothing is stale, or the next key's "
           "in the days of a change of keys.",
    .fix = "Publish the TLSA record of the key in use; publish that of a "
           "new key before it is used, and remove those of old keys." END,
RULE(DANE_BOGUS, rule_dane_bogus)
    .id = "dane-bogus", .severities = "E/U",
    .section = SECTION_DANE, .rfc = "RFC 7672 2.1.1, RFC 4035 4.3",
    .title = "DNSSEC of the MX hosts is broken or could not be checked",
    .why = "Senders that validate cannot look up what does not validate, "
           "and do not deliver to a host whose TLSA records fail to be "
           "answered. A SERVFAIL or timeout can have other causes: then "
           "it could not be told.",
    .fix = "Mend the signatures, DS records or name servers of the zone; "
           "name servers must also answer for names below _tcp." END,
RULE(DANE_UNSIGNED, rule_dane_unsigned)
    .id = "dane-unsigned", .severities = "W/U/I",
    .section = SECTION_DANE, .rfc = "RFC 7672 2.1.1",
    .title = "TLSA records not signed, or DNSSEC not validated",
    .why = "Senders ignore TLSA records without DNSSEC: they protect "
           "nothing. Where the resolver does not validate it could not be "
           "told: that is a mere remark where a policy in enforce protects "
           "the mail already.",
    .fix = "Sign the zone and publish its DS record, or remove the TLSA "
           "records; if it could not be told, ask through a resolver that "
           "validates DNSSEC." END,
RULE(DANE_USAGE, rule_dane_usage)
    .id = "dane-usage", .severities = "W",
    .section = SECTION_DANE, .rfc = "RFC 7672 3.1.3",
    .title = "TLSA records that cannot be used for SMTP",
    .why = "Usages 0 and 1 are not defined for SMTP, and unknown numbers "
           "or digests of a wrong length are unusable: senders ignore such "
           "records, or use TLS without authentication if there are no "
           "others.",
    .fix = "Publish records 3 1 1 (the host's key, SHA-256) or 2 1 1 (the "
           "authority's key) instead." END,
RULE(DANE_NO_ROLLOVER, rule_dane_no_rollover)
    .id = "dane-no-rollover", .severities = "I",
    .section = SECTION_DANE, .rfc = "RFC 7671 8.1",
    .title = "A single TLSA record",
    .why = "When the key changes, the new record must be in DNS, and the "
           "old one out of caches, before the new key is used; otherwise "
           "mail stops meanwhile.",
    .fix = "Publish a second record early: of the next key (3 1 1), or of "
           "the issuing authority (2 1 1)." END,
RULE(DANE_AND_STS, rule_dane_and_sts)
    .id = "dane-and-sts", .severities = "I",
    .section = SECTION_DANE, .rfc = "RFC 8461 2",
    .title = "Both DANE and MTA-STS",
    .why = "Senders that know both go by DANE, and MTA-STS must not make "
           "it weaker; the others go by MTA-STS. Both have to be right.",
    .fix = "Nothing needs to be done; keep certificates fit for both." END,

/* ---- the `_smtp._tls` TXT record ---- */

RULE(TLSRPT_MISSING, rule_tlsrpt_missing)
    .id = "tlsrpt-missing", .severities = "W/U", OFFLINE,
    .section = SECTION_TLSRPT, .rfc = "RFC 8460 3",
    .title = "No TLS reporting record",
    .why = "Large senders report every day how TLS to the domain went, if "
           "they are told where. Without reports failures stay unseen. A "
           "look-up that failed tells nothing.",
    .fix = "Publish a TXT record at _smtp._tls below the domain: "
           "v=TLSRPTv1; rua=mailto:ADDRESS, best a mailbox at another "
           "domain." END,
RULE(TLSRPT_MULTIPLE, rule_tlsrpt_multiple)
    .id = "tlsrpt-multiple", .severities = "E", OFFLINE,
    .section = SECTION_TLSRPT, .rfc = "RFC 8460 3",
    .title = "More than one TLS reporting record",
    .why = "Senders that find more than one record beginning v=TLSRPTv1; "
           "must act as if there were none, and send no reports.",
    .fix = "Put all addresses into one record, separated by commas." END,
RULE(TLSRPT_VERSION, rule_tlsrpt_version)
    .id = "tlsrpt-version", .severities = "E/W", OFFLINE,
    .section = SECTION_TLSRPT, .rfc = "RFC 8460 3",
    .title = "The version of the record is not v=TLSRPTv1, or not first",
    .why = "The record must begin with exactly v=TLSRPTv1; or senders take "
           "it for another TXT record. A space before that semicolon is "
           "legal, but hides the record from many.",
    .fix = "Begin the record with v=TLSRPTv1; in these letters." END,
RULE(TLSRPT_RUA, rule_tlsrpt_rua)
    .id = "tlsrpt-rua", .severities = "E", OFFLINE,
    .section = SECTION_TLSRPT, .rfc = "RFC 8460 3",
    .title = "The record says nowhere usable to send reports to",
    .why = "rua must hold mailto: addresses or https: URIs, separated by "
           "commas, with , ! and ; percent-encoded inside them. A record "
           "that does not follow the grammar brings no reports, nor does a "
           "URI whose address or host cannot exist.",
    .fix = "Write rua=mailto:ADDRESS or rua=https://HOST/PATH; encode , as "
           "%2C, ! as %21 and ; as %3B; no size limit as in DMARC." END,
RULE(TLSRPT_RUA_MANY, rule_tlsrpt_rua_many)
    .id = "tlsrpt-rua-many", .severities = "I", OFFLINE,
    .section = SECTION_TLSRPT, .rfc = "RFC 8460 3",
    .title = "The record has more than one address for reports",
    .why = "A sender may use all of them or only one: no address can count "
           "on getting every report.",
    .fix = "Nothing needs to be done if the addresses stand in for each "
           "other; otherwise use one, and forward." END,
RULE(TLSRPT_RUA_DUPLICATE, rule_tlsrpt_rua_duplicate)
    .id = "tlsrpt-rua-duplicate", .severities = "W", OFFLINE,
    .section = SECTION_TLSRPT, .rfc = "RFC 8460 3",
    .title = "The record has the same address twice",
    .why = "Some senders deliver each report twice then, and figures add "
           "up wrongly.",
    .fix = "Keep one of the two." END,
RULE(TLSRPT_RUA_DOMAIN, rule_tlsrpt_rua_domain)
    .id = "tlsrpt-rua-domain", .severities = "E/W/U",
    .section = SECTION_TLSRPT, .rfc = "RFC 8460 3",
    .title = "Reports go where mail cannot arrive, or may not",
    .why = "A domain without mail loses every report. A mailbox under the "
           "very domain can miss the reports about its own failures, "
           "though senders must deliver them in spite of TLS errors.",
    .fix = "Use a mailbox at a domain with mail, best at another one." END,
RULE(TLSRPT_RUA_HTTPS, rule_tlsrpt_rua_https)
    .id = "tlsrpt-rua-https", .severities = "E/U",
    .section = SECTION_TLSRPT, .rfc = "RFC 8460 3, 5.4",
    .title = "Reports cannot be sent over HTTPS",
    .why = "Reporters that cannot reach the endpoint, or do not trust its "
           "certificate, try for a day and then drop the report.",
    .fix = "Make the endpoint reachable with a valid certificate, or use a "
           "mailto: address." END,
};
/* clang-format on */

const struct rule *rules_all(size_t *ret_count)
{
    if (ret_count)
        *ret_count = RULE_COUNT;
    return rules;
}

const struct rule *rule_find(const char *id)
{
    for (size_t i = 0; i < RULE_COUNT; i++)
        if (strcmp(rules[i].id, id) == 0)
            return &rules[i];
    return NULL;
}
