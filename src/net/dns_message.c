/*
 * dns_message: one DNS answer as values (RFC 1035, 2308, 6672, 6891, 8914).
 *
 * A cursor with a sticky error goes over the packet. Names are taken out of
 * their compression with two bounds: a pointer must lead backwards, and the
 * name must not get longer than 255 octets. The sections after the answer
 * are read for the denial's SOA and for EDNS only.
 *
 * Does not check the DNS' own rules (a CNAME beside other data, out of zone
 * records): that is the resolver's work before this sees the packet.
 */
#include "net/dns_message.h"

#include "base/cleanup.h"
#include <mtasts/error.h>
#include <string.h>

#define HEADER_LEN 12u
#define FLAG_QR 0x8000u
#define FLAG_TC 0x0200u
#define FLAG_RD 0x0100u
#define FLAG_CD 0x0010u
#define CLASS_IN 1u
#define EDNS_SIZE 1232u /* what passes every path (DNS flag day 2020) */
#define OPTION_EDE 15u  /* RFC 8914 */
#define LABEL_POINTER 0xc0u

struct cursor {
    const uint8_t *packet;
    size_t len;
    size_t at;
    bool bad;
};

struct rr {
    struct dns_name owner;
    uint16_t type;
    uint16_t class;
    uint32_t ttl;
    size_t rdata; /* offset in the packet */
    size_t len;
};

static uint8_t read8(struct cursor *cursor)
{
    if (cursor->bad || cursor->at >= cursor->len) {
        cursor->bad = true;
        return 0;
    }
    return cursor->packet[cursor->at++];
}

static uint16_t read16(struct cursor *cursor)
{
    unsigned high = read8(cursor);

    return (uint16_t)(high << 8 | read8(cursor));
}

static uint32_t read32(struct cursor *cursor)
{
    uint32_t high = read16(cursor);

    return high << 16 | read16(cursor);
}

static void skip(struct cursor *cursor, size_t len)
{
    if (cursor->bad || len > cursor->len - cursor->at)
        cursor->bad = true;
    else
        cursor->at += len;
}

/*
 * Reads a name and leaves the cursor behind it. Each pointer must lead to
 * before where the one before led, there are only so many of them, and every
 * label makes the name longer: so this ends, and soon.
 */
static void read_name(struct cursor *cursor, struct dns_name *name)
{
    struct cursor walk = *cursor;
    size_t lowest = cursor->at;
    unsigned jumps = 0;

    name->len = 0;
    for (;;) {
        size_t start = walk.at;
        uint8_t len = read8(&walk);
        if ((len & LABEL_POINTER) == LABEL_POINTER) {
            size_t target = (size_t)(len & ~LABEL_POINTER) << 8;
            target |= read8(&walk);
            if (jumps++ == 0)
                cursor->at = walk.at;
            if (target >= lowest || jumps > DNS_POINTERS_MAX)
                walk.bad = true;
            lowest = target;
            walk.at = target;
        } else if ((len & LABEL_POINTER) != 0) {
            walk.bad = true;
        } else {
            skip(&walk, len);
            if (!walk.bad &&
                !dns_name_add_label(name, walk.packet + start + 1, len))
                walk.bad = true;
        }
        if (walk.bad || len == 0)
            break;
    }
    if (jumps == 0)
        cursor->at = walk.at;
    cursor->bad = cursor->bad || walk.bad;
}

static void read_rr(struct cursor *cursor, struct rr *rr)
{
    read_name(cursor, &rr->owner);
    rr->type = read16(cursor);
    rr->class = read16(cursor);
    rr->ttl = read32(cursor);
    rr->len = read16(cursor);
    rr->rdata = cursor->at;
    skip(cursor, rr->len);
    if (rr->ttl > INT32_MAX) /* RFC 2181 8 */
        rr->ttl = 0;
}

/* A name in rdata, which must end where the rdata ends. */
static bool rdata_name(const struct cursor *cursor, const struct rr *rr,
                       size_t offset, struct dns_name *name)
{
    struct cursor walk = *cursor;

    walk.at = rr->rdata;
    walk.bad = false;
    skip(&walk, offset);
    read_name(&walk, name);
    return !walk.bad && offset < rr->len && walk.at == rr->rdata + rr->len;
}

static void least_ttl(struct dns_message *message, uint32_t ttl)
{
    message->ttl = MIN_OF(message->ttl, ttl);
}

/* Keeps rdata as it is, or with its name written out. */
static bool keep_rdata(const struct cursor *cursor, const struct rr *rr,
                       struct dns_message *message)
{
    size_t fixed = rr->type == RR_MX ? 2 : 0;
    struct dns_rr *kept = &message->rrs[message->count];
    struct dns_name name;

    if ((rr->type == RR_A && rr->len != 4) ||
        (rr->type == RR_AAAA && rr->len != 16))
        return false;
    if (rr->type != RR_MX && rr->type != RR_NS) {
        *kept = (struct dns_rr){cursor->packet + rr->rdata, rr->len};
        return true;
    }
    if (!rdata_name(cursor, rr, fixed, &name))
        return false;
    uint8_t *copy = message->names[message->count];
    memcpy(copy, cursor->packet + rr->rdata, fixed);
    memcpy(copy + fixed, name.octets, name.len);
    *kept = (struct dns_rr){copy, fixed + name.len};
    return true;
}

static bool kept_already(const struct dns_message *message)
{
    const struct dns_rr *last = &message->rrs[message->count];

    for (size_t i = 0; i < message->count; i++)
        if (message->rrs[i].len == last->len &&
            memcmp(message->rrs[i].rdata, last->rdata, last->len) == 0)
            return true;
    return false;
}

static bool take_record(const struct cursor *cursor, const struct rr *rr,
                        struct dns_message *message)
{
    if (message->count == FACTS_RR_MAX) {
        message->omitted++;
        return true;
    }
    if (!keep_rdata(cursor, rr, message))
        return false;
    if (!kept_already(message))
        message->count++;
    least_ttl(message, rr->ttl);
    return true;
}

/*
 * RFC 6672 3.4: the labels of `name` before `owner`, then `target`. False
 * if `name` is not below `owner` or would get too long.
 */
static bool substitute(const struct dns_name *name,
                       const struct dns_name *owner,
                       const struct dns_name *target, struct dns_name *ret)
{
    size_t prefix = 0;

    while (prefix < name->len && name->len - prefix > owner->len)
        prefix += 1u + name->octets[prefix];
    if (prefix == 0 || name->len - prefix != owner->len ||
        memcmp(name->octets + prefix, owner->octets, owner->len) != 0 ||
        prefix + target->len > DNS_NAME_WIRE_MAX)
        return false;
    memcpy(ret->octets, name->octets, prefix);
    memcpy(ret->octets + prefix, target->octets, target->len);
    ret->len = prefix + target->len;
    return true;
}

/* What moves the chain on: where to, if `rr` does. */
static bool alias_of(const struct cursor *cursor, const struct rr *rr,
                     const struct dns_name *owner, bool *ret_bad,
                     struct dns_name *ret_next)
{
    struct dns_name target;

    if (rr->type != RR_CNAME && rr->type != RR_DNAME)
        return false;
    if (rr->type == RR_CNAME && !dns_name_equal(&rr->owner, owner))
        return false;
    if (!rdata_name(cursor, rr, 0, &target)) {
        *ret_bad = true;
        return false;
    }
    if (rr->type == RR_DNAME)
        return substitute(owner, &rr->owner, &target, ret_next);
    *ret_next = target;
    return true;
}

/* Whether a CNAME of the chain stands in the section: a DNAME beside it was
   only its reason and does not count. */
static bool has_cname(struct cursor section, unsigned count,
                      const struct dns_name *owner)
{
    struct rr rr;

    for (unsigned i = 0; i < count && !section.bad; i++) {
        read_rr(&section, &rr);
        if (rr.type == RR_CNAME && dns_name_equal(&rr.owner, owner))
            return true;
    }
    return false;
}

/* One alias further, if the section has one for where the chain is. */
static bool step(const struct cursor *section, unsigned count,
                 struct dns_message *message, bool *ret_bad)
{
    struct cursor cursor = *section;
    bool cname = has_cname(*section, count, &message->owner);
    struct rr rr;
    struct dns_name next;

    for (unsigned i = 0; i < count; i++) {
        read_rr(&cursor, &rr);
        if (rr.class != CLASS_IN || (cname && rr.type == RR_DNAME))
            continue;
        if (alias_of(section, &rr, &message->owner, ret_bad, &next)) {
            message->owner = next;
            message->cnames++;
            least_ttl(message, rr.ttl);
            return true;
        }
        if (*ret_bad)
            return false;
    }
    return false;
}

/* Follows aliases. A chain longer than the section has RRs is a loop. */
static bool walk_chain(const struct cursor *section, unsigned count,
                       unsigned chain_max, struct dns_message *message)
{
    bool bad = false;

    if (message->type == RR_CNAME)
        return true;
    while (message->cnames <= chain_max &&
           step(section, count, message, &bad)) {
        if (message->cnames > count) {
            message->loop = true;
            break;
        }
    }
    return !bad;
}

static uint16_t covered_type(const struct cursor *cursor, const struct rr *rr)
{
    struct cursor walk = *cursor;

    walk.at = rr->rdata;
    return rr->len >= 2 ? read16(&walk) : 0;
}

/* The records of the asked type at the end of the chain. */
static bool take_records(const struct cursor *section, unsigned count,
                         struct dns_message *message)
{
    struct cursor cursor = *section;
    struct rr rr;

    for (unsigned i = 0; i < count; i++) {
        read_rr(&cursor, &rr);
        if (rr.class != CLASS_IN || !dns_name_equal(&rr.owner, &message->owner))
            continue;
        if (rr.type == message->type && !take_record(section, &rr, message))
            return false;
        if (rr.type == RR_RRSIG && covered_type(section, &rr) == message->type)
            message->rrsig = true;
    }
    return true;
}

/* Goes over a section; false if it is broken. */
static bool pass(struct cursor *cursor, unsigned count)
{
    struct rr rr;

    for (unsigned i = 0; i < count && !cursor->bad; i++)
        read_rr(cursor, &rr);
    return !cursor->bad;
}

static bool read_answer(struct cursor *cursor, unsigned count,
                        unsigned chain_max, struct dns_message *message)
{
    struct cursor section = *cursor;

    if (!pass(cursor, count) ||
        !walk_chain(&section, count, chain_max, message))
        return false;
    if (message->loop || message->cnames > chain_max)
        return true;
    return take_records(&section, count, message);
}

/* RFC 2308 5: a denial lives as long as the SOA and its MINIMUM say. */
static void read_authority(struct cursor *cursor, unsigned count,
                           struct dns_message *message)
{
    struct rr rr;
    bool denial = message->count == 0;
    bool found = false;

    for (unsigned i = 0; i < count && !cursor->bad; i++) {
        read_rr(cursor, &rr);
        if (!denial || cursor->bad || rr.type != RR_SOA || rr.len < 22)
            continue;
        struct cursor walk = *cursor;
        walk.at = rr.rdata + rr.len - 4;
        uint32_t minimum = read32(&walk);
        least_ttl(message, MIN_OF(rr.ttl, minimum));
        found = true;
    }
    if (denial && !found)
        message->ttl = 0;
}

static void read_ede(struct cursor option, size_t len,
                     struct dns_message *message)
{
    size_t kept = MIN_OF(len - 2, DNS_EDE_TEXT_MAX);

    message->ede = read16(&option);
    for (size_t i = 0; i < kept; i++) {
        uint8_t octet = read8(&option);
        message->ede_text[i] =
            octet >= 0x20 && octet < 0x7f ? (char)octet : '?';
    }
    message->ede_text[kept] = '\0';
}

static void read_options(struct cursor options, size_t end,
                         struct dns_message *message)
{
    while (!options.bad && options.at + 4 <= end) {
        uint16_t code = read16(&options);
        uint16_t len = read16(&options);
        if (len > end - options.at)
            return;
        if (code == OPTION_EDE && len >= 2 && message->ede < 0)
            read_ede(options, len, message);
        skip(&options, len);
    }
}

static void read_additional(struct cursor *cursor, unsigned count,
                            struct dns_message *message)
{
    struct rr rr;

    for (unsigned i = 0; i < count && !cursor->bad; i++) {
        read_rr(cursor, &rr);
        if (cursor->bad || rr.type != RR_OPT)
            continue;
        struct cursor options = *cursor;
        options.at = rr.rdata;
        /* The upper eight bits of the RCODE stand in the TTL. */
        struct cursor flags = *cursor;
        flags.at = rr.rdata - 6;
        message->rcode |= (unsigned)read8(&flags) << 4;
        read_options(options, rr.rdata + rr.len, message);
    }
}

int dns_message_read(const uint8_t *packet, size_t len, unsigned chain_max,
                     struct dns_message *message)
{
    struct cursor cursor = {.packet = packet, .len = len};
    unsigned flags, questions, answers, authorities, additionals;

    if (len < HEADER_LEN || len > DNS_MESSAGE_MAX)
        return -MTASTS_ESYNTAX;
    /* All but the rdata store, which is large and written before read. */
    memset(message, 0, offsetof(struct dns_message, names));
    message->ede = -1;
    message->ttl = INT32_MAX;
    message->id = read16(&cursor);
    flags = read16(&cursor);
    questions = read16(&cursor);
    answers = read16(&cursor);
    authorities = read16(&cursor);
    additionals = read16(&cursor);
    message->rcode = flags & 15;
    message->truncated = (flags & FLAG_TC) != 0;
    if (!(flags & FLAG_QR) || questions != 1 || answers > DNS_SECTION_RRS_MAX ||
        authorities > DNS_SECTION_RRS_MAX || additionals > DNS_SECTION_RRS_MAX)
        return -MTASTS_ESYNTAX;
    read_name(&cursor, &message->question);
    message->type = read16(&cursor);
    skip(&cursor, 2);
    message->owner = message->question;
    if (cursor.bad || !read_answer(&cursor, answers, chain_max, message))
        return -MTASTS_ESYNTAX;
    read_authority(&cursor, authorities, message);
    read_additional(&cursor, additionals, message);
    return cursor.bad ? -MTASTS_ESYNTAX : 0;
}

static size_t put16(uint8_t *out, unsigned value)
{
    out[0] = (uint8_t)(value >> 8);
    out[1] = (uint8_t)value;
    return 2;
}

int dns_message_query(uint16_t id, const char *name, enum rr_type type,
                      bool checking_disabled, uint8_t ret_query[DNS_QUERY_MAX])
{
    /* One question, one additional record: EDNS. */
    static const uint8_t counts[] = {0, 1, 0, 0, 0, 0, 0, 1};
    static const uint8_t edns[] = {
        0,
        0,
        RR_OPT, /* root, type */
        EDNS_SIZE >> 8,
        EDNS_SIZE & 0xff, /* class */
        0,
        0,
        0x80,
        0, /* TTL: DO */
        0,
        0, /* no options */
    };
    struct dns_name wire;
    size_t len = put16(ret_query, id);

    if (dns_name_parse(name, &wire) < 0)
        return -MTASTS_ENAME;
    len += put16(ret_query + len, FLAG_RD | (checking_disabled ? FLAG_CD : 0));
    memcpy(ret_query + len, counts, sizeof(counts));
    len += sizeof(counts);
    memcpy(ret_query + len, wire.octets, wire.len);
    len += wire.len;
    len += put16(ret_query + len, type);
    len += put16(ret_query + len, CLASS_IN);
    memcpy(ret_query + len, edns, sizeof(edns));
    return (int)(len + sizeof(edns));
}

int dns_rdata_name(const struct dns_rr *rr, size_t offset,
                   struct dns_name *ret_name)
{
    struct cursor cursor = {.packet = rr->rdata, .len = rr->len};
    struct rr whole = {.rdata = 0, .len = rr->len};
    struct dns_name name;

    if (!rdata_name(&cursor, &whole, offset, &name))
        return -MTASTS_ESYNTAX;
    *ret_name = name;
    return 0;
}
