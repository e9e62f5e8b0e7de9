/*
 * socketmap_many ADDRESS CONNECTIONS MILLISECONDS PID MAP KEY REPLY DOMAINS:
 * asks a socketmap server about many domains.
 *
 * In KEY and REPLY every `#` is the number of the domain, 0 to DOMAINS - 1,
 * and every `%` eight digits that follow from it in no order (bench_mixed()).
 * Every connection has one question outstanding and asks the next one when
 * the answer comes: for so many milliseconds domains at random, the same ones
 * each run, a tenth of the time before that not counted; or with 0 every
 * domain once. Prints what socketmap_load prints. Every answer must be the
 * REPLY of its domain; anything else ends the program with exit status 1.
 */
#include "load_client.h"

#include <sys/epoll.h>

#define CONNECTIONS_MAX 20000u
#define MS_MAX 600000u
#define PID_MAX_HERE 4194304u /* the kernel's own limit */
#define DOMAINS_MAX 100000000u
#define EVENTS_MAX 256
#define TEXT_MAX 1000u /* of a netstring, either way */
#define HEAD_MAX 4u    /* of its length and the colon */

struct connection {
    int fd;
    unsigned domain; /* that was asked for */
    uint64_t sent;
    size_t len;
    char input[TEXT_MAX];
};

struct many {
    int epoll;
    struct load_address address;
    struct connection *connections;
    unsigned count;
    unsigned pid;
    char question[TEXT_MAX]; /* these two with `#` and `%` */
    const char *reply;
    unsigned domains;
    bool once;
    unsigned next;    /* where each is asked for once */
    unsigned waiting; /* connections with a question outstanding */
    uint64_t random;
    struct load_times times;
    bool counting;
};

/* ---- texts ---- */

static size_t put_number(char *out, unsigned number)
{
    char digits[10];
    size_t count = 0;
    do {
        digits[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    for (size_t i = 0; i < count; i++)
        out[i] = digits[count - 1 - i];
    return count;
}

static size_t put_hex(char *out, unsigned number)
{
    for (unsigned i = 0; i < 8; i++)
        out[i] = "0123456789abcdef"[number >> (28 - 4 * i) & 15];
    return 8;
}

/* `pattern` of domain `n` as a netstring; its length. */
static size_t expand(const char *pattern, unsigned n, char out[TEXT_MAX])
{
    char *text = out + HEAD_MAX;
    size_t len = 0;
    for (; *pattern; pattern++) {
        if (len + HEAD_MAX + 16 > TEXT_MAX)
            load_fail("too long a text");
        if (*pattern == '#')
            len += put_number(text + len, n);
        else if (*pattern == '%')
            len += put_hex(text + len, bench_mixed(n));
        else
            text[len++] = *pattern;
    }
    size_t at = put_number(out, (unsigned)len);
    out[at++] = ':';
    memmove(out + at, text, len);
    out[at + len] = ',';
    return at + len + 1;
}

/* ---- questions and answers ---- */

static unsigned choose(struct many *many)
{
    if (many->once)
        return many->next++;
    many->random ^= many->random << 13;
    many->random ^= many->random >> 7;
    many->random ^= many->random << 17;
    return (unsigned)((many->random >> 32) * many->domains >> 32);
}

static void ask(struct many *many, struct connection *connection)
{
    char data[TEXT_MAX];
    if (many->once && many->next == many->domains)
        return;
    connection->domain = choose(many);
    size_t len = expand(many->question, connection->domain, data);
    connection->sent = load_now_ns();
    connection->len = 0;
    if (send(connection->fd, data, len, MSG_NOSIGNAL) != (ssize_t)len)
        load_fail("cannot send");
    many->waiting++;
}

_Noreturn static void wrong(const struct connection *connection,
                            const char *wanted, size_t len)
{
    fprintf(stderr, "socketmap_many: domain %u: %.*s instead of %.*s\n",
            connection->domain, (int)connection->len, connection->input,
            (int)len, wanted);
    exit(1);
}

static void read_answer(struct many *many, struct connection *connection)
{
    char wanted[TEXT_MAX];
    size_t room = TEXT_MAX - connection->len;
    ssize_t got =
        recv(connection->fd, connection->input + connection->len, room, 0);
    if (got <= 0)
        load_fail("the server has hung up");
    connection->len += (size_t)got;
    size_t len = expand(many->reply, connection->domain, wanted);
    if (connection->len > len ||
        memcmp(connection->input, wanted, connection->len) != 0)
        wrong(connection, wanted, len);
    if (connection->len < len)
        return;
    many->waiting--;
    if (many->counting)
        load_times_add(&many->times, load_now_ns() - connection->sent);
    ask(many, connection);
}

/* ---- runs ---- */

static void open_all(struct many *many)
{
    for (unsigned i = 0; i < many->count; i++) {
        struct connection *connection = &many->connections[i];
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
        connection->fd = load_connect(&many->address);
        if (epoll_ctl(many->epoll, EPOLL_CTL_ADD, connection->fd, &event) != 0)
            load_fail("epoll");
    }
}

/* Until that time, or until nothing is outstanding. */
static void run_until(struct many *many, uint64_t end)
{
    struct epoll_event events[EVENTS_MAX];
    while (many->waiting && load_now_ns() < end) {
        int count = epoll_wait(many->epoll, events, EVENTS_MAX, 1000);
        for (int i = 0; i < count; i++)
            read_answer(many, events[i].data.ptr);
    }
}

static void start(struct many *many)
{
    for (unsigned i = 0; i < many->count; i++)
        ask(many, &many->connections[i]);
}

static void measure(struct many *many, unsigned ms)
{
    uint64_t ns = (uint64_t)ms * 1000000u;
    open_all(many);
    many->once = ms == 0;
    if (!many->once) {
        start(many);
        run_until(many, load_now_ns() + ns / 10);
    }
    double cpu = load_cpu_seconds(many->pid);
    uint64_t begun = load_now_ns();
    many->counting = true;
    if (many->once)
        start(many);
    run_until(many, many->once ? UINT64_MAX : begun + ns);
    double seconds = (double)(load_now_ns() - begun) / 1e9;
    cpu = load_cpu_seconds(many->pid) - cpu;
    if (many->times.count == 0)
        load_fail("no answers");
    printf("%.0f %.1f %.1f %.3f\n", (double)many->times.count / seconds,
           load_times_us(&many->times, 0.50), load_times_us(&many->times, 0.99),
           cpu * 1e6 / (double)many->times.count);
}

static bool read_arguments(struct many *many, char **argv)
{
    many->address.len = bench_address(argv[1], &many->address.storage);
    many->count = bench_number(argv[2], CONNECTIONS_MAX);
    many->pid = bench_number(argv[4], PID_MAX_HERE);
    snprintf(many->question, TEXT_MAX, "%s %s", argv[5], argv[6]);
    many->reply = argv[7];
    many->domains = bench_number(argv[8], DOMAINS_MAX);
    many->random = UINT64_C(88172645463325252);
    return many->address.len && many->count && many->pid && many->domains;
}

int main(int argc, char **argv)
{
    static struct many many;
    bench_raise_descriptors();
    if (argc != 9 || !read_arguments(&many, argv)) {
        fprintf(stderr, "usage: socketmap_many ADDRESS CONNECTIONS MILLISECONDS"
                        " PID MAP KEY REPLY DOMAINS\n");
        return 1;
    }
    many.epoll = epoll_create1(EPOLL_CLOEXEC);
    many.connections = calloc(many.count, sizeof(*many.connections));
    if (many.epoll < 0 || !many.connections)
        load_fail("no memory");
    measure(&many, bench_number(argv[3], MS_MAX));
    return 0;
}
