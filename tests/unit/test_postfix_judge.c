/* postfix_judge: what the lab's Postfix cannot be: other versions, other
   states; and what it rests on (permissions, certificate files, AD). */
#include "cli/postfix_judge.h"

#include "cli/complain.h"
#include "cli/user_access.h"
#include "net/dns_message.h"
#include "unit.h"
#include <mtasts/error.h>

static struct postfix_facts facts;
static struct setup_findings findings;
static struct postfix_plan plan;

/* All is well, and switched on. */
static void make_good(void)
{
    facts = (struct postfix_facts){
        .version_text = "3.7.11",
        .version = {3, 7, 11},
        .folder = "/etc/postfix",
        .queue = "/var/spool/postfix",
        .owner = "postfix",
        .owner_known = true,
        .socketmap = true,
        .service = "smtp/unix",
        .service_found = true,
        .running = true,
        .as_root = true,
        .maps_raw = "socketmap:inet:127.0.0.1:8461:postfix",
        .maps = "socketmap:inet:127.0.0.1:8461:postfix",
        .transport = "smtp",
        .host_lookup = "dns",
        .level = CONFIG_LEVEL_MAY,
        .level_common = true,
        .own_level = CONFIG_LEVEL_MAY,
        .ca_file = {.path = "/ca.pem", .seen = {.count = 140}},
        .resolv_conf = "/etc/resolv.conf",
        .resolvers = {.items = {{.name = "127.0.0.1", .loopback = true}},
                      .count = 1},
        .doors = {{.address = {.text = "inet:127.0.0.1:8461"},
                   .tried = true,
                   .answers = true}},
        .door_count = 1,
    };
}

static int judged(bool dane)
{
    const struct postfix_wishes wishes = {.dane = dane};

    findings = (struct setup_findings){0};
    assert_int_equal(postfix_judge(&facts, &wishes, &findings, &plan), 0);
    return setup_status(&findings);
}

static bool says(const char *text)
{
    for (size_t i = 0; i < findings.count; i++)
        if (strstr(findings.items[i].text, text))
            return true;
    return false;
}

static void set(char *to, const char *value)
{
    snprintf(to, POSTFIX_WORD_MAX, "%.255s", value);
}

static void test_good(void **state)
{
    (void)state;
    make_good();
    assert_int_equal(judged(false), STATUS_FINE);
    assert_int_equal(plan.main_cf.count + plan.mtasts_conf.count, 0);
    assert_string_equal(plan.table, "socketmap:inet:127.0.0.1:8461:postfix");
    assert_false(findings.blocked);
}

/* postconf -e would end the link; nothing to change ends nothing. */
static void test_main_cf_is_a_link(void **state)
{
    (void)state;
    make_good();
    facts.main_is_link = true;
    assert_int_equal(judged(false), STATUS_FINE);
    facts.maps_raw[0] = facts.maps[0] = '\0';
    assert_int_equal(judged(false), STATUS_ERROR);
    assert_true(findings.blocked);
    assert_true(says("/etc/postfix/main.cf is a symbolic link"));
}

static void test_versions(void **state)
{
    static const struct {
        struct postconf_version version;
        enum config_match match;
        int status;
        bool blocked;
        const char *table;
    } rows[] = {
        {{0, 0, 0}, CONFIG_MATCH_AUTO, STATUS_ERROR, true, "postfix"},
        {{3, 3, 9}, CONFIG_MATCH_AUTO, STATUS_ERROR, true, "postfix"},
        {{3, 4, 0}, CONFIG_MATCH_AUTO, STATUS_FINE, false, "postfix"},
        {{3, 9, 9}, CONFIG_MATCH_AUTO, STATUS_FINE, false, "postfix"},
        {{3, 10, 4},
         CONFIG_MATCH_AUTO,
         STATUS_WARNING,
         false,
         "postfix-tlsrpt"},
        {{3, 10, 4}, CONFIG_MATCH_HOSTS, STATUS_FINE, false, "postfix-tlsrpt"},
        {{3, 10, 5}, CONFIG_MATCH_AUTO, STATUS_FINE, false, "postfix-tlsrpt"},
        {{4, 0, 0}, CONFIG_MATCH_AUTO, STATUS_FINE, false, "postfix-tlsrpt"},
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        make_good();
        facts.version = rows[i].version;
        facts.match = rows[i].match;
        snprintf(facts.maps, sizeof(facts.maps),
                 "socketmap:inet:127.0.0.1:8461:%s", rows[i].table);
        set(facts.maps_raw, facts.maps);
        if (judged(false) != rows[i].status ||
            findings.blocked != rows[i].blocked)
            fail_msg("row %zu: %s", i, findings.items[0].text);
        assert_string_equal(plan.table, facts.maps);
    }
}

static void test_map_for_a_newer_postfix(void **state)
{
    (void)state;
    make_good();
    facts.version = (struct postconf_version){3, 10, 6};
    assert_int_equal(judged(false), STATUS_WARNING);
    assert_int_equal(plan.main_cf.count, 1);
    assert_string_equal(plan.main_cf.items[0].value,
                        "socketmap:inet:127.0.0.1:8461:postfix-tlsrpt");
}

static const struct postfix_door unix_door = {
    .address = {.text = "unix:/run/map.sock", .path = "/run/map.sock"},
    .tried = true,
    .answers = true};

/* The name is the address; but it is fine only where that answers. */
static void test_localhost(void **state)
{
    (void)state;
    make_good();
    set(facts.maps, "socketmap:inet:localhost:8461:postfix");
    set(facts.maps_raw, facts.maps);
    facts.doors[facts.door_count++] = unix_door;
    assert_int_equal(judged(false), STATUS_FINE);
    assert_string_equal(plan.table, "socketmap:inet:127.0.0.1:8461:postfix");
    facts.doors[0].answers = false;
    assert_int_equal(judged(false), STATUS_ERROR);
    assert_true(says("localhost:8461:postfix, where it gets no answer"));
    assert_string_equal(plan.main_cf.items[0].value,
                        "socketmap:unix:/run/map.sock:postfix");
}

/* As many as mtasts.conf can have, each there twice. */
static void test_many_doors(void **state)
{
    (void)state;
    make_good();
    for (size_t i = 0; i < ELEMENTS(facts.doors); i++)
        facts.doors[i] = facts.doors[0];
    facts.door_count = ELEMENTS(facts.doors);
    assert_int_equal(judged(false), STATUS_FINE);
    facts.doors[facts.door_count - 1] = unix_door;
    set(facts.maps, "socketmap:unix:/run/map.sock:postfix");
    set(facts.maps_raw, facts.maps);
    assert_int_equal(judged(false), STATUS_FINE);
}

static void test_without_root(void **state)
{
    (void)state;
    make_good();
    facts.as_root = false;
    assert_int_equal(judged(false), STATUS_UNKNOWN);
    assert_true(says("that takes root"));
}

static void test_no_doors(void **state)
{
    (void)state;
    make_good();
    facts.door_count = 0;
    assert_int_equal(judged(false), STATUS_ERROR);
    assert_true(says("no socket where Postfix could ask"));
    facts.inherited = true;
    judged(false);
    assert_true(says("from systemd"));
    assert_true(findings.blocked);
}

/* What is asked now is kept if it works, whatever else there is. */
static void test_choice_of_door(void **state)
{
    (void)state;
    make_good();
    facts.door_count = 2;
    facts.doors[1] = (struct postfix_door){
        .address = {.text = "unix:/run/s", .path = "/run/s"},
        .tried = true,
        .answers = true};
    assert_int_equal(judged(false), STATUS_FINE);
    assert_ptr_equal(plan.door, &facts.doors[0]);
    facts.maps[0] = facts.maps_raw[0] = '\0';
    judged(false);
    assert_ptr_equal(plan.door, &facts.doors[1]);
    facts.chroot = true;
    judged(false);
    assert_ptr_equal(plan.door, &facts.doors[0]);
    facts.chroot = false;
    facts.doors[1].answers = false;
    judged(false);
    assert_ptr_equal(plan.door, &facts.doors[0]);
}

static void test_other_transport(void **state)
{
    (void)state;
    make_good();
    facts.service_found = false;
    set(facts.transport, "uucp");
    assert_int_equal(judged(false), STATUS_UNKNOWN);
    assert_true(says("default_transport = uucp"));
}

static void test_authorities(void **state)
{
    (void)state;
    make_good();
    facts.ca_file = (struct postfix_ca){0};
    assert_int_equal(judged(false), STATUS_ERROR); /* asked already */
    assert_true(findings.blocked);
    facts.spare = (struct postfix_ca){.path = "/s", .seen = {.count = 99}};
    assert_int_equal(judged(false), STATUS_ERROR);
    assert_false(findings.blocked);
    assert_string_equal(plan.main_cf.items[0].name, "smtp_tls_CAfile");
    facts.ca_override = true;
    judged(false);
    assert_int_equal(plan.main_cf.count, 0);
    facts.ca_override = false;
    facts.default_folder =
        (struct postfix_ca){.path = "/d", .seen = {.count = 99}};
    assert_int_equal(judged(false), STATUS_ERROR); /* not appended */
    facts.ca_default = true;
    assert_int_equal(judged(false), STATUS_FINE);
    facts.ca_default = false;
    facts.ca_folder = (struct postfix_ca){.path = "/f", .unknown = true};
    assert_int_equal(judged(false), STATUS_UNKNOWN);
}

static void test_levels(void **state)
{
    static const struct {
        enum config_tls_level level;
        enum config_tls_level own;
        int status;
        const char *value; /* NULL: stays */
    } rows[] = {
        {CONFIG_LEVEL_MAY, CONFIG_LEVEL_MAY, STATUS_FINE, NULL},
        {CONFIG_LEVEL_MAY, CONFIG_LEVEL_UNKNOWN, STATUS_WARNING, "may"},
        {CONFIG_LEVEL_MAY, CONFIG_LEVEL_ENCRYPT, STATUS_WARNING, "may"},
        {CONFIG_LEVEL_ENCRYPT, CONFIG_LEVEL_MAY, STATUS_ERROR, "encrypt"},
        {CONFIG_LEVEL_NONE, CONFIG_LEVEL_NONE, STATUS_WARNING, NULL},
        {CONFIG_LEVEL_UNKNOWN, CONFIG_LEVEL_UNKNOWN, STATUS_ERROR, NULL},
        {CONFIG_LEVEL_SECURE, CONFIG_LEVEL_DANE_ONLY, STATUS_ERROR, "secure"},
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        make_good();
        facts.level = rows[i].level;
        facts.own_level = rows[i].own;
        if (judged(false) != rows[i].status ||
            plan.mtasts_conf.count != (rows[i].value ? 1 : 0))
            fail_msg("row %zu", i);
        if (rows[i].value)
            assert_string_equal(plan.mtasts_conf.items[0].value, rows[i].value);
    }
}

/* proved: dane-proved = yes afterwards. */
static void test_dane(void **state)
{
    static const struct {
        const char *support;
        const char *lookup;
        bool wish;
        bool was;
        enum ad_state ad;
        bool loopback;
        enum config_tls_level level;
        int status;
        const char *value; /* NULL: stays */
    } rows[] = {
        {"", "dns", false, false, AD_SET, true, CONFIG_LEVEL_MAY, STATUS_FINE,
         NULL},
        {"", "dns", true, false, AD_SET, true, CONFIG_LEVEL_MAY, STATUS_WARNING,
         "yes"},
        {"", "dns", true, false, AD_UNSET, true, CONFIG_LEVEL_MAY,
         STATUS_WARNING, NULL},
        {"", "dns", false, true, AD_SET, true, CONFIG_LEVEL_MAY, STATUS_ERROR,
         "no"},
        {"", "dns", false, false, AD_SET, true, CONFIG_LEVEL_DANE,
         STATUS_WARNING, NULL},
        {"", "dns", false, false, AD_SET, true, CONFIG_LEVEL_DANE_ONLY,
         STATUS_ERROR, NULL},
        {"enabled", "dns", false, false, AD_SET, true, CONFIG_LEVEL_MAY,
         STATUS_FINE, NULL},
        {"dnssec", "dns", false, false, AD_SET, true, CONFIG_LEVEL_DANE,
         STATUS_WARNING, "yes"},
        {"dnssec", "dns, native", false, true, AD_SET, true, CONFIG_LEVEL_DANE,
         STATUS_FINE, NULL},
        {"dnssec", "native", false, true, AD_SET, true, CONFIG_LEVEL_DANE,
         STATUS_ERROR, "no"},
        {"dnssec", "dns", false, true, AD_SET, false, CONFIG_LEVEL_DANE,
         STATUS_ERROR, "no"},
        {"dnssec", "dns", false, true, AD_UNSET, true, CONFIG_LEVEL_DANE,
         STATUS_ERROR, "no"},
        {"dnssec", "dns", false, false, AD_REFUSED, true, CONFIG_LEVEL_DANE,
         STATUS_WARNING, NULL},
        /* a moment of silence takes nothing away */
        {"dnssec", "dns", false, true, AD_NO_ANSWER, true, CONFIG_LEVEL_DANE,
         STATUS_UNKNOWN, NULL},
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        make_good();
        set(facts.dns_support, rows[i].support);
        set(facts.host_lookup, rows[i].lookup);
        facts.dane_proved = rows[i].was;
        facts.resolvers.items[0].ad = rows[i].ad;
        facts.resolvers.items[0].loopback = rows[i].loopback;
        facts.level = facts.own_level = rows[i].level;
        int status = judged(rows[i].wish);
        if (status != rows[i].status ||
            plan.mtasts_conf.count != (rows[i].value ? 1 : 0))
            fail_msg("row %zu: %d, %zu", i, status, plan.mtasts_conf.count);
        if (rows[i].value)
            assert_string_equal(plan.mtasts_conf.items[0].value, rows[i].value);
    }
}

static void test_no_resolver_known(void **state)
{
    (void)state;
    make_good();
    set(facts.dns_support, "dnssec");
    facts.resolvers.count = 0;
    assert_int_equal(judged(false), STATUS_UNKNOWN);
    assert_int_equal(plan.mtasts_conf.count, 0);
}

/* What is known to be wrong goes before what could not be told. */
static void test_resolvers(void **state)
{
    static const struct {
        enum ad_state ads[3];
        bool far[3];
        bool trusted;
        bool good;
        enum setup_grade grade;
        const char *name;
    } rows[] = {
        {{AD_SET, AD_SET, AD_SET}, {0}, false, true, SETUP_FINE, ""},
        {{AD_SET, AD_NO_ANSWER, AD_SET}, {0}, false, false, SETUP_UNKNOWN, "1"},
        {{AD_NO_ANSWER, AD_SET, AD_UNSET},
         {0},
         false,
         false,
         SETUP_WARNING,
         "2"},
        {{AD_REFUSED, AD_NO_ANSWER, AD_UNSET},
         {0},
         false,
         false,
         SETUP_WARNING,
         "0"},
        {{AD_SET, AD_SET, AD_SET},
         {false, true, false},
         false,
         false,
         SETUP_WARNING,
         "1"},
        {{AD_SET, AD_SET, AD_SET},
         {true, true, true},
         true,
         true,
         SETUP_FINE,
         ""},
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        struct mta_resolvers resolvers = {.count = 3};
        struct mta_hindrance hindrance;

        for (size_t j = 0; j < resolvers.count; j++) {
            snprintf(resolvers.items[j].name, sizeof(resolvers.items[j].name),
                     "r%zu", j);
            resolvers.items[j].ad = rows[i].ads[j];
            resolvers.items[j].loopback = !rows[i].far[j];
        }
        bool good =
            mta_resolvers_judge(&resolvers, rows[i].trusted, &hindrance);
        if (good != rows[i].good ||
            (!good &&
             (hindrance.grade != rows[i].grade ||
              hindrance.text[strlen("The resolver r")] != rows[i].name[0])))
            fail_msg("row %zu: %s", i, hindrance.text);
    }
}

/* ---- what it rests on ---- */

static void test_permissions(void **state)
{
    static const struct tool_user user = {
        .uid = 100, .gid = 200, .groups = {200, 201}, .group_count = 2};
    static const struct {
        uid_t uid;
        gid_t gid;
        mode_t mode;
        bool write;
    } rows[] = {
        {0, 0, 0666, true},    {0, 0, 0660, false},   {0, 200, 0660, true},
        {0, 201, 0660, true},  {0, 202, 0660, false}, {100, 0, 0600, true},
        {100, 0, 0066, false}, /* the owner's bits, whatever others have */
        {0, 201, 0606, false}, {0, 0, 0444, false},
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        const struct stat status = {.st_uid = rows[i].uid,
                                    .st_gid = rows[i].gid,
                                    .st_mode = S_IFSOCK | rows[i].mode};

        if (user_may(&user, &status, 02) != rows[i].write)
            fail_msg("row %zu", i);
    }
    assert_true(user_may(&(struct tool_user){0}, &(struct stat){0}, 07));
}

static void test_certificates(void **state)
{
    static const char pem[] = "text\n-----BEGIN CERTIFICATE-----\nMII\n"
                              "-----END CERTIFICATE-----\n"
                              " -----BEGIN CERTIFICATE-----\n"
                              "-----BEGIN TRUSTED CERTIFICATE-----\n"
                              "-----BEGIN PRIVATE KEY-----\n"
                              "-----BEGIN CERTIFICATE-----";
    static const struct {
        const char *name;
        bool hash;
    } rows[] = {
        {"0123abcd.0", true},   {"0123ABCD.12", true}, {"0123abc.0", false},
        {"0123abcde.0", false}, {"0123abcd.", false},  {"0123abcd.r0", false},
        {"0123abcd", false},    {"ca.pem", false},     {"", false},
    };

    (void)state;
    assert_int_equal(ca_count(pem, strlen(pem)), 3);
    assert_int_equal(ca_count("", 0), 0);
    for (size_t i = 0; i < ELEMENTS(rows); i++)
        assert_int_equal(ca_is_hash(rows[i].name), rows[i].hash);
}

/* `. SOA`, as a resolver answers it. */
static void test_ad(void **state)
{
    static const uint8_t answer[] = {
        0x12, 0x34, 0x81, 0xa0, 0, 1, 0, 1, 0,  0, 0,  0, /* QR RD RA AD */
        0,    0,    6,    0,    1,                        /* . SOA */
        0,    0,    6,    0,    1, 0, 0, 0, 60, 0, 22,    /* its record */
        0,    0,    0,    0,    0, 1, 0, 0, 0,  2, 0,  0,
        0,    3,    0,    0,    0, 4, 0, 0, 0,  5};
    uint8_t packet[sizeof(answer)];
    enum ad_state ad = AD_NO_ANSWER;

    (void)state;
    assert_int_equal(ad_probe_read(answer, sizeof(answer), 0x1234, &ad), 0);
    assert_int_equal(ad, AD_SET);
    assert_int_equal(ad_probe_read(answer, sizeof(answer), 0x1235, &ad),
                     -MTASTS_ESYNTAX);
    assert_int_equal(ad_probe_read(answer, sizeof(answer) - 1, 0x1234, &ad),
                     -MTASTS_ESYNTAX);
    memcpy(packet, answer, sizeof(answer));
    packet[3] = 0x80;
    assert_int_equal(ad_probe_read(packet, sizeof(packet), 0x1234, &ad), 0);
    assert_int_equal(ad, AD_UNSET);
    packet[3] = 0xa0 | DNS_SERVFAIL;
    assert_int_equal(ad_probe_read(packet, sizeof(packet), 0x1234, &ad), 0);
    assert_int_equal(ad, AD_REFUSED);
    memcpy(packet, answer, sizeof(answer));
    packet[7] = 0; /* no record: nothing was vouched for */
    assert_int_equal(ad_probe_read(packet, 17, 0x1234, &ad), 0);
    assert_int_equal(ad, AD_REFUSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_main_cf_is_a_link),
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_map_for_a_newer_postfix),
        cmocka_unit_test(test_localhost),
        cmocka_unit_test(test_many_doors),
        cmocka_unit_test(test_without_root),
        cmocka_unit_test(test_no_doors),
        cmocka_unit_test(test_choice_of_door),
        cmocka_unit_test(test_other_transport),
        cmocka_unit_test(test_authorities),
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_dane),
        cmocka_unit_test(test_no_resolver_known),
        cmocka_unit_test(test_resolvers),
        cmocka_unit_test(test_permissions),
        cmocka_unit_test(test_certificates),
        cmocka_unit_test(test_ad),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
