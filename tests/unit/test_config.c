/* config: mtasts.conf(5) into values, its faults, and back into text. */
#include "daemon/config.h"

#include "daemon/config_value.h"
#include "engine/policy_settings.h"
#include "unit.h"
#include <mtasts/error.h>
#include <sys/stat.h>

static struct config *parsed(const char *text)
{
    struct config *config = NULL;
    _cleanup_buf_ struct buf faults = BUF(CONFIG_FAULTS_MAX);

    assert_int_equal(config_parse("/etc/mtasts/mtasts.conf", text, strlen(text),
                                  &faults, &config),
                     0);
    assert_string_equal(buf_text(&faults), "");
    return config;
}

static void test_defaults(void **state)
{
    _cleanup_config_ struct config *config = NULL;

    (void)state;
    assert_int_equal(config_defaults(&config), 0);
    assert_string_equal(config->global.user, "mtasts");
    assert_string_equal(config->global.resolver, "");
    assert_int_equal(config->global.log_level, CONFIG_LOG_INFO);
    assert_int_equal(config->global.allow_private.count, 0);
    assert_string_equal(config->policyd.database, "/var/lib/mtasts/policyd.db");
    assert_int_equal(config->policyd.socketmap.count, 2);
    assert_string_equal(config->policyd.socketmap.items[0],
                        "unix:/run/mtasts/socketmap.sock");
    assert_string_equal(config->policyd.socketmap.items[1],
                        "inet:127.0.0.1:8461");
    assert_int_equal(config->policyd.socketmap_mode, 0666);
    assert_int_equal(config->policyd.exim.count, 0);
    assert_true(config->policyd.enabled);
    assert_false(config_has_changed(config)); /* there is none */
    assert_int_equal(config->policyd.default_tls_level, CONFIG_LEVEL_UNKNOWN);
    assert_int_equal(config->policyd.dane, CONFIG_DANE_AUTO);
}

/* What the engine would do by itself is what a site gets by itself. */
static void test_defaults_are_the_engines(void **state)
{
    struct policy_settings engine;
    _cleanup_config_ struct config *config = NULL;
    const struct config_policyd *policyd;

    (void)state;
    policy_settings_init(&engine);
    assert_int_equal(config_defaults(&config), 0);
    policyd = &config->policyd;
    assert_int_equal(policyd->ask_ms, engine.ask_ms);
    assert_int_equal(policyd->discovery_ms, engine.discovery_ms);
    assert_int_equal(policyd->slow_ms, engine.slow_ms);
    assert_int_equal(policyd->refresh_s, engine.refresh_s);
    assert_int_equal(policyd->retry_s, engine.retry_s);
    assert_int_equal(policyd->retry_max_s, engine.retry_max_s);
    assert_int_equal(policyd->warn_s, engine.warn_s);
    assert_int_equal(policyd->txt_min_s, engine.txt_min_s);
    assert_int_equal(policyd->txt_max_s, engine.txt_max_s);
    assert_int_equal(policyd->none_min_s, engine.none_min_s);
    assert_int_equal(policyd->none_max_s, engine.none_max_s);
    assert_int_equal(policyd->failed_s, engine.failed_s);
    assert_int_equal(policyd->entries_max, engine.entries_max);
    assert_int_equal(policyd->bytes_max, engine.bytes_max);
    assert_int_equal(policyd->discoveries_max, engine.discoveries_max);
    assert_int_equal(policyd->refreshes_max, engine.refreshes_max);
    assert_int_equal(policyd->strict, engine.strict);
    assert_int_equal(policyd->always_hosts, engine.always_hosts);
    assert_int_equal(policyd->txt_failure, engine.txt_failure);
    assert_int_equal(policyd->mx_failure, engine.mx_failure);
    assert_int_equal(policyd->tlsa_failure, engine.tlsa_failure);
    assert_int_equal(policyd->mx_uncovered, engine.mx_uncovered);
    assert_int_equal(CONFIG_FAILURE_DEFER, ON_FAILURE_DEFER);
    assert_int_equal(CONFIG_FAILURE_PROCEED, ON_FAILURE_PROCEED);
}

static const char full[] =
    "# a comment\n"
    "user = root\n"
    "group = \"mail\"\n"
    "state-directory = \"/srv/state dir\"\n"
    "run-directory = /srv/run/\n"
    "log-level = debug\n"
    "log-target = syslog\n"
    "resolver = \"127.0.0.1@5353\"\n"
    "allow-private = { 10.0.0.0/8, \"fd00::/8\", 192.0.2.1 }\n"
    "egress-proxy = \"socks5h://proxy.example:1080\"\n"
    "policyd {\n"
    "    enabled = no\n"
    "    socketmap = { \"unix:a.sock\", \"inet:[::1]:8461\",\n"
    "                  \"systemd:maps\" }\n"
    "    socketmap += { \"unix:/b.sock\" }\n"
    "    socketmap-mode = 0640\n"
    "    exim = { }\n"
    "    http = \"inet:127.0.0.1:80\"\n"
    "    max-connections = 100\n"
    "    default-tls-level = dane-only\n"
    "    match = hosts\n"
    "    dane = on\n"
    "    dane-proved = true\n"
    "    discovery-deadline = 2500ms\n"
    "    slow-discovery = 0\n"
    "    refresh-interval = 2h\n"
    "    retry = 90\n"
    "    cache-bytes = 64M\n"
    "    cache-entries = 5000\n"
    "    strict = on\n"
    "    mx-failure = defer\n"
    "    database = p.db\n"
    "    overrides = overrides.conf\n"
    "}\n";

static void test_values(void **state)
{
    _cleanup_config_ struct config *config = parsed(full);
    const struct config_policyd *policyd = &config->policyd;

    (void)state;
    assert_string_equal(config->global.user, "root");
    assert_string_equal(config->global.group, "mail");
    assert_string_equal(config->global.state_directory, "/srv/state dir");
    assert_int_equal(config->global.log_level, CONFIG_LOG_DEBUG);
    assert_int_equal(config->global.log_target, CONFIG_LOG_SYSLOG);
    assert_string_equal(config->global.resolver, "127.0.0.1@5353");
    assert_int_equal(config->global.allow_private.count, 3);
    assert_string_equal(config->global.allow_private.items[1], "fd00::/8");
    assert_false(policyd->enabled);
    assert_int_equal(policyd->socketmap.count, 4);
    assert_string_equal(policyd->socketmap.items[0], "unix:/srv/run//a.sock");
    assert_string_equal(policyd->socketmap.items[1], "inet:[::1]:8461");
    assert_string_equal(policyd->socketmap.items[2], "systemd:maps");
    assert_string_equal(policyd->socketmap.items[3], "unix:/b.sock");
    assert_int_equal(policyd->socketmap_mode, 0640);
    assert_int_equal(policyd->exim.count, 0);
    assert_int_equal(policyd->http.count, 1);
    assert_int_equal(policyd->connections_max, 100);
    assert_int_equal(policyd->default_tls_level, CONFIG_LEVEL_DANE_ONLY);
    assert_int_equal(policyd->match, CONFIG_MATCH_HOSTS);
    assert_int_equal(policyd->dane, CONFIG_DANE_ON);
    assert_true(policyd->dane_proved);
    assert_int_equal(policyd->ask_ms, 2500);
    assert_int_equal(policyd->slow_ms, 0);
    assert_int_equal(policyd->refresh_s, 7200);
    assert_int_equal(policyd->retry_s, 90);
    assert_int_equal(policyd->bytes_max, 64u << 20);
    assert_int_equal(policyd->entries_max, 5000);
    assert_true(policyd->strict);
    assert_int_equal(policyd->mx_failure, CONFIG_FAILURE_DEFER);
    assert_string_equal(policyd->database, "/srv/state dir/p.db");
    assert_string_equal(policyd->overrides, "/etc/mtasts/overrides.conf");
}

#define P "policyd { "

/* What is wrong, in which line, and what is said of it. */
static const struct {
    const char *text;
    const char *fault; /* "LINE: the beginning of the message" */
} wrong[] = {
    {"\nusr = x\n", "2: there is no option 'usr'; did you mean 'user'?"},
    {"zzzz = x\n", "1: there is no option 'zzzz'; see mtasts.conf(5)"},
    {"polcyd { }\n", "1: there is no option 'polcyd'; did you mean 'policyd'?"},
    {"strict = yes\n", "1: there is no option 'strict'; it belongs into the "
                       "section policyd { }"},
    {P "\n user = x\n}", "2: there is no option 'user' in the section policyd; "
                         "it belongs outside of the section"},
    {P "\n\n retri = 5m }", "3: there is no option 'retri' in the section "
                            "policyd; did you mean 'retry'?"},
    {"include(\"x\")", "1: there is no option 'include'"},
    {P "retry = 5x }", "1: policyd.retry: '5x' will not do: give a time from "
                       "10s to 1d, with s, m, h, d or w"},
    {P "retry = 1 }",
     "1: policyd.retry: '1' will not do: give a time from 10s"},
    {P "retry = 500ms }", "1: policyd.retry: '500ms' will not do"},
    {P "retry = -5m }", "1: policyd.retry: '-5m' will not do"},
    {P "retry = \"\" }", "1: policyd.retry: '' will not do"},
    {P "retry = 99999999999999999999s }", "1: policyd.retry: '9999"},
    {P "retry = 18446744073709551615w }", "1: policyd.retry: '1844"},
    {P "discovery-deadline = 99s }",
     "1: policyd.discovery-deadline: '99s' will not do: give a time from 100ms "
     "to 90s, with ms, s, m, h, d or w"},
    {P "cache-bytes = 1X }", "1: policyd.cache-bytes: '1X' will not do: give a "
                             "size from 1M to 1T, with K, M, G or T"},
    {P "cache-entries = 10 }", "1: policyd.cache-entries: '10' will not do: "
                               "give a number from 1000 to 100000000"},
    {P "cache-entries = 1M }", "1: policyd.cache-entries: '1M' will not do"},
    {P "strict = maybe }", "1: policyd.strict: 'maybe' will not do: give yes "
                           "or no"},
    {P "match = host }", "1: policyd.match: 'host' will not do: give auto, "
                         "hosts or patterns; did you mean hosts?"},
    {P "socketmap-mode = 1777 }", "1: policyd.socketmap-mode: '1777' will not "
                                  "do: give permissions in octal"},
    {P "socketmap-mode = 668 }", "1: policyd.socketmap-mode: '668'"},
    {P "socketmap = {\n\"unix:/a\",\n\"tcp:1\"\n} }",
     "3: policyd.socketmap: 'tcp:1' will not do: give unix:PATH"},
    {P "socketmap = {\"unix:\"} }", "1: policyd.socketmap: 'unix:' will not"},
    {P "socketmap = {\"unix:/a/\"} }", "1: policyd.socketmap: 'unix:/a/' will"},
    {P "socketmap = {\"inet:127.0.0.1\"} }", "1: policyd.socketmap: 'inet:127"},
    {P "socketmap = {\"inet:127.0.0.1:0\"} }", "1: policyd.socketmap: 'inet:"},
    {P "socketmap = {\"inet:::1:80\"} }",
     "1: policyd.socketmap: 'inet:::1:80'"},
    {P "socketmap = {\"inet:localhost:80\"} }",
     "1: policyd.socketmap: 'inet:localhost:80' will not do: give an IP "
     "address: names are not looked up at start"},
    {P "socketmap = {\"systemd:\"} }", "1: policyd.socketmap: 'systemd:' will"},
    {P "http = {\"inet:[::]:80\"} }",
     "1: policyd.http: 'inet:[::]:80' will not do: give unix:PATH or a "
     "loopback address"},
    {P "http = {\"inet:192.0.2.1:80\"} }", "1: policyd.http: 'inet:192.0.2.1"},
    {P "http = {\"inet:127.0.0.1\"} }", "1: policyd.http: 'inet:127.0.0.1'"},
    {P "socketmap = {\"\"} }", "1: policyd.socketmap: '' will not do: it may "
                               "not be empty"},
    {"state-directory = var", "1: state-directory: 'var' will not do: give an "
                              "absolute path"},
    {"state-directory = \"\"", "1: state-directory: '' will not do: it may "
                               "not be empty"},
    {"user = \"a\\tb\"", "1: user: 'a?b' will not do: it has control "
                         "characters in it"},
    {"resolver = dns.example", "1: resolver: 'dns.example' will not do: give "
                               "an IP address"},
    {"resolver = \"192.0.2.1@0\"", "1: resolver: '192.0.2.1@0' will not do"},
    {"allow-private = {10.0.0.0/33}", "1: allow-private: '10.0.0.0/33' will"},
    {"egress-proxy = \"ftp://a:1\"", "1: egress-proxy: 'ftp://a:1' will not"},
    {"egress-proxy = \"http://a\"", "1: egress-proxy: 'http://a' will not do"},
    {"user = a\nuser = b\n", "2: user is set a second time; the first is in "
                             "line 1"},
    {"allow-private = {10.0.0.1}\nallow-private = {10.0.0.1}\n",
     "2: allow-private is set a second time; the first is in line 1"},
    {"allow-private = {10.0.0.1, 10.0.0.2\n}\nallow-private = {10.0.0.1}\n",
     "3: allow-private is set a second time; the first is in line 1"},
    {P "retry = 5m }\n" P "retry = 5m }", "2: retry is set a second time"},
    {"\n" P "\n strict = yes\n", "3: the end, but a section or a comment is"},
    {"user = a\n/* abc\n", "2: the end, but a section or a comment is still"},
    {P "/* }\n", "1: the end, but a section or a comment is still open"},
    {"user = \"abc\n", "2: premature end of file"},
    {"user\n", "2: premature end of file"},
    {"user = {a}\n", "1: unexpected token '{'"},
    {"}\n", "1: unexpected"},
    {P "discovery-deadline = 20s\n discovery-limit = 15s\n}",
     "2: discovery-deadline (20s) is more than discovery-limit (15s); lower "
     "the one or raise the other"},
    {P "retry = 2h }", "1: retry (2h) is more than retry-max (1h)"},
    {"resolver = 192.0.2.1\nroot-hints = /a\n", "2: resolver and root-hints "
                                                "exclude each other"},
};

static void test_faults(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(wrong); i++) {
        struct config *config = NULL;
        char expected[512];
        _cleanup_buf_ struct buf faults = BUF(CONFIG_FAULTS_MAX);

        assert_int_equal(config_parse("a.conf", wrong[i].text,
                                      strlen(wrong[i].text), &faults, &config),
                         -MTASTS_ESYNTAX);
        assert_null(config);
        snprintf(expected, sizeof(expected), "a.conf:%s", wrong[i].fault);
        if (strncmp(buf_text(&faults), expected, strlen(expected)) != 0)
            fail_msg("%s\nsays %snot  %s", wrong[i].text, buf_text(&faults),
                     expected);
        /* One fault is one line, and what was left open does not stay so. */
        assert_ptr_equal(strchr(faults.data, '\n'),
                         faults.data + faults.len - 1);
        config_free(parsed(full));
    }
}

/* Values are all looked at, so that a file is mended in one go. */
static void test_several_faults(void **state)
{
    static const char text[] = "user = \"\"\nresolver = x\n" P "retry = x }\n";
    struct config *config = NULL;
    _cleanup_buf_ struct buf faults = BUF(CONFIG_FAULTS_MAX);

    (void)state;
    assert_int_equal(config_parse("c", text, strlen(text), &faults, &config),
                     -MTASTS_ESYNTAX);
    assert_non_null(strstr(buf_text(&faults), "c:1: user: ''"));
    assert_non_null(strstr(buf_text(&faults), "c:2: resolver: 'x'"));
    assert_non_null(strstr(buf_text(&faults), "c:3: policyd.retry: 'x'"));
}

static void test_limits(void **state)
{
    struct config *config = NULL;
    _cleanup_buf_ struct buf faults = BUF(CONFIG_FAULTS_MAX);
    _cleanup_buf_ struct buf text = BUF(CONFIG_FILE_MAX);

    (void)state;
    buf_puts(&text, "allow-private = {");
    for (unsigned i = 0; i <= CONFIG_LIST_MAX; i++)
        buf_printf(&text, "10.0.0.%u,", i);
    buf_puts(&text, "}");
    assert_int_equal(config_parse("c", text.data, text.len, &faults, &config),
                     -MTASTS_ESYNTAX);
    assert_non_null(strstr(buf_text(&faults),
                           "c:1: allow-private: '10.0.0.64' will not do: a "
                           "list has at most 64 items"));
    buf_clear(&faults);
    buf_clear(&text);
    buf_puts(&text, "user = ");
    for (unsigned i = 0; i <= CONFIG_TEXT_MAX; i++)
        buf_putc(&text, 'a');
    assert_int_equal(config_parse("c", text.data, text.len, &faults, &config),
                     -MTASTS_ESYNTAX);
    assert_non_null(strstr(buf_text(&faults), "c:1: user: 'aaa"));
    buf_clear(&faults);
    assert_int_equal(config_parse("c", "user = a\0b", 10, &faults, &config),
                     -MTASTS_ESYNTAX);
    assert_string_equal(buf_text(&faults),
                        "c: holds a NUL octet; a text file is expected\n");
}

/* The whole of `config`, as text; the caller frees. */
static char *dump_of(const struct config *config)
{
    struct buf buf;

    buf_init(&buf, CONFIG_DUMP_MAX);
    assert_int_equal(config_dump(config, &buf), 0);
    return buf.data;
}

static void check_dump(struct config *config)
{
    _cleanup_free_ char *first = dump_of(config);
    _cleanup_config_ struct config *again = parsed(first);
    _cleanup_free_ char *second = dump_of(again);

    assert_string_equal(first, second);
    config_free(config);
}

static void test_dump_reads_back(void **state)
{
    _cleanup_free_ char *dump = NULL;
    _cleanup_config_ struct config *config = parsed(full);

    (void)state;
    check_dump(parsed(""));
    check_dump(parsed(full));
    dump = dump_of(config);
    assert_non_null(strstr(dump, "\nuser = \"root\"\n"));
    assert_non_null(strstr(dump, "\n    discovery-deadline = 2500ms\n"));
    assert_non_null(strstr(dump, "\n    slow-discovery = 0s\n"));
    assert_non_null(strstr(dump, "\n    refresh-interval = 2h\n"));
    assert_non_null(strstr(dump, "\n    cache-bytes = 64M\n"));
    assert_non_null(strstr(dump, "\n    socketmap-mode = 0640\n"));
    assert_non_null(strstr(dump, "\n    strict = yes\n"));
    assert_non_null(strstr(dump, "\n    mx-failure = defer\n"));
    assert_non_null(strstr(dump, "\nallow-private = {\"10.0.0.0/8\", "
                                 "\"fd00::/8\", \"192.0.2.1\"}\n"));
    assert_non_null(strstr(dump, "\n    exim = {}\n"));
}

/* Quotes, backslashes and what libconfuse takes for the environment. */
static void test_dump_quotes(void **state)
{
    _cleanup_config_ struct config *config =
        parsed("user = 'a\"b'\ngroup = \"\\${HOME} \\\\ \\\" ' # // /* é\"\n");
    _cleanup_free_ char *dump = dump_of(config);
    _cleanup_config_ struct config *again = parsed(dump);

    (void)state;
    assert_string_equal(config->global.user, "a\"b");
    assert_string_equal(config->global.group, "${HOME} \\ \" ' # // /* é");
    assert_string_equal(again->global.user, config->global.user);
    assert_string_equal(again->global.group, config->global.group);
}

/* Each line that only has its # taken away is the default. */
static void test_sample(void **state)
{
    _cleanup_buf_ struct buf sample = BUF(CONFIG_DUMP_MAX);
    _cleanup_config_ struct config *config = NULL;
    _cleanup_config_ struct config *defaults = parsed("");
    _cleanup_free_ char *dump = NULL;
    _cleanup_free_ char *expected = dump_of(defaults);

    (void)state;
    assert_int_equal(config_sample(&sample), 0);
    config_free(parsed(sample.data));
    for (char *at = sample.data; (at = strchr(at, '#')); at++)
        if (at[1] != ' ' && at[1] != '\n')
            *at = ' ';
    config = parsed(sample.data);
    dump = dump_of(config);
    assert_string_equal(dump, expected);
}

/* Each row says all there is to say, within what the tables may hold. */
static void test_tables(void **state)
{
    (void)state;
    assert_null(config_sections[0].name);
    for (size_t i = 0; i < config_section_count; i++) {
        const struct config_option *option = config_sections[i].options;
        size_t count = 0;

        for (; option->name; option++, count++) {
            assert_true(strspn(option->name, "abcdefghijklmnopqrstuvwxyz-") ==
                        strlen(option->name));
            assert_true(*option->summary && *option->about);
            assert_true(option->summary[strlen(option->summary) - 1] != '.');
            assert_true(option->about[strlen(option->about) - 1] == '.');
            assert_true(option->min <= option->max);
            assert_true((option->type == CONFIG_CHOICE) ==
                        (option->choices != NULL));
        }
        assert_true(count > 0 && count < CONFIG_OPTIONS_MAX);
    }
}

/* As systemd hands folders over; a file goes before them. */
static void test_folders_of_the_environment(void **state)
{
    static const char *const ignored[] = {"", ":/srv/state", "relative",
                                          "/with\ncontrol"};
    struct config *config = NULL;

    (void)state;
    setenv("STATE_DIRECTORY", "/srv/state:/srv/other", 1);
    setenv("RUNTIME_DIRECTORY", "/srv/run", 1);
    config = parsed("");
    assert_string_equal(config->global.state_directory, "/srv/state");
    assert_string_equal(config->policyd.database, "/srv/state/policyd.db");
    assert_string_equal(config->policyd.http.items[0],
                        "unix:/srv/run/http.sock");
    config_free(config);
    config = parsed("state-directory = /else\nrun-directory = /where\n");
    assert_string_equal(config->policyd.database, "/else/policyd.db");
    assert_string_equal(config->policyd.http.items[0], "unix:/where/http.sock");
    config_free(config);
    for (size_t i = 0; i < ELEMENTS(ignored); i++) {
        setenv("STATE_DIRECTORY", ignored[i], 1);
        config = parsed("");
        assert_string_equal(config->global.state_directory, "/var/lib/mtasts");
        config_free(config);
    }
    unsetenv("STATE_DIRECTORY");
    unsetenv("RUNTIME_DIRECTORY");
}

/* A socket's default is fine but for the folder that it gets into. */
static void test_folder_too_long_for_a_socket(void **state)
{
    struct config *config = NULL;
    char text[256];
    _cleanup_buf_ struct buf faults = BUF(CONFIG_FAULTS_MAX);

    (void)state;
    snprintf(text, sizeof(text), "run-directory = /%0100d\n", 0);
    assert_int_equal(config_parse("f", text, strlen(text), &faults, &config),
                     -MTASTS_ESYNTAX);
    assert_string_equal(buf_text(&faults),
                        "f: policyd.socketmap: the default will not do: the "
                        "path of a UNIX socket has at most 107 octets; set "
                        "it\nf: policyd.http: the default will not do: the "
                        "path of a UNIX socket has at most 107 octets; set "
                        "it\n");
}

static void test_file(void **state)
{
    char path[] = "/tmp/mtasts-config-XXXXXX";
    _cleanup_fd_ int fd = mkstemp(path);
    _cleanup_config_ struct config *config = NULL;
    _cleanup_buf_ struct buf faults = BUF(CONFIG_FAULTS_MAX);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, full, strlen(full)), strlen(full));
    assert_int_equal(config_load(path, &faults, &config), 0);
    assert_string_equal(config->path, path);
    assert_string_equal(config->policyd.overrides, "/tmp/overrides.conf");
    assert_false(config_has_changed(config));
    assert_int_equal(futimens(fd, (struct timespec[2]){{1, 0}, {1, 0}}), 0);
    assert_true(config_has_changed(config));
    unlink(path);
    assert_true(config_has_changed(config));
    assert_int_equal(config_load(path, &faults, &config), -MTASTS_EIO);
    assert_non_null(strstr(buf_text(&faults), ": No such file or directory\n"));
    buf_clear(&faults);
    assert_int_equal(config_load("/", &faults, &config), -MTASTS_EIO);
    assert_string_equal(buf_text(&faults), "/: Is a directory\n");
    buf_clear(&faults);
    assert_int_equal(config_load("/dev/zero", &faults, &config),
                     -MTASTS_ETOOLONG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_defaults_are_the_engines),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_several_faults),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_dump_reads_back),
        cmocka_unit_test(test_dump_quotes),
        cmocka_unit_test(test_sample),
        cmocka_unit_test(test_tables),
        cmocka_unit_test(test_folders_of_the_environment),
        cmocka_unit_test(test_folder_too_long_for_a_socket),
        cmocka_unit_test(test_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
