/*
 * The libraries from C++, shared as they are installed: every
 * function once, so that a prototype without C linkage or a symbol that the
 * map forgot fails at link time.
 */
#include <cstdio>
#include <cstring>
#include <mtasts/client.h>
#include <mtasts/mtasts.h>
#include <string>
#include <vector>

namespace
{

int failures;

void expect(bool condition, const char *what)
{
    if (condition)
        return;
    std::fprintf(stderr, "failed: %s\n", what);
    failures++;
}

const std::string body = "version: STSv1\r\nmode: enforce\r\n"
                         "mx: *.example.com\r\nmax_age: 86400\r\n";

void test_policy()
{
    mtasts_sts_policy *policy = nullptr;
    std::vector<mtasts_fault> items(4);
    mtasts_faults faults = {items.data(), items.size(), 0, 0, 0};
    mtasts_bytes host = {"mx.example.com", 14};
    mtasts_decision decision;
    mtasts_mode mode;

    expect(mtasts_sts_policy_parse(body.data(), body.size(), MTASTS_TOLERANT,
                                   &faults, &policy) == 0,
           "parse");
    expect(faults.count == 0, "no faults");
    expect(mtasts_sts_policy_mode(policy) == MTASTS_MODE_ENFORCE, "mode");
    expect(mtasts_sts_policy_max_age(policy) == 86400, "max_age");
    expect(mtasts_sts_policy_mx_count(policy) == 1, "mx count");
    expect(mtasts_sts_policy_mx(policy, 0) == std::string("*.example.com"),
           "mx");
    expect(mtasts_sts_policy_find_mx(policy, host.data, host.len, nullptr) == 0,
           "find");
    expect(mtasts_sts_policy_match(policy, &host, 1, nullptr, nullptr) == 1,
           "match");
    expect(mtasts_delivery_before(policy, host.data, host.len, MTASTS_DANE_NONE,
                                  0, &decision) == 0,
           "before");
    expect(mtasts_delivery_after(policy, host.data, host.len,
                                 MTASTS_TLS_CERT_OK, MTASTS_DANE_NONE, 0,
                                 &decision) == 0 &&
               decision.action == MTASTS_ACTION_DELIVER,
           "after");
    expect(mtasts_delivery_exhausted(policy, nullptr, false) ==
               MTASTS_ACTION_DEFER,
           "exhausted");
    expect(mtasts_mode_parse("none", 4, &mode) == 0, "mode parse");
    mtasts_sts_policy_free(policy);
}

void test_records()
{
    const unsigned char rdata[] = "\x0cv=STSv1;id=1";
    char joined[16];
    mtasts_bytes rr = {joined, 0};
    mtasts_sts_record sts;
    mtasts_tlsrpt_record tlsrpt;

    expect(mtasts_txt_join(rdata, 13, joined, sizeof(joined), &rr.len) == 0,
           "join");
    expect(mtasts_sts_record_parse(&rr, 1, 0, nullptr, &sts) == 0 &&
               sts.verdict == MTASTS_VERDICT_VALID,
           "sts record");
    expect(mtasts_tlsrpt_record_parse(&rr, 1, 0, nullptr, nullptr, 0,
                                      &tlsrpt) == 0 &&
               tlsrpt.verdict == MTASTS_VERDICT_NONE,
           "tlsrpt record");
}

void test_names()
{
    char name[MTASTS_NAME_MAX + 1];
    mtasts_next_hop hop;
    const char *mx[] = {"mx.example.com"};
    char buf[128];
    std::size_t len;

    expect(mtasts_name_canonical("A.b", 3, 0, name, nullptr) == 0, "name");
    expect(mtasts_next_hop_parse("a.b:25", 6, &hop) == 0 && hop.port == 25,
           "next hop");
    expect(mtasts_mx_pattern_valid("*.a", 3), "pattern");
    expect(mtasts_mx_match("*.a", 3, "b.a", 3), "mx match");
    expect(mtasts_sts_policy_write(MTASTS_MODE_TESTING, 1, mx, 1, buf,
                                   sizeof(buf), &len) == 0 &&
               len == std::strlen(buf),
           "write");
}

void test_words()
{
    expect(mtasts_strerror(-MTASTS_ENAME) != nullptr, "strerror");
    expect(mtasts_version() != nullptr, "version");
    expect(mtasts_fault_name(MTASTS_FAULT_BOM) != nullptr, "fault name");
    expect(mtasts_fault_text(MTASTS_FAULT_BOM) != nullptr, "fault text");
    expect(mtasts_mode_name(MTASTS_MODE_NONE) != nullptr, "mode name");
    expect(mtasts_verdict_name(MTASTS_VERDICT_NONE) != nullptr, "verdict");
    expect(mtasts_result_name(MTASTS_RESULT_SUCCESS) != nullptr, "result");
    expect(mtasts_policy_type_name(MTASTS_POLICY_TYPE_STS) != nullptr, "type");
}

void test_client()
{
    mtasts_answer *answer = nullptr;

    expect(mtasts_query(nullptr, "[mx.example]", 0, &answer) == 0, "query");
    expect(answer != nullptr && answer->kind == MTASTS_ANSWER_NONE &&
               answer->policy == nullptr && answer->hosts == nullptr &&
               std::string(answer->reason).empty(),
           "answer");
    mtasts_answer_free(answer);
    expect(mtasts_query("/nonexistent", "a.example", 1000, &answer) ==
               -MTASTS_EIO,
           "no daemon");
}

} // namespace

int main()
{
    test_client();
    test_policy();
    test_records();
    test_names();
    test_words();
    return failures > 0;
}
