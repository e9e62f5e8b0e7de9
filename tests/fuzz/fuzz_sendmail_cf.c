/*
 * Sendmail's files and printouts: values are of one line and fit; a
 * sendmail.mc that was edited has the feature once, and is not changed by the
 * same edit again.
 */
#include "cli/sendmail_cf.h"

#include "property.h"

#define LINES "FEATURE(`sts', `socket x')dnl\n"

static void check_value(const char *value)
{
    PROPERTY(strlen(value) < SENDMAIL_VALUE_MAX && !strchr(value, '\n'));
}

static void check_edit(const char *text)
{
    _cleanup_buf_ struct buf once = BUF(1u << 20);
    _cleanup_buf_ struct buf twice = BUF(1u << 20);

    if (sendmail_mc_edit(text, LINES, &once) < 0)
        return;
    PROPERTY(sendmail_mc_has_sts(once.data));
    PROPERTY(sendmail_mc_edit(once.data, LINES, &twice) == 0);
    PROPERTY(strcmp(once.data, twice.data) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_free_ char *text = malloc(size + 1);
    struct sendmail_program program;
    char value[SENDMAIL_VALUE_MAX];

    PROPERTY(text != NULL);
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    sendmail_program_read(text, &program);
    PROPERTY(strlen(program.version) < SENDMAIL_VERSION_MAX);
    sendmail_answer_read(text, value);
    check_value(value);
    sendmail_cf_map(text, value);
    check_value(value);
    sendmail_cf_option(text, "CACertFile", value);
    check_value(value);
    PROPERTY(sendmail_cf_same(text, text));
    check_edit(text);
    return 0;
}
