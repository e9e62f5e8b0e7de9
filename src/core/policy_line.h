/*
 * The lines of a policy body (RFC 8461 section 3.2): cutting, splitting, and
 * what the grammar says of every line, whatever field it holds.
 */
#ifndef MTASTS_CORE_POLICY_LINE_H
#define MTASTS_CORE_POLICY_LINE_H

#include <mtasts/fault.h>
#include <stdbool.h>
#include <stddef.h>

/* A body being read, line after line. */
struct policy_cursor {
    const char *body;
    size_t len;
    size_t start; /* behind a byte-order mark */
    size_t pos;
    size_t line_number;
    struct mtasts_faults *faults;
};

struct policy_line {
    const char *text;
    size_t len;    /* without the line end */
    size_t offset; /* in the body */
    size_t number;
    struct mtasts_bytes key; /* trimmed; `data` NULL: no colon */
    struct mtasts_bytes value;
    bool has_lf;
};

/* Steps over a byte-order mark, with a quirk. */
void policy_skip_bom(struct policy_cursor *cursor);

/* The next line, ended by LF, CRLF or the end; false at the end. */
bool policy_next_line(struct policy_cursor *cursor, struct policy_line *line);

/* Splits at the first colon, without the white space around the parts. */
void policy_split_line(struct policy_line *line);

/* Adds a fault about `len` octets at `at`, a pointer into the line. */
void policy_fault(struct policy_cursor *cursor, const struct policy_line *line,
                  enum mtasts_fault_code code, enum mtasts_weight weight,
                  const char *at, size_t len);

/* The same about a whole key or value. */
void policy_slice_fault(struct policy_cursor *cursor,
                        const struct policy_line *line,
                        enum mtasts_fault_code code, enum mtasts_weight weight,
                        const struct mtasts_bytes *slice);

/* Reports the first control character of `text`; false if it holds none. */
bool policy_find_control(struct policy_cursor *cursor,
                         const struct policy_line *line, const char *text,
                         size_t len);

/* Reports white space before the key and before the colon. */
void policy_check_space(struct policy_cursor *cursor,
                        const struct policy_line *line);

/*
 * Judges key and value of a split line as sts-policy-extension. Returns
 * whether the key is one.
 */
bool policy_check_extension(struct policy_cursor *cursor,
                            const struct policy_line *line);

#endif
