/*
 * recipients: the domains that a site sends mail to. See recipients.h.
 */
#include "cli/recipients.h"

#include "base/ascii.h"
#include "base/hash_table.h"
#include "cli/complain.h"
#include "cli/line_reader.h"
#include "cli/mail_log.h"
#include "cli/target.h"
#include "engine/domain_hash.h"
#include <errno.h>
#include <mtasts/error.h>
#include <string.h>
#include <sys/random.h>

#define SHOWN_MAX 100u /* octets of a line that is complained of */
#define WHERE_MAX 512u

struct recipients {
    struct hash_table table;
    size_t max;
    struct recipient **sorted;
    struct recipients_read read;
    bool told; /* that there are more than `max` */
    uint8_t seed[DOMAIN_HASH_SEED];
};

int recipients_new(size_t max, struct recipients **ret_recipients)
{
    _cleanup_recipients_ struct recipients *recipients =
        calloc(1, sizeof(*recipients));
    if (!recipients)
        return -MTASTS_ENOMEM;
    recipients->max = max > 0 ? max : RECIPIENTS_MAX;
    if (getrandom(recipients->seed, sizeof(recipients->seed), 0) !=
        (ssize_t)sizeof(recipients->seed))
        return -MTASTS_ESYSTEM;
    *ret_recipients = TAKE_PTR(recipients);
    return 0;
}

void recipients_free(struct recipients *recipients)
{
    if (!recipients)
        return;
    uint64_t cursor = 0;
    struct recipient *one;
    while ((one = hash_table_next(&recipients->table, &cursor)))
        free(one);
    hash_table_clear(&recipients->table);
    free(recipients->sorted);
    free(recipients);
}

/* ---- the table ---- */

static bool is_same(const void *item, const void *key)
{
    return strcmp(((const struct recipient *)item)->domain, key) == 0;
}

static struct recipient *new_recipient(const char *domain)
{
    size_t size = strlen(domain) + 1;
    struct recipient *one = calloc(1, sizeof(*one) + size);
    if (one)
        memcpy(one->domain, domain, size);
    return one;
}

static void leave_out(struct recipients *recipients)
{
    recipients->read.left_out++;
    if (!recipients->told)
        complain("more than %zu domains; further ones are left out",
                 recipients->max);
    recipients->told = true;
}

/* The entry of a domain, made if there is none; NULL, with 0: there is no
   room for more. */
static int find_or_make(struct recipients *recipients, const char *domain,
                        struct recipient **ret_recipient)
{
    uint64_t hash = domain_hash(recipients->seed, domain, strlen(domain));
    *ret_recipient = hash_table_find(&recipients->table, hash, is_same, domain);
    if (*ret_recipient)
        return 0;
    if (recipients->table.count >= recipients->max) {
        leave_out(recipients);
        return 0;
    }
    struct recipient *one = new_recipient(domain);
    int error =
        one ? hash_table_add(&recipients->table, hash, one) : -MTASTS_ENOMEM;
    if (error)
        free(one);
    else
        *ret_recipient = one;
    return error;
}

static int count(struct recipients *recipients, const char *domain,
                 bool deferred)
{
    struct recipient *one = NULL;
    int error = find_or_make(recipients, domain, &one);
    if (one && deferred)
        one->deferrals++;
    else if (one)
        one->messages++;
    return error;
}

/* ---- what is read ---- */

int recipients_add(struct recipients *recipients, const char *where,
                   const char *text, size_t len)
{
    struct target target;
    if (target_parse(text, len, &target) != 0) {
        if (++recipients->read.bad <= RECIPIENTS_COMPLAINTS_MAX)
            complain("%s: '%.*s%s': %s", where,
                     (int)MIN_OF(len, (size_t)SHOWN_MAX), text,
                     len > SHOWN_MAX ? "..." : "", target.why);
        return -MTASTS_ENAME;
    }
    recipients->read.deliveries++;
    return count(recipients, target.domain, false);
}

/* Mail to an address literal, or to no domain at all, is counted only. */
static int add_delivery(struct recipients *recipients,
                        struct mail_log_delivery delivery)
{
    struct mtasts_bytes domain;
    struct target target;
    while (mail_log_next(&delivery.recipients, &domain)) {
        recipients->read.deliveries++;
        if (target_parse(domain.data, domain.len, &target) != 0) {
            recipients->read.bad++;
            continue;
        }
        int error = count(recipients, target.domain,
                          delivery.outcome == MAIL_LOG_DEFERRED);
        if (error)
            return error;
    }
    return 0;
}

/* Without comment, white space around and byte-order mark. */
static struct mtasts_bytes trimmed(struct mtasts_bytes line, bool first)
{
    if (first && line.len >= 3 && memcmp(line.data, "\xef\xbb\xbf", 3) == 0)
        line = (struct mtasts_bytes){line.data + 3, line.len - 3};
    for (size_t i = 0; i < line.len; i++)
        if (line.data[i] == '#' && (i == 0 || ascii_is_wsp(line.data[i - 1])))
            line.len = i;
    while (line.len > 0 && ascii_is_wsp(line.data[line.len - 1]))
        line.len--;
    while (line.len > 0 && ascii_is_wsp(*line.data))
        line = (struct mtasts_bytes){line.data + 1, line.len - 1};
    return line;
}

static bool has_blank(struct mtasts_bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if (ascii_is_wsp(text.data[i]))
            return true;
    return false;
}

/* `who` and `file`: for complaints. */
static int take_line(struct recipients *recipients, const char *who,
                     const char *file, struct mtasts_bytes line, bool *known)
{
    struct recipients_read *read = &recipients->read;
    struct mtasts_bytes word = trimmed(line, ++read->lines == 1);
    if (word.len == 0)
        return 0;
    if (!*known)
        read->is_log = has_blank(word);
    *known = true;
    if (!read->is_log) {
        char where[WHERE_MAX];
        snprintf(where, sizeof(where), "%s: %.300s:%ju", who, file,
                 (uintmax_t)read->lines);
        int error = recipients_add(recipients, where, word.data, word.len);
        return error == -MTASTS_ENAME ? 0 : error;
    }
    struct mail_log_delivery delivery;
    return mail_log_read(line.data, line.len, &delivery)
               ? add_delivery(recipients, delivery)
               : 0;
}

static int read_lines(struct recipients *recipients, const char *who,
                      struct line_reader *reader)
{
    struct mtasts_bytes line;
    bool known = false;
    int error = 0;
    while (!error && (error = line_reader_next(reader, &line)) == 0)
        error = take_line(recipients, who, reader->name, line, &known);
    return error == -MTASTS_ENOTFOUND ? 0 : error;
}

int recipients_read(struct recipients *recipients, const char *who,
                    const char *path)
{
    _cleanup_free_ struct line_reader *reader = malloc(sizeof(*reader));
    if (!reader)
        return complain_error(who, -MTASTS_ENOMEM), -MTASTS_ENOMEM;
    int error = line_reader_open(reader, path);
    if (!error)
        error = read_lines(recipients, who, reader);
    if (error == -MTASTS_EIO)
        complain("%s: --from: %s: %s; give a list of domains, the log of an "
                 "MTA, or - for standard input",
                 who, reader->name, strerror(errno));
    else if (error)
        complain_error(who, error);
    line_reader_close(reader);
    return error;
}

/* ---- what is known ---- */

const struct recipients_read *
recipients_counts(const struct recipients *recipients)
{
    return &recipients->read;
}

size_t recipients_count(const struct recipients *recipients)
{
    return recipients->table.count;
}

static int compare(const void *a, const void *b)
{
    const struct recipient *one = *(struct recipient *const *)a;
    const struct recipient *other = *(struct recipient *const *)b;
    if (one->messages != other->messages)
        return one->messages < other->messages ? 1 : -1;
    return strcmp(one->domain, other->domain);
}

int recipients_sort(struct recipients *recipients)
{
    uint64_t cursor = 0;
    size_t filled = 0;
    struct recipient *one;
    free(recipients->sorted);
    recipients->sorted =
        calloc(recipients->table.count + 1, sizeof(struct recipient *));
    if (!recipients->sorted)
        return -MTASTS_ENOMEM;
    while ((one = hash_table_next(&recipients->table, &cursor)))
        recipients->sorted[filled++] = one;
    qsort(recipients->sorted, filled, sizeof(struct recipient *), compare);
    return 0;
}

const struct recipient *recipients_at(const struct recipients *recipients,
                                      size_t index)
{
    return recipients->sorted[index];
}
