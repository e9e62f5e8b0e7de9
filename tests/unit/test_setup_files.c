/* setup_files: copies and replacements, whatever is there or comes between. */
#include "cli/setup_files.h"

#include "file_text.h"
#include "unit.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <mtasts/error.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEXT_MAX 64u

static char folder[] = "/tmp/mtasts-setup-files-XXXXXX";

static const char *path_of(const char *name)
{
    static char paths[4][PATH_MAX];
    static unsigned next;
    char *path = paths[next++ % ELEMENTS(paths)];

    snprintf(path, PATH_MAX, "%s/%s", folder, name);
    return path;
}

static void put(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void assert_says(const char *path, const char *text)
{
    _cleanup_buf_ struct buf buf = BUF(FILE_TEXT_MAX);

    assert_int_equal(file_text(path, &buf), 0);
    assert_string_equal(buf_text(&buf), text);
}

static mode_t mode_of(const char *path)
{
    struct stat status;

    assert_int_equal(lstat(path, &status), 0);
    return status.st_mode;
}

static int set_up(void **state)
{
    (void)state;
    memcpy(folder + strlen(folder) - 6, "XXXXXX", 6);
    return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;

    (void)state;
    assert_non_null(dir);
    while ((entry = readdir(dir)))
        if (entry->d_name[0] != '.')
            assert_int_equal(unlinkat(dirfd(dir), entry->d_name, 0), 0);
    closedir(dir);
    return rmdir(folder);
}

static void test_backup(void **state)
{
    const char *path = path_of("a");
    char copy[SETUP_PATH_MAX];

    (void)state;
    put(path, "old");
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(setup_backup(path, NULL, copy), 0);
    assert_says(copy, "old");
    assert_int_equal(mode_of(copy) & 07777, 0640);
    assert_int_equal(strncmp(copy, path, strlen(path)), 0);
    assert_int_equal(strlen(copy) - strlen(path), strlen(".mtasts-") + 14);
    assert_int_equal(setup_backup(path_of("none"), NULL, copy), -MTASTS_EIO);
    assert_int_equal(errno, ENOENT);
}

/* One that says more, less or something else than was read before. */
static void test_changed_meanwhile(void **state)
{
    static const char *const texts[] = {"old", "olds", "ol", "odl", ""};
    const char *path = path_of("a");
    char copy[SETUP_PATH_MAX];

    (void)state;
    put(path, "old");
    for (size_t i = 0; i < ELEMENTS(texts); i++) {
        _cleanup_buf_ struct buf was = BUF(TEXT_MAX);

        buf_puts(&was, texts[i]);
        assert_int_equal(setup_backup(path, &was, copy),
                         i == 0 ? 0 : -MTASTS_ECANCELED);
        assert_int_equal(access(copy, F_OK), i == 0 ? 0 : -1);
        unlink(copy);
    }
    assert_non_null(
        strstr(setup_files_why(-MTASTS_ECANCELED), "changed it meanwhile"));
}

static void test_replace(void **state)
{
    const char *path = path_of("a");

    (void)state;
    put(path, "old");
    put(path_of("a.mtasts-new"), "of one that was broken off");
    assert_int_equal(chmod(path, 0640), 0);
    if (geteuid() == 0)
        assert_int_equal(chown(path, 65534, 65533), 0);
    assert_int_equal(setup_replace(path, "new", 3), 0);
    assert_says(path, "new");
    assert_int_equal(mode_of(path) & 07777, 0640);
    if (geteuid() == 0) {
        struct stat status;
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_uid, 65534);
        assert_int_equal(status.st_gid, 65533);
    }
    assert_int_equal(access(path_of("a.mtasts-new"), F_OK), -1);
    assert_int_equal(setup_replace(path_of("none"), "new", 3), -MTASTS_EIO);
    assert_int_equal(errno, ENOENT);
}

static void test_replace_behind_a_link(void **state)
{
    const char *target = path_of("target");
    const char *path = path_of("link");

    (void)state;
    put(target, "old");
    assert_int_equal(symlink("target", path), 0);
    assert_int_equal(setup_replace(path, "new", 3), 0);
    assert_true(S_ISLNK(mode_of(path)));
    assert_true(S_ISREG(mode_of(target)));
    assert_says(target, "new");
}

static void test_create(void **state)
{
    const char *path = path_of("sub/a");

    (void)state;
    assert_int_equal(setup_create(path, "new", 3), 0);
    assert_says(path, "new");
    assert_int_equal(mode_of(path) & 07777, 0644);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(path_of("sub")), 0); /* nothing else is there */
}

/* Neither a file that came meanwhile is lost, nor a link to nowhere. */
static void test_create_takes_no_place(void **state)
{
    const char *path = path_of("a");
    const char *link = path_of("link");

    (void)state;
    put(path, "of somebody else");
    assert_int_equal(setup_create(path, "new", 3), -MTASTS_EIO);
    assert_int_equal(errno, EEXIST);
    assert_string_equal(setup_files_why(-MTASTS_EIO), "File exists");
    assert_says(path, "of somebody else");
    assert_int_equal(access(path_of("a.mtasts-new"), F_OK), -1);
    assert_int_equal(symlink("nowhere", link), 0);
    assert_int_equal(setup_create(link, "new", 3), -MTASTS_EIO);
    assert_int_equal(errno, EEXIST);
    assert_true(S_ISLNK(mode_of(link)));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_backup),  TEST(test_changed_meanwhile),
        TEST(test_replace), TEST(test_replace_behind_a_link),
        TEST(test_create),  TEST(test_create_takes_no_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
