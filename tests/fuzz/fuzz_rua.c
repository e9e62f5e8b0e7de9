/* URIs of TLSRPT records: whatever comes out is a name and a port. */
#include "base/ascii.h"
#include "net/rua.h"
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rua_target target;
    char name[MTASTS_NAME_MAX + 1];
    if (rua_parse((const char *)data, size, &target) < 0)
        return 0;
    size_t len = strnlen(target.domain, sizeof(target.domain));
    if (mtasts_name_canonical(target.domain, len, 0, name, NULL) < 0 ||
        strcmp(name, target.domain) != 0)
        abort();
    if (target.https != (target.port != 0))
        abort();
    return 0;
}
