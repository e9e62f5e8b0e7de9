/*
 * rules: the table of what is judged, and the providers that it knows: texts
 * are fit to be shown, names are the only ones.
 */
#include "unit.h"

#include "check/check.h"
#include "check/providers.h"
#include "finding_fits.h"
#include <mtasts/mx_match.h>

static void check_words(const struct rule *rule, const char *text, size_t max)
{
    if (!text) {
        fail_msg("%s: a text is missing", rule->id);
        return;
    }
    size_t len = strlen(text);
    assert_true(len >= 10 && len <= max);
    if (text[len - 1] == ' ' || text[0] == ' ' || strstr(text, "  ") ||
        !text_printable(text))
        fail_msg("%s: unfit: %s", rule->id, text);
    /* No word is longer than a line at 80 columns has room for. */
    for (const char *word = text; *word; word += strcspn(word, " ")) {
        word += strspn(word, " ");
        if (strcspn(word, " ") > 60)
            fail_msg("%s: long word: %s", rule->id, word);
    }
}

static void check_id(const struct rule *rule)
{
    for (const char *c = rule->id; *c; c++)
        assert_true((*c >= 'a' && *c <= 'z') || *c == '-' ||
                    (*c >= '0' && *c <= '9'));
    assert_ptr_equal(rule_find(rule->id), rule); /* the only one */
}

/* "E/W": letters of EWUI, in that order, each once. */
static void check_severities(const struct rule *rule)
{
    static const char order[] = "EWUI";
    const char *left = order;
    const char *at = rule->severities;

    for (;; at++) {
        const char *found = *at ? strchr(left, *at) : NULL;
        if (!found) {
            fail_msg("%s: severities %s", rule->id, rule->severities);
            return;
        }
        left = found + 1;
        at++;
        if (*at != '/')
            break;
    }
    assert_int_equal(*at, '\0');
}

static void test_rules(void **state)
{
    (void)state;
    size_t count = 0;
    const struct rule *rules = rules_all(&count);

    assert_int_equal(count, 76);
    for (size_t i = 0; i < count; i++) {
        check_id(&rules[i]);
        check_severities(&rules[i]);
        check_words(&rules[i], rules[i].title, 72);
        check_words(&rules[i], rules[i].why, 400);
        check_words(&rules[i], rules[i].fix, 250);
        assert_non_null(strstr(rules[i].rfc, "RFC "));
        assert_true(rules[i].why[strlen(rules[i].why) - 1] == '.');
        assert_false(rules[i].title[strlen(rules[i].title) - 1] == '.');
        assert_true(i == 0 || rules[i - 1].section <= rules[i].section);
        assert_non_null(rules[i].judge);
    }
    assert_null(rule_find("no-such-rule"));
    assert_null(rule_find(""));
}

static void test_names(void **state)
{
    (void)state;
    for (enum section s = 0; s < SECTION_COUNT; s++) {
        assert_string_not_equal(section_name(s), "unknown");
        assert_string_not_equal(section_title(s), "Other");
    }
    assert_string_equal(section_name(SECTION_COUNT), "unknown");
    assert_string_equal(severity_name(SEVERITY_WARNING), "warning");
    assert_string_equal(severity_name((enum severity)99), "unknown");
    assert_string_equal(protection_name(PROTECTION_UNKNOWN), "unknown");
    assert_string_equal(protection_name(PROTECTION_FULL), "full");
}

/* ---- providers ---- */

static void test_providers(void **state)
{
    (void)state;
    size_t count = 0;
    const struct provider *providers = providers_all(&count);

    for (size_t i = 0; i < count; i++) {
        assert_non_null(providers[i].suffixes[0]);
        for (size_t j = 0; providers[i].patterns[j]; j++)
            assert_true(mtasts_mx_pattern_valid(
                providers[i].patterns[j], strlen(providers[i].patterns[j])));
        for (size_t j = 0; j < ELEMENTS(providers[i].suffixes); j++)
            if (providers[i].suffixes[j])
                assert_ptr_equal(provider_of(providers[i].suffixes[j]),
                                 &providers[i]);
    }
    assert_null(provider_of("example.com"));
    assert_null(provider_of("notmigadu.com"));
    assert_null(provider_of(""));
    assert_string_equal(provider_of("aspmx1.migadu.com")->name, "Migadu");
    assert_string_equal(provider_of("contoso-com.a-v1.mx.microsoft")->name,
                        "Microsoft 365 (with DANE)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_providers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
