/*
 * Exim's printouts and Debian's template: values are of one line and fit; a
 * template that was edited is not changed by the same edit again.
 */
#include "cli/exim_conf.h"

#include "property.h"

static void check_value(const char *value)
{
    PROPERTY(strlen(value) < EXIM_VALUE_MAX && !strchr(value, '\n'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_free_ char *text = malloc(size + 1);
    _cleanup_buf_ struct buf once = BUF(1u << 20);
    _cleanup_buf_ struct buf twice = BUF(1u << 20);
    struct exim_program program;
    char value[EXIM_VALUE_MAX];

    PROPERTY(text != NULL);
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    exim_program_read(text, &program);
    check_value(program.version);
    check_value(program.file);
    exim_option(text, "exim_user", value);
    check_value(value);
    exim_debian_option(text, "dc_use_split_config", value);
    check_value(value);
    exim_is_answer(text);
    if (exim_template_edit(text, "/f", "/s", &once) < 0)
        return 0;
    PROPERTY(exim_template_edit(once.data, "/f", "/s", &twice) == 0);
    PROPERTY(strcmp(once.data, twice.data) == 0);
    return 0;
}
