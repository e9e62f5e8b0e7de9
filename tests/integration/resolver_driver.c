/*
 * resolver_driver: asks the resolver and prints its answers as JSON lines.
 *
 *     resolver_driver KEY=VALUE... < questions
 *
 * forward (ADDR[@PORT]), resolv_conf, root_hints, trust_anchor, deadline
 * (ms), probe (ms), free (ms after which the resolver is freed), stop (ms
 * after which the driver ends; without it: once all are answered), live (1:
 * questions are read while the loop runs, each asked as it comes).
 *
 * A question is a line `NAME TYPE [KEY=VALUE]...`: at (ms before it is
 * asked), deadline (ms), cancel (ms after it was asked; 0: at once), times
 * (so many of them, `%` in the name being the number of each), and `free`,
 * `again`, `cancel_all` or `hang` (for HANG_MS): what its callback does. The
 * line `?` asks for the state of the resolver.
 */
#include "base/cleanup.h"
#include "check/facts.h"
#include "driver.h"
#include "net/resolver.h"

#include <string.h>

#define LINE_MAX_LEN 1024u
#define WORDS_MAX 8u
#define QUESTIONS_MAX 20000u
#define OUT_MAX (1u << 20)
#define HANG_MS 400u

struct driver {
    struct loop *loop;
    struct resolver *resolver;
    size_t open; /* questions to come or under way */
    size_t answered;
    bool stays; /* until `stop`, or the end of the input */
    struct question *first;
    struct loop_watch *input;
    char line[LINE_MAX_LEN]; /* read so far */
    size_t line_len;
};

struct question {
    struct driver *driver;
    struct question *next;
    char name[LINE_MAX_LEN];
    enum rr_type type;
    uint32_t deadline;
    bool cancels;
    uint64_t cancel;
    const char *then; /* "", "free", "again", "cancel_all", "hang" */
    struct resolver_query *query;
    bool asking;
};

static const struct type {
    const char *name;
    enum rr_type type;
} TYPES[] = {
    {"A", RR_A},           {"NS", RR_NS},     {"MX", RR_MX},
    {"TXT", RR_TXT},       {"AAAA", RR_AAAA}, {"SOA", RR_SOA},
    {"DNSKEY", RR_DNSKEY}, {"TLSA", RR_TLSA}, {"CNAME", RR_CNAME},
};

static void close_question(struct driver *driver)
{
    if (--driver->open == 0 && !driver->stays)
        loop_stop(driver->loop);
}

static void add_hex(struct json_builder *list, const struct dns_rr *rr)
{
    static const char digits[] = "0123456789abcdef";
    struct buf buf;

    buf_init(&buf, OUT_MAX);
    for (size_t i = 0; i < rr->len; i++) {
        buf_putc(&buf, digits[rr->rdata[i] >> 4]);
        buf_putc(&buf, digits[rr->rdata[i] & 15]);
    }
    json_add_string(list, NULL, buf_text(&buf));
    buf_clear(&buf);
}

static void print_answer(const struct question *question,
                         const struct dns_answer *answer)
{
    struct json_builder line = json_build_object();
    struct json_builder rrs = json_build_array();

    for (size_t i = 0; i < answer->count; i++)
        add_hex(&rrs, &answer->rrs[i]);
    json_add_string(&line, "name", question->name);
    json_add_string(&line, "status", lookup_status_name(answer->status));
    json_add_string(&line, "dnssec", dnssec_status_name(answer->dnssec));
    json_add_int(&line, "ttl", answer->ttl);
    json_add_string(&line, "canonical", answer->canonical);
    json_add_int(&line, "cnames", answer->cnames);
    json_add_string(&line, "why", answer->why);
    json_add(&line, "rrs", json_built(&rrs));
    json_add_int(&line, "omitted", (int64_t)answer->omitted);
    json_add_int(&line, "elapsed_ms", answer->elapsed_ms);
    json_add_bool(&line, "before_return", question->asking);
    driver_print(json_built(&line), JSON_ONE_LINE);
}

static void ask(void *ctx);

static void cancel_all(struct driver *driver)
{
    for (struct question *q = driver->first; q; q = q->next) {
        if (!q->query)
            continue;
        resolver_cancel(q->query);
        q->query = NULL;
        close_question(driver);
    }
}

static void on_answer(void *ctx, const struct dns_answer *answer)
{
    struct question *question = ctx;
    struct driver *driver = question->driver;

    question->query = NULL;
    driver->answered++;
    print_answer(question, answer);
    if (strcmp(question->then, "free") == 0) {
        resolver_free(TAKE_PTR(driver->resolver));
        loop_stop(driver->loop);
    } else if (strcmp(question->then, "again") == 0) {
        question->then = "";
        driver->open++;
        ask(question);
    } else if (strcmp(question->then, "cancel_all") == 0) {
        cancel_all(driver);
    } else if (strcmp(question->then, "hang") == 0) {
        usleep(HANG_MS * 1000u);
    }
    close_question(driver);
}

static void on_cancel(void *ctx)
{
    struct question *question = ctx;

    if (!question->query)
        return;
    resolver_cancel(question->query);
    question->query = NULL;
    close_question(question->driver);
}

static void ask(void *ctx)
{
    struct question *question = ctx;
    struct driver *driver = question->driver;

    if (!driver->resolver)
        return;
    question->asking = true;
    if (resolver_ask(driver->resolver, question->name, question->type,
                     question->deadline, on_answer, question,
                     &question->query) < 0)
        driver_fail("resolver_ask failed");
    question->asking = false;
    if (question->cancels && question->cancel == 0)
        on_cancel(question);
    else if (question->cancels)
        loop_timer(driver->loop, question->cancel, on_cancel, question, NULL);
}

static enum rr_type type_of(const char *name)
{
    for (size_t i = 0; i < ELEMENTS(TYPES); i++)
        if (strcmp(TYPES[i].name, name) == 0)
            return TYPES[i].type;
    driver_fail("no such type");
    return RR_A;
}

/* Splits at single spaces, in place. */
static size_t split(char *line, char *words[WORDS_MAX])
{
    size_t count = 0;

    while (line && *line && count < WORDS_MAX) {
        char *space = strchr(line, ' ');
        if (space)
            *space++ = '\0';
        words[count++] = line;
        line = space;
    }
    return count;
}

static void add_question(struct driver *driver, const struct question *model,
                         uint32_t at, uint32_t number_of)
{
    struct question *question = malloc(sizeof(*question));
    const char *percent = strchr(model->name, '%');

    if (!question)
        driver_fail("out of memory");
    *question = *model;
    if (percent)
        snprintf(question->name, sizeof(question->name), "%.*s%u%s",
                 (int)(percent - model->name), model->name, number_of,
                 percent + 1);
    question->driver = driver;
    question->next = driver->first;
    driver->first = question;
    driver->open++;
    if (at)
        loop_timer(driver->loop, at, ask, question, NULL);
    else
        ask(question);
}

static void read_question(struct driver *driver, char *line)
{
    struct question model = {.then = ""};
    char *words[WORDS_MAX];
    size_t count = split(line, words);
    uint32_t at = 0;
    uint32_t times = 1;
    const char *value;

    if (count < 2)
        driver_fail("a question is NAME TYPE");
    snprintf(model.name, sizeof(model.name), "%s", words[0]);
    model.type = type_of(words[1]);
    for (size_t i = 2; i < count; i++) {
        if ((value = driver_value(words[i], "at")))
            at = driver_number(value);
        else if ((value = driver_value(words[i], "deadline")))
            model.deadline = driver_number(value);
        else if ((value = driver_value(words[i], "times")))
            times = driver_number(value);
        else if ((value = driver_value(words[i], "cancel"))) {
            model.cancels = true;
            model.cancel = driver_number(value);
        } else if (strcmp(words[i], "free") == 0)
            model.then = "free";
        else if (strcmp(words[i], "again") == 0)
            model.then = "again";
        else if (strcmp(words[i], "cancel_all") == 0)
            model.then = "cancel_all";
        else if (strcmp(words[i], "hang") == 0)
            model.then = "hang";
        else
            driver_fail("unknown word in a question");
    }
    for (uint32_t i = 0; i < times; i++)
        add_question(driver, &model, at, i);
}

static void on_free(void *ctx)
{
    struct driver *driver = ctx;

    if (driver->resolver)
        resolver_free(TAKE_PTR(driver->resolver));
    loop_stop(driver->loop);
}

static void on_stop(void *ctx)
{
    loop_stop(ctx);
}

static void print_end(const struct driver *driver)
{
    struct json_builder line = json_build_object();
    bool alive = driver->resolver != NULL;

    json_add_int(&line, "answered", (int64_t)driver->answered);
    json_add_int(&line, "open", (int64_t)driver->open);
    json_add_bool(&line, "validating",
                  alive && resolver_validating(driver->resolver));
    json_add_string(&line, "note",
                    alive ? resolver_note(driver->resolver) : NULL);
    driver_print(json_built(&line), JSON_ONE_LINE);
}

/* ---- questions that come one by one ---- */

static void take_line(struct driver *driver)
{
    driver->line[driver->line_len] = '\0';
    driver->line_len = 0;
    if (strcmp(driver->line, "?") == 0)
        print_end(driver);
    else
        read_question(driver, driver->line);
}

static void end_input(struct driver *driver)
{
    loop_watch_cancel(TAKE_PTR(driver->input));
    driver->stays = false;
    if (driver->open == 0)
        loop_stop(driver->loop);
}

static void on_input(void *ctx, int fd, unsigned events)
{
    struct driver *driver = ctx;
    char octet;

    (void)events;
    if (read(fd, &octet, 1) != 1)
        end_input(driver);
    else if (octet == '\n')
        take_line(driver);
    else if (driver->line_len + 1 == sizeof(driver->line))
        driver_fail("a line is too long");
    else
        driver->line[driver->line_len++] = octet;
}

static void begin_input(struct driver *driver)
{
    driver->stays = true;
    if (loop_watch(driver->loop, STDIN_FILENO, LOOP_READ, on_input, driver,
                   &driver->input) < 0)
        driver_fail("the input cannot be watched");
}

static int make_resolver(struct driver *driver, int argc, char **argv)
{
    struct resolver_options options = {0};
    const char *value;

    for (int i = 1; i < argc; i++) {
        if ((value = driver_value(argv[i], "forward")))
            options.forward = value;
        else if ((value = driver_value(argv[i], "resolv_conf")))
            options.resolv_conf = value;
        else if ((value = driver_value(argv[i], "root_hints")))
            options.root_hints = value;
        else if ((value = driver_value(argv[i], "trust_anchor")))
            options.trust_anchor = value;
        else if ((value = driver_value(argv[i], "deadline")))
            options.deadline_ms = driver_number(value);
        else if ((value = driver_value(argv[i], "probe")))
            options.probe_ms = driver_number(value);
        else if ((value = driver_value(argv[i], "free")))
            loop_timer(driver->loop, driver_number(value), on_free, driver,
                       NULL);
        else if ((value = driver_value(argv[i], "stop"))) {
            loop_timer(driver->loop, driver_number(value), on_stop,
                       driver->loop, NULL);
            driver->stays = true;
        } else if (driver_value(argv[i], "live"))
            begin_input(driver);
        else
            driver_fail("unknown argument");
    }
    return resolver_new(driver->loop, &options, &driver->resolver);
}

static void read_questions(struct driver *driver)
{
    char line[LINE_MAX_LEN];

    while (!driver->input && fgets(line, sizeof(line), stdin)) {
        line[strcspn(line, "\n")] = '\0';
        if (*line)
            read_question(driver, line);
    }
    if (driver->open || driver->stays)
        loop_run(driver->loop);
    print_end(driver);
}

static void free_questions(struct driver *driver)
{
    while (driver->first) {
        struct question *next = driver->first->next;
        free(driver->first);
        driver->first = next;
    }
}

int main(int argc, char **argv)
{
    struct driver driver = {0};
    int error;

    if (loop_new(&driver.loop) < 0)
        driver_fail("no loop");
    error = make_resolver(&driver, argc, argv);
    if (error)
        printf("{\"error\": %d}\n", -error);
    else
        read_questions(&driver);
    loop_watch_cancel(driver.input);
    resolver_free(driver.resolver);
    loop_free(driver.loop);
    free_questions(&driver);
    return 0;
}
