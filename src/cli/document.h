/*
 * document: what is printed of one domain, in each of the forms, and the
 * exit status that its findings deserve.
 */
#ifndef MTASTS_CLI_DOCUMENT_H
#define MTASTS_CLI_DOCUMENT_H

#include "check/check.h"
#include "cli/complain.h"
#include "cli/trace.h"
#include <stdbool.h>

#define DOCUMENT_MAX (256u << 20) /* octets: facts of FACTS_MAX, escaped */

enum document_form {
    DOCUMENT_TEXT,   /* for people */
    DOCUMENT_JSON,   /* findings, indented */
    DOCUMENT_NDJSON, /* findings, one line */
    DOCUMENT_FACTS,  /* facts, one line */
};

struct document_options {
    enum document_form form;
    unsigned colour; /* enum colour_choice */
    bool verbose;
    bool warnings_pass; /* --fail-on error */
};

/*
 * Judges `facts` and appends the document to `buf`; writes the exit status.
 * `trace` may be NULL. Errors: -MTASTS_ENOMEM, -MTASTS_ETOOLONG.
 */
int document_put(const struct document_options *options,
                 const struct facts *facts, const struct trace *trace,
                 struct buf *buf, enum exit_status *ret_status);

/* An entry of a list that is no domain, as a line of NDJSON. */
int document_put_bad(const char *text, size_t len, size_t line, const char *why,
                     struct buf *buf);

#endif
