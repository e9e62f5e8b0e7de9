/* overrides_file: the site's own rules, and what is wrong with them. */
#include "daemon/overrides_file.h"

#include "daemon/overrides_line.h"
#include "unit.h"
#include <mtasts/error.h>
#include <sys/stat.h>

static char folder[] = "/tmp/mtasts-overrides-XXXXXX";
static char path[64];

static const char good_policy[] =
    "version: STSv1\nmode: enforce\nmx: *.bank.example\nmax_age: 86400\n";

static void write_file(const char *name, const char *text)
{
    char file[96];
    _cleanup_file_ FILE *out = NULL;

    snprintf(file, sizeof(file), "%s/%s", folder, name);
    out = fopen(file, "we");
    assert_non_null(out);
    assert_true(fputs(text, out) >= 0);
}

static struct overrides_file *parsed(const char *text)
{
    struct overrides_file *file = NULL;
    _cleanup_buf_ struct buf faults = BUF(OVERRIDES_FILE_FAULTS_MAX);

    if (overrides_file_parse(path, text, strlen(text), &faults, &file) < 0)
        fail_msg("%s", buf_text(&faults));
    return file;
}

static void test_rows(void **state)
{
    _cleanup_overrides_file_ struct overrides_file *file =
        parsed("# nothing\n"
               "\n"
               "Example.COM. exempt reason=\"their TLS is broken\"\r\n"
               "  .partner.example\tenforce reason=agreed owner=post@a.example "
               "expires=2027-01-31 # until then\n"
               "bank.example policy bank.txt expires=2028-02-29 "
               "reason=\"by \\\"letter\\\" \\\\ # 3\"\n"
               "b\xc3\xbc"
               "cher.example exempt reason=x owner=\"\"");

    (void)state;
    assert_int_equal(file->count, 4);
    assert_string_equal(file->rows[0].pattern, "example.com");
    assert_int_equal(file->rows[0].action, OVERRIDES_FILE_EXEMPT);
    assert_string_equal(file->rows[0].reason, "their TLS is broken");
    assert_string_equal(file->rows[0].owner, "");
    assert_string_equal(file->rows[0].body, "");
    assert_int_equal(file->rows[0].expires_s, 0);
    assert_int_equal(file->rows[0].line, 3);
    assert_string_equal(file->rows[1].pattern, ".partner.example");
    assert_int_equal(file->rows[1].action, OVERRIDES_FILE_ENFORCE);
    assert_string_equal(file->rows[1].owner, "post@a.example");
    /* the first moment of 2027-02-01, UTC */
    assert_int_equal(file->rows[1].expires_s, 1801440000);
    assert_int_equal(file->rows[2].action, OVERRIDES_FILE_POLICY);
    assert_string_equal(file->rows[2].body, good_policy);
    assert_int_equal(file->rows[2].len, strlen(good_policy));
    assert_string_equal(file->rows[2].reason, "by \"letter\" \\ # 3");
    assert_string_equal(file->rows[3].pattern, "xn--bcher-kva.example");
}

static void test_nothing(void **state)
{
    static const char *const texts[] = {"", "\n\n", "# a", " \t\r\n#"};

    (void)state;
    for (size_t i = 0; i < ELEMENTS(texts); i++) {
        _cleanup_overrides_file_ struct overrides_file *file = parsed(texts[i]);

        assert_int_equal(file->count, 0);
    }
}

static const struct {
    const char *text;
    const char *fault;
} wrong[] = {
    {"a.example\n", "1: no action; write exempt, enforce or policy FILE"},
    {"\na.example exemt reason=x\n", "2: there is no action 'exemt'; did you "
                                     "mean 'exempt'?"},
    {"a.example reason=x\n", "1: there is no action 'reason=x'; write exempt"},
    {"a.example exempt\n", "1: no reason; write reason=\"...\", for whoever"},
    {"a.example exempt reason=\"\"\n", "1: no reason"},
    {"a.example exempt reson=x\n", "1: 'reson' is not known; did you mean "
                                   "'reason'?"},
    {"a.example exempt why=x\n", "1: 'why' is not known; write reason="},
    {"a.example exempt because it is so\n", "1: 'because' will not do here; "
                                            "write reason="},
    {"a.example exempt reason=not quoted\n", "1: 'quoted' will not do here"},
    {"a.example exempt reason=x reason=y\n", "1: the same is said twice"},
    {"a.example exempt reason=\"x\n", "1: a quote is not closed"},
    {"a.example exempt reason=\"x\\\n", "1: a quote is not closed"},
    {"a.example exempt reason=\"x\"y\n", "1: text behind a closing quote"},
    {"a.example exempt reason=\x01\n", "1: a control character in a word"},
    {"a.example exempt \x01=\n", "1: a control character in a word"},
    {"*.a.example exempt reason=x\n", "1: '*.a.example' will not do; write "
                                      "'.a.example', which is all names below"},
    {"a_b.example exempt reason=x\n", "1: 'a_b.example' is no domain"},
    {". exempt reason=x\n", "1: '.' is no domain; write example.com"},
    {"..a.example exempt reason=x\n", "1: '..a.example' is no domain"},
    {"\xff.example exempt reason=x\n", "1: '\xff.example' is no domain"},
    {"a.example exempt reason=x expires=tomorrow\n",
     "1: expires: 'tomorrow' will not do; give the last day on which it "
     "applies, such as 2027-01-31"},
    {"a.example exempt reason=x expires=2027-02-29\n", "1: expires: '2027-02"},
    {"a.example exempt reason=x expires=2027-13-01\n", "1: expires: '2027-13"},
    {"a.example exempt reason=x expires=2027-00-01\n", "1: expires: '2027-00"},
    {"a.example exempt reason=x expires=2027-01-00\n", "1: expires: '2027-01"},
    {"a.example exempt reason=x expires=2027-1-1\n", "1: expires: '2027-1-1'"},
    {"a.example exempt reason=x expires=2027-01-01 expires=2027-01-02\n",
     "1: expires is said twice"},
    {"a.example policy reason=x\n", "1: no file; write policy FILE"},
    {"a.example policy\n", "1: no file; write policy FILE"},
    {"a.example policy gone.txt reason=x\n", "1: FOLDER/gone.txt: No such file "
                                             "or directory"},
    {"a.example policy bad.txt reason=x\n", "1: FOLDER/bad.txt: line 2: "},
    {"a.example policy empty.txt reason=x\n", "1: FOLDER/empty.txt: "},
    {"A.example exempt reason=x\nb.example exempt reason=x\n"
     "a.example. enforce reason=x\n",
     "3: a.example has a rule in line 1 already; leave one out"},
};

/* The text with the folder of this run in it. */
static void with_folder(const char *text, char out[256])
{
    const char *at = strstr(text, "FOLDER");

    snprintf(out, 256, "%s:%.*s%s%s", path,
             at ? (int)(at - text) : (int)strlen(text), text, at ? folder : "",
             at ? at + strlen("FOLDER") : "");
}

static void test_faults(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(wrong); i++) {
        struct overrides_file *file = NULL;
        char expected[256];
        _cleanup_buf_ struct buf faults = BUF(OVERRIDES_FILE_FAULTS_MAX);

        with_folder(wrong[i].fault, expected);
        assert_int_equal(overrides_file_parse(path, wrong[i].text,
                                              strlen(wrong[i].text), &faults,
                                              &file),
                         -MTASTS_ESYNTAX);
        assert_null(file);
        if (strncmp(buf_text(&faults), expected, strlen(expected)) != 0)
            fail_msg("%s\nsays %snot  %s", wrong[i].text, buf_text(&faults),
                     expected);
        assert_ptr_equal(strchr(faults.data, '\n'),
                         faults.data + faults.len - 1);
    }
}

static void test_all_faults_at_once(void **state)
{
    static const char text[] = "a.example\nb.example exempt reason=x\n"
                               "c.example exempt\n";
    struct overrides_file *file = NULL;
    _cleanup_buf_ struct buf faults = BUF(OVERRIDES_FILE_FAULTS_MAX);

    (void)state;
    assert_int_equal(
        overrides_file_parse("o", text, strlen(text), &faults, &file),
        -MTASTS_ESYNTAX);
    assert_non_null(strstr(buf_text(&faults), "o:1: no action"));
    assert_non_null(strstr(buf_text(&faults), "o:3: no reason"));
}

static void test_limits(void **state)
{
    struct overrides_file *file = NULL;
    _cleanup_buf_ struct buf text = BUF(OVERRIDES_FILE_MAX);
    _cleanup_buf_ struct buf faults = BUF(OVERRIDES_FILE_FAULTS_MAX);

    (void)state;
    buf_puts(&text, "a.example exempt reason=");
    for (size_t i = 0; i <= OVERRIDES_FILE_TEXT_MAX; i++)
        buf_putc(&text, 'a');
    assert_int_equal(
        overrides_file_parse("o", text.data, text.len, &faults, &file),
        -MTASTS_ESYNTAX);
    assert_string_equal(buf_text(&faults),
                        "o:1: a word is longer than 1024 octets\n");
    buf_clear(&faults);
    for (size_t i = 0; i <= OVERRIDES_LINE_MAX; i++)
        buf_putc(&text, ' ');
    assert_int_equal(
        overrides_file_parse("o", text.data, text.len, &faults, &file),
        -MTASTS_ESYNTAX);
    assert_string_equal(buf_text(&faults),
                        "o:1: the line is longer than 8192 octets\n");
    buf_clear(&text);
    buf_clear(&faults);
    for (unsigned i = 0; i <= OVERRIDES_FILE_ROWS_MAX; i++)
        buf_printf(&text, "a%u.example exempt reason=x\n", i);
    assert_int_equal(
        overrides_file_parse("o", text.data, text.len, &faults, &file),
        -MTASTS_ETOOLONG);
    assert_string_equal(buf_text(&faults),
                        "o:100001: more than 100000 rules\n");
    buf_clear(&faults);
    text.len = strlen(text.data) - strlen("a100000.example exempt reason=x\n");
    assert_int_equal(
        overrides_file_parse("o", text.data, text.len, &faults, &file), 0);
    assert_int_equal(file->count, OVERRIDES_FILE_ROWS_MAX);
    overrides_file_free(file);
}

static void test_load(void **state)
{
    struct overrides_file *file = NULL;
    _cleanup_buf_ struct buf faults = BUF(OVERRIDES_FILE_FAULTS_MAX);

    (void)state;
    write_file("overrides", "bank.example policy bank.txt reason=x\n");
    assert_int_equal(overrides_file_load(path, &faults, &file), 0);
    assert_string_equal(file->rows[0].body, good_policy);
    overrides_file_free(file);
    unlink(path);
    assert_int_equal(overrides_file_load(path, &faults, &file), -MTASTS_EIO);
    assert_non_null(strstr(buf_text(&faults), ": No such file or directory"));
    buf_clear(&faults);
    assert_int_equal(overrides_file_load("/dev/zero", &faults, &file),
                     -MTASTS_ETOOLONG);
}

static int set_up(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof(path), "%s/overrides", folder);
    write_file("bank.txt", good_policy);
    write_file("bad.txt", "version: STSv1\nmode: force\nmax_age: 1\n");
    write_file("empty.txt", "");
    return 0;
}

static int tear_down(void **state)
{
    static const char *const names[] = {"bank.txt", "bad.txt", "empty.txt"};
    char file[96];

    (void)state;
    for (size_t i = 0; i < ELEMENTS(names); i++) {
        snprintf(file, sizeof(file), "%s/%s", folder, names[i]);
        unlink(file);
    }
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_all_faults_at_once),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_load),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
