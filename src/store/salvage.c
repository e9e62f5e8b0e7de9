/*
 * salvage: what can still be read of a damaged database. See salvage.h.
 *
 * The log is read after the file, so that it has the last word where times
 * are equal. Records that go on in other pages take those from the log while
 * the log is read, if it has them, and from the file otherwise.
 */
#include "store/salvage.h"

#include "store/history_store.h"
#include "store/leaf_page.h"
#include "store/policy_store.h"
#include <errno.h>
#include <fcntl.h>
#include <mtasts/error.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOG_HEADER 32u   /* octets before the first frame of the log */
#define FRAME_HEADER 24u /* octets before a frame's page */
#define FRAME_SIZE (FRAME_HEADER + DB_PAGE_SIZE)
#define ROWS_A_COMMIT 20000u
#define FRAMES_MAX (1u << 20) /* of a log: four gigabytes */

struct salvage {
    const char *path;
    int file;
    int log; /* -1: there is none */
    bool in_log;
    uint32_t *frames; /* the page that each frame of the log has */
    size_t frames_count;
    uint8_t next[DB_PAGE_SIZE]; /* where a record goes on */
    struct buf scratch;
    struct db *db;
    struct policy_store *policies;
    struct history_store *history;
    const atomic_bool *stop;
    unsigned uncommitted;
    struct salvaged found;
    struct store_fault *fault;
};

/* ---- pages ---- */

static bool read_at(int fd, void *data, size_t len, uint64_t offset)
{
    char *at = data;

    while (len > 0) {
        ssize_t got = pread(fd, at, len, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        at += got;
        len -= (size_t)got;
        offset += (uint64_t)got;
    }
    return true;
}

static uint64_t frame_at(size_t frame)
{
    return LOG_HEADER + (uint64_t)frame * FRAME_SIZE;
}

static const uint8_t *page_of(void *ctx, uint32_t number)
{
    struct salvage *salvage = ctx;

    for (size_t i = salvage->in_log ? salvage->frames_count : 0; i > 0; i--)
        if (salvage->frames[i - 1] == number)
            return read_at(salvage->log, salvage->next, DB_PAGE_SIZE,
                           frame_at(i - 1) + FRAME_HEADER)
                       ? salvage->next
                       : NULL;
    if (number == 0 || !read_at(salvage->file, salvage->next, DB_PAGE_SIZE,
                                (uint64_t)(number - 1) * DB_PAGE_SIZE))
        return NULL;
    return salvage->next;
}

/* ---- rows ---- */

#define TEXT_ROOM (HISTORY_DETAIL_MAX + 1u)

#define TEXTS_MAX 7u /* of a row */

/* A terminated copy in `room`; false: none that we would have written. */
static bool text_of(const struct leaf_value *value, char room[TEXT_ROOM])
{
    if (value->type != LEAF_TEXT || value->len >= TEXT_ROOM ||
        memchr(value->data, '\0', value->len))
        return false;
    memcpy(room, value->data, value->len);
    room[value->len] = '\0';
    return true;
}

static bool numbers(const struct leaf_record *record, const unsigned *columns,
                    size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (record->values[columns[i]].type != LEAF_NUMBER)
            return false;
    return true;
}

static bool texts(const struct leaf_record *record, const unsigned *columns,
                  size_t count, char room[][TEXT_ROOM])
{
    for (size_t i = 0; i < count; i++)
        if (!text_of(&record->values[columns[i]], room[i]))
            return false;
    return true;
}

/* domain, id, fetched_at, used_at, sum, body */
static int keep_policy(struct salvage *salvage,
                       const struct leaf_record *record)
{
    static const unsigned NUMBERS[] = {2, 3, 4};
    static const unsigned TEXTS[] = {0, 1};
    char room[TEXTS_MAX][TEXT_ROOM];
    const struct leaf_value *body = &record->values[5];
    struct policy_row row;

    if (!numbers(record, NUMBERS, ELEMENTS(NUMBERS)) ||
        !texts(record, TEXTS, ELEMENTS(TEXTS), room) ||
        body->type != LEAF_OCTETS)
        return 0;
    row = (struct policy_row){
        .domain = room[0],
        .id = room[1],
        .fetched_ms = record->values[2].number,
        .used_ms = record->values[3].number,
        .body = body->data,
        .len = body->len,
    };
    if (!policy_row_valid(&row) ||
        policy_row_sum(&row) != record->values[4].number)
        return 0;
    salvage->found.policies++;
    salvage->uncommitted++;
    return policy_store_merge(salvage->policies, &row);
}

/* seq, domain, at, event, old_mode, old_id, new_mode, new_id, detail, sum */
static int keep_history(struct salvage *salvage,
                        const struct leaf_record *record)
{
    static const unsigned NUMBERS[] = {0, 2, 9};
    static const unsigned TEXTS[] = {1, 3, 4, 5, 6, 7, 8};
    char room[TEXTS_MAX][TEXT_ROOM];
    int64_t seq = record->values[0].number;
    struct history_row row;

    if (!numbers(record, NUMBERS, ELEMENTS(NUMBERS)) ||
        !texts(record, TEXTS, ELEMENTS(TEXTS), room))
        return 0;
    row = (struct history_row){
        .at_ms = record->values[2].number,
        .domain = room[0],
        .event = room[1],
        .old_mode = room[2],
        .old_id = room[3],
        .new_mode = room[4],
        .new_id = room[5],
        .detail = room[6],
    };
    if (history_row_sum(seq, &row) != record->values[9].number)
        return 0;
    salvage->found.history++;
    salvage->uncommitted++;
    return history_store_restore(salvage->history, seq, &row);
}

/* name, newest_at, sum */
static int keep_clock(struct salvage *salvage, const struct leaf_record *record)
{
    static const unsigned NUMBERS[] = {1, 2};
    static const unsigned TEXTS[] = {0};
    char room[TEXTS_MAX][TEXT_ROOM];
    int64_t newest = record->values[1].number;

    if (numbers(record, NUMBERS, ELEMENTS(NUMBERS)) &&
        texts(record, TEXTS, ELEMENTS(TEXTS), room) &&
        policy_clock_sum(room[0], newest) == record->values[2].number)
        policy_store_note_time(salvage->policies, newest);
    return 0;
}

static int keep(void *ctx, const struct leaf_record *record)
{
    struct salvage *salvage = ctx;
    int error = 0;

    switch (record->count) {
    case 3: return keep_clock(salvage, record);
    case 6: error = keep_policy(salvage, record); break;
    case 10: error = keep_history(salvage, record); break;
    default: return 0;
    }
    if (!error && salvage->uncommitted >= ROWS_A_COMMIT) {
        salvage->uncommitted = 0;
        error = db_commit(salvage->db);
        if (!error)
            error = db_begin(salvage->db);
    }
    return error;
}

/* ---- files ---- */

static int read_page(struct salvage *salvage, int fd, uint64_t offset)
{
    const struct leaf_reader reader = {page_of, keep, salvage,
                                       &salvage->scratch};
    uint8_t page[DB_PAGE_SIZE];

    if (atomic_load(salvage->stop)) {
        store_fault_set(salvage->fault, STORE_STOPPED, salvage->path, NULL);
        return -MTASTS_ECANCELED;
    }
    /* One that a bad disk does not give is one of many. */
    if (!read_at(fd, page, DB_PAGE_SIZE, offset))
        return 0;
    return leaf_page_read(page, &reader);
}

static uint64_t size_of(int fd)
{
    struct stat file;

    return fstat(fd, &file) == 0 && file.st_size > 0 ? (uint64_t)file.st_size
                                                     : 0;
}

static int read_file(struct salvage *salvage)
{
    uint64_t size = size_of(salvage->file);
    int error = 0;

    for (uint64_t at = 0; !error && at + DB_PAGE_SIZE <= size;
         at += DB_PAGE_SIZE)
        error = read_page(salvage, salvage->file, at);
    return error;
}

/* Which page each frame has; what is missing in the end is not read. */
static int read_frames(struct salvage *salvage)
{
    uint64_t size = size_of(salvage->log);
    uint8_t header[4];
    size_t frames;

    if (size < LOG_HEADER)
        return 0;
    frames =
        (size_t)MIN_OF((size - LOG_HEADER) / FRAME_SIZE, (uint64_t)FRAMES_MAX);
    salvage->frames = calloc(frames + 1, sizeof(*salvage->frames));
    if (!salvage->frames)
        return -MTASTS_ENOMEM;
    for (size_t i = 0; i < frames; i++)
        if (read_at(salvage->log, header, sizeof(header), frame_at(i)))
            salvage->frames[i] = (uint32_t)header[0] << 24 |
                                 (uint32_t)header[1] << 16 |
                                 (uint32_t)header[2] << 8 | header[3];
    salvage->frames_count = frames;
    return 0;
}

static int read_log(struct salvage *salvage)
{
    int error = salvage->log >= 0 ? read_frames(salvage) : 0;

    salvage->in_log = true;
    for (size_t i = 0; !error && i < salvage->frames_count; i++)
        error = read_page(salvage, salvage->log, frame_at(i) + FRAME_HEADER);
    return error;
}

static int read_all(struct salvage *salvage)
{
    int error = db_begin(salvage->db);

    if (!error)
        error = read_file(salvage);
    if (!error)
        error = read_log(salvage);
    if (!error)
        error = policy_store_write_time(salvage->policies);
    if (!error)
        return db_commit(salvage->db);
    db_rollback(salvage->db);
    return error;
}

static int open_all(struct salvage *salvage)
{
    char log[STORE_TEXT_MAX];
    int error;

    salvage->file = open(salvage->path, O_RDONLY | O_CLOEXEC);
    if (salvage->file < 0) {
        store_fault_set(salvage->fault, STORE_FAILED, salvage->path,
                        strerrordesc_np(errno));
        return -MTASTS_EIO;
    }
    if ((size_t)snprintf(log, sizeof(log), "%s-wal", salvage->path) <
        sizeof(log))
        salvage->log = open(log, O_RDONLY | O_CLOEXEC);
    error = policy_store_new(salvage->db, &salvage->policies);
    return error ? error : history_store_new(salvage->db, &salvage->history);
}

static void close_all(struct salvage *salvage)
{
    policy_store_free(salvage->policies);
    history_store_free(salvage->history);
    buf_clear(&salvage->scratch);
    free(salvage->frames);
    if (salvage->file >= 0)
        close(salvage->file);
    if (salvage->log >= 0)
        close(salvage->log);
}

int salvage(const char *path, struct db *db, const atomic_bool *stop,
            struct salvaged *ret_salvaged, struct store_fault *fault)
{
    struct salvage work = {.path = path,
                           .file = -1,
                           .log = -1,
                           .db = db,
                           .stop = stop,
                           .fault = fault};
    int error;

    *fault = (struct store_fault){.trouble = STORE_FINE};
    buf_init(&work.scratch, LEAF_PAYLOAD_MAX);
    error = open_all(&work);
    if (!error)
        error = read_all(&work);
    if (error && fault->trouble == STORE_FINE)
        *fault = *db_fault(db);
    if (error && fault->trouble == STORE_FINE)
        store_fault_set(fault, STORE_NO_MEMORY, path, NULL);
    if (!error)
        *ret_salvaged = work.found;
    close_all(&work);
    return error;
}
