/*
 * rules: the rules by number, and the functions that judge them. The table
 * itself is in rules.c; the functions are in rules_<section>.c.
 */
#ifndef MTASTS_CHECK_RULES_H
#define MTASTS_CHECK_RULES_H

/*
 * Every rule: X(NUMBER, function). The order is that of the manual and of
 * the table.
 */
#define RULES(X)                                                               \
    X(STS_RECORD_MISSING, rule_sts_record_missing)                             \
    X(STS_RECORD_UNKNOWN, rule_sts_record_unknown)                             \
    X(STS_RECORD_MULTIPLE, rule_sts_record_multiple)                           \
    X(STS_RECORD_UNRELATED_TXT, rule_sts_record_unrelated_txt)                 \
    X(STS_RECORD_VERSION, rule_sts_record_version)                             \
    X(STS_RECORD_ID, rule_sts_record_id)                                       \
    X(STS_RECORD_SYNTAX, rule_sts_record_syntax)                               \
    X(STS_RECORD_EXTENSION, rule_sts_record_extension)                         \
    X(STS_RECORD_DUPLICATE_FIELD, rule_sts_record_duplicate_field)             \
    X(STS_RECORD_SPACE, rule_sts_record_space)                                 \
    X(STS_RECORD_SPLIT_STRINGS, rule_sts_record_split_strings)                 \
    X(STS_RECORD_TTL, rule_sts_record_ttl)                                     \
    X(STS_RECORD_CNAME, rule_sts_record_cname)                                 \
    X(STS_RECORD_DNSSEC, rule_sts_record_dnssec)                               \
    X(STS_RECORD_LEGACY_NAME, rule_sts_record_legacy_name)                     \
    X(HOST_NO_ADDRESS, rule_host_no_address)                                   \
    X(HOST_UNREACHABLE, rule_host_unreachable)                                 \
    X(HOST_TLS_VERSION, rule_host_tls_version)                                 \
    X(HOST_CERTIFICATE, rule_host_certificate)                                 \
    X(HOST_CERTIFICATE_EXPIRING, rule_host_certificate_expiring)               \
    X(HOST_CHAIN_INCOMPLETE, rule_host_chain_incomplete)                       \
    X(HOST_STATUS, rule_host_status)                                           \
    X(HOST_REDIRECT, rule_host_redirect)                                       \
    X(HOST_CONTENT_TYPE, rule_host_content_type)                               \
    X(HOST_BODY_SIZE, rule_host_body_size)                                     \
    X(HOST_BODY_ENCODING, rule_host_body_encoding)                             \
    X(HOST_BODY_VARIES, rule_host_body_varies)                                 \
    X(HOST_POLICY_WITHOUT_RECORD, rule_host_policy_without_record)             \
    X(HOST_RECORD_WITHOUT_POLICY, rule_host_record_without_policy)             \
    X(POLICY_VERSION, rule_policy_version)                                     \
    X(POLICY_MODE, rule_policy_mode)                                           \
    X(POLICY_MODE_TESTING, rule_policy_mode_testing)                           \
    X(POLICY_MODE_NONE, rule_policy_mode_none)                                 \
    X(POLICY_MAX_AGE, rule_policy_max_age)                                     \
    X(POLICY_MAX_AGE_SHORT, rule_policy_max_age_short)                         \
    X(POLICY_MX_MISSING, rule_policy_mx_missing)                               \
    X(POLICY_MX_SYNTAX, rule_policy_mx_syntax)                                 \
    X(POLICY_MX_WILDCARD, rule_policy_mx_wildcard)                             \
    X(POLICY_DUPLICATE_FIELD, rule_policy_duplicate_field)                     \
    X(POLICY_MX_DUPLICATE, rule_policy_mx_duplicate)                           \
    X(POLICY_UNKNOWN_FIELD, rule_policy_unknown_field)                         \
    X(POLICY_SYNTAX, rule_policy_syntax)                                       \
    X(POLICY_LINE_ENDINGS, rule_policy_line_endings)                           \
    X(POLICY_NO_FINAL_NEWLINE, rule_policy_no_final_newline)                   \
    X(MX_NOT_IN_POLICY, rule_mx_not_in_policy)                                 \
    X(POLICY_MX_NOT_IN_DNS, rule_policy_mx_not_in_dns)                         \
    X(MX_WILDCARD_DEPTH, rule_mx_wildcard_depth)                               \
    X(MX_IMPLICIT, rule_mx_implicit)                                           \
    X(MX_NULL, rule_mx_null)                                                   \
    X(MX_CNAME, rule_mx_cname)                                                 \
    X(MX_PROVIDER, rule_mx_provider)                                           \
    X(SMTP_NO_STARTTLS, rule_smtp_no_starttls)                                 \
    X(SMTP_UNREACHABLE, rule_smtp_unreachable)                                 \
    X(SMTP_CERTIFICATE, rule_smtp_certificate)                                 \
    X(SMTP_CERTIFICATE_EXPIRING, rule_smtp_certificate_expiring)               \
    X(SMTP_CHAIN_INCOMPLETE, rule_smtp_chain_incomplete)                       \
    X(SMTP_CERTIFICATE_WEAK, rule_smtp_certificate_weak)                       \
    X(SMTP_TLS_VERSION, rule_smtp_tls_version)                                 \
    X(SMTP_CIPHER_WEAK, rule_smtp_cipher_weak)                                 \
    X(SMTP_STARTTLS_INJECTION, rule_smtp_starttls_injection)                   \
    X(SMTP_CERTIFICATE_VARIES, rule_smtp_certificate_varies)                   \
    X(DANE_ABSENT, rule_dane_absent)                                           \
    X(DANE_MISMATCH, rule_dane_mismatch)                                       \
    X(DANE_BOGUS, rule_dane_bogus)                                             \
    X(DANE_UNSIGNED, rule_dane_unsigned)                                       \
    X(DANE_USAGE, rule_dane_usage)                                             \
    X(DANE_NO_ROLLOVER, rule_dane_no_rollover)                                 \
    X(DANE_AND_STS, rule_dane_and_sts)                                         \
    X(TLSRPT_MISSING, rule_tlsrpt_missing)                                     \
    X(TLSRPT_MULTIPLE, rule_tlsrpt_multiple)                                   \
    X(TLSRPT_VERSION, rule_tlsrpt_version)                                     \
    X(TLSRPT_RUA, rule_tlsrpt_rua)                                             \
    X(TLSRPT_RUA_MANY, rule_tlsrpt_rua_many)                                   \
    X(TLSRPT_RUA_DUPLICATE, rule_tlsrpt_rua_duplicate)                         \
    X(TLSRPT_RUA_DOMAIN, rule_tlsrpt_rua_domain)                               \
    X(TLSRPT_RUA_HTTPS, rule_tlsrpt_rua_https)

#define RULE_NUMBER(number, function) RULE_##number,
enum rule_id { RULES(RULE_NUMBER) RULE_COUNT };
#undef RULE_NUMBER

struct judge;

#define RULE_FUNCTION(number, function) void function(struct judge *judge);
RULES(RULE_FUNCTION)
#undef RULE_FUNCTION

#endif
