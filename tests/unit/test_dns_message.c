/*
 * DNS messages, built octet by octet, and what is read out of them.
 */
#include "base/cleanup.h"
#include "net/dns_message.h"
#include "unit.h"

#include <mtasts/error.h>

#define CHAIN_MAX 8u
#define CLASS_IN 1u
#define POINTER_TO_QUESTION "\300\014" /* the name at offset 12 */

struct packet {
    uint8_t octets[DNS_MESSAGE_MAX];
    size_t len;
};

static struct packet packet; /* the one under construction */
static struct dns_message message;

static void put(const void *octets, size_t len)
{
    assert_true(packet.len + len <= sizeof(packet.octets));
    memcpy(packet.octets + packet.len, octets, len);
    packet.len += len;
}

static void put8(unsigned value)
{
    uint8_t octet = (uint8_t)value;
    put(&octet, 1);
}

static void put16(unsigned value)
{
    put8(value >> 8);
    put8(value);
}

static void put32(uint32_t value)
{
    put16(value >> 16);
    put16(value);
}

/* "a.b" as labels; "" is the root. */
static void put_name(const char *text)
{
    while (*text) {
        size_t len = strcspn(text, ".");
        put8((unsigned)len);
        put(text, len);
        text += len + (text[len] == '.');
    }
    put8(0);
}

/* A header with one question; flags 0x8180: an answer from a resolver. */
static void begin(const char *name, enum rr_type type, unsigned rcode,
                  unsigned answers, unsigned authorities, unsigned additionals)
{
    packet.len = 0;
    put16(0x1234);
    put16(0x8180 | rcode);
    put16(1);
    put16(answers);
    put16(authorities);
    put16(additionals);
    put_name(name);
    put16(type);
    put16(CLASS_IN);
}

static void put_rr(const char *owner, enum rr_type type, uint32_t ttl,
                   const void *rdata, size_t len)
{
    put_name(owner);
    put16(type);
    put16(CLASS_IN);
    put32(ttl);
    put16((unsigned)len);
    put(rdata, len);
}

static void put_name_rr(const char *owner, enum rr_type type, uint32_t ttl,
                        const char *target)
{
    size_t before;

    put_name(owner);
    put16(type);
    put16(CLASS_IN);
    put32(ttl);
    put16(0);
    before = packet.len;
    put_name(target);
    packet.octets[before - 1] = (uint8_t)(packet.len - before);
}

static void put_soa(const char *owner, uint32_t ttl, uint32_t minimum)
{
    put_name(owner);
    put16(RR_SOA);
    put16(CLASS_IN);
    put32(ttl);
    put16(2 + 20);
    put_name("");
    put_name("");
    for (size_t i = 0; i < 4; i++)
        put32(1);
    put32(minimum);
}

static int read_packet(void)
{
    /* On the heap, so that a sanitizer sees what is read past its end. */
    uint8_t *copy = malloc(packet.len ? packet.len : 1);
    int error;

    assert_non_null(copy);
    memcpy(copy, packet.octets, packet.len);
    error = dns_message_read(copy, packet.len, CHAIN_MAX, &message);
    free(copy);
    return error;
}

/* The same, with the packet kept for what points into it. */
static void read_kept(void)
{
    assert_int_equal(
        dns_message_read(packet.octets, packet.len, CHAIN_MAX, &message), 0);
}

static void assert_owner(const char *name)
{
    char text[DNS_NAME_TEXT_MAX + 1];

    dns_name_text(&message.owner, text);
    assert_string_equal(text, name);
}

static void test_answer(void **state)
{
    (void)state;
    begin("Example.COM", RR_TXT, 0, 2, 0, 0);
    put_rr("example.com", RR_TXT, 300, "\003one", 4);
    put_rr("EXAMPLE.com", RR_TXT, 200, "\003two", 4);
    read_kept();
    assert_int_equal(message.id, 0x1234);
    assert_int_equal(message.rcode, DNS_NOERROR);
    assert_int_equal(message.type, RR_TXT);
    assert_false(message.truncated);
    assert_int_equal(message.cnames, 0);
    assert_int_equal(message.ttl, 200);
    assert_int_equal(message.count, 2);
    assert_int_equal(message.ede, -1);
    assert_int_equal(message.rrs[1].len, 4);
    assert_memory_equal(message.rrs[1].rdata, "\003two", 4);
    assert_owner("example.com");
}

static void test_what_does_not_count(void **state)
{
    (void)state;
    begin("example.com", RR_A, 0, 5, 0, 0);
    put_rr("other.example.com", RR_A, 1, "\001\002\003\004", 4);
    put_rr("example.com", RR_TXT, 1, "\001x", 2);
    put_rr("example.com", RR_A, 300, "\001\002\003\004", 4);
    put_rr("example.com", RR_A, 300, "\001\002\003\004", 4); /* twice */
    put_rr("example.com", RR_RRSIG, 1, "\000\001junk", 6);
    read_kept();
    assert_int_equal(message.count, 1);
    assert_int_equal(message.ttl, 300);
    assert_true(message.rrsig);
}

static void test_other_class(void **state)
{
    (void)state;
    begin("example.com", RR_A, 0, 1, 0, 0);
    put_name("example.com");
    put16(RR_A);
    put16(3); /* CHAOS */
    put32(300);
    put16(4);
    put32(0);
    read_kept();
    assert_int_equal(message.count, 0);
}

/* MX and NS names come compressed and are kept written out. */
static void test_compressed_rdata(void **state)
{
    struct dns_name name;
    char text[DNS_NAME_TEXT_MAX + 1];

    (void)state;
    begin("example.com", RR_MX, 0, 2, 0, 0);
    put(POINTER_TO_QUESTION, 2);
    put16(RR_MX);
    put16(CLASS_IN);
    put32(60);
    put16(2 + 5 + 2);
    put16(10);
    put("\004MAIL" POINTER_TO_QUESTION, 7);
    put(POINTER_TO_QUESTION, 2);
    put16(RR_MX);
    put16(CLASS_IN);
    put32(60);
    put16(3);
    put16(0);
    put8(0);
    read_kept();
    assert_int_equal(message.count, 2);
    assert_int_equal(message.rrs[0].len, 2 + 18);
    assert_memory_equal(message.rrs[0].rdata,
                        "\000\012\004mail\007example\003com", 20);
    assert_int_equal(message.rrs[1].len, 3);
    assert_int_equal(dns_rdata_name(&message.rrs[0], 2, &name), 0);
    dns_name_text(&name, text);
    assert_string_equal(text, "mail.example.com");
    assert_int_equal(dns_rdata_name(&message.rrs[1], 2, &name), 0);
    dns_name_text(&name, text);
    assert_string_equal(text, ".");
    assert_int_equal(dns_rdata_name(&message.rrs[0], 3, &name),
                     -MTASTS_ESYNTAX);
    assert_int_equal(dns_rdata_name(&message.rrs[0], 20, &name),
                     -MTASTS_ESYNTAX);
    assert_int_equal(dns_rdata_name(&message.rrs[0], 99, &name),
                     -MTASTS_ESYNTAX);
}

static void test_chain(void **state)
{
    (void)state;
    begin("a.test", RR_TXT, 0, 4, 0, 0);
    put_name_rr("a.test", RR_CNAME, 300, "b.test");
    put_name_rr("b.test", RR_CNAME, 20, "c.test");
    put_rr("c.test", RR_TXT, 100, "\001x", 2);
    put_rr("a.test", RR_TXT, 1, "\001y", 2); /* beside a CNAME: ignored */
    read_kept();
    assert_int_equal(message.cnames, 2);
    assert_int_equal(message.ttl, 20);
    assert_int_equal(message.count, 1);
    assert_memory_equal(message.rrs[0].rdata, "\001x", 2);
    assert_owner("c.test");
}

/* No order is promised among the RRs. */
static void test_chain_out_of_order(void **state)
{
    (void)state;
    begin("a.test", RR_TXT, 0, 3, 0, 0);
    put_rr("c.test", RR_TXT, 100, "\001x", 2);
    put_name_rr("b.test", RR_CNAME, 300, "c.test");
    put_name_rr("a.test", RR_CNAME, 300, "b.test");
    read_kept();
    assert_int_equal(message.cnames, 2);
    assert_int_equal(message.count, 1);
}

static void test_asked_for_cname(void **state)
{
    (void)state;
    begin("a.test", RR_CNAME, 0, 1, 0, 0);
    put_name_rr("a.test", RR_CNAME, 300, "b.test");
    read_kept();
    assert_int_equal(message.cnames, 0);
    assert_int_equal(message.count, 1);
}

static void chain_of(unsigned length)
{
    begin("0.test", RR_TXT, 0, length + 1, 0, 0);
    for (unsigned i = 0; i < length; i++) {
        char from[32];
        char to[32];
        snprintf(from, sizeof(from), "%u.test", i);
        snprintf(to, sizeof(to), "%u.test", i + 1);
        put_name_rr(from, RR_CNAME, 300, to);
    }
    char end[32];
    snprintf(end, sizeof(end), "%u.test", length);
    put_rr(end, RR_TXT, 300, "\001x", 2);
    read_kept();
}

static void test_chain_limit(void **state)
{
    (void)state;
    chain_of(CHAIN_MAX);
    assert_int_equal(message.cnames, CHAIN_MAX);
    assert_int_equal(message.count, 1);
    chain_of(CHAIN_MAX + 1);
    assert_int_equal(message.cnames, CHAIN_MAX + 1);
    assert_int_equal(message.count, 0);
    assert_false(message.loop);
}

static void test_chain_loop(void **state)
{
    (void)state;
    begin("a.test", RR_TXT, 0, 2, 0, 0);
    put_name_rr("a.test", RR_CNAME, 300, "b.test");
    put_name_rr("b.test", RR_CNAME, 300, "a.test");
    read_kept();
    assert_true(message.loop);
    assert_int_equal(message.count, 0);
    begin("a.test", RR_TXT, 0, 1, 0, 0);
    put_name_rr("a.test", RR_CNAME, 300, "a.test");
    read_kept();
    assert_true(message.loop);
}

static void test_dname(void **state)
{
    (void)state;
    /* as RFC 6672 has it: with the CNAME that it makes */
    begin("x.old.test", RR_TXT, 0, 3, 0, 0);
    put_name_rr("old.test", RR_DNAME, 300, "new.test");
    put_name_rr("x.old.test", RR_CNAME, 300, "x.new.test");
    put_rr("x.new.test", RR_TXT, 300, "\001x", 2);
    read_kept();
    assert_int_equal(message.cnames, 1);
    assert_int_equal(message.count, 1);
    /* and without */
    begin("x.y.old.test", RR_TXT, 0, 2, 0, 0);
    put_name_rr("old.test", RR_DNAME, 300, "new.test");
    put_rr("x.y.new.test", RR_TXT, 300, "\001x", 2);
    read_kept();
    assert_int_equal(message.cnames, 1);
    assert_int_equal(message.count, 1);
    assert_owner("x.y.new.test");
    /* a DNAME is of what is below its owner, not of the owner */
    begin("old.test", RR_TXT, 0, 1, 0, 0);
    put_name_rr("old.test", RR_DNAME, 300, "new.test");
    read_kept();
    assert_int_equal(message.cnames, 0);
    /* nor of a name that only ends alike */
    begin("xold.test", RR_TXT, 0, 1, 0, 0);
    put_name_rr("old.test", RR_DNAME, 300, "new.test");
    read_kept();
    assert_int_equal(message.cnames, 0);
}

static void test_denials(void **state)
{
    (void)state;
    begin("a.test", RR_TXT, DNS_NXDOMAIN, 0, 1, 0);
    put_soa("test", 3600, 60);
    read_kept();
    assert_int_equal(message.rcode, DNS_NXDOMAIN);
    assert_int_equal(message.ttl, 60);
    assert_int_equal(message.count, 0);

    begin("a.test", RR_TXT, 0, 0, 1, 0);
    put_soa("test", 30, 60);
    read_kept();
    assert_int_equal(message.ttl, 30);

    begin("a.test", RR_TXT, 0, 1, 1, 0); /* the alias lives shorter */
    put_name_rr("a.test", RR_CNAME, 10, "b.test");
    put_soa("test", 3600, 60);
    read_kept();
    assert_int_equal(message.ttl, 10);

    begin("a.test", RR_TXT, 0, 0, 0, 0); /* no SOA: not to be kept */
    read_kept();
    assert_int_equal(message.ttl, 0);

    begin("a.test", RR_TXT, 0, 1, 1, 0); /* no denial: SOA does not matter */
    put_rr("a.test", RR_TXT, 300, "\001x", 2);
    put_soa("test", 30, 60);
    read_kept();
    assert_int_equal(message.ttl, 300);
}

static void test_ttl_out_of_range(void **state)
{
    (void)state;
    begin("a.test", RR_TXT, 0, 1, 0, 0);
    put_rr("a.test", RR_TXT, 0x80000000, "\001x", 2);
    read_kept();
    assert_int_equal(message.ttl, 0); /* RFC 2181 8 */
}

static void put_opt(unsigned extended, const void *options, size_t len)
{
    put_name("");
    put16(RR_OPT);
    put16(1232);
    put8(extended);
    put8(0);
    put16(0x8000);
    put16((unsigned)len);
    put(options, len);
}

static void test_edns(void **state)
{
    (void)state;
    begin("a.test", RR_TXT, 0, 0, 0, 1);
    put_opt(1, "", 0);
    read_kept();
    assert_int_equal(message.rcode, 16); /* BADVERS */

    begin("a.test", RR_TXT, DNS_SERVFAIL, 0, 0, 1);
    put_opt(0, "\000\012\000\002ab\000\017\000\007\000\006why\033\377", 17);
    read_kept();
    assert_int_equal(message.rcode, DNS_SERVFAIL);
    assert_int_equal(message.ede, 6);
    assert_string_equal(message.ede_text, "why??");

    begin("a.test", RR_TXT, DNS_SERVFAIL, 0, 0, 1);
    put_opt(0, "\000\017\000\001x", 5); /* too short: none */
    read_kept();
    assert_int_equal(message.ede, -1);

    begin("a.test", RR_TXT, DNS_SERVFAIL, 0, 0, 1);
    put_opt(0, "\000\017\000\377\000\001", 6); /* longer than the options */
    read_kept();
    assert_int_equal(message.ede, -1);
}

static void test_truncated_flag(void **state)
{
    (void)state;
    begin("a.test", RR_TXT, 0, 0, 0, 0);
    packet.octets[2] |= 2;
    read_kept();
    assert_true(message.truncated);
}

static void test_many_records(void **state)
{
    (void)state;
    begin("a.test", RR_A, 0, 200, 0, 0);
    for (unsigned i = 0; i < 200; i++) {
        uint8_t rdata[4] = {192, 0, 2, (uint8_t)i};
        put_rr("a.test", RR_A, 300, rdata, 4);
    }
    read_kept();
    assert_int_equal(message.count, FACTS_RR_MAX);
    assert_int_equal(message.omitted, 200 - FACTS_RR_MAX);
}

/* Each prefix of a message is refused, whatever it cuts. */
static void test_every_cut(void **state)
{
    size_t whole;

    (void)state;
    begin("example.com", RR_MX, 0, 2, 1, 1);
    put_name_rr("example.com", RR_CNAME, 300, "b.example.com");
    put_rr("b.example.com", RR_MX, 300, "\000\012\001m\000", 5);
    put_soa("com", 1, 1);
    put_opt(0, "\000\017\000\002\000\006", 6);
    whole = packet.len;
    assert_int_equal(read_packet(), 0);
    for (packet.len = 0; packet.len < whole; packet.len++)
        assert_int_equal(read_packet(), -MTASTS_ESYNTAX);
}

static void test_bad_headers(void **state)
{
    (void)state;
    begin("a.test", RR_A, 0, 0, 0, 0);
    packet.octets[2] &= 0x7f; /* a question */
    assert_int_equal(read_packet(), -MTASTS_ESYNTAX);
    begin("a.test", RR_A, 0, 0, 0, 0);
    packet.octets[5] = 0; /* no question */
    assert_int_equal(read_packet(), -MTASTS_ESYNTAX);
    begin("a.test", RR_A, 0, 0, 0, 0);
    packet.octets[5] = 2;
    assert_int_equal(read_packet(), -MTASTS_ESYNTAX);
    for (size_t section = 0; section < 3; section++) {
        begin("a.test", RR_A, 0, 0, 0, 0);
        packet.octets[6 + 2 * section] = 0xff;
        assert_int_equal(read_packet(), -MTASTS_ESYNTAX);
    }
}

struct bad_rr {
    const char *what;
    enum rr_type asked;
    enum rr_type type;
    const char *rdata;
    size_t len;
};

static const struct bad_rr BAD_RRS[] = {
    {"short A", RR_A, RR_A, "\001\002\003", 3},
    {"long A", RR_A, RR_A, "\001\002\003\004\005", 5},
    {"short AAAA", RR_AAAA, RR_AAAA, "\001\002\003\004", 4},
    {"empty MX", RR_MX, RR_MX, "", 0},
    {"MX without name", RR_MX, RR_MX, "\000\012", 2},
    {"MX name too short", RR_MX, RR_MX, "\000\012\004mail", 7},
    {"junk after an MX name", RR_MX, RR_MX, "\000\012\001m\000x", 6},
    {"NS with junk", RR_NS, RR_NS, "\001m\000x", 4},
    {"empty CNAME", RR_A, RR_CNAME, "", 0},
    {"CNAME with junk", RR_A, RR_CNAME, "\001m\000x", 4},
    {"CNAME past the end", RR_A, RR_CNAME, "\077m", 2},
    {"label type 01", RR_A, RR_CNAME, "\100m", 2},
    {"label type 10", RR_A, RR_CNAME, "\200m", 2},
    {"pointer forward", RR_A, RR_CNAME, "\377\377", 2},
    {"pointer to itself", RR_A, RR_CNAME, "\300\052", 2},
};

static void test_bad_rdata(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(BAD_RRS); i++) {
        const struct bad_rr *row = &BAD_RRS[i];
        begin("a.test", row->asked, 0, 1, 0, 0);
        put_rr("a.test", row->type, 300, row->rdata, row->len);
        if (read_packet() != -MTASTS_ESYNTAX)
            fail_msg("%s was taken", row->what);
    }
}

/* Pointers to pointers: a name may have as many as labels, no more. */
static void pointer_chain(unsigned pointers)
{
    begin("a.test", RR_A, 0, 2, 0, 0);
    put_name("");
    put16(99);
    put16(CLASS_IN);
    put32(1);
    put16(2 * (pointers - 1));
    unsigned at = (unsigned)packet.len;
    put(POINTER_TO_QUESTION, 2);
    for (unsigned i = 1; i + 1 < pointers; i++)
        put16(0xc000 | (at + 2 * (i - 1)));
    unsigned last = at + 2 * (pointers - 2);
    put16(0xc000 | last);
    put16(RR_A);
    put16(CLASS_IN);
    put32(300);
    put16(4);
    put32(1);
}

static void test_pointer_chain(void **state)
{
    (void)state;
    pointer_chain(DNS_POINTERS_MAX);
    assert_int_equal(read_packet(), 0);
    assert_int_equal(message.count, 1);
    pointer_chain(DNS_POINTERS_MAX + 1);
    assert_int_equal(read_packet(), -MTASTS_ESYNTAX);
}

/* 255 octets are a name, 256 are none; by pointer too. */
static void test_name_length(void **state)
{
    char label[64];
    char name[256];

    (void)state;
    memset(label, 'x', 63);
    label[63] = '\0';
    snprintf(name, sizeof(name), "%s.%s.%s.%.61s", label, label, label, label);
    begin(name, RR_A, 0, 0, 0, 0);
    assert_int_equal(read_packet(), 0);
    assert_int_equal(message.question.len, DNS_NAME_WIRE_MAX);
    snprintf(name, sizeof(name), "%s.%s.%s.%.62s", label, label, label, label);
    begin(name, RR_A, 0, 0, 0, 0);
    assert_int_equal(read_packet(), -MTASTS_ESYNTAX);

    snprintf(name, sizeof(name), "%s.%s.%s.%.61s", label, label, label, label);
    begin(name, RR_A, 0, 1, 0, 0);
    put("\001a" POINTER_TO_QUESTION, 4);
    put16(RR_A);
    put16(CLASS_IN);
    put32(300);
    put16(4);
    put32(1);
    assert_int_equal(read_packet(), -MTASTS_ESYNTAX);
}

static void test_escapes(void **state)
{
    static const char *const texts[] = {"a\\.b\\\\c.test", "\\000\\255\\032.x"};
    static const struct dns_name names[] = {
        {.octets = "\005a.b\\c\004test", .len = 12},
        {.octets = "\003\000\377 \001x", .len = 7},
    };
    char text[DNS_NAME_TEXT_MAX + 1];

    (void)state;
    for (size_t i = 0; i < ELEMENTS(texts); i++) {
        dns_name_text(&names[i], text);
        assert_string_equal(text, texts[i]);
    }
}

/* The longest text that a name can become fits. */
static void test_longest_text(void **state)
{
    struct dns_name name = {.len = 0};
    char text[DNS_NAME_TEXT_MAX + 1];
    size_t lens[] = {63, 63, 63, 61};

    (void)state;
    for (size_t i = 0; i < ELEMENTS(lens); i++) {
        name.octets[name.len++] = (uint8_t)lens[i];
        memset(name.octets + name.len, 0xff, lens[i]);
        name.len += lens[i];
    }
    name.octets[name.len++] = 0;
    assert_int_equal(name.len, DNS_NAME_WIRE_MAX);
    dns_name_text(&name, text);
    assert_int_equal(strlen(text), 4 * 250 + 3);
    assert_true(strlen(text) <= DNS_NAME_TEXT_MAX);
}

struct name_row {
    const char *text;
    int error;
    size_t len;
};

static const struct name_row NAMES[] = {
    {"example.com", 0, 13},
    {"Example.com.", 0, 13},
    {"_25._tcp.mx.example.com", 0, 25},
    {".", 0, 1},
    {"", -MTASTS_ENAME, 0},
    {"..", -MTASTS_ENAME, 0},
    {".com", -MTASTS_ENAME, 0},
    {"a..b", -MTASTS_ENAME, 0},
    {"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
     -MTASTS_ENAME, 0},
};

static void test_name_parse(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(NAMES); i++) {
        struct dns_name name = {.len = 999};
        int error = dns_name_parse(NAMES[i].text, &name);
        assert_int_equal(error, NAMES[i].error);
        assert_int_equal(name.len, error ? 999 : NAMES[i].len);
    }
}

static void test_query(void **state)
{
    static const uint8_t expected[] =
        "\022\064\001\020\000\001\000\000\000\000\000\001"
        "\001a\004test\000\000\020\000\001"
        "\000\000\051\004\320\000\000\200\000\000";
    uint8_t query[DNS_QUERY_MAX];
    int len = dns_message_query(0x1234, "a.test", RR_TXT, true, query);

    (void)state;
    assert_int_equal(len, sizeof(expected));
    assert_memory_equal(query, expected, sizeof(expected));
    len = dns_message_query(0x1234, "a.test", RR_TXT, false, query);
    assert_int_equal(len, sizeof(expected));
    assert_int_equal(query[3], 0);
    assert_int_equal(dns_message_query(1, "a..b", RR_TXT, true, query),
                     -MTASTS_ENAME);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answer),
        cmocka_unit_test(test_what_does_not_count),
        cmocka_unit_test(test_other_class),
        cmocka_unit_test(test_compressed_rdata),
        cmocka_unit_test(test_chain),
        cmocka_unit_test(test_chain_out_of_order),
        cmocka_unit_test(test_asked_for_cname),
        cmocka_unit_test(test_chain_limit),
        cmocka_unit_test(test_chain_loop),
        cmocka_unit_test(test_dname),
        cmocka_unit_test(test_denials),
        cmocka_unit_test(test_ttl_out_of_range),
        cmocka_unit_test(test_edns),
        cmocka_unit_test(test_truncated_flag),
        cmocka_unit_test(test_many_records),
        cmocka_unit_test(test_every_cut),
        cmocka_unit_test(test_bad_headers),
        cmocka_unit_test(test_bad_rdata),
        cmocka_unit_test(test_pointer_chain),
        cmocka_unit_test(test_name_length),
        cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_longest_text),
        cmocka_unit_test(test_name_parse),
        cmocka_unit_test(test_query),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
