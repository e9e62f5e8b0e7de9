/* postconf: printouts of Postfix's postconf(1), as 3.7 writes them. */
#include "cli/postconf.h"

#include "unit.h"
#include <mtasts/error.h>

static const char services[] =
    "smtp       inet  n       -       y       -       -       smtpd\n"
    "smtp       unix  -       -       y       -       -       smtp\n"
    "relay      unix  -       -       n       -       -       smtp "
    "-o syslog_name=postfix/$service_name\n"
    "old        unix  -       -       -       -       -       smtp\n"
    "lmtp       unix  -       -       n       -       -       lmtp\n"
    "local      unix  -       n       n       -       -       local\n"
    "broken     unix\n";

static void test_values(void **state)
{
    static const struct postconf postconf = {
        "smtp_tls_policy_maps =\n"
        "smtp_tls_policy_maps_x = 1\n"
        "a_smtp_tls_CAfile = x\n"
        "smtp_tls_CAfile =  /etc/ca.pem \n"
        "inline = inline:{ a = b }\n"
        "last = z",
        services, "smtp/unix/smtp_tls_CAfile = /other.pem\n"};
    static const struct {
        const char *name;
        bool found;
        const char *value;
    } rows[] = {
        {"smtp_tls_policy_maps", true, ""},
        {"smtp_tls_CAfile", true, "/etc/ca.pem"},
        {"inline", true, "inline:{ a = b }"},
        {"last", true, "z"},
        {"smtp_tls", false, ""},
        {"CAfile", false, ""},
    };
    char value[POSTCONF_VALUE_MAX];
    bool override = false;

    (void)state;
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        assert_int_equal(postconf_value(&postconf, rows[i].name, value),
                         rows[i].found);
        assert_string_equal(value, rows[i].value);
    }
    assert_true(postconf_value_of(&postconf, "smtp/unix", "smtp_tls_CAfile",
                                  value, &override));
    assert_string_equal(value, "/other.pem");
    assert_true(override);
    assert_true(postconf_value_of(&postconf, "relay/unix", "smtp_tls_CAfile",
                                  value, &override));
    assert_string_equal(value, "/etc/ca.pem");
    assert_false(override);
}

static void test_value_too_long(void **state)
{
    char text[POSTCONF_VALUE_MAX + 16];
    char value[POSTCONF_VALUE_MAX];
    const struct postconf postconf = {text, "", ""};

    (void)state;
    memset(text, 'x', sizeof(text));
    memcpy(text, "a = ", 4);
    text[4 + POSTCONF_VALUE_MAX - 1] = '\0';
    assert_true(postconf_value(&postconf, "a", value));
    memset(text + 4, 'x', POSTCONF_VALUE_MAX);
    text[4 + POSTCONF_VALUE_MAX] = '\0';
    assert_false(postconf_value(&postconf, "a", value));
    assert_string_equal(value, "");
}

static void test_services(void **state)
{
    static const struct {
        const char *name;
        int error;
        bool chroot;
        bool chroot_default;
    } rows[] = {
        {"smtp", 0, true, false},
        {"relay", 0, false, false},
        {"old", 0, false, true},
        {"lmtp", -MTASTS_ENOTFOUND, false, false},
        {"local", -MTASTS_ENOTFOUND, false, false},
        {"broken", -MTASTS_ENOTFOUND, false, false},
        {"sm", -MTASTS_ENOTFOUND, false, false},
    };
    static const struct postconf postconf = {"", services, ""};

    (void)state;
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        struct postconf_service service = {0};

        assert_int_equal(postconf_smtp(&postconf, rows[i].name, &service),
                         rows[i].error);
        assert_int_equal(service.chroot, rows[i].chroot);
        assert_int_equal(service.chroot_default, rows[i].chroot_default);
    }
}

static void test_version(void **state)
{
    static const struct {
        const char *text;
        int error;
        unsigned major;
        unsigned minor;
        unsigned patch;
    } rows[] = {
        {"3.7.11", 0, 3, 7, 11},
        {"3.10", 0, 3, 10, 0},
        {"3.11-20260101", 0, 3, 11, 0},
        {"3.10.5-RC1", 0, 3, 10, 5},
        {"", -MTASTS_ESYNTAX, 0, 0, 0},
        {"3", -MTASTS_ESYNTAX, 0, 0, 0},
        {"3.", -MTASTS_ESYNTAX, 0, 0, 0},
        {"x.1", -MTASTS_ESYNTAX, 0, 0, 0},
        {"99999.1", -MTASTS_ESYNTAX, 0, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        struct postconf_version version = {0};

        assert_int_equal(postconf_version(rows[i].text, &version),
                         rows[i].error);
        assert_int_equal(version.major, rows[i].major);
        assert_int_equal(version.minor, rows[i].minor);
        assert_int_equal(version.patch, rows[i].patch);
    }
    assert_true(postconf_since(&(struct postconf_version){3, 10, 0}, 3, 10));
    assert_true(postconf_since(&(struct postconf_version){4, 0, 0}, 3, 10));
    assert_false(postconf_since(&(struct postconf_version){3, 9, 9}, 3, 10));
    assert_false(postconf_since(&(struct postconf_version){2, 11, 0}, 3, 4));
}

static void test_level(void **state)
{
    static const struct {
        const char *parameters;
        enum config_tls_level level;
    } rows[] = {
        {"smtp_tls_security_level = may\n", CONFIG_LEVEL_MAY},
        {"smtp_tls_security_level = DANE\n", CONFIG_LEVEL_DANE},
        {"smtp_tls_security_level = dane-only\n", CONFIG_LEVEL_DANE_ONLY},
        {"smtp_tls_security_level = secure\nsmtp_use_tls = no\n",
         CONFIG_LEVEL_SECURE},
        {"smtp_tls_security_level = none\nsmtp_enforce_tls = yes\n",
         CONFIG_LEVEL_NONE},
        {"smtp_tls_security_level = much\n", CONFIG_LEVEL_UNKNOWN},
        {"smtp_tls_security_level =\n", CONFIG_LEVEL_NONE},
        {"smtp_tls_security_level =\nsmtp_use_tls = yes\n", CONFIG_LEVEL_MAY},
        {"smtp_enforce_tls = yes\nsmtp_tls_enforce_peername = yes\n",
         CONFIG_LEVEL_VERIFY},
        {"smtp_enforce_tls = yes\nsmtp_tls_enforce_peername = no\n",
         CONFIG_LEVEL_ENCRYPT},
        {"", CONFIG_LEVEL_NONE},
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        const struct postconf postconf = {rows[i].parameters, services, ""};

        assert_int_equal(postconf_level(&postconf, "smtp/unix"), rows[i].level);
    }
}

static void test_level_of_all(void **state)
{
    struct postconf postconf = {
        "smtp_tls_security_level = may\n", services,
        "lmtp/unix/smtp_tls_security_level = encrypt\n"};
    char other[POSTCONF_SERVICE_MAX];

    (void)state;
    assert_true(postconf_level_is_common(&postconf, "smtp/unix", other));
    postconf.overrides = "relay/unix/smtp_tls_security_level = encrypt\n";
    assert_false(postconf_level_is_common(&postconf, "smtp/unix", other));
    assert_string_equal(other, "relay/unix");
    assert_false(postconf_level_is_common(&postconf, "relay/unix", other));
    assert_string_equal(other, "smtp/unix");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),   cmocka_unit_test(test_value_too_long),
        cmocka_unit_test(test_services), cmocka_unit_test(test_version),
        cmocka_unit_test(test_level),    cmocka_unit_test(test_level_of_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
