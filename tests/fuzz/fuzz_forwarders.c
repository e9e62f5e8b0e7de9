/*
 * resolv.conf(5): always at least one forwarder, each of them in its bounds
 * and the same when written and read again. Root hints: one more line with
 * an address of this machine is found, whatever stands before it.
 */
#include "net/forwarders.h"
#include "net/root_hints.h"
#include <stdlib.h>
#include <string.h>

static void check_address(const struct forwarder_address *address)
{
    struct forwarder_address again;
    char text[FORWARDER_TEXT_MAX];

    forwarder_address_text(address, text);
    if (forwarder_address_parse(text, &again) < 0 ||
        strcmp(again.zone, address->zone) != 0 ||
        memcmp(&again.address, &address->address, sizeof(again.address)) != 0)
        abort();
}

static void check_hints(const char *data, size_t size)
{
    static const char local[] = "\na. A 127.0.0.1\n";
    char *text = malloc(size + sizeof(local));

    if (!text)
        abort();
    memcpy(text, data, size);
    memcpy(text + size, local, sizeof(local));
    if (!root_hints_local(text, size + sizeof(local) - 1))
        abort();
    root_hints_local(data, size);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct forwarders forwarders;
    struct forwarder_address address;
    char names[FORWARDERS_NAMES_MAX];

    forwarders_parse((const char *)data, size, &forwarders);
    if (forwarders.count < 1 || forwarders.count > FORWARDERS_MAX)
        abort();
    for (size_t i = 0; i < forwarders.count; i++) {
        const char *text = forwarders.text[i];
        if (!memchr(text, '\0', FORWARDER_TEXT_MAX))
            abort();
        if (forwarder_address_parse(text, &address) < 0)
            abort();
        check_address(&address);
    }
    forwarders_names(&forwarders, names);
    if (strlen(names) >= sizeof(names))
        abort();
    check_hints((const char *)data, size);
    return 0;
}
