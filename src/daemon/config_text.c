/*
 * config_text: the configuration written: as a file that says everything, as
 * a file to start from, and as the list of options in the manual.
 *
 * All three come from the tables of config_options.c.
 */
#include "daemon/config.h"

#include "base/ascii.h"
#include "daemon/config_value.h"
#include <mtasts/error.h>
#include <string.h>

#define WIDTH 78u /* columns of a comment */
#define INDENT "    "

/* Appends `text` as lines that begin with `prefix`, broken at blanks. */
static void put_wrapped(struct buf *buf, const char *prefix, const char *text)
{
    size_t room = WIDTH - strlen(prefix);

    while (*text) {
        size_t len = strlen(text);

        if (len > room) {
            for (len = room; len > 0 && text[len] != ' '; len--)
                continue;
            if (len == 0) /* a word longer than a line */
                len = strcspn(text, " ");
        }
        buf_printf(buf, "%s%.*s\n", prefix, (int)len, text);
        text += len;
        text += strspn(text, " ");
    }
}

/* "What it is: a time from 1s to 1d. Default: 60s. Why." */
static void put_comment(struct buf *buf, const struct config_option *option,
                        bool has_default, const char *prefix)
{
    _cleanup_buf_ struct buf text = BUF(CONFIG_TEXT_MAX);

    buf_printf(&text, "%s: ", option->name);
    buf_printf(&text, "%s (", option->summary);
    config_value_range(option, &text);
    if (has_default) {
        buf_puts(&text, "; default: ");
        config_value_write_default(option, &text);
    }
    buf_printf(&text, "). %s", option->about);
    put_wrapped(buf, prefix, buf_text(&text));
}

static void put_options(struct buf *buf, const struct config_section *section,
                        const struct config *config)
{
    const char *indent = section->name ? INDENT : "";
    const char *comment = section->name ? INDENT "# " : "# ";

    for (const struct config_option *option = section->options; option->name;
         option++) {
        buf_putc(buf, '\n');
        put_comment(buf, option, config != NULL, comment);
        buf_printf(buf, "%s%s%s = ", indent, config ? "" : "#", option->name);
        if (config)
            config_value_write(option, config, buf);
        else
            config_value_write_default(option, buf);
        buf_putc(buf, '\n');
    }
}

static int put_all(struct buf *buf, const struct config *config)
{
    for (size_t i = 0; i < config_section_count; i++) {
        const struct config_section *section = &config_sections[i];

        buf_putc(buf, '\n');
        put_wrapped(buf, "# ", section->summary);
        if (section->name)
            buf_printf(buf, "%s {", section->name);
        put_options(buf, section, config);
        if (section->name)
            buf_puts(buf, "}\n");
    }
    return buf->error;
}

int config_dump(const struct config *config, struct buf *buf)
{
    buf_puts(buf, "# The whole configuration that is in force.\n");
    return put_all(buf, config);
}

int config_sample(struct buf *buf)
{
    buf_puts(buf,
             "# mtasts.conf: see mtasts.conf(5).\n"
             "#\n"
             "# Every option is here with its default, as a comment. Take the "
             "first # away\n"
             "# from those that are to be otherwise, then look at it with\n"
             "# `mtasts config --check`.\n");
    return put_all(buf, NULL);
}

/* In scdoc * and _ begin and end a face. */
static void put_scdoc(struct buf *buf, const char *text)
{
    for (; *text; text++) {
        if (strchr("*_\\#~<>", *text))
            buf_putc(buf, '\\');
        buf_putc(buf, *text);
    }
}

/* "*retry* = a time from 10s to 1d", and what it is for. */
static void put_manual_option(struct buf *buf,
                              const struct config_option *option)
{
    const char first[] = {ascii_upper(option->summary[0]), '\0'};
    _cleanup_buf_ struct buf text = BUF(CONFIG_TEXT_MAX);

    buf_printf(buf, "*%s* = ", option->name);
    config_value_range(option, &text);
    put_scdoc(buf, buf_text(&text));
    buf_puts(buf, "\n\t");
    put_scdoc(buf, first);
    put_scdoc(buf, option->summary + 1);
    buf_puts(buf, ". ");
    put_scdoc(buf, option->about);
    buf_clear(&text);
    config_value_write_default(option, &text);
    buf_puts(buf, " Default: ");
    put_scdoc(buf, buf_text(&text));
    buf_puts(buf, ".\n\n");
}

int config_manual(struct buf *buf)
{
    for (size_t i = 0; i < config_section_count; i++) {
        const struct config_section *section = &config_sections[i];

        if (section->name)
            buf_printf(buf, "## %s { }\n\n", section->name);
        else
            buf_puts(buf, "## Outside of sections\n\n");
        put_scdoc(buf, section->summary);
        buf_puts(buf, "\n\n");
        for (const struct config_option *option = section->options;
             option->name; option++)
            put_manual_option(buf, option);
    }
    return buf->error;
}
