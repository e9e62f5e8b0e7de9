/* reload_report: written, read back, and what will not do for one. */
#include "daemon/reload_report.h"

#include "unit.h"
#include <errno.h>
#include <fcntl.h>
#include <mtasts/error.h>
#include <sys/stat.h>

static char folder[] = "/tmp/mtasts-report-XXXXXX";
static char path[64];

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof(path), "%s/a.reload", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static void test_reads_back(void **state)
{
    struct reload_report report = {.pid = 1234,
                                   .begun = UINT64_MAX,
                                   .ended = 7,
                                   .refused = true,
                                   .file = "/etc/mtasts/a b.conf"};
    struct reload_report again;
    struct stat status;

    (void)state;
    reload_report_add(&report, "one\ntwo");
    reload_report_add(&report, "three\n");
    assert_string_equal(report.lines, "one\ntwo\nthree\n");
    umask(077);
    assert_int_equal(reload_report_write(&report, path), 0);
    assert_int_equal(reload_report_read(path, &again), 0);
    assert_int_equal(again.pid, 1234);
    assert_true(again.begun == UINT64_MAX);
    assert_int_equal(again.ended, 7);
    assert_true(again.refused);
    assert_string_equal(again.file, report.file);
    assert_string_equal(again.lines, report.lines);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0644);
}

static void test_replaces(void **state)
{
    struct reload_report report = {.pid = 1, .begun = 2, .ended = 2};
    struct reload_report again;

    (void)state;
    reload_report_add(&report, "a longer one than the next\n");
    assert_int_equal(reload_report_write(&report, path), 0);
    report = (struct reload_report){.pid = 1};
    assert_int_equal(reload_report_write(&report, path), 0);
    assert_int_equal(reload_report_read(path, &again), 0);
    assert_int_equal(again.begun, 0);
    assert_string_equal(again.file, "");
    assert_string_equal(again.lines, "");
}

/* Lines are cut as wholes, and it shows. */
static void test_too_many_lines(void **state)
{
    struct reload_report report = {.pid = 1};
    struct reload_report again;
    char line[1024];

    (void)state;
    memset(line, 'x', sizeof(line) - 1);
    line[sizeof(line) - 1] = '\0';
    for (unsigned i = 0; i < 100; i++)
        reload_report_add(&report, line);
    assert_true(strlen(report.lines) < sizeof(report.lines));
    assert_non_null(strstr(report.lines, "x\n...\n"));
    memset(report.file, '/', sizeof(report.file) - 1);
    assert_int_equal(reload_report_write(&report, path), 0);
    assert_int_equal(reload_report_read(path, &again), 0);
    assert_string_equal(again.lines, report.lines);
    assert_string_equal(again.file, report.file);
}

static void test_forms(void **state)
{
    static const struct {
        const char *text;
        bool good;
    } rows[] = {
        {"pid 1\nbegun 1\nended 1\nrefused 0\nfile \n", true},
        {"pid 1\nbegun 1\nended 1\nrefused 1\nfile a\nb\n", true},
        {"pid 1\nbegun 1\nended 1\nrefused 1\nfile a\nb", false},
        {"pid 1\nbegun 1\nended 1\nrefused 2\nfile \n", false},
        {"pid 1\nbegun 1\nended 2\nrefused 0\nfile \n", false},
        {"pid -1\nbegun 1\nended 1\nrefused 0\nfile \n", false},
        {"pid 2147483648\nbegun 1\nended 1\nrefused 0\nfile \n", false},
        {"pid 1\nbegun 1\nended 1\nrefused 0\nfile\n", false},
        {"pid 1\nbegun 1\nended 1\nrefused 0\n", false},
        {"pid 1\nended 1\nbegun 1\nrefused 0\nfile \n", false},
        {"pid1\nbegun 1\nended 1\nrefused 0\nfile \n", false},
        {"\n", false},
        {"", false},
    };
    struct reload_report report;

    (void)state;
    for (size_t i = 0; i < ELEMENTS(rows); i++)
        assert_int_equal(
            reload_report_parse(rows[i].text, strlen(rows[i].text), &report),
            rows[i].good ? 0 : -MTASTS_ESYNTAX);
}

/* What could hold up or lead astray who reads. */
static void test_odd_files(void **state)
{
    static char large[RELOAD_REPORT_FILE_MAX + 1];
    struct reload_report report = {.pid = 1};
    _cleanup_fd_ int fd = -1;

    (void)state;
    unlink(path);
    assert_int_equal(reload_report_read(path, &report), -MTASTS_EIO);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(reload_report_read(path, &report), -MTASTS_ESYNTAX);
    unlink(path);
    assert_int_equal(symlink("/dev/zero", path), 0);
    assert_int_equal(reload_report_read(path, &report), -MTASTS_EIO);
    assert_int_equal(reload_report_write(&report, path), 0);
    assert_int_equal(reload_report_read(path, &report), 0);
    assert_int_equal(reload_report_read(folder, &report), -MTASTS_EIO);
    fd = open(path, O_WRONLY | O_TRUNC);
    memset(large, '\n', sizeof(large));
    assert_int_equal(write(fd, large, sizeof(large)), sizeof(large));
    assert_int_equal(reload_report_read(path, &report), -MTASTS_ESYNTAX);
}

static void test_path_too_long(void **state)
{
    struct reload_report report = {.pid = 1};
    char name[RELOAD_REPORT_PATH_MAX];

    (void)state;
    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    assert_int_equal(reload_report_write(&report, name), -MTASTS_EIO);
    assert_int_equal(errno, ENAMETOOLONG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_back),
        cmocka_unit_test(test_replaces),
        cmocka_unit_test(test_too_many_lines),
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_odd_files),
        cmocka_unit_test(test_path_too_long),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
