/*
 * What libmtasts takes from the heap: nothing but one block for a policy.
 * The linker puts the counters below before the allocator (--wrap).
 */
#include "unit.h"
#include <mtasts/error.h>
#include <mtasts/mtasts.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);

/* volatile: the compiler believes that malloc() touches neither. */
static volatile size_t allocations;
static volatile bool refuse;

void *__wrap_malloc(size_t size)
{
    allocations++;
    return refuse ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    allocations++;
    return refuse ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
    allocations++;
    return refuse ? NULL : __real_realloc(memory, size);
}

static const char policy_body[] = "version: STSv1\r\n"
                                  "mode: enforce\r\n"
                                  "mx: mail.example.com\r\n"
                                  "mx: *.example.net\r\n"
                                  "max_age: 604800\r\n";

static void test_the_counter_counts(void **state)
{
    (void)state;
    void *volatile memory;

    allocations = 0;
    memory = malloc(1);
    assert_int_equal(allocations, 1);
    free(memory);
}

static void test_records(void **state)
{
    (void)state;
    static const struct mtasts_bytes rrs[] = {
        {"v=spf1 -all", 11},
        {"v=STSv1; id=1; k=v;", 19},
        {"v=TLSRPTv1; rua=mailto:a@b.example,https://[::1]/x; x=y ", 56},
    };
    struct mtasts_fault items[8];
    struct mtasts_faults faults = {.items = items, .max = 8};
    struct mtasts_sts_record sts;
    struct mtasts_tlsrpt_record tlsrpt;
    struct mtasts_bytes rua[2];

    allocations = 0;
    mtasts_sts_record_parse(rrs, 3, MTASTS_TOLERANT, &faults, &sts);
    mtasts_tlsrpt_record_parse(rrs, 3, MTASTS_TOLERANT, &faults, rua, 2,
                               &tlsrpt);
    assert_int_equal(allocations, 0);
    assert_int_equal(sts.verdict, MTASTS_VERDICT_VALID);
    assert_int_equal(tlsrpt.rua_count, 2);
}

static void test_policy_is_one_block(void **state)
{
    (void)state;
    struct mtasts_sts_policy *policy = NULL;
    struct mtasts_fault items[8];
    struct mtasts_faults faults = {.items = items, .max = 8};

    allocations = 0;
    assert_int_equal(mtasts_sts_policy_parse(policy_body,
                                             sizeof(policy_body) - 1, 0,
                                             &faults, &policy),
                     0);
    assert_int_equal(allocations, 1);

    allocations = 0;
    assert_int_equal(
        mtasts_sts_policy_find_mx(policy, "a.example.net", 13, NULL), 0);
    struct mtasts_decision decision;
    mtasts_delivery_after(policy, "a.example.net", 13, MTASTS_TLS_CERT_OK,
                          MTASTS_DANE_NONE, 0, &decision);
    assert_int_equal(allocations, 0);
    mtasts_sts_policy_free(policy);

    allocations = 0;
    assert_int_equal(mtasts_sts_policy_parse(policy_body,
                                             sizeof(policy_body) - 10, 0, NULL,
                                             &policy),
                     -MTASTS_ESYNTAX);
    assert_int_equal(allocations, 0);
}

static void test_out_of_memory(void **state)
{
    (void)state;
    struct mtasts_sts_policy *policy = NULL;

    refuse = true;
    int r = mtasts_sts_policy_parse(policy_body, sizeof(policy_body) - 1, 0,
                                    NULL, &policy);
    refuse = false;
    assert_int_equal(r, -MTASTS_ENOMEM);
    assert_null(policy);
}

static void test_names(void **state)
{
    (void)state;
    static const char *const mx[] = {"a.example"};
    struct mtasts_next_hop hop;
    char name[MTASTS_NAME_MAX + 1];
    char buf[128];
    size_t len;

    allocations = 0;
    assert_int_equal(mtasts_name_canonical("A.example", 9, 0, name, NULL), 0);
    assert_int_equal(mtasts_next_hop_parse("[IPv6:::1]:25", 13, &hop), 0);
    assert_true(mtasts_mx_match("*.a.example", 11, "b.a.example", 11));
    assert_int_equal(mtasts_sts_policy_write(MTASTS_MODE_TESTING, 1, mx, 1, buf,
                                             sizeof(buf), &len),
                     0);
    assert_int_equal(allocations, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_counter_counts),
        cmocka_unit_test(test_records),
        cmocka_unit_test(test_policy_is_one_block),
        cmocka_unit_test(test_out_of_memory),
        cmocka_unit_test(test_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
