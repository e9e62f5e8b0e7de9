/*
 * What the TXT records of RFC 8461 section 3.1 and RFC 8460 section 3 have
 * in common: how one of an RRset is chosen, and how it splits into fields.
 */
#ifndef MTASTS_CORE_RECORD_H
#define MTASTS_CORE_RECORD_H

#include <mtasts/fault.h>
#include <mtasts/sts_record.h>
#include <stdbool.h>
#include <stddef.h>

/* A name of a field: (ALPHA / DIGIT) *31(ALPHA / DIGIT / "_" / "-" / "."). */
#define RECORD_NAME_MAX 32

/* Where the two kinds of records differ. */
struct record_kind {
    const char *version; /* "v=STSv1" */
    size_t version_len;
    size_t stem_len;             /* of it: "v=STS", what drafts had too */
    bool leading_space_is_quirk; /* else such a record is no record */
    bool long_name_is_quirk;     /* else an over-long field name is fatal */
};

/* A record being read, field after field. */
struct record_cursor {
    const struct record_kind *kind;
    struct mtasts_bytes text;
    size_t pos; /* at the semicolon before the next field, or the end */
    size_t rr;
    struct mtasts_faults *faults;
};

/* name=value without the white space around; `value.data` NULL: no `=`. */
struct record_field {
    struct mtasts_bytes name;
    struct mtasts_bytes value;
};

/*
 * Chooses the RR that counts and sets *cursor behind its version, if the
 * verdict is MTASTS_VERDICT_VALID: one record, its fields still unread.
 */
enum mtasts_verdict record_select(const struct record_kind *kind,
                                  const struct mtasts_bytes *rrs, size_t count,
                                  unsigned flags, struct mtasts_faults *faults,
                                  struct record_cursor *cursor);

/* The next field, or false at the end. Reports empty fields on the way. */
bool record_next(struct record_cursor *cursor, struct record_field *ret_field);

/* Judges a field as name=value of the extension grammar. */
void record_check_extension(struct record_cursor *cursor,
                            const struct record_field *field);

/* Adds a fault about `len` octets at `at`, a pointer into the record. */
void record_fault(struct record_cursor *cursor, enum mtasts_fault_code code,
                  enum mtasts_weight weight, const char *at, size_t len);

/* Adds a fault about something that is missing. */
void record_missing(struct record_cursor *cursor, enum mtasts_fault_code code);

#endif
