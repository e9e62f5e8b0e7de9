/*
 * mtasts.conf(5) edited: what was edited once is not changed by the same edit
 * again, has the value, and is longer by no more than that takes.
 */
#include "cli/conf_edit.h"

#include "property.h"

#define MAX (1u << 20)
#define GROWTH 64u /* octets of a section with the option */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_buf_ struct buf once = BUF(MAX);
    _cleanup_buf_ struct buf twice = BUF(MAX);
    _cleanup_free_ char *text = malloc(size ? size : 1);

    PROPERTY(text != NULL);
    if (size > 0)
        memcpy(text, data, size);
    if (conf_edit(text, size, "policyd", "level", "may", &once) < 0)
        return 0;
    PROPERTY(once.len <= size + GROWTH);
    PROPERTY(memmem(once.data, once.len, "may", 3) != NULL);
    PROPERTY(
        conf_edit(once.data, once.len, "policyd", "level", "may", &twice) == 0);
    PROPERTY(once.len == twice.len &&
             memcmp(once.data, twice.data, once.len) == 0);
    return 0;
}
