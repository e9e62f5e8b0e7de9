/*
 * store_place: a folder of its own for a test of a store. See store_place.h.
 */
#include "store_place.h"

#include "unit.h"
#include <dirent.h>
#include <fcntl.h>

void place_make(struct place *place)
{
    const char *base = getenv("TMPDIR");

    snprintf(place->folder, sizeof(place->folder), "%.60s/mtasts-store.XXXXXX",
             base ? base : "/tmp");
    assert_non_null(mkdtemp(place->folder));
    snprintf(place->path, sizeof(place->path), "%s/cache.db", place->folder);
}

void place_remove(struct place *place)
{
    DIR *folder = opendir(place->folder);
    struct dirent *entry;
    int fd;

    assert_non_null(folder);
    fd = dirfd(folder);
    while ((entry = readdir(folder)))
        if (entry->d_name[0] != '.')
            assert_int_equal(unlinkat(fd, entry->d_name, 0), 0);
    closedir(folder);
    assert_int_equal(rmdir(place->folder), 0);
}

const char *place_path(const struct place *place, const char *end)
{
    static char path[PLACE_PATH_MAX + 64];

    snprintf(path, sizeof(path), "%s%s", place->path, end);
    return path;
}

unsigned place_count(const struct place *place, const char *end)
{
    DIR *folder = opendir(place->folder);
    struct dirent *entry;
    char begin[64];
    unsigned count = 0;

    assert_non_null(folder);
    snprintf(begin, sizeof(begin), "cache.db%s", end);
    while ((entry = readdir(folder)))
        count += strncmp(entry->d_name, begin, strlen(begin)) == 0;
    closedir(folder);
    return count;
}

struct db *place_open(const struct place *place, bool read_only)
{
    const struct db_options options = {
        .path = place->path, .read_only = read_only, .cache_kib = 1024};
    struct store_fault fault = {.text = ""};
    struct db *db = NULL;

    if (db_open(&options, &db, &fault) < 0)
        fail_msg("%s", fault.text);
    return db;
}

void place_change(const struct place *place, const char *sql)
{
    struct db *db = place_open(place, false);

    assert_int_equal(db_exec(db, sql), 0);
    db_close(db);
}

void place_smash(const char *path, long offset, size_t len)
{
    FILE *file = fopen(path, "r+");

    assert_non_null(file);
    assert_int_equal(fseek(file, offset, SEEK_SET), 0);
    for (size_t i = 0; i < len; i++)
        assert_int_equal(fputc((int)(i * 37 % 251), file), (int)(i * 37 % 251));
    assert_int_equal(fclose(file), 0);
}

const struct policy_row *made_row(struct made_row *made, unsigned n,
                                  int64_t fetched_ms, size_t len)
{
    int text = snprintf(made->body, sizeof(made->body),
                        "version: STSv1\r\nmode: enforce\r\n"
                        "mx: mx1.d%u.example\r\nmx: *.d%u.example\r\n"
                        "max_age: 604800\r\n",
                        n, n);

    assert_true(text > 0 && len < sizeof(made->body));
    for (size_t i = (size_t)text; i < len; i++)
        made->body[i] = (char)('a' + (i + n) % 26);
    snprintf(made->domain, sizeof(made->domain), "d%u.example", n);
    snprintf(made->id, sizeof(made->id), "id%u", n);
    made->row = (struct policy_row){
        .domain = made->domain,
        .id = made->id,
        .fetched_ms = fetched_ms,
        .used_ms = fetched_ms + 5,
        .body = made->body,
        .len = len ? len : (size_t)text,
    };
    return &made->row;
}

void assert_same_row(const struct policy_row *a, const struct policy_row *b)
{
    assert_string_equal(a->domain, b->domain);
    assert_string_equal(a->id, b->id);
    assert_int_equal(a->fetched_ms, b->fetched_ms);
    assert_int_equal(a->used_ms, b->used_ms);
    assert_int_equal(a->len, b->len);
    assert_memory_equal(a->body, b->body, b->len);
}
