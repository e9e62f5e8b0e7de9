/*
 * driver: what the programs that tests drive have in common. See driver.h.
 */
#include "driver.h"

#include "base/buf.h"
#include "base/number.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* No leaks are looked for where a test has failed already. */
_Noreturn void driver_fail(const char *what)
{
    fprintf(stderr, "%s: %s\n", program_invocation_short_name, what);
    _exit(2);
}

uint32_t driver_number(const char *text)
{
    uint64_t value = 0;
    if (number_parse(text, strlen(text), UINT32_MAX, &value) < 0)
        driver_fail("not a number");
    return (uint32_t)value;
}

const char *driver_value(const char *word, const char *key)
{
    size_t len = strlen(key);
    return strncmp(word, key, len) == 0 && word[len] == '=' ? word + len + 1
                                                            : NULL;
}

void driver_print(struct json *json, enum json_layout layout)
{
    struct buf text;
    buf_init(&text, JSON_SIZE_MAX);
    if (json_write(json, layout, &text) < 0)
        driver_fail("the JSON cannot be written");
    printf("%s\n", buf_text(&text));
    fflush(stdout);
    buf_clear(&text);
    json_free(json);
}
