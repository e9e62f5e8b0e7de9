/*
 * answer: lines of "KEY VALUE" into a struct, then the policy behind the
 * empty line.
 *
 * The daemon is trusted, but what it says is still checked: a key that is
 * known has one proper value, names are names, and the policy is one by the
 * letter. All else would be taken for less than it is.
 */
#include "client/answer.h"

#include "base/ascii.h"
#include "base/cleanup.h"
#include <mtasts/name.h>
#include <stdlib.h>
#include <string.h>

#define FORM "mtasts 1\n"

/* The struct that callers see, and what it points to. */
struct memory {
    struct mtasts_answer answer; /* first */
    struct mtasts_sts_policy *policy;
    struct mtasts_mx_host *hosts;
    char text[]; /* the reply */
};

DEFINE_CLEANUP(struct mtasts_answer *, mtasts_answer_free, answer)
#define _cleanup_answer_ _cleanup_(cleanup_answer)

static struct memory *memory_of(struct mtasts_answer *answer)
{
    return (struct memory *)answer;
}

void mtasts_answer_free(struct mtasts_answer *answer)
{
    if (!answer)
        return;
    mtasts_sts_policy_free(memory_of(answer)->policy);
    free(memory_of(answer)->hosts);
    free(answer);
}

/* With a copy of `text`, which *ret_text points to. */
static int memory_new(const char *text, size_t len, char **ret_text,
                      struct mtasts_answer **ret_answer)
{
    struct memory *memory = calloc(1, sizeof(*memory) + len + 1);

    if (!memory)
        return -MTASTS_ENOMEM;
    memcpy(memory->text, text, len);
    memory->answer.id = "";
    memory->answer.reason = "";
    *ret_text = memory->text;
    *ret_answer = &memory->answer;
    return 0;
}

int answer_new(enum mtasts_answer_kind kind, const char *reason,
               struct mtasts_answer **ret_answer)
{
    char *text;
    int error = memory_new(reason, strlen(reason), &text, ret_answer);

    if (error)
        return error;
    (*ret_answer)->kind = kind;
    (*ret_answer)->reason = text;
    while ((text = strchr(text, '\n')))
        *text = ' ';
    return 0;
}

/* ---- values ---- */

/* A value that is one of two words: whether it is `yes`. */
static int read_word(const char *value, const char *yes, const char *no,
                     bool *ret)
{
    *ret = strcmp(value, yes) == 0;
    return *ret || strcmp(value, no) == 0 ? 0 : -MTASTS_ESYSTEM;
}

static int read_kind(struct mtasts_answer *answer, char *value)
{
    static const char *const names[] = {
        [MTASTS_ANSWER_NONE] = "none",
        [MTASTS_ANSWER_POLICY] = "policy",
        [MTASTS_ANSWER_DEFER] = "defer",
    };

    for (size_t i = 0; i < ELEMENTS(names); i++)
        if (strcmp(value, names[i]) == 0) {
            answer->kind = (enum mtasts_answer_kind)i;
            return 0;
        }
    return -MTASTS_ESYSTEM;
}

static int read_dane(struct mtasts_answer *answer, char *value)
{
    answer->dane = strcmp(value, "yes") == 0;
    return answer->dane ? 0 : -MTASTS_ESYSTEM;
}

static int read_id(struct mtasts_answer *answer, char *value)
{
    answer->id = value;
    return 0;
}

static int read_ttl(struct mtasts_answer *answer, char *value)
{
    uint64_t seconds = 0;

    if (*value == '\0')
        return -MTASTS_ESYSTEM;
    for (; ascii_is_digit(*value); value++) {
        seconds = 10 * seconds + (uint64_t)(*value - '0');
        if (seconds > UINT32_MAX)
            return -MTASTS_ESYSTEM;
    }
    answer->ttl = (uint32_t)seconds;
    return *value ? -MTASTS_ESYSTEM : 0;
}

static int read_hosts(struct mtasts_answer *answer, char *value)
{
    return read_word(value, "null", "known", &answer->hosts_null);
}

static int read_failure(struct mtasts_answer *answer, char *value)
{
    const char *name;

    for (unsigned i = 0; (name = mtasts_result_name((enum mtasts_result)i));
         i++)
        if (strcmp(value, name) == 0) {
            answer->failure = (enum mtasts_result)i;
            return 0;
        }
    answer->failure = MTASTS_RESULT_VALIDATION_FAILURE; /* one of tomorrow's */
    return 0;
}

static int read_reason(struct mtasts_answer *answer, char *value)
{
    answer->reason = value;
    return 0;
}

static int read_host(struct mtasts_answer *answer, char *value)
{
    struct mtasts_mx_host *hosts = memory_of(answer)->hosts;
    char canonical[MTASTS_NAME_MAX + 1];
    char *name = strchr(value, ' ');
    bool covered;

    if (!name)
        return -MTASTS_ESYSTEM;
    *name++ = '\0';
    if (read_word(value, "covered", "other", &covered) < 0 ||
        mtasts_name_canonical(name, strlen(name), MTASTS_NAME_UNDERSCORE,
                              canonical, NULL) < 0 ||
        strcmp(name, canonical) != 0)
        return -MTASTS_ESYSTEM;
    hosts[answer->host_count++] =
        (struct mtasts_mx_host){.name = name, .covered = covered};
    answer->hosts = hosts;
    return 0;
}

/* ---- lines ---- */

static const struct key {
    const char *name;
    int (*read)(struct mtasts_answer *answer, char *value);
    bool repeats;
} keys[] = {
    {"answer", read_kind, false}, /* first: see ANSWER_SEEN */
    {"dane", read_dane, false},     {"id", read_id, false},
    {"ttl", read_ttl, false},       {"hosts", read_hosts, false},
    {"host", read_host, true},      {"failure", read_failure, false},
    {"reason", read_reason, false},
};
#define ANSWER_SEEN 1u

/* `seen`: the bits of keys that there were. */
static int read_line(struct mtasts_answer *answer, char *line, unsigned *seen)
{
    char *value = strchr(line, ' ');

    if (!value)
        return -MTASTS_ESYSTEM;
    *value++ = '\0';
    for (size_t i = 0; i < ELEMENTS(keys); i++) {
        if (strcmp(line, keys[i].name) != 0)
            continue;
        if ((*seen & (1u << i)) && !keys[i].repeats)
            return -MTASTS_ESYSTEM;
        *seen |= 1u << i;
        return keys[i].read(answer, value);
    }
    return 0;
}

/* Every line may be a host. */
static int make_room(struct mtasts_answer *answer, const char *text)
{
    size_t lines = 1;

    while ((text = strchr(text, '\n'))) {
        text++;
        lines++;
    }
    memory_of(answer)->hosts = calloc(lines, sizeof(struct mtasts_mx_host));
    return memory_of(answer)->hosts ? 0 : -MTASTS_ENOMEM;
}

static int read_policy(struct mtasts_answer *answer, const char *body)
{
    struct memory *memory = memory_of(answer);
    int error =
        mtasts_sts_policy_parse(body, strlen(body), 0, NULL, &memory->policy);

    if (error)
        return error == -MTASTS_ENOMEM ? error : -MTASTS_ESYSTEM;
    answer->policy = memory->policy;
    return mtasts_sts_policy_mode(answer->policy) == MTASTS_MODE_NONE
               ? -MTASTS_ESYSTEM
               : 0;
}

/* `text` up to the empty line, or its end. */
static int read_lines(struct mtasts_answer *answer, char *text)
{
    unsigned seen = 0;
    bool has_policy = false;

    while (*text && !has_policy) {
        char *end = strchr(text, '\n');
        int error = 0;

        if (!end)
            return -MTASTS_ESYSTEM; /* cut off */
        *end = '\0';
        has_policy = end == text;
        if (!has_policy)
            error = read_line(answer, text, &seen);
        if (error)
            return error;
        text = end + 1;
    }
    if (!(seen & ANSWER_SEEN) ||
        has_policy != (answer->kind == MTASTS_ANSWER_POLICY))
        return -MTASTS_ESYSTEM;
    return has_policy ? read_policy(answer, text) : 0;
}

static int read_form(const char *text, size_t len,
                     struct mtasts_answer **ret_answer)
{
    _cleanup_answer_ struct mtasts_answer *answer = NULL;
    size_t form = sizeof(FORM) - 1;
    char *lines;
    int error;

    if (len < form || memcmp(text, FORM, form) != 0)
        return -MTASTS_ESYSTEM;
    error = memory_new(text + form, len - form, &lines, &answer);
    if (!error)
        error = make_room(answer, lines);
    if (!error)
        error = read_lines(answer, lines);
    if (error)
        return error;
    *ret_answer = TAKE_PTR(answer);
    return 0;
}

/* ---- statuses of the protocol ---- */

static bool is_printable(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((text[i] < ' ' && text[i] != '\n') || text[i] > '~')
            return false;
    return true;
}

int answer_parse(const char *reply, size_t len,
                 struct mtasts_answer **ret_answer)
{
    const char *blank = memchr(reply, ' ', len);
    size_t word = blank ? (size_t)(blank - reply) : len;
    const char *data = blank ? blank + 1 : reply + len;
    size_t data_len = (size_t)(reply + len - data);

    if (!is_printable(reply, len))
        return -MTASTS_ESYSTEM;
    if (ascii_is(reply, word, "OK"))
        return read_form(data, data_len, ret_answer);
    if (ascii_is(reply, word, "NOTFOUND"))
        return answer_new(MTASTS_ANSWER_NONE, "", ret_answer);
    if (ascii_is(reply, word, "TEMP") || ascii_is(reply, word, "TIMEOUT"))
        return answer_new(MTASTS_ANSWER_DEFER, data, ret_answer);
    return -MTASTS_ESYSTEM; /* PERM: it does not know the map, say */
}
