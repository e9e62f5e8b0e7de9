/*
 * resolv.conf(5): always at least one forwarder, each of them in its bounds.
 */
#include "net/forwarders.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct forwarders forwarders;
    struct forwarder_address address;

    forwarders_parse((const char *)data, size, &forwarders);
    if (forwarders.count < 1 || forwarders.count > FORWARDERS_MAX)
        abort();
    for (size_t i = 0; i < forwarders.count; i++) {
        const char *text = forwarders.text[i];
        if (!memchr(text, '\0', FORWARDER_TEXT_MAX))
            abort();
        if (!strchr(text, '%') && forwarder_address_parse(text, &address) < 0)
            abort();
    }
    return 0;
}
