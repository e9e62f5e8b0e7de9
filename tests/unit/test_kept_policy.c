/* kept_policy: a policy as `mtasts cache dump` prints it. */
#include "policyd/kept_policy.h"

#include "unit.h"
#include <mtasts/error.h>

#define BODY "version: STSv1\\r\\nmode: none\\r\\nmax_age: 1\\r\\n"
#define POLICY                                                                 \
    "{\"id\":\"1a\",\"fetched\":\"1970-01-01T00:00:02Z\",\"body\":\"" BODY "\"}"
#define USED "\"used\":\"1970-01-01T00:00:03Z\""

static int read_text(const char *text, struct json **ret_json,
                     struct policy_kept *ret_kept, const char **ret_why)
{
    assert_int_equal(json_parse(text, strlen(text), NULL, NULL, ret_json), 0);
    return kept_policy_read(*ret_json, ret_kept, ret_why);
}

static void test_good(void **state)
{
    _cleanup_json_ struct json *json = NULL;
    struct policy_kept kept = {0};
    const char *why = NULL;

    (void)state;
    assert_int_equal(read_text("{\"domain\":\"xn--bcher-kva.example\","
                               "\"mx\":null,\"policy\":" POLICY "," USED "}",
                               &json, &kept, &why),
                     0);
    assert_string_equal(kept.domain, "xn--bcher-kva.example");
    assert_string_equal(kept.id, "1a");
    assert_string_equal(kept.body,
                        "version: STSv1\r\nmode: none\r\nmax_age: 1\r\n");
    assert_int_equal(kept.len, strlen(kept.body));
    assert_int_equal(kept.fetched_ms, 2000);
    assert_int_equal(kept.used_ms, 3000);
}

static void test_faults(void **state)
{
    static const struct {
        const char *text;
        const char *why; /* how it begins */
    } rows[] = {
        {"{}", "domain:"},
        {"[]", "domain:"},
        {"{\"domain\":1,\"policy\":" POLICY "," USED "}", "domain:"},
        {"{\"domain\":\"Example.com\",\"policy\":" POLICY "," USED "}",
         "domain:"},
        {"{\"domain\":\"example.com.\",\"policy\":" POLICY "," USED "}",
         "domain:"},
        {"{\"domain\":\"a b\",\"policy\":" POLICY "," USED "}", "domain:"},
        {"{\"domain\":\"example.com\",\"policy\":null," USED "}", "policy:"},
        {"{\"domain\":\"example.com\",\"policy\":{}," USED "}", "policy.id:"},
        {"{\"domain\":\"example.com\",\"policy\":{\"id\":\"\"}," USED "}",
         "policy.id:"},
        {"{\"domain\":\"example.com\",\"policy\":{\"id\":\"a b\"}," USED "}",
         "policy.id:"},
        {"{\"domain\":\"example.com\",\"policy\":"
         "{\"id\":\"123456789012345678901234567890123\"}," USED "}",
         "policy.id:"},
        {"{\"domain\":\"example.com\",\"policy\":{\"id\":\"1\"}," USED "}",
         "policy.body:"},
        {"{\"domain\":\"example.com\",\"policy\":"
         "{\"id\":\"1\",\"body\":\"\"}," USED "}",
         "policy.fetched:"},
        {"{\"domain\":\"example.com\",\"policy\":" POLICY "}", "used:"},
        {"{\"domain\":\"example.com\",\"policy\":" POLICY
         ",\"used\":\"yesterday\"}",
         "used:"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        _cleanup_json_ struct json *json = NULL;
        struct policy_kept kept = {0};
        const char *why = "";
        assert_int_equal(read_text(rows[i].text, &json, &kept, &why),
                         -MTASTS_EINVAL);
        assert_ptr_equal(strstr(why, rows[i].why), why);
        assert_null(kept.domain);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_faults),
    };

    return cmocka_run_group_tests_name("kept_policy", tests, NULL, NULL);
}
