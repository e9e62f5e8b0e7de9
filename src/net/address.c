/*
 * address: IPv4 and IPv6 addresses as text (RFC 5952), as values, and as
 * what the world can or cannot reach.
 *
 * Private is all that IANA's special-purpose registries (RFC 6890 and what
 * followed) do not call globally reachable, and all of IPv6 that is not
 * 2000::/3. An address that holds another (IPv4-mapped, NAT64, 6to4) is as
 * private as the one inside, for that is where packets end. No zone ids,
 * none of the odd forms of inet_aton().
 */
#include "net/address.h"

#include "base/ascii.h"
#include <arpa/inet.h>
#include <mtasts/error.h>

#define IPV4_BITS 32u
#define IPV6_BITS 128u

struct range {
    const char *text; /* of the first address */
    unsigned bits;
};

/* IANA IPv4 special-purpose registry, but for 192.31.196.0/24,
   192.52.193.0/24 and 192.175.48.0/24, which are globally reachable. */
static const struct range PRIVATE4[] = {
    {"0.0.0.0", 8},       /* this network */
    {"10.0.0.0", 8},      /* private use */
    {"100.64.0.0", 10},   /* carrier's shared space */
    {"127.0.0.0", 8},     /* loopback */
    {"169.254.0.0", 16},  /* link-local */
    {"172.16.0.0", 12},   /* private use */
    {"192.0.0.0", 24},    /* protocol assignments */
    {"192.0.2.0", 24},    /* documentation */
    {"192.88.99.0", 24},  /* 6to4 relays, withdrawn */
    {"192.168.0.0", 16},  /* private use */
    {"198.18.0.0", 15},   /* benchmarks */
    {"198.51.100.0", 24}, /* documentation */
    {"203.0.113.0", 24},  /* documentation */
    {"224.0.0.0", 4},     /* multicast */
    {"240.0.0.0", 4},     /* reserved, broadcast */
};

/* Of 2000::/3. The few global ones in 2001::/23 are anycast services and
   identifiers, where no mail or web host is. */
static const struct range PRIVATE6[] = {
    {"2001::", 23},     /* protocol assignments, with Teredo */
    {"2001:db8::", 32}, /* documentation */
    {"3fff::", 20},     /* documentation */
};

/* IPv6 addresses that hold an IPv4 address, and where in them. */
static const struct embedding {
    struct range range;
    size_t offset;
} EMBEDDED[] = {
    {{"::ffff:0.0.0.0", 96}, 12},
    {{"64:ff9b::", 96}, 12},
    {{"2002::", 16}, 2},
};

int address_parse(const char *text, struct address *ret_address)
{
    struct address address = {.ipv6 = strchr(text, ':') != NULL};

    if (inet_pton(address.ipv6 ? AF_INET6 : AF_INET, text, address.octets) != 1)
        return -MTASTS_EINVAL;
    *ret_address = address;
    return 0;
}

void address_text(const struct address *address,
                  char ret_text[ADDRESS_TEXT_MAX])
{
    inet_ntop(address->ipv6 ? AF_INET6 : AF_INET, address->octets, ret_text,
              ADDRESS_TEXT_MAX);
}

static bool same_prefix(const struct address *a, const struct address *b,
                        unsigned bits)
{
    size_t whole = bits / 8;
    unsigned rest = bits % 8;

    if (a->ipv6 != b->ipv6 || memcmp(a->octets, b->octets, whole) != 0)
        return false;
    return rest == 0 ||
           (a->octets[whole] ^ b->octets[whole]) >> (8 - rest) == 0;
}

static bool in_range(const struct range *range, const struct address *address)
{
    struct address first;

    return !address_parse(range->text, &first) &&
           same_prefix(&first, address, range->bits);
}

static bool in_ranges(const struct range *ranges, size_t count,
                      const struct address *address)
{
    for (size_t i = 0; i < count; i++)
        if (in_range(&ranges[i], address))
            return true;
    return false;
}

/* The IPv4 address that ends the way of `address`, where there is one. */
static bool embedded(const struct embedding *embedding,
                     const struct address *address, struct address *ret_inner)
{
    if (!in_range(&embedding->range, address))
        return false;
    *ret_inner = (struct address){.ipv6 = false};
    memcpy(ret_inner->octets, address->octets + embedding->offset, 4);
    return true;
}

/* What an address stands for: itself, unless it holds another. */
static struct address innermost(const struct address *address)
{
    struct address inner;

    for (size_t i = 0; i < ELEMENTS(EMBEDDED); i++)
        if (embedded(&EMBEDDED[i], address, &inner))
            return inner;
    return *address;
}

bool address_is_loopback(const struct address *address)
{
    static const struct range ipv4 = {"127.0.0.0", 8};
    static const struct range ipv6 = {"::1", 128};
    struct address end = innermost(address);

    return in_range(end.ipv6 ? &ipv6 : &ipv4, &end);
}

enum address_class address_classify(const struct address *address)
{
    static const struct range unicast = {"2000::", 3};
    struct address end = innermost(address);
    bool is_private;

    if (end.ipv6)
        is_private = !in_range(&unicast, &end) ||
                     in_ranges(PRIVATE6, ELEMENTS(PRIVATE6), &end);
    else
        is_private = in_ranges(PRIVATE4, ELEMENTS(PRIVATE4), &end);
    return is_private ? ADDRESS_PRIVATE : ADDRESS_GLOBAL;
}

static bool excepted(const struct address_guard *guard,
                     const struct address *address)
{
    for (size_t i = 0; i < guard->exception_count; i++)
        if (same_prefix(&guard->exceptions[i].address, address,
                        guard->exceptions[i].bits))
            return true;
    return false;
}

bool address_allowed(const struct address_guard *guard,
                     const struct address *address)
{
    struct address inner;

    if (address_classify(address) == ADDRESS_GLOBAL)
        return true;
    if (!guard)
        return false;
    if (guard->allow_all || excepted(guard, address))
        return true;
    /* The kernel takes an IPv4-mapped address for the one inside. */
    return embedded(&EMBEDDED[0], address, &inner) && excepted(guard, &inner);
}

/* 1 to 3 digits; -1 for anything else. */
static int parse_bits(const char *text)
{
    int bits = 0;
    size_t len = strlen(text);

    if (len < 1 || len > 3)
        return -1;
    for (size_t i = 0; i < len; i++) {
        if (!ascii_is_digit(text[i]))
            return -1;
        bits = 10 * bits + (text[i] - '0');
    }
    return bits;
}

int address_cidr_parse(const char *text, struct address_cidr *ret_cidr)
{
    const char *slash = strchr(text, '/');
    size_t len = slash ? (size_t)(slash - text) : strlen(text);
    char first[ADDRESS_TEXT_MAX];
    struct address_cidr cidr;
    unsigned most;
    int bits;

    if (len >= sizeof(first))
        return -MTASTS_EINVAL;
    memcpy(first, text, len);
    first[len] = '\0';
    if (address_parse(first, &cidr.address) < 0)
        return -MTASTS_EINVAL;
    most = cidr.address.ipv6 ? IPV6_BITS : IPV4_BITS;
    bits = slash ? parse_bits(slash + 1) : (int)most;
    if (bits < 0 || (unsigned)bits > most)
        return -MTASTS_EINVAL;
    cidr.bits = (unsigned)bits;
    *ret_cidr = cidr;
    return 0;
}

socklen_t address_sockaddr(const struct address *address, uint16_t port,
                           struct sockaddr_storage *ret_sockaddr)
{
    memset(ret_sockaddr, 0, sizeof(*ret_sockaddr));
    if (address->ipv6) {
        struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ret_sockaddr;
        in6->sin6_family = AF_INET6;
        in6->sin6_port = htons(port);
        memcpy(&in6->sin6_addr, address->octets, 16);
        return sizeof(*in6);
    }
    struct sockaddr_in *in = (struct sockaddr_in *)ret_sockaddr;
    in->sin_family = AF_INET;
    in->sin_port = htons(port);
    memcpy(&in->sin_addr, address->octets, 4);
    return sizeof(*in);
}

int address_from_sockaddr(const struct sockaddr *sockaddr,
                          struct address *ret_address)
{
    struct address address = {.ipv6 = sockaddr->sa_family == AF_INET6};
    const char *octets = (const char *)sockaddr;

    if (sockaddr->sa_family == AF_INET6)
        memcpy(address.octets,
               octets + offsetof(struct sockaddr_in6, sin6_addr), 16);
    else if (sockaddr->sa_family == AF_INET)
        memcpy(address.octets, octets + offsetof(struct sockaddr_in, sin_addr),
               4);
    else
        return -MTASTS_EINVAL;
    *ret_address = address;
    return 0;
}
