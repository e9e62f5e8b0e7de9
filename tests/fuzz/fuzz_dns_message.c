/*
 * DNS messages: whatever comes, names and records stay within their limits
 * and within the packet, and a name survives the way to text.
 */
#include "net/dns_message.h"
#include <stdlib.h>
#include <string.h>

#define CHAIN_MAX 8u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
    if (!good)
        abort();
}

static void check_name(const struct dns_name *name)
{
    char text[DNS_NAME_TEXT_MAX + 1];
    struct dns_name back;

    check(name->len >= 1 && name->len <= DNS_NAME_WIRE_MAX);
    check(name->octets[name->len - 1] == 0);
    dns_name_text(name, text);
    check(strlen(text) <= DNS_NAME_TEXT_MAX);
    if (!strchr(text, '\\'))
        check(dns_name_parse(text, &back) == 0 && dns_name_equal(&back, name));
}

static void check_record(const struct dns_message *message,
                         const struct dns_rr *rr)
{
    struct dns_name name;
    unsigned sum = 0;

    for (size_t i = 0; i < rr->len; i++)
        sum += rr->rdata[i];
    check(sum <= 255u * rr->len);
    if (message->type == RR_A)
        check(rr->len == 4);
    if (message->type == RR_MX || message->type == RR_NS) {
        size_t fixed = message->type == RR_MX ? 2 : 0;
        check(dns_rdata_name(rr, fixed, &name) == 0);
        check_name(&name);
        check(rr->len == fixed + name.len);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct dns_message message;

    if (dns_message_read(data, size, CHAIN_MAX, &message) < 0)
        return 0;
    check_name(&message.question);
    check_name(&message.owner);
    check(message.cnames <= CHAIN_MAX + 1);
    check(message.count <= FACTS_RR_MAX);
    check(message.ttl <= INT32_MAX);
    check(message.rcode < 4096);
    check(strlen(message.ede_text) <= DNS_EDE_TEXT_MAX);
    if (message.loop || message.cnames > CHAIN_MAX)
        check(message.count == 0);
    for (size_t i = 0; i < message.count; i++)
        check_record(&message, &message.rrs[i]);
    return 0;
}
