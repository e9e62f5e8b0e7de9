/*
 * Reading tests/vectors/: JSON arrays of cases. Any failure to read one ends
 * the test program, so that no case can be skipped unseen.
 */
#ifndef MTASTS_TESTS_VECTORS_H
#define MTASTS_TESTS_VECTORS_H

#include <jansson.h>
#include <mtasts/fault.h>
#include <stdbool.h>
#include <stddef.h>

/* The array in VECTORS_DIR/`file`, which must hold at least `min` cases. */
json_t *vectors_load(const char *file, size_t min);

/*
 * A JSON string as the octets that it stands for: a character up to U+00FF
 * is one octet, any above is its UTF-8 form. The caller frees the result.
 */
char *vectors_octets(const json_t *string, size_t *ret_len);

/* Base64 (RFC 4648) as octets. The caller frees the result. */
char *vectors_base64(const json_t *string, size_t *ret_len);

/*
 * The TXT RRs of a case, their character-strings joined by
 * mtasts_txt_join(). vectors_free_rrs() frees them.
 */
struct mtasts_bytes *vectors_rrs(const json_t *rrset, size_t *ret_count);
void vectors_free_rrs(struct mtasts_bytes *rrs, size_t count);

/* The string member `key`; "" if there is none. */
const char *vectors_text(const json_t *object, const char *key);

/* Whether `verdict` is the one expected, or one that is as good. */
bool vectors_verdict_fits(const json_t *test, const json_t *expect,
                          const char *verdict);

#endif
