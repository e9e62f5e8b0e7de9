/*
 * URIs of TLSRPT records: whatever comes out is a name or an address, and a
 * port; no mailto URI that counts as usable holds a control character.
 */
#include "base/ascii.h"
#include "core/rua.h"
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds)
{
    if (!holds)
        abort();
}

/* Written down a second time: the octets as they are, and the escapes. */
static void check_mailto(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        must((unsigned char)text[i] > 0x20 && (unsigned char)text[i] < 0x7f);
        if (text[i] != '%')
            continue;
        must(i + 2 < len && text[i + 1] > '1');
        must(text[i + 1] != '7' || ascii_lower(text[i + 2]) != 'f');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rua_target target;
    const char *text = (const char *)data;
    char name[MTASTS_NAME_MAX + 1];
    if (!rua_parse(text, size, &target))
        return 0;
    must(target.https == (target.port != 0));
    size_t len = strnlen(target.domain, sizeof(target.domain));
    must(target.https || len > 0);
    if (len > 0)
        must(mtasts_name_canonical(target.domain, len, 0, name, NULL) == 0 &&
             strcmp(name, target.domain) == 0);
    if (!target.https)
        check_mailto(text, size);
    return 0;
}
