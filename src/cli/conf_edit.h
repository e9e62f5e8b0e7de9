/*
 * conf_edit: one option of mtasts.conf(5) set to another value, and nothing
 * else in the file touched.
 *
 * Pure: text in, text out. It knows quotes, comments and braces, not what
 * options mean: who uses it reads the result as a configuration, and takes it
 * only if that says what was wanted.
 */
#ifndef MTASTS_CLI_CONF_EDIT_H
#define MTASTS_CLI_CONF_EDIT_H

#include "base/buf.h"

/*
 * Appends `text` with SECTION.NAME = VALUE to `buf`: the value is put where
 * the last one was, or else behind the last option of the section, or the
 * section is added at the end. `value` is a word that takes no quotes.
 * -MTASTS_ESYNTAX: a comment, quote or brace is not closed, or the option is
 * a list. What `buf` says.
 */
int conf_edit(const char *text, size_t len, const char *section,
              const char *name, const char *value, struct buf *buf);

#endif
